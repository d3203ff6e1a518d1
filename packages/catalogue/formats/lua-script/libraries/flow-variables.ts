/** `suricata.flowint` and `suricata.flowvar`: numbers and texts that rules and scripts keep with a flow. */
import { LuaError, type Value } from '@sigwright/lua';
import { type Functions, given, type LibraryTools } from './library-tools.ts';

/** Names that a script may register. */
const MOST_REGISTERED = 64;

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
      set: (one, [value]) => one.put(Number(value)),
    }));
  };
  return {
    register(args) {
      const name = given(args, 0, 'name of a variable');
      if (known.size >= MOST_REGISTERED) throw new LuaError('too many flow integers registered');
      known.add(name);
      return [of(name)];
    },
    get: (args) => [of(given(args, 0, 'name of a variable'))],
  };
}

export function flowvarLibrary(tools: LibraryTools): Functions {
  const known = new Set<string>();
  const of = (name: string) =>
    tools.value('suricata:flowvar', name, () => ({
      value: (one) => [tools.host.context?.flow?.captured?.get(one)],
      set(one, args) {
        const flow = tools.host.context?.flow;
        if (flow === undefined) return [];
        flow.captured ??= new Map();
        if (flow.captured.size < MOST_REGISTERED || flow.captured.has(one))
          flow.captured.set(one, given(args, 0, 'string').slice(0, Number(args[1] ?? 0xffff)));
        return [];
      },
    }));
  return {
    register(args) {
      const name = given(args, 0, 'name of a variable');
      if (known.size >= MOST_REGISTERED) throw new LuaError('too many flow variables registered');
      known.add(name);
      return [of(name)];
    },
    get: (args) => [of(given(args, 0, 'name of a variable'))],
  };
}
