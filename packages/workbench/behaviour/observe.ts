/**
 * Capture → observations: what one side said at one moment, as the named buffers that rules look into. A protocol that is read gives
 * its transactions' buffers; of what is not (raw TCP and UDP, SMB) the first messages of each side are taken as they lie in packets.
 * The engine runs without rules. Memory is bounded: so many observations of a kind, so many bytes of a buffer; what is beyond is
 * counted and told.
 */
import { formatAddressLong, latin1 } from '@sigwright/bytes';
import {
  type Catalogue,
  type Direction,
  type EngineSettings,
  emptyWindow,
  type Flow,
  type Packet,
  type ProtocolDefinition,
  TCP,
  TO_SERVER,
  type Transaction,
  type TransactionBuffer,
  UDP,
} from '@sigwright/contracts';
import { buildPlan, Engine, usePlan } from '@sigwright/detection';

/** A capture that can be read several times. */
export interface CaptureSource {
  readonly name: string;
  /** its bytes in order, in pieces of any size */
  read(): Iterable<Uint8Array>;
}

export interface Observation {
  /** what it can be compared with: protocol and direction (`http to_server`), `raw` before it for payloads */
  readonly kind: string;
  readonly protocol: string;
  readonly direction: Direction;
  readonly isRaw: boolean;
  /** index of the capture in the list that was given */
  readonly capture: number;
  /** within the capture, by conversation */
  readonly flow: number;
  /** raw: which message of its side, from 0; otherwise which transaction */
  readonly ordinal: number;
  /** packet at which it was complete, from 1; 0 at the end of a conversation */
  readonly packet: number;
  /** seconds since 1970 */
  readonly time: number;
  /** `address:port` of the one who began the conversation, and of the other */
  readonly client: string;
  readonly server: string;
  readonly serverPort: number;
  /** bytes as characters 0 to 255; raw messages are under `payload` */
  readonly buffers: ReadonlyMap<string, readonly string[]>;
  /** raw: bytes of the whole message */
  readonly size: number;
}

export interface Observations {
  readonly list: readonly Observation[];
  /** that found no room */
  readonly leftOut: number;
  /** captures that could not be read to their end, and why */
  readonly problems: readonly { readonly capture: string; readonly message: string; readonly packets: number }[];
  readonly packets: number;
}

/** Of ordinary traffic, so many of one kind are remembered: enough to tell 1 in 10,000. */
const MOST_OF_A_KIND = 20_000;
/** All kinds together, in characters: what two cores and a laptop's memory bear. */
const MOST_CHARACTERS = 256 * 1024 * 1024;
/** Of one buffer: the beginning of a body is what rules look at. */
const LONGEST_VALUE = 4096;
const LONGEST_MESSAGE = 512;
/** Of each side of a conversation that is not read: a check-in stands at its beginning. */
const MOST_MESSAGES = 6;
const MOST_INSTANCES = 16;

/** Protocols whose buffers say less than their bytes: the messages are taken, too. */
const ALSO_RAW: ReadonlySet<string> = new Set(['smb', 'dcerpc', 'rdp', 'telnet', 'bittorrent-dht', 'enip', 'modbus', 'tftp']);
/** Twice the same bytes under another name, or numbers that are new each time. */
const LEFT_OUT: ReadonlySet<string> = new Set(
  `http.uri.raw http.request_line http.response_line http.host.raw http.header.raw http.start http.request_header http.response_header
http.content_len http.stat_msg http2.header_name tls.random tls.random_time tls.random_bytes tls.certs tls.cert_fingerprint ja3.string ja3s.string
dns.queries.rrname dns.answers.rrname dns.authorities.rrname dns.additionals.rrname dns.response.rrname email.date email.message_id email.received
mdns.answers.rrname mdns.authorities.rrname mdns.additionals.rrname mdns.response.rrname quic.ja3.string quic.ja3s.string quic.cyu.string
ssh.hassh.string ssh.hassh.server.string ike.init_spi ike.resp_spi ike.key_exchange_payload ike.nonce_payload ntp.reference_id
mqtt.connect.password dcerpc.stub_data sip.content_length sip.request_line sip.response_line sdp.time`.split(/\s+/),
);

interface Message {
  readonly direction: Direction;
  readonly text: string;
  readonly size: number;
  readonly packet: number;
  readonly time: number;
}

export function observe(sources: readonly CaptureSource[], catalogue: Catalogue, settings: EngineSettings): Observations {
  const gathering = new Gathering();
  const plan = usePlan(buildPlan([], catalogue, settings).data, catalogue, settings);
  const problems: { capture: string; message: string; packets: number }[] = [];
  let packets = 0;
  for (const [at, source] of sources.entries()) {
    const messages = new Map<Flow, Message[]>();
    const engine = new Engine(plan, catalogue, settings, {
      remembersFlows: true,
      packet: (packet) => noteMessage(messages, packet),
      transaction: (protocol, transaction, flow, packet) => gathering.transaction(at, protocol, transaction, flow, packet),
      flow: (flow) => {
        gathering.messages(at, flow, messages.get(flow) ?? []);
        messages.delete(flow);
      },
    });
    let message: string | undefined;
    try {
      for (const chunk of source.read()) {
        message = engine.feed(chunk)?.message;
        if (message !== undefined) break;
      }
    } catch (cause) {
      message = (cause as Error).message;
    }
    const atEnd = engine.finish()?.message;
    message ??= atEnd;
    if (message !== undefined) problems.push({ capture: source.name, message, packets: engine.counters.packets });
    packets += engine.counters.packets;
  }
  return { list: gathering.list, leftOut: gathering.leftOut, problems, packets };
}

function noteMessage(messages: Map<Flow, Message[]>, packet: Packet): void {
  const { flow, payloadStart, payloadEnd } = packet;
  if (flow === undefined || payloadEnd <= payloadStart || (packet.protocol !== TCP && packet.protocol !== UDP)) return;
  if (packet.protocol === TCP && !packet.inStream) return;
  let list = messages.get(flow);
  if (list === undefined) {
    list = [];
    messages.set(flow, list);
  }
  const { direction } = packet;
  let already = 0;
  for (const one of list) if (one.direction === direction) already++;
  if (already >= MOST_MESSAGES) return;
  const end = Math.min(payloadEnd, payloadStart + LONGEST_MESSAGE);
  list.push({
    direction,
    text: latin1(packet.data, payloadStart, end),
    size: payloadEnd - payloadStart,
    packet: packet.number,
    time: packet.time / 1e6,
  });
}

class Gathering {
  readonly list: Observation[] = [];
  leftOut = 0;
  readonly #counts = new Map<string, number>();
  #characters = 0;
  readonly #window = emptyWindow();

  transaction(capture: number, protocol: ProtocolDefinition, transaction: Transaction, flow: Flow, packet: Packet): void {
    for (const direction of [0, 1] as const) {
      const buffers = new Map<string, readonly string[]>();
      for (const buffer of protocol.buffers) {
        if (buffer.of !== 'transaction' || LEFT_OUT.has(buffer.name) || !buffer.directions.includes(direction)) continue;
        const values = this.#values(buffer, transaction, direction, flow);
        if (values.length > 0) buffers.set(buffer.name, values);
      }
      if (buffers.size === 0) continue;
      this.#add({
        ...endsOf(flow),
        kind: `${protocol.name} ${direction === TO_SERVER ? 'to_server' : 'to_client'}`,
        protocol: protocol.name,
        direction,
        isRaw: false,
        capture,
        flow: flow.id,
        ordinal: transaction.id,
        packet: packet.isPseudo ? 0 : packet.number,
        time: transaction.time / 1e6,
        buffers,
        size: 0,
      });
    }
  }

  messages(capture: number, flow: Flow, messages: readonly Message[]): void {
    const { applicationProtocol: spoken } = flow;
    const unread = spoken === undefined || spoken === 'failed';
    if (!unread && !ALSO_RAW.has(spoken)) return;
    const protocol = unread ? (flow.protocol === TCP ? 'tcp' : 'udp') : spoken;
    const ordinals = [0, 0];
    for (const { direction, text, size, packet, time } of messages) {
      this.#add({
        ...endsOf(flow),
        kind: `raw ${protocol} ${direction === TO_SERVER ? 'to_server' : 'to_client'}`,
        protocol,
        direction,
        isRaw: true,
        capture,
        flow: flow.id,
        ordinal: ordinals[direction]++,
        packet,
        time,
        buffers: new Map([['payload', [text]]]),
        size,
      });
    }
  }

  #values(buffer: TransactionBuffer, transaction: Transaction, direction: Direction, flow: Flow): readonly string[] {
    const values: string[] = [];
    const window = this.#window;
    for (let index = 0; index < (buffer.multiple ? MOST_INSTANCES : 1); index++) {
      if (!buffer.read(transaction, direction, index, window, flow)) break;
      // A body whose beginning was let go can not be compared.
      if (window.offset > 0 || (buffer.shape === 'body' && window.end === window.start)) break;
      values.push(latin1(window.bytes, window.start, Math.min(window.end, window.start + LONGEST_VALUE)));
    }
    return values;
  }

  #add(observation: Observation): void {
    const count = this.#counts.get(observation.kind) ?? 0;
    let characters = 0;
    for (const values of observation.buffers.values()) for (const value of values) characters += value.length;
    if (count >= MOST_OF_A_KIND || this.#characters + characters > MOST_CHARACTERS) {
      this.leftOut++;
      return;
    }
    this.#counts.set(observation.kind, count + 1);
    this.#characters += characters;
    this.list.push(observation);
  }
}

function endsOf(flow: Flow): Pick<Observation, 'client' | 'server' | 'serverPort'> {
  return {
    client: placeOf(flow.source, flow.ipVersion, flow.sourcePort),
    server: placeOf(flow.destination, flow.ipVersion, flow.destinationPort),
    serverPort: flow.destinationPort,
  };
}

/** As records write it: `10.0.0.1:80`, `[2001:db8::1]:80`. */
export function placeOf(words: Uint32Array, version: number, port: number): string {
  const text = formatAddressLong(words, version);
  return version === 6 ? `[${text}]:${port}` : `${text}:${port}`;
}

export function bufferText(observation: Observation, buffer: string): string | undefined {
  return observation.buffers.get(buffer)?.[0];
}

/** Observations that are the same behaviour. */
export interface Group {
  readonly kind: string;
  readonly observations: readonly Observation[];
  /** how many captures they are of */
  readonly captures: number;
}

/** `10.0.0.1` of `10.0.0.1:80` */
export function hostOf(place: string): string {
  return place.replace(/:\d+$/, '').replace(/^\[|\]$/g, '');
}
