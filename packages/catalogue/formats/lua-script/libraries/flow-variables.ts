/** `suricata.flowint` and `suricata.flowvar`: numbers and texts that rules and scripts keep with a flow. */
import { givenText, givenWhole, LuaError, type Value } from '@sigwright/lua';
import type { Functions, LibraryTools } from './library-tools.ts';

/** Names that a script may register. */
const MOST_REGISTERED = 64;
/** of a text that a flow keeps */
const LONGEST_TEXT = 0xffff;

export function flowintLibrary(tools: LibraryTools): Functions {
  const known = new Set<string>();
  const of = (name: string) => {
    const integers = (): Map<string, number> | undefined => tools.host.context?.flow?.integers;
    const put = (value: number): readonly Value[] => {
      const flow = tools.host.context?.flow;
      if (flow === undefined) return [undefined];
      flow.integers ??= new Map();
      flow.integers.set(name, Math.min(0xffffffff, Math.max(0, value)));
      return [flow.integers.get(name)];
    };
    return tools.value('suricata:flowint', { name, integers, put }, () => ({
      value: (one) => [one.integers()?.get(one.name)],
      incr: (one) => one.put((one.integers()?.get(one.name) ?? 0) + 1),
      decr: (one) => one.put((one.integers()?.get(one.name) ?? 0) - 1),
      set: (one, args) => one.put(givenWhole(args, 0, 'set')),
    }));
  };
  return {
    register(args) {
      const name = givenText(args, 0, 'register');
      if (known.size >= MOST_REGISTERED) throw new LuaError('too many flow integers registered');
      known.add(name);
      return [of(name)];
    },
    get: (args) => [of(givenText(args, 0, 'get'))],
  };
}

export function flowvarLibrary(tools: LibraryTools): Functions {
  const known = new Set<string>();
  const of = (name: string) =>
    tools.value('suricata:flowvar', name, () => ({
      value: (one) => [tools.host.context?.flow?.captured?.get(one)],
      set(one, args) {
        const value = givenText(args, 0, 'set').slice(0, Math.max(0, Math.min(LONGEST_TEXT, givenWhole(args, 1, 'set'))));
        const flow = tools.host.context?.flow;
        if (flow === undefined) return [];
        flow.captured ??= new Map();
        if (flow.captured.size < MOST_REGISTERED || flow.captured.has(one)) flow.captured.set(one, value);
        return [];
      },
    }));
  return {
    register(args) {
      const name = givenText(args, 0, 'register');
      if (known.size >= MOST_REGISTERED) throw new LuaError('too many flow variables registered');
      known.add(name);
      return [of(name)];
    },
    get: (args) => [of(givenText(args, 0, 'get'))],
  };
}
