/**
 * Alerts → hosts, worst first, each with a judgement and its reasons in words. Works on EVE from sigwright and from Suricata,
 * with any ruleset: what a rule means is read from its metadata, message, class and protocol, never from its number.
 *
 * The judgement follows what rule writers say in prose: INFO alone is context; a lookup alone is worth watching; what the
 * malware itself does (check-in, command, payload, exfiltration) means that the host should be checked.
 */
import { counted } from '@sigwright/bytes';
import type { EveRecord } from '@sigwright/contracts';
import { type AlertRole, familiesOf, roleOfAlert } from './alert-role.ts';
import { type ClientFlow, clientFlow, onlyClientAt } from './client-flow.ts';
import { ASKED_BEFORE, layAlert, nameAsked, worseRole } from './lay-alert.ts';

export const JUDGEMENTS = ['nothing', 'context only', 'watch', 'check this host for compromise'] as const;
export type Judgement = (typeof JUDGEMENTS)[number];

export interface HostAlert {
  readonly sid: number;
  readonly signature: string;
  readonly role: AlertRole;
  /** alerts, and events after the repeats of one event were put together */
  readonly alerts: number;
  readonly events: number;
  readonly first: string;
  readonly last: string;
  readonly families: readonly string[];
}

export interface HostJudgement {
  readonly host: string;
  readonly judgement: Judgement;
  readonly reasons: readonly string[];
  readonly alerts: number;
  readonly rules: readonly HostAlert[];
  /** larger is worse; for sorting only */
  readonly weight: number;
}

export interface TriageOptions {
  /** is this address one of ours? */
  isInside(address: string): boolean;
  /** addresses that ask names for others, beside those that show themselves as such */
  readonly resolvers?: ReadonlySet<string>;
}

interface Draft {
  sid: number;
  signature: string;
  role: AlertRole;
  alerts: number;
  eventKeys: Set<string>;
  first: string;
  last: string;
  families: Set<string>;
}

function hostAlerts(drafts: readonly Draft[]): HostAlert[] {
  return drafts
    .map(({ eventKeys, families, ...draft }) => ({ ...draft, events: eventKeys.size, families: [...families] }))
    .sort((a, b) => Date.parse(a.first) - Date.parse(b.first) || a.sid - b.sid);
}

/** Repeats of one name or one server within this time are one event. */
export const EVENT_SECONDS = 60;

/** The same record twice counts once: files overlap, and a mirror may copy a packet to two sensors' files. */
export function triage(records: Iterable<EveRecord>, options: TriageOptions): readonly HostJudgement[] {
  const all = [...records];
  const resolvers = findResolvers(all, options);
  const isResolver = (address: string): boolean => resolvers.has(address);
  const clients = clientsOf(all, resolvers, options);
  const around = { isInside: options.isInside, isResolver, askedFirst: (name: string, time: number) => askedFirst(clients, name, time) };
  const hosts = new Map<string, Map<number, Draft>>();
  const seen = new Set<string>();
  const told = new Set<string>();
  for (const record of all) {
    for (const key of ['src_ip', 'dest_ip']) {
      const address = record[key];
      if (typeof address === 'string' && options.isInside(address)) seen.add(address);
    }
    if (record['event_type'] !== 'alert') continue;
    const alert = record['alert'] as Record<string, unknown> | undefined;
    if (typeof alert !== 'object' || alert === null) continue;
    const laid = layAlert(record, roleOfAlert(record, alert), around);
    if (laid === undefined) continue;
    const whole = JSON.stringify(record);
    if (told.has(whole)) continue;
    told.add(whole);
    let rules = hosts.get(laid.host);
    if (rules === undefined) {
      rules = new Map();
      hosts.set(laid.host, rules);
    }
    const sid = Number(alert['signature_id']);
    const timestamp = String(record['timestamp'] ?? '');
    const time = Date.parse(timestamp);
    let draft = rules.get(sid);
    if (draft === undefined) {
      draft = {
        sid,
        signature: String(alert['signature'] ?? ''),
        role: laid.role,
        alerts: 0,
        eventKeys: new Set(),
        first: timestamp,
        last: timestamp,
        families: new Set(familiesOf(alert)),
      };
      rules.set(sid, draft);
    }
    draft.alerts++;
    draft.eventKeys.add(`${subjectOf(record)} ${Math.floor(time / 1000 / EVENT_SECONDS)}`);
    // By the clock: sensors write in their own time zones.
    if (time < Date.parse(draft.first)) draft.first = timestamp;
    if (time > Date.parse(draft.last)) draft.last = timestamp;
    draft.role = worseRole(draft.role, laid.role);
  }
  const judged = [...hosts].map(([host, drafts]) => judgeHost(host, hostAlerts([...drafts.values()])));
  const quiet = [...seen]
    .filter((host) => !hosts.has(host))
    .map((host): HostJudgement => ({ host, judgement: 'nothing', reasons: ['no alert'], alerts: 0, rules: [], weight: 0 }));
  return [...judged.sort((a, b) => b.weight - a.weight || compareHosts(a.host, b.host)), ...quiet.sort((a, b) => compareHosts(a.host, b.host))];
}

export function compareHosts(a: string, b: string): number {
  return a.localeCompare(b, 'en', { numeric: true });
}

/** Who answers DNS questions inside: asked on port 53 by others, and asking outside itself. */
function findResolvers(records: readonly EveRecord[], options: TriageOptions): ReadonlySet<string> {
  const found = new Set(options.resolvers ?? []);
  for (const record of records) {
    const asked = record['dest_port'] === 53 ? record['dest_ip'] : record['src_port'] === 53 ? record['src_ip'] : undefined;
    if (typeof asked === 'string' && options.isInside(asked)) found.add(asked);
  }
  return found;
}

interface Clients {
  /** who asked for a name, and when */
  readonly askers: ReadonlyMap<string, readonly { readonly client: string; readonly time: number }[]>;
  /** connections of clients to resolvers, where names were not written down */
  readonly flows: readonly ClientFlow[];
}

function clientsOf(records: readonly EveRecord[], resolvers: ReadonlySet<string>, options: TriageOptions): Clients {
  const askers = new Map<string, { client: string; time: number }[]>();
  const flows: ClientFlow[] = [];
  for (const record of records) {
    const client = String(record['src_ip'] ?? '');
    const kind = record['event_type'];
    if ((kind !== 'dns' && kind !== 'flow') || record['dest_port'] !== 53 || resolvers.has(client) || !options.isInside(client)) continue;
    if (kind === 'flow') {
      const flow = resolvers.has(String(record['dest_ip'] ?? '')) ? clientFlow(client, record) : undefined;
      if (flow !== undefined) flows.push(flow);
      continue;
    }
    const name = nameAsked(record);
    if (name === undefined) continue;
    const known = askers.get(name);
    const asked = { client, time: Date.parse(String(record['timestamp'] ?? '')) };
    if (known === undefined) askers.set(name, [asked]);
    else known.push(asked);
  }
  return { askers, flows };
}

/** A resolver asked outside: the client whose question for the same name came shortly before; else the only one that spoke with a resolver then. */
function askedFirst({ askers, flows }: Clients, name: string, time: number): string | undefined {
  let best: { client: string; time: number } | undefined;
  for (const one of askers.get(name) ?? []) if (one.time <= time && one.time >= time - ASKED_BEFORE && (best === undefined || one.time > best.time)) best = one;
  return best?.client ?? onlyClientAt(flows, time);
}

/** What an alert is about, so that repeats count once: the name, the server name, or the far end. */
export function subjectOf(record: EveRecord): string {
  const tls = record['tls'] as { sni?: unknown } | undefined;
  const http = record['http'] as { hostname?: unknown; url?: unknown } | undefined;
  return (
    nameAsked(record) ??
    (typeof tls?.sni === 'string' ? tls.sni : undefined) ??
    (typeof http?.url === 'string' ? `${http.hostname ?? ''}${http.url}` : `${record['dest_ip']}`)
  );
}

const BEHAVIOUR: ReadonlySet<AlertRole> = new Set(['payload', 'check_in', 'command', 'config', 'exfil', 'behaviour']);

const ROLE_PHRASES: Record<AlertRole, string> = {
  context: 'context',
  lookup: 'a lookup of a name that belongs to a threat',
  contact: 'a connection to a server of a threat',
  lure: 'a page or message that leads to harm',
  attempt: 'an attack from outside',
  unwanted: 'an unwanted program',
  payload: 'the fetch of a payload',
  check_in: 'a check-in with a controlling server',
  command: 'a command from a controlling server',
  config: 'configuration of malware asked for or received',
  exfil: 'data sent out',
  behaviour: 'behaviour of malware',
  weak: 'a rule that was retired, is meant for hunting, or only sees somebody look around',
};

/** Infrastructure of a threat that is met within this time after an attack is laid to the attack. */
const AFTER_ATTACK = 60 * 60_000;

/** What the rules that fired say together about a host. `rules` in order of their first alert. */
export function judgeHost(host: string, rules: readonly HostAlert[]): HostJudgement {
  const of = (role: AlertRole): HostAlert[] => rules.filter((rule) => rule.role === role);
  const behaviour = rules.filter((rule) => BEHAVIOUR.has(rule.role));
  const [lookups, contacts, weak, attempts] = [of('lookup'), of('contact'), of('weak'), of('attempt')];
  const places = [...lookups, ...contacts];
  const answered = places.filter((place) => attempts.some((attempt) => follows(attempt, place)));
  const alerts = rules.reduce((sum, rule) => sum + rule.alerts, 0);
  const reasons: string[] = [];
  let judgement: Judgement;
  let weight: number;
  if (behaviour.length > 0) {
    judgement = 'check this host for compromise';
    const roles = [...new Set(behaviour.map((rule) => rule.role))];
    reasons.push(`${roles.map((role) => ROLE_PHRASES[role]).join(', ')}: this is what malware does, not just where it lives`);
    const families = differentFamilies(behaviour.flatMap((rule) => rule.families));
    if (families.length > 1) reasons.push(`several families (${families.join(', ')}): one may have brought the other`);
    if (attempts.some((attempt) => behaviour.some((rule) => follows(attempt, rule))))
      reasons.push('it was attacked from outside before: the attack may have worked');
    if (places.length > 0) reasons.push(`${counted(places.length, 'rule')} on infrastructure ${places.length === 1 ? 'agrees' : 'agree'} with it`);
    if (behaviour.some((rule) => rule.role === 'command')) reasons.push('the controlling side answered: somebody is at the other end');
    if (behaviour.some((rule) => rule.role === 'exfil')) reasons.push('data has left the host');
    weight = 1000 + behaviour.length * 20 + roles.length * 30 + places.length + (behaviour.some((rule) => rule.role === 'command') ? 100 : 0);
  } else if (answered.length > 0) {
    judgement = 'check this host for compromise';
    reasons.push(
      `${ROLE_PHRASES.attempt}, and within the hour ${ROLE_PHRASES[answered.some((one) => one.role === 'contact') ? 'contact' : 'lookup']}: the attack may have worked`,
    );
    weight = 950;
  } else if (weak.length >= 2 && places.length > 0) {
    judgement = 'check this host for compromise';
    reasons.push(`${counted(weak.length, 'weaker rule')} and ${ROLE_PHRASES[contacts.length > 0 ? 'contact' : 'lookup']} point the same way`);
    weight = 900;
  } else if (rules.some((rule) => rule.role !== 'context')) {
    judgement = 'watch';
    reasons.push(...whyWatched(rules));
    weight = 100 + contacts.length * 10 + of('lure').length * 8 + weak.length * 5 + attempts.length * 4 + lookups.length * 3 + of('unwanted').length;
  } else {
    judgement = 'context only';
    reasons.push('nothing more than informational rules or looks from outside: keep them beside other alerts, do nothing on them alone');
    weight = 10 + rules.length;
  }
  const context = of('context');
  if (context.length > 0 && judgement !== 'context only')
    reasons.push(`beside it ${counted(context.length, 'informational rule')}, which ${context.length === 1 ? 'raises' : 'raise'} nothing`);
  return { host, judgement, reasons, alerts, rules, weight };
}

/** One family is written in several ways (`Win32 MarioLoader`, `MarioLoader`; `Bitter APT`, `Bitter`): of names that hold each other the shortest. */
function differentFamilies(names: readonly string[]): string[] {
  const plain = (name: string): string => name.toLowerCase().replace(/[^a-z0-9]/g, '');
  const shortest = [...new Set(names)].sort((a, b) => a.length - b.length);
  return shortest.filter((name, at) => !shortest.slice(0, at).some((other) => plain(name).includes(plain(other))));
}

function follows(attempt: HostAlert, rule: HostAlert): boolean {
  return Date.parse(rule.last) >= Date.parse(attempt.first) && Date.parse(rule.first) <= Date.parse(attempt.last) + AFTER_ATTACK;
}

function whyWatched(rules: readonly HostAlert[]): string[] {
  const of = (role: AlertRole): HostAlert[] => rules.filter((rule) => rule.role === role);
  const [lookups, contacts, weak, attempts, lures] = [of('lookup'), of('contact'), of('weak'), of('attempt'), of('lure')];
  const reasons: string[] = [];
  if (contacts.length > 0)
    reasons.push(
      `${counted(events(contacts), 'connection')} to ${counted(contacts.length, 'name')} of a threat; no rule on behaviour fired: find the process behind ${contacts.length === 1 && events(contacts) === 1 ? 'it' : 'them'}`,
    );
  if (lures.length > 0) reasons.push(`${ROLE_PHRASES.lure} (${counted(lures.length, 'rule')}), and nothing that says somebody followed it`);
  if (lookups.length > 0)
    reasons.push(
      `${counted(events(lookups), 'lookup')} of ${counted(lookups.length, 'name')}${contacts.length === 0 ? ' and no alert on a connection after: such names are burnt, a visit to a page may be all' : ''}`,
    );
  if (attempts.length > 0)
    reasons.push(`${ROLE_PHRASES.attempt} (${counted(events(attempts), 'try', 'tries')}): the alert does not say whether it worked; most do not`);
  if (weak.length > 0)
    reasons.push(`${ROLE_PHRASES.weak} fired${rules.filter(({ role }) => role !== 'context').length === 1 ? ' with nothing around it' : ''}`);
  if (of('unwanted').length > 0) reasons.push(`${ROLE_PHRASES.unwanted}: remove it when there is time`);
  return reasons;
}

function events(rules: readonly HostAlert[]): number {
  return rules.reduce((sum, rule) => sum + rule.events, 0);
}

/** For a terminal. */
export function renderTriage(hosts: readonly HostJudgement[]): string {
  const lines: string[] = [];
  for (const host of hosts) {
    if (host.judgement === 'nothing') continue;
    lines.push(`${host.host}: ${host.judgement} (${counted(host.alerts, 'alert')})`);
    for (const reason of host.reasons) lines.push(`  because ${reason}`);
    for (const rule of host.rules) lines.push(`  ${String(rule.alerts).padStart(4)} × ${rule.sid} ${rule.signature}`);
    lines.push('');
  }
  const quiet = hosts.filter((host) => host.judgement === 'nothing').length;
  if (quiet > 0) lines.push(`${quiet} more inside ${quiet === 1 ? 'host' : 'hosts'} without alerts`);
  if (lines.length === 0) lines.push('no alerts');
  return `${lines.join('\n').trimEnd()}\n`;
}
