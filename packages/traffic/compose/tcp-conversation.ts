/**
 * One TCP conversation as packets: handshake, exchanges, acknowledgements, close. The capture is taken near the client: its
 * packets carry the time they are sent, the server's come one round trip later. No congestion, no lost packet unless asked for.
 */
import { fromLatin1 } from '@sigwright/bytes';
import { ACK, FIN, PSH, RST, SYN } from '@sigwright/contracts';
import type { TcpFields } from './frames.ts';
import type { SeededRandom } from './random.ts';

export interface TcpExchange {
  readonly from: 'client' | 'server';
  /** text: one byte a character */
  readonly bytes: Uint8Array | string;
  /** largest payload of one packet; 1460 where left out */
  readonly segmentSize?: number;
  /** microseconds of silence before it */
  readonly delay?: number;
}

export interface TcpConversation {
  readonly client: string;
  readonly server: string;
  /** an ephemeral one where left out */
  readonly clientPort?: number;
  readonly serverPort: number;
  /** microseconds since 1970; the composer's own clock where left out */
  readonly startTime?: number;
  readonly exchanges: readonly TcpExchange[];
  /** `fin` where left out; reset: by the client; none: it just stops */
  readonly close?: 'fin' | 'reset' | 'none';
  /** leave out the handshake: the capture began later */
  readonly midstream?: boolean;
  /** neighbouring segments of one exchange arrive swapped */
  readonly outOfOrder?: boolean;
  /** every data segment is seen twice */
  readonly retransmit?: boolean;
  /** data segments, counted from 0 over the conversation, that the capture missed */
  readonly missing?: readonly number[];
  /** microseconds */
  readonly roundTrip?: number;
  readonly clientSequence?: number;
  readonly serverSequence?: number;
}

/** side: 0 client, 1 server */
export type SendSegment = (time: number, side: 0 | 1, fields: TcpFields, payload: Uint8Array) => void;

const USUAL_SEGMENT = 1460;
const WINDOW = 64240;
/** between packets of one burst */
const BURST_GAP = 55;
/** from data at the client to its own acknowledgement */
const CLIENT_ACK_DELAY = 45;
const THINKING_TIME = 1800;
const NOTHING = new Uint8Array(0);
/** maximum segment size 1460, no-op, window scale 8, no-op, no-op, selective acknowledgement permitted */
const SYN_OPTIONS = Uint8Array.of(2, 4, 5, 0xb4, 1, 3, 3, 8, 1, 1, 4, 2);

/** Calls `send` for every packet; returns the time of the last one. */
export function tcpPackets(conversation: TcpConversation, clientPort: number, startTime: number, random: SeededRandom, send: SendSegment): number {
  const roundTrip = conversation.roundTrip ?? 14_000 + random.below(9000);
  const ports = [clientPort, conversation.serverPort];
  const next = [conversation.clientSequence ?? random.next(), conversation.serverSequence ?? random.next()];
  const missing = new Set(conversation.missing ?? []);
  let time = startTime;
  let segmentCount = 0;

  const packet = (at: number, side: 0 | 1, flags: number, payload: Uint8Array = NOTHING, sequence = next[side], options?: Uint8Array): void => {
    const acknowledgement = (flags & ACK) === 0 ? 0 : next[1 - side];
    send(at, side, { sourcePort: ports[side], destinationPort: ports[1 - side], sequence, acknowledgement, flags, window: WINDOW, options }, payload);
  };
  const advance = (side: 0 | 1, count: number): void => {
    next[side] = (next[side] + count) >>> 0;
  };

  if (conversation.midstream !== true) {
    packet(time, 0, SYN, NOTHING, next[0], SYN_OPTIONS);
    advance(0, 1);
    time += roundTrip;
    packet(time, 1, SYN | ACK, NOTHING, next[1], SYN_OPTIONS);
    advance(1, 1);
    time += CLIENT_ACK_DELAY;
    packet(time, 0, ACK);
  }

  let lastSide: 0 | 1 = 0;
  for (const exchange of conversation.exchanges) {
    const side: 0 | 1 = exchange.from === 'client' ? 0 : 1;
    const bytes = typeof exchange.bytes === 'string' ? fromLatin1(exchange.bytes) : exchange.bytes;
    time += exchange.delay ?? (side === lastSide ? BURST_GAP * 4 : THINKING_TIME);
    if (side === 1 && lastSide === 0) time += roundTrip;
    lastSide = side;
    const size = exchange.segmentSize ?? USUAL_SEGMENT;
    const starts: number[] = [];
    for (let at = 0; at < bytes.length; at += size) starts.push(at);
    const lastStart = starts[starts.length - 1];
    const first = next[side];
    const order = conversation.outOfOrder === true ? swapNeighbours(starts) : starts;
    for (const start of order) {
      const payload = bytes.subarray(start, start + size);
      const flags = start === lastStart ? PSH | ACK : ACK;
      const sequence = (first + start) >>> 0;
      time += BURST_GAP;
      if (!missing.has(segmentCount)) packet(time, side, flags, payload, sequence);
      if (conversation.retransmit === true) packet(time + BURST_GAP / 5, side, flags, payload, sequence);
      segmentCount++;
    }
    if (bytes.length === 0) continue;
    advance(side, bytes.length);
    const other: 0 | 1 = side === 0 ? 1 : 0;
    packet(time + (side === 0 ? roundTrip : CLIENT_ACK_DELAY), other, ACK);
    if (side === 1) time += CLIENT_ACK_DELAY;
  }

  const close = conversation.close ?? 'fin';
  if (close === 'none') return lastSide === 0 ? time + roundTrip : time;
  // Wait until the acknowledgement of the last data is through.
  time += roundTrip + THINKING_TIME;
  if (close === 'reset') {
    packet(time, 0, RST | ACK);
    return time;
  }
  packet(time, 0, FIN | ACK);
  advance(0, 1);
  time += roundTrip;
  packet(time, 1, FIN | ACK);
  advance(1, 1);
  time += CLIENT_ACK_DELAY;
  packet(time, 0, ACK);
  return time;
}

function swapNeighbours(starts: readonly number[]): number[] {
  const swapped: number[] = [];
  for (let at = 0; at < starts.length; at += 2) {
    if (at + 1 < starts.length) swapped.push(starts[at + 1]);
    swapped.push(starts[at]);
  }
  return swapped;
}
