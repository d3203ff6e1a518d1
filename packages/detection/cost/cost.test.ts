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

test.each([
  ['^\\/[a-z]+\\.php$', 'linear'],
  ['a.*b.*c', 'polynomial'],
  ['(a+)+b', 'exponential'],
])('pattern %s is %s', (pattern, growth) => {
  expect(costOfRule(`http.uri; content:"/zq8_kx/fetch"; pcre:"/${pattern}/";`).patternGrowth).toBe(growth);
});

test('a pattern that can run away costs its rule the grade', () => {
  const cost = costOfRule('http.uri; content:"/zq8_kx/fetch_wv"; pcre:"/(x+)+y/";');
  expect(cost.grade).toBe('D');
  expect(cost.advice.join()).toContain('exponential');
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
  expect(figures.map(([, candidate]) => candidate)).toEqual([true, true, false, true]);
  // The fourth is found by its literal and left at its header.
  expect(figures.map(([, , checks]) => checks > 0)).toEqual([true, true, false, false]);
  expect(costOf(plan.rule(0), { candidates: 3, checks: 2, bytes: 2_000_000 }).perMegabyte).toEqual({ candidates: 1.5, checks: 1 });
});
