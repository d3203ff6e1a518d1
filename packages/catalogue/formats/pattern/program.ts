/**
 * Tree → program for the machine: numbers in one array, byte sets in another. Each instruction says below which numbers follow
 * it. What a choice should look at before it is tried (the bytes that can follow) is worked out here.
 */
import { ALL_BYTES, type ByteSet, onlyByte, union } from './byte-sets.ts';
import { firstBytes } from './first-bytes.ts';
import { type LookNode, type Node, type PatternTree, type Place, type RepeatNode, widthOf } from './tree.ts';

export const MATCHED = 0;
/** byte */
export const BYTE = 1;
/** set */
export const SET = 2;
/** first target, second target: tried in this order */
export const SPLIT = 3;
/** target */
export const JUMP = 4;
/** register: becomes the position */
export const SAVE = 5;
/** place */
export const PLACE = 6;
/** set, minimum, maximum, set of what can follow: as many as possible, then fewer */
export const RUN = 7;
/** the same, as few as possible, then more */
export const LAZY_RUN = 8;
/** the same, never fewer */
export const OWN_RUN = 9;
/** group, nocase */
export const BACK = 10;
/** register: becomes the height of the stack */
export const MARK = 11;
/** register: choices made since its mark are dropped */
export const CUT = 12;
/** register: everything done since its mark is undone, then this way fails */
export const CUT_AND_FAIL = 13;
/** target: tried where what follows fails */
export const OTHERWISE = 14;
/** register: the position goes back to it */
export const RETURN = 15;
/** count: so many bytes back, but not before the start */
export const STEP_BACK = 16;
/** register: goes on only where the position equals it */
export const AT = 17;
/** register, value */
export const ASSIGN = 18;
/** register: one more */
export const COUNT = 19;
/** register, least, target where it is less */
export const IF_LESS = 20;
/** register, target where the position equals it: the last turn of a loop took nothing */
export const IF_UNMOVED = 21;
/** group, target where it took no part */
export const IF_UNSET = 22;
/** the match begins here */
export const KEEP = 23;
/** group, register where it opened: the group ends here */
export const CLOSE = 24;

export const PLACES: readonly Place[] = ['start', 'line-start', 'end', 'end-or-newline', 'line-end', 'word', 'not-word', 'search-start'];

export interface Program {
  readonly code: Int32Array;
  /** 256 flags each */
  readonly sets: Uint8Array;
  readonly groups: number;
  /** positions of groups 0 to `groups`, then counters, marks and positions */
  readonly registers: number;
  /** where a match may begin: `start`: only at the start of the window, `search`: only where the search begins */
  readonly anchor: 'start' | 'search' | undefined;
  /** bytes with which a match begins; undefined where it may be empty */
  readonly first: ByteSet | undefined;
  /**
   * Where a match begins with a run without an upper limit whose length nothing behind it remembers: the run's set. A match
   * that fails from one byte of such a run fails from all that follow in it.
   */
  readonly leadingRun: number | undefined;
}

/** Numbers; counted repeats of look-behinds are written out and could multiply. */
const LONGEST_PROGRAM = 1_000_000;

/** Undefined: it would become too long. */
export function compileProgram(tree: PatternTree): Program | undefined {
  const compiler = new Compiler(tree.groups);
  return compiler.whole(tree);
}

class Compiler {
  readonly #code: number[] = [];
  readonly #sets: ByteSet[] = [];
  readonly #setNumbers = new Map<string, number>();
  readonly #groups: number;
  #registers: number;
  /** something asks for what a group took, or whether it took part */
  #asksForGroups = false;

  constructor(groups: number) {
    this.#groups = groups;
    this.#registers = (groups + 1) * 2;
  }

  whole(tree: PatternTree): Program | undefined {
    this.#node(tree.root, ALL_BYTES);
    this.#code.push(MATCHED);
    if (this.#code.length > LONGEST_PROGRAM) return undefined;
    const sets = new Uint8Array(this.#sets.length * 256);
    this.#sets.forEach((set, index) => {
      sets.set(set, index * 256);
    });
    const first = firstBytes(tree.root);
    return {
      code: Int32Array.from(this.#code),
      sets,
      groups: this.#groups,
      registers: this.#registers,
      anchor: anchorOf(tree.root),
      first: first.nullable ? undefined : first.set,
      leadingRun: this.#leadingRun(),
    };
  }

  #leadingRun(): number | undefined {
    const code = this.#code;
    let at = 0;
    if (!this.#asksForGroups) while (code[at] === SAVE) at += 2;
    const runs = code[at] === RUN || code[at] === LAZY_RUN || code[at] === OWN_RUN;
    return runs && code[at + 3] === NO_LIMIT ? code[at + 1] : undefined;
  }

  #set(set: ByteSet): number {
    const key = set.join('');
    let number = this.#setNumbers.get(key);
    if (number === undefined) {
      number = this.#sets.push(set) - 1;
      this.#setNumbers.set(key, number);
    }
    return number * 256;
  }

  #emit(...numbers: readonly number[]): number {
    if (this.#code.length <= LONGEST_PROGRAM) for (const number of numbers) this.#code.push(number);
    return this.#code.length - numbers.length;
  }

  /** `follow`: bytes with which what comes behind the node can go on; all where that is not known. */
  #node(node: Node, follow: ByteSet): void {
    switch (node.kind) {
      case 'set': {
        const byte = onlyByte(node.set);
        if (byte === -1) this.#emit(SET, this.#set(node.set));
        else this.#emit(BYTE, byte);
        return;
      }
      case 'sequence': {
        const follows: ByteSet[] = [];
        let behind = follow;
        for (let index = node.items.length - 1; index >= 0; index--) {
          follows[index] = behind;
          behind = before(node.items[index], behind);
        }
        node.items.forEach((item, index) => {
          this.#node(item, follows[index]);
        });
        return;
      }
      case 'either':
        this.#either(node.branches, follow);
        return;
      case 'group':
        this.#group(node, follow);
        return;
      case 'atomic':
        this.#alone(node.of, follow);
        return;
      case 'look':
        this.#look(node);
        return;
      case 'back':
        this.#asksForGroups = true;
        this.#emit(BACK, node.number, node.nocase ? 1 : 0);
        return;
      case 'condition':
        this.#asksForGroups = true;
        this.#condition(node, follow);
        return;
      case 'keep':
        this.#emit(KEEP);
        return;
      case 'place':
        this.#emit(PLACE, PLACES.indexOf(node.place));
        return;
      case 'repeat':
        this.#repeat(node, follow);
    }
  }

  /** A group shows only when it closes: a back reference inside it sees its turn before. */
  #group(node: Node & { kind: 'group' }, follow: ByteSet): void {
    const opened = this.#registers++;
    this.#emit(SAVE, opened);
    this.#node(node.of, follow);
    this.#emit(CLOSE, node.number, opened);
  }

  #either(branches: readonly Node[], follow: ByteSet): void {
    const jumps: number[] = [];
    branches.forEach((branch, index) => {
      const last = index === branches.length - 1;
      const split = last ? -1 : this.#emit(SPLIT, 0, 0);
      if (split >= 0) this.#code[split + 1] = this.#code.length;
      this.#node(branch, follow);
      if (last) return;
      jumps.push(this.#emit(JUMP, 0));
      this.#code[split + 2] = this.#code.length;
    });
    for (const jump of jumps) this.#code[jump + 1] = this.#code.length;
  }

  /** Matched once, with no way back into it. */
  #alone(node: Node, follow: ByteSet): void {
    const mark = this.#registers++;
    this.#emit(MARK, mark);
    this.#node(node, follow);
    this.#emit(CUT, mark);
  }

  #look(node: LookNode): void {
    const mark = this.#registers++;
    const here = this.#registers++;
    this.#emit(SAVE, here);
    this.#emit(MARK, mark);
    if (node.negated) {
      const otherwise = this.#emit(OTHERWISE, 0);
      this.#lookBody(node, here);
      this.#emit(CUT_AND_FAIL, mark);
      this.#code[otherwise + 1] = this.#code.length;
    } else {
      this.#lookBody(node, here);
      this.#emit(CUT, mark);
      this.#emit(RETURN, here);
    }
  }

  #lookBody(node: LookNode, here: number): void {
    if (!node.behind) {
      this.#node(node.of, ALL_BYTES);
      return;
    }
    // Every branch at every length it can have: the shortest way back first.
    const branches = node.of.kind === 'either' ? node.of.branches : [node.of];
    const splits: number[] = [];
    const jumps: number[] = [];
    for (const branch of branches) {
      const { minimum, maximum } = widthOf(branch);
      for (let length = minimum; length <= maximum && this.#code.length <= LONGEST_PROGRAM; length++) {
        for (const split of splits.splice(0)) this.#code[split + 2] = this.#code.length;
        const split = this.#emit(SPLIT, 0, 0);
        this.#code[split + 1] = this.#code.length;
        splits.push(split);
        this.#emit(STEP_BACK, length);
        this.#node(branch, ALL_BYTES);
        this.#emit(AT, here);
        jumps.push(this.#emit(JUMP, 0));
      }
    }
    // The last way out: nothing fits. An empty set never matches.
    for (const split of splits) this.#code[split + 2] = this.#code.length;
    this.#emit(SET, this.#set(new Uint8Array(256)));
    for (const jump of jumps) this.#code[jump + 1] = this.#code.length;
  }

  #condition(node: Node & { kind: 'condition' }, follow: ByteSet): void {
    if (typeof node.on === 'number') {
      const ask = this.#emit(IF_UNSET, node.on, 0);
      this.#node(node.yes, follow);
      const jump = this.#emit(JUMP, 0);
      this.#code[ask + 2] = this.#code.length;
      this.#node(node.no, follow);
      this.#code[jump + 1] = this.#code.length;
      return;
    }
    const look = node.on;
    const mark = this.#registers++;
    const here = this.#registers++;
    this.#emit(SAVE, here);
    this.#emit(MARK, mark);
    const otherwise = this.#emit(OTHERWISE, 0);
    this.#lookBody(look, here);
    this.#emit(CUT, mark);
    this.#emit(RETURN, here);
    this.#node(look.negated ? node.no : node.yes, follow);
    const jump = this.#emit(JUMP, 0);
    this.#code[otherwise + 1] = this.#code.length;
    this.#node(look.negated ? node.yes : node.no, follow);
    this.#code[jump + 1] = this.#code.length;
  }

  #repeat(node: RepeatNode, follow: ByteSet): void {
    const { of, minimum, maximum, mode } = node;
    if (maximum === 0) return;
    if (of.kind === 'set') {
      const run = mode === 'greedy' ? RUN : mode === 'lazy' ? LAZY_RUN : OWN_RUN;
      this.#emit(run, this.#set(of.set), minimum, Math.min(maximum, NO_LIMIT), this.#set(follow));
      return;
    }
    if (mode === 'possessive') {
      this.#alone({ ...node, mode: 'greedy' }, follow);
      return;
    }
    if (minimum === 1 && maximum === 1) {
      this.#node(of, follow);
      return;
    }
    const { set, nullable } = firstBytes(of);
    const lazy = mode === 'lazy';
    if (minimum === 0 && maximum === 1) {
      const split = this.#split(lazy);
      this.#node(of, follow);
      this.#aim(split, lazy);
      return;
    }
    const inner = nullable ? ALL_BYTES : union(set, follow);
    const counts = minimum > 1 || maximum !== Number.POSITIVE_INFINITY;
    const counter = counts ? this.#registers++ : -1;
    // With a limit of turns an empty one changes nothing; without, it ends the loop.
    const from = nullable && maximum === Number.POSITIVE_INFINITY ? this.#registers++ : -1;
    if (counts) this.#emit(ASSIGN, counter, 0);
    // Without a counter, `+` goes through the body once before it is asked.
    const skip = !counts && minimum === 1 ? this.#emit(JUMP, 0) : -1;
    const loop = this.#code.length;
    const must = counts && minimum > 0 ? this.#emit(IF_LESS, counter, minimum, 0) : -1;
    const mayNot = counts && maximum !== Number.POSITIVE_INFINITY ? this.#emit(IF_LESS, counter, maximum, 0) : -1;
    const stop = mayNot >= 0 ? this.#emit(JUMP, 0) : -1;
    if (mayNot >= 0) this.#code[mayNot + 3] = this.#code.length;
    const split = this.#split(lazy);
    if (must >= 0) this.#code[must + 3] = this.#code.length;
    if (skip >= 0) this.#code[skip + 1] = this.#code.length;
    if (from >= 0) this.#emit(SAVE, from);
    this.#node(of, inner);
    if (counts) this.#emit(COUNT, counter);
    let unmoved = -1;
    if (from >= 0) {
      // A turn that took nothing ends the loop, once there were enough of them.
      const early = minimum > 1 ? this.#emit(IF_LESS, counter, minimum, loop) : -1;
      unmoved = this.#emit(IF_UNMOVED, from, 0);
      if (early >= 0) this.#code[early + 3] = loop;
    }
    this.#emit(JUMP, loop);
    this.#aim(split, lazy);
    if (stop >= 0) this.#code[stop + 1] = this.#code.length;
    if (unmoved >= 0) this.#code[unmoved + 2] = this.#code.length;
  }

  /** Into the body, or past it; `#aim` fills in where past is. */
  #split(lazy: boolean): number {
    const split = this.#emit(SPLIT, 0, 0);
    this.#code[split + (lazy ? 2 : 1)] = this.#code.length;
    return split;
  }

  #aim(split: number, lazy: boolean): void {
    this.#code[split + (lazy ? 1 : 2)] = this.#code.length;
  }
}

/** Longer than any window. */
export const NO_LIMIT = 0x7fffffff;

/** Bytes with which a node and what follows it can go on. */
function before(node: Node, follow: ByteSet): ByteSet {
  const first = firstBytes(node);
  return first.nullable ? union(first.set, follow) : first.set;
}

function anchorOf(node: Node): 'start' | 'search' | undefined {
  switch (node.kind) {
    case 'place':
      return node.place === 'start' ? 'start' : node.place === 'search-start' ? 'search' : undefined;
    case 'sequence':
      return node.items.length === 0 ? undefined : anchorOf(node.items[0]);
    case 'either': {
      const anchor = anchorOf(node.branches[0]);
      return node.branches.every((branch) => anchorOf(branch) === anchor) ? anchor : undefined;
    }
    case 'group':
    case 'atomic':
      return anchorOf(node.of);
    default:
      return undefined;
  }
}
