/**
 * The tree → generators: what a coroutine runs. Only calls and what is around them are done step by step; everything else is the compiler's.
 * Operators, metamethods and library functions that call back do not wait: a `yield` in there is an error.
 */
import { type Compiler, nameOf, rangeOf } from './compiler.ts';
import { BREAK, type Cell, type Frame, Goto, NOTHING, type Outcome } from './frames.ts';
import { index, metamethod } from './operations.ts';
import type { Block, Expression, FunctionBody, Local, Statement } from './syntax.ts';
import { Float, type FunctionSource, isTrue, LuaError, type Steps, type Value } from './values.ts';

type Begin = (outer: readonly Cell[], args: readonly Value[], held: Value[]) => Frame;
type Stepping<Result> = (frame: Frame) => Steps<Result>;
/** Done at once, or step by step. */
type Part<Result> = { readonly calm: (frame: Frame) => Result; readonly steps?: undefined } | { readonly calm?: undefined; readonly steps: Stepping<Result> };

/** How a coroutine runs a function. It is compiled with its first call. */
export function stepwise(compiler: Compiler, body: FunctionBody, begin: Begin): NonNullable<FunctionSource['steps']> {
  let run: Stepping<Outcome> | undefined;
  return function* (outer, args) {
    run ??= new Stepwise(compiler).block(body.body);
    const frame = begin(outer as readonly Cell[], args, []);
    compiler.lua.enter(frame);
    try {
      const outcome = yield* run(frame);
      return outcome === undefined ? NOTHING : (outcome as readonly Value[]);
    } finally {
      compiler.lua.leave();
    }
  };
}

const waiting = new WeakMap<Expression, boolean>();

/** Is there a call in it? Functions inside are called elsewhere. */
function mayWait(expression: Expression): boolean {
  let known = waiting.get(expression);
  if (known === undefined) {
    known = partsOf(expression)?.some(mayWait) ?? true;
    waiting.set(expression, known);
  }
  return known;
}

/** Undefined: it is a call. */
function partsOf(expression: Expression): readonly Expression[] | undefined {
  switch (expression.kind) {
    case 'call':
    case 'method':
      return undefined;
    case 'index':
      return [expression.object, expression.key];
    case 'binary':
      return [expression.left, expression.right];
    case 'unary':
      return [expression.operand];
    case 'group':
      return [expression.inner];
    case 'table':
      return expression.fields.flatMap(({ key, value }) => (key === undefined ? [value] : [key, value]));
    default:
      return [];
  }
}

function statementMayWait(statement: Statement): boolean {
  switch (statement.kind) {
    case 'local':
    case 'return':
      return statement.values.some(mayWait);
    case 'assign':
      return statement.values.some(mayWait) || statement.targets.some(mayWait);
    case 'local-function':
    case 'break':
    case 'goto':
    case 'label':
      return false;
    case 'if':
      return (
        statement.cases.some(({ condition, body }) => mayWait(condition) || blockMayWait(body)) ||
        (statement.otherwise !== undefined && blockMayWait(statement.otherwise))
      );
    case 'do':
      return blockMayWait(statement.body);
    case 'while':
    case 'repeat':
      return mayWait(statement.condition) || blockMayWait(statement.body);
    case 'for':
      return [statement.from, statement.to, ...(statement.step === undefined ? [] : [statement.step])].some(mayWait) || blockMayWait(statement.body);
    default:
      return true;
  }
}

function blockMayWait(block: Block): boolean {
  return block.closes.length > 0 || block.statements.some(statementMayWait);
}

/** What was evaluated before, the last of `count` being on top. */
function held(count: number): readonly Expression[] {
  return Array.from({ length: count }, (_, at) => ({ kind: 'held', fromTop: count - at }) as const);
}

class Stepwise {
  readonly #compiler: Compiler;

  constructor(compiler: Compiler) {
    this.#compiler = compiler;
  }

  block(block: Block): Stepping<Outcome> {
    const { lua } = this.#compiler;
    const parts = block.statements.map(
      (statement): Part<Outcome> => (statementMayWait(statement) ? { steps: this.#statement(statement) } : { calm: this.#compiler.statement(statement) }),
    );
    const labels = new Map<string, number>();
    block.statements.forEach((statement, at) => {
      if (statement.kind === 'label') labels.set(statement.name, at);
    });
    const run = function* (frame: Frame): Steps<Outcome> {
      for (let at = 0; at < parts.length; at++) {
        lua.step();
        const part = parts[at];
        const outcome = part.calm !== undefined ? part.calm(frame) : yield* part.steps(frame);
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

  /** Where the coroutine is closed while it waits in there, its variables are closed, too. */
  #closing(locals: readonly Local[], run: Stepping<Outcome>): Stepping<Outcome> {
    const close = this.#compiler.closer(locals);
    return function* (frame) {
      for (const { slot } of locals) frame.slots[slot] = undefined;
      let isOver = false;
      let outcome: Outcome;
      try {
        outcome = yield* run(frame);
        isOver = true;
      } catch (error) {
        isOver = true;
        if (error instanceof LuaError) close(frame, error.value);
        throw error;
      } finally {
        if (!isOver) close(frame, undefined);
      }
      close(frame, undefined);
      return outcome;
    };
  }

  #statement(statement: Statement): Stepping<Outcome> {
    const compiler = this.#compiler;
    const { lua } = compiler;
    switch (statement.kind) {
      case 'local': {
        const list = this.#list(statement.values);
        const count = statement.locals.length;
        const declare = compiler.statement({ ...statement, values: held(count) });
        return function* (frame) {
          const values = yield* list(frame);
          return withHeld(frame, values, count, declare);
        };
      }
      case 'assign':
        return this.#assign(statement);
      case 'call': {
        const call = this.#all(statement.call);
        return function* (frame) {
          yield* call(frame);
          return undefined;
        };
      }
      case 'do':
        return this.block(statement.body);
      case 'while': {
        const condition = this.#expression(statement.condition);
        const body = this.block(statement.body);
        return function* (frame) {
          for (;;) {
            lua.step();
            if (!isTrue(condition.calm !== undefined ? condition.calm(frame) : yield* condition.steps(frame))) return undefined;
            const outcome = yield* body(frame);
            if (outcome === BREAK) return undefined;
            if (outcome !== undefined) return outcome;
          }
        };
      }
      case 'repeat': {
        const body = this.block(statement.body);
        const condition = this.#expression(statement.condition);
        return function* (frame) {
          for (;;) {
            lua.step();
            const outcome = yield* body(frame);
            if (outcome === BREAK) return undefined;
            if (outcome !== undefined) return outcome;
            if (isTrue(condition.calm !== undefined ? condition.calm(frame) : yield* condition.steps(frame))) return undefined;
          }
        };
      }
      case 'if': {
        const cases = statement.cases.map(({ condition, body }) => ({ condition: this.#expression(condition), body: this.block(body) }));
        const otherwise = statement.otherwise === undefined ? undefined : this.block(statement.otherwise);
        return function* (frame) {
          for (const { condition, body } of cases)
            if (isTrue(condition.calm !== undefined ? condition.calm(frame) : yield* condition.steps(frame))) return yield* body(frame);
          return otherwise === undefined ? undefined : yield* otherwise(frame);
        };
      }
      case 'for':
        return this.#for(statement);
      case 'for-in':
        return this.#forIn(statement);
      case 'return':
        return this.#list(statement.values);
      default: {
        const run = compiler.statement(statement);
        // biome-ignore lint/correctness/useYield: what can not wait has the shape of what can
        return function* (frame) {
          return run(frame);
        };
      }
    }
  }

  /** Tables and keys, then values; then everything is stored. */
  #assign(statement: Extract<Statement, { kind: 'assign' }>): Stepping<Outcome> {
    const places = statement.targets.flatMap((target) => (target.kind === 'index' ? [target.object, target.key] : []));
    const list = this.#list(places);
    const values = this.#list(statement.values);
    const count = statement.targets.length;
    const refs = held(places.length + count);
    let at = 0;
    const targets = statement.targets.map((target) => (target.kind === 'index' ? { ...target, object: refs[at++], key: refs[at++] } : target));
    const store = this.#compiler.statement({ ...statement, targets, values: refs.slice(places.length) });
    return function* (frame) {
      const height = frame.held.length;
      // A place is one value, whatever calls give.
      frame.held.push(...(yield* list(frame)).slice(0, places.length));
      while (frame.held.length < height + places.length) frame.held.push(undefined);
      const outcome = withHeld(frame, yield* values(frame), count, store);
      frame.held.length = height;
      return outcome;
    };
  }

  #for({ local, from, to, step, body, line }: Extract<Statement, { kind: 'for' }>): Stepping<Outcome> {
    const compiler = this.#compiler;
    const { lua } = compiler;
    const declare = compiler.declare(local);
    const list = this.#list([from, to, { kind: 'group', inner: step ?? { kind: 'constant', value: 1 } }]);
    const run = this.block(body);
    return function* (frame) {
      const [first, last, by] = yield* list(frame);
      const range = compiler.at(line, () => rangeOf(first, last, by));
      for (let at = 0; range.count < 0 || at < range.count; at++) {
        lua.step();
        const float = range.start + at * range.step;
        if (range.count < 0 && (range.step > 0 ? float > range.limit : float < range.limit)) return undefined;
        declare(frame, range.count < 0 ? new Float(float) : range.at(at));
        const outcome = yield* run(frame);
        if (outcome === BREAK) return undefined;
        if (outcome !== undefined) return outcome;
      }
      return undefined;
    };
  }

  #forIn({ locals, values, body, line }: Extract<Statement, { kind: 'for-in' }>): Stepping<Outcome> {
    const compiler = this.#compiler;
    const { lua } = compiler;
    const declare = locals.map((local) => compiler.declare(local));
    const list = this.#list(values);
    const run = this.block(body);
    return function* (frame) {
      const height = frame.held.length;
      const [iterate, state, initial, closing] = yield* list(frame);
      frame.held.push(iterate, state, closing, initial);
      try {
        for (;;) {
          lua.step();
          let made: readonly Value[];
          try {
            made = yield* lua.callSteps(iterate, [state, frame.held[height + 3]]);
          } catch (error) {
            throw compiler.located(error, line);
          }
          if (made[0] === undefined) break;
          frame.held[height + 3] = made[0];
          for (let at = 0; at < declare.length; at++) declare[at](frame, made[at]);
          const outcome = yield* run(frame);
          if (outcome === BREAK) break;
          if (outcome !== undefined) return outcome;
        }
      } finally {
        if (closing !== undefined) lua.call(metamethod(closing, '__close'), [closing, undefined]);
      }
      frame.held.length = height;
      return undefined;
    };
  }

  /** All values of a list: the last one may be several. */
  #list(expressions: readonly Expression[]): Stepping<readonly Value[]> {
    const last = expressions.at(-1);
    const isOpen = last !== undefined && (last.kind === 'call' || last.kind === 'method' || last.kind === 'rest');
    const single = (isOpen ? expressions.slice(0, -1) : expressions).map((expression) => this.#expression(expression));
    const open = isOpen ? this.#all(last) : undefined;
    return function* (frame) {
      const height = frame.held.length;
      for (const part of single) frame.held.push(part.calm !== undefined ? part.calm(frame) : yield* part.steps(frame));
      const more = open === undefined ? NOTHING : yield* open(frame);
      const values = frame.held.splice(height);
      return more.length === 0 ? values : values.concat(more);
    };
  }

  /** Of a call or `...`: all values. */
  #all(expression: Expression): Stepping<readonly Value[]> {
    const compiler = this.#compiler;
    const { lua } = compiler;
    if (expression.kind === 'call') {
      const callee = this.#expression(expression.callee);
      const list = this.#list(expression.arguments);
      const { line } = expression;
      const name = nameOf(expression.callee);
      return function* (frame) {
        lua.step();
        frame.held.push(callee.calm !== undefined ? callee.calm(frame) : yield* callee.steps(frame));
        const args = yield* list(frame);
        const called = frame.held.pop();
        try {
          return yield* lua.callSteps(called, args, name);
        } catch (error) {
          throw compiler.located(error, line);
        }
      };
    }
    if (expression.kind === 'method') {
      const object = this.#expression(expression.object);
      const list = this.#list(expression.arguments);
      const { line, name } = expression;
      const objectName = nameOf(expression.object);
      return function* (frame) {
        lua.step();
        frame.held.push(object.calm !== undefined ? object.calm(frame) : yield* object.steps(frame));
        const args = yield* list(frame);
        const self = frame.held.pop();
        try {
          return yield* lua.callSteps(index(lua, self, name, objectName), [self, ...args], ` (method '${name}')`);
        } catch (error) {
          throw compiler.located(error, line);
        }
      };
    }
    const all = compiler.all(expression);
    // biome-ignore lint/correctness/useYield: what can not wait has the shape of what can
    return function* (frame) {
      return all(frame);
    };
  }

  #expression(expression: Expression): Part<Value> {
    const compiler = this.#compiler;
    if (!mayWait(expression)) return { calm: compiler.expression(expression) };
    switch (expression.kind) {
      case 'group':
        return this.#expression(expression.inner);
      case 'binary': {
        const { operator, left, right } = expression;
        if (operator === 'and' || operator === 'or') return this.#either(operator === 'or', left, right);
        const [a, b] = held(2);
        return this.#operation([left, right], { ...expression, left: a, right: b });
      }
      case 'unary':
        return this.#operation([expression.operand], { ...expression, operand: held(1)[0] });
      case 'index': {
        const [object, key] = held(2);
        return this.#operation([expression.object, expression.key], { ...expression, object, key });
      }
      case 'table':
        return this.#table(expression);
      default: {
        const all = this.#all(expression);
        return {
          *steps(frame) {
            return (yield* all(frame))[0];
          },
        };
      }
    }
  }

  #either(isOr: boolean, left: Expression, right: Expression): Part<Value> {
    const a = this.#expression(left);
    const b = this.#expression(right);
    return {
      *steps(frame) {
        const value = a.calm !== undefined ? a.calm(frame) : yield* a.steps(frame);
        if (isTrue(value) === isOr) return value;
        return b.calm !== undefined ? b.calm(frame) : yield* b.steps(frame);
      },
    };
  }

  /** Operands step by step, then the operation on what is held. */
  #operation(operands: readonly Expression[], expression: Expression): Part<Value> {
    const parts = operands.map((operand) => this.#expression(operand));
    const work = this.#compiler.expression(expression);
    return {
      *steps(frame) {
        const height = frame.held.length;
        for (const part of parts) frame.held.push(part.calm !== undefined ? part.calm(frame) : yield* part.steps(frame));
        const value = work(frame);
        frame.held.length = height;
        return value;
      },
    };
  }

  #table({ fields, line }: Extract<Expression, { kind: 'table' }>): Part<Value> {
    const compiler = this.#compiler;
    const { lua } = compiler;
    const one: { key: Part<Value> | undefined; value: Part<Value> }[] = [];
    let open: Stepping<readonly Value[]> | undefined;
    fields.forEach(({ key, value }, at) => {
      const isOpen = value.kind === 'call' || value.kind === 'method' || value.kind === 'rest';
      if (key === undefined && isOpen && at === fields.length - 1) open = this.#all(value);
      else one.push({ key: key === undefined ? undefined : this.#expression(key), value: this.#expression(value) });
    });
    return {
      *steps(frame) {
        const table = lua.table();
        const height = frame.held.length;
        frame.held.push(table);
        let place = 1;
        for (const { key, value } of one) {
          lua.step();
          frame.held.push(key === undefined ? place++ : key.calm !== undefined ? key.calm(frame) : yield* key.steps(frame));
          const made = value.calm !== undefined ? value.calm(frame) : yield* value.steps(frame);
          const at = frame.held.pop();
          compiler.at(line, () => table.set(at, made));
        }
        if (open !== undefined) for (const value of yield* open(frame)) table.set(place++, value);
        frame.held.length = height;
        return table;
      },
    };
  }
}

/** Does something with the first `count` of these values held. */
function withHeld(frame: Frame, values: readonly Value[], count: number, work: (frame: Frame) => Outcome): Outcome {
  const height = frame.held.length;
  for (let at = 0; at < count; at++) frame.held.push(values[at]);
  const outcome = work(frame);
  frame.held.length = height;
  return outcome;
}
