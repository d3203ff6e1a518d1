/**
 * Which rows of the flow table may be those of a hash: open addressing, at least twice as many slots as rows. A row is in the slot that
 * the last bits of its flow's hash say, the first of a group, or in one of the next where that was taken, none of them empty.
 *
 * Most flows of a scan are looked for once and not there. What tells so is one byte a slot, apart from the rows: of a million flows it
 * stays in the caches of a processor.
 */

/** Powers of two. */
const FIRST_SLOTS = 256;
const GROUP = 8;

/** A hash whose bits are mixed → one that leads to the first slot of a group. */
export function ofGroup(hash: number): number {
  return Math.imul(hash, GROUP);
}

export class FlowSlots {
  /** the first bits of the hash, 0 where the slot is empty */
  #tags = new Uint8Array(FIRST_SLOTS);
  /** the row and 1 in as many bits as it takes to count slots, the first bits of the hash above them */
  #entries = new Int32Array(FIRST_SLOTS);
  #mask = FIRST_SLOTS - 1;
  #count = 0;
  /** by row */
  readonly #hashOf: (row: number) => number;

  constructor(hashOf: (row: number) => number) {
    this.#hashOf = hashOf;
  }

  /** The first slot whose row may have this hash, -1 where there is none. */
  first(hash: number): number {
    return this.#seek(hash & this.#mask, hash);
  }

  /** The next one behind it. */
  next(slot: number, hash: number): number {
    return this.#seek((slot + 1) & this.#mask, hash);
  }

  #seek(from: number, hash: number): number {
    const tags = this.#tags;
    const mask = this.#mask;
    const tag = tagOf(hash);
    for (let slot = from; tags[slot] !== 0; slot = (slot + 1) & mask) if (tags[slot] === tag) return slot;
    return -1;
  }

  /** What it takes. */
  get bytes(): number {
    return this.#tags.byteLength + this.#entries.byteLength;
  }

  rowAt(slot: number): number {
    return (this.#entries[slot] & this.#mask) - 1;
  }

  /** Returns how many slots from its own there was an empty one. */
  add(row: number, hash: number): number {
    this.#count++;
    if (this.#count * 2 > this.#tags.length) this.#grow();
    return this.#put(row, hash);
  }

  #put(row: number, hash: number): number {
    const mask = this.#mask;
    let slot = hash & mask;
    while (this.#tags[slot] !== 0) slot = (slot + 1) & mask;
    this.#tags[slot] = tagOf(hash);
    this.#entries[slot] = (hash & ~mask) | (row + 1);
    return (slot - hash) & mask;
  }

  /** In the order of the old slots, so that new ones are filled in order, too, and few rows are looked at. */
  #grow(): void {
    const tags = this.#tags;
    const entries = this.#entries;
    const mask = this.#mask;
    const size = tags.length * 2;
    this.#tags = new Uint8Array(size);
    this.#entries = new Int32Array(size);
    this.#mask = size - 1;
    for (let group = 0; group < tags.length; group += GROUP) {
      const isHome = isHomeOfAll(tags, group);
      for (let slot = group; slot < group + GROUP; slot++) {
        if (tags[slot] === 0) continue;
        const row = (entries[slot] & mask) - 1;
        this.#put(row, isHome ? (entries[slot] & ~mask) | group : this.#hashOf(row));
      }
    }
  }

  /** What comes behind it moves up, so that nothing lies behind an empty slot. */
  remove(row: number, hash: number): void {
    this.#count--;
    const tags = this.#tags;
    const entries = this.#entries;
    const mask = this.#mask;
    let empty = hash & mask;
    while (this.rowAt(empty) !== row) empty = (empty + 1) & mask;
    for (let slot = (empty + 1) & mask; tags[slot] !== 0; slot = (slot + 1) & mask) {
      const group = slot & -GROUP;
      const home = isHomeOfAll(tags, group) ? group : this.#hashOf(this.rowAt(slot)) & mask;
      // Its own place lies between the empty one and where it is: there it stays.
      if (((slot - home) & mask) < ((slot - empty) & mask)) continue;
      tags[empty] = tags[slot];
      entries[empty] = entries[slot];
      empty = slot;
    }
    tags[empty] = 0;
  }
}

/** Does all that lies in the group belong there? Where the slot before it is empty, nothing can have come from further left. */
function isHomeOfAll(tags: Uint8Array, group: number): boolean {
  return tags[(group - 1) & (tags.length - 1)] === 0;
}

function tagOf(hash: number): number {
  const tag = hash >>> 24;
  return tag === 0 ? 1 : tag;
}
