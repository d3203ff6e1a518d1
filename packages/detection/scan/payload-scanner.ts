/**
 * Looks for the payload literals of rules in stream chunks and packets. For each interval of server ports that rules tell apart,
 * and each application protocol, there are tables with the literals of the rules that may hold there, made when first needed.
 */
import { type Flow, type Packet, TCP, TO_SERVER, UDP } from '@sigwright/contracts';
import { headerAdmitsProtocol, type RuleHeader } from '../compile/header.ts';
import { type PayloadTables, type PlanUse, protocolsFitting } from '../compile/plan.ts';
import type { PayloadPlace } from '../compile/plan-entry.ts';
import type { Candidates } from './candidates.ts';
import { LiteralTables, type LiteralTablesData, narrowLiterals, valuesOf } from './literal-tables.ts';
import { intervals } from './port-intervals.ts';

interface Tables {
  /** whose literals they hold; empty where nobody asks */
  readonly rules: ReadonlySet<number>;
  readonly headLength: number;
  readonly head: LiteralTables | undefined;
  readonly full: LiteralTables | undefined;
  readonly smallLength: number;
  readonly small: LiteralTables | undefined;
}

const NO_RULES: ReadonlySet<number> = new Set();
const NO_TABLES: Tables = { rules: NO_RULES, headLength: 0, head: undefined, full: undefined, smallLength: 0, small: undefined };

/** What is looked for in one direction of a flow. */
export interface PayloadSearch {
  /** the flow's application protocol when it was chosen */
  readonly protocol: string | undefined;
  readonly stream: Tables;
  readonly packet: Tables;
}

/** Groups of tables made for ports and protocols; what comes later is searched for all literals. */
const MOST_GROUPS = 256;
/** Pairs of port intervals and protocols that are remembered; a scan of all ports meets many. */
const MOST_SEARCHES = 65_536;

/** The rules of one place and direction, and what their headers say of the server's port. */
class PlaceRules {
  readonly data: PayloadTables;
  readonly rules: Uint32Array;
  readonly headers: readonly RuleHeader[];
  /** per rule: index in `headers` */
  readonly headerOf: Uint16Array;
  readonly intervals: Uint16Array;

  constructor(data: PayloadTables, plan: PlanUse) {
    this.data = data;
    const rules = new Set<number>();
    for (const literals of [data.head, data.full, data.small]) if (literals !== undefined) for (const rule of valuesOf(literals)) rules.add(rule);
    this.rules = Uint32Array.from(rules);
    const places = new Map<number, number>();
    this.headerOf = Uint16Array.from(this.rules, (rule) => {
      const number = plan.data.headerNumbers[rule];
      const place = places.get(number) ?? places.size;
      places.set(number, place);
      return place;
    });
    this.headers = [...places.keys()].map((number) => plan.header(number));
    const toServer = data.direction === TO_SERVER;
    this.intervals = intervals(this.headers, (header) => [
      toServer ? header.destinationPorts : header.sourcePorts,
      header.bidirectional ? (toServer ? header.sourcePorts : header.destinationPorts) : undefined,
    ]);
  }

  /** Which headers may fit? Addresses and the client's port are left to the rule itself. */
  fitting(packet: Packet): Uint8Array {
    const toServer = this.data.direction === TO_SERVER;
    const port = toServer ? packet.destinationPort : packet.sourcePort;
    return Uint8Array.from(this.headers, (header) => {
      if (!headerAdmitsProtocol(header, packet)) return 0;
      const written = toServer ? header.destinationPorts : header.sourcePorts;
      if (written === undefined || written.contains(port)) return 1;
      if (!header.bidirectional) return 0;
      const other = toServer ? header.sourcePorts : header.destinationPorts;
      return other === undefined || other.contains(port) ? 1 : 0;
    });
  }
}

export class PayloadScanner {
  static readonly #ofPlan = new WeakMap<PlanUse, PayloadScanner>();

  /** The plan's own: tables are made once for all engines that use the plan. */
  static of(plan: PlanUse): PayloadScanner {
    let known = PayloadScanner.#ofPlan.get(plan);
    if (known === undefined) {
      known = new PayloadScanner(plan);
      PayloadScanner.#ofPlan.set(plan, known);
    }
    return known;
  }

  readonly #plan: PlanUse;
  /** made when the first packet asks */
  readonly #places = new Map<PayloadTables, PlaceRules>();
  readonly #whole = new Map<PayloadTables, Tables>();
  readonly #searches = new Map<number, PayloadSearch>();
  readonly #protocols = new Map<string, number>();
  /** tables by what is left in them: many ports lead to the same ones */
  readonly #made = new Map<string, Tables>();

  constructor(plan: PlanUse) {
    this.#plan = plan;
  }

  /** What to look for in packets like this one. `known`: the answer for an earlier packet of the flow in this direction. */
  search(packet: Packet, flow: Flow, known: PayloadSearch | undefined): PayloadSearch {
    const protocol = flow.applicationProtocol;
    if (known !== undefined && known.protocol === protocol) return known;
    const place = packet.protocol === TCP ? 'tcp' : packet.protocol === UDP ? 'udp' : 'other';
    const inPackets = this.#rulesOf(place, packet);
    const inStream = packet.protocol === TCP ? this.#rulesOf('stream', packet) : undefined;
    const key = this.#key(packet, protocol, inPackets, inStream);
    let search = this.#searches.get(key);
    if (search === undefined) {
      if (this.#searches.size >= MOST_SEARCHES) this.#searches.clear();
      search = { protocol, stream: this.#tables(inStream, packet, protocol), packet: this.#tables(inPackets, packet, protocol) };
      this.#searches.set(key, search);
    }
    return search;
  }

  #rulesOf(place: PayloadPlace, packet: Packet): PlaceRules | undefined {
    for (const data of this.#plan.data.payload) {
      if (data.place !== place || data.direction !== packet.direction) continue;
      let rules = this.#places.get(data);
      if (rules === undefined) {
        rules = new PlaceRules(data, this.#plan);
        this.#places.set(data, rules);
      }
      return rules;
    }
    return undefined;
  }

  #key(packet: Packet, protocol: string | undefined, inPackets: PlaceRules | undefined, inStream: PlaceRules | undefined): number {
    let number = protocol === undefined ? 0 : this.#protocols.get(protocol);
    if (number === undefined) {
      number = this.#protocols.size + 1;
      this.#protocols.set(protocol!, number);
    }
    const port = packet.direction === TO_SERVER ? packet.destinationPort : packet.sourcePort;
    const intervalsPair = (inPackets?.intervals[port] ?? 0) * 2048 + (inStream?.intervals[port] ?? 0);
    const kind = packet.protocol * 4 + packet.direction * 2 + (packet.ipVersion === 6 ? 1 : 0);
    return (number * 1024 + kind) * 2048 * 2048 + intervalsPair;
  }

  #tables(place: PlaceRules | undefined, packet: Packet, protocol: string | undefined): Tables {
    if (place === undefined) return NO_TABLES;
    const { data } = this.#plan;
    const fitting = place.fitting(packet);
    // Before it is known, it may still be any.
    const fittingProtocols = protocol === undefined ? undefined : protocolsFitting(data, protocol);
    const left = new Set<number>();
    let signature = 17;
    for (let at = 0; at < place.rules.length; at++) {
      const rule = place.rules[at];
      if (fitting[place.headerOf[at]] === 0 || (fittingProtocols !== undefined && fittingProtocols[data.protocolNumbers[rule]] === 0)) continue;
      left.add(rule);
      signature = (Math.imul(signature, 31) + rule) | 0;
    }
    if (left.size === 0) return NO_TABLES;
    const all = place.data;
    const key = `${all.place}/${all.direction}/${left.size}/${signature}`;
    const known = this.#made.get(key);
    if (known !== undefined && known.rules.size === left.size && [...left].every((rule) => known.rules.has(rule))) return known;
    if (this.#made.size >= MOST_GROUPS) return this.#all(all);
    const keep = (rule: number): boolean => left.has(rule);
    const narrowed = (literals: LiteralTablesData | undefined): LiteralTables | undefined => {
      const some = literals === undefined ? undefined : narrowLiterals(literals, keep);
      return some === undefined ? undefined : new LiteralTables(some);
    };
    const tables = {
      rules: left,
      headLength: all.headLength,
      head: narrowed(all.head),
      full: narrowed(all.full),
      smallLength: all.smallLength,
      small: narrowed(all.small),
    };
    this.#made.set(key, tables);
    return tables;
  }

  #all(data: PayloadTables): Tables {
    let tables = this.#whole.get(data);
    if (tables === undefined) {
      const whole = (literals: LiteralTablesData | undefined): LiteralTables | undefined => (literals === undefined ? undefined : new LiteralTables(literals));
      tables = {
        rules: NO_RULES,
        headLength: data.headLength,
        head: whole(data.head),
        full: whole(data.full),
        smallLength: data.smallLength,
        small: whole(data.small),
      };
      this.#whole.set(data, tables);
    }
    return tables;
  }

  /** bytes[start, end) of one direction; `offset`: stream offset of `start`. */
  stream(search: PayloadSearch, bytes: Uint8Array, start: number, end: number, offset: number, candidates: Candidates): void {
    scan(search.stream, bytes, start, end, offset, candidates);
  }

  /** The payload of one packet. Stream rules look at it only where the stream does not have it. */
  packet(search: PayloadSearch, packet: Packet, candidates: Candidates): void {
    const { data, payloadStart, payloadEnd } = packet;
    scan(search.packet, data, payloadStart, payloadEnd, 0, candidates);
    if (packet.protocol === TCP && !packet.inStream) scan(search.stream, data, payloadStart, payloadEnd, 0, candidates);
  }

  /** A packet without a flow has no direction: rules of both may hold. */
  alone(packet: Packet, candidates: Candidates): void {
    const places: readonly PayloadPlace[] = packet.protocol === TCP ? ['tcp', 'stream'] : packet.protocol === UDP ? ['udp'] : ['other'];
    for (const one of this.#plan.data.payload) {
      if (packet.protocol === TCP && one.direction !== packet.direction) continue;
      if (places.includes(one.place)) scan(this.#all(one), packet.data, packet.payloadStart, packet.payloadEnd, 0, candidates);
    }
  }
}

function scan(tables: Tables, bytes: Uint8Array, start: number, end: number, offset: number, candidates: Candidates): void {
  tables.full?.scan(bytes, start, end, offset, candidates);
  if (tables.small !== undefined && end - start <= tables.smallLength) tables.small.scan(bytes, start, end, offset, candidates);
  if (tables.head !== undefined && offset < tables.headLength) {
    tables.head.scan(bytes, start, Math.min(end, start + tables.headLength - offset), offset, candidates);
  }
}
