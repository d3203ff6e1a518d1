/** Releases: what each changed and holds; what any two of them, or one and the rules of today, differ in, word by word. */
import { type ChangedRule, compareReleases, type ReleaseDifference, type ReleaseRule, type RuleChange, wordsOf } from '@sigwright/workbench';
import { TODAY } from '../desk/releases.ts';
import type { Desk } from '../desk.ts';
import { type Html, html } from '../html.ts';
import { counted, csrfField, empty, ruleLink, select, table } from '../layout.ts';
import { NO_REPOSITORY } from './rules.ts';

/** Rules of one kind that are shown; more have their number. */
const MOST_SHOWN = 300;

export function releasesPage(desk: Desk, csrf: string | undefined, mayRelease: boolean): Html {
  if (desk.repository() === undefined) return empty(NO_REPOSITORY);
  const releases = desk.releases.list();
  const make =
    csrf === undefined || !mayRelease
      ? html``
      : html`<form class="line" method="post" action="/releases">${csrfField(csrf)}<label>New version <input name="version" required maxlength="60" value="${String(Number(releases[0]?.version ?? 0) + 1 || '')}"></label><button>Make a release</button></form>`;
  const list = releases.map((release, at) => {
    const before = releases[at + 1]?.version;
    const differences =
      before === undefined ? html`` : html`<p><a href="${differenceAt(before, release.version)}">Every difference from version ${before}, word by word</a></p>`;
    return html`<section class="card"><h2>Version ${release.version}</h2>${differences}<details open><summary>What changed</summary><pre class="text">${release.changelog}</pre></details><details><summary>${counted(release.files.length, 'file')}</summary>${table(
      ['file', 'bytes'],
      release.files.map((file) => [file.path, file.bytes]),
    )}</details></section>`;
  });
  return html`${make}${releases.length === 0 ? html`` : compareForm(desk, releases[0].version, TODAY)}${list.length === 0 ? empty('Nothing was released yet.') : list}`;
}

function differenceAt(from: string, to: string): string {
  return `/releases/difference?from=${encodeURIComponent(from)}&to=${encodeURIComponent(to)}`;
}

function compareForm(desk: Desk, from: string, to: string): Html {
  const versions: [string, string][] = [
    [TODAY, 'the rules of today'],
    ...desk.releases.list().map(({ version }): [string, string] => [version, `version ${version}`]),
  ];
  return html`<form class="line" method="get" action="/releases/difference">${select('from', 'From', versions, from)}${select('to', 'To', versions, to)}<button>Compare</button></form>`;
}

const GROUPS: readonly (readonly [Exclude<keyof ReleaseDifference, 'added' | 'removed'>, string])[] = [
  ['modifiedActive', 'Changed'],
  ['enabledAndModified', 'Enabled and changed'],
  ['disabledAndModified', 'Disabled and changed'],
  ['enabled', 'Enabled'],
  ['disabled', 'Disabled'],
  ['modifiedInactive', 'Changed while disabled'],
  ['moved', 'Moved to another file'],
];

/** Undefined: there is no such release. */
export function differencePage(desk: Desk, from: string, to: string): Html | undefined {
  if (desk.repository() === undefined) return empty(NO_REPOSITORY);
  const [before, after] = [desk.releases.rulesOf(from), desk.releases.rulesOf(to)];
  if (before === undefined || after === undefined) return undefined;
  const difference = compareReleases(before, after);
  const form = compareForm(desk, from, to);
  const parts: Html[] = [];
  const plain = (title: string, rules: readonly ReleaseRule[]): void => {
    if (rules.length === 0) return;
    const rows = rules.slice(0, MOST_SHOWN).map(({ rule, file }) => [ruleLink(rule.sid), rule.message, file]);
    parts.push(html`<h2>${title}: ${rules.length}</h2><div data-rows="tr">${table(['sid', 'message', 'file'], rows)}</div>${left(rules.length)}`);
  };
  plain('New', difference.added);
  plain('Gone', difference.removed);
  const silent = new Set(difference.silentlyChanged.map(({ rule }) => rule.sid));
  for (const [key, title] of GROUPS) {
    const rules = difference[key];
    if (rules.length > 0)
      parts.push(
        html`<h2>${title}: ${rules.length}</h2>${rules.slice(0, MOST_SHOWN).map((one) => changed(one, silent.has(one.rule.sid)))}${left(rules.length)}`,
      );
  }
  const name = (which: string): string => (which === TODAY ? 'the rules of today' : `version ${which}`);
  const lead = html`<p class="lead">From ${name(from)} (${counted(before.length, 'rule')}) to ${name(to)} (${counted(after.length, 'rule')}).</p>`;
  const warning =
    silent.size === 0
      ? html``
      : html`<p class="problem">${counted(silent.size, 'rule')} changed in what fires, with the same rev: who compares numbers does not see it.</p>`;
  return html`${form}${lead}${warning}${parts.length === 0 ? empty('They hold the same rules.') : parts}`;
}

function left(count: number): Html {
  return count <= MOST_SHOWN
    ? html``
    : html`<p class="quiet-text">${count - MOST_SHOWN} more are not shown; <code>sigwright compare</code> names them all.</p>`;
}

function changed({ rule, file, before, changes }: ChangedRule, isSilent: boolean): Html {
  const rev = before.rule.rev === rule.rev ? `rev ${rule.rev}` : `rev ${before.rule.rev} → ${rule.rev}`;
  const moved = before.file === file ? html`` : html`<li>file: ${before.file} → ${file}</li>`;
  return html`<section class="card${isSilent ? ' watch' : ''}"><h3>${ruleLink(rule.sid)} ${rule.message} <span class="tag">${rev}</span></h3>${changes.length === 0 && before.file === file ? html`` : html`<ul>${changes.map(changeItem)}${moved}</ul>`}</section>`;
}

function changeItem({ what, before, after }: RuleChange): Html {
  if (before === undefined) return html`<li><strong>${what}</strong> added: <mark>${after === '' ? what : after}</mark></li>`;
  if (after === undefined) return html`<li><strong>${what}</strong> removed: <span class="gone">${before === '' ? what : before}</span></li>`;
  const words = wordsOf(before, after).map(({ kind, text }) =>
    kind === 'same' ? html`${text}` : kind === 'added' ? html`<mark>${text}</mark>` : html`<span class="gone">${text}</span>`,
  );
  return html`<li><strong>${what}</strong> ${words}</li>`;
}
