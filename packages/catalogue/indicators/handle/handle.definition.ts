/** Handles of people and organisations, `@name` and `@name@infosec.exchange`: who is to be thanked. The value is as written. */
import type { IndicatorDefinition } from '@sigwright/contracts';

const SHAPE = /@[A-Za-z_][A-Za-z0-9_]{2,30}(?:@[a-z0-9-]{1,40}(?:\.[a-z0-9-]{1,40}){1,3})?(?![\w@])(?!\.[a-z]|[ ]?[[({<][ ]?(?:\.|dot))/gy;
/** Package scopes, decorators and mail words that look like handles. */
const NOT_PEOPLE = new Set(
  '@param @return @returns @echo @import @media @types @type @font @override @property @staticmethod @classmethod @interface @throws @see @deprecated @charset @keyframes @everyone @here'.split(
    ' ',
  ),
);

export const indicator: IndicatorDefinition = {
  type: 'handle',
  summary: 'handle of a person or organisation',
  refanged: false,
  precedence: 85,
  *find(text) {
    for (let at = text.indexOf('@'); at !== -1; at = text.indexOf('@', at + 1)) {
      // Part of a mail address, a package (`@scope/name`) or a path.
      if (at > 0 && /[\w.@/+)-]/.test(text[at - 1])) continue;
      SHAPE.lastIndex = at;
      const match = SHAPE.exec(text);
      if (match === null || NOT_PEOPLE.has(match[0].toLowerCase())) continue;
      const end = at + match[0].length;
      if (text[end] === '/' || text[end] === '(') continue;
      yield { value: match[0], start: at, end };
      at = end - 1;
    }
  },
};
