/**
 * Lines to the syslog of the machine (`filetype: syslog`, the output `syslog`, and `syslog` of `logging`; Suricata user guide,
 * "Suricata.yaml"). It listens on a Unix socket for datagrams, which Node does not have: `logger` of util-linux hands them on.
 */

import { spawn, spawnSync } from 'node:child_process';
import type { Writable } from 'node:stream';
import { entryOf } from '@sigwright/bytes';
import type { Failure } from '@sigwright/contracts';
import type { Tree } from './configuration-tree.ts';
import { LineStream } from './line-stream.ts';

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

export class LineSyslog extends LineStream {
  readonly ended: Promise<void>;
  protected readonly output: Writable;

  /** `identity`, `facility` and `level` of an output. Throws an Error with words for the user where they can not be understood. */
  constructor(options: Tree) {
    super('syslog', 'output/syslog');
    const logger = spawn('logger', syslogOptions(options), { stdio: ['pipe', 'ignore', 'pipe'] });
    let complaint = '';
    logger.stderr.setEncoding('utf8').on('data', (text: string) => {
      complaint = (complaint + text).slice(0, LONGEST_COMPLAINT);
    });
    this.ended = new Promise((resolve) => {
      logger.on('close', (code) => {
        if (code !== 0) this.fail(complaint.trim() || `logger ended with ${code}`);
        resolve();
      });
    });
    logger.on('error', (cause: NodeJS.ErrnoException) => this.fail(cause.code === 'ENOENT' ? NOT_HERE : cause.message, cause));
    this.output = logger.stdin;
    // Why it reads no more, it says itself.
    this.output.on('error', () => undefined);
  }

  close(): Failure | undefined {
    this.flush();
    this.output.end();
    return this.failure;
  }
}

/** What `logger` is given for an output. Throws as LineSyslog does. */
export function syslogOptions({ identity, facility, level = 'info' }: Tree): readonly string[] {
  const ofLevel = entryOf(LEVELS, String(level).toLowerCase());
  if (ofLevel === undefined) throw new Error(`level: ${String(level)} is not one of ${Object.keys(LEVELS).join(', ')}`);
  return loggerOptions(facilityOf(facility), ofLevel, identity);
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
