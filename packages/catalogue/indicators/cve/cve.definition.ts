/** CVE numbers, written with hyphens, underscores, blanks, a colon or typographic dashes of any kind. */
import type { IndicatorDefinition } from '@sigwright/contracts';

const DASH = '[-_\\u00ad\\u2010-\\u2015\\u2212\\ufe58\\ufe63\\uff0d]';
const SHAPE = new RegExp(
  `(?<![A-Za-z0-9])CVE(?:[ \\u00a0:]{0,2}${DASH}[ \\u00a0]?|[ \\u00a0:\\n]{1,2}|(?=20\\d\\d[-\\u2010-\\u2015])|\\[-\\])((?:19|20)\\d{2})(?:[ ]?${DASH}(?:[ ]|\\r?\\n[ ]{0,4})?|\\[-\\])(\\d{4,7})(?!\\d)`,
  'iy',
);

/** Tags have no room for hyphens. */
const TAG = /CVE((?:19|20)\d{2})(\d{4,7})(?!\w)/iy;

export const indicator: IndicatorDefinition = {
  type: 'cve',
  summary: 'CVE number',
  refanged: false,
  precedence: 75,
  *find(text) {
    for (const name of ['CVE', 'cve', 'Cve'])
      for (let at = text.indexOf(name); at !== -1; at = text.indexOf(name, at + 1)) {
        SHAPE.lastIndex = at;
        TAG.lastIndex = at;
        const match = SHAPE.exec(text) ?? (text[at - 1] === '#' ? TAG.exec(text) : null);
        if (match !== null) yield { value: `CVE-${match[1]}-${match[2]}`, start: at, end: at + match[0].length };
      }
  },
};
