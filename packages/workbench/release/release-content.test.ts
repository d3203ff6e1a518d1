/** Lines of a release that are no rules: what counts as one, and how a difference is told in both changelogs. */
import { expect, test } from 'vitest';
import { changelogMarkdown, changelogText, compareReleases } from './compare.ts';
import { compareLines, contentOf } from './release-content.ts';

const RULE = 'alert tcp any any -> any any (msg:"a"; sid:1; rev:1;)';

test.each<readonly [why: string, name: string, text: string, lines: readonly string[]]>([
  ['a comment', 'a.rules', `# by category\n${RULE}\n`, ['# by category']],
  [
    'rules, enabled or not, are none, nor are blank lines and lone marks',
    'a.rules',
    `#\n\n${RULE}\n#${RULE.replace('sid:1', 'sid:2')}\n# ${RULE.replace('sid:1', 'sid:3')}\n`,
    [],
  ],
  ['a rule over two lines is one rule', 'a.rules', `${RULE.replace('msg', '\\\nmsg')}\n# end`, ['# end']],
  ['what was meant as a rule and is none', 'a.rules', `${RULE}\nalrt tcp any any\n`, ['alrt tcp any any']],
  ['the comment that dates the file is none', 'a.rules', `# My rules 2024.2, 2024-03-08\n# since 2024\n`, ['# since 2024']],
  ['every line of a configuration', 'classification.config', 'config classification: a,b,1\r\n\r\n', ['config classification: a,b,1']],
  ['a version alone', 'suricata-7-x.txt', '2024.2\n', []],
])('%s', (_why, name, text, lines) => expect(contentOf([[name, text]], '2024.2').lines.get(name)).toEqual(lines));

test('maps and other files are left out', () => {
  expect(
    contentOf(
      [
        ['sid-msg.map', '1 || a'],
        ['x.json', '{}'],
      ],
      '',
    ).lines.size,
  ).toBe(0);
});

const difference = compareLines(
  contentOf(
    [
      ['a.rules', `# old\n# twice\n# twice\n${RULE}`],
      ['b.rules', '# old'],
      ['gone.config', 'config x'],
    ],
    '',
  ),
  contentOf(
    [
      ['a.rules', `# new \`here\`\n# twice\n${RULE}`],
      ['b.rules', '# new `here`'],
      ['c.rules', '# new `here`'],
      ['d.rules', '# new `here`'],
    ],
    '',
  ),
);

test('a line counts as often as it stands there, and is told once for all its files', () => {
  expect(difference).toEqual({
    added: [{ line: '# new `here`', files: ['a.rules', 'b.rules', 'c.rules', 'd.rules'] }],
    removed: [
      { line: '# old', files: ['a.rules', 'b.rules'] },
      { line: '# twice', files: ['a.rules'] },
      { line: 'config x', files: ['gone.config'] },
    ],
  });
});

test('a new file tells only what no file had: not the licence above its rules', () => {
  const before = contentOf(
    [
      ['LICENSE', 'licence'],
      ['a.rules', '# about a'],
    ],
    '',
  );
  const after = contentOf(
    [
      ['LICENSE', 'licence'],
      ['a.rules', '# about a'],
      ['b.rules', '# licence\n# about b'],
    ],
    '',
  );
  expect(compareLines(before, after)).toEqual({ added: [{ line: '# about b', files: ['b.rules'] }], removed: [] });
  expect(compareLines(after, before)).toEqual({ added: [], removed: [{ line: '# about b', files: ['b.rules'] }] });
});

test('both changelogs have them behind the rules, each under its heading', () => {
  const rules = compareReleases([], []);
  expect(changelogText(rules, 'x', difference)).toMatch(
    /Added non-rule lines:.*\n\n {2}# new `here` \(4 files\)\n\n.*Removed non-rule lines:.*\n\n {2}# old \(a\.rules, b\.rules\)\n {2}# twice \(a\.rules\)\n {2}config x \(gone\.config\)\n$/,
  );
  expect(changelogMarkdown(rules, 'x', [], difference)).toContain(
    '## Added non-rule lines\n\n- `` # new `here` `` (4 files)\n\n## Removed non-rule lines\n\n- `# old` (a.rules, b.rules)\n',
  );
  expect(changelogText(rules, 'x')).not.toContain('non-rule');
});
