/**
 * State that rules keep: flowbits and flowints on the flow, xbits of a transaction on it, xbits and hostbits on addresses (with expiry on packet time).
 * Suricata user guide, "Flow keywords" and "Xbits keyword".
 */
import type { BitOperation, Flow, IntegerOperation, Packet, StateOperation, Transaction } from '@sigwright/contracts';
import type { Peers } from './peers.ts';

/** Addresses with bits; beyond it the oldest quarter is dropped. */
const MOST_ENTRIES = 500_000;
/** With so many, those that expired are looked for; then whenever as many again were set. */
const FIRST_SWEEP = 1024;
const GONE = -1;

export class HostState {
  /** key + name → expiry, microseconds */
  readonly #bits = new Map<string, number>();
  #sweepAt = FIRST_SWEEP;
  readonly #peers: Peers | undefined;

  constructor(peers?: Peers) {
    this.#peers = peers;
  }

  holds(operation: StateOperation, packet: Packet, flow: Flow | undefined, transaction: Transaction | undefined): boolean {
    if (operation.kind === 'integer') return integerHolds(operation, flow);
    const wanted = operation.operation === 'isset';
    const set = operation.names.some((name) => this.#isSet(operation, name, packet, flow, transaction));
    return set === wanted;
  }

  apply(operation: StateOperation, packet: Packet, flow: Flow | undefined, transaction: Transaction | undefined): void {
    if (operation.kind === 'integer') {
      applyInteger(operation, flow);
      return;
    }
    for (const name of operation.names) {
      const set = operation.operation === 'set' || (operation.operation === 'toggle' && !this.#isSet(operation, name, packet, flow, transaction));
      if (operation.scope === 'flow') {
        if (flow !== undefined) changeFlowbit(flow, name, set);
        continue;
      }
      if (operation.scope === 'transaction') {
        if (transaction === undefined) continue;
        if (set) {
          transaction.bits ??= new Set();
          transaction.bits.add(name);
        } else transaction.bits?.delete(name);
        continue;
      }
      for (const address of keysOf(operation, packet)) {
        const key = `${address} ${name}`;
        const expire = set ? operation.expire : GONE;
        this.#peers?.catchUp();
        this.change(key, packet.time, expire);
        this.#peers?.tell({ kind: 'bit', key, time: packet.time, expire });
      }
    }
  }

  /** Of the bit of an address; `expire`: seconds from `time`, -1 where it is taken away. */
  change(key: string, time: number, expire: number): void {
    if (expire === GONE) this.#bits.delete(key);
    else this.#set(key, time, expire);
  }

  #isSet(operation: BitOperation, name: string, packet: Packet, flow: Flow | undefined, transaction: Transaction | undefined): boolean {
    if (operation.scope === 'flow') return flow?.bits?.has(name) === true;
    if (operation.scope === 'transaction') return transaction?.bits?.has(name) === true;
    this.#peers?.catchUp();
    for (const key of keysOf(operation, packet)) {
      const expiry = this.#bits.get(`${key} ${name}`);
      if (expiry !== undefined && expiry >= packet.time) return true;
    }
    return false;
  }

  /** `expire`: seconds */
  #set(key: string, now: number, expire: number): void {
    if (this.#bits.size >= this.#sweepAt) {
      for (const [known, expiry] of this.#bits) if (expiry < now) this.#bits.delete(known);
      let tooMany = this.#bits.size >= MOST_ENTRIES ? MOST_ENTRIES / 4 : 0;
      for (const known of this.#bits.keys()) {
        if (tooMany-- <= 0) break;
        this.#bits.delete(known);
      }
      this.#sweepAt = Math.min(MOST_ENTRIES, Math.max(FIRST_SWEEP, this.#bits.size * 2));
    }
    this.#bits.delete(key);
    this.#bits.set(key, now + expire * 1e6);
  }
}

function changeFlowbit(flow: Flow, name: string, set: boolean): void {
  if (set === (flow.bits?.has(name) === true)) return;
  // Rules that did nothing with its packets may do something now.
  flow.quietToServer = flow.quietToClient = undefined;
  if (set) {
    flow.bits ??= new Set();
    flow.bits.add(name);
  } else flow.bits?.delete(name);
}

function keysOf(operation: BitOperation, packet: Packet): string[] {
  // An IPv4 address and an IPv6 address may have the same words.
  const source = `${packet.ipVersion}/${addressKey(packet.source)}`;
  const destination = `${packet.ipVersion}/${addressKey(packet.destination)}`;
  switch (operation.scope) {
    case 'source':
      return [source];
    case 'destination':
      return [destination];
    case 'both':
      return [source, destination];
    default:
      return [source < destination ? `${source} ${destination}` : `${destination} ${source}`];
  }
}

/** One short text an address; IPv4 has its value in word 0. */
export function addressKey(words: Uint32Array): string {
  return words[1] === 0 && words[2] === 0 && words[3] === 0 ? String(words[0]) : `${words[0]}.${words[1]}.${words[2]}.${words[3]}`;
}

function operandOf(operation: IntegerOperation, flow: Flow): number | undefined {
  return typeof operation.operand === 'number' ? operation.operand : flow.integers?.get(operation.operand);
}

function integerHolds(operation: IntegerOperation, flow: Flow | undefined): boolean {
  const value = flow?.integers?.get(operation.name);
  if (operation.operation === 'isset') return value !== undefined;
  if (operation.operation === 'notset' || operation.operation === 'isnotset') return flow !== undefined && value === undefined;
  if (flow === undefined || value === undefined) return false;
  const operand = operandOf(operation, flow);
  if (operand === undefined) return false;
  switch (operation.operation) {
    case '<':
      return value < operand;
    case '>':
      return value > operand;
    case '<=':
      return value <= operand;
    case '>=':
      return value >= operand;
    case '==':
      return value === operand;
    case '!=':
      return value !== operand;
    default:
      return true;
  }
}

function applyInteger(operation: IntegerOperation, flow: Flow | undefined): void {
  if (flow === undefined) return;
  const operand = operandOf(operation, flow);
  if (operand === undefined) return;
  flow.integers ??= new Map();
  const value = flow.integers.get(operation.name);
  const clamp = (result: number): number => Math.max(0, Math.min(0xffffffff, result));
  if (operation.operation === '=') flow.integers.set(operation.name, clamp(operand));
  else if (operation.operation === '+') flow.integers.set(operation.name, clamp((value ?? 0) + operand));
  else if (operation.operation === '-') flow.integers.set(operation.name, clamp((value ?? 0) - operand));
}
