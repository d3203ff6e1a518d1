/** What runs a script at the moment, and on what. */
import type { EngineSettings, RuleBuilder, ScriptContext } from '@sigwright/contracts';

export interface ScriptHost {
  readonly settings: EngineSettings;
  /** undefined while it is read and set up */
  readonly context: ScriptContext | undefined;
  /** while a rule is compiled */
  readonly builder: RuleBuilder | undefined;
  /** where logs are written; outputs alone know it */
  readonly logFolder: string | undefined;
}
