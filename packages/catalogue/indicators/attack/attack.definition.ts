/** Techniques and tactics of MITRE ATT&CK: T1071.001, TA0011. Software (S0154) and groups (G0016) are too short to tell from other words. */
import type { IndicatorDefinition } from '@sigwright/contracts';

const SHAPE = /T(?:1\d{3}(?:\.\d{3})?|A00\d{2})(?![\w])/g;

export const indicator: IndicatorDefinition = {
  type: 'attack',
  summary: 'ATT&CK technique or tactic',
  refanged: false,
  precedence: 40,
  *find(text) {
    for (const match of text.matchAll(SHAPE)) {
      if (match.index > 0 && /[\w.]/.test(text[match.index - 1])) continue;
      yield { value: match[0], start: match.index, end: match.index + match[0].length };
    }
  },
};
