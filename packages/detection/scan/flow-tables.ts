/**
 * Literal tables for flows alike: at first those of their protocol, which are there for other flows, too. Once much was searched with
 * them, tables without the rules whose header can not fit such flows are made: they cost as much as searching about a megabyte.
 */
import type { FittingHeaders } from './fitting-headers.ts';
import type { ValueSink } from './gram-table.ts';
import { LiteralTables, type LiteralTablesData, narrowLiterals } from './literal-tables.ts';

/** Bytes. */
const WORTH_TABLES = 1_000_000;
/** Kinds of flows that are told apart, of one place and protocol. */
const MOST_KINDS = 64;

/** How many tables may still be made: each takes a few hundred kilobytes. */
export class TableBudget {
  left = 48;
}

export class FlowTables {
  readonly #data: LiteralTablesData;
  readonly #keep: ((rule: number) => boolean) | undefined;
  readonly #budget: TableBudget;
  #tables: LiteralTables | undefined;
  /** bytes to be searched before there are own tables */
  #left: number;

  /** `tables`: made of `data`. `keep`: is a rule looked for in these flows? Undefined: any. */
  constructor(data: LiteralTablesData, tables: LiteralTables, keep: ((rule: number) => boolean) | undefined, budget: TableBudget, left = WORTH_TABLES) {
    this.#data = data;
    this.#keep = keep;
    this.#budget = budget;
    this.#tables = tables;
    this.#left = keep === undefined ? Number.POSITIVE_INFINITY : left;
  }

  /** See LiteralTables. */
  scan(bytes: Uint8Array, start: number, end: number, offset: number, sink: ValueSink): void {
    if (this.#left < 0) this.#narrow();
    this.#left -= end - start;
    this.#tables?.scan(bytes, start, end, offset, sink);
  }

  #narrow(): void {
    this.#left = Number.POSITIVE_INFINITY;
    if (this.#budget.left === 0) return;
    this.#budget.left--;
    const data = narrowLiterals(this.#data, this.#keep ?? (() => true));
    this.#tables = data === undefined ? undefined : new LiteralTables(data);
  }
}

/** What is made for each kind of flows: those that the same headers out of some fit. */
export class ByHeaders<Made> {
  readonly #headers: Uint16Array;
  readonly #make: (fits: Uint8Array | undefined) => Made;
  readonly #known = new WeakMap<FittingHeaders, Made>();
  readonly #kinds = new Map<string, Made>();
  #rest: Made | undefined = undefined;
  /** what was asked for last, which is mostly asked for again */
  #lastHeaders: FittingHeaders | undefined = undefined;
  #lastMade: Made | undefined = undefined;

  /** `headers`: those by which kinds are told. `make`: by number of a header 0 where it can not fit; undefined: for flows of further kinds. */
  constructor(headers: Uint16Array, make: (fits: Uint8Array | undefined) => Made) {
    this.#headers = headers;
    this.#make = make;
  }

  for(headers: FittingHeaders): Made {
    if (headers === this.#lastHeaders) return this.#lastMade!;
    let made = this.#known.get(headers);
    if (made === undefined) {
      made = this.#ofKind(headers.flags);
      this.#known.set(headers, made);
    }
    this.#lastHeaders = headers;
    this.#lastMade = made;
    return made;
  }

  #ofKind(fits: Uint8Array): Made {
    const kind = String.fromCharCode(...this.#headers.filter((number) => fits[number] === 1));
    const known = this.#kinds.get(kind);
    if (known !== undefined) return known;
    if (this.#kinds.size >= MOST_KINDS) {
      this.#rest ??= this.#make(undefined);
      return this.#rest;
    }
    const made = this.#make(fits);
    this.#kinds.set(kind, made);
    return made;
  }
}
