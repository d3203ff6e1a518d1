/**
 * What the rule workbench's page and its workers say to each other. One script is three workers, told apart by their names: `language`
 * knows the rules that are being written, `traffic` reads captures and runs rules over them, `explain` says why one rule does what it
 * does (and is ended where the author writes on).
 */
import type { ColourKind, CompletionKind } from '@sigwright/editor';

export type WorkerName = 'language' | 'traffic' | 'explain';

/** What the page is told of the world around it. */
export interface PageSettings {
  readonly networks: Readonly<Record<string, string>>;
  readonly classifications: readonly { readonly name: string; readonly description: string; readonly priority: number }[];
}

// --- language

export interface TextEdit {
  readonly from: number;
  readonly to: number;
  readonly text: string;
}

export interface Piece {
  readonly from: number;
  readonly to: number;
}

export type LanguageQuestion =
  | { readonly ask: 'complete'; readonly at: number }
  | { readonly ask: 'hover'; readonly at: number }
  | { readonly ask: 'actions'; readonly from: number; readonly to: number }
  | { readonly ask: 'format' }
  | {
      readonly ask: 'content';
      readonly at: number;
      readonly bytes: Uint8Array;
      readonly buffer: string | undefined;
      readonly protocol: string;
      readonly direction: 'to_server' | 'to_client';
    };

export type ToLanguage =
  | { readonly tell: 'open'; readonly settings: PageSettings; readonly text: string; readonly look: Piece }
  /** `edits` from the last to the first, so that each has offsets of the text as it was */
  | { readonly tell: 'change'; readonly version: number; readonly edits: readonly TextEdit[]; readonly look: Piece }
  | { readonly tell: 'look'; readonly look: Piece }
  | { readonly tell: 'question'; readonly id: number; readonly question: LanguageQuestion };

export interface Fix {
  readonly title: string;
  readonly edits: readonly TextEdit[];
  /** fix: cures what is marked · suppress: leaves it out · refactor: a move that rules are often given */
  readonly kind: 'fix' | 'suppress' | 'refactor';
}

export interface Marked extends Piece {
  readonly severity: 'error' | 'warning' | 'info';
  readonly message: string;
  readonly code: string;
  /** from 1 */
  readonly line: number;
  readonly fixes: readonly Fix[];
}

export interface Coloured extends Piece {
  readonly kind: ColourKind;
  readonly disabled: boolean;
}

export interface Suggestion {
  readonly label: string;
  readonly kind: CompletionKind;
  readonly detail: string;
  readonly documentation: string | undefined;
  /** with `$1` and `$0` where writing goes on */
  readonly insert: string;
  readonly rank: number;
  readonly from: number;
  readonly to: number;
}

export interface LanguageAnswers {
  complete: readonly Suggestion[];
  hover: { readonly from: number; readonly to: number; readonly markdown: string } | undefined;
  actions: readonly Fix[];
  format: readonly TextEdit[];
  content: { readonly edits: readonly TextEdit[]; readonly caret: number };
}

export interface Seen {
  readonly version: number;
  /** undefined where only another part of the text is looked at */
  readonly marks: readonly Marked[] | undefined;
  readonly look: Piece;
  readonly colours: readonly Coloured[];
  readonly hints: readonly { readonly at: number; readonly label: string; readonly tooltip: string }[];
  readonly foldings: readonly Piece[] | undefined;
}

export type FromLanguage =
  | { readonly say: 'ready' }
  | { readonly say: 'seen'; readonly seen: Seen }
  | { readonly say: 'answer'; readonly id: number; readonly answer: LanguageAnswers[keyof LanguageAnswers] }
  | { readonly say: 'fault'; readonly problem: string };

// --- traffic

export type ToTraffic =
  | { readonly tell: 'settings'; readonly settings: PageSettings }
  | { readonly tell: 'capture'; readonly file: Blob }
  | { readonly tell: 'ruleset'; readonly file: Blob | undefined }
  | { readonly tell: 'rules'; readonly version: number; readonly text: string }
  | { readonly tell: 'flow'; readonly id: number };

export interface ShownBuffer {
  /** `http.uri`; undefined: the payload */
  readonly name: string | undefined;
  readonly direction: 'to_server' | 'to_client';
  /** the first ones; `length` are there in all */
  readonly bytes: Uint8Array;
  readonly length: number;
  /** of a body: bytes that came before and are not kept */
  readonly offset: number;
}

export interface ShownTransaction {
  readonly id: number;
  readonly summary: string;
  /** as JSON, several lines each */
  readonly records: readonly { readonly type: string; readonly text: string }[];
  readonly buffers: readonly ShownBuffer[];
}

export interface ShownPacket extends ShownBuffer {
  readonly packet: number;
}

export interface ShownFlow {
  readonly id: number;
  readonly transport: string;
  /** application protocol; '' where it is not known */
  readonly application: string;
  readonly source: string;
  readonly destination: string;
  /** ISO, to milliseconds */
  readonly time: string;
  readonly packets: number;
  readonly bytes: number;
  readonly transactions: number;
  /** what is said first in it */
  readonly summary: string;
}

export interface FlowDetails {
  readonly id: number;
  readonly protocol: string;
  readonly transactions: readonly ShownTransaction[];
  readonly packets: readonly ShownPacket[];
  /** there was more than is kept */
  readonly cut: boolean;
}

export interface ShownAlert {
  readonly sid: number;
  readonly message: string;
  readonly count: number;
  /** the first ones */
  readonly places: readonly { readonly packet: number; readonly flow: number }[];
}

/** A rule of the editor, in the order written. */
export interface ShownRule {
  readonly sid: number;
  readonly message: string;
  readonly state: 'loaded' | 'refused' | 'disabled';
  readonly alerts: ShownAlert | undefined;
}

export type FromTraffic =
  | { readonly say: 'ready' }
  | { readonly say: 'progress'; readonly doing: string; readonly done: number; readonly total: number }
  | {
      readonly say: 'capture';
      readonly flows: readonly ShownFlow[];
      readonly count: { readonly packets: number; readonly flows: number; readonly bytes: number; readonly transactions: number };
      readonly milliseconds: number;
      readonly problem: string | undefined;
    }
  | { readonly say: 'flow'; readonly details: FlowDetails }
  /** what the rules of the editor did, with the text of those of the ruleset that they depend on */
  | {
      readonly say: 'verdicts';
      readonly version: number;
      readonly rules: readonly ShownRule[];
      readonly behind: string;
      readonly milliseconds: number;
    }
  | { readonly say: 'ruleset'; readonly rules: number; readonly refused: number; readonly milliseconds: number }
  | { readonly say: 'ruleset alerts'; readonly alerts: readonly ShownAlert[]; readonly first: number | undefined; readonly milliseconds: number }
  | { readonly say: 'fault'; readonly problem: string };

// --- explain

export interface ToExplain {
  readonly id: number;
  readonly settings: PageSettings;
  /** undefined: the one given before */
  readonly capture: Blob | undefined;
  readonly rules: string;
  readonly behind: string;
  readonly sid: number;
}

export interface ShownStep {
  readonly where: string;
  readonly condition: string;
  readonly verdict: 'holds' | 'fails' | 'not reached';
  readonly why: string;
  readonly found?: { readonly bytes: Uint8Array; readonly from: number; readonly start: number; readonly end: number };
}

export interface ShownExplanation {
  readonly sid: number;
  readonly verdict: string;
  readonly place: string;
  readonly steps: readonly ShownStep[];
  /** in the rule's own text */
  readonly marks: readonly { readonly from: number; readonly to: number; readonly verdict: ShownStep['verdict'] }[];
  readonly change: { readonly steps: readonly string[]; readonly text: string; readonly alerts: number } | undefined;
}

export interface FromExplain {
  readonly id: number;
  readonly explanation: ShownExplanation | undefined;
  /** false: the smallest change is still looked for */
  readonly isLast: boolean;
  readonly problem?: string;
}
