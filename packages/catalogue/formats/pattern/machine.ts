/**
 * Backtracking matcher over the tree, with a limit of steps: for patterns that a JavaScript RegExp could take for ever on, or
 * can not express. Continuations are closures made once per pattern; what varies lies in the machine.
 */
import { isWord, type Node, type PatternTree } from './tree.ts';

type Step = (at: number) => boolean;

/** Calls on the JavaScript stack; beyond it the pattern gives up. */
const DEEPEST_CALLS = 2500;

export class Machine {
  readonly #groups: Int32Array;
  readonly #limit: number;
  #bytes: Uint8Array = new Uint8Array(0);
  #start = 0;
  #end = 0;
  #searchStart = 0;
  #steps = 0;
  #depth = 0;
  #matchEnd = -1;
  gaveUp = false;
  readonly #entry: Step;

  constructor(tree: PatternTree, stepLimit: number) {
    this.#groups = new Int32Array((tree.groups + 1) * 2).fill(-1);
    this.#limit = stepLimit;
    this.#entry = this.#compile(tree.root, (at) => {
      this.#matchEnd = at;
      return true;
    });
  }

  get matchEnd(): number {
    return this.#matchEnd;
  }

  get groups(): Int32Array {
    return this.#groups;
  }

  /** Start of the first match at or after `from`, or -1. */
  search(bytes: Uint8Array, start: number, end: number, from: number): number {
    this.#bytes = bytes;
    this.#start = start;
    this.#end = end;
    this.#searchStart = from;
    this.#steps = 0;
    this.gaveUp = false;
    for (let at = from; at <= end && !this.gaveUp; at++) {
      this.#groups.fill(-1);
      this.#depth = 0;
      if (this.#entry(at)) return this.gaveUp ? -1 : at;
    }
    return -1;
  }

  #spend(): boolean {
    if (++this.#steps > this.#limit || this.#depth > DEEPEST_CALLS) this.gaveUp = true;
    return !this.gaveUp;
  }

  #compile(node: Node, next: Step): Step {
    switch (node.kind) {
      case 'set': {
        const { set } = node;
        return (at) => at < this.#end && set[this.#bytes[at]] === 1 && this.#spend() && next(at + 1);
      }
      case 'sequence': {
        let step = next;
        for (let index = node.items.length - 1; index >= 0; index--) step = this.#compile(node.items[index], step);
        return step;
      }
      case 'either': {
        const branches = node.branches.map((branch) => this.#compile(branch, next));
        return (at) => {
          for (const branch of branches) {
            if (!this.#spend()) return false;
            if (branch(at)) return true;
          }
          return false;
        };
      }
      case 'group': {
        const { number } = node;
        const close: Step = (at) => {
          const before = this.#groups[number * 2 + 1];
          const beforeStart = this.#groups[number * 2];
          this.#groups[number * 2] = starts[starts.length - 1];
          this.#groups[number * 2 + 1] = at;
          const open = starts.pop()!;
          const held = next(at);
          starts.push(open);
          if (!held) {
            this.#groups[number * 2] = beforeStart;
            this.#groups[number * 2 + 1] = before;
          }
          return held;
        };
        const starts: number[] = [];
        const inner = this.#compile(node.of, close);
        return (at) => {
          starts.push(at);
          const held = inner(at);
          starts.pop();
          return held;
        };
      }
      case 'atomic': {
        const inner = this.#alone(node.of);
        return (at) => {
          const end = inner(at);
          return end >= 0 && next(end);
        };
      }
      case 'look':
        return node.behind ? this.#lookBehind(node, next) : this.#lookAhead(node, next);
      case 'back': {
        const { number, nocase } = node;
        return (at) => {
          const from = this.#groups[number * 2];
          const length = this.#groups[number * 2 + 1] - from;
          if (from < 0 || at + length > this.#end || !this.#spend()) return false;
          for (let index = 0; index < length; index++) {
            const one = this.#bytes[from + index];
            const other = this.#bytes[at + index];
            if (one !== other && !(nocase && fold(one) === fold(other))) return false;
          }
          return next(at + length);
        };
      }
      case 'place':
        return (at) => this.#isPlace(node.place, at) && next(at);
      case 'repeat':
        return this.#repeat(node, next);
    }
  }

  /** End of the first way to match, or -1; no way back into it. */
  #alone(node: Node): (at: number) => number {
    let end = -1;
    const inner = this.#compile(node, (at) => {
      end = at;
      return true;
    });
    return (at) => (inner(at) ? end : -1);
  }

  #lookAhead(node: Node & { kind: 'look' }, next: Step): Step {
    const inner = this.#alone(node.of);
    return (at) => inner(at) >= 0 !== node.negated && this.#spend() && next(at);
  }

  #lookBehind(node: Node & { kind: 'look' }, next: Step): Step {
    let target = -1;
    const inner = this.#compile(node.of, (at) => at === target);
    return (at) => {
      let found = false;
      const saved = target;
      for (let from = at; from >= this.#start && !found && !this.gaveUp; from--) {
        target = at;
        found = this.#spend() && inner(from);
      }
      target = saved;
      return found !== node.negated && next(at);
    };
  }

  #repeat(node: Node & { kind: 'repeat' }, next: Step): Step {
    const { of, minimum, maximum, mode } = node;
    if (mode === 'possessive') return this.#compile({ kind: 'atomic', of: { ...node, mode: 'greedy' } }, next);
    if (of.kind === 'set') return this.#repeatSet(of.set, minimum, maximum, mode === 'lazy', next);
    // The count lives in a stack, since the repeat may be entered again inside itself.
    const counts: number[] = [];
    const froms: number[] = [];
    const again: Step = (at) => {
      const count = counts[counts.length - 1];
      const from = froms[froms.length - 1];
      if (at === from && count > minimum) return false;
      return loop(at, count);
    };
    const inner = this.#compile(of, again);
    const enter = (at: number, count: number): boolean => {
      counts.push(count + 1);
      froms.push(at);
      this.#depth++;
      const held = this.#spend() && inner(at);
      this.#depth--;
      counts.pop();
      froms.pop();
      return held;
    };
    const leave = (at: number): boolean => {
      const count = counts.pop();
      const from = froms.pop();
      const held = next(at);
      if (count !== undefined) counts.push(count);
      if (from !== undefined) froms.push(from);
      return held;
    };
    const loop = (at: number, count: number): boolean => {
      if (count < minimum) return enter(at, count);
      if (mode === 'lazy') return leave(at) || (count < maximum && enter(at, count));
      return (count < maximum && enter(at, count)) || leave(at);
    };
    return (at) => {
      const savedCounts = counts.splice(0);
      const savedFroms = froms.splice(0);
      const held = loop(at, 0);
      counts.length = 0;
      froms.length = 0;
      counts.push(...savedCounts);
      froms.push(...savedFroms);
      return held;
    };
  }

  #repeatSet(set: Uint8Array, minimum: number, maximum: number, lazy: boolean, next: Step): Step {
    return (at) => {
      let count = 0;
      const most = Math.min(maximum, this.#end - at);
      if (lazy) {
        while (count < minimum) {
          if (count >= most || set[this.#bytes[at + count]] !== 1) return false;
          count++;
        }
        for (;;) {
          if (!this.#spend()) return false;
          if (next(at + count)) return true;
          if (count >= most || set[this.#bytes[at + count]] !== 1) return false;
          count++;
        }
      }
      while (count < most && set[this.#bytes[at + count]] === 1) count++;
      for (; count >= minimum; count--) {
        if (!this.#spend()) return false;
        if (next(at + count)) return true;
      }
      return false;
    };
  }

  #isPlace(place: string, at: number): boolean {
    switch (place) {
      case 'start':
        return at === this.#start;
      case 'line-start':
        return at === this.#start || (at < this.#end && this.#bytes[at - 1] === 10);
      case 'end':
        return at === this.#end;
      case 'end-or-newline':
        return at === this.#end || (at === this.#end - 1 && this.#bytes[at] === 10);
      case 'line-end':
        return at === this.#end || this.#bytes[at] === 10;
      case 'search-start':
        return at === this.#searchStart;
      default: {
        const before = at > this.#start && isWord(this.#bytes[at - 1]);
        const after = at < this.#end && isWord(this.#bytes[at]);
        return (before !== after) === (place === 'word');
      }
    }
  }
}

function fold(byte: number): number {
  return byte >= 65 && byte <= 90 ? byte + 32 : byte;
}
