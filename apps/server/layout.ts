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
      ? path === '/sign-in'
        ? html``
        : html`<a class="person" href="/sign-in">Sign in</a>`
      : html`<form class="person" method="post" action="/sign-out">${csrfField(frame.csrf)}<span>${who.name}, ${who.role}</span> <button class="quiet">Sign out</button></form>`;
  // Who may see none of the pages is not shown the way to them.
  const nav = who === undefined ? html`` : html`<nav aria-label="Pages">${links}</nav>`;
  const wide = frame.wide === true ? html` class="wide"` : html``;
  const notice = frame.notice === undefined ? html`` : html`<p class="notice" role="status">${frame.notice}</p>`;
  return html`<!doctype html><html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1"><meta name="csp-nonce" content="${frame.nonce}"><title>${title} · ${frame.week}</title><link rel="icon" href="data:,"><link rel="stylesheet" href="/style.css">${scripts}</head><body><a class="skip" href="#main">Skip to content</a><header${wide}><div class="top"><strong>sigwright</strong><span class="title" title="${frame.week}">${frame.week}</span>${person}</div>${nav}</header><main id="main"${wide}>${notice}<h1>${title}</h1>${body}</main></body></html>`
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

/** A heading that is more than its words: a link that sorts. */
export interface Heading {
  readonly words: string;
  readonly shown: Html;
  readonly sorted?: 'ascending' | 'descending' | undefined;
}

/**
 * A row's cells stand under their headings; on a narrow screen each cell is a line with its heading before it. Columns of numbers are
 * flush right.
 */
export function table(headings: readonly (string | Heading)[], rows: readonly (readonly (Html | string | number)[])[]): Html {
  const words = headings.map((heading) => (typeof heading === 'string' ? heading : heading.words));
  const isNumber = words.map((_, at) => rows.length > 0 && rows.every((cells) => typeof cells[at] === 'number'));
  const classOf = (cell: Html | string | number, at: number): Html | undefined => (isNumber[at] ? NUMBER : isShort(cell) ? WHOLE : undefined);
  const body = rows.map(
    (cells) =>
      html`<tr>${cells.map((cell, at) => html`<td${classOf(cell, at)} data-heading="${words[at]}">${typeof cell === 'number' ? cell.toLocaleString('en') : cell}</td>`)}</tr>`,
  );
  const heads = headings.map((heading, at) => {
    const sorted = typeof heading === 'string' || heading.sorted === undefined ? undefined : html` aria-sort="${heading.sorted}"`;
    return html`<th scope="col"${isNumber[at] ? NUMBER : undefined}${sorted}>${typeof heading === 'string' ? heading : heading.shown}</th>`;
  });
  return html`<table><thead><tr>${heads}</tr></thead><tbody>${body}</tbody></table>`;
}

const NUMBER = html` class="number"`;
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

/** Which part of a list a page shows, and the ways to the others. */
export interface Part<Item> {
  readonly items: readonly Item[];
  readonly ways: Html;
}

/** `from`: number of the first item, from the address line. `link`: the address of the part that begins with an item. */
export function partOf<Item>(all: readonly Item[], from: string | undefined, size: number, link: (from: number) => string): Part<Item> {
  const wanted = /^\d{1,9}$/.test(from ?? '') ? Number(from) : 0;
  const start = wanted < all.length ? wanted - (wanted % size) : 0;
  const items = all.slice(start, start + size);
  if (items.length === all.length) return { items, ways: html`` };
  const before = start === 0 ? html`` : html`<a href="${link(start - size)}" rel="prev">Previous ${size.toLocaleString('en')}</a>`;
  const left = all.length - start - items.length;
  const after = left === 0 ? html`` : html`<a href="${link(start + size)}" rel="next">Next ${Math.min(size, left).toLocaleString('en')}</a>`;
  return {
    items,
    ways: html`<p class="pages"><span>${`${(start + 1).toLocaleString('en')} to ${ofAll(start + items.length, all.length)}`}</span>${before}${after}</p>`,
  };
}

/** `2024-03-08 09:03:00` in UTC, as cells show it below a heading that says UTC; an ISO text or milliseconds. */
export function when(time: string | number): string {
  const date = new Date(time);
  return Number.isNaN(date.getTime()) ? '' : date.toISOString().slice(0, 19).replace('T', ' ');
}

/** A time in a sentence. */
export function moment(time: string | number): string {
  const words = when(time);
  return words === '' ? '' : `${words} UTC`;
}

/** What came from a rule or a report, as a sentence: it begins with a capital letter and ends with a full stop, but for a rule. */
export function sentence(words: string): string {
  const trimmed = words.trim();
  return `${trimmed.slice(0, 1).toUpperCase()}${trimmed.slice(1)}${/(?:[.!?…:]|;\))$/.test(trimmed) ? '' : '.'}`;
}

export function empty(words: string | Html): Html {
  return html`<p class="empty">${words}</p>`;
}

export function select(name: string, label: string, options: readonly (readonly [string, string])[], chosen = ''): Html {
  return html`<label>${label} <select name="${name}">${options.map(([value, words]) => (value === chosen ? html`<option value="${value}" selected>${words}</option>` : html`<option value="${value}">${words}</option>`))}</select></label>`;
}

/** Two times of a span in a sentence; the day of the second is left out where it is the first's. */
export function fromTo(first: string | number, last: string | number): string {
  const [from, to] = [when(first), when(last)];
  if (from === to) return moment(first);
  return `${from} to ${from.slice(0, 10) === to.slice(0, 10) ? to.slice(11) : to} UTC`;
}

/** Names with their values, beside each other at any width. */
export function facts(list: readonly (readonly [name: string, value: Html | string])[]): Html {
  return html`<dl class="facts">${list.map(([name, value]) => html`<dt>${name}</dt><dd>${value}</dd>`)}</dl>`;
}

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
/** What a bar may span: what people count in. */
const STEPS = [...[1, 2, 5, 10, 15, 30].map((minutes) => minutes * MINUTE), ...[1, 2, 3, 6, 12].map((hours) => hours * HOUR), DAY, 2 * DAY, 7 * DAY];
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
  if (last === first) return html`<p class="quiet-text">${counted(total, 'alert')}, all within ${spanOf(least)} from ${moment(first)}</p>`;
  const span = Math.max(last + least - first, 12 * least);
  const step = STEPS.find((one) => one >= least && span / one <= BARS) ?? Math.ceil(span / BARS / DAY) * DAY;
  const bars = new Array<number>(Math.ceil(span / step)).fill(0);
  for (const { at, alerts } of counts) bars[Math.floor((at - first) / step)] += alerts;
  const most = Math.max(...bars);
  const width = WIDTH / bars.length;
  const drawn = bars.map((alerts, at) => {
    const height = alerts === 0 ? 0 : Math.max(2, (alerts / most) * HEIGHT);
    const from = first + at * step;
    return html`<rect x="${(at * width).toFixed(1)}" y="${(HEIGHT - height).toFixed(1)}" width="${Math.max(1, width - 1).toFixed(1)}" height="${height.toFixed(1)}"><title>${moment(from)}: ${counted(alerts, 'alert')}</title></rect>`;
  });
  return html`<figure class="timeline"><svg viewBox="0 0 ${WIDTH} ${HEIGHT}" preserveAspectRatio="none" role="img" aria-label="${counted(total, 'alert')} over time, at most ${most} in ${spanOf(step)}">${drawn}</svg><figcaption><span>${minuteOf(first)}</span><span>${counted(total, 'alert')}; a bar is ${spanOf(step)}, the highest ${counted(most, 'alert')}</span><span>${minuteOf(first + bars.length * step)}</span></figcaption></figure>`;
}

/** Bars begin at whole minutes. */
function minuteOf(time: number): string {
  return `${when(time).slice(0, 16)} UTC`;
}

function spanOf(milliseconds: number): string {
  if (milliseconds % DAY === 0) return counted(milliseconds / DAY, 'day');
  return milliseconds % 3_600_000 === 0 ? counted(milliseconds / 3_600_000, 'hour') : counted(milliseconds / 60_000, 'minute');
}
