/** The interpreter against what the Lua 5.4 reference manual says, and its limits against scripts that want too much. */
import { describe, expect, it } from 'vitest';
import { LimitReached, LuaError, load, newMachine, type Value } from './index.ts';

function evaluate(text: string, limits = { instructions: 100_000, memory: 200_000, depth: 150 }): Value[] {
  const machine = newMachine(limits, { restricted: true });
  return machine.run(load(machine, text, 'test'), []);
}

/** `tostring` of what the expression list gives, joined by spaces */
const EXPRESSIONS: readonly (readonly [why: string, expressions: string, shown: string])[] = [
  ['integers and floats are told apart', '1, 1.0, 10/2, 2^2, 7//2, 7//2.0', '1 1.0 5.0 4.0 3 3.0'],
  ['integers wrap around at 64 bits', 'math.maxinteger + 1 == math.mininteger, math.mininteger // -1', 'true -9223372036854775808'],
  ['division and modulo round down', '-7 // 2, -7 % 3, 7 % -3, -7.5 % 2, 5 // 0.0', '-4 2 -2 0.5 inf'],
  ['shifts are logical and end at 64', '1 << 63, -1 >> 1, 1 << 64, 1 << -1, ~5 & 0xff', '-9223372036854775808 9223372036854775807 0 0 250'],
  ['strings become numbers where arithmetic wants them', '"10" + 5, "0x10" * 2, "3.0" + 1, 1 .. 2', '15 32 4.0 12'],
  ['floats print with 14 digits', '0.1, 1/3, 1e15, 1e100, 2^53, -0.0', '0.1 0.33333333333333 1e+15 1e+100 9.007199254741e+15 -0.0'],
  ['precedence: power before minus, not before ==', '-2 ^ 2, not nil == true, 2 ^ 3 ^ 2, "a" .. "b" == "ab"', '-4.0 true 512.0 true'],
  ['escapes in strings', '"\\x41\\066\\u{43}\\z  D" .. [[\nE]], #"\\u{7FFFFFFF}"', 'ABCDE 6'],
  [
    'patterns: captures, positions, balance, frontier',
    '("k = v"):match("^(%w+)%s*=%s*(%w+)$"), ("abc"):match("()b()"), ("f(a(b)c)d"):match("%b()"), ("THE (x)"):find("%f[%a]%a+", 2)',
    'k 2 (a(b)c) 6 6',
  ],
  [
    'gsub with string, table and function',
    '(("abc"):gsub("%w", "%0%0", 2)), (("$n"):gsub("%$(%w+)", { n = "x" })), (("abc"):gsub("", "-")), (("ab"):gsub(".", function(c) return c:byte() end))',
    'aabbc x -a-b-c- 9798',
  ],
  ['format', '("%5d|%-4s|%04x|%+.2f|%g|%q|%c"):format(42, "a", 255, 1.5, 1e20, "a\\nb", 65)', '   42|a   |00ff|+1.50|1e+20|"a\\\nb"|A'],
  ['sub counts from both ends', '("hello"):sub(2, -2), ("hello"):sub(-3), ("hello"):sub(4, 2) == ""', 'ell llo true'],
  ['tonumber with base', 'tonumber("z", 36), tonumber("9", 8), tonumber(" 0x1p4 "), tonumber("1 2")', '35 nil 16.0 nil'],
  ['varargs are counted with their nils', 'select("#", nil, nil), select(-1, 1, 2)', '2 2'],
  ['one value of many in parentheses', '(("a"):gsub("a", "b"))', 'b'],
];

const PROGRAMS: readonly (readonly [why: string, program: string, shown: string])[] = [
  [
    'each turn of a loop has its own variable',
    'local f = {} for i = 1, 2 do f[i] = function() i = i + 1 return i end end return f[1](), f[1](), f[2]()',
    '2 3 3',
  ],
  ['closures share variables', 'local n = 0 local function up() n = n + 1 end up() up() return n', '2'],
  ['goto continues', 'local s = "" for i = 1, 4 do if i % 2 == 0 then goto next end s = s .. i ::next:: end return s', '13'],
  ['until sees locals of its body', 'local n = 0 repeat n = n + 1 local done = n == 3 until done return n', '3'],
  ['the last integer is a turn, then the loop ends', 'local n = 0 for i = math.maxinteger - 1, math.maxinteger do n = n + 1 end return n', '2'],
  [
    'metatables',
    'local t = setmetatable({}, { __index = function(_, k) return k .. "!" end, __call = function(_, a) return a * 2 end, __add = function() return 9 end, __len = function() return 4 end }) return t.x, t(3), t + 1, #t',
    'x! 6 9 4',
  ],
  ['pcall gives the error with its line', 'return pcall(function()\n error("no") end)', 'false test:2: no'],
  ['error values need not be text', 'local _, e = pcall(error, { code = 7 }) return e.code', '7'],
  ['assignments see values of before', 'local a, b = 1, 2 a, b = b, a return a, b', '2 1'],
  ['removing while walking', 'local t, n = { 1, 2, a = 3, b = 4 }, 0 for k in pairs(t) do t[k] = nil n = n + 1 end return n, next(t)', '4 nil'],
  [
    'sort, insert, remove, concat, unpack',
    'local t = { 3, 1, 2 } table.sort(t, function(a, b) return a > b end) table.insert(t, 1, 9) table.remove(t) return table.concat(t, ","), table.unpack(t, 2)',
    '9,3,2 3 2',
  ],
  ['what follows a hole is found', 'local t = { 1, nil, 3 } return t[3], t[2]', '3 nil'],
  ['float keys of whole value are integers', 'local t = {} t[1.0] = "a" t[2^53] = "b" return t[1], t[2^53 | 0]', 'a b'],
];

describe('Lua', () => {
  const shown = (program: string) => {
    const machine = newMachine({ instructions: 100_000, memory: 200_000, depth: 150 }, { restricted: true });
    return machine
      .run(load(machine, program, 'test'), [])
      .map((value) => machine.show(value))
      .join(' ');
  };
  it.each(EXPRESSIONS)('%s', (_why, expressions, wanted) => expect(shown(`return ${expressions}`)).toBe(wanted));
  it.each(PROGRAMS)('%s', (_why, program, wanted) => expect(shown(program)).toBe(wanted));

  const REFUSED: readonly string[] = [
    'x =',
    'for i = 1 do end',
    'goto nowhere',
    'break',
    'local x <const> = 1; x = 2',
    '"open',
    '[[open',
    'return ...)',
    '1 = 2',
    '\x1bLua',
    'x = "\\400"',
    'f(',
    '::a:: ::a::',
    'return 0x',
  ];
  it.each(REFUSED)('is no program: %s', (text) => expect(() => evaluate(text)).toThrow(LuaError));

  const GREEDY: readonly (readonly [why: string, text: string, limit: string])[] = [
    ['an endless loop', 'while true do end', 'instructions'],
    ['an endless goto', '::a:: goto a', 'instructions'],
    ['a loop that catches errors', 'while true do pcall(error) end', 'instructions'],
    ['a limit is not an error that can be caught', 'while true do pcall(function() while true do end end) end', 'instructions'],
    ['a pattern that backtracks without end', 'return ("a"):rep(5000):find(".-.-.-.-b")', 'instructions'],
    ['a string that doubles', 'local s = "x" while true do s = s .. s end', 'memory'],
    ['one big string', 'return ("x"):rep(1e9)', 'memory'],
    ['a table that grows', 'local t = {} for i = 1, 1e9 do t[i] = i end', 'memory'],
    ['replacements that grow', 'return ("a"):rep(10000):gsub("a", ("b"):rep(10000))', 'memory'],
  ];
  it.each(GREEDY)('stops %s', (_why, text, limit) => {
    let reached: unknown;
    try {
      evaluate(text);
    } catch (error) {
      reached = error;
    }
    expect(reached).toBeInstanceOf(LimitReached);
    expect((reached as LimitReached).limit).toBe(limit);
  });

  it('strings that are dropped do not count as memory', () => {
    expect(evaluate('local s for i = 1, 5000 do s = ("x"):rep(100) .. i end return #s', { instructions: 1e6, memory: 20_000, depth: 150 })).toEqual([104n]);
  });

  it('stops recursion and deep nesting with an error', () => {
    expect(() => evaluate('local function f() return 1 + f() end f()')).toThrow(/stack overflow/);
    expect(() => evaluate(`return ${'('.repeat(5000)}1${')'.repeat(5000)}`)).toThrow(LuaError);
    expect(() => evaluate(`x = ${'{'.repeat(5000)}`)).toThrow(LuaError);
    expect(() => evaluate(`return 1${' .. 1'.repeat(5000)}`)).toThrow(LuaError);
  });

  it('ends in a value, an error or a limit, whatever the text', () => {
    const pieces =
      'x y = == ( ) { } [ ] end if then for in do while local function return 1 2.5 "s" .. + - # ~ goto ::a:: , ; nil true break string.rep pcall ... :'.split(
        ' ',
      );
    let seed = 12345;
    const below = (limit: number) => {
      seed = (seed * 1103515245 + 12345) % 2147483648;
      return Math.floor((seed / 2147483648) * limit);
    };
    let ran = 0;
    for (let turn = 0; turn < 3000; turn++) {
      const text = Array.from({ length: 1 + below(12) }, () => pieces[below(pieces.length)]).join(' ');
      try {
        evaluate(text, { instructions: 2000, memory: 20_000, depth: 100 });
        ran++;
      } catch (error) {
        if (!(error instanceof LuaError) && !(error instanceof LimitReached)) throw new Error(`${text}: ${String(error)}`);
      }
    }
    expect(ran).toBeGreaterThan(10);
  });
});
