/** CVE numbers, written with hyphens, underscores or typographic dashes. */
import type { IndicatorDefinition } from '@sigwright/contracts';

const SHAPE = /(?<![A-Za-z0-9])CVE[-_\u2010-\u2014 ]{1,2}(\d{4})[-_\u2010-\u2014](\d{4,7})(?!\d)/gi;

export const indicator: IndicatorDefinition = {
  type: 'cve',
  summary: 'CVE number',
  refanged: false,
  precedence: 75,
  *find(text) {
    for (const match of text.matchAll(SHAPE)) yield { value: `CVE-${match[1]}-${match[2]}`, start: match.index, end: match.index + match[0].length };
  },
};
