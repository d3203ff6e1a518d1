/**
 * A lenient walk over DER and BER (X.690 §8): tag, length, content. What reaches beyond the bytes is cut, so that a certificate
 * of which only the beginning was captured still gives its beginning. Nothing throws; work is bounded by the number of elements visited.
 */
import { latin1, utf8 } from '@sigwright/bytes';

/** Certificates have some hundred elements; a walk that meets more is being led about. */
const MOST_ELEMENTS = 8192;
/** Lengths of more than four bytes name more than any message holds. */
const LONGEST_LENGTH = 4;
/** Parts of an object identifier; the longest in use have about 15. */
const MOST_ARCS = 64;

export const BOOLEAN = 0x01;
export const INTEGER = 0x02;
export const BIT_STRING = 0x03;
export const OCTET_STRING = 0x04;
export const OBJECT_IDENTIFIER = 0x06;
export const UTF8_STRING = 0x0c;
export const UTC_TIME = 0x17;
export const GENERALIZED_TIME = 0x18;
export const UNIVERSAL_STRING = 0x1c;
export const BMP_STRING = 0x1e;
export const SEQUENCE = 0x30;
export const SET = 0x31;

/** tag of context-specific, constructed element `number`: `[number]` in ASN.1 */
export function contextTag(number: number): number {
  return 0xa0 | number;
}

/** Low bits of a tag's first byte, where its number stands in the bytes behind it; and bytes of such a number that are read. */
const LONG_TAG = 0x1f;
const LONGEST_TAG = 4;

export interface Element {
  /** first byte of the tag, also where a small number was written in the long form (X.690 §8.1.2.4); of other long tags, the byte as it is */
  readonly tag: number;
  /** the content is bytes[start, end) */
  readonly start: number;
  readonly end: number;
  /** the content is all there */
  readonly whole: boolean;
}

export class Asn1Walker {
  readonly bytes: Uint8Array;
  #left = MOST_ELEMENTS;

  constructor(bytes: Uint8Array) {
    this.bytes = bytes;
  }

  /** The element at `at`, its content cut at `limit`; undefined where there is none. */
  element(at: number, limit: number): Element | undefined {
    if (at + 2 > limit || --this.#left < 0) return undefined;
    const { bytes } = this;
    let tag = bytes[at];
    let from = at + 1;
    if ((tag & LONG_TAG) === LONG_TAG) {
      let number = 0;
      for (let digits = 0; ; digits++, from++) {
        if (digits === LONGEST_TAG || from + 1 >= limit) return undefined;
        number = number * 128 + (bytes[from] & 0x7f);
        if ((bytes[from] & 0x80) === 0) break;
      }
      from++;
      if (number < LONG_TAG) tag = (tag & ~LONG_TAG) | number;
    }
    let length = bytes[from];
    let start = from + 1;
    if (length >= 0x80) {
      const count = length & 0x7f;
      if (count === 0 || count > LONGEST_LENGTH || start + count > limit) return undefined;
      length = 0;
      for (let index = 0; index < count; index++) length = length * 256 + bytes[start + index];
      start += count;
    }
    return { tag, start, end: Math.min(limit, start + length), whole: start + length <= limit };
  }

  children(of: Element): Element[] {
    const list: Element[] = [];
    for (let at = of.start; at < of.end; ) {
      const child = this.element(at, of.end);
      if (child === undefined) break;
      list.push(child);
      at = child.end;
    }
    return list;
  }

  /** Dotted form of an object identifier. */
  identifier(of: Element): string {
    const arcs: number[] = [];
    let value = 0;
    for (let at = of.start; at < of.end && arcs.length < MOST_ARCS; at++) {
      value = value * 128 + (this.bytes[at] & 0x7f);
      if ((this.bytes[at] & 0x80) !== 0) continue;
      if (arcs.length === 0) {
        const first = Math.min(2, Math.floor(value / 40));
        arcs.push(first, value - first * 40);
      } else arcs.push(value);
      value = 0;
    }
    return arcs.join('.');
  }

  /** Text of a string element of any kind. Bytes that no character stands for become U+FFFD. */
  text(of: Element): string {
    const { bytes } = this;
    switch (of.tag) {
      case UTF8_STRING:
        return utf8(bytes, of.start, of.end);
      case BMP_STRING: {
        let text = '';
        for (let at = of.start; at + 1 < of.end; at += 2) text += String.fromCharCode((bytes[at] << 8) | bytes[at + 1]);
        return text;
      }
      case UNIVERSAL_STRING: {
        let text = '';
        for (let at = of.start; at + 3 < of.end; at += 4) {
          const point = bytes[at] * 0x1000000 + ((bytes[at + 1] << 16) | (bytes[at + 2] << 8) | bytes[at + 3]);
          text += point <= 0x10ffff ? String.fromCodePoint(point) : '\ufffd';
        }
        return text;
      }
      default:
        return latin1(bytes, of.start, of.end);
    }
  }

  /** Seconds since 1970 of a UTCTime or GeneralizedTime (RFC 5280 §4.1.2.5); undefined where it is not one. */
  time(of: Element): number | undefined {
    const written = latin1(this.bytes, of.start, Math.min(of.end, of.start + 32));
    const match = (of.tag === GENERALIZED_TIME ? LONG_TIME : SHORT_TIME).exec(written);
    if (match === null) return undefined;
    const [, year, month, day, hour, minute, second] = match;
    // Two digits: 1950 to 2049.
    const whole = year.length === 4 ? Number(year) : Number(year) < 50 ? 2000 + Number(year) : 1900 + Number(year);
    const value = Date.UTC(whole, Number(month) - 1, Number(day), Number(hour), Number(minute), Number(second ?? 0));
    if (Number.isNaN(value)) return undefined;
    return whole < 100 ? new Date(value).setUTCFullYear(whole) / 1000 : value / 1000;
  }
}

const SHORT_TIME = /^(\d{2})(\d{2})(\d{2})(\d{2})(\d{2})(\d{2})?/;
const LONG_TIME = /^(\d{4})(\d{2})(\d{2})(\d{2})(\d{2})(\d{2})?/;
