/**
 * `asn1`: oddities of BER (X.690) from a place in the payload on, which decoders of old fell over. Snort manual, "asn1"; Suricata user
 * guide. Elements are visited in order, those within others too, up to a limit.
 */
import { asKeywords, type Inspection, keyword } from '@sigwright/contracts';
import { custom, numberIn } from '../../arguments/index.ts';

const MOST_ELEMENTS = 256;
/** Elements within elements; deeper ones are passed over whole. */
const DEEPEST = 64;
const CONSTRUCTED = 0x20;
const TAG_NUMBER = 0x1f;
const BIT_STRING = 3;
const REAL = 9;
/** A bit string leaves at most seven bits of its last byte unused (§8.6.2.2). */
const MOST_UNUSED = 7;
/** Digits that decoders had room for. */
const LONGEST_REAL = 256;
/** First byte of a real in decimal digits (§8.5.8). */
const NOT_DECIMAL = 0xc0;
const UNIVERSAL_CLASS_MASK = 0xc0;

interface Wanted {
  readonly bitString: boolean;
  readonly real: boolean;
  readonly longerThan: number | undefined;
  readonly offset: number;
  readonly relative: boolean;
}

interface Element {
  readonly tag: number;
  readonly start: number;
  /** as it is written; what is there may be less */
  readonly length: number;
}

function elementAt(bytes: Uint8Array, at: number, end: number): Element | undefined {
  if (at + 2 > end) return undefined;
  const tag = bytes[at];
  let next = at + 1;
  if ((tag & TAG_NUMBER) === TAG_NUMBER) while (next < end && (bytes[next++] & 0x80) !== 0);
  if (next >= end) return undefined;
  let length = bytes[next++];
  if (length === 0x80) length = end - next;
  else if (length > 0x80) {
    const count = length & 0x7f;
    if (next + count > end) return undefined;
    length = 0;
    for (let index = 0; index < count; index++) length = length * 256 + bytes[next + index];
    next += count;
  }
  return { tag, start: next, length };
}

function isOdd({ tag, start, length }: Element, bytes: Uint8Array, end: number, wanted: Wanted): boolean {
  if (wanted.longerThan !== undefined && length > wanted.longerThan) return true;
  if ((tag & (UNIVERSAL_CLASS_MASK | CONSTRUCTED)) !== 0 || length === 0 || start >= end) return false;
  if (wanted.bitString && (tag & TAG_NUMBER) === BIT_STRING && bytes[start] > MOST_UNUSED) return true;
  return wanted.real && (tag & TAG_NUMBER) === REAL && (bytes[start] & NOT_DECIMAL) === 0 && length > LONGEST_REAL;
}

function anyOdd(bytes: Uint8Array, from: number, end: number, wanted: Wanted): boolean {
  /** ends of the elements that are open */
  const open: number[] = [];
  for (let at = from, count = 0; at < end && count < MOST_ELEMENTS; count++) {
    const element = elementAt(bytes, at, end);
    if (element === undefined) return false;
    if (isOdd(element, bytes, end, wanted)) return true;
    const behind = element.start + element.length;
    if ((element.tag & CONSTRUCTED) !== 0 && open.length < DEEPEST) {
      open.push(behind);
      at = element.start;
    } else at = behind;
    while (open.length > 0 && at >= open[open.length - 1]) open.pop();
  }
  return false;
}

export const keywords = asKeywords(
  keyword({
    name: 'asn1',
    family: 'payload',
    since: '1.0',
    summary: 'oddities of ASN.1 at a place in the payload',
    kind: 'condition',
    argument: custom(
      '<bitstring_overflow|double_overflow|oversize_length <size>>[,<absolute_offset|relative_offset> <place>]',
      ['bitstring_overflow,absolute_offset 0', 'oversize_length 500,relative_offset 4'],
      (written): { value: Wanted } | { problem: string; help?: string } => {
        let wanted: Wanted = { bitString: false, real: false, longerThan: undefined, offset: 0, relative: false };
        for (const part of written.split(',')) {
          const [word, amount, more] = part.trim().split(/\s+/);
          const value = amount === undefined ? undefined : numberIn(amount);
          if (more !== undefined || (amount !== undefined && value === undefined)) return { problem: `\`${part.trim()}\` can not be read` };
          if (word === 'bitstring_overflow' && value === undefined) wanted = { ...wanted, bitString: true };
          else if (word === 'double_overflow' && value === undefined) wanted = { ...wanted, real: true };
          else if (word === 'oversize_length' && value !== undefined) wanted = { ...wanted, longerThan: value };
          else if (word === 'absolute_offset' && value !== undefined) wanted = { ...wanted, offset: value, relative: false };
          else if (word === 'relative_offset' && value !== undefined) wanted = { ...wanted, offset: value, relative: true };
          else return { problem: `\`${part.trim()}\` is nothing that asn1 knows` };
        }
        if (!wanted.bitString && !wanted.real && wanted.longerThan === undefined)
          return { problem: 'nothing is asked for', help: 'write bitstring_overflow, double_overflow or oversize_length' };
        return { value: wanted };
      },
    ),
    examples: ['content:"|30|"; asn1:bitstring_overflow, relative_offset 0;', 'asn1:oversize_length 10000,absolute_offset 0;'],
    broken: [
      { options: 'asn1:absolute_offset 0;', code: 'asn1/argument' },
      { options: 'asn1:oversize_length;', code: 'asn1/argument' },
    ],
    apply(wanted, builder) {
      builder.addBytes({
        kind: 'test',
        keyword: 'asn1',
        relative: wanted.relative,
        describes: 'an element of ASN.1 that decoders fell over',
        test(inspection: Inspection) {
          const from = wanted.relative ? inspection.cursor + wanted.offset : inspection.start + wanted.offset - inspection.streamOffset;
          return from >= inspection.start && anyOdd(inspection.bytes, from, inspection.end, wanted);
        },
      });
    },
  }),
);
