/** Mail addresses (RFC 5322, the part that is used), in lower case. */
import type { IndicatorDefinition } from '@sigwright/contracts';

const SHAPE = /(?<![\w.+-])([\w.+%-]{1,64})@((?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.){1,8}[a-z]{2,24})(?![\w-])/gi;

export const indicator: IndicatorDefinition = {
  type: 'email',
  summary: 'mail address',
  refanged: true,
  precedence: 80,
  *find(text, options) {
    for (const match of text.matchAll(SHAPE)) {
      if (options.registrableDomain(match[2].toLowerCase()) === undefined) continue;
      yield { value: match[0].toLowerCase(), start: match.index, end: match.index + match[0].length };
    }
  },
};
