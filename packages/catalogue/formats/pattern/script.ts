/**
 * Tree → JavaScript RegExp over one-character-per-byte strings, where that is exact and can not run away: no repeat inside an
 * unbounded repeat, nothing JavaScript lacks.
 */
import type { Node, PatternTree } from './tree.ts';

/** Undefined: the machine must do it. */
export function scriptSource(tree: PatternTree): string | undefined {
  return isTame(tree.root, false) ? emit(tree.root) : undefined;
}

/** A count above it inside another repeat counts as unbounded. */
const SMALL_COUNT = 16;

function isTame(node: Node, inRepeat: boolean): boolean {
  switch (node.kind) {
    case 'set':
      return true;
    case 'place':
      return node.place !== 'search-start';
    case 'sequence':
      return node.items.every((item) => isTame(item, inRepeat));
    case 'either':
      return node.branches.every((branch) => isTame(branch, inRepeat));
    case 'group':
      return isTame(node.of, inRepeat);
    case 'look':
      return isTame(node.of, inRepeat);
    case 'repeat': {
      if (node.mode === 'possessive') return false;
      const loops = node.maximum > SMALL_COUNT;
      if (loops && inRepeat && node.of.kind !== 'set') return false;
      if (inRepeat && (loops || node.minimum !== node.maximum) && !isFixedInside(node)) return false;
      return isTame(node.of, inRepeat || (loops && node.of.kind !== 'set'));
    }
    default:
      return false;
  }
}

/** `x{3}` and `x?` inside a repeat multiply nothing that matters. */
function isFixedInside(node: Node & { kind: 'repeat' }): boolean {
  return node.minimum === node.maximum || node.maximum === 1;
}

function emit(node: Node): string {
  switch (node.kind) {
    case 'set':
      return emitSet(node.set);
    case 'sequence':
      return node.items.map((item) => (item.kind === 'either' ? `(?:${emit(item)})` : emit(item))).join('');
    case 'either':
      return node.branches.map(emit).join('|');
    case 'group':
      return `(${emit(node.of)})`;
    case 'look':
      return `(?${node.behind ? '<' : ''}${node.negated ? '!' : '='}${emit(node.of)})`;
    case 'repeat': {
      const of = node.of.kind === 'set' || node.of.kind === 'group' ? emit(node.of) : `(?:${emit(node.of)})`;
      const counts =
        node.minimum === 0 && node.maximum === 1
          ? '?'
          : node.maximum === Number.POSITIVE_INFINITY
            ? node.minimum === 0
              ? '*'
              : node.minimum === 1
                ? '+'
                : `{${node.minimum},}`
            : node.minimum === node.maximum
              ? `{${node.minimum}}`
              : `{${node.minimum},${node.maximum}}`;
      return `${of}${counts}${node.mode === 'lazy' ? '?' : ''}`;
    }
    case 'place':
      return PLACES[node.place] ?? '';
    default:
      throw new Error(`a ${node.kind} has no JavaScript form`);
  }
}

const PLACES: Record<string, string> = {
  start: '^',
  'line-start': '(?:^|(?<=\\n)(?!$))',
  end: '$',
  'end-or-newline': '(?=\\n?$)',
  'line-end': '(?=\\n|$)',
  word: '\\b',
  'not-word': '\\B',
};

function code(byte: number): string {
  return `\\x${byte.toString(16).padStart(2, '0')}`;
}

function emitSet(set: Uint8Array): string {
  let count = 0;
  for (const flag of set) count += flag;
  if (count === 256) return '[^]';
  if (count === 0) return '[]';
  // Listing the smaller side keeps the class short.
  const wanted = count <= 128 ? 1 : 0;
  let text = '';
  for (let from = 0; from < 256; from++) {
    if (set[from] !== wanted) continue;
    let to = from;
    while (to + 1 < 256 && set[to + 1] === wanted) to++;
    text += from === to ? code(from) : `${code(from)}-${code(to)}`;
    from = to;
  }
  if (count === 1) return text;
  return wanted === 1 ? `[${text}]` : `[^${text}]`;
}
