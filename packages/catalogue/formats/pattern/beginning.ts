/**
 * Where may a match begin? The bytes that can stand at each of its first places, worked out from the tree, and a search for
 * places where all of them fit. It reads backwards from the end of a window as long as the shortest match and passes over what
 * can not be part of it (backward nondeterministic matching, Navarro and Raffinot 2000), so that of most texts only one byte in
 * several is looked at. What it passes over, no evaluator would have matched; what it finds, an evaluator decides.
 */
import { ALL_BYTES, addAll, type ByteSet, union } from './byte-sets.ts';
import { type Node, widthOf } from './tree.ts';

/** Places that are looked at: bits of a small integer. */
const MOST_PLACES = 30;

/** A set with this share of the bytes tells nothing. */
const NEARLY_ALL = 0.9;

/** The bytes that can stand at the first places of a match, as many as the shortest match has; less where the last of them can be anything. */
export function beginningOf(root: Node): readonly ByteSet[] {
  const count = Math.min(widthOf(root).minimum, MOST_PLACES);
  if (count === 0) return [];
  const places = new Places(count);
  spread(root, 1, places);
  const { sets } = places;
  while (sets.length > 0 && shareOf(sets[sets.length - 1]) > NEARLY_ALL) sets.pop();
  return sets;
}

const NOTHING: ByteSet = new Uint8Array(256);

/** The bytes that may stand at each place. Most places have those of one set, which is taken as it is. */
class Places {
  readonly sets: ByteSet[];
  readonly count: number;
  /** places, as bits, whose set is their own */
  #own = 0;

  constructor(count: number) {
    this.count = count;
    this.sets = new Array<ByteSet>(count).fill(NOTHING);
  }

  add(place: number, set: ByteSet): void {
    const known = this.sets[place];
    if (known === set) return;
    if (known === NOTHING) this.sets[place] = set;
    else if ((this.#own & (1 << place)) !== 0) addAll(known, set);
    else {
      this.#own |= 1 << place;
      this.sets[place] = union(known, set);
    }
  }
}

/** The search that is worth while for a pattern; undefined: it would find too much, or reads no less than a look at first bytes does. */
export function searchFor(root: Node): BeginningSearch | undefined {
  const sets = beginningOf(root);
  return sets.length > 1 && frequencyOf(sets) < MOST_FREQUENT ? new BeginningSearch(sets) : undefined;
}

const MOST_FREQUENT = 0.1;

/**
 * Adds the bytes of a node that begins at any of some places (bits of `starts`); returns the places where it can end. What lies
 * behind the last set counts no more.
 */
function spread(node: Node, starts: number, places: Places): number {
  if (starts === 0) return 0;
  const { count } = places;
  const within = 2 ** count - 1;
  switch (node.kind) {
    case 'set':
      for (let place = 0; place < count; place++) if ((starts & (1 << place)) !== 0) places.add(place, node.set);
      return (starts << 1) & within;
    case 'sequence': {
      let ends = starts;
      for (const item of node.items) ends = spread(item, ends, places);
      return ends;
    }
    case 'either':
      return node.branches.reduce((ends, branch) => ends | spread(branch, starts, places), 0);
    case 'condition':
      return spread(node.yes, starts, places) | spread(node.no, starts, places);
    case 'group':
    case 'atomic':
      return spread(node.of, starts, places);
    case 'repeat': {
      let ends = starts;
      // Each turn that takes a byte moves on: behind the last place nothing is left to begin at.
      for (let turn = 0; turn < Math.min(node.minimum, count + 1); turn++) ends = spread(node.of, ends, places);
      let reached = ends;
      for (let turn = node.minimum; turn < node.maximum; turn++) {
        const further = reached | spread(node.of, reached, places);
        if (further === reached) break;
        reached = further;
      }
      return reached;
    }
    case 'back':
    case 'call': {
      // Whatever the group took, from the first of the places on.
      let ends = starts;
      for (let place = 0; place < count; place++) {
        if ((ends & (1 << place)) === 0) continue;
        places.add(place, ALL_BYTES);
        ends |= (1 << (place + 1)) & within;
      }
      return ends;
    }
    case 'look':
    case 'define':
    case 'keep':
    case 'place':
    case 'verb':
      return starts;
  }
}

/** Sets that hold wherever one of two beginnings does. */
export function eitherBeginning(one: readonly ByteSet[], other: readonly ByteSet[]): readonly ByteSet[] {
  return one.slice(0, other.length).map((set, place) => set.map((flag, byte) => flag | other[place][byte]));
}

/** How often a place fits, of all places of ordinary traffic, more or less. */
export function frequencyOf(sets: readonly ByteSet[]): number {
  let often = 1;
  for (const set of sets) often *= shareOf(set);
  return often;
}

const shares = new WeakMap<ByteSet, number>();

/** How much of ordinary traffic is bytes of the set, which does not change any more. */
function shareOf(set: ByteSet): number {
  const known = shares.get(set);
  if (known !== undefined) return known;
  let share = 0;
  for (let byte = 0; byte < 256; byte++) if (set[byte] === 1) share += BYTE_SHARES[byte];
  share = Math.min(1, share);
  shares.set(set, share);
  return share;
}

/** Half of the traffic is text. */
const BYTE_SHARES = Float64Array.from({ length: 256 }, (_, byte) => {
  const isLower = byte >= 97 && byte <= 122;
  const isDigitOrUpper = (byte >= 48 && byte <= 57) || (byte >= 65 && byte <= 90);
  const inText =
    byte === 32 ? 0.12 : isLower ? 0.5 / 26 : isDigitOrUpper ? 0.2 / 36 : byte > 32 && byte < 127 ? 0.15 / 33 : byte === 10 || byte === 13 ? 0.015 : 0;
  return inText / 2 + 1 / 512;
});

export class BeginningSearch {
  readonly #places: number;
  /** by byte: a bit for each place where it can stand, the first place highest */
  readonly #masks: Int32Array;

  constructor(sets: readonly ByteSet[]) {
    this.#places = sets.length;
    this.#masks = new Int32Array(256);
    sets.forEach((set, place) => {
      for (let byte = 0; byte < 256; byte++) if (set[byte] === 1) this.#masks[byte] |= 1 << (sets.length - 1 - place);
    });
  }

  /** The first place in bytes[from, end) where a match may begin, or -1. */
  next(bytes: Uint8Array, from: number, end: number): number {
    const masks = this.#masks;
    const places = this.#places;
    const highest = 1 << (places - 1);
    const last = end - places;
    for (let at = from; at <= last; ) {
      let index = at + places - 1;
      let left = masks[bytes[index]];
      // Nothing of it can stand there: the window moves behind that byte.
      if (left === 0) {
        at += places;
        continue;
      }
      let shift = places;
      for (;;) {
        // The bytes read so far stand at the beginning of what is looked for: the next window may begin with them.
        if ((left & highest) !== 0) {
          if (index === at) return at;
          shift = index - at;
        }
        if (index === at) break;
        left = (left << 1) & masks[bytes[--index]];
        if (left === 0) break;
      }
      at += shift;
    }
    return -1;
  }
}
