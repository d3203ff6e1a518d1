/** The door of the pattern engine: source and flags → a BytePattern that takes bounded time. */
import { latin1 } from '@sigwright/bytes';
import type { BytePattern, PatternMatch } from '@sigwright/contracts';
import { Machine } from './machine.ts';
import { scriptSource } from './script.ts';
import { type PatternFlags, type PatternProblem, type PatternTree, readPattern } from './tree.ts';

export interface CompiledPattern {
  readonly pattern: BytePattern;
  readonly groups: number;
  readonly names: ReadonlyMap<string, number>;
  /** who evaluates it */
  readonly by: 'script' | 'machine';
}

export function compilePattern(source: string, flags: PatternFlags, stepLimit: number): CompiledPattern | PatternProblem {
  const tree = readPattern(source, flags);
  if ('problem' in tree) return tree;
  const script = scriptSource(tree);
  const shared = { groups: tree.groups, names: tree.names };
  if (script !== undefined) return { ...shared, by: 'script', pattern: new ScriptPattern(source, script, tree.groups) };
  return { ...shared, by: 'machine', pattern: new MachinePattern(source, tree, stepLimit) };
}

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

class ScriptPattern implements BytePattern {
  readonly source: string;
  readonly #script: string;
  readonly #flags: string;
  #expression: RegExp | undefined = undefined;

  constructor(source: string, script: string, groups: number) {
    this.source = source;
    this.#script = script;
    this.#flags = groups > 0 ? 'dg' : 'g';
  }

  match(bytes: Uint8Array, start: number, end: number, from: number): PatternMatch | undefined {
    this.#expression ??= new RegExp(this.#script, this.#flags);
    this.#expression.lastIndex = from - start;
    const found = this.#expression.exec(windowText(bytes, start, end, from));
    if (found === null) return undefined;
    let groups: Int32Array | undefined;
    if (found.length > 1) {
      groups = new Int32Array(found.length * 2);
      for (let number = 0; number < found.length; number++) {
        const span = found.indices![number];
        groups[number * 2] = span === undefined ? -1 : start + span[0];
        groups[number * 2 + 1] = span === undefined ? -1 : start + span[1];
      }
    }
    return { start: start + found.index, end: start + found.index + found[0].length, groups };
  }
}

class MachinePattern implements BytePattern {
  readonly source: string;
  readonly #tree: PatternTree;
  readonly #stepLimit: number;
  #machine: Machine | undefined = undefined;

  constructor(source: string, tree: PatternTree, stepLimit: number) {
    this.source = source;
    this.#tree = tree;
    this.#stepLimit = stepLimit;
  }

  match(bytes: Uint8Array, start: number, end: number, from: number): PatternMatch | undefined {
    this.#machine ??= new Machine(this.#tree, this.#stepLimit);
    const found = this.#machine.search(bytes, start, end, from);
    if (found < 0) return undefined;
    return { start: found, end: this.#machine.matchEnd, groups: this.#tree.groups > 0 ? this.#machine.groups.slice() : undefined };
  }
}
