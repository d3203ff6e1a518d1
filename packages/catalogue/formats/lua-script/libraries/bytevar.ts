/** `suricata.bytevar`: numbers that `byte_extract` and `byte_math` of the rule took from the traffic. */
import { givenText, LuaError } from '@sigwright/lua';
import type { Functions, LibraryTools } from './library-tools.ts';

export function bytevarLibrary(tools: LibraryTools): Functions {
  const indexes = new Map<string, number>();
  return {
    map(args) {
      const name = givenText(args, 1, 'map');
      const index = tools.host.builder?.useVariable(name);
      if (index === undefined) throw new LuaError(`unknown byte variable: ${name}`);
      indexes.set(name, index);
      return [];
    },
    get(args) {
      const name = givenText(args, 0, 'get');
      const index = indexes.get(name);
      if (index === undefined) throw new LuaError(`unknown byte variable: ${name}`);
      return [
        tools.value('suricata:bytevar', index, () => ({
          value(at) {
            const value = tools.host.context?.variables[at];
            return [value === undefined || !Number.isFinite(value) ? undefined : value];
          },
        })),
      ];
    },
  };
}
