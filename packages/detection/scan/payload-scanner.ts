/** Looks for the payload literals of all rules in stream chunks and packets. */
import { type Direction, type Packet, TCP, UDP } from '@sigwright/contracts';
import type { PayloadPlace, PayloadTables, PlanUse } from '../compile/plan.ts';
import type { Candidates } from './candidates.ts';
import { LiteralTables, type LiteralTablesData } from './literal-tables.ts';

interface Tables {
  readonly headLength: number;
  readonly head: LiteralTables | undefined;
  readonly full: LiteralTables | undefined;
  readonly smallLength: number;
  readonly small: LiteralTables | undefined;
}

const NO_TABLES: Tables = { headLength: 0, head: undefined, full: undefined, smallLength: 0, small: undefined };

export class PayloadScanner {
  readonly #stream: [Tables, Tables];
  readonly #tcp: [Tables, Tables];
  readonly #udp: [Tables, Tables];
  readonly #other: [Tables, Tables];

  constructor(plan: PlanUse) {
    const pair = (place: PayloadPlace): [Tables, Tables] => [ready(plan.data.payload, place, 0), ready(plan.data.payload, place, 1)];
    this.#stream = pair('stream');
    this.#tcp = pair('tcp');
    this.#udp = pair('udp');
    this.#other = pair('other');
  }

  /** bytes[start, end) of one direction; `offset`: stream offset of `start`. */
  stream(direction: Direction, bytes: Uint8Array, start: number, end: number, offset: number, candidates: Candidates): void {
    scan(this.#stream[direction], bytes, start, end, offset, candidates);
  }

  /** The payload of one packet. Stream rules look at it only where the stream does not have it. */
  packet(packet: Packet, direction: Direction, candidates: Candidates): void {
    const { data, payloadStart, payloadEnd } = packet;
    if (packet.protocol === TCP) {
      scan(this.#tcp[direction], data, payloadStart, payloadEnd, 0, candidates);
      if (!packet.inStream) scan(this.#stream[direction], data, payloadStart, payloadEnd, 0, candidates);
    } else if (packet.flow === undefined) {
      // Without a flow there is no direction: rules of both may hold.
      const tables = packet.protocol === UDP ? this.#udp : this.#other;
      scan(tables[0], data, payloadStart, payloadEnd, 0, candidates);
      scan(tables[1], data, payloadStart, payloadEnd, 0, candidates);
    } else scan(packet.protocol === UDP ? this.#udp[direction] : this.#other[direction], data, payloadStart, payloadEnd, 0, candidates);
  }
}

function ready(all: readonly PayloadTables[], place: PayloadPlace, direction: Direction): Tables {
  const found = all.find((one) => one.place === place && one.direction === direction);
  if (found === undefined) return NO_TABLES;
  return {
    headLength: found.headLength,
    head: tables(found.head),
    full: tables(found.full),
    smallLength: found.smallLength,
    small: tables(found.small),
  };
}

function tables(data: LiteralTablesData | undefined): LiteralTables | undefined {
  return data === undefined ? undefined : new LiteralTables(data);
}

function scan(tables: Tables, bytes: Uint8Array, start: number, end: number, offset: number, candidates: Candidates): void {
  tables.full?.scan(bytes, start, end, offset, candidates);
  if (tables.small !== undefined && end - start <= tables.smallLength) tables.small.scan(bytes, start, end, offset, candidates);
  if (tables.head !== undefined && offset < tables.headLength) {
    tables.head.scan(bytes, start, Math.min(end, start + tables.headLength - offset), offset, candidates);
  }
}
