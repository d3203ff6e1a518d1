/**
 * Tree → program for the machine: numbers in one array, byte sets in another. Each instruction says below which numbers follow
 * it. What a choice should look at before it is tried (the bytes that can follow) is worked out here.
 */
import { ALL_BYTES, type ByteSet, onlyByte, union } from './byte-sets.ts';
import { type FirstBytes, firstBytes } from './first-bytes.ts';
import { type LookNode, type Node, type PatternTree, type Place, type RepeatNode, type Verb, widthOf } from './tree.ts';

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
/** group, target: goes on there, and behind this where the group ends */
export const CALL = 25;
/** group: where this is a call of it, it ends here */
export const END_CALL = 26;
/** group or ANY_GROUP, target where this is no call of it */
export const IF_NOT_CALLED = 27;
/** the call ends here; where there is none, the match */
export const ACCEPT = 28;
/** verb, register of the height that `then` goes back to (0: there is none): taken when this way fails */
export const VERB = 29;
/** verbs go back to here, and no further */
export const CONFINE = 30;
/** register: becomes the height of the stack */
export const HEIGHT = 31;

export const ANY_GROUP = -1;
/** What a verb says about the match, or a part of it that it is confined to, when it is gone back to. */
export const VERBS: readonly Verb[] = ['commit', 'prune', 'skip', 'then'];

export const PLACES: readonly Place[] = ['start', 'line-start', 'end', 'end-or-newline', 'line-end', 'word', 'not-word', 'search-start'];

export interface Program {
  readonly code: Int32Array;
  /** 256 flags each */
  readonly sets: Uint8Array;
  readonly groups: number;
  /** positions of groups 0 to `groups`, then counters, marks and positions */
  readonly registers: number;
  /** of them, what calls need: which one this is, and where the next one is kept; undefined: nothing is called */
  readonly call: number | undefined;
  readonly nextCall: number | undefined;
  /** and the height of the stack that verbs go back to */
  readonly confined: number | undefined;
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
  return new Compiler(tree).whole();
}

class Compiler {
  readonly #code: number[] = [];
  readonly #sets: ByteSet[] = [];
  readonly #setNumbers = new Map<string, number>();
  readonly #tree: PatternTree;
  #registers: number;
  readonly #callRegister: number | undefined;
  readonly #nextCallRegister: number | undefined;
  readonly #confinedRegister: number | undefined;
  /** of groups that are called: where they begin */
  readonly #entries = new Map<number, number>();
  readonly #targets: { readonly at: number; readonly group: number }[] = [];
  /** numbers and registers of the groups around what is being compiled, innermost last */
  readonly #open: (readonly [group: number, opened: number])[] = [];
  /** of the alternative around it: the register that `then` goes back to; 0: there is none */
  #branch = 0;
  /** something asks for what a group took, or whether it took part */
  #asksForGroups = false;

  constructor(tree: PatternTree) {
    this.#tree = tree;
    this.#registers = (tree.groups + 1) * 2;
    if (tree.calls.size > 0) {
      this.#callRegister = this.#registers++;
      this.#nextCallRegister = this.#registers++;
    }
    if (tree.verbs.size > 0) this.#confinedRegister = this.#registers++;
  }

  whole(): Program | undefined {
    const tree = this.#tree;
    this.#node(tree.root, ALL_BYTES);
    this.#code.push(MATCHED);
    for (const { at, group } of this.#targets) this.#code[at] = this.#entries.get(group)!;
    if (this.#code.length > LONGEST_PROGRAM) return undefined;
    const sets = new Uint8Array(this.#sets.length * 256);
    this.#sets.forEach((set, index) => {
      sets.set(set, index * 256);
    });
    return {
      code: Int32Array.from(this.#code),
      sets,
      groups: tree.groups,
      registers: this.#registers,
      call: this.#callRegister,
      nextCall: this.#nextCallRegister,
      confined: this.#confinedRegister,
      anchor: anchorOf(tree.root),
      first: tree.verbs.size === 0 ? certain(firstBytes(tree.root)) : firstBesideVerbs(tree),
      leadingRun: this.#leadingRun(),
    };
  }

  #leadingRun(): number | undefined {
    const code = this.#code;
    let at = 0;
    // A call may come back to the run elsewhere, a verb decides by where the match began.
    if (this.#tree.calls.size > 0 || this.#tree.verbs.size > 0) return undefined;
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
      case 'call':
        this.#call(node.number);
        return;
      case 'define':
        this.#passedOver(node.of);
        return;
      case 'verb':
        this.#verb(node.verb);
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
    const { number } = node;
    const isEntry = this.#tree.calls.has(number) && !this.#entries.has(number);
    if (isEntry) this.#entries.set(number, this.#code.length);
    // Behind a call of it stands something else.
    const behind = isEntry ? ALL_BYTES : follow;
    if (number === 0) this.#node(node.of, behind);
    else {
      const opened = this.#registers++;
      this.#emit(SAVE, opened);
      this.#open.push([number, opened]);
      this.#node(node.of, behind);
      this.#open.pop();
      this.#emit(CLOSE, number, opened);
    }
    if (isEntry) this.#emit(END_CALL, number);
  }

  #call(group: number): void {
    // PCRE2 goes back into calls of groups, but not of the whole pattern.
    const mark = group === 0 ? this.#registers++ : -1;
    if (group === 0) this.#emit(MARK, mark);
    this.#targets.push({ at: this.#emit(CALL, group, 0) + 2, group });
    if (group === 0) this.#emit(CUT, mark);
  }

  /** Not matched where it stands, but there to be called. */
  #passedOver(node: Node): void {
    const jump = this.#emit(JUMP, 0);
    this.#node(node, ALL_BYTES);
    this.#code[jump + 1] = this.#code.length;
  }

  #verb(verb: Verb): void {
    if (verb !== 'accept') {
      this.#emit(VERB, VERBS.indexOf(verb), verb === 'then' ? this.#branch : 0);
      return;
    }
    // What groups took until here is theirs.
    for (const [group, opened] of this.#open.toReversed()) this.#emit(CLOSE, group, opened);
    this.#emit(ACCEPT);
  }

  #either(branches: readonly Node[], follow: ByteSet): void {
    const jumps: number[] = [];
    const around = this.#branch;
    const hasThen = this.#tree.verbs.has('then');
    if (hasThen) this.#branch = this.#registers++;
    branches.forEach((branch, index) => {
      const last = index === branches.length - 1;
      const split = last ? -1 : this.#emit(SPLIT, 0, 0);
      if (split >= 0) this.#code[split + 1] = this.#code.length;
      if (hasThen) this.#emit(HEIGHT, this.#branch);
      this.#node(branch, follow);
      if (last) return;
      jumps.push(this.#emit(JUMP, 0));
      this.#code[split + 2] = this.#code.length;
    });
    this.#branch = around;
    for (const jump of jumps) this.#code[jump + 1] = this.#code.length;
  }

  /** What `then` goes back to within a look-around. */
  #newBranch(): void {
    if (!this.#tree.verbs.has('then')) return;
    this.#branch = this.#registers++;
    this.#emit(HEIGHT, this.#branch);
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
      // It holds where a verb says that there is no match. One that holds takes no verb back, one that does not fails as a whole.
      if (this.#confinedRegister !== undefined) this.#emit(CONFINE);
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
    const around = this.#branch;
    this.#newBranch();
    if (node.behind) this.#behind(node, here);
    else this.#node(node.of, ALL_BYTES);
    this.#branch = around;
  }

  #behind(node: LookNode, here: number): void {
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
    if (typeof node.on === 'number' || node.on.kind === 'called') {
      const ask = typeof node.on === 'number' ? this.#emit(IF_UNSET, node.on, 0) : this.#emit(IF_NOT_CALLED, node.on.number ?? ANY_GROUP, 0);
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
    if (maximum === 0) {
      if (this.#tree.calls.size > 0) this.#passedOver(of);
      return;
    }
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

function certain({ set, nullable }: FirstBytes): ByteSet | undefined {
  return nullable ? undefined : set;
}

/** PCRE2 does not ask verbs where the one byte, or letter, with which every match begins is not there; a choice of bytes comes after them. */
function firstBesideVerbs(tree: PatternTree): ByteSet | undefined {
  return tree.verbs.has('accept') ? undefined : (firstLetter(tree.root) ?? certain(firstBytes(tree.root)));
}

function firstLetter(node: Node): ByteSet | undefined {
  switch (node.kind) {
    case 'set':
      return isOneLetter(node.set) ? node.set : undefined;
    case 'sequence': {
      const first = node.items.find(({ kind }) => kind !== 'verb' && kind !== 'place' && kind !== 'look' && kind !== 'define');
      return first === undefined ? undefined : firstLetter(first);
    }
    case 'either': {
      const [first, ...others] = node.branches.map(firstLetter);
      return first !== undefined && others.every((other) => other?.every((flag, byte) => flag === first[byte]) === true) ? first : undefined;
    }
    case 'group':
    case 'atomic':
      return firstLetter(node.of);
    case 'repeat':
      return node.minimum > 0 ? firstLetter(node.of) : undefined;
    default:
      return undefined;
  }
}

/** One byte, or both cases of a letter. */
function isOneLetter(set: ByteSet): boolean {
  const first = set.indexOf(1);
  const second = set.indexOf(1, first + 1);
  return first >= 0 && (second < 0 || (second - first === 32 && first >= 65 && first <= 90 && set.indexOf(1, second + 1) < 0));
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
