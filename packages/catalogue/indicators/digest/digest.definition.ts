/** MD5, SHA-1 and SHA-256 of files, in lower case: hex strings of just that length that are not one digit over and over. */
import type { IndicatorDefinition, IndicatorType } from '@sigwright/contracts';

const SHORTEST = 32;
const TYPES: Readonly<Record<number, IndicatorType>> = { 32: 'md5', 40: 'sha1', 64: 'sha256' };
const WORD = /[0-9A-Za-z]/;

function isHex(code: number): boolean {
  return (code >= 48 && code <= 57) || (code >= 97 && code <= 102) || (code >= 65 && code <= 70);
}

export const indicator: IndicatorDefinition = {
  type: 'sha256',
  summary: 'digest of a file',
  refanged: false,
  precedence: 70,
  *find(text) {
    // A run of 32 covers one of every 32 places: only those are looked at, and a run is measured from there.
    let done = 0;
    for (let place = SHORTEST - 1; place < text.length; place += SHORTEST) {
      if (place < done || !isHex(text.charCodeAt(place))) continue;
      let start = place;
      while (start > done && isHex(text.charCodeAt(start - 1))) start--;
      let end = place + 1;
      while (end < text.length && isHex(text.charCodeAt(end))) end++;
      done = end;
      const type = TYPES[end - start];
      if (type === undefined || (start > 0 && WORD.test(text[start - 1])) || (end < text.length && WORD.test(text[end]))) continue;
      const value = text.slice(start, end).toLowerCase();
      if (/^(.)\1*$/.test(value) || /^\d+$/.test(value)) continue;
      // Half of a value written with hyphens or underscores (JA4, GUID chains) is no digest.
      if (/[-_]/.test(text[start - 1] ?? '') && /[0-9a-f]/i.test(text[start - 2] ?? '') && /[-_]/.test(text[end] ?? '')) continue;
      yield { type, value, start, end };
    }
  },
};
