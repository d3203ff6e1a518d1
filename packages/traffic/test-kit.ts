/** For tests only: raw IPv4 packets with TCP in them, written short, and a pipeline that notes what comes out of them. */
import { fromLatin1, latin1 } from '@sigwright/bytes';
import { ACK, DEFAULT_SETTINGS, type EngineSettings, FIN, type Flow, type Packet, PSH, RST, SYN, type Target, TCP, URG } from '@sigwright/contracts';
import { TrafficPipeline } from './pipeline.ts';
import type { TcpStream } from './streams/tcp-stream.ts';

/** LINKTYPE_RAW: the frame is the IP packet. */
export const RAW = 101;

export interface TcpText {
  /** sent by the client? */
  readonly client: boolean;
  readonly flags: number;
  readonly sequence: number;
  readonly acknowledgement: number;
  readonly data: Uint8Array;
  readonly options: Uint8Array;
  readonly window: number;
}

const FLAG_LETTERS: Readonly<Record<string, number>> = { F: FIN, S: SYN, R: RST, P: PSH, A: ACK, U: URG };
/**
 * `> SA 100 201 text`: direction, flags, sequence, acknowledgement, data (latin1; ~ for none); numbers may be above 2^32, they wrap. With
 * `U`, the last byte is urgent.
 */
export function tcp(line: string, options: Uint8Array = new Uint8Array(0), window = 65535): TcpText {
  const [arrow, letters, sequence, acknowledgement, ...rest] = line.split(' ');
  let flags = 0;
  for (const letter of letters) flags |= FLAG_LETTERS[letter] ?? 0;
  const text = rest.join(' ');
  return {
    client: arrow === '>',
    flags,
    sequence: Number(sequence) % 2 ** 32,
    acknowledgement: Number(acknowledgement) % 2 ** 32,
    data: text === '~' ? new Uint8Array(0) : fromLatin1(text),
    options,
    window,
  };
}

/** An IPv4 packet of 10.0.0.1:40000 ⇄ 10.0.0.2:80, checksums left at zero. */
export function tcpPacket({ client, flags, sequence, acknowledgement, data, options, window }: TcpText): Uint8Array {
  const headerLength = 20 + options.length;
  const packet = new Uint8Array(20 + headerLength + data.length);
  const view = new DataView(packet.buffer);
  view.setUint8(0, 0x45);
  view.setUint16(2, packet.length);
  view.setUint8(8, 64);
  view.setUint8(9, TCP);
  view.setUint32(12, client ? 0x0a000001 : 0x0a000002);
  view.setUint32(16, client ? 0x0a000002 : 0x0a000001);
  view.setUint16(20, client ? 40000 : 80);
  view.setUint16(22, client ? 80 : 40000);
  view.setUint32(24, sequence);
  view.setUint32(28, acknowledgement);
  view.setUint8(32, (headerLength / 4) << 4);
  view.setUint8(33, flags);
  view.setUint16(34, window);
  if ((flags & URG) !== 0) view.setUint16(38, data.length);
  packet.set(options, 40);
  packet.set(data, 20 + headerLength);
  return packet;
}

export interface Seen {
  /** what the consumer got from each side; a gap is written as `[n]` */
  readonly read: [string, string];
  readonly anomalies: string[];
  readonly flows: string[];
  readonly established: boolean[];
  readonly states: string[];
}

/** Reads streams as detection does, in IDS mode unless told otherwise. */
export class Observer {
  readonly seen: Seen = { read: ['', ''], anomalies: [], flows: [], established: [], states: [] };
  readonly pipeline: TrafficPipeline;
  readonly #inline: boolean;
  #time = 1_000_000;

  constructor(stream: Partial<EngineSettings['stream']> = {}, inline = false, verifyChecksums = false, targets: readonly Target[] = []) {
    this.#inline = inline;
    const settings: EngineSettings = { ...DEFAULT_SETTINGS, verifyChecksums, inline, targets, stream: { ...DEFAULT_SETTINGS.stream, ...stream } };
    this.pipeline = new TrafficPipeline(settings, { onPacket: (packet) => this.#packet(packet), onFlowEnd: (flow) => this.#end(flow) });
  }

  /** `seconds`: since the packet before. */
  send(packet: Uint8Array, seconds = 0.001, linkType = RAW): void {
    this.#time += seconds * 1e6;
    this.pipeline.record(packet, 0, packet.length, this.#time, packet.length, linkType);
  }

  #packet(packet: Packet): void {
    this.seen.anomalies.push(...packet.anomalies);
    this.seen.established.push(packet.flowEstablished);
    if (packet.protocol !== TCP || packet.flow?.stream === undefined) return;
    this.seen.states.push((packet.flow.stream as TcpStream).stateName);
    this.#read(packet.flow.stream as TcpStream);
  }

  #end(flow: Flow): void {
    if (flow.stream !== undefined) this.#read(flow.stream as TcpStream);
    this.seen.flows.push(flow.endReason);
  }

  #read(stream: TcpStream): void {
    for (const direction of [0, 1] as const) {
      const side = stream.sides[direction];
      for (;;) {
        const upTo = side.readable(this.#inline);
        this.seen.read[direction] += latin1(side.bytes, side.parsed - side.base, upTo - side.base);
        side.parsed = side.searched = Math.max(side.parsed, upTo);
        if (side.gap === 0 || upTo < side.available) break;
        this.seen.read[direction] += `[${side.takeGap()}]`;
      }
      side.release();
    }
  }
}

/** Sends one line a packet and ends the capture. */
export function watch(lines: readonly (string | TcpText)[], stream: Partial<EngineSettings['stream']> = {}, inline = false): Seen {
  const observer = new Observer(stream, inline);
  for (const line of lines) observer.send(tcpPacket(typeof line === 'string' ? tcp(line) : line));
  observer.pipeline.finish();
  return observer.seen;
}

/** Handshake with the client at 100 (first byte 101) and the server at 500. */
export const HANDSHAKE: readonly string[] = ['> S 100 0 ~', '< SA 500 101 ~', '> A 101 501 ~'];
