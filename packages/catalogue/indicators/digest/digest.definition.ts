/** MD5, SHA-1 and SHA-256 of files, in lower case: hex strings of just that length that are not one digit over and over. */
import type { IndicatorDefinition, IndicatorType } from '@sigwright/contracts';

/** A whole run of hex digits is taken at once, so that a long one is read once. */
const RUN = /[0-9a-fA-F]{32,}/g;
const TYPES: Readonly<Record<number, IndicatorType>> = { 32: 'md5', 40: 'sha1', 64: 'sha256' };
const WORD = /[0-9A-Za-z]/;

export const indicator: IndicatorDefinition = {
  type: 'sha256',
  summary: 'digest of a file',
  refanged: false,
  precedence: 70,
  *find(text) {
    for (const match of text.matchAll(RUN)) {
      const type = TYPES[match[0].length];
      const start = match.index;
      const end = start + match[0].length;
      if (type === undefined || (start > 0 && WORD.test(text[start - 1])) || (end < text.length && WORD.test(text[end]))) continue;
      const value = match[0].toLowerCase();
      if (/^(.)\1*$/.test(value) || /^\d+$/.test(value)) continue;
      // Half of a value written with hyphens or underscores (JA4, GUID chains) is no digest.
      if (/[-_]/.test(text[start - 1] ?? '') && /[0-9a-f]/i.test(text[start - 2] ?? '') && /[-_]/.test(text[end] ?? '')) continue;
      yield { type, value, start, end };
    }
  },
};
