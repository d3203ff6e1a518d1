/** What the log says of the rules that were read, in Suricata's words and order: each refusal with its rule, then how many there are. */
import type { EngineLog } from './engine-log.ts';
import type { RuleProblem } from './loaded-rules.ts';
import { inSuricatasWords } from './suricata-voice.ts';

export interface RuleCounts {
  readonly files: number;
  readonly loaded: number;
  readonly refused: number;
  readonly skipped: number;
}

/** False: the run ends here, since something went wrong that `--init-errors-fatal` makes fatal at once. */
export function tellRules(log: EngineLog, problems: readonly RuleProblem[], counts: RuleCounts, strict: boolean): boolean {
  // A rule is given up at the first thing that is wrong with it.
  const refused = new Set<string>();
  for (const problem of problems) {
    const { diagnostic, path, line, rule } = problem;
    const key = `${line} ${path}`;
    if (diagnostic.severity === 'information' || refused.has(key)) continue;
    const { module, text, fatal } = inSuricatasWords(problem);
    if (diagnostic.severity === 'warning') {
      log.say('Warning', module, text);
      continue;
    }
    refused.add(key);
    log.say('Error', module, text);
    if (strict && fatal === true) return false;
    log.say('Error', 'detect', `error parsing signature "${rule}" from file ${path} at line ${line}`);
  }
  const { files, loaded, skipped } = counts;
  if (files === 0) log.say('Info', 'detect', 'No signatures supplied.');
  else if (loaded === 0 && skipped === 0) log.say('Warning', 'detect', `${files} rule files specified, but no rules were loaded!`);
  else
    log.say('Info', 'detect', `${files} rule files processed. ${loaded} rules successfully loaded, ${counts.refused} rules failed, ${skipped} rules skipped`);
  return true;
}
