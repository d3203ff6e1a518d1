import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { catalogue } from '@sigwright/catalogue';
import { DEFAULT_SETTINGS } from '@sigwright/contracts';
import { buildPlan, savePlan } from '@sigwright/detection';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { findByStamps, keyOf, readSaved, rememberStamps, type StampedFiles, stampsOf, writeSaved } from './plan-cache.ts';
import { readRules } from './plans.ts';

let folder: string;
let rules: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'sigwright-plans-'));
  rules = join(folder, 'any.rules');
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const rule = (word: string, more = ''): string => `alert tcp any any -> any any (msg:"${word}"; content:"${word}";${more} sid:1;)\n`;
/** A minute from now, when files written now have settled. */
const later = (): number => Date.now() + 60_000;

/** As a run does that finds nothing. */
function keep(text: string, stamps: StampedFiles | undefined): string {
  const files = [{ path: rules, bytes: new TextEncoder().encode(text) }];
  const key = keyOf(files, DEFAULT_SETTINGS);
  writeSaved(folder, key, savePlan(buildPlan(readRules(files).sources, catalogue, DEFAULT_SETTINGS).data, key), { refused: 0, skipped: 0, problems: [] });
  rememberStamps(folder, stamps, DEFAULT_SETTINGS, files, key);
  return key;
}

function found(): string | undefined {
  const stamps = stampsOf([rules], later());
  const plan = stamps === undefined ? undefined : findByStamps(folder, stamps, DEFAULT_SETTINGS);
  return plan?.plan.rule(0).message;
}

describe('files that did not change are not read again', () => {
  test('their plan is found by what the file system says of them', () => {
    writeFileSync(rules, rule('first'));
    keep(rule('first'), stampsOf([rules], later()));
    expect(found()).toBe('first');
  });
  test('another text of the same length, under the same name and time, is another file', () => {
    writeFileSync(rules, rule('first'));
    const { atime, mtime } = statSync(rules);
    keep(rule('first'), stampsOf([rules], later()));
    writeFileSync(rules, rule('other'));
    utimesSync(rules, atime, mtime);
    expect(found()).toBeUndefined();
  });
  test('a link that leads elsewhere now', () => {
    const [one, two] = [join(folder, 'one'), join(folder, 'two')];
    writeFileSync(one, rule('first'));
    writeFileSync(two, rule('other'));
    symlinkSync(one, rules);
    keep(rule('first'), stampsOf([rules], later()));
    expect(found()).toBe('first');
    rmSync(rules);
    symlinkSync(two, rules);
    expect(found()).toBeUndefined();
  });
  test('other settings make other plans', () => {
    writeFileSync(rules, rule('first'));
    const stamps = stampsOf([rules], later())!;
    keep(rule('first'), stamps);
    expect(findByStamps(folder, stamps, { ...DEFAULT_SETTINGS, verifyChecksums: !DEFAULT_SETTINGS.verifyChecksums })).toBeUndefined();
  });
  test('one that changed a moment ago may change again unseen: it is read', () => {
    writeFileSync(rules, rule('first'));
    expect(stampsOf([rules])).toBeUndefined();
    expect(stampsOf([rules], Date.now() - 60_000)).toBeUndefined();
  });
  test('nor is trusted what is no plain file, or is not there', () => {
    expect(stampsOf([folder], later())).toBeUndefined();
    expect(stampsOf([join(folder, 'none')], later())).toBeUndefined();
  });
  for (const [why, more] of [
    ['a script', ' lua:check.lua;'],
    ['a script, negated and far from its keyword', ' lua:  ! check.lua;'],
    ['a script that changes a buffer', ' luaxform:check.lua;'],
  ])
    test(`rules that name ${why} are read: the script may change`, () => {
      writeFileSync(rules, rule('first', more));
      keep(rule('first', more), stampsOf([rules], later()));
      expect(readdirSync(folder).filter((name) => name.endsWith('.key'))).toEqual([]);
    });
  test('a word that only looks like a script does not keep them from it', () => {
    writeFileSync(rules, rule('evaluated', ' reference:url,lua.org;'));
    keep(rule('evaluated', ' reference:url,lua.org;'), stampsOf([rules], later()));
    expect(found()).toBe('evaluated');
  });
  test('a damaged note, and one whose plan is gone, are no note', () => {
    writeFileSync(rules, rule('first'));
    const key = keep(rule('first'), stampsOf([rules], later()));
    const [note] = readdirSync(folder).filter((name) => name.endsWith('.key'));
    writeFileSync(join(folder, note), '../../etc/passwd');
    expect(found()).toBeUndefined();
    writeFileSync(join(folder, note), key);
    rmSync(join(folder, `${key}.plan`));
    expect(found()).toBeUndefined();
  });
  test('a script that comes lets the same rules have another plan', () => {
    const files = [{ path: rules, bytes: new TextEncoder().encode(rule('first', ' lua:check.lua;')) }];
    const script = (text: string | undefined) => ({
      ...DEFAULT_SETTINGS,
      dataFiles: { ...DEFAULT_SETTINGS.dataFiles, read: () => (text === undefined ? undefined : new TextEncoder().encode(text)) },
    });
    const keys = [undefined, 'one', 'two'].map((text) => keyOf(files, script(text)));
    expect(new Set(keys).size).toBe(3);
  });
});

test('a plan cut anywhere, or with a changed byte, is made anew', () => {
  const key = keep(rule('first'), undefined);
  expect(readSaved(folder, key, DEFAULT_SETTINGS)).toBeDefined();
  const path = join(folder, `${key}.plan`);
  const whole = readFileSync(path);
  for (const size of [0, 3, 7, 8, whole.length >> 1, whole.length - 1]) {
    writeFileSync(path, whole.subarray(0, size));
    expect(readSaved(folder, key, DEFAULT_SETTINGS)).toBeUndefined();
  }
  for (let at = 0; at < whole.length; at += 97) {
    writeFileSync(path, whole.with(at, whole[at] ^ 0x10));
    expect(readSaved(folder, key, DEFAULT_SETTINGS)).toBeUndefined();
  }
});
