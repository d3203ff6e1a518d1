/**
 * Diagnostic: what is wrong in something a person wrote (a rule, a report, a configuration). A value, collected and never
 * thrown. Title and labels: lower case start, no final dot; only `help` suggests what to do. A fix is data, applied alike by
 * the command line, the language server and the web page.
 */
import type { Span } from './span.ts';

export type Severity = 'error' | 'warning' | 'information';

export interface Label {
  readonly span: Span;
  readonly text: string;
}

export interface Edit {
  readonly span: Span;
  /** what stands there afterwards */
  readonly text: string;
}

export interface Fix {
  readonly title: string;
  /** safe: keeps what the author meant for certain */
  readonly safe: boolean;
  readonly edits: readonly Edit[];
}

export interface Diagnostic {
  /** stable word pair `owner/what-is-wrong`, for example `content/empty` */
  readonly code: string;
  readonly severity: Severity;
  readonly title: string;
  /** the smallest span that shows it */
  readonly at: Span;
  readonly labels?: readonly Label[];
  readonly help?: string;
  readonly fixes?: readonly Fix[];
  /** names and numbers the title is made of, for those who say it in other words */
  readonly facts?: DiagnosticFacts;
}

/** Why conditions that are right one by one can not hold together. */
export interface Contradiction {
  /** the part behind the keyword's own name */
  readonly code: string;
  readonly title: string;
  readonly help?: string;
  readonly facts?: DiagnosticFacts;
}

export type DiagnosticFacts = Readonly<Record<string, string | number>>;

export function error(code: string, title: string, at: Span, help?: string): Diagnostic {
  return { code, severity: 'error', title, at, help };
}

export function warning(code: string, title: string, at: Span, help?: string): Diagnostic {
  return { code, severity: 'warning', title, at, help };
}
