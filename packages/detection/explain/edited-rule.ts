/** A rule whose text was edited, read again. */
import type { Edit, Rule } from '@sigwright/contracts';
import { applyEdits, parseRules } from '@sigwright/rule-language';

/** Edits in the rule's own text; undefined where they can not be made, or leave no rule. */
export function edited(rule: Rule, edits: readonly Edit[]): Rule | undefined {
  const { text, refused } = applyEdits(rule.text, edits);
  return refused.length > 0 ? undefined : parseRules(text).rules[0];
}

/** The same rule where it has none of these options. */
export function withoutOptions(rule: Rule, names: ReadonlySet<string>): Rule {
  const { start } = rule.span;
  const edits = rule.options
    .filter(({ name }) => names.has(name))
    .map(({ span }) => ({
      span: { start: span.start - start, end: span.end - start + (/^\s*;/.exec(rule.text.slice(span.end - start))?.[0].length ?? 0) },
      text: '',
    }));
  return edits.length === 0 ? rule : (edited(rule, edits) ?? rule);
}
