/** Grades, figures and advice for rules of known price; counting changes no result. */
import { catalogue } from '@sigwright/catalogue';
import { DEFAULT_SETTINGS } from '@sigwright/contracts';
import { parseRules } from '@sigwright/rule-language';
import { composeCapture } from '@sigwright/traffic';
import { describe, expect, test } from 'vitest';
import { buildPlan, CostMeter, costOf, Engine, type PlanUse, type RuleCost, usePlan } from '../index.ts';

function planOf(text: string): PlanUse {
  return usePlan(buildPlan([{ path: 'rules', rules: parseRules(text).rules }], catalogue, DEFAULT_SETTINGS).data, catalogue, DEFAULT_SETTINGS);
}

function costOfRule(options: string, header = 'alert http any any -> any any'): RuleCost {
  return costOf(planOf(`${header} (msg:"a"; flow:established,to_server; ${options} sid:1;)`).rule(0));
}

describe('without a capture', () => {
  test.each([
    ['a name is found by its hash', 'dns', 'dns.query; content:"evil.example"; bsize:12;', 'A', 'whole', undefined],
    ['a rare literal', 'http', 'http.uri; content:"/zq8_kx/fetch.php?wv=";', 'A', 'anywhere', undefined],
    ['a word of every page', 'http', 'file.data; content:"html";', 'E', 'anywhere', /common/],
    ['no literal at all', 'http', 'http.uri; pcre:"/\\/[a-z]{8}\\.php$/";', 'E', undefined, /content. before it/],
    ['literals that are too short', 'http', 'http.uri; content:"/a"; content:"b.c"; distance:1;', 'E', 'short', /fewer than 4/],
    ['the stream of HTTP', 'http', 'content:"zq8_kx_fetch_wv";', 'A', 'anywhere', /name the buffer/],
    ['a mark on the commoner content', 'http', 'http.uri; content:"/index.php"; fast_pattern; content:"zq8_kx_fetch_wv";', 'A', 'anywhere', /is rarer/],
  ])('%s', (_why, protocol, options, grade, shape, advice) => {
    const cost = costOfRule(options.replaceAll('flow:established,to_server; ', ''), `alert ${protocol} any any -> any any`);
    expect([cost.grade, cost.prefilter?.shape]).toEqual([grade, shape]);
    if (advice === undefined) expect(cost.advice).toEqual([]);
    else expect(cost.advice.join('\n')).toMatch(advice);
  });
});

test('a rule for addresses that it names, or that traffic hardly leads to, is not told to have a rarer literal', () => {
  expect(costOfRule('flags:S;', 'alert tcp [192.0.2.1,192.0.2.7] any -> any any').advice).toEqual([]);
  const plan = planOf('alert http any any -> any any (msg:"a"; file.data; content:"html"; sid:1;)');
  expect(costOf(plan.rule(0), { candidates: 5, checks: 0, bytes: 1e6 }).advice).toEqual([]);
  expect(costOf(plan.rule(0), { candidates: 500, checks: 400, bytes: 1e6 }).advice.join()).toContain('is common');
});

test('zeros and counts of a binary protocol are common, whatever their number', () => {
  const header = 'alert dns any any -> any any';
  const cost = costOfRule('content:"|00 01 00 01 00 00 00 00|"; offset:4; depth:8; content:"wget|20|"; fast_pattern; distance:0;', header);
  expect(cost.prefilter?.literal).toBe('wget ');
  expect(cost.advice.join()).not.toContain('is rarer');
});

test('of what is looked for in single packets is told where that is another literal', () => {
  const cost = costOfRule('content:"|16 03 01 87 93|zq"; depth:7; content:"zq8_kx_fetch_wv_zq8_kx_fetch";', 'alert tcp any any -> any any');
  expect(cost.prefilter?.literal).toContain('zq8_kx_fetch');
  expect(cost.inPackets?.literal).toBe('|16 03 01 87 93|zq');
});

test.each([
  ['^\\/[a-z]+\\.php$', 'linear'],
  ['a.*b.*c', 'polynomial'],
  ['(a+)+b', 'exponential'],
])('pattern %s is %s', (pattern, growth) => {
  expect(costOfRule(`http.uri; content:"/zq8_kx/fetch"; pcre:"/${pattern}/";`).patternGrowth).toBe(growth);
});

test('a pattern that can run away costs its rule the grade', () => {
  const cost = costOfRule('http.uri; content:"/zq8_kx/fetch_wv"; pcre:"/(x+)+y/";');
  // Our own reading suspects more than there is: it costs less than what is known.
  expect(cost.grade).toBe('C');
  expect(cost.advice.join()).toContain('exponential');
  const known = costOf(
    planOf('alert http any any -> any any (msg:"a"; http.uri; content:"/zq8_kx/fetch_wv"; pcre:"/(x+)+y/"; sid:1;)').rule(0),
    undefined,
    () => 'exponential',
  );
  expect(known.grade).toBe('D');
});

test('candidates and checks are counted, and counting changes no alert', () => {
  const capture = composeCapture();
  for (const uri of ['/common/one', '/common/two', '/other'])
    capture.httpExchange({
      client: '10.1.1.1',
      server: '192.0.2.7',
      exchanges: [{ request: { method: 'GET', uri, headers: [['Host', 'h']] }, response: { status: 200 } }],
    });
  const bytes = capture.finish();
  const plan = planOf(
    [
      'alert http any any -> any any (msg:"a"; flow:to_server; http.uri; content:"/common/one"; sid:1;)',
      'alert http any any -> any any (msg:"b"; flow:to_server; http.uri; content:"/common/"; content:"never"; sid:2;)',
      'alert http any any -> any any (msg:"c"; flow:to_server; http.uri; content:"/nothing/of/it"; sid:3;)',
      'alert http any any -> 10.1.1.1 any (msg:"d"; flow:to_server; http.uri; content:"/common/"; sid:4;)',
      'alert http any any -> any any (msg:"e"; flow:to_server,not_established; http.uri; content:"/common/"; sid:5;)',
    ].join('\n'),
  );
  const meter = new CostMeter(plan);
  const alerts: number[][] = [[], []];
  [plan, meter.plan].forEach((used, at) => {
    const engine = new Engine(used, catalogue, DEFAULT_SETTINGS, { alert: ({ rule }) => void alerts[at].push(rule.sid) });
    engine.feed(bytes);
    engine.finish();
  });
  expect(alerts[0]).toEqual([1]);
  expect(alerts[1]).toEqual(alerts[0]);
  const figures = [...plan.data.sids].map((sid, at) => [sid, meter.candidates[at] > 0, meter.checks[at]] as const).sort((a, b) => a[0] - b[0]);
  expect(figures.map(([, candidate]) => candidate)).toEqual([true, true, false, false, true]);
  // Nobody comes to the header of the fourth; the fifth is found by its literal and left at what it asks of the flow.
  expect(figures.map(([, , checks]) => checks > 0)).toEqual([true, true, false, false, false]);
  expect(costOf(plan.rule(0), { candidates: 3, checks: 2, bytes: 2_000_000 }).perMegabyte).toEqual({ candidates: 1.5, checks: 1 });
});
