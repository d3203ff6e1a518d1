/**
 * Captures of a threat and of ordinary traffic → behaviour rules, each tried by leaving one capture out: rules drafted from the others
 * must fire on it and stay silent on the ordinary traffic. Corridor: observe → group → select (what is rare) → propose → try → tell
 * what is weak. The catalogue, the settings and the date are handed in.
 */
import { counted } from '@sigwright/bytes';
import type { Catalogue, EngineSettings } from '@sigwright/contracts';
import { wordsOnly } from '../draft/conventions.ts';
import type { Role } from '../repository/repository.ts';
import { type CaptureSource, type Observation, type Observations, observe } from './observe.ts';
import { Ordinary } from './ordinary.ts';
import { type Proposal, type ProposalContext, propose, textOf } from './propose.ts';
import type { RuleWords } from './rule-text.ts';
import { type Trial, type TrialAlert, tryRules } from './trial.ts';

export interface BehaviourOptions {
  readonly catalogue: Catalogue;
  readonly settings: EngineSettings;
  /** first word of every message */
  readonly prefix: string;
  nextSid(): number | undefined;
  /** ISO day */
  readonly date: string;
  readonly category?: string;
  readonly engine?: 7 | 8;
  /** undefined: nobody knows it */
  readonly family: string | undefined;
  /** `url,…` or an address */
  readonly references?: readonly string[];
  readonly inside: (address: string) => boolean;
}

export interface BehaviourPart {
  readonly part: string;
  readonly buffer: string;
  /** in words */
  readonly says: string;
  readonly bits: number;
  /** ordinary observations of its kind in which it holds, and how many there are */
  readonly seen: number;
  readonly of: number;
  /** whether the rule asks for it */
  readonly used: boolean;
}

export interface Conversation {
  readonly capture: string;
  readonly client: string;
  readonly server: string;
}

export interface BehaviourRule {
  readonly sid: number;
  readonly text: string;
  readonly role: Role;
  /** protocol and direction */
  readonly kind: string;
  readonly parts: readonly BehaviourPart[];
  readonly bits: number;
  readonly confidence: 'High' | 'Medium' | 'Low';
  /** captures in which it was seen, and how many there are */
  readonly captures: { readonly seen: number; readonly of: number };
  /** captures that rules drafted without them fire on; undefined where only one shows it */
  readonly leaveOneOut: { readonly fired: number; readonly of: number } | undefined;
  /** alerts of the rule and, with each capture left out, of its like on the ordinary traffic */
  readonly ordinary: { readonly alerts: number; readonly leftOutAlerts: number; readonly packets: number; readonly observations: number };
  /** what is weak about it, in words */
  readonly weak: readonly string[];
  /** it never alerts; the rule with this number waits for its flow bit */
  readonly setsFor: number | undefined;
  readonly fires: readonly (Conversation & { readonly alerts: number })[];
  /** the ordinary conversation that comes nearest, and what it lacks */
  readonly near: (Conversation & { readonly because: string }) | undefined;
}

export interface BehaviourDraft {
  readonly rules: readonly BehaviourRule[];
  readonly skipped: readonly { readonly what: string; readonly why: string }[];
  /** captures that could not be read to their end */
  readonly problems: readonly { readonly capture: string; readonly message: string; readonly packets: number }[];
  readonly ordinary: { readonly captures: number; readonly packets: number; readonly observations: number; readonly leftOut: number };
}

/** More folds than this tell no more. */
const MOST_FOLDS = 40;
const FEW_ORDINARY = 100;
const HIGH_BITS = 30;
const FEW_BITS = 25;
/** Parts that nobody takes for telling. */
const SAYS_LITTLE = /^(?:method|protocol|size|status|no )/;

interface Fold {
  readonly capture: number;
  readonly proposals: readonly { readonly proposal: Proposal; readonly sid: number }[];
}

export function draftBehaviour(threat: readonly CaptureSource[], usual: readonly CaptureSource[], options: BehaviourOptions): BehaviourDraft {
  const { catalogue, settings } = options;
  const seen = observe(threat, catalogue, settings);
  const common = observe(usual, catalogue, settings);
  const context: ProposalContext = { ordinary: new Ordinary(common.list), catalogue, engine: options.engine ?? 7, inside: options.inside };
  const words: RuleWords = {
    prefix: options.prefix,
    category: options.category ?? 'MALWARE',
    family: options.family,
    date: options.date,
    references: options.references ?? [],
  };
  const { proposals, rejected } = propose(seen.list, threat.length, context);
  const folds = foldsOf(seen, threat.length, context, proposals.length);
  let sid = 1;
  const numbered = proposals.map((proposal) => ({ proposal, sid: sid++ }));
  const foldRules = folds.map((fold) => ({ ...fold, proposals: fold.proposals.map(({ proposal }) => ({ proposal, sid: sid++ })) }));
  const texts = [
    ...numbered.map(({ proposal, sid: number }) => textOf(proposal, number, words, { bit: bitNames(numbered), mark: '.all' })),
    ...foldRules.flatMap((fold) =>
      fold.proposals.map(({ proposal, sid: number }) => textOf(proposal, number, words, { bit: bitNames(fold.proposals), mark: `.without${fold.capture}` })),
    ),
  ];
  // A rule that only sets a bit never alerts; it is tried as one that does.
  const loud = texts.map((text) => text.replace(' flowbits:noalert;', ''));
  const onThreat = tryRules(loud, threat, catalogue, settings);
  const onUsual = tryRules(loud, usual, catalogue, settings);
  const skipped = rejected.map(({ group, why }) => ({ what: describe(group.observations, threat), why }));
  const kept: { proposal: Proposal; sid: number }[] = [];
  for (const one of numbered) {
    const why = reasonOfTrial(one, onThreat, onUsual, numbered);
    if (why === undefined) kept.push(one);
    else skipped.push({ what: describe(one.proposal.group.observations, threat), why });
  }
  // A reader without its setter, and a quiet setter without a reader, are no rules.
  const whole = kept.filter(
    ({ proposal }) =>
      (proposal.after === undefined || kept.some((one) => one.proposal === proposal.after)) &&
      (!proposal.quiet || kept.some((one) => one.proposal.after === proposal)),
  );
  const order = inOrder(whole);
  const sids = new Map<Proposal, number>();
  for (const { proposal } of order) {
    const free = options.nextSid();
    if (free === undefined) skipped.push({ what: describe(proposal.group.observations, threat), why: 'the ruleset has no free SID left' });
    else sids.set(proposal, free);
  }
  const phrases = phrasesOf(order.map(({ proposal }) => proposal));
  const rules = order
    .filter(({ proposal }) => sids.has(proposal) && (proposal.after === undefined || sids.has(proposal.after)))
    .map((one) => {
      const { proposal } = one;
      const tried = leaveOneOut(one, foldRules, onThreat, onUsual);
      const confidence = confidenceOf(proposal, tried);
      const own = onThreat.alerts.filter((alert) => alert.sid === one.sid);
      const bit = (setter: Proposal): string =>
        `${options.prefix}.${wordsOnly(options.family ?? 'unattributed').replace(/[^A-Za-z0-9]+/g, '')}.${sids.get(setter)}`;
      return {
        sid: sids.get(proposal) as number,
        text: textOf(proposal, sids.get(proposal) as number, words, { confidence, phrase: phrases.get(proposal) as string, bit }),
        role: proposal.role,
        kind: proposal.group.kind,
        parts: [
          ...proposal.selection.chosen.map((weighed) => ({ weighed, used: true })),
          ...proposal.selection.unused.map((weighed) => ({ weighed, used: false })),
        ].map(({ weighed: { condition, measured, bits }, used }) => ({
          part: condition.part,
          buffer: condition.buffer,
          says: condition.says,
          bits: Math.round(bits * 10) / 10,
          ...measured,
          used,
        })),
        bits: Math.round(proposal.selection.bits),
        confidence,
        captures: { seen: proposal.group.captures, of: threat.length },
        leaveOneOut: tried.of === 0 ? undefined : { fired: tried.fired, of: tried.of },
        ordinary: {
          alerts: onUsual.alerts.filter((alert) => alert.sid === one.sid).length,
          leftOutAlerts: tried.ordinaryAlerts,
          packets: onUsual.packets,
          observations: context.ordinary.of(proposal.group.kind).length,
        },
        weak: weaknesses(proposal, tried, context, threat),
        setsFor: proposal.quiet ? sids.get((order.find((other) => other.proposal.after === proposal) as { proposal: Proposal }).proposal) : undefined,
        fires: conversationsOf(own, threat),
        near: nearest(proposal, context, usual),
      };
    });
  return {
    rules,
    skipped,
    problems: [...seen.problems, ...common.problems],
    ordinary: { captures: usual.length, packets: common.packets, observations: common.list.length, leftOut: common.leftOut },
  };
}

function foldsOf(seen: Observations, captures: number, context: ProposalContext, proposals: number): Fold[] {
  if (captures < 2 || proposals === 0) return [];
  const folds: Fold[] = [];
  for (let capture = 0; capture < Math.min(captures, MOST_FOLDS); capture++) {
    const others = seen.list.filter((one) => one.capture !== capture);
    folds.push({ capture, proposals: propose(others, captures - 1, context).proposals.map((proposal) => ({ proposal, sid: 0 })) });
  }
  return folds;
}

function bitNames(numbered: readonly { readonly proposal: Proposal; readonly sid: number }[]): (setter: Proposal) => string {
  return (setter) => `step.${numbered.findIndex(({ proposal }) => proposal === setter)}`;
}

function reasonOfTrial(
  one: { readonly proposal: Proposal; readonly sid: number },
  onThreat: Trial,
  onUsual: Trial,
  all: readonly { readonly proposal: Proposal; readonly sid: number }[],
): string | undefined {
  const refused = onThreat.refused.get(one.sid);
  if (refused !== undefined) return `its rule would be refused: ${refused}`;
  if (!onThreat.alerts.some(({ sid }) => sid === one.sid)) return 'its rule does not fire on the captures that it was made from';
  const noise = onUsual.alerts.filter(({ sid }) => sid === one.sid).length;
  // What a quiet rule sets is what its reader is judged by.
  if (noise > 0 && !(one.proposal.quiet && all.some(({ proposal }) => proposal.after === one.proposal)))
    return `its rule would fire ${noise} times on the ordinary traffic`;
  return undefined;
}

/** Seen in most captures first; a step right behind the one whose bit it waits for. */
function inOrder(list: readonly { readonly proposal: Proposal; readonly sid: number }[]): { readonly proposal: Proposal; readonly sid: number }[] {
  const sorted = [...list].sort((a, b) => b.proposal.group.captures - a.proposal.group.captures || b.proposal.selection.bits - a.proposal.selection.bits);
  const result: { readonly proposal: Proposal; readonly sid: number }[] = [];
  const add = (one: { readonly proposal: Proposal; readonly sid: number }): void => {
    if (result.includes(one)) return;
    const before = sorted.find(({ proposal }) => proposal === one.proposal.after);
    if (before !== undefined) add(before);
    if (result.includes(one)) return;
    result.push(one);
    for (const other of sorted) if (other.proposal.after === one.proposal) add(other);
  };
  for (const one of sorted) add(one);
  return result;
}

/** `M1`, `M2` behind phrases that several rules have. */
function phrasesOf(proposals: readonly Proposal[]): Map<Proposal, string> {
  const phrases = new Map<Proposal, string>();
  const counts = new Map<string, number>();
  for (const proposal of proposals) {
    const { phrase } = proposal;
    const number = (counts.get(phrase) ?? 0) + 1;
    counts.set(phrase, number);
    phrases.set(proposal, proposals.filter((other) => other.phrase === phrase).length > 1 ? `${phrase} M${number}` : phrase);
  }
  return phrases;
}

interface LeftOut {
  readonly fired: number;
  readonly of: number;
  readonly ordinaryAlerts: number;
  /** captures that stayed silent, and the rule that should have fired, where there was one */
  readonly missed: readonly { readonly capture: number; readonly like: Proposal | undefined }[];
}

function leaveOneOut(one: { readonly proposal: Proposal; readonly sid: number }, folds: readonly Fold[], onThreat: Trial, onUsual: Trial): LeftOut {
  const { group } = one.proposal;
  if (group.captures < 2) return { fired: 0, of: 0, ordinaryAlerts: 0, missed: [] };
  let fired = 0;
  let of = 0;
  let ordinaryAlerts = 0;
  const missed: { capture: number; like: Proposal | undefined }[] = [];
  const captures = new Set(group.observations.map(({ capture }) => capture));
  for (const { capture, proposals } of folds) {
    if (!captures.has(capture)) continue;
    of++;
    const places = new Set(group.observations.filter((other) => other.capture === capture).map(placeName));
    // Also a conversation that only the engine counts to it.
    for (const alert of onThreat.alerts) if (alert.sid === one.sid && alert.capture === capture) places.add(`${alert.client} ${alert.server}`);
    const alike = proposals.filter(({ proposal }) => proposal.group.kind === group.kind && !proposal.quiet === !one.proposal.quiet);
    const held = alike.filter(({ sid }) =>
      onThreat.alerts.some((alert) => alert.sid === sid && alert.capture === capture && places.has(`${alert.client} ${alert.server}`)),
    );
    for (const { sid } of held) ordinaryAlerts += one.proposal.quiet ? 0 : onUsual.alerts.filter((alert) => alert.sid === sid).length;
    if (held.length > 0) fired++;
    else missed.push({ capture, like: closest(alike, group.observations) });
  }
  return { fired, of, ordinaryAlerts, missed };
}

/** The proposal that was made of most of the same observations. */
function closest(proposals: readonly { readonly proposal: Proposal }[], observations: readonly Observation[]): Proposal | undefined {
  let best: Proposal | undefined;
  let most = 0;
  for (const { proposal } of proposals) {
    const shared = proposal.group.observations.filter((one) => observations.includes(one)).length;
    if (shared > most) {
      most = shared;
      best = proposal;
    }
  }
  return best;
}

function placeName({ client, server }: { readonly client: string; readonly server: string }): string {
  return `${client} ${server}`;
}

function confidenceOf({ group, selection, after }: Proposal, tried: LeftOut): 'High' | 'Medium' | 'Low' {
  const bits = selection.bits + (after?.selection.bits ?? 0);
  if (tried.of < 2 || tried.fired === 0 || tried.ordinaryAlerts > 0) return 'Low';
  return group.captures >= 3 && tried.fired === tried.of && bits >= HIGH_BITS ? 'High' : 'Medium';
}

function weaknesses({ group, selection, after }: Proposal, tried: LeftOut, context: ProposalContext, threat: readonly CaptureSource[]): string[] {
  const weak: string[] = [];
  if (threat.length === 1) weak.push('only one capture: fixed and volatile can not be told apart by comparing');
  else if (group.captures === 1) weak.push(`seen in one of ${counted(threat.length, 'capture')} only: fixed and volatile can not be told apart by comparing`);
  else if (group.captures === 2) weak.push('seen in two captures: a part that they share by chance would be taken for fixed');
  for (const { condition, measured } of selection.chosen)
    if (measured.seen > 0 && !SAYS_LITTLE.test(condition.part))
      weak.push(`${condition.says}: in ${measured.seen} of ${measured.of} ordinary ${nounOf(group.kind)}`);
  const known = context.ordinary.of(group.kind).length;
  if (known < FEW_ORDINARY)
    weak.push(
      known === 0
        ? `no ordinary ${nounOf(group.kind)} to measure on: how rare its parts are is estimated`
        : `only ${known} ordinary ${nounOf(group.kind)} to measure on`,
    );
  if (after === undefined && selection.bits < FEW_BITS) weak.push(`all its parts together say little (${selection.bits.toFixed(0)} bits)`);
  if (selection.chosen.some(({ condition }) => condition.part === 'header order')) weak.push('the order of headers is lost behind a proxy that adds its own');
  if (selection.chosen.some(({ condition }) => /^JA[34]/.test(condition.part))) weak.push('a fingerprint is that of a library: other programs have it, too');
  const leading = Math.max(...selection.chosen.map(({ bits }) => bits));
  if (selection.chosen.length > 1 && leading > selection.bits * 0.8) {
    const [one] = selection.chosen.filter(({ bits }) => bits === leading);
    weak.push(`it rests on one part: ${one.condition.says}`);
  }
  for (const { capture, like } of tried.missed)
    weak.push(`without ${threat[capture].name} no rule is drafted that fires on it${differing(like, group.observations, capture)}`);
  if (tried.ordinaryAlerts > 0) weak.push(`drafted without one of the captures it fires ${tried.ordinaryAlerts} times on ordinary traffic`);
  return weak;
}

/** Which parts of the rule made of the others do not hold there. */
function differing(like: Proposal | undefined, observations: readonly Observation[], capture: number): string {
  if (like === undefined) return ': the others do not resemble each other enough';
  const there = observations.filter((one) => one.capture === capture);
  const parts = like.selection.chosen.filter(({ condition }) => !there.some((one) => condition.holds(one))).map(({ condition }) => condition.says);
  return parts.length === 0 ? '' : `: there it does not hold that ${parts.join('; ')}`;
}

const NOUNS: Readonly<Record<string, string>> = {
  'http to_server': 'HTTP requests',
  'http to_client': 'HTTP responses',
  'tls to_server': 'TLS client hellos',
  'tls to_client': 'TLS server hellos',
  'dns to_server': 'DNS questions',
};

function nounOf(kind: string): string {
  return NOUNS[kind] ?? `messages (${kind})`;
}

function conversationsOf(alerts: readonly TrialAlert[], threat: readonly CaptureSource[]): BehaviourRule['fires'] {
  const found = new Map<string, { capture: string; client: string; server: string; alerts: number }>();
  for (const { capture, client, server } of alerts) {
    const key = `${capture} ${client} ${server}`;
    const before = found.get(key);
    if (before === undefined) found.set(key, { capture: threat[capture].name, client, server, alerts: 1 });
    else before.alerts++;
  }
  return [...found.values()];
}

function nearest({ group, selection }: Proposal, context: ProposalContext, usual: readonly CaptureSource[]): BehaviourRule['near'] {
  let best: Observation | undefined;
  let bestHeld = 0;
  for (const one of context.ordinary.of(group.kind)) {
    const held = selection.chosen.reduce((bits, { condition, bits: own }) => bits + (condition.holds(one) ? own : 0), 0);
    if (held > bestHeld) {
      bestHeld = held;
      best = one;
    }
  }
  if (best === undefined) return undefined;
  const observation = best;
  const lacks = selection.chosen.filter(({ condition }) => !condition.holds(observation)).map(({ condition }) => condition.part);
  return {
    capture: usual[observation.capture].name,
    client: observation.client,
    server: observation.server,
    because: `ordinary traffic that comes nearest; not alike: ${lacks.join(', ')}`,
  };
}

function describe(observations: readonly Observation[], threat: readonly CaptureSource[]): string {
  const [first] = observations;
  const value = first.buffers.get('http.uri')?.[0] ?? first.buffers.get('tls.sni')?.[0] ?? first.buffers.get('dns.query')?.[0];
  const captures = new Set(observations.map(({ capture }) => capture)).size;
  return `${first.kind}${first.isRaw ? `, message ${first.ordinal + 1}` : ''}${value === undefined ? '' : ` ${value.slice(0, 60).replace(/[^\x20-\x7e]/g, '.')}`} (${observations.length} in ${captures} of ${counted(threat.length, 'capture')}, first with ${first.server})`;
}
