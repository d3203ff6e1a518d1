/** Basic functions (reference manual, section 6.1). What reaches outside (`print`) belongs to the host. */
import { markLocated } from '../compiler.ts';
import { caught, type Interpreter } from '../interpreter.ts';
import { index, metamethod, shown } from '../operations.ts';
import { Float, integer, isNumber, isTrue, LuaError, type LuaFunction, numberOf, rawEqual, Table, typeOf, type Value } from '../values.ts';
import { any, badArgument, table, text, whole } from './arguments.ts';

export function installBase(lua: Interpreter): void {
  const { globals } = lua;
  const next = (args: readonly Value[]): readonly Value[] => table(args, 0, 'next').next(args[1]) ?? [undefined];
  const pcall: LuaFunction = (args) => {
    const callee = any(args, 0, 'pcall');
    return lua.protect(() => [true, ...lua.call(callee, args.slice(1))]);
  };
  pcall.source = {
    outer: [],
    *steps(_outer, args) {
      const callee = any(args, 0, 'pcall');
      try {
        return [true, ...(yield* lua.callSteps(callee, args.slice(1)))];
      } catch (error) {
        return [false, caught(error).value];
      }
    },
  };
  const xpcall: LuaFunction = (args) => {
    try {
      return [true, ...lua.call(args[0], args.slice(2))];
    } catch (error) {
      return [false, ...lua.call(args[1], [caught(error).value])];
    }
  };
  xpcall.source = {
    outer: [],
    *steps(_outer, args) {
      try {
        return [true, ...(yield* lua.callSteps(args[0], args.slice(2)))];
      } catch (error) {
        return [false, ...lua.call(args[1], [caught(error).value])];
      }
    },
  };
  const functions: Readonly<Record<string, (args: readonly Value[]) => readonly Value[]>> = {
    assert(args) {
      if (isTrue(any(args, 0, 'assert'))) return args;
      throw args.length > 1 ? markLocated(new LuaError(args[1])) : new LuaError('assertion failed!');
    },
    collectgarbage: (args) => [args[0] === 'count' ? new Float(lua.bytes / 1024) : 0],
    error(args) {
      const error = new LuaError(args[0]);
      throw args[1] === 0 || typeof args[0] !== 'string' ? markLocated(error) : error;
    },
    getmetatable(args) {
      const value = any(args, 0, 'getmetatable');
      const own = metamethod(value, '__metatable');
      if (own !== undefined) return [own];
      if (typeof value === 'string') {
        const methods = lua.table();
        methods.set('__index', lua.strings);
        return [methods];
      }
      return [value instanceof Table ? value.metatable : undefined];
    },
    ipairs: (args) => [
      ([list, at]) => {
        lua.step();
        const place = (at as number) + 1;
        const value = index(lua, list, place, '');
        return value === undefined ? [undefined] : [place, value];
      },
      any(args, 0, 'ipairs'),
      0,
    ],
    load(args) {
      const [source, chunk] = args;
      let code = '';
      if (typeof source === 'function') {
        for (;;) {
          const piece = lua.call(source, [])[0];
          if (typeof piece !== 'string' || piece === '') break;
          lua.allocate(piece.length);
          code += piece;
        }
      } else if (typeof source === 'string') code = source;
      else return badArgument(0, 'load', `function expected, got ${typeOf(source)}`);
      try {
        return [lua.load(code, typeof chunk === 'string' ? chunk.replace(/^[=@]/, '') : `[string "${code.split('\n')[0].slice(0, 40)}"]`)];
      } catch (error) {
        if (error instanceof LuaError) return [undefined, error.value];
        throw error;
      }
    },
    next,
    pairs(args) {
      const handler = metamethod(any(args, 0, 'pairs'), '__pairs');
      if (handler !== undefined) return lua.call(handler, [args[0]]).slice(0, 3);
      return [next, table(args, 0, 'pairs'), undefined];
    },
    pcall,
    rawequal: (args) => [rawEqual(any(args, 0, 'rawequal'), any(args, 1, 'rawequal'))],
    rawget: (args) => [table(args, 0, 'rawget').get(args[1])],
    rawlen(args) {
      const value = args[0];
      if (typeof value === 'string') return [value.length];
      return [value instanceof Table ? value.length : badArgument(0, 'rawlen', 'table or string expected')];
    },
    rawset(args) {
      table(args, 0, 'rawset').set(args[1], args[2]);
      return [args[0]];
    },
    select(args) {
      if (args[0] === '#') return [args.length - 1];
      const at = whole(args, 0, 'select');
      if (at < 0) return args.slice(Math.max(1, args.length + at));
      if (at === 0) return badArgument(0, 'select', 'index out of range');
      return args.slice(at);
    },
    setmetatable(args) {
      const target = table(args, 0, 'setmetatable');
      if (args[1] !== undefined && !(args[1] instanceof Table)) badArgument(1, 'setmetatable', 'nil or table expected');
      if (metamethod(target, '__metatable') !== undefined) throw new LuaError('cannot change a protected metatable');
      target.metatable = args[1] as Table | undefined;
      return [target];
    },
    tonumber(args) {
      if (args[1] === undefined) {
        const value = any(args, 0, 'tonumber');
        return [isNumber(value) ? value : typeof value === 'string' ? numberOf(value) : undefined];
      }
      const base = whole(args, 1, 'tonumber');
      if (base < 2 || base > 36) badArgument(1, 'tonumber', 'base out of range');
      const digits = /^\s*(-?)([0-9a-zA-Z]+)\s*$/.exec(text(args, 0, 'tonumber'));
      if (digits === null || digits[2].length > 400) return [undefined];
      let value = 0n;
      for (const letter of digits[2].toLowerCase()) {
        const digit = Number.parseInt(letter, 36);
        if (digit >= base) return [undefined];
        value = value * BigInt(base) + BigInt(digit);
      }
      return [integer(digits[1] === '-' ? -value : value)];
    },
    tostring: (args) => [shown(lua, any(args, 0, 'tostring'))],
    type: (args) => [typeOf(any(args, 0, 'type'))],
    // Warnings are off until somebody says `@on`, and nobody here listens.
    warn(args) {
      for (let at = 0; at < Math.max(1, args.length); at++) text(args, at, 'warn');
      return [];
    },
    xpcall,
  };
  for (const [name, one] of Object.entries(functions)) globals.set(name, one);
  globals.set('_VERSION', 'Lua 5.4');
}
