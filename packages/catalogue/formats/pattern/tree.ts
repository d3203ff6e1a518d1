/**
 * The tree of a regular expression over bytes. Case folding, `.` and classes are resolved to byte sets while reading, so that
 * whoever evaluates the tree needs no flags.
 */
import type { ByteSet } from './byte-sets.ts';

export type Node =
  | { readonly kind: 'set'; readonly set: ByteSet }
  | { readonly kind: 'sequence'; readonly items: readonly Node[] }
  | { readonly kind: 'either'; readonly branches: readonly Node[] }
  | RepeatNode
  | { readonly kind: 'group'; readonly number: number; readonly of: Node }
  | { readonly kind: 'atomic'; readonly of: Node }
  | LookNode
  | { readonly kind: 'back'; readonly number: number; readonly nocase: boolean }
  /** `(?(1)yes|no)` with a number, `(?(?=x)yes|no)` with an assertion, `(?(R)yes|no)` */
  | { readonly kind: 'condition'; readonly on: number | LookNode | CallTest; readonly yes: Node; readonly no: Node }
  | CallNode
  /** `(?(DEFINE)…)`: there for the groups in it to be called */
  | { readonly kind: 'define'; readonly of: Node }
  | { readonly kind: 'verb'; readonly verb: Verb }
  /** `\K`: the match begins here */
  | { readonly kind: 'keep' }
  | { readonly kind: 'place'; readonly place: Place };

export interface RepeatNode {
  readonly kind: 'repeat';
  readonly of: Node;
  readonly minimum: number;
  readonly maximum: number;
  readonly mode: 'greedy' | 'lazy' | 'possessive';
}

export interface LookNode {
  readonly kind: 'look';
  readonly behind: boolean;
  readonly negated: boolean;
  readonly of: Node;
}

/** `(?1)`, `(?R)` with number 0: matched as the group is, which takes no part by that. */
export interface CallNode {
  readonly kind: 'call';
  readonly number: number;
  /** the group; it may hold the call */
  readonly group: Node;
}

/** Is this a call of the group, of any one where there is no number? */
export interface CallTest {
  readonly kind: 'called';
  readonly number: number | undefined;
}

/**
 * What happens when a match that came past goes back to it: `commit`: there is none · `prune`: none from where it began · `skip`: none that
 * begins before here · `then`: the next branch is tried. `accept`: the match, or the call, ends here.
 */
export type Verb = 'accept' | 'commit' | 'prune' | 'skip' | 'then';

export type Place = 'start' | 'line-start' | 'end' | 'end-or-newline' | 'line-end' | 'word' | 'not-word' | 'search-start';

export interface PatternFlags {
  readonly nocase: boolean;
  readonly dotAll: boolean;
  readonly multiline: boolean;
  readonly extended: boolean;
  readonly ungreedy: boolean;
  readonly anchored: boolean;
  readonly dollarEnd: boolean;
}

export interface PatternTree {
  readonly root: Node;
  readonly groups: number;
  readonly names: ReadonlyMap<string, number>;
  /** several groups have one number, `(?|…)` */
  readonly sharesNumbers: boolean;
  /** numbers of groups that are called */
  readonly calls: ReadonlySet<number>;
  readonly verbs: ReadonlySet<Verb>;
}

export interface PatternProblem {
  readonly problem: string;
  /** offset in the pattern's bytes */
  readonly at: number;
}

/** Nothing, which always matches. */
export const NOTHING: Node = { kind: 'sequence', items: [] };

export interface Width {
  readonly minimum: number;
  readonly maximum: number;
}

/** How many bytes it can match; a back reference or a call can match any number. `accept` is not looked at: whoever asks knows of it. */
export function widthOf(node: Node): Width {
  switch (node.kind) {
    case 'set':
      return { minimum: 1, maximum: 1 };
    case 'sequence': {
      let minimum = 0;
      let maximum = 0;
      for (const item of node.items) {
        const width = widthOf(item);
        minimum += width.minimum;
        maximum += width.maximum;
      }
      return { minimum, maximum };
    }
    case 'either':
      return widest(node.branches.map(widthOf));
    case 'condition':
      return widest([widthOf(node.yes), widthOf(node.no)]);
    case 'group':
    case 'atomic':
      return widthOf(node.of);
    case 'repeat': {
      const width = widthOf(node.of);
      return { minimum: width.minimum * node.minimum, maximum: width.maximum === 0 || node.maximum === 0 ? 0 : width.maximum * node.maximum };
    }
    case 'back':
    case 'call':
      return { minimum: 0, maximum: Number.POSITIVE_INFINITY };
    case 'look':
    case 'keep':
    case 'place':
    case 'define':
    case 'verb':
      return { minimum: 0, maximum: 0 };
  }
}

function widest(widths: readonly Width[]): Width {
  return { minimum: Math.min(...widths.map((one) => one.minimum)), maximum: Math.max(...widths.map((one) => one.maximum)) };
}
