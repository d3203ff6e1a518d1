/** With which bytes can a node's match begin, and can it match nothing? Zero-width parts count as nothing: a superset, never less. */
import { ALL_BYTES, addAll, type ByteSet } from './byte-sets.ts';
import type { Node } from './tree.ts';

export interface FirstBytes {
  readonly set: ByteSet;
  /** it may match without taking a byte: what follows may come first */
  readonly nullable: boolean;
}

const NONE: FirstBytes = { set: new Uint8Array(256), nullable: true };
const ANY: FirstBytes = { set: ALL_BYTES, nullable: true };

// A tree is asked for the same nodes from many sides.
const known = new WeakMap<Node, FirstBytes>();

export function firstBytes(node: Node): FirstBytes {
  let first = known.get(node);
  if (first === undefined) {
    first = compute(node);
    known.set(node, first);
  }
  return first;
}

function compute(node: Node): FirstBytes {
  switch (node.kind) {
    case 'set':
      return { set: node.set, nullable: false };
    case 'sequence': {
      const set = new Uint8Array(256);
      for (const item of node.items) {
        const first = firstBytes(item);
        addAll(set, first.set);
        if (!first.nullable) return { set, nullable: false };
      }
      return { set, nullable: true };
    }
    case 'either':
      return joined(node.branches);
    case 'condition':
      return joined([node.yes, node.no]);
    case 'group':
    case 'atomic':
      return firstBytes(node.of);
    case 'repeat': {
      if (node.maximum === 0) return NONE;
      const first = firstBytes(node.of);
      return { set: first.set, nullable: first.nullable || node.minimum === 0 };
    }
    case 'back':
    case 'call':
    // What lies behind a verb is not to be looked at before it.
    case 'verb':
      return ANY;
    case 'look':
    case 'keep':
    case 'place':
    case 'define':
      return NONE;
  }
}

function joined(branches: readonly Node[]): FirstBytes {
  const set = new Uint8Array(256);
  let nullable = false;
  for (const branch of branches) {
    const first = firstBytes(branch);
    addAll(set, first.set);
    nullable ||= first.nullable;
  }
  return { set, nullable };
}
