/** Scripts of rules on the command line: their limits from `security.lua`, what they say in the log, how often they failed in the stats. */
import type { LuaSettings } from '@sigwright/contracts';
import { at, isYes, sizeOf, type Tree } from './configuration.ts';
import type { EngineLog, LogLevel } from './engine-log.ts';

const LEVELS: Readonly<Record<string, LogLevel>> = { error: 'Error', warning: 'Warning', notice: 'Notice', info: 'Info', debug: 'Debug' };

export class LuaCounters {
  errors = 0;
  instruction_limit_errors = 0;
  memory_limit_errors = 0;
}

export function luaSettingsOf(tree: Tree, defaults: LuaSettings): LuaSettings {
  return {
    mayRun: isYes(at(tree, 'security.lua.allow-rules'), defaults.mayRun),
    instructions: sizeOf(at(tree, 'security.lua.max-instructions'), defaults.instructions),
    memory: sizeOf(at(tree, 'security.lua.max-bytes'), defaults.memory),
    restrictedFunctions: isYes(at(tree, 'security.lua.allow-restricted-functions'), defaults.restrictedFunctions),
  };
}

/** With what scripts say, and how they fail, taken down. */
export function heard(settings: LuaSettings, log: EngineLog, counters: LuaCounters): LuaSettings {
  return {
    ...settings,
    say(level, text) {
      if (level === 'print') process.stdout.write(Buffer.from(`${text}\n`, 'latin1'));
      else log.say(LEVELS[level], 'lua', text);
    },
    failed(limit, text, first) {
      counters.errors++;
      if (limit === 'instructions') counters.instruction_limit_errors++;
      if (limit === 'memory') counters.memory_limit_errors++;
      if (first) log.say('Warning', 'detect-lua', `Lua script failed to run successfully: ${text}`);
    },
  };
}
