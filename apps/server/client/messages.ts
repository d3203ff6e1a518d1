/** What the rule workbench's page and its engine say to each other. */

export interface Ask {
  readonly id: number;
  readonly rules: string;
  /** undefined: the capture is the one given before */
  readonly capture?: ArrayBuffer;
  readonly networks: Readonly<Record<string, string>>;
}

export interface Mark {
  readonly from: number;
  readonly to: number;
  readonly severity: 'error' | 'warning' | 'info';
  readonly message: string;
  readonly fixes: readonly { readonly title: string; readonly edits: readonly { readonly from: number; readonly to: number; readonly text: string }[] }[];
}

export interface ShownBytes {
  readonly bytes: Uint8Array;
  readonly from: number;
  readonly start: number;
  readonly end: number;
}

export interface ShownStep {
  readonly where: string;
  readonly condition: string;
  readonly verdict: string;
  readonly why: string;
  readonly found?: ShownBytes;
}

export interface RuleVerdict {
  readonly sid: number;
  readonly message: string;
  readonly alerts: number;
  readonly verdict: string;
  readonly place: string;
  readonly steps: readonly ShownStep[];
}

export interface Answer {
  readonly id: number;
  readonly marks: readonly Mark[];
  readonly verdicts: readonly RuleVerdict[];
  readonly packets: number;
  readonly flows: number;
  /** records of flows and transactions, as EVE */
  readonly records: readonly Readonly<Record<string, unknown>>[];
  readonly milliseconds: number;
  readonly problem?: string;
}

export interface KeywordHint {
  readonly name: string;
  readonly syntax: string;
  readonly summary: string;
}

export type FromEngine = { readonly keywords: readonly KeywordHint[] } | Answer;
