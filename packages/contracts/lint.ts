/** A lint looks at one typed rule, or at the whole set, for defects that load all the same. */
import type { Diagnostic } from './diagnostic.ts';
import type { Rule } from './rule.ts';

export interface LintDefinition {
  /** word pair, for example `lint/sid-missing` */
  readonly code: string;
  readonly summary: string;
  /** cannot-work: can never fire · misleads: fires too much, too little or says something wrong · reading: hard to read */
  readonly grade: 'cannot-work' | 'misleads' | 'reading';
  check?(rule: Rule): readonly Diagnostic[];
  /** over all rules at once */
  checkAll?(rules: readonly Rule[]): readonly { readonly rule: Rule; readonly diagnostic: Diagnostic }[];
}
