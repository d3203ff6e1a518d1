/**
 * Lines for Redis (`filetype: redis`; Suricata user guide, "Eve JSON Output"): each one command of its protocol (RESP, "Redis serialization
 * protocol specification") for a list, a channel or a stream.
 */
import { at, isYes, type Tree } from './configuration-tree.ts';
import { type LineForm, LineSocket } from './line-socket.ts';

const HOST = '127.0.0.1';
const PORT = 6379;
const KEY = 'suricata';
const LONGEST_STREAM = 100_000;
/** What a line is called in an entry of a stream. */
const FIELD = 'eve';

/** An answer is short; of a longer line its beginning tells whether it is an error. */
const LONGEST_ANSWER = 1024;
const LAST_PORT = 65_535;

/** Commands by the names that modes have. */
const COMMANDS: ReadonlyMap<string, 'LPUSH' | 'RPUSH' | 'PUBLISH' | 'XADD'> = new Map([
  ['list', 'LPUSH'],
  ['lpush', 'LPUSH'],
  ['rpush', 'RPUSH'],
  ['channel', 'PUBLISH'],
  ['publish', 'PUBLISH'],
  ['xadd', 'XADD'],
  ['stream', 'XADD'],
]);

/** `options`: of the output. Throws an Error with words for the user. */
export function redisLines(options: Tree): LineSocket {
  const redis = options['redis'];
  const host = String(at(redis, 'server') ?? HOST);
  const port = Number(at(redis, 'port') ?? PORT);
  if (!(Number.isInteger(port) && port > 0 && port <= LAST_PORT)) throw new Error(`redis: port ${String(at(redis, 'port'))} is no port`);
  return new LineSocket(
    host.startsWith('/') ? { path: host } : { host, port },
    host.startsWith('/') ? `redis ${host}` : `redis ${host}:${port}`,
    formOf(redis),
  );
}

function formOf(redis: unknown): LineForm {
  const mode = String(at(redis, 'mode') ?? 'list');
  const name = COMMANDS.get(mode);
  if (name === undefined) throw new Error(`redis: mode ${mode} is not one of ${[...COMMANDS.keys()].join(', ')}`);
  const key = String(at(redis, 'key') ?? KEY);
  const longest = Number(at(redis, 'stream-maxlen') ?? LONGEST_STREAM);
  const trimmed = longest > 0 ? ['MAXLEN', isYes(at(redis, 'stream-trim-exact'), false) ? '=' : '~', String(longest)] : [];
  const before = name === 'XADD' ? [name, key, ...trimmed, '*', FIELD] : [name, key];
  /** a line of the answers goes on with what comes next */
  let within = '';
  return {
    of: (lines) => lines.map((line) => command([...before, line])).join(''),
    last: command(['QUIT']),
    // Answers are one line each; those of errors begin so.
    heard(text) {
      const lines = (within + text).split('\r\n');
      within = (lines.pop() ?? '').slice(0, LONGEST_ANSWER);
      return lines
        .find((line) => line.startsWith('-'))
        ?.slice(1, LONGEST_ANSWER)
        .replace(/[^ -~]/g, '.');
    },
  };
}

/** An array of strings, each with its length in bytes. */
function command(words: readonly string[]): string {
  return `*${words.length}\r\n${words.map((word) => `$${Buffer.byteLength(word)}\r\n${word}\r\n`).join('')}`;
}
