/**
 * What stands around the bytes that rules ask for in a datagram, so that it is a whole message of its protocol, told by the port; and
 * the packet that an ICMP error quotes (RFC 792).
 */
import { checksum, fromLatin1 } from '@sigwright/bytes';
import type { BytesCondition } from '@sigwright/contracts';
import type { DatagramFrame } from './datagram-frame.ts';
import { dhtFrame, MESSAGES, NOT_COMPOSED, NTP_ANSWER, NTP_REQUEST } from './datagram-messages.ts';
import { dnsQuestion, type NameService, nameFrame, wholeMessage } from './datagram-names.ts';

export interface Ports {
  readonly clientPort: number;
  readonly serverPort: number;
}

const NAME_SERVICES: ReadonlyMap<number, NameService> = new Map([
  [53, 'DNS'],
  [137, 'NBNS'],
  [5355, 'LLMNR'],
]);

/** The side whose port says what is spoken, the server's first: rules without `flow` may have it on either. */
function knownPort({ clientPort, serverPort }: Ports): { readonly port: number; readonly isClients: boolean } | undefined {
  const isKnown = (port: number): boolean => NAME_SERVICES.has(port) || MESSAGES.has(port);
  if (isKnown(serverPort)) return { port: serverPort, isClients: false };
  return isKnown(clientPort) ? { port: clientPort, isClients: true } : undefined;
}

/** Undefined where the ports say nothing about what is spoken. */
export function udpFrame(ports: Ports, fromServer: boolean, conditions: readonly BytesCondition[]): DatagramFrame | undefined {
  const known = knownPort(ports);
  if (known === undefined) return dhtFrame(conditions);
  const { port, isClients } = known;
  const isAnswer = port !== ports.serverPort || port !== ports.clientPort ? fromServer !== isClients : fromServer;
  const service = NAME_SERVICES.get(port);
  return service === undefined ? MESSAGES.get(port)?.(isAnswer, conditions) : nameFrame(service, isAnswer, conditions);
}

/** The protocol that a port stands for and that is not composed. */
export function notComposed({ clientPort, serverPort }: Ports): string | undefined {
  return NOT_COMPOSED.get(serverPort) ?? NOT_COMPOSED.get(clientPort);
}

const DNS_ANSWER = wholeMessage(dnsQuestion().map((byte, at) => (at === 2 ? 0x81 : at === 3 ? 0x80 : at === 7 ? 1 : byte)))!;

/** What both sides say before the message that a rule is about. */
export function smallTalk(ports: Ports): readonly [client: Uint8Array, server: Uint8Array] {
  const known = knownPort(ports);
  const pair: readonly [Uint8Array, Uint8Array] | undefined =
    known?.port === 53 ? [dnsQuestion(), DNS_ANSWER] : known?.port === 123 ? [NTP_REQUEST, NTP_ANSWER] : undefined;
  if (pair === undefined) return [fromLatin1('hello'), fromLatin1('hello')];
  return known?.isClients ? [pair[1], pair[0]] : pair;
}

/** IPv4 header and first eight bytes of the datagram that an error is about: UDP from port 49731 to 33434. */
const QUOTED_PACKET = Uint8Array.of(
  ...[0x45, 0, 0, 60, 0x1a, 0x2b, 0, 0, 58, 17, 0, 0, 192, 168, 40, 17, 203, 0, 113, 77],
  ...[0xc2, 0x43, 0x82, 0x9a, 0, 40, 0, 0],
);
const QUOTED_HEADER_LENGTH = 20;
const QUOTED_CHECKSUM = checksum(QUOTED_PACKET, 0, QUOTED_HEADER_LENGTH);
QUOTED_PACKET.set([QUOTED_CHECKSUM >>> 8, QUOTED_CHECKSUM & 0xff], 10);
/** destination unreachable, source quench, redirect, time exceeded, parameter problem */
const ICMP_ERRORS: ReadonlySet<number> = new Set([3, 4, 5, 11, 12]);
/** Bytes behind the first eight of the messages that have such: timestamps, the address mask. */
const ICMP_LENGTHS: ReadonlyMap<number, number> = new Map([
  [13, 12],
  [14, 12],
  [17, 4],
  [18, 4],
]);

export function icmpFrame(type: number): DatagramFrame | undefined {
  if (ICMP_ERRORS.has(type)) return { name: 'ICMP', template: QUOTED_PACKET, from: QUOTED_PACKET.length, least: QUOTED_PACKET.length };
  const length = ICMP_LENGTHS.get(type);
  return length === undefined ? undefined : { name: 'ICMP', template: new Uint8Array(length), from: 0, least: length };
}
