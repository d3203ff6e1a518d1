/**
 * Alerts → hosts, worst first, each with a judgement and its reasons in words. Works on EVE from sigwright and from Suricata,
 * with any ruleset: what a rule means is read from its metadata, message, class and protocol, never from its number.
 *
 * The judgement follows what rule writers say in prose: INFO alone is context; a lookup alone is worth watching; what the
 * malware itself does (check-in, command, payload, exfiltration) means that the host should be checked.
 */
import { counted } from '@sigwright/bytes';
import type { EveRecord } from '@sigwright/contracts';

export const JUDGEMENTS = ['nothing', 'context only', 'watch', 'check this host for compromise'] as const;
export type Judgement = (typeof JUDGEMENTS)[number];

/** What an alert tells about the host. */
export type AlertRole = 'context' | 'lookup' | 'contact' | 'payload' | 'check_in' | 'command' | 'config' | 'exfil' | 'behaviour' | 'weak';

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
    .sort((a, b) => a.first.localeCompare(b.first) || a.sid - b.sid);
}

/** Repeats of one name or one server within this time are one event. */
export const EVENT_SECONDS = 60;

export function triage(records: Iterable<EveRecord>, options: TriageOptions): readonly HostJudgement[] {
  const all = [...records];
  const resolvers = findResolvers(all, options);
  const hosts = new Map<string, Map<number, Draft>>();
  const seen = new Set<string>();
  for (const record of all) {
    for (const key of ['src_ip', 'dest_ip']) {
      const address = record[key];
      if (typeof address === 'string' && options.isInside(address)) seen.add(address);
    }
    if (record['event_type'] !== 'alert') continue;
    const alert = record['alert'] as Record<string, unknown> | undefined;
    if (typeof alert !== 'object' || alert === null) continue;
    const role = roleOfAlert(record, alert);
    const laid = layAlert(record, role, {
      isInside: options.isInside,
      isResolver: (address) => resolvers.has(address),
      askedFirst: (name, time) => askedFirst(name, time, resolvers, options, all),
    });
    if (laid === undefined) continue;
    const { host } = laid;
    const sid = Number(alert['signature_id']);
    let rules = hosts.get(host);
    if (rules === undefined) {
      rules = new Map();
      hosts.set(host, rules);
    }
    const timestamp = String(record['timestamp'] ?? '');
    let draft = rules.get(sid);
    if (draft === undefined) {
      draft = {
        sid,
        signature: String(alert['signature'] ?? ''),
        role,
        alerts: 0,
        eventKeys: new Set(),
        first: timestamp,
        last: timestamp,
        families: new Set(familiesOf(alert)),
      };
      rules.set(sid, draft);
    }
    draft.alerts++;
    draft.eventKeys.add(`${subjectOf(record)} ${Math.floor(Date.parse(timestamp) / 1000 / EVENT_SECONDS)}`);
    if (timestamp < draft.first) draft.first = timestamp;
    if (timestamp > draft.last) draft.last = timestamp;
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

export interface Surroundings {
  isInside(address: string): boolean;
  isResolver(address: string): boolean;
  /** the client that asked for this name last before this time (milliseconds since 1970) */
  askedFirst(name: string, time: number): string | undefined;
}

/** The inside host that an alert is about; `waits`: a resolver asked, and its client is not known (yet). Undefined: no host of ours. */
export function layAlert(record: EveRecord, role: AlertRole, around: Surroundings): { readonly host: string; readonly waits: boolean } | undefined {
  const source = String(record['src_ip'] ?? '');
  const destination = String(record['dest_ip'] ?? '');
  const inside = [source, destination].filter((address) => around.isInside(address));
  if (inside.length === 0) return undefined;
  if (role === 'lookup') {
    const client = inside.find((address) => !around.isResolver(address));
    if (client !== undefined) return { host: client, waits: false };
    const name = nameAsked(record);
    const asked = name === undefined ? undefined : around.askedFirst(name, Date.parse(String(record['timestamp'] ?? '')));
    return asked === undefined ? { host: inside[0], waits: name !== undefined } : { host: asked, waits: false };
  }
  const target = (record['alert'] as { target?: { ip?: unknown } } | undefined)?.target;
  if (typeof target?.ip === 'string' && around.isInside(target.ip)) return { host: target.ip, waits: false };
  // Both ends are ours: a rule on what a server sends is about who receives it.
  return { host: inside.length === 1 ? inside[0] : destination, waits: false };
}

/** A resolver asked outside: the client whose question for the same name came shortly before. */
function askedFirst(name: string, time: number, resolvers: ReadonlySet<string>, options: TriageOptions, all: readonly EveRecord[]): string | undefined {
  let best: string | undefined;
  let bestTime = Number.NEGATIVE_INFINITY;
  for (const other of all) {
    if (other['event_type'] !== 'dns' || nameAsked(other) !== name) continue;
    const client = String(other['src_ip'] ?? '');
    const when = Date.parse(String(other['timestamp'] ?? ''));
    if (!options.isInside(client) || resolvers.has(client) || other['dest_port'] !== 53 || when > time || when <= bestTime) continue;
    best = client;
    bestTime = when;
  }
  return best;
}

/** The name that a DNS record asks for, in lower case. */
export function nameAsked(record: EveRecord): string | undefined {
  const dns = record['dns'] as { rrname?: unknown; queries?: { rrname?: unknown }[]; query?: { rrname?: unknown }[] } | undefined;
  const name = dns?.queries?.[0]?.rrname ?? dns?.query?.[0]?.rrname ?? dns?.rrname;
  return typeof name === 'string' ? name.toLowerCase() : undefined;
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

function values(alert: Record<string, unknown>, key: string): string[] {
  const metadata = alert['metadata'] as Record<string, unknown> | undefined;
  const found = metadata?.[key];
  return Array.isArray(found) ? found.map(String) : typeof found === 'string' ? [found] : [];
}

const WRITTEN_ROLES: ReadonlySet<string> = new Set(['context', 'lookup', 'contact', 'payload', 'check_in', 'command', 'config', 'exfil']);

/** Categories whose rules alone never accuse a host. */
const CONTEXT_CATEGORIES = /^\S+ (INFO|POLICY|CHAT|GAMES|P2P|ICMP_INFO|DYN_DNS|FILE_SHARING|TA_ABUSED_SERVICES|REMOTE_ACCESS|USER_AGENTS|INAPPROPRIATE)\b/;
/** Categories whose rules were put aside or are made for hunting: a single hit says little. */
const WEAK_CATEGORIES = /^\S+ (RETIRED|DELETED|HUNTING|CURRENT_EVENTS|SCAN|ADWARE_PUP)\b/;

export function roleOfAlert(record: EveRecord, alert: Record<string, unknown>): AlertRole {
  const [written] = values(alert, 'role');
  const signature = String(alert['signature'] ?? '');
  if (written !== undefined && WRITTEN_ROLES.has(written)) return written as AlertRole;
  const [severity] = values(alert, 'signature_severity');
  if (CONTEXT_CATEGORIES.test(signature) || severity === 'Informational') return 'context';
  if (record['app_proto'] === 'dns' || record['dns'] !== undefined || /\b(DNS (Lookup|Query)|in DNS)\b/i.test(signature)) return 'lookup';
  if (/\b(TLS SNI|SSL Cert|TLS Cert|Certificate|JA3|JA4)\b/i.test(signature) || (record['app_proto'] === 'tls' && /\bDomain\b/i.test(signature)))
    return 'contact';
  if (WEAK_CATEGORIES.test(signature)) return 'weak';
  if (/\b(exfil\w*|stealer|upload(ed|ing)?|screen ?shot)\b/i.test(signature)) return 'exfil';
  if (/\b(command|action) sent\b|\bserver response\b|\bserver command\b/i.test(signature)) return 'command';
  if (/\bconfig(uration)?\b/i.test(signature)) return 'config';
  if (/\b(payload|download|retriev\w*|dropper)\b/i.test(signature) && !/\bcheck-?in\b/i.test(signature)) return 'payload';
  if (/\b(check-?in|cnc|c2|beacon|activity|callback)\b/i.test(signature)) return 'check_in';
  return 'behaviour';
}

export function familiesOf(alert: Record<string, unknown>): string[] {
  return values(alert, 'malware_family').map((family) => family.replaceAll('_', ' '));
}

const BEHAVIOUR: ReadonlySet<AlertRole> = new Set(['payload', 'check_in', 'command', 'config', 'exfil', 'behaviour']);

const ROLE_PHRASES: Record<AlertRole, string> = {
  context: 'context',
  lookup: 'a lookup of a name that belongs to a threat',
  contact: 'a connection to a server of a threat',
  payload: 'the fetch of a payload',
  check_in: 'a check-in with a controlling server',
  command: 'a command from a controlling server',
  config: 'configuration of malware asked for or received',
  exfil: 'data sent out',
  behaviour: 'behaviour of malware',
  weak: 'a rule that was retired or is meant for hunting',
};

/** What the rules that fired say together about a host. `rules` in order of their first alert. */
export function judgeHost(host: string, rules: readonly HostAlert[]): HostJudgement {
  const of = (role: AlertRole): HostAlert[] => rules.filter((rule) => rule.role === role);
  const behaviour = rules.filter((rule) => BEHAVIOUR.has(rule.role));
  const lookups = of('lookup');
  const contacts = of('contact');
  const weak = of('weak');
  const alerts = rules.reduce((sum, rule) => sum + rule.alerts, 0);
  const reasons: string[] = [];
  let judgement: Judgement;
  let weight: number;
  if (behaviour.length > 0) {
    judgement = 'check this host for compromise';
    const roles = [...new Set(behaviour.map((rule) => rule.role))];
    reasons.push(`${roles.map((role) => ROLE_PHRASES[role]).join(', ')}: this is what malware does, not just where it lives`);
    const families = [...new Set(behaviour.flatMap((rule) => rule.families))];
    if (families.length > 1) reasons.push(`several families (${families.join(', ')}): one may have brought the other`);
    if (lookups.length + contacts.length > 0)
      reasons.push(
        `${counted(lookups.length + contacts.length, 'rule')} on infrastructure ${lookups.length + contacts.length === 1 ? 'agrees' : 'agree'} with it`,
      );
    if (behaviour.some((rule) => rule.role === 'command')) reasons.push('the controlling side answered: somebody is at the other end');
    if (behaviour.some((rule) => rule.role === 'exfil')) reasons.push('data has left the host');
    weight =
      1000 + behaviour.length * 20 + roles.length * 30 + lookups.length + contacts.length + (behaviour.some((rule) => rule.role === 'command') ? 100 : 0);
  } else if (weak.length >= 2 && lookups.length + contacts.length > 0) {
    judgement = 'check this host for compromise';
    reasons.push(`${counted(weak.length, 'weaker rule')} and ${ROLE_PHRASES[contacts.length > 0 ? 'contact' : 'lookup']} point the same way`);
    weight = 900;
  } else if (lookups.length + contacts.length + weak.length > 0) {
    judgement = 'watch';
    if (contacts.length > 0)
      reasons.push(
        `${counted(events(contacts), 'connection')} to ${counted(contacts.length, 'name')} of a threat; no rule on behaviour fired: find the process behind ${contacts.length === 1 && events(contacts) === 1 ? 'it' : 'them'}`,
      );
    if (lookups.length > 0)
      reasons.push(
        `${counted(events(lookups), 'lookup')} of ${counted(lookups.length, 'name')}${contacts.length === 0 ? ' and nothing after: such names are burnt, a visit to a page may be all' : ''}`,
      );
    if (weak.length > 0) reasons.push(`${ROLE_PHRASES.weak} fired${weak.length + lookups.length + contacts.length === 1 ? ' with nothing around it' : ''}`);
    weight = 100 + contacts.length * 10 + lookups.length * 3 + weak.length * 5;
  } else {
    judgement = 'context only';
    reasons.push('informational rules only: keep them beside other alerts, do nothing on them alone');
    weight = 10 + rules.length;
  }
  const context = of('context');
  if (context.length > 0 && judgement !== 'context only')
    reasons.push(`beside it ${counted(context.length, 'informational rule')}, which ${context.length === 1 ? 'raises' : 'raise'} nothing`);
  return { host, judgement, reasons, alerts, rules, weight };
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
