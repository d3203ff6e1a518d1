/** Alerts with filters in the address, and one alert with its record, flow and bytes. */
import type { EveRecord } from '@sigwright/contracts';
import { type AlertFilter, type AlertTimeline, EXPORT_FORMS, ROLES, type StoredAlert, type StoredRecord } from '@sigwright/workbench';
import { contentsIn, keptPayload } from '../alert-bytes.ts';
import type { Desk } from '../desk.ts';
import { FLOW_LINKS, flowLinks } from '../flow-links.ts';
import { bytesHtml, dumpHtml, type Html, html } from '../html.ts';
import { alertsAt, counted, empty, facts, hostLink, moment, ruleLink, select, type Titled, table, timeline, when } from '../layout.ts';
import { verdictForm } from './hosts.ts';

const FILTERS: readonly (readonly [string, string])[] = [
  ['words', 'Words of the message'],
  ['sid', 'Rule (sid)'],
  ['host', 'Host'],
  ['address', 'Either address'],
  ['role', 'Role'],
  ['sensor', 'Sensor'],
  ['from', 'From (UTC)'],
  ['to', 'Before (UTC)'],
];

/** From the address line; what is no filter is passed over. */
export function filterOf(query: Readonly<Record<string, string>>): AlertFilter {
  const text = (name: string): string | undefined => (query[name] === undefined || query[name].trim() === '' ? undefined : query[name].trim().slice(0, 200));
  const time = (name: string): number | undefined => {
    const given = text(name);
    if (given === undefined) return undefined;
    const at = /^\d{10,16}$/.test(given)
      ? Number(given)
      : Date.parse(/[zZ]|[+-]\d\d:?\d\d$/.test(given) ? given : `${given.replace(' ', 'T')}${given.includes(':') ? 'Z' : ''}`);
    return Number.isNaN(at) ? undefined : at;
  };
  const sid = Number(text('sid') ?? Number.NaN);
  const wanted: Record<string, string | number | undefined> = {
    sid: Number.isSafeInteger(sid) ? sid : undefined,
    from: time('from'),
    to: time('to'),
    // As pages write it, too: check-in.
    role: text('role')?.replaceAll('-', '_'),
    ...Object.fromEntries(['host', 'address', 'flow', 'sensor', 'words', 'after'].map((name) => [name, text(name)])),
  };
  return Object.fromEntries(Object.entries(wanted).filter(([, value]) => value !== undefined));
}

export async function alertsPage(desk: Desk, query: Readonly<Record<string, string>>): Promise<Html> {
  const filter = filterOf(query);
  const { alerts, next } = await desk.store.alerts(filter);
  const { host, sid, after: _after, ...others } = filter;
  // Sums are kept by hour of all, of a host and of a rule; with other filters the alerts on the page are what is counted.
  const isKept = Object.keys(others).length === 0 && (host === undefined || sid === undefined);
  const hours = isKept ? await desk.store.alertTimeline(host !== undefined ? { host } : sid !== undefined ? { sid } : {}) : timesOf(alerts);
  const roles: [string, string][] = [['', 'any'], ...ROLES.map((role): [string, string] => [role, role.replaceAll('_', '-')])];
  const form = html`<form class="line" method="get" action="/alerts" role="search">${FILTERS.map(([name, label]) => (name === 'role' ? select(name, label, roles, filter.role ?? '') : html`<label>${label} <input name="${name}" value="${query[name] ?? ''}" size="${name === 'words' ? 24 : name === 'from' || name === 'to' ? 16 : 13}"${name === 'from' || name === 'to' ? html` placeholder="2024-03-08 09:00"` : html``}></label>`))}<button>Filter</button>${Object.keys(filter).length === 0 ? html`` : html` <a href="/alerts">Clear the filters</a>`}</form>`;
  const { after: _, ...kept } = query;
  const on = next === undefined ? html`` : html`<p><a href="${alertsAt({ ...kept, after: next })}" rel="next">Older alerts</a></p>`;
  const list =
    alerts.length === 0
      ? empty(Object.keys(filter).length === 0 ? 'No alerts: no rule fired yet.' : 'No alert fits these filters.')
      : html`<div data-rows="tr">${alertTable(alerts)}</div>`;
  const forms = EXPORT_FORMS.map((one) => html`<a href="${alertsAt({ ...kept, form: one }).replace('/alerts?', '/alerts/export?')}">${one.toUpperCase()}</a> `);
  const exports =
    alerts.length === 0 ? html`` : html`<p class="quiet-text">Export the alerts that these filters leave, at most the newest 10,000: ${forms}</p>`;
  return html`${form}${timeline(hours)}${list}${on}${exports}`;
}

/** By the minute. */
function timesOf(alerts: readonly StoredAlert[]): AlertTimeline {
  const counts = new Map<number, number>();
  for (const { time } of alerts) {
    const at = Math.floor(new Date(time).getTime() / MINUTE) * MINUTE;
    counts.set(at, (counts.get(at) ?? 0) + 1);
  }
  return { step: MINUTE, counts: [...counts].sort(([a], [b]) => a - b).map(([at, count]) => ({ at, alerts: count })) };
}

export function alertTable(alerts: readonly StoredAlert[]): Html {
  return table(
    ['time (UTC)', 'host', 'source', 'destination', 'about', 'rule'],
    alerts.map((one) => [
      html`<a href="/alerts/${one.id}">${when(one.time)}</a>`,
      one.host === null ? '' : hostLink(one.host),
      one.source,
      one.destination,
      one.name ?? one.protocol,
      html`${ruleLink(one.sid)} ${one.signature}`,
    ]),
  );
}

export async function alertPage(desk: Desk, id: number, csrf: string | undefined): Promise<Titled | undefined> {
  const alert = await desk.store.record(id);
  if (alert === undefined) return undefined;
  const around = alert.flow === null ? [] : await desk.store.flow(alert.flow, alert.time);
  const community = alert.record['community_id'];
  const elsewhere = typeof community === 'string' ? flowLinks(await desk.store.setting(FLOW_LINKS), community) : [];
  const about: [string, Html | string][] = [
    ['time', moment(alert.time)],
    ...(alert.sid === 0
      ? ([['type', String(alert.record['event_type'])]] as [string, string][])
      : ([
          ['rule', html`${ruleLink(alert.sid)} ${alert.signature}`],
          ['host', alert.host === null ? 'none of ours' : hostLink(alert.host)],
        ] as [string, Html | string][])),
    ['role', alert.role.replace('_', '-')],
    ['source', html`<a href="${alertsAt({ address: addressOf(alert.source) })}">${alert.source}</a>`],
    ['destination', html`<a href="${alertsAt({ address: addressOf(alert.destination) })}">${alert.destination}</a>`],
    ['protocol', alert.protocol],
    ['about', alert.name ?? ''],
    ['sensor', alert.sensor],
    ...(typeof community === 'string' ? ([['community id', community]] as [string, string][]) : []),
  ];
  const packets = await desk.captures.packetsOf(alert, MOST_READ);
  const attempt = alert.sid === 0 ? undefined : desk.captures.matchOf(alert, packets);
  const steps = attempt?.steps.map(
    (step) =>
      html`<li><strong>${step.where}</strong> ${step.condition}${step.found === undefined || step.found.bytes.length === 0 ? html`` : bytesHtml(step.found.bytes, step.found.from, step.found.start, step.found.end)}</li>`,
  );
  const matched =
    steps === undefined
      ? html``
      : html`<h2>What the rule matched</h2><p class="quiet-text">Where the conditions first held in the packets at hand: packet ${attempt!.packet}, ${attempt!.direction.replace('_', ' ')}, flow ${attempt!.flow.replace(' -> ', ' → ')}.</p><ol class="steps">${steps}</ol>`;
  const payload = attempt === undefined ? keptPayload(alert.record) : undefined;
  const rule = payload === undefined ? undefined : desk.repository()?.rules.find((one) => one.rule.sid === alert.sid)?.rule;
  const kept =
    payload === undefined
      ? html``
      : html`<h2>What the sensor kept</h2><p class="quiet-text">${counted(payload.length, 'byte')} of payload${rule === undefined ? '' : '; contents of the rule are marked where they stand in it'}.</p>${dumpHtml(payload, 0, MOST_LINES, rule === undefined ? [] : contentsIn(payload, rule))}`;
  const transaction = transactionOf(alert.record);
  const spoken = transaction.length === 0 ? html`` : html`<h2>The transaction</h2>${facts(transaction)}${await transactionLink(desk, alert, around)}`;
  const flow =
    around.length < 2
      ? html``
      : html`<h2>Records of the same flow</h2>${table(
          ['time (UTC)', 'type', 'source', 'destination', 'about'],
          around.map((one) => [
            html`<a href="/alerts/${one.id}">${when(one.time)}</a>`,
            one.type,
            one.source,
            one.destination,
            one.signature === '' ? (one.name ?? one.protocol) : one.signature,
          ]),
        )}`;
  const decide =
    csrf === undefined || alert.host === null || alert.sid === 0
      ? html``
      : html`<h2>Verdict</h2>${verdictForm(csrf, 'pair', { host: alert.host, sid: alert.sid }, `/alerts/${id}`)}<details><summary>A verdict on the rule, wherever it fires</summary>${verdictForm(csrf, 'rule', { sid: alert.sid }, `/alerts/${id}`)}</details>`;
  const others =
    elsewhere.length === 0 ? html`` : html`<p>This flow in ${elsewhere.map((one) => html`<a href="${one.href}" rel="noreferrer">${one.name}</a> `)}</p>`;
  const slice =
    packets === undefined && desk.options.slice !== undefined
      ? html`<p><a href="/alerts/${id}/packets.pcap">Look for the packets of this flow</a> in the captures</p>`
      : packets === undefined
        ? html`<p class="quiet-text">No packets are at hand: a sensor that writes <code>packet: yes</code> into its alerts, or <code>serve --archive</code> with its captures, would bring them.</p>`
        : html`<p><a href="/alerts/${id}/packets.pcap">Packets of this flow</a> (pcap, ${counted(packets.length, 'byte')})</p>`;
  const body = html`${facts(about.filter(([, value]) => value !== ''))}${slice}${others}${decide}${matched}${kept}${spoken}${flow}<details><summary>The whole record (${counted(Object.keys(alert.record).length, 'field')})</summary><pre class="text">${JSON.stringify(alert.record, undefined, 2)}</pre></details>`;
  return { title: alert.sid === 0 ? `Record of ${alert.record['event_type']}` : `Alert: ${alert.signature}`, body };
}

const MINUTE = 60_000;
/** Bytes of captures that are read before a page is shown; more where somebody asks for the packets. */
const MOST_READ = 64 * 1024 * 1024;
/** Lines of a payload that are shown. */
const MOST_LINES = 64;
const MOST_FIELDS = 60;
/** Parts of a record that are no transaction. */
const NO_TRANSACTION: ReadonlySet<string> = new Set([
  'alert',
  'flow',
  'metadata',
  'packet_info',
  'vars',
  'stream',
  'tunnel',
  'verdict',
  'xff',
  'ether',
  'vlan',
  'app_layer',
]);

/** What an alert's record says of its transaction: `http.url`, `dns.queries[0].rrname` … with their values, as far as they are short. */
function transactionOf(record: EveRecord): [string, string][] {
  const found: [string, string][] = [];
  const add = (name: string, value: unknown): void => {
    if (found.length >= MOST_FIELDS) return;
    if (typeof value === 'object' && value !== null)
      for (const [key, one] of Object.entries(value)) add(Array.isArray(value) ? `${name}[${key}]` : `${name}.${key}`, one);
    else found.push([name, String(value).slice(0, 2000)]);
  };
  for (const [name, value] of Object.entries(record)) if (typeof value === 'object' && value !== null && !NO_TRANSACTION.has(name)) add(name, value);
  return found;
}

/** The record that the sensor wrote of the transaction itself: the same number (`tx_id`) in the same flow. */
async function transactionLink(desk: Desk, alert: StoredRecord, around: readonly (StoredAlert & { readonly type: string })[]): Promise<Html> {
  const number = alert.record['tx_id'];
  const parts = Object.keys(alert.record);
  const same = around.filter((one) => one.id !== alert.id && one.sid === 0 && parts.includes(one.type)).slice(0, MOST_FIELDS);
  for (const one of same) {
    const record = same.length === 1 ? undefined : (await desk.store.record(one.id))?.record;
    if (record === undefined || (number !== undefined && record['tx_id'] === number))
      return html`<p><a href="/alerts/${one.id}">The record of this transaction</a></p>`;
  }
  return html``;
}

function addressOf(end: string): string {
  return /^\[(.*)\]:\d+$/.exec(end)?.[1] ?? end.replace(/:\d+$/, '');
}
