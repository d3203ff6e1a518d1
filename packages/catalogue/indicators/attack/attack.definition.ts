/** Techniques and tactics of MITRE ATT&CK (enterprise, mobile, ICS): T1071.001, T0866, TA0011. Software (S0154) and groups (G0016) are too short to tell from other words. */
import type { IndicatorDefinition } from '@sigwright/contracts';

const SHAPE = /T(?:1\d{3}(?:\.\d{3})?|08\d{2}|A0[01]\d{2})(?![\w])/y;

export const indicator: IndicatorDefinition = {
  type: 'attack',
  summary: 'ATT&CK technique or tactic',
  refanged: false,
  precedence: 40,
  *find(text) {
    for (const start of ['T1', 'TA0', 'T08'])
      for (let at = text.indexOf(start); at !== -1; at = text.indexOf(start, at + 1)) {
        SHAPE.lastIndex = at;
        const match = at > 0 && /[\w.]/.test(text[at - 1]) ? null : SHAPE.exec(text);
        if (match !== null) yield { value: match[0], start: at, end: at + match[0].length };
      }
  },
};
