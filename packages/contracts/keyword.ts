/**
 * A keyword definition is data first: documentation, completion, checks, the fuzz grammar and the compatibility table are
 * derived from it, and `apply` says what the keyword adds to a rule that is being compiled. A definition validates, it never
 * acts on traffic; its messages leave out the keyword's own name and place, the compiler adds both.
 *
 * To write one: `packages/catalogue/keywords/<family>/<family>.definition.ts`, or beside its protocol in
 * `packages/catalogue/protocols/<name>/`. See CONTRIBUTING.md, "A keyword".
 */
import type { ArgumentGrammar } from './argument-grammar.ts';
import type { RuleBuilder } from './rule-builder.ts';

export interface KeywordDefinition<Value = unknown> {
  readonly name: string;
  readonly aliases?: readonly string[];
  readonly family: string;
  /** Suricata version that introduced it, for example `5.0` */
  readonly since: string;
  readonly summary: string;
  /** why rules with it load, and nothing comes of it; left out: something does */
  readonly withoutEffect?: string;
  /**
   * sticky-buffer: following contents look at a buffer · content-modifier: changes the content before it ·
   * condition: a test of its own · state: flowbits and their kin · annotation: says something about the rule
   */
  readonly kind: 'sticky-buffer' | 'content-modifier' | 'transform' | 'condition' | 'state' | 'annotation';
  /** protocol it belongs to, if only one */
  readonly protocol?: string;
  readonly argument: ArgumentGrammar<Value>;
  /** options of a whole rule that load, and that must fail with the code beside */
  readonly examples: readonly string[];
  readonly broken?: readonly { readonly options: string; readonly code: string }[];
  apply(argument: Value, builder: RuleBuilder): void;
}

/** Checks a definition's own types, then forgets what its argument is: in a list, only the definition itself knows. */
export function keyword<Value>(definition: KeywordDefinition<Value>): KeywordDefinition<never> {
  return definition as unknown as KeywordDefinition<never>;
}

/** `7.0.3` against `6.0`: below, equal, above 0. */
export function compareVersions(a: string, b: string): number {
  const left = a.split('.').map(Number);
  const right = b.split('.').map(Number);
  for (let at = 0; at < Math.max(left.length, right.length); at++) {
    const difference = (left[at] ?? 0) - (right[at] ?? 0);
    if (difference !== 0) return difference;
  }
  return 0;
}
