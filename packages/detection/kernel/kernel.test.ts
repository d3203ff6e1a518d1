import { type CompiledMemory, compiledModule } from '@sigwright/bytes';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { ScanKernel } from './kernel.ts';
import { SCAN_RELAXED_WASM, SCAN_WASM } from './scan.wasm.ts';

interface Loops {
  readonly memory: CompiledMemory;
  few(start: number, length: number, masks: number, out: number): number;
  shorts(start: number, length: number, table: number, left: number): number;
}

const TEXT = 1024;
const TABLE = 8192;
const ANSWERS = 16_384;

function loops(module: string): { readonly exports: Loops; readonly bytes: Uint8Array } {
  const exports = compiledModule<Loops>(module)!;
  return { exports, bytes: new Uint8Array(exports.memory.buffer) };
}

// Runtimes that lack relaxed SIMD take the other module, which nothing else here runs.
it('says the same whichever of its two modules a runtime can take', () => {
  const both = [loops(SCAN_RELAXED_WASM), loops(SCAN_WASM)];
  const table = fc.uint8Array({ minLength: 160, maxLength: 160 });
  const text = fc.array(fc.oneof(fc.constantFrom(0x41, 0x61, 0x2e), fc.nat(255)), { maxLength: 300 });
  fc.assert(
    fc.property(text, table, fc.nat(0xffff), (written, masks, left) => {
      const said = both.map(({ exports, bytes }) => {
        bytes.fill(0, TEXT, TEXT + 400);
        bytes.set(written, TEXT);
        bytes.set(masks, TABLE);
        const count = exports.few(TEXT, written.length, TABLE, ANSWERS);
        return [count, exports.shorts(TEXT, written.length, TABLE, left), ...bytes.slice(ANSWERS, ANSWERS + count * 2)];
      });
      expect(said[0]).toEqual(said[1]);
    }),
  );
});

// What is held is loaded once: pieces of one buffer and of others, forwards and back, must be searched as if they were loaded each time.
it('finds the same in what is held', () => {
  const exports = compiledModule<ConstructorParameters<typeof ScanKernel>[0] & Loops>(SCAN_WASM)!;
  const [holding, other] = [new ScanKernel(exports), new ScanKernel(compiledModule<ConstructorParameters<typeof ScanKernel>[0]>(SCAN_WASM)!)];
  const pair = { one: 0x61, oneFold: 0, two: 0x62, twoFold: 0, gap: 2 };
  const texts = fc.array(fc.array(fc.constantFrom(0x61, 0x62, 0x63), { minLength: 1, maxLength: 400 }), { minLength: 2, maxLength: 2 });
  const piece = fc.record({ text: fc.nat(1), from: fc.nat(399), length: fc.nat(399) });
  fc.assert(
    fc.property(texts, fc.array(piece, { maxLength: 12 }), (written, pieces) => {
      const arrays = written.map((one) => Uint8Array.from(one));
      holding.hold();
      for (const { text, from, length } of pieces) {
        const bytes = arrays[text];
        const start = Math.min(from, bytes.length);
        const to = Math.min(bytes.length, start + length);
        holding.load(bytes, 0, bytes.length, start, to, 0);
        other.load(bytes, 0, bytes.length, start, to, 0);
        expect(holding.pair(pair, 0)).toBe(other.pair(pair, 0));
      }
      holding.letGo();
      // Written to in between: nothing of before may be left.
      arrays[0].fill(0x63);
      holding.load(arrays[0], 0, arrays[0].length, 0, arrays[0].length, 0);
      expect(holding.pair(pair, 0)).toBe(-1);
    }),
  );
});

// A memory that grows makes every typed array of the process slower (decisions/0005): that of ET Open with all rules takes 6 MiB.
it('has room for the tables of a large ruleset from the beginning, and grows for more', () => {
  const exports = compiledModule<ConstructorParameters<typeof ScanKernel>[0]>(SCAN_WASM)!;
  const { buffer } = exports.memory;
  const kernel = new ScanKernel(exports);
  const [large, larger] = [{}, {}];
  const at = kernel.keep(large, () => new Uint8Array(6 * 1024 * 1024).fill(7));
  expect(exports.memory.buffer).toBe(buffer);
  kernel.keep(larger, () => new Uint8Array(6 * 1024 * 1024));
  expect(exports.memory.buffer).not.toBe(buffer);
  expect(new Uint8Array(exports.memory.buffer)[at]).toBe(7);
});
