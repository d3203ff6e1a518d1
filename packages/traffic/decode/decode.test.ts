import { formatAddress, fromHex } from '@sigwright/bytes';
import { DEFAULT_SETTINGS, type EngineSettings, Packet } from '@sigwright/contracts';
import { describe, expect, it } from 'vitest';
import { RAW } from '../test-kit.ts';
import { decodeFromInternet, decodePacket } from './decode.ts';
import { Carriers, INNER_PACKET, MOST_TUNNELS, NO_TUNNEL, openTunnel } from './tunnels.ts';

interface Case {
  readonly why: string;
  /** 1 (Ethernet) unless told otherwise */
  readonly link?: number;
  readonly frame: string;
  /** `source:port > destination:port/protocol` of the packet and of every one it carries */
  readonly packets?: readonly string[];
  readonly anomalies?: readonly string[];
  readonly vlans?: readonly number[];
}

const MACS = '020000000001 020000000002';
/** 28 bytes: IPv4, UDP 1000 > 53, no payload. */
const IP = '4500001c 00010000 4011 0000 0a000001 0a000002 03e8 0035 0008 0000';
const IP_TEXT = '10.0.0.1:1000 > 10.0.0.2:53/17';
const IP6_HEAD = (length: string, next: string): string => `60000000 ${length} ${next} 40 20010db8000000000000000000000001 20010db8000000000000000000000002`;
const UDP = '03e8 0035 0008 0000';
const IP6_TEXT = '2001:db8::1:1000 > 2001:db8::2:53/17';

/** IPv4 with SCTP and these chunks. */
function sctp(tag: string, ...chunks: string[]): string {
  const body = chunks.join('');
  return `4500 ${(32 + body.length / 2).toString(16).padStart(4, '0')} 00010000 4084 0000 01010101 02020202 03e8 0035 ${tag} 00000000 ${body}`;
}

const CASES: readonly Case[] = [
  { why: 'Ethernet II', frame: `${MACS} 0800 ${IP}`, packets: [IP_TEXT] },
  { why: 'padding of short frames is no payload', frame: `${MACS} 0800 ${IP} 000000000000`, packets: [IP_TEXT] },
  { why: '802.3 with LLC and SNAP', frame: `${MACS} 0024 aaaa03 000000 0800 ${IP}`, packets: [IP_TEXT] },
  { why: '802.3 without SNAP carries no IP', frame: `${MACS} 0026 424203 0000000000000000000000` },
  { why: 'one VLAN tag', frame: `${MACS} 8100 2064 0800 ${IP}`, packets: [IP_TEXT], vlans: [100] },
  { why: 'three tags of three kinds', frame: `${MACS} 88a8 0001 9100 0002 8100 0003 0800 ${IP}`, packets: [IP_TEXT], vlans: [1, 2, 3] },
  { why: 'a fourth tag', frame: `${MACS} 8100 0001 8100 0002 8100 0003 8100 0004 0800 ${IP}`, anomalies: ['vlan.too_many_layers'], vlans: [1, 2, 3] },
  { why: 'an unknown type behind a tag', frame: `${MACS} 8100 0001 1234 00`, anomalies: ['vlan.unknown_type'], vlans: [1] },
  { why: 'an unknown Ethernet type', frame: `${MACS} 1234 00`, anomalies: ['ethernet.unknown_ethertype'] },
  { why: 'ARP is known', frame: `${MACS} 0806 0001 0800 0604 0001 020000000001 0a000001 000000000000 0a000002` },
  {
    why: 'ARP of another link',
    frame: `${MACS} 0806 0006 0800 0604 0001 020000000001 0a000001 000000000000 0a000002`,
    anomalies: ['arp.unsupported_hardware'],
  },
  {
    why: 'ARP for another network',
    frame: `${MACS} 0806 0001 0801 0604 0001 020000000001 0a000001 000000000000 0a000002`,
    anomalies: ['arp.unsupported_protocol'],
  },
  {
    why: 'ARP with short link addresses',
    frame: `${MACS} 0806 0001 0800 0504 0001 020000000001 0a000001 000000000000 0a000002`,
    anomalies: ['arp.invalid_hardware_size'],
  },
  {
    why: 'ARP with long network addresses',
    frame: `${MACS} 0806 0001 0800 0610 0001 020000000001 0a000001 000000000000 0a000002`,
    anomalies: ['arp.invalid_protocol_size'],
  },
  {
    why: 'ARP that asks nothing known',
    frame: `${MACS} 0806 0001 0800 0604 0099 020000000001 0a000001 000000000000 0a000002`,
    anomalies: ['arp.unsupported_opcode'],
  },
  { why: 'short Ethernet', frame: '020000', anomalies: ['ethernet.pkt_too_small'] },
  { why: 'PPPoE session', frame: `${MACS} 8864 1100 0001 001e 0021 ${IP}`, packets: [IP_TEXT] },
  { why: 'PPPoE with a wrong code', frame: `${MACS} 8864 1105 0001 001e 0021 ${IP}`, anomalies: ['pppoe.wrong_code'] },
  { why: 'MPLS, two labels', frame: `${MACS} 8847 00064040 00065140 ${IP}`, packets: [IP_TEXT] },
  { why: 'a pseudowire', frame: `${MACS} 8847 00065140 00000000 ${MACS} 0800 ${IP}`, packets: [IP_TEXT] },
  { why: 'a reserved label', frame: `${MACS} 8847 00003140 ${IP}`, anomalies: ['mpls.bad_label_implicit_null'] },
  { why: 'VN-tag', frame: `${MACS} 8926 00000000 0800 ${IP}`, packets: [IP_TEXT] },
  { why: 'Linux cooked', link: 113, frame: `0000 0001 0006 0200000000010000 0800 ${IP}`, packets: [IP_TEXT] },
  { why: 'Linux cooked, version 2', link: 276, frame: `0800 0000 00000001 0001 00 06 0200000000010000 ${IP}`, packets: [IP_TEXT] },
  { why: 'NULL, little-endian', link: 0, frame: `02000000 ${IP}`, packets: [IP_TEXT] },
  { why: 'NULL, big-endian, of another family', link: 0, frame: `0000001e ${IP6_HEAD('0008', '11')} ${UDP}`, packets: [IP6_TEXT] },
  { why: 'NULL of a family without packets', link: 0, frame: `07000000 ${IP}`, anomalies: ['ltnull.unsupported_type'] },
  { why: 'raw IP', link: RAW, frame: IP, packets: [IP_TEXT] },
  { why: 'raw, neither version', link: RAW, frame: '55'.repeat(20), anomalies: ['ipraw.invalid_ip_version'] },
  { why: 'PPP with address and control', link: 9, frame: `ff03 0021 ${IP}`, packets: [IP_TEXT] },
  { why: 'PPP, protocol in one byte', link: 9, frame: `21 ${IP}`, packets: [IP_TEXT] },
  { why: 'Cisco HDLC', link: 104, frame: `0f00 0800 ${IP}`, packets: [IP_TEXT] },
  { why: 'a link type that is not read', link: 999, frame: IP },
  { why: 'IPv4: shorter than its header', link: RAW, frame: '45'.repeat(19), anomalies: ['ipv4.pkt_too_small'] },
  { why: 'IPv4: header length below 20', link: RAW, frame: IP.replace('45', '44'), anomalies: ['ipv4.hlen_too_small'] },
  { why: 'IPv4: longer than what came', link: RAW, frame: IP.replace('001c', '0030'), anomalies: ['ipv4.trunc_pkt'] },
  { why: 'IPv4: total below the header', link: RAW, frame: IP.replace('001c', '0010'), anomalies: ['ipv4.iplen_smaller_than_hlen'] },
  {
    why: 'IPv4: options of 4 bytes',
    link: RAW,
    frame: `46000020 00010000 4011 0000 0a000001 0a000002 94040000 ${UDP}`,
    packets: [IP_TEXT],
    anomalies: ['ipv4.opt_pad_required'],
  },
  {
    why: 'IPv4: an option that runs out of the header',
    link: RAW,
    frame: `47000024 00010000 4011 0000 0a000001 0a000002 0709040000000000 ${UDP}`,
    packets: [IP_TEXT],
    anomalies: ['ipv4.opt_invalid_len'],
  },
  { why: 'IPv6', link: RAW, frame: `${IP6_HEAD('0008', '11')} ${UDP}`, packets: [IP6_TEXT] },
  {
    why: 'IPv6 with hop-by-hop, routing and destination options',
    link: RAW,
    frame: `${IP6_HEAD('0028', '00')} 2b00 0502 0000 0000 3c00 0200 00000000 1101 0104 00000000 c2040000 00000000 ${UDP}`,
    packets: [IP6_TEXT],
  },
  {
    why: 'IPv6: routing of type 0',
    link: RAW,
    frame: `${IP6_HEAD('0010', '2b')} 1100 0000 00000000 ${UDP}`,
    packets: [IP6_TEXT],
    anomalies: ['ipv6.rh_type_0'],
  },
  { why: 'IPv6: an extension that runs out of the packet', link: RAW, frame: `${IP6_HEAD('0008', '3c')} 1105 0104 00000000`, anomalies: ['ipv6.trunc_exthdr'] },
  {
    why: 'IPv6: a fragment that is whole',
    link: RAW,
    frame: `${IP6_HEAD('0010', '2c')} 1100 0000 12345678 ${UDP}`,
    packets: [IP6_TEXT],
    anomalies: ['ipv6.exthdr_useless_fh'],
  },
  { why: 'TCP: header cut off', link: RAW, frame: '45000018 00010000 4006 0000 0a000001 0a000002 00500050', anomalies: ['tcp.pkt_too_small'] },
  { why: 'UDP: too long for the packet', link: RAW, frame: IP.replace('0008 0000', '0009 0000'), anomalies: ['udp.pkt_too_small'] },
  { why: 'UDP: shorter than its header', link: RAW, frame: IP.replace('0008 0000', '0007 0000'), anomalies: ['udp.len_invalid'] },
  { why: 'ICMP echo', link: RAW, frame: '4500001c 00010000 4001 0000 0a000001 0a000002 0800 0000 0001 0002', packets: ['10.0.0.1:0 > 10.0.0.2:0/1'] },
  {
    why: 'ICMP of no known type',
    link: RAW,
    frame: '4500001c 00010000 4001 0000 0a000001 0a000002 ff00 0000 0001 0002',
    packets: ['10.0.0.1:0 > 10.0.0.2:0/1'],
    anomalies: ['icmpv4.unknown_type'],
  },
  { why: 'IPv4 in IPv4', link: RAW, frame: `45000030 00010000 4004 0000 01010101 02020202 ${IP}`, packets: ['1.1.1.1:0 > 2.2.2.2:0/4', IP_TEXT] },
  {
    why: 'IPv4 in IPv6 that is none',
    link: RAW,
    frame: `${IP6_HEAD('0014', '04')} ${'55'.repeat(20)}`,
    packets: ['2001:db8::1:0 > 2001:db8::2:0/4'],
    anomalies: ['ipv6.ipv4_in_ipv6_wrong_version'],
  },
  {
    why: 'GRE with key and sequence',
    link: RAW,
    frame: `4500003c 00010000 402f 0000 01010101 02020202 3000 0800 00000001 00000002 ${IP}`,
    packets: ['1.1.1.1:0 > 2.2.2.2:0/47', IP_TEXT],
  },
  {
    why: 'PPTP',
    link: RAW,
    frame: `4500003e 00010000 402f 0000 01010101 02020202 3001 880b 001e0000 00000001 0021 ${IP}`,
    packets: ['1.1.1.1:0 > 2.2.2.2:0/47', IP_TEXT],
  },
  {
    why: 'GRE of version 2',
    link: RAW,
    frame: `45000018 00010000 402f 0000 01010101 02020202 0002 0800`,
    packets: ['1.1.1.1:0 > 2.2.2.2:0/47'],
    anomalies: ['gre.wrong_version'],
  },
  {
    why: 'ERSPAN of type II',
    link: RAW,
    frame: `4500004e 00010000 402f 0000 01010101 02020202 1000 88be 00000001 1006 0006 00000014 ${MACS} 0800 ${IP}`,
    packets: ['1.1.1.1:0 > 2.2.2.2:0/47', IP_TEXT],
  },
  {
    why: 'VXLAN',
    link: RAW,
    frame: `4500004e 00010000 4011 0000 01010101 02020202 3039 12b5 003a 0000 08000000 00000100 ${MACS} 0800 ${IP}`,
    packets: ['1.1.1.1:12345 > 2.2.2.2:4789/17', IP_TEXT],
  },
  {
    why: 'Geneve with an option',
    link: RAW,
    frame: `45000044 00010000 4011 0000 01010101 02020202 3039 17c1 0030 0000 01000800 00000100 00000000 ${IP}`,
    packets: ['1.1.1.1:12345 > 2.2.2.2:6081/17', IP_TEXT],
  },
  {
    why: 'Geneve with something that is no packet: the tunnel is remarked, rules ask for it',
    link: RAW,
    frame: '45000028 00010000 4011 0000 01010101 02020202 3039 17c1 0014 0000 00001234 00000100 01020304',
    packets: ['1.1.1.1:12345 > 2.2.2.2:6081/17'],
    anomalies: ['geneve.unknown_payload_type'],
  },
  {
    why: 'VXLAN with a frame of a type that is not known',
    link: RAW,
    frame: `45000036 00010000 4011 0000 01010101 02020202 3039 12b5 0022 0000 08000000 00000100 ${MACS} 1234 01020304`,
    packets: ['1.1.1.1:12345 > 2.2.2.2:4789/17'],
    anomalies: ['vxlan.unknown_payload_type'],
  },
  ...(
    [
      ['SCTP opens with a chunk alone', sctp('00000000', '01000004'), []],
      ['SCTP opens and sends at once', sctp('00000000', '01000004', '00000004'), ['sctp.data_with_zero_vtag', 'sctp.init_chunk_not_alone']],
      ['SCTP opens with a tag it can not have yet', sctp('00000001', '01000004'), ['sctp.init_with_non_zero_vtag']],
      ['a chunk of SCTP that is longer than the packet', sctp('00000001', '00000009'), ['sctp.chunk_len_invalid']],
    ] as const
  ).map(([why, frame, anomalies]) => ({ why, link: RAW, frame, packets: ['1.1.1.1:1000 > 2.2.2.2:53/132'], anomalies })),
  {
    why: 'Teredo with an origin indication',
    link: RAW,
    frame: `45000054 00010000 4011 0000 01010101 02020202 3039 0dd8 0040 0000 0000 1234 01020304 ${IP6_HEAD('0008', '11')} ${UDP}`,
    packets: ['1.1.1.1:12345 > 2.2.2.2:3544/17', IP6_TEXT],
  },
  {
    why: 'a datagram to the VXLAN port that is something else',
    link: RAW,
    frame: '45000020 00010000 4011 0000 01010101 02020202 3039 12b5 000c 0000 01020304',
    packets: ['1.1.1.1:12345 > 2.2.2.2:4789/17'],
  },
];

function describePacket(packet: Packet): string {
  const side = (words: Uint32Array, port: number): string => `${formatAddress(words, packet.ipVersion)}:${port}`;
  return `${side(packet.source, packet.sourcePort)} > ${side(packet.destination, packet.destinationPort)}/${packet.protocol}`;
}

/** IP in IP, IPv6 in IP, GRE: they have no transport header. */
const TUNNELS: ReadonlySet<number> = new Set([4, 41, 47]);

function decodeAll(
  frame: Uint8Array,
  link: number,
  verify = false,
  tunnels: EngineSettings['tunnels'] = DEFAULT_SETTINGS.tunnels,
): { packets: string[]; anomalies: string[]; vlans: number[] } {
  const pool = Array.from({ length: MOST_TUNNELS + 2 }, () => new Packet());
  const packets: string[] = [];
  const anomalies: string[] = [];
  let packet = pool[0];
  packet.data = frame;
  packet.frameEnd = packet.wireLength = frame.length;
  packet.linkType = link;
  let decoded = decodePacket(packet, verify);
  for (let depth = 1; depth < pool.length; depth++) {
    const inner = pool[depth];
    const carried = decoded && !packet.isFragment ? openTunnel(packet, inner, tunnels) : NO_TUNNEL;
    if (carried !== NO_TUNNEL) expect(new Carriers(tunnels).mayCarry(packet)).toBe(true);
    if (decoded && (packet.transportStart >= 0 || TUNNELS.has(packet.protocol))) packets.push(describePacket(packet));
    anomalies.push(...packet.anomalies);
    if (carried === NO_TUNNEL) break;
    packet = inner;
    decoded = carried === INNER_PACKET && decodeFromInternet(inner, verify);
  }
  return { packets, anomalies, vlans: Array.from(pool[0].vlans.subarray(0, pool[0].vlanCount)) };
}

describe('frames', () => {
  for (const { why, link = 1, frame, packets = [], anomalies = [], vlans = [] } of CASES) {
    it(why, () => {
      const bytes = fromHex(frame)!;
      expect(decodeAll(bytes, link)).toEqual({ packets: [...packets], anomalies: [...anomalies], vlans: [...vlans] });
      // Cut anywhere, it is still decoded without a throw, and nothing is read behind the cut.
      for (let length = 0; length < bytes.length; length++) {
        const cut = bytes.slice(0, length);
        const padded = new Uint8Array(length + 64).fill(255);
        padded.set(cut);
        expect(decodeAll(padded.subarray(0, length), link, true)).toEqual(decodeAll(cut, link, true));
      }
    });
  }

  it('fewer layers may be enough', () => {
    const packet = new Packet();
    packet.data = fromHex(`${MACS} 8100 0001 8100 0002 0800 ${IP}`)!;
    packet.frameEnd = packet.data.length;
    packet.linkType = 1;
    const anomalies = Array.from({ length: 16 }, (_, most) => {
      decodePacket(packet, false, most + 1);
      return packet.anomalies.join();
    });
    expect(anomalies.slice(0, 3)).toEqual(['too_many_layers', 'too_many_layers', '']);
    expect(anomalies.slice(3).join('')).toBe('');
  });

  it('checksums are looked at only when asked for', () => {
    // A real header and datagram (IPv4 checksum b861... computed over these bytes).
    const packet = new Packet();
    packet.data = fromHex('45000073000040004011b861c0a80001c0a800c7 03e80035005f0000'.concat('00'.repeat(87)))!;
    packet.frameEnd = packet.data.length;
    packet.linkType = RAW;
    decodePacket(packet, false);
    expect([packet.ipChecksumGood, packet.transportChecksumGood]).toEqual([-1, -1]);
    decodePacket(packet, true);
    expect([packet.ipChecksumGood, packet.transportChecksumGood]).toEqual([1, -1]);
    packet.data[1] = 1;
    decodePacket(packet, true);
    expect(packet.ipChecksumGood).toBe(0);
  });
});

describe('ports of tunnels are told', () => {
  const vxlan = (port: string, reserved = '00'): string =>
    `4500004e 00010000 4011 0000 01010101 02020202 3039 ${port} 003a 0000 08000000 000001${reserved} ${MACS} 0800 ${IP}`;
  const teredo = `45000054 00010000 4011 0000 01010101 02020202 3039 0999 0040 0000 0000 1234 01020304 ${IP6_HEAD('0008', '11')} ${UDP}`;
  it.each<readonly [why: string, frame: string, tunnels: Partial<EngineSettings['tunnels']>, opened: boolean]>([
    ['VXLAN on a port of its own', vxlan('2118'), { vxlan: new Set([0x2118]) }, true],
    ['and no longer on the usual one', vxlan('12b5'), { vxlan: new Set([0x2118]) }, false],
    ['none at all', vxlan('12b5'), { vxlan: new Set() }, false],
    ['reserved bits are refused', vxlan('12b5', '07'), {}, false],
    ['unless they may be set', vxlan('12b5', '07'), { vxlanReserved: true }, true],
    ['Teredo anywhere', teredo, { teredo: undefined }, true],
    ['Teredo on its port alone', teredo, {}, false],
  ])('%s', (_why, frame, tunnels, opened) => {
    expect(decodeAll(fromHex(frame)!, RAW, false, { ...DEFAULT_SETTINGS.tunnels, ...tunnels }).packets).toHaveLength(opened ? 2 : 1);
  });
});
