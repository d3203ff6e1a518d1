/**
 * A file of lines, a socket or the syslog, that an output of the configuration names. Of files: date modifiers in the name, `append`,
 * `filemode`, a new one by time (`rotate-interval`), one for each thread (`threaded`), and opened again when somebody moved it away
 * (Suricata user guide, "Log Rotation" and "Rotate log file").
 */

import { chmodSync, mkdirSync } from 'node:fs';
import { dirname, isAbsolute, join } from 'node:path';
import { entryOf } from '@sigwright/bytes';
import { type Failure, failure } from '@sigwright/contracts';
import { isYes, type Tree } from './configuration-tree.ts';
import { redisLines } from './line-redis.ts';
import { LineSocket } from './line-socket.ts';
import type { LineStream } from './line-stream.ts';
import { LineSyslog, syslogOptions } from './line-syslog.ts';
import { LineWriter } from './line-writer.ts';
import { strftime } from './log-time.ts';

/** Seconds. */
const UNITS: Readonly<Record<string, number>> = { s: 1, m: 60, h: 3600, d: 86_400, w: 604_800 };
const NAMED: Readonly<Record<string, number>> = { minute: 60, hour: 3600, day: 86_400 };

/** Kinds of files that lines can go to here, of those that Suricata knows. */
const BUILT = new Set(['regular', 'file', 'syslog', 'unix_stream', 'redis']);
const KNOWN = new Set(['regular', 'file', 'syslog', 'unix_dgram', 'unix_stream', 'redis']);

interface Rotation {
  readonly seconds: number;
  /** at full minutes, hours or days of the clock, not counted from when the file was opened */
  readonly byClock: boolean;
}

export class LogFile {
  lines = 0;
  readonly #pattern: string;
  readonly #mode: number | undefined;
  readonly #rotation: Rotation | undefined;
  readonly #now: () => number;
  /** where lines go that are not written to a file */
  readonly #connect: ((path: string) => LineStream) | undefined;
  #writer: LineWriter | LineStream | undefined;
  /** what was closed, of which something may still be on its way */
  readonly #closed: LineStream[] = [];
  #failure: Failure | undefined = undefined;
  /** milliseconds; when the next file is due */
  #until = Number.POSITIVE_INFINITY;

  /**
   * `name` where the options give none. Throws an Error with words for the user where the options ask for what can not be, or the
   * file can not be opened. `now`: the clock, in milliseconds.
   */
  constructor(options: Tree, name: string, folder: string, now: () => number = Date.now) {
    const written = String(options['filename'] ?? name);
    this.#connect = connectionOf(options);
    const own = isYes(options['threaded'], false) && this.#connect === undefined ? ofThread(written) : written;
    this.#pattern = isAbsolute(own) ? own : join(folder, own);
    this.#rotation = rotationOf(options['rotate-interval']);
    this.#mode = modeOf(options['filemode']);
    this.#now = now;
    this.#writer = this.#open(isYes(options['append'], true));
  }

  line(text: string): void {
    if (this.#rotation !== undefined && this.#now() >= this.#until) this.reopen();
    this.lines++;
    this.#writer?.line(text);
  }

  flush(): void {
    this.#writer?.flush();
  }

  /** Closes the file, and goes on at the end of the one that has its name now. */
  reopen(): void {
    this.#end();
    if (this.#failure !== undefined) return;
    try {
      this.#writer = this.#open(true);
    } catch (cause) {
      this.#failure = failure('output/open', (cause as Error).message, { path: this.#pattern, cause });
    }
  }

  /** What went wrong, first of all. */
  async close(): Promise<Failure | undefined> {
    this.#end();
    for (const one of this.#closed) {
      await one.ended;
      this.#failure ??= one.failure;
    }
    return this.#failure;
  }

  #end(): void {
    const writer = this.#writer;
    this.#writer = undefined;
    this.#failure ??= writer?.close();
    if (writer !== undefined && !(writer instanceof LineWriter)) this.#closed.push(writer);
  }

  #open(append: boolean): LineWriter | LineStream {
    const now = this.#now();
    const path = this.#pattern.includes('%') ? strftime(this.#pattern, now * 1000) : this.#pattern;
    if (this.#connect !== undefined) return this.#connect(path);
    if (path !== this.#pattern) mkdirSync(dirname(path), { recursive: true });
    const writer = new LineWriter(path, append);
    if (this.#mode !== undefined) chmodSync(path, this.#mode);
    if (this.#rotation !== undefined) {
      const step = this.#rotation.seconds * 1000;
      this.#until = this.#rotation.byClock ? (Math.floor(now / step) + 1) * step : now + step;
    }
    return writer;
  }
}

/** Throws as LogFile does, where an option can not be understood; opens nothing. */
export function checkLogFile(options: Tree): void {
  rotationOf(options['rotate-interval']);
  modeOf(options['filemode']);
  if (options['filetype'] === 'syslog') syslogOptions(options);
}

function connectionOf(options: Tree): ((path: string) => LineStream) | undefined {
  switch (options['filetype']) {
    case 'redis':
      return () => redisLines(options);
    case 'unix_stream':
      return (path) => new LineSocket({ path }, path);
    case 'syslog':
      return () => new LineSyslog(options);
    default:
      return undefined;
  }
}

/** `eve.json` → `eve.1.json`: the file of the one thread there is. */
function ofThread(filename: string): string {
  const dot = filename.lastIndexOf('.');
  return dot > filename.lastIndexOf('/') ? `${filename.slice(0, dot)}.1${filename.slice(dot)}` : `${filename}.1`;
}

/** What is not built of the options of an output called `name`; such an output can not be written. */
export function fileTypeProblem(name: string, options: Tree): string | undefined {
  const written = String(options['filetype'] ?? 'regular');
  if (BUILT.has(written)) return undefined;
  return KNOWN.has(written)
    ? `${name}: filetype ${written} is not built, only regular, syslog, unix_stream and redis are; nothing is written there`
    : `${name}: filetype ${written} is not one of ${[...KNOWN].join(', ')}; nothing is written there`;
}

function rotationOf(written: unknown): Rotation | undefined {
  if (written === undefined || written === null) return undefined;
  const text = String(written);
  const named = entryOf(NAMED, text);
  if (named !== undefined) return { seconds: named, byClock: true };
  const match = /^(\d+)([smhdw])$/.exec(text);
  const seconds = match === null ? 0 : Number(match[1]) * UNITS[match[2]];
  if (seconds === 0) throw new Error(`rotate-interval: ${text} is neither minute, hour or day nor a number with s, m, h, d or w behind it`);
  return { seconds, byClock: false };
}

/** Octal digits without a leading zero: one would make another number of it before anybody asks. */
function modeOf(written: unknown): number | undefined {
  if (written === undefined || written === null) return undefined;
  const text = String(written);
  if (!/^[0-7]{1,4}$/.test(text)) throw new Error(`filemode: ${text} is no mode of a file, such as 640`);
  return Number.parseInt(text, 8);
}
