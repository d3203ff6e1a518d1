import { type CompiledMemory, compiledModule } from '@sigwright/bytes';
import fc from 'fast-check';
import { expect, it } from 'vitest';
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
  exports.memory.grow(1);
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
