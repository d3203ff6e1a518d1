/** What `security.lua` lets the Lua scripts of rules do, and what becomes of what they say and how they fail. */
import type { ScriptSettings } from '@sigwright/contracts';
import { at, isYes, type Tree } from './configuration-tree.ts';
import type { EngineLog, LogLevel } from './engine-log.ts';

/** How scripts failed; the first counts all. */
export interface LuaCounters {
  errors: number;
  blocked_function_errors: number;
  instruction_limit_errors: number;
  memory_limit_errors: number;
}

const LEVELS: Readonly<Record<string, LogLevel>> = {
  error: 'Error',
  warning: 'Warning',
  notice: 'Notice',
  info: 'Info',
  config: 'Config',
  performance: 'Perf',
  debug: 'Debug',
};
/** Failures that are told; each is once, however often it happens. */
const MOST_TOLD = 100;

/** What `security.lua` says. */
export function scriptLimitsOf(tree: Tree): Pick<ScriptSettings, 'mayRun' | 'unrestricted' | 'bytes' | 'instructions'> {
  return {
    mayRun: isYes(at(tree, 'security.lua.allow-rules'), true),
    unrestricted: isYes(at(tree, 'security.lua.allow-restricted-functions'), false),
    bytes: Number(at(tree, 'security.lua.max-bytes') ?? 500_000),
    instructions: Number(at(tree, 'security.lua.max-instructions') ?? 500_000),
  };
}

export function scriptSettingsOf(tree: Tree, log: EngineLog, counters: LuaCounters): ScriptSettings {
  const told = new Set<string>();
  return {
    ...scriptLimitsOf(tree),
    say(level, text) {
      if (level === 'print') process.stdout.write(`${text}\n`);
      else log.say(LEVELS[level], 'lua', text);
    },
    failed(why, text) {
      counters.errors++;
      if (why === 'blocked') counters.blocked_function_errors++;
      else if (why === 'instructions') counters.instruction_limit_errors++;
      else if (why === 'memory') counters.memory_limit_errors++;
      if (told.has(text) || told.size >= MOST_TOLD) return;
      told.add(text);
      log.say('Warning', 'detect-lua', text);
    },
  };
}
