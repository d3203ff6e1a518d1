/**
 * The typed rule: what `rule-language` reads out of a rule's text and everything else works with. Option values stay the
 * author's text (with spans); what they mean is said by the keyword definitions of the catalogue.
 */
import type { Span } from './span.ts';

/** `accept` is for rules of the firewall alone. */
export const ACTIONS = ['alert', 'pass', 'drop', 'reject', 'rejectsrc', 'rejectdst', 'rejectboth', 'config', 'accept'] as const;
export type Action = (typeof ACTIONS)[number];

/** What an action is about (`drop:flow`): this packet, its flow, the transaction, or the hook that the rule stands at. */
export const ACTION_SCOPES = ['packet', 'flow', 'tx', 'hook'] as const;
export type ActionScope = (typeof ACTION_SCOPES)[number];

export interface ScopedAction {
  readonly action: Action;
  /** undefined where none is written: the kind of rule decides */
  readonly scope: ActionScope | undefined;
}

export type RuleDirection = '->' | '<>' | '=>';

/** A header field as written (`$HOME_NET`, `[10.0.0.0/8,!10.1.0.0/16]`, `any`, `!80`, `1024:`). */
export interface HeaderField {
  readonly text: string;
  readonly span: Span;
}

export interface RuleOption {
  /** keyword as written, for example `http.uri` */
  readonly name: string;
  /** text after the colon without surrounding blanks; undefined where there is no colon */
  readonly value: string | undefined;
  /** the whole option without the final `;` */
  readonly span: Span;
  readonly nameSpan: Span;
  readonly valueSpan: Span;
}

export interface Rule {
  /** the rule's own text, from the action to the closing parenthesis, without a comment mark */
  readonly text: string;
  /** where it stands in its file */
  readonly span: Span;
  /** false where the line is commented out (`#alert …`) */
  readonly enabled: boolean;
  readonly action: Action;
  readonly scope: ActionScope | undefined;
  /** behind the first one (`accept:flow,pass:flow,alert`) */
  readonly furtherActions: readonly ScopedAction[];
  /** protocol as written, lower case, and an optional hook after a colon (`tls:client_hello_done`) */
  readonly protocol: string;
  readonly protocolSpan: Span;
  readonly source: HeaderField;
  readonly sourcePorts: HeaderField;
  readonly direction: RuleDirection;
  readonly destination: HeaderField;
  readonly destinationPorts: HeaderField;
  readonly options: readonly RuleOption[];
  /** generator id, 1 unless stated */
  readonly gid: number;
  /** signature id; 0 where missing (a diagnostic says so) */
  readonly sid: number;
  /** revision; 0 where missing */
  readonly rev: number;
  /** text of `msg` with escapes undone */
  readonly message: string;
}
