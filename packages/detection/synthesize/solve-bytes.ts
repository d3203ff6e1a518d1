/**
 * Conditions on one buffer → bytes that fulfil them. Contents are laid out in the order written, relative ones behind what they
 * are relative to; examples of patterns are laid among them; numbers are written where they are tested. What is laid out is only
 * a proposal: the inspector of the engine says whether it holds, and other draws are tried where it does not.
 */
import type { BytesCondition, BytesTest, Comparison, ContentCondition, Inspection, PatternCondition, RuleOption } from '@sigwright/contracts';
import { Inspector, newInspection } from '../scan/inspector.ts';
import { type Below, type NumberPlace, numberBytes, numberPlaceOf, wantedNumber } from './solve-numbers.ts';

export interface BufferDemand {
  readonly conditions: readonly BytesCondition[];
  /** bytes that the buffer may begin with, where nothing speaks against it (`/` of a URI) */
  readonly opening: string;
  /** the opening must be there (the dot of `dotprefix`) */
  readonly openingDemanded?: boolean;
  /** what free places hold, instead of letters */
  readonly template?: Uint8Array;
  /** put behind what would end with a dot or a blank, which readers take off */
  readonly ending?: string;
  readonly least?: number;
  readonly most?: number;
  /** no free content begins before it (behind a fixed head) */
  readonly from?: number;
  /** nor does one that may stand before it and behind it */
  readonly behindHead?: boolean;
}

export interface OptionReader {
  /** the option that wrote a condition */
  optionOf(condition: BytesCondition): RuleOption | undefined;
  /** its argument as its keyword reads it; undefined where that fails */
  argumentOf(option: RuleOption): unknown;
  readonly variables: number;
}

const MOST_DRAWS = 60;
const LONGEST_BUFFER = 20_000;
const FREE = -1;
/** blank and dot */
const ENDS = [0x20, 0x2e];
const FILLERS = ['a', 'x', '0', 'e', 'Q', '1', '/', 'k', '=', '.'];

export function solveBytes(demand: BufferDemand, reader: OptionReader, below: Below): Uint8Array | undefined {
  const inspector = new Inspector();
  for (let draw = 0; draw < MOST_DRAWS; draw++) {
    const layout = new Layout(demand, reader, below, draw);
    const bytes = layout.make();
    if (bytes === undefined) continue;
    if (holds(inspector, demand.conditions, bytes, reader.variables)) return bytes;
  }
  return undefined;
}

export function inspectionOf(bytes: Uint8Array, variables: number): Inspection {
  const inspection = newInspection(variables);
  inspection.bytes = bytes;
  inspection.end = bytes.length;
  return inspection;
}

export function fulfils(conditions: readonly BytesCondition[], bytes: Uint8Array, variables: number): boolean {
  return holds(new Inspector(), conditions, bytes, variables);
}

function holds(inspector: Inspector, conditions: readonly BytesCondition[], bytes: Uint8Array, variables: number): boolean {
  return inspector.inspect(conditions, inspectionOf(bytes, variables));
}

type Chain = BytesCondition[];

class Layout {
  readonly #cells: number[] = [];
  #cursor = 0;
  #least: number;
  #most: number;
  #closed = false;
  readonly #demand: BufferDemand;
  readonly #reader: OptionReader;
  readonly #below: Below;
  readonly #draw: number;
  readonly #filler: number;
  readonly #variables: Float64Array;

  constructor(demand: BufferDemand, reader: OptionReader, below: Below, draw: number) {
    this.#demand = demand;
    this.#reader = reader;
    this.#below = below;
    this.#draw = draw;
    this.#least = demand.least ?? 0;
    this.#most = demand.most ?? LONGEST_BUFFER;
    this.#filler = FILLERS[draw < 2 ? draw : below(FILLERS.length)].charCodeAt(0);
    this.#variables = new Float64Array(Math.max(1, reader.variables));
  }

  make(): Uint8Array | undefined {
    const { opening, openingDemanded } = this.#demand;
    for (const condition of this.#demand.conditions) this.#readSize(condition);
    if (opening !== '' && (openingDemanded || this.#draw % 2 === 0)) for (let at = 0; at < opening.length; at++) this.#cells[at] = opening.charCodeAt(at);
    for (const chain of this.#chains()) {
      for (let at = 0; at < chain.length; at++) if (!this.#lay(chain[at], chain[at + 1], at > 0)) return undefined;
    }
    const { ending } = this.#demand;
    if (ending !== undefined && !this.#closed && ENDS.includes(this.#cells[this.#cells.length - 1]) && this.#draw % 4 < 2) {
      this.#place(
        Uint8Array.from(ending, (letter) => letter.charCodeAt(0)),
        this.#cells.length,
        this.#cells.length,
        true,
      );
    }
    let length = Math.max(this.#cells.length, this.#least);
    if (!this.#closed && this.#draw > 40 && length < this.#most) length = Math.min(this.#most, length + this.#below(8));
    if (length > this.#most || (this.#closed && length > this.#cells.length)) return undefined;
    const bytes = new Uint8Array(length);
    for (let at = 0; at < length; at++) bytes[at] = this.#cells[at] === undefined || this.#cells[at] === FREE ? this.#freeByte(at) : this.#cells[at];
    return bytes;
  }

  #freeByte(at: number): number {
    const { template } = this.#demand;
    if (template !== undefined && at < template.length) return template[at];
    return this.#draw > 20 ? 97 + this.#below(26) : this.#filler;
  }

  #readSize(condition: BytesCondition): void {
    if (condition.kind !== 'test') return;
    const option = this.#reader.optionOf(condition);
    if (option === undefined || (option.name !== 'bsize' && option.name !== 'urilen')) return;
    const [least, most] = boundsOf(this.#reader.argumentOf(option) as Comparison | undefined);
    this.#least = Math.max(this.#least, least);
    this.#most = Math.min(this.#most, most);
  }

  /** A chain begins with what is relative to nothing. Anchored ones first, those that end the buffer last. */
  #chains(): Chain[] {
    const chains: Chain[] = [];
    for (const condition of this.#demand.conditions) {
      if ((condition.kind === 'content' || condition.kind === 'pattern') && condition.negated) continue;
      if (isRelative(condition) && chains.length > 0) chains[chains.length - 1].push(condition);
      else chains.push([condition]);
    }
    const patternsFirst = this.#draw % 3 === 1;
    const rank = (chain: Chain): number => {
      const [first] = chain;
      const last = chain[chain.length - 1];
      if (chain.some((one) => one.kind === 'content' && one.endsWith) || this.#endsBuffer(last)) return 5;
      if (first.kind === 'content' && (first.startsWith || first.depth !== undefined)) return 0;
      if (first.kind === 'pattern') return patternsFirst ? 1 : first.pattern.source.startsWith('^') ? 2 : first.pattern.source.endsWith('$') ? 4 : 3;
      return 3;
    };
    return chains
      .map((chain, at) => ({ chain, at, rank: rank(chain) }))
      .sort((a, b) => a.rank - b.rank || a.at - b.at)
      .map(({ chain }) => chain);
  }

  /** `isdataat:!N,relative` */
  #endsBuffer(condition: BytesCondition | undefined): boolean {
    return condition?.kind === 'test' && condition.keyword === 'isdataat' && /^!.*relative/.test(this.#reader.optionOf(condition)?.value ?? '');
  }

  #lay(condition: BytesCondition, next: BytesCondition | undefined, follows: boolean): boolean {
    switch (condition.kind) {
      case 'content':
        return this.#layContent(condition, follows, this.#endsBuffer(next));
      case 'pattern':
        return this.#layPattern(condition, follows);
      case 'test':
        return this.#layTest(condition);
      case 'decode': {
        const inner = solveBytes({ conditions: condition.conditions, opening: '' }, this.#reader, this.#below);
        if (inner === undefined) return false;
        const text = base64(inner);
        const offset = /offset\s+(\d+)/.exec(this.#reader.optionOf(condition)?.value ?? '');
        const from = (follows ? this.#cursor : 0) + (offset === null ? 0 : Number(offset[1]));
        return this.#place(text, from, from, true);
      }
    }
  }

  #layContent(content: ContentCondition, follows: boolean, endsHere: boolean): boolean {
    const { length } = content.bytes;
    let from = 0;
    let to = Number.POSITIVE_INFINITY;
    if (content.distance !== undefined || content.within !== undefined) {
      from = (follows ? this.#cursor : 0) + this.#quantity(content.distance);
      if (content.within !== undefined) to = from + this.#quantity(content.within) - length;
    } else if (content.startsWith) to = 0;
    else {
      from = this.#quantity(content.offset);
      if (content.depth !== undefined) to = from + this.#quantity(content.depth) - length;
    }
    from = Math.max(0, from);
    if (content.endsWith || endsHere) {
      const exact = this.#least === this.#most ? this.#most - length : undefined;
      const at =
        exact ?? Math.max(from, this.#holdsAt(content.bytes, this.#cells.length - length, content.nocase) ? this.#cells.length - length : this.#cells.length);
      if (at < from || at > to || !this.#place(content.bytes, at, at, false, content.nocase)) return false;
      this.#closed = true;
      return true;
    }
    return this.#place(content.bytes, from, to, false, content.nocase);
  }

  #layPattern(condition: PatternCondition, follows: boolean): boolean {
    const { pattern } = condition;
    if (pattern.example === undefined) return false;
    const wanted: Uint8Array[] = [];
    if (this.#draw % 3 !== 0) for (const one of this.#demand.conditions) if (one.kind === 'content' && !one.negated) wanted.push(one.bytes);
    const bytes = pattern.example(this.#draw === 0 ? () => 0 : this.#below, wanted);
    // What is laid out already may fulfil it: that is checked at the end.
    if (bytes.length === 0 || (!condition.relative && this.#draw % 4 === 3)) return true;
    const anchored = /^(?:\(\?:)?\^/.test(pattern.source) || pattern.source.startsWith('\\A');
    if (condition.relative) {
      const from = follows ? this.#cursor : 0;
      return this.#place(bytes, from, anchored ? from : from + 64, true);
    }
    if (anchored) return this.#place(bytes, 0, 0, true);
    return this.#place(bytes, 0, Number.POSITIVE_INFINITY, true);
  }

  #layTest(test: BytesTest): boolean {
    const option = this.#reader.optionOf(test);
    if (option === undefined) return true;
    if (test.keyword === 'isdataat') {
      const written = /^(!?)\s*(\d+)/.exec(option.value ?? '');
      if (written === null || written[1] === '!') return true;
      const from = test.relative ? this.#cursor : 0;
      this.#least = Math.max(this.#least, from + Number(written[2]) + 1);
      return true;
    }
    const argument = this.#reader.argumentOf(option);
    const place = numberPlaceOf(argument);
    if (place === undefined) return true;
    return this.#layNumber(test, place, argument);
  }

  #layNumber(test: BytesTest, place: NumberPlace, argument: unknown): boolean {
    const at = (place.relative ? this.#cursor : 0) + place.offset;
    if (at < 0 || at > LONGEST_BUFFER) return false;
    const cursor = this.#cursor;
    // What leads a reader through a whole message leads there already.
    const isGiven = test.keyword !== 'byte_test' && at + place.bytes <= (this.#demand.template?.length ?? 0) && this.#draw % 2 === 0;
    for (const number of isGiven ? [] : this.#numbersFor(test, place, argument)) {
      const bytes = numberBytes(number, place);
      if (bytes === undefined || !this.#fits(bytes, at, false)) continue;
      this.#write(bytes, at);
      break;
    }
    this.#cursor = cursor;
    if (test.keyword === 'byte_test') return true;
    // Where a jump leads and what a variable holds is said by the test itself, on what is laid out so far and room behind it.
    const room = new Uint8Array(Math.min(LONGEST_BUFFER, Math.max(this.#cells.length, at + place.bytes) + 512)).fill(this.#filler);
    if (isGiven) room.set((this.#demand.template ?? room).subarray(0, room.length));
    for (let index = 0; index < this.#cells.length; index++)
      if (this.#cells[index] !== undefined && this.#cells[index] !== FREE) room[index] = this.#cells[index];
    const inspection = inspectionOf(room, this.#variables.length);
    inspection.variables.set(this.#variables);
    inspection.cursor = this.#cursor;
    if (!test.test(inspection)) return false;
    this.#variables.set(inspection.variables);
    this.#cursor = inspection.cursor;
    return true;
  }

  /** One byte is often tested bit by bit: a value is looked for that all tests of that byte let through. */
  #numbersFor(test: BytesTest, place: NumberPlace, argument: unknown): readonly number[] {
    const wanted = wantedNumber(test.keyword, argument, this.#below);
    if (test.keyword !== 'byte_test' || place.relative || place.bytes !== 1 || place.base > 0) return wanted;
    const together = this.#demand.conditions.filter((one): one is BytesTest => {
      if (one.kind !== 'test' || one.keyword !== 'byte_test') return false;
      const option = this.#reader.optionOf(one);
      const other = option === undefined ? undefined : numberPlaceOf(this.#reader.argumentOf(option));
      return other !== undefined && !other.relative && other.bytes === 1 && other.offset === place.offset;
    });
    if (together.length < 2) return wanted;
    const room = new Uint8Array(place.offset + 1);
    const inspection = inspectionOf(room, this.#variables.length);
    for (let value = 0; value < 256; value++) {
      room[place.offset] = value;
      if (together.every((one) => one.test(inspection))) return [value];
    }
    return wanted;
  }

  #quantity(value: ContentCondition['offset']): number {
    if (value === undefined) return 0;
    return typeof value === 'number' ? value : this.#variables[value.variable];
  }

  #holdsAt(bytes: Uint8Array, at: number, nocase: boolean): boolean {
    if (at < 0 || at + bytes.length > this.#cells.length) return false;
    for (let index = 0; index < bytes.length; index++) {
      const cell = this.#cells[at + index];
      if (cell === undefined || cell === FREE || !(cell === bytes[index] || (nocase && lower(cell) === lower(bytes[index])))) return false;
    }
    return true;
  }

  #fits(bytes: Uint8Array, at: number, nocase: boolean): boolean {
    if (at + bytes.length > this.#most) return false;
    for (let index = 0; index < bytes.length; index++) {
      const cell = this.#cells[at + index];
      if (cell !== undefined && cell !== FREE && cell !== bytes[index] && !(nocase && lower(cell) === lower(bytes[index]))) return false;
    }
    return true;
  }

  #write(bytes: Uint8Array, at: number): void {
    while (this.#cells.length < at) this.#cells.push(FREE);
    for (let index = 0; index < bytes.length; index++) {
      const cell = this.#cells[at + index];
      if (cell === undefined || cell === FREE) this.#cells[at + index] = bytes[index];
    }
    this.#cursor = at + bytes.length;
  }

  /** At the first place from `from` to `to` where it stands already or can stand. Without an end it goes behind everything. */
  #place(bytes: Uint8Array, from: number, to: number, fresh: boolean, nocase = false): boolean {
    const last = Math.min(to, LONGEST_BUFFER);
    if (!fresh || this.#draw % 2 === 1) {
      for (let at = from; at + bytes.length <= this.#cells.length && at <= last; at++) {
        if (!this.#holdsAt(bytes, at, nocase)) continue;
        this.#cursor = at + bytes.length;
        return true;
      }
    }
    const head = this.#demand.behindHead === true ? (this.#demand.from ?? 0) : 0;
    const start = Number.isFinite(to) ? (head > from && head <= to ? head : from) : Math.max(from, this.#demand.from ?? 0, this.#cells.length);
    for (let at = start; at <= last; at++) {
      if (!this.#fits(bytes, at, nocase)) continue;
      this.#write(bytes, at);
      return true;
    }
    if (Number.isFinite(to)) return false;
    // No room behind: somewhere before.
    for (let at = from; at < start; at++) {
      if (!this.#fits(bytes, at, nocase)) continue;
      this.#write(bytes, at);
      return true;
    }
    return false;
  }
}

function isRelative(condition: BytesCondition): boolean {
  switch (condition.kind) {
    case 'content':
      return condition.distance !== undefined || condition.within !== undefined;
    case 'pattern':
    case 'test':
      return condition.relative;
    case 'decode':
      return true;
  }
}

function lower(byte: number): number {
  return byte >= 0x41 && byte <= 0x5a ? byte + 0x20 : byte;
}

/** Lengths that a comparison admits. */
export function boundsOf(comparison: Comparison | undefined): readonly [least: number, most: number] {
  const inner = (comparison as { comparison?: Comparison } | undefined)?.comparison ?? comparison;
  if (inner === undefined || typeof inner.operator !== 'string') return [0, LONGEST_BUFFER];
  switch (inner.operator) {
    case '=':
      return [inner.value, inner.value];
    case '<':
      return [0, inner.value - 1];
    case '<=':
      return [0, inner.value];
    case '>':
      return [inner.value + 1, LONGEST_BUFFER];
    case '>=':
      return [inner.value, LONGEST_BUFFER];
    case 'range':
      return [inner.value + 1, inner.upper - 1];
    default:
      return [0, LONGEST_BUFFER];
  }
}

const BASE64 = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/';

export function base64(bytes: Uint8Array): Uint8Array {
  const out: number[] = [];
  for (let at = 0; at < bytes.length; at += 3) {
    const word = (bytes[at] << 16) | ((bytes[at + 1] ?? 0) << 8) | (bytes[at + 2] ?? 0);
    for (let place = 0; place < 4; place++) out.push(place <= bytes.length - at ? BASE64.charCodeAt((word >>> (18 - 6 * place)) & 63) : 0x3d);
  }
  return Uint8Array.from(out);
}
