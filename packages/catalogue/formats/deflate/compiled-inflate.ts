/**
 * DEFLATE by the compiled loops of inflate.as.ts: a third of the time of those in deflate.ts, which are the oracle. One memory for
 * each thread: the input, then room for the output, which is looked at where it lies.
 */
import { type CompiledMemory, compiledModule, copyBytes } from '@sigwright/bytes';
import { INFLATE_WASM } from './inflate.wasm.ts';

const PAGE = 65_536;
/** Matches are copied 32 bytes at a time, also the last ones. */
const SLACK = 32;
/** Room for output that is given at first, unless the input says more. */
const FIRST_ROOM = 65_536;
/** Packed text grows to four times its size, or eight; where it does not fit, all begins again with four times the room. */
const USUAL_GROWTH = 8;
const MORE_ROOM = 4;
/** Memory is not given back: what needs more is left to plain TypeScript. */
const MOST_MEMORY = 16 * 1024 * 1024;

interface Exports {
  readonly memory: CompiledMemory;
  free(): number;
  inflate(input: number, length: number, output: number, room: number): number;
}

let exports: Exports | undefined;
let tried = false;
let bytes: Uint8Array = new Uint8Array(0);

/**
 * Everything that input[at, …) gives up to its end, `limit` or its first fault: a view that is valid until the next call. Undefined:
 * not by these loops.
 */
export function compiledInflate(input: Uint8Array, at: number, limit: number): Uint8Array | undefined {
  if (!tried) {
    tried = true;
    exports = compiledModule<Exports>(INFLATE_WASM);
  }
  if (exports === undefined) return undefined;
  const length = input.length - at;
  const start = exports.free();
  const output = start + length + SLACK;
  // An output of the call before is lost when memory grows.
  const packed = input.buffer === bytes.buffer ? input.slice(at) : input.subarray(at);
  for (let room = Math.min(limit, Math.max(FIRST_ROOM, length * USUAL_GROWTH)); ; room = Math.min(limit, room * MORE_ROOM)) {
    const size = output + room + SLACK;
    if (size > MOST_MEMORY) return undefined;
    reach(exports.memory, size);
    copyBytes(packed, 0, packed.length, bytes, start);
    const came = exports.inflate(start, length, output, room);
    if (came >= 0 || room === limit) return bytes.subarray(output, output + (came < 0 ? ~came : came));
  }
}

function reach(memory: CompiledMemory, size: number): void {
  const missing = size - memory.buffer.byteLength;
  if (missing > 0) memory.grow(Math.ceil(missing / PAGE));
  if (bytes.buffer !== memory.buffer) bytes = new Uint8Array(memory.buffer);
}
