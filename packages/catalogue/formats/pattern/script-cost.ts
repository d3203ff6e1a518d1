/**
 * How long may a backtracking RegExp take on a window of n bytes? At most about `factor * n^exponent` steps, or nobody knows.
 * The engine of the host language can not be stopped, so a pattern runs there only where this stays small; the machine with
 * its limit of steps does the rest.
 *
 * The idea, node by node from the end: a repeat whose bytes can not begin what follows leaves no choice where to stop, and adds
 * nothing to the exponent; one that overlaps with what follows multiplies by n. Inside a loop there must be no choice at all
 * (every alternative told apart by its first byte), since choices there multiply with every turn.
 */
import { ALL_BYTES, addAll, type ByteSet, disjoint, union } from './byte-sets.ts';
import { firstBytes } from './first-bytes.ts';
import type { Node, RepeatNode } from './tree.ts';

export interface Cost {
  readonly exponent: number;
  /** logarithm (base 2) of the constant factor */
  readonly factor: number;
}

interface State extends Cost {
  /** bytes with which the rest can go on */
  readonly first: ByteSet;
  /** can the rest fail, so that choices before it are tried again? */
  readonly fails: boolean;
}

/** A variable repeat of at most this many turns counts as a constant factor. */
const FEW_TURNS = 64;
/** A loop with fixed turns is written out up to this count. */
const WRITTEN_OUT = 4;

const END: State = { exponent: 0, factor: 0, first: ALL_BYTES, fails: false };

class Unbounded extends Error {}

/** Undefined: it may be exponential. */
export function scriptCost(root: Node, anchored: boolean): Cost | undefined {
  try {
    const { exponent, factor } = cost(root, END);
    // Not anchored, it is tried from every byte on.
    return { exponent: exponent + (anchored ? 0 : 1), factor };
  } catch (thrown) {
    if (thrown instanceof Unbounded) return undefined;
    throw thrown;
  }
}

function cost(node: Node, rest: State): State {
  switch (node.kind) {
    case 'set':
      return { ...rest, first: node.set, fails: true };
    case 'place':
      return { ...rest, fails: true };
    case 'keep':
      return rest;
    case 'sequence': {
      let state = rest;
      for (let index = node.items.length - 1; index >= 0; index--) state = cost(node.items[index], state);
      return state;
    }
    case 'group':
    case 'atomic':
      return cost(node.of, rest);
    case 'either':
      return choice(node.branches.map((branch) => cost(branch, rest)));
    case 'look': {
      const inner = cost(node.of, END);
      return { exponent: Math.max(rest.exponent, inner.exponent), factor: Math.max(rest.factor, inner.factor) + 1, first: rest.first, fails: true };
    }
    case 'repeat':
      return repeated(node, rest);
    case 'back':
    case 'call':
    case 'condition':
    case 'define':
    case 'verb':
      throw new Unbounded();
  }
}

function choice(states: readonly State[]): State {
  const first = new Uint8Array(256);
  let apart = true;
  let exponent = 0;
  let factor = 0;
  let fails = false;
  for (const state of states) {
    if (!disjoint(first, state.first)) apart = false;
    addAll(first, state.first);
    exponent = Math.max(exponent, state.exponent);
    factor = Math.max(factor, state.factor);
    fails ||= state.fails;
  }
  return { exponent, factor: apart ? factor : factor + Math.log2(states.length), first, fails };
}

function repeated(node: RepeatNode, rest: State): State {
  const { of, minimum, maximum } = node;
  if (maximum === 0) return rest;
  if (maximum === 1 && minimum === 1) return cost(of, rest);
  if (maximum === 1) return choice([cost(of, rest), rest]);
  const { set, nullable } = firstBytes(of);
  const first = minimum === 0 || nullable ? union(set, rest.first) : set;
  if (of.kind === 'set') {
    // A fixed number of turns leaves no choice.
    if (minimum === maximum) return { exponent: rest.exponent, factor: Math.max(rest.factor, Math.log2(maximum)), first, fails: true };
    return turns(maximum - minimum, disjoint(set, rest.first) || !rest.fails, rest, first, minimum > 0 || rest.fails);
  }
  if (minimum === maximum && maximum <= WRITTEN_OUT) {
    let state = rest;
    for (let turn = 0; turn < maximum; turn++) state = cost(of, state);
    return state;
  }
  if (nullable || !isDecided(of, set)) throw new Unbounded();
  return turns(maximum === Number.POSITIVE_INFINITY ? maximum : maximum * LONG_TURN, disjoint(allBytes(of), rest.first) || !rest.fails, rest, first, true);
}

/** A turn of a loop may hold runs of its own. */
const LONG_TURN = 16;

function turns(choices: number, decided: boolean, rest: State, first: ByteSet, fails: boolean): State {
  if (choices <= FEW_TURNS) {
    const several = Math.log2(choices + 1);
    return { exponent: rest.exponent, factor: decided ? Math.max(rest.factor, several) : rest.factor + several, first, fails };
  }
  return { exponent: decided ? Math.max(1, rest.exponent) : rest.exponent + 1, factor: rest.factor, first, fails };
}

/** Does the next byte alone say how to go on, everywhere inside, where `follow` comes behind? */
function isDecided(node: Node, follow: ByteSet): boolean {
  switch (node.kind) {
    case 'set':
    case 'place':
    case 'keep':
      return true;
    case 'sequence': {
      let behind = follow;
      for (let index = node.items.length - 1; index >= 0; index--) {
        const item = node.items[index];
        if (!isDecided(item, behind)) return false;
        const first = firstBytes(item);
        behind = first.nullable ? union(first.set, behind) : first.set;
      }
      return true;
    }
    case 'group':
    case 'atomic':
      return isDecided(node.of, follow);
    case 'either': {
      const seen = new Uint8Array(256);
      for (const branch of node.branches) {
        const first = firstBytes(branch);
        const set = first.nullable ? union(first.set, follow) : first.set;
        if (!disjoint(seen, set) || !isDecided(branch, follow)) return false;
        addAll(seen, set);
      }
      return true;
    }
    case 'repeat': {
      if (node.minimum === node.maximum && node.of.kind === 'set') return true;
      const first = firstBytes(node.of);
      if (first.nullable || !disjoint(first.set, follow)) return false;
      return isDecided(node.of, node.maximum === 1 ? follow : union(first.set, follow));
    }
    case 'look': {
      // Looked at once in every turn: it must not scan.
      const inner = cost(node.of, END);
      return inner.exponent === 0;
    }
    case 'back':
    case 'call':
    case 'condition':
    case 'define':
    case 'verb':
      return false;
  }
}

/** Every byte that can occur in it. */
function allBytes(node: Node): ByteSet {
  switch (node.kind) {
    case 'set':
      return node.set;
    case 'sequence':
      return joined(node.items);
    case 'either':
      return joined(node.branches);
    case 'group':
    case 'atomic':
    case 'repeat':
      return allBytes(node.of);
    case 'condition':
    case 'back':
    case 'call':
      return ALL_BYTES;
    default:
      return new Uint8Array(256);
  }
}

function joined(nodes: readonly Node[]): ByteSet {
  const set = new Uint8Array(256);
  for (const node of nodes) addAll(set, allBytes(node));
  return set;
}
