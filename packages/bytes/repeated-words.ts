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
    let hash = length;
    for (let at = start; at < end; at++) hash = (Math.imul(hash, 31) + (bytes[at] | 0x20)) | 0;
    const place = (hash ^ (hash >>> 10)) & (PLACES - 1);
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
