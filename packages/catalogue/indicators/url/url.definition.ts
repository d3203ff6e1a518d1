/** Web addresses with a scheme, host in lower case, trailing punctuation and markup taken off. */
import type { IndicatorDefinition } from '@sigwright/contracts';

const SHAPE = /\b(https?|ftp):\/\/([^\s<>"'`|\\^{}[\]]+)/gi;
/** Longest that is looked at: browsers stop at 2,000 to 64,000. */
const LONGEST = 4096;

export const indicator: IndicatorDefinition = {
  type: 'url',
  summary: 'web address',
  refanged: true,
  precedence: 90,
  *find(text, options) {
    for (const match of text.matchAll(SHAPE)) {
      let rest = match[2].slice(0, LONGEST);
      // Sentences and markup end in characters that URLs seldom end in.
      for (;;) {
        const last = rest[rest.length - 1];
        if (last === undefined) break;
        const closes = (last === ')' && !rest.includes('(')) || '.,;:!?*_~\u2026\u201d\u2019'.includes(last);
        if (!closes) break;
        rest = rest.slice(0, -1);
      }
      const authority = /^[^/?#]*/.exec(rest)?.[0] ?? '';
      const host = authority
        .slice(authority.lastIndexOf('@') + 1)
        .replace(/:\d*$/, '')
        .toLowerCase();
      if (!/^\d{1,3}(\.\d{1,3}){3}$/.test(host) && options.registrableDomain(host) === undefined) continue;
      const value = `${match[1].toLowerCase()}://${authority.toLowerCase()}${rest.slice(authority.length)}`;
      yield { value, start: match.index, end: match.index + match[1].length + 3 + rest.length };
    }
  },
};
