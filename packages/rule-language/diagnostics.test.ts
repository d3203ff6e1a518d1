/** Broken rules: which fault is told, and the smallest piece of text it is told of (between « and »). */
import { describe, expect, test } from 'vitest';
import { parseRules } from './index.ts';

const cases: readonly (readonly [code: string, marked: string])[] = [
  ['rule/unknown-action', '«alarm» tcp any any -> any any (sid:1;)'],
  ['rule/unknown-direction', 'alert tcp any any «<-» any any (sid:1;)'],
  ['rule/no-sid', '«alert» tcp any any -> any any (msg:"x";)'],
  ['sid/argument', 'alert tcp any any -> any any (sid:«one»;)'],
  ['sid/argument', 'alert tcp any any -> any any (sid:«4294967296»;)'],
  ['rev/argument', 'alert tcp any any -> any any (sid:1; rev:«-1»;)'],
  ['gid/argument', 'alert tcp any any -> any any (gid:«1.5»; sid:1;)'],
  ['rule/header-incomplete', 'alert tcp any any -> an«y» (sid:1;)'],
  ['rule/no-options', 'alert tcp any any -> any an«y»'],
  ['rule/empty-option', 'alert tcp any any -> any any (sid:1;«;»)'],
  ['rule/no-semicolon', 'alert tcp any any -> any any (sid:«1»)'],
  ['rule/no-semicolon', 'alert tcp any any -> any any (msg:"x"; sid:1«2»)'],
  // The text ends behind the colon: a span past it could not be shown.
  ['rule/no-semicolon', 'alert tcp any any -> any any (sid«:»'],
  ['rule/not-closed', 'alert tcp any any -> any any (sid:1«;»'],
  ['rule/text-behind', 'alert tcp any any -> any any (sid:1;) «and more»'],
];

describe('broken rules', () => {
  test.each(cases)('%s in %s', (code, marked) => {
    const start = marked.indexOf('«');
    const end = marked.indexOf('»') - 1;
    const text = marked.replace('«', '').replace('»', '');
    const told = parseRules(text).diagnostics.filter((one) => one.code === code);
    expect(told.map(({ at }) => [at.start, at.end])).toContainEqual([start, end]);
    for (const { title, help } of told) {
      expect(title).not.toMatch(/\.$/);
      expect(help ?? '').not.toMatch(/\.$/);
    }
  });

  test('a broken rule that is commented out is a warning only', () => {
    const { diagnostics } = parseRules('#alert tcp any any -> any any (sid:one;)');
    expect(diagnostics.map(({ severity }) => severity)).toEqual(['warning']);
  });

  test('spans count from the beginning of the file', () => {
    const before = '# words\n\n';
    const { diagnostics } = parseRules(`${before}alarm tcp any any -> any any (sid:1;)`);
    expect(diagnostics[0].at).toEqual({ start: before.length, end: before.length + 5 });
  });

  test('several faults of one rule are all told', () => {
    const { diagnostics } = parseRules('alarm tcp any any <- any any (sid:one;)');
    expect(diagnostics.map(({ code }) => code)).toEqual(['rule/unknown-action', 'rule/unknown-direction', 'sid/argument']);
  });
});
