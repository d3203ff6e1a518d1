/**
 * What is looked for in transactions of a protocol: tables of the buffers that rules ask for, and the rules that no literal leads to. Made
 * when a protocol is first spoken, once for all engines that use the plan: most small captures take less time than the tables do.
 */
import { type Catalogue, type Direction, type ProtocolDefinition, TO_SERVER, type TransactionBuffer } from '@sigwright/contracts';
import { EARLY, type PlanUse, protocolsFitting } from '../compile/plan.ts';
import { type FittingHeaders, headersOf } from './fitting-headers.ts';
import { ByHeaders, FlowTables, TableBudget } from './flow-tables.ts';
import { LiteralTables, valuesOf } from './literal-tables.ts';

/** A buffer as rules ask for it. */
export interface TableGroup {
  readonly buffer: TransactionBuffer;
  readonly progress: number;
  /** whose transforms are applied; undefined where there are none */
  readonly transformed: { readonly rule: number; readonly test: number } | undefined;
  readonly literals: LiteralTables | FlowTables;
}

/** Of one direction of flows alike. */
export interface ProtocolTables {
  readonly groups: readonly TableGroup[];
  /** the numbers of the groups that hold anything for them */
  readonly all: number[];
  readonly always: Uint32Array;
  /** one of these looks before anything was read */
  readonly early: boolean;
}

/** Of one direction of a protocol. */
interface Spoken {
  readonly isEmpty: boolean;
  readonly tables: ByHeaders<ProtocolTables>;
}

export class TransactionTables {
  static readonly #ofPlan = new WeakMap<PlanUse, TransactionTables>();

  /** The plan's own; `catalogue`: the one that the plan is used with. */
  static of(plan: PlanUse, catalogue: Catalogue): TransactionTables {
    let known = TransactionTables.#ofPlan.get(plan);
    if (known?.catalogue !== catalogue) {
      known = new TransactionTables(plan, catalogue);
      TransactionTables.#ofPlan.set(plan, known);
    }
    return known;
  }

  readonly catalogue: Catalogue;
  readonly #plan: PlanUse;
  readonly #budget = new TableBudget();
  readonly #toServer = new Map<ProtocolDefinition, Spoken>();
  readonly #toClient = new Map<ProtocolDefinition, Spoken>();

  private constructor(plan: PlanUse, catalogue: Catalogue) {
    this.#plan = plan;
    this.catalogue = catalogue;
  }

  /** No rule asks for anything. */
  isEmpty(spoken: ProtocolDefinition, direction: Direction): boolean {
    return this.#of(spoken, direction).isEmpty;
  }

  for(spoken: ProtocolDefinition, direction: Direction, headers: FittingHeaders): ProtocolTables {
    return this.#of(spoken, direction).tables.for(headers);
  }

  #of(spoken: ProtocolDefinition, direction: Direction): Spoken {
    const known = direction === TO_SERVER ? this.#toServer : this.#toClient;
    let tables = known.get(spoken);
    if (tables === undefined) {
      tables = this.#make(spoken, direction);
      known.set(spoken, tables);
    }
    return tables;
  }

  #make(spoken: ProtocolDefinition, direction: Direction): Spoken {
    const { data } = this.#plan;
    const fitting = protocolsFitting(data, spoken.name);
    const isSpoken = (rule: number): boolean => fitting[data.protocolNumbers[rule]] !== 0;
    const groups = data.groups
      .flatMap((group) => {
        const buffer = this.catalogue.buffers.get(group.buffer);
        if (buffer?.of !== 'transaction' || group.direction !== direction || !this.#mayRead(buffer.protocol, spoken.name)) return [];
        const transformed = group.rule < 0 ? undefined : { rule: group.rule, test: group.test };
        const rules = valuesOf(group.literals).map((list) => list.filter(isSpoken));
        return [{ buffer, progress: buffer.progress(direction), transformed, data: group.literals, literals: new LiteralTables(group.literals), rules }];
      })
      .sort((a, b) => a.progress - b.progress);
    const always = data.transactionAlways.filter((rule) => (data.directionBits[rule] & (1 << direction)) !== 0 && isSpoken(rule));
    const headers = groups.map(({ rules }) => headersOf(data, rules));
    const make = (fits: Uint8Array | undefined): ProtocolTables => {
      const isFor = (rule: number): boolean => isSpoken(rule) && (fits === undefined || fits[data.headerNumbers[rule]] === 1);
      const left = always.filter(isFor);
      return {
        // Names are found by their hash, and what else is short is read sooner than tables are made.
        groups: groups.map((group) =>
          group.buffer.shape === 'body' ? { ...group, literals: new FlowTables(group.data, group.literals, isFor, this.#budget) } : group,
        ),
        all: Array.from(groups.keys()).filter((number) => headers[number].some((header) => fits === undefined || fits[header] === 1)),
        always: left,
        early: left.some((rule) => (data.directionBits[rule] & EARLY) !== 0),
      };
    };
    const askedFor = headersOf(data, [always, ...groups.flatMap(({ rules }) => rules)]);
    return { isEmpty: askedFor.length === 0, tables: new ByHeaders(askedFor, make) };
  }

  /** May transactions of `spoken` have buffers of `protocol`? */
  #mayRead(protocol: string | undefined, spoken: string): boolean {
    return protocol === undefined || protocol === spoken || this.catalogue.protocols.get(protocol)?.carriedBy?.includes(spoken) === true;
  }
}
