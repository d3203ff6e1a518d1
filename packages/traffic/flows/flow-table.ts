/**
 * Packets → flows. A hash over addresses and ports that is the same for both directions; flows in a bucket are chained.
 * For each timeout there is one list, ordered by when flows were put into it. A packet moves nothing: a flow at the head of a
 * list that had packets since goes to its end, once for each time that the timeout passes.
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

const FIRST_BUCKETS = 4096;

/** What the table itself keeps for a flow, beside the flow. */
class Entry {
  readonly flow: Flow;
  readonly hash: number;
  /** first words of the addresses and both ports as in the first packet, so that a look-up reads one object; signed, as the engine holds them best */
  readonly source: number;
  readonly destination: number;
  readonly sourcePort: number;
  readonly destinationPort: number;
  readonly ipVersion: number;
  readonly protocol: number;
  next: Entry | undefined = undefined;
  older: Entry | undefined = undefined;
  newer: Entry | undefined = undefined;
  list: TimeoutList | undefined = undefined;
  /** the flow's last packet when it was put into the list */
  listedAt = 0.5;

  constructor(flow: Flow, hash: number) {
    this.flow = flow;
    this.hash = hash;
    this.source = flow.source[0] | 0;
    this.destination = flow.destination[0] | 0;
    this.sourcePort = flow.sourcePort;
    this.destinationPort = flow.destinationPort;
    this.ipVersion = flow.ipVersion;
    this.protocol = flow.protocol;
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
    entry.listedAt = entry.flow.lastTime;
    entry.older = this.newest;
    entry.newer = undefined;
    if (this.newest !== undefined) this.newest.newer = entry;
    else this.oldest = entry;
    this.newest = entry;
  }

  /** Flows that had packets since they were listed go to the end, until the oldest one had none. */
  renew(): void {
    while (this.oldest !== undefined && this.oldest.flow.lastTime > this.oldest.listedAt) {
      const entry = this.oldest;
      this.remove(entry);
      this.add(entry);
    }
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
  /** what an ICMP error quotes */
  readonly #quote = new Packet();
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
    if (packet.protocol === ICMP && packet.icmpType === UNREACHABLE) return this.#quoted(packet);
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
    const found = this.#find(quoted);
    if (found === undefined || (found.list !== undefined && found.flow.lastTime + found.list.timeout <= packet.time)) return undefined;
    packet.flow = found.flow;
    packet.direction = found.flow.source[0] === packet.source[0] ? TO_SERVER : TO_CLIENT;
    packet.flowEstablished = found.flow.state === FLOW_ESTABLISHED;
    return found.flow;
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
    flow.lastTime = Math.max(flow.lastTime, packet.time);
    if (flow.protocol !== TCP && packet.protocol === flow.protocol) {
      const both = flow.packetsToServer > 0 && flow.packetsToClient > 0;
      if (both && flow.state < FLOW_ESTABLISHED) flow.state = FLOW_ESTABLISHED;
      packet.flowEstablished = both;
    }
    const entry = flow.tableEntry as Entry;
    const list = this.#listFor(flow);
    if (entry.list === list) return;
    entry.list?.remove(entry);
    list.add(entry);
  }

  /** Ends flows that were silent longer than their timeout at packet time `now`, the longest silent first. */
  expire(now: number): void {
    let over: Entry[] | undefined;
    for (const list of this.#all) {
      while (list.oldest !== undefined && list.oldest.listedAt + list.timeout < now) {
        const entry = list.oldest;
        list.remove(entry);
        if (entry.flow.lastTime + list.timeout < now) {
          over ??= [];
          over.push(entry);
        } else list.add(entry);
      }
    }
    if (over === undefined) return;
    if (over.length > 1) over.sort(bySilence);
    for (const entry of over) this.#end(entry, 'timeout');
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
    const source = packet.source[0] | 0;
    const destination = packet.destination[0] | 0;
    const { tunnelDepthTellsFlowsApart } = this.#settings;
    for (let entry = this.#buckets[hash & (this.#buckets.length - 1)]; entry !== undefined; entry = entry.next) {
      if (entry.hash !== hash || entry.protocol !== packet.protocol || entry.ipVersion !== packet.ipVersion) continue;
      const { flow } = entry;
      if (
        entry.source === source &&
        entry.destination === destination &&
        portsFit(entry, packet, true) &&
        sameRest(flow, packet, !flow.turned, tunnelDepthTellsFlowsApart)
      ) {
        packet.direction = flow.turned ? 1 : 0;
        return entry;
      }
      if (
        entry.source === destination &&
        entry.destination === source &&
        portsFit(entry, packet, false) &&
        sameRest(flow, packet, flow.turned, tunnelDepthTellsFlowsApart)
      ) {
        packet.direction = flow.turned ? 0 : 1;
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
      flow.responseType = counterpart(packet);
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
    for (const list of this.#all) {
      list.renew();
      if (list.oldest !== undefined && (oldest === undefined || list.oldest.flow.lastTime < oldest.flow.lastTime)) oldest = list.oldest;
    }
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

function bySilence(a: Entry, b: Entry): number {
  return a.flow.lastTime - b.flow.lastTime || a.flow.id - b.flow.id;
}

/** What the entry itself does not hold: VLANs and the rest of longer addresses. */
function sameRest(flow: Flow, packet: Packet, forward: boolean, sameDepth: boolean): boolean {
  if (sameDepth && flow.tunnelDepth !== packet.tunnelDepth) return false;
  if (packet.vlanCount > 0 || flow.vlans !== undefined) if (!sameVlans(flow, packet)) return false;
  if (packet.ipVersion !== 6) return true;
  const source = forward ? packet.source : packet.destination;
  const destination = forward ? packet.destination : packet.source;
  return same(flow.source, source) && same(flow.destination, destination);
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

function portsFit(flow: Entry, packet: Packet, forward: boolean): boolean {
  if (packet.protocol === ICMP || packet.protocol === ICMPV6) return forward ? flow.sourcePort === packet.icmpType : flow.sourcePort === counterpart(packet);
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
