/** All literals looked for in one buffer, each in the table that suits it: names by hash, text by grams, short ones apart. */
import type { PrefilterLiteral } from '../compile/compiled-rule.ts';
import { PIECE, type ScanKernel, scanKernel, WORTH_A_CALL } from '../kernel/kernel.ts';
import { buildGramTables, type GramLiteral, GramTable, type GramTableData, narrowGramTables, type ValueSink } from './gram-table.ts';
import { buildNameTable, type NameEntry, NameTable, type NameTableData } from './name-table.ts';
import {
  buildPlaceTable,
  buildShortTable,
  narrowPlaceTable,
  narrowShortTable,
  type PlacedLiteral,
  PlaceTable,
  type PlaceTableData,
  ShortTable,
  type ShortTableData,
} from './short-table.ts';

/** As saved. */
export interface LiteralTablesData {
  readonly names: NameTableData | undefined;
  readonly grams: readonly GramTableData[];
  readonly places: PlaceTableData | undefined;
  readonly shorts: ShortTableData | undefined;
}

/** Literals on their way into tables. */
export class LiteralDraft {
  readonly #names: NameEntry[] = [];
  readonly #grams: GramLiteral[] = [];
  readonly #places: PlacedLiteral[] = [];
  readonly #shorts: { readonly bytes: Uint8Array; readonly value: number }[] = [];

  add(literal: PrefilterLiteral, value: number): void {
    const { bytes, nocase, within, offset, shape } = literal;
    switch (shape) {
      case 'whole':
      case 'suffix':
        this.#names.push({ bytes, shape, value });
        break;
      case 'anywhere':
        this.#grams.push({ bytes, nocase, value, within });
        break;
      case 'placed':
        this.#places.push({ bytes, offset, value });
        break;
      case 'short':
        this.#shorts.push({ bytes, value });
        break;
    }
  }

  /** Undefined where nothing was added. */
  build(): LiteralTablesData | undefined {
    if (this.#names.length + this.#grams.length + this.#places.length + this.#shorts.length === 0) return undefined;
    return {
      names: this.#names.length > 0 ? buildNameTable(this.#names) : undefined,
      grams: buildGramTables(this.#grams),
      places: this.#places.length > 0 ? buildPlaceTable(this.#places) : undefined,
      shorts: this.#shorts.length > 0 ? buildShortTable(this.#shorts) : undefined,
    };
  }
}

/** The same tables for a part of their values, names left out (payload has none); undefined where nothing is left. */
export function narrowLiterals(data: LiteralTablesData, keep: (value: number) => boolean): LiteralTablesData | undefined {
  const grams = narrowGramTables(data.grams, keep);
  const places = data.places === undefined ? undefined : narrowPlaceTable(data.places, keep);
  const shorts = data.shorts === undefined ? undefined : narrowShortTable(data.shorts, keep);
  return grams.length === 0 && places === undefined && shorts === undefined ? undefined : { names: undefined, grams, places, shorts };
}

export class LiteralTables {
  readonly #names: NameTable | undefined;
  readonly #grams: readonly GramTable[];
  readonly #places: PlaceTable | undefined;
  readonly #shorts: ShortTable | undefined;
  readonly #kernel: ScanKernel | undefined;

  /** Plain TypeScript alone where there is no kernel, and where it is asked for. */
  constructor(data: LiteralTablesData, kernel: ScanKernel | 'plain' = scanKernel() ?? 'plain') {
    this.#names = data.names === undefined ? undefined : new NameTable(data.names);
    this.#grams = data.grams.map((one) => new GramTable(one));
    this.#places = data.places === undefined ? undefined : new PlaceTable(data.places);
    this.#shorts = data.shorts === undefined ? undefined : new ShortTable(data.shorts);
    // Without something that is looked for everywhere there is nothing to call it for.
    const isAsked = this.#grams.length > 0 || this.#shorts !== undefined;
    this.#kernel = isAsked && kernel !== 'plain' ? kernel : undefined;
  }

  /** Reports what may be in bytes[start, end); `offset`: how many bytes of the stream or body came before `start`. */
  scan(bytes: Uint8Array, start: number, end: number, offset: number, sink: ValueSink): void {
    this.#names?.find(bytes, start, end, sink);
    this.#places?.scan(bytes, start, end, offset, sink);
    const shorts = this.#shorts;
    for (const grams of this.#grams) grams.begin();
    shorts?.begin();
    if (this.#kernel !== undefined && end - start >= WORTH_A_CALL) this.#pieces(this.#kernel, bytes, start, end, offset, sink);
    else {
      for (const grams of this.#grams) grams.plain(bytes, start, end, offset, sink);
      shorts?.plain(bytes, start, end);
    }
    shorts?.report(sink);
  }

  #pieces(kernel: ScanKernel, bytes: Uint8Array, start: number, end: number, offset: number, sink: ValueSink): void {
    // What lies across two pieces is seen in the second, and every fourth position stays one.
    for (let from = start; ; from += PIECE - 4) {
      const to = Math.min(end, from + PIECE);
      kernel.load(bytes, start, end, from, to, offset);
      for (const grams of this.#grams) grams.piece(kernel, bytes, start, end, from, offset, sink);
      this.#shorts?.piece(kernel);
      if (to === end) return;
    }
  }
}
