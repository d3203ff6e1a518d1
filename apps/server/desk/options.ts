/** What a desk is opened with: the store and the ruleset repository, and what the engine and the captures at hand can do for it. */
import type { Classification } from '@sigwright/contracts';
import type { ExplainedAttempt, RuleCost } from '@sigwright/detection';
import type { DialOptions, HuntItem, ProofRunner, Store } from '@sigwright/workbench';
import type { Grader, GraderWanted } from '../rule-costs.ts';

export interface MatchWanted {
  readonly rule: string;
  readonly capture: Uint8Array;
  /** where lists and scripts of rules are: `rules` of the repository */
  readonly folder: string;
  readonly networks: Readonly<Record<string, string>>;
}

export interface SliceWanted {
  /** address and port: `10.0.0.1:80`, `[2001:db8::1]:80` */
  readonly source: string;
  readonly destination: string;
  /** of the alert: milliseconds since 1970 */
  readonly time?: number;
  /** the capture that the sensor was writing, where the record names it */
  readonly file?: string;
  /** bytes of captures that may be read for it: any number where left out */
  readonly most?: number;
}

export interface DeskOptions {
  readonly title: string;
  readonly store: Store;
  /** a ruleset repository; without one the pages about rules say so */
  readonly folder?: string;
  readonly classifications: ReadonlyMap<string, Classification>;
  /** milliseconds since 1970 */
  readonly now?: () => number;
  /** ISO date of reviews and releases; today where left out */
  readonly today?: () => string;
  /** where the conditions of a rule held on the capture at hand */
  readonly explain?: (sid: number) => ExplainedAttempt | undefined;
  /** the engine, for proofs and for what is reported; compiled rules are kept in it, so that each piece of work has its own */
  readonly runner?: () => ProofRunner;
  /** the capture of an example, for the rule workbench */
  readonly example?: Uint8Array;
  /** packets of a flow, as a capture */
  readonly slice?: (wanted: SliceWanted) => Uint8Array | undefined | Promise<Uint8Array | undefined>;
  /** where the conditions of a rule of the repository held on a capture */
  readonly match?: (wanted: MatchWanted) => ExplainedAttempt | undefined;
  /** what a rule of the repository costs; undefined: the engine does not load it */
  readonly cost?: (wanted: Omit<MatchWanted, 'capture'>) => RuleCost | undefined;
  /** grades of what rules cost, many at once */
  readonly grader?: (wanted: GraderWanted) => Grader;
  /** captures of the archive, where hunts are minded */
  readonly archive?: () => readonly HuntItem[] | Promise<readonly HuntItem[]>;
  /** proofs go to workers, as hunts do */
  readonly workers?: boolean;
  /** how webhooks are dialled: which addresses may be, although they are not public */
  readonly dial?: DialOptions;
  /** proxies in front, whose word counts on who asks */
  readonly isProxy?: (address: string) => boolean;
  /** who did not sign in may read: for an example, never for real alerts */
  readonly guests?: boolean;
}
