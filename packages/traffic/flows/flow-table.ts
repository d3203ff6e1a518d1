/**
 * Packets → flows. A hash over addresses and ports that is the same for both directions; flows in a bucket are chained.
 * When they end is kept in timeouts.ts. All of this is numbers in rows (flow-rows.ts); the object of a flow is there while something is
 * known of it that a row does not hold (resting.ts).
 */
import { uint16, uint32, work } from '@sigwright/bytes';
import {
  type Direction,
  type EngineSettings,
  FLOW_CLOSED,
  FLOW_ESTABLISHED,
  Flow,
  type FlowTimeouts,
  ICMP,
  ICMPV6,
  Packet,
  SCTP,
  TCP,
  TO_CLIENT,
  TO_SERVER,
  UDP,
} from '@sigwright/contracts';
import type { TcpStream } from '../streams/tcp-stream.ts';
import { FIRST_SEED, flowHash, folded } from './flow-hash.ts';
import {
  DEPTH_SHIFT,
  DESTINATION,
  FlowRows,
  ID,
  KEPT,
  KIND,
  LONG,
  PORTS,
  placeOf,
  SOURCE,
  USED,
  VERSION_SHIFT,
  vlansOf,
  WITH_DEPTH,
  WITHOUT_DEPTH,
} from './flow-rows.ts';
import { FlowSlots } from './flow-slots.ts';
import { counterpart } from './icmp-exchange.ts';
import { canRest, clear, hasStream, putToRest, wake } from './resting.ts';
import { type Timeout, Timeouts } from './timeouts.ts';

/** Slots that a new flow passes over before there is an empty one: by chance they hardly ever are a quarter of this. */
const LONGEST_WALK = 256;

export interface FlowTableHandlers {
  /** Before a flow is dropped. */
  onEnd(flow: Flow): void;
  /** The same for one at rest; `kept` is what was kept for the handler. Left out: it ends without a word. */
  onRestEnd?(flow: Flow, kept: number): void;
  /** A flow at rest has an object again. */
  onWake?(flow: Flow, kept: number): void;
  openStream(): TcpStream;
  /** The stream of a flow that was put to rest: nobody needs it. */
  giveStreamBack(stream: TcpStream): void;
}

/** The flows that are there at a moment. */
export interface FlowLoad {
  /** by number of the IP protocol */
  readonly byProtocol: ReadonlyMap<number, number>;
  /** those of TCP whose connection is followed */
  readonly connections: number;
  /** bytes of the table */
  readonly tableBytes: number;
}

export class FlowTable {
  count = 0;
  #created = 0;
  /** of which nothing is known, for the next one */
  #spare: Flow | undefined = undefined;
  /** what an ICMP error quotes */
  readonly #quote = new Packet();
  #rows = new FlowRows();
  #slots = this.#newSlots();
  #seed = FIRST_SEED;
  /** so many flows must have been made before there is a new one: it takes as long as they are many */
  #reseedFrom = 0;
  readonly #settings: EngineSettings;
  readonly #handlers: FlowTableHandlers;
  #timeouts = new Timeouts(this.#rows);
  /** by what is spoken and the flow's state */
  readonly #timeoutsOf: (Timeout | undefined)[] = new Array(TIMEOUTS).fill(undefined);

  constructor(settings: EngineSettings, handlers: FlowTableHandlers) {
    this.#settings = settings;
    this.#handlers = handlers;
  }

  /** The packet's flow, made where there is none; sets packet.flow and packet.direction. Undefined for packets without flows. */
  lookup(packet: Packet): Flow | undefined {
    if (packet.protocol === ICMP && packet.icmpType === UNREACHABLE) return this.#quoted(packet);
    const hash = this.#hashOf(packet);
    const row = this.#find(packet, hash);
    let flow = row < 0 ? undefined : this.#rows.flowOf(row);
    // Timeouts are looked at now and then; the flow that a packet falls into must not live on because of that.
    if (row >= 0 && this.#isOver(row, flow, packet.time)) this.#end(row, 'timeout');
    else if (row >= 0) {
      flow ??= this.#wake(row);
      if (flow.turned) packet.direction = packet.direction === TO_SERVER ? TO_CLIENT : TO_SERVER;
      packet.flow = flow;
      return flow;
    }
    flow = this.#create(packet, hash);
    packet.flow = flow;
    return flow;
  }

  /** An error belongs to the flow of the packet that it quotes, where there is one (RFC 792: header and eight bytes of it). */
  #quoted(packet: Packet): Flow | undefined {
    const { data, payloadStart: start, payloadEnd: end } = packet;
    const header = (data[start] & 15) * 4;
    if (end - start < header + 4 || data[start] >>> 4 !== 4 || header < 20) return undefined;
    const quoted = this.#quote;
    quoted.ipVersion = 4;
    quoted.protocol = data[start + 9];
    if (quoted.protocol !== TCP && quoted.protocol !== UDP && quoted.protocol !== SCTP) return undefined;
    quoted.source[0] = uint32(data, start + 12);
    quoted.destination[0] = uint32(data, start + 16);
    quoted.sourcePort = uint16(data, start + header);
    quoted.destinationPort = uint16(data, start + header + 2);
    quoted.tunnelDepth = packet.tunnelDepth;
    quoted.vlanCount = packet.vlanCount;
    quoted.vlans.set(packet.vlans);
    const row = this.#find(quoted, this.#hashOf(quoted));
    if (row < 0) return undefined;
    let flow = this.#rows.flowOf(row);
    if (this.#isOver(row, flow, packet.time)) return undefined;
    flow ??= this.#wake(row);
    packet.flow = flow;
    packet.direction = flow.source[0] === packet.source[0] ? TO_SERVER : TO_CLIENT;
    packet.flowEstablished = flow.state === FLOW_ESTABLISHED;
    return flow;
  }

  /** Was it silent longer than its timeout? */
  #isOver(row: number, flow: Flow | undefined, now: number): boolean {
    const timeout = this.#timeouts.after(row);
    return timeout !== undefined && (flow === undefined ? this.#rows.listedAt(row) : flow.lastTime) + timeout.length <= now;
  }

  #kind(row: number): number {
    return this.#rows.block(row)[placeOf(row) + KIND];
  }

  #wake(row: number): Flow {
    const kept = this.#kept(row);
    const flow = this.#newFlow();
    wake(this.#rows, row, flow, this.#handlers.openStream);
    this.#handlers.onWake?.(flow, kept);
    return flow;
  }

  #newFlow(): Flow {
    if (this.#spare === undefined) work.objects++;
    const flow = this.#spare ?? new Flow();
    this.#spare = undefined;
    return flow;
  }

  /** Nobody knows the object of a flow at rest any longer: it serves the next flow, and stays in the processor's caches. */
  #reuse(flow: Flow): void {
    if (flow.stream !== undefined) this.#handlers.giveStreamBack(flow.stream as TcpStream);
    clear(flow);
    this.#spare = flow;
  }

  #kept(row: number): number {
    return this.#rows.block(row)[placeOf(row) + KEPT];
  }

  /**
   * The flow of a TCP segment over IPv4 without tags and tunnels, `ports` those of source and destination, 16 bits each; `isForward` says whether
   * it goes the way of the flow's first packet. Undefined: there is none, it is over, or at rest: `lookup` knows.
   */
  connection(source: number, destination: number, ports: number, time: number): Flow | undefined {
    const rows = this.#rows;
    const slots = this.#slots;
    const hash = flowHash(TCP, ports, source, destination, this.#seed);
    const back = (ports << 16) | (ports >>> 16);
    for (let slot = slots.first(hash); slot >= 0; slot = slots.next(slot, hash)) {
      const row = slots.rowAt(slot);
      const words = rows.block(row);
      const at = placeOf(row);
      const kind = words[at + KIND];
      if ((kind & WITH_DEPTH) !== TCP_OVER_IPV4 || (kind & LONG) !== 0) continue;
      const written = words[at + PORTS];
      const first = words[at + SOURCE];
      const second = words[at + DESTINATION];
      this.isForward = written === ports && first === source && second === destination;
      if (!this.isForward && !(written === back && first === destination && second === source)) continue;
      const flow = rows.flowOf(row);
      return flow === undefined || this.#isOver(row, flow, time) ? undefined : flow;
    }
    return undefined;
  }

  /** Of what `connection` found last. */
  isForward = false;

  /** Counts a packet of `length` bytes. */
  countPacket(flow: Flow, direction: Direction, length: number, time: number): void {
    if (direction === TO_SERVER) {
      flow.packetsToServer++;
      flow.bytesToServer += length;
    } else {
      flow.packetsToClient++;
      flow.bytesToClient += length;
    }
    if (time > flow.lastTime) flow.lastTime = time;
  }

  /** Counts the packet; its flow lives on from now. */
  touch(flow: Flow, packet: Packet): void {
    this.countPacket(flow, packet.direction, packet.frameEnd - packet.frameStart, packet.time);
    if (flow.protocol !== TCP && packet.protocol === flow.protocol) {
      const both = flow.packetsToServer > 0 && flow.packetsToClient > 0;
      if (both && flow.state < FLOW_ESTABLISHED) flow.state = FLOW_ESTABLISHED;
      packet.flowEstablished = both;
    }
    const timeout = this.#timeoutFor(flow);
    if (this.#timeouts.after(flow.row) === timeout) return;
    this.#timeouts.remove(flow.row);
    this.#timeouts.add(flow.row, timeout);
  }

  /**
   * Nothing need be known of the flow now but what its row holds, and `kept` (not negative), which is given back when it is woken. Its
   * object is another flow's from now on, where `isForgotten`: nobody else holds it.
   */
  rest(flow: Flow, kept: number, isForgotten: boolean): void {
    if (this.#rows.listedAt(flow.row) !== flow.lastTime) {
      this.#timeouts.remove(flow.row);
      this.#timeouts.add(flow.row, this.#timeoutFor(flow));
    }
    putToRest(this.#rows, flow, kept);
    if (isForgotten) this.#reuse(flow);
  }

  /** As far as the table knows, can the flow be put to rest? */
  canRest(flow: Flow): boolean {
    return flow.row >= 0 && this.#timeouts.after(flow.row) === this.#timeoutFor(flow) && canRest(flow);
  }

  /** Ends flows that were silent longer than their timeout at packet time `now`, the longest silent first. */
  expire(now: number): void {
    const rows = this.#rows;
    const over = this.#timeouts.over(now);
    if (over.length === 0) return;
    for (const row of over.toSorted((a, b) => rows.lastTime(a) - rows.lastTime(b) || this.#id(a) - this.#id(b))) this.#end(row, 'timeout');
  }

  #id(row: number): number {
    return this.#rows.block(row)[placeOf(row) + ID] >>> 0;
  }

  /** Ends one flow now. */
  drop(flow: Flow, reason: string): void {
    this.#end(flow.row, reason);
  }

  /** Takes as long as flows are many. */
  get load(): FlowLoad {
    const rows = this.#rows;
    const byProtocol = new Map<number, number>();
    let connections = 0;
    for (let row = 0; row < rows.length; row++) {
      const kind = this.#kind(row);
      if (kind === 0) continue;
      const protocol = kind & 0xff;
      byProtocol.set(protocol, (byProtocol.get(protocol) ?? 0) + 1);
      const flow = rows.flowOf(row);
      if (flow === undefined ? protocol === TCP && hasStream(rows, row) : flow.stream !== undefined) connections++;
    }
    return { byProtocol, connections, tableBytes: rows.bytes + this.#slots.bytes };
  }

  /** Ends all flows, in the order they began. */
  finish(): void {
    const rows = this.#rows;
    const { length } = rows;
    const restEnds = this.#handlers.onRestEnd !== undefined;
    let count = 0;
    const order = new Float64Array(restEnds ? this.count : rows.flows.length);
    // A row's number fits below its flow's, so that numbers alone are sorted.
    if (!restEnds) for (const flow of rows.flows) if (flow !== undefined) order[count++] = flow.id * length + flow.row;
    if (restEnds) for (let row = 0; row < length; row++) if (this.#kind(row) !== 0) order[count++] = this.#id(row) * length + row;
    // As an integer: a fraction would change how every flow keeps its row.
    for (const one of order.subarray(0, count).sort()) this.#tellEnd((one % length) | 0, 'shutdown');
    this.#forgetAll();
  }

  /** All at once: to take one after the other out of lists and slots would take longer. */
  #forgetAll(): void {
    this.#rows = new FlowRows();
    this.#slots = this.#newSlots();
    this.#timeouts = new Timeouts(this.#rows);
    this.#timeoutsOf.fill(undefined);
    this.count = 0;
  }

  #end(row: number, reason: string): void {
    this.#timeouts.remove(row);
    this.#slots.remove(row, this.#hash(row));
    this.count--;
    this.#tellEnd(row, reason);
    this.#rows.give(row);
  }

  #tellEnd(row: number, reason: string): void {
    const flow = this.#rows.flowOf(row);
    if (flow !== undefined) {
      flow.endReason = reason;
      this.#handlers.onEnd(flow);
      flow.row = -1;
    } else if (this.#handlers.onRestEnd !== undefined) {
      const kept = this.#kept(row);
      const woken = this.#newFlow();
      wake(this.#rows, row, woken, this.#handlers.openStream);
      woken.endReason = reason;
      this.#handlers.onRestEnd(woken, kept);
      this.#rows.forgetFlow(row, kept);
      this.#reuse(woken);
    }
  }

  /** The row of the packet's flow, -1 where there is none; sets packet.direction as if client and server had not changed places. */
  #find(packet: Packet, hash: number): number {
    const rows = this.#rows;
    const slots = this.#slots;
    const { protocol } = packet;
    const source = packet.source[0] | 0;
    const destination = packet.destination[0] | 0;
    const bits = this.#settings.tunnelDepthTellsFlowsApart ? WITH_DEPTH : WITHOUT_DEPTH;
    const wanted = kindOf(packet) & bits;
    const portBits = protocol === ICMP || protocol === ICMPV6 ? ICMP_TYPE : -1;
    const there = portsOf(packet);
    const back = portsBack(packet, there);
    for (let slot = slots.first(hash); slot >= 0; slot = slots.next(slot, hash)) {
      const row = slots.rowAt(slot);
      const words = rows.block(row);
      const at = placeOf(row);
      const kind = words[at + KIND];
      if ((kind & bits) !== wanted) continue;
      const ports = words[at + PORTS] & portBits;
      const first = words[at + SOURCE];
      const second = words[at + DESTINATION];
      const isLong = (kind & LONG) !== 0;
      if (isLong && second !== hash) continue;
      const forward = ports === there && (isLong ? rows.hasLong(first, packet.source, packet.destination) : first === source && second === destination);
      if (!forward && !(ports === back && (isLong ? rows.hasLong(first, packet.destination, packet.source) : first === destination && second === source)))
        continue;
      if (this.#settings.vlansTellFlowsApart && (isLong || packet.vlanCount > 0) && !this.#sameVlans(row, packet)) continue;
      packet.direction = forward ? TO_SERVER : TO_CLIENT;
      return row;
    }
    return -1;
  }

  #sameVlans(row: number, packet: Packet): boolean {
    if (this.#rows.vlans(row) !== vlansOf(packet)) return false;
    return packet.vlanCount <= 2 || this.#rows.flowOf(row)?.vlans?.[2] === packet.vlans[2];
  }

  #create(packet: Packet, hash: number): Flow | undefined {
    if (packet.transportStart < 0 || !beginsFlow(packet)) return undefined;
    if (this.count >= this.#settings.maximumFlows) this.#makeRoom();
    const flow = this.#newFlow();
    flow.id = ++this.#created;
    flow.ipVersion = packet.ipVersion;
    flow.protocol = packet.protocol;
    flow.tunnelDepth = packet.tunnelDepth;
    for (let word = 0; word < 4; word++) {
      flow.source[word] = packet.source[word];
      flow.destination[word] = packet.destination[word];
    }
    if (packet.protocol === ICMP || packet.protocol === ICMPV6) {
      flow.sourcePort = packet.icmpType;
      flow.destinationPort = packet.icmpCode;
      flow.responseType = counterpart(packet.protocol, packet.icmpType);
    } else {
      flow.sourcePort = packet.sourcePort;
      flow.destinationPort = packet.destinationPort;
    }
    if (packet.vlanCount > 0) flow.vlans = Array.from(packet.vlans.subarray(0, packet.vlanCount));
    flow.startTime = flow.lastTime = packet.time;
    flow.firstPacket = packet.number;
    packet.direction = TO_SERVER;
    const rows = this.#rows;
    const row = rows.take(flow);
    const words = rows.block(row);
    const at = placeOf(row);
    const isLong = packet.ipVersion === 6 || packet.vlanCount > 0;
    words[at + KIND] = kindOf(packet) | USED | (isLong ? LONG : 0);
    words[at + SOURCE] = isLong ? rows.keepLong(packet.source, packet.destination, vlansOf(packet)) : packet.source[0];
    words[at + DESTINATION] = isLong ? hash : packet.destination[0];
    words[at + PORTS] = (flow.sourcePort << 16) | flow.destinationPort;
    words[at + ID] = flow.id;
    this.count++;
    const walk = this.#slots.add(row, hash);
    if (walk > LONGEST_WALK && this.#created >= this.#reseedFrom) this.#reseed(packet.time);
    this.#timeouts.add(row, this.#timeoutFor(flow));
    return flow;
  }

  #makeRoom(): void {
    const first = this.#timeouts.first();
    if (first >= 0) this.#end(first, 'forced');
  }

  #newSlots(): FlowSlots {
    return new FlowSlots((row) => this.#hash(row));
  }

  #hashOf(packet: Packet): number {
    const { protocol, source, destination } = packet;
    const seed = this.#seed;
    if (packet.ipVersion !== 6) return flowHash(protocol, portsOf(packet), source[0], destination[0], seed);
    return flowHash(protocol, portsOf(packet), folded(source, seed), folded(destination, seed), seed);
  }

  /** The same of the packet that the row was made for. */
  #hash(row: number): number {
    const words = this.#rows.block(row);
    const at = placeOf(row);
    const kind = words[at + KIND];
    return (kind & LONG) !== 0 ? words[at + DESTINATION] : flowHash(kind & 0xff, words[at + PORTS], words[at + SOURCE], words[at + DESTINATION], this.#seed);
  }

  /** Somebody made flows whose hashes are alike: with another seed, which comes from a time that nobody chose, they are not. */
  #reseed(time: number): void {
    const rows = this.#rows;
    this.#seed = Math.imul((time % 2 ** 32) ^ this.#created, 0x9e3779b1);
    this.#reseedFrom = this.#created + this.count;
    this.#slots = this.#newSlots();
    const source = new Uint32Array(4);
    const destination = new Uint32Array(4);
    for (let row = 0; row < rows.length; row++) {
      const words = rows.block(row);
      const at = placeOf(row);
      const kind = words[at + KIND];
      if (kind === 0) continue;
      if ((kind & LONG) !== 0) {
        rows.readAddresses(row, source, destination);
        const isSix = ((kind >>> VERSION_SHIFT) & 0xf) === 6;
        const [from, to] = isSix ? [folded(source, this.#seed), folded(destination, this.#seed)] : [source[0], destination[0]];
        words[at + DESTINATION] = flowHash(kind & 0xff, words[at + PORTS], from, to, this.#seed);
      }
      this.#slots.add(row, this.#hash(row));
    }
  }

  #timeoutFor(flow: Flow): Timeout {
    const { protocol } = flow;
    const spoken = protocol === TCP ? 0 : protocol === UDP ? 1 : protocol === ICMP || protocol === ICMPV6 ? 2 : 3;
    return this.#timeoutsOf[spoken * STATES + flow.state] ?? this.#makeTimeout(spoken, flow.state);
  }

  #makeTimeout(spoken: number, state: number): Timeout {
    const { tcp, udp, icmp, other } = this.#settings.flowTimeouts;
    const timeouts: FlowTimeouts = [tcp, udp, icmp, other][spoken];
    const timeout = this.#timeouts.of(state === FLOW_CLOSED ? timeouts.closed : state === FLOW_ESTABLISHED ? timeouts.established : timeouts.fresh);
    this.#timeoutsOf[spoken * STATES + state] = timeout;
    return timeout;
  }
}

/** FLOW_NEW, FLOW_ESTABLISHED, FLOW_CLOSED, for each of TCP, UDP, ICMP and all others. */
const STATES = 3;
const TIMEOUTS = 4 * STATES;
/** ICMP's code does not tell flows apart. */
const ICMP_TYPE = 0xffff0000 | 0;

const TCP_OVER_IPV4 = TCP | (4 << VERSION_SHIFT);

/** IP protocol (8 bits), IP version (4), and tunnel depth above. */
function kindOf(packet: Packet): number {
  return packet.protocol | (packet.ipVersion << VERSION_SHIFT) | (packet.tunnelDepth << DEPTH_SHIFT);
}

/** Encapsulating security payload (RFC 4303). */
const ESP = 50;
/** Tunnels of whole packets (RFC 2003, 4213). */
const IPV4_IN_IP = 4;
const IPV6_IN_IP = 41;

/** Group management, routing and the like are single packets; an ICMPv4 error speaks of another flow and is none of its own. */
function beginsFlow(packet: Packet): boolean {
  switch (packet.protocol) {
    case TCP:
    case UDP:
    case SCTP:
    case ESP:
    case IPV4_IN_IP:
    case IPV6_IN_IP:
    case ICMPV6:
      return true;
    case ICMP:
      return !ICMP_ERRORS.has(packet.icmpType);
    default:
      return false;
  }
}

const UNREACHABLE = 3;
/** Unreachable, source quench, redirect, time exceeded, parameter problem (RFC 792). */
const ICMP_ERRORS: ReadonlySet<number> = new Set([3, 4, 5, 11, 12]);

/** As in the column of that name, without ICMP's code. */
function portsOf(packet: Packet): number {
  if (packet.protocol === ICMP || packet.protocol === ICMPV6) return packet.icmpType << 16;
  return (packet.sourcePort << 16) | packet.destinationPort;
}

/** The same of a packet that goes the other way. */
function portsBack(packet: Packet, there: number): number {
  if (packet.protocol === ICMP || packet.protocol === ICMPV6) return counterpart(packet.protocol, packet.icmpType) << 16;
  return packet.sourcePort > 0xffff ? there : (there << 16) | (there >>> 16);
}
