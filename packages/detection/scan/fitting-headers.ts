/**
 * Which headers of a plan fit the packets of a flow in one direction. Protocol, ports and addresses each say it for all headers at once, a
 * bit a header; what is left of all of them is the answer. Of hundreds of headers some dozens are left: rules of the others are not even
 * compiled. Flows alike share one answer, and what is made for it.
 */
import type { AddressSet, PortSet } from '@sigwright/bytes';
import type { Packet } from '@sigwright/contracts';
import { headerAdmitsProtocol, type RuleHeader } from '../compile/header.ts';
import type { PlanData, PlanUse } from '../compile/plan.ts';

/** Answers that are remembered; a scan of ports meets many. */
const MOST_ANSWERS = 4096;
/** Rows that are remembered for protocols: frames without IP can have any type. */
const MOST_PROTOCOLS = 1024;

export class FittingHeaders {
  /** by number of the header: 0 where it can not fit */
  readonly flags: Uint8Array;
  /** transport protocol and version of IP, as one number; of frames without IP their type */
  readonly #kind: number;
  readonly #row: Uint32Array;

  constructor(flags: Uint8Array, kind: number, row: Uint32Array) {
    this.flags = flags;
    this.#kind = kind;
    this.#row = row;
  }

  is(kind: number, row: Uint32Array): boolean {
    if (this.#kind !== kind) return false;
    for (let word = 0; word < row.length; word++) if (this.#row[word] !== row[word]) return false;
    return true;
  }
}

/** Directions of flows with which only the headers of rules that are always asked are told: captures of few flows are over before more pays. */
const FIRST_FLOWS = 64;
/** So many headers are read at once. */
const FEW_HEADERS = 64;

export class HeaderRows {
  static readonly #ofPlan = new WeakMap<PlanUse, HeaderRows>();

  /** The plan's own: one for all engines that use the plan. */
  static of(plan: PlanUse): HeaderRows {
    let known = HeaderRows.#ofPlan.get(plan);
    if (known === undefined) {
      known = new HeaderRows(plan);
      HeaderRows.#ofPlan.set(plan, known);
    }
    return known;
  }

  readonly #plan: PlanUse;
  readonly #first: number;
  #asked = 0;
  #rows: Rows | undefined = undefined;

  /** `first`: see FIRST_FLOWS. */
  constructor(plan: PlanUse, first = plan.data.headers.length > FEW_HEADERS ? FIRST_FLOWS : 0) {
    this.#plan = plan;
    this.#first = first;
  }

  /** Of packets with the protocol, ports and addresses of this one. A header that is not left out has still to be held against it. */
  fitting(packet: Packet): FittingHeaders {
    if (this.#asked === 0 || this.#asked === this.#first) {
      const { data } = this.#plan;
      this.#rows = new Rows(this.#plan, this.#asked < this.#first ? headersOf(data, [data.packetAlways.general]) : headersAskedFor(data));
    }
    if (this.#asked <= this.#first) this.#asked++;
    return this.#rows!.fitting(packet);
  }
}

/** Of some headers. */
class Rows {
  readonly #count: number;
  readonly #numbers: Uint16Array;
  readonly #headers: readonly RuleHeader[];
  /** those that are meant both ways */
  readonly #bothWays: Uint32Array | undefined;
  readonly #protocols = new Map<number, Uint32Array>();
  readonly #sourcePorts: PortRows;
  readonly #destinationPorts: PortRows;
  readonly #sources: AddressRows;
  readonly #destinations: AddressRows;
  readonly #row: Uint32Array;
  /** by hash of the row */
  readonly #answers = new Map<number, FittingHeaders>();
  /** of the packet that is asked about, see #find */
  readonly #place = new Int32Array(PLACE);
  /** by hash of the place: those answers that were found in it */
  readonly #places = new Map<number, { readonly place: Int32Array; readonly answer: FittingHeaders }>();

  constructor(plan: PlanUse, numbers: Uint16Array) {
    this.#count = plan.data.headers.length;
    this.#numbers = numbers;
    this.#headers = Array.from(numbers, (number) => plan.header(number));
    this.#row = new Uint32Array(Math.ceil(this.#headers.length / 32));
    this.#bothWays = this.#headers.some((header) => header.bidirectional) ? rowWhere(this.#headers, (header) => header.bidirectional) : undefined;
    this.#sourcePorts = new PortRows(this.#headers, (header) => header.sourcePorts);
    this.#destinationPorts = new PortRows(this.#headers, (header) => header.destinationPorts);
    this.#sources = new AddressRows(this.#headers, (header) => header.source);
    this.#destinations = new AddressRows(this.#headers, (header) => header.destination);
  }

  /** All packets in one place, as told by the intervals that ports and addresses lie in, have the same answer. */
  fitting(packet: Packet): FittingHeaders {
    if (packet.ipVersion !== 4) return this.#find(packet);
    const { sourcePort, destinationPort, source, destination } = packet;
    const place = this.#place;
    place[0] = kindOf(packet);
    place[1] = this.#sourcePorts.interval(sourcePort);
    place[2] = this.#destinationPorts.interval(destinationPort);
    place[3] = this.#sources.interval(source);
    place[4] = this.#destinations.interval(destination);
    if (this.#bothWays !== undefined) {
      place[5] = this.#sourcePorts.interval(destinationPort);
      place[6] = this.#destinationPorts.interval(sourcePort);
      place[7] = this.#sources.interval(destination);
      place[8] = this.#destinations.interval(source);
    }
    let hash = 0;
    for (let at = 0; at < PLACE; at++) hash = Math.imul(hash ^ place[at], 0x01000193);
    const known = this.#places.get(hash);
    if (known !== undefined && isSame(known.place, place)) return known.answer;
    const answer = this.#find(packet);
    if (this.#places.size >= MOST_ANSWERS) this.#places.clear();
    this.#places.set(hash, { place: place.slice(), answer });
    return answer;
  }

  #find(packet: Packet): FittingHeaders {
    const row = this.#row;
    const kind = kindOf(packet);
    row.set(this.#protocolRow(kind, packet));
    if (packet.ipVersion !== 0) this.#narrow(row, packet);
    let hash = kind;
    for (let word = 0; word < row.length; word++) hash = Math.imul(hash ^ row[word], 0x01000193);
    const known = this.#answers.get(hash);
    if (known?.is(kind, row) === true) return known;
    const flags = new Uint8Array(this.#count).fill(1);
    for (let at = 0; at < this.#numbers.length; at++) flags[this.#numbers[at]] = (row[at >>> 5] >>> (at & 31)) & 1;
    const made = new FittingHeaders(flags, kind, row.slice());
    if (this.#answers.size >= MOST_ANSWERS) this.#answers.clear();
    this.#answers.set(hash, made);
    return made;
  }

  #narrow(row: Uint32Array, packet: Packet): void {
    const { sourcePort, destinationPort, source, destination, ipVersion } = packet;
    const fromPort = this.#sourcePorts.row(sourcePort);
    const toPort = this.#destinationPorts.row(destinationPort);
    const from = this.#sources.row(source, ipVersion);
    const to = this.#destinations.row(destination, ipVersion);
    const both = this.#bothWays;
    if (both === undefined) {
      for (let word = 0; word < row.length; word++) row[word] &= fromPort[word] & toPort[word] & from[word] & to[word];
      return;
    }
    const turnedFromPort = this.#sourcePorts.row(destinationPort);
    const turnedToPort = this.#destinationPorts.row(sourcePort);
    const turnedFrom = this.#sources.row(destination, ipVersion);
    const turnedTo = this.#destinations.row(source, ipVersion);
    for (let word = 0; word < row.length; word++) {
      const straight = fromPort[word] & toPort[word] & from[word] & to[word];
      row[word] &= straight | (both[word] & turnedFromPort[word] & turnedToPort[word] & turnedFrom[word] & turnedTo[word]);
    }
  }

  #protocolRow(kind: number, packet: Packet): Uint32Array {
    const isFrame = packet.ipVersion === 0;
    let row = this.#protocols.get(kind);
    if (row === undefined) {
      // Frames may lie within others: what a rule on them sees is not the same for all packets of a flow.
      row = rowWhere(this.#headers, (header) => (header.frame !== undefined && !isFrame) || headerAdmitsProtocol(header, packet));
      if (this.#protocols.size >= MOST_PROTOCOLS) this.#protocols.clear();
      this.#protocols.set(kind, row);
    }
    return row;
  }
}

/** Kind, and the intervals of both ports and both addresses, then of both in the other's place. */
const PLACE = 9;

function isSame(one: Int32Array, other: Int32Array): boolean {
  for (let at = 0; at < PLACE; at++) if (one[at] !== other[at]) return false;
  return true;
}

function kindOf({ protocol, ipVersion, etherType, ethernetStart }: Packet): number {
  return ipVersion === 0 ? -1 - (2 * etherType + (ethernetStart >= 0 ? 1 : 0)) * 256 - protocol : protocol * 8 + ipVersion;
}

/** All but those of rules that are found by an address alone. */
function headersAskedFor(data: PlanData): Uint16Array {
  const isFound = new Uint8Array(data.ruleCount);
  for (const { bySource, byDestination } of [data.packetAlways, data.addressesOnly, data.protocolOnly])
    for (const { rules } of [bySource, byDestination]) for (let at = 0; at < rules.length; at++) isFound[rules[at]] = 1;
  return headersOf(data, [Uint32Array.from(isFound.keys()).filter((rule) => isFound[rule] === 0)]);
}

/** The headers of these rules, each once. */
export function headersOf({ headers, headerNumbers }: PlanData, rules: readonly Uint32Array[]): Uint16Array {
  const isThere = new Uint8Array(headers.length);
  for (const list of rules) for (let at = 0; at < list.length; at++) isThere[headerNumbers[list[at]]] = 1;
  return Uint16Array.from(isThere.keys()).filter((number) => isThere[number] === 1);
}

function rowWhere(headers: readonly RuleHeader[], test: (header: RuleHeader) => boolean): Uint32Array {
  const row = new Uint32Array(Math.ceil(headers.length / 32));
  for (let at = 0; at < headers.length; at++) if (test(headers[at])) row[at >>> 5] |= 1 << (at & 31);
  return row;
}

/** What a port or an address is held against in each header. */
class Sets<One extends PortSet | AddressSet> {
  /** headers that let everything through */
  readonly #anything: Uint32Array;
  readonly #rows: readonly { readonly set: One; readonly row: Uint32Array }[];

  constructor(headers: readonly RuleHeader[], setOf: (header: RuleHeader) => One | undefined) {
    this.#anything = rowWhere(headers, (header) => setOf(header) === undefined);
    const sets = new Set(headers.map(setOf));
    sets.delete(undefined);
    this.#rows = Array.from(sets as Set<One>, (set) => ({ set, row: rowWhere(headers, (header) => setOf(header) === set) }));
  }

  /** Headers whose set `contains`. */
  row(contains: (set: One) => boolean): Uint32Array {
    const all = this.#anything.slice();
    for (const { set, row } of this.#rows) if (contains(set)) for (let word = 0; word < row.length; word++) all[word] |= row[word];
    return all;
  }

  /** Where an answer may change, sorted. */
  borders(): readonly number[] {
    return [...new Set(this.#rows.flatMap(({ set }) => set.boundaries()))].sort((a, b) => a - b);
  }
}

/** Rows by port, one for all ports that no header tells apart. */
class PortRows {
  readonly #sets: Sets<PortSet>;
  readonly #intervals = new Uint16Array(65_536);
  readonly #rows: (Uint32Array | undefined)[] = [];

  constructor(headers: readonly RuleHeader[], setOf: (header: RuleHeader) => PortSet | undefined) {
    this.#sets = new Sets(headers, setOf);
    const borders = this.#sets.borders();
    for (let at = 0; at < borders.length; at++) this.#intervals.fill(at + 1, borders[at], borders[at + 1]);
  }

  interval(port: number): number {
    return this.#intervals[port];
  }

  row(port: number): Uint32Array {
    const interval = this.#intervals[port];
    let row = this.#rows[interval];
    if (row === undefined) {
      row = this.#sets.row((set) => set.contains(port));
      this.#rows[interval] = row;
    }
    return row;
  }
}

/** Rows by address, one for all of IPv4 that no header tells apart. */
class AddressRows {
  readonly #sets: Sets<AddressSet>;
  readonly #borders: Float64Array;
  readonly #rows: (Uint32Array | undefined)[] = [];

  constructor(headers: readonly RuleHeader[], setOf: (header: RuleHeader) => AddressSet | undefined) {
    this.#sets = new Sets(headers, setOf);
    this.#borders = Float64Array.from(this.#sets.borders());
  }

  row(address: Uint32Array, version: number): Uint32Array {
    const interval = version === 4 ? this.interval(address) : -1;
    let row = interval < 0 ? undefined : this.#rows[interval];
    if (row === undefined) {
      row = this.#sets.row((set) => set.contains(address, version));
      if (interval >= 0) this.#rows[interval] = row;
    }
    return row;
  }

  /** Of IPv4: how many borders lie at or before the address. */
  interval(words: Uint32Array): number {
    const address = words[0];
    const borders = this.#borders;
    let low = 0;
    let high = borders.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (borders[middle] <= address) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}
