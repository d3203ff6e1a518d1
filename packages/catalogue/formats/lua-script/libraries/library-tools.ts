/** What libraries of scripts are made with: values with methods, tables, buffers of the traffic, and arguments that are checked. */
import { latin1 } from '@sigwright/bytes';
import type { Direction } from '@sigwright/contracts';
import { Float, type Interpreter, LuaError, type LuaFunction, type Table, UserData, type Value } from '@sigwright/lua';
import type { ScriptHost } from '../script-host.ts';

/** A library: its functions by name. */
export type Functions = Readonly<Record<string, LuaFunction>>;

/** Of a text that a function reads. */
const BYTES_A_STEP = 16;

/** Arguments behind the value that the method was called on. */
export type Methods<What> = Readonly<Record<string, (what: What, args: readonly Value[]) => readonly Value[]>>;

/** Of one script, whose libraries share them. */
export class LibraryTools {
  readonly lua: Interpreter;
  readonly host: ScriptHost;
  readonly #methods = new Map<string, Table>();

  constructor(lua: Interpreter, host: ScriptHost) {
    this.lua = lua;
    this.host = host;
  }

  /** A table of functions; what they read counts as steps of the script, what they make as its memory. */
  library(functions: Functions): Table {
    const { lua } = this;
    const counted = (call: LuaFunction): LuaFunction => {
      return (args) => {
        for (const one of args) if (typeof one === 'string') lua.steps(Math.ceil(one.length / BYTES_A_STEP));
        const results = call(args);
        for (const one of results) if (typeof one === 'string') lua.allocate(one.length);
        return results;
      };
    };
    return lua.library(Object.fromEntries(Object.entries(functions).map(([name, call]) => [name, counted(call)])));
  }

  /** A value with methods; tables of methods are made once. */
  value<What>(kind: string, what: What, methods: () => Methods<What>): UserData {
    let table = this.#methods.get(kind);
    if (table === undefined) {
      table = this.library(
        Object.fromEntries(
          Object.entries(methods()).map(([name, method]): [string, LuaFunction] => [
            name,
            ([self, ...args]) => {
              if (!(self instanceof UserData) || self.methods !== this.#methods.get(kind))
                throw new LuaError(`bad argument #1 to '${name}' (${kind} expected)`);
              return method(self.what as What, args);
            },
          ]),
        ),
      );
      this.#methods.set(kind, table);
      this.lua.keep(table);
    }
    return new UserData(table, what);
  }

  buffer(name: string, direction?: Direction): string | undefined {
    const bytes = this.host.context?.buffer(name, direction);
    if (bytes === undefined) return undefined;
    this.lua.steps(Math.ceil(bytes.length / BYTES_A_STEP));
    return latin1(bytes);
  }

  /** All of a buffer that may be there several times. */
  buffers(name: string, direction: Direction): readonly Uint8Array[] {
    const all = this.host.context?.buffers(name, direction) ?? [];
    for (const one of all) this.lua.steps(Math.ceil(one.length / BYTES_A_STEP));
    return all;
  }

  /** A record as Lua has it. */
  table(value: unknown): Value {
    if (typeof value === 'string') {
      this.lua.allocate(value.length);
      return value;
    }
    if (typeof value === 'number') return Number.isInteger(value) ? value : new Float(value);
    if (typeof value === 'boolean') return value;
    if (Array.isArray(value)) return this.lua.list(value.map((one) => this.table(one)));
    if (typeof value !== 'object' || value === null) return undefined;
    const table = this.lua.table();
    for (const [key, one] of Object.entries(value)) table.set(key, this.table(one));
    return table;
  }

  /** `get_tx` of a protocol: what its record shows. */
  transaction(protocol: string, methods: () => Methods<Record<string, unknown>>): LuaFunction {
    return () => {
      const { context } = this.host;
      const spoken = context?.flow?.applicationProtocol;
      const record = spoken === protocol ? context?.record() : undefined;
      return record === undefined ? [undefined, `error: no ${protocol} transaction here`] : [this.value(`suricata:${protocol}:tx`, record, methods)];
    };
  }
}

/** A text or number of a record; undefined where it has neither. */
export function text(value: unknown): Value {
  return typeof value === 'string' ? value : typeof value === 'number' ? value : undefined;
}
