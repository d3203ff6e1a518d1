/**
 * A position in bytes[start, end) with bounds checks, for parsers that are not in the hottest path. It never throws: reading past
 * the end makes the cursor `short` (and gives 0, or nothing), and everything read afterwards is short as well, so that a parser checks once at
 * the end of a structure instead of at each field. What a parser answers is one of four values.
 */
import { latin1 } from './text.ts';

/** a value was read; `end` is the offset behind it */
export interface Done<Value> {
  readonly state: 'done';
  readonly value: Value;
  readonly end: number;
}
/** more bytes may come: at least `more` of them are wanted */
export interface Need {
  readonly state: 'need';
  readonly more: number;
}
/** nothing more will come; the bytes were cut, not wrong */
export interface Truncated {
  readonly state: 'truncated';
  readonly at: number;
}
/** what stands there cannot be right */
export interface Bad {
  readonly state: 'bad';
  /** field and fault, for example `answers[3].length is 70000, above 65535` */
  readonly reason: string;
  readonly at: number;
}
export type Parsed<Value> = Done<Value> | Need | Truncated | Bad;

export function done<Value>(value: Value, end: number): Done<Value> {
  return { state: 'done', value, end };
}
export function need(more: number): Need {
  return { state: 'need', more };
}
export function truncated(at: number): Truncated {
  return { state: 'truncated', at };
}
export function bad(reason: string, at: number): Bad {
  return { state: 'bad', reason, at };
}

export class Cursor {
  bytes: Uint8Array;
  at: number;
  end: number;
  /** something was read that is not there */
  short = false;
  /** bytes that were missing at the first short read */
  missing = 0;

  constructor(bytes: Uint8Array, start = 0, end: number = bytes.length) {
    this.bytes = bytes;
    this.at = start;
    this.end = Math.min(end, bytes.length);
  }

  get left(): number {
    return this.end - this.at;
  }

  /** Are `length` bytes there? If not, the cursor is short from now on. */
  has(length: number): boolean {
    if (!this.short && length >= 0 && length <= this.end - this.at) return true;
    if (!this.short) {
      this.short = true;
      this.missing = length - (this.end - this.at);
    }
    return false;
  }

  uint8(): number {
    return this.has(1) ? this.bytes[this.at++] : 0;
  }

  uint16(): number {
    if (!this.has(2)) return 0;
    const value = (this.bytes[this.at] << 8) | this.bytes[this.at + 1];
    this.at += 2;
    return value;
  }

  uint24(): number {
    if (!this.has(3)) return 0;
    const value = (this.bytes[this.at] << 16) | (this.bytes[this.at + 1] << 8) | this.bytes[this.at + 2];
    this.at += 3;
    return value;
  }

  uint32(): number {
    return this.uint16() * 65536 + this.uint16();
  }

  uint16Little(): number {
    const value = this.uint16();
    return ((value & 255) << 8) | (value >>> 8);
  }

  uint32Little(): number {
    return this.uint16Little() + this.uint16Little() * 65536;
  }

  skip(length: number): void {
    if (this.has(length)) this.at += length;
  }

  /** A view, not a copy; undefined where it is short. */
  take(length: number): Uint8Array | undefined {
    if (!this.has(length)) return undefined;
    this.at += length;
    return this.bytes.subarray(this.at - length, this.at);
  }

  latin1(length: number): string {
    if (!this.has(length)) return '';
    this.at += length;
    return latin1(this.bytes, this.at - length, this.at);
  }

  /** The answer of a parser that read `value` with this cursor. `more`: may further bytes come? */
  answer<Value>(value: Value, more: boolean): Parsed<Value> {
    if (!this.short) return done(value, this.at);
    return more ? need(this.missing) : truncated(this.end);
  }
}
