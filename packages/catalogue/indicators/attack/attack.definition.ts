/** Techniques and tactics of MITRE ATT&CK: T1071.001, TA0011. */
import type { IndicatorDefinition } from '@sigwright/contracts';

const SHAPE = /(?<![\w.])(?:T(?:1\d{3}|A00\d{2})(?:\.\d{3})?)(?![\w])/g;

export const indicator: IndicatorDefinition = {
  type: 'attack',
  summary: 'ATT&CK technique or tactic',
  refanged: false,
  precedence: 40,
  *find(text) {
    for (const match of text.matchAll(SHAPE)) yield { value: match[0], start: match.index, end: match.index + match[0].length };
  },
};
