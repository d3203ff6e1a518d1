/** Coroutines (reference manual, section 6.2). A library function or a metamethod that calls back can not be left by `yield`. */
import { Cell } from '../frames.ts';
import type { Interpreter } from '../interpreter.ts';
import { Coroutine, LuaError, type LuaFunction, typeOf, type Value } from '../values.ts';
import { badArgument } from './arguments.ts';

/** Bytes of a thread with a short stack in Lua itself. */
export const THREAD = 1024;

export function installCoroutines(lua: Interpreter): void {
  const create = (body: Value, name: string): Coroutine => {
    if (typeof body !== 'function') badArgument(0, name, `function expected, got ${typeOf(body)}`);
    lua.allocate(THREAD);
    return new Coroutine(body);
  };
  const thread = (value: Value, name: string): Coroutine =>
    value instanceof Coroutine ? value : badArgument(0, name, `coroutine expected, got ${typeOf(value)}`);
  const givenOrOwn = (args: readonly Value[], name: string): Coroutine => (args.length === 0 ? lua.running : thread(args[0], name));
  const wait: LuaFunction = () => {
    throw new LuaError(lua.running.body === undefined ? 'attempt to yield from outside a coroutine' : 'attempt to yield across a C-call boundary');
  };
  wait.source = {
    outer: [],
    *steps(_outer, args) {
      return yield args;
    },
  };
  lua.globals.set(
    'coroutine',
    lua.library({
      close(args) {
        const one = thread(args[0], 'close');
        if (one.status === 'running' || one.status === 'normal') throw new LuaError(`cannot close a ${one.status} coroutine`);
        const failure = lua.close(one);
        return failure === undefined ? [true] : [false, failure.value];
      },
      create: ([body]) => [create(body, 'create')],
      isyieldable: (args) => [givenOrOwn(args, 'isyieldable').body !== undefined],
      resume(args) {
        const one = thread(args[0], 'resume');
        return lua.protect(() => [true, ...lua.resume(one, args.slice(1))]);
      },
      running: () => [lua.running, lua.running.body === undefined],
      status: ([one]) => [thread(one, 'status').status],
      wrap([body]) {
        const one = create(body, 'wrap');
        const next: LuaFunction = (args) => {
          try {
            return lua.resume(one, args);
          } catch (error) {
            // Who called it is told, too.
            if (error instanceof LuaError && typeof error.value === 'string' && one.failure === error) throw new LuaError(error.value);
            throw error;
          }
        };
        next.source = { outer: [new Cell(one)] };
        return [next];
      },
      yield: wait,
    }),
  );
}
