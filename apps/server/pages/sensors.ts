/** Sensors: where events come from, which fell silent, how far followed files were read, how to add one. */
import { statSync } from 'node:fs';
import type { Desk } from '../desk.ts';
import { type Html, html } from '../html.ts';
import { alertsAt, counted, empty, table, when } from '../layout.ts';

const MINUTE = 60_000;
/** A sensor that says nothing for an hour is looked at; for a day it is taken to be down. */
const QUIET = 60 * MINUTE;
const SILENT = 24 * QUIET;

export async function sensorsPage(desk: Desk, isAdmin: boolean): Promise<Html> {
  const now = desk.now();
  const sensors = await desk.store.sensors();
  const silent = sensors.filter((one) => now - one.last_seen > SILENT);
  const rows = sensors.map((one) => {
    const age = now - one.last_seen;
    const state =
      age > SILENT
        ? html`<span class="wrong">silent for ${ago(age)}</span>`
        : age > QUIET
          ? html`quiet for ${ago(age)}`
          : html`<span class="good">heard ${ago(age)} ago</span>`;
    return [html`<a href="${alertsAt({ sensor: one.name })}">${one.name}</a>`, state, one.events, when(one.first_seen), when(one.last_seen)];
  });
  const lead =
    sensors.length === 0
      ? html``
      : html`<p class="${silent.length > 0 ? 'problem' : 'lead'}">${counted(sensors.length, 'sensor')}${silent.length === 0 ? `, ${sensors.length === 1 ? '' : 'each '}heard within a day.` : `; ${silent.length} silent for more than a day.`}</p>`;
  const sources = await desk.store.sources();
  const files = sources.map(({ path, offset }) => {
    const size = sizeOf(path);
    const state =
      size === undefined
        ? html`<span class="wrong">can not be read from here</span>`
        : offset > size
          ? html`it was cut off; it is read anew`
          : offset === size
            ? html`<span class="good">read to its end</span>`
            : html`${(size - offset).toLocaleString('en')} bytes are not read yet`;
    return [path, offset, state];
  });
  const address = '/api/v1/events?sensor=NAME';
  const token = isAdmin ? html`make it in the <a href="/settings">settings</a>` : html`an admin makes one`;
  return html`${lead}${rows.length === 0 ? empty('No events came yet. Below is how they come.') : html`<div data-rows="tr">${table(['name', 'state', 'events', 'first (UTC)', 'last (UTC)'], rows)}</div>`}${files.length === 0 ? html`` : html`<h2>Followed files</h2>${table(['file', 'bytes read', 'state'], files)}`}<h2>Add a sensor</h2><ul><li>On this machine: <code>sigwright serve … --eve /var/log/suricata/eve.json</code></li><li>Elsewhere, through the broker: <code>sigwright ship --nats tls://… --eve FILE --state FILE --sensor NAME</code></li><li>By HTTP: lines to <code>${address}</code> with a token that has the scope ingest (${token})</li></ul>`;
}

function sizeOf(path: string): number | undefined {
  try {
    return statSync(path).size;
  } catch {
    return undefined;
  }
}

function ago(milliseconds: number): string {
  const minutes = Math.max(0, Math.round(milliseconds / MINUTE));
  if (minutes < 1) return 'less than a minute';
  if (minutes < 120) return counted(minutes, 'minute');
  return minutes < 48 * 60 ? counted(Math.round(minutes / 60), 'hour') : counted(Math.round(minutes / 1440), 'day');
}
