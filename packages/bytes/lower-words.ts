/** Words that come again and again (names of headers), letters in lower case: the same word is the same text, and is made once. */
import { latin1 } from './text.ts';

const PLACES = 1024;
const LONGEST = 64;

export class LowerWords {
  /** the word that came last with a hash */
  readonly #words: string[] = new Array<string>(PLACES).fill('');

  /** bytes[start, end), one character a byte (ISO 8859-1), in lower case as `toLowerCase` has it. */
  of(bytes: Uint8Array, start: number, end: number): string {
    const length = end - start;
    if (length <= 0) return '';
    if (length > LONGEST) return latin1(bytes, start, end).toLowerCase();
    let hash = length;
    for (let at = start; at < end; at++) hash = (Math.imul(hash, 31) + (bytes[at] | 0x20)) | 0;
    const place = (hash ^ (hash >>> 10)) & (PLACES - 1);
    const known = this.#words[place];
    if (known.length === length && isLowerOf(known, bytes, start)) return known;
    const word = latin1(bytes, start, end).toLowerCase();
    this.#words[place] = word;
    return word;
  }
}

function isLowerOf(word: string, bytes: Uint8Array, start: number): boolean {
  for (let at = 0; at < word.length; at++) {
    const byte = bytes[start + at];
    // Beyond ASCII letters have other rules.
    if (byte > 0x7f || word.charCodeAt(at) !== (byte >= 0x41 && byte <= 0x5a ? byte + 0x20 : byte)) return false;
  }
  return true;
}
