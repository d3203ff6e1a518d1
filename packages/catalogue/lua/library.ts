/**
 * The libraries that scripts may use (reference manual, section 6): the basic functions, string, table and math. There are no
 * files, no system, no chance, no coroutines and no access to the machine. What could get around the limits in another
 * implementation is left out unless it is asked for.
 */
import { asText, type Machine, numeric, toInteger } from './machine.ts';
import { findPattern, matchAt } from './patterns.ts';
import { general, LimitReached, LuaError, LuaFunction, LuaTable, readNumber, truthy, typeName, type Value } from './values.ts';

type Native = (args: Value[]) => Value[];

export interface LibraryOptions {
  /** with pcall, xpcall, getmetatable, setmetatable and string.rep */
  readonly restricted: boolean;
}

/** Arguments of a native function, checked. */
export function textArgument(name: string, args: Value[], at: number): string {
  const text = asText(args[at]);
  if (text === undefined) throw bad(name, at, `string expected, got ${at < args.length ? typeName(args[at]) : 'no value'}`);
  return text;
}
export function integerArgument(name: string, args: Value[], at: number, otherwise?: bigint): bigint {
  if (args[at] === undefined && otherwise !== undefined) return otherwise;
  const whole = toInteger(args[at]);
  if (whole !== undefined) return whole;
  if (numeric(args[at]) !== undefined) throw bad(name, at, 'number has no integer representation');
  throw bad(name, at, `number expected, got ${at < args.length ? typeName(args[at]) : 'no value'}`);
}
function numberArgument(name: string, args: Value[], at: number): bigint | number {
  const number = numeric(args[at]);
  if (number === undefined) throw bad(name, at, `number expected, got ${at < args.length ? typeName(args[at]) : 'no value'}`);
  return number;
}
function tableArgument(name: string, args: Value[], at: number): LuaTable {
  const table = args[at];
  if (!(table instanceof LuaTable)) throw bad(name, at, `table expected, got ${at < args.length ? typeName(table) : 'no value'}`);
  return table;
}
function bad(name: string, at: number, what: string): LuaError {
  return new LuaError(`bad argument #${at + 1} to '${name}' (${what})`);
}

/** A table of native functions. */
export function nativeTable(functions: Readonly<Record<string, Native>>): LuaTable {
  const table = new LuaTable();
  for (const [name, call] of Object.entries(functions)) table.set(name, new LuaFunction(name, call));
  return table;
}

export function openLibraries(machine: Machine, { restricted }: LibraryOptions): void {
  const { globals } = machine;
  const put = (functions: Readonly<Record<string, Native>>) => {
    for (const [name, call] of Object.entries(functions)) globals.set(name, new LuaFunction(name, call));
  };
  globals.set('_G', globals);
  globals.set('_VERSION', 'Lua 5.4');
  put(basic(machine));
  if (restricted) put(catching(machine));
  const string = strings(machine, restricted);
  globals.set('string', string);
  const methods = new LuaTable();
  for (let pair = string.next(undefined); pair; pair = string.next(pair[0])) methods.set(pair[0], pair[1]);
  machine.stringMethods = methods;
  globals.set('table', tables(machine));
  globals.set('math', mathematics());
}

function basic(machine: Machine): Record<string, Native> {
  const next: Native = (args) => {
    const pair = tableArgument('next', args, 0).next(args[1]);
    if (pair === false) throw new LuaError("invalid key to 'next'");
    return pair ?? [undefined];
  };
  const step = new LuaFunction('next', next);
  const following = new LuaFunction('ipairs', ([table, at]) => {
    const place = BigInt.asIntN(64, (at as bigint) + 1n);
    const value = machine.index(table, place);
    return value === undefined ? [undefined] : [place, value];
  });
  return {
    assert: (args) => {
      if (args.length === 0) throw bad('assert', 0, 'value expected');
      if (truthy(args[0])) return args;
      throw args.length > 1 ? placedError(args[1]) : new LuaError('assertion failed!');
    },
    error: (args) => {
      throw args[1] === 0n || typeof args[0] !== 'string' ? placedError(args[0]) : new LuaError(args[0]);
    },
    ipairs: (args) => {
      if (args.length === 0) throw bad('ipairs', 0, 'table expected, got no value');
      return [following, args[0], 0n];
    },
    next,
    pairs: (args) => {
      const handler = machine.metamethod(args[0], '__pairs');
      if (handler !== undefined) return [...machine.call(handler, [args[0]]), undefined, undefined].slice(0, 3);
      tableArgument('for iterator', args, 0);
      return [step, args[0], undefined];
    },
    print: (args) => {
      const line = args.map((one) => machine.show(one)).join('\t');
      machine.step(line.length >> 3);
      machine.say(line);
      return [];
    },
    rawequal: ([a, b]) => [a === b],
    rawget: (args) => [tableArgument('rawget', args, 0).get(args[1])],
    rawlen: ([value]) => {
      if (value instanceof LuaTable || typeof value === 'string') return [BigInt(value.length)];
      throw new LuaError('table or string expected');
    },
    rawset: (args) => {
      machine.rawSet(tableArgument('rawset', args, 0), args[1], args[2]);
      return [args[0]];
    },
    select: (args) => {
      if (args[0] === '#') return [BigInt(args.length - 1)];
      const at = Number(integerArgument('select', args, 0));
      if (at === 0 || -at > args.length - 1) throw bad('select', 0, 'index out of range');
      return at < 0 ? args.slice(at) : args.slice(at);
    },
    tonumber: (args) => {
      if (args.length === 0) throw bad('tonumber', 0, 'value expected');
      if (args[1] === undefined) return [typeof args[0] === 'string' ? readNumber(args[0]) : numeric(args[0])];
      const base = Number(integerArgument('tonumber', args, 1));
      if (base < 2 || base > 36) throw bad('tonumber', 1, 'base out of range');
      const match = /^\s*(-?)([0-9a-z]+)\s*$/i.exec(textArgument('tonumber', args, 0));
      if (match === null) return [undefined];
      let value = 0n;
      for (const digit of match[2]) {
        const worth = Number.parseInt(digit, 36);
        if (worth >= base) return [undefined];
        value = BigInt.asIntN(64, value * BigInt(base) + BigInt(worth));
      }
      return [match[1] === '-' ? BigInt.asIntN(64, -value) : value];
    },
    tostring: ([value]) => [machine.text(machine.show(value))],
    type: (args) => {
      if (args.length === 0) throw bad('type', 0, 'value expected');
      return [typeName(args[0])];
    },
  };
}

/** An error that gets no line before it. */
function placedError(value: Value): LuaError {
  const error = new LuaError(value) as LuaError & { placed?: boolean };
  error.placed = true;
  return error;
}

function catching(machine: Machine): Record<string, Native> {
  const attempt = (work: () => Value[], handle: (value: Value) => Value[]): Value[] => {
    const depth = machine.frames.length;
    try {
      return [true, ...work()];
    } catch (error) {
      if (error instanceof RangeError) throw new LimitReached('depth');
      if (!(error instanceof LuaError)) throw error;
      machine.frames.length = depth;
      return [false, ...handle(error.value)];
    }
  };
  return {
    pcall: ([callee, ...args]) =>
      attempt(
        () => machine.call(callee, args),
        (value) => [value],
      ),
    xpcall: ([callee, handler, ...args]) =>
      attempt(
        () => machine.call(callee, args),
        (value) => machine.call(handler, [value]),
      ),
    getmetatable: ([value]) => {
      const metatable = value instanceof LuaTable ? value.metatable : undefined;
      return [metatable?.get('__metatable') ?? metatable];
    },
    setmetatable: (args) => {
      const table = tableArgument('setmetatable', args, 0);
      if (args[1] !== undefined && !(args[1] instanceof LuaTable)) throw bad('setmetatable', 1, 'nil or table expected');
      if (table.metatable?.get('__metatable') !== undefined) throw new LuaError('cannot change a protected metatable');
      table.metatable = args[1];
      return [table];
    },
  };
}

/** First and last byte (from 0; last excluded) that positions from 1 or from the end mean. */
function range(length: number, from: bigint, to: bigint): [number, number] {
  const size = BigInt(length);
  let first = from < 0n ? size + from + 1n : from;
  let last = to < 0n ? size + to + 1n : to;
  if (first < 1n) first = 1n;
  if (last > size) last = size;
  return first > last ? [0, 0] : [Number(first) - 1, Number(last)];
}

function strings(machine: Machine, restricted: boolean): LuaTable {
  const each =
    (name: string, work: (text: string) => string): Native =>
    (args) => [machine.text(work(textArgument(name, args, 0)))];
  /** where a search begins; undefined: beyond the end */
  const start = (name: string, text: string, args: Value[]): number | undefined => {
    const from = integerArgument(name, args, 2, 1n);
    const first = from > 0n ? from : from === 0n || -from > BigInt(text.length) ? 1n : BigInt(text.length) + from + 1n;
    return first > BigInt(text.length) + 1n ? undefined : Number(first) - 1;
  };
  const whole = (text: string, found: { start: number; end: number; captures: Value[] }): Value[] =>
    found.captures.length > 0 ? found.captures : [machine.text(text.slice(found.start, found.end))];
  const functions: Record<string, Native> = {
    byte: (args) => {
      const text = textArgument('byte', args, 0);
      const from = integerArgument('byte', args, 1, 1n);
      const [first, end] = range(text.length, from, integerArgument('byte', args, 2, from));
      machine.step(end - first);
      if (end - first > 100_000) throw new LuaError('string slice too long');
      return Array.from({ length: end - first }, (_, at) => BigInt(text.charCodeAt(first + at)));
    },
    char: (args) => [
      machine.text(
        args
          .map((_, at) => {
            const code = integerArgument('char', args, at);
            if (code < 0n || code > 255n) throw bad('char', at, 'value out of range');
            return String.fromCharCode(Number(code));
          })
          .join(''),
      ),
    ],
    find: (args) => {
      const text = textArgument('find', args, 0);
      const pattern = textArgument('find', args, 1);
      const from = start('find', text, args);
      if (from === undefined) return [undefined];
      if (truthy(args[3]) || !/[\^$*+?.([%-]/.test(pattern)) {
        machine.step((text.length - from) >> 3);
        const at = text.indexOf(pattern, from);
        return at < 0 ? [undefined] : [BigInt(at + 1), BigInt(at + pattern.length)];
      }
      const found = findPattern(machine, text, pattern, from);
      return found === undefined ? [undefined] : [BigInt(found.start + 1), BigInt(found.end), ...found.captures];
    },
    format: (args) => [machine.text(format(machine, args))],
    gmatch: (args) => {
      const text = textArgument('gmatch', args, 0);
      const pattern = textArgument('gmatch', args, 1);
      let at = start('gmatch', text, args) ?? text.length + 1;
      let lastEnd = -1;
      const next = () => {
        for (; at <= text.length; at++) {
          const found = matchAt(machine, text, pattern, at, 0);
          if (found !== undefined && found.end !== lastEnd) {
            at = lastEnd = found.end;
            return whole(text, found);
          }
        }
        return [undefined];
      };
      machine.hold(100);
      return [new LuaFunction('gmatch', next, [{ value: text }, { value: pattern }])];
    },
    gsub: (args) => {
      const text = textArgument('gsub', args, 0);
      const pattern = textArgument('gsub', args, 1);
      const by = args[2];
      const wording = asText(by);
      if (wording === undefined && !(by instanceof LuaTable) && !(by instanceof LuaFunction))
        throw bad('gsub', 2, `string/function/table expected, got ${typeName(by)}`);
      const most = args[3] === undefined ? text.length + 1 : Number(integerArgument('gsub', args, 3));
      const anchored = pattern.startsWith('^');
      const parts: string[] = [];
      let held = 0;
      let count = 0;
      let lastEnd = -1;
      let at = 0;
      while (count < most) {
        const found = matchAt(machine, text, pattern, at, anchored ? 1 : 0);
        if (found !== undefined && found.end !== lastEnd) {
          count++;
          const captures = whole(text, found);
          const matched = text.slice(found.start, found.end);
          let value: Value;
          if (wording !== undefined) value = expand(wording, matched, captures);
          else value = by instanceof LuaTable ? machine.index(by, captures[0]) : machine.call(by, captures)[0];
          const replacement = truthy(value) ? asText(value) : matched;
          if (replacement === undefined) throw new LuaError(`invalid replacement value (a ${typeName(value)})`);
          parts.push(replacement);
          held += replacement.length;
          if (held > machine.limits.memory) throw new LimitReached('memory');
          at = lastEnd = found.end;
        } else if (at < text.length) parts.push(text[at++]);
        else break;
        if (anchored) break;
      }
      parts.push(text.slice(at));
      return [machine.text(parts.join('')), BigInt(count)];
    },
    len: (args) => [BigInt(textArgument('len', args, 0).length)],
    lower: each('lower', (text) => text.replace(/[A-Z]+/g, (part) => part.toLowerCase())),
    match: (args) => {
      const text = textArgument('match', args, 0);
      const from = start('match', text, args);
      const found = from === undefined ? undefined : findPattern(machine, text, textArgument('match', args, 1), from);
      return found === undefined ? [undefined] : whole(text, found);
    },
    reverse: each('reverse', (text) => text.split('').reverse().join('')),
    sub: (args) => {
      const text = textArgument('sub', args, 0);
      const [first, end] = range(text.length, integerArgument('sub', args, 1), integerArgument('sub', args, 2, -1n));
      return [machine.text(text.slice(first, end))];
    },
    upper: each('upper', (text) => text.replace(/[a-z]+/g, (part) => part.toUpperCase())),
  };
  if (restricted) {
    functions['rep'] = (args) => {
      const text = textArgument('rep', args, 0);
      const count = integerArgument('rep', args, 1);
      const between = args[2] === undefined ? '' : textArgument('rep', args, 2);
      if (count <= 0n) return [''];
      if (BigInt(text.length + between.length) * count > BigInt(machine.limits.memory)) throw new LimitReached('memory');
      if (text.length + between.length === 0) return [''];
      return [machine.text((text + between).repeat(Number(count) - 1) + text)];
    };
  }
  return nativeTable(functions);
}

function expand(wording: string, matched: string, captures: Value[]): string {
  return wording.replace(/%([\s\S]?)/g, (_, letter: string) => {
    if (letter === '%') return '%';
    if (letter === '0') return matched;
    if (!/[1-9]/.test(letter)) throw new LuaError("invalid use of '%' in replacement string");
    const value = captures[Number(letter) - 1];
    if (value === undefined) throw new LuaError(`invalid capture index %${letter} in replacement string`);
    return asText(value) as string;
  });
}

function format(machine: Machine, args: Value[]): string {
  const wording = textArgument('format', args, 0);
  let next = 0;
  let size = 0;
  return wording.replace(
    /%(?:([-+ #0]*)(\d*)(?:\.(\d*))?([A-Za-z%])|[\s\S]?)/g,
    (whole, flags: string | undefined, width: string, precision: string | undefined, letter: string) => {
      if (whole === '%%') return '%';
      if (flags === undefined || width.length > 2 || (precision ?? '').length > 2) throw new LuaError(`invalid conversion '${whole.slice(0, 20)}' to 'format'`);
      const at = ++next;
      if (at >= args.length) throw bad('format', at, 'no value');
      const made = converted(flags, width === '' ? 0 : Number(width), precision === undefined ? undefined : Number(precision), letter, at, whole);
      size += made.length;
      if (size > machine.limits.memory) throw new LimitReached('memory');
      return made;
    },
  );

  function converted(flags: string, width: number, precision: number | undefined, letter: string, at: number, whole: string): string {
    let text: string;
    let isNumber = true;
    switch (letter) {
      case 'd':
      case 'i': {
        const value = integerArgument('format', args, at);
        const digits = (value < 0n ? -value : value).toString().padStart(precision ?? 0, '0');
        text = signed(value < 0n, value === 0n && precision === 0 ? '' : digits, flags);
        break;
      }
      case 'u':
      case 'x':
      case 'X':
      case 'o': {
        if (letter === 'u') throw new LuaError(`invalid conversion '${whole}' to 'format'`);
        const value = BigInt.asUintN(64, integerArgument('format', args, at));
        text = value.toString(letter === 'o' ? 8 : 16).padStart(precision ?? 0, '0');
        if (flags.includes('#') && value !== 0n) text = (letter === 'o' ? '0' : '0x') + text;
        if (letter === 'X') text = text.toUpperCase();
        break;
      }
      case 'c':
        text = String.fromCharCode(Number(BigInt.asUintN(8, integerArgument('format', args, at))));
        isNumber = false;
        break;
      case 'e':
      case 'E':
      case 'f':
      case 'F':
      case 'g':
      case 'G': {
        const value = Number(numberArgument('format', args, at));
        const size = Math.abs(value);
        let digits: string;
        if (!Number.isFinite(value)) digits = Number.isNaN(value) ? 'nan' : 'inf';
        else if (letter === 'f' || letter === 'F') digits = fixed(size, precision ?? 6);
        else if (letter === 'e' || letter === 'E') digits = size.toExponential(precision ?? 6).replace(/e([-+])(\d)$/, 'e$10$2');
        else digits = general(size, precision ?? 6, flags.includes('#'));
        text = signed(value < 0 || Object.is(value, -0) || Number.isNaN(value), digits, flags);
        if (letter < 'a') text = text.toUpperCase();
        if (!Number.isFinite(value)) flags = flags.replace('0', '');
        precision = undefined;
        break;
      }
      case 's':
        text = machine.show(args[at]);
        if (precision !== undefined) text = text.slice(0, precision);
        isNumber = false;
        break;
      case 'q':
        text = literal(args[at]);
        isNumber = false;
        break;
      default:
        throw new LuaError(`invalid conversion '${whole.slice(0, 20)}' to 'format'`);
    }
    if (text.length >= width) return text;
    if (flags.includes('-')) return text.padEnd(width);
    if (!flags.includes('0') || !isNumber || precision !== undefined) return text.padStart(width);
    const [, sign, digits] = /^([-+ ]?(?:0[xX])?)([\s\S]*)$/.exec(text) as RegExpExecArray;
    return sign + digits.padStart(width - sign.length, '0');
  }
}

function signed(negative: boolean, digits: string, flags: string): string {
  return (negative ? '-' : flags.includes('+') ? '+' : flags.includes(' ') ? ' ' : '') + digits;
}

/** JavaScript's toFixed gives up at 1e21; such floats are integers. */
function fixed(size: number, precision: number): string {
  if (size < 1e21) return size.toFixed(precision);
  return BigInt(size).toString() + (precision > 0 ? `.${'0'.repeat(precision)}` : '');
}

function literal(value: Value): string {
  if (typeof value !== 'string') {
    if (typeof value === 'object') throw new LuaError('value has no literal form');
    return value === undefined ? 'nil' : typeof value === 'number' ? general(value, 17) : String(value);
  }
  // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what is escaped
  return `"${value.replace(/["\\\n\r\0]|[\x01-\x1f\x7f]/g, (byte, at: number) => {
    if (byte === '"' || byte === '\\' || byte === '\n') return `\\${byte}`;
    const code = byte.charCodeAt(0).toString();
    return `\\${/\d/.test(value[at + 1] ?? '') ? code.padStart(3, '0') : code}`;
  })}"`;
}

function tables(machine: Machine): LuaTable {
  const lengthOf = (table: LuaTable) => machine.length(table) as bigint;
  const unpack: Native = (args) => {
    const from = integerArgument('unpack', args, 1, 1n);
    const to = args[2] === undefined ? (machine.length(args[0]) as bigint) : integerArgument('unpack', args, 2);
    if (from > to) return [];
    if (to - from >= 100_000n) throw new LuaError('too many results to unpack');
    const values: Value[] = [];
    for (let at = from; at <= to; at++) values.push(machine.index(args[0], at));
    return values;
  };
  return nativeTable({
    concat: (args) => {
      const table = tableArgument('concat', args, 0);
      const between = args[1] === undefined ? '' : textArgument('concat', args, 1);
      const to = integerArgument('concat', args, 3, args[3] === undefined ? lengthOf(table) : 0n);
      const parts: string[] = [];
      let size = 0;
      for (let at = integerArgument('concat', args, 2, 1n); at <= to; at++) {
        const value = machine.index(table, at);
        const part = asText(value);
        if (part === undefined) throw new LuaError(`invalid value (at index ${at}) in table for 'concat'`);
        size += part.length + between.length;
        if (size > machine.limits.memory) throw new LimitReached('memory');
        parts.push(part);
      }
      return [machine.text(parts.join(between))];
    },
    insert: (args) => {
      const table = tableArgument('insert', args, 0);
      const end = lengthOf(table) + 1n;
      if (args.length === 2) machine.setIndex(table, end, args[1]);
      else if (args.length === 3) {
        const place = integerArgument('insert', args, 1);
        if (place < 1n || place > end) throw bad('insert', 1, 'position out of bounds');
        for (let at = end; at > place; at--) machine.setIndex(table, at, machine.index(table, at - 1n));
        machine.setIndex(table, place, args[2]);
      } else throw new LuaError("wrong number of arguments to 'insert'");
      return [];
    },
    pack: (args) => {
      const table = new LuaTable();
      machine.hold(56);
      machine.hold(table.fill(args));
      machine.rawSet(table, 'n', BigInt(args.length));
      return [table];
    },
    remove: (args) => {
      const table = tableArgument('remove', args, 0);
      const size = lengthOf(table);
      let place = integerArgument('remove', args, 1, size);
      if (args.length > 1 && size + 1n !== place && (place < 1n || place > size + 1n) && !(size === 0n && place === 0n))
        throw bad('remove', 1, 'position out of bounds');
      const value = machine.index(table, place);
      for (; place < size; place++) machine.setIndex(table, place, machine.index(table, place + 1n));
      if (place <= size || value !== undefined) machine.setIndex(table, place, undefined);
      return [value];
    },
    sort: (args) => {
      const table = tableArgument('sort', args, 0);
      const size = Number(lengthOf(table));
      const before = args[1];
      machine.step(size);
      const values = Array.from({ length: size }, (_, at) => table.get(BigInt(at + 1)));
      const isLess = (a: Value, b: Value) => (before === undefined ? machine.less(a, b, false) : truthy(machine.call(before, [a, b])[0]));
      values.sort((a, b) => (isLess(a, b) ? -1 : isLess(b, a) ? 1 : 0));
      for (let at = 0; at < size; at++) machine.setIndex(table, BigInt(at + 1), values[at]);
      return [];
    },
    unpack,
  });
}

function mathematics(): LuaTable {
  const float =
    (name: string, work: (value: number) => number): Native =>
    (args) => [work(Number(numberArgument(name, args, 0)))];
  const whole =
    (name: string, work: (value: number) => number): Native =>
    (args) => {
      const value = numberArgument(name, args, 0);
      if (typeof value === 'bigint') return [value];
      const made = work(value);
      return [toInteger(made) ?? made];
    };
  const choose =
    (name: string, isBetter: (a: bigint | number, b: bigint | number) => boolean): Native =>
    (args) => {
      let best = numberArgument(name, args, 0);
      for (let at = 1; at < args.length; at++) {
        const value = numberArgument(name, args, at);
        if (isBetter(value, best)) best = value;
      }
      return [best];
    };
  const table = nativeTable({
    abs: (args) => {
      const value = numberArgument('abs', args, 0);
      return [typeof value === 'bigint' ? BigInt.asIntN(64, value < 0n ? -value : value) : Math.abs(value)];
    },
    ceil: whole('ceil', Math.ceil),
    floor: whole('floor', Math.floor),
    sqrt: float('sqrt', Math.sqrt),
    exp: float('exp', Math.exp),
    sin: float('sin', Math.sin),
    cos: float('cos', Math.cos),
    tan: float('tan', Math.tan),
    log: (args) => {
      const value = Number(numberArgument('log', args, 0));
      if (args[1] === undefined) return [Math.log(value)];
      const base = Number(numberArgument('log', args, 1));
      return [base === 2 ? Math.log2(value) : base === 10 ? Math.log10(value) : Math.log(value) / Math.log(base)];
    },
    fmod: (args) => {
      const a = numberArgument('fmod', args, 0);
      const b = numberArgument('fmod', args, 1);
      if (typeof a !== 'bigint' || typeof b !== 'bigint') return [Number(a) % Number(b)];
      if (b === 0n) throw bad('fmod', 1, 'zero');
      return [a % b];
    },
    modf: (args) => {
      const value = Number(numberArgument('modf', args, 0));
      const part = Math.trunc(value);
      return [part, Number.isFinite(value) ? value - part : 0];
    },
    max: choose('max', (a, b) => a > b),
    min: choose('min', (a, b) => a < b),
    tointeger: ([value]) => [
      typeof value === 'string' ? toInteger(value) : typeof value === 'number' || typeof value === 'bigint' ? toInteger(value) : undefined,
    ],
    type: ([value]) => [typeof value === 'bigint' ? 'integer' : typeof value === 'number' ? 'float' : undefined],
    ult: (args) => [BigInt.asUintN(64, integerArgument('ult', args, 0)) < BigInt.asUintN(64, integerArgument('ult', args, 1))],
  });
  table.set('pi', Math.PI);
  table.set('huge', Number.POSITIVE_INFINITY);
  table.set('maxinteger', 2n ** 63n - 1n);
  table.set('mininteger', -(2n ** 63n));
  return table;
}
