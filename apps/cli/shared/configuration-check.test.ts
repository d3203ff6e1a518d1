/** Settings that change nothing are said, but not those that everybody's file has. */
import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { checkConfiguration } from './configuration-check.ts';
import type { Tree } from './configuration-tree.ts';

const told = (yaml: string): readonly string[] => checkConfiguration(parse(yaml) as Tree).map(({ text }) => text);

describe('settings without effect', () => {
  test.each([
    ['as everybody has them', 'asn1-max-frames: 256\npcre: { match-limit: 3500, match-limit-recursion: 1500 }\ndefrag: { max-frags: 65535 }'],
    ['in all ways to say yes', 'stream: { reassembly: { raw: true } }'],
    ['in no way at all', 'pcre:\nstream: { reassembly: { raw: } }'],
  ])('nothing is said of them %s', (_why, yaml) => expect(told(yaml)).toEqual([]));

  test.each([
    ['asn1-max-frames: 32', /^asn1-max-frames: 32 has no effect: asn1 looks at 256/],
    ['stream: { reassembly: { raw: no } }', /^stream\.reassembly\.raw: no has no effect: streams are searched/],
    ['stream: { reassembly: { raw: false } }', /^stream\.reassembly\.raw: false has no effect/],
    ['pcre: { match-limit: 100 }', /^pcre\.match-limit: 100 has no effect/],
    ['app-layer: { protocols: { smtp: { inspected-tracker: { content-limit: 1000 } } } }', /content-limit: 1000 has no effect: files in mails/],
  ])('%s is said', (yaml, words) => {
    const [first, ...more] = told(yaml);
    expect(first).toMatch(words);
    expect(more).toEqual([]);
  });
});
