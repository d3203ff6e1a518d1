/** The script that a rule names: found, read and set up, or the rule is told what is wrong with it. */
import type { RuleBuilder } from '@sigwright/contracts';
import { failureOf, Script } from './script.ts';

/** Reads a script for a rule and sets it up; undefined: the rule was told what is wrong. */
export function scriptOf(path: string, builder: RuleBuilder, needs: string): Script | undefined {
  const { scripts, dataFiles } = builder.settings;
  if (!scripts.mayRun) {
    builder.problem('not-allowed', 'Lua rules are not allowed here', 'the configuration forbids them: security.lua.allow-rules');
    return undefined;
  }
  const text = dataFiles.read(path);
  if (text === undefined) {
    builder.problem('no-script', `the script ${path} is not there`, 'scripts lie beside the rules or in default-rule-path', { script: path });
    return undefined;
  }
  try {
    const script = new Script(path, text, builder.settings, builder);
    if (!script.has(needs)) {
      builder.problem('no-function', `${path} has no function ${needs}`, undefined, { script: path });
      return undefined;
    }
    if (script.has('init')) [script.needs] = script.setUp('init', [script.table()]);
    else if (needs === 'match') {
      builder.problem('no-function', `${path} has no function init`, undefined, { script: path });
      return undefined;
    }
    if (script.has('thread_init')) script.setUp('thread_init');
    script.ready();
    return script;
  } catch (error) {
    const failure = failureOf(error);
    if (failure === undefined) throw error;
    builder.problem('script', `${path} can not be used: ${failure.text}`, undefined, { script: path });
    return undefined;
  }
}
