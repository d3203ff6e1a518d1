/** A line of EVE JSON → the row that is kept of it. Lines come from any program: whatever is odd about a field, the line has a row. */
import { hash } from 'node:crypto';
import type { EveRecord } from '@sigwright/contracts';
import { familiesOf, roleOfAlert } from '../triage/alert-role.ts';
import { nameAsked } from '../triage/lay-alert.ts';
import { EVENT_SECONDS, subjectOf } from '../triage/triage.ts';
import type { EventTable } from './schema.ts';

export interface EveEvent {
  readonly record: EveRecord;
  readonly row: Omit<EventTable, 'id'>;
  /** of an alert */
  readonly signature?: { readonly sid: number; readonly rev: number; readonly signature: string; readonly category: string; readonly severity: number };
  readonly families: readonly string[];
}

/** Characters of a name that are kept; DNS allows 255. */
const LONGEST_NAME = 300;
const LONGEST_SIGNATURE = 1000;
/** Until the year 2286. */
const SECOND_DIGITS = 10;
const FLOW_ID = /"flow_id":\s*(\d{1,20})/;

/** Undefined: the line is no EVE record. `arrived`: milliseconds, for records without a time. */
export function eveEvent(line: string, sensor: number, arrived: number): EveEvent | undefined {
  let record: EveRecord;
  try {
    record = JSON.parse(line) as EveRecord;
  } catch {
    return undefined;
  }
  if (typeof record !== 'object' || record === null || typeof record['event_type'] !== 'string') return undefined;
  const time = Date.parse(String(record['timestamp'] ?? ''));
  const row: Omit<EventTable, 'id'> = {
    key: `${secondOf(time)}${hash('sha256', line, 'base64url').slice(0, 12)}`,
    time: Number.isNaN(time) ? arrived : time,
    type: plain(record['event_type'], LONGEST_NAME) ?? '',
    sensor,
    flow: FLOW_ID.exec(line)?.[1] ?? null,
    src_ip: plain(record['src_ip'], LONGEST_NAME),
    src_port: port(record['src_port']),
    dest_ip: plain(record['dest_ip'], LONGEST_NAME),
    dest_port: port(record['dest_port']),
    protocol: plain(record['app_proto'], LONGEST_NAME) ?? plain(record['proto'], LONGEST_NAME),
    name: nameOf(record),
    sid: null,
    role: null,
    host: null,
    waits: 0,
    occasion: null,
    line: line.includes('\0') ? line.replaceAll('\0', '') : line,
  };
  const alert = record['alert'] as Record<string, unknown> | undefined;
  const sid = Number(alert?.['signature_id']);
  if (row.type !== 'alert' || typeof alert !== 'object' || alert === null || !Number.isSafeInteger(sid) || sid < 0) return { record, row, families: [] };
  row.sid = sid;
  row.role = roleOfAlert(record, alert);
  row.occasion = hash('sha256', `${subjectOf(record)} ${Math.floor(row.time / 1000 / EVENT_SECONDS)}`, 'base64url').slice(0, 16);
  return {
    record,
    row,
    families: familiesOf(alert),
    signature: {
      sid,
      rev: small(alert['rev']),
      signature: plain(alert['signature'], LONGEST_SIGNATURE) ?? '',
      category: plain(alert['category'], LONGEST_SIGNATURE) ?? '',
      severity: small(alert['severity']),
    },
  };
}

/**
 * What keys begin with, so that lines that come one after the other are neighbours in the index: keys all over it would have every page of it
 * written again and again, and the store would slow down as it grows.
 */
function secondOf(time: number): string {
  return String(Math.floor(Math.max(0, time || 0) / 1000)).padStart(SECOND_DIGITS, '0');
}

function nameOf(record: EveRecord): string | null {
  const tls = record['tls'] as { sni?: unknown } | undefined | null;
  const http = record['http'] as { hostname?: unknown } | undefined | null;
  const name = nameAsked(record) ?? tls?.sni ?? http?.hostname;
  return plain(typeof name === 'string' ? name.toLowerCase() : name, LONGEST_NAME);
}

/** Text that both engines can hold: no NUL, no half characters. */
function plain(value: unknown, most: number): string | null {
  if (typeof value !== 'string') return null;
  const cut = value.length > most ? value.slice(0, most) : value;
  return cut.replaceAll('\0', '\ufffd').toWellFormed();
}

function port(value: unknown): number | null {
  return typeof value === 'number' && Number.isInteger(value) && value >= 0 && value <= 65_535 ? value : null;
}

function small(value: unknown): number {
  const number = Number(value);
  return Number.isInteger(number) && number >= 0 && number < 2 ** 31 ? number : 0;
}
