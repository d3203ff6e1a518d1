/** The engine's own messages: each case one sentence of the user guide's chapter on engine logging. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test, vi } from 'vitest';
import { parse } from 'yaml';
import type { Tree } from './configuration-tree.ts';
import { EngineLog } from './engine-log.ts';
import { logOutputsOf } from './log-configuration.ts';

const root = mkdtempSync(join(tmpdir(), 'sigwright-log-'));
afterAll(() => rmSync(root, { recursive: true, force: true }));

const AT = Date.UTC(2023, 8, 5, 7, 8, 9);

/** Lines of the file `a.log` and of the console, after one message of each of four levels. */
function said(logging: string, environment: Record<string, string> = {}, verbosity = 0): { file: readonly string[]; console: readonly string[] } {
  const folder = mkdtempSync(join(root, 'run-'));
  const shown: string[] = [];
  vi.setSystemTime(AT);
  const spy = vi.spyOn(process.stderr, 'write').mockImplementation((text) => {
    shown.push(String(text).trimEnd());
    return true;
  });
  const log = new EngineLog(folder);
  log.use(logOutputsOf(parse(`logging: ${logging}`) as Tree, environment), verbosity);
  log.say('Error', 'detect', 'no');
  log.say('Notice', 'pcap', 'read');
  log.say('Info', 'conf', 'some');
  log.say('Config', 'conf', 'all');
  log.save();
  spy.mockRestore();
  vi.useRealTimers();
  return { file: readFileSync(join(folder, 'a.log'), 'utf8').split('\n').slice(0, -1), console: shown };
}

const FILE = 'file: { filename: a.log }';
const ALL = ['Error: detect: no', 'Notice: pcap: read', 'Info: conf: some'];

test.each<readonly [why: string, logging: string, environment: Record<string, string>, verbosity: number, file: readonly string[]]>([
  ['of a file, what is said of it', `{ outputs: [ ${FILE} ] }`, {}, 0, ALL],
  ['the default level, where it names none', `{ default-log-level: notice, outputs: [ ${FILE} ] }`, {}, 0, ALL.slice(0, 2)],
  ['its own goes before it', '{ default-log-level: notice, outputs: [ file: { filename: a.log, level: Error } ] }', {}, 0, ALL.slice(0, 1)],
  ['the environment before the default', `{ default-log-level: error, outputs: [ ${FILE} ] }`, { SC_LOG_LEVEL: 'notice' }, 0, ALL.slice(0, 2)],
  ['-v says more', `{ default-log-level: error, outputs: [ ${FILE} ] }`, {}, 1, ALL],
  ['-vvv says more still', `{ default-log-level: error, outputs: [ ${FILE} ] }`, {}, 3, [...ALL, 'Config: conf: all']],
  ['the compact form', `{ default-log-format: "%D: %S: %M", outputs: [ ${FILE} ] }`, {}, 0, ['E: detect: no', 'i: pcap: read', 'i: conf: some']],
  [
    'a form of its own, the text behind it',
    '{ default-log-format: "%M", outputs: [ file: { filename: a.log, level: error, format: "%t <%d> (%T) %q -- " } ] }',
    {},
    0,
    ['05/09/2023 -- 07:08:09 <Error> (Suricata-Main) %q -- no'],
  ],
  ['times in the order of ISO', '{ outputs: [ file: { filename: a.log, level: error } ] }', { SC_LOG_FORMAT: '%z %M' }, 0, ['2023-09-05 07:08:09 no']],
  ['lines that the filter finds', `{ default-output-filter: "pcap|some", outputs: [ ${FILE} ] }`, {}, 0, ALL.slice(1)],
  ['a filter from the environment', `{ default-output-filter: "pcap", outputs: [ ${FILE} ] }`, { SC_LOG_OP_FILTER: 'detect' }, 0, ALL.slice(0, 1)],
])('files: %s', (_why, logging, environment, verbosity, file) => {
  expect(said(logging, environment, verbosity).file).toEqual(file);
});

test('json: a record for each line', () => {
  const { file } = said('{ outputs: [ file: { filename: a.log, type: json, level: error } ] }');
  expect(file.map((line) => JSON.parse(line))).toEqual([
    { timestamp: '2023-09-05T07:08:09.000000+0000', log_level: 'Error', event_type: 'engine', engine: { message: 'no', module: 'detect' } },
  ]);
});

test.each<readonly [why: string, console: string, shown: readonly string[]]>([
  ['what nobody changed', '{ enabled: yes }', ALL],
  ['a level of its own', '{ enabled: yes, level: error }', ALL.slice(0, 1)],
  ['a form of its own', '{ level: error, format: "[%D] " }', ['[E] no']],
  ['nothing', '{ enabled: no }', []],
])('console: %s', (_why, console, shown) => {
  expect(said(`{ outputs: [ console: ${console}, ${FILE} ] }`).console).toEqual(shown);
});

test.each([
  ['file: { filename: a.log, filter: "(" }', 'the output filter ( is no regular expression'],
  ['syslog: { facility: pigeon }', 'logging: syslog: facility: pigeon is not one of'],
])('what can not be: %s', (output, words) => {
  expect(() => logOutputsOf(parse(`logging: { outputs: [ ${output} ] }`) as Tree, {})).toThrow(words);
});
