/** MD5, SHA-1 and SHA-256 of files, in lower case: hex strings of just that length that are not one letter over and over. */
import type { IndicatorDefinition, IndicatorType } from '@sigwright/contracts';

const SHAPE = /(?<![0-9a-z])(?:[0-9a-f]{64}|[0-9a-f]{40}|[0-9a-f]{32})(?![0-9a-z])/gi;
const TYPES: Readonly<Record<number, IndicatorType>> = { 32: 'md5', 40: 'sha1', 64: 'sha256' };

export const indicator: IndicatorDefinition = {
  type: 'sha256',
  summary: 'digest of a file',
  refanged: false,
  precedence: 70,
  *find(text) {
    for (const match of text.matchAll(SHAPE)) {
      const value = match[0].toLowerCase();
      if (/^(.)\1*$/.test(value) || /^\d+$/.test(value)) continue;
      yield { type: TYPES[value.length], value, start: match.index, end: match.index + value.length };
    }
  },
};
