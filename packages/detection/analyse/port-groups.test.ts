import { catalogue } from '@sigwright/catalogue';
import { DEFAULT_SETTINGS } from '@sigwright/contracts';
import { parseRules } from '@sigwright/rule-language';
import { expect, test } from 'vitest';
import { buildPlan, groupByPorts, usePlan } from '../index.ts';

type Shown = readonly [from: number, to: number, group: number, ...sids: number[]];

function groups(rules: readonly string[], direction: 'toserver' | 'toclient', most = 40): Shown[] {
  const text = rules.map((rule, at) => `alert ${rule.replace(')', `content:"abc"; sid:${at + 1};)`)}`).join('\n');
  const { data, loaded } = buildPlan([{ path: 'test', rules: parseRules(text).rules }], catalogue, DEFAULT_SETTINGS);
  const plan = usePlan(data, catalogue, DEFAULT_SETTINGS);
  const found = groupByPorts(
    Array.from({ length: loaded }, (_, at) => plan.rule(at)),
    { toServer: most, toClient: most },
  );
  return found['tcp'][direction].map(({ port, port2, rulegroup }) => [port, port2, rulegroup.id, ...rulegroup.rules.map((rule) => rule.sig_id)] as const);
}

test.each<readonly [why: string, rules: readonly string[], direction: 'toserver' | 'toclient', most: number, expected: Shown[]]>([
  [
    'single ports apart are two ranges of one group',
    ['tcp any any -> any [20,30] (flow:to_server;)'],
    'toserver',
    40,
    [
      [20, 20, 0, 1],
      [30, 30, 0, 1],
    ],
  ],
  ['neighbours are one range', ['tcp any any -> any [20,21] (flow:to_server;)'], 'toserver', 40, [[20, 21, 0, 1]]],
  [
    'a port in a range has most rules and comes first',
    ['tcp any any -> any 10:20 (flow:to_server;)', 'tcp any any -> any 15 (flow:to_server;)'],
    'toserver',
    40,
    [
      [15, 15, 0, 1, 2],
      [10, 14, 1, 1],
      [16, 20, 1, 1],
    ],
  ],
  [
    'all ports, up to the ends',
    ['tcp any any -> any any (flow:to_server;)', 'tcp any any -> any 65535 (flow:to_server;)'],
    'toserver',
    40,
    [
      [65535, 65535, 0, 1, 2],
      [0, 65534, 1, 1],
    ],
  ],
  ['to the client, the source ports count', ['tcp any 80 -> any any (flow:to_client;)'], 'toclient', 40, [[80, 80, 0, 1]]],
  ['a rule for the server is in no group of the client', ['tcp any any -> any 80 (flow:to_server;)'], 'toclient', 40, []],
  [
    'beyond the most, all are one group for every port',
    ['tcp any any -> any 1 (flow:to_server;)', 'tcp any any -> any 2 (flow:to_server;)', 'tcp any any -> any 3 (flow:to_server;)'],
    'toserver',
    1,
    [
      [1, 1, 0, 1],
      [0, 65535, 1, 2, 3],
    ],
  ],
  [
    'both ways',
    ['tcp any 10 <> any 20 (flow:established;)'],
    'toserver',
    40,
    [
      [10, 10, 0, 1],
      [20, 20, 0, 1],
    ],
  ],
])('%s', (_why, rules, direction, most, expected) => expect(groups(rules, direction, most)).toEqual(expected));
