/**
 * Lua 5.4 in a sandbox: text → functions, with limits on steps, memory and nested calls, so that no script hangs or grows without
 * bound. Not there: coroutines, files, the system, chance, load, string.pack, the utf8 library, `<close>`, weak tables, finalizers.
 */
import { compile } from './compile.ts';
import { type LibraryOptions, openLibraries } from './library.ts';
import { type Limits, Machine } from './machine.ts';
import { parse } from './syntax.ts';
import type { LuaFunction } from './values.ts';

export { integerArgument, nativeTable, textArgument } from './library.ts';
export type { Limits, Machine } from './machine.ts';
export { HostObject, type Limit, LimitReached, LuaError, LuaFunction, LuaTable, truthy, type Value } from './values.ts';

export function newMachine(limits: Limits, options: LibraryOptions): Machine {
  const machine = new Machine(limits);
  openLibraries(machine, options);
  return machine;
}

/** The chunk as a function. `text` has one character a byte; `chunk` names it in errors. Throws LuaError. */
export function load(machine: Machine, text: string, chunk: string): LuaFunction {
  return compile(parse(text, chunk), machine, chunk);
}
