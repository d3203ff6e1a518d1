/**
 * Captures written from code, for tests, evidence and examples: whole conversations with right checksums, sequence numbers,
 * acknowledgements and plausible times. Bytes in, bytes out; the same calls give the same file everywhere.
 *
 *     const capture = composeCapture();
 *     capture.dnsLookup({ client: '10.3.8.12', resolver: '10.3.8.2', name: 'example.org', answers: [{ type: 'A', data: '192.0.2.7' }] });
 *     capture.httpExchange({ client: '10.3.8.12', server: '192.0.2.7', exchanges: [{ request: { method: 'GET', uri: '/', headers: [['Host', 'example.org']] }, response: { status: 200 } }] });
 *     writeFileSync('example.pcap', capture.finish());
 *
 * Every conversation starts at `startTime` (microseconds since 1970) or, without it, half a second after the last one ended,
 * and returns the time at which it ended; packets are sorted by time at the end, so conversations may overlap.
 * Text is one byte a character. Addresses with a colon make IPv6.
 */
import { fromLatin1 } from '@sigwright/bytes';
import { ByteWriter } from './byte-writer.ts';
import { type ComposedPacket, captureFile } from './capture-file.ts';
import { type DnsAnswer, type DnsType, dnsMessage } from './dns-message.ts';
import { addressBytes, arpFrame, type FrameEnds, icmpFrame, tcpFrame, udpFrame } from './frames.ts';
import { type HttpRequest, type HttpResponse, httpRequest, httpResponse } from './http-message.ts';
import { SeededRandom } from './random.ts';
import { type Smb2Negotiation, smb2NegotiateRequest, smb2NegotiateResponse } from './smb2-messages.ts';
import { type TcpConversation, type TcpExchange, tcpPackets } from './tcp-conversation.ts';
import { type TlsMessages, tlsExchanges } from './tls-messages.ts';

export interface ComposerOptions {
  /** another seed gives other ports, identifiers and random bytes */
  readonly seed?: number;
  /** microseconds since 1970; 2024-03-08 09:00:00 UTC where left out */
  readonly startTime?: number;
  /** addresses that begin with this text are on the local network, all others behind its router; all local where left out */
  readonly localPrefix?: string;
  /** every frame carries this VLAN tag */
  readonly vlan?: number;
}

/** A conversation without its bytes. */
export type Ends = Omit<TcpConversation, 'exchanges' | 'serverPort'> & { readonly serverPort?: number };

export interface UdpExchange {
  readonly client: string;
  readonly server: string;
  readonly clientPort?: number;
  readonly serverPort: number;
  readonly startTime?: number;
  readonly exchanges: readonly { readonly from: 'client' | 'server'; readonly bytes: Uint8Array | string; readonly delay?: number }[];
}

export interface DnsLookup {
  readonly client: string;
  readonly resolver: string;
  readonly name: string;
  /** A where left out */
  readonly type?: DnsType;
  readonly answers?: readonly DnsAnswer[];
  /** 3 is `no such name` */
  readonly responseCode?: number;
  /** no response comes */
  readonly unanswered?: boolean;
  readonly transport?: 'udp' | 'tcp';
  readonly startTime?: number;
}

export interface HttpExchanges extends Ends {
  /** one connection carries them all, in order; a request without response is left unanswered */
  readonly exchanges: readonly { readonly request: HttpRequest; readonly response?: HttpResponse; readonly delay?: number }[];
}

const USUAL_START = 1_709_888_400_000_000;
const BETWEEN_CONVERSATIONS = 500_000;
const FIRST_EPHEMERAL_PORT = 49_152;
const LAST_EPHEMERAL_PORT = 65_535;
const LOCAL_ROUND_TRIP = 420;
const ROUTER_MAC = Uint8Array.of(0x02, 0, 0x5e, 0, 0, 1);
const BROADCAST_MAC = new Uint8Array(6).fill(0xff);
const SECONDS_1900_TO_1970 = 2_208_988_800;

export class CaptureComposer {
  private readonly random: SeededRandom;
  private readonly options: ComposerOptions;
  private readonly packets: ComposedPacket[] = [];
  private clock: number;
  private identification: number;

  constructor(options: ComposerOptions) {
    this.options = options;
    this.random = new SeededRandom(options.seed ?? 1);
    this.clock = options.startTime ?? USUAL_START;
    this.identification = this.random.below(0x10000);
  }

  /** The time at which the next conversation without `startTime` begins. */
  get time(): number {
    return this.clock;
  }

  /** The next conversation without `startTime` begins then, be it earlier than others. */
  at(time: number): void {
    this.clock = time;
  }

  /** Lets time pass. */
  wait(microseconds: number): void {
    this.clock += microseconds;
  }

  /** A frame as it is, checksums and all, for what no other call can make. */
  frame(frame: Uint8Array, time = this.clock): number {
    this.packets.push({ time, frame });
    return this.ended(time);
  }

  tcpConversation(conversation: TcpConversation): number {
    const ends = [this.ends(conversation.client, conversation.server), this.ends(conversation.server, conversation.client)];
    const port = conversation.clientPort ?? this.ephemeralPort();
    const prefix = this.options.localPrefix;
    const roundTrip = conversation.roundTrip ?? (prefix !== undefined && conversation.server.startsWith(prefix) ? LOCAL_ROUND_TRIP : undefined);
    const end = tcpPackets({ ...conversation, roundTrip }, port, conversation.startTime ?? this.clock, this.random, (time, side, fields, payload) => {
      this.packets.push({ time, frame: tcpFrame(ends[side], fields, payload, this.nextIdentification()) });
    });
    return this.ended(end);
  }

  udpExchange(exchange: UdpExchange): number {
    const there = this.ends(exchange.client, exchange.server);
    const back = this.ends(exchange.server, exchange.client);
    const port = exchange.clientPort ?? this.ephemeralPort();
    let time = exchange.startTime ?? this.clock;
    for (const [index, message] of exchange.exchanges.entries()) {
      if (index > 0) time += message.delay ?? 2500 + this.random.below(6000);
      const bytes = typeof message.bytes === 'string' ? fromLatin1(message.bytes) : message.bytes;
      const frame =
        message.from === 'client'
          ? udpFrame(there, port, exchange.serverPort, bytes, this.nextIdentification())
          : udpFrame(back, exchange.serverPort, port, bytes, this.nextIdentification());
      this.packets.push({ time, frame });
    }
    return this.ended(time);
  }

  dnsLookup(lookup: DnsLookup): number {
    const question = { id: this.random.below(0x10000), name: lookup.name, type: lookup.type ?? 'A' };
    const messages: { from: 'client' | 'server'; bytes: Uint8Array }[] = [{ from: 'client', bytes: dnsMessage(question) }];
    if (lookup.unanswered !== true)
      messages.push({ from: 'server', bytes: dnsMessage({ ...question, answers: lookup.answers ?? [], responseCode: lookup.responseCode ?? 0 }) });
    const ends = { client: lookup.client, server: lookup.resolver, serverPort: 53, startTime: lookup.startTime };
    if (lookup.transport !== 'tcp') return this.udpExchange({ ...ends, exchanges: messages });
    const framed = messages.map((message) => ({ from: message.from, bytes: new ByteWriter().counted(2, (writer) => writer.append(message.bytes)).finish() }));
    return this.tcpConversation({ ...ends, exchanges: framed });
  }

  tlsConnection(connection: Ends & TlsMessages): number {
    return this.tcpConversation({ ...connection, serverPort: connection.serverPort ?? 443, exchanges: tlsExchanges(connection, this.random) });
  }

  httpExchange(conversation: HttpExchanges): number {
    const exchanges: TcpExchange[] = [];
    for (const one of conversation.exchanges) {
      exchanges.push({ from: 'client', bytes: httpRequest(one.request), delay: one.delay });
      if (one.response !== undefined) exchanges.push({ from: 'server', bytes: httpResponse(one.response) });
    }
    return this.tcpConversation({ ...conversation, serverPort: conversation.serverPort ?? 80, exchanges });
  }

  smb2Negotiate(negotiation: Ends & Smb2Negotiation): number {
    const start = negotiation.startTime ?? this.clock;
    const exchanges: TcpExchange[] = [
      { from: 'client', bytes: smb2NegotiateRequest(negotiation.clientGuid ?? this.random.bytes(16)) },
      { from: 'server', bytes: smb2NegotiateResponse(negotiation.serverGuid, negotiation.dialect ?? 0x0302, start) },
    ];
    return this.tcpConversation({ ...negotiation, serverPort: negotiation.serverPort ?? 445, exchanges });
  }

  /** One ICMP message (RFC 792); `rest` is the second word of its header. */
  icmpMessage(message: {
    readonly source: string;
    readonly destination: string;
    readonly type: number;
    readonly code: number;
    readonly rest?: Uint8Array;
    readonly payload: Uint8Array;
  }): number {
    const frame = icmpFrame(
      this.ends(message.source, message.destination),
      message.type,
      message.code,
      message.rest ?? new Uint8Array(4),
      message.payload,
      this.nextIdentification(),
    );
    this.packets.push({ time: this.clock, frame });
    return this.ended(this.clock);
  }

  /** Echo requests a second apart, each answered. */
  icmpEcho(echo: {
    readonly client: string;
    readonly server: string;
    readonly count?: number;
    readonly payload?: Uint8Array | string;
    readonly startTime?: number;
  }): number {
    const six = echo.client.includes(':');
    const payload =
      echo.payload === undefined || typeof echo.payload === 'string' ? fromLatin1(echo.payload ?? 'abcdefghijklmnopqrstuvwabcdefghi') : echo.payload;
    const identifier = this.random.below(0x10000);
    let time = echo.startTime ?? this.clock;
    for (let sequence = 1; sequence <= (echo.count ?? 1); sequence++) {
      const rest = new ByteWriter().uint16(identifier).uint16(sequence).finish();
      const answered = time + 9000 + this.random.below(4000);
      this.packets.push({ time, frame: icmpFrame(this.ends(echo.client, echo.server), six ? 128 : 8, 0, rest, payload, this.nextIdentification()) });
      this.packets.push({ time: answered, frame: icmpFrame(this.ends(echo.server, echo.client), six ? 129 : 0, 0, rest, payload, this.nextIdentification()) });
      time = sequence === (echo.count ?? 1) ? answered : time + 1_000_000;
    }
    return this.ended(time);
  }

  /** Who has `target`? Answered by it. */
  arp(request: { readonly sender: string; readonly target: string; readonly startTime?: number }): number {
    const time = request.startTime ?? this.clock;
    const asker = this.mac(request.sender);
    const owner = this.mac(request.target);
    this.packets.push({ time, frame: arpFrame(1, asker, request.sender, BROADCAST_MAC, request.target) });
    this.packets.push({ time: time + 180, frame: arpFrame(2, owner, request.target, asker, request.sender) });
    return this.ended(time + 180);
  }

  /** A client asks a time server (NTP version 4, RFC 5905). */
  ntp(exchange: { readonly client: string; readonly server: string; readonly startTime?: number }): number {
    const time = exchange.startTime ?? this.clock;
    const stamp = (at: number): Uint8Array => {
      const seconds = Math.floor(at / 1e6);
      return new ByteWriter()
        .uint32((seconds + SECONDS_1900_TO_1970) >>> 0)
        .uint32(Math.floor(((at - seconds * 1e6) / 1e6) * 0x1_0000_0000))
        .finish();
    };
    const query = new ByteWriter().uint8(0x23).zeros(39).append(stamp(time)).finish();
    const answer = new ByteWriter().uint8(0x24).uint8(2).uint8(6).uint8(0xe9).uint32(0x00000218).uint32(0x00000402).append([192, 0, 2, 123]);
    answer
      .append(stamp(time - 61e6))
      .append(stamp(time))
      .append(stamp(time + 5200))
      .append(stamp(time + 5230));
    return this.udpExchange({
      client: exchange.client,
      server: exchange.server,
      serverPort: 123,
      startTime: time,
      exchanges: [
        { from: 'client', bytes: query },
        { from: 'server', bytes: answer.finish(), delay: 10_400 },
      ],
    });
  }

  /** The capture file. More may be added and finished again. */
  finish(): Uint8Array {
    return captureFile(this.packets);
  }

  private ended(time: number): number {
    this.clock = Math.max(this.clock, time + BETWEEN_CONVERSATIONS);
    return time;
  }

  private ephemeralPort(): number {
    return this.random.between(FIRST_EPHEMERAL_PORT, LAST_EPHEMERAL_PORT);
  }

  private nextIdentification(): number {
    this.identification = (this.identification + 1) & 0xffff;
    return this.identification;
  }

  private ends(source: string, destination: string): FrameEnds {
    return { sourceMac: this.mac(source), destinationMac: this.mac(destination), source, destination, vlan: this.options.vlan };
  }

  /** Locally administered, ending in the address's last bytes. */
  private mac(address: string): Uint8Array {
    const prefix = this.options.localPrefix;
    if (prefix !== undefined && !address.startsWith(prefix)) return ROUTER_MAC;
    const bytes = addressBytes(address).bytes;
    return Uint8Array.of(0x06, 0x1a, ...bytes.subarray(bytes.length - 4));
  }
}

export function composeCapture(options: ComposerOptions = {}): CaptureComposer {
  return new CaptureComposer(options);
}
