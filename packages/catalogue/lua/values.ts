/**
 * Values of Lua 5.4 (reference manual, section 2.1): nil is undefined, an integer is a bigint of 64 bits, a float a number,
 * a string a JS string with one byte a character.
 */
export type Value = undefined | boolean | bigint | number | string | LuaTable | LuaFunction | HostObject;

/** `error` was called, or an operation is not defined for its operands. Scripts may catch it. */
export class LuaError extends Error {
  readonly value: Value;
  constructor(value: Value) {
    super(typeof value === 'string' ? value : `(error object is a ${typeName(value)} value)`);
    this.value = value;
  }
}

export type Limit = 'instructions' | 'memory' | 'depth';

/** A script reached what it may use at most. No script can catch it. */
export class LimitReached extends Error {
  readonly limit: Limit;
  constructor(limit: Limit) {
    super(limit === 'instructions' ? 'instruction limit exceeded' : limit === 'memory' ? 'memory limit exceeded' : 'stack overflow');
    this.limit = limit;
  }
}

/** A variable that closures share. */
export interface Cell {
  value: Value;
}
/** The variables of one activation: values, and cells for those that closures share. */
export type Frame = (Value | Cell)[];

export class LuaFunction {
  readonly name: string;
  readonly call: (args: Value[]) => Value[];
  readonly captured: readonly Cell[];
  constructor(name: string, call: (args: Value[]) => Value[], captured: readonly Cell[] = []) {
    this.name = name;
    this.call = call;
    this.captured = captured;
  }
}

/** Something of the host that scripts hold and call methods of. */
export class HostObject {
  readonly kind: string;
  readonly methods: LuaTable;
  readonly content: unknown;
  constructor(kind: string, methods: LuaTable, content: unknown) {
    this.kind = kind;
    this.methods = methods;
    this.content = content;
  }
}

export class LuaTable {
  metatable: LuaTable | undefined = undefined;
  #list: Value[] = [];
  #places: Map<Value, number> | undefined = undefined;
  #keys: Value[] = [];
  #values: Value[] = [];
  #gone = 0;

  get(key: Value): Value {
    if (typeof key === 'number') key = keyOf(key);
    if (typeof key === 'bigint' && key > 0n && key <= BigInt(this.#list.length)) return this.#list[Number(key) - 1];
    const place = this.#places?.get(key);
    return place === undefined ? undefined : this.#values[place];
  }

  /** `key` is neither nil nor NaN. Gives how many bytes the table grew. */
  set(key: Value, value: Value): number {
    if (typeof key === 'number') key = keyOf(key);
    if (typeof key === 'bigint' && key > 0n && key <= BigInt(this.#list.length + 1)) {
      const at = Number(key) - 1;
      if (at < this.#list.length) {
        if (value === undefined && at === this.#list.length - 1) {
          this.#list.pop();
          while (this.#list.length > 0 && this.#list[this.#list.length - 1] === undefined) this.#list.pop();
        } else this.#list[at] = value;
        return 0;
      }
      if (value === undefined) {
        this.#setHash(key, value);
        return 0;
      }
      this.#list.push(value);
      if (this.#places !== undefined) this.#moveUp();
      return grownTo(this.#list.length) * 16;
    }
    return this.#setHash(key, value);
  }

  #moveUp(): void {
    if (this.#places?.has(BigInt(this.#list.length))) this.#setHash(BigInt(this.#list.length), undefined);
    for (;;) {
      const next = BigInt(this.#list.length + 1);
      const place = this.#places?.get(next);
      if (place === undefined || this.#values[place] === undefined) return;
      this.#list.push(this.#values[place]);
      this.#setHash(next, undefined);
    }
  }

  #setHash(key: Value, value: Value): number {
    const place = this.#places?.get(key);
    if (place !== undefined) {
      if (value === undefined && this.#values[place] !== undefined) this.#gone++;
      else if (value !== undefined && this.#values[place] === undefined) this.#gone--;
      this.#values[place] = value;
      return 0;
    }
    if (value === undefined) return 0;
    this.#places ??= new Map();
    if (this.#gone > 8 && this.#gone > this.#keys.length / 2) this.#compact();
    this.#places.set(key, this.#keys.length);
    this.#keys.push(key);
    this.#values.push(value);
    return grownTo(this.#keys.length) * 40;
  }

  #compact(): void {
    const keys = this.#keys.filter((_, at) => this.#values[at] !== undefined);
    this.#values = this.#values.filter((value) => value !== undefined);
    this.#keys = keys;
    this.#places = new Map(keys.map((key, at) => [key, at]));
    this.#gone = 0;
  }

  /** A border: `t[n]` is there and `t[n + 1]` is not. */
  get length(): number {
    return this.#list.length;
  }

  /** The pair after `key`; undefined at the end; false where there is no such key. */
  next(key: Value): [Value, Value] | undefined | false {
    let at = 0;
    let inList = true;
    if (key !== undefined) {
      if (typeof key === 'number') key = keyOf(key);
      if (typeof key === 'bigint' && key > 0n && key <= BigInt(this.#list.length)) at = Number(key);
      else {
        const place = this.#places?.get(key);
        if (place !== undefined) {
          inList = false;
          at = place + 1;
        } else if (typeof key === 'bigint' && key > 0n) at = this.#list.length;
        else return false;
      }
    }
    if (inList) {
      for (; at < this.#list.length; at++) if (this.#list[at] !== undefined) return [BigInt(at + 1), this.#list[at]];
      at = 0;
    }
    for (; at < this.#keys.length; at++) if (this.#values[at] !== undefined) return [this.#keys[at], this.#values[at]];
    return undefined;
  }

  /** For accounting: everything held. */
  *held(): Iterable<Value> {
    yield* this.#list;
    yield* this.#keys;
    yield* this.#values;
  }

  get size(): number {
    return 56 + 16 * roomFor(this.#list.length) + 40 * roomFor(this.#keys.length);
  }

  /** The values from 1 on, of a new table. Gives how many bytes it grew. */
  fill(values: Value[]): number {
    let { length } = values;
    while (length > 0 && values[length - 1] === undefined) length--;
    this.#list = values.slice(0, length);
    for (let at = 1; this.#places !== undefined && at <= length; at++) this.#setHash(BigInt(at), undefined);
    return 16 * roomFor(length);
  }
}

/** Tables grow by doubling, here as in the reference implementation, so that limits mean the same. */
function roomFor(count: number): number {
  return count === 0 ? 0 : 2 ** Math.ceil(Math.log2(count));
}

function grownTo(count: number): number {
  return roomFor(count) - roomFor(count - 1);
}

/** A float with the value of an integer is that integer, as a key. */
function keyOf(key: number): Value {
  return Number.isInteger(key) && key >= -(2 ** 63) && key < 2 ** 63 ? BigInt(key) : key;
}

export function typeName(value: Value): string {
  switch (typeof value) {
    case 'undefined':
      return 'nil';
    case 'bigint':
    case 'number':
      return 'number';
    case 'object':
      return value instanceof LuaTable ? 'table' : value instanceof LuaFunction ? 'function' : 'userdata';
    default:
      return typeof value;
  }
}

export function truthy(value: Value): boolean {
  return value !== undefined && value !== false;
}

/** Section 3.1: numerals, also as text that is converted (`"0x10"`, `" 12 "`); undefined: none. */
export function readNumber(text: string): bigint | number | undefined {
  const trimmed = text.replace(/^[ \f\n\r\t\v]+|[ \f\n\r\t\v]+$/g, '');
  const negative = trimmed.startsWith('-');
  const digits = /^[-+]/.test(trimmed) ? trimmed.slice(1) : trimmed;
  const hexadecimal = /^0[xX]([0-9a-fA-F]*)(?:\.([0-9a-fA-F]*))?(?:[pP]([-+]?\d+))?$/.exec(digits);
  if (hexadecimal !== null) {
    const [, whole, part, exponent] = hexadecimal;
    if (whole === '' && (part ?? '') === '') return undefined;
    if (part === undefined && exponent === undefined) {
      const value = BigInt.asIntN(64, BigInt(`0x${whole.slice(-16)}`));
      return negative ? BigInt.asIntN(64, -value) : value;
    }
    const mantissa = whole + (part ?? '');
    const value =
      Number(BigInt(`0x${mantissa.slice(0, 300)}`)) * 2 ** (Number(exponent ?? 0) - 4 * (part ?? '').length + 4 * Math.max(0, mantissa.length - 300));
    return negative ? -value : value;
  }
  if (!/^(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?$/.test(digits)) return undefined;
  if (/^\d+$/.test(digits) && digits.replace(/^0+/, '').length <= 19) {
    const value = negative ? -BigInt(digits) : BigInt(digits);
    if (BigInt.asIntN(64, value) === value) return value;
  }
  return negative ? -Number(digits) : Number(digits);
}

/** `%.14g`, with `.0` where it would read as an integer. */
export function showFloat(value: number): string {
  const text = general(value, 14);
  return /^-?\d+$/.test(text) ? `${text}.0` : text;
}

/** `%.<precision>g` of C; NaN always with the sign that 0/0 has on x86. */
export function general(value: number, precision: number, keepZeros = false): string {
  if (!Number.isFinite(value)) return Number.isNaN(value) ? '-nan' : value > 0 ? 'inf' : '-inf';
  const places = precision === 0 ? 1 : precision;
  if (value === 0) return `${Object.is(value, -0) ? '-0' : '0'}${keepZeros && places > 1 ? `.${'0'.repeat(places - 1)}` : ''}`;
  const [mantissa, exponentText] = value.toExponential(places - 1).split('e');
  const exponent = Number(exponentText);
  if (exponent < -4 || exponent >= places) {
    const short = keepZeros ? mantissa : mantissa.replace(/\.?0+$/, '');
    const digits = Math.abs(exponent).toString().padStart(2, '0');
    return `${mantissa.includes('.') ? short : mantissa}e${exponent < 0 ? '-' : '+'}${digits}`;
  }
  const fixed = value.toFixed(Math.max(0, places - 1 - exponent));
  return keepZeros || !fixed.includes('.') ? fixed : fixed.replace(/\.?0+$/, '');
}
