/** A draft asked of an index over rules, and how soon it answers. */
import { parseRules } from '@sigwright/rule-language';
import { expect, test } from 'vitest';
import { buildRuleCoverage } from './rule-coverage.ts';

const rule = (sid: number, body: string, protocol = 'dns'): string => `alert ${protocol} any any -> any any (msg:"r${sid}"; ${body} sid:${sid}; rev:1;)`;
const SET = [
  rule(1, 'dns.query; content:"quiet.top"; bsize:9; nocase;'),
  rule(2, 'dns.query; dotprefix; content:".quiet.top"; nocase; endswith;'),
  `#${rule(3, 'tls.sni; content:"quiet.top"; bsize:9; nocase;', 'tls')}`,
  rule(4, 'http.user_agent; content:"LoaderBot/2.1"; http.uri; content:"/x";', 'http'),
  'alert ip any any -> [198.51.100.7,198.51.100.9] any (msg:"r5"; sid:5; rev:1;)',
];

const CASES: readonly (readonly [why: string, draft: string, wanted: readonly (readonly [number, string])[]])[] = [
  [
    'the same detection under another number',
    rule(90, 'dns.query; content:"quiet.top"; bsize:9; nocase;'),
    [
      [1, 'exact'],
      [2, 'exact'],
      [3, 'overlapping'],
    ],
  ],
  ['a host below a covered domain', rule(90, 'dns.query; content:"www.quiet.top"; bsize:13; nocase;'), [[2, 'broader']]],
  ['all below a name that is below a covered domain', rule(90, 'dns.query; dotprefix; content:".www.quiet.top"; nocase; endswith;'), [[2, 'broader']]],
  ['any text with a name below a covered domain', rule(90, 'dns.query; content:"www.quiet.top"; nocase;'), [[2, 'overlapping']]],
  [
    'the name in another buffer',
    rule(90, 'tls.sni; content:"quiet.top"; bsize:9; nocase;', 'tls'),
    [
      [1, 'overlapping'],
      [2, 'overlapping'],
      [3, 'exact'],
    ],
  ],
  ['a telling content', rule(90, 'http.user_agent; content:"loaderbot/2.1"; nocase;', 'http'), [[4, 'overlapping']]],
  ['an address', 'alert ip any any -> 198.51.100.9 any (msg:"x"; sid:90; rev:1;)', [[5, 'exact']]],
  ['nothing', rule(90, 'dns.query; content:"loud.example"; bsize:12; nocase;'), []],
];

const coverage = buildRuleCoverage(parseRules(SET.join('\n')).rules);
for (const [why, draft, wanted] of CASES)
  test(why, () => {
    const hits = coverage.findRule(parseRules(draft).rules[0]).map((one) => [one.sid, one.how] as const);
    expect(hits.sort((a, b) => a[0] - b[0])).toEqual(wanted);
  });

test('an answer over 25,000 rules takes far less than 50 ms', () => {
  const many = Array.from({ length: 25_000 }, (_, at) => rule(1000 + at, `dns.query; dotprefix; content:".host${at}.example"; nocase; endswith;`));
  const large = buildRuleCoverage(parseRules(many.join('\n')).rules);
  const draft = parseRules(rule(90, 'dns.query; content:"a.host777.example"; bsize:17; nocase;')).rules[0];
  const times = Array.from({ length: 9 }, () => {
    const started = cpuMilliseconds();
    expect(large.findRule(draft).map((one) => one.sid)).toEqual([1777]);
    expect(large.find({ type: 'url', value: 'http://host5.example/x' })).toHaveLength(1);
    return cpuMilliseconds() - started;
  });
  expect(times.sort((a, b) => a - b)[4]).toBeLessThan(50);
});

/** Of this thread, since the machine may do other things as well. */
function cpuMilliseconds(): number {
  const { user, system } = process.threadCpuUsage();
  return (user + system) / 1000;
}
