/** Rules on fields of packets are looked at for packets whose kind can make them true: no other packet may have made one true. */
import { concatBytes } from '@sigwright/bytes';
import { catalogue } from '@sigwright/catalogue';
import { DEFAULT_SETTINGS, ICMP, TCP, UDP } from '@sigwright/contracts';
import { parseRules } from '@sigwright/rule-language';
import { captureHeader, captureRecord, SeededRandom } from '@sigwright/traffic';
import { describe, expect, test } from 'vitest';
import { buildPlan, usePlan } from '../compile/plan.ts';
import { Engine } from './engine.ts';
import { HostState } from './host-state.ts';
import { RuleEvaluation } from './rule-evaluation.ts';

const SETTINGS = { ...DEFAULT_SETTINGS, verifyChecksums: false, maximumAlertsPerPacket: 100 };
const ETHERNET = 1;

/** Each option with the reason why it is here. */
const OPTIONS: readonly (readonly [options: string, why: string])[] = [
  ['flags:S', 'flags alone'],
  ['flags:S,12', 'some of them ignored'],
  ['flags:*FR', 'any of them'],
  ['flags:A+', 'all of them'],
  ['flags:!A', 'none of them'],
  ['flags:0', 'none at all'],
  ['dsize:0', 'no payload'],
  ['dsize:!0', 'any payload'],
  ['dsize:24', 'one of the lengths that a kind tells'],
  ['dsize:30', 'the last of them'],
  ['dsize:31', 'the first that it does not tell'],
  ['dsize:40', 'one it does not tell'],
  ['dsize:<31', 'all that it tells'],
  ['dsize:<33', 'some that it tells, some that it does not'],
  ['dsize:>29', 'all but those it tells'],
  ['dsize:>40', 'some of those it does not tell'],
  ['dsize:20<>60', 'both'],
  ['fragbits:M', 'fragments to come'],
  ['fragbits:!D', 'may be fragmented'],
  ['fragbits:D+', 'must not be'],
  ['fragoffset:0', 'the first fragment, or all of it'],
  ['fragoffset:>0', 'another one'],
  ['fragoffset:2', 'one that a kind does not tell from others'],
  ['fragoffset:!2', 'and its contrary'],
  ['itype:8', 'a type of ICMP'],
  ['itype:>8', 'several'],
  ['icode:1', 'what kinds do not tell'],
  ['ttl:<10', 'what kinds do not tell'],
  ['ipopts:any', 'options'],
  ['ipopts:rr', 'one of them'],
  ['flow:established; dsize:>29', 'kinds tell of the flow, too'],
  ['flow:not_established; dsize:0', 'and the contrary'],
  ['flow:to_client; flags:A+', 'one direction'],
  ['flow:no_frag; dsize:>30', 'not rebuilt'],
  ['flow:only_frag; dsize:>30', 'rebuilt'],
  ['fragbits:!M; dsize:0; flags:S,12; ack:0; window:2048', 'several, as rules on scans have them'],
  ['dsize:3; content:"|38|"', 'too short for any search'],
  ['decode-event:ipv4.opt_pad_required', 'an anomaly'],
];
const RULES = OPTIONS.flatMap(([options], at) =>
  ['ip', 'tcp'].map((word, other) => `alert ${word} any any -> any any (${options}; sid:${2 * at + other + 1};)`),
)
  .filter((rule) => !(rule.startsWith('alert tcp') && /i(type|code)|:established/.test(rule)))
  .join('\n');

const uint16 = (value: number): number[] => [value >>> 8, value & 255];
const uint32 = (value: number): number[] => [...uint16(value >>> 16), ...uint16(value & 65535)];

/** IPv4 in Ethernet, with what `random` makes of its fields. Checksums are 0. */
function frame(random: SeededRandom): Uint8Array {
  const one = <Value>(...values: readonly Value[]): Value => values[random.below(values.length)];
  const protocol = one(TCP, TCP, TCP, TCP, UDP, ICMP);
  const isTurned = random.below(2) === 1;
  const [client, server] = [40_000 + random.below(3), 7];
  const ends = isTurned ? [10, 0, 0, 2, 10, 0, 0, 1] : [10, 0, 0, 1, 10, 0, 0, 2];
  const ports = isTurned ? [...uint16(server), ...uint16(client)] : [...uint16(client), ...uint16(server)];
  const payload = Array.from({ length: one(0, 0, 0, 1, 3, 24, 29, 30, 31, 32, 40, 41, 60) }, () => 0x30 + random.below(10));
  const flags = one(0, 2, 2, 16, 16, 18, 24, 17, 4, 20, 0xc2, 63);
  const transport =
    protocol === TCP
      ? [...ports, ...uint32(random.below(100)), ...uint32(one(0, 50)), 0x50, flags, ...uint16(one(2048, 4096)), 0, 0, 0, 0]
      : protocol === UDP
        ? [...ports, ...uint16(8 + payload.length), 0, 0]
        : [one(0, 8, 11), random.below(2), 0, 0, ...uint32(1)];
  const options = one([], [], [], [7, 3, 4, 0], [1, 1, 1, 1], [7, 0, 4, 0]);
  const words = 5 + options.length / 4;
  const length = 20 + options.length + transport.length + payload.length;
  const fragment = one(0, 0x4000, 0x4000, 0x2000, 2, 5, 0x2001);
  const ip = [0x40 + words, 0, ...uint16(length), ...uint16(one(1, 7)), ...uint16(fragment), one(3, 64), protocol, 0, 0, ...ends, ...options];
  return Uint8Array.from([...new Uint8Array(12), 8, 0, ...ip, ...transport, ...payload]);
}

describe('packets of random fields', () => {
  const plan = usePlan(buildPlan([{ path: 'test', rules: parseRules(RULES).rules }], catalogue, SETTINGS).data, catalogue, SETTINGS);
  const PACKETS = 4000;
  const random = new SeededRandom(7);
  const capture = concatBytes(
    captureHeader(ETHERNET),
    ...Array.from({ length: PACKETS }, (_, number) => {
      const bytes = frame(random);
      return captureRecord(1e15 + number * 1000, bytes, 0, bytes.length, bytes.length);
    }),
  );
  const asked = new RuleEvaluation(new HostState(), catalogue);
  const expected = new Map<string, number>();
  const found = new Map<string, number>();
  const count = (where: Map<string, number>, key: string): void => void where.set(key, (where.get(key) ?? 0) + 1);
  const engine = new Engine(plan, catalogue, SETTINGS, {
    packet(packet) {
      for (let rule = 0; rule < plan.data.ruleCount; rule++)
        if (asked.packetRule(plan.rule(rule), packet, packet.flow)) count(expected, `${packet.number}:${plan.data.sids[rule]}`);
    },
    alert: ({ rule }, packet) => count(found, `${packet.number}:${rule.sid}`),
  });
  engine.feed(capture);
  engine.finish();

  test('what holds is found', () => {
    expect(engine.counters.overflowed).toBe(0);
    expect([...found].sort()).toEqual([...expected].sort());
  });

  test('each rule holds somewhere', () => {
    const held = new Set([...expected.keys()].map((key) => Number(key.split(':')[1])));
    expect(Array.from(plan.data.sids).filter((sid) => !held.has(sid))).toEqual([]);
  });

  test('few are asked in vain', () => expect(engine.counters.evaluations).toBeLessThan([...found.values()].length * 1.5));
});

test('frames without IP are told by their type, whichever came first', () => {
  const rules = ['ether', 'arp', 'pkthdr', 'ip'].map((word, at) => `alert ${word} any any -> any any (vlan.layers:0; sid:${at + 1};)`).join('\n');
  const plan = usePlan(buildPlan([{ path: 'test', rules: parseRules(rules).rules }], catalogue, SETTINGS).data, catalogue, SETTINGS);
  const [discovery, arp] = [0x88cc, 0x0806].map((type) =>
    Uint8Array.from([...new Uint8Array(12), ...uint16(type), 0, 1, 8, 0, 6, 4, 0, 1, ...new Uint8Array(38)]),
  );
  const found: string[] = [];
  const engine = new Engine(plan, catalogue, SETTINGS, { alert: ({ rule }, packet) => found.push(`${packet.number}:${rule.sid}`) });
  const frames = [discovery, arp, frame(new SeededRandom(1)), discovery];
  engine.feed(concatBytes(captureHeader(ETHERNET), ...frames.map((bytes, at) => captureRecord(1e15 + at, bytes, 0, bytes.length, bytes.length))));
  engine.finish();
  expect(found).toEqual(['1:1', '1:3', '2:1', '2:2', '2:3', '3:1', '3:3', '3:4', '4:1', '4:3']);
});

test.each<readonly [why: string, source: string, counts: readonly number[]]>([
  ['addresses alone: once for each direction of the flow', '10.0.0.0/8', [1, 0, 0]],
  ['where one is taken away: for each packet', '[10.0.0.0/8,!10.9.9.9]', [1, 1, 1]],
  ['in a variable, too', '$EXTERNAL_NET', [1, 1, 1]],
])('%s', (_why, source, counts) => {
  const settings = { ...SETTINGS, addressGroups: { HOME_NET: '192.168.0.0/16', EXTERNAL_NET: '!$HOME_NET' } };
  const rules = parseRules(`alert udp ${source} any -> any any (sid:1;)`).rules;
  const plan = usePlan(buildPlan([{ path: 'test', rules }], catalogue, settings).data, catalogue, settings);
  const found = counts.map(() => 0);
  const engine = new Engine(plan, catalogue, settings, { alert: (_alert, packet) => found[packet.number - 1]++ });
  const datagram = [0x9c, 0x40, 0, 7, 0, 8, 0, 0];
  const ip = [0x45, 0, 0, 28, 0, 1, 0, 0, 64, UDP, 0, 0, 10, 0, 0, 1, 10, 0, 0, 2, ...datagram];
  const bytes = Uint8Array.from([...new Uint8Array(12), 8, 0, ...ip]);
  engine.feed(concatBytes(captureHeader(ETHERNET), ...counts.map((_count, at) => captureRecord(1e15 + at, bytes, 0, bytes.length, bytes.length))));
  engine.finish();
  expect(found).toEqual(counts);
});
