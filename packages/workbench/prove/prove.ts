/**
 * Every rule against its evidence: it fires where it must, as often as it must, and is silent where it must be. A rule that is not in
 * use (disabled, retired, deleted) needs none; what it has must hold. The engine is handed in, so that this works with any.
 */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Rule } from '@sigwright/contracts';
import { alertingOptions, neverAlerts, printRule } from '@sigwright/rule-language';
import type { Repository, RepositoryRule } from '../repository/repository.ts';
import { type RuleRelations, rulesBehind } from './related.ts';

export interface ProofRequest {
  /** all rules of the repository, disabled ones enabled */
  readonly rules: string;
  /** where they stand, and with them the scripts and lists that they name */
  readonly folder: string;
  readonly capture: Uint8Array;
  readonly networks: Readonly<Record<string, string>>;
}

export interface ProofAlert {
  readonly sid: number;
  readonly packet: number;
}

export type ProofRunner = (request: ProofRequest) => {
  readonly alerts: readonly ProofAlert[];
  /** why rules were not loaded, by number */
  readonly refused?: ReadonlyMap<number, string>;
  /** the capture could not be read to its end */
  readonly problem?: string;
};

export interface ProofCheck {
  readonly capture: string;
  /** benign: on a body of ordinary traffic, at most `wanted` times */
  readonly kind: 'fires' | 'silent' | 'benign';
  readonly wanted: number;
  readonly got: number;
  readonly ok: boolean;
  /** what the capture shows, or why it is silent */
  readonly says: string;
  /** why not ok */
  readonly reason: string;
  /** packets at which it alerted */
  readonly packets: readonly number[];
}

export interface RuleProof {
  readonly sid: number;
  readonly message: string;
  readonly category: string;
  readonly ok: boolean;
  readonly checks: readonly ProofCheck[];
  /** what is wrong with the evidence itself */
  readonly missing: readonly string[];
  /** why evidence that is missing is no failure: the rule is not in use */
  readonly excused?: 'disabled' | 'retired' | 'deleted';
}

export interface ProofReport {
  readonly ok: boolean;
  readonly rules: readonly RuleProof[];
  readonly captures: number;
}

export interface ProveOptions {
  /** only these */
  readonly sids?: ReadonlySet<number>;
  /** load only what these rules need: much faster, and a failure can not say which other rules fired */
  readonly alone?: boolean;
  /** of the repository's rules, where they are known */
  readonly relations?: RuleRelations;
  /** ordinary traffic, on which every rule must be silent, or as loud as its evidence allows */
  readonly benign?: readonly { readonly name: string; readonly path: string }[];
}

export function prove(repository: Repository, runner: ProofRunner, options: ProveOptions = {}): ProofReport {
  const { proveRule, captures, loaded } = prover(repository, runner, options);
  const chosen = loaded.filter(({ rule }) => options.sids === undefined || options.sids.has(rule.sid));
  return reportOf(chosen.map(proveRule), captures());
}

export function reportOf(rules: readonly RuleProof[], captures: number): ProofReport {
  return { ok: rules.every((proof) => proof.ok), rules, captures };
}

/** For who proves rules one by one: what is loaded and was run stays. */
export function prover(
  repository: Repository,
  runner: ProofRunner,
  { sids, alone, benign, relations }: ProveOptions = {},
): { readonly proveRule: (rule: RepositoryRule) => RuleProof; readonly captures: () => number; readonly loaded: readonly RepositoryRule[] } {
  const needed =
    sids === undefined || alone !== true
      ? undefined
      : relations !== undefined
        ? relations.behind(sids)
        : rulesBehind(
            repository.rules.map(({ rule }) => rule),
            sids,
          );
  const loaded = repository.rules.filter(({ rule }) => needed === undefined || needed.has(rule.sid) || (rule.action !== 'alert' && DECIDING.test(rule.action)));
  const text = loaded.map(({ rule }) => loud(rule)).join('\n');
  const results = new Map<string, ReturnType<ProofRunner>>();
  const run: RunCapture = (path, networks) => {
    const key = `${path}${networks === undefined ? '' : JSON.stringify(networks)}`;
    const known = results.get(key);
    if (known !== undefined) return known;
    const made = existsSync(path)
      ? runner({
          rules: text,
          folder: join(repository.folder, 'rules'),
          capture: readFileSync(path),
          networks: { ...repository.settings.networks, ...networks },
        })
      : { alerts: [], problem: 'the capture is missing' };
    results.set(key, made);
    return made;
  };
  return { proveRule: (one) => proveOne(repository, one, run, benign ?? []), captures: () => results.size, loaded };
}

const DECIDING = /^(?:pass|drop|reject)/;

type RunCapture = (path: string, networks?: Readonly<Record<string, string>>) => ReturnType<ProofRunner>;

function proveOne(repository: Repository, { rule, category }: RepositoryRule, run: RunCapture, benign: NonNullable<ProveOptions['benign']>): RuleProof {
  const expectation = repository.evidence.get(rule.sid);
  const missing: string[] = [];
  const checks: ProofCheck[] = [];
  const excused = category === 'retired' || category === 'deleted' ? category : rule.enabled ? undefined : 'disabled';
  if (expectation === undefined)
    missing.push(`there is no evidence: sigwright synthesize makes it where traffic can be made, sigwright evidence ${rule.sid} CAPTURE takes what was seen`);
  else {
    if (expectation.fires.length === 0) missing.push(`no capture must fire it (sigwright evidence ${rule.sid} CAPTURE)`);
    if (expectation.silent.length === 0) missing.push(`no capture must leave it silent (sigwright evidence ${rule.sid} CAPTURE --because TEXT)`);
    const folder = join(repository.folder, 'evidence', String(rule.sid));
    for (const one of expectation.fires)
      checks.push(check(rule.sid, one.capture, 'fires', one.alerts, one.shows, run(join(folder, one.capture), one.networks), one.packets));
    for (const one of expectation.silent) checks.push(check(rule.sid, one.capture, 'silent', 0, one.because, run(join(folder, one.capture), one.networks)));
  }
  // Ordinary traffic may make a rule hold that never alerts.
  if (rule.enabled && !neverAlerts(rule)) {
    const allowed = expectation?.benign;
    for (const { name, path } of benign) checks.push(check(rule.sid, name, 'benign', allowed?.alerts ?? 0, allowed?.because ?? 'ordinary traffic', run(path)));
  }
  return {
    sid: rule.sid,
    message: rule.message,
    category,
    ok: (missing.length === 0 || excused !== undefined) && checks.every((one) => one.ok),
    checks,
    missing,
    ...(missing.length === 0 || excused === undefined ? {} : { excused }),
  };
}

function check(
  sid: number,
  capture: string,
  kind: ProofCheck['kind'],
  wanted: number,
  says: string,
  result: ReturnType<ProofRunner>,
  wantedPackets?: readonly number[],
): ProofCheck {
  const packets = result.alerts.filter((alert) => alert.sid === sid).map((alert) => alert.packet);
  const got = packets.length;
  const others = [...new Set(result.alerts.filter((alert) => alert.sid !== sid).map((alert) => alert.sid))];
  const shown = packets.slice(0, MOST_PACKETS_SHOWN).join(', ') + (packets.length > MOST_PACKETS_SHOWN ? ' …' : '');
  let reason = '';
  const refused = result.refused?.get(sid);
  if (refused !== undefined) reason = `the rule is refused: ${refused}`;
  else if (result.problem !== undefined) reason = result.problem;
  else if (kind === 'silent' && got > 0) reason = `must stay silent, but fired ${times(got)} (packet ${shown})`;
  else if (kind === 'benign' && got > wanted)
    reason = `fired ${times(got)} on ordinary traffic (packet ${shown}); ${wanted === 0 ? 'none is allowed' : `${times(wanted)} is allowed`}`;
  else if (kind === 'fires' && got === 0)
    reason = `must fire ${times(wanted)}, but stayed silent${others.length > 0 ? `; ${others.join(', ')} fired` : ''}${refusedWords(result)}`;
  else if (kind === 'fires' && got !== wanted) reason = `must fire ${times(wanted)}, but fired ${times(got)} (packet ${shown})`;
  else if (kind === 'fires' && wantedPackets !== undefined && wantedPackets.join() !== packets.join())
    reason = `must fire at packet ${wantedPackets.join(', ')}, but fired at packet ${shown}`;
  return { capture, kind, wanted, got, ok: reason === '', says, reason, packets };
}

/** A rule that never alerts, but sets bits for others, has its evidence, too: it is asked without its `noalert`. */
export function loud(rule: Rule): string {
  return neverAlerts(rule) ? printRule({ ...rule, enabled: true, options: alertingOptions(rule) }) : rule.text;
}

/** Rules that are not there may be those that set what it waits for. */
function refusedWords({ refused }: ReturnType<ProofRunner>): string {
  if (refused === undefined || refused.size === 0) return '';
  const sids = [...refused.keys()];
  return `; refused beside it: ${sids.slice(0, MOST_REFUSED_SHOWN).join(', ')}${sids.length > MOST_REFUSED_SHOWN ? ' …' : ''}`;
}

const MOST_REFUSED_SHOWN = 5;
const MOST_PACKETS_SHOWN = 20;

function times(count: number): string {
  return count === 1 ? 'once' : count === 2 ? 'twice' : `${count} times`;
}
