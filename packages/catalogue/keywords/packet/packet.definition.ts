/** Header fields of single packets. Suricata user guide, "IP keywords", "TCP keywords", "ICMP keywords"; RFC 791, 8200, 9293, 792. */
import { addressBytes, entryOf, uint32 } from '@sigwright/bytes';
import {
  asKeywords,
  type BufferDefinition,
  type BufferWindow,
  type Comparison,
  fillWindow,
  ICMP,
  ICMPV6,
  KIND_LENGTHS,
  keyword,
  type Packet,
  type PacketBuffer,
  type PacketCondition,
  TCP,
  UDP,
} from '@sigwright/contracts';
import { choice, compares, comparison, custom, describeComparison, none, showComparison } from '../../arguments/index.ts';
import { noRoom } from '../../formats/room.ts';
import { IP_PROTOCOLS } from './ip-protocols.ts';

interface FieldOptions {
  readonly aliases?: readonly string[];
  readonly since?: string;
  readonly maximum?: number;
  /** protocol that carries the field; the packet must be of it */
  readonly protocols?: readonly number[];
  readonly names?: Readonly<Record<string, number>>;
  /** `!n` asks for something else, not for nothing */
  readonly emptyIsNot?: boolean;
  /** it is the length of the payload: bounds what contents may need */
  readonly ofPayload?: boolean;
  /** how analyses of rules show it: keyword, key, value */
  readonly shownName?: string;
  readonly shownAs?: string;
  readonly shows?: (wanted: Comparison) => Record<string, unknown>;
  /** see PacketCondition */
  readonly ofProtocol?: boolean;
  /** a packet's kind tells the field below this number, or that it is not below; undefined: nothing of it */
  readonly ofKindBelow?: number;
}

function showNumber({ value }: Comparison): Record<string, unknown> {
  return { number: value };
}

function showSize({ operator, value }: Comparison): Record<string, unknown> {
  return { size: value, negated: operator === '!=' };
}

/** A keyword that compares one number of a packet's header. */
function field(name: string, summary: string, read: (packet: Packet) => number, options: FieldOptions = {}) {
  return keyword<Comparison>({
    name,
    ...(options.aliases === undefined ? {} : { aliases: options.aliases }),
    family: 'packet',
    since: options.since ?? '1.0',
    summary,
    kind: 'condition',
    argument: comparison(0, options.maximum ?? 4294967295, options.names),
    examples: [`${name}:1;`],
    broken: [{ options: `${name}:x y;`, code: `${name}/argument` }],
    apply(wanted, builder) {
      const { protocols } = options;
      builder.demandPacket();
      builder.addPacket({
        keyword: options.shownName ?? name,
        describes: `${summary} is ${describeComparison(wanted)}`,
        cost: 1,
        shown: { [options.shownAs ?? name.slice(Math.max(name.lastIndexOf('.'), name.lastIndexOf('_')) + 1)]: (options.shows ?? showComparison)(wanted) },
        ...(options.ofPayload === true ? { ...upperBound(wanted), contradicts: (payload) => noRoom('the payload', wanted, payload) } : {}),
        ...(options.ofProtocol === true ? { ofProtocol: true } : {}),
        ...toldByKind(wanted, read, options.ofKindBelow),
        measured(packet) {
          const value = read(packet);
          const isThere = (protocols === undefined || protocols.includes(packet.protocol)) && packet.ipVersion !== 0 && value >= 0;
          return isThere ? { words: `it is ${value}`, value } : { words: 'this packet has none' };
        },
        test(packet) {
          if (protocols !== undefined && !protocols.includes(packet.protocol)) return false;
          if (packet.isPseudo || packet.ipVersion === 0) return false;
          const value = read(packet);
          if (value === 0 && options.emptyIsNot === true && wanted.operator === '!=') return false;
          return value >= 0 && compares(wanted, value);
        },
      });
    },
  });
}

/** Told where the kind has the field itself, or where it makes no difference which larger one it is; single bits make one. */
function toldByKind({ operator, value, upper }: Comparison, read: (packet: Packet) => number, below: number | undefined): Pick<PacketCondition, 'ofKind'> {
  if (below === undefined) return {};
  const isSmall = Math.max(value, upper) < below && !operator.endsWith('&') && !operator.endsWith('mask');
  return { ofKind: (packet) => isSmall || read(packet) < below };
}

const FLAG_BITS: Record<string, number> = { F: 1, S: 2, R: 4, P: 8, A: 16, U: 32, E: 64, C: 128, '2': 64, '1': 128, '0': 0 };

function flagBits(text: string): number | undefined {
  let bits = 0;
  for (const letter of text.toUpperCase()) {
    const bit = FLAG_BITS[letter];
    if (bit === undefined) return undefined;
    bits |= bit;
  }
  return bits;
}

const FLAG_LETTERS = 'FSRPAUEC';
const FLAG_MODES = { '=': 'are', '+': 'have all of', '*': 'have any of', '!': 'have none of' } as const;

/** `SA`; 0 where none is set */
function flagLetters(bits: number): string {
  const letters = [...FLAG_LETTERS].filter((_letter, bit) => (bits & (1 << bit)) !== 0).join('');
  return letters === '' ? '0' : letters;
}

interface FlagsWanted {
  readonly mode: '=' | '+' | '*' | '!';
  readonly bits: number;
  readonly ignored: number;
}

const FRAGMENT_BITS: Record<string, number> = { M: 1, D: 2, R: 4 };

const IP_OPTIONS: Record<string, number> = { rr: 7, eol: 0, nop: 1, ts: 68, sec: 130, esec: 133, lsrr: 131, ssrr: 137, satid: 136 };

function header(name: string, summary: string, limits: (packet: Packet) => readonly [number, number] | undefined): PacketBuffer {
  return {
    of: 'packet',
    name,
    summary,
    shape: 'text',
    read(packet: Packet, window: BufferWindow) {
      const found = packet.isPseudo ? undefined : limits(packet);
      if (found === undefined) return false;
      window.bytes = packet.data;
      window.start = found[0];
      window.end = found[1];
      window.offset = 0;
      window.complete = true;
      return true;
    },
  };
}

/** The bytes of an address as on the wire, also where no packet stands for the flow. */
function address(name: string, summary: string, words: (packet: Packet) => Uint32Array): PacketBuffer {
  return {
    of: 'packet',
    name,
    summary,
    shape: 'text',
    read: (packet, window) => packet.ipVersion !== 0 && fillWindow(window, addressBytes(words(packet), packet.ipVersion)),
  };
}

const ADDRESSES: readonly PacketBuffer[] = [
  address('ip.src', 'the source address, four or sixteen bytes', (packet) => packet.source),
  address('ip.dst', 'the destination address, four or sixteen bytes', (packet) => packet.destination),
];

const HEADERS: readonly PacketBuffer[] = [
  header('ipv4.hdr', 'the IPv4 header', (packet) => (packet.ipVersion === 4 ? [packet.ipStart, packet.ipStart + packet.ipHeaderLength] : undefined)),
  header('ipv6.hdr', 'the IPv6 header with its extension headers', (packet) =>
    packet.ipVersion === 6 ? [packet.ipStart, packet.transportStart >= 0 ? packet.transportStart : packet.ipStart + 40] : undefined,
  ),
  header('tcp.hdr', 'the TCP header with its options', (packet) =>
    packet.protocol === TCP && packet.transportStart >= 0 ? [packet.transportStart, packet.transportStart + packet.tcpHeaderLength] : undefined,
  ),
  header('udp.hdr', 'the UDP header', (packet) =>
    packet.protocol === UDP && packet.transportStart >= 0 ? [packet.transportStart, packet.transportStart + 8] : undefined,
  ),
  header('icmpv4.hdr', 'the ICMP header and what it carries', (packet) =>
    packet.protocol === ICMP && packet.transportStart >= 0 ? [packet.transportStart, packet.ipEnd] : undefined,
  ),
  header('icmpv6.hdr', 'the ICMPv6 header and what it carries', (packet) =>
    packet.protocol === ICMPV6 && packet.transportStart >= 0 ? [packet.transportStart, packet.ipEnd] : undefined,
  ),
];

const TCP_WORDS = ['tcp', 'tcp-pkt', 'tcp-stream'];
/** Header words of packets in which these are not. */
const OTHER_PACKETS: Readonly<Record<string, readonly string[]>> = {
  'tcp.hdr': ['udp', 'icmp', 'icmpv4', 'icmpv6', 'sctp'],
  'udp.hdr': [...TCP_WORDS, 'icmp', 'icmpv4', 'icmpv6', 'sctp'],
  'icmpv4.hdr': [...TCP_WORDS, 'udp', 'icmpv6', 'sctp'],
  'icmpv6.hdr': [...TCP_WORDS, 'udp', 'icmpv4', 'sctp'],
};

export const buffers: readonly BufferDefinition[] = [...HEADERS, ...ADDRESSES];

function checksumKeyword(name: string, what: string, read: (packet: Packet) => number) {
  return keyword({
    name,
    family: 'packet',
    since: '1.0',
    summary: `is the checksum of ${what} right?`,
    kind: 'condition' as const,
    argument: custom('valid|invalid', ['valid', 'invalid'], (written) => {
      const word = written.replaceAll('"', '').trim();
      return word === 'valid' || word === 'invalid' ? { value: word === 'valid' } : { problem: `\`${word}\` is neither valid nor invalid` };
    }),
    examples: [`${name}:valid;`],
    broken: [{ options: `${name}:maybe;`, code: `${name}/argument` }],
    apply(valid, builder) {
      builder.demandPacket();
      builder.addPacket({
        keyword: name,
        describes: `checksum of ${what} is ${valid ? 'right' : 'wrong'}`,
        cost: 1,
        test: (packet) => read(packet) === (valid ? 1 : 0),
      });
    },
  });
}

export const keywords = asKeywords(
  field('ttl', 'time to live', (packet) => packet.ttl, { maximum: 255 }),
  field('id', 'identification of the IPv4 packet', (packet) => (packet.ipVersion === 4 ? packet.ipId : -1), { maximum: 65535 }),
  field('tos', 'type of service', (packet) => packet.tos, { maximum: 255 }),
  field('fragoffset', 'offset of the fragment, in units of 8 bytes', (packet) => packet.fragmentOffset / 8, { maximum: 8191, ofKindBelow: 1 }),
  field('seq', 'sequence number', (packet) => packet.tcpSequence, { aliases: ['tcp.seq'], shownName: 'tcp.seq', shows: showNumber, protocols: [TCP] }),
  field('ack', 'acknowledgement number', (packet) => packet.tcpAcknowledgement, {
    aliases: ['tcp.ack'],
    shownName: 'tcp.ack',
    shows: showNumber,
    protocols: [TCP],
  }),
  field('window', 'TCP window', (packet) => packet.tcpWindow, {
    aliases: ['tcp.window'],
    shownName: 'tcp.window',
    shows: showSize,
    maximum: 65535,
    protocols: [TCP],
  }),
  field('tcp.mss', 'maximum segment size', (packet) => packet.tcpMss, { since: '5.0', maximum: 65535, protocols: [TCP] }),
  field('tcp.wscale', 'window scale', (packet) => packet.tcpWindowScale, { since: '8.0', maximum: 255, protocols: [TCP] }),
  field('itype', 'ICMP type', (packet) => packet.icmpType, { shownAs: 'type', maximum: 255, protocols: [ICMP, ICMPV6], ofKindBelow: 256 }),
  field('icode', 'ICMP code', (packet) => packet.icmpCode, { shownAs: 'code', maximum: 255, protocols: [ICMP, ICMPV6] }),
  field('icmp_id', 'ICMP identification', (packet) => packet.icmpId, { shows: showNumber, maximum: 65535, protocols: [ICMP, ICMPV6] }),
  field('icmp_seq', 'ICMP sequence', (packet) => packet.icmpSequence, { shows: showNumber, maximum: 65535, protocols: [ICMP, ICMPV6] }),
  field('icmpv6.mtu', 'MTU of a packet-too-big message', (packet) => (packet.icmpType === 2 && packet.payloadStart >= 4 ? mtu(packet) : -1), {
    since: '5.0',
    protocols: [ICMPV6],
  }),
  field('dsize', 'length of the payload', (packet) => (packet.transportStart >= 0 ? packet.payloadEnd - packet.payloadStart : -1), {
    maximum: 65535,
    emptyIsNot: true,
    ofPayload: true,
    ofKindBelow: KIND_LENGTHS,
  }),
  field('ip_proto', 'IP protocol', (packet) => packet.protocol, { maximum: 255, names: IP_PROTOCOLS, ofProtocol: true }),
  keyword({
    name: 'l3_proto',
    family: 'packet',
    since: '1.3',
    summary: 'version of IP',
    kind: 'condition',
    argument: choice(['ipv4', 'ip4', 'ipv6', 'ip6']),
    examples: ['l3_proto:ipv6;'],
    broken: [{ options: 'l3_proto:ipv5;', code: 'l3_proto/argument' }],
    apply(word, builder) {
      const version = word.endsWith('4') ? 4 : 6;
      builder.addPacket({
        keyword: 'l3_proto',
        describes: `version of IP is ${version}`,
        cost: 1,
        measured: ({ ipVersion }) => ({ words: ipVersion === 0 ? 'this packet has none' : `it is ${ipVersion}` }),
        test: ({ ipVersion }) => ipVersion === version,
      });
    },
  }),
  keyword<FlagsWanted>({
    name: 'tcp.flags',
    aliases: ['flags'],
    family: 'packet',
    since: '1.0',
    summary: 'TCP flags; letters behind a comma are ignored',
    kind: 'condition',
    argument: custom('[!|*|+]<flags>[,<ignored>]', ['S', 'S,12', '*FS', 'SA+', '!A'], (written) => {
      const [wantedText, ignoredText] = written.split(',').map((part) => part.trim().replace(/\s+/g, ''));
      const mode = /[!*+]/.exec(wantedText)?.[0] ?? '=';
      const bits = flagBits(wantedText.replace(/[!*+]/g, ''));
      const ignored = flagBits((ignoredText ?? '').replace(/[!*+]/g, ''));
      if (bits === undefined || ignored === undefined || wantedText.replace(/[!*+]/g, '') === '')
        return { problem: `\`${written}\` are no TCP flags`, help: 'letters are F S R P A U E C, 0 for none' };
      return { value: { mode: mode as FlagsWanted['mode'], bits, ignored } };
    }),
    examples: ['tcp.flags:S,12;'],
    broken: [{ options: 'flags:X;', code: 'tcp.flags/argument' }],
    apply({ mode, bits, ignored }, builder) {
      builder.demandPacket();
      builder.addPacket({
        keyword: 'tcp.flags',
        describes: `TCP flags ${FLAG_MODES[mode]} ${flagLetters(bits)}${ignored === 0 ? '' : `, whatever ${flagLetters(ignored)} are`}`,
        // Packets that open or end a connection: SYN, FIN, RST.
        ...((bits & 7) !== 0 && mode !== '!' ? { shown: { opens_or_ends: true } } : {}),
        cost: 1,
        ofKind: () => true,
        test(packet) {
          if (packet.protocol !== TCP || packet.transportStart < 0 || packet.isPseudo) return false;
          const flags = packet.tcpFlags & ~ignored & 255;
          if (mode === '+') return (flags & bits) === bits;
          if (mode === '*') return (flags & bits) !== 0;
          if (mode === '!') return (flags & bits) === 0;
          return flags === bits;
        },
        measured: (packet) =>
          packet.protocol === TCP && packet.transportStart >= 0 ? { words: `they are ${flagLetters(packet.tcpFlags)}` } : { words: 'this packet is not TCP' },
      });
    },
  }),
  keyword({
    name: 'fragbits',
    family: 'packet',
    since: '1.0',
    summary: 'fragmentation bits of the IPv4 header',
    kind: 'condition',
    argument: custom('[!|*|+]<M|D|R>…', ['M', '!D', 'MD+'], (written) => {
      const source = written.replace(/\s+/g, '').toUpperCase();
      const mode = /[!*+]/.exec(source)?.[0] ?? '=';
      let bits = 0;
      for (const letter of source.replace(/[!*+]/g, '')) {
        if (FRAGMENT_BITS[letter] === undefined) return { problem: `\`${letter}\` is no fragmentation bit`, help: 'letters are M, D and R' };
        bits |= FRAGMENT_BITS[letter];
      }
      return bits === 0 ? { problem: 'no bit is named' } : { value: { mode, bits } };
    }),
    examples: ['fragbits:M;'],
    broken: [{ options: 'fragbits:Q;', code: 'fragbits/argument' }],
    apply({ mode, bits }, builder) {
      builder.demandPacket();
      builder.addPacket({
        keyword: 'fragbits',
        describes: `fragmentation bits ${mode} ${bits}`,
        cost: 1,
        ofKind: () => true,
        test(packet) {
          if (packet.ipVersion !== 4 || packet.isPseudo) return false;
          const flags = packet.fragmentFlags;
          if (mode === '+') return (flags & bits) === bits;
          if (mode === '*') return (flags & bits) !== 0;
          if (mode === '!') return (flags & bits) === 0;
          return flags === bits;
        },
      });
    },
  }),
  keyword({
    name: 'ipopts',
    family: 'packet',
    since: '1.0',
    summary: 'an option in the IPv4 header',
    kind: 'condition',
    argument: custom('rr|eol|nop|ts|sec|esec|lsrr|ssrr|satid|any', ['rr', 'any'], (written) => {
      const word = written.trim().toLowerCase();
      if (word === 'any') return { value: -1 };
      const option = entryOf(IP_OPTIONS, word);
      return option === undefined ? { problem: `\`${word}\` is no IP option` } : { value: option };
    }),
    examples: ['ipopts:rr;'],
    broken: [{ options: 'ipopts:none;', code: 'ipopts/argument' }],
    apply(wanted, builder) {
      builder.demandPacket();
      builder.addPacket({
        keyword: 'ipopts',
        describes: `IP option ${wanted === -1 ? 'of any kind' : wanted}`,
        cost: 3,
        shown: { ipopts: { option: wanted === -1 ? 'any' : Object.keys(IP_OPTIONS).find((name) => IP_OPTIONS[name] === wanted) } },
        ofKind: (packet) => packet.ipOptionsEnd <= packet.ipStart + 20,
        test(packet) {
          if (packet.ipVersion !== 4 || packet.isPseudo) return false;
          const { data, ipOptionsEnd } = packet;
          for (let at = packet.ipStart + 20; at < ipOptionsEnd; ) {
            if (wanted === -1 || data[at] === wanted) return true;
            if (data[at] === 0) return false;
            if (data[at] === 1) at++;
            else if (at + 1 < ipOptionsEnd && data[at + 1] >= 2) at += data[at + 1];
            else return false;
          }
          return false;
        },
      });
    },
  }),
  keyword({
    name: 'sameip',
    family: 'packet',
    since: '1.0',
    summary: 'source and destination are the same',
    kind: 'condition',
    argument: none(),
    examples: ['sameip;'],
    broken: [{ options: 'sameip:yes;', code: 'sameip/argument' }],
    apply(_none, builder) {
      builder.demandPacket();
      builder.addPacket({
        keyword: 'sameip',
        describes: 'source and destination are the same',
        cost: 1,
        test: ({ source, destination, ipVersion }) =>
          ipVersion !== 0 && source[0] === destination[0] && source[1] === destination[1] && source[2] === destination[2] && source[3] === destination[3],
      });
    },
  }),
  checksumKeyword('ipv4-csum', 'the IPv4 header', (packet) => (packet.ipVersion === 4 ? packet.ipChecksumGood : -1)),
  checksumKeyword('tcpv4-csum', 'TCP over IPv4', (packet) => (packet.ipVersion === 4 && packet.protocol === TCP ? packet.transportChecksumGood : -1)),
  checksumKeyword('tcpv6-csum', 'TCP over IPv6', (packet) => (packet.ipVersion === 6 && packet.protocol === TCP ? packet.transportChecksumGood : -1)),
  checksumKeyword('udpv4-csum', 'UDP over IPv4', (packet) => (packet.ipVersion === 4 && packet.protocol === UDP ? packet.transportChecksumGood : -1)),
  checksumKeyword('udpv6-csum', 'UDP over IPv6', (packet) => (packet.ipVersion === 6 && packet.protocol === UDP ? packet.transportChecksumGood : -1)),
  checksumKeyword('icmpv4-csum', 'ICMP', (packet) => (packet.protocol === ICMP ? packet.transportChecksumGood : -1)),
  checksumKeyword('icmpv6-csum', 'ICMPv6', (packet) => (packet.protocol === ICMPV6 ? packet.transportChecksumGood : -1)),
  ...HEADERS.map((buffer) =>
    keyword({
      name: buffer.name,
      family: 'packet',
      since: '5.0',
      summary: buffer.summary,
      kind: 'sticky-buffer' as const,
      argument: none(),
      examples: [`${buffer.name}; content:"|00|";`],
      apply(_none, builder) {
        const word = builder.rule.protocol.split(':')[0];
        if (OTHER_PACKETS[buffer.name]?.includes(word) === true) builder.problem('protocol', `packets of \`${word}\` have no such header`);
        builder.demandPacket();
        builder.selectBuffer(buffer.name);
      },
    }),
  ),
  ...ADDRESSES.map((buffer) =>
    keyword({
      name: buffer.name,
      family: 'packet',
      since: '8.0',
      summary: buffer.summary,
      kind: 'sticky-buffer' as const,
      argument: none(),
      examples: [`${buffer.name}; content:"|0a 00 00 01|";`],
      broken: [{ options: `${buffer.name}:1;`, code: `${buffer.name}/argument` }],
      apply(_none, builder) {
        builder.selectBuffer(buffer.name);
      },
    }),
  ),
);

/** RFC 4443 §3.2: four bytes behind type, code and checksum. */
function mtu(packet: Packet): number {
  const at = packet.transportStart + 4;
  return at + 4 <= packet.ipEnd ? uint32(packet.data, at) : -1;
}

function upperBound(wanted: Comparison): { payloadAtMost?: number } {
  switch (wanted.operator) {
    case '=':
    case '<':
    case '<=':
      return { payloadAtMost: wanted.value };
    case 'range':
      return { payloadAtMost: wanted.upper };
    default:
      return {};
  }
}
