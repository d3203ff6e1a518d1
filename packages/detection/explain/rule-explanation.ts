/** What is asked of one rule on one capture, and what is answered. */
import type { Diagnostic, Rule, Span } from '@sigwright/contracts';
import type { ExplainedReason, ExplainedStep, Explanation } from './explanation.ts';

export interface NamedCapture {
  readonly name: string;
  readonly bytes: Uint8Array;
}

export interface ExplainRequest {
  /** the whole set; the rule itself is enabled for this */
  readonly rules: readonly Rule[];
  readonly sid: number;
  readonly capture: Uint8Array;
  /** other traffic on which a change is tried: what else it would catch */
  readonly others?: readonly NamedCapture[];
  /** no change is looked for, which takes most of the time */
  readonly withoutChange?: boolean;
}

export type NotFiredReason = ExplainedReason | 'checksums' | 'refused' | 'disabled' | 'threshold' | 'passed' | 'no-alert' | 'nothing';

export interface TriedChange {
  /** in order; usually one */
  readonly steps: readonly string[];
  /** the rule as it would be; the same as before where another rule is changed */
  readonly text: string;
  readonly alerts: number;
  /** packets of the capture at which it alerts */
  readonly packets: readonly number[];
  /** flows of the capture on which it alerts */
  readonly flows: number;
  readonly elsewhere: readonly { readonly name: string; readonly before: number; readonly after: number }[];
  /** nothing that looks at bytes is left in the rule, which had some */
  readonly bare: boolean;
}

export interface RuleExplanation extends Explanation {
  /** text of the rule, from the action to the closing parenthesis */
  readonly text: string;
  readonly enabled: boolean;
  /** undefined where it fired */
  readonly reason: NotFiredReason | undefined;
  /** of a refused rule, spans in `text` */
  readonly diagnostics: readonly Diagnostic[];
  /** what in the rule's text held, failed, or was never asked */
  readonly marks: readonly { readonly span: Span; readonly verdict: ExplainedStep['verdict'] }[];
  /** rules that would set the bit it waits for, and what they did here */
  readonly setters: readonly { readonly sid: number; readonly message: string; readonly enabled: boolean; readonly verdict: string }[];
  /** the pass rule that let the traffic through; the first, where there are several */
  readonly passedBy: number | undefined;
  readonly change: TriedChange | undefined;
  /** changes that were tried, one or several at a time, until one was found */
  readonly tried: number;
}
