/**
 * Literals without which a pattern can not match: sets of which at least one member lies in every window with a match. What a
 * rule with a pattern and no content is looked for by.
 *
 * The tree is walked from left to right with the texts that what was read so far can end in. Where they become too many, or a
 * part can be anything, they are noted as one set and reading begins anew; every branch of an alternative goes on from the same
 * texts, and a set of the whole is made of the best set of each. Look-aheads and look-behinds that must hold count, too: they
 * see nothing outside the window.
 */
import type { PatternLiteral } from '@sigwright/contracts';
import type { Node } from './tree.ts';

/** A text: a byte each, a lower-case letter plus FOLDED where case does not count. */
const FOLDED = 0x100;
/** Bytes of one place that are written out. */
const MOST_BYTES = 16;
/** Texts that are carried along. */
const MOST_TEXTS = 64;
/** Members of a set that is given out: each is looked for. */
const MOST_LITERALS = 32;
/** A longer literal is no rarer. */
const LONGEST = 24;
/** Turns of a repeat that are written out. */
const MOST_TURNS = 16;
/** Nodes walked: repeats in repeats multiply. */
const MOST_NODES = 20_000;

type Texts = readonly string[];
const NOTHING_YET: Texts = [''];

/** Sets of literals of at least `shortest` bytes. Every window with a match holds a member of each. */
export function requiredLiterals(root: Node, shortest: number): readonly (readonly PatternLiteral[])[] {
  const walk = new Walk(shortest);
  const sets: Texts[] = [];
  walk.note(walk.node(root, NOTHING_YET, sets), sets);
  return walk.isTooLong ? [] : sets.map((texts) => texts.map(literalOf));
}

class Walk {
  readonly #shortest: number;
  #nodes = 0;

  constructor(shortest: number) {
    this.#shortest = shortest;
  }

  get isTooLong(): boolean {
    return this.#nodes > MOST_NODES;
  }

  /** What the text can end in behind the node; sets that hold for every way through it are added to `sets`. */
  node(node: Node, before: Texts, sets: Texts[]): Texts {
    if (++this.#nodes > MOST_NODES) return NOTHING_YET;
    switch (node.kind) {
      case 'set':
        return this.#append(before, unitsOf(node.set), sets);
      case 'sequence': {
        let texts = before;
        for (const item of node.items) texts = this.node(item, texts, sets);
        return texts;
      }
      case 'group':
      case 'atomic':
        return this.node(node.of, before, sets);
      case 'either':
        return this.#either(node.branches, before, sets);
      case 'condition':
        return this.#either([node.yes, node.no], before, sets);
      case 'repeat': {
        const { of, minimum, maximum } = node;
        if (maximum === 0) return before;
        let texts = before;
        const turns = Math.min(minimum, MOST_TURNS);
        for (let turn = 0; turn < turns && !this.isTooLong; turn++) texts = this.node(of, texts, sets);
        if (turns === maximum) return texts;
        this.note(texts, sets);
        // Every further turn ends as a turn does.
        return this.#either([of], turns < minimum ? NOTHING_YET : texts, [], turns < minimum ? [] : texts, maximum === turns + 1);
      }
      case 'look':
        if (!node.negated) {
          const inside: Texts[] = [];
          this.note(this.node(node.of, NOTHING_YET, inside), inside);
          sets.push(...inside);
        }
        return before;
      case 'back':
      case 'call':
        this.note(before, sets);
        return NOTHING_YET;
      case 'define':
      case 'keep':
      case 'place':
      case 'verb':
        return before;
    }
  }

  /**
   * One of the branches; `otherwise`: texts with which none was taken. `fromBefore`: the branch follows what was there before,
   * else something unknown may lie between.
   */
  #either(branches: readonly Node[], before: Texts, sets: Texts[], otherwise: Texts = [], fromBefore = true): Texts {
    this.note(before, sets);
    const union: string[] = [];
    const ends: string[] = [...otherwise];
    let isKnown = true;
    for (const branch of branches) {
      const inside: Texts[] = [];
      const after = this.node(branch, fromBefore ? before : NOTHING_YET, inside);
      this.note(after, inside);
      const best = bestOf(inside);
      if (best === undefined) isKnown = false;
      else union.push(...best);
      ends.push(...after);
    }
    if (isKnown) this.#add(union, sets);
    const shortened = unique(ends);
    if (shortened.length <= MOST_TEXTS) return shortened;
    return NOTHING_YET;
  }

  #append(before: Texts, units: Texts, sets: Texts[]): Texts {
    if (units.length > 1 || units.length === 0) this.note(before, sets);
    if (units.length === 0 || units.length > MOST_BYTES) return NOTHING_YET;
    const texts = before.length * units.length <= MOST_TEXTS ? before : NOTHING_YET;
    if (texts !== before) this.note(before, sets);
    const joined: string[] = [];
    for (const text of texts) for (const unit of units) joined.push(text.length < LONGEST ? text + unit : text.slice(1) + unit);
    return texts.some((text) => text.length >= LONGEST) ? unique(joined) : joined;
  }

  /** Texts of which one was read become sets: whole, and without so many bytes at their beginning that fewer are left. */
  note(texts: Texts, sets: Texts[]): void {
    let left = texts;
    while (left.every((text) => text.length >= this.#shortest)) {
      this.#add(left, sets);
      if (left.length === 1) return;
      let shorter: Texts = left;
      do shorter = unique(shorter.map((text) => text.slice(1)));
      while (shorter.length === left.length && shorter.every((text) => text.length > this.#shortest));
      left = shorter;
    }
  }

  #add(texts: Texts, sets: Texts[]): void {
    const members = unique(texts);
    const needed = members.filter((one) => !members.some((other) => other !== one && one.includes(other)));
    if (needed.length > MOST_LITERALS || needed.some((text) => text.length < this.#shortest)) return;
    sets.push(needed);
  }
}

function unique(texts: Texts): Texts {
  return [...new Set(texts)];
}

/** The bytes of a set as units; both cases of a letter are one. Empty: too many. */
function unitsOf(set: Uint8Array): Texts {
  const units: string[] = [];
  for (let byte = 0; byte < 256; byte++) {
    if (set[byte] === 0) continue;
    const isUpper = byte >= 65 && byte <= 90;
    const isLower = byte >= 97 && byte <= 122;
    if (isUpper && set[byte + 32] === 1) continue;
    units.push(String.fromCharCode(isLower && set[byte - 32] === 1 ? FOLDED + byte : byte));
    if (units.length > MOST_BYTES) return [];
  }
  return units;
}

/** The set that is expected to be found least often. */
function bestOf(sets: readonly Texts[]): Texts | undefined {
  let best: Texts | undefined;
  let leastOften = Number.POSITIVE_INFINITY;
  for (const texts of sets) {
    let often = 0;
    for (const text of texts) often += 2 ** -bitsOf(text);
    if (often < leastOften) {
      leastOften = often;
      best = texts;
    }
  }
  return best;
}

const ENOUGH_BITS = 48;

/** Bits of surprise, roughly. */
function bitsOf(text: string): number {
  let bits = 0;
  for (let at = 0; at < text.length; at++) {
    const unit = text.charCodeAt(at);
    const same = at > 0 && text.charCodeAt(at - 1) === unit;
    bits += same ? 1 : unit === 0 || unit === 32 ? 3 : unit >= FOLDED ? 4 : unit >= 48 && unit <= 122 ? 4.5 : 5.5;
  }
  return Math.min(bits, ENOUGH_BITS);
}

function literalOf(text: string): PatternLiteral {
  const units = Array.from({ length: text.length }, (_, at) => text.charCodeAt(at));
  const nocase = units.some((unit) => unit >= FOLDED);
  const bytes = Uint8Array.from(units, (unit) => unit & 0xff);
  return { bytes: nocase ? bytes.map((byte) => (byte >= 65 && byte <= 90 ? byte + 32 : byte)) : bytes, nocase };
}
