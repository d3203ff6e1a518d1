/**
 * Bytes that a pattern is likely to match, walked out of its tree: letters where it lets through letters, few repetitions, and
 * wanted texts in its gaps (`.+`, `[^&]*`). Places and negated looks are taken as they come; whoever asks checks the result.
 */
import type { ByteSet } from './byte-sets.ts';
import type { Node } from './tree.ts';

const LONGEST_EXAMPLE = 4096;
/** More of one thing than this is only tried where the pattern demands it. */
const USUAL_EXTRA = 3;
/** Calls within calls; deeper ones are left out. */
const DEEPEST_CALL = 4;

/** What made-up text is made of, first to last choice. */
const LIKED = ['abcdefghijklmnopqrstuvwxyz', 'ABCDEFGHIJKLMNOPQRSTUVWXYZ', '0123456789', '-_/.=&+ ,;:!?()<>[]{}"\'#$%*@\\^`|~', '\r\n\t'].map((text) =>
  Array.from(text, (character) => character.charCodeAt(0)),
);

export function exampleOf(root: Node, below: (limit: number) => number, wanted: readonly Uint8Array[]): Uint8Array {
  const out: number[] = [];
  walk(root, below, [...wanted], out, new Map(), 0);
  return Uint8Array.from(out);
}

function byteOf(set: ByteSet, below: (limit: number) => number): number {
  for (const liked of LIKED) {
    const start = below(liked.length);
    for (let step = 0; step < liked.length; step++) {
      const byte = liked[(start + step) % liked.length];
      if (set[byte] === 1) return byte;
    }
  }
  return set.indexOf(1);
}

function walk(node: Node, below: (limit: number) => number, wanted: Uint8Array[], out: number[], groups: Map<number, number[]>, depth: number): void {
  if (out.length > LONGEST_EXAMPLE) return;
  switch (node.kind) {
    case 'set': {
      const byte = byteOf(node.set, below);
      if (byte !== -1) out.push(byte);
      return;
    }
    case 'sequence':
      for (const item of node.items) walk(item, below, wanted, out, groups, depth);
      return;
    case 'either':
      walk(node.branches[below(node.branches.length)], below, wanted, out, groups, depth);
      return;
    case 'group': {
      const start = out.length;
      walk(node.of, below, wanted, out, groups, depth);
      groups.set(node.number, out.slice(start));
      return;
    }
    case 'atomic':
      walk(node.of, below, wanted, out, groups, depth);
      return;
    case 'look':
      // What must stand before was mostly written before; what must follow is written now and then matched by what follows.
      if (!node.negated && !node.behind && below(2) === 0) walk(node.of, below, wanted, out, groups, depth);
      return;
    case 'back':
      out.push(...(groups.get(node.number) ?? []));
      return;
    case 'call':
      if (depth < DEEPEST_CALL) walk(node.group, below, wanted, out, new Map(groups), depth + 1);
      return;
    case 'condition':
      walk(typeof node.on === 'number' && groups.has(node.on) ? node.yes : node.no, below, wanted, out, groups, depth);
      return;
    case 'define':
    case 'keep':
    case 'place':
    case 'verb':
      return;
    case 'repeat': {
      const most = Math.min(node.maximum, node.minimum + (below(8) === 0 ? USUAL_EXTRA * 8 : USUAL_EXTRA));
      const inner = node.of.kind === 'group' ? node.of.of : node.of;
      if (inner.kind === 'set' && wanted.length > 0 && below(3) > 0) {
        const set = inner.set;
        const at = wanted.findIndex((text) => text.length <= node.maximum && text.every((byte) => set[byte] === 1));
        if (at !== -1) {
          const [text] = wanted.splice(at, 1);
          out.push(...text);
          for (let turn = text.length; turn < node.minimum; turn++) walk(node.of, below, wanted, out, groups, depth);
          return;
        }
      }
      for (let turn = node.minimum + below(most - node.minimum + 1); turn > 0; turn--) walk(node.of, below, wanted, out, groups, depth);
    }
  }
}
