/** Handles of people and organisations (`@name`): who is to be thanked. */
import type { IndicatorDefinition } from '@sigwright/contracts';

const SHAPE = /(?<![\w.@/])@[A-Za-z_][A-Za-z0-9_]{2,30}(?![\w.]*@)(?!\.[a-z])/g;
/** Package scopes, decorators and mail words that look like handles. */
const NOT_PEOPLE = new Set(['@param', '@return', '@echo', '@import', '@media', '@types', '@font']);

export const indicator: IndicatorDefinition = {
  type: 'handle',
  summary: 'handle of a person or organisation',
  refanged: false,
  precedence: 30,
  *find(text) {
    for (const match of text.matchAll(SHAPE))
      if (!NOT_PEOPLE.has(match[0].toLowerCase())) yield { value: match[0], start: match.index, end: match.index + match[0].length };
  },
};
