/** Outputs of lines that a configuration asks for, besides EVE: alerts, requests, connections, counters. One place opens, feeds and closes them. */
import type { EngineSettings, EveRecord, Failure, Flow, Packet, ProtocolDefinition, Transaction } from '@sigwright/contracts';
import type { Alert } from '@sigwright/detection';
import { AlertDebug } from './alert-debug.ts';
import { at, isYes, type Tree } from './configuration-tree.ts';
import { fastLine, syslogLine } from './fast-log.ts';
import { type HttpLine, httpLines } from './http-log.ts';
import { checkLogFile, fileTypeProblem, LogFile } from './log-file.ts';
import { type StatsTable, statsTable, statsTableOf } from './stats-log.ts';
import { type TlsLine, tlsLines } from './tls-log.ts';

export class LineOutputs {
  /** what is not written, in words for the user */
  readonly problems: string[] = [];
  readonly #files: LogFile[] = [];
  readonly #fast: LogFile[] = [];
  readonly #syslog: LogFile[] = [];
  readonly #debug: AlertDebug[] = [];
  readonly #http: { readonly file: LogFile; readonly line: HttpLine }[] = [];
  readonly #tls: { readonly file: LogFile; readonly line: TlsLine }[] = [];
  readonly #stats: { readonly file: LogFile; readonly table: StatsTable }[] = [];

  /** Throws an Error with words for the user where an option can not be understood or a file not be opened. */
  constructor(tree: Tree, folder: string) {
    const each = (name: string, use: (options: Tree, file: LogFile) => void): void => {
      for (const options of outputsOf(tree, name)) {
        const file = this.file(name, options, `${name.replace(/-log$/, '')}.log`, folder);
        if (file !== undefined) use(options, file);
      }
    };
    each('fast', (_options, file) => this.#fast.push(file));
    for (const options of outputsOf(tree, 'syslog')) this.#syslog.push(this.file('syslog', { ...options, filetype: 'syslog' }, 'syslog', folder)!);
    each('http-log', (options, file) => this.#http.push({ file, line: httpLines(options) }));
    each('tls-log', (options, file) => this.#tls.push({ file, line: tlsLines(options) }));
    each('alert-debug', (_options, file) => this.#debug.push(new AlertDebug((block) => file.line(block))));
    if (isYes(at(tree, 'stats.enabled'), true)) each('stats', (options, file) => this.#stats.push({ file, table: statsTableOf(options) }));
  }

  /** A file of an output that is closed and opened with all others; undefined where its kind is not built. */
  file(name: string, options: Tree, filename: string, folder: string): LogFile | undefined {
    const problem = fileTypeProblem(name, options);
    if (problem !== undefined) {
      this.problems.push(problem);
      return undefined;
    }
    try {
      const file = new LogFile(options, filename, folder);
      this.#files.push(file);
      return file;
    } catch (cause) {
      throw new Error(`${name}: ${(cause as Error).message}`);
    }
  }

  get wantsStats(): boolean {
    return this.#stats.length > 0;
  }

  alert(alert: Alert, packet: Packet, settings: EngineSettings): void {
    for (const file of this.#fast) file.line(fastLine(alert, packet, settings));
    for (const file of this.#syslog) file.line(syslogLine(alert, packet, settings));
    for (const one of this.#debug) one.alert(alert, packet, settings);
  }

  transaction(protocol: ProtocolDefinition, transaction: Transaction, flow: Flow, packet: Packet): void {
    for (const { file, line } of this.#http) write(file, line(transaction, flow, packet));
    for (const { file, line } of this.#tls) write(file, line(protocol, transaction, flow, packet));
  }

  /** All rules looked at the packet. */
  decided(): void {
    for (const one of this.#debug) one.end();
  }

  /** `time` in microseconds, `uptime` in seconds. */
  stats(record: EveRecord, time: number, uptime: number): void {
    for (const { file, table } of this.#stats) file.line(statsTable(record, time, uptime, table));
  }

  flush(): void {
    for (const file of this.#files) file.flush();
  }

  /** Somebody moved the files away. */
  reopen(): void {
    for (const file of this.#files) file.reopen();
  }

  async close(): Promise<readonly Failure[]> {
    this.decided();
    const failures = await Promise.all(this.#files.map((file) => file.close()));
    return failures.filter((failure) => failure !== undefined);
  }
}

const LINE_OUTPUTS = ['eve-log', 'fast', 'syslog', 'http-log', 'tls-log', 'alert-debug', 'stats'];

/** Throws as the constructor does, where an option can not be understood, of EVE's files too; opens nothing. */
export function checkLineOutputs(tree: Tree): void {
  for (const name of LINE_OUTPUTS) {
    for (const options of outputsOf(tree, name)) {
      try {
        checkLogFile(name === 'syslog' ? { ...options, filetype: 'syslog' } : options);
      } catch (cause) {
        throw new Error(`${name}: ${(cause as Error).message}`);
      }
    }
  }
  for (const options of outputsOf(tree, 'http-log')) httpLines(options);
  for (const options of outputsOf(tree, 'tls-log')) tlsLines(options);
}

function write(file: LogFile, line: string | undefined): void {
  if (line !== undefined) file.line(line);
}

/** The options of every output of that name that is turned on. */
function outputsOf(tree: Tree, name: string): readonly Tree[] {
  const outputs = at(tree, 'outputs');
  return (Array.isArray(outputs) ? outputs : []).flatMap((entry) => {
    if (typeof entry !== 'object' || entry === null || !(name in entry)) return [];
    const options = ((entry as Tree)[name] ?? {}) as Tree;
    return isYes(options['enabled'], true) ? [options] : [];
  });
}
