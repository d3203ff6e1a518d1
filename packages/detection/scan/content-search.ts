/**
 * One content in a buffer: what lies near by a plain loop, what is left of a long one by the compiled kernel, which looks for the two
 * rarest bytes of the content sixteen places at a time. Oracle: the plain loops alone.
 */
import { find, findNocase, lowerCase } from '@sigwright/bytes';
import type { ContentCondition } from '@sigwright/contracts';
import { surprise } from '../compile/rarity.ts';
import { type BytePair, PIECE, type ScanKernel, scanKernel } from '../kernel/kernel.ts';

/** So many places a plain loop looks at first: contents that are often there are found sooner than a call is made. */
const NEAR = 128;
/** What is copied for the first call, since many are found soon. */
const FIRST_PIECE = 2048;
/** Longer ones are left to the plain loop. */
const LONGEST = 512;

/** What is needed to look for a content, made once each. */
interface Prepared {
  /** in lower case where case does not count */
  readonly needle: Uint8Array;
  readonly pair: BytePair;
  /** where the pair begins in the needle */
  readonly pairAt: number;
}

const preparations = new WeakMap<ContentCondition, Prepared>();

/** First place of the content in bytes[from, to), or -1. */
export function searchContent(
  content: ContentCondition,
  bytes: Uint8Array,
  from: number,
  to: number,
  kernel: ScanKernel | 'plain' = scanKernel() ?? 'plain',
): number {
  const { length } = content.bytes;
  const isFar = kernel !== 'plain' && to - from >= 2 * NEAR + length && length > 0 && length <= LONGEST;
  const near = isFar ? from + NEAR + length - 1 : to;
  const found = plain(content, bytes, from, near);
  return found === -1 && isFar ? far(content, bytes, from + NEAR, to, kernel) : found;
}

function plain(content: ContentCondition, bytes: Uint8Array, from: number, to: number): number {
  return content.nocase ? findNocase(bytes, from, to, prepared(content).needle) : find(bytes, from, to, content.bytes);
}

function far(content: ContentCondition, bytes: Uint8Array, from: number, to: number, kernel: ScanKernel): number {
  const { needle, pair, pairAt } = prepared(content);
  // Searched is for the pair, around which the needle has room.
  const end = to - (needle.length - 1 - pairAt - pair.gap);
  let start = from + pairAt;
  for (let size = FIRST_PIECE; ; size = PIECE) {
    const until = end - start > size ? start + size : end;
    kernel.load(bytes, start, until, start, until, 0);
    for (let at = kernel.pair(pair, 0); at !== -1; at = kernel.pair(pair, at + 1)) {
      const place = start + at - pairAt;
      if (plain(content, bytes, place, place + needle.length) === place) return place;
    }
    if (until === end) return -1;
    start = until - pair.gap;
  }
}

function prepared(content: ContentCondition): Prepared {
  const known = preparations.get(content);
  if (known !== undefined) return known;
  const needle = content.nocase ? lowerCase(content.bytes) : content.bytes;
  // A needle of one byte is a pair with itself.
  const [first, second = first] = Array.from(needle.keys()).sort((a, b) => surprise(needle[b]) - surprise(needle[a]));
  const pairAt = Math.min(first, second);
  const gap = Math.max(first, second) - pairAt;
  const [one, two] = [needle[pairAt], needle[pairAt + gap]];
  const foldOf = (byte: number): number => (content.nocase && byte >= 0x61 && byte <= 0x7a ? 0x20 : 0);
  const made = { needle, pair: { one, oneFold: foldOf(one), two, twoFold: foldOf(two), gap }, pairAt };
  preparations.set(content, made);
  return made;
}
