/**
 * Rules on payload that have a pattern and no literal. Of each the bytes are known that can stand at the first places of a match. The
 * compiled kernel looks for four places in a row, for sixteen rules at once in eight classes (short texts are looked at in plain TypeScript);
 * only a rule whose places all fit somewhere is asked. A gate that is open says nothing, one that is closed that the rule can not hold.
 */
import type { BytesCondition } from '@sigwright/contracts';
import { surprise } from '../compile/rarity.ts';
import { PIECE, type ScanKernel, scanKernel, WORTH_A_CALL } from '../kernel/kernel.ts';
import type { ValueSink } from './gram-table.ts';
import { paired } from './short-table.ts';

/** Places that the kernel compares, and rules that it looks for at once. */
const WINDOW = 4;
const TOGETHER = 16;
/** Bytes of the masks of four places. */
const MASKS = 128;
const BYTES = 256;
/** A window that is found more often than this does not pay. */
const MOST_FREQUENT = 1 / 256;

export interface GatedRule {
  readonly rule: number;
  /** 256 flags for each of the first places of a match */
  readonly places: readonly Uint8Array[];
  /** the first of the four places that are looked for */
  readonly window: number;
}

const SHARES = Float64Array.from({ length: 256 }, (_, byte) => 2 ** -surprise(byte));
const ALL_SHARES = SHARES.reduce((sum, share) => sum + share, 0);

/** The pattern among these conditions whose beginning is rarest. Undefined: none is rare enough. */
export function gatedRule(rule: number, conditions: readonly BytesCondition[]): GatedRule | undefined {
  let best: GatedRule | undefined;
  let least = MOST_FREQUENT;
  for (const condition of conditions) {
    if (condition.kind !== 'pattern' || condition.negated) continue;
    const places = condition.pattern.beginning?.() ?? [];
    const shares = places.map((set) => set.reduce((sum, flag, byte) => (flag === 1 ? sum + SHARES[byte] : sum), 0) / ALL_SHARES);
    for (let window = 0; window + WINDOW <= places.length; window++) {
      const often = shares.slice(window, window + WINDOW).reduce((product, share) => product * share, 1);
      if (often >= least) continue;
      least = often;
      best = { rule, places, window };
    }
  }
  return best;
}

/** Up to sixteen rules, a bit each. */
class Group {
  readonly #rules: readonly GatedRule[];
  readonly #masks: number;
  /** places that are looked at, from the first that the kernel compared: the rarest first; and of each which bytes rules can have there */
  readonly #offsets: readonly number[];
  readonly #fitting: Uint16Array;
  /** of each place the rules that ask nothing of it */
  readonly #careless: Uint16Array;

  constructor(rules: readonly GatedRule[], kernel: ScanKernel | undefined) {
    this.#rules = rules;
    this.#masks = kernel?.keep(rules, () => masksOf(rules)) ?? 0;
    const first = -Math.max(...rules.map(({ window }) => window));
    const last = Math.max(...rules.map(({ places, window }) => places.length - window));
    // The kernel knows halves of folded bytes: what it compared is looked at again.
    const around = Array.from({ length: last - first }, (_, at) => first + at);
    this.#offsets = [...around.filter((at) => at >= 0), ...around.filter((at) => at < 0)];
    this.#fitting = new Uint16Array(this.#offsets.length * BYTES);
    this.#careless = new Uint16Array(this.#offsets.length);
    for (const [at, offset] of this.#offsets.entries()) {
      for (const [number, { places, window }] of rules.entries()) {
        const set = places[window + offset] as Uint8Array | undefined;
        if (set === undefined) this.#careless[at] |= 1 << number;
        letThrough(this.#fitting, at * BYTES, set, 1 << number);
      }
    }
  }

  get all(): number {
    return (1 << this.#rules.length) - 1;
  }

  /** Of the rules `wanted`, those that may match in what the kernel loaded from `from` on. */
  find(kernel: ScanKernel, bytes: Uint8Array, start: number, end: number, from: number, wanted: number): number {
    const { answers } = kernel;
    let left = wanted;
    for (let answer = 0, count = kernel.classes(this.#masks); answer < count && left !== 0; answer++) {
      left &= ~this.#fittingAt(bytes, start, end, from + answers[answer], left);
    }
    return wanted & ~left;
  }

  /** The same for the whole of it, in plain TypeScript. */
  plain(bytes: Uint8Array, start: number, end: number): number {
    let left = this.all;
    for (let place = start; place + WINDOW <= end && left !== 0; place++) left &= ~this.#fittingAt(bytes, start, end, place, left);
    return this.all & ~left;
  }

  /** Can matches of the rules `wanted` begin where `place` is the first of the places that the kernel compared? */
  #fittingAt(bytes: Uint8Array, start: number, end: number, place: number, wanted: number): number {
    const offsets = this.#offsets;
    let fitting = wanted;
    for (let at = 0; at < offsets.length && fitting !== 0; at++) {
      const position = place + offsets[at];
      fitting &= position < start || position >= end ? this.#careless[at] : this.#fitting[at * BYTES + bytes[position]];
    }
    return fitting;
  }

  report(found: number, sink: ValueSink): void {
    for (let left = found; left !== 0; left &= left - 1) sink.add(this.#rules[31 - Math.clz32(left & -left)].rule);
  }
}

/** `set`: undefined for all bytes. */
function letThrough(fitting: Uint16Array, from: number, set: Uint8Array | undefined, rule: number): void {
  for (let byte = 0; byte < BYTES; byte++) if (set === undefined || set[byte] === 1) fitting[from + byte] |= rule;
}

export class PatternGate {
  readonly #kernel: ScanKernel | undefined;
  readonly #groups: readonly Group[];
  /** by group: which rules were not found yet */
  readonly #left: Uint16Array;

  constructor(rules: readonly GatedRule[], given: ScanKernel | 'plain' = scanKernel() ?? 'plain') {
    const kernel = given === 'plain' ? undefined : given;
    this.#kernel = kernel;
    const alike = rules.toSorted((a, b) => Number(keyOf(a) > keyOf(b)) - Number(keyOf(a) < keyOf(b)));
    this.#groups = Array.from(
      { length: Math.ceil(rules.length / TOGETHER) },
      (_, at) => new Group(paired(alike.slice(at * TOGETHER, (at + 1) * TOGETHER)), kernel),
    );
    this.#left = new Uint16Array(this.#groups.length);
  }

  /** Reports rules that may match in bytes[start, end). */
  open(bytes: Uint8Array, start: number, end: number, sink: ValueSink): void {
    const kernel = this.#kernel;
    const groups = this.#groups;
    if (kernel === undefined || end - start < WORTH_A_CALL) {
      for (let at = 0; at < groups.length; at++) groups[at].report(groups[at].plain(bytes, start, end), sink);
      return;
    }
    const left = this.#left;
    for (let at = 0; at < groups.length; at++) left[at] = groups[at].all;
    // What lies across two pieces is seen in the second.
    for (let from = start; ; from += PIECE - WINDOW) {
      const to = Math.min(end, from + PIECE);
      kernel.load(bytes, start, end, from, to, 0);
      for (let at = 0; at < groups.length; at++) if (left[at] !== 0) left[at] &= ~groups[at].find(kernel, bytes, start, end, from, left[at]);
      if (to === end) break;
    }
    for (let at = 0; at < groups.length; at++) groups[at].report(groups[at].all & ~left[at], sink);
  }
}

/** Rules whose places have like bytes have keys that are near each other. */
function keyOf({ places, window }: GatedRule): string {
  return places
    .slice(window, window + WINDOW)
    .map((set) => set.join(''))
    .join();
}

/** As `few` of scan.as.ts wants them, for folded bytes. Rule n is of class n & 7. */
function masksOf(rules: readonly GatedRule[]): Uint8Array {
  const masks = new Uint8Array(MASKS);
  for (const [number, { places, window }] of rules.entries()) {
    const member = 1 << (number & 7);
    for (let at = 0; at < WINDOW; at++) {
      for (let byte = 0; byte < 256; byte++) {
        if (places[window + at][byte] === 0) continue;
        const folded = byte | ((byte & 0x40) >>> 1);
        masks[at * 32 + (folded & 15)] |= member;
        masks[at * 32 + 16 + (folded >>> 4)] |= member;
      }
    }
  }
  return masks;
}
