/**
 * `logging` of a suricata.yaml: where the engine's own messages go, from which level on, in which form, and which of them. Suricata user
 * guide, "Engine Logging"; the environment (`SC_LOG_LEVEL`, `SC_LOG_FORMAT`, `SC_LOG_OP_FILTER`) goes before its defaults.
 */
import { InputProblem } from './arguments.ts';
import { at, isYes, type Tree } from './configuration-tree.ts';
import { DEFAULT_LOG_FILE, LOG_LEVELS, type LogFile, type LogForm, type LogLevel, type LogOutputs } from './engine-log.ts';
import { facilityOf } from './line-syslog.ts';

type Environment = Readonly<Record<string, string | undefined>>;

/** Throws an InputProblem where a filter is no regular expression, or the syslog has no such facility. */
export function logOutputsOf(tree: Tree, environment: Environment = process.env): LogOutputs {
  const logging = at(tree, 'logging');
  const listed = at(logging, 'outputs');
  const level = levelOf(environment['SC_LOG_LEVEL'] ?? at(logging, 'default-log-level'));
  const format = environment['SC_LOG_FORMAT'] ?? at(logging, 'default-log-format');
  const filter = environment['SC_LOG_OP_FILTER'] ?? at(logging, 'default-output-filter');
  const formOf = (node: unknown): LogForm => ({
    records: at(node, 'type') === 'json',
    format: textOf(at(node, 'format') ?? format),
    filter: filterOf(at(node, 'filter') ?? filter),
  });
  const files: LogFile[] = [];
  const syslogs: LogOutputs['syslogs'][number][] = [];
  let console: LogOutputs['console'];
  for (const output of Array.isArray(listed) ? listed : []) {
    const file = at(output, 'file');
    if (typeof file === 'object' && file !== null && isYes(at(file, 'enabled'), true)) {
      const filename = String(at(file, 'filename') ?? DEFAULT_LOG_FILE.filename);
      files.push({ ...formOf(file), filename, level: levelOf(at(file, 'level')) ?? level ?? DEFAULT_LOG_FILE.level });
    }
    const syslog = at(output, 'syslog');
    if (typeof syslog === 'object' && syslog !== null && isYes(at(syslog, 'enabled'), true))
      syslogs.push({ ...formOf(syslog), facility: loggedAs(at(syslog, 'facility')), level: levelOf(at(syslog, 'level')) ?? level ?? 'Notice' });
    const shown = at(output, 'console');
    if (typeof shown === 'object' && shown !== null)
      console = { ...formOf(shown), enabled: isYes(at(shown, 'enabled'), true), level: levelOf(at(shown, 'level') ?? environment['SC_LOG_LEVEL']) };
  }
  return { files, syslogs, console };
}

function loggedAs(facility: unknown): string {
  try {
    return facilityOf(facility);
  } catch (problem) {
    throw new InputProblem(`logging: syslog: ${(problem as Error).message}`);
  }
}

function levelOf(written: unknown): LogLevel | undefined {
  return LOG_LEVELS.find((name) => name.toLowerCase() === String(written).toLowerCase());
}

function textOf(written: unknown): string | undefined {
  return written === undefined || written === null || written === '' ? undefined : String(written);
}

function filterOf(written: unknown): RegExp | undefined {
  const text = textOf(written);
  if (text === undefined) return undefined;
  try {
    return new RegExp(text);
  } catch {
    throw new InputProblem(`logging: the output filter ${text} is no regular expression`);
  }
}
