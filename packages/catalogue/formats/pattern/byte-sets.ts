/**
 * Sets of bytes as 256 flags: the classes of pcre2pattern(3) in the C locale, without Unicode. Everything a pattern can ask of
 * one byte ends as such a set.
 */

export type ByteSet = Uint8Array;

export const ALL_BYTES: ByteSet = new Uint8Array(256).fill(1);

export function setOf(test: (byte: number) => boolean): ByteSet {
  const set = new Uint8Array(256);
  for (let byte = 0; byte < 256; byte++) if (test(byte)) set[byte] = 1;
  return set;
}

export function addAll(into: ByteSet, from: ByteSet): void {
  for (let byte = 0; byte < 256; byte++) into[byte] |= from[byte];
}

export function union(one: ByteSet, other: ByteSet): ByteSet {
  const set = one.slice();
  addAll(set, other);
  return set;
}

export function disjoint(one: ByteSet, other: ByteSet): boolean {
  for (let byte = 0; byte < 256; byte++) if ((one[byte] & other[byte]) === 1) return false;
  return true;
}

/** The only byte of a set, or -1. */
export function onlyByte(set: ByteSet): number {
  const byte = set.indexOf(1);
  return byte !== -1 && set.indexOf(1, byte + 1) === -1 ? byte : -1;
}

/** Both cases of every ASCII letter in the set. */
export function foldCase(set: ByteSet): void {
  for (let upper = 65; upper <= 90; upper++) if (set[upper] === 1 || set[upper + 32] === 1) set[upper] = set[upper + 32] = 1;
}

function isDigit(byte: number): boolean {
  return byte >= 48 && byte <= 57;
}

function isAlpha(byte: number): boolean {
  return (byte >= 65 && byte <= 90) || (byte >= 97 && byte <= 122);
}

export function isWord(byte: number): boolean {
  return isAlpha(byte) || isDigit(byte) || byte === 95;
}

/** The blank and 9 to 13: vertical tab belongs to it since Perl 5.18. */
function isSpace(byte: number): boolean {
  return byte === 32 || (byte >= 9 && byte <= 13);
}

function isVertical(byte: number): boolean {
  return (byte >= 10 && byte <= 13) || byte === 0x85;
}

/** `[:name:]` */
export const POSIX_CLASSES: ReadonlyMap<string, ByteSet> = new Map([
  ['alpha', setOf(isAlpha)],
  ['digit', setOf(isDigit)],
  ['alnum', setOf((byte) => isAlpha(byte) || isDigit(byte))],
  ['upper', setOf((byte) => byte >= 65 && byte <= 90)],
  ['lower', setOf((byte) => byte >= 97 && byte <= 122)],
  ['space', setOf(isSpace)],
  ['blank', setOf((byte) => byte === 32 || byte === 9)],
  ['punct', setOf((byte) => byte > 32 && byte < 127 && !isAlpha(byte) && !isDigit(byte))],
  ['print', setOf((byte) => byte >= 32 && byte < 127)],
  ['graph', setOf((byte) => byte > 32 && byte < 127)],
  ['cntrl', setOf((byte) => byte < 32 || byte === 127)],
  ['xdigit', setOf((byte) => isDigit(byte) || (byte >= 65 && byte <= 70) || (byte >= 97 && byte <= 102))],
  ['word', setOf(isWord)],
  ['ascii', setOf((byte) => byte < 128)],
]);

/** `\d` and its kin; a capital letter means the complement. */
export const LETTER_CLASSES: ReadonlyMap<string, ByteSet> = new Map(
  (
    [
      ['d', isDigit],
      ['w', isWord],
      ['s', isSpace],
      ['h', (byte: number) => byte === 9 || byte === 32 || byte === 0xa0],
      ['v', isVertical],
    ] as const
  ).flatMap(([letter, test]) => [
    [letter, setOf(test)],
    [letter.toUpperCase(), setOf((byte) => !test(byte))],
  ]),
);

export const LINE_BREAKS: ByteSet = setOf(isVertical);
export const NOT_NEWLINE: ByteSet = setOf((byte) => byte !== 10);
