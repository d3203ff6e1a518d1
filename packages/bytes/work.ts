/**
 * What handling bytes takes in this thread, counted where it happens. The same input gives the same numbers on every machine, so that a
 * test can hold them where it could not hold a time.
 */
export interface Work {
  /** bytes copied: into streams, bodies, and to and from the compiled loops */
  copied: number;
  /** bytes in which literals were looked for, once for each buffer that they were in */
  searched: number;
  /** arrays made for bytes, and how long they are together; blocks in which short ones lie count once, those that were used again not at all */
  arrays: number;
  arrayBytes: number;
  /** flows, their streams, transactions and files made; those that were used again are not among them */
  objects: number;
}

/** Of this thread, from its start. */
export const work: Work = { copied: 0, searched: 0, arrays: 0, arrayBytes: 0, objects: 0 };

/** Below this a loop is quicker than a view and a copy. */
const SHORT = 24;

/** source[start, end) to target[at, …), which has room for it and is no part of it. */
export function copyBytes(source: Uint8Array, start: number, end: number, target: Uint8Array, at: number): void {
  const length = end - start;
  work.copied += length;
  if (length < SHORT) for (let byte = 0; byte < length; byte++) target[at + byte] = source[start + byte];
  else target.set(length === source.length ? source : source.subarray(start, end), at);
}

/** bytes[start, end), apart from them. */
export function copyOf(bytes: Uint8Array, start: number, end: number): Uint8Array {
  const from = start < 0 ? 0 : start;
  const to = end < bytes.length ? end : bytes.length;
  if (to <= from) return newBytes(0);
  const copy = newBytes(to - from);
  copyBytes(bytes, from, to, copy, 0);
  return copy;
}

/** Short arrays lie one after another in blocks: a buffer for each costs more than what is done with it. One that is kept keeps its block. */
const BLOCK = 8192;
const SHORT_ARRAY = 512;
let block = new ArrayBuffer(BLOCK);
let used = 0;

/** Zeros; perhaps a part of a larger buffer. */
export function newBytes(length: number): Uint8Array {
  if (length > SHORT_ARRAY) {
    work.arrays++;
    work.arrayBytes += length;
    return new Uint8Array(length);
  }
  if (used + length > BLOCK) {
    work.arrays++;
    work.arrayBytes += BLOCK;
    block = new ArrayBuffer(BLOCK);
    used = 0;
  }
  const bytes = new Uint8Array(block, used, length);
  used += length;
  return bytes;
}
