/**
 * What long-running verbs say on standard error: words for people, or with `--log json` one JSON object a line for programs. Fields of
 * every line: `time` (ISO 8601), `level`, `verb`, `message`; more stand beside them. Secrets are never passed here.
 */
import { UsageProblem } from './arguments.ts';

export const LOG_FORMS = ['words', 'json'] as const;
export type LogLine = 'debug' | 'info' | 'warning' | 'error';
export type LogFields = Readonly<Record<string, string | number | boolean | undefined>>;

export interface Log {
  readonly isJson: boolean;
  /** `debug` and `info` are for programs alone: people asked for no running commentary */
  say(level: LogLine, message: string, fields?: LogFields): void;
  complain(message: string): void;
}

export function logOf(form: string | undefined, verb: string, usage: string, write: (line: string) => void = toStandardError): Log {
  if (form !== undefined && !LOG_FORMS.some((one) => one === form)) throw new UsageProblem(`--log ${form} is not one of ${LOG_FORMS.join(', ')}`, usage);
  const isJson = form === 'json';
  const say = (level: LogLine, message: string, fields: LogFields = {}): void => {
    if (isJson) write(`${JSON.stringify({ time: new Date().toISOString(), level, verb, message, ...fields })}\n`);
    else if (level === 'warning' || level === 'error')
      write(`sigwright ${verb}: ${message}${typeof fields['stack'] === 'string' ? `\n${fields['stack']}` : ''}\n`);
  };
  return { isJson, say, complain: (message) => say('warning', message) };
}

function toStandardError(line: string): void {
  process.stderr.write(line);
}
