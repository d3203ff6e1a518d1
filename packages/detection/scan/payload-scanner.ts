/**
 * Looks for the payload literals of rules in stream chunks and packets. For each application protocol there are tables with the
 * literals of the rules that may hold there, made when first needed; ports are left to the rules, which hardly ever come so far.
 */
import { type Direction, type Flow, type Packet, TCP, UDP } from '@sigwright/contracts';
import { type PayloadTables, type PlanUse, protocolsFitting } from '../compile/plan.ts';
import type { PayloadPlace } from '../compile/plan-entry.ts';
import type { Candidates } from './candidates.ts';
import { LiteralTables, type LiteralTablesData, narrowLiterals } from './literal-tables.ts';

interface Tables {
  readonly all: LiteralTables | undefined;
  readonly smallLength: number;
  readonly small: LiteralTables | undefined;
}

const NO_TABLES: Tables = { all: undefined, smallLength: 0, small: undefined };

/** What is looked for in one direction of a flow. */
export interface PayloadSearch {
  /** the flow's application protocol when it was chosen */
  readonly protocol: string | undefined;
  readonly stream: Tables;
  readonly packet: Tables;
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
  readonly #whole = new Map<PayloadTables, Tables>();
  /** by place, direction and application protocol; made when the first packet asks */
  readonly #searches = new Map<string, PayloadSearch>();

  constructor(plan: PlanUse) {
    this.#plan = plan;
  }

  /** No rule looks for anything in payloads. */
  get isEmpty(): boolean {
    return this.#plan.data.payload.length === 0;
  }

  /** What to look for in packets like this one. `known`: the answer for an earlier packet of the flow in this direction. */
  search(packet: Packet, flow: Flow, known: PayloadSearch | undefined): PayloadSearch {
    const protocol = flow.applicationProtocol;
    if (known !== undefined && known.protocol === protocol) return known;
    const place = packet.protocol === TCP ? 'tcp' : packet.protocol === UDP ? 'udp' : 'other';
    const key = `${place}/${packet.direction}/${protocol ?? ''}`;
    let search = this.#searches.get(key);
    if (search === undefined) {
      search = {
        protocol,
        stream: packet.protocol === TCP ? this.#tables('stream', packet.direction, protocol) : NO_TABLES,
        packet: this.#tables(place, packet.direction, protocol),
      };
      this.#searches.set(key, search);
    }
    return search;
  }

  /** Before the protocol is known, it may still be any. */
  #tables(place: PayloadPlace, direction: Direction, protocol: string | undefined): Tables {
    const { data } = this.#plan;
    const all = data.payload.find((one) => one.place === place && one.direction === direction);
    if (all === undefined) return NO_TABLES;
    if (protocol === undefined) return this.#all(all);
    const fitting = protocolsFitting(data, protocol);
    const keep = (rule: number): boolean => fitting[data.protocolNumbers[rule]] !== 0;
    const narrowed = (literals: LiteralTablesData | undefined): LiteralTables | undefined => {
      const some = literals === undefined ? undefined : narrowLiterals(literals, keep);
      return some === undefined ? undefined : new LiteralTables(some);
    };
    return tablesOf(all, narrowed);
  }

  #all(data: PayloadTables): Tables {
    let tables = this.#whole.get(data);
    if (tables === undefined) {
      tables = tablesOf(data, (literals) => (literals === undefined ? undefined : new LiteralTables(literals)));
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

function tablesOf({ all, smallLength, small }: PayloadTables, make: (literals: LiteralTablesData | undefined) => LiteralTables | undefined): Tables {
  return { all: make(all), smallLength, small: make(small) };
}

function scan(tables: Tables, bytes: Uint8Array, start: number, end: number, offset: number, candidates: Candidates): void {
  tables.all?.scan(bytes, start, end, offset, candidates);
  if (tables.small !== undefined && end - start <= tables.smallLength) tables.small.scan(bytes, start, end, offset, candidates);
}
