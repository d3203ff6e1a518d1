/** What each engine's folder of a release holds: rules as they are, in other words, and left out with the reason. */
import { catalogue } from '@sigwright/catalogue';
import { parseRules } from '@sigwright/rule-language';
import { describe, expect, test } from 'vitest';
import type { Repository } from '../repository/repository.ts';
import { DIALECTS } from '../translate/dialects.ts';
import { AS_WRITTEN, rulesForEngines } from './engines.ts';

const HEADER = 'alert http any any -> any any';
const SAID = [
  `${HEADER} (msg:"SW MALWARE plain"; flow:established,to_server; http.uri; content:"/plain"; sid:1; rev:1;)`,
  `${HEADER} (msg:"SW MALWARE small letters"; flow:established,to_server; http.uri; to_lowercase; content:"/small"; sid:2; rev:1;)`,
  `${HEADER} (msg:"SW MALWARE sets"; flow:established,to_server; http.referer; absent:or_else; content:"forum"; http.uri; content:"/first"; flowbits:set,SW.first; sid:3; rev:1;)`,
  `${HEADER} (msg:"SW MALWARE waits"; flow:established,to_client; flowbits:isset,SW.first; flowbits:set,SW.second; http.stat_code; content:"200"; sid:4; rev:1;)`,
  `${HEADER} (msg:"SW MALWARE waits longer"; flow:established,to_server; flowbits:isset,SW.second; http.uri; content:"/third"; sid:5; rev:1;)`,
  `${HEADER} (msg:"SW MALWARE waits for either"; flow:established,to_server; flowbits:isset,SW.second|SW.plain; http.uri; content:"/either"; sid:6; rev:1;)`,
  `#${HEADER} (msg:"SW MALWARE is off"; flow:established,to_server; flowbits:set,SW.plain; http.uri; to_lowercase; content:"/off"; sid:7; rev:1;)`,
].join('\n');

const { rules } = parseRules(SAID);
const repository = {
  settings: { engines: DIALECTS, networks: {} },
  rules: rules.map((rule) => ({ rule, category: 'malware' })),
  evidence: new Map(),
  folder: '.',
} as unknown as Repository;
const sets = new Map(
  rulesForEngines(
    repository,
    rules.map((rule) => ({ rule, file: 'x-malware.rules' })),
    catalogue,
  ).map((set) => [set.engine, set]),
);

describe('engines', () => {
  test('the youngest has every rule as it is written', () => {
    const { rules: said, refused } = sets.get('suricata-8')!;
    expect(said.map(({ rule, proof }) => [rule.sid, proof])).toEqual([1, 2, 3, 4, 5, 6, 7].map((sid) => [sid, AS_WRITTEN]));
    expect(refused.size).toBe(0);
  });

  test('an older one has other words for what is new, proved to be equal; a rule that is off stays off', () => {
    const said = new Map(sets.get('suricata-6')!.rules.map((one) => [one.rule.sid, one]));
    expect(said.get(1)!.proof).toBe(AS_WRITTEN);
    expect(said.get(2)!.rule.text).toContain('content:"/small"; nocase;');
    expect(said.get(2)!.proof).toMatch(/^fires on [1-9]\d*, silent on [1-9]/);
    expect(said.get(7)).toMatchObject({ rule: { enabled: false, text: expect.stringMatching(/^alert .*nocase/) } });
  });

  test('what waits for a rule that can not be said is left out with it, however far; one that waits for something else too is not', () => {
    const { rules: said, refused } = sets.get('suricata-6')!;
    expect(refused.get(3)).toContain('`absent` is known since Suricata 8.0');
    expect(refused.get(4)).toBe('it waits for `SW.first`, and no rule that sets it can be said');
    expect(refused.get(5)).toBe('it waits for `SW.second`, and no rule that sets it can be said');
    expect(said.map(({ rule }) => rule.sid)).toEqual([1, 2, 6, 7]);
  });

  test('Snort has its own words for all, or none', () => {
    const { rules: said, refused } = sets.get('snort-2.9')!;
    expect(said.find(({ rule }) => rule.sid === 1)!.rule.text).toContain('content:"/plain"; http_uri;');
    expect(said.length + refused.size).toBe(7);
    for (const why of refused.values()) expect(why).not.toBe('');
  });
});
