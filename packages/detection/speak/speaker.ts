/**
 * Which protocol is this, and what does it say? Feeds the bytes of a flow to the recognisers of the catalogue and, once one
 * is sure, to that protocol's session. Names no protocol itself.
 */
import {
  BOTH_DIRECTIONS,
  type Catalogue,
  type Direction,
  type EngineSettings,
  type Flow,
  IS_THIS,
  IS_THIS_REVERSED,
  NEED_MORE,
  type Packet,
  type ProtocolDefinition,
  type ProtocolSession,
  SharedState,
  swapped,
  TCP,
  TO_CLIENT,
  TO_SERVER,
  UDP,
} from '@sigwright/contracts';
import { type StreamSide, TCP_CLOSED, type TcpStream } from '@sigwright/traffic';
import { FlowFrames } from '../scan/frames.ts';
import { Expected } from './expected.ts';
import { Listeners } from './listeners.ts';

/** Bytes of one direction after which a protocol that still asks for more is given up. */
const MOST_UNDECIDED = 4096;

export interface SpeakerEvents {
  /** the protocol of a flow became known, or it became known that it can not be told */
  recognised(flow: Flow): void;
  /** the session is about to be replaced; its transactions are finished and must be looked at now */
  changing(flow: Flow, session: ProtocolSession): void;
  /** the session can not go on, or could make nothing of a datagram */
  failed(flow: Flow, cause: 'gap' | 'parser'): void;
  /** the peer that was taken for the client is the server: everything held by direction changes places */
  turned(flow: Flow): void;
  /** does anybody ask for frames of this protocol? */
  wantsFrames(protocol: string): boolean;
  /** anomalies of the session or of recognition that belong to no transaction */
  anomaly(flow: Flow, name: string): void;
  /** flows gather something together, see `SharedState` */
  readonly claimed?: ((name: string) => void) | undefined;
}

const NO_PROTOCOLS: readonly ProtocolDefinition[] = [];

/** What is still unknown about a flow. Kept in the flow's detection state by the engine. */
export class Recognising {
  /** candidates left, by direction; undefined: not begun */
  left: [readonly ProtocolDefinition[] | undefined, readonly ProtocolDefinition[] | undefined] | undefined = undefined;
  /** Directions as bits: those that could not be told, */
  failed = 0;
  /** and those that were held against the protocol that the other one was recognised by. */
  judged = 0;
  /** where somebody asks for frames of what is spoken */
  frames: FlowFrames | undefined = undefined;
  /** a session could not go on: bytes are passed over */
  broken = false;
  /** the peers agreed on another protocol than they spoke then */
  diverted = false;

  clear(): void {
    this.left = undefined;
    this.failed = 0;
    this.judged = 0;
    this.frames = undefined;
    this.broken = false;
    this.diverted = false;
  }

  turn(): void {
    this.left?.reverse();
    this.failed = swapped(this.failed);
    this.judged = swapped(this.judged);
  }
}

export class Speaker {
  readonly #settings: EngineSettings;
  /** what sessions are opened with */
  sessionSettings: EngineSettings;
  readonly #events: SpeakerEvents;
  readonly #tcp: Listeners;
  readonly #udp: Listeners;
  readonly #byName: ReadonlyMap<string, ProtocolDefinition>;
  readonly #expected = new Expected();
  readonly #shared: SharedState;

  constructor(catalogue: Catalogue, settings: EngineSettings, events: SpeakerEvents) {
    this.#settings = settings;
    this.sessionSettings = settings;
    this.#shared = new SharedState(events.claimed);
    this.#events = events;
    const { tcp, udp } = Listeners.of(catalogue, settings);
    this.#tcp = tcp;
    this.#udp = udp;
    this.#byName = catalogue.protocols;
  }

  /** New bytes may be readable on either side. */
  tcp(flow: Flow, state: Recognising, stream: TcpStream, time: number, atEnd: boolean): void {
    if (flow.session === undefined && flow.applicationProtocol === undefined && this.#expected.any) this.#meet(flow, state, stream);
    if (
      flow.session?.nextProtocol !== undefined &&
      (unread(stream.sides[TO_SERVER], this.#settings.inline) || unread(stream.sides[TO_CLIENT], this.#settings.inline) || atEnd)
    ) {
      this.#change(flow, state, stream, flow.session, time);
    }
    // The peer's bytes first: an acknowledgement makes them readable, and a response is read after its request.
    this.#side(flow, state, stream, TO_SERVER, time, atEnd);
    this.#side(flow, state, stream, TO_CLIENT, time, atEnd);
    // Recognised on the second side: what the first one held back can be read now.
    if (flow.session !== undefined && unread(stream.sides[TO_SERVER], this.#settings.inline)) {
      this.#side(flow, state, stream, TO_SERVER, time, atEnd);
      this.#side(flow, state, stream, TO_CLIENT, time, atEnd);
    }
  }

  /** Its protocol is known before it says anything. */
  #meet(flow: Flow, state: Recognising, stream: TcpStream): void {
    const inline = this.#settings.inline;
    const direction = unread(stream.sides[TO_SERVER], inline) ? TO_SERVER : unread(stream.sides[TO_CLIENT], inline) ? TO_CLIENT : undefined;
    if (direction === undefined) return;
    const expectation = this.#expected.take(flow);
    const protocol = expectation === undefined ? undefined : this.#byName.get(expectation.protocol);
    if (protocol === undefined) return;
    flow.expected = expectation?.detail;
    this.#open(flow, state, protocol, direction);
    state.judged = BOTH_DIRECTIONS;
  }

  #side(flow: Flow, state: Recognising, stream: TcpStream, from: Direction, time: number, atEnd: boolean): void {
    const side = stream.sides[from];
    for (let round = 0; round < 64; round++) {
      const upTo = side.readable(this.#settings.inline);
      // Bytes that wait for more wait in vain behind a FIN; everything else ends with the connection.
      const ended = atEnd || (side.ended && upTo === side.available && (this.#settings.inline || side.parsed < upTo || isOver(stream)));
      if (side.parsed >= upTo && !(ended && !side.finished)) {
        if (side.gap > 0 && upTo >= side.available) {
          this.#gap(flow, state, side, directionOf(stream, side));
          continue;
        }
        return;
      }
      const before = side.parsed;
      const session = flow.session;
      // Recognition may find that client and server are to change places.
      const direction = directionOf(stream, side);
      if (session !== undefined && before === 0 && upTo > 0 && (state.judged & (1 << direction)) === 0) this.#judge(flow, state, side, direction, upTo);
      if (state.broken || side.cutOff || flow.applicationProtocol === 'failed') side.parsed = upTo;
      else if (session === undefined) this.#recognise(flow, state, side, direction, upTo, ended);
      else if (session.nextProtocol !== undefined) return;
      else if (session.done) side.parsed = upTo;
      else this.#consume(flow, state, session, side, direction, upTo, ended && side.gap === 0, time);
      if (ended && side.parsed >= upTo && side.gap === 0) {
        side.finished = true;
        if (session?.done === true && flow.session === session) session.ended?.(direction);
      }
      if (flow.session !== session) {
        // What the client had said comes before the answer by which it was recognised.
        if (session === undefined && from === TO_CLIENT && unread(stream.sides[TO_SERVER], this.#settings.inline)) return;
        continue;
      }
      if (session?.nextProtocol !== undefined) return;
      if (side.parsed === before && !(side.gap > 0 && upTo >= side.available)) return;
      if (side.gap > 0 && upTo >= side.available) this.#gap(flow, state, side, directionOf(stream, side));
    }
  }

  #gap(flow: Flow, state: Recognising, side: StreamSide, direction: Direction): void {
    const length = side.takeGap();
    if (side.cutOff) return;
    const session = flow.session;
    if (session !== undefined && !state.broken && !session.done && !session.skip(direction, length)) {
      state.broken = true;
      this.#events.failed(flow, 'gap');
    }
    if (session === undefined) {
      state.failed |= 1 << direction;
      this.#undecidable(flow, state);
    }
  }

  #consume(flow: Flow, state: Recognising, session: ProtocolSession, side: StreamSide, direction: Direction, upTo: number, ended: boolean, time: number): void {
    const start = side.parsed - side.base;
    const end = upTo - side.base;
    state.frames?.take(direction, side.bytes, start, end, side.base);
    const consumed = session.consume(direction, side.bytes, start, end, ended, time);
    if (consumed < 0) {
      state.broken = true;
      side.parsed = upTo;
      this.#events.failed(flow, 'parser');
    } else side.parsed = ended ? upTo : Math.min(upTo, side.base + Math.max(consumed, start));
    if (state.diverted && session.nextProtocol !== undefined) this.#refuseChange(session);
    this.#tell(flow, session);
  }

  #tell(flow: Flow, session: ProtocolSession): void {
    if (session.knownAs !== undefined && session.knownAs !== flow.applicationProtocol) {
      flow.originalProtocol = flow.applicationProtocol;
      flow.applicationProtocol = session.knownAs;
    }
    if (session.expectations !== undefined && session.expectations.length > 0) {
      for (const expectation of session.expectations) this.#expected.add(flow, expectation);
      session.expectations.length = 0;
    }
    if (session.anomalies.length === 0) return;
    // As in Suricata an anomaly is told with a transaction, and where none was begun nobody hears of it.
    const last = session.transactions.at(-1);
    if (last !== undefined) for (const name of session.anomalies) last.raise(name);
    session.anomalies.length = 0;
  }

  /** Does this side speak as the other, which was recognised, makes expect? */
  #judge(flow: Flow, state: Recognising, side: StreamSide, direction: Direction, upTo: number): void {
    state.judged |= 1 << direction;
    const start = side.parsed - side.base;
    const end = upTo - side.base;
    let undecided = false;
    for (const protocol of this.#candidates(flow)) {
      const answer = protocol.recognise(side.bytes, start, end, direction, flow);
      if (answer === NEED_MORE) undecided = true;
      if (answer !== IS_THIS && answer !== IS_THIS_REVERSED) continue;
      if (direction === TO_SERVER) flow.protocolToServer = protocol.name;
      else flow.protocolToClient = protocol.name;
      if (protocol.name !== flow.applicationProtocol) this.#events.anomaly(flow, 'applayer.mismatch_protocol_both_directions');
      return;
    }
    if (!undecided) this.#events.anomaly(flow, 'applayer.detect_protocol_only_one_direction');
  }

  /** Who did not speak what was agreed on is not believed a second time: it stays what it is. */
  #refuseChange(session: ProtocolSession): void {
    session.nextProtocol = undefined;
    const last = session.transactions.at(-1);
    last?.raise('failed_protocol_change');
    if (last !== undefined) last.changed[TO_SERVER] = last.changed[TO_CLIENT] = true;
  }

  /** From here on another protocol is spoken. Waits for its first bytes, so that what led to it is inspected as what it was. */
  #change(flow: Flow, state: Recognising, stream: TcpStream, session: ProtocolSession, time: number): void {
    session.finish(time);
    this.#events.changing(flow, session);
    state.frames = undefined;
    flow.originalProtocol = flow.applicationProtocol;
    flow.expected = session.nextDetail;
    flow.session = undefined;
    flow.applicationProtocol = undefined;
    flow.protocolToServer = undefined;
    flow.protocolToClient = undefined;
    state.left = undefined;
    state.failed = 0;
    const agreed = this.#byName.get(session.nextProtocol ?? '');
    const spoken = agreed === undefined ? undefined : this.#spokenInstead(flow, stream, agreed);
    const next = spoken ?? agreed;
    if (spoken !== undefined) {
      state.diverted = true;
      flow.agreedProtocol = agreed?.name;
    }
    if (next !== undefined && !this.#settings.protocolsOff.has(next.name)) this.#open(flow, state, next, TO_SERVER);
    if (spoken !== undefined) this.#events.anomaly(flow, session.nextProtocol === 'tls' ? 'applayer.no_tls_after_starttls' : 'applayer.unexpected_protocol');
    state.judged = BOTH_DIRECTIONS;
  }

  /** The peers agreed on a protocol, and what follows is certainly another one (STARTTLS in a capture of decrypted traffic). */
  #spokenInstead(flow: Flow, stream: TcpStream, agreed: ProtocolDefinition): ProtocolDefinition | undefined {
    for (const side of stream.sides) {
      if (!unread(side, this.#settings.inline)) continue;
      const direction = directionOf(stream, side);
      const ask = (protocol: ProtocolDefinition) =>
        protocol.recognise(side.bytes, side.parsed - side.base, side.readable(this.#settings.inline) - side.base, direction, flow);
      const answer = ask(agreed);
      if (answer === IS_THIS || answer === NEED_MORE) return undefined;
      const other = this.#candidates(flow).find((protocol) => ask(protocol) === IS_THIS);
      if (other !== undefined) return other;
    }
    return undefined;
  }

  #recognise(flow: Flow, state: Recognising, side: StreamSide, direction: Direction, upTo: number, ended: boolean): void {
    if ((state.failed & (1 << direction)) !== 0) return;
    const start = side.parsed - side.base;
    const end = upTo - side.base;
    if (end <= start) {
      // A connection on which nothing was said can not be told, but may still be spoken on after a forged reset.
      if (ended && side.available > 0) {
        state.failed |= 1 << direction;
        this.#undecidable(flow, state);
      }
      return;
    }
    const wasTurned = flow.turned;
    const found = this.#ask(flow, state, side.bytes, start, end, direction, ended);
    if (found !== undefined) this.#open(flow, state, found, flow.turned === wasTurned ? direction : opposite(direction));
    else if ((state.failed & (1 << direction)) !== 0) this.#undecidable(flow, state);
  }

  /** One round over the candidates left. Undefined: none is sure (yet); state.failed says whether any is left. */
  #ask(flow: Flow, state: Recognising, bytes: Uint8Array, start: number, end: number, direction: Direction, ended: boolean): ProtocolDefinition | undefined {
    const left = state.left?.[direction] ?? this.#candidates(flow);
    let undecided: ProtocolDefinition[] | undefined;
    for (const protocol of left) {
      const answer = protocol.recognise(bytes, start, end, direction, flow);
      if (answer === IS_THIS) return protocol;
      // The first packet may be the server's where flows are taken up in the middle; else it went to where servers listen.
      if (answer === IS_THIS_REVERSED && (this.#settings.stream.midstream || protocol.ports.includes(flow.destinationPort))) {
        this.#events.turned(flow);
        state.turn();
        return protocol;
      }
      if (answer === NEED_MORE) {
        undecided ??= [];
        undecided.push(protocol);
      }
    }
    state.left ??= [undefined, undefined];
    state.left[direction] = undecided ?? NO_PROTOCOLS;
    if (undecided === undefined || ended || end - start >= MOST_UNDECIDED) state.failed |= 1 << direction;
    return undefined;
  }

  /** Those that have a port of the flow first, then those that may be anywhere. */
  #candidates(flow: Flow): readonly ProtocolDefinition[] {
    const { sourcePort, destinationPort } = flow;
    // Of datagrams only the port that the first one went to tells who listens, unless that one may have been the server's.
    if (flow.protocol === UDP) return this.#udp.asked(this.#settings.stream.midstream ? sourcePort : destinationPort, destinationPort);
    return this.#tcp.asked(sourcePort, destinationPort);
  }

  #undecidable(flow: Flow, state: Recognising): void {
    if (state.failed === BOTH_DIRECTIONS && flow.applicationProtocol === undefined) {
      flow.applicationProtocol = 'failed';
      this.#events.recognised(flow);
    }
  }

  #open(flow: Flow, state: Recognising, protocol: ProtocolDefinition, direction: Direction): void {
    flow.applicationProtocol = protocol.name;
    if (direction === TO_SERVER) flow.protocolToServer = protocol.name;
    else flow.protocolToClient = protocol.name;
    if (this.#settings.protocolsUnread.has(protocol.name)) state.broken = true;
    else flow.session = protocol.open(flow, this.sessionSettings, this.#shared);
    const most = this.#settings.mostTransactions.get(protocol.name);
    if (most !== undefined && flow.session?.mostOpen !== undefined) flow.session.mostOpen = most;
    const depth = this.#settings.protocolDepths.get(protocol.name);
    if (depth !== undefined && flow.protocol === TCP) for (const side of (flow.stream as TcpStream | undefined)?.sides ?? []) side.depth = depth;
    state.frames = undefined;
    if (flow.session !== undefined && protocol.frames !== undefined && this.#events.wantsFrames(protocol.name)) {
      state.frames = new FlowFrames(flow.protocol === TCP);
      flow.session.frames = state.frames;
    }
    state.judged |= 1 << direction;
    this.#events.recognised(flow);
    const other = opposite(direction);
    if (flow.protocol === TCP && (state.failed & (1 << other)) !== 0 && (state.judged & (1 << other)) === 0) {
      state.judged |= 1 << other;
      this.#events.anomaly(flow, 'applayer.detect_protocol_only_one_direction');
    }
  }

  /** A datagram carries whole messages. */
  udp(flow: Flow, state: Recognising, packet: Packet): void {
    if (packet.payloadEnd <= packet.payloadStart) return;
    const first = packet.direction;
    if (flow.session === undefined && flow.applicationProtocol === undefined && (state.failed & (1 << first)) === 0) {
      const found = this.#ask(flow, state, packet.data, packet.payloadStart, packet.payloadEnd, first, false);
      const undecided = found === undefined && state.left?.[first] !== NO_PROTOCOLS;
      if (state.left !== undefined) state.left[first] = undefined;
      if (found !== undefined) this.#open(flow, state, found, packet.direction);
      else if (!undecided) {
        state.failed |= 1 << first;
        this.#undecidable(flow, state);
      }
    }
    const { direction } = packet;
    const session = flow.session;
    if (session === undefined || state.broken || session.done) return;
    state.frames?.take(direction, packet.data, packet.payloadStart, packet.payloadEnd, 0);
    // A bad datagram says nothing about the next one: the session goes on.
    const consumed = session.consume(direction, packet.data, packet.payloadStart, packet.payloadEnd, true, packet.time);
    this.#tell(flow, session);
    if (consumed < 0) this.#events.failed(flow, 'parser');
  }

  /** The flow is over. */
  finish(flow: Flow, state: Recognising, time: number): void {
    if (flow.protocol === TCP && flow.stream !== undefined) this.tcp(flow, state, flow.stream as TcpStream, time, true);
    const session = flow.session;
    if (session === undefined) return;
    session.finish(time);
    this.#tell(flow, session);
  }
}

function opposite(direction: Direction): Direction {
  return direction === TO_SERVER ? TO_CLIENT : TO_SERVER;
}

function directionOf(stream: TcpStream, side: StreamSide): Direction {
  return stream.sides[TO_SERVER] === side ? TO_SERVER : TO_CLIENT;
}

function unread(side: StreamSide, inline: boolean): boolean {
  return side.parsed < side.readable(inline);
}

/** Both sides said that they are done, and both know; or one reset the connection. */
function isOver({ state, reset }: TcpStream): boolean {
  return reset || state === TCP_CLOSED;
}
