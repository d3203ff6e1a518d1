/**
 * Mathematical functions (reference manual, section 6.7), and those of Lua 5.2 that the Suricata user guide counts among what rules may
 * call (`pow`, `log10` …). Chance is not theirs: `random` follows a seed that is the same in each run.
 */
import type { Interpreter } from '../interpreter.ts';
import { Float, floatOf, integer, integerOf, isNumber, isZero, typeOf, type Value } from '../values.ts';
import { any, badArgument, exact, float, number, whole } from './arguments.ts';

export function installMath(lua: Interpreter): void {
  let seed = 0x9e3779b97f4a7c15n;
  /** splitmix64 */
  const bits = (): bigint => {
    seed = BigInt.asUintN(64, seed + 0x9e3779b97f4a7c15n);
    let value = seed;
    value = BigInt.asUintN(64, (value ^ (value >> 30n)) * 0xbf58476d1ce4e5b9n);
    value = BigInt.asUintN(64, (value ^ (value >> 27n)) * 0x94d049bb133111ebn);
    return value ^ (value >> 31n);
  };
  const rounded = (name: string, round: (value: number) => number) => {
    return (args: readonly Value[]): readonly Value[] => {
      const value = number(args, 0, name);
      if (!(value instanceof Float)) return [value];
      const integral = new Float(round(value.value));
      return [integerOf(integral) ?? integral];
    };
  };
  const best = (name: string, isBetter: (a: number | bigint, b: number | bigint) => boolean) => {
    return (args: readonly Value[]): readonly Value[] => {
      let found = number(args, 0, name);
      for (let at = 1; at < args.length; at++) {
        const value = number(args, at, name);
        if (isBetter(plain(value), plain(found))) found = value;
      }
      return [found];
    };
  };
  const real = (name: string, work: (value: number) => number) => {
    return (args: readonly Value[]): readonly Value[] => [new Float(work(float(args, 0, name)))];
  };
  const library = lua.library({
    abs(args) {
      const value = number(args, 0, 'abs');
      if (value instanceof Float) return [new Float(Math.abs(value.value))];
      return [value < 0 ? integer(-BigInt(value)) : value];
    },
    acos: real('acos', Math.acos),
    asin: real('asin', Math.asin),
    atan2: (args) => [new Float(Math.atan2(float(args, 0, 'atan2'), float(args, 1, 'atan2')))],
    atan: (args) => [new Float(Math.atan2(float(args, 0, 'atan'), args[1] === undefined ? 1 : float(args, 1, 'atan')))],
    ceil: rounded('ceil', Math.ceil),
    cos: real('cos', Math.cos),
    cosh: real('cosh', Math.cosh),
    deg: real('deg', (value) => (value * 180) / Math.PI),
    exp: real('exp', Math.exp),
    floor: rounded('floor', Math.floor),
    fmod(args) {
      const a = number(args, 0, 'fmod');
      const b = number(args, 1, 'fmod');
      if (a instanceof Float || b instanceof Float) return [new Float(floatOf(a) % floatOf(b))];
      if (isZero(b)) badArgument(1, 'fmod', 'zero');
      return [integer(BigInt(a) % BigInt(b))];
    },
    frexp(args) {
      const value = float(args, 0, 'frexp');
      if (value === 0 || !Number.isFinite(value)) return [new Float(value), 0];
      // Of a number too small for an exponent of its own the logarithm is not exact: scaled up first.
      const scale = Math.abs(value) < 2 ** -1000 ? 64 : 0;
      let exponent = Math.floor(Math.log2(Math.abs(value) * 2 ** scale)) + 1;
      let mantissa = (value * 2 ** scale) / 2 ** (exponent - 1) / 2;
      if (Math.abs(mantissa) >= 1) {
        mantissa /= 2;
        exponent++;
      } else if (Math.abs(mantissa) < 0.5) {
        mantissa *= 2;
        exponent--;
      }
      return [new Float(mantissa), exponent - scale];
    },
    ldexp(args) {
      const exponent = Math.max(-2200, Math.min(2200, whole(args, 1, 'ldexp')));
      // In two steps: 2^exponent alone may be beyond what a float holds.
      const half = Math.trunc(exponent / 2);
      return [new Float(float(args, 0, 'ldexp') * 2 ** half * 2 ** (exponent - half))];
    },
    log(args) {
      const value = float(args, 0, 'log');
      if (args[1] === undefined) return [new Float(Math.log(value))];
      const base = float(args, 1, 'log');
      return [new Float(base === 2 ? Math.log2(value) : base === 10 ? Math.log10(value) : Math.log(value) / Math.log(base))];
    },
    log10: real('log10', Math.log10),
    max: best('max', (a, b) => a > b),
    min: best('min', (a, b) => a < b),
    modf(args) {
      const value = float(args, 0, 'modf');
      const part = Math.trunc(value);
      return [integerOf(new Float(part)) ?? new Float(part), new Float(Number.isFinite(value) ? value - part : Number.isNaN(value) ? value : 0)];
    },
    pow: (args) => [new Float(float(args, 0, 'pow') ** float(args, 1, 'pow'))],
    rad: real('rad', (value) => (value * Math.PI) / 180),
    random(args) {
      if (args.length === 0) return [new Float(Number(bits() >> 11n) / 2 ** 53)];
      const low = args.length === 1 ? 1n : BigInt(exact(args, 0, 'random'));
      const high = BigInt(exact(args, args.length - 1, 'random'));
      if (args.length === 1 && high === 0n) return [integer(bits())];
      if (low > high) badArgument(args.length - 1, 'random', 'interval is empty');
      return [integer(low + (bits() % (high - low + 1n)))];
    },
    randomseed(args) {
      seed = args.length === 0 ? 0n : BigInt(integerOf(number(args, 0, 'randomseed')) ?? Math.floor(float(args, 0, 'randomseed') || 0));
      return [];
    },
    sin: real('sin', Math.sin),
    sinh: real('sinh', Math.sinh),
    sqrt: real('sqrt', Math.sqrt),
    tan: real('tan', Math.tan),
    tanh: real('tanh', Math.tanh),
    tointeger: (args) => [isNumber(any(args, 0, 'tointeger')) || typeof args[0] === 'string' ? integerOf(args[0]) : undefined],
    type: (args) => [typeOf(any(args, 0, 'type')) !== 'number' ? undefined : args[0] instanceof Float ? 'float' : 'integer'],
    ult: (args) => [BigInt.asUintN(64, BigInt(exact(args, 0, 'ult'))) < BigInt.asUintN(64, BigInt(exact(args, 1, 'ult')))],
  });
  library.set('pi', new Float(Math.PI));
  library.set('huge', new Float(Number.POSITIVE_INFINITY));
  library.set('maxinteger', 2n ** 63n - 1n);
  library.set('mininteger', -(2n ** 63n));
  lua.globals.set('math', library);
}

function plain(value: number | bigint | Float): number | bigint {
  return value instanceof Float ? value.value : value;
}
