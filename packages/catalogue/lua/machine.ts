/**
 * What scripts run on: what they used so far, the operations of section 3.4 of the reference manual, and the metatables that
 * change them. Every operation is a step; no script takes more steps, memory or nested calls than it was given.
 *
 * Memory is what scripts can reach. It is estimated as it grows, and counted (by a walk from globals and running calls) once the
 * estimate passes the limit; the walk costs steps as well, so that a script near its limit does not stall.
 */
import {
  type Cell,
  type Frame,
  HostObject,
  LimitReached,
  LuaError,
  LuaFunction,
  LuaTable,
  readNumber,
  showFloat,
  truthy,
  typeName,
  type Value,
} from './values.ts';

export interface Limits {
  /** steps of one call from outside */
  readonly instructions: number;
  /** bytes that can be reached */
  readonly memory: number;
  /** nested calls */
  readonly depth: number;
}

const MASK = 0xffffffffffffffffn;
/** `__index` and its kin through this many tables */
const MOST_HOPS = 100;

export class Machine {
  readonly globals = new LuaTable();
  readonly limits: Limits;
  readonly frames: Frame[] = [];
  /** methods of strings */
  stringMethods: LuaTable | undefined = undefined;
  /** what print and its kin say */
  say: (text: string) => void = () => undefined;
  #steps = 0;
  #memory = 0;
  readonly #names = new WeakMap<object, number>();
  #named = 0;

  constructor(limits: Limits) {
    this.limits = limits;
  }

  get steps(): number {
    return this.#steps;
  }

  step(count = 1): void {
    this.#steps += count;
    if (this.#steps > this.limits.instructions) throw new LimitReached('instructions');
  }

  /** `bytes` more are held. */
  hold(bytes: number): void {
    this.#memory += bytes;
    if (this.#memory > this.limits.memory) this.#recount(bytes);
  }

  #recount(bytes: number): void {
    if (bytes > this.limits.memory) throw new LimitReached('memory');
    let total = bytes;
    let visited = 0;
    const seen = new Set<unknown>();
    const pending: unknown[] = [this.globals, this.stringMethods];
    for (const frame of this.frames) pending.push(...frame);
    while (pending.length > 0) {
      const one = pending.pop();
      visited++;
      if (typeof one === 'string') {
        if (seen.has(one)) continue;
        seen.add(one);
        total += one.length;
      }
      if (typeof one !== 'object' || one === null || seen.has(one)) continue;
      seen.add(one);
      if (one instanceof LuaTable) {
        total += one.size;
        for (const value of one.held()) if (value !== undefined) pending.push(value);
        if (one.metatable !== undefined) pending.push(one.metatable);
      } else if (one instanceof LuaFunction) {
        total += 40 + 16 * one.captured.length;
        for (const cell of one.captured) pending.push(cell);
      } else if (one instanceof HostObject) total += 64;
      else pending.push((one as Cell).value);
    }
    this.#memory = total;
    if (total > this.limits.memory) throw new LimitReached('memory');
    this.step(visited);
  }

  /** A string made by a script. */
  text(made: string): string {
    this.hold(made.length + 24);
    this.step(made.length >> 5);
    return made;
  }

  /** Runs a function from outside; steps are counted anew. */
  run(callee: Value, args: Value[]): Value[] {
    this.#steps = 0;
    this.frames.length = 0;
    try {
      return this.call(callee, args);
    } catch (error) {
      // JavaScript's own stack ended first.
      if (error instanceof RangeError) throw new LimitReached('depth');
      throw error;
    } finally {
      this.frames.length = 0;
    }
  }

  call(callee: Value, args: Value[]): Value[] {
    if (callee instanceof LuaFunction) {
      this.step();
      return callee.call(args);
    }
    const handler = this.metamethod(callee, '__call');
    if (handler === undefined) throw new LuaError(`attempt to call a ${typeName(callee)} value`);
    this.step();
    return this.call(handler, [callee, ...args]);
  }

  metamethod(value: Value, event: string): Value {
    if (value instanceof LuaTable) return value.metatable?.get(event);
    if (typeof value === 'string' && event === '__index') return this.stringMethods;
    if (value instanceof HostObject) return event === '__index' ? value.methods : undefined;
    return undefined;
  }

  index(object: Value, key: Value): Value {
    this.step();
    for (let hops = 0; hops < MOST_HOPS; hops++) {
      if (object instanceof LuaTable) {
        const value = object.get(key);
        if (value !== undefined || object.metatable === undefined) return value;
      }
      const handler = this.metamethod(object, '__index');
      if (handler === undefined) {
        if (object instanceof LuaTable) return undefined;
        throw new LuaError(`attempt to index a ${typeName(object)} value${typeof key === 'string' ? ` (field '${key.slice(0, 60)}')` : ''}`);
      }
      if (handler instanceof LuaFunction) return this.call(handler, [object, key])[0];
      object = handler;
    }
    throw new LuaError("'__index' chain too long; possible loop");
  }

  setIndex(object: Value, key: Value, value: Value): void {
    this.step();
    for (let hops = 0; hops < MOST_HOPS; hops++) {
      const handler = this.metamethod(object, '__newindex');
      if (object instanceof LuaTable) {
        if (handler === undefined || object.get(key) !== undefined) {
          this.rawSet(object, key, value);
          return;
        }
      } else if (handler === undefined) {
        throw new LuaError(`attempt to index a ${typeName(object)} value${typeof key === 'string' ? ` (field '${key.slice(0, 60)}')` : ''}`);
      }
      if (handler instanceof LuaFunction) {
        this.call(handler, [object, key, value]);
        return;
      }
      object = handler;
    }
    throw new LuaError("'__newindex' chain too long; possible loop");
  }

  rawSet(table: LuaTable, key: Value, value: Value): void {
    if (key === undefined) throw new LuaError('table index is nil');
    if (typeof key === 'number' && Number.isNaN(key)) throw new LuaError('table index is NaN');
    const grown = table.set(key, value);
    if (grown > 0) this.hold(grown);
  }

  #binary(event: string, left: Value, right: Value): Value | undefined | false {
    const handler = this.metamethod(left, event) ?? this.metamethod(right, event);
    return handler === undefined ? undefined : handler instanceof LuaFunction || handler instanceof LuaTable ? handler : false;
  }

  arithmetic(operator: string, left: Value, right: Value): Value {
    this.step();
    if (typeof left === 'number' && typeof right === 'number') return floats(operator, left, right);
    if (typeof left === 'bigint' && typeof right === 'bigint' && operator !== '/' && operator !== '^') return integers(operator, left, right);
    const a = numeric(left);
    const b = numeric(right);
    if (a === undefined || b === undefined || (typeof left === 'object' && typeof right === 'object')) {
      const handler = this.#binary(EVENTS[operator], left, right);
      if (handler) return this.call(handler, [left, right])[0];
      const wrong = a === undefined ? left : right;
      throw new LuaError(`attempt to perform arithmetic on a ${typeName(wrong)} value`);
    }
    if (typeof a === 'bigint' && typeof b === 'bigint' && operator !== '/' && operator !== '^') return integers(operator, a, b);
    return floats(operator, Number(a), Number(b));
  }

  bitwise(operator: string, left: Value, right: Value): Value {
    this.step();
    const isNumber = (value: Value) => typeof value === 'bigint' || typeof value === 'number';
    const a = numeric(left);
    const b = numeric(right);
    if (!isNumber(left) || !isNumber(right)) {
      const handler = this.#binary(EVENTS[operator], left, right);
      if (handler) return this.call(handler, [left, right])[0];
      if (a === undefined || b === undefined) throw new LuaError(`attempt to perform bitwise operation on a ${typeName(a === undefined ? left : right)} value`);
    }
    const x = wholeOf(a as Value);
    const y = wholeOf(b as Value);
    if (operator === '&') return x & y;
    if (operator === '|') return x | y;
    if (operator === '~') return x ^ y;
    return shift(x, operator === '<<' ? y : -y);
  }

  negate(value: Value): Value {
    this.step();
    const number = numeric(value);
    if (number !== undefined) return typeof number === 'bigint' ? BigInt.asIntN(64, -number) : -number;
    const handler = this.metamethod(value, '__unm');
    if (handler !== undefined) return this.call(handler, [value, value])[0];
    throw new LuaError(`attempt to perform arithmetic on a ${typeName(value)} value`);
  }

  complement(value: Value): Value {
    this.step();
    const handler = this.metamethod(value, '__bnot');
    if (handler !== undefined) return this.call(handler, [value, value])[0];
    const number = numeric(value);
    if (number === undefined) throw new LuaError(`attempt to perform bitwise operation on a ${typeName(value)} value`);
    return ~wholeOf(number);
  }

  length(value: Value): Value {
    this.step();
    if (typeof value === 'string') return BigInt(value.length);
    const handler = this.metamethod(value, '__len');
    if (handler !== undefined) return this.call(handler, [value])[0];
    if (value instanceof LuaTable) return BigInt(value.length);
    throw new LuaError(`attempt to get length of a ${typeName(value)} value`);
  }

  concatenate(left: Value, right: Value): Value {
    this.step();
    const a = asText(left);
    const b = asText(right);
    if (a !== undefined && b !== undefined) {
      if (a.length + b.length > this.limits.memory) throw new LimitReached('memory');
      return this.text(a + b);
    }
    const handler = this.#binary('__concat', left, right);
    if (handler) return this.call(handler, [left, right])[0];
    throw new LuaError(`attempt to concatenate a ${typeName(a === undefined ? left : right)} value`);
  }

  equal(left: Value, right: Value): boolean {
    this.step();
    if (left === right) return true;
    if ((typeof left === 'bigint' && typeof right === 'number') || (typeof left === 'number' && typeof right === 'bigint')) {
      // biome-ignore lint/suspicious/noDoubleEquals: JavaScript compares integers and floats by their exact values
      return left == right;
    }
    if (!(left instanceof LuaTable && right instanceof LuaTable)) return false;
    const handler = this.#binary('__eq', left, right);
    return handler ? truthy(this.call(handler, [left, right])[0]) : false;
  }

  less(left: Value, right: Value, orEqual: boolean): boolean {
    this.step();
    const numbers = (typeof left === 'bigint' || typeof left === 'number') && (typeof right === 'bigint' || typeof right === 'number');
    if (numbers || (typeof left === 'string' && typeof right === 'string')) {
      return orEqual ? (left as number) <= (right as number) : (left as number) < (right as number);
    }
    const handler = this.#binary(orEqual ? '__le' : '__lt', left, right);
    if (handler) return truthy(this.call(handler, [left, right])[0]);
    const a = typeName(left);
    const b = typeName(right);
    throw new LuaError(a === b ? `attempt to compare two ${a} values` : `attempt to compare ${a} with ${b}`);
  }

  show(value: Value): string {
    switch (typeof value) {
      case 'undefined':
        return 'nil';
      case 'boolean':
      case 'bigint':
        return String(value);
      case 'number':
        return showFloat(value);
      case 'string':
        return value;
    }
    const handler = this.metamethod(value, '__tostring');
    if (handler !== undefined) {
      const [shown] = this.call(handler, [value]);
      if (typeof shown !== 'string') throw new LuaError("'__tostring' must return a string");
      return shown;
    }
    const number = this.#names.get(value as object) ?? ++this.#named;
    this.#names.set(value as object, number);
    return `${typeName(value)}: 0x${number.toString(16).padStart(8, '0')}`;
  }
}

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
};

/** Numbers, and strings that read as numbers. */
export function numeric(value: Value): bigint | number | undefined {
  if (typeof value === 'bigint' || typeof value === 'number') return value;
  return typeof value === 'string' && value.length < 400 ? readNumber(value) : undefined;
}

/** The integer of the same value; undefined: none. */
export function toInteger(value: Value): bigint | undefined {
  const number = numeric(value);
  if (typeof number !== 'number') return number;
  return Number.isInteger(number) && number >= -(2 ** 63) && number < 2 ** 63 ? BigInt(number) : undefined;
}

function wholeOf(value: Value): bigint {
  const whole = toInteger(value);
  if (whole === undefined) throw new LuaError('number has no integer representation');
  return whole;
}

export function asText(value: Value): string | undefined {
  if (typeof value === 'string') return value;
  if (typeof value === 'bigint') return String(value);
  return typeof value === 'number' ? showFloat(value) : undefined;
}

export function shift(value: bigint, left: bigint): bigint {
  if (left <= -64n || left >= 64n) return 0n;
  const bits = value & MASK;
  return BigInt.asIntN(64, left >= 0n ? bits << left : bits >> -left);
}

function integers(operator: string, a: bigint, b: bigint): bigint {
  switch (operator) {
    case '+':
      return BigInt.asIntN(64, a + b);
    case '-':
      return BigInt.asIntN(64, a - b);
    case '*':
      return BigInt.asIntN(64, a * b);
    case '//': {
      if (b === 0n) throw new LuaError("attempt to perform 'n//0'");
      const quotient = a / b;
      return BigInt.asIntN(64, a % b !== 0n && a < 0n !== b < 0n ? quotient - 1n : quotient);
    }
    default: {
      if (b === 0n) throw new LuaError("attempt to perform 'n%%0'");
      const rest = a % b;
      return rest !== 0n && rest < 0n !== b < 0n ? rest + b : rest;
    }
  }
}

function floats(operator: string, a: number, b: number): number {
  switch (operator) {
    case '+':
      return a + b;
    case '-':
      return a - b;
    case '*':
      return a * b;
    case '/':
      return a / b;
    case '^':
      return power(a, b);
    case '//':
      return Math.floor(a / b);
    default: {
      const rest = a % b;
      return rest !== 0 && rest < 0 !== b < 0 ? rest + b : rest;
    }
  }
}

/** C's pow: 1 to any power is 1, as -1 to an infinite one. */
function power(a: number, b: number): number {
  if (a === 1 || (a === -1 && !Number.isFinite(b) && !Number.isNaN(b))) return 1;
  return a ** b;
}
