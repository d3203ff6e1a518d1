/** Two sets of rules, compared by SID: what a reader of a release wants to know. */
import { counted } from '@sigwright/bytes';
import type { Rule } from '@sigwright/contracts';
import { metadataOf } from '../repository/metadata.ts';
import { changeLine, changesOf, type RuleChange } from './changes.ts';
import { AS_WRITTEN, type EngineSet } from './engines.ts';
import { type LineChange, type LineDifference, NO_LINES } from './release-content.ts';

export interface ReleaseRule {
  readonly rule: Rule;
  readonly file: string;
}

/** A rule of the later set that the earlier one had too. */
export interface ChangedRule extends ReleaseRule {
  readonly before: ReleaseRule;
  /** empty where the rule was only switched or moved */
  readonly changes: readonly RuleChange[];
}

export interface ReleaseDifference {
  readonly added: readonly ReleaseRule[];
  readonly removed: readonly ReleaseRule[];
  readonly enabled: readonly ChangedRule[];
  readonly disabled: readonly ChangedRule[];
  /** text or rev changed; active and inactive ones */
  readonly modifiedActive: readonly ChangedRule[];
  readonly modifiedInactive: readonly ChangedRule[];
  readonly enabledAndModified: readonly ChangedRule[];
  readonly disabledAndModified: readonly ChangedRule[];
  /** moved to another file with nothing else changed */
  readonly moved: readonly ChangedRule[];
  /** what fires may differ, and rev is the same; also among the modified ones */
  readonly silentlyChanged: readonly ChangedRule[];
}

export function compareReleases(before: readonly ReleaseRule[], after: readonly ReleaseRule[]): ReleaseDifference {
  const old = new Map(before.map((one) => [one.rule.sid, one]));
  const now = new Map(after.map((one) => [one.rule.sid, one]));
  const result = {
    added: [] as ReleaseRule[],
    removed: [] as ReleaseRule[],
    enabled: [] as ChangedRule[],
    disabled: [] as ChangedRule[],
    modifiedActive: [] as ChangedRule[],
    modifiedInactive: [] as ChangedRule[],
    enabledAndModified: [] as ChangedRule[],
    disabledAndModified: [] as ChangedRule[],
    moved: [] as ChangedRule[],
    silentlyChanged: [] as ChangedRule[],
  };
  for (const [sid, one] of now) {
    const was = old.get(sid);
    if (was === undefined) {
      result.added.push(one);
      continue;
    }
    const changed = was.rule.text !== one.rule.text;
    const switched = was.rule.enabled !== one.rule.enabled;
    if (!changed && !switched && was.file === one.file) continue;
    const told: ChangedRule = { ...one, before: was, changes: changed ? changesOf(was.rule, one.rule) : [] };
    if (was.rule.rev === one.rule.rev && told.changes.some((change) => change.kind === 'detection')) result.silentlyChanged.push(told);
    if (switched && changed) (one.rule.enabled ? result.enabledAndModified : result.disabledAndModified).push(told);
    else if (switched) (one.rule.enabled ? result.enabled : result.disabled).push(told);
    else if (changed) (one.rule.enabled ? result.modifiedActive : result.modifiedInactive).push(told);
    else result.moved.push(told);
  }
  for (const [sid, one] of old) if (!now.has(sid)) result.removed.push(one);
  const order = (list: ReleaseRule[]): void => {
    list.sort((a, b) => (a.file < b.file ? -1 : a.file > b.file ? 1 : a.rule.sid - b.rule.sid));
  };
  for (const list of Object.values(result)) order(list);
  return result;
}

const SECTIONS: readonly (readonly [keyof ReleaseDifference, string, string])[] = [
  ['added', '[+++]          Added rules:          [+++]', 'Added'],
  ['enabled', '[+++]         Enabled rules:         [+++]', 'Enabled'],
  ['enabledAndModified', '[+++]  Enabled and modified rules:   [+++]', 'Enabled and modified'],
  ['modifiedActive', '[///]     Modified active rules:     [///]', 'Modified active'],
  ['modifiedInactive', '[///]    Modified inactive rules:    [///]', 'Modified inactive'],
  ['disabledAndModified', '[---]  Disabled and modified rules:  [---]', 'Disabled and modified'],
  ['disabled', '[---]         Disabled rules:        [---]', 'Disabled'],
  ['removed', '[---]         Removed rules:         [---]', 'Removed'],
];

const LINE_SECTIONS: readonly (readonly [keyof LineDifference, string, string])[] = [
  ['added', '[+++]      Added non-rule lines:     [+++]', 'Added non-rule lines'],
  ['removed', '[---]     Removed non-rule lines:    [---]', 'Removed non-rule lines'],
];
/** Files that are named beside a line; of more their number. */
const MOST_FILES_NAMED = 3;

function filesOf({ files }: LineChange): string {
  return files.length > MOST_FILES_NAMED ? `${files.length} files` : files.join(', ');
}

/** ET's reason for a rule that is off, from its metadata; empty where it gives none. */
export function reasonOf(rule: Rule): string {
  return (metadataOf(rule, 'deprecation_reason')[0] ?? '').replaceAll('_', ' ');
}

function line({ rule, file }: ReleaseRule): string {
  const reason = rule.enabled ? '' : reasonOf(rule);
  return `${rule.sid} - ${rule.message} (${file})${reason === '' ? '' : `, ${reason}`}`;
}

function isChanged(one: ReleaseRule): one is ChangedRule {
  return 'changes' in one;
}

/** The machine changelog, under the headings that rule tools have printed for twenty years. */
export function changelogText(difference: ReleaseDifference, title: string, lines: LineDifference = NO_LINES): string {
  const parts = [`[***] ${title} [***]\n`];
  for (const [key, heading] of SECTIONS) {
    const list = difference[key];
    if (list.length === 0) continue;
    parts.push(`\n${heading}\n\n${list.map((one) => `  ${line(one)}`).join('\n')}\n`);
  }
  for (const [key, heading] of LINE_SECTIONS) {
    if (lines[key].length > 0) parts.push(`\n${heading}\n\n${lines[key].map((one) => `  ${one.line} (${filesOf(one)})`).join('\n')}\n`);
  }
  if (parts.length === 1) parts.push('\n  nothing changed\n');
  return parts.join('');
}

/** The daily summary as Markdown; under a modified rule stands what was modified, dates and other metadata only where nothing else was. */
export function changelogMarkdown(difference: ReleaseDifference, title: string, thanks: readonly string[], others: LineDifference = NO_LINES): string {
  const lines = [
    `# ${title}`,
    '',
    `**Summary:** ${counted(difference.added.length, 'new rule')}, ${counted(difference.modifiedActive.length + difference.modifiedInactive.length, 'modified rule')}, ${counted(difference.disabled.length + difference.disabledAndModified.length, 'rule')} disabled, ${counted(difference.removed.length, 'rule')} removed.`,
  ];
  if (thanks.length > 0) lines.push('', `**Thanks:** ${thanks.join(', ')}`);
  for (const [key, , heading] of SECTIONS) {
    const list = difference[key];
    if (list.length === 0) continue;
    lines.push('', `## ${heading}`, '');
    for (const one of list) {
      lines.push(`- ${line(one)}`);
      if (!isChanged(one)) continue;
      const told = one.changes.filter(({ kind }) => kind !== 'metadata');
      for (const change of told.length > 0 ? told : one.changes) lines.push(`  - \`${changeLine(change)}\``);
    }
  }
  for (const [key, , heading] of LINE_SECTIONS) {
    if (others[key].length > 0) lines.push('', `## ${heading}`, '', ...others[key].map((one) => `- ${codeSpan(one.line)} (${filesOf(one)})`));
  }
  return `${lines.join('\n')}\n`;
}

/** Text of a file as Markdown: as it is, whatever is in it. */
function codeSpan(text: string): string {
  const longest = Math.max(0, ...(text.match(/`+/g) ?? []).map((run) => run.length));
  const fence = '`'.repeat(longest + 1);
  return longest === 0 ? `${fence}${text}${fence}` : `${fence} ${text} ${fence}`;
}

/** What each engine's folder holds and lacks, as the last part of the Markdown. */
export function enginesMarkdown(engines: readonly EngineSet[]): string {
  const lines = ['', '## Engines', ''];
  for (const { engine, rules, refused } of engines) {
    const other = rules.filter(({ proof }) => proof !== AS_WRITTEN).length;
    lines.push(`- ${engine}: ${counted(rules.length, 'rule')}, ${other} in other words than written, ${refused.size} left out`);
    const reasons = new Map<string, number[]>();
    for (const [sid, why] of refused) reasons.set(why, [...(reasons.get(why) ?? []), sid]);
    for (const [why, sids] of reasons) lines.push(`  - ${why}: ${sids.join(', ')}`);
  }
  return `${lines.join('\n')}\n`;
}
