/**
 * The door of the pattern engine: source and flags → a BytePattern that takes bounded time. Two evaluators stand behind it, a
 * JavaScript RegExp where it means the same, can not run away on a window of this length and is the faster one, and the machine
 * with its limit of steps for everything else. Either is made when the pattern is first matched.
 */
import { latin1 } from '@sigwright/bytes';
import type { BytePattern, PatternLiteral, PatternMatch } from '@sigwright/contracts';
import { type BeginningSearch, beginningOf, searchFor } from './beginning.ts';
import { exampleOf } from './example.ts';
import { requiredLiterals } from './literals.ts';
import { Machine } from './machine.ts';
import { compileProgram, type Program } from './program.ts';
import { readPattern } from './reader.ts';
import { scriptFor, scriptSource } from './script.ts';
import { scriptCost } from './script-cost.ts';
import { rareTail } from './tail.ts';
import type { PatternFlags, PatternProblem, PatternTree } from './tree.ts';

export type { PatternFlags, PatternProblem } from './tree.ts';

export const NO_FLAGS: PatternFlags = {
  nocase: false,
  dotAll: false,
  multiline: false,
  extended: false,
  ungreedy: false,
  anchored: false,
  dollarEnd: false,
};

export interface BoundedPattern extends BytePattern {
  /** has the last match been given up, for want of steps? */
  readonly gaveUp: boolean;
  readonly growth: 'linear' | 'polynomial' | 'exponential';
  readonly script: string | undefined;
  literals(shortest: number): readonly (readonly PatternLiteral[])[];
  beginning(): readonly Uint8Array[];
  example(below: (limit: number) => number, wanted: readonly Uint8Array[]): Uint8Array;
  /** windows up to this length are left to the RegExp; -1: none */
  readonly scriptUpTo: number;
}

export interface CompiledPattern {
  readonly pattern: BoundedPattern;
  readonly groups: number;
  readonly names: ReadonlyMap<string, number>;
}

/** Who evaluates; `auto` is for everybody but tests, which compare the two: those try every place, where `auto` looks for the beginning first. */
export type Evaluator = 'auto' | 'script' | 'machine';

export interface PatternOptions {
  /** give what the groups matched; slower, since few patterns can then be left to the RegExp */
  readonly keepGroups?: boolean;
  readonly evaluator?: Evaluator;
}

export function compilePattern(source: string, flags: PatternFlags, stepLimit: number, options: PatternOptions = {}): CompiledPattern | PatternProblem {
  const tree = readPattern(source, flags);
  if ('problem' in tree) return tree;
  const pattern = new TwofoldPattern(source, flags, tree, stepLimit, options.keepGroups ?? false, options.evaluator ?? 'auto');
  return { pattern, groups: tree.groups, names: tree.names };
}

/** Steps that a RegExp may take at worst, as a logarithm (base 2): some 50 milliseconds. */
const MOST_SCRIPT_STEPS = 25;
/** Windows so short that reading them again and again costs less than the machine. */
const FEW_BYTES = 256;

// The text of the window last searched. A first search (from = start) always reads anew, since buffers are reused; only the
// further searches that follow it in the same window take it from here.
let lastBytes: Uint8Array | undefined;
let lastStart = -1;
let lastEnd = -1;
let lastText = '';

function windowText(bytes: Uint8Array, start: number, end: number, from: number): string {
  if (from !== start && bytes === lastBytes && start === lastStart && end === lastEnd) return lastText;
  lastBytes = bytes;
  lastStart = start;
  lastEnd = end;
  lastText = latin1(bytes, start, end);
  return lastText;
}

/** Different bytes with which a match begins, up to which the machine is the faster one. */
const FEW_FIRST_BYTES = 2;

/**
 * Is there nothing to scan for? Then the machine is faster, since it needs no text. Measured on 3,157 patterns of public rules and
 * 1,400 bytes of HTTP: anchored 1.8 microseconds (RegExp 5.9), at most two first bytes 2.7 (6.2), three to 16 first bytes
 * 11.5 (5.6), more 97 (50).
 */
function startsRarely({ anchor, first }: Program): boolean {
  if (anchor !== undefined || first === undefined) return true;
  let count = 0;
  for (const flag of first) count += flag;
  return count <= FEW_FIRST_BYTES;
}

/** A run of anything, or nearly, goes on to the end of most windows; one of letters ends soon. */
function beginsWithLongRun({ leadingRun, sets }: Program): boolean {
  if (leadingRun === undefined) return false;
  let count = 0;
  for (let byte = 0; byte < 256; byte++) count += sets[leadingRun + byte];
  return count > 128;
}

class TwofoldPattern implements BoundedPattern {
  readonly source: string;
  readonly #flags: PatternFlags;
  readonly #stepLimit: number;
  readonly #keepGroups: boolean;
  readonly #evaluator: Evaluator;
  /** until it is first matched */
  #tree: PatternTree | undefined;
  #expression: RegExp | undefined = undefined;
  /** windows up to this length are left to the RegExp; -1: none */
  #scriptUpTo = -1;
  #machine: Machine | undefined = undefined;
  /** where a RegExp begins to look: of most windows nothing has to be made a text */
  #beginning: BeginningSearch | undefined = undefined;
  /** what every window with a match holds, and is looked for first */
  #tail: Machine | undefined = undefined;

  constructor(source: string, flags: PatternFlags, tree: PatternTree, stepLimit: number, keepGroups: boolean, evaluator: Evaluator) {
    this.source = source;
    this.#flags = flags;
    this.#tree = tree;
    this.#stepLimit = stepLimit;
    this.#keepGroups = keepGroups && tree.groups > 0;
    this.#evaluator = evaluator;
  }

  /** What tells it apart from others, where it is part of what a rule asks. */
  toJSON(): unknown {
    return [this.source, this.#flags];
  }

  get gaveUp(): boolean {
    return this.#machine?.gaveUp ?? false;
  }

  get scriptUpTo(): number {
    if (this.#tree !== undefined) this.#prepare(this.#tree);
    return this.#scriptUpTo;
  }

  match(bytes: Uint8Array, start: number, end: number, from: number): PatternMatch | undefined {
    if (this.#tree !== undefined) this.#prepare(this.#tree);
    if (this.#tail !== undefined && this.#tail.search(bytes, start, end, from) < 0 && !this.#tail.gaveUp) {
      if (this.#machine !== undefined) this.#machine.gaveUp = false;
      return undefined;
    }
    return end - start <= this.#scriptUpTo ? this.#byScript(bytes, start, end, from) : this.#byMachine(bytes, start, end, from);
  }

  get growth(): 'linear' | 'polynomial' | 'exponential' {
    const tree = readPattern(this.source, this.#flags);
    const cost = 'problem' in tree ? undefined : scriptCost(tree.root, true);
    if (cost === undefined) return 'exponential';
    return cost.exponent <= 1 ? 'linear' : 'polynomial';
  }

  get script(): string | undefined {
    const tree = readPattern(this.source, this.#flags);
    return 'problem' in tree ? undefined : scriptSource(tree);
  }

  literals(shortest: number): readonly (readonly PatternLiteral[])[] {
    const tree = this.#tree ?? readPattern(this.source, this.#flags);
    return 'problem' in tree || tree.verbs.has('accept') ? [] : requiredLiterals(tree.root, shortest);
  }

  beginning(): readonly Uint8Array[] {
    const tree = this.#tree ?? readPattern(this.source, this.#flags);
    return 'problem' in tree || tree.verbs.size > 0 ? [] : beginningOf(tree.root);
  }

  example(below: (limit: number) => number, wanted: readonly Uint8Array[]): Uint8Array {
    const tree = readPattern(this.source, this.#flags);
    return 'problem' in tree ? new Uint8Array(0) : exampleOf(tree.root, below, wanted);
  }

  #prepare(tree: PatternTree): void {
    this.#tree = undefined;
    const program = compileProgram(tree);
    // A verb asks to be met wherever a match might begin.
    const looksAhead = this.#evaluator === 'auto' && program?.anchor === undefined && tree.verbs.size === 0;
    const beginning = looksAhead ? searchFor(tree.root) : undefined;
    if (looksAhead && program !== undefined && !tree.sharesNumbers) this.#tail = this.#tailOf(tree);
    const toMachine = this.#evaluator === 'machine' || (this.#evaluator === 'auto' && program !== undefined && startsRarely(program));
    const script = toMachine ? undefined : scriptFor(tree, this.#keepGroups);
    if (script !== undefined) {
      const { exponent, factor } = script.cost;
      this.#scriptUpTo = this.#evaluator === 'script' || exponent === 0 ? Number.POSITIVE_INFINITY : 2 ** ((MOST_SCRIPT_STEPS - factor) / exponent);
      // Of what the machine reads once, a RegExp would read each run from each of its bytes.
      if (this.#evaluator === 'auto' && program !== undefined && beginsWithLongRun(program) && exponent > 1)
        this.#scriptUpTo = Math.min(this.#scriptUpTo, FEW_BYTES);
      this.#beginning = beginning;
      this.#expression = new RegExp(script.source, this.#keepGroups ? 'dg' : 'g');
    }
    if (this.#scriptUpTo === Number.POSITIVE_INFINITY) return;
    // Too long a program is a pattern that takes too many steps: it matches nothing.
    if (program !== undefined) this.#machine = new Machine(program, this.#stepLimit, beginning);
  }

  #tailOf(tree: PatternTree): Machine | undefined {
    const root = rareTail(tree.root);
    if (root === undefined) return undefined;
    const program = compileProgram({ ...tree, root });
    return program === undefined ? undefined : new Machine(program, this.#stepLimit, searchFor(root));
  }

  #byScript(bytes: Uint8Array, start: number, end: number, from: number): PatternMatch | undefined {
    const first = this.#beginning === undefined ? from : this.#beginning.next(bytes, from, end);
    if (first < 0) return undefined;
    const expression = this.#expression!;
    expression.lastIndex = first - start;
    const found = expression.exec(windowText(bytes, start, end, from));
    if (found === null) return undefined;
    let groups: Int32Array | undefined;
    if (this.#keepGroups) {
      groups = new Int32Array(found.length * 2);
      for (let number = 0; number < found.length; number++) {
        const span = found.indices![number];
        groups[number * 2] = span === undefined ? -1 : start + span[0];
        groups[number * 2 + 1] = span === undefined ? -1 : start + span[1];
      }
    }
    return { start: start + found.index, end: start + found.index + found[0].length, groups };
  }

  #byMachine(bytes: Uint8Array, start: number, end: number, from: number): PatternMatch | undefined {
    const machine = this.#machine;
    const found = machine === undefined ? -1 : machine.search(bytes, start, end, from);
    if (found < 0) return undefined;
    return { start: found, end: machine!.matchEnd, groups: this.#keepGroups ? machine!.groups() : undefined };
  }
}
