/** What operators do to values (reference manual, sections 3.4 and 2.4), with the metamethods where values have them. */
import {
  Float,
  floatOf,
  integer,
  integerOf,
  isNumber,
  isTrue,
  isZero,
  LuaError,
  type LuaFunction,
  numberOf,
  numberText,
  rawEqual,
  Table,
  textOf,
  typeOf,
  UserData,
  type Value,
} from './values.ts';

const EVENTS: Readonly<Record<string, string>> = {
  '+': '__add',
  '-': '__sub',
  '*': '__mul',
  '/': '__div',
  '%': '__mod',
  '^': '__pow',
  '//': '__idiv',
  '&': '__band',
  '|': '__bor',
  '~': '__bxor',
  '<<': '__shl',
  '>>': '__shr',
  '..': '__concat',
};
const BITWISE = new Set(['&', '|', '~', '<<', '>>']);

/** What operations need of the interpreter. */
export interface Host {
  call(callee: Value, args: readonly Value[]): readonly Value[];
  /** bytes that are about to be held */
  allocate(bytes: number): void;
  /** methods of strings */
  readonly strings: Table;
}

export function metamethod(value: Value, event: string): Value {
  if (value instanceof Table) return value.metatable?.get(event);
  if (value instanceof UserData) return event === '__index' ? value.methods : value.methods.get(event);
  return undefined;
}

export function index(host: Host, object: Value, key: Value, name: string): Value {
  let current = object;
  for (let hop = 0; hop < 100; hop++) {
    let handler: Value;
    if (current instanceof Table) {
      const found = current.get(key);
      if (found !== undefined || current.metatable === undefined) return found;
      handler = current.metatable.get('__index');
      if (handler === undefined) return undefined;
    } else if (typeof current === 'string') handler = host.strings;
    else {
      handler = metamethod(current, '__index');
      if (handler === undefined) throw new LuaError(`attempt to index a ${typeOf(current)} value${name}`);
    }
    if (typeof handler === 'function') return host.call(handler, [current, key])[0];
    current = handler;
  }
  throw new LuaError("'__index' chain too long; possible loop");
}

export function setIndex(host: Host, object: Value, key: Value, value: Value, name: string): void {
  let current = object;
  for (let hop = 0; hop < 100; hop++) {
    let handler: Value;
    if (current instanceof Table) {
      handler = current.metatable === undefined || current.get(key) !== undefined ? undefined : current.metatable.get('__newindex');
      if (handler === undefined) {
        current.set(key, value);
        return;
      }
    } else {
      handler = metamethod(current, '__newindex');
      if (handler === undefined) throw new LuaError(`attempt to index a ${typeOf(current)} value${name}`);
    }
    if (typeof handler === 'function') {
      host.call(handler, [current, key, value]);
      return;
    }
    current = handler;
  }
  throw new LuaError("'__newindex' chain too long; possible loop");
}

function asNumber(value: Value): number | bigint | Float | undefined {
  return isNumber(value) ? value : typeof value === 'string' ? numberOf(value) : undefined;
}

export function arithmetic(host: Host, operator: string, left: Value, right: Value): Value {
  if (operator === '..') return concatenate(host, left, right);
  const a = asNumber(left);
  const b = asNumber(right);
  const isBitwise = BITWISE.has(operator);
  if (a === undefined || b === undefined || (isBitwise && (typeof left === 'object' || typeof right === 'object'))) {
    const handler = metamethod(left, EVENTS[operator]) ?? metamethod(right, EVENTS[operator]);
    if (handler !== undefined) return host.call(handler, [left, right])[0];
  }
  if (a === undefined || b === undefined) {
    const wrong = a === undefined ? left : right;
    if (isBitwise && isNumber(left) && isNumber(right)) throw new LuaError('number has no integer representation');
    throw new LuaError(`attempt to perform ${isBitwise ? 'bitwise operation' : 'arithmetic'} on a ${typeOf(wrong)} value`);
  }
  return isBitwise ? bitwise(operator, a, b) : calculate(operator, a, b);
}

/** Both are numbers. */
export function calculate(operator: string, a: number | bigint | Float, b: number | bigint | Float): Value {
  if (!(a instanceof Float) && !(b instanceof Float)) {
    switch (operator) {
      case '+':
        if (typeof a === 'number' && typeof b === 'number') return small(a + b) ?? integer(BigInt(a) + BigInt(b));
        return integer(BigInt(a) + BigInt(b));
      case '-':
        if (typeof a === 'number' && typeof b === 'number') return small(a - b) ?? integer(BigInt(a) - BigInt(b));
        return integer(BigInt(a) - BigInt(b));
      case '*':
        if (typeof a === 'number' && typeof b === 'number') return small(a * b) ?? integer(BigInt(a) * BigInt(b));
        return integer(BigInt(a) * BigInt(b));
      case '//':
        return floorDivide(a, b);
      case '%':
        return modulo(a, b);
    }
  }
  const x = floatOf(a);
  const y = floatOf(b);
  switch (operator) {
    case '+':
      return new Float(x + y);
    case '-':
      return new Float(x - y);
    case '*':
      return new Float(x * y);
    case '/':
      return new Float(x / y);
    case '^':
      return new Float(power(x, y));
    case '//':
      return new Float(Math.floor(x / y));
    default: {
      const rest = x % y;
      return new Float(rest !== 0 && rest < 0 !== y < 0 ? rest + y : rest);
    }
  }
}

/** pow(1, y) and pow(-1, ±inf) are 1 in C. */
function power(x: number, y: number): number {
  if (x === 1 || (x === -1 && !Number.isFinite(y) && !Number.isNaN(y))) return 1;
  return x ** y;
}

/** A safe integer; minus zero is none. */
function small(value: number): number | undefined {
  return Number.isSafeInteger(value) ? value + 0 : undefined;
}

function floorDivide(a: number | bigint, b: number | bigint): number | bigint {
  if (isZero(b)) throw new LuaError('attempt to divide by zero');
  const x = BigInt(a);
  const y = BigInt(b);
  const quotient = x / y;
  return integer(x % y !== 0n && x < 0n !== y < 0n ? quotient - 1n : quotient);
}

function modulo(a: number | bigint, b: number | bigint): number | bigint {
  if (isZero(b)) throw new LuaError("attempt to perform 'n%0'");
  if (typeof a === 'number' && typeof b === 'number') {
    const rest = a % b;
    return (rest !== 0 && rest < 0 !== b < 0 ? rest + b : rest) + 0;
  }
  const x = BigInt(a);
  const y = BigInt(b);
  const rest = x % y;
  return integer(rest !== 0n && rest < 0n !== y < 0n ? rest + y : rest);
}

function bitwise(operator: string, a: number | bigint | Float, b: number | bigint | Float): Value {
  const x = integerOf(a);
  const y = integerOf(b);
  if (x === undefined || y === undefined) throw new LuaError('number has no integer representation');
  if (operator === '<<') return shift(x, y);
  if (operator === '>>') return shift(x, -BigInt(y));
  if (typeof x === 'number' && typeof y === 'number' && x >= 0 && y >= 0 && x <= 0x7fffffff && y <= 0x7fffffff)
    return operator === '&' ? x & y : operator === '|' ? x | y : x ^ y;
  const p = BigInt(x);
  const q = BigInt(y);
  return integer(operator === '&' ? p & q : operator === '|' ? p | q : p ^ q);
}

/** To the left; to the right where `by` is negative. Bits that come in are zero. */
function shift(value: number | bigint, by: number | bigint): number | bigint {
  const places = BigInt(by);
  if (places >= 64n || places <= -64n) return 0;
  const bits = BigInt.asUintN(64, BigInt(value));
  return integer(places >= 0n ? bits << places : bits >> -places);
}

export function concatenate(host: Host, left: Value, right: Value): Value {
  const a = typeof left === 'string' ? left : isNumber(left) ? numberText(left) : undefined;
  const b = typeof right === 'string' ? right : isNumber(right) ? numberText(right) : undefined;
  if (a === undefined || b === undefined) {
    const handler = metamethod(left, '__concat') ?? metamethod(right, '__concat');
    if (handler !== undefined) return host.call(handler, [left, right])[0];
    throw new LuaError(`attempt to concatenate a ${typeOf(a === undefined ? left : right)} value`);
  }
  host.allocate(a.length + b.length + STRING);
  return a + b;
}

/** What a string takes beside its bytes. */
export const STRING = 24;

export function negate(host: Host, value: Value): Value {
  const number = asNumber(value);
  if (number === undefined) {
    const handler = metamethod(value, '__unm');
    if (handler !== undefined) return host.call(handler, [value, value])[0];
    throw new LuaError(`attempt to perform arithmetic on a ${typeOf(value)} value`);
  }
  return number instanceof Float ? new Float(-number.value) : integer(-BigInt(number));
}

export function complement(host: Host, value: Value): Value {
  const whole = integerOf(value);
  if (whole === undefined) {
    const handler = metamethod(value, '__bnot');
    if (handler !== undefined) return host.call(handler, [value, value])[0];
    throw new LuaError(isNumber(value) ? 'number has no integer representation' : `attempt to perform bitwise operation on a ${typeOf(value)} value`);
  }
  return integer(~BigInt(whole));
}

export function lengthOf(host: Host, value: Value): Value {
  if (typeof value === 'string') return value.length;
  const handler = metamethod(value, '__len');
  if (handler !== undefined) return host.call(handler, [value])[0];
  if (value instanceof Table) return value.length;
  throw new LuaError(`attempt to get length of a ${typeOf(value)} value`);
}

export function equal(host: Host, a: Value, b: Value): boolean {
  if (rawEqual(a, b)) return true;
  if (!(a instanceof Table && b instanceof Table)) return false;
  const handler = metamethod(a, '__eq') ?? metamethod(b, '__eq');
  return handler !== undefined && isTrue(host.call(handler, [a, b])[0]);
}

export function lessThan(host: Host, a: Value, b: Value, orEqual: boolean): boolean {
  if (isNumber(a) && isNumber(b)) {
    const x = a instanceof Float ? a.value : a;
    const y = b instanceof Float ? b.value : b;
    return orEqual ? x <= y : x < y;
  }
  if (typeof a === 'string' && typeof b === 'string') return orEqual ? a <= b : a < b;
  const handler = metamethod(a, orEqual ? '__le' : '__lt') ?? metamethod(b, orEqual ? '__le' : '__lt');
  if (handler !== undefined) return isTrue(host.call(handler, [a, b])[0]);
  const [first, second] = [typeOf(a), typeOf(b)];
  throw new LuaError(first === second ? `attempt to compare two ${first} values` : `attempt to compare ${first} with ${second}`);
}

/** `tostring`. */
export function shown(host: Host, value: Value): string {
  const handler = metamethod(value, '__tostring');
  if (handler !== undefined) {
    const text = host.call(handler, [value])[0];
    if (typeof text !== 'string') throw new LuaError("'__tostring' must return a string");
    return text;
  }
  const name = metamethod(value, '__name');
  const text = textOf(value);
  return typeof name === 'string' ? text.replace(/^\w+/, name) : text;
}

export function asFunction(value: Value): LuaFunction | undefined {
  return typeof value === 'function' ? value : undefined;
}
