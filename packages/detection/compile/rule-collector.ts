/**
 * What keyword definitions are applied to: collects what the options of a rule say, and tells the author where one can not be said
 * where it stands. Whether all of it holds together is asked afterwards, of its parts.
 */
import {
  type BufferDefinition,
  type BytesCondition,
  type BytesDecode,
  type ConfigChange,
  type ContentCondition,
  type DiagnosticFacts,
  type FlowDemand,
  hooksOf,
  type KeywordDefinition,
  PAYLOAD,
  type PacketCondition,
  type Rule,
  type RuleBuilder,
  type RuleEffect,
  type RuleOption,
  type ScriptCondition,
  type StateOperation,
  type TagDemand,
  type Threshold,
  type TransactionCondition,
  type TransformDefinition,
} from '@sigwright/contracts';
import { BufferLists } from './buffer-lists.ts';
import type { AnomalyDemand } from './compiled-rule.ts';
import { headerWord } from './header.ts';
import { conditionOf, FIRST_PACKET, type RuleHook } from './hook.ts';
import { anomalyNamed } from './rule-anomalies.ts';
import type { RuleCompiler } from './rule-compiler.ts';
import type { RuleDiagnostics } from './rule-diagnostics.ts';
import { frameNamed } from './rule-frames.ts';
import type { RuleParts } from './rule-parts.ts';
import { spokenAs } from './rule-protocols.ts';
import { RuleVariables } from './rule-variables.ts';

const NO_OPTION: RuleOption = { name: 'rule', value: undefined, span: { start: 0, end: 0 }, nameSpan: { start: 0, end: 0 }, valueSpan: { start: 0, end: 0 } };

export class RuleCollector implements RuleBuilder {
  readonly rule: Rule;
  option: RuleOption = NO_OPTION;
  readonly settings: RuleBuilder['settings'];
  readonly #catalogue: RuleCompiler['catalogue'];
  readonly #origins: RuleCompiler['origins'];
  readonly #diagnostics: RuleDiagnostics;
  #missing: string | undefined = undefined;

  readonly #bytes = new BufferLists();
  readonly #variables = new RuleVariables();
  readonly #packetConditions: PacketCondition[] = [];
  readonly #transactionConditions: TransactionCondition[] = [];
  readonly #scripts: ScriptCondition[] = [];
  readonly #anomalies: AnomalyDemand[] = [];
  readonly #states: StateOperation[] = [];
  readonly #flow = new Set<FlowDemand>();
  readonly #protocols = new Set<string>();
  readonly #alone: string[] = [];
  #packetOnly = false;
  #streamOnly = false;

  readonly #thresholds: Threshold[] = [];
  readonly #tags: TagDemand[] = [];
  readonly #effects: RuleEffect[] = [];
  #config: ConfigChange | undefined = undefined;
  #noAlert = false;
  #alert = false;
  #bypass = false;
  #target: 'src_ip' | 'dest_ip' | undefined = undefined;
  #classtype = '';
  #priority: number | undefined = undefined;
  readonly #references: { type: string; value: string }[] = [];
  readonly #metadata: { key: string; value: string }[] = [];

  constructor(rule: Rule, { catalogue, settings, origins }: RuleCompiler, diagnostics: RuleDiagnostics) {
    this.rule = rule;
    this.settings = settings;
    this.#catalogue = catalogue;
    this.#origins = origins;
    this.#diagnostics = diagnostics;
  }

  // --- what comes, and what it made

  takeOption(option: RuleOption, definition: KeywordDefinition, argument: unknown): void {
    this.option = option;
    const selects = definition.kind === 'sticky-buffer';
    if (selects) this.#checkUsed();
    definition.apply(argument, this);
    if (selects && this.#bytes.isFresh) this.#bytes.unused = option;
  }

  /** No option follows. */
  endOptions(): void {
    this.#checkUsed();
    this.option = NO_OPTION;
  }

  /** Where the rule stands is a condition as well. */
  takeHook(hook: RuleHook): void {
    if (hook.of === 'transaction') this.addTransaction(conditionOf(hook));
    else if (hook.name === 'flow_start') this.#packetConditions.push(FIRST_PACKET);
  }

  /** what the rule requires and this engine has not */
  get missing(): string | undefined {
    return this.#missing;
  }

  parts(): RuleParts {
    return {
      rule: this.rule,
      payload: this.#bytes.payload,
      buffers: this.#bytes.tests(),
      variableCount: this.#variables.count,
      packetConditions: this.#packetConditions,
      transactionConditions: this.#transactionConditions,
      scripts: this.#scripts,
      anomalies: this.#anomalies,
      states: this.#states,
      flow: this.#flow,
      protocols: this.#protocols,
      alone: this.#alone,
      packetOnly: this.#packetOnly,
      streamOnly: this.#streamOnly,
      thresholds: this.#thresholds,
      tags: this.#tags,
      effects: this.#effects,
      config: this.#config,
      noAlert: this.#noAlert,
      alert: this.#alert,
      bypass: this.#bypass,
      target: this.#target,
      classtype: this.#classtype,
      priority: this.#priority,
      references: this.#references,
      metadata: this.#metadata,
    };
  }

  /** A buffer that an option selected is there for something to be asked about it. */
  #checkUsed(): void {
    const option = this.#bytes.unused;
    this.#bytes.unused = undefined;
    if (option === undefined || this.#diagnostics.refused) return;
    this.#diagnostics.refuse('rule/buffer-unused', `nothing is asked about \`${option.name}\``, option.span, 'put a `content` behind it, or remove it');
  }

  // --- buffers and bytes

  get currentBuffer(): string {
    return this.#bytes.selected?.name ?? PAYLOAD;
  }

  get currentBufferIsEmpty(): boolean {
    return this.#bytes.isEmpty;
  }

  selectBuffer(name: string): void {
    if (name === PAYLOAD) {
      this.#bytes.select(undefined);
      return;
    }
    // A keyword that looks elsewhere for itself goes back to the frame that it came from.
    if (!this.#catalogue.buffers.has(name) && frameNamed(name, this.rule, this.#catalogue) !== undefined) {
      this.selectFrame(name);
      return;
    }
    const buffer = this.#bufferNamed(name);
    this.#bytes.select(buffer);
    this.#demandBuffer(buffer);
  }

  selectFrame(written: string): void {
    const found = frameNamed(written, this.rule, this.#catalogue);
    if (found === undefined) {
      this.problem(
        'unknown',
        `\`${written}\` is no frame of a protocol`,
        'write protocol and kind, such as `http1.request`; `sigwright suricata --list-app-layer-frames` shows all',
      );
      return;
    }
    this.#bytes.select(found);
    this.#protocols.add(found.protocol);
    this.#alone.push(found.protocol);
  }

  #bufferNamed(name: string): BufferDefinition {
    const buffer = this.#catalogue.buffers.get(name);
    if (buffer === undefined) throw new Error(`a keyword selects buffer ${name}, which no catalogue folder defines`);
    return buffer;
  }

  #demandBuffer(buffer: BufferDefinition): void {
    if (buffer.of === 'transaction' && buffer.protocol !== undefined) this.demandProtocol(buffer.protocol);
  }

  addTransform(transform: TransformDefinition, argument: unknown): void {
    if (this.#bytes.selected === undefined) {
      this.problem('without-buffer', 'a transform needs a buffer before it', 'put a sticky buffer such as `http.uri;` first');
      return;
    }
    this.#bytes.openTransformed();
    const bound = transform.bind === undefined ? argument : transform.bind(argument, this);
    if (bound !== undefined || transform.bind === undefined)
      this.#bytes.addTransform({ definition: transform as TransformDefinition<never>, argument: bound as never });
  }

  addBytes(condition: BytesCondition): void {
    this.#origins?.set(condition, this.option);
    this.#bytes.add(condition);
  }

  openDecode(decode: BytesDecode): void {
    this.#origins?.set(decode, this.option);
    this.#bytes.openDecode(decode);
  }

  get inDecoded(): boolean {
    return this.#bytes.inDecoded;
  }

  selectDecoded(): void {
    if (!this.#bytes.selectDecoded()) this.problem('without-decode', 'nothing was decoded before it', 'put `base64_decode` before it');
  }

  lastContent(): ContentCondition | undefined {
    const content = this.#bytes.lastContent;
    if (content === undefined) this.problem('without-content', 'no `content` stands before it');
    return content;
  }

  hasPrecedingMatch(): boolean {
    return this.#bytes.hasPrecedingMatch();
  }

  moveLastContent(name: string): void {
    const content = this.lastContent();
    if (content === undefined) return;
    if (!this.#bytes.lastContentIsInPayload) {
      this.problem('not-payload', 'the content before it already looks at another buffer', 'use either sticky buffers or content modifiers');
      return;
    }
    const buffer = this.#bufferNamed(name);
    this.#bytes.moveLastContent(content, buffer);
    this.#demandBuffer(buffer);
  }

  setAbsent(mode: 'only' | 'or_else'): void {
    if (this.#bytes.selected === undefined) this.problem('without-buffer', 'it needs a buffer before it');
    else this.#bytes.setAbsent(mode);
  }

  defineVariable(name: string): number {
    return this.#variables.set(name, this.#bytes.place);
  }

  useVariable(name: string): number | undefined {
    const found = this.#variables.find(name, this.#bytes.place);
    if (typeof found === 'number') return found;
    const [title, help] =
      found === 'elsewhere'
        ? [`variable \`${name}\` is set for other bytes than these`, 'set it with `byte_extract` or `byte_math` behind the same buffer']
        : [`variable \`${name}\` is set nowhere before it`, 'set it with `byte_extract` or `byte_math` first'];
    this.problem('unknown-variable', title, help, { name });
    return undefined;
  }

  // --- other conditions, and what they demand

  addPacket(condition: PacketCondition): void {
    this.#origins?.set(condition, this.option);
    this.#packetConditions.push(condition);
  }

  addScript(condition: ScriptCondition): void {
    this.#origins?.set(condition, this.option);
    this.#scripts.push(condition);
  }

  addTransaction(condition: TransactionCondition): void {
    this.#origins?.set(condition, this.option);
    this.#transactionConditions.push(condition);
    this.demandProtocol(condition.protocol);
  }

  addState(operation: StateOperation): void {
    this.#origins?.set(operation, this.option);
    this.#states.push(operation);
  }

  addThreshold(threshold: Threshold): void {
    this.#thresholds.push(threshold);
  }

  addTag(tag: TagDemand): void {
    this.#tags.push(tag);
  }

  addEffect(effect: RuleEffect): void {
    this.#effects.push(effect);
  }

  demandFlow(demand: FlowDemand): void {
    this.#flow.add(demand);
  }

  demandProtocol(name: string): void {
    this.#protocols.add(this.#catalogue.protocols.get(name)?.name ?? name);
  }

  demandAnomaly(owner: 'decoder' | 'stream' | 'application', name: string): void {
    const { demand, isRaised } = anomalyNamed(owner, name, this.#catalogue);
    this.#anomalies.push(demand);
    if (isRaised) return;
    if (demand.owner === 'recognition') this.problem('unknown', `\`${name}\` is no event of protocol recognition, and names no protocol`);
    else this.caution('never-raised', `\`${name}\` is never raised here: the rule loads and stays silent`, 'look at the name again', { event: name });
  }

  demandPacket(): void {
    this.#packetOnly = true;
  }

  demandStream(): void {
    this.#streamOnly = true;
  }

  // --- what a match does, and whose rule it is

  setNoAlert(): void {
    this.#noAlert = true;
  }

  setBypass(): void {
    this.#bypass = true;
  }

  setAlert(): void {
    this.#alert = true;
  }

  setConfig(change: ConfigChange): void {
    this.#config = change;
  }

  setTarget(target: 'src_ip' | 'dest_ip'): void {
    this.#target = target;
  }

  setClasstype(name: string): void {
    this.#classtype = name;
  }

  setPriority(priority: number): void {
    this.#priority = priority;
  }

  addReference(type: string, value: string): void {
    if (this.settings.strictKeywords.includes('reference') && !this.settings.references.has(type))
      this.problem('unknown', `references of type \`${type}\` are in no reference file`);
    this.#references.push({ type, value });
  }

  addMetadata(key: string, value: string): void {
    this.#metadata.push({ key, value });
  }

  // --- what the engine has

  spokenAs(written: string): readonly string[] {
    return spokenAs(this.#catalogue, written);
  }

  stateNamed(name: string): { protocol: string; progress: number } | undefined {
    const { protocols } = this.#catalogue;
    const protocol = protocols.get(headerWord(this.rule)) ?? [...this.#protocols].map((demanded) => protocols.get(demanded)).find(Boolean);
    if (protocol === undefined) {
      this.problem('no-protocol', 'the rule is for no one protocol, so no state can be named', 'write the protocol in the header');
      return undefined;
    }
    const states = hooksOf(protocol).flat();
    const state = states.find((known) => known.name === name);
    if (state !== undefined) return { protocol: protocol.name, progress: state.progress };
    this.problem('unknown-state', `\`${protocol.name}\` has no state \`${name}\``, `its states are ${states.map((known) => known.name).join(', ')}`);
    return undefined;
  }

  knows(keyword: string): boolean {
    return this.#catalogue.keywords.has(keyword);
  }

  passOver(missing: string): void {
    this.#missing ??= missing;
  }

  // --- what is said to the author

  problem(code: string, title: string, help?: string, facts?: DiagnosticFacts): void {
    this.#diagnostics.refuse(`${this.option.name}/${code}`, title, this.option.span, help, facts);
  }

  caution(code: string, title: string, help?: string, facts?: DiagnosticFacts): void {
    const isStrict = this.settings.strictKeywords.includes(this.option.name);
    this.#diagnostics.say(isStrict ? 'error' : 'warning', `${this.option.name}/${code}`, title, this.option.span, help, facts);
  }
}
