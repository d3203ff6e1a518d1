/** Review: what moves the day on which a rule is due, and which decisions are taken, refused or left waiting. */
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { checkLock } from '../repository/lock.ts';
import { openRepository, type Repository, writeWhole } from '../repository/repository.ts';
import { decide } from './decide.ts';
import { reviewQueue } from './review.ts';

const WEEK = join(import.meta.dirname, '..', '..', '..', 'examples', '2024-03-08');
let folder = '';

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'sigwright-review-'));
  cpSync(WEEK, folder, { recursive: true });
});

afterEach(() => rmSync(folder, { recursive: true, force: true }));

function repository(): Repository {
  const opened = openRepository(folder);
  if (!opened.ok) throw new Error(opened.message);
  return opened.value;
}

/** A lookup rule at full confidence, written on 2024-03-08: due after 28 days, on 2024-04-05. */
const SID = 1240330;
const TODAY = '2024-04-01';
const itemOf = (sid: number) => reviewQueue(repository(), TODAY).find((item) => item.sid === sid)!;
const settings = (more: string): void => writeFileSync(join(folder, 'ruleset.yaml'), `${readFileSync(join(folder, 'ruleset.yaml'), 'utf8')}\n${more}\n`);
const feedback = (text: string): void => void writeWhole(join(folder, 'feedback', 'one.yaml'), `sid: ${SID}\n${text}\n`);
const textOf = (sid: number): string => repository().rules.find((one) => one.rule.sid === sid)!.rule.text;

describe('when a rule is due', () => {
  test.each<readonly [why: string, prepare: () => void, due: string, words: RegExp]>([
    ['by the role of the rule', () => {}, '2024-04-05', /lookup rules are looked at every 28 days; last changed 2024-03-08/],
    [
      'by the first line of the policy that fits',
      () => settings('review: { policy: [{ role: exfil, days: 1 }, { role: lookup, category: malware, days: 10 }] }'),
      '2024-03-18',
      /role lookup, category malware/,
    ],
    ['later, where sensors still see it', () => feedback('kind: seen\ndate: 2024-03-20'), '2024-04-17', /seen on 2024-03-20/],
    [
      'at once, where it is reported wrong',
      () => feedback('kind: false_positive\ndate: 2024-03-10\nreporter: "@one"\ncomment: fires on a bank'),
      '2024-03-10',
      /false positive by @one on 2024-03-10: fires on a bank/,
    ],
    ['at once, where its names are sinkholed', () => feedback('kind: sinkholed\ndate: 2024-03-12'), '2024-03-12', /sinkholed/],
  ])('%s', (_why, prepare, due, words) => {
    prepare();
    expect(itemOf(SID)).toMatchObject({ due, why: expect.stringMatching(words) });
  });

  test('a report that a reviewer has seen no longer counts', () => {
    feedback('kind: false_positive\ndate: 2024-03-10\nrev: 1');
    expect(decide(repository(), { sid: SID, decision: 'keep', reason: '', today: TODAY })).toMatchObject({ value: 'done' });
    expect(itemOf(SID)).toMatchObject({ due: '2024-04-29' });
  });

  test('the twin of another rule is due at once and names it', () => {
    const path = join(folder, 'rules', 'malware.rules');
    writeFileSync(path, `${readFileSync(path, 'utf8')}${textOf(SID).replace(`sid:${SID};`, 'sid:1240399;')}\n`);
    expect(itemOf(1240399)).toMatchObject({ due: '2024-03-08', why: expect.stringContaining(`the same as sid ${SID}`) });
  });

  test.each<readonly [why: string, sightings: Map<number, string>, due: string, words: RegExp]>([
    ['later, where its sensors alerted since', new Map([[SID, '2024-03-25']]), '2024-04-22', /seen on 2024-03-25, so the time runs from there/],
    ['not by a sensor whose clock is ahead', new Map([[SID, '2031-01-01']]), '2024-04-29', /seen on 2024-04-01/],
    ['not by what it saw before it was changed', new Map([[SID, '2024-02-01']]), '2024-04-05', /last seen on 2024-02-01/],
    ['not by alerts of other rules', new Map([[1, '2024-03-25']]), '2024-04-05', /no sensor saw it/],
  ])('%s', (_why, sightings, due, words) => {
    expect(reviewQueue(repository(), TODAY, sightings).find((item) => item.sid === SID)).toMatchObject({ due, why: expect.stringMatching(words) });
  });

  test('a report of a false positive goes before what sensors saw; a later one than theirs before a report of being seen', () => {
    feedback('kind: false_positive\ndate: 2024-03-10');
    expect(reviewQueue(repository(), TODAY, new Map([[SID, '2024-03-25']])).find((item) => item.sid === SID)).toMatchObject({ due: '2024-03-10' });
    feedback('kind: seen\ndate: 2024-03-27');
    expect(reviewQueue(repository(), TODAY, new Map([[SID, '2024-03-25']])).find((item) => item.sid === SID)).toMatchObject({ due: '2024-04-24' });
  });

  test('feedback of another form is said, with its file', () => {
    feedback('kind: praise\ndate: 2024-03-10');
    expect(repository().problems[0].message).toContain('kind');
  });
});

describe('decisions', () => {
  const take = (decision: 'keep' | 'disable' | 'retire' | 'delete' | 'revise', more: { by?: string; rule?: string } = {}) => {
    const taken = decide(repository(), { sid: SID, decision, reason: decision === 'keep' || decision === 'revise' ? '' : 'Age', today: TODAY, ...more });
    return taken.ok ? taken.value : taken.code;
  };

  test.each<readonly [why: string, moves: readonly ('keep' | 'disable' | 'retire' | 'delete')[], said: readonly string[]]>([
    ['kept as often as one likes', ['keep', 'keep'], ['done', 'done']],
    ['disabled once', ['disable', 'disable'], ['done', 'review/not-allowed']],
    ['a disabled rule is not kept', ['disable', 'keep'], ['done', 'review/not-allowed']],
    ['the long way out', ['disable', 'retire', 'delete'], ['done', 'done', 'done']],
    ['deleted straight from use', ['delete'], ['review/not-allowed']],
    ['retired stays retired', ['retire', 'disable', 'retire'], ['done', 'review/not-allowed', 'review/not-allowed']],
    ['deleted is the end', ['disable', 'delete', 'delete', 'keep'], ['done', 'done', 'review/not-allowed', 'review/not-allowed']],
  ])('%s', (_why, moves, said) => {
    expect(moves.map((move) => take(move))).toEqual(said);
    expect(repository().problems).toEqual([]);
    expect(repository().rules.filter(({ rule }) => rule.sid === SID)).toHaveLength(1);
  });

  test('a revision raises rev and dates; one that changes nothing, or another rule, is refused', () => {
    const text = textOf(SID);
    expect(take('revise')).toBe('review/no-rule');
    expect(take('revise', { rule: text })).toBe('review/rule');
    expect(take('revise', { rule: text.replace(`sid:${SID};`, 'sid:1;') })).toBe('review/rule');
    expect(take('revise', { rule: `${text} nonsense (` })).toBe('review/rule');
    expect(take('revise', { rule: text.replace('nocase; ', '').replace('classtype:', 'noalert; classtype:') })).toBe('done');
    expect(textOf(SID)).toMatch(/noalert;.* rev:2;.*updated_at 2024_04_01.*reviewed_at 2024_04_01/);
  });

  test('four eyes: the first proposes, the same person can not agree, the second carries out', () => {
    settings('review: { four-eyes: [retire] }');
    expect(take('retire')).toBe('review/who');
    expect(take('retire', { by: 'ada' })).toBe('proposed');
    expect(itemOf(SID).proposed).toBe('retire (Age), by ada on 2024-04-01');
    for (const same of ['ada', ' Ada ', '@ada']) expect(take('retire', { by: same })).toBe('review/four-eyes');
    expect(take('retire', { by: ' ' })).toBe('review/who');
    expect(take('retire', { by: 'bob' })).toBe('done');
    expect(repository().lock.rules[String(SID)]).toMatchObject({ decisions: [{ decision: 'retire', by: 'ada, bob' }] });
    expect(repository().lock.rules[String(SID)].proposal).toBeUndefined();
  });

  test('four eyes agree to one text of a revision; who proposed something else has not agreed', () => {
    settings('review: { four-eyes: [revise, retire] }');
    const [one, other] = ['noalert; classtype:', 'priority:1; classtype:'].map((words) => textOf(SID).replace('classtype:', words));
    expect(take('revise', { by: 'ada', rule: one })).toBe('proposed');
    expect(take('revise', { by: 'bob', rule: other })).toBe('proposed');
    expect(take('revise', { by: 'bob', rule: other })).toBe('review/four-eyes');
    expect(take('revise', { by: 'ada', rule: other })).toBe('done');
    expect(textOf(SID)).toContain('priority:1');
    expect(take('retire', { by: 'ada' })).toBe('proposed');
    expect(take('keep', { by: 'cleo' })).toBe('done');
    expect(repository().lock.rules[String(SID)].decisions.map(({ by }) => by)).toEqual(['bob, ada', 'cleo']);
  });
});

test('the lock: a number that stands for something else, a vanished rule, an older rev', () => {
  const lock = (message: string, rev: number): string => `rules:\n  "${SID}": { rev: ${rev}, hash: x, category: malware, message: "${message}" }\n`;
  const said = (text: string): string => {
    writeFileSync(join(folder, 'rules.lock'), `${text}...\n`);
    return checkLock(repository())
      .map((problem) => problem.message)
      .join();
  };
  expect(said(lock('SW MALWARE Quite Different', 1))).toContain('is not used again');
  expect(said(lock(repository().rules.find((one) => one.rule.sid === SID)!.rule.message, 2))).toContain('below the released rev');
  expect(said('rules:\n  "1240398": { rev: 1, hash: x, category: malware }\n')).toContain('is gone');
});
