/** What is said about a changed rule: one case for each way in which two revisions can differ. */
import { parseRules } from '@sigwright/rule-language';
import { describe, expect, test } from 'vitest';
import { changeLine, changesOf, wordsOf } from './changes.ts';

const parse = (text: string) => parseRules(text).rules[0];
const rule = (body: string, header = 'alert http $HOME_NET any -> $EXTERNAL_NET any') => parse(`${header} (msg:"a"; ${body}sid:1; rev:1;)`);

describe('changes', () => {
  test.each<readonly [why: string, before: ReturnType<typeof rule>, after: ReturnType<typeof rule>, lines: readonly string[]]>([
    ['nothing', rule('content:"a"; '), rule('content:"a"; '), []],
    ['blanks only', rule('content:"a"; '), rule('content:  "a";  '), []],
    [
      'a content put between others is one addition',
      rule('content:"a"; content:"c"; '),
      rule('content:"a"; content:"b"; content:"c"; '),
      ['detection: content "b" added'],
    ],
    ['a modifier taken away', rule('content:"a"; nocase; '), rule('content:"a"; '), ['detection: nocase removed']],
    ['a value reworded', rule('http.uri; bsize:4; '), rule('http.uri; bsize:5; '), ['detection: bsize 4 → 5']],
    [
      'the header',
      rule('', 'alert http any any -> any any'),
      rule('', 'drop http any any -> any 80'),
      ['detection: action alert → drop', 'detection: destination ports any → 80'],
    ],
    [
      'a reference is no detection',
      rule('reference:url,example.com; '),
      rule('reference:url,example.com; reference:url,example.org; '),
      ['description: reference url,example.org added'],
    ],
    [
      'metadata by key, whatever its order',
      rule('metadata:tag a, updated_at 2024_01_01; '),
      rule('metadata:updated_at 2024_02_01, tag a, tag b; '),
      ['metadata: metadata tag a → a, b', 'metadata: metadata updated_at 2024_01_01 → 2024_02_01'],
    ],
  ])('%s', (_why, before, after, lines) => {
    expect(changesOf(before, after).map((change) => `${change.kind}: ${changeLine(change)}`)).toEqual(lines);
  });

  test('a long value shows only what changed in it and a little around', () => {
    const long = 'x'.repeat(80);
    const [change] = changesOf(rule(`content:"${long} one end"; `), rule(`content:"${long} two end"; `));
    expect(changeLine(change)).toBe(`content …xxxxxxxxxxx [-one-]{+two+} end"`);
  });
});

test('words: what is kept and added is the later text, what is kept and removed the earlier', () => {
  const before = 'Observed DNS Query to Evil Domain (evil .com)';
  const after = 'Observed DNS Query to Worse Domain (worse .com)';
  const joined = (kind: string) =>
    wordsOf(before, after)
      .filter((piece) => piece.kind === 'same' || piece.kind === kind)
      .map((piece) => piece.text)
      .join('');
  expect(joined('removed')).toBe(before);
  expect(joined('added')).toBe(after);
});
