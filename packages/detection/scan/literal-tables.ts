/** All literals looked for in one buffer, each in the table that suits it: names by hash, text by grams, short ones apart. */
import { work } from '@sigwright/bytes';
import type { PrefilterLiteral } from '../compile/compiled-rule.ts';
import { PIECE, type ScanKernel, scanKernel } from '../kernel/kernel.ts';
import { buildGramTables, FEW, type GramLiteral, GramTable, type GramTableData, joinedGramTable, narrowGramTables, type ValueSink } from './gram-table.ts';
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
  /** of literals that end within the first `headLength` bytes: looked for only there */
  readonly headLength: number;
  readonly head: readonly GramTableData[];
  readonly places: PlaceTableData | undefined;
  /** of at least four bytes, bound to the very beginning */
  readonly beginnings: PlaceTableData | undefined;
  readonly shorts: ShortTableData | undefined;
  readonly lengths: LengthTableData | undefined;
}

/** Rules that are found by the length of a buffer: not less, and not more. */
export interface LengthTableData {
  readonly least: Uint32Array;
  readonly most: Uint32Array;
  readonly values: Uint32Array;
}

/** Literals bound to so many first bytes are looked for there alone, where that is worth it. */
export const HEAD_LENGTH = 512;

/** Literals on their way into tables. */
export class LiteralDraft {
  readonly #isLong: boolean;
  readonly #names: NameEntry[] = [];
  readonly #grams: GramLiteral[] = [];
  readonly #head: GramLiteral[] = [];
  readonly #places: PlacedLiteral[] = [];
  readonly #beginnings: GramLiteral[] = [];
  readonly #shorts: { readonly bytes: Uint8Array; readonly value: number }[] = [];
  readonly #lengths: { readonly least: number; readonly most: number; readonly value: number }[] = [];

  /** `isLong`: what is searched is often longer than HEAD_LENGTH. */
  constructor(isLong: boolean) {
    this.#isLong = isLong;
  }

  add(literal: PrefilterLiteral, value: number): void {
    const { bytes, nocase, within, offset, shape } = literal;
    switch (shape) {
      case 'whole':
      case 'suffix':
        this.#names.push({ bytes, shape, value });
        break;
      case 'anywhere':
        this.#listFor(literal).push({ bytes, nocase, value, within });
        break;
      case 'placed':
        this.#places.push({ bytes, offset, value });
        break;
      case 'short':
        this.#shorts.push({ bytes, value });
        break;
      case 'length':
        this.#lengths.push({ least: offset, most: within, value });
        break;
    }
  }

  /** For a literal that is looked for anywhere, or anywhere in the first bytes. */
  #listFor({ bytes, within }: PrefilterLiteral): GramLiteral[] {
    if (!this.#isLong || within === 0 || within > HEAD_LENGTH) return this.#grams;
    return within === bytes.length ? this.#beginnings : this.#head;
  }

  /** Undefined where nothing was added. */
  build(): LiteralTablesData | undefined {
    const lists = [this.#names, this.#grams, this.#head, this.#places, this.#beginnings, this.#shorts, this.#lengths];
    if (lists.every((list) => list.length === 0)) return undefined;
    // A few are looked for with the others of the head at no cost; more have a table of their own.
    const areMany = this.#beginnings.length > FEW;
    const head = areMany ? this.#head : [...this.#head, ...this.#beginnings];
    return {
      names: this.#names.length > 0 ? buildNameTable(this.#names) : undefined,
      grams: buildGramTables(this.#grams),
      headLength: head.reduce((most, { within }) => Math.max(most, within), 0),
      head: buildGramTables(head),
      places: this.#places.length > 0 ? buildPlaceTable(this.#places, 1) : undefined,
      beginnings: areMany
        ? buildPlaceTable(
            this.#beginnings.map((one) => ({ ...one, offset: 0 })),
            4,
          )
        : undefined,
      shorts: this.#shorts.length > 0 ? buildShortTable(this.#shorts) : undefined,
      lengths:
        this.#lengths.length > 0
          ? {
              least: Uint32Array.from(this.#lengths, ({ least }) => least),
              most: Uint32Array.from(this.#lengths, ({ most }) => most),
              values: Uint32Array.from(this.#lengths, ({ value }) => value),
            }
          : undefined,
    };
  }
}

/** The same tables for a part of their values, names and lengths left out (payload has none, and bodies); undefined where nothing is left. */
export function narrowLiterals(data: LiteralTablesData, keep: (value: number) => boolean): LiteralTablesData | undefined {
  const { grams, head } = together(narrowGramTables(data.grams, keep), narrowGramTables(data.head, keep));
  const places = data.places === undefined ? undefined : narrowPlaceTable(data.places, keep);
  const beginnings = data.beginnings === undefined ? undefined : narrowPlaceTable(data.beginnings, keep);
  const shorts = data.shorts === undefined ? undefined : narrowShortTable(data.shorts, keep);
  const isEmpty = grams.length + head.length === 0 && places === undefined && beginnings === undefined && shorts === undefined;
  return isEmpty ? undefined : { names: undefined, grams, headLength: data.headLength, head, places, beginnings, shorts, lengths: undefined };
}

/** Few literals of the head are looked for with few others, everywhere: once over all of it takes less than that and once over the head. */
function together(grams: readonly GramTableData[], head: readonly GramTableData[]): Pick<LiteralTablesData, 'grams' | 'head'> {
  const few = grams.find((table) => table.step === 1);
  const joined = few === undefined || head.length !== 1 ? undefined : joinedGramTable(few, head[0]);
  return joined === undefined ? { grams, head } : { grams: [...grams.filter((table) => table !== few), joined], head: [] };
}

function findLengths({ least, most, values }: LengthTableData, length: number, sink: ValueSink): void {
  for (let at = 0; at < values.length; at++) if (length >= least[at] && length <= most[at]) sink.add(values[at]);
}

/** What is reported. */
export function valuesOf({ names, grams, head, places, beginnings, shorts, lengths }: LiteralTablesData): readonly Uint32Array[] {
  return [names, places, beginnings, shorts, lengths, ...grams, ...head].flatMap((table) => table?.values ?? []);
}

export class LiteralTables {
  readonly #names: NameTable | undefined;
  readonly #grams: readonly GramTable[];
  readonly #headLength: number;
  readonly #head: readonly GramTable[];
  readonly #places: PlaceTable | undefined;
  readonly #beginnings: PlaceTable | undefined;
  readonly #shorts: ShortTable | undefined;
  readonly #lengths: LengthTableData | undefined;
  readonly #kernel: ScanKernel | undefined;

  /** Plain TypeScript alone where there is no kernel, and where it is asked for. */
  constructor(data: LiteralTablesData, kernel: ScanKernel | 'plain' = scanKernel() ?? 'plain') {
    this.#names = data.names === undefined ? undefined : new NameTable(data.names);
    this.#grams = data.grams.map((one) => new GramTable(one));
    this.#headLength = data.headLength;
    this.#head = data.head.map((one) => new GramTable(one));
    this.#places = data.places === undefined ? undefined : new PlaceTable(data.places);
    this.#beginnings = data.beginnings === undefined ? undefined : new PlaceTable(data.beginnings);
    this.#shorts = data.shorts === undefined ? undefined : new ShortTable(data.shorts);
    this.#lengths = data.lengths;
    this.#kernel = kernel === 'plain' ? undefined : kernel;
  }

  /** Reports what may be in bytes[start, end); `offset`: how many bytes of the stream or body came before `start`. */
  scan(bytes: Uint8Array, start: number, end: number, offset: number, sink: ValueSink): void {
    if (this.#lengths !== undefined) findLengths(this.#lengths, end - start, sink);
    this.#names?.find(bytes, start, end, sink);
    this.#places?.scan(bytes, start, end, offset, sink);
    this.#beginnings?.scan(bytes, start, end, offset, sink);
    const shorts = this.#shorts;
    const head = this.#head;
    let headEnd = head.length === 0 || offset >= this.#headLength ? start : start + this.#headLength - offset;
    if (headEnd > end) headEnd = end;
    // Without something that is looked for everywhere only the head is read.
    const reach = this.#grams.length > 0 || shorts !== undefined ? end : headEnd;
    if (reach === start) return;
    work.searched += reach - start;
    for (let at = 0; at < this.#grams.length; at++) this.#grams[at].begin();
    for (let at = 0; at < head.length; at++) head[at].begin();
    shorts?.begin();
    if (this.#kernel !== undefined) this.#pieces(this.#kernel, bytes, start, end, reach, headEnd, offset, sink);
    else {
      for (let at = 0; at < this.#grams.length; at++) this.#grams[at].plain(bytes, start, end, offset, sink);
      for (let at = 0; at < head.length; at++) head[at].plain(bytes, start, headEnd, offset, sink);
      shorts?.plain(bytes, start, end);
    }
    shorts?.report(sink);
  }

  /** `reach`: what is behind is not looked at; `headEnd`: where the head ends. */
  #pieces(kernel: ScanKernel, bytes: Uint8Array, start: number, end: number, reach: number, headEnd: number, offset: number, sink: ValueSink): void {
    kernel.begin();
    // What lies across two pieces is seen in the second, and every fourth position stays one.
    for (let from = start; ; from += PIECE - 4) {
      const to = reach - from > PIECE ? from + PIECE : reach;
      kernel.load(bytes, start, end, from, to, offset);
      if (from < headEnd) for (let at = 0; at < this.#head.length; at++) this.#head[at].piece(kernel, bytes, start, end, from, headEnd, offset, sink);
      for (let at = 0; at < this.#grams.length; at++) this.#grams[at].piece(kernel, bytes, start, end, from, to, offset, sink);
      this.#shorts?.piece(kernel);
      if (to === reach) return;
    }
  }
}
