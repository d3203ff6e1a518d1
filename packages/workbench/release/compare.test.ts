/** What a release says about the one before: one case for each way in which a rule can differ. */
import { parseRules } from '@sigwright/rule-language';
import { describe, expect, test } from 'vitest';
import { changelogMarkdown, changelogText, compareReleases, type ReleaseDifference, type ReleaseRule } from './compare.ts';

const rule = (sid: number, more: { rev?: number; content?: string; enabled?: boolean; file?: string; reviewed?: string } = {}): ReleaseRule => ({
  rule: parseRules(
    `${more.enabled === false ? '#' : ''}alert tcp any any -> any any (msg:"rule ${sid}"; content:"${more.content ?? 'a'}"; sid:${sid}; rev:${more.rev ?? 1};${more.reviewed === undefined ? '' : ` metadata:reviewed_at ${more.reviewed};`})`,
  ).rules[0],
  file: more.file ?? 'malware.rules',
});

const KINDS: readonly (keyof ReleaseDifference)[] = [
  'added',
  'removed',
  'enabled',
  'disabled',
  'modifiedActive',
  'modifiedInactive',
  'enabledAndModified',
  'disabledAndModified',
  'moved',
  'silentlyChanged',
];
const told = (difference: ReleaseDifference): string[] => KINDS.filter((kind) => difference[kind].length > 0);
const off = { enabled: false };
const changed = { rev: 2, content: 'b' };

describe('comparing', () => {
  test.each<readonly [why: string, before: readonly ReleaseRule[], after: readonly ReleaseRule[], kinds: readonly string[]]>([
    ['nothing', [rule(1)], [rule(1)], []],
    ['a new rule', [], [rule(1)], ['added']],
    ['a rule gone', [rule(1)], [], ['removed']],
    ['switched on', [rule(1, off)], [rule(1)], ['enabled']],
    ['switched off', [rule(1)], [rule(1, off)], ['disabled']],
    ['changed', [rule(1)], [rule(1, changed)], ['modifiedActive']],
    ['changed while off', [rule(1, off)], [rule(1, { ...changed, ...off })], ['modifiedInactive']],
    ['changed and switched on', [rule(1, off)], [rule(1, changed)], ['enabledAndModified']],
    ['changed and switched off', [rule(1)], [rule(1, { ...changed, ...off })], ['disabledAndModified']],
    ['moved to another file', [rule(1)], [rule(1, { file: 'info.rules' })], ['moved']],
    ['changed under the same rev', [rule(1)], [rule(1, { content: 'b' })], ['modifiedActive', 'silentlyChanged']],
  ])('%s', (_why, before, after, kinds) => {
    expect(told(compareReleases(before, after))).toEqual(kinds);
  });

  test('rules come in the order of file and SID, whatever order they were given in', () => {
    const { added } = compareReleases([], [rule(12), rule(3), rule(7, { file: 'info.rules' })]);
    expect(added.map(({ rule: { sid } }) => sid)).toEqual([7, 3, 12]);
  });
});

describe('changelogs', () => {
  const difference = compareReleases([rule(1), rule(2)], [rule(1, changed), rule(3)]);

  test('as text: a heading for each kind that occurs and for no other', () => {
    const text = changelogText(difference, 'Release 2');
    expect(text).toMatch(
      /Added rules:[\s\S]*3 - rule 3 \(malware\.rules\)[\s\S]*Modified active rules:[\s\S]*1 - rule 1[\s\S]*Removed rules:[\s\S]*2 - rule 2/,
    );
    expect(text).not.toContain('Disabled');
  });

  test('as Markdown: counts, thanks, sections', () => {
    const text = changelogMarkdown(difference, 'Release 2', ['@one', '@two']);
    expect(text).toContain('1 new rule, 1 modified rule, 0 rules disabled, 1 rule removed.');
    expect(text).toContain('**Thanks:** @one, @two');
    expect(changelogMarkdown(compareReleases([], []), 'Release 2', [])).not.toContain('Thanks');
  });

  test('as Markdown: a rule of which only the metadata changed says what', () => {
    const reviewed = compareReleases([rule(1, { reviewed: '2024_03_08' })], [rule(1, { reviewed: '2024_03_15' })]);
    expect(changelogMarkdown(reviewed, 'Release 2', [])).toMatch(/- 1 - rule 1.*\n {2}- `.*reviewed_at.*2024_03_15/);
  });

  test('where nothing changed, it says so', () => expect(changelogText(compareReleases([rule(1)], [rule(1)]), 'x')).toContain('nothing changed'));
});
