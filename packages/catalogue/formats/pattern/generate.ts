/**
 * For tests and fuzzers: patterns out of a small grammar, and bytes that a pattern is likely to match, walked out of its tree.
 * `below(n)` gives a number from 0 to n - 1.
 */
import type { Node } from './tree.ts';

export type Below = (limit: number) => number;

/** Bytes that the tree might match; places, look-arounds and back references are taken as they come. */
export function sampleMatch(node: Node, below: Below, out: number[], groups: Map<number, number[]> = new Map(), depth = 0): void {
  if (out.length > LONGEST_SAMPLE) return;
  switch (node.kind) {
    case 'set': {
      const from = below(256);
      // Mostly something readable, where the set has it.
      const wanted = below(4) === 0 ? from : 32 + (from % 95);
      for (let step = 0; step < 256; step++) {
        const byte = (wanted + step) & 255;
        if (node.set[byte] === 1) {
          out.push(byte);
          return;
        }
      }
      return;
    }
    case 'sequence':
      for (const item of node.items) sampleMatch(item, below, out, groups, depth);
      return;
    case 'either':
      sampleMatch(node.branches[below(node.branches.length)], below, out, groups, depth);
      return;
    case 'group': {
      const start = out.length;
      sampleMatch(node.of, below, out, groups, depth);
      groups.set(node.number, out.slice(start));
      return;
    }
    case 'atomic':
      sampleMatch(node.of, below, out, groups, depth);
      return;
    case 'look':
      if (!node.negated && below(2) === 0) sampleMatch(node.of, below, out, groups, depth);
      return;
    case 'back':
      out.push(...(groups.get(node.number) ?? []));
      return;
    case 'call':
      if (depth < DEEPEST_CALL) sampleMatch(node.group, below, out, new Map(groups), depth + 1);
      return;
    case 'condition':
      sampleMatch(below(2) === 0 ? node.yes : node.no, below, out, groups, depth);
      return;
    case 'define':
    case 'keep':
    case 'verb':
      return;
    case 'place':
      if (node.place === 'line-start' || node.place === 'line-end') if (below(2) === 0) out.push(10);
      return;
    case 'repeat': {
      const most = Math.min(node.maximum, node.minimum + 3);
      for (let turn = node.minimum + below(most - node.minimum + 1); turn > 0; turn--) sampleMatch(node.of, below, out, groups, depth);
    }
  }
}

const LONGEST_SAMPLE = 4000;
const DEEPEST_CALL = 4;

const ATOMS = [
  'a',
  'b',
  'ab',
  'c',
  '.',
  '\\d',
  '\\w',
  '\\s',
  '\\S',
  '\\h',
  '\\R',
  '\\N',
  '[ab]',
  '[^a]',
  '[^\\n]',
  '[a-c\\d]',
  '[[:alpha:]]',
  '[[:^upper:]]',
  '[\\x80-\\xff]',
  '\\x61',
  '\\n',
  '\\.',
  '^',
  '$',
  '\\b',
  '\\B',
  '\\A',
  '\\z',
  '\\Z',
  '\\G',
  '\\K',
  '\\Qa.b\\E',
];
const REPEATS = ['', '', '', '', '*', '+', '?', '*?', '+?', '??', '{2}', '{1,3}', '{2,}', '{0,2}?', '*+', '++', '?+'];

/** Places can not be repeated. */
const TAKES_NOTHING = /^(?:\^|\$|\\[bBAzZGK])$/;

/** A pattern of PCRE's syntax, mostly valid. */
export function samplePattern(below: Below, depth = 3): string {
  let text = '';
  for (let parts = 1 + below(4); parts > 0; parts--) {
    const part = samplePart(below, depth);
    text += TAKES_NOTHING.test(part) ? part : part + REPEATS[below(REPEATS.length)];
  }
  return below(5) === 0 ? `${text}|${samplePattern(below, depth - 1)}` : text;
}

const CALLS = ['(?1)', '(?1)', '(?2)', '(?-1)', '(?R)', '(?1)?', '(?R)?', '(?1)*?'];
const VERBS = ['(*COMMIT)', '(*PRUNE)', '(*SKIP)', '(*THEN)', '(*F)', '(*ACCEPT)'];
const SIMPLE_ATOMS = ['a', 'b', 'c', 'ab', '[ab]', '.', '\\X', '\\p{L}', '^', '$', '\\b', '\\1'];
const SIMPLE_REPEATS = ['', '', '', '', '', '*', '+', '?', '*?', '+?', '??', '{2}', '{1,2}', '*+'];

/** A pattern with calls of groups, or with verbs; not all that are made are valid. */
export function sampleWithCalls(below: Below, kind: 'calls' | 'verbs', depth = 3): string {
  let text = '';
  for (let parts = 1 + below(3); parts > 0; parts--) text += sampleWithCall(below, kind, depth);
  return below(3) === 0 ? `${text}|${sampleWithCalls(below, kind, depth - 1)}` : text;
}

function sampleWithCall(below: Below, kind: 'calls' | 'verbs', depth: number): string {
  const pick = (from: readonly string[]): string => from[below(from.length)];
  if (depth <= 0 || below(3) > 0) {
    if (below(4) === 0) return pick(kind === 'calls' ? CALLS : VERBS);
    const atom = pick(SIMPLE_ATOMS);
    return TAKES_NOTHING.test(atom) ? atom : atom + pick(SIMPLE_REPEATS);
  }
  const inner = sampleWithCalls(below, kind, depth - 1);
  switch (below(10)) {
    case 0:
    case 1:
    case 2:
      return `(${inner})${pick(SIMPLE_REPEATS)}`;
    case 3:
      return `(?:${inner})${pick(SIMPLE_REPEATS)}`;
    case 4:
      return `(?=${inner})`;
    case 5:
      return `(?!${inner})`;
    case 6:
      return `(?>${inner})`;
    case 7:
      return `(?(DEFINE)(${inner}))`;
    case 8:
      return `(?(R)${inner}|b)`;
    default:
      return `(?(?=a)${inner}|b)`;
  }
}

function samplePart(below: Below, depth: number): string {
  if (depth <= 0 || below(3) > 0) return ATOMS[below(ATOMS.length)];
  const inner = samplePattern(below, depth - 1);
  switch (below(14)) {
    case 0:
    case 1:
    case 2:
      return `(${inner})`;
    case 3:
    case 4:
      return `(?:${inner})`;
    case 5:
      return `(?i:${inner})`;
    case 6:
      return `(?>${inner})`;
    case 7:
      return `(?=${inner})`;
    case 8:
      return `(?!${inner})`;
    case 9:
      return `(?<${below(2) === 0 ? '!' : '='}${['a', 'ab', '[ab]\\d', 'a|bc', '\\s'][below(5)]})`;
    case 10:
      return `(a|b)${inner}\\1`.replace('\\1', `\\${1 + below(2)}`);
    case 11:
      return `(?(1)${inner}|b)`;
    case 12:
      return `(?|(a)|(b)${inner})`;
    default:
      return `(?(?=a)${inner}|b)`;
  }
}
