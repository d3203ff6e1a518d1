/**
 * The rest of a pattern that is rarer than its beginning. `\s([\w.]{1,30})\s*=\s*.{1,500}for\s*\(var\s` may begin at every blank and is
 * tried for long at each; `for\s*\(var\s` stands in few texts and is found at once. Where the rest does not match anywhere, nothing does.
 */
import { beginningOf, frequencyOf } from './beginning.ts';
import type { Node } from './tree.ts';

/** The whole must begin at so many places by its first bytes, and a rest at so few, that it is worth while. */
const FIRST = 3;
const OFTEN = 1e-3;
const RARE = 1e-6;
/** Items among which a rest may begin, and so many of which its beginning is worked out. */
const MOST_ITEMS = 200;
const LOOKED_AT = 40;

/**
 * A part of the pattern, from some place on, that matches in every window in which the whole does, not before where the whole begins;
 * undefined where none is worth to be looked for first. It ends where something refers to what was left out.
 */
export function rareTail(root: Node): Node | undefined {
  if (root.kind !== 'sequence') return undefined;
  const { items } = root;
  if (frequencyOf(beginningOf(root).slice(0, FIRST)) < OFTEN) return undefined;
  let rarest = RARE;
  let best: number | undefined;
  // Where everything before it takes one byte, it is looked for with the beginning of the whole.
  let from = items.findIndex((item) => item.kind !== 'set') + 1;
  if (from === 0) return undefined;
  for (; from < Math.min(items.length, MOST_ITEMS); from++) {
    const often = frequencyOf(beginningOf({ kind: 'sequence', items: understood(items.slice(from, from + LOOKED_AT)) }));
    if (often >= rarest) continue;
    rarest = often;
    best = from;
  }
  return best === undefined ? undefined : { kind: 'sequence', items: understood(items.slice(best)) };
}

/** As many of the items as refer to nothing before them. */
function understood(items: readonly Node[]): readonly Node[] {
  const known = new Set<number>();
  const refersBack = items.findIndex((item) => !closes(item, known));
  return refersBack < 0 ? items : items.slice(0, refersBack);
}

/** Do all groups that the node refers to lie in it or among those known? Those in it become known. */
function closes(node: Node, known: Set<number>): boolean {
  switch (node.kind) {
    case 'set':
      return true;
    case 'place':
      return node.place !== 'search-start';
    // Where the match begins is not asked of a rest: it ends here.
    case 'keep':
    case 'call':
    case 'define':
    case 'verb':
      return false;
    case 'back':
      return known.has(node.number);
    case 'sequence':
      return node.items.every((item) => closes(item, known));
    case 'either':
      return node.branches.every((branch) => closes(branch, known));
    case 'repeat':
    case 'atomic':
    case 'look':
      return closes(node.of, known);
    case 'group':
      known.add(node.number);
      return closes(node.of, known);
    case 'condition':
      return (
        (typeof node.on === 'number' ? known.has(node.on) : node.on.kind === 'look' && closes(node.on, known)) &&
        closes(node.yes, known) &&
        closes(node.no, known)
      );
  }
}
