/**
 * Tree → JavaScript RegExp over one-character-per-byte strings, where that means exactly the same: no possessive or atomic
 * parts, no back references or conditions, no `\G`, no `\K`, no loop whose turn can be empty (the languages end those
 * differently), and, where groups are kept, none inside a repeat (JavaScript forgets them with every turn).
 */
import { firstBytes } from './first-bytes.ts';
import { type Cost, scriptCost } from './script-cost.ts';
import type { Node, PatternTree } from './tree.ts';

export interface Script {
  readonly source: string;
  readonly cost: Cost;
}

/** Undefined: the machine must do it. */
export function scriptFor(tree: PatternTree, keepGroups: boolean): Script | undefined {
  if (keepGroups && tree.sharesNumbers) return undefined;
  if (!isExact(tree.root, keepGroups)) return undefined;
  const cost = scriptCost(tree.root, isAnchored(tree.root));
  return cost === undefined ? undefined : { source: emit(tree.root, keepGroups), cost };
}

/** However long it may take; for those who only read it. */
export function scriptSource(tree: PatternTree): string | undefined {
  return isExact(tree.root, false) ? emit(tree.root, false) : undefined;
}

function isExact(node: Node, keepGroups: boolean): boolean {
  switch (node.kind) {
    case 'set':
      return true;
    case 'place':
      return node.place !== 'search-start';
    case 'sequence':
      return node.items.every((item) => isExact(item, keepGroups));
    case 'either':
      return node.branches.every((item) => isExact(item, keepGroups));
    case 'group':
      return isExact(node.of, keepGroups);
    case 'look':
      // Looking back, JavaScript matches from right to left: groups would be kept differently.
      return !(keepGroups && holdsGroup(node.of)) && isExact(node.of, keepGroups);
    case 'repeat':
      return node.mode !== 'possessive' && !firstBytes(node.of).nullable && !(keepGroups && holdsGroup(node.of)) && isExact(node.of, keepGroups);
    case 'atomic':
    case 'back':
    case 'call':
    case 'condition':
    case 'define':
    case 'keep':
    case 'verb':
      return false;
  }
}

function holdsGroup(node: Node): boolean {
  switch (node.kind) {
    case 'group':
      return true;
    case 'sequence':
      return node.items.some(holdsGroup);
    case 'either':
      return node.branches.some(holdsGroup);
    case 'repeat':
    case 'look':
    case 'atomic':
      return holdsGroup(node.of);
    case 'condition':
      return holdsGroup(node.yes) || holdsGroup(node.no);
    default:
      return false;
  }
}

function isAnchored(node: Node): boolean {
  switch (node.kind) {
    case 'place':
      return node.place === 'start';
    case 'sequence':
      return node.items.length > 0 && isAnchored(node.items[0]);
    case 'either':
      return node.branches.every(isAnchored);
    case 'group':
      return isAnchored(node.of);
    default:
      return false;
  }
}

function emit(node: Node, keepGroups: boolean): string {
  switch (node.kind) {
    case 'set':
      return emitSet(node.set);
    case 'sequence':
      return node.items.map((item) => (item.kind === 'either' ? `(?:${emit(item, keepGroups)})` : emit(item, keepGroups))).join('');
    case 'either':
      return node.branches.map((branch) => emit(branch, keepGroups)).join('|');
    case 'group':
      return `(${keepGroups ? '' : '?:'}${emit(node.of, keepGroups)})`;
    case 'look':
      return `(?${node.behind ? '<' : ''}${node.negated ? '!' : '='}${emit(node.of, keepGroups)})`;
    case 'repeat': {
      const of = node.of.kind === 'set' || node.of.kind === 'group' ? emit(node.of, keepGroups) : `(?:${emit(node.of, keepGroups)})`;
      return `${of}${counts(node.minimum, node.maximum)}${node.mode === 'lazy' ? '?' : ''}`;
    }
    case 'place':
      return PLACES[node.place] ?? '';
    default:
      throw new Error(`a ${node.kind} has no JavaScript form`);
  }
}

function counts(minimum: number, maximum: number): string {
  if (minimum === 0 && maximum === 1) return '?';
  if (maximum === Number.POSITIVE_INFINITY) return minimum === 0 ? '*' : minimum === 1 ? '+' : `{${minimum},}`;
  return minimum === maximum ? `{${minimum}}` : `{${minimum},${maximum}}`;
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
