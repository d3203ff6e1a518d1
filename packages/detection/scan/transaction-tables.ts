/**
 * What is looked for in transactions of a protocol: tables of the buffers that rules ask for, and the rules that no literal leads to. Made
 * when a protocol is first spoken, once for all engines that use the plan: most small captures take less time than the tables do.
 */
import { type Catalogue, type Direction, type ProtocolDefinition, TO_SERVER, type TransactionBuffer } from '@sigwright/contracts';
import { EARLY, type PlanUse, protocolsFitting } from '../compile/plan.ts';
import { LiteralTables } from './literal-tables.ts';

/** A buffer as rules ask for it. */
export interface TableGroup {
  readonly buffer: TransactionBuffer;
  readonly progress: number;
  /** whose transforms are applied; undefined where there are none */
  readonly transformed: { readonly rule: number; readonly test: number } | undefined;
  readonly literals: LiteralTables;
}

/** Of one direction. */
export interface ProtocolTables {
  readonly groups: readonly TableGroup[];
  /** the number of each group */
  readonly all: number[];
  readonly always: Uint32Array;
  /** one of these looks before anything was read */
  readonly early: boolean;
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
  readonly #toServer = new Map<ProtocolDefinition, ProtocolTables>();
  readonly #toClient = new Map<ProtocolDefinition, ProtocolTables>();

  private constructor(plan: PlanUse, catalogue: Catalogue) {
    this.#plan = plan;
    this.catalogue = catalogue;
  }

  for(spoken: ProtocolDefinition, direction: Direction): ProtocolTables {
    const known = direction === TO_SERVER ? this.#toServer : this.#toClient;
    let tables = known.get(spoken);
    if (tables === undefined) {
      tables = this.#make(spoken, direction);
      known.set(spoken, tables);
    }
    return tables;
  }

  #make(spoken: ProtocolDefinition, direction: Direction): ProtocolTables {
    const { data } = this.#plan;
    const groups = data.groups
      .flatMap((group): TableGroup[] => {
        const buffer = this.catalogue.buffers.get(group.buffer);
        if (buffer?.of !== 'transaction' || group.direction !== direction || !this.#mayRead(buffer.protocol, spoken.name)) return [];
        const transformed = group.rule < 0 ? undefined : { rule: group.rule, test: group.test };
        return [{ buffer, progress: buffer.progress(direction), transformed, literals: new LiteralTables(group.literals) }];
      })
      .sort((a, b) => a.progress - b.progress);
    const fitting = protocolsFitting(data, spoken.name);
    const always = data.transactionAlways.filter((rule) => (data.directionBits[rule] & (1 << direction)) !== 0 && fitting[data.protocolNumbers[rule]] !== 0);
    return { groups, all: Array.from(groups.keys()), always, early: always.some((rule) => (data.directionBits[rule] & EARLY) !== 0) };
  }

  /** May transactions of `spoken` have buffers of `protocol`? */
  #mayRead(protocol: string | undefined, spoken: string): boolean {
    return protocol === undefined || protocol === spoken || this.catalogue.protocols.get(protocol)?.carriedBy?.includes(spoken) === true;
  }
}
