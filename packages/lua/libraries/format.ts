/** `string.format` (reference manual, section 6.4): the conversions of C that Lua has. */
import type { Interpreter } from '../interpreter.ts';
import { shown } from '../operations.ts';
import { Float, general, isNumber, LuaError, numberText, type Value } from '../values.ts';
import { badArgument, exact, float, text, whole } from './arguments.ts';

const CONVERSION = /%([-+ #0]*)(\d*)(?:\.(\d*))?([a-zA-Z%])/y;

export function format(lua: Interpreter, args: readonly Value[]): string {
  const pattern = text(args, 0, 'format');
  let out = '';
  let argument = 0;
  let at = 0;
  while (at < pattern.length) {
    const next = pattern.indexOf('%', at);
    if (next < 0) {
      out += pattern.slice(at);
      break;
    }
    out += pattern.slice(at, next);
    CONVERSION.lastIndex = next;
    const found = CONVERSION.exec(pattern);
    if (found === null) throw new LuaError(`invalid conversion '${pattern.slice(next, next + 5)}' to 'format'`);
    at = next + found[0].length;
    const [all, flags, width, precision, letter] = found;
    if (letter === '%') {
      out += '%';
      continue;
    }
    if (width.length > 2 || (precision?.length ?? 0) > 2) throw new LuaError(`invalid conversion '${all}' to 'format'`);
    argument++;
    if (argument >= args.length) badArgument(argument, 'format', 'no value');
    const made = convert(lua, args, argument, flags, precision === undefined ? undefined : Number(precision), letter, all);
    out += pad(made, flags, Number(width), letter, precision !== undefined);
    lua.allocate(made.length);
  }
  return out;
}

function convert(lua: Interpreter, args: readonly Value[], at: number, flags: string, precision: number | undefined, letter: string, all: string): string {
  const signed = (digits: string, isNegative: boolean): string => (isNegative ? '-' : flags.includes('+') ? '+' : flags.includes(' ') ? ' ' : '') + digits;
  switch (letter) {
    case 'd':
    case 'i':
    case 'u': {
      const value = BigInt(exact(args, at, 'format'));
      const magnitude = letter === 'u' ? BigInt.asUintN(64, value) : value < 0n ? -value : value;
      return signed(magnitude.toString().padStart(precision ?? 1, '0'), letter !== 'u' && value < 0n);
    }
    case 'o':
    case 'x':
    case 'X': {
      const value = BigInt.asUintN(64, BigInt(exact(args, at, 'format')));
      const digits = value.toString(letter === 'o' ? 8 : 16).padStart(precision ?? 1, '0');
      const prefix = flags.includes('#') && value !== 0n ? (letter === 'o' ? '0' : '0x') : '';
      return letter === 'X' ? (prefix + digits).toUpperCase() : prefix + digits;
    }
    case 'c':
      return String.fromCharCode(whole(args, at, 'format') & 0xff);
    case 'e':
    case 'E':
    case 'f':
    case 'F':
    case 'g':
    case 'G': {
      const value = float(args, at, 'format');
      const isNegative = value < 0 || Object.is(value, -0);
      const magnitude = Math.abs(value);
      let digits: string;
      if (!Number.isFinite(value)) digits = Number.isNaN(value) ? 'nan' : 'inf';
      else if (letter === 'f' || letter === 'F')
        digits = magnitude >= 1e21 ? BigInt(magnitude).toString() + fraction(precision ?? 6) : fixed(magnitude, precision ?? 6);
      else if (letter === 'e' || letter === 'E') digits = magnitude.toExponential(precision ?? 6).replace(/e([+-])(\d)$/, 'e$10$2');
      else digits = general(magnitude, precision ?? 6, flags.includes('#'));
      return signed(letter < 'a' ? digits.toUpperCase() : digits, isNegative);
    }
    case 'a':
    case 'A': {
      const made = hexadecimal(float(args, at, 'format'), precision);
      return letter === 'A' ? made.toUpperCase() : made;
    }
    case 's': {
      const made = shown(lua, args[at]);
      return precision === undefined ? made : made.slice(0, precision);
    }
    case 'q':
      return quoted(args[at]);
    default:
      throw new LuaError(`invalid conversion '${all}' to 'format'`);
  }
}

/** As C rounds: of two that are equally near, the even one. */
function fixed(value: number, precision: number): string {
  const made = value.toFixed(precision);
  const exactly = value.toFixed(Math.min(100, precision + 40));
  const place = exactly.length - (Math.min(100, precision + 40) - precision);
  if (!/^50*$/.test(exactly.slice(place).replace('.', ''))) return made;
  const below = exactly.slice(0, place).replace(/\.$/, '');
  return (below.charCodeAt(below.length - 1) - 48) % 2 === 0 ? below : made;
}

function fraction(precision: number): string {
  return precision === 0 ? '' : `.${'0'.repeat(precision)}`;
}

function pad(made: string, flags: string, width: number, letter: string, hasPrecision: boolean): string {
  if (made.length >= width) return made;
  if (flags.includes('-')) return made.padEnd(width);
  const isInteger = 'diuoxX'.includes(letter);
  if (flags.includes('0') && letter !== 's' && letter !== 'c' && !(isInteger && hasPrecision) && !/inf|nan/i.test(made)) {
    const head = /^[-+ ]?(0[xX])?/.exec(made)?.[0] ?? '';
    return head + made.slice(head.length).padStart(width - head.length, '0');
  }
  return made.padStart(width);
}

/** As `%a` of C. */
function hexadecimal(value: number, precision: number | undefined): string {
  if (!Number.isFinite(value)) return Number.isNaN(value) ? 'nan' : value > 0 ? 'inf' : '-inf';
  const sign = value < 0 || Object.is(value, -0) ? '-' : '';
  let magnitude = Math.abs(value);
  if (magnitude === 0) return `${sign}0x0${precision !== undefined && precision > 0 ? `.${'0'.repeat(precision)}` : ''}p+0`;
  let exponent = Math.max(-1022, Math.floor(Math.log2(magnitude)));
  if (magnitude / 2 ** exponent >= 2) exponent++;
  if (magnitude / 2 ** exponent < 1 && exponent > -1022) exponent--;
  magnitude /= 2 ** exponent;
  let bits = BigInt(Math.round(magnitude * 2 ** 52));
  if (precision !== undefined && precision < 13) {
    const drop = BigInt(4 * (13 - precision));
    const half = 1n << (drop - 1n);
    const rest = bits & ((1n << drop) - 1n);
    bits >>= drop;
    if (rest > half || (rest === half && (bits & 1n) === 1n)) bits++;
    bits <<= drop;
  }
  const digits = (bits & ((1n << 52n) - 1n)).toString(16).padStart(13, '0');
  const shownDigits = precision === undefined ? digits.replace(/0+$/, '') : digits.padEnd(precision, '0').slice(0, precision);
  return `${sign}0x${bits >> 52n}${shownDigits === '' ? '' : `.${shownDigits}`}p${exponent < 0 ? '-' : '+'}${Math.abs(exponent)}`;
}

/** A literal that Lua reads back as the same value. */
function quoted(value: Value): string {
  if (typeof value === 'string') {
    return `"${value.replace(/[\\"]|\p{Cc}/gu, (letter, place: number) => {
      if (letter > '\x7f') return letter;
      if (letter === '\n') return '\\\n';
      if (letter === '\\' || letter === '"') return `\\${letter}`;
      const isDigitNext = /[0-9]/.test(value[place + 1] ?? '');
      return `\\${isDigitNext ? String(letter.charCodeAt(0)).padStart(3, '0') : letter.charCodeAt(0)}`;
    })}"`;
  }
  if (value instanceof Float) {
    return value.value === Number.POSITIVE_INFINITY
      ? '1e9999'
      : value.value === Number.NEGATIVE_INFINITY
        ? '-1e9999'
        : Number.isNaN(value.value)
          ? '(0/0)'
          : hexadecimal(value.value, undefined);
  }
  if (isNumber(value)) return value === -(2n ** 63n) ? '0x8000000000000000' : numberText(value);
  if (value === undefined || typeof value === 'boolean') return String(value ?? 'nil');
  throw new LuaError('value has no literal form');
}
