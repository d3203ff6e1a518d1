/** For tests: a compiled rule as text, to be compared with that of the same rule written otherwise. */
import { type Catalogue, DEFAULT_SETTINGS, type Rule } from '@sigwright/contracts';
import { compileRule, HeaderResolver } from '@sigwright/detection';

const headers = new HeaderResolver(DEFAULT_SETTINGS);

/** Everything a compiled rule tests and says, as text; places and the text itself left out. */
export function modelOf(rule: Rule, catalogue: Catalogue): string {
  const { compiled, diagnostics } = compileRule(rule, { catalogue, settings: DEFAULT_SETTINGS, headers });
  if (compiled === undefined) return `refused: ${diagnostics.map((one) => one.code).join()}`;
  return JSON.stringify({ ...compiled, enabled: rule.enabled }, (key, value) => (key === 'text' || key === 'fields' ? undefined : value));
}
