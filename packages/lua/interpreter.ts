/**
 * One Lua state: its globals, and what its scripts may use. Every statement, operation and round of a loop is a step; what is held is
 * counted as Lua would hold it, and where the count passes the limit what nobody holds any more is taken off first.
 */
import { Cell, Compiler, type Frame } from './compiler.ts';
import { installBase } from './libraries/base.ts';
import { installMath } from './libraries/math.ts';
import { installStrings } from './libraries/string.ts';
import { installTables } from './libraries/table.ts';
import { installUtf8 } from './libraries/utf8.ts';
import { type Host, metamethod, STRING } from './operations.ts';
import { parse } from './parser.ts';
import { Blocked, LimitReached, LuaError, type LuaFunction, Table, typeOf, UserData, type Value } from './values.ts';

export interface Limits {
  /** steps of one call from outside; 0: no limit */
  readonly instructions: number;
  /** bytes held; 0: no limit */
  readonly bytes: number;
}

/** Calls inside each other. */
const DEEPEST = 180;

export class Interpreter implements Host {
  readonly globals: Table;
  readonly strings: Table;
  readonly #limits: Limits;
  #steps = 0;
  #bytes = 0;
  readonly #frames: Frame[] = [];
  /** held by the host */
  readonly #roots: Value[] = [];

  constructor(limits: Limits) {
    this.#limits = limits;
    this.globals = this.table();
    this.strings = this.table();
    this.globals.set('_G', this.globals);
    installBase(this);
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

  step(): void {
    if (++this.#steps > this.#limits.instructions && this.#limits.instructions > 0) throw new LimitReached('instruction');
  }

  /** Several at once, for loops of libraries. */
  steps(count: number): void {
    this.#steps += count;
    this.step();
  }

  enter(frame: Frame): void {
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
    for (const { slots, outer, rest } of this.#frames) open.push(...slots, ...outer, ...rest);
    let bytes = 0;
    while (open.length > 0) {
      const value = open.pop();
      if (typeof value === 'string' && value.length > 40) {
        // Short strings are one object each in Lua; here they are counted where they are made.
        if (seen.has(value)) continue;
        seen.add(value);
        bytes += value.length + STRING;
      }
      if (typeof value !== 'object' || value === null || seen.has(value)) continue;
      seen.add(value);
      if (value instanceof Cell) open.push(value.value);
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
