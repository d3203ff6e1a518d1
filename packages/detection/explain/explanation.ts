/** What an explanation is made of: steps of attempts, each condition with its verdict and bytes. */
import type { Span } from '@sigwright/contracts';

export interface ExplainedBytes {
  /** the buffer as it was looked at, cut to what is worth showing */
  readonly bytes: Uint8Array;
  /** offset of bytes[0] in the buffer, and the match within the buffer */
  readonly from: number;
  readonly start: number;
  readonly end: number;
  readonly length: number;
}

/** Offsets in the buffer of a content that is not where the rule looks for it. */
export interface ExplainedPlace {
  readonly start: number;
  readonly end: number;
  /** where the search began */
  readonly from: number;
  /** what `distance` and `within` count from */
  readonly cursor: number;
  /** bytes of the stream or body before the buffer; `offset` and `depth` count them */
  readonly before: number;
}

/** What kind of thing stood in the way, in a word that programs can ask for. */
export type ExplainedReason =
  | 'variables'
  | 'ports'
  | 'direction'
  | 'transport'
  | 'no-handshake'
  | 'flow'
  | 'not-recognised'
  | 'other-protocol'
  | 'no-transaction'
  | 'buffer-absent'
  | 'buffer-empty'
  | 'outside-window'
  | 'other-case'
  | 'other-buffer'
  | 'before-normalisation'
  | 'is-there'
  | 'not-there'
  | 'gave-up'
  | 'bit'
  | 'condition';

export interface ExplainedStep {
  /** `header`, `flow`, a keyword, or a buffer's name */
  readonly where: string;
  readonly condition: string;
  readonly verdict: 'holds' | 'fails' | 'not reached';
  readonly why: string;
  readonly found: ExplainedBytes | undefined;
  /** only where it fails */
  readonly reason?: ExplainedReason;
  /** other-buffer, before-normalisation: where it is */
  readonly elsewhere?: string;
  /** the option that asks for it, in the rule's own text; undefined for the header */
  readonly option?: Span;
  /** other-protocol: what was spoken */
  readonly spoken?: string;
  /** other-protocol: buffers of the rule, and those of what was spoken that hold what the rule looks for in them */
  readonly moves?: readonly { readonly from: string; readonly to: string }[];
  /** outside-window: where it is */
  readonly place?: ExplainedPlace;
  /** the number that was there, where the option compares with one */
  readonly measured?: number;
}

export interface ExplainedAttempt {
  readonly packet: number;
  /** of the packet; microseconds since 1970 */
  readonly time: number;
  readonly flow: string;
  readonly direction: 'to_server' | 'to_client';
  readonly transaction: number | undefined;
  readonly steps: readonly ExplainedStep[];
  readonly holds: boolean;
}

export interface Explanation {
  readonly sid: number;
  readonly message: string;
  readonly alerts: number;
  /** where all conditions held, first occurrence */
  readonly fired: ExplainedAttempt | undefined;
  /** packets or transactions at which all conditions held */
  readonly held: number;
  /** where it came furthest without */
  readonly nearest: ExplainedAttempt | undefined;
  readonly attempts: number;
  /** one sentence */
  readonly verdict: string;
}
