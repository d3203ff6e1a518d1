/**
 * Packets → flows. A hash over addresses and ports that is the same for both directions; flows in a bucket are chained.
 * For each timeout there is one list ordered by last packet, so expiry costs nothing per packet but a look at its head.
 */
import { type EngineSettings, FLOW_CLOSED, FLOW_ESTABLISHED, Flow, type FlowTimeouts, ICMP, ICMPV6, type Packet, SCTP, TCP, UDP } from '@sigwright/contracts';

const FIRST_BUCKETS = 4096;

/** What the table itself keeps for a flow, beside the flow. */
class Entry {
  readonly flow: Flow;
  readonly hash: number;
  next: Entry | undefined = undefined;
  older: Entry | undefined = undefined;
  newer: Entry | undefined = undefined;
  list: TimeoutList | undefined = undefined;

  constructor(flow: Flow, hash: number) {
    this.flow = flow;
    this.hash = hash;
  }
}

class TimeoutList {
  readonly timeout: number;
  oldest: Entry | undefined = undefined;
  newest: Entry | undefined = undefined;

  constructor(seconds: number) {
    this.timeout = seconds * 1e6;
  }

  add(entry: Entry): void {
    entry.list = this;
    entry.older = this.newest;
    entry.newer = undefined;
    if (this.newest !== undefined) this.newest.newer = entry;
    else this.oldest = entry;
    this.newest = entry;
  }

  remove(entry: Entry): void {
    if (entry.older !== undefined) entry.older.newer = entry.newer;
    else this.oldest = entry.newer;
    if (entry.newer !== undefined) entry.newer.older = entry.older;
    else this.newest = entry.older;
    entry.older = entry.newer = undefined;
    entry.list = undefined;
  }
}

export class FlowTable {
  count = 0;
  #created = 0;
  #buckets: (Entry | undefined)[] = new Array(FIRST_BUCKETS).fill(undefined);
  readonly #settings: EngineSettings;
  readonly #onEnd: (flow: Flow) => void;
  readonly #lists = new Map<number, TimeoutList>();
  #all: TimeoutList[] = [];

  /** `onEnd` is called before a flow is dropped. */
  constructor(settings: EngineSettings, onEnd: (flow: Flow) => void) {
    this.#settings = settings;
    this.#onEnd = onEnd;
  }

  /** The packet's flow, made where there is none; sets packet.flow and packet.direction. Undefined for packets without flows. */
  lookup(packet: Packet): Flow | undefined {
    let found = this.#find(packet);
    // Lists are looked at now and then; the flow that a packet falls into must not live on because of that.
    if (found?.list !== undefined && found.flow.lastTime + found.list.timeout <= packet.time) {
      this.#end(found, 'timeout');
      found = undefined;
    }
    const entry = found ?? this.#create(packet);
    if (entry === undefined) return undefined;
    packet.flow = entry.flow;
    return entry.flow;
  }

  /** Counts the packet and puts the flow behind all others of its timeout. */
  touch(flow: Flow, packet: Packet): void {
    const length = packet.frameEnd - packet.frameStart;
    if (packet.direction === 0) {
      flow.packetsToServer++;
      flow.bytesToServer += length;
    } else {
      flow.packetsToClient++;
      flow.bytesToClient += length;
    }
    flow.lastTime = Math.max(flow.lastTime, packet.time);
    if (packet.protocol !== TCP) {
      const both = flow.packetsToServer > 0 && flow.packetsToClient > 0;
      if (both && flow.state < FLOW_ESTABLISHED) flow.state = FLOW_ESTABLISHED;
      packet.flowEstablished = both;
    }
    const entry = flow.tableEntry as Entry;
    const list = this.#listFor(flow);
    if (entry.list === list && list.newest === entry) return;
    entry.list?.remove(entry);
    list.add(entry);
  }

  /** Ends flows that were silent longer than their timeout at packet time `now`. */
  expire(now: number): void {
    for (const list of this.#all) {
      while (list.oldest !== undefined && list.oldest.flow.lastTime + list.timeout < now) this.#end(list.oldest, 'timeout');
    }
  }

  /** Ends one flow now. */
  drop(flow: Flow, reason: string): void {
    this.#end(flow.tableEntry as Entry, reason);
  }

  /** Ends all flows, in the order they began. */
  finish(): void {
    const left: Entry[] = [];
    for (const list of this.#all) for (let entry = list.oldest; entry !== undefined; entry = entry.newer) left.push(entry);
    left.sort((a, b) => a.flow.id - b.flow.id);
    for (const entry of left) this.#end(entry, 'shutdown');
  }

  #end(entry: Entry, reason: string): void {
    entry.list?.remove(entry);
    const mask = this.#buckets.length - 1;
    const slot = entry.hash & mask;
    let before = this.#buckets[slot];
    if (before === entry) this.#buckets[slot] = entry.next;
    else {
      while (before !== undefined && before.next !== entry) before = before.next;
      if (before !== undefined) before.next = entry.next;
    }
    this.count--;
    entry.flow.endReason = reason;
    this.#onEnd(entry.flow);
    entry.flow.tableEntry = undefined;
  }

  #find(packet: Packet): Entry | undefined {
    const hash = hashOf(packet);
    for (let entry = this.#buckets[hash & (this.#buckets.length - 1)]; entry !== undefined; entry = entry.next) {
      if (entry.hash !== hash) continue;
      const { flow } = entry;
      if (flow.protocol !== packet.protocol || flow.ipVersion !== packet.ipVersion || flow.tunnelDepth !== packet.tunnelDepth || !sameVlans(flow, packet))
        continue;
      if (same(flow.source, packet.source) && same(flow.destination, packet.destination) && portsFit(flow, packet, true)) {
        packet.direction = 0;
        return entry;
      }
      if (same(flow.source, packet.destination) && same(flow.destination, packet.source) && portsFit(flow, packet, false)) {
        packet.direction = 1;
        return entry;
      }
    }
    return undefined;
  }

  #create(packet: Packet): Entry | undefined {
    if (packet.transportStart < 0 || !beginsFlow(packet)) return undefined;
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
    } else {
      flow.sourcePort = packet.sourcePort;
      flow.destinationPort = packet.destinationPort;
    }
    if (packet.vlanCount > 0) flow.vlans = Array.from(packet.vlans.subarray(0, packet.vlanCount));
    flow.startTime = flow.lastTime = packet.time;
    flow.firstPacket = packet.number;
    packet.direction = 0;
    const entry = new Entry(flow, hashOf(packet));
    flow.tableEntry = entry;
    if (this.count >= this.#buckets.length) this.#growBuckets();
    const slot = entry.hash & (this.#buckets.length - 1);
    entry.next = this.#buckets[slot];
    this.#buckets[slot] = entry;
    this.count++;
    this.#listFor(flow).add(entry);
    return entry;
  }

  #makeRoom(): void {
    let oldest: Entry | undefined;
    for (const list of this.#all)
      if (list.oldest !== undefined && (oldest === undefined || list.oldest.flow.lastTime < oldest.flow.lastTime)) oldest = list.oldest;
    if (oldest !== undefined) this.#end(oldest, 'forced');
  }

  #growBuckets(): void {
    const old = this.#buckets;
    this.#buckets = new Array(old.length * 4).fill(undefined);
    const mask = this.#buckets.length - 1;
    for (const first of old) {
      for (let entry = first; entry !== undefined; ) {
        const following: Entry | undefined = entry.next;
        entry.next = this.#buckets[entry.hash & mask];
        this.#buckets[entry.hash & mask] = entry;
        entry = following;
      }
    }
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
      list = new TimeoutList(seconds);
      this.#lists.set(seconds, list);
      this.#all = [...this.#lists.values()];
    }
    return list;
  }
}

function same(a: Uint32Array, b: Uint32Array): boolean {
  return a[0] === b[0] && a[1] === b[1] && a[2] === b[2] && a[3] === b[3];
}

function sameVlans(flow: Flow, packet: Packet): boolean {
  if (flow.vlans === undefined) return packet.vlanCount === 0;
  if (flow.vlans.length !== packet.vlanCount) return false;
  for (let at = 0; at < packet.vlanCount; at++) if (flow.vlans[at] !== packet.vlans[at]) return false;
  return true;
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

function portsFit(flow: Flow, packet: Packet, forward: boolean): boolean {
  if (packet.protocol === ICMP || packet.protocol === ICMPV6) {
    const answers = packet.protocol === ICMP ? ICMP_ANSWERS : ICMPV6_ANSWERS;
    return (answers.get(flow.sourcePort) ?? flow.sourcePort) === question(packet);
  }
  return forward
    ? flow.sourcePort === packet.sourcePort && flow.destinationPort === packet.destinationPort
    : flow.sourcePort === packet.destinationPort && flow.destinationPort === packet.sourcePort;
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
