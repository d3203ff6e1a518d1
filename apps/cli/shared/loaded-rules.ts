/** What became of files of rules: the plan that was made of them, and what is wrong with those that it has not. */
import type { Diagnostic } from '@sigwright/contracts';
import type { PlanUse } from '@sigwright/detection';

export interface RuleProblem {
  readonly path: string;
  readonly line: number;
  /** 0 where the rule could not be read that far */
  readonly sid: number;
  readonly diagnostic: Diagnostic;
  /** text of the rule, and of what the diagnostic points at */
  readonly rule: string;
  readonly written: string;
}

export interface LoadedRules {
  readonly plan: PlanUse;
  readonly loaded: number;
  readonly refused: number;
  /** not for this engine, by their own word (`requires`) */
  readonly skipped: number;
  readonly problems: readonly RuleProblem[];
  readonly fromCache: boolean;
}
