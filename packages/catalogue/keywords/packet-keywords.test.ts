/** `vlan.id`, `vlan.layers`, `l3_proto`, `rpc` and `geoip` on packets that are filled in by hand. */
import { fromHex } from '@sigwright/bytes';
import { DEFAULT_SETTINGS, type EngineSettings, Packet, TCP, UDP } from '@sigwright/contracts';
import { compileRule, HeaderResolver } from '@sigwright/detection';
import { parseRules } from '@sigwright/rule-language';
import { describe, expect, test } from 'vitest';
import { catalogue } from '../index.ts';

function holds(options: string, packet: Packet, settings: EngineSettings = DEFAULT_SETTINGS): boolean {
  const { rules } = parseRules(`alert ip any any -> any any (${options} sid:1;)`);
  const { compiled, diagnostics } = compileRule(rules[0], { catalogue, settings, headers: new HeaderResolver(settings) });
  if (compiled === undefined) throw new Error(diagnostics.map(({ title }) => title).join());
  return compiled.packetConditions.every((condition) => condition.test(packet, undefined));
}

describe('virtual networks', () => {
  test.each([
    ['vlan.id:300;', [300], true, 'the only tag'],
    ['vlan.id:300;', [], false, 'no tag'],
    ['vlan.id:300;', [5, 300], true, 'any of them'],
    ['vlan.id:300,all;', [5, 300], false, 'not all of them'],
    ['vlan.id:>4,all;', [5, 300], true, 'all of them'],
    ['vlan.id:>4,all;', [], false, 'all of none is none'],
    ['vlan.id:300,0;', [5, 300], false, 'the outer one is another'],
    ['vlan.id:300,-1;', [5, 300], true, 'the inner one'],
    ['vlan.id:300,2;', [5, 300], false, 'there is no third one'],
    ['vlan.layers:0;', [], true, 'untagged'],
    ['vlan.layers:>1;', [5, 300], true, 'two tags'],
  ] as const)('%s on %j: %s, %s', (options, tags, expected, _why) => {
    const packet = new Packet();
    packet.vlanCount = tags.length;
    packet.vlans.set(tags);
    expect(holds(options, packet)).toBe(expected);
  });
});

test.each([
  ['l3_proto:ipv4;', 4, true, 'as it is'],
  ['l3_proto:ip6;', 6, true, 'in the shorter word'],
  ['l3_proto:ipv6;', 4, false, 'the other one'],
  ['l3_proto:ipv4;', 0, false, 'no IP at all'],
] as const)('%s, version %i: %s, %s', (options, ipVersion, expected, _why) => {
  expect(holds(options, Object.assign(new Packet(), { ipVersion }))).toBe(expected);
});

describe('rpc', () => {
  const CALL = '0000000100000000000000020001 86a0 0000000200000003'.replaceAll(' ', '');
  test.each([
    ['rpc:100000;', UDP, CALL, true, 'the program alone'],
    ['rpc:100000,*,3;', UDP, CALL, true, 'any version'],
    ['rpc:100000,3;', UDP, CALL, false, 'another version'],
    ['rpc:100000,2,4;', UDP, CALL, false, 'another procedure'],
    ['rpc:100000;', TCP, `80000018${CALL}`, true, 'behind a record mark'],
    ['rpc:100000;', TCP, CALL, false, 'without one'],
    ['rpc:100000;', UDP, CALL.replace('0000000100000000', '0000000100000001'), false, 'a reply'],
    ['rpc:100000;', UDP, CALL.slice(0, -2), false, 'cut off'],
  ] as const)('%s, protocol %i, %s: %s, %s', (options, protocol, text, expected, _why) => {
    const packet = new Packet();
    packet.protocol = protocol;
    packet.data = fromHex(text)!;
    packet.payloadEnd = packet.data.length;
    expect(holds(options, packet)).toBe(expected);
  });
});

describe('geoip', () => {
  // 10.0.0.0/8 is German, 20.0.0.0/8 French, all others are nowhere.
  const countries = { country: ([first]: Uint32Array) => ({ 10: 'DE', 20: 'FR' })[first >>> 24] };
  test.each([
    ['geoip:src,DE;', 10, 20, 4, true, 'where it comes from'],
    ['geoip:dst,DE;', 10, 20, 4, false, 'where it goes'],
    ['geoip:dest,FR;', 10, 20, 4, true, 'the other word for it'],
    ['geoip:both,DE,FR;', 10, 20, 4, true, 'each is one of them'],
    ['geoip:both,DE;', 10, 20, 4, false, 'one is not'],
    ['geoip:any,FR;', 10, 20, 4, true, 'one is'],
    ['geoip:FR;', 20, 10, 4, true, 'any, where no side is named'],
    ['geoip:src,!DE;', 20, 10, 4, true, 'another country'],
    ['geoip:src,!DE;', 30, 10, 4, false, 'an address that is nowhere'],
    ['geoip:src,DE;', 10, 20, 6, false, 'IPv6 is not asked about'],
  ] as const)('%s %i → %i, IPv%i: %s, %s', (options, source, destination, version, expected, _why) => {
    const packet = new Packet();
    packet.ipVersion = version;
    packet.source[0] = source * 2 ** 24 + 1;
    packet.destination[0] = destination * 2 ** 24 + 1;
    expect(holds(options, packet, { ...DEFAULT_SETTINGS, countries })).toBe(expected);
  });
});
