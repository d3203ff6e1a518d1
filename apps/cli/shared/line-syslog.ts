/**
 * Lines to the syslog of the machine (`filetype: syslog`, the output `syslog`, and `syslog` of `logging`; Suricata user guide,
 * "Suricata.yaml"). It listens on a Unix socket for datagrams, which Node does not have: `logger` of util-linux hands them on.
 */
import { type ChildProcessByStdio, spawn, spawnSync } from 'node:child_process';
import type { Readable, Writable } from 'node:stream';
import { type Failure, failure } from '@sigwright/contracts';
import type { Tree } from './configuration-tree.ts';

/** Characters that are handed on together, and that may wait for a slow syslog; beyond them it is given up. */
const FLUSH_AT = 65_536;
const MOST_WAITING = 64 * 1_048_576;
/** Bytes of a message; longer ones become several. */
const LONGEST_MESSAGE = 65_000;
/** What is kept of what `logger` says. */
const LONGEST_COMPLAINT = 500;

const FACILITIES: readonly string[] = [
  ...['auth', 'authpriv', 'cron', 'daemon', 'ftp', 'kern', 'lpr', 'mail', 'news', 'security', 'syslog', 'user', 'uucp'],
  ...Array.from({ length: 8 }, (_, number) => `local${number}`),
];
const DEFAULT_FACILITY = 'local5';
const NOT_HERE = '`logger` of util-linux is not here';
/** Levels as the configuration has them, and as syslog does. */
const LEVELS: Readonly<Record<string, string>> = {
  emergency: 'emerg',
  alert: 'alert',
  critical: 'crit',
  error: 'err',
  warning: 'warning',
  notice: 'notice',
  info: 'info',
  debug: 'debug',
};

export class LineSyslog {
  failure: Failure | undefined = undefined;
  /** everything was handed on, or is known not to be */
  readonly ended: Promise<void>;
  readonly #logger: ChildProcessByStdio<Writable, null, Readable>;
  #pending: string[] = [];
  #length = 0;
  #complaint = '';

  /** `identity`, `facility` and `level` of an output. Throws an Error with words for the user where they can not be understood. */
  constructor({ identity, facility = 'local5', level = 'info' }: Tree) {
    const ofFacility = String(facility).toLowerCase();
    const ofLevel = LEVELS[String(level).toLowerCase()];
    if (!FACILITIES.includes(ofFacility)) throw new Error(`facility: ${String(facility)} is not one of ${FACILITIES.join(', ')}`);
    if (ofLevel === undefined) throw new Error(`level: ${String(level)} is not one of ${Object.keys(LEVELS).join(', ')}`);
    const options = [
      '--socket-errors=on',
      '--size',
      String(LONGEST_MESSAGE),
      '--tag',
      String(identity ?? 'suricata'),
      '--priority',
      `${ofFacility}.${ofLevel}`,
    ];
    this.#logger = spawn('logger', options, { stdio: ['pipe', 'ignore', 'pipe'] });
    this.ended = new Promise((resolve) => {
      this.#logger.on('close', (code) => {
        if (code !== 0) this.#fail(this.#complaint.trim() || `logger ended with ${code}`);
        resolve();
      });
    });
    this.#logger.on('error', (cause: NodeJS.ErrnoException) => this.#fail(cause.code === 'ENOENT' ? NOT_HERE : cause.message, cause));
    // Why it reads no more, it says itself.
    this.#logger.stdin.on('error', () => undefined);
    this.#logger.stderr.setEncoding('utf8').on('data', (text: string) => {
      this.#complaint = (this.#complaint + text).slice(0, LONGEST_COMPLAINT);
    });
  }

  line(text: string): void {
    this.#pending.push(text);
    this.#length += text.length;
    if (this.#length >= FLUSH_AT) this.flush();
  }

  flush(): void {
    if (this.#pending.length === 0) return;
    const text = `${this.#pending.join('\n')}\n`;
    this.#pending = [];
    this.#length = 0;
    if (this.failure !== undefined) return;
    this.#logger.stdin.write(text);
    if (this.#logger.stdin.writableLength <= MOST_WAITING) return;
    this.#fail('it is too slow');
    this.#logger.kill();
  }

  /** What is still on its way is told by `ended`. */
  close(): Failure | undefined {
    this.flush();
    this.#logger.stdin.end();
    return this.failure;
  }

  #fail(why: string, cause?: Error): void {
    this.failure ??= failure('output/syslog', `syslog could not be written: ${why}`, { cause });
  }
}

/** Throws an Error with words for the user where there is none of that name. */
export function facilityOf(written: unknown): string {
  const name = String(written ?? DEFAULT_FACILITY).toLowerCase();
  if (!FACILITIES.includes(name)) throw new Error(`facility: ${String(written)} is not one of ${FACILITIES.join(', ')}`);
  return name;
}

/** At once; `level` as in LEVELS. Returns what went wrong. */
export function sayToSyslog(facility: string, messages: readonly { readonly level: string; readonly text: string }[]): string | undefined {
  for (const level of new Set(messages.map((one) => one.level))) {
    const input = messages.flatMap((one) => (one.level === level ? [`${one.text}\n`] : [])).join('');
    const { error, status, stderr } = spawnSync('logger', loggerOptions(facility, LEVELS[level]), { input, encoding: 'utf8' });
    if ((error as NodeJS.ErrnoException | undefined)?.code === 'ENOENT') return NOT_HERE;
    // It may end before it read everything; why, it says itself.
    if (error !== undefined || status !== 0) return stderr.trim().slice(0, LONGEST_COMPLAINT) || (error?.message ?? `logger ended with ${status}`);
  }
  return undefined;
}

function loggerOptions(facility: string, level: string, identity: unknown = 'suricata'): readonly string[] {
  return ['--socket-errors=on', '--size', String(LONGEST_MESSAGE), '--tag', String(identity), '--priority', `${facility}.${level}`];
}
