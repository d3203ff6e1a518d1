/** Filters on frames that are made for them: what is kept, what is not, what is refused. */
import { fromHex } from '@sigwright/bytes';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { readPacketFilter } from './packet-filter.ts';

const ETHERNET = 1;
const RAW = 101;
const MACS = '020000000001020000000002';
/** 10.1.2.3:1025 → 192.0.2.7:22, SYN */
const TCP = '45000028000000004006 0000 0a010203 c0000207 0401 0016 00000000 00000000 5002 0000 0000 0000'.replaceAll(' ', '');
/** the same packet's later fragment, and 2001:db8::1:53 → 2001:db8::2:5353 */
const FRAGMENT = TCP.replace('450000280000000040', '450000280000000140');
const UDP6 = `600000000008 1140 20010db8000000000000000000000001 20010db8000000000000000000000002 0035 14e9 0008 0000`.replaceAll(' ', '');
const ARP = '0001080006040001020000000001 0a010203 000000000000 0a010204'.replaceAll(' ', '');

const FRAMES: Readonly<Record<string, readonly [hex: string, link: number]>> = {
  tcp: [`${MACS}0800${TCP}`, ETHERNET],
  tagged: [`${MACS}81000005 0800${TCP}`.replaceAll(' ', ''), ETHERNET],
  fragment: [`${MACS}0800${FRAGMENT}`, ETHERNET],
  udp6: [UDP6, RAW],
  arp: [`${MACS}0806${ARP}`, ETHERNET],
};

function kept(filter: string): string {
  const read = readPacketFilter(filter);
  if ('problem' in read) throw new Error(read.problem);
  return Object.entries(FRAMES)
    .filter(([, [text, link]]) => {
      const bytes = fromHex(text)!;
      return read.keeps(bytes, 0, bytes.length, link, bytes.length);
    })
    .map(([name]) => name)
    .join(' ');
}

describe('keeps', () => {
  test.each([
    ['', 'tcp tagged fragment udp6 arp', 'no filter'],
    ['tcp', 'tcp fragment', 'tagged frames only behind `vlan`'],
    ['port 22', 'tcp', 'later fragments have no ports'],
    ['udp port 53 or 22', 'udp6', 'what stands before a value counts for the next'],
    ['tcp port 80 or 22', 'tcp', 'the same'],
    ['src port 22', '', 'a direction'],
    ['dst port 22 && src host 10.1.2.3', 'tcp', 'signs for words'],
    ['host 10.1.2.3', 'tcp fragment arp', 'ARP tells addresses'],
    ['192.0.2.7', 'tcp fragment', 'an address alone'],
    ['net 10.1', 'tcp fragment arp', 'a network in short'],
    ['ip and net 10.0.0.0 mask 255.0.0.0', 'tcp fragment', 'a mask'],
    ['net 2001:db8::/32 and portrange 50-60', 'udp6', 'IPv6, a range'],
    ['not ip', 'tagged udp6 arp', 'not'],
    ['not (tcp or arp) and not vlan', 'udp6', 'parentheses'],
    ['vlan 5 and port 22', 'tagged', 'a tag, and what is behind it'],
    ['ether host 02:00:00:00:00:02 and arp', 'arp', 'a hardware address'],
    ['ether dst 02-00-00-00-00-02', '', 'it is the source'],
    ['tcp[tcpflags] & (tcp-syn|tcp-ack) = tcp-syn', 'tcp', 'arithmetic on names'],
    ['ip[2:2] > 39 and len < 60', 'tcp fragment', 'two bytes, the length'],
    ['(ip[8] + 1) = 65', 'tcp fragment', 'parentheses around a number'],
    ['ip proto 6', 'tcp fragment', 'a protocol by number'],
    ['greater 60', '', 'longer frames'],
  ])('%j: %j, %s', (filter, names) => {
    // `ether dst ADDRESS` without `host` is understood; its answer depends on the frames above alone.
    expect(kept(filter)).toBe(filter === 'ether dst 02-00-00-00-00-02' ? '' : names);
  });
});

test.each([
  ['port', 'the value of `port` is missing at the end'],
  ['port ssh', '`ssh` is no port, and names are not looked up'],
  ['host example.com', '`example.com` is no address, and names are not looked up'],
  ['(tcp', '`)` is missing at the end'],
  ['tcp tcp', '`tcp` is not expected'],
  ['ip proto constructor', '`constructor` is no protocol'],
  ['ether proto constructor', '`constructor` is no EtherType'],
  ['len = constructor', '`constructor` is no number'],
  ['tcp[0:3] = 1', '1, 2 or 4 bytes make a number'],
  ['ether host 1:2', '`1:2` is no hardware address'],
  ['('.repeat(5000), 'parentheses are nested too deeply'],
])('%j is refused', (filter, problem) => {
  expect(readPacketFilter(filter)).toEqual({ problem });
});

test('no filter and no frame does harm', () => {
  const words = fc.constantFrom(
    'tcp',
    'port',
    '22',
    '(',
    ')',
    'and',
    'or',
    'not',
    'vlan',
    'ip',
    '[',
    ']',
    '2:2',
    '&',
    '=',
    'host',
    '10.0.0.1',
    'src',
    'net',
    '/',
    '8',
  );
  fc.assert(
    fc.property(fc.array(words, { maxLength: 12 }), fc.uint8Array({ maxLength: 60 }), fc.constantFrom(0, 1, 101, 113, 276), (filter, bytes, link) => {
      const read = readPacketFilter(filter.join(' '));
      if (!('problem' in read)) expect(typeof read.keeps(bytes, 0, bytes.length, link, bytes.length)).toBe('boolean');
    }),
    { seed: 7, numRuns: 2000 },
  );
});
