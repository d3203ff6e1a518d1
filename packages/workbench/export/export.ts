/**
 * Alerts in the forms of others: CSV (RFC 4180), JSON lines as they came, STIX 2.1 sightings
 * (https://docs.oasis-open.org/cti/stix/v2.1/), a MISP event (https://www.misp-standard.org/rfc/misp-standard-core.html). The same
 * alerts give the same ids, so that taking an export in twice makes nothing twice.
 */

import { createHash } from 'node:crypto';
import { counted, largest, smallest } from '@sigwright/bytes';
import type { StoredRecord } from '../store/alerts.ts';

export const EXPORT_FORMS = ['csv', 'json', 'stix', 'misp'] as const;
export type ExportForm = (typeof EXPORT_FORMS)[number];

export const EXPORT_TYPES: Readonly<Record<ExportForm, { readonly type: string; readonly ending: string }>> = {
  csv: { type: 'text/csv; charset=utf-8', ending: 'csv' },
  json: { type: 'application/x-ndjson', ending: 'json' },
  stix: { type: 'application/stix+json;version=2.1', ending: 'stix.json' },
  misp: { type: 'application/json', ending: 'misp.json' },
};

/** `now`: milliseconds since 1970, for when the export itself was made. `ruleOf`: text of a rule, where it is known. */
export function exportAlerts(
  form: ExportForm,
  alerts: readonly StoredRecord[],
  now: number,
  ruleOf: (sid: number) => string | undefined = () => undefined,
): string {
  if (form === 'csv') return csv(alerts);
  if (form === 'json') return alerts.map((one) => `${JSON.stringify(one.record)}\n`).join('');
  return `${JSON.stringify(form === 'stix' ? stix(alerts, now, ruleOf) : misp(alerts, now), undefined, 1)}\n`;
}

const COLUMNS = ['time', 'sid', 'signature', 'role', 'host', 'source', 'destination', 'protocol', 'name', 'flow', 'community_id', 'sensor'] as const;

function csv(alerts: readonly StoredRecord[]): string {
  const rows = alerts.map((one) => {
    const values: Readonly<Record<string, unknown>> = { ...one, time: iso(one.time), community_id: one.record['community_id'] };
    return COLUMNS.map((column) => cell(values[column])).join(',');
  });
  return [COLUMNS.join(','), ...rows].map((row) => `${row}\r\n`).join('');
}

/** A text that a spreadsheet would run as a formula gets a quotation mark before it. */
function cell(value: unknown): string {
  const text = value === null || value === undefined ? '' : String(value);
  const plain = typeof value === 'string' && /^[=+\-@\t\r]/.test(text) ? `'${text}` : text;
  return /[",\r\n]/.test(plain) ? `"${plain.replaceAll('"', '""')}"` : plain;
}

function iso(time: number): string {
  return new Date(time).toISOString();
}

/** A UUID (version 5) of our own names. */
function uuid(name: string): string {
  const digest = createHash('sha1').update(`sigwright ${name}`).digest();
  digest[6] = (digest[6] & 0x0f) | 0x50;
  digest[8] = (digest[8] & 0x3f) | 0x80;
  const hex = digest.toString('hex', 0, 16);
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`;
}

interface Sighted {
  readonly sid: number;
  readonly signature: string;
  readonly alerts: StoredRecord[];
}

function byRule(alerts: readonly StoredRecord[]): readonly Sighted[] {
  const rules = new Map<number, Sighted>();
  for (const one of alerts) {
    const known = rules.get(one.sid) ?? { sid: one.sid, signature: one.signature, alerts: [] };
    known.alerts.push(one);
    rules.set(one.sid, known);
  }
  return [...rules.values()].sort((a, b) => a.sid - b.sid);
}

/** A rule is an indicator (its pattern is the rule), its alerts are one sighting by us, with the traffic as observed data. */
function stix(alerts: readonly StoredRecord[], now: number, ruleOf: (sid: number) => string | undefined): object {
  const made = iso(now);
  const us = `identity--${uuid('identity')}`;
  const objects: object[] = [{ type: 'identity', spec_version: '2.1', id: us, created: made, modified: made, name: 'sigwright', identity_class: 'system' }];
  const seen = new Set<string>();
  const once = (object: { readonly id: string }): string => {
    if (!seen.has(object.id)) objects.push(object);
    seen.add(object.id);
    return object.id;
  };
  const address = (value: string): string => {
    const type = value.includes(':') ? 'ipv6-addr' : 'ipv4-addr';
    return once({ type, spec_version: '2.1', id: `${type}--${uuid(value)}`, value } as { id: string });
  };
  for (const { sid, signature, alerts: all } of byRule(alerts)) {
    const times = all.map((one) => one.time);
    const [first, last] = [iso(smallest(times)), iso(largest(times))];
    const common = { spec_version: '2.1', created_by_ref: us, created: made, modified: made };
    const indicator = once({
      type: 'indicator',
      ...common,
      id: `indicator--${uuid(`rule ${sid}`)}`,
      name: signature,
      // A rule that is not at hand is named in a comment of the rule language: it matches nothing wherever it is taken in.
      pattern: ruleOf(sid) ?? `# sid ${sid}: ${signature.replaceAll('\n', ' ')}`,
      pattern_type: 'suricata',
      valid_from: first,
      external_references: [{ source_name: 'sid', external_id: String(sid) }],
    } as { id: string });
    const observed = all.slice(0, MOST_OBSERVED).map((one) => {
      const [source, destination] = [endOf(one.source), endOf(one.destination)];
      const traffic = once({
        type: 'network-traffic',
        spec_version: '2.1',
        id: `network-traffic--${uuid(`traffic ${one.flow ?? one.id} ${one.source} ${one.destination}`)}`,
        src_ref: address(source.address),
        dst_ref: address(destination.address),
        ...(source.port === undefined ? {} : { src_port: source.port }),
        ...(destination.port === undefined ? {} : { dst_port: destination.port }),
        protocols: [one.record['proto'], one.protocol]
          .filter((name): name is string => typeof name === 'string' && name !== '')
          .map((name) => name.toLowerCase()),
      } as { id: string });
      return once({
        type: 'observed-data',
        ...common,
        id: `observed-data--${uuid(`alert ${one.sid} ${one.time} ${one.source} ${one.destination} ${one.flow}`)}`,
        first_observed: iso(one.time),
        last_observed: iso(one.time),
        number_observed: 1,
        object_refs: [traffic],
      } as { id: string });
    });
    once({
      type: 'sighting',
      ...common,
      id: `sighting--${uuid(`sighting ${sid} ${first} ${last} ${all.length}`)}`,
      first_seen: first,
      last_seen: last,
      count: all.length,
      sighting_of_ref: indicator,
      observed_data_refs: observed,
      where_sighted_refs: [us],
    } as { id: string });
  }
  return { type: 'bundle', id: `bundle--${uuid(`bundle ${alerts.map((one) => one.id).join(' ')}`)}`, objects };
}

/** Alerts of a rule that are told with their traffic; all are counted. */
const MOST_OBSERVED = 100;

function endOf(end: string): { readonly address: string; readonly port?: number } {
  const match = /^(?:\[([^\]]+)\]|([^:]+)):(\d+)$/.exec(end);
  return match === null ? { address: end } : { address: match[1] ?? match[2], port: Number(match[3]) };
}

/** One event; addresses that are not the host's own, and names, as attributes, with the rule as comment. */
function misp(alerts: readonly StoredRecord[], now: number): object {
  const attributes = new Map<string, object>();
  for (const one of alerts) {
    const outward = one.host !== null && endOf(one.source).address === one.host;
    const far = endOf(outward ? one.destination : one.source).address;
    const add = (type: string, value: string): void => {
      const key = `${type} ${value}`;
      if (!attributes.has(key))
        attributes.set(key, {
          uuid: uuid(`attribute ${key}`),
          type,
          category: 'Network activity',
          value,
          to_ids: false,
          timestamp: String(Math.floor(one.time / 1000)),
          comment: `${one.sid} ${one.signature}`,
        });
    };
    if (far !== '') add(outward ? 'ip-dst' : 'ip-src', far);
    if (one.name !== null && /^[a-z0-9_.-]+\.[a-z0-9-]+$/i.test(one.name)) add('domain', one.name);
    const community = one.record['community_id'];
    if (typeof community === 'string') add('community-id', community);
  }
  return {
    Event: {
      uuid: uuid(`event ${alerts.map((one) => one.id).join(' ')}`),
      info: `${counted(alerts.length, 'alert')} of ${counted(byRule(alerts).length, 'rule')}`,
      date: iso(now).slice(0, 10),
      timestamp: String(Math.floor(now / 1000)),
      // 4: undefined, 0: initial, 0: this organisation only. Whoever shares it says so there.
      threat_level_id: '4',
      analysis: '0',
      distribution: '0',
      published: false,
      Attribute: [...attributes.values()],
    },
  };
}
