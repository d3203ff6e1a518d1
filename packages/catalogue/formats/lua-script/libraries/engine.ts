/** Of the engine itself: `suricata.config` (where its logs lie), `suricata.log` (messages among its own) and `suricata.util` (its thread). */
import type { ScriptSettings } from '@sigwright/contracts';
import type { LuaFunction } from '@sigwright/lua';
import type { Functions, LibraryTools } from './library-tools.ts';

export function configLibrary(tools: LibraryTools): Functions {
  return {
    log_path: () => (tools.host.logFolder === undefined ? [undefined, 'error: no log folder here'] : [tools.host.logFolder]),
  };
}

export function logLibrary({ host, lua }: LibraryTools): Functions {
  const say = (level: Parameters<ScriptSettings['say']>[0]): LuaFunction => {
    return (args) => {
      host.settings.scripts.say(level, String(lua.call(lua.globals.get('tostring'), [args[0]])[0]));
      return [];
    };
  };
  return {
    error: say('error'),
    warning: say('warning'),
    notice: say('notice'),
    info: say('info'),
    perf: say('performance'),
    config: say('config'),
    debug: say('debug'),
  };
}

export function utilLibrary({ lua }: LibraryTools): Functions {
  return {
    thread_info() {
      const table = lua.table();
      for (const [name, value] of [
        ['id', 1],
        ['name', 'W#01'],
        ['group', 'W#01'],
        ['group_name', 'W#01'],
      ] as const)
        table.set(name, value);
      return [table];
    },
  };
}
