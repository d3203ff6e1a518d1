/** The page of a SID: what it detects and why, what to do when it fires, the bytes that fire it, its cost, its life, whom to thank. */
import { type ExplainedBytes, type RuleCost, rarityInWords } from '@sigwright/detection';
import { metadataOf, metadataPairs } from '../repository/metadata.ts';
import { type ReportFile, type Repository, type RepositoryRule, type Role, roleOf } from '../repository/repository.ts';
import { escaped, html, type Markup, webLink } from './html.ts';
import { DETECTS, thingsToDo } from './role-words.ts';
import type { SeenBytes, SiteOptions } from './site.ts';

export function rulePage(
  repository: Repository,
  one: RepositoryRule,
  report: ReportFile | undefined,
  known: ReadonlyMap<number, RepositoryRule>,
  options: SiteOptions,
): Markup {
  const { rule } = one;
  const named = report?.rules.find(({ sid }) => sid === rule.sid);
  const role = roleOf(rule) ?? named?.role;
  const references = rule.options.filter(({ name, value }) => name === 'reference' && value !== undefined).map(({ value }) => value!);
  const facts: [string, Markup][] = [
    ['SID', html`${rule.sid}, rev ${rule.rev}${rule.enabled ? '' : ', disabled'}`],
    ['Category', html`<a href="../category/${one.category}.html">${one.category}</a>`],
    ['Role', html`${(role ?? 'not said').replace('_', '-')}`],
    ...metadataPairs(rule)
      .filter(([key]) => key !== 'role')
      .map(([key, value]): [string, Markup] => [key.replaceAll('_', ' '), html`${/_at$/.test(key) ? dayOf(value) : value}`]),
    ...references.map((written): [string, Markup] => ['Reference', reference(written)]),
  ];
  const related = (report?.rules ?? []).flatMap(({ sid }) => (sid === rule.sid ? [] : (known.get(sid) ?? [])));
  return html`<p>${detects(one, role, named?.['alerts-on'] ?? '')}</p>
<dl>${facts.map(([term, value]) => html`<dt>${term}</dt><dd>${value}</dd>\n`)}</dl>
<h2>The rule</h2><pre class="rule">${rule.text}</pre>
${report === undefined ? html`` : html`<h2>Why</h2><p>${report.summary.trim()} See <a href="../campaign/${report.slug}.html">${report.title}</a>.</p>`}
<h2>When it fires</h2>${thingsToDo(report, role === undefined ? [] : [role])}
<h2>Evidence</h2>${evidence(repository, one, options)}
<h2>Cost</h2>${cost(options.cost(one))}
<h2>History</h2><ul>${historyOf(repository, one, options).map((line) => html`<li>${line}</li>`)}</ul>
${related.length === 0 ? html`` : html`<h2>Related rules</h2><ul>${related.map((other) => ruleLine(other, '../'))}</ul>`}
<h2>Thanks to</h2>${report === undefined ? html`<p>No report stands behind this rule, so nobody is named.</p>` : credits(report)}`;
}

function detects({ rule }: RepositoryRule, role: Role | undefined, on: string): string {
  const family = metadataOf(rule, 'malware_family').join(', ').replaceAll('_', ' ');
  const where = `, in ${rule.protocol} from ${rule.source.text} to ${rule.destination.text}`;
  const what = role === undefined ? `what its message says` : `${DETECTS[role]}${family === '' ? '' : ` (${family})`}`;
  return `Detects ${what}${where}.${on === '' ? '' : ` Alerts on: ${on}.`}`;
}

export function ruleLine({ rule }: RepositoryRule, up: string): Markup {
  return html`<li><a href="${up}sid/${rule.sid}.html">${rule.sid}</a> ${rule.message}${rule.enabled ? '' : ' (disabled)'}</li>\n`;
}

export function credits(report: ReportFile): Markup {
  const who = report.credits.map(({ handle, name, where }) => html`<li>${handle}${name === '' ? '' : ` (${name})`}${where === '' ? '' : ` on ${where}`}</li>`);
  const { publisher, url } = report.source;
  const source = publisher === '' && url === '' ? html`` : html`<p>Source: ${publisher} ${webLink(url)}</p>`;
  return html`${who.length === 0 ? html`<p>Nobody is named in the report.</p>` : html`<ul>${who}</ul>`}${source}`;
}

function reference(written: string): Markup {
  const [kind, ...rest] = written.split(',');
  const value = rest.join(',').trim();
  return kind.trim() === 'url' ? webLink(/^https?:/i.test(value) ? value : `https://${value}`) : html`${kind.trim()} ${value}`;
}

/** `2024_05_16`, as metadata has days, with dashes; other words as they are. */
function dayOf(value: string): string {
  return /^\d{4}_\d{2}_\d{2}$/.test(value) ? value.replaceAll('_', '-') : value;
}

/** What happened, by day. */
function historyOf(repository: Repository, { rule }: RepositoryRule, options: SiteOptions): readonly string[] {
  const locked = repository.lock.rules[String(rule.sid)];
  const made = (locked?.decisions ?? []).map(
    ({ date, decision, reason, by }) => `${date} decided: ${decision}${reason === '' ? '' : `, ${reason}`}${by === undefined ? '' : `, by ${by}`}`,
  );
  const dated = (['created', 'updated'] as const).flatMap((word) => metadataOf(rule, `${word}_at`).map((day) => `${dayOf(day)} ${word}`));
  const byDay = [...dated, ...made, ...options.history(rule.sid)].sort((a, b) =>
    a.slice(0, 10) < b.slice(0, 10) ? -1 : a.slice(0, 10) > b.slice(0, 10) ? 1 : 0,
  );
  return [...byDay, ...(locked?.released === undefined ? [] : [`first released with ${locked.released}`])];
}

function cost(measured: RuleCost | undefined): Markup {
  if (measured === undefined) return html`<p>The engine does not load this rule.</p>`;
  const { grade, prefilter, advice } = measured;
  const first =
    prefilter === undefined
      ? 'no literal is looked for first'
      : `looked for first: ${prefilter.literal} in ${prefilter.where}, ${rarityInWords(prefilter.rarity)}`;
  return html`<p>Grade ${grade} (A is the cheapest); ${first}.</p>${advice.length === 0 ? html`` : html`<ul>${advice.map((line) => html`<li>${line}</li>`)}</ul>`}`;
}

function evidence(repository: Repository, one: RepositoryRule, options: SiteOptions): Markup {
  const expectation = repository.evidence.get(one.rule.sid);
  if (expectation === undefined) return html`<p>There is no capture for this rule.</p>`;
  const parts = expectation.fires.map(({ capture, alerts, shows, networks }, at) => {
    const seen = options.seen(one, capture, { ...repository.settings.networks, ...networks });
    const count = seen === undefined ? 'does not fire here now' : alerts === 1 ? 'fires once' : `fires ${alerts} times`;
    const bytes = seenTogether(seen ?? []).map(
      ({ where, conditions, found, ranges }) => html`<p class="soft">${where}: ${conditions.join('; ')}</p><pre tabindex="0">${dump(found, ranges)}</pre>`,
    );
    const heading = `${capture}: ${count}`;
    // The first shows it all; who wants the others opens them.
    return at === 0 ? html`<h3>${heading}</h3><p>${shows}</p>${bytes}` : html`<details><summary>${heading}</summary><p>${shows}</p>${bytes}</details>`;
  });
  const silent = expectation.silent.map(({ capture, because }) => html`<li>${capture}${because === '' ? '' : `: ${because}`}</li>`);
  return html`${parts}${silent.length === 0 ? html`` : html`<h3>Silent on</h3><ul>${silent}</ul>`}`;
}

interface SeenTogether {
  readonly where: string;
  readonly conditions: string[];
  readonly found: ExplainedBytes;
  readonly ranges: { readonly start: number; readonly end: number }[];
}

/** What conditions matched in the same bytes of a buffer is shown once. */
export function seenTogether(seen: readonly SeenBytes[]): readonly SeenTogether[] {
  const groups: SeenTogether[] = [];
  for (const { where, condition, found } of seen) {
    const same = groups.find((one) => one.where === where && one.found.from === found.from && sameBytes(one.found.bytes, found.bytes));
    if (same === undefined) groups.push({ where, conditions: [condition], found, ranges: [found] });
    else {
      same.conditions.push(condition);
      same.ranges.push(found);
    }
  }
  return groups;
}

function sameBytes(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((byte, at) => byte === b[at]);
}

const LINE = 16;
const MOST_LINES = 8;

/** Sixteen bytes a line around the matches, which are marked. */
export function dump(
  { bytes, from, start, end }: ExplainedBytes,
  ranges: readonly { readonly start: number; readonly end: number }[] = [{ start, end }],
): Markup {
  const begin = Math.max(0, Math.min(...ranges.map((one) => one.start)) - from - LINE);
  const stop = Math.min(bytes.length, Math.max(...ranges.map((one) => one.end)) - from + LINE);
  const lines: Markup[] = [];
  for (let at = begin - (begin % LINE); at < stop && lines.length < MOST_LINES; at += LINE) {
    let hex = '';
    let text = '';
    for (let byte = at; byte < Math.min(at + LINE, bytes.length); byte++) {
      const value = bytes[byte];
      const matched = ranges.some((one) => byte + from >= one.start && byte + from < one.end);
      const shown = value >= 0x20 && value < 0x7f ? escaped(String.fromCharCode(value)) : '.';
      hex += `${matched ? `<mark>${hexOf(value)}</mark>` : hexOf(value)} `;
      text += matched ? `<mark>${shown}</mark>` : shown;
    }
    const missing = Math.max(0, at + LINE - bytes.length);
    lines.push({ markup: `${String(at + from).padStart(6)}  ${hex}${'   '.repeat(missing)} ${text}\n` });
  }
  return html`${lines}`;
}

function hexOf(value: number): string {
  return value.toString(16).padStart(2, '0');
}
