/** User agents behind the words `User-Agent:` or `user agent` and a quotation mark, as written. */
import type { IndicatorDefinition } from '@sigwright/contracts';

const SHAPE =
  /user[- ]agent(?: string| header)?(?: is| was| of)?[ \t]{0,3}(?::[ \t]{0,3}(?:["`]([^"`\n]{4,400})["`]|([^\s"`|][^\n"`|]{3,400}))|["`]([^"`\n]{4,400})["`])/gi;

/** What is shorter once the blanks behind it are gone says nothing: quotation marks around blanks. */
const SHORTEST = 4;

export const indicator: IndicatorDefinition = {
  type: 'user-agent',
  summary: 'user agent of a web client',
  refanged: false,
  precedence: 95,
  *find(text) {
    for (const match of text.matchAll(SHAPE)) {
      const value = (match[1] ?? match[2] ?? match[3]).replace(/\s+$/, '');
      if (value.length < SHORTEST) continue;
      const start = match.index + match[0].indexOf(value);
      yield { value, start, end: start + value.length };
    }
  },
};
