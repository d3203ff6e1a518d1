/**
 * A lint looks at one rule, or at the whole set, for defects that load all the same. A definition is data first: its page in
 * docs/reference and its tests are made from the samples it declares.
 *
 * To write one: `packages/catalogue/lints/<name>/<name>.definition.ts`. See CONTRIBUTING.md, "A lint".
 */
import type { BytesCondition, StateOperation } from './conditions.ts';
import type { Diagnostic, Fix, Label, Severity } from './diagnostic.ts';
import type { KeywordDefinition } from './keyword.ts';
import type { Rule, RuleOption } from './rule.ts';
import type { Span } from './span.ts';

/** cannot-work: can never fire or do what it is for · misleads: fires too much, too little or says something wrong · reading: hard to read */
export type LintGrade = 'cannot-work' | 'misleads' | 'reading';

export const LINT_SEVERITIES: Readonly<Record<LintGrade, Severity>> = { 'cannot-work': 'error', misleads: 'warning', reading: 'information' };

/** One list of conditions on one buffer, each with the option that wrote it. */
export interface LintedBuffer {
  /** the buffer's name, or `payload` */
  readonly name: string;
  /** names of the transforms, in order */
  readonly transforms: readonly string[];
  readonly conditions: readonly { readonly condition: BytesCondition; readonly option: RuleOption }[];
  /** may one transaction have several of it, so that two lists can mean two instances? */
  readonly multiple: boolean;
}

export interface LintSubject {
  readonly rule: Rule;
  readonly path: string;
  /** all that follows is empty where the rule is refused */
  readonly loads: boolean;
  readonly buffers: readonly LintedBuffer[];
  readonly states: readonly { readonly operation: StateOperation; readonly option: RuleOption }[];
  readonly noAlert: boolean;
  /** conditions apart from bytes of buffers (of packets, transactions, events, frames, and scripts): how many */
  readonly otherConditions: number;
  readonly metadata: readonly { readonly key: string; readonly value: string }[];
}

export interface LintContext {
  /** `evil.co.uk` of `a.evil.co.uk`; undefined where no public suffix fits */
  registrableDomain(host: string): string | undefined;
  readonly keywords: ReadonlyMap<string, KeywordDefinition<never>>;
  /** of the classification file; empty where none is known */
  readonly classtypes: ReadonlySet<string>;
  /** the oldest engine the rules must load in, for example `6.0` */
  readonly target: string | undefined;
  /** revision and text of a rule as it was released before */
  before?(gid: number, sid: number): { readonly rev: number; readonly text: string } | undefined;
  /** numbers that belong to the ruleset, both ends included; undefined where the rules belong to none */
  readonly sidRanges?: readonly SidRange[];
}

export interface SidRange {
  readonly from: number;
  readonly to: number;
}

export interface LintFinding {
  readonly title: string;
  readonly at: Span;
  readonly help?: string;
  readonly labels?: readonly Label[];
  readonly fixes?: readonly Fix[];
}

export interface LintSample {
  /** what it shows */
  readonly why: string;
  /** rules, one per line */
  readonly rules: readonly string[];
  /** what the context holds beyond the usual */
  readonly target?: string;
  readonly before?: readonly string[];
  readonly sidRanges?: readonly SidRange[];
}

export interface LintDefinition {
  /** word pair, for example `lint/sid-missing`; the folder's name behind the slash */
  readonly code: string;
  /** first line of its page */
  readonly summary: string;
  readonly grade: LintGrade;
  /** why it is a defect, and what to do */
  readonly explanation: string;
  /** when to leave it out */
  readonly whenNot: string;
  /** each raises it exactly once, on its last rule */
  readonly incorrect: readonly LintSample[];
  /** none raises it */
  readonly correct: readonly LintSample[];
  check?(subject: LintSubject, context: LintContext): readonly LintFinding[];
  /** over the whole set; findings belong to the rule they name */
  checkAll?(subjects: readonly LintSubject[], context: LintContext): readonly { readonly subject: LintSubject; readonly finding: LintFinding }[];
}

export interface LintedDiagnostic extends Diagnostic {
  readonly grade: LintGrade;
}
