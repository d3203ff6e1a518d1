/** Text and numbers as SMB writes them. */
import { hex, uint32Little } from '@sigwright/bytes';

/** UTF-16, little-endian, as text of its letters; zeros at the end are left out. */
export function utf16(bytes: Uint8Array, start: number, end: number): string {
  let text = '';
  for (let at = start; at + 1 < end; at += 2) text += String.fromCharCode(bytes[at] | (bytes[at + 1] << 8));
  return withoutZeros(text);
}

/** Zeros at the end are left out: a loop, since an expression would look for the end from each zero of a long run anew. */
export function withoutZeros(text: string): string {
  let end = text.length;
  while (end > 0 && text.charCodeAt(end - 1) === 0) end--;
  return text.slice(0, end);
}

/** A text up to its zero; gives what stands and where the next thing begins. */
export function terminated(bytes: Uint8Array, start: number, end: number, wide: boolean): { readonly text: string; readonly next: number } {
  const step = wide ? 2 : 1;
  let text = '';
  for (let at = start; at + step <= end; at += step) {
    const code = wide ? bytes[at] | (bytes[at + 1] << 8) : bytes[at];
    if (code === 0) return { text, next: at + step };
    text += String.fromCharCode(code);
  }
  return { text, next: end };
}

/** Exact up to 2^53. */
export function uint64Little(bytes: Uint8Array, at: number): number {
  return uint32Little(bytes, at) + uint32Little(bytes, at + 4) * 4_294_967_296;
}

/** A number where it can be exact. */
export type Exact = number | bigint;
const HIGH_OF_NUMBER = 0x20_0000;

export function exactUint64Little(bytes: Uint8Array, at: number): Exact {
  const high = uint32Little(bytes, at + 4);
  return high < HIGH_OF_NUMBER ? uint64Little(bytes, at) : (BigInt(high) << 32n) | BigInt(uint32Little(bytes, at));
}

const { rawJSON } = JSON as unknown as { readonly rawJSON?: (text: string) => unknown };

/** As a record holds it: written with all its digits, where the runtime can. */
export function shownExact(value: Exact): unknown {
  return typeof value === 'number' || rawJSON === undefined ? Number(value) : rawJSON(String(value));
}

const TICKS_PER_SECOND = 10_000_000;
/** seconds between 1601, from which Windows counts, and 1970 */
const SECONDS_BEFORE_1970 = 11_644_473_600;

/** Seconds since 1970 of a FILETIME; 0 where there is none. */
export function fileTime(bytes: Uint8Array, at: number): number {
  return Math.max(0, Math.floor(uint64Little(bytes, at) / TICKS_PER_SECOND) - SECONDS_BEFORE_1970);
}

/** A file or machine identifier in the notation of records. */
export function identifier(bytes: Uint8Array, at: number): string {
  const reversed = (from: number, length: number): string => {
    let text = '';
    for (let index = length - 1; index >= 0; index--) text += hex(bytes, from + index, from + index + 1);
    return text;
  };
  return `${reversed(at, 4)}-${reversed(at + 4, 2)}-${reversed(at + 6, 2)}-${reversed(at + 8, 2)}-${reversed(at + 10, 2)}${reversed(at + 12, 4)}`;
}
