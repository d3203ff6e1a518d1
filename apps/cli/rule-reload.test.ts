/** Rules that are read again while a capture comes through a pipe: on SIGUSR2, and when their files change. */
import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CaptureReader, captureHeader, captureRecord, composeCapture } from '@sigwright/traffic';
import { afterAll, describe, expect, test } from 'vitest';

const ENGINE = join(import.meta.dirname, '..', '..', 'sigwright');
const root = mkdtempSync(join(tmpdir(), 'sigwright-reload-'));
afterAll(() => rmSync(root, { recursive: true, force: true }));

/** One connection with three exchanges of HTTP, cut before the second answer. */
function halves(): readonly [Buffer, Buffer] {
  const capture = composeCapture({ seed: 7 });
  const exchanges = ['/one', '/two', '/three'].flatMap((path) => [
    { from: 'client' as const, bytes: `GET ${path} HTTP/1.1\r\nHost: a.example\r\n\r\n` },
    { from: 'server' as const, bytes: `HTTP/1.1 200 OK\r\nServer: of${path}\r\nContent-Length: 2\r\n\r\nok` },
  ]);
  capture.tcpConversation({ client: '10.0.0.5', server: '203.0.113.9', serverPort: 80, exchanges });
  const records: Uint8Array[] = [];
  new CaptureReader((data, start, end, time, wireLength) => records.push(captureRecord(time, data, start, end, wireLength))).push(capture.finish());
  const cut = records.findIndex((record) => Buffer.from(record).includes('of/two'));
  return [Buffer.concat([captureHeader(1), ...records.slice(0, cut)]), Buffer.concat(records.slice(cut))];
}

const [FIRST, SECOND] = halves();
const rule = (options: string, sid: number, words = 'any any -> any any'): string => `alert http ${words} (msg:"t"; ${options} sid:${sid};)\n`;
const OLD = rule('http.uri; content:"/"; flowbits:set,asked;', 1) + rule('http.uri; content:"/three";', 2);
const NEW = [
  rule('http.uri; content:"/"; flowbits:set,asked;', 1),
  rule('flow:to_client; http.server; content:"of/t"; flowbits:isset,asked;', 3),
  'alert broken\n',
].join('');

class Run {
  readonly folder = mkdtempSync(join(root, 'run-'));
  readonly rules = join(this.folder, 'a.rules');
  readonly out = join(this.folder, 'out');
  #child: ChildProcess | undefined;
  #told = '';
  #waiting: (() => void)[] = [];

  constructor(rules: string) {
    mkdirSync(this.out);
    writeFileSync(this.rules, rules);
  }

  start(...words: readonly string[]): void {
    this.#child = spawn(ENGINE, [...words], { stdio: ['pipe', 'pipe', 'pipe'], cwd: this.folder, env: { ...process.env, SIGWRIGHT_CACHE: '' } });
    const hear = (text: Buffer): void => {
      this.#told += text.toString();
      for (const one of this.#waiting.splice(0)) one();
    };
    this.#child.stdout?.on('data', hear);
    this.#child.stderr?.on('data', hear);
  }

  /** Until it said that, on standard output or standard error. */
  async hears(text: string): Promise<void> {
    while (!this.#told.includes(text)) await new Promise<void>((resolve) => this.#waiting.push(resolve));
  }

  /** Until that stands in its records, which are there within a second. */
  async writes(text: string): Promise<void> {
    const path = join(this.out, 'eve.json');
    while (!existsSync(path) || !readFileSync(path, 'utf8').includes(text)) await new Promise((resolve) => setTimeout(resolve, 50));
  }

  feed(bytes: Buffer): void {
    this.#child?.stdin?.write(bytes);
  }

  signal(): void {
    this.#child?.kill('SIGUSR2');
  }

  /** What it said in all. */
  async end(): Promise<string> {
    this.#child?.stdin?.end();
    expect(await new Promise((resolve) => this.#child?.on('close', resolve))).toBe(0);
    return this.#told;
  }
}

function alertsIn(lines: string): readonly number[] {
  const records = lines
    .split('\n')
    .filter((line) => line.startsWith('{'))
    .map((line) => JSON.parse(line) as { event_type: string; alert?: { signature_id: number } });
  return records.flatMap(({ alert }) => (alert === undefined ? [] : [alert.signature_id]));
}

describe('sigwright run -r -', () => {
  test('on SIGUSR2 new rules count, flows and bits stay, a rule that is broken is told of', async () => {
    const run = new Run(OLD);
    run.start('run', '-r', '-', '-S', run.rules, '--json', '--keep-rules');
    run.feed(FIRST);
    await run.hears('"signature_id":1');
    writeFileSync(run.rules, NEW);
    run.signal();
    await run.hears('rules were read again');
    run.feed(SECOND);
    const told = await run.end();
    // The second request was asked about before, the third is after.
    expect([...alertsIn(told)].sort()).toEqual([1, 1, 1, 3, 3]);
    expect(told).toContain('a.rules:3: ');
    expect(told).toContain('rules were read again; 2 rules');
    expect(told.match(/"event_type":"flow"/g)).toHaveLength(1);
  });

  test.each<readonly [why: string, words: readonly string[], alerts: readonly number[]]>([
    ['files that changed are taken over by themselves', [], [1, 1, 1, 3, 3]],
    ['unless they are not to be', ['--keep-rules'], [1, 1, 1, 2]],
  ])('%s', async (_why, words, alerts) => {
    const run = new Run(OLD);
    run.start('run', '-r', '-', '-S', run.rules, '--json', ...words);
    run.feed(FIRST);
    await run.hears('"signature_id":1');
    writeFileSync(run.rules, NEW);
    if (words.length === 0) await run.hears('rules were read again');
    else await new Promise((resolve) => setTimeout(resolve, 2500));
    run.feed(SECOND);
    expect([...alertsIn(await run.end())].sort()).toEqual(alerts);
  });

  // Who follows the file of a quiet network would otherwise see nothing until a quarter of a megabyte has come together.
  test('what was told is in its file while nothing more comes', async () => {
    const run = new Run(OLD);
    run.start('run', '-r', '-', '-S', run.rules, '-l', run.out);
    run.feed(FIRST);
    await run.writes('"signature_id":1');
    await run.end();
  });

  test('rules that can not be read leave those before', async () => {
    const run = new Run(OLD);
    run.start('run', '-r', '-', '-S', run.rules, '--json', '--keep-rules');
    run.feed(FIRST);
    await run.hears('"signature_id":1');
    rmSync(run.rules);
    run.signal();
    await run.hears('those before stay');
    run.feed(SECOND);
    const told = await run.end();
    expect([...alertsIn(told)].sort()).toEqual([1, 1, 1, 2]);
    expect(told).toContain('a.rules does not exist');
  });
});

describe('sigwright suricata -r -', () => {
  const configuration = (more = '', homeNet = '192.0.2.0/24'): string =>
    `vars: { address-groups: { HOME_NET: "${homeNet}" } }
rule-files: [ a.rules ]
threshold-file: threshold.config
outputs:
  - eve-log: { filename: eve.json, types: [ alert, http, flow, stats ] }
${more}`;

  async function reloaded(prepare: (run: Run) => readonly string[], change: (run: Run) => void, said: string): Promise<{ records: string; told: string }> {
    const run = new Run(OLD);
    writeFileSync(join(run.folder, 'threshold.config'), '');
    writeFileSync(join(run.folder, 's.yaml'), configuration());
    run.start('suricata', '-r', '-', '-c', 's.yaml', '-l', run.out, '--set', `default-rule-path=${run.folder}`, ...prepare(run));
    run.feed(FIRST);
    await run.writes('"event_type":"http"');
    change(run);
    run.signal();
    await run.hears(said);
    run.feed(SECOND);
    const told = await run.end();
    return { records: readFileSync(join(run.out, 'eve.json'), 'utf8'), told };
  }
  const statsOf = (records: string): { detect: { engines: { last_reload: string; rules_loaded: number; rules_failed: number }[] } } =>
    (JSON.parse(records.split('\n').find((line) => line.includes('"event_type":"stats"')) ?? '{}') as { stats: ReturnType<typeof statsOf> }).stats;

  test('rule files of the configuration, its variables, and threshold.config', async () => {
    const began = Date.now();
    const { records, told } = await reloaded(
      () => [],
      (run) => {
        writeFileSync(run.rules, NEW + rule('http.uri; content:"/three";', 4, '$HOME_NET any -> any any'));
        writeFileSync(join(run.folder, 'threshold.config'), 'suppress gen_id 1, sig_id 3\n');
        writeFileSync(join(run.folder, 's.yaml'), configuration('', '10.0.0.0/8'));
      },
      'rule reload complete',
    );
    expect([...alertsIn(records)].sort()).toEqual([1, 1, 1, 4]);
    expect(told).toContain('rule reload starting');
    const [engine] = statsOf(records).detect.engines;
    expect(engine).toMatchObject({ rules_loaded: 3, rules_failed: 1 });
    expect(Date.parse(engine.last_reload)).toBeGreaterThan(began);
  });

  test.each<readonly [why: string, words: readonly string[], change: (run: Run) => void, said: string]>([
    ['a configuration that can not be read', [], (run) => writeFileSync(join(run.folder, 's.yaml'), 'a: [\n'), 'the rules before stay'],
    ['a broken rule, where that is fatal', ['--init-errors-fatal'], (run) => writeFileSync(run.rules, NEW), 'Loading signatures failed'],
    ['a configuration that forbids it', ['--set', 'detect-engine.rule-reload=no'], (run) => writeFileSync(run.rules, NEW), 'rule-reload'],
  ])('%s leaves the rules before', async (_why, words, change, said) => {
    const { records } = await reloaded(() => words, change, said);
    expect([...alertsIn(records)].sort()).toEqual([1, 1, 1, 2]);
    expect(statsOf(records).detect.engines[0]).toMatchObject({ rules_loaded: 2, rules_failed: 0 });
  });

  test('the firewall', async () => {
    const open = 'accept:packet tcp:all any any -> any any (msg:"in"; sid:10;)\naccept:hook http1:request_started any any -> any any (sid:11;)\n';
    const { records, told } = await reloaded(
      (run) => {
        writeFileSync(join(run.folder, 'fw.rules'), open);
        return ['--firewall-rules-exclusive', 'fw.rules'];
      },
      (run) => writeFileSync(join(run.folder, 'fw.rules'), 'drop:packet tcp:all any any -> any any (msg:"out"; sid:12;)\n'),
      'rule reload complete',
    );
    expect(told).not.toContain('failed, the rules');
    expect(alertsIn(records)).not.toContain(2);
  });

  test('tenants take over each their own; other ones need a restart', async () => {
    const tenants = (ids: readonly number[]): string =>
      configuration(
        `multi-detect:\n  enabled: yes\n  selector: direct\n  tenants:\n${ids.map((id) => `    - { id: ${id}, yaml: tenant.yaml }\n`).join('')}pcap-file: { tenant-id: 1 }\n`,
      );
    const prepare = (run: Run): readonly string[] => {
      writeFileSync(join(run.folder, 's.yaml'), tenants([1]));
      writeFileSync(join(run.folder, 'tenant.yaml'), `rule-files: [ ${run.folder}/tenant.rules ]\n`);
      writeFileSync(join(run.folder, 'tenant.rules'), rule('http.uri; content:"/";', 21));
      return [];
    };
    const change = (run: Run): void => writeFileSync(join(run.folder, 'tenant.rules'), rule('http.uri; content:"/three";', 22));
    const { records } = await reloaded(prepare, change, 'rule reload complete');
    expect([...alertsIn(records)].sort()).toEqual([21, 22]);
    const { records: kept } = await reloaded(
      prepare,
      (run) => {
        change(run);
        writeFileSync(join(run.folder, 's.yaml'), tenants([1, 2]));
      },
      'need a restart',
    );
    expect(alertsIn(kept)).toEqual([21, 21, 21]);
  });
});
