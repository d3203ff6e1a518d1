/** Lines to the syslog: what `logger` is asked, whole lines in their order, and what is told where it can not. */
import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { afterAll, afterEach, beforeEach, expect, test } from 'vitest';
import { parse } from 'yaml';
import type { Tree } from './configuration-tree.ts';
import { EngineLog } from './engine-log.ts';
import { LineSyslog } from './line-syslog.ts';
import { logOutputsOf } from './log-configuration.ts';
import { LogFile } from './log-file.ts';

const root = mkdtempSync(join(tmpdir(), 'sigwright-syslog-'));
afterAll(() => rmSync(root, { recursive: true, force: true }));

const said = join(root, 'said');
const { PATH } = process.env;

/** In the place of the machine's own. */
function loggerIs(script: string): void {
  const path = join(root, 'logger');
  writeFileSync(path, `#!/bin/sh\n${script}\n`);
  chmodSync(path, 0o755);
}

beforeEach(() => {
  rmSync(said, { force: true });
  process.env['PATH'] = `${root}${delimiter}${PATH}`;
  loggerIs(`echo "$@" >> '${said}'; cat >> '${said}'`);
});
afterEach(() => {
  process.env['PATH'] = PATH;
});

const heard = (): readonly string[] => (existsSync(said) ? readFileSync(said, 'utf8').trimEnd().split('\n') : []);

test.each<readonly [options: Tree, asked: string]>([
  [{}, '--tag suricata --priority local5.info'],
  [{ identity: 'sensor-7', facility: 'LOCAL0', level: 'Emergency' }, '--tag sensor-7 --priority local0.emerg'],
  [{ facility: 'daemon', level: 'Error' }, '--tag suricata --priority daemon.err'],
])('%o', async (options, asked) => {
  const file = new LogFile({ filetype: 'syslog', ...options }, 'eve.json', root);
  const lines = Array.from({ length: 3000 }, (_, at) => `{"number":${at},"long":"${'x'.repeat(at % 90)}"}`);
  for (const line of lines) file.line(line);
  expect(await file.close()).toBeUndefined();
  const [first, ...rest] = heard();
  expect(first).toContain(asked);
  expect(rest).toEqual(lines);
  expect(file.lines).toBe(3000);
});

test.each<readonly [options: Tree, words: RegExp]>([
  [{ facility: 'pigeon' }, /facility: pigeon is not one of auth,/],
  [{ level: 'loud' }, /level: loud is not one of emergency,/],
])('refused: %o', (options, words) => expect(() => new LineSyslog(options)).toThrow(words));

test.each<readonly [why: string, prepare: () => void, words: RegExp]>([
  ['there is no logger', () => (process.env['PATH'] = join(root, 'nothing')), /^syslog could not be written: `logger` of util-linux is not here$/],
  ['nobody listens', () => loggerIs('cat > /dev/null; echo "logger: socket /dev/log: no such file" >&2; exit 1'), /no such file$/],
  ['it ends without a word before it read all', () => loggerIs('exit 3'), /^syslog could not be written: logger ended with 3$/],
])('told: %s', async (_why, prepare, words) => {
  prepare();
  const file = new LogFile({ filetype: 'syslog' }, 'eve.json', root);
  for (let at = 0; at < 5000; at++) file.line('x'.repeat(100));
  expect((await file.close())?.message).toMatch(words);
});

test('what the engine says of itself goes there by level', () => {
  const log = new EngineLog(join(root, 'no such folder'));
  const tree = parse('logging: { outputs: [ console: { enabled: no }, syslog: { facility: local3, level: notice, format: "%d " } ] }') as Tree;
  log.use(logOutputsOf(tree, {}));
  log.say('Notice', 'suricata', 'begins');
  log.say('Error', 'detect', 'a rule is wrong');
  log.say('Info', 'detect', 'not of that level');
  log.say('Notice', 'suricata', 'ends');
  log.save();
  log.save();
  expect(heard().map((line) => line.replace(/^.*--priority /, '--priority '))).toEqual([
    '--priority local3.notice',
    'Notice begins',
    'Notice ends',
    '--priority local3.err',
    'Error a rule is wrong',
  ]);
});
