/** Programs of rules and of outputs: what they may ask of the packet and the transaction they are run on. */
import {
  type BufferWindow,
  type Catalogue,
  type Direction,
  emptyWindow,
  type Flow,
  type Packet,
  type ScriptContext,
  type ScriptFile,
  type ScriptRule,
  TO_CLIENT,
  TO_SERVER,
  type Transaction,
} from '@sigwright/contracts';
import type { CompiledRule } from '../compile/compiled-rule.ts';

/** Of one that is there several times. */
const MOST_BUFFERS = 64;

export class ScriptSubject implements ScriptContext {
  packet: Packet | undefined = undefined;
  flow: Flow | undefined = undefined;
  transaction: Transaction | undefined = undefined;
  direction: Direction = TO_SERVER;
  rule: ScriptRule | undefined = undefined;
  file: ScriptFile | undefined = undefined;
  readonly variables: Float64Array;
  readonly #catalogue: Catalogue;
  readonly #window: BufferWindow = emptyWindow();

  constructor(catalogue: Catalogue, variables: Float64Array = new Float64Array(0)) {
    this.#catalogue = catalogue;
    this.variables = variables;
  }

  buffer(name: string, wanted?: Direction): Uint8Array | undefined {
    const buffer = this.#catalogue.buffers.get(name);
    const whole = this.transaction;
    if (buffer?.of !== 'transaction' || whole === undefined || this.flow === undefined) return undefined;
    const spoken = this.#catalogue.protocols.get(this.flow.applicationProtocol ?? '');
    // Asked for the direction that is looked at, then for the other one.
    for (const direction of this.direction === TO_SERVER ? ([TO_SERVER, TO_CLIENT] as const) : ([TO_CLIENT, TO_SERVER] as const)) {
      if (!buffer.directions.includes(direction) || (wanted !== undefined && direction !== wanted)) continue;
      const transaction = buffer.protocol === undefined || spoken?.inner === undefined ? whole : spoken.inner(whole, buffer.protocol, direction);
      if (transaction === undefined || (buffer.protocol !== undefined && spoken !== undefined && !this.#mayRead(buffer.protocol, spoken.name))) continue;
      if (buffer.read(transaction, direction, 0, this.#window, this.flow)) return this.#window.bytes.subarray(this.#window.start, this.#window.end);
    }
    return undefined;
  }

  buffers(name: string, direction: Direction): readonly Uint8Array[] {
    const buffer = this.#catalogue.buffers.get(name);
    const { transaction, flow } = this;
    if (buffer?.of !== 'transaction' || transaction === undefined || flow === undefined || !buffer.directions.includes(direction)) return [];
    if (buffer.protocol !== undefined && !this.#mayRead(buffer.protocol, flow.applicationProtocol ?? '')) return [];
    const found: Uint8Array[] = [];
    while (found.length < MOST_BUFFERS && buffer.read(transaction, direction, found.length, this.#window, flow))
      found.push(this.#window.bytes.subarray(this.#window.start, this.#window.end));
    return found;
  }

  fields(): readonly (readonly [name: string, value: string])[] {
    if (this.transaction === undefined) return [];
    return this.#catalogue.protocols.get(this.flow?.applicationProtocol ?? '')?.fields?.(this.transaction) ?? [];
  }

  #mayRead(protocol: string, spoken: string): boolean {
    return protocol === spoken || this.#catalogue.protocols.get(protocol)?.carriedBy?.includes(spoken) === true;
  }

  record(): Record<string, unknown> | undefined {
    if (this.flow === undefined || this.transaction === undefined) return undefined;
    const spoken = this.#catalogue.protocols.get(this.flow.applicationProtocol ?? '');
    return spoken?.scripted?.(this.transaction) ?? spoken?.context(this.transaction, this.flow);
  }
}

export class ScriptedRule {
  readonly #subject: ScriptSubject;

  constructor(catalogue: Catalogue, variables: Float64Array) {
    this.#subject = new ScriptSubject(catalogue, variables);
  }

  on(rule: CompiledRule, packet: Packet, flow: Flow | undefined, transaction: Transaction | undefined, direction: Direction): ScriptContext {
    const subject = this.#subject;
    subject.packet = packet;
    subject.flow = flow;
    subject.transaction = transaction;
    subject.direction = direction;
    subject.rule = {
      gid: rule.gid,
      sid: rule.sid,
      rev: rule.rev,
      message: rule.message,
      action: rule.action,
      priority: rule.priority,
      classification: rule.classtype,
    };
    return subject;
  }

  holds(rule: CompiledRule, packet: Packet, flow: Flow | undefined, transaction: Transaction | undefined, direction: Direction): boolean {
    const subject = this.on(rule, packet, flow, transaction, direction);
    return rule.scripts.every((script) => script.test(subject));
  }
}
