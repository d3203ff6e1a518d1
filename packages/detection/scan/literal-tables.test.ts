/**
 * Every table of literals against the obvious search, in plain TypeScript and through the compiled kernel: what is there is
 * always reported, and grams report nothing else. Buffers cross the border at which the kernel is used, and its piece.
 */
import { findNaive } from '@sigwright/bytes';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { PIECE, type ScanKernel, scanKernel, WORTH_A_CALL } from '../kernel/kernel.ts';
import { FlowTables, TableBudget } from './flow-tables.ts';
import { buildGramTables, type GramLiteral, type GramTableData, naiveMatches, narrowGramTables } from './gram-table.ts';
import { HEAD_LENGTH, LiteralDraft, LiteralTables, type LiteralTablesData, narrowLiterals } from './literal-tables.ts';
import { buildRuleList, isEmptyList, rulesAt } from './rule-list.ts';
import { buildPlaceTable, buildShortTable, narrowPlaceTable, narrowShortTable, PlaceTable, type ShortTableData } from './short-table.ts';

const latin1 = (text: string): Uint8Array => Uint8Array.from(text, (letter) => letter.charCodeAt(0));

/** Bytes of a small alphabet, so that literals occur; 0x40 and 0x60 fold alike though they are no letters. */
const byte = fc.constantFrom(0x00, 0x20, 0x40, 0x60, 0x41, 0x61, 0x5a, 0x7a, 0x2f, 0xc1, 0xe1, 0xff);
const literal = (minLength: number, maxLength: number): fc.Arbitrary<Uint8Array> =>
  fc.array(byte, { minLength, maxLength }).map((bytes) => Uint8Array.from(bytes));
const buffer = fc
  .tuple(fc.array(byte, { maxLength: 40 }), fc.constantFrom(0, WORTH_A_CALL - 3, WORTH_A_CALL, PIECE - 2, PIECE + 1), fc.array(byte, { maxLength: 40 }))
  .map(([front, filler, back]) => Uint8Array.from([...front, ...new Uint8Array(filler).fill(0x33), ...back]));

test('the kernel is there, so that what follows tests it', () => {
  expect(scanKernel()).toBeDefined();
});

test('a table is kept once for all engines of a plan: memory does not grow with the captures that were inspected', () => {
  const kernel = scanKernel()!;
  const literals = Array.from({ length: 2000 }, (_, at): GramLiteral => ({ bytes: latin1(`/some/path/${at}/x`), nocase: false, value: at, within: 0 }));
  const tables = buildGramTables(literals);
  const text = latin1(`GET /some/path/7/x HTTP/1.1${' '.repeat(WORTH_A_CALL)}`);
  const search = (): Set<number> => searched({ grams: tables }, kernel, text);
  expect(search()).toContain(7);
  const before = kernel.size;
  for (let engine = 0; engine < 2000; engine++) search();
  expect(kernel.size).toBe(before);
});

function collected(scan: (sink: { add(value: number): void }) => void): Set<number> {
  const found = new Set<number>();
  scan({ add: (value) => found.add(value) });
  return found;
}

/** What tables of these kinds report of a text. */
function searched(
  { grams = [], shorts }: { readonly grams?: readonly GramTableData[]; readonly shorts?: ShortTableData },
  kernel: ScanKernel | 'plain',
  bytes: Uint8Array,
  start = 0,
  offset = 0,
): Set<number> {
  return collected((sink) =>
    new LiteralTables({ names: undefined, grams, headLength: 0, head: [], places: undefined, beginnings: undefined, shorts, lengths: undefined }, kernel).scan(
      bytes,
      start,
      bytes.length,
      offset,
      sink,
    ),
  );
}

describe('grams', () => {
  // A few literals, and more than are told apart by the loop for few, which are then two tables, of long and of short ones.
  test.each([
    ['few', 1, 12],
    ['many', 49, 70],
  ])('%s as the obvious search, by kernel and in plain TypeScript, whole or narrowed', (_how, minLength, maxLength) => {
    fc.assert(
      fc.property(
        fc.array(fc.record({ bytes: literal(4, 14), nocase: fc.boolean(), within: fc.constantFrom(0, 0, 12, 60) }), { minLength, maxLength }),
        buffer,
        fc.nat(40),
        fc.constantFrom(0, 0, 3),
        fc.constantFrom(0, 0, 7, 30, 70_000),
        (drawn, bytes, place, before, offset) => {
          const start = Math.min(before, bytes.length);
          // One of them surely occurs, however it lies.
          const sure = drawn[place % drawn.length].bytes;
          if (place + sure.length <= bytes.length) bytes.set(sure, place);
          const literals: GramLiteral[] = drawn.map((one, value) => ({ ...one, value }));
          // Where two literals are the same the wider bound counts for both.
          const unique = literals.filter(
            (one, at) => literals.findIndex((other) => other.nocase === one.nocase && String(other.bytes) === String(one.bytes)) === at,
          );
          const expected = naiveMatches(unique, bytes, start, bytes.length, offset);
          const tables = buildGramTables(unique);
          for (const kernel of [scanKernel()!, 'plain'] as const) expect(searched({ grams: tables }, kernel, bytes, start, offset)).toEqual(expected);
          const left = searched({ grams: narrowGramTables(tables, (value) => value % 2 === 0) }, scanKernel()!, bytes, start, offset);
          expect(left).toEqual(new Set([...expected].filter((value) => value % 2 === 0)));
        },
      ),
      { numRuns: 200, seed: 8 },
    );
  });
});

test('literals bound to the beginning are looked for there alone, and found', () => {
  fc.assert(
    fc.property(
      fc.array(fc.record({ bytes: literal(4, 14), nocase: fc.boolean(), within: fc.constantFrom(0, 14, 60, HEAD_LENGTH, HEAD_LENGTH + 1) }), {
        minLength: 1,
        maxLength: 90,
      }),
      buffer,
      fc.nat(600),
      fc.constantFrom(0, 0, 3, 500, 70_000),
      (drawn, bytes, place, offset) => {
        const sure = drawn[place % drawn.length].bytes;
        if (place + sure.length <= bytes.length) bytes.set(sure, place);
        const literals: GramLiteral[] = drawn.map((one, value) => ({ ...one, value }));
        const unique = literals.filter((one, at) => literals.findIndex((other) => String(other.bytes) === String(one.bytes)) === at);
        const draft = new LiteralDraft(true);
        for (const { value, ...one } of unique) draft.add({ ...one, where: 'payload', test: -1, shape: 'anywhere', offset: 0 }, value);
        const data = draft.build()!;
        const even = narrowLiterals(data, (value) => value % 2 === 0);
        const expected = naiveMatches(unique, bytes, 0, bytes.length, offset);
        for (const kernel of [scanKernel()!, 'plain'] as const) {
          const found = (tables: LiteralTablesData): Set<number> =>
            collected((sink) => new LiteralTables(tables, kernel).scan(bytes, 0, bytes.length, offset, sink));
          expect(found(data)).toEqual(expected);
          if (even !== undefined) expect(found(even)).toEqual(new Set([...expected].filter((value) => value % 2 === 0)));
        }
      },
    ),
    { numRuns: 200, seed: 8 },
  );
});

test('tables for flows alike: nothing that is kept is missed before and after they are made', () => {
  const draft = new LiteralDraft(true);
  const words = Array.from({ length: 200 }, (_, at) => latin1(`word${at}${'x'.repeat(at % 9)}`));
  for (const [value, bytes] of words.entries()) draft.add({ where: 'payload', test: -1, bytes, nocase: false, shape: 'anywhere', offset: 0, within: 0 }, value);
  const data = draft.build()!;
  const text = latin1(`${words.map((bytes) => String.fromCharCode(...bytes)).join(' ')} `);
  for (const [keep, why] of [
    [(value: number) => value % 2 === 0, 'many are left'],
    [(value: number) => value < 20, 'few'],
    [() => false, 'none'],
  ] as const) {
    const budget = new TableBudget();
    const tables = new FlowTables(data, new LiteralTables(data), keep, budget, text.length);
    const found = Array.from({ length: 3 }, () => collected((sink) => tables.scan(text, 0, text.length, 0, sink)));
    expect([why, found[0].size, found[1].size]).toEqual([why, words.length, words.length]);
    expect([why, [...found[2]].sort((a, b) => a - b)]).toEqual([why, [...words.keys()].filter(keep)]);
    // Where there are too many, those that are there serve.
    budget.left = 0;
    const rest = new FlowTables(data, new LiteralTables(data), keep, budget, -1);
    expect(collected((sink) => rest.scan(text, 0, text.length, 0, sink)).size).toBe(words.length);
  }
});

describe('short literals', () => {
  // Up to sixteen are looked for at once; more take several tables.
  test.each([
    ['some', 1, 8],
    ['more than fit one table', 17, 40],
  ])('%s: what occurs is reported, by kernel and in plain TypeScript alike', (_how, minLength, maxLength) => {
    fc.assert(
      fc.property(fc.array(literal(2, 3), { minLength, maxLength }), buffer, (drawn, bytes) => {
        const literals = drawn.map((one, value) => ({ bytes: one, value }));
        const shorts = buildShortTable(literals);
        const plain = searched({ shorts }, 'plain', bytes);
        expect(searched({ shorts }, scanKernel()!, bytes)).toEqual(plain);
        for (const { bytes: one, value } of literals) if (findNaive(bytes, 0, bytes.length, one, true) !== -1) expect(plain).toContain(value);
        const narrowed = narrowShortTable(shorts, (value) => value === 0);
        expect(narrowed).toBeDefined();
        expect(searched({ shorts: narrowed }, scanKernel()!, bytes).has(0)).toBe(plain.has(0));
      }),
      { numRuns: 300, seed: 8 },
    );
  });

  test.each([
    ['at the end of a piece', 'STM', PIECE - 2],
    ['across two pieces', 'STM', PIECE - 1],
    ['at the beginning of the next', 'STM', PIECE],
    ['in the last three bytes', 'STM', PIECE * 2 - 3],
    ['in the last two bytes', 'MZ', PIECE * 2 - 2],
    ['at the very beginning', 'MZ', 0],
  ])('a literal %s', (_why, text, at) => {
    const bytes = new Uint8Array(PIECE * 2).fill(0x33);
    bytes.set(latin1(text), at);
    expect(searched({ shorts: buildShortTable([{ bytes: latin1(text), value: 7 }]) }, scanKernel()!, bytes)).toEqual(new Set([7]));
  });

  test('what an earlier text left behind the end of a text is no part of it', () => {
    const shorts = buildShortTable([
      { bytes: latin1('STM'), value: 7 },
      { bytes: latin1('MZ'), value: 8 },
    ]);
    const text = latin1(`${' '.repeat(WORTH_A_CALL)}STMZ`);
    expect(searched({ shorts }, scanKernel()!, text)).toEqual(new Set([7, 8]));
    expect(searched({ shorts }, scanKernel()!, text.subarray(0, text.length - 2))).toEqual(new Set());
  });
});

describe('literals at a place', () => {
  test.each([
    ['by one byte', 1, 3],
    ['by four bytes', 4, 9],
  ] as const)('what lies there is reported, found %s, however far the buffer had come before', (_how, keyLength, longest) => {
    fc.assert(
      fc.property(
        fc.array(fc.record({ bytes: literal(keyLength, longest), offset: fc.constantFrom(0, 1, 4, 39) }), { minLength: 1, maxLength: 12 }),
        buffer,
        fc.constantFrom(0, 1, 4, 5),
        (drawn, text, before) => {
          // One of them stands at the beginning, so that something is found.
          const bytes = Uint8Array.from([...drawn[0].bytes, ...text]);
          const literals = drawn.map((one, value) => ({ ...one, value }));
          const data = buildPlaceTable(literals, keyLength);
          const found = collected((sink) => new PlaceTable(data).scan(bytes, before, bytes.length, before, sink));
          for (const { bytes: one, offset, value } of literals) {
            const there = offset >= before && findNaive(bytes, offset, Math.min(bytes.length, offset + one.length), one, true) === offset;
            if (there) expect(found).toContain(value);
            if (offset < before) expect(found).not.toContain(value);
          }
          const narrowed = narrowPlaceTable(data, (value) => found.has(value));
          const again = narrowed === undefined ? new Set() : collected((sink) => new PlaceTable(narrowed).scan(bytes, before, bytes.length, before, sink));
          expect(again).toEqual(found);
        },
      ),
      { numRuns: 300, seed: 8 },
    );
  });
});

test('many literals bound to the very beginning of long texts are looked for there alone', () => {
  const draft = new LiteralDraft(true);
  const bound = { where: 'payload', test: -1, nocase: false, shape: 'anywhere', offset: 0 } as const;
  draft.add({ ...bound, bytes: latin1('GIOP1'), within: 5 }, 1);
  draft.add({ ...bound, bytes: latin1('GIOP'), within: 8 }, 2);
  expect(draft.build()).toMatchObject({ beginnings: undefined, headLength: 8 });
  for (let value = 3; value < 200; value++) draft.add({ ...bound, bytes: latin1(`${value} other`), within: `${value} other`.length }, value);
  const data = draft.build()!;
  expect([data.beginnings?.values.length, data.head.length]).toEqual([198, 1]);
  const found = (text: string, offset: number) => collected((sink) => new LiteralTables(data).scan(latin1(text), 0, text.length, offset, sink));
  expect(found('GIOP1234567890', 0)).toEqual(new Set([1, 2]));
  expect(found(' GIOP1234567890', 0)).toEqual(new Set([2]));
  expect(found('GIOP1234567890', 1)).toEqual(new Set([2]));
  expect(found('GIO', 0)).toEqual(new Set());
  expect(narrowLiterals(data, (value) => value === 1)).toMatchObject({ head: [], beginnings: { values: Uint32Array.of(1) } });
  expect(narrowLiterals(data, (value) => value === 2)).toMatchObject({ beginnings: undefined });
});

describe('rules by address', () => {
  const headers = [
    { source: [0x0a00, 0x0a01], destination: undefined, bidirectional: false },
    { source: undefined, destination: [0xc0a8], bidirectional: false },
    { source: undefined, destination: undefined, bidirectional: false },
    { source: [0x0a01], destination: undefined, bidirectional: true },
  ].map(({ source, destination, bidirectional }) => ({
    bidirectional,
    source: source === undefined ? undefined : { prefixes: () => source },
    destination: destination === undefined ? undefined : { prefixes: () => destination },
  })) as never[];

  test('stand where their addresses are, and with all others where both directions are meant', () => {
    const list = buildRuleList([0, 1, 2, 3], (rule) => headers[rule]);
    expect([...list.general]).toEqual([2, 3]);
    expect([...rulesAt(list.bySource, 0x0a00)]).toEqual([0]);
    expect([...rulesAt(list.bySource, 0x0a01)]).toEqual([0]);
    expect([...rulesAt(list.bySource, 0x0a02)]).toEqual([]);
    expect([...rulesAt(list.byDestination, 0xc0a8)]).toEqual([1]);
    expect(isEmptyList(list)).toBe(false);
    expect(isEmptyList(buildRuleList([], (rule) => headers[rule]))).toBe(true);
  });
});
