/**
 * What the engine says of itself: one line each on standard error and in the log files of the folder. `logging.outputs` of the
 * configuration names the files, their level and whether a line is text or a record in EVE's form (`event_type: engine`).
 */
import { appendFileSync, existsSync } from 'node:fs';
import { isAbsolute, join } from 'node:path';
import { eveTimestamp } from '@sigwright/contracts';

export const LOG_LEVELS = ['Error', 'Warning', 'Notice', 'Info', 'Perf', 'Config', 'Debug'] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];

export interface LogFile {
  readonly filename: string;
  readonly level: LogLevel;
  readonly records: boolean;
}

/** Where the configuration names no file. */
export const DEFAULT_LOG_FILE: LogFile = { filename: 'suricata.log', level: 'Info', records: false };

export class EngineLog {
  #folder: string;
  #files: readonly LogFile[] = [DEFAULT_LOG_FILE];
  readonly #said: { readonly level: LogLevel; readonly module: string; readonly text: string; readonly time: number }[] = [];

  constructor(folder: string) {
    this.#folder = folder;
  }

  /** Where the configuration wants the log, where nobody else said it. */
  useFolder(folder: string): void {
    this.#folder = folder;
  }

  /** Files that what was said, and will be said, goes to. */
  useFiles(files: readonly LogFile[], verbosity = 0): void {
    if (files.length > 0) this.#files = files;
    if (verbosity === 0) return;
    // `-v` is Info, `-vv` Perf, and so on; a file that says more anyway keeps its level.
    const wanted = Math.min(LOG_LEVELS.indexOf('Notice') + verbosity, LOG_LEVELS.length - 1);
    this.#files = this.#files.map((file) => ({ ...file, level: LOG_LEVELS[Math.max(wanted, LOG_LEVELS.indexOf(file.level))] }));
  }

  /** `module` is the part of the engine that speaks: `detect`, `conf`, `pcap`. */
  say(level: LogLevel, module: string, text: string): void {
    this.#said.push({ level, module, text, time: Date.now() * 1000 });
    if (LOG_LEVELS.indexOf(level) <= LOG_LEVELS.indexOf('Info')) process.stderr.write(`${level}: ${module}: ${text}\n`);
  }

  save(): void {
    if (!existsSync(this.#folder)) return;
    for (const { filename, level, records } of this.#files) {
      const lines = this.#said
        .filter((line) => LOG_LEVELS.indexOf(line.level) <= LOG_LEVELS.indexOf(level))
        .map((line) =>
          records
            ? JSON.stringify({
                timestamp: eveTimestamp(line.time),
                log_level: line.level,
                event_type: 'engine',
                engine: { message: line.text, module: line.module },
              })
            : `${line.level}: ${line.module}: ${line.text}`,
        );
      try {
        appendFileSync(isAbsolute(filename) ? filename : join(this.#folder, filename), lines.map((line) => `${line}\n`).join(''));
      } catch (problem) {
        process.stderr.write(`Warning: log: ${(problem as Error).message}\n`);
      }
    }
    this.#said.length = 0;
  }
}
