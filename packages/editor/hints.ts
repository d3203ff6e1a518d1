/** Inlay hints: which content the prefilter looks for, and where a rule has none. */

import type { EditorEnvironment } from './editor.ts';
import { expectedMatches } from './hover.ts';
import type { RuleLine } from './rule-file.ts';
import { understand } from './understood.ts';

export interface Hint {
  /** offset it stands behind */
  readonly at: number;
  readonly label: string;
  readonly tooltip: string;
}

export function hintsOf(lines: readonly RuleLine[], environment: EditorEnvironment): Hint[] {
  const hints: Hint[] = [];
  for (const line of lines) {
    const { rule } = line;
    if (rule === undefined || !rule.enabled) continue;
    const understood = understand(rule, environment);
    if (understood === undefined) continue;
    const { compiled, origins, prefilter } = understood;
    const option = prefilter === undefined ? undefined : origins.get(prefilter);
    if (option !== undefined && compiled.prefilter !== undefined) {
      hints.push({
        at: line.start + option.span.end,
        label: 'prefilter',
        tooltip: `The engine looks for this content first${expectedMatches(compiled.prefilter.shape)}; the rest of the rule is asked only where it is found.`,
      });
    } else if (!compiled.addressesOnly && !compiled.protocolOnly && compiled.anomalies.length === 0) {
      hints.push({
        at: line.start + rule.destinationPorts.span.end,
        label: 'no prefilter',
        tooltip: `No content of the rule can be searched for, so all its conditions are asked on every ${compiled.ofTransaction ? 'transaction of its protocol' : 'packet that its header fits'}.`,
      });
    }
  }
  return hints;
}
