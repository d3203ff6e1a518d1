/**
 * One packet, decoded in place. The decoder fills one reused object per nesting level: whoever wants to keep something
 * copies it. All numbers are initialised so that the object never changes shape.
 */
import type { Direction } from './direction.ts';
import type { Flow } from './flow.ts';

/** tcp flags as on the wire */
export const FIN = 1;
export const SYN = 2;
export const RST = 4;
export const PSH = 8;
export const ACK = 16;
export const URG = 32;
export const ECE = 64;
export const CWR = 128;

export const ICMP = 1;
export const TCP = 6;
export const UDP = 17;
export const ICMPV6 = 58;
export const SCTP = 132;

/** what was decided about a packet; bits, since several rules may decide */
export const PASSED = 1;
export const DROPPED = 2;
/** an answer that ends the conversation goes to the packet's source, to its destination; only with DROPPED */
export const REJECTED_TO_SOURCE = 4;
export const REJECTED_TO_DESTINATION = 8;

/** layers below IP that were read; bits of `linkLayers` */
export const LAYER_VN_TAG = 1;
export const LAYER_E_TAG = 2;
export const LAYER_BACKBONE_TAG = 4;
export const LAYER_MPLS = 8;
export const LAYER_PPPOE = 16;
export const LAYER_SERVICE_HEADER = 32;
export const LAYER_ERSPAN = 64;
export const LAYER_PPP = 128;
export const LAYER_FABRIC_PATH = 256;

export const MOST_VLANS = 3;

export class Packet {
  /** counts from 1 within the capture */
  number = 0;
  /** capture time, microseconds since 1970 (a double holds them exactly until 2255) */
  time = 0.5;
  /** the frame is data[frameStart, frameEnd) */
  data: Uint8Array = NOTHING;
  frameStart = 0;
  frameEnd = 0;
  /** length on the wire, which may be more than was captured */
  wireLength = 0;
  linkType = 0;
  etherType = 0;
  /** offsets of ethernet addresses, -1 where there are none */
  ethernetStart = -1;
  vlanCount = 0;
  readonly vlans = new Uint16Array(MOST_VLANS);

  /** 4, 6, or 0 where there is no IP (ARP, unknown) */
  ipVersion = 0;
  ipStart = -1;
  ipHeaderLength = 0;
  /** total length as the header says, and end of what is really there */
  ipLength = 0;
  ipEnd = 0;
  /** IPv4: word 0; IPv6: words 0..3; most significant first */
  readonly source = new Uint32Array(4);
  readonly destination = new Uint32Array(4);
  ttl = 0;
  tos = 0;
  ipId = 0;
  /** IPv4 flag bits (4 reserved, 2 don't fragment, 1 more fragments); for IPv6 fragments 1 means more */
  fragmentFlags = 0;
  /** in bytes */
  fragmentOffset = 0;
  isFragment = false;
  /** IPv6 fragment header, -1 where there is none */
  fragmentHeader = -1;
  /** protocol of what the IP packet carries, after IPv6 extension headers; -1 where unknown */
  protocol = -1;
  /** start of ip options (IPv4); equal to ipStart + 20 where there are none */
  ipOptionsEnd = 0;

  /** start of the transport header, -1 where missing or truncated */
  transportStart = -1;
  sourcePort = 0;
  destinationPort = 0;
  tcpSequence = 0;
  tcpAcknowledgement = 0;
  tcpFlags = 0;
  tcpWindow = 0;
  tcpUrgent = 0;
  tcpHeaderLength = 0;
  /** -1 where the option is not there */
  tcpMss = -1;
  tcpWindowScale = -1;
  tcpSackPermitted = false;
  /** the fast open option is there (RFC 7413) */
  tcpFastOpen = false;
  tcpTimestamp = -1;
  tcpTimestampEcho = -1;
  icmpType = -1;
  icmpCode = -1;
  icmpId = -1;
  icmpSequence = -1;

  /** payload is data[payloadStart, payloadEnd) */
  payloadStart = 0;
  payloadEnd = 0;

  /** 1 good, 0 wrong, -1 not checked (yet) */
  ipChecksumGood = -1;
  transportChecksumGood = -1;

  /** names of decoder anomalies (`ipv4.trunc_pkt`); empty for most */
  readonly anomalies: string[] = [];
  /** texts that rules captured for the packet, by name */
  readonly captured: (readonly [name: string, text: string])[] = [];
  /** rebuilt from fragments, or carried in a tunnel: the frame offsets are those of the rebuilt bytes */
  isRebuilt = false;
  tunnelDepth = 0;
  /** what it is carried in (`gre tunnel`), and the packet around all others; empty and undefined outside of tunnels */
  tunnel = '';
  root: Packet | undefined = undefined;
  linkLayers = 0;
  /** a layer could not be read, and nothing above it was */
  isInvalid = false;
  /** headers read so far, those of packets around this one included; bounded by the decoder */
  layers = 0;

  flow: Flow | undefined = undefined;
  direction: Direction = 0;
  /** established when this packet came (TCP), or with it (everything else) */
  flowEstablished = false;
  /** made by the engine at the end of a flow; carries no bytes of its own */
  isPseudo = false;
  /** the payload was taken into the stream (in window, not a full retransmission) */
  inStream = false;

  /** PASSED, DROPPED, REJECTED_… */
  decision = 0;
  /** no flow is to be made for it */
  isUntracked = false;
  /** why it is dropped, in the words of drop records (`rules`, `flow drop`); empty where it is not */
  dropReason = '';
  /** its flow was bypassed before it came */
  isBypassed = false;
  /** exception policies that were applied to it: where, and which */
  exceptions: PacketException[] | undefined = undefined;
}

export interface PacketException {
  /** as in records: `stream_midstream`, `app_error` */
  readonly target: string;
  readonly policy: string;
}

const NOTHING = new Uint8Array(0);

/** Payloads shorter than this are of a kind for each length; longer ones are of one. */
export const KIND_LENGTHS = 31;

/**
 * What many conditions ask of a packet, as one number that fits 28 bits: flags or ICMP type, length of a short payload, fragmentation,
 * version, transport, whether there are options and anomalies. Packets of one kind have the same answer to all of it.
 */
export function packetKind(packet: Packet): number {
  const { protocol, ipVersion } = packet;
  const type = protocol === TCP ? packet.tcpFlags : protocol === ICMP || protocol === ICMPV6 ? packet.icmpType + 1 : 0;
  return (
    (type & 0x1ff) |
    (Math.min(packet.payloadEnd - packet.payloadStart, KIND_LENGTHS) << 9) |
    ((packet.fragmentFlags & 7) << 14) |
    (packet.fragmentOffset > 0 ? 1 << 17 : 0) |
    (packet.isPseudo ? 1 << 18 : 0) |
    ((ipVersion === 4 ? 1 : ipVersion === 6 ? 2 : 0) << 19) |
    ((protocol === TCP ? 1 : protocol === ICMP ? 2 : protocol === ICMPV6 ? 3 : 0) << 21) |
    (packet.transportStart >= 0 ? 1 << 23 : 0) |
    (packet.flowEstablished ? 1 << 24 : 0) |
    (packet.isRebuilt ? 1 << 25 : 0) |
    (packet.anomalies.length > 0 ? 1 << 26 : 0) |
    (packet.ipOptionsEnd > packet.ipStart + 20 ? 1 << 27 : 0)
  );
}

/**
 * A plain packet: a TCP segment over IP without options or fragments, established, whole and right, with no flag but ACK and perhaps PSH.
 * They differ for conditions on kinds in this number, below PLAIN_KINDS. -1: it is no plain packet.
 */
export function plainKindOf(packet: Packet): number {
  const flags = packet.tcpFlags;
  if (packet.protocol !== TCP || (flags & ~PSH) !== ACK || packet.isFragment || (packet.fragmentFlags & ~DONT_FRAGMENT) !== 0) return -1;
  if (!packet.flowEstablished || packet.isPseudo || packet.isRebuilt || packet.transportStart < 0 || packet.anomalies.length > 0) return -1;
  if (packet.ipVersion === 4)
    return packet.ipOptionsEnd > packet.ipStart + 20 ? -1 : plainKind(flags, packet.payloadEnd - packet.payloadStart, packet.fragmentFlags);
  return plainKind(flags, packet.payloadEnd - packet.payloadStart, 0) | PLAIN_IPV6;
}

/** Of one over IPv4; `fragmentFlags` as in `Packet`, of which only "don't fragment" may be set. */
export function plainKind(flags: number, length: number, fragmentFlags: number): number {
  return (length < KIND_LENGTHS ? length : KIND_LENGTHS) | ((flags & PSH) << 2) | (fragmentFlags << 5);
}

export const PLAIN_KINDS = 256;
const PLAIN_IPV6 = 128;
const DONT_FRAGMENT = 2;

/** In tables by kinds of plain packets: nothing is known, nothing holds on them, something may. */
export const KIND_UNKNOWN = 0;
export const KIND_QUIET = 1;
export const KIND_LOUD = 2;
