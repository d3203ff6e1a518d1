/** A Lua script that a rule or an output brings along: read once, run within its limits, with the libraries of Suricata (`suricata.*`). */
import { latin1 } from '@sigwright/bytes';
import type { EngineSettings, RuleBuilder, ScriptContext, ScriptSettings } from '@sigwright/contracts';
import { Blocked, Interpreter, LimitReached, LuaError, type Table, type Value } from '@sigwright/lua';
import type { ScriptHost } from './script-host.ts';
import { suricataLibraries } from './suricata-libraries.ts';

/** What scripts of rules may not call, unless the configuration lets them. Suricata user guide, "Lua sandbox". */
const KEPT_FROM_RULES = ['collectgarbage', 'getmetatable', 'load', 'pcall', 'setmetatable', 'xpcall'];
/** Names that the language has, and rules do not; of these the interpreter itself knows `coroutine` alone. */
const ABSENT = ['dofile', 'loadfile', 'loadstring', 'coroutine', 'os', 'io', 'debug', 'package'];

export class Script {
  readonly lua: Interpreter;
  /** what `init` of a rule's script gave */
  needs: Value = undefined;
  readonly #settings: ScriptSettings;
  #context: ScriptContext | undefined = undefined;
  #builder: RuleBuilder | undefined;

  /** Of a rule, its path is told, not what it holds. */
  toJSON(): undefined {
    return undefined;
  }

  /** Throws LuaError where the script can not be read or its main part fails. */
  constructor(name: string, text: Uint8Array, engineSettings: EngineSettings, builder: RuleBuilder | undefined, logFolder?: string) {
    const settings = engineSettings.scripts;
    this.#settings = settings;
    this.#builder = builder;
    const isTrusted = settings.unrestricted || builder === undefined;
    this.lua = new Interpreter(builder === undefined ? { instructions: 0, bytes: 0 } : { instructions: settings.instructions, bytes: settings.bytes });
    const own = this;
    const host: ScriptHost = {
      settings: engineSettings,
      get context() {
        return own.#context;
      },
      get builder() {
        return own.#builder;
      },
      logFolder,
    };
    const { lua } = this;
    const libraries = suricataLibraries(lua, host);
    lua.globals.set('require', ([wanted]) => {
      const make = typeof wanted === 'string' && Object.hasOwn(libraries, wanted) ? libraries[wanted] : undefined;
      if (make === undefined) throw new LuaError(`module '${String(wanted)}' not found`);
      return [make()];
    });
    lua.globals.set('print', (args) => {
      settings.say('print', args.map((value) => String(lua.call(lua.globals.get('tostring'), [value])[0])).join('\t'));
      return [];
    });
    if (!isTrusted) {
      lua.block(KEPT_FROM_RULES);
      for (const absent of ABSENT) this.#refuse(absent);
    }
    this.lua.run(this.lua.load(latin1(text), name), []);
  }

  /** A name whose use is told as what it is. */
  #refuse(name: string): void {
    const { lua } = this;
    const refuse = (): never => {
      throw new Blocked(`Blocked Lua function called: ${name}`);
    };
    if (name === 'dofile' || name === 'loadfile' || name === 'loadstring') {
      lua.globals.set(name, refuse);
      return;
    }
    const table = lua.table();
    table.metatable = lua.library({ __index: refuse, __newindex: refuse });
    lua.globals.set(name, table);
  }

  has(name: string): boolean {
    return typeof this.lua.globals.get(name) === 'function';
  }

  /** Calls a function of the script while it is set up. Throws LuaError and LimitReached. */
  setUp(name: string, args: readonly Value[] = []): readonly Value[] {
    return this.lua.run(this.lua.globals.get(name), args);
  }

  /** The rule is compiled. */
  ready(): void {
    this.#builder = undefined;
  }

  /** Calls a function of the script on traffic; undefined where it failed, which is told. */
  run(name: string, context: ScriptContext | undefined, args: readonly Value[]): readonly Value[] | undefined {
    this.#context = context;
    try {
      return this.lua.run(this.lua.globals.get(name), args);
    } catch (error) {
      const told = failureOf(error);
      if (told === undefined) throw error;
      this.#settings.failed(told.why, `Lua script failed to run successfully: ${told.text}`);
      return undefined;
    } finally {
      this.#context = undefined;
    }
  }

  table(entries: Readonly<Record<string, Value>> = {}): Table {
    const table = this.lua.table();
    for (const [key, value] of Object.entries(entries)) table.set(key, value);
    return table;
  }
}

/** What a script died of; undefined: it is no fault of a script. */
export function failureOf(error: unknown): { readonly why: 'error' | 'blocked' | 'instructions' | 'memory'; readonly text: string } | undefined {
  if (error instanceof LimitReached) return { why: error.limit === 'memory' ? 'memory' : 'instructions', text: error.message };
  if (error instanceof LuaError) return { why: error instanceof Blocked ? 'blocked' : 'error', text: error.message };
  return undefined;
}
