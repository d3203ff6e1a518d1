/** What all pages share: the frame around them, tables, forms, a timeline. */
import { plural } from '@sigwright/bytes';
import type { AlertTimeline, Principal } from '@sigwright/workbench';
import { type Html, html } from './html.ts';

export interface Frame {
  readonly title: string;
  readonly week: string;
  readonly path: string;
  readonly who: Principal | undefined;
  readonly csrf: string;
  /** scripts of ours beside the common one */
  readonly scripts?: readonly string[];
  readonly notice?: string;
  readonly wide?: boolean;
  readonly nonce: string;
}

const PAGES: readonly (readonly [string, string])[] = [
  ['/', 'Hosts'],
  ['/alerts', 'Alerts'],
  ['/rules', 'Rules'],
  ['/workbench', 'Rule workbench'],
  ['/reports', 'Reports'],
  ['/hunts', 'Hunts'],
  ['/review', 'Review queue'],
  ['/releases', 'Releases'],
  ['/community', 'Community review'],
  ['/feedback', 'Feedback'],
  ['/sensors', 'Sensors'],
  ['/settings', 'Settings'],
];

export function page(frame: Frame, body: Html): string {
  const { path, who, title } = frame;
  const here = (where: string): boolean => (where === '/' ? path === '/' || path.startsWith('/hosts/') : path === where || path.startsWith(`${where}/`));
  const links = PAGES.map(([where, name]) => (here(where) ? html`<a href="${where}" aria-current="page">${name}</a>` : html`<a href="${where}">${name}</a>`));
  const scripts = ['page.js', ...(frame.scripts ?? [])].map((name) => html`<script src="/web/${name}" type="module"></script>`);
  const person =
    who === undefined || who.user === 0
      ? html`<a class="person" href="/sign-in">Sign in</a>`
      : html`<form class="person" method="post" action="/sign-out">${csrfField(frame.csrf)}<span>${who.name}, ${who.role}</span> <button class="quiet">Sign out</button></form>`;
  const notice = frame.notice === undefined ? html`` : html`<p class="notice" role="status">${frame.notice}</p>`;
  return html`<!doctype html><html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1"><meta name="csp-nonce" content="${frame.nonce}"><title>${title} · ${frame.week}</title><link rel="icon" href="data:,"><link rel="stylesheet" href="/style.css">${scripts}</head><body><a class="skip" href="#main">Skip to content</a><header><div class="top"><strong>sigwright</strong><span>${frame.week}</span>${person}</div><nav aria-label="Pages">${links}</nav></header><main id="main" class="${frame.wide === true ? 'wide' : ''}">${notice}<h1>${title}</h1>${body}</main></body></html>`
    .html;
}

/** A page that knows a better title than that of its kind. */
export interface Titled {
  readonly title: string;
  readonly body: Html;
}

export function csrfField(csrf: string): Html {
  return html`<input type="hidden" name="csrf" value="${csrf}">`;
}

/** A row's cells stand under their headings; on a narrow screen each cell is a line with its heading before it. */
export function table(headings: readonly string[], rows: readonly (readonly (Html | string | number)[])[]): Html {
  const body = rows.map(
    (cells) => html`<tr>${cells.map((cell, at) => html`<td${isShort(cell) ? WHOLE : undefined} data-heading="${headings[at]}">${cell}</td>`)}</tr>`,
  );
  return html`<table><thead><tr>${headings.map((heading) => html`<th scope="col">${heading}</th>`)}</tr></thead><tbody>${body}</tbody></table>`;
}

const WHOLE = html` class="whole"`;
/** An IPv4 address with port, a time, a number of a rule: broken in the middle they can not be read. */
const LONGEST_WHOLE = 22;

function isShort(cell: Html | string | number): boolean {
  const visible = typeof cell === 'object' ? cell.html.replace(/<[^>]*>/g, '') : String(cell);
  return visible.length <= LONGEST_WHOLE;
}

/** Others write addresses, too: what is no web address is shown, and leads nowhere. */
export function linkTo(address: string): Html {
  return /^https?:\/\//.test(address) ? html`<a href="${address}" rel="noreferrer">${address}</a>` : html`${address}`;
}

export function hostLink(host: string): Html {
  return html`<a href="/hosts/${encodeURIComponent(host)}">${host}</a>`;
}

export function ruleLink(sid: number): Html {
  return html`<a href="/rules/${sid}">${sid}</a>`;
}

/** `/alerts?…` with what is set. */
export function alertsAt(filter: Readonly<Record<string, string | number | undefined>>): string {
  const parts = Object.entries(filter).filter(([, value]) => value !== undefined && value !== '');
  return `/alerts${parts.length === 0 ? '' : `?${parts.map(([key, value]) => `${key}=${encodeURIComponent(String(value))}`).join('&')}`}`;
}

export function ofAll(done: number, total: number): string {
  return `${done.toLocaleString('en')} of ${total.toLocaleString('en')}`;
}

export function counted(count: number, thing: string): string {
  return `${count.toLocaleString('en')} ${plural(count, thing)}`;
}

/** `2024-03-08 09:03:00` in UTC; an ISO text or milliseconds. */
export function when(time: string | number): string {
  const date = new Date(time);
  return Number.isNaN(date.getTime()) ? '' : date.toISOString().slice(0, 19).replace('T', ' ');
}

export function empty(words: string): Html {
  return html`<p class="empty">${words}</p>`;
}

export function select(name: string, label: string, options: readonly (readonly [string, string])[], chosen = ''): Html {
  return html`<label>${label} <select name="${name}">${options.map(([value, words]) => (value === chosen ? html`<option value="${value}" selected>${words}</option>` : html`<option value="${value}">${words}</option>`))}</select></label>`;
}

/** Two times of a span; the day of the second is left out where it is the first's. */
export function fromTo(first: string | number, last: string | number): string {
  const [from, to] = [when(first), when(last)];
  if (from === to) return from;
  return `${from} to ${from.slice(0, 10) === to.slice(0, 10) ? to.slice(11) : to}`;
}

/** Names with their values, beside each other at any width. */
export function facts(list: readonly (readonly [name: string, value: Html | string])[]): Html {
  return html`<dl class="facts">${list.map(([name, value]) => html`<dt>${name}</dt><dd>${value}</dd>`)}</dl>`;
}

const BARS = 60;
const HEIGHT = 60;
const WIDTH = 600;

/** Alerts over time as bars, drawn by the server: no script, no data in attributes but numbers of ours. */
export function timeline({ step: least, counts }: AlertTimeline): Html {
  if (counts.length === 0) return html``;
  const first = counts[0].at;
  const last = counts[counts.length - 1].at;
  const total = counts.reduce((sum, one) => sum + one.alerts, 0);
  // One bar is no timeline.
  if (last === first) return html`<p class="quiet-text">${counted(total, 'alert')}, all within ${spanOf(least)} from ${when(first)}</p>`;
  const span = Math.max(last + least - first, 12 * least);
  const step = Math.max(least, Math.ceil(span / BARS / least) * least);
  const bars = new Array<number>(Math.ceil(span / step)).fill(0);
  for (const { at, alerts } of counts) bars[Math.floor((at - first) / step)] += alerts;
  const most = Math.max(...bars);
  const width = WIDTH / bars.length;
  const drawn = bars.map((alerts, at) => {
    const height = alerts === 0 ? 0 : Math.max(2, (alerts / most) * HEIGHT);
    const from = first + at * step;
    return html`<rect x="${(at * width).toFixed(1)}" y="${(HEIGHT - height).toFixed(1)}" width="${Math.max(1, width - 1).toFixed(1)}" height="${height.toFixed(1)}"><title>${when(from)}: ${counted(alerts, 'alert')}</title></rect>`;
  });
  return html`<figure class="timeline"><svg viewBox="0 0 ${WIDTH} ${HEIGHT}" preserveAspectRatio="none" role="img" aria-label="${counted(total, 'alert')} over time, at most ${most} in ${spanOf(step)}">${drawn}</svg><figcaption><span>${when(first)}</span><span>${counted(total, 'alert')}, a bar is ${spanOf(step)}</span><span>${when(first + bars.length * step)}</span></figcaption></figure>`;
}

function spanOf(milliseconds: number): string {
  return milliseconds % 3_600_000 === 0 ? counted(milliseconds / 3_600_000, 'hour') : counted(milliseconds / 60_000, 'minute');
}
