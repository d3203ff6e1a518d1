/** Which host of ours an alert is about, and what it tells about that host once one knows who is ours. */
import type { EveRecord } from '@sigwright/contracts';
import type { AlertRole, ToldRole } from './alert-role.ts';

export interface Surroundings {
  isInside(address: string): boolean;
  isResolver(address: string): boolean;
  /** the client that asked for this name last, within `ASKED_BEFORE`, up to this time (milliseconds since 1970) */
  askedFirst(name: string, time: number): string | undefined;
}

/** A resolver asks at once for who asked it; retries and a busy log take their time. Milliseconds. */
export const ASKED_BEFORE = 5 * 60_000;

export interface Laid {
  readonly host: string;
  /** a resolver asked, and its client is not known (yet) */
  readonly waits: boolean;
  readonly role: AlertRole;
}

/** Undefined: no host of ours. */
export function layAlert(record: EveRecord, told: ToldRole, around: Surroundings): Laid | undefined {
  const source = String(record['src_ip'] ?? '');
  const destination = String(record['dest_ip'] ?? '');
  const inside = [source, destination].filter((address) => around.isInside(address));
  if (inside.length === 0) return undefined;
  if (told === 'attempt' || told === 'scan') {
    // Who attacks, and is ours, is what to look at, whomever it attacks; what comes from outside is tried on every address there is.
    if (inside[0] === source) return { host: source, waits: false, role: told === 'scan' ? 'weak' : 'behaviour' };
    return { host: destination, waits: false, role: told === 'scan' ? 'context' : 'attempt' };
  }
  const role = isKnocking(record, told, source, around) ? 'attempt' : told;
  if (role === 'lookup') {
    const client = inside.find((address) => !around.isResolver(address));
    if (client !== undefined) return { host: client, waits: false, role };
    const name = nameAsked(record);
    const asked = name === undefined ? undefined : around.askedFirst(name, Date.parse(String(record['timestamp'] ?? '')));
    return asked === undefined ? { host: inside[0], waits: name !== undefined, role } : { host: asked, waits: false, role };
  }
  const alert = record['alert'] as { xff?: unknown; target?: { ip?: unknown } } | undefined;
  // Before Suricata 7 it stood beside the alert.
  const forwarded = alert?.xff ?? record['xff'];
  if (typeof forwarded === 'string' && around.isInside(forwarded)) return { host: forwarded, waits: false, role };
  const target = alert?.target;
  if (typeof target?.ip === 'string' && around.isInside(target.ip)) return { host: target.ip, waits: false, role };
  // Both ends are ours: it is about who opened the connection, be the other a proxy or a host that is used to get further.
  const host = inside.length === 1 ? inside[0] : clientOf(record, source, destination);
  return { host, waits: false, role };
}

/** One rule tells of a host what others do to it and what it does to others: the later role counts, but what it did is not forgotten. */
export function worseRole<Role extends string>(known: Role, now: Role): Role {
  return (known === 'behaviour' && now === 'attempt') || (known === 'weak' && now === 'context') ? known : now;
}

/** Malware of others that looks for a way in: a request from outside to a service of ours. */
function isKnocking(record: EveRecord, role: AlertRole, source: string, around: Surroundings): boolean {
  const signature = String((record['alert'] as { signature?: unknown } | undefined)?.signature ?? '');
  return (
    (role === 'behaviour' || role === 'check_in' || role === 'payload') &&
    record['direction'] === 'to_server' &&
    !around.isInside(source) &&
    /\binbound\b/i.test(signature) &&
    !/\b(command|response|web ?shell|backdoor)\b/i.test(signature)
  );
}

/** By what the record says of its flow; where it says nothing, the side with the lower port serves. */
function clientOf(record: EveRecord, source: string, destination: string): string {
  if (record['direction'] === 'to_server') return source;
  if (record['direction'] === 'to_client') return destination;
  return Number(record['src_port'] ?? 0) > Number(record['dest_port'] ?? 0) ? source : destination;
}

/** The name that a DNS record asks for, in lower case. */
export function nameAsked(record: EveRecord): string | undefined {
  const dns = record['dns'] as { rrname?: unknown; queries?: { rrname?: unknown }[]; query?: { rrname?: unknown }[] } | undefined;
  const name = dns?.queries?.[0]?.rrname ?? dns?.query?.[0]?.rrname ?? dns?.rrname;
  return typeof name === 'string' ? name.toLowerCase().replace(/\.$/, '') : undefined;
}
