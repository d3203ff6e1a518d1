/** Lua 5.4 as its manual says it: what programs print, how they fail, and that no program uses more than it may. Values are those of Lua itself. */
import { spawnSync } from 'node:child_process';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Interpreter, LimitReached, type Limits, LuaError } from './index.ts';

const FREE: Limits = { instructions: 0, bytes: 0 };

/** Lines that a program prints; what it dies of is the last one. */
function run(code: string, limits: Limits = FREE): string[] {
  const lua = new Interpreter(limits);
  const lines: string[] = [];
  lua.globals.set('print', (args) => {
    lines.push(args.map((value) => String(lua.call(lua.globals.get('tostring'), [value])[0])).join('\t'));
    return [];
  });
  try {
    lua.run(lua.load(code, 'script'), []);
  } catch (error) {
    if (!(error instanceof LuaError) && !(error instanceof LimitReached)) throw error;
    lines.push(`! ${error.message}`);
  }
  return lines;
}

describe('programs', () => {
  test.each<readonly [why: string, code: string, ...lines: string[]]>([
    ['integers and floats stay apart', 'print(1, 1.0, 3//2, 3.0//2, -3//2, 3%-2, -3%2, 10/2, 2^10)', '1\t1.0\t1\t1.0\t-2\t-1\t1\t5.0\t1024.0'],
    ['integers wrap at 64 bits', 'print(math.maxinteger+1 == math.mininteger, math.maxinteger*2, 9007199254740993*3)', 'true\t-2\t27021597764222979'],
    ['bits', 'print(7&3, 7|8, 7~2, ~0, 1<<63, 1<<64, -1>>1, "3"|0)', '3\t15\t5\t-1\t-9223372036854775808\t0\t9223372036854775807\t3'],
    ['floats as C writes them', 'print(1e15, 1e100, 0.1, 1/3, -0.0, 1/0, 2^53)', '1e+15\t1e+100\t0.1\t0.33333333333333\t-0.0\tinf\t9.007199254741e+15'],
    ['a float that is an integer is the same key', 'local t={} t[1.0]=2 t[2^53]=3 print(t[1], t[2^53|0])', '2\t3'],
    ['strings are bytes', 'print(#"\\u{20AC}", ("a\\0b"):byte(2), "\\x41\\65\\z  B")', '3\t0\tAAB'],
    ['closures have variables of their own', 'local f={} for i=1,3 do f[i]=function() i=i+10 return i end end print(f[1](), f[1](), f[2]())', '11\t21\t12'],
    ['varargs', 'local function f(...) return select("#",...), ... end print(f(1,nil)) print((f(1)))', '2\t1\tnil', '1'],
    ['goto continues', 'for i=1,4 do if i%2==0 then goto on end print(i) ::on:: end', '1', '3'],
    ['loops count before they run', 'for i=math.maxinteger-1,math.maxinteger do print(i) end', '9223372036854775806', '9223372036854775807'],
    ['numeric loops of floats', 'for i=1,2,0.5 do print(i) end', '1.0', '1.5', '2.0'],
    ['a repeated condition sees locals', 'local i=3 repeat local z=i i=i-1 until z<2 print(i)', '0'],
    [
      'metamethods',
      'local m=setmetatable({},{__index=function(_,k) return k.."!" end,__call=function(_,a) return a*2 end,__add=function() return "sum" end,__len=function() return 9 end}) print(m.x, m(4), 1+m, #m)',
      'x!\t8\tsum\t9',
    ],
    ['`<close>` closes', 'do local c <close> = setmetatable({},{__close=function() print("closed") end}) print("in") end', 'in', 'closed'],
    [
      'errors tell where',
      'print(pcall(function() local x; x.y=1 end)) print(pcall(error,{}) ) print(pcall(error,"a",0))',
      "false\tscript:1: attempt to index a nil value (local 'x')",
      expect.stringMatching(/^false\ttable: /) as unknown as string,
      'false\ta',
    ],
    ['a walk may clear what it walks through', 'local t={a=1,b=2,c=3} for k in pairs(t) do t[k]=nil end print(next(t))', 'nil'],
    [
      'find, match, gsub',
      'print(("key = v"):match("^(%w+)%s*=%s*(%w+)$")) print(("hello"):gsub("l","L")) print(("f(a(b)c)d"):match("%b()")) print(("THE (quick)"):find("%((%a+)%)"))',
      'key\tv',
      'heLLo\t2',
      '(a(b)c)',
      '5\t11\tquick',
    ],
    [
      'replacements by table and function',
      'print(("$a $b"):gsub("%$(%w)",{a="1"})) print(("abc"):gsub("%w",function(c) if c=="b" then return "" end end))',
      '1 $b\t2',
      'ac\t3',
    ],
    ['format', 'print(("%5d|%-5d|%05.1f|%x|%q|%g"):format(42,42,3.14159,255,"a",1e20))', '   42|42   |003.1|ff|"a"|1e+20'],
    ['pack and unpack', 'print(string.unpack("<I2>I2s1", string.pack("<I2>I2s1",1,2,"ab")))', '1\t2\tab\t8'],
    ['sort, concat, unpack', 'local t={3,1,2} table.sort(t,function(a,b) return a>b end) print(table.concat(t,","), table.unpack(t))', '3,2,1\t3\t2\t1'],
    [
      'powers and logarithms of older versions',
      'print(math.pow(2, 10), math.log10(1000), math.ldexp(0.5, 4), math.ldexp(1, -1074) > 0)',
      '1024.0\t3.0\t8.0\ttrue',
    ],
    [
      'fraction and exponent',
      'print(math.frexp(8)) print(math.frexp(-0.3)) print(math.frexp(0)) print(math.frexp(2^-1074))',
      '0.5\t4',
      '-0.6\t-1',
      '0.0\t0',
      '0.5\t-1073',
    ],
    ['angles and what grows like them', 'print(math.atan2(0, 1), math.sinh(0), math.cosh(0), math.tanh(0))', '0.0\t0.0\t1.0\t0.0'],
    ['warnings go nowhere', 'print(warn("a", "b")) print(pcall(warn))', '', "false\tbad argument #1 to 'warn' (string expected, got no value)"],
    ['UTF-8', 'for p,c in utf8.codes("a\\u{20AC}") do print(p,c) end print(utf8.len("\\u{20AC}x"), utf8.char(8364))', '1\t97', '2\t8364', '2\t\xe2\x82\xac'],
    ['a script that can not be read', 'local = 1', "! script:1: 'name' expected near '='"],
    ['deep recursion ends', 'local function f() return 1+f() end print(pcall(f))', 'false\tscript:1: stack overflow'],
  ])('%s', (_why, code, ...lines) => {
    expect(run(code).slice(0, lines.length)).toEqual(lines);
  });
});

describe('coroutines', () => {
  test.each<readonly [why: string, code: string, ...lines: string[]]>([
    [
      'values go in and out',
      'local co=coroutine.create(function(a,b) print(a,b) local c=coroutine.yield(a+b) print(c) local d,e=coroutine.yield(c*2) print(d,e) return "end" end) print(coroutine.resume(co,1,2)) print(coroutine.resume(co,10)) print(coroutine.resume(co,"x","y")) print(coroutine.resume(co))',
      '1\t2',
      'true\t3',
      '10',
      'true\t20',
      'x\ty',
      'true\tend',
      'false\tcannot resume dead coroutine',
    ],
    [
      'a generator in a loop',
      'local function upto(n) return coroutine.wrap(function() for i=1,n do coroutine.yield(i) end end) end for i in upto(3) do print(i) end',
      '1',
      '2',
      '3',
    ],
    [
      'from calls inside calls, between operands, arguments, fields and places',
      'local y=coroutine.yield local function f(x) return y(x) end local co=coroutine.wrap(function() local t={y("a"),k=y("b"),y("c")} t[y("d")]=f("e")..f("f") print(t[1],t.k,t[2],t.p,#t) return 1+y("g")*y("h"),f("i") end) print(co()) for _,v in ipairs{1,2,3,"p","x","y",5,6} do print(co(v)) end print(co("z"))',
      'a',
      'b',
      'c',
      'd',
      'e',
      'f',
      '1\t2\t3\txy\t2',
      'g',
      'h',
      'i',
      '31\tz',
    ],
    [
      'from every kind of loop and condition',
      'local y=coroutine.yield local co=coroutine.wrap(function() local n=0 while y("w") do n=n+1 if n==2 then break end end repeat local stop=y("r") until stop for i=y("from"),y("to"),y("step") do n=n+i if i==3 then goto out end end ::out:: if y("?") and not y("!") or y("??") then return n end end) local got={true,true,false,true,1,9,2,true,true,true} print(co()) for _,v in ipairs(got) do print(co(v)) end',
      'w',
      'w',
      'r',
      'r',
      'from',
      'to',
      'step',
      '?',
      '!',
      '??',
      '6',
    ],
    [
      'through pcall, and errors tell where',
      'local co=coroutine.create(function() print(pcall(function() coroutine.yield(1) local x; x.y=2 end)) error({}) end) print(coroutine.resume(co)) local ok,e=coroutine.resume(co) print(ok,type(e),coroutine.status(co))',
      'true\t1',
      "false\tscript:1: attempt to index a nil value (local 'x')",
      'false\ttable\tdead',
    ],
    [
      'what is running',
      'print(coroutine.isyieldable(), select(2,coroutine.running())) local co co=coroutine.create(function() print(coroutine.status(co), coroutine.isyieldable(), coroutine.running()==co) local inner=coroutine.wrap(function() print(coroutine.status(co)) end) inner() end) print(coroutine.status(co), type(co)) coroutine.resume(co) print(coroutine.status(co))',
      'false\ttrue',
      'suspended\tthread',
      'running\ttrue\ttrue',
      'normal',
      'dead',
    ],
    [
      'closing closes what waits',
      'local co=coroutine.create(function() local c <close> = setmetatable({},{__close=function() print("closed") end}) coroutine.yield() end) coroutine.resume(co) print(coroutine.close(co), coroutine.status(co)) local bad=coroutine.create(error) coroutine.resume(bad,"oops") print(coroutine.close(bad)) print(coroutine.close(bad))',
      'closed',
      'true\tdead',
      'false\toops',
      'true',
    ],
    [
      'a program that does not run can not wait, nor a library function that calls back',
      'print(pcall(coroutine.yield)) local co=coroutine.create(function() table.sort({2,1},function() coroutine.yield() end) end) print(coroutine.resume(co))',
      'false\tattempt to yield from outside a coroutine',
      'false\tscript:1: attempt to yield across a C-call boundary',
    ],
    [
      'two at a time have variables of their own',
      'local function g(s) return coroutine.wrap(function() for i=1,2 do coroutine.yield(s..i) end end) end local a,b=g("a"),g("b") print(a(),b(),a(),b())',
      'a1\tb1\ta2\tb2',
    ],
    [
      'one can not resume itself',
      'local co co=coroutine.wrap(function() return coroutine.resume(coroutine.running()) end) print(co())',
      'false\tcannot resume non-suspended coroutine',
    ],
    ['its error is told to who calls it', 'local f=coroutine.wrap(function() error("oops") end) print(pcall(f))', 'false\tscript:1: oops'],
    [
      'methods and metamethods',
      'local o={v=1} function o:next() self.v=self.v+coroutine.yield(self.v) return self.v end local c=setmetatable({},{__call=function(_,x) return coroutine.yield(x) end}) local co=coroutine.wrap(function() return o:next(), c(7) end) print(co()) print(co(4)) print(co("z"))',
      '1',
      '7',
      '5\tz',
    ],
  ])('%s', (_why, code, ...lines) => {
    expect(run(code)).toEqual(lines);
  });

  test('calm and step by step, a program does the same', () => {
    const program =
      'local t,s={},0 for i=1,20 do t[#t+1]=i%3==0 and {n=i,[i]=-i} or i end for k,v in pairs(t) do if type(v)=="table" then s=s+v.n else s=s+k end end local function f(n,...) if n==0 then return select("#",...) end return f(n-1,n,...) end local m={f(3),f(4)} return s, f(7), #m, ("x"):rep(3)..f(2), not f(0)';
    const calm = run(`print((function() ${program} end)())`);
    expect(calm).toEqual(['210\t7\t2\txxx2\tfalse']);
    expect(run(`print(coroutine.wrap(function() ${program} end)())`)).toEqual(calm);
  });

  test.each<readonly [why: string, code: string, limits: Limits, last: string]>([
    ['one that never ends', 'coroutine.wrap(function() while true do end end)()', { instructions: 10_000, bytes: 0 }, '! instruction limit exceeded'],
    [
      'one that always waits',
      'local f=coroutine.wrap(function() while true do coroutine.yield() end end) while true do f() end',
      { instructions: 10_000, bytes: 0 },
      '! instruction limit exceeded',
    ],
    [
      'one whose errors are caught',
      'while true do coroutine.resume(coroutine.create(function() while true do end end)) end',
      { instructions: 10_000, bytes: 0 },
      '! instruction limit exceeded',
    ],
    ['a million of them kept', 'local t={} for i=1,1e6 do t[i]=coroutine.create(print) end', { instructions: 0, bytes: 500_000 }, '! memory limit exceeded'],
    [
      'what many of them hold in variables',
      'local t={} for i=1,1e6 do t[i]=coroutine.wrap(function() local s=("x"):rep(10000)..i coroutine.yield() return s end) t[i]() end',
      { instructions: 0, bytes: 1_000_000 },
      '! memory limit exceeded',
    ],
    [
      'what many of them hold between two operands',
      'local t={} for i=1,1e6 do t[i]=coroutine.wrap(function() return (("x"):rep(10000)..i)..coroutine.yield() end) t[i]() end',
      { instructions: 0, bytes: 1_000_000 },
      '! memory limit exceeded',
    ],
    [
      'closures that hold much',
      'local t={} for i=1,1e6 do local s=("x"):rep(10000)..i t[i]=function() return s end end',
      { instructions: 0, bytes: 1_000_000 },
      '! memory limit exceeded',
    ],
    [
      'a million of them dropped',
      'for i=1,20000 do coroutine.wrap(function() coroutine.yield() end)() end print("done")',
      { instructions: 0, bytes: 500_000 },
      'done',
    ],
    [
      'one that resumes another without end',
      'local function f() return coroutine.wrap(f)() end print(pcall(f))',
      { instructions: 1_000_000, bytes: 10_000_000 },
      'stack overflow',
    ],
    [
      'deep calls inside one',
      'local function f() return 1+f() end print(coroutine.resume(coroutine.create(f)))',
      { instructions: 1_000_000, bytes: 10_000_000 },
      'stack overflow',
    ],
    [
      'deep calls that wait at the bottom',
      'local function f(n) if n==0 then coroutine.yield() return 0 end return 1+f(n-1) end local co=coroutine.wrap(function() return f(150) end) co() print(co())',
      { instructions: 0, bytes: 0 },
      '150',
    ],
  ])('%s', (_why, code, limits, last) => {
    expect(run(code, limits).at(-1)).toContain(last);
  });
});

describe('limits', () => {
  test.each<readonly [why: string, code: string, limits: Limits, limit: string]>([
    ['an endless loop', 'while true do end', { instructions: 10_000, bytes: 0 }, 'instruction'],
    ['an endless loop that catches errors', 'while true do pcall(function() while true do end end) end', { instructions: 10_000, bytes: 0 }, 'instruction'],
    ['a pattern that tries forever', '("a"):rep(40):find(("a*"):rep(20).."b")', { instructions: 100_000, bytes: 0 }, 'instruction'],
    ['one large string', 'local s = ("x"):rep(1000000)', { instructions: 0, bytes: 20_000 }, 'memory'],
    ['strings that grow', 'local s = "x" while true do s = s .. s end', { instructions: 0, bytes: 100_000 }, 'memory'],
    ['a table that grows', 'local t = {} for i = 1, 1e9 do t[i] = i end', { instructions: 0, bytes: 100_000 }, 'memory'],
    ['a table with names that grows', 'local t = {} for i = 1, 1e9 do t["k"..i] = i end', { instructions: 0, bytes: 100_000 }, 'memory'],
  ])('%s', (_why, code, limits, limit) => {
    expect(run(code, limits)).toEqual([`! ${limit} limit exceeded`]);
  });

  test('what is dropped is not held', () => {
    expect(run('for i = 1, 5000 do local s = ("x"):rep(100) end print("done")', { instructions: 0, bytes: 50_000 })).toEqual(['done']);
  });

  test('the same program has the same steps again', () => {
    const lua = new Interpreter({ instructions: 2000, bytes: 0 });
    const script = lua.load('local n = 0 for i = 1, 100 do n = n + i end return n', 'script');
    for (let round = 0; round < 50; round++) expect(lua.run(script, [])).toEqual([5050]);
  });
});

test('any text is read or refused, and any program that is read ends', () => {
  const words = fc.constantFrom(
    ...'local function end if then else for in do while repeat until return break goto nil true and or not x y 1 2.5 "s" = == ~= < > + - * / // % ^ .. # ( ) { } [ ] , ; : :: ... \n'.split(
      ' ',
    ),
  );
  fc.assert(
    fc.property(
      fc.oneof(
        fc.array(words, { maxLength: 40 }).map((list) => list.join(' ')),
        fc.string({ maxLength: 60 }),
      ),
      (code) => {
        run(code, { instructions: 5000, bytes: 50_000 });
      },
    ),
    { numRuns: 2000 },
  );
});

const reference = spawnSync('lua5.4', ['-v']).status === 0;

/** The reference implementation, where the machine has it: numbers of all kinds under all operators. */
test.skipIf(!reference)('numbers as Lua itself calculates them', () => {
  const numbers = ['0', '1', '-1', '3', '-7', '2^53', '0.5', '-2.5', '1e308', '-1e-5', '0x7fffffffffffffff', '-0x7fffffffffffffff - 1', '1/0', '2^63'];
  const operators = ['+', '-', '*', '/', '//', '%', '^', '&', '|', '~', '<<', '>>', '<', '<=', '=='];
  const program = numbers
    .flatMap((a) => numbers.flatMap((b) => operators.map((operator) => `print(pcall(function() return (${a}) ${operator} (${b}) end))`)))
    .join('\n');
  const told = (lines: readonly string[]): string[] => lines.map((line) => line.replace(/^false\t.*: /, 'false\t').replace('-nan', 'nan'));
  const expected = spawnSync('lua5.4', ['-'], { input: program, encoding: 'latin1', maxBuffer: 1e8 }).stdout.trimEnd().split('\n');
  expect(told(run(program))).toEqual(told(expected));
});
