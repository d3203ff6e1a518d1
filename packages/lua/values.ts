/**
 * Values of Lua 5.4 (reference manual, section 2.1) as JavaScript holds them: nil is undefined; a string is one character for each byte; an
 * integer is a number while it is safe and a bigint beyond, always 64 bits; a float is a `Float`, so that 1 and 1.0 stay apart.
 */
export type Value = undefined | boolean | number | bigint | string | Float | Table | LuaFunction | UserData | Coroutine;

/** What runs step by step: gives the values of each `yield`, takes those of the `resume` after it. */
export type Steps<Result> = Generator<readonly Value[], Result, readonly Value[]>;

export interface LuaFunction {
  (args: readonly Value[]): readonly Value[];
  source?: FunctionSource;
}

/** What is behind a function: variables that it holds, and how a coroutine runs it. Functions without are run at once. */
export interface FunctionSource {
  /** cells, which are counted with it */
  readonly outer: readonly { readonly value: Value }[];
  readonly steps?: (outer: FunctionSource['outer'], args: readonly Value[]) => Steps<readonly Value[]>;
}

/** A call under way. */
export interface Activation {
  readonly slots: readonly unknown[];
  readonly outer: readonly unknown[];
  readonly rest: readonly Value[];
  /** what an expression holds while another part of it waits */
  readonly held: readonly Value[];
}

/** A thread of Lua (section 2.6). */
export class Coroutine {
  status: 'suspended' | 'running' | 'normal' | 'dead' = 'suspended';
  /** what it runs; undefined until it is resumed first */
  steps: Steps<readonly Value[]> | undefined = undefined;
  /** undefined: the main program */
  readonly body: Value;
  /** its calls while it is suspended */
  activations: Activation[] = [];
  /** it died of this */
  failure: LuaError | undefined = undefined;

  constructor(body: Value) {
    this.body = body;
  }
}

export class Float {
  readonly value: number;

  constructor(value: number) {
    this.value = value;
  }
}

/** Something of the host; scripts see its methods alone. */
export class UserData {
  readonly methods: Table;
  readonly what: unknown;

  constructor(methods: Table, what: unknown) {
    this.methods = methods;
    this.what = what;
  }
}

/** Thrown by scripts and by what they call. */
export class LuaError extends Error {
  readonly value: Value;

  constructor(value: Value) {
    super(typeof value === 'string' ? value : textOf(value));
    this.value = value;
  }
}

export type Limit = 'instruction' | 'memory' | 'depth';

/** A script used more than it may; scripts can not catch it. */
export class LimitReached extends Error {
  readonly limit: Limit;

  constructor(limit: Limit) {
    super(`${limit} limit exceeded`);
    this.limit = limit;
  }
}

/** A script called something that its sandbox does not have. */
export class Blocked extends LuaError {}

const SLOT = 16;
const NODE = 40;
const HEADER = 56;

export class Table {
  metatable: Table | undefined = undefined;
  /** values of 1, 2, 3 … */
  readonly array: Value[] = [];
  #places: Map<Value, number> | undefined = undefined;
  #keys: Value[] = [];
  #values: Value[] = [];
  #empty = 0;
  /** told how many bytes more are held, as Lua would hold them */
  readonly #grow: (bytes: number) => void;

  constructor(grow: (bytes: number) => void) {
    this.#grow = grow;
    grow(HEADER);
  }

  /** Bytes that Lua would hold for it, without its contents. */
  get size(): number {
    return HEADER + powerOfTwo(this.array.length) * SLOT + powerOfTwo(this.#keys.length) * NODE;
  }

  get(key: Value): Value {
    if (typeof key === 'number' && key >= 1 && key <= this.array.length) return this.array[key - 1];
    const place = this.#places?.get(typeof key === 'object' ? keyOf(key) : key);
    return place === undefined ? undefined : this.#values[place];
  }

  /** Throws LuaError for keys that no table has: nil and not-a-number. */
  set(key: Value, value: Value): void {
    const own = typeof key === 'object' ? keyOf(key) : key;
    if (own === undefined) throw new LuaError('index is nil');
    const { array } = this;
    if (typeof own === 'number' && own >= 1 && own <= array.length + 1 && Number.isInteger(own)) {
      if (own <= array.length) {
        array[own - 1] = value;
        if (value === undefined && own === array.length) while (array.length > 0 && array[array.length - 1] === undefined) array.pop();
        return;
      }
      if (this.#places?.has(own) !== true) {
        if (value === undefined) return;
        if ((array.length & (array.length - 1)) === 0) this.#grow(Math.max(1, array.length) * SLOT * (array.length === 0 ? 1 : 2));
        array.push(value);
        if (this.#places !== undefined) this.#adopt();
        return;
      }
    }
    this.#setHash(own, value);
  }

  #setHash(key: Value, value: Value): void {
    this.#places ??= new Map();
    const place = this.#places.get(key);
    if (place !== undefined) {
      if (value === undefined && this.#values[place] !== undefined) this.#empty++;
      else if (value !== undefined && this.#values[place] === undefined) this.#empty--;
      this.#values[place] = value;
      return;
    }
    if (value === undefined) return;
    if (this.#empty > 8 && this.#empty > this.#keys.length / 2) this.#compact();
    const count = this.#keys.length;
    if ((count & (count - 1)) === 0) this.#grow(Math.max(1, count) * NODE * (count === 0 ? 1 : 2));
    this.#places.set(key, count);
    this.#keys.push(key);
    this.#values.push(value);
  }

  /** What follows the array was kept by key until now. */
  #adopt(): void {
    for (;;) {
      const next = this.array.length + 1;
      const place = this.#places?.get(next);
      if (place === undefined || this.#values[place] === undefined) return;
      this.array.push(this.#values[place]);
      this.#values[place] = undefined;
      this.#empty++;
    }
  }

  #compact(): void {
    const keys: Value[] = [];
    const values: Value[] = [];
    const places = new Map<Value, number>();
    this.#keys.forEach((key, at) => {
      if (this.#values[at] === undefined) return;
      places.set(key, keys.length);
      keys.push(key);
      values.push(this.#values[at]);
    });
    this.#keys = keys;
    this.#values = values;
    this.#places = places;
    this.#empty = 0;
  }

  /** A border (section 3.4.7). */
  get length(): number {
    if (this.array.length > 0) return this.array.length;
    let length = 0;
    while (this.get(length + 1) !== undefined) length++;
    return length;
  }

  /** The entry that follows `key` (nil: the first); undefined where there is none. */
  next(key: Value): readonly [Value, Value] | undefined {
    let at = 0;
    if (key !== undefined) {
      const own = typeof key === 'object' ? keyOf(key) : key;
      if (typeof own === 'number' && own >= 1 && own <= this.array.length) at = own;
      else {
        const place = this.#places?.get(own);
        if (place === undefined) {
          // Its last entry was taken away while it was walked through.
          if (typeof own !== 'number' || own !== this.array.length + 1) throw new LuaError("invalid key to 'next'");
          at = this.array.length;
        } else at = this.array.length + place + 1;
      }
    }
    for (; at < this.array.length; at++) if (this.array[at] !== undefined) return [at + 1, this.array[at]];
    for (let place = at - this.array.length; place < this.#keys.length; place++)
      if (this.#values[place] !== undefined) return [this.#keys[place], this.#values[place]];
    return undefined;
  }

  /** Keys and values that are held, for who counts memory. */
  *contents(): Iterable<Value> {
    yield* this.array;
    yield* this.#keys;
    yield* this.#values;
  }
}

function powerOfTwo(count: number): number {
  return count === 0 ? 0 : 2 ** Math.ceil(Math.log2(count));
}

/** Floats that are keys, by value: each value has one object. */
const floatKeys = new Map<number, Float>();
const MOST_FLOAT_KEYS = 65_536;

/** A float that is an integer is the same key as the integer. */
function keyOf(key: Value): Value {
  if (!(key instanceof Float)) return key;
  const integer = integerOf(key);
  if (integer !== undefined) return integer;
  if (Number.isNaN(key.value)) throw new LuaError('index is NaN');
  let known = floatKeys.get(key.value);
  if (known === undefined) {
    if (floatKeys.size >= MOST_FLOAT_KEYS) throw new LimitReached('memory');
    known = key;
    floatKeys.set(key.value, key);
  }
  return known;
}

export function typeOf(value: Value): string {
  switch (typeof value) {
    case 'undefined':
      return 'nil';
    case 'boolean':
      return 'boolean';
    case 'number':
    case 'bigint':
      return 'number';
    case 'string':
      return 'string';
    case 'function':
      return 'function';
    default:
      return value instanceof Table ? 'table' : value instanceof Float ? 'number' : value instanceof Coroutine ? 'thread' : 'userdata';
  }
}

export function isTrue(value: Value): boolean {
  return value !== undefined && value !== false;
}

/** 64 bits, two's complement. */
export function integer(value: bigint): number | bigint {
  const wrapped = BigInt.asIntN(64, value);
  return wrapped >= -9007199254740991n && wrapped <= 9007199254740991n ? Number(wrapped) : wrapped;
}

export function isNumber(value: Value): value is number | bigint | Float {
  return typeof value === 'number' || typeof value === 'bigint' || value instanceof Float;
}

/** As a float. */
export function floatOf(value: number | bigint | Float): number {
  return typeof value === 'number' ? value : value instanceof Float ? value.value : Number(value);
}

/** Of either type. */
export function isZero(value: number | bigint): boolean {
  return value === 0 || value === 0n;
}

/** As an integer, where it is one exactly (section 3.4.3). */
export function integerOf(value: Value): number | bigint | undefined {
  if (typeof value === 'number' || typeof value === 'bigint') return value;
  if (value instanceof Float) {
    const float = value.value;
    if (!Number.isInteger(float) || float < -(2 ** 63) || float >= 2 ** 63) return undefined;
    return integer(BigInt(float));
  }
  if (typeof value === 'string') {
    const number = numberOf(value);
    return number === undefined ? undefined : integerOf(number);
  }
  return undefined;
}

const HEXADECIMAL = /^([+-]?)0[xX]([0-9a-fA-F]*)(?:\.([0-9a-fA-F]*))?(?:[pP]([+-]?\d+))?$/;
const DECIMAL = /^[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?$/;

/** What a string says as a number (section 3.1), undefined where it says none. */
export function numberOf(text: string): number | bigint | Float | undefined {
  const trimmed = text.replace(/^[ \t-\r]+|[ \t-\r]+$/g, '');
  if (trimmed.length === 0 || trimmed.length > 400) return undefined;
  const hexadecimal = HEXADECIMAL.exec(trimmed);
  if (hexadecimal !== null) {
    const [, sign, whole, fraction = '', exponent] = hexadecimal;
    if (whole === '' && fraction === '') return undefined;
    const digits = BigInt(`0x0${whole}${fraction}`);
    const signed = sign === '-' ? -digits : digits;
    if (hexadecimal[3] === undefined && exponent === undefined) return integer(signed);
    return new Float(Number(signed) * 2 ** (Number(exponent ?? 0) - 4 * fraction.length));
  }
  if (!DECIMAL.test(trimmed)) return undefined;
  if (/^[+-]?\d+$/.test(trimmed)) {
    const exact = BigInt(trimmed.replace(/^\+/, ''));
    if (BigInt.asIntN(64, exact) === exact) return integer(exact);
  }
  return new Float(Number(trimmed));
}

/** As `tostring` shows numbers. */
export function numberText(value: number | bigint | Float): string {
  if (!(value instanceof Float)) return String(value);
  const float = value.value;
  if (Number.isNaN(float)) return Object.is(float, Number.NaN) ? 'nan' : '-nan';
  if (!Number.isFinite(float)) return float > 0 ? 'inf' : '-inf';
  const text = general(float, 14, false);
  return /^-?\d+$/.test(text) ? `${text}.0` : text;
}

/** `%.<precision>g` of C. */
export function general(value: number, precision: number, alternate: boolean): string {
  if (value === 0) return Object.is(value, -0) ? '-0' : '0';
  const digits = precision === 0 ? 1 : precision;
  const scientific = value.toExponential(Math.min(100, digits - 1));
  const exponent = Number(scientific.slice(scientific.indexOf('e') + 1));
  if (exponent < -4 || exponent >= digits) {
    const [mantissa] = scientific.split('e');
    return `${alternate ? mantissa : trimZeros(mantissa)}e${exponent < 0 ? '-' : '+'}${String(Math.abs(exponent)).padStart(2, '0')}`;
  }
  const fixed = value.toFixed(Math.min(100, Math.max(0, digits - 1 - exponent)));
  return alternate ? fixed : trimZeros(fixed);
}

function trimZeros(text: string): string {
  return text.includes('.') ? text.replace(/\.?0+$/, '') : text;
}

const numbers = new WeakMap<object, number>();
let lastNumber = 0;

/** What tells it apart from others of its type. */
export function addressOf(value: object): string {
  let number = numbers.get(value);
  if (number === undefined) {
    number = ++lastNumber;
    numbers.set(value, number);
  }
  return `0x${(0x55550000 + number * 32).toString(16).padStart(14, '0')}`;
}

/** As `tostring` without metatables. */
export function textOf(value: Value): string {
  if (typeof value === 'string') return value;
  if (value === undefined) return 'nil';
  if (typeof value === 'boolean') return String(value);
  if (isNumber(value)) return numberText(value);
  return `${typeof value === 'function' ? 'function' : typeOf(value)}: ${addressOf(value)}`;
}

/** `==` without metatables. */
export function rawEqual(a: Value, b: Value): boolean {
  if (a === b) return true;
  if (a instanceof Float) return isNumber(b) && sameNumber(a.value, b);
  if (b instanceof Float) return isNumber(a) && sameNumber(b.value, a);
  return false;
}

function sameNumber(float: number, other: number | bigint | Float): boolean {
  if (typeof other === 'bigint') return Number.isInteger(float) && BigInt(float) === other;
  return float === (other instanceof Float ? other.value : other);
}
