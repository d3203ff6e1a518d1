/**
 * Tree → closures. An expression is a function of the activation's frame that gives a value; a statement one that says how it
 * ended: undefined as usual, or by break, return or goto.
 */
import type { Machine } from './machine.ts';
import type { Block, Expression, FunctionBody, Statement, Variable } from './syntax.ts';
import { type Cell, type Frame, LimitReached, LuaError, LuaFunction, LuaTable, truthy, type Value } from './values.ts';

interface Activation {
  readonly frame: Frame;
  readonly captured: readonly Cell[];
  readonly rest: Value[];
}
type Evaluate = (at: Activation) => Value;
type EvaluateMany = (at: Activation) => Value[];
type Leave = { readonly kind: 'break' } | { readonly kind: 'return'; readonly values: Value[] } | { readonly kind: 'goto'; readonly label: string };
type Execute = (at: Activation) => Leave | undefined;

const BREAK: Leave = { kind: 'break' };
const NOTHING: Value[] = [];

/** The function of a whole chunk. */
export function compile(body: FunctionBody, machine: Machine, chunk: string): LuaFunction {
  return functionOf(body)({ frame: [], captured: [], rest: [] });

  function functionOf(body: FunctionBody): (around: Activation) => LuaFunction {
    const { parameters, slots, captures, takesRest, name } = body;
    const run = blockOf(body.block);
    return (around) => {
      const captured = captures.map((one) => ('local' in one ? (around.frame[one.local.slot] as Cell) : around.captured[one.captured]));
      machine.hold(40 + 16 * captured.length);
      const call = (args: Value[]): Value[] => {
        const { frames } = machine;
        if (frames.length >= machine.limits.depth) throw new LuaError(`${chunk}: stack overflow`);
        const frame: Frame = new Array(slots).fill(undefined);
        for (let one = 0; one < parameters.length; one++) declare(frame, parameters[one], args[one]);
        const rest = takesRest ? args.slice(parameters.length) : NOTHING;
        frames.push(frame);
        const left = run({ frame, captured, rest });
        frames.pop();
        return left?.kind === 'return' ? left.values : NOTHING;
      };
      return new LuaFunction(name, call, captured);
    };
  }

  function declare(frame: Frame, variable: Variable, value: Value): void {
    frame[variable.slot] = variable.shared ? { value } : value;
  }

  function blockOf(block: Block): Execute {
    const steps = block.statements.map(statementOf);
    const labels = new Map<string, number>();
    block.statements.forEach((one, at) => {
      if (one.kind === 'label') labels.set(one.name, at);
    });
    if (labels.size === 0) {
      return (at) => {
        for (let one = 0; one < steps.length; one++) {
          const left = steps[one](at);
          if (left !== undefined) return left;
        }
        return undefined;
      };
    }
    return (at) => {
      for (let one = 0; one < steps.length; one++) {
        const left = steps[one](at);
        if (left === undefined) continue;
        const to = left.kind === 'goto' ? labels.get(left.label) : undefined;
        if (to === undefined) return left;
        machine.step();
        one = to;
      }
      return undefined;
    };
  }

  function statementOf(one: Statement): Execute {
    switch (one.kind) {
      case 'call': {
        const call = manyOf(one.call);
        return (at) => {
          call(at);
          return undefined;
        };
      }
      case 'local': {
        const { variables } = one;
        // A local function sees itself: its cell is made first.
        const isFunction = variables.length === 1 && one.values.length === 1 && one.values[0].kind === 'function';
        if (isFunction || (variables.length === 1 && one.values.length === 1)) {
          const [variable] = variables;
          const value = singleOf(one.values[0]);
          return (at) => {
            if (isFunction && variable.shared) {
              const cell: Cell = { value: undefined };
              at.frame[variable.slot] = cell;
              cell.value = value(at);
            } else declare(at.frame, variable, value(at));
            return undefined;
          };
        }
        const values = listOf(one.values);
        return (at) => {
          const given = values(at);
          for (let each = 0; each < variables.length; each++) declare(at.frame, variables[each], given[each]);
          return undefined;
        };
      }
      case 'assign': {
        const stores = one.targets.map(storeOf);
        if (stores.length === 1 && one.values.length === 1) {
          const value = singleOf(one.values[0]);
          const [prepare] = stores;
          return (at) => {
            const store = prepare(at);
            store(value(at));
            return undefined;
          };
        }
        const values = listOf(one.values);
        return (at) => {
          const ready = stores.map((prepare) => prepare(at));
          const given = values(at);
          for (let each = ready.length - 1; each >= 0; each--) ready[each](given[each]);
          return undefined;
        };
      }
      case 'do':
        return blockOf(one.body);
      case 'while': {
        const condition = singleOf(one.condition);
        const body = blockOf(one.body);
        return (at) => {
          while (truthy(condition(at))) {
            machine.step();
            const left = body(at);
            if (left !== undefined) {
              if (left === BREAK) break;
              return left;
            }
          }
          return undefined;
        };
      }
      case 'repeat': {
        const condition = singleOf(one.condition);
        const body = blockOf(one.body);
        return (at) => {
          do {
            machine.step();
            const left = body(at);
            if (left !== undefined) {
              if (left === BREAK) break;
              return left;
            }
          } while (!truthy(condition(at)));
          return undefined;
        };
      }
      case 'if': {
        const arms = one.arms.map((arm) => ({ condition: singleOf(arm.condition), body: blockOf(arm.body) }));
        const otherwise = one.otherwise === undefined ? undefined : blockOf(one.otherwise);
        return (at) => {
          for (const { condition, body } of arms) if (truthy(condition(at))) return body(at);
          return otherwise?.(at);
        };
      }
      case 'for':
        return forOf(one);
      case 'each': {
        const values = listOf(one.values);
        const body = blockOf(one.body);
        const { variables, line } = one;
        return (at) => {
          const [next, state, first] = values(at);
          let control = first;
          for (;;) {
            const given = located(line, () => machine.call(next, [state, control]));
            if (given[0] === undefined) return undefined;
            control = given[0];
            for (let each = 0; each < variables.length; each++) declare(at.frame, variables[each], given[each]);
            const left = body(at);
            if (left !== undefined) return left === BREAK ? undefined : left;
          }
        };
      }
      case 'return': {
        const values = listOf(one.values);
        return (at) => ({ kind: 'return', values: values(at) });
      }
      case 'break':
        return () => BREAK;
      case 'goto': {
        const leave: Leave = { kind: 'goto', label: one.label };
        return () => leave;
      }
      case 'label':
        return () => undefined;
    }
  }

  /** Section 3.3.5: how often is settled before the first turn, so nothing overflows. */
  function forOf(one: Extract<Statement, { kind: 'for' }>): Execute {
    const from = singleOf(one.from);
    const to = singleOf(one.to);
    const by = one.step === undefined ? () => 1n : singleOf(one.step);
    const body = blockOf(one.body);
    const { variable, line } = one;
    const fault = (what: string) => new LuaError(`${chunk}:${line}: ${what}`);
    return (at) => {
      const start = from(at);
      const limit = to(at);
      const step = by(at);
      const isNumber = (value: Value): value is bigint | number => typeof value === 'bigint' || typeof value === 'number';
      if (!isNumber(start)) throw fault("'for' initial value must be a number");
      if (!isNumber(limit)) throw fault("'for' limit must be a number");
      if (!isNumber(step)) throw fault("'for' step must be a number");
      // biome-ignore lint/suspicious/noDoubleEquals: an integer or a float
      if (step == 0) throw fault("'for' step is zero");
      const isWhole = typeof start === 'bigint' && typeof step === 'bigint';
      if (typeof limit === 'number' && Number.isNaN(limit)) return undefined;
      let value: bigint | number = isWhole ? start : Number(start);
      const stride: bigint | number = isWhole ? step : Number(step);
      for (;;) {
        if (stride > 0 ? value > limit : value < limit) return undefined;
        machine.step();
        declare(at.frame, variable, value);
        const left = body(at);
        if (left !== undefined) return left === BREAK ? undefined : left;
        if (isWhole) {
          const next: bigint = (value as bigint) + (stride as bigint);
          if (BigInt.asIntN(64, next) !== next) return undefined;
          value = next;
        } else value = (value as number) + (stride as number);
      }
    };
  }

  function storeOf(target: Expression): (at: Activation) => (value: Value) => void {
    switch (target.kind) {
      case 'local': {
        const { variable } = target;
        return ({ frame }) =>
          (value) => {
            if (variable.shared) (frame[variable.slot] as Cell).value = value;
            else frame[variable.slot] = value;
          };
      }
      case 'captured': {
        const { index } = target;
        return ({ captured }) =>
          (value) => {
            captured[index].value = value;
          };
      }
      case 'global':
        return () => (value) => machine.setIndex(machine.globals, target.name, value);
      case 'index': {
        const object = singleOf(target.object);
        const key = singleOf(target.key);
        return (at) => {
          const into = object(at);
          const under = key(at);
          return (value) => located(target.line, () => machine.setIndex(into, under, value));
        };
      }
      default:
        throw new LuaError(`${chunk}: cannot assign`);
    }
  }

  function listOf(list: readonly Expression[]): EvaluateMany {
    if (list.length === 0) return () => [];
    const last = list[list.length - 1];
    if (last.kind !== 'call' && last.kind !== 'method' && last.kind !== 'rest') {
      const values = list.map(singleOf);
      if (values.length === 1) return (at) => [values[0](at)];
      return (at) => values.map((value) => value(at));
    }
    const first = list.slice(0, -1).map(singleOf);
    const tail = manyOf(last);
    if (first.length === 0) return (at) => tail(at).slice();
    return (at) => {
      const given = first.map((value) => value(at));
      for (const one of tail(at)) given.push(one);
      return given;
    };
  }

  /** Gives errors that have no place yet the line they came from. */
  function located<Result>(line: number, work: () => Result): Result {
    try {
      return work();
    } catch (error) {
      if (error instanceof LuaError && typeof error.value === 'string' && !(error as { placed?: boolean }).placed) {
        const placed = new LuaError(`${chunk}:${line}: ${error.value}`) as LuaError & { placed?: boolean };
        placed.placed = true;
        throw placed;
      }
      if (error instanceof RangeError) throw new LimitReached('depth');
      throw error;
    }
  }

  function manyOf(one: Expression): EvaluateMany {
    switch (one.kind) {
      case 'call': {
        const callee = singleOf(one.callee);
        const args = listOf(one.args);
        return (at) => {
          const called = callee(at);
          const given = args(at);
          return located(one.line, () => machine.call(called, given));
        };
      }
      case 'method': {
        const object = singleOf(one.object);
        const args = listOf(one.args);
        return (at) => {
          const self = object(at);
          const called = located(one.line, () => machine.index(self, one.name));
          const given = args(at);
          given.unshift(self);
          return located(one.line, () => machine.call(called, given));
        };
      }
      case 'rest':
        return ({ rest }) => rest;
      default: {
        const value = singleOf(one);
        return (at) => [value(at)];
      }
    }
  }

  function singleOf(one: Expression): Evaluate {
    switch (one.kind) {
      case 'constant': {
        const { value } = one;
        return () => value;
      }
      case 'local': {
        const { variable } = one;
        const { slot } = variable;
        return ({ frame }) => (variable.shared ? (frame[slot] as Cell).value : (frame[slot] as Value));
      }
      case 'captured': {
        const { index } = one;
        return ({ captured }) => captured[index].value;
      }
      case 'global':
        return () => machine.index(machine.globals, one.name);
      case 'index': {
        const object = singleOf(one.object);
        const key = singleOf(one.key);
        return (at) => {
          const from = object(at);
          const under = key(at);
          return located(one.line, () => machine.index(from, under));
        };
      }
      case 'call':
      case 'method':
      case 'rest': {
        const many = manyOf(one);
        return (at) => many(at)[0];
      }
      case 'single':
        return singleOf(one.inner);
      case 'function': {
        const make = functionOf(one.body);
        return make;
      }
      case 'table':
        return tableOf(one);
      case 'unary':
        return unaryOf(one);
      case 'binary':
        return binaryOf(one);
    }
  }

  function unaryOf(one: Extract<Expression, { kind: 'unary' }>): Evaluate {
    const operand = singleOf(one.operand);
    if (one.operator === 'not') return (at) => !truthy(operand(at));
    const work =
      one.operator === '-'
        ? (value: Value) => machine.negate(value)
        : one.operator === '#'
          ? (value: Value) => machine.length(value)
          : (value: Value) => machine.complement(value);
    return (at) => {
      const value = operand(at);
      return located(one.line, () => work(value));
    };
  }

  function binaryOf(one: Extract<Expression, { kind: 'binary' }>): Evaluate {
    const left = singleOf(one.left);
    const right = singleOf(one.right);
    const { operator, line } = one;
    if (operator === 'and') {
      return (at) => {
        const value = left(at);
        return truthy(value) ? right(at) : value;
      };
    }
    if (operator === 'or') {
      return (at) => {
        const value = left(at);
        return truthy(value) ? value : right(at);
      };
    }
    const work = workOf(operator);
    return (at) => {
      const a = left(at);
      const b = right(at);
      return located(line, () => work(a, b));
    };
  }

  function workOf(operator: string): (a: Value, b: Value) => Value {
    switch (operator) {
      case '==':
        return (a, b) => machine.equal(a, b);
      case '~=':
        return (a, b) => !machine.equal(a, b);
      case '<':
        return (a, b) => machine.less(a, b, false);
      case '<=':
        return (a, b) => machine.less(a, b, true);
      case '>':
        return (a, b) => machine.less(b, a, false);
      case '>=':
        return (a, b) => machine.less(b, a, true);
      case '..':
        return (a, b) => machine.concatenate(a, b);
      case '&':
      case '|':
      case '~':
      case '<<':
      case '>>':
        return (a, b) => machine.bitwise(operator, a, b);
      default:
        return (a, b) => machine.arithmetic(operator, a, b);
    }
  }

  function tableOf(one: Extract<Expression, { kind: 'table' }>): Evaluate {
    const items = one.items.map(({ key, value }, at) => ({
      key: key === undefined ? undefined : singleOf(key),
      value: singleOf(value),
      many: key === undefined && at === one.items.length - 1 ? manyOf(value) : undefined,
    }));
    return (at) => {
      const made = new LuaTable();
      machine.hold(56);
      machine.step();
      const listed: Value[] = [];
      for (const { key, value, many } of items) {
        if (key !== undefined) {
          const under = key(at);
          const content = value(at);
          located(one.line, () => machine.rawSet(made, under, content));
        } else if (many !== undefined) for (const each of many(at)) listed.push(each);
        else listed.push(value(at));
      }
      if (listed.length > 0) machine.hold(made.fill(listed));
      return made;
    };
  }
}
