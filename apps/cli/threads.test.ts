/** `run --threads`: however many threads read, the records and what is said at the end are those of one thread, in the same order. */
import { execFile } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type CaptureComposer, composeCapture, SeededRandom } from '@sigwright/traffic';
import { afterAll, describe, expect, test } from 'vitest';

const ENGINE = join(import.meta.dirname, '..', '..', 'sigwright');
const root = mkdtempSync(join(tmpdir(), 'sigwright-threads-'));
afterAll(() => rmSync(root, { recursive: true, force: true }));

const START = 1_709_856_000_000_000;
const SECONDS = 700;

/** Conversations of some clients with some servers, any of them at any time: flows end by silence in between. */
function traffic(seed: number, conversations: number): CaptureComposer {
  const random = new SeededRandom(seed);
  const capture = composeCapture({ seed });
  for (let count = 0; count < conversations; count++) {
    const client = `10.0.0.${random.between(1, 9)}`;
    const server = `203.0.113.${random.between(1, 9)}`;
    const startTime = START + random.below(SECONDS * 1000) * 1000;
    const words = ['alpha', 'beta', 'gamma'][random.below(3)];
    switch (random.below(5)) {
      case 0:
        capture.dnsLookup({ client, resolver: server, name: `${words}.example`, startTime, unanswered: random.below(3) === 0 });
        break;
      case 1:
        capture.icmpEcho({ client, server, startTime });
        break;
      case 2:
        capture.udpExchange({ client, server, serverPort: 9000, startTime, exchanges: [{ from: 'client', bytes: `raw ${words}` }] });
        break;
      default:
        capture.httpExchange({
          client,
          server,
          startTime,
          exchanges: Array.from({ length: random.between(1, 4) }, (_, at) => ({
            request: { method: 'GET', uri: `/${words}/${at}`, headers: [['Host', `${words}.example`] as const] },
            response: { status: 200, headers: [['Content-Type', 'text/plain'] as const], body: `${words} `.repeat(random.between(1, 400)) },
            delay: random.below(2) * 90_000_000,
          })),
        });
    }
  }
  return capture;
}

const RULES = `
alert http any any -> any any (msg:"limited by client"; http.uri; content:"/alpha"; threshold:type limit,track by_src,count 2,seconds 60; sid:1;)
alert http any any -> any any (msg:"often to one server"; flow:to_server; http.uri; content:"/beta"; threshold:type threshold,track by_dst,count 3,seconds 300; sid:2;)
alert dns any any -> any any (msg:"once in a minute"; dns.query; content:"gamma"; threshold:type both,track by_rule,count 2,seconds 60; sid:3;)
alert http any any -> any any (msg:"beyond"; flow:to_client; file.data; content:"gamma gamma"; detection_filter:track by_both,count 2,seconds 600; sid:4;)
alert udp any any -> any 9000 (msg:"each"; content:"raw"; sid:5;)
alert udp any any -> any 9000 (msg:"marks a client"; content:"alpha"; xbits:set,seen,track ip_src,expire 200; noalert; sid:6;)
alert http any any -> any any (msg:"of a marked client"; flow:to_server; xbits:isset,seen,track ip_src; http.uri; content:"/"; sid:7;)
alert http any any -> any any (msg:"takes the mark away"; flow:to_server; http.uri; content:"/gamma/2"; xbits:unset,seen,track ip_src; sid:8;)
alert icmp any any -> any any (msg:"a pair of hosts"; itype:8; hostbits:isnotset,ping,dst; hostbits:set,ping,dst; sid:9;)
`;

interface Ran {
  readonly records: string;
  readonly out: string;
  readonly err: string;
  readonly code: number;
}

/** Where they differ first, in few words. */
function difference(one: Ran, other: Ran): string | undefined {
  for (const name of ['records', 'out', 'err'] as const) {
    const lines = one[name].split('\n');
    const others = other[name].split('\n');
    const at = Array.from({ length: Math.max(lines.length, others.length) }, (_, index) => index).find((index) => lines[index] !== others[index]);
    if (at !== undefined) return `${name}, line ${at + 1} of ${lines.length} and ${others.length}:\n${lines[at]}\n${others[at]}`;
  }
  return one.code === other.code ? undefined : `${one.code} and ${other.code}`;
}

let runs = 0;

function run(capture: string, rules: string, ...words: readonly string[]): Promise<Ran> {
  const folder = join(root, `run-${runs++}`);
  mkdirSync(folder);
  writeFileSync(join(folder, 'a.rules'), rules);
  return new Promise((resolve) => {
    const child = execFile(
      ENGINE,
      ['run', '-r', capture, '-S', 'a.rules', '-l', 'out', ...words],
      { cwd: folder, env: { ...process.env, SIGWRIGHT_CACHE: '' }, maxBuffer: 1 << 26 },
      (_, out, err) => {
        const records = join(folder, 'out', 'eve.json');
        resolve({ records: existsSync(records) ? readFileSync(records, 'utf8') : '', out, err, code: child.exitCode ?? -1 });
      },
    );
  });
}

function saved(name: string, bytes: Uint8Array): string {
  const path = join(root, name);
  writeFileSync(path, bytes);
  return path;
}

const MIXED = saved('mixed.pcap', traffic(1, 400).finish());

function alertsOf({ records }: Ran): Map<number, number> {
  const counts = new Map<number, number>();
  for (const line of records.split('\n').filter((one) => one.includes('"event_type":"alert"'))) {
    const sid = (JSON.parse(line) as { alert: { signature_id: number } }).alert.signature_id;
    counts.set(sid, (counts.get(sid) ?? 0) + 1);
  }
  return counts;
}

describe('one capture', () => {
  test('thresholds, marks of hosts and ends of flows are as with one thread', async () => {
    const [one, ...more] = await Promise.all([run(MIXED, RULES), run(MIXED, RULES, '--threads', '2'), run(MIXED, RULES, '--threads', '5')]);
    expect([...alertsOf(one).keys()].sort()).toEqual([1, 2, 3, 4, 5, 7, 8, 9]);
    // Some flows end long before the capture does, and some have alerts that a threshold keeps silent.
    expect(one.records).toContain('"reason":"timeout"');
    expect(one.records.indexOf('"event_type":"flow"')).toBeLessThan(one.records.length / 2);
    for (const ran of more) expect(difference(one, ran)).toBeUndefined();
  });

  test('records on standard output come in the same order; rules are profiled and work is counted over all threads', async () => {
    const [one, two] = await Promise.all([
      run(MIXED, RULES, '--json', '--profile'),
      run(MIXED, RULES, '--json', '--profile', '--profile-rules', '--threads', '2'),
    ]);
    expect(difference({ ...one, err: '' }, { ...two, err: '' })).toBeUndefined();
    const [counts] = one.err.split('\nmade ');
    expect(two.err.startsWith(counts)).toBe(true);
    expect(two.err).toMatch(/^9 rules checked /m);
  });

  test('checksums that are wrong because a card was to fill them in are found out by all threads together', async () => {
    const bytes = traffic(2, 300).finish();
    const unset = Uint8Array.from(bytes);
    for (let at = 24; at < unset.length; at += 16 + new DataView(unset.buffer).getUint32(at + 8, true)) {
      // The checksum of TCP.
      if (unset[at + 16 + 14 + 9] === 6) unset[at + 16 + 14 + 20 + 16] ^= 0xff;
    }
    const path = saved('unset.pcap', unset);
    const auto = ['--set', 'pcap-file.checksum-checks=auto'];
    const [one, two] = await Promise.all([run(path, RULES, ...auto), run(path, RULES, ...auto, '--threads', '3')]);
    expect(difference(one, two)).toBeUndefined();
  });

  test('a capture that was cut off is said once', async () => {
    const bytes = traffic(3, 60).finish();
    const path = saved('cut.pcap', bytes.subarray(0, bytes.length - 7));
    const [one, two] = await Promise.all([run(path, RULES), run(path, RULES, '--threads', '2')]);
    expect(one.code).toBe(1);
    expect(difference(one, two)).toBeUndefined();
  });

  test('without records, alerts are counted all the same', async () => {
    const silent = (...words: readonly string[]): Promise<string> =>
      new Promise((resolve) => {
        const rules = saved('silent.rules', Buffer.from(RULES));
        execFile(ENGINE, ['run', '-r', MIXED, '-S', rules, ...words], { env: { ...process.env, SIGWRIGHT_CACHE: '' } }, (_, out) => resolve(out));
      });
    const [one, two] = await Promise.all([silent(), silent('--threads', '2')]);
    expect(one).toContain('× 1 limited by client');
    expect(two).toBe(one);
  });
});

describe('where one thread must read after all, it does, and that is said', () => {
  const range = (capture: CaptureComposer, client: string, server: string, startTime: number, range: string, body: string): void => {
    capture.httpExchange({
      client,
      server,
      startTime,
      exchanges: [
        {
          request: { method: 'GET', uri: '/a.bin', headers: [['Host', 'a.example']] },
          response: { status: 206, headers: [['Content-Range', `bytes ${range}/20`]], body },
        },
      ],
    });
  };
  const parts = traffic(4, 40);
  // Ten pairs of hosts: they can not all be one thread's.
  for (let host = 0; host < 10; host++)
    range(parts, `10.0.1.${host}`, `203.0.114.${host}`, START + host * 1_000_000, host % 2 === 0 ? '0-9' : '10-19', '0123456789');

  const inside = traffic(5, 40);
  const carried = new Uint8Array(14 + 20 + 20);
  carried.set([8, 0, 0x45, 0, 0, 40, 0, 0, 0, 0, 64, 4, 0, 0, 10, 0, 0, 1, 10, 0, 0, 2], 12);
  carried.set([0x45, 0, 0, 20, 0, 0, 0, 0, 64, 17, 0, 0, 10, 9, 0, 1, 10, 9, 0, 2], 34);
  inside.frame(carried, START + 100_000_000);

  test.each([
    ['packets in tunnels', saved('tunnel.pcap', inside.finish()), RULES, 'packets carry those of other hosts'],
    ['a file in parts', saved('parts.pcap', parts.finish()), RULES, 'parts of a file come over connections between different hosts'],
    ['a data set', MIXED, `${RULES}alert dns any any -> any any (dns.query; dataset:set,EXAMPLE,type string; sid:20;)`, 'rule 20 changes a data set'],
    ['a tag on hosts', MIXED, `${RULES}alert udp any any -> any 9000 (content:"beta"; tag:host,5,packets,src; sid:21;)`, 'rule 21 follows a host by its tag'],
    [
      'a threshold on what a rule does beside alerting',
      MIXED,
      `${RULES}pass udp any any -> any 9000 (content:"beta"; threshold:type limit,track by_src,count 1,seconds 60; sid:22;)`,
      'rule 22 does more than to alert once it counted enough',
    ],
  ])('%s', async (_, capture, rules, why) => {
    const [one, two] = await Promise.all([run(capture, rules, '--json'), run(capture, rules, '--json', '--threads', '2')]);
    expect(difference({ ...one, err: `sigwright run: one thread reads ${capture}: ${why}\n` }, two)).toBeUndefined();
  });
});

test.each([
  ['rules that are not there', ['-S', 'nowhere.rules'], 'nowhere.rules does not exist'],
  ['a configuration that is not there', ['-c', 'nowhere.yaml'], 'nowhere.yaml'],
])('%s: said once, and nobody is waited for', async (_, words, why) => {
  const ran = await run(MIXED, RULES, ...words, '--threads', '3');
  expect(ran.code).toBe(1);
  expect(ran.err.split(why)).toHaveLength(2);
});

test('work that a thread did in vain is not counted', async () => {
  const rules = `${RULES}alert udp any any -> any 9000 (content:"gamma"; tag:host,5,packets,src; sid:21;)`;
  const [one, two] = await Promise.all([run(MIXED, rules, '--profile'), run(MIXED, rules, '--profile', '--threads', '2')]);
  const [counts] = one.err.split('\nmade ');
  expect(two.err).toContain(counts);
});

test('standard input is read by one thread, which is said', async () => {
  const err = await new Promise<string>((resolve) => {
    const child = execFile(ENGINE, ['run', '-r', '-', '--threads', '2'], (_, __, said) => resolve(said));
    child.stdin?.end(readFileSync(MIXED));
  });
  expect(err).toBe('sigwright run: standard input is read by one thread\n');
});

describe('a folder', () => {
  const folder = join(root, 'captures');
  mkdirSync(folder);
  for (let count = 0; count < 7; count++) writeFileSync(join(folder, `${count}.pcap`), traffic(10 + count, 5 + ((count * 37) % 80)).finish());
  writeFileSync(join(folder, '3.txt'), 'no capture at all');

  test('each capture is one thread’s, and its records stand where they would', async () => {
    const [one, ...more] = await Promise.all([run(folder, RULES), run(folder, RULES, '--threads', '2'), run(folder, RULES, '--threads', '12')]);
    expect(one.code).toBe(1);
    expect(one.out.split('\n').filter((line) => line.startsWith(folder))).toHaveLength(8);
    for (const ran of more) expect(difference(one, ran)).toBeUndefined();
  });
});

test.each(['0', '65', 'many', '-1', '1e1'])('--threads %s is refused', async (written) => {
  const problem = await new Promise<string>((resolve) => execFile(ENGINE, ['run', '-r', MIXED, `--threads=${written}`], (_, __, err) => resolve(err)));
  expect(problem).toMatch(/^sigwright run: --threads .*: write a number from 1 to 64\n/);
});
