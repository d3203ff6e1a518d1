/**
 * Numbers in bytes: how keywords write where one lies and how it is read (the shared part of byte_test, byte_jump, byte_extract
 * and byte_math), and the reading itself, which allocates nothing. Numbers are 64 bit and unsigned in rules; here they are
 * doubles, exact up to 2^53 and rounded above.
 */
import { entryOf } from '@sigwright/bytes';
import type { Inspection, RuleBuilder } from '@sigwright/contracts';
import { numberIn } from '../../arguments/index.ts';
import { callOf } from '../../formats/dcerpc/calls.ts';

export interface Reading {
  /** how many, or the variable that says it */
  readonly bytes: number | string;
  readonly offset: number | string;
  readonly relative: boolean;
  readonly little: boolean;
  /** the byte order is that of the call of DCE/RPC that is inspected */
  readonly ofCall: boolean;
  /** digits in text, with their base; 0: binary */
  readonly base: number;
  readonly mask: number | undefined;
}

export interface Resolved {
  /** -1: a variable says it */
  readonly bytes: number;
  readonly bytesVariable: number;
  readonly offset: number;
  /** -1: none */
  readonly offsetVariable: number;
  readonly relative: boolean;
  readonly little: boolean;
  /** the byte order is that of the call of DCE/RPC that is inspected */
  readonly ofCall: boolean;
  readonly base: number;
  readonly masked: boolean;
  readonly mask: number;
  /** 2 to the number of zeros at the end of the mask */
  readonly maskUnit: number;
}

const MOST_BINARY_BYTES = 8;
/** Digits that 64 bits can have, by base, with a sign or prefix. */
const MOST_DIGITS: Readonly<Record<number, number>> = { 8: 23, 10: 20, 16: 14 };
/** White space and digits looked at where no number of bytes is given; 64 bits have 23 digits at most. */
const LONGEST_TEXT = 64;
const LARGEST_MASK = 0xffffffff;
/** Offsets are 16 bit in rules. */
const FURTHEST_OFFSET = 65_535;
const TWO_32 = 4_294_967_296;
export const TWO_64 = 2 ** 64;

export const NAME = /^[A-Za-z_][\w.-]*$/;

export function numberOrName(text: string): number | string | undefined {
  const value = numberIn(text);
  if (value !== undefined) return value;
  return NAME.test(text) ? text : undefined;
}

export interface NumberSyntax {
  readonly reading: Reading;
  /** words that were no flags, as name → value */
  readonly named: ReadonlyMap<string, string>;
}

/** Flag words behind the fixed parts. `least`: fewest bytes that make sense. */
export function readFlags(
  parts: readonly string[],
  bytes: number | string,
  offset: number | string,
  least = 1,
): NumberSyntax | { problem: string; help?: string } {
  let relative = false;
  let endian: string | undefined;
  let base = 0;
  let isText = false;
  const named = new Map<string, string>();
  for (const part of parts) {
    const [word, ...rest] = part.split(/\s+/);
    const value = rest.join(' ');
    const asBase = entryOf(BASES, word);
    if (named.has(word) || (word === 'relative' && relative)) return { problem: `\`${word}\` stands twice` };
    if (word === 'relative' && value === '') relative = true;
    else if ((word === 'big' || word === 'little') && value === '') {
      if (endian !== undefined) return { problem: `\`${endian}\` and \`${word}\` say two byte orders` };
      endian = word;
    } else if (word === 'string' && value === '') isText = true;
    else if (asBase !== undefined && value === '') {
      if (base !== 0) return { problem: 'two number bases are given' };
      base = asBase;
    } else named.set(word, value);
  }
  const ofCall = named.get('dce') === '';
  if (ofCall) named.delete('dce');
  if (ofCall && (endian !== undefined || isText))
    return { problem: '`dce` takes the byte order from the call', help: 'leave out `big`, `little` and `string`' };
  if (base !== 0 && !isText) return { problem: 'hex, dec and oct go with `string`' };
  if (isText) base ||= 10;
  const most = isText ? MOST_DIGITS[base] : MOST_BINARY_BYTES;
  // No bytes of text mean: all digits there are.
  const fewest = isText ? 0 : least;
  if (typeof bytes === 'number' && (bytes < fewest || bytes > most))
    return { problem: `${bytes} bytes can not be read as a number`, help: `from ${fewest} to ${most}` };
  if (typeof offset === 'number' && Math.abs(offset) > FURTHEST_OFFSET) return { problem: `offset ${offset} is beyond ${FURTHEST_OFFSET}` };
  const maskText = named.get('bitmask');
  named.delete('bitmask');
  const mask = maskText === undefined ? undefined : /^(?:0x)?[0-9a-f]{1,8}$/i.test(maskText) ? Number.parseInt(maskText, 16) : Number.NaN;
  if (mask !== undefined && !(mask > 0 && mask <= LARGEST_MASK)) return { problem: `\`${maskText}\` is not a hex mask of up to 32 bits` };
  return { reading: { bytes, offset, relative, little: endian === 'little', ofCall, base, mask }, named };
}

const BASES: Readonly<Record<string, number>> = { hex: 16, dec: 10, oct: 8 };

/** Variables by index; undefined where one is not known, which was then said. */
export function resolve(reading: Reading, builder: RuleBuilder): Resolved | undefined {
  if (reading.ofCall) builder.demandProtocol('dcerpc');
  const bytes = typeof reading.bytes === 'string' ? builder.useVariable(reading.bytes) : -1;
  const offset = typeof reading.offset === 'string' ? builder.useVariable(reading.offset) : -1;
  if (bytes === undefined || offset === undefined) return undefined;
  let maskUnit = 1;
  const mask = reading.mask ?? 0;
  while (mask !== 0 && Math.floor(mask / maskUnit) % 2 === 0) maskUnit *= 2;
  return {
    bytes: typeof reading.bytes === 'number' ? reading.bytes : -1,
    bytesVariable: bytes,
    offset: typeof reading.offset === 'number' ? reading.offset : 0,
    offsetVariable: offset,
    relative: reading.relative,
    little: reading.little,
    ofCall: reading.ofCall,
    base: reading.base,
    masked: reading.mask !== undefined,
    mask,
    maskUnit,
  };
}

/**
 * Reads numbers for one condition. `at` is where the last one lay and `used` how many bytes it took: all for a binary one, the
 * digits with what stands before them for text.
 */
export class NumberReader {
  readonly #place: Resolved;
  at = 0;
  used = 0;

  constructor(place: Resolved) {
    this.#place = place;
  }

  /** NaN where there is none: outside the buffer, no digits, too many bytes. */
  read(inspection: Inspection): number {
    const place = this.#place;
    const offset = place.offsetVariable < 0 ? place.offset : inspection.variables[place.offsetVariable];
    const count = place.bytesVariable < 0 ? place.bytes : inspection.variables[place.bytesVariable];
    const at = (place.relative ? inspection.cursor : inspection.start) + offset;
    this.at = at;
    if (at < inspection.start || at + count > inspection.end || count < 0) return Number.NaN;
    const value =
      place.base === 0
        ? this.#binary(inspection.bytes, at, count, place.ofCall ? isLittle(inspection) : place.little)
        : this.#digits(inspection.bytes, at, count === 0 ? Math.min(inspection.end, at + LONGEST_TEXT) : at + count);
    return place.masked ? and(value, place.mask) / place.maskUnit : value;
  }

  #binary(bytes: Uint8Array, at: number, count: number, little: boolean): number {
    this.used = count;
    if (count > MOST_BINARY_BYTES) return Number.NaN;
    let value = 0;
    if (little) for (let index = count - 1; index >= 0; index--) value = value * 256 + bytes[at + index];
    else for (let index = 0; index < count; index++) value = value * 256 + bytes[at + index];
    return value;
  }

  /** As C's strtoull: white space, a sign, `0x` before hex digits, then digits. */
  #digits(bytes: Uint8Array, at: number, end: number): number {
    const { base } = this.#place;
    let index = at;
    while (index < end && (bytes[index] === 32 || (bytes[index] >= 9 && bytes[index] <= 13))) index++;
    const negative = index < end && bytes[index] === 0x2d;
    if (negative || (index < end && bytes[index] === 0x2b)) index++;
    if (base === 16 && index + 2 < end && bytes[index] === 0x30 && (bytes[index + 1] | 32) === 0x78 && digitOf(bytes[index + 2]) < 16) index += 2;
    const first = index;
    let value = 0;
    for (; index < end; index++) {
      const digit = digitOf(bytes[index]);
      if (digit >= base) break;
      value = value * base + digit;
    }
    if (index === first || value >= TWO_64) return Number.NaN;
    this.used = index - at;
    return negative ? -value : value;
  }
}

/** Byte order of the peer who sent what is inspected; big where no call is there. */
function isLittle({ transaction, direction }: Inspection): boolean {
  return transaction !== undefined && callOf(transaction)?.halves[direction].little === true;
}

function digitOf(byte: number): number {
  if (byte >= 48 && byte <= 57) return byte - 48;
  const letter = byte | 32;
  return letter >= 97 && letter <= 102 ? letter - 87 : 99;
}

/** A number as the unsigned 64 bits it has in rules. */
export function unsigned(value: number): number {
  return value < 0 ? value + TWO_64 : value >= TWO_64 ? value % TWO_64 : value;
}

export function and(one: number, other: number): number {
  const left = unsigned(one);
  const right = unsigned(other);
  return ((Math.floor(left / TWO_32) & Math.floor(right / TWO_32)) >>> 0) * TWO_32 + (((left % TWO_32) & (right % TWO_32)) >>> 0);
}
