/**
 * What the engine says of itself: one line each on standard error, in the log files of the folder and in the syslog. `logging.outputs` of
 * the configuration names them, their level and whether a line is text or a record in EVE's form (`event_type: engine`).
 */
import { appendFileSync, existsSync } from 'node:fs';
import { isAbsolute, join } from 'node:path';
import { eveTimestamp } from '@sigwright/contracts';
import { sayToSyslog } from './line-syslog.ts';
import { strftime } from './log-time.ts';

export const LOG_LEVELS = ['Error', 'Warning', 'Notice', 'Info', 'Perf', 'Config', 'Debug'] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];

/** How messages are written, and which. */
export interface LogForm {
  readonly records: boolean;
  /** of lines, with signs such as `%t`; undefined: level, module and text */
  readonly format?: string | undefined;
  /** lines that it does not find anything in are left out */
  readonly filter?: RegExp | undefined;
}

export interface LogFile extends LogForm {
  readonly filename: string;
  readonly level: LogLevel;
}

/** Where messages go. */
export interface LogOutputs {
  /** empty where the configuration names none */
  readonly files: readonly LogFile[];
  readonly syslogs: readonly (LogForm & { readonly facility: string; readonly level: LogLevel })[];
  /** undefined: nothing is said of it */
  readonly console: (LogForm & { readonly enabled: boolean; readonly level: LogLevel | undefined }) | undefined;
}

interface Message {
  readonly level: LogLevel;
  readonly module: string;
  readonly text: string;
  /** microseconds */
  readonly time: number;
}

/** Where the configuration names no file. */
export const DEFAULT_LOG_FILE: LogFile = { filename: 'suricata.log', level: 'Info', records: false };

const SYSLOG_LEVELS: Readonly<Record<LogLevel, string>> = {
  Error: 'error',
  Warning: 'warning',
  Notice: 'notice',
  Info: 'info',
  Perf: 'debug',
  Config: 'debug',
  Debug: 'debug',
};

export class EngineLog {
  #folder: string;
  #files: readonly LogFile[] = [DEFAULT_LOG_FILE];
  readonly #said: Message[] = [];
  #console: LogOutputs['console'];
  #syslogs: LogOutputs['syslogs'] = [];

  constructor(folder: string) {
    this.#folder = folder;
  }

  /** Where the configuration wants the log, where nobody else said it. */
  useFolder(folder: string): void {
    this.#folder = folder;
  }

  /** Files that what was said, and will be said, goes to; and what is shown from now on. */
  use({ files, syslogs, console }: LogOutputs, verbosity = 0): void {
    this.#console = console;
    this.#syslogs = syslogs;
    if (files.length > 0) this.#files = files;
    if (verbosity === 0) return;
    // `-v` is Info, `-vv` Perf, and so on; a file that says more anyway keeps its level.
    const wanted = Math.min(LOG_LEVELS.indexOf('Notice') + verbosity, LOG_LEVELS.length - 1);
    const atLeast = (level: LogLevel): LogLevel => LOG_LEVELS[Math.max(wanted, LOG_LEVELS.indexOf(level))];
    this.#files = this.#files.map((file) => ({ ...file, level: atLeast(file.level) }));
    this.#console = { enabled: true, records: false, ...console, level: atLeast(console?.level ?? 'Info') };
  }

  /** `module` is the part of the engine that speaks: `detect`, `conf`, `pcap`. */
  say(level: LogLevel, module: string, text: string): void {
    const message: Message = { level, module, text, time: Date.now() * 1000 };
    this.#said.push(message);
    const { enabled = true, level: shown = 'Info', records = false, format, filter } = this.#console ?? {};
    if (!enabled || LOG_LEVELS.indexOf(level) > LOG_LEVELS.indexOf(shown)) return;
    for (const line of linesOf([message], { records, format, filter })) process.stderr.write(`${line}\n`);
  }

  save(): void {
    for (const { facility, level, ...form } of this.#syslogs) {
      const messages = this.#upTo(level).flatMap((message) => linesOf([message], form).map((text) => ({ level: SYSLOG_LEVELS[message.level], text })));
      const problem = sayToSyslog(facility, messages);
      if (problem !== undefined) process.stderr.write(`Warning: log: syslog could not be written: ${problem}\n`);
    }
    if (existsSync(this.#folder)) this.#saveFiles();
    this.#said.length = 0;
  }

  #upTo(level: LogLevel): readonly Message[] {
    return this.#said.filter((message) => LOG_LEVELS.indexOf(message.level) <= LOG_LEVELS.indexOf(level));
  }

  #saveFiles(): void {
    for (const { filename, level, ...form } of this.#files) {
      const lines = linesOf(this.#upTo(level), form);
      try {
        appendFileSync(isAbsolute(filename) ? filename : join(this.#folder, filename), lines.map((line) => `${line}\n`).join(''));
      } catch (problem) {
        process.stderr.write(`Warning: log: ${(problem as Error).message}\n`);
      }
    }
  }
}

function linesOf(messages: readonly Message[], { records, format, filter }: LogForm): readonly string[] {
  const lines = messages.map((message) => (records ? recordOf(message) : format === undefined ? plain(message) : formatted(format, message)));
  return filter === undefined ? lines : lines.filter((line) => filter.test(line));
}

function plain({ level, module, text }: Message): string {
  return `${level}: ${module}: ${text}`;
}

function recordOf({ level, module, text, time }: Message): string {
  return JSON.stringify({ timestamp: eveTimestamp(time), log_level: level, event_type: 'engine', engine: { message: text, module } });
}

/** The one thread there is. */
const THREAD = 'Suricata-Main';
/** Errors, warnings and the rest in one letter. */
const LETTERS: Readonly<Record<LogLevel, string>> = { Error: 'E', Warning: 'W', Notice: 'i', Info: 'i', Perf: 'i', Config: 'i', Debug: 'd' };

/** Signs of the user guide, "Default Log Format"; where the format has no place for the text, it stands behind. */
function formatted(format: string, { level, module, text, time }: Message): string {
  const signs: Readonly<Record<string, string>> = {
    z: strftime('%F %T', time),
    t: strftime('%d/%m/%Y -- %T', time),
    p: String(process.pid),
    i: String(process.pid),
    m: THREAD,
    T: THREAD,
    d: level,
    D: LETTERS[level],
    S: module,
    M: text,
    f: module,
    l: '0',
    n: module,
  };
  const line = format.replace(/%([a-zA-Z])/g, (whole, sign: string) => signs[sign] ?? whole);
  return format.includes('%M') ? line : line + text;
}
