/**
 * Words that come again and again (methods, names and values of headers): the same word is the same text, and is made once. Making one
 * out of bytes costs several times as much as to see that it is known.
 */
import { latin1 } from './text.ts';

const PLACES = 1024;
const LONGEST = 64;

export class RepeatedWords {
  readonly #lower: boolean;
  /** the word that came last with a hash */
  readonly #words: string[] = new Array<string>(PLACES).fill('');

  /** `as written`, or in `lower case` as `toLowerCase` has it */
  constructor(form: 'as written' | 'lower case') {
    this.#lower = form === 'lower case';
  }

  /** bytes[start, end), one character a byte (ISO 8859-1). */
  of(bytes: Uint8Array, start: number, end: number): string {
    const length = end - start;
    if (length <= 0) return '';
    if (length > LONGEST) return this.#make(bytes, start, end);
    const place = placeOf(bytes, start, end - 1);
    const known = this.#words[place];
    if (known.length === length && (this.#lower ? isLowerOf(known, bytes, start) : isWrittenAs(known, bytes, start))) return known;
    const word = this.#make(bytes, start, end);
    this.#words[place] = word;
    return word;
  }

  #make(bytes: Uint8Array, start: number, end: number): string {
    const word = latin1(bytes, start, end);
    return this.#lower ? word.toLowerCase() : word;
  }
}

/** Some of its letters tell words apart well enough: a word that is known is compared as a whole. */
function placeOf(bytes: Uint8Array, first: number, last: number): number {
  const middle = (first + last) >> 1;
  const ends = (bytes[first] | 0x20) + (bytes[last] | 0x20) * 11 + (bytes[first < last ? first + 1 : first] | 0x20) * 131;
  const hash = ends + (bytes[middle] | 0x20) * 37 + (bytes[first < last ? last - 1 : last] | 0x20) * 67 + (last - first) * 29;
  return (hash ^ (hash >>> 10)) & (PLACES - 1);
}

function isWrittenAs(word: string, bytes: Uint8Array, start: number): boolean {
  for (let at = 0; at < word.length; at++) if (word.charCodeAt(at) !== bytes[start + at]) return false;
  return true;
}

function isLowerOf(word: string, bytes: Uint8Array, start: number): boolean {
  for (let at = 0; at < word.length; at++) {
    const byte = bytes[start + at];
    // Beyond ASCII letters have other rules.
    if (byte > 0x7f || word.charCodeAt(at) !== (byte >= 0x41 && byte <= 0x5a ? byte + 0x20 : byte)) return false;
  }
  return true;
}
