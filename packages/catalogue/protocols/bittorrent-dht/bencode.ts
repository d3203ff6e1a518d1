/** Bencoded values (BEP 3): numbers, texts of bytes, lists and dictionaries. */
import { latin1 } from '@sigwright/bytes';

export type Bencoded = number | Uint8Array | readonly Bencoded[] | ReadonlyMap<string, Bencoded>;

/** Messages of DHT nest three deep. */
const DEEPEST = 8;
/** A datagram has room for some ten thousand values; a node's answer has less than a hundred. */
const MOST_VALUES = 4096;
const LONGEST_NUMBER = 20;

const NUMBER = 0x69; // i
const LIST = 0x6c; // l
const DICTIONARY = 0x64; // d
const END = 0x65; // e
const COLON = 0x3a;

class Reader {
  readonly #bytes: Uint8Array;
  readonly #end: number;
  at: number;
  #left = MOST_VALUES;

  constructor(bytes: Uint8Array, start: number, end: number) {
    this.#bytes = bytes;
    this.at = start;
    this.#end = end;
  }

  value(depth: number): Bencoded | undefined {
    if (--this.#left < 0 || depth > DEEPEST || this.at >= this.#end) return undefined;
    switch (this.#bytes[this.at]) {
      case NUMBER:
        this.at++;
        return this.#number(END);
      case LIST:
        this.at++;
        return this.#list(depth);
      case DICTIONARY:
        this.at++;
        return this.#dictionary(depth);
      default:
        return this.#text();
    }
  }

  #number(stop: number): number | undefined {
    const end = this.#bytes.subarray(this.at, Math.min(this.#end, this.at + LONGEST_NUMBER + 1)).indexOf(stop);
    if (end < 0) return undefined;
    const written = latin1(this.#bytes, this.at, this.at + end);
    this.at += end + 1;
    return /^-?\d+$/.test(written) ? Number(written) : undefined;
  }

  #text(): Uint8Array | undefined {
    const length = this.#number(COLON);
    if (length === undefined || length < 0 || length > this.#end - this.at) return undefined;
    this.at += length;
    return this.#bytes.slice(this.at - length, this.at);
  }

  #ends(): boolean {
    if (this.#bytes[this.at] !== END || this.at >= this.#end) return false;
    this.at++;
    return true;
  }

  #list(depth: number): Bencoded[] | undefined {
    const found: Bencoded[] = [];
    while (!this.#ends()) {
      const value = this.value(depth + 1);
      if (value === undefined) return undefined;
      found.push(value);
    }
    return found;
  }

  #dictionary(depth: number): Map<string, Bencoded> | undefined {
    const found = new Map<string, Bencoded>();
    while (!this.#ends()) {
      const key = this.#text();
      const value = key === undefined ? undefined : this.value(depth + 1);
      if (key === undefined || value === undefined) return undefined;
      found.set(latin1(key), value);
    }
    return found;
  }
}

/** The value at the beginning of bytes[start, end); undefined where it is none, or is cut. */
export function readBencoded(bytes: Uint8Array, start: number, end: number): Bencoded | undefined {
  return new Reader(bytes, start, end).value(0);
}
