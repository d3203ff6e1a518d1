/** Files of outputs: whether they begin anew, who may read them, when a new one begins, and what is told of kinds that are not built. */
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { type AddressInfo, createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import type { Tree } from './configuration-tree.ts';
import { LineSocket } from './line-socket.ts';
import { fileTypeProblem, LogFile } from './log-file.ts';

const root = mkdtempSync(join(tmpdir(), 'sigwright-log-files-'));
afterAll(() => rmSync(root, { recursive: true, force: true }));

const MINUTE = 60_000;
/** 5 March 2024, 14:07:30 UTC. */
const START = Date.UTC(2024, 2, 5, 14, 7, 30);

test.each<readonly [why: string, options: Tree, text: string]>([
  ['nothing said goes on behind what is there', {}, 'before\nnew\n'],
  ['append: yes does the same', { append: 'yes' }, 'before\nnew\n'],
  ['append: no begins anew', { append: false }, 'new\n'],
])('%s', async (_why, options, text) => {
  const folder = mkdtempSync(join(root, 'append-'));
  writeFileSync(join(folder, 'fast.log'), 'before\n');
  const file = new LogFile(options, 'fast.log', folder);
  file.line('new');
  expect(await file.close()).toBeUndefined();
  expect(readFileSync(join(folder, 'fast.log'), 'utf8')).toBe(text);
});

test.each<readonly [why: string, options: Tree, name: string]>([
  ['the name of the output where none is written', {}, 'fast.log'],
  ['the name that is written', { filename: 'alerts.txt' }, 'alerts.txt'],
  ['the file of a thread', { filename: 'a.b/eve.json', threaded: 'on' }, 'a.b/eve.1.json'],
  ['the file of a thread, no ending', { filename: 'a.b/eve', threaded: 'on' }, 'a.b/eve.1'],
  ['date modifiers, with the folder they ask for', { filename: '%Y/%m-%d.log' }, '2024/03-05.log'],
])('%s', async (_why, options, name) => {
  const folder = mkdtempSync(join(root, 'name-'));
  mkdirSync(join(folder, 'a.b'));
  await new LogFile(options, 'fast.log', folder, () => START).close();
  expect(existsSync(join(folder, name))).toBe(true);
});

test('filemode: who may read it', async () => {
  await new LogFile({ filemode: 600 }, 'secret.log', root).close();
  expect(statSync(join(root, 'secret.log')).mode & 0o777).toBe(0o600);
});

// The clock goes on by each step before the next line.
test.each<readonly [why: string, interval: string, steps: readonly number[], files: Readonly<Record<string, string>>]>([
  ['each minute of the clock', 'minute', [0, 29_999, 1], { '14:07:30': '0\n1\n', '14:08:00': '2\n' }],
  ['each hour of the clock', 'hour', [0, 52 * MINUTE, MINUTE], { '14:07:30': '0\n1\n', '15:00:30': '2\n' }],
  ['each day of the clock', 'day', [0, 9 * 60 * MINUTE, 60 * MINUTE], { '14:07:30': '0\n1\n', '00:07:30': '2\n' }],
  ['so many seconds from when it was opened', '30s', [0, 29_999, 1, 30_000], { '14:07:30': '0\n1\n', '14:08:00': '2\n', '14:08:30': '3\n' }],
  ['so many weeks', '1w', [0, 6 * 24 * 60 * MINUTE], { '14:07:30': '0\n1\n' }],
])('rotate-interval: %s', async (_why, interval, steps, files) => {
  const folder = mkdtempSync(join(root, 'rotate-'));
  let now = START;
  const file = new LogFile({ filename: '%T', 'rotate-interval': interval }, '', folder, () => now);
  for (const [number, step] of steps.entries()) {
    now += step;
    file.line(String(number));
  }
  expect(await file.close()).toBeUndefined();
  expect(Object.fromEntries(readdirSync(folder).map((name) => [name, readFileSync(join(folder, name), 'utf8')]))).toEqual(files);
});

test('a new file of the same name goes on behind the old lines', async () => {
  let now = START;
  const file = new LogFile({ append: false, 'rotate-interval': '1s' }, 'same.log', root, () => now);
  file.line('a');
  now += 1000;
  file.line('b');
  await file.close();
  expect(readFileSync(join(root, 'same.log'), 'utf8')).toBe('a\nb\n');
});

test('opened again, lines go to the file that has the name now', async () => {
  const file = new LogFile({ append: 'no' }, 'moved.log', root);
  file.line('old');
  file.flush();
  renameSync(join(root, 'moved.log'), join(root, 'moved.log.1'));
  file.line('on its way');
  file.reopen();
  file.line('new');
  await file.close();
  expect(readFileSync(join(root, 'moved.log.1'), 'utf8')).toBe('old\non its way\n');
  expect(readFileSync(join(root, 'moved.log'), 'utf8')).toBe('new\n');
});

test('what can not be opened again is told at the end, and no line is a crash', async () => {
  const folder = mkdtempSync(join(root, 'gone-'));
  const file = new LogFile({}, 'fast.log', folder);
  rmSync(folder, { recursive: true });
  file.reopen();
  file.line('lost');
  expect((await file.close())?.code).toBe('output/open');
});

describe('a socket', () => {
  test('lines go to who listens, also to who listens there after a rotation', async () => {
    const path = join(root, 'socket');
    const heard: string[] = [];
    const listen = (): Promise<Server> =>
      new Promise((resolve) => {
        const server = createServer((socket) => {
          let text = '';
          socket.on('data', (bytes) => {
            text += String(bytes);
          });
          socket.on('end', () => heard.push(text));
        });
        server.listen(path, () => resolve(server));
      });
    const server = await listen();
    const file = new LogFile({ filetype: 'unix_stream', filename: 'socket' }, 'x', root);
    file.line('one');
    file.line('two');
    file.reopen();
    file.line('three');
    expect(await file.close()).toBeUndefined();
    await new Promise((resolve) => server.close(resolve));
    expect(heard.sort()).toEqual(['one\ntwo\n', 'three\n'].sort());
  });

  test('where nobody listens, that is told at the end', async () => {
    const file = new LogFile({ filetype: 'unix_stream' }, 'nobody', root);
    file.line('lost');
    expect((await file.close())?.code).toBe('output/socket');
  });
});

describe('redis', () => {
  /** What a server hears, which answers each command so, and what is told at the end. */
  const talk = async (options: Tree, answer: string): Promise<{ heard: string; code: string | undefined; message: string | undefined }> => {
    let heard = '';
    const server = createServer((socket) => {
      socket.on('data', (bytes) => {
        heard += String(bytes);
        // In two pieces, the second of which begins within a line.
        for (const [, command] of String(bytes).matchAll(/\$\d+\r\n([A-Z]+)\r\n/g))
          if (command !== 'QUIT') for (const half of [answer.slice(0, 5), answer.slice(5)]) socket.write(half);
        if (heard.includes('QUIT')) socket.end('+OK\r\n');
      });
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as AddressInfo;
    const file = new LogFile({ filetype: 'redis', redis: { ...(options as object), port } }, 'eve.json', root);
    file.line('{"a":"é"}');
    const failure = await file.close();
    await new Promise((resolve) => server.close(resolve));
    return { heard, code: failure?.code, message: failure?.message };
  };
  const QUIT = '*1\r\n$4\r\nQUIT\r\n';
  const LINE = '$10\r\n{"a":"é"}\r\n';
  test.each<readonly [options: Tree, command: string]>([
    [{}, `*3\r\n$5\r\nLPUSH\r\n$8\r\nsuricata\r\n${LINE}`],
    [{ mode: 'rpush', key: 'k' }, `*3\r\n$5\r\nRPUSH\r\n$1\r\nk\r\n${LINE}`],
    [{ mode: 'channel', key: 'k' }, `*3\r\n$7\r\nPUBLISH\r\n$1\r\nk\r\n${LINE}`],
    [{ mode: 'xadd', key: 'k', 'stream-maxlen': 0 }, `*5\r\n$4\r\nXADD\r\n$1\r\nk\r\n$1\r\n*\r\n$3\r\neve\r\n${LINE}`],
    [
      { mode: 'stream', key: 'k', 'stream-maxlen': 9, 'stream-trim-exact': 'yes' },
      `*8\r\n$4\r\nXADD\r\n$1\r\nk\r\n$6\r\nMAXLEN\r\n$1\r\n=\r\n$1\r\n9\r\n$1\r\n*\r\n$3\r\neve\r\n${LINE}`,
    ],
  ])('%o', async (options, command) => {
    expect(await talk(options, ':1234-5\r\n')).toEqual({ heard: command + QUIT, code: undefined, message: undefined });
  });

  test('an error of the server is told at the end', async () => {
    const { code, message } = await talk({}, '-NOAUTH Authentication required.\r\n');
    expect([code, message]).toEqual(['output/socket', expect.stringMatching(/redis 127.0.0.1:\d+ could not be written: NOAUTH Authentication required\./)]);
  });

  test('what a terminal would obey is not said', async () => {
    expect((await talk({}, '-ERR \x1b[2J no\r\n')).message).toMatch(/: ERR \.\[2J no$/);
  });

  test.each([
    ['a mode that is none', { mode: 'sideways' }, /mode sideways is not one of list,/],
    ['a word of the language that modes are written in', { mode: 'constructor' }, /mode constructor is not one of list,/],
    ['a port that is none', { port: 'six' }, /port six is no port/],
  ])('%s is refused', (_why, redis, words) => {
    expect(() => new LogFile({ filetype: 'redis', redis }, 'x', root)).toThrow(words);
  });

  test('an answer without an end is not kept', async () => {
    const { code } = await talk({}, `:${'1'.repeat(1_000_000)}\r\n`);
    expect(code).toBeUndefined();
    const { message } = await talk({}, `-${'E'.repeat(1_000_000)}\r\n`);
    expect(message?.length).toBeLessThan(2000);
  });
});

describe('who takes everything and never ends', () => {
  test.each([
    ['is left, where nothing is expected of it', { of: (lines: readonly string[]) => lines.join(), last: '' }, undefined],
    ['is told, where it was to answer', { of: (lines: readonly string[]) => lines.join(), last: 'QUIT' }, 'output/socket'],
  ])('%s', async (_why, form, code) => {
    const open = createServer({ allowHalfOpen: true }, (socket) => socket.resume());
    await new Promise<void>((resolve) => open.listen(0, '127.0.0.1', resolve));
    const socket = new LineSocket({ host: '127.0.0.1', port: (open.address() as AddressInfo).port }, 'somebody', form, 50);
    socket.line('said');
    socket.close();
    await socket.ended;
    expect(socket.failure?.code).toBe(code);
    open.close();
  });
});

test.each<readonly [options: Tree, words: RegExp]>([
  [{ 'rotate-interval': 'sometimes' }, /rotate-interval: sometimes/],
  [{ 'rotate-interval': '0s' }, /rotate-interval: 0s/],
  [{ filemode: 'rw-' }, /filemode: rw-/],
  [{ filename: 'no/such/folder.log' }, /ENOENT/],
])('what can not be is refused: %o', (options, words) => expect(() => new LogFile(options, 'x.log', root)).toThrow(words));

test.each<readonly [type: unknown, words: RegExp | undefined]>([
  [undefined, undefined],
  ['regular', undefined],
  ['file', undefined],
  ['unix_stream', undefined],
  ['syslog', undefined],
  ['unix_dgram', /not built/],
  ['redis', undefined],
  ['carrier pigeon', /not one of/],
])('filetype: %s', (filetype, words) => {
  const problem = fileTypeProblem('fast', filetype === undefined ? {} : { filetype });
  if (words === undefined) expect(problem).toBeUndefined();
  else expect(problem).toMatch(words);
});
