/** Payload parts that several rules ask for are looked for once a packet; what else the rules ask for stays their own. */
import { fromLatin1 } from '@sigwright/bytes';
import { catalogue } from '@sigwright/catalogue';
import { DEFAULT_SETTINGS } from '@sigwright/contracts';
import { parseRules } from '@sigwright/rule-language';
import { composeCapture } from '@sigwright/traffic';
import { describe, expect, test } from 'vitest';
import { buildPlan, usePlan } from '../compile/plan.ts';
import { Engine } from './engine.ts';
import { PayloadAnswers } from './payload-parts.ts';

const GET = 'content:"GET "; depth:4;';
/** In each request of two: how often the rule is true. */
const RULES: readonly (readonly [why: string, rule: string, alerts: number])[] = [
  ['found with the first request', `alert http any any -> any any (${GET} http.uri; content:"/one"; sid:1;)`, 1],
  ['the same part: remembered for the second', `alert http any any -> any any (${GET} http.uri; content:"/two"; sid:2;)`, 1],
  ['the same part, and nothing else tells it from the others', `alert http any any -> any any (${GET} http.uri; content:"/"; sid:3;)`, 2],
  ['the same part, at other ports', `alert http any any -> any 81 (${GET} http.uri; content:"/one"; sid:4;)`, 0],
  ['the same part, in the other direction', `alert http any any -> any any (flow:to_client; ${GET} http.stat_code; content:"200"; sid:5;)`, 0],
  ['the same part, where nothing is established', `alert http any any -> any any (flow:not_established; ${GET} http.uri; content:"/one"; sid:6;)`, 0],
  ['the same bytes elsewhere', 'alert http any any -> any any (content:"GET "; offset:1; depth:4; http.uri; content:"/one"; sid:7;)', 0],
  ['the same bytes as what must not be there', 'alert http any any -> any any (content:!"GET "; depth:4; http.uri; content:"/one"; sid:8;)', 0],
  ['other case', 'alert http any any -> any any (content:"get "; depth:4; http.uri; content:"/one"; sid:9;)', 0],
  ['other case, which does not count', 'alert http any any -> any any (content:"get "; depth:4; nocase; http.uri; content:"/one"; sid:10;)', 1],
  ['a pattern beside it', `alert http any any -> any any (${GET} pcre:"/^GET .two/"; http.uri; content:"/one"; sid:11;)`, 0],
  ['a pattern beside it that matches', `alert http any any -> any any (${GET} pcre:"/^GET .one/"; http.uri; content:"/one"; sid:12;)`, 1],
];

describe('payload parts', () => {
  const capture = composeCapture({ seed: 9 });
  const exchange = (method: string, path: string) =>
    [
      { from: 'client', bytes: fromLatin1(`${method} ${path} HTTP/1.1\r\nHost: a.example\r\n\r\n`) },
      { from: 'server', bytes: fromLatin1('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok') },
    ] as const;
  const ends = { client: '10.0.0.5', server: '203.0.113.9', serverPort: 80 };
  capture.tcpConversation({ ...ends, exchanges: [...exchange('GET', '/one'), ...exchange('GET', '/two')] });
  // Another flow: nothing of the first one is remembered for it.
  capture.tcpConversation({ ...ends, exchanges: [...exchange('PUT', '/x'), ...exchange('PUT', '/x')] });
  const bytes = capture.finish();

  for (const naive of [false, true]) {
    const text = RULES.map(([, rule]) => rule).join('\n');
    const build = buildPlan([{ path: 'test', rules: parseRules(text).rules }], catalogue, DEFAULT_SETTINGS, { naive });
    const found = new Map<number, number>();
    const engine = new Engine(usePlan(build.data, catalogue, DEFAULT_SETTINGS), catalogue, DEFAULT_SETTINGS, {
      alert: ({ rule }) => found.set(rule.sid, (found.get(rule.sid) ?? 0) + 1),
    });
    engine.feed(bytes);
    engine.finish();
    test.each(RULES.map((one, at) => ({ why: one[0], sid: at + 1, alerts: one[2] })))(`${naive ? 'naive' : 'with tables'}: $why`, ({ sid, alerts }) =>
      expect(found.get(sid) ?? 0).toBe(alerts),
    );
  }

  test('one look serves all that ask for the same', () => {
    const text = RULES.map(([, rule]) => rule).join('\n');
    const plan = usePlan(buildPlan([{ path: 'test', rules: parseRules(text).rules }], catalogue, DEFAULT_SETTINGS).data, catalogue, DEFAULT_SETTINGS);
    const rules = RULES.map((_, at) => plan.rule(plan.data.sids.indexOf(at + 1)));
    const answers = PayloadAnswers.of(plan);
    answers.begin();
    // Each must have been looked for once before it is known with another packet.
    for (const rule of rules) answers.keep(rule, false);
    answers.begin();
    const lookedFor = rules.filter((rule) => {
      const isNew = answers.known(rule) === undefined;
      if (isNew) answers.keep(rule, rule.sid === 1);
      return isNew;
    });
    expect(lookedFor.map((rule) => rule.sid)).toEqual([1, 4, 5, 6, 7, 8, 9, 10, 11, 12]);
    expect([2, 3, 4].map((sid) => answers.known(rules[sid - 1]))).toEqual([true, true, false]);
  });
});
