/** Two sets of rules, compared by SID: what a reader of a release wants to know. */
import type { Rule } from '@sigwright/contracts';

export interface ReleaseRule {
  readonly rule: Rule;
  readonly file: string;
}

export interface ReleaseDifference {
  readonly added: readonly ReleaseRule[];
  readonly removed: readonly ReleaseRule[];
  readonly enabled: readonly ReleaseRule[];
  readonly disabled: readonly ReleaseRule[];
  /** text or rev changed; active and inactive ones */
  readonly modifiedActive: readonly ReleaseRule[];
  readonly modifiedInactive: readonly ReleaseRule[];
  readonly enabledAndModified: readonly ReleaseRule[];
  readonly disabledAndModified: readonly ReleaseRule[];
  /** moved to another file with nothing else changed */
  readonly moved: readonly ReleaseRule[];
  /** changed without a new rev */
  readonly silentlyChanged: readonly ReleaseRule[];
}

export function compareReleases(before: readonly ReleaseRule[], after: readonly ReleaseRule[]): ReleaseDifference {
  const old = new Map(before.map((one) => [one.rule.sid, one]));
  const now = new Map(after.map((one) => [one.rule.sid, one]));
  const result = {
    added: [] as ReleaseRule[],
    removed: [] as ReleaseRule[],
    enabled: [] as ReleaseRule[],
    disabled: [] as ReleaseRule[],
    modifiedActive: [] as ReleaseRule[],
    modifiedInactive: [] as ReleaseRule[],
    enabledAndModified: [] as ReleaseRule[],
    disabledAndModified: [] as ReleaseRule[],
    moved: [] as ReleaseRule[],
    silentlyChanged: [] as ReleaseRule[],
  };
  for (const [sid, one] of now) {
    const was = old.get(sid);
    if (was === undefined) {
      result.added.push(one);
      continue;
    }
    const changed = was.rule.text !== one.rule.text;
    const switched = was.rule.enabled !== one.rule.enabled;
    if (changed && was.rule.rev === one.rule.rev) result.silentlyChanged.push(one);
    if (switched && changed) (one.rule.enabled ? result.enabledAndModified : result.disabledAndModified).push(one);
    else if (switched) (one.rule.enabled ? result.enabled : result.disabled).push(one);
    else if (changed) (one.rule.enabled ? result.modifiedActive : result.modifiedInactive).push(one);
    else if (was.file !== one.file) result.moved.push(one);
  }
  for (const [sid, one] of old) if (!now.has(sid)) result.removed.push(one);
  const order = (list: ReleaseRule[]): void => {
    list.sort((a, b) => a.file.localeCompare(b.file) || a.rule.sid - b.rule.sid);
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

/** The machine changelog, under the headings that rule tools have printed for twenty years. */
export function changelogText(difference: ReleaseDifference, title: string): string {
  const parts = [`[***] ${title} [***]\n`];
  for (const [key, heading] of SECTIONS) {
    const list = difference[key];
    if (list.length === 0) continue;
    parts.push(`\n${heading}\n\n${list.map(({ rule, file }) => `  ${rule.sid} - ${rule.message} (${file})`).join('\n')}\n`);
  }
  if (parts.length === 1) parts.push('\n  nothing changed\n');
  return parts.join('');
}

/** The daily summary as Markdown. */
export function changelogMarkdown(difference: ReleaseDifference, title: string, thanks: readonly string[]): string {
  const lines = [
    `# ${title}`,
    '',
    `**Summary:** ${count(difference.added.length, 'new rule')}, ${count(difference.modifiedActive.length + difference.modifiedInactive.length, 'modified rule')}, ${count(difference.disabled.length + difference.disabledAndModified.length, 'rule')} disabled, ${count(difference.removed.length, 'rule')} removed.`,
  ];
  if (thanks.length > 0) lines.push('', `**Thanks:** ${thanks.join(', ')}`);
  for (const [key, , heading] of SECTIONS) {
    const list = difference[key];
    if (list.length === 0) continue;
    lines.push('', `## ${heading}`, '', ...list.map(({ rule, file }) => `- ${rule.sid} - ${rule.message} (${file})`));
  }
  return `${lines.join('\n')}\n`;
}

function count(number: number, what: string): string {
  return `${number} ${what}${number === 1 || what.endsWith('rule') === false ? '' : 's'}`;
}
