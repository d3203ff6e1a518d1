/** Headers that are left out can not match: held against every header by itself, and nearly all that can not match are left out. */
import { catalogue } from '@sigwright/catalogue';
import { DEFAULT_SETTINGS, ICMP, Packet, SCTP, TCP, UDP } from '@sigwright/contracts';
import { parseRules } from '@sigwright/rule-language';
import { SeededRandom } from '@sigwright/traffic';
import { describe, expect, test } from 'vitest';
import { headerMatches } from '../compile/header.ts';
import { buildPlan, type PlanUse, usePlan } from '../compile/plan.ts';
import { HeaderRows } from './fitting-headers.ts';

/** Each with the reason why it is here. */
const HEADERS: readonly (readonly [header: string, why: string])[] = [
  ['ip any any -> any any', 'everything'],
  ['tcp any any -> any any', 'a protocol'],
  ['tcp 10.0.0.0/8 any -> any 80', 'a network and a port'],
  ['tcp any 80 -> 10.0.0.0/8 any', 'the answer to it'],
  ['tcp any any <> any 80', 'both ways, a port'],
  ['udp 10.0.0.3 any <> !10.0.0.0/8 [53,1024:]', 'both ways, all of it'],
  ['http $HOME_NET any -> $EXTERNAL_NET $HTTP_PORTS', 'variables'],
  ['dns any any -> any 53', 'carried in both transports'],
  ['tcp [10.0.0.0/8,!10.0.0.3] ![80,443] -> ![10.0.0.0/24,2001:db8::/32] 1024:2000', 'exceptions'],
  ['tcp 2001:db8::/64 any -> any any', 'IPv6 alone'],
  ['ipv6 any any -> 2001:db8::3 any', 'IPv6 by its name'],
  ['ipv4 255.255.255.255 any -> 0.0.0.0 any', 'the last address and the first'],
  ['ip 0.0.0.0 any -> 255.255.255.255 any', 'and turned round'],
  ['tcp any 0 -> any 65535', 'the first port and the last'],
  ['icmp 10.0.0.0/8 any -> any any', 'no ports'],
  ['sctp any 80 -> any any', 'another protocol with ports'],
  ['arp any any -> any any', 'frames'],
  ['ether any any -> any any', 'any frame'],
  ['pkthdr any any -> any any', 'whatever it is'],
];
const rules = HEADERS.map(
  ([header], at) => `alert ${header} (msg:"t"; ${/^(arp|ether|pkthdr)/.test(header) ? 'vlan.layers:0' : 'content:"abcd"'}; sid:${at + 1};)`,
);

function planOf(): PlanUse {
  const build = buildPlan([{ path: 'test', rules: parseRules(rules.join('\n')).rules }], catalogue, DEFAULT_SETTINGS);
  expect(build.refused).toBe(0);
  return usePlan(build.data, catalogue, DEFAULT_SETTINGS);
}

const IPV4 = [0, 0x0a000001, 0x0a000003, 0x0a0000ff, 0x0a000100, 0x0b000000, 0x09ffffff, 0xc0a80001, 0x5d000001, 0xffffffff];
const IPV6: readonly (readonly number[])[] = [
  [0x20010db8, 0, 0, 3],
  [0x20010db8, 1, 0, 3],
  [0xfe800000, 0, 0, 1],
];
const PORTS = [0, 0, 52, 53, 54, 79, 80, 81, 443, 1023, 1024, 1025, 2000, 2001, 40_000, 65_534, 65_535, 65_535];

describe.each([
  [0, 'from the first flow on'],
  [64, 'with those of rules that are always asked alone at first'],
])('rows: %i, %s', (first) => {
  const plan = planOf();
  const rows = new HeaderRows(plan, first);
  const random = new SeededRandom(5);
  const one = <Value>(values: readonly Value[]): Value => values[random.below(values.length)];

  test('what matches is never left out, what does not nearly always', () => {
    const counts = { matched: 0, left: 0, out: 0 };
    const matched = new Set<number>();
    for (let round = 0; round < 10_000; round++) {
      const packet = new Packet();
      packet.ipVersion = one([4, 4, 4, 6, 0]);
      packet.etherType = packet.ipVersion === 0 ? one([0x0806, 0x88cc]) : packet.ipVersion === 4 ? 0x0800 : 0x86dd;
      packet.ethernetStart = one([-1, 0]);
      packet.protocol = packet.ipVersion === 0 ? 0 : one([TCP, TCP, UDP, ICMP, SCTP, 47]);
      packet.source.set(packet.ipVersion === 6 ? one(IPV6) : [one(IPV4), 0, 0, 0]);
      packet.destination.set(packet.ipVersion === 6 ? one(IPV6) : [one(IPV4), 0, 0, 0]);
      packet.sourcePort = one(PORTS);
      packet.destinationPort = one(PORTS);
      const { flags } = rows.fitting(packet);
      for (let number = 0; number < plan.data.headers.length; number++) {
        const isMatch = headerMatches(plan.header(number), packet);
        if (isMatch) {
          matched.add(number);
          counts.matched++;
          expect([plan.data.headers[number], flags[number]]).toEqual([plan.data.headers[number], 1]);
        } else if (flags[number] === 1) counts.left++;
        else counts.out++;
      }
    }
    expect(plan.data.headers.filter((_, number) => !matched.has(number))).toEqual([]);
    // Left are headers of frames, for packets of IP.
    expect(counts.out).toBeGreaterThan(10 * counts.left);
  });

  test('flows alike have one answer', () => {
    const packet = new Packet();
    packet.ipVersion = 4;
    packet.protocol = TCP;
    packet.source.set([0x0a000007, 0, 0, 0]);
    packet.destination.set([0x5d000001, 0, 0, 0]);
    packet.sourcePort = 40_000;
    packet.destinationPort = 80;
    const known = rows.fitting(packet);
    packet.source.set([0x0a000009, 0, 0, 0]);
    packet.sourcePort = 50_001;
    expect(rows.fitting(packet)).toBe(known);
    packet.destinationPort = 81;
    expect(rows.fitting(packet)).not.toBe(known);
  });
});
