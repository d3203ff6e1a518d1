/**
 * Every table of literals against the obvious search, in plain TypeScript and through the compiled kernel: what is there is
 * always reported, and grams report nothing else. Buffers cross the border at which the kernel is used, and its piece.
 */
import { findNaive } from '@sigwright/bytes';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { PIECE, type ScanKernel, scanKernel, WORTH_A_CALL } from '../kernel/kernel.ts';
import { buildGramTables, type GramLiteral, GramTable, naiveMatches, narrowGramTables } from './gram-table.ts';
import { buildRuleList, isEmptyList, rulesAt } from './rule-list.ts';
import { buildPlaceTable, buildShortTable, narrowPlaceTable, narrowShortTable, PlaceTable, ShortTable } from './short-table.ts';

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
  const search = (): Set<number> =>
    collected((sink) => {
      for (const data of tables) new GramTable(data).scan(text, 0, text.length, 0, sink);
    });
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
        (drawn, bytes, place) => {
          // One of them surely occurs, however it lies.
          const sure = drawn[place % drawn.length].bytes;
          if (place + sure.length <= bytes.length) bytes.set(sure, place);
          const literals: GramLiteral[] = drawn.map((one, value) => ({ ...one, value }));
          // Where two literals are the same the wider bound counts for both.
          const unique = literals.filter(
            (one, at) => literals.findIndex((other) => other.nocase === one.nocase && String(other.bytes) === String(one.bytes)) === at,
          );
          const expected = naiveMatches(unique, bytes, 0, bytes.length, 0);
          const tables = buildGramTables(unique);
          const found = (some: typeof tables, kernel: ScanKernel | undefined): Set<number> =>
            collected((sink) => {
              for (const data of some) new GramTable(data, kernel).scan(bytes, 0, bytes.length, 0, sink);
            });
          for (const kernel of [scanKernel(), undefined]) expect(found(tables, kernel)).toEqual(expected);
          const left = found(
            narrowGramTables(tables, (value) => value % 2 === 0),
            scanKernel(),
          );
          expect(left).toEqual(new Set([...expected].filter((value) => value % 2 === 0)));
        },
      ),
      { numRuns: 200, seed: 8 },
    );
  });
});

describe('short literals', () => {
  test('what occurs is reported, by kernel and in plain TypeScript alike', () => {
    fc.assert(
      fc.property(fc.array(literal(2, 3), { minLength: 1, maxLength: 8 }), buffer, (drawn, bytes) => {
        const literals = drawn.map((one, value) => ({ bytes: one, value }));
        const data = buildShortTable(literals);
        const [compiled, plain] = [scanKernel(), undefined].map((kernel) =>
          collected((sink) => new ShortTable(data, kernel).scan(bytes, 0, bytes.length, sink)),
        );
        expect(compiled).toEqual(plain);
        for (const { bytes: one, value } of literals) if (findNaive(bytes, 0, bytes.length, one, true) !== -1) expect(plain).toContain(value);
        const narrowed = narrowShortTable(data, (value) => value === 0);
        expect(narrowed).toBeDefined();
        expect(collected((sink) => new ShortTable(narrowed!).scan(bytes, 0, bytes.length, sink)).has(0)).toBe(plain.has(0));
      }),
      { numRuns: 300, seed: 8 },
    );
  });

  test.each([
    ['at the end of a piece', PIECE - 2],
    ['across two pieces', PIECE - 1],
    ['at the beginning of the next', PIECE],
    ['in the last two bytes', PIECE * 2 - 3],
  ])('a literal of three bytes %s', (_why, at) => {
    const bytes = new Uint8Array(PIECE * 2).fill(0x33);
    bytes.set(latin1('STM'), at);
    const table = new ShortTable(buildShortTable([{ bytes: latin1('STM'), value: 7 }]));
    expect(collected((sink) => table.scan(bytes, 0, bytes.length, sink))).toEqual(new Set([7]));
  });
});

describe('literals at a place', () => {
  test('what lies there is reported, however far the buffer had come before', () => {
    fc.assert(
      fc.property(
        fc.array(fc.record({ bytes: literal(1, 3), offset: fc.constantFrom(0, 1, 4, 39) }), { minLength: 1, maxLength: 12 }),
        buffer,
        fc.constantFrom(0, 1, 4, 5),
        (drawn, bytes, before) => {
          const literals = drawn.map((one, value) => ({ ...one, value }));
          const data = buildPlaceTable(literals);
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
