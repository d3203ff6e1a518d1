/** `sigwright suricata` over files and folders, as tools call it: one run, one set of logs, until its end or a signal. */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, renameSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fromLatin1 } from '@sigwright/bytes';
import { CaptureReader, captureHeader, captureRecord, composeCapture } from '@sigwright/traffic';
import { afterAll, describe, expect, test } from 'vitest';

const ENGINE = join(import.meta.dirname, '..', '..', 'sigwright');
const root = mkdtempSync(join(tmpdir(), 'sigwright-suricata-'));
afterAll(() => rmSync(root, { recursive: true, force: true }));

/** One connection with one exchange of HTTP, cut in the middle: request here, answer there. */
function halves(): readonly [Buffer, Buffer] {
  const capture = composeCapture({ seed: 7 });
  capture.tcpConversation({
    client: '10.0.0.5',
    server: '203.0.113.9',
    serverPort: 80,
    exchanges: [
      { from: 'client', bytes: fromLatin1('GET /evil HTTP/1.1\r\nHost: a.example\r\n\r\n') },
      { from: 'server', bytes: fromLatin1('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok') },
    ],
  });
  const records: Uint8Array[] = [];
  const reader = new CaptureReader((data, start, end, time, wireLength) => records.push(captureRecord(time, data, start, end, wireLength)));
  reader.push(capture.finish());
  const half = records.findIndex((record) => Buffer.from(record).includes('HTTP/1.1 200'));
  return [records.slice(0, half), records.slice(half)].map((part) => Buffer.concat([captureHeader(1), ...part])) as [Buffer, Buffer];
}

const [FIRST, SECOND] = halves();
const RULES = join(root, 'answer.rules');
writeFileSync(RULES, 'alert http any any -> any any (msg:"answered"; flow:to_client,established; http.stat_code; content:"200"; sid:1;)\n');
const CONFIGURATION = join(root, 'suricata.yaml');
writeFileSync(
  CONFIGURATION,
  `outputs:
  - fast: { filename: fast.log, append: no }
  - eve-log: { filename: eve.json, pcap-file: yes, types: [ alert, http, flow, stats ] }
  - http-log: {}
  - stats: {}
pcap-file: { delay: 0, poll-interval: 0.1 }
`,
);

interface Place {
  readonly captures: string;
  readonly out: string;
}

function place(): Place {
  const folder = mkdtempSync(join(root, 'run-'));
  const [captures, out] = ['captures', 'out'].map((name) => join(folder, name));
  mkdirSync(captures);
  mkdirSync(out);
  return { captures, out };
}

/** By time the first is the first, by name it is the last. */
function bothIn(captures: string): void {
  for (const [name, bytes, second] of [
    ['b.pcap', FIRST, 1],
    ['a.pcap', SECOND, 2],
  ] as const) {
    writeFileSync(join(captures, name), bytes);
    utimesSync(join(captures, name), second, second);
  }
}

const optionsFor = ({ captures, out }: Place): readonly string[] => ['suricata', '-c', CONFIGURATION, '-S', RULES, '-r', captures, '-l', out];

function suricata(where: Place, ...more: readonly string[]): { status: number | null; said: string } {
  const { status, stderr } = spawnSync(ENGINE, [...optionsFor(where), ...more], { encoding: 'utf8' });
  return { status, said: stderr };
}

function records(out: string, type: string): Record<string, unknown>[] {
  const lines = readFileSync(join(out, 'eve.json'), 'utf8').trimEnd().split('\n');
  return lines.map((line) => JSON.parse(line) as Record<string, unknown>).filter((record) => record['event_type'] === type);
}

describe('a folder is one run', () => {
  test('a connection goes on from one file to the next', () => {
    const where = place();
    bothIn(where.captures);
    const { status, said } = suricata(where);
    expect(status).toBe(0);
    expect(said).toMatch(/read 2 files, \d+ packets/);
    const [flow, ...others] = records(where.out, 'flow');
    expect(others).toEqual([]);
    expect(flow).toMatchObject({ flow: { state: 'closed' } });
    expect(records(where.out, 'alert')).toEqual([expect.objectContaining({ pcap_filename: join(where.captures, 'a.pcap') })]);
    expect(records(where.out, 'stats')).toHaveLength(1);
    expect(readFileSync(join(where.out, 'fast.log'), 'utf8').trimEnd().split('\n')).toHaveLength(1);
    expect(readFileSync(join(where.out, 'http.log'), 'utf8')).toContain(' a.example [**] /evil [**] ');
    expect(readFileSync(join(where.out, 'stats.log'), 'utf8')).toMatch(/^flow\.tcp +\| Total +\| 1$/m);
  });

  test('again in the same folder: logs go on, but for those that are to begin anew', () => {
    const where = place();
    bothIn(where.captures);
    for (const _time of [1, 2]) expect(suricata(where).status).toBe(0);
    expect(records(where.out, 'alert')).toHaveLength(2);
    expect(readFileSync(join(where.out, 'fast.log'), 'utf8').trimEnd().split('\n')).toHaveLength(1);
  });

  test.each<readonly [mode: string, left: readonly string[]]>([
    ['non-alerts', ['a.pcap', 'b.pcap']],
    ['yes', []],
    ['no', ['a.pcap', 'b.pcap']],
  ])('delete-when-done %s: what holds an alert, or its beginning, stays where alerts count', (mode, left) => {
    const where = place();
    bothIn(where.captures);
    expect(suricata(where, '--set', `pcap-file.delete-when-done=${mode}`).status).toBe(0);
    expect(readdirSync(where.captures).sort()).toEqual(left);
  });

  test('delete-when-done non-alerts without an alert', () => {
    const where = place();
    bothIn(where.captures);
    expect(suricata(where, '--disable-detection', '--set', 'pcap-file.delete-when-done=non-alerts').status).toBe(0);
    expect(readdirSync(where.captures)).toEqual([]);
  });
});

test.each<readonly [why: string, options: readonly string[], words: RegExp]>([
  ['watching and depth', ['--pcap-file-continuous', '--pcap-file-recursive'], /can not be used together/],
  ['a way of checking that is none', ['-k', 'some'], /-k some: write all or none/],
  ['a run mode that is none', ['--runmode=many'], /--runmode many: write single, workers, autofp/],
  ['a device', ['--af-packet=eth0'], /--af-packet is not built: packets are read from captures alone/],
  ['an option of debug builds', ['--simulate-packet-loss=3'], /it belongs to debug builds/],
  ['a format that can not be read', ['--set', 'outputs.2.http-log.custom=yes', '--set', 'outputs.2.http-log.customformat=%Q'], /customformat: %Q/],
])('%s: refused with a word', (_why, options, words) => {
  const { status, said } = suricata(place(), ...options);
  expect(status).toBe(1);
  expect(said).toMatch(words);
});

test('a folder is watched: what comes is read and deleted, logs are opened again, and a signal ends it', async () => {
  const where = place();
  const pidFile = join(root, 'suricata.pid');
  const options = [...optionsFor(where), '--pcap-file-continuous', '--pcap-file-delete', '--pidfile', pidFile];
  const child: ChildProcess = spawn(ENGINE, options, { stdio: 'ignore' });
  const ended = new Promise((resolve) => child.once('exit', resolve));
  const comes = async (what: () => boolean): Promise<void> => {
    for (let tries = 0; tries < 300 && child.exitCode === null && !what(); tries++) await new Promise((resolve) => setTimeout(resolve, 100));
    expect(what()).toBe(true);
  };
  // What is moved into the folder is there as a whole.
  const put = (name: string, bytes: Buffer): void => {
    writeFileSync(join(root, name), bytes);
    utimesSync(join(root, name), 1, 1);
    renameSync(join(root, name), join(where.captures, name));
  };
  const isEmpty = (): boolean => readdirSync(where.captures).length === 0;
  try {
    put('one.pcap', FIRST);
    await comes(isEmpty);
    await comes(() => existsSync(join(where.out, 'eve.json')));
    expect(readFileSync(pidFile, 'utf8')).toBe(`${child.pid}\n`);
    renameSync(join(where.out, 'eve.json'), join(where.out, 'eve.json.1'));
    child.kill('SIGHUP');
    await comes(() => existsSync(join(where.out, 'eve.json')));
    put('two.pcap', SECOND);
    await comes(isEmpty);
    // Lines are written out whenever there is nothing new.
    await comes(() => readFileSync(join(where.out, 'eve.json'), 'utf8').includes('"alert"'));
  } finally {
    child.kill('SIGTERM');
  }
  expect(await ended).toBe(0);
  expect(existsSync(pidFile)).toBe(false);
  expect(records(where.out, 'flow')).toHaveLength(1);
  expect(records(where.out, 'alert')).toHaveLength(1);
  expect(readFileSync(join(where.out, 'suricata.log'), 'utf8')).toMatch(/read 2 files/);
});

test('an option that would make a difference in Suricata, and makes none here, is said', () => {
  const where = place();
  bothIn(where.captures);
  const { status, said } = suricata(where, '--disable-hashing', '--no-random');
  expect(status).toBe(0);
  expect(said).toContain('Warning: suricata: --disable-hashing has no effect here\n');
  expect(said).not.toContain('--no-random');
});

describe('fingerprints of SSH key exchanges are in records', () => {
  const offer = (): string => {
    const word = (value: number): string => String.fromCharCode(0, 0, value >>> 8, value & 255);
    const lists = ['k', 'h', 'up', 'down', 'm', 'm', 'none', 'none', '', ''].map((list) => word(list.length) + list).join('');
    const body = 'c'.repeat(16) + lists;
    return `${word(body.length + 2)}\0\x14${body}`;
  };
  const capture = composeCapture({ seed: 3 });
  capture.tcpConversation({
    client: '10.0.0.5',
    server: '203.0.113.9',
    serverPort: 22,
    exchanges: [
      { from: 'server', bytes: fromLatin1(`SSH-2.0-s\r\n${offer()}`) },
      { from: 'client', bytes: fromLatin1(`SSH-2.0-c\r\n${offer()}`) },
    ],
  });
  const file = join(root, 'ssh.pcap');
  writeFileSync(file, capture.finish());
  const rule = (options: string): string => `alert ssh any any -> any any (msg:"x"; ${options} sid:2;)\n`;

  test.each([
    ['where a rule asks for them', rule('ssh.hassh; content:"00000000000000000000000000000000";'), 'auto', true],
    ['not where none does', rule('ssh.software; content:"OpenSSH";'), 'auto', false],
    ['where the configuration says so', rule('ssh.software; content:"OpenSSH";'), 'yes', true],
  ])('%s', (_where, rules, written, isThere) => {
    const { out } = place();
    const configuration = join(out, 'ssh.yaml');
    writeFileSync(configuration, `outputs:\n  - eve-log: { types: [ ssh ] }\napp-layer: { protocols: { ssh: { enabled: yes, hassh: ${written} } } }\n`);
    writeFileSync(join(out, 'ssh.rules'), rules);
    const { status, stderr } = spawnSync(ENGINE, ['suricata', '-c', configuration, '-S', join(out, 'ssh.rules'), '-r', file, '-l', out], { encoding: 'utf8' });
    expect(status, stderr).toBe(0);
    const records = readFileSync(join(out, 'eve.json'), 'utf8').trim().split('\n');
    expect(records.map((line) => 'hassh' in (JSON.parse(line) as { ssh: { client: object } }).ssh.client)).toEqual([isThere]);
  });
});

test('what a run put into a data set is saved at its end, where fingerprints depend on rules too', () => {
  const where = place();
  const capture = join(where.captures, 'one.pcap');
  writeFileSync(capture, Buffer.concat([FIRST, SECOND.subarray(24)]));
  const rules = join(where.out, 'set.rules');
  writeFileSync(rules, 'alert http any any -> any any (msg:"seen"; http.host; dataset:set,hosts,type string,save hosts.lst; sid:3;)\n');
  const { status, stderr } = spawnSync(ENGINE, ['suricata', '-c', CONFIGURATION, '-S', rules, '-r', capture, '-l', where.out], { encoding: 'utf8' });
  expect(status, stderr).toBe(0);
  expect(readFileSync(join(where.out, 'hosts.lst'), 'utf8')).toBe(`${Buffer.from('a.example').toString('base64')}\n`);
});
