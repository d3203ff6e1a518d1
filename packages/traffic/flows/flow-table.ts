/**
 * Packets → flows. A hash over addresses and ports that is the same for both directions; flows in a bucket are chained.
 * For each timeout there is one list, ordered by when flows were put into it. A packet moves nothing: a flow at the head of a
 * list that had packets since goes to its end, once for each time that the timeout passes. All of this is numbers in rows
 * (flow-rows.ts); the object of a flow is there while something is known of it that a row does not hold (resting.ts).
 */
import { uint16, uint32 } from '@sigwright/bytes';
import {
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
import {
  DESTINATION,
  FlowRows,
  HASH,
  ID,
  KEPT,
  KIND,
  LIST,
  LISTED_AT,
  LONG_ADDRESSES,
  NEWER,
  NEXT,
  OLDER,
  PORTS,
  SOURCE,
  TIMES,
  VLANS,
  WIDTH,
} from './flow-rows.ts';
import { canRest, putToRest, wake } from './resting.ts';

const FIRST_BUCKETS = 256;

/** Rows whose flows end after the same silence, in the order in which they were put in. */
class TimeoutList {
  readonly number: number;
  /** microseconds */
  readonly timeout: number;
  readonly #rows: FlowRows;
  oldest = -1;
  newest = -1;

  constructor(rows: FlowRows, number: number, seconds: number) {
    this.#rows = rows;
    this.number = number;
    this.timeout = seconds * 1e6;
  }

  add(row: number): void {
    const { words, times } = this.#rows;
    const at = row * WIDTH;
    times[row * TIMES + LISTED_AT] = this.#rows.lastTime(row);
    words[at + LIST] = this.number;
    words[at + OLDER] = this.newest;
    words[at + NEWER] = -1;
    if (this.newest >= 0) words[this.newest * WIDTH + NEWER] = row;
    else this.oldest = row;
    this.newest = row;
  }

  /** Flows that had packets since they were listed go to the end, until the oldest one had none. */
  renew(): void {
    const { times } = this.#rows;
    while (this.oldest >= 0 && this.#rows.lastTime(this.oldest) > times[this.oldest * TIMES + LISTED_AT]) {
      const row = this.oldest;
      this.remove(row);
      this.add(row);
    }
  }

  remove(row: number): void {
    const { words } = this.#rows;
    const at = row * WIDTH;
    const older = words[at + OLDER];
    const newer = words[at + NEWER];
    if (older >= 0) words[older * WIDTH + NEWER] = newer;
    else this.oldest = newer;
    if (newer >= 0) words[newer * WIDTH + OLDER] = older;
    else this.newest = older;
    words[at + LIST] = -1;
  }
}

export interface FlowTableHandlers {
  /** Before a flow is dropped. */
  onEnd(flow: Flow): void;
  /** The same for one at rest; `kept` is what was kept for the handler. Left out: it ends without a word. */
  onRestEnd?(flow: Flow, kept: number): void;
  /** A flow at rest has an object again. */
  onWake?(flow: Flow, kept: number): void;
  openStream(): TcpStream;
}

export class FlowTable {
  count = 0;
  #created = 0;
  /** what an ICMP error quotes */
  readonly #quote = new Packet();
  #rows = new FlowRows();
  /** first row of each bucket and 1, 0 for none */
  #buckets = new Int32Array(FIRST_BUCKETS);
  readonly #settings: EngineSettings;
  readonly #handlers: FlowTableHandlers;
  readonly #lists = new Map<number, TimeoutList>();
  readonly #all: TimeoutList[] = [];

  constructor(settings: EngineSettings, handlers: FlowTableHandlers) {
    this.#settings = settings;
    this.#handlers = handlers;
  }

  /** The packet's flow, made where there is none; sets packet.flow and packet.direction. Undefined for packets without flows. */
  lookup(packet: Packet): Flow | undefined {
    if (packet.protocol === ICMP && packet.icmpType === UNREACHABLE) return this.#quoted(packet);
    const hash = hashOf(packet);
    let row = this.#find(packet, hash);
    // Lists are looked at now and then; the flow that a packet falls into must not live on because of that.
    if (row >= 0 && this.#isOver(row, packet.time)) {
      this.#end(row, 'timeout');
      row = -1;
    }
    if (row < 0) {
      row = this.#create(packet, hash);
      if (row < 0) return undefined;
    }
    const flow = this.#awake(row);
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
    const row = this.#find(quoted, hashOf(quoted));
    if (row < 0 || this.#isOver(row, packet.time)) return undefined;
    const flow = this.#awake(row);
    packet.flow = flow;
    packet.direction = flow.source[0] === packet.source[0] ? TO_SERVER : TO_CLIENT;
    packet.flowEstablished = flow.state === FLOW_ESTABLISHED;
    return flow;
  }

  /** Was it silent longer than its timeout? */
  #isOver(row: number, now: number): boolean {
    const list = this.#rows.words[row * WIDTH + LIST];
    return list >= 0 && this.#rows.lastTime(row) + this.#all[list].timeout <= now;
  }

  #awake(row: number): Flow {
    const flow = this.#rows.flows[row];
    if (flow !== undefined) return flow;
    const woken = wake(this.#rows, row, this.#handlers.openStream);
    this.#handlers.onWake?.(woken, this.#rows.words[row * WIDTH + KEPT]);
    return woken;
  }

  /** Counts the packet; its flow lives on from now. */
  touch(flow: Flow, packet: Packet): void {
    const length = packet.frameEnd - packet.frameStart;
    if (packet.direction === 0) {
      flow.packetsToServer++;
      flow.bytesToServer += length;
    } else {
      flow.packetsToClient++;
      flow.bytesToClient += length;
    }
    if (packet.time > flow.lastTime) flow.lastTime = packet.time;
    if (flow.protocol !== TCP && packet.protocol === flow.protocol) {
      const both = flow.packetsToServer > 0 && flow.packetsToClient > 0;
      if (both && flow.state < FLOW_ESTABLISHED) flow.state = FLOW_ESTABLISHED;
      packet.flowEstablished = both;
    }
    const list = this.#listFor(flow);
    const listed = this.#rows.words[flow.row * WIDTH + LIST];
    if (listed === list.number) return;
    if (listed >= 0) this.#all[listed].remove(flow.row);
    list.add(flow.row);
  }

  /** Nothing need be known of the flow now but what its row holds, and `kept` (not negative), which is given back when it is woken. */
  rest(flow: Flow, kept: number): void {
    const listed = this.#rows.words[flow.row * WIDTH + LIST];
    if (listed < 0) return;
    const list = this.#all[listed];
    if (this.#rows.times[flow.row * TIMES + LISTED_AT] !== flow.lastTime) {
      list.remove(flow.row);
      list.add(flow.row);
    }
    putToRest(this.#rows, flow, kept);
  }

  /** As far as the table knows, can the flow be put to rest? */
  canRest(flow: Flow): boolean {
    return flow.row >= 0 && canRest(flow);
  }

  /** Ends flows that were silent longer than their timeout at packet time `now`, the longest silent first. */
  expire(now: number): void {
    const rows = this.#rows;
    let over: number[] | undefined;
    for (const list of this.#all) {
      while (list.oldest >= 0 && rows.times[list.oldest * TIMES + LISTED_AT] + list.timeout < now) {
        const row = list.oldest;
        list.remove(row);
        if (rows.lastTime(row) + list.timeout < now) {
          over ??= [];
          over.push(row);
        } else list.add(row);
      }
    }
    if (over === undefined) return;
    if (over.length > 1) over.sort((a, b) => rows.lastTime(a) - rows.lastTime(b) || this.#id(a) - this.#id(b));
    for (const row of over) this.#end(row, 'timeout');
  }

  #id(row: number): number {
    return this.#rows.words[row * WIDTH + ID] >>> 0;
  }

  /** Ends one flow now. */
  drop(flow: Flow, reason: string): void {
    this.#end(flow.row, reason);
  }

  /** Ends all flows, in the order they began. */
  finish(): void {
    const { words, flows } = this.#rows;
    const order = new Float64Array(this.count);
    let count = 0;
    // A row's number fits below its flow's, so that numbers alone are sorted.
    const scale = flows.length;
    for (let row = 0; row < flows.length; row++) {
      if (words[row * WIDTH + KIND] === 0) continue;
      if (flows[row] !== undefined || this.#handlers.onRestEnd !== undefined) order[count++] = this.#id(row) * scale + row;
    }
    // As an integer: a fraction would change how every flow keeps its row.
    for (const one of order.subarray(0, count).sort()) this.#end((one % scale) | 0, 'shutdown');
    if (this.count > 0) this.#forgetAll();
  }

  /** Those at rest that nobody wants to hear of. */
  #forgetAll(): void {
    this.#rows = new FlowRows();
    this.#buckets = new Int32Array(FIRST_BUCKETS);
    this.#lists.clear();
    this.#all.length = 0;
    this.count = 0;
  }

  #end(row: number, reason: string): void {
    const { words } = this.#rows;
    const at = row * WIDTH;
    if (words[at + LIST] >= 0) this.#all[words[at + LIST]].remove(row);
    const slot = words[at + HASH] & (this.#buckets.length - 1);
    if (this.#buckets[slot] === row + 1) this.#buckets[slot] = words[at + NEXT] + 1;
    else {
      let before = this.#buckets[slot] - 1;
      while (before >= 0 && words[before * WIDTH + NEXT] !== row) before = words[before * WIDTH + NEXT];
      if (before >= 0) words[before * WIDTH + NEXT] = words[at + NEXT];
    }
    this.count--;
    const flow = this.#rows.flows[row];
    if (flow !== undefined) {
      flow.endReason = reason;
      this.#handlers.onEnd(flow);
      flow.row = -1;
    } else if (this.#handlers.onRestEnd !== undefined) {
      const woken = wake(this.#rows, row, this.#handlers.openStream);
      woken.endReason = reason;
      this.#handlers.onRestEnd(woken, words[at + KEPT]);
      woken.row = -1;
    }
    this.#rows.give(row);
  }

  /** The row of the packet's flow, -1 where there is none; sets packet.direction. */
  #find(packet: Packet, hash: number): number {
    const { words, flows } = this.#rows;
    const source = packet.source[0] | 0;
    const destination = packet.destination[0] | 0;
    const kind = kindOf(packet, this.#settings.tunnelDepthTellsFlowsApart);
    const depthBits = this.#settings.tunnelDepthTellsFlowsApart ? -1 : DEPTH_LEFT_OUT;
    const { vlansTellFlowsApart } = this.#settings;
    for (let row = this.#buckets[hash & (this.#buckets.length - 1)] - 1; row >= 0; row = words[row * WIDTH + NEXT]) {
      const at = row * WIDTH;
      if (words[at + HASH] !== hash || (words[at + KIND] & depthBits) !== kind || (vlansTellFlowsApart && words[at + VLANS] !== vlansOf(packet))) continue;
      const ports = words[at + PORTS];
      const first = words[at + SOURCE];
      const second = words[at + DESTINATION];
      const forward = first === source && second === destination && portsFit(ports, packet, true) && this.#sameRest(row, packet, true);
      if (!forward && !(first === destination && second === source && portsFit(ports, packet, false) && this.#sameRest(row, packet, false))) continue;
      packet.direction = (flows[row]?.turned === true) === forward ? TO_CLIENT : TO_SERVER;
      return row;
    }
    return -1;
  }

  /** What the columns compared so far do not hold: a third VLAN, and the rest of longer addresses. */
  #sameRest(row: number, packet: Packet, forward: boolean): boolean {
    const { words, flows, addresses } = this.#rows;
    if (this.#settings.vlansTellFlowsApart && packet.vlanCount > 2 && flows[row]?.vlans?.[2] !== packet.vlans[2]) return false;
    const place = words[row * WIDTH + LONG_ADDRESSES];
    if (place < 0) return true;
    const source = forward ? packet.source : packet.destination;
    const destination = forward ? packet.destination : packet.source;
    for (let word = 1; word < 4; word++) if (addresses[place + word] !== source[word] || addresses[place + 4 + word] !== destination[word]) return false;
    return true;
  }

  #create(packet: Packet, hash: number): number {
    if (packet.transportStart < 0 || !beginsFlow(packet)) return -1;
    if (this.count >= this.#settings.maximumFlows) this.#makeRoom();
    const flow = new Flow();
    flow.id = ++this.#created;
    flow.ipVersion = packet.ipVersion;
    flow.protocol = packet.protocol;
    flow.tunnelDepth = packet.tunnelDepth;
    flow.source.set(packet.source);
    flow.destination.set(packet.destination);
    if (packet.protocol === ICMP || packet.protocol === ICMPV6) {
      flow.sourcePort = packet.icmpType;
      flow.destinationPort = packet.icmpCode;
      flow.responseType = counterpart(packet);
    } else {
      flow.sourcePort = packet.sourcePort;
      flow.destinationPort = packet.destinationPort;
    }
    if (packet.vlanCount > 0) flow.vlans = Array.from(packet.vlans.subarray(0, packet.vlanCount));
    flow.startTime = flow.lastTime = packet.time;
    flow.firstPacket = packet.number;
    packet.direction = TO_SERVER;
    const row = this.#rows.take(flow);
    flow.row = row;
    if (this.count * 2 >= this.#buckets.length) this.#growBuckets();
    const { words } = this.#rows;
    const at = row * WIDTH;
    const slot = hash & (this.#buckets.length - 1);
    words[at + HASH] = hash;
    words[at + KIND] = kindOf(packet, true);
    words[at + SOURCE] = flow.source[0];
    words[at + DESTINATION] = flow.destination[0];
    words[at + PORTS] = (flow.sourcePort << 16) | flow.destinationPort;
    words[at + VLANS] = vlansOf(packet);
    words[at + LONG_ADDRESSES] = packet.ipVersion === 6 ? this.#rows.keepAddresses(flow.source, flow.destination) : -1;
    words[at + ID] = flow.id;
    words[at + NEXT] = this.#buckets[slot] - 1;
    this.#buckets[slot] = row + 1;
    this.count++;
    this.#listFor(flow).add(row);
    return row;
  }

  #makeRoom(): void {
    let oldest = -1;
    for (const list of this.#all) {
      list.renew();
      if (list.oldest >= 0 && (oldest < 0 || this.#rows.lastTime(list.oldest) < this.#rows.lastTime(oldest))) oldest = list.oldest;
    }
    if (oldest >= 0) this.#end(oldest, 'forced');
  }

  #growBuckets(): void {
    const { words, flows } = this.#rows;
    const buckets = new Int32Array(this.#buckets.length * 2);
    for (let row = 0; row < flows.length; row++) {
      const at = row * WIDTH;
      if (words[at + KIND] === 0) continue;
      const slot = words[at + HASH] & (buckets.length - 1);
      words[at + NEXT] = buckets[slot] - 1;
      buckets[slot] = row + 1;
    }
    this.#buckets = buckets;
  }

  #listFor(flow: Flow): TimeoutList {
    const { flowTimeouts } = this.#settings;
    const timeouts: FlowTimeouts =
      flow.protocol === TCP
        ? flowTimeouts.tcp
        : flow.protocol === UDP
          ? flowTimeouts.udp
          : flow.protocol === ICMP || flow.protocol === ICMPV6
            ? flowTimeouts.icmp
            : flowTimeouts.other;
    const seconds = flow.state === FLOW_CLOSED ? timeouts.closed : flow.state === FLOW_ESTABLISHED ? timeouts.established : timeouts.fresh;
    let list = this.#lists.get(seconds);
    if (list === undefined) {
      list = new TimeoutList(this.#rows, this.#all.length, seconds);
      this.#lists.set(seconds, list);
      this.#all.push(list);
    }
    return list;
  }
}

const DEPTH_LEFT_OUT = 0xfff;

/** IP protocol (8 bits), IP version (4), and tunnel depth above. */
function kindOf(packet: Packet, withDepth: boolean): number {
  const kind = packet.protocol | (packet.ipVersion << 8);
  return withDepth ? kind | (packet.tunnelDepth << 12) : kind;
}

/** How many (2 bits), and the first two (12 bits each). */
function vlansOf(packet: Packet): number {
  const { vlanCount, vlans } = packet;
  if (vlanCount === 0) return 0;
  return vlanCount | (vlans[0] << 2) | (vlanCount > 1 ? vlans[1] << 14 : 0);
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

/** Replies of ICMP questions belong to the question. */
const ICMP_ANSWERS: ReadonlyMap<number, number> = new Map([
  [0, 8],
  [14, 13],
  [16, 15],
  [18, 17],
]);
const ICMPV6_ANSWERS: ReadonlyMap<number, number> = new Map([
  [129, 128],
  [136, 135],
]);

function question(packet: Packet): number {
  return (packet.protocol === ICMP ? ICMP_ANSWERS : ICMPV6_ANSWERS).get(packet.icmpType) ?? packet.icmpType;
}

/** The type that is the other half of the packet's exchange, -1 where it has none. */
function counterpart(packet: Packet): number {
  const known = packet.protocol === ICMP ? ICMP_ANSWERS : ICMPV6_ANSWERS;
  const asked = known.get(packet.icmpType);
  if (asked !== undefined) return asked;
  for (const [answer, asks] of known) if (asks === packet.icmpType) return answer;
  return -1;
}

function portsFit(ports: number, packet: Packet, forward: boolean): boolean {
  if (packet.protocol === ICMP || packet.protocol === ICMPV6) return ports >>> 16 === (forward ? packet.icmpType : counterpart(packet));
  return ports === (forward ? (packet.sourcePort << 16) | packet.destinationPort : (packet.destinationPort << 16) | packet.sourcePort);
}

function hashOf(packet: Packet): number {
  const { source, destination } = packet;
  let hash =
    packet.protocol === ICMP || packet.protocol === ICMPV6
      ? question(packet)
      : (packet.sourcePort ^ packet.destinationPort) | ((packet.sourcePort + packet.destinationPort) << 15);
  hash ^= source[0] + destination[0] + packet.protocol;
  if (packet.ipVersion === 6) hash ^= source[1] + destination[1] + Math.imul(source[2] + destination[2], 31) + Math.imul(source[3] + destination[3], 17);
  hash = Math.imul(hash ^ (hash >>> 16), 0x45d9f3b);
  return (hash ^ (hash >>> 15)) | 0;
}
