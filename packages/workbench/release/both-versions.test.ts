/**
 * Two versions of rules in one engine alert as each of them does in an engine of its own: by name for each way in which a rule can
 * depend on another, and for a hundred sets made by chance, in which everything depends on everything.
 */
import { catalogue } from '@sigwright/catalogue';
import { DEFAULT_SETTINGS, type Rule } from '@sigwright/contracts';
import { buildPlan, Engine, usePlan } from '@sigwright/detection';
import { parseRules } from '@sigwright/rule-language';
import { composeCapture } from '@sigwright/traffic';
import { describe, expect, test } from 'vitest';
import { bothVersions } from './both-versions.ts';

const WORDS = ['one', 'two', 'three', 'four'];
const settings = { ...DEFAULT_SETTINGS, maximumAlertsPerPacket: 1000 };

/** Connections of two clients: every word several times and in several orders, over half a minute. */
const capture = (() => {
  const made = composeCapture({ seed: 5 });
  for (let at = 0; at < 8; at++) {
    const exchanges = [0, 1, 2, 3, 1].map((step) => ({
      from: 'client' as const,
      bytes: new TextEncoder().encode(`${WORDS[(at + step * (1 + (at % 3))) % 4]} `),
    }));
    made.tcpConversation({ client: `10.0.0.${5 + (at % 2)}`, server: '203.0.113.9', serverPort: 9000, startTime: 1.7e15 + at * 4e6, exchanges });
  }
  return made.finish();
})();

function alertsOf(rules: readonly Rule[], name: (rule: { gid: number; sid: number }) => string | undefined): Record<string, number> {
  const build = buildPlan([{ path: 'test', rules }], catalogue, settings);
  expect(build.problems).toEqual([]);
  const counts: Record<string, number> = {};
  const engine = new Engine(usePlan(build.data, catalogue, settings), catalogue, settings, {
    alert: ({ rule }) => {
      const key = name(rule);
      if (key !== undefined) counts[key] = (counts[key] ?? 0) + 1;
    },
  });
  engine.feed(capture);
  engine.finish();
  return counts;
}

/** What two whole engines tell apart, against what the one engine tells. */
function compared(before: string, after: string): { readonly apart: unknown; readonly together: unknown } {
  const old = parseRules(before).rules;
  const now = parseRules(after).rules;
  const both = bothVersions(old, now);
  if (both === undefined) return { apart: undefined, together: undefined };
  const differing = (version: string, rules: readonly Rule[]): Record<string, number> => {
    const counts = alertsOf(rules, ({ sid }) => String(sid));
    return Object.fromEntries(Object.entries(counts).map(([sid, count]) => [`${version} ${sid}`, count]));
  };
  const apart = { ...differing('before', old), ...differing('after', now) };
  const together = alertsOf(both.rules, (rule) => {
    const meant = both.versionOf(rule);
    return meant && `${meant.version} ${meant.sid}`;
  });
  // Of rules that are the same in both the one engine tells nothing: they have to be equal in the two.
  const sids = new Set([...old, ...now].map(({ sid }) => sid));
  for (const sid of sids) {
    if (`before ${sid}` in together || `after ${sid}` in together || apart[`before ${sid}`] !== apart[`after ${sid}`]) continue;
    delete apart[`before ${sid}`];
    delete apart[`after ${sid}`];
  }
  return { apart, together };
}

const rule = (word: string, options: string, sid: number, action = 'alert'): string =>
  `${action} tcp any any -> any any (msg:"t"; flow:to_server; content:"${word}"; ${options} sid:${sid}; rev:1;)`;

test.each<readonly [why: string, same: readonly string[], before: readonly string[], after: readonly string[]]>([
  ['a content', [], [rule('one', '', 1)], [rule('two', '', 1)]],
  ['a new rule and a removed one', [rule('two', '', 3)], [rule('one', '', 1)], [rule('one', '', 2)]],
  ['a threshold', [], [rule('one', '', 1)], [rule('one', 'threshold:type limit, track by_src, count 1, seconds 60;', 1)]],
  [
    'a filter, equal, behind another content',
    [],
    [rule('one', 'detection_filter:track by_src, count 2, seconds 60;', 1)],
    [rule('t', 'detection_filter:track by_src, count 2, seconds 60;', 1)],
  ],
  [
    'what sets a bit that a rule reads',
    [rule('two', 'flowbits:isset,a;', 2)],
    [rule('one', 'flowbits:set,a; noalert;', 1)],
    [rule('three', 'flowbits:set,a; noalert;', 1)],
  ],
  [
    'what others set as well',
    [rule('two', 'flowbits:isset,a;', 2), rule('four', 'flowbits:set,a;', 3), rule('three', 'flowbits:isset,a|b;', 4)],
    [rule('one', 'flowbits:set,a;', 1)],
    [rule('one', 'flowbits:unset,a;', 1)],
  ],
  ['along a chain of bits', [rule('two', 'flowbits:isset,a; flowbits:set,b;', 2), rule('t', 'flowbits:isset,b;', 3)], [rule('one', 'flowbits:set,a;', 1)], []],
  [
    'a differing rule that needs a setter which is the same',
    [rule('one', 'flowbits:set,a;', 1)],
    [rule('two', 'flowbits:isset,a;', 2)],
    [rule('t', 'flowbits:isset,a;', 2)],
  ],
  ['toggling', [rule('t', 'flowbits:toggle,a;', 2), rule('four', 'flowbits:isnotset,a;', 3)], [rule('one', 'flowbits:toggle,a;', 1)], []],
  [
    'bits of addresses',
    [rule('two', 'xbits:isset,a,track ip_src;', 2)],
    [rule('one', 'xbits:set,a,track ip_src,expire 9;', 1)],
    [rule('one', 'xbits:set,a,track ip_dst,expire 9;', 1)],
  ],
  [
    'numbers',
    [rule('t', 'flowint:n,+,1; noalert;', 2), rule('four', 'flowint:n,>,2;', 3)],
    [rule('one', 'flowint:n,+,3; noalert;', 1)],
    [rule('one', 'flowint:n,+,1; noalert;', 1)],
  ],
  ['a number set from another', [rule('t', 'flowint:m,=,n;', 2), rule('four', 'flowint:m,>,2;', 3)], [rule('one', 'flowint:n,+,3; noalert;', 1)], []],
  ['a rule that passes and is the same', [rule('one', '', 9, 'pass')], [rule('o', '', 1)], [rule('t', '', 1)]],
  ['a rule that passes by a bit', [rule('one', 'flowbits:set,a;', 8), rule('two', 'flowbits:isset,a;', 9, 'pass')], [rule('o', '', 1)], [rule('t', '', 1)]],
])('%s', (_why, same, before, after) => {
  const { apart, together } = compared([...same, ...before].join('\n'), [...same, ...after].join('\n'));
  expect(together).toBeDefined();
  expect(together).not.toEqual({});
  expect(together).toEqual(apart);
});

test.each<readonly [why: string, before: string, after: string]>([
  ['a rule that passes differs', rule('one', '', 1, 'pass'), rule('two', '', 1, 'pass')],
  [
    'a rule that passes reads what a differing one sets',
    `${rule('two', 'flowbits:isset,a;', 9, 'pass')}\n${rule('one', 'flowbits:set,a;', 1)}`,
    rule('two', 'flowbits:isset,a;', 9, 'pass'),
  ],
  ['a rule that drops is new', '', rule('one', '', 1, 'drop')],
  ['a set in a file', rule('one', 'dataset:isset,a,type string,load a.txt;', 1), ''],
  ['one number twice', `${rule('one', '', 1)}\n${rule('two', '', 1)}`, ''],
  [
    'rules that set and read changed places',
    `${rule('one', 'flowbits:isset,a; flowbits:set,b;', 1)}\n${rule('one', 'flowbits:isset,b; flowbits:set,c;', 2)}`,
    `${rule('one', 'flowbits:isset,b; flowbits:set,c;', 2)}\n${rule('one', 'flowbits:isset,a; flowbits:set,b;', 1)}`,
  ],
])('two engines are needed where %s', (_why, before, after) => {
  expect(bothVersions(parseRules(before).rules, parseRules(after).rules)).toBeUndefined();
});

test('rules that are the same in both and of no concern to the others are left out; dates and messages make no difference', () => {
  const same = [rule('one', 'flowbits:set,a;', 1), rule('two', '', 2), rule('three', 'flowbits:isset,z;', 3)].join('\n');
  const both = bothVersions(
    parseRules(`${same}\n${rule('four', 'metadata:updated_at 2024_01_01;', 4)}`).rules,
    parseRules(`${same}\n${rule('four', 'metadata:updated_at 2024_02_02;', 4)}\n${rule('t', 'flowbits:isset,a;', 5)}`).rules,
  );
  expect(both?.rules.map(({ sid }) => sid)).toEqual([1, 5]);
});

describe('sets made by chance', () => {
  /** Park and Miller's generator: the same sets every time. */
  const chance = (seed: number) => (below: number) => {
    seed = (seed * 48271) % 2147483647;
    return seed % below;
  };
  const chosen = <T>(list: readonly T[], pick: (below: number) => number): T => list[pick(list.length)];

  function someRule(sid: number, pick: (below: number) => number): string {
    const bit = (): string => chosen(['a', 'b', 'c'], pick);
    const options = [0, 0, 0]
      .slice(pick(3))
      .map(() =>
        chosen(
          [
            `flowbits:${chosen(['set', 'unset', 'toggle', 'isset', 'isnotset'], pick)},${bit()};`,
            `flowbits:isset,${bit()}|${bit()};`,
            `xbits:${chosen(['set', 'unset', 'isset', 'isnotset'], pick)},${bit()},track ${chosen(['ip_src', 'ip_pair'], pick)},expire 9;`,
            `flowint:${bit()},${chosen(['+,1', '=,2', '>,1', '==,3', 'isset', 'isnotset'], pick)};`,
          ],
          pick,
        ),
      );
    const more = chosen(['', '', 'noalert;', 'threshold:type limit, track by_src, count 2, seconds 10;', 'priority:1;'], pick);
    return `${pick(8) === 0 ? '#' : ''}${rule(chosen([...WORDS, 'o', 't'], pick), `${options.join(' ')} ${more}`, sid)}`;
  }

  test('alert as in engines of their own', () => {
    let told = 0;
    for (let seed = 1; seed <= 100; seed++) {
      const pick = chance(seed * 7919);
      const before = Array.from({ length: 3 + pick(6) }, (_, at) => someRule(at + 1, pick));
      const after = before.flatMap((text, at) => (pick(3) > 0 ? [text] : pick(3) === 0 ? [] : [someRule(at + 1, pick)]));
      if (pick(2) === 0) after.splice(pick(after.length + 1), 0, someRule(90, pick));
      const { apart, together } = compared(before.join('\n'), after.join('\n'));
      expect(together, `${before.join('\n')}\n---\n${after.join('\n')}`).toEqual(apart);
      told += Object.keys(together ?? {}).length;
    }
    expect(told).toBeGreaterThan(100);
  });
});
