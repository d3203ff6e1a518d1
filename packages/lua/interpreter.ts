/**
 * One Lua state: its globals, and what its scripts may use. Every statement, operation and round of a loop is a step; what is held is
 * counted as Lua would hold it, and where the count passes the limit what nobody holds any more is taken off first.
 */
import { CLOSURE, Compiler } from './compiler.ts';
import { Cell, NOTHING } from './frames.ts';
import { installBase } from './libraries/base.ts';
import { installCoroutines, THREAD } from './libraries/coroutine.ts';
import { installMath } from './libraries/math.ts';
import { installStrings } from './libraries/string.ts';
import { installTables } from './libraries/table.ts';
import { installUtf8 } from './libraries/utf8.ts';
import { type Host, metamethod, STRING } from './operations.ts';
import { parse } from './parser.ts';
import { type Activation, Blocked, Coroutine, LimitReached, LuaError, type LuaFunction, type Steps, Table, typeOf, UserData, type Value } from './values.ts';

export interface Limits {
  /** steps of one call from outside; 0: no limit */
  readonly instructions: number;
  /** bytes held; 0: no limit */
  readonly bytes: number;
}

/** Calls inside each other. */
const DEEPEST = 180;
const NO_ACTIVATION: Activation = { slots: NOTHING, outer: NOTHING, rest: NOTHING, held: NOTHING };

/** Scripts catch their own errors, no limits and nothing that their sandbox keeps from them. */
export function caught(error: unknown): LuaError {
  if (error instanceof LuaError && !(error instanceof Blocked)) return error;
  throw error;
}

function pushHeld(open: unknown[], { slots, outer, rest, held }: Activation): void {
  for (const list of [slots, outer, rest, held]) for (const one of list) open.push(one);
}

export class Interpreter implements Host {
  readonly globals: Table;
  readonly strings: Table;
  readonly #limits: Limits;
  #steps = 0;
  #bytes = 0;
  readonly #frames: Activation[] = [];
  readonly #main = new Coroutine(undefined);
  #running = this.#main;
  /** held by the host */
  readonly #roots: Value[] = [];

  constructor(limits: Limits) {
    this.#limits = limits;
    this.globals = this.table();
    this.strings = this.table();
    this.globals.set('_G', this.globals);
    installBase(this);
    installCoroutines(this);
    installStrings(this);
    installTables(this);
    installMath(this);
    installUtf8(this);
    this.#bytes = 0;
  }

  /** Bytes that scripts hold, what they dropped since it was last counted included. */
  get bytes(): number {
    return this.#bytes;
  }

  table(): Table {
    return new Table((bytes) => this.allocate(bytes));
  }

  /** A list as a table from 1 on. */
  list(values: readonly Value[]): Table {
    const table = this.table();
    values.forEach((value, at) => {
      table.set(at + 1, value);
    });
    return table;
  }

  /** A table with these functions. */
  library(functions: Readonly<Record<string, LuaFunction>>): Table {
    const table = this.table();
    for (const [name, one] of Object.entries(functions)) table.set(name, one);
    return table;
  }

  /** Keeps a value of the host from being taken for dropped. */
  keep(value: Value): void {
    this.#roots.push(value);
  }

  /** Reads a script (one character a byte). Throws LuaError where it can not be read. */
  load(text: string, chunk: string): LuaFunction {
    return new Compiler(this, chunk).function(parse(text, chunk))(undefined);
  }

  /** Calls from outside: the steps are counted anew. Throws LuaError and LimitReached. */
  run(callee: Value, args: readonly Value[]): readonly Value[] {
    this.#steps = 0;
    this.#frames.length = 0;
    this.#running = this.#main;
    this.#main.status = 'running';
    try {
      return this.call(callee, args);
    } catch (error) {
      // Deeper than JavaScript itself goes.
      if (error instanceof RangeError) throw new LuaError('stack overflow');
      throw error;
    }
  }

  call(callee: Value, args: readonly Value[], name = ''): readonly Value[] {
    if (typeof callee === 'function') return callee(args);
    const handler = metamethod(callee, '__call');
    if (handler === undefined) throw new LuaError(`attempt to call a ${typeOf(callee)} value${name}`);
    return this.call(handler, [callee, ...args]);
  }

  /** The same where a coroutine calls. */
  *callSteps(callee: Value, args: readonly Value[], name = ''): Steps<readonly Value[]> {
    if (typeof callee !== 'function') {
      const handler = metamethod(callee, '__call');
      if (handler === undefined) throw new LuaError(`attempt to call a ${typeOf(callee)} value${name}`);
      return yield* this.callSteps(handler, [callee, ...args]);
    }
    const { source } = callee;
    return source?.steps === undefined ? callee(args) : yield* source.steps(source.outer, args);
  }

  /** The main program has no body. */
  get running(): Coroutine {
    return this.#running;
  }

  /** What the coroutine yields or returns. Throws what it dies of. */
  resume(one: Coroutine, args: readonly Value[]): readonly Value[] {
    if (one.status !== 'suspended') throw new LuaError(`cannot resume ${one.status === 'dead' ? 'dead' : 'non-suspended'} coroutine`);
    // One call more than its own: coroutines that resume coroutines are as deep as calls.
    this.enter(NO_ACTIVATION);
    one.steps ??= this.callSteps(one.body, args);
    const { steps } = one;
    try {
      const { done, value } = this.#inside(one, () => steps.next(args));
      one.status = done === true ? 'dead' : 'suspended';
      return value;
    } catch (error) {
      one.status = 'dead';
      if (error instanceof LuaError) one.failure = error;
      throw error;
    } finally {
      this.leave();
    }
  }

  /** Ends it where it waits. What it died of, then or before, is told once. */
  close(one: Coroutine): LuaError | undefined {
    const { steps } = one;
    let { failure } = one;
    try {
      if (one.status === 'suspended' && steps !== undefined) this.#inside(one, () => steps.return(NOTHING));
    } catch (error) {
      if (!(error instanceof LuaError)) throw error;
      failure = error;
    } finally {
      one.status = 'dead';
      one.failure = undefined;
    }
    return failure;
  }

  /** Its calls lie on those that are under way while it runs. */
  #inside<Result>(one: Coroutine, work: () => Result): Result {
    const before = this.#running;
    const depth = this.#frames.length;
    if (depth + one.activations.length >= DEEPEST) throw new LuaError('stack overflow');
    this.#frames.push(...one.activations);
    one.activations = [];
    before.status = 'normal';
    one.status = 'running';
    this.#running = one;
    try {
      return work();
    } finally {
      one.activations = this.#frames.splice(depth);
      this.#running = before;
      before.status = 'running';
    }
  }

  /** What a script may catch is given to it as a value. */
  protect(work: () => readonly Value[]): readonly Value[] {
    try {
      return work();
    } catch (error) {
      return [false, caught(error).value];
    }
  }

  step(): void {
    if (++this.#steps > this.#limits.instructions && this.#limits.instructions > 0) throw new LimitReached('instruction');
  }

  /** Several at once, for loops of libraries. */
  steps(count: number): void {
    this.#steps += count;
    this.step();
  }

  enter(frame: Activation): void {
    if (this.#frames.length >= DEEPEST) throw new LuaError('stack overflow');
    this.#frames.push(frame);
  }

  leave(): void {
    this.#frames.pop();
  }

  allocate(bytes: number): void {
    this.#bytes += bytes;
    const { bytes: most } = this.#limits;
    if (most === 0 || this.#bytes <= most) return;
    if (bytes <= most) this.#bytes = this.#held() + bytes;
    if (this.#bytes > most) {
      this.#bytes -= bytes;
      throw new LimitReached('memory');
    }
  }

  /** Bytes of everything that can be reached. */
  #held(): number {
    const seen = new Set<unknown>();
    const open: unknown[] = [this.globals, this.strings, ...this.#roots];
    for (const activation of this.#frames) pushHeld(open, activation);
    let bytes = 0;
    while (open.length > 0) {
      const value = open.pop();
      if (typeof value === 'string' && value.length > 40) {
        // Short strings are one object each in Lua; here they are counted where they are made.
        if (seen.has(value)) continue;
        seen.add(value);
        bytes += value.length + STRING;
      }
      if (typeof value === 'function') {
        const { source } = value as LuaFunction;
        if (source === undefined || seen.has(value)) continue;
        seen.add(value);
        bytes += CLOSURE + 8 * source.outer.length;
        open.push(...source.outer);
        continue;
      }
      if (typeof value !== 'object' || value === null || seen.has(value)) continue;
      seen.add(value);
      if (value instanceof Coroutine) {
        bytes += THREAD;
        open.push(value.body, value.failure?.value);
        for (const activation of value.activations) pushHeld(open, activation);
      } else if (value instanceof Cell) open.push(value.value);
      else if (value instanceof Table) {
        bytes += value.size;
        for (const one of value.contents()) if (one !== undefined) open.push(one);
        if (value.metatable !== undefined) open.push(value.metatable);
      } else if (value instanceof UserData) open.push(value.methods);
    }
    return bytes;
  }

  /** Puts functions in the place of globals that say what they were when they are called. */
  block(names: readonly string[]): void {
    for (const path of names) {
      const parts = path.split('.');
      const last = parts.pop() as string;
      let table: Value = this.globals;
      for (const part of parts) table = table instanceof Table ? table.get(part) : undefined;
      if (!(table instanceof Table)) continue;
      table.set(last, () => {
        throw new Blocked(`Blocked Lua function called: ${path}`);
      });
    }
  }
}
