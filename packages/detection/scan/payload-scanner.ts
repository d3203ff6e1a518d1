/**
 * Looks for the payload literals of rules in stream chunks and packets. For each application protocol there are tables with the
 * literals of the rules that may hold there, made when first needed, and smaller ones for flows alike of which much is searched.
 */
import { type Direction, type Flow, type Packet, TCP, UDP } from '@sigwright/contracts';
import { type PayloadTables, type PlanUse, protocolsFitting } from '../compile/plan.ts';
import type { PayloadPlace } from '../compile/plan-entry.ts';
import type { Candidates } from './candidates.ts';
import { type FittingHeaders, headersOf } from './fitting-headers.ts';
import { ByHeaders, FlowTables, TableBudget } from './flow-tables.ts';
import { LiteralTables, type LiteralTablesData, narrowLiterals, valuesOf } from './literal-tables.ts';

interface Tables<One> {
  readonly all: One | undefined;
  readonly smallLength: number;
  readonly small: One | undefined;
}

/** What is looked for in one direction of a flow. */
export interface PayloadSearch {
  /** the flow's application protocol when it was chosen */
  readonly protocol: string | undefined;
  readonly stream: Tables<FlowTables> | undefined;
  readonly packet: Tables<FlowTables> | undefined;
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
  readonly #budget = new TableBudget();
  readonly #tables = new WeakMap<LiteralTablesData, LiteralTables>();
  /** for packets without a flow */
  readonly #whole = new Map<PayloadTables, Tables<LiteralTables>>();
  /** by place, direction and application protocol; made when the first packet asks */
  readonly #searches = new Map<string, ByHeaders<PayloadSearch>>();

  constructor(plan: PlanUse) {
    this.#plan = plan;
  }

  /** No rule looks for anything in payloads. */
  get isEmpty(): boolean {
    return this.#plan.data.payload.length === 0;
  }

  /** What to look for in packets like this one. */
  search(packet: Packet, flow: Flow, headers: FittingHeaders): PayloadSearch {
    const protocol = flow.applicationProtocol;
    const place = packet.protocol === TCP ? 'tcp' : packet.protocol === UDP ? 'udp' : 'other';
    const key = `${place}/${packet.direction}/${protocol ?? ''}`;
    let searches = this.#searches.get(key);
    if (searches === undefined) {
      searches = this.#make(place, packet.direction, protocol);
      this.#searches.set(key, searches);
    }
    return searches.for(headers);
  }

  #make(place: PayloadPlace, direction: Direction, protocol: string | undefined): ByHeaders<PayloadSearch> {
    const { data } = this.#plan;
    const stream = place === 'tcp' ? this.#spoken('stream', direction, protocol) : undefined;
    const packet = this.#spoken(place, direction, protocol);
    const rules = [stream?.all, stream?.small, packet?.all, packet?.small].flatMap((literals) => (literals === undefined ? [] : valuesOf(literals)));
    return new ByHeaders(headersOf(data, rules), (fits) => {
      const keep = (rule: number): boolean => fits?.[data.headerNumbers[rule]] === 1;
      const make = (one: LiteralTablesData | undefined): FlowTables | undefined =>
        one === undefined ? undefined : new FlowTables(one, this.#tablesOf(one), fits === undefined ? undefined : keep, this.#budget);
      return { protocol, stream: mapped(stream, make), packet: mapped(packet, make) };
    });
  }

  #tablesOf(data: LiteralTablesData): LiteralTables {
    let tables = this.#tables.get(data);
    if (tables === undefined) {
      tables = new LiteralTables(data);
      this.#tables.set(data, tables);
    }
    return tables;
  }

  #all(data: PayloadTables): Tables<LiteralTables> {
    let tables = this.#whole.get(data);
    if (tables === undefined) {
      tables = mapped(data, (literals) => (literals === undefined ? undefined : this.#tablesOf(literals)));
      this.#whole.set(data, tables);
    }
    return tables;
  }

  /** Before the protocol is known, it may still be any. */
  #spoken(place: PayloadPlace, direction: Direction, protocol: string | undefined): Tables<LiteralTablesData> | undefined {
    const { data } = this.#plan;
    const all = data.payload.find((one) => one.place === place && one.direction === direction);
    if (protocol === undefined) return all;
    const fitting = protocolsFitting(data, protocol);
    return mapped(all, (literals) => (literals === undefined ? undefined : narrowLiterals(literals, (rule) => fitting[data.protocolNumbers[rule]] !== 0)));
  }

  /** bytes[start, end) of one direction; `offset`: stream offset of `start`. */
  stream(search: PayloadSearch, bytes: Uint8Array, start: number, end: number, offset: number, candidates: Candidates): void {
    if (search.stream !== undefined) scan(search.stream, bytes, start, end, offset, candidates);
  }

  /** The payload of one packet. Stream rules look at it only where the stream does not have it. */
  packet(search: PayloadSearch, packet: Packet, candidates: Candidates): void {
    const { data, payloadStart, payloadEnd } = packet;
    if (search.packet !== undefined) scan(search.packet, data, payloadStart, payloadEnd, 0, candidates);
    if (search.stream !== undefined && !packet.inStream) scan(search.stream, data, payloadStart, payloadEnd, 0, candidates);
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

function mapped<From, To>({ all, smallLength, small }: Tables<From>, make: (one: From | undefined) => To | undefined): Tables<To>;
function mapped<From, To>(tables: Tables<From> | undefined, make: (one: From | undefined) => To | undefined): Tables<To> | undefined;
function mapped<From, To>(tables: Tables<From> | undefined, make: (one: From | undefined) => To | undefined): Tables<To> | undefined {
  return tables === undefined ? undefined : { all: make(tables.all), smallLength: tables.smallLength, small: make(tables.small) };
}

function scan(
  { all, smallLength, small }: Tables<LiteralTables | FlowTables>,
  bytes: Uint8Array,
  start: number,
  end: number,
  offset: number,
  candidates: Candidates,
): void {
  all?.scan(bytes, start, end, offset, candidates);
  if (small !== undefined && end - start <= smallLength) small.scan(bytes, start, end, offset, candidates);
}
