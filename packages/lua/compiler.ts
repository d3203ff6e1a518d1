/**
 * The tree → functions of JavaScript that do what it says, one inside the other. A local lives in a slot of its function's frame, or in a cell
 * where functions inside use it, a new one each time its declaration is passed. Statements answer what the control flow does next.
 */

import { BREAK, Cell, type Evaluate, type EvaluateAll, type Frame, Goto, NONE_HELD, NOTHING, type Outcome, type Run } from './frames.ts';
import type { Interpreter } from './interpreter.ts';
import { arithmetic, complement, concatenate, equal, index, lengthOf, lessThan, metamethod, negate, setIndex } from './operations.ts';
import { stepwise } from './stepwise.ts';
import type { Block, Expression, FunctionBody, Local, Statement } from './syntax.ts';
import { Float, floatOf, integer, isNumber, isTrue, LuaError, type LuaFunction, Table, typeOf, type Value } from './values.ts';

/** What a closure and a captured variable take. */
export const CLOSURE = 40;

export class Compiler {
  readonly lua: Interpreter;
  readonly #chunk: string;

  constructor(lua: Interpreter, chunk: string) {
    this.lua = lua;
    this.#chunk = chunk;
  }

  /** Makes the function anew for each frame that passes its definition. */
  function(body: FunctionBody): (frame: Frame | undefined) => LuaFunction {
    const lua = this.lua;
    const run = this.block(body.body);
    const { parameters, hasRest, slots } = body;
    const cells = parameters.filter((local) => local.captured).map((local) => local.slot);
    const sources = body.outer.map(({ local, index: at }) => ({ slot: local === undefined ? -1 : local.slot, index: at }));
    const parameterCount = parameters.length;
    const begin = (outer: readonly Cell[], args: readonly Value[], held: Value[]): Frame => {
      const frame: Frame = { slots: new Array(slots), outer, rest: hasRest ? args.slice(parameterCount) : NOTHING, held };
      for (let at = 0; at < parameterCount; at++) frame.slots[at] = args[at];
      for (const slot of cells) frame.slots[slot] = new Cell(frame.slots[slot] as Value);
      return frame;
    };
    const steps = stepwise(this, body, begin);
    return (around) => {
      const outer = sources.map(({ slot, index: at }) => (slot >= 0 ? (around!.slots[slot] as Cell) : around!.outer[at]));
      lua.allocate(CLOSURE + 8 * outer.length);
      const made: LuaFunction = (args) => {
        const frame = begin(outer, args, NONE_HELD);
        lua.enter(frame);
        try {
          const outcome = run(frame);
          return outcome === undefined ? NOTHING : (outcome as readonly Value[]);
        } finally {
          lua.leave();
        }
      };
      made.source = { outer, steps };
      return made;
    };
  }

  at<Result>(line: number, work: () => Result): Result {
    try {
      return work();
    } catch (error) {
      throw this.located(error, line);
    }
  }

  /** Messages of the interpreter say where; what `error` was called with says it itself. */
  located(error: unknown, line: number): unknown {
    if (!(error instanceof LuaError) || located.has(error) || typeof error.value !== 'string') return error;
    const placed = Object.assign(Object.create(Object.getPrototypeOf(error)), error, {
      value: `${this.#chunk}:${line}: ${error.value}`,
      message: `${this.#chunk}:${line}: ${error.value}`,
    });
    located.add(placed);
    return placed;
  }

  block(block: Block): Run {
    const lua = this.lua;
    const statements = block.statements.map((statement) => this.statement(statement));
    const labels = new Map<string, number>();
    block.statements.forEach((statement, at) => {
      if (statement.kind === 'label') labels.set(statement.name, at);
    });
    const count = statements.length;
    const run: Run = (frame) => {
      for (let at = 0; at < count; at++) {
        lua.step();
        const outcome = statements[at](frame);
        if (outcome === undefined) continue;
        if (outcome instanceof Goto) {
          const target = labels.get(outcome.label);
          if (target !== undefined) {
            at = target - 1;
            continue;
          }
        }
        return outcome;
      }
      return undefined;
    };
    return block.closes.length === 0 ? run : this.#closing(block.closes, run);
  }

  /** Calls `__close` of the variables that were reached, the last first (section 3.3.8). */
  #closing(locals: readonly Local[], run: Run): Run {
    const close = this.closer(locals);
    return (frame) => {
      for (const { slot } of locals) frame.slots[slot] = undefined;
      let outcome: Outcome;
      try {
        outcome = run(frame);
      } catch (error) {
        if (error instanceof LuaError) close(frame, error.value);
        throw error;
      }
      close(frame, undefined);
      return outcome;
    };
  }

  closer(locals: readonly Local[]): (frame: Frame, error: Value) => void {
    const { lua } = this;
    return (frame, error) => {
      for (let at = locals.length - 1; at >= 0; at--) {
        const held = frame.slots[locals[at].slot];
        const value = held instanceof Cell ? held.value : held;
        if (isTrue(value)) lua.call(metamethod(value, '__close'), [value, error]);
      }
    };
  }

  declare(local: Local): (frame: Frame, value: Value) => void {
    const { slot } = local;
    if (!local.captured)
      return (frame, value) => {
        frame.slots[slot] = value;
      };
    const lua = this.lua;
    return (frame, value) => {
      lua.allocate(CLOSURE);
      frame.slots[slot] = new Cell(value);
    };
  }

  statement(statement: Statement): Run {
    switch (statement.kind) {
      case 'local':
        return this.#local(statement);
      case 'assign':
        return this.#assign(statement);
      case 'call': {
        const call = this.all(statement.call);
        return (frame) => {
          call(frame);
          return undefined;
        };
      }
      case 'do':
        return this.block(statement.body);
      case 'while': {
        const condition = this.expression(statement.condition);
        const body = this.block(statement.body);
        return this.#loop((frame) => (isTrue(condition(frame)) ? undefined : BREAK), body);
      }
      case 'repeat': {
        // The condition belongs to the block: it sees its locals.
        const body = this.block(statement.body);
        const condition = this.expression(statement.condition);
        const lua = this.lua;
        return (frame) => {
          for (;;) {
            lua.step();
            const outcome = body(frame);
            if (outcome === BREAK) return undefined;
            if (outcome !== undefined) return outcome;
            if (isTrue(condition(frame))) return undefined;
          }
        };
      }
      case 'if': {
        const cases = statement.cases.map(({ condition, body }) => ({ condition: this.expression(condition), body: this.block(body) }));
        const otherwise = statement.otherwise === undefined ? undefined : this.block(statement.otherwise);
        return (frame) => {
          for (const { condition, body } of cases) if (isTrue(condition(frame))) return body(frame);
          return otherwise?.(frame);
        };
      }
      case 'for':
        return this.#for(statement);
      case 'for-in':
        return this.#forIn(statement);
      case 'local-function': {
        const declare = this.declare(statement.local);
        const make = this.function(statement.body);
        const { slot, captured } = statement.local;
        return (frame) => {
          declare(frame, undefined);
          const made = make(frame);
          if (captured) (frame.slots[slot] as Cell).value = made;
          else frame.slots[slot] = made;
          return undefined;
        };
      }
      case 'return': {
        if (
          statement.values.length === 1 &&
          statement.values[0].kind !== 'call' &&
          statement.values[0].kind !== 'method' &&
          statement.values[0].kind !== 'rest'
        ) {
          const value = this.expression(statement.values[0]);
          return (frame) => [value(frame)];
        }
        return this.list(statement.values);
      }
      case 'break':
        return () => BREAK;
      case 'goto': {
        const jump = new Goto(statement.label);
        return () => jump;
      }
      case 'label':
        return () => undefined;
    }
  }

  #loop(before: (frame: Frame) => Outcome, body: Run): Run {
    const lua = this.lua;
    return (frame) => {
      for (;;) {
        lua.step();
        if (before(frame) === BREAK) return undefined;
        const outcome = body(frame);
        if (outcome === BREAK) return undefined;
        if (outcome !== undefined) return outcome;
      }
    };
  }

  #local({ locals, values, line }: Extract<Statement, { kind: 'local' }>): Run {
    const declare = locals.map((local) => this.declare(local));
    const check = (at: number, value: Value): void => {
      if (locals[at].closes && isTrue(value) && metamethod(value, '__close') === undefined)
        this.at(line, () => {
          throw new LuaError(`variable '${locals[at].name}' got a non-closable value`);
        });
    };
    if (locals.length === 1 && values.length === 1) {
      const value = this.expression(values[0]);
      const [only] = declare;
      const closes = locals[0].closes;
      return (frame) => {
        const made = value(frame);
        if (closes) check(0, made);
        only(frame, made);
        return undefined;
      };
    }
    const list = this.list(values);
    return (frame) => {
      const made = list(frame);
      for (let at = 0; at < declare.length; at++) {
        check(at, made[at]);
        declare[at](frame, made[at]);
      }
      return undefined;
    };
  }

  #assign({ targets, values }: Extract<Statement, { kind: 'assign' }>): Run {
    if (targets.length === 1 && values.length === 1) {
      const [target] = targets;
      const value = this.expression(values[0]);
      if (target.kind === 'local' || target.kind === 'outer' || target.kind === 'global') {
        const store = this.storeName(target);
        return (frame) => {
          store(frame, value(frame));
          return undefined;
        };
      }
    }
    const prepared = targets.map((target) => this.#target(target));
    const list = this.list(values);
    return (frame) => {
      // Tables and keys are evaluated before anything is stored.
      const stores = prepared.map((prepare) => prepare(frame));
      const made = list(frame);
      for (let at = stores.length - 1; at >= 0; at--) stores[at](made[at]);
      return undefined;
    };
  }

  storeName(target: Extract<Expression, { kind: 'local' | 'outer' | 'global' }>): (frame: Frame, value: Value) => void {
    if (target.kind === 'local') {
      const { slot, captured } = target.local;
      return captured
        ? (frame, value) => {
            (frame.slots[slot] as Cell).value = value;
          }
        : (frame, value) => {
            frame.slots[slot] = value;
          };
    }
    if (target.kind === 'outer') {
      const { index: at } = target;
      return (frame, value) => {
        frame.outer[at].value = value;
      };
    }
    const { name } = target;
    const { globals } = this.lua;
    const lua = this.lua;
    return (_frame, value) => setIndex(lua, globals, name, value, '');
  }

  #target(target: Expression): (frame: Frame) => (value: Value) => void {
    if (target.kind === 'local' || target.kind === 'outer' || target.kind === 'global') {
      const store = this.storeName(target);
      return (frame) => (value) => store(frame, value);
    }
    if (target.kind !== 'index') throw new LuaError('syntax error');
    const object = this.expression(target.object);
    const key = this.expression(target.key);
    const lua = this.lua;
    const { line } = target;
    const name = nameOf(target.object);
    return (frame) => {
      const table = object(frame);
      const place = key(frame);
      return (value) => {
        lua.step();
        if (table instanceof Table && table.metatable === undefined && place !== undefined && !(place instanceof Float)) table.set(place, value);
        else this.at(line, () => setIndex(lua, table, place, value, name));
      };
    };
  }

  #for({ local, from, to, step, body, line }: Extract<Statement, { kind: 'for' }>): Run {
    const lua = this.lua;
    const declare = this.declare(local);
    const first = this.expression(from);
    const last = this.expression(to);
    const by = step === undefined ? () => 1 : this.expression(step);
    const run = this.block(body);
    return (frame) => {
      const range = this.at(line, () => rangeOf(first(frame), last(frame), by(frame)));
      for (let at = 0; range.count < 0 || at < range.count; at++) {
        lua.step();
        let value: Value;
        if (range.count < 0) {
          const float = range.start + at * range.step;
          if (range.step > 0 ? float > range.limit : float < range.limit) return undefined;
          value = new Float(float);
        } else value = range.at(at);
        declare(frame, value);
        const outcome = run(frame);
        if (outcome === BREAK) return undefined;
        if (outcome !== undefined) return outcome;
      }
      return undefined;
    };
  }

  #forIn({ locals, values, body, line }: Extract<Statement, { kind: 'for-in' }>): Run {
    const lua = this.lua;
    const declare = locals.map((local) => this.declare(local));
    const list = this.list(values);
    const run = this.block(body);
    return (frame) => {
      const [iterate, state, initial, closing] = list(frame);
      let control = initial;
      try {
        for (;;) {
          lua.step();
          const made = this.at(line, () => lua.call(iterate, [state, control]));
          control = made[0];
          if (control === undefined) return undefined;
          for (let at = 0; at < declare.length; at++) declare[at](frame, made[at]);
          const outcome = run(frame);
          if (outcome === BREAK) return undefined;
          if (outcome !== undefined) return outcome;
        }
      } finally {
        if (closing !== undefined) lua.call(metamethod(closing, '__close'), [closing, undefined]);
      }
    };
  }

  /** All values of a list: the last one may be several. */
  list(expressions: readonly Expression[]): EvaluateAll {
    if (expressions.length === 0) return () => NOTHING;
    const last = expressions[expressions.length - 1];
    const isOpen = last.kind === 'call' || last.kind === 'method' || last.kind === 'rest';
    const single = (isOpen ? expressions.slice(0, -1) : expressions).map((expression) => this.expression(expression));
    const open = isOpen ? this.all(last) : undefined;
    if (single.length === 0 && open !== undefined) return open;
    return (frame) => {
      const values: Value[] = new Array(single.length);
      for (let at = 0; at < single.length; at++) values[at] = single[at](frame);
      if (open === undefined) return values;
      return values.concat(open(frame));
    };
  }

  /** Of a call or `...`: all values. */
  all(expression: Expression): EvaluateAll {
    const lua = this.lua;
    switch (expression.kind) {
      case 'rest':
        return (frame) => frame.rest;
      case 'call': {
        const callee = this.expression(expression.callee);
        const list = this.list(expression.arguments);
        const { line } = expression;
        const name = nameOf(expression.callee);
        return (frame) => {
          lua.step();
          const called = callee(frame);
          const args = list(frame);
          try {
            return lua.call(called, args, name);
          } catch (error) {
            throw this.located(error, line);
          }
        };
      }
      case 'method': {
        const object = this.expression(expression.object);
        const list = this.list(expression.arguments);
        const { line, name } = expression;
        const objectName = nameOf(expression.object);
        return (frame) => {
          lua.step();
          const self = object(frame);
          const args = list(frame);
          try {
            return lua.call(index(lua, self, name, objectName), [self, ...args], ` (method '${name}')`);
          } catch (error) {
            throw this.located(error, line);
          }
        };
      }
      default: {
        const value = this.expression(expression);
        return (frame) => [value(frame)];
      }
    }
  }

  expression(expression: Expression): Evaluate {
    const lua = this.lua;
    switch (expression.kind) {
      case 'constant': {
        const { value } = expression;
        return () => value;
      }
      case 'local': {
        const { slot, captured } = expression.local;
        return captured ? (frame) => (frame.slots[slot] as Cell).value : (frame) => frame.slots[slot] as Value;
      }
      case 'held': {
        const { fromTop } = expression;
        return (frame) => frame.held[frame.held.length - fromTop];
      }
      case 'outer': {
        const { index: at } = expression;
        return (frame) => frame.outer[at].value;
      }
      case 'global': {
        const { name } = expression;
        const { globals } = lua;
        if (name === '_ENV') return () => globals;
        return () => globals.get(name) ?? index(lua, globals, name, '');
      }
      case 'index': {
        const object = this.expression(expression.object);
        const key = this.expression(expression.key);
        const { line } = expression;
        const name =
          expression.key.kind === 'constant' && typeof expression.key.value === 'string'
            ? ` (${describe(expression.object, expression.key.value)})`
            : nameOf(expression.object);
        return (frame) => {
          lua.step();
          const table = object(frame);
          const place = key(frame);
          if (table instanceof Table) {
            const found = table.get(place);
            if (found !== undefined) return found;
          }
          return this.at(line, () => index(lua, table, place, name));
        };
      }
      case 'call':
      case 'method':
      case 'rest': {
        const all = this.all(expression);
        return (frame) => all(frame)[0];
      }
      case 'group':
        return this.expression(expression.inner);
      case 'function': {
        const make = this.function(expression.body);
        return (frame) => make(frame);
      }
      case 'binary':
        return this.#binary(expression);
      case 'unary': {
        const operand = this.expression(expression.operand);
        const { operator, line } = expression;
        if (operator === 'not') return (frame) => !isTrue(operand(frame));
        const work = operator === '-' ? negate : operator === '#' ? lengthOf : complement;
        return (frame) => {
          lua.step();
          const value = operand(frame);
          return this.at(line, () => work(lua, value));
        };
      }
      case 'table':
        return this.#table(expression);
    }
  }

  #binary({ operator, left, right, line }: Extract<Expression, { kind: 'binary' }>): Evaluate {
    const lua = this.lua;
    const a = this.expression(left);
    const b = this.expression(right);
    switch (operator) {
      case 'and':
        return (frame) => {
          const value = a(frame);
          return isTrue(value) ? b(frame) : value;
        };
      case 'or':
        return (frame) => {
          const value = a(frame);
          return isTrue(value) ? value : b(frame);
        };
      case '==':
        return (frame) => {
          lua.step();
          return equal(lua, a(frame), b(frame));
        };
      case '~=':
        return (frame) => {
          lua.step();
          return !equal(lua, a(frame), b(frame));
        };
      case '<':
      case '<=':
      case '>':
      case '>=': {
        const orEqual = operator.length === 2;
        const isTurned = operator.startsWith('>');
        return (frame) => {
          lua.step();
          const x = a(frame);
          const y = b(frame);
          return this.at(line, () => (isTurned ? lessThan(lua, y, x, orEqual) : lessThan(lua, x, y, orEqual)));
        };
      }
      case '..':
        return (frame) => {
          lua.step();
          const x = a(frame);
          const y = b(frame);
          return this.at(line, () => concatenate(lua, x, y));
        };
      case '+':
        return (frame) => {
          lua.step();
          const x = a(frame);
          const y = b(frame);
          if (typeof x === 'number' && typeof y === 'number') {
            const sum = x + y;
            if (Number.isSafeInteger(sum)) return sum;
          }
          return this.at(line, () => arithmetic(lua, '+', x, y));
        };
      default:
        return (frame) => {
          lua.step();
          const x = a(frame);
          const y = b(frame);
          return this.at(line, () => arithmetic(lua, operator, x, y));
        };
    }
  }

  #table({ fields, line }: Extract<Expression, { kind: 'table' }>): Evaluate {
    const lua = this.lua;
    const named: { key: Evaluate | undefined; value: Evaluate }[] = [];
    let open: EvaluateAll | undefined;
    fields.forEach(({ key, value }, at) => {
      const isOpen = value.kind === 'call' || value.kind === 'method' || value.kind === 'rest';
      if (key === undefined && isOpen && at === fields.length - 1) open = this.all(value);
      else named.push({ key: key === undefined ? undefined : this.expression(key), value: this.expression(value) });
    });
    return (frame) => {
      const table = lua.table();
      let place = 1;
      for (const { key, value } of named) {
        lua.step();
        if (key === undefined) table.set(place++, value(frame));
        else {
          const at = key(frame);
          const made = value(frame);
          this.at(line, () => table.set(at, made));
        }
      }
      if (open !== undefined) for (const value of open(frame)) table.set(place++, value);
      return table;
    };
  }
}

/** Errors whose message says where already. */
const located = new WeakSet<LuaError>();
export function markLocated(error: LuaError): LuaError {
  located.add(error);
  return error;
}

/** How messages call what was not what it should be. */
export function nameOf(expression: Expression): string {
  switch (expression.kind) {
    case 'local':
      return ` (local '${expression.local.name}')`;
    case 'outer':
      return ` (upvalue '${expression.name}')`;
    case 'global':
      return ` (global '${expression.name}')`;
    case 'index':
      return expression.key.kind === 'constant' && typeof expression.key.value === 'string' ? ` (field '${expression.key.value}')` : '';
    default:
      return '';
  }
}

function describe(object: Expression, key: string): string {
  const own = nameOf(object);
  return own === '' ? `field '${key}'` : own.slice(2, -1);
}

interface Range {
  /** -1: floats, which are counted by their limit */
  readonly count: number;
  readonly start: number;
  readonly limit: number;
  readonly step: number;
  at(round: number): Value;
}

/** Section 3.3.5: how often an integer loop runs is known before it begins. */
export function rangeOf(first: Value, last: Value, step: Value): Range {
  for (const [what, value] of [
    ['limit', last],
    ['step', step],
    ['initial value', first],
  ] as const)
    if (!isNumber(value)) throw new LuaError(`bad 'for' ${what} (number expected, got ${typeOf(value)})`);
  const from = first as number | bigint | Float;
  const by = step as number | bigint | Float;
  const to = last as number | bigint | Float;
  if (floatOf(by) === 0) throw new LuaError("'for' step is zero");
  if (from instanceof Float || by instanceof Float) return { count: -1, start: floatOf(from), limit: floatOf(to), step: floatOf(by), at: () => undefined };
  const start = BigInt(from);
  const stride = BigInt(by);
  const float = floatOf(to);
  let limit: bigint;
  if (to instanceof Float) {
    if (Number.isNaN(float)) limit = stride > 0n ? start - 1n : start + 1n;
    else if (float >= 2 ** 63) limit = 2n ** 63n - 1n;
    else if (float < -(2 ** 63)) limit = -(2n ** 63n);
    else limit = BigInt(stride > 0n ? Math.floor(float) : Math.ceil(float));
  } else limit = BigInt(to);
  const distance = stride > 0n ? limit - start : start - limit;
  const count = distance < 0n ? 0n : distance / (stride > 0n ? stride : -stride) + 1n;
  const small = typeof from === 'number' && typeof by === 'number' && Number.isSafeInteger(Number(from) + Number(by) * Number(count));
  return {
    count: Number(count),
    start: Number(from),
    limit: float,
    step: Number(by),
    at: small ? (round) => Number(from) + Number(by) * round : (round) => integer(start + stride * BigInt(round)),
  };
}
