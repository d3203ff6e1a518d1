/**
 * Captures in a store that speaks S3, against a small one of our own that checks signatures as the specification says
 * (https://docs.aws.amazon.com/AmazonS3/latest/API/sig-v4-header-based-auth.html).
 */
import { createHash, createHmac } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { hunting, openStore } from '@sigwright/workbench';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { startNats } from '../../../packages/workbench/hunt/own-nats.ts';
import { archiveAt } from './archive.ts';
import { ObjectStore } from './object-store.ts';
import { workEngines } from './work-engines.ts';

const WEEK = join(import.meta.dirname, '..', '..', '..', 'examples', '2024-03-08');
const week = readFileSync(join(WEEK, 'week.pcap'));
const rules = readFileSync(join(WEEK, 'rules', 'malware.rules'), 'utf8');
const SECRET = 'a secret';

/** What the next answers are instead; each is used once. */
let faults: ('500' | 'break')[] = [];
const objects = new Map<string, Uint8Array>();
const asked: string[] = [];
let server: Server;
const environment: Record<string, string> = {};

function isSigned(request: IncomingMessage): boolean {
  const [, key, day, region, signed, signature] =
    /^AWS4-HMAC-SHA256 Credential=([^/]+)\/(\d{8})\/([^/]+)\/s3\/aws4_request, SignedHeaders=([^,]+), Signature=([0-9a-f]{64})$/.exec(
      request.headers.authorization ?? '',
    ) ?? [];
  if (key !== 'KEY' || signed === undefined) return false;
  const url = new URL(request.url!, 'http://x');
  const query = [...url.searchParams].map(([name, value]) => `${encodeURIComponent(name)}=${encodeURIComponent(value)}`).sort();
  const headers = signed.split(';').map((name) => `${name}:${String(request.headers[name]).trim()}\n`);
  const body = String(request.headers['x-amz-content-sha256']);
  const canonical = [request.method, url.pathname, query.join('&'), headers.join(''), signed, body].join('\n');
  const text = [
    'AWS4-HMAC-SHA256',
    request.headers['x-amz-date'],
    `${day}/${region}/s3/aws4_request`,
    createHash('sha256').update(canonical).digest('hex'),
  ].join('\n');
  const sign = (secret: string | Buffer, words: string): Buffer => createHmac('sha256', secret).update(words).digest();
  const signing = [day, region, 's3', 'aws4_request'].reduce<string | Buffer>(sign, `AWS4${SECRET}`);
  return createHmac('sha256', signing).update(text).digest('hex') === signature;
}

beforeAll(async () => {
  server = createServer((request, response) => {
    const url = new URL(request.url!, 'http://x');
    asked.push(`${request.method} ${url.pathname}`);
    const refuse = (status: number, code: string): void => void response.writeHead(status).end(`<?xml version="1.0"?><Error><Code>${code}</Code></Error>`);
    if (!isSigned(request)) return refuse(403, 'SignatureDoesNotMatch');
    const fault = faults.shift();
    if (fault === '500') return refuse(500, 'InternalError');
    if (url.searchParams.get('list-type') === '2') {
      const prefix = url.searchParams.get('prefix') ?? '';
      const names = [...objects.keys()].filter((name) => name.startsWith(prefix)).sort();
      const from = Number(url.searchParams.get('continuation-token') ?? 0);
      // Two a page.
      const page = names.slice(from, from + 2);
      const entry = (name: string): string =>
        `<Contents><Key>${encodeURIComponent(name).replaceAll('%2F', '/').replaceAll('%20', '+')}</Key><Size>${objects.get(name)!.length}</Size></Contents>`;
      const more = from + 2 < names.length;
      const next = more ? `<NextContinuationToken>${from + 2}</NextContinuationToken>` : '';
      response.end(`<ListBucketResult><IsTruncated>${more}</IsTruncated>${next}${page.map(entry).join('')}</ListBucketResult>`);
      return;
    }
    const found = objects.get(decodeURIComponent(url.pathname).replace(/^\/captures\//, ''));
    if (found === undefined) return refuse(404, 'NoSuchKey');
    response.writeHead(200, { 'content-length': found.length });
    if (fault === 'break') response.write(found.subarray(0, 2000), () => response.destroy());
    else response.end(found);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  Object.assign(environment, {
    AWS_ENDPOINT_URL: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    AWS_ACCESS_KEY_ID: 'KEY',
    AWS_SECRET_ACCESS_KEY: SECRET,
    AWS_REGION: 'eu-test-1',
  });
});
afterAll(() => void server.close());
beforeEach(() => {
  faults = [];
  objects.clear();
  for (const name of ['2024/a.pcap', '2024/b (1) ü+&.pcap', '2024/notes.txt', '2024/deep/c.pcapng', '2023/old.pcap']) objects.set(name, week);
});

async function bytesOf(store: ObjectStore, name: string): Promise<Buffer> {
  const parts: Uint8Array[] = [];
  for await (const part of (await store.read(name))!) parts.push(part);
  return Buffer.concat(parts);
}

test('names come page by page, below the prefix, whatever stands in them', async () => {
  const store = new ObjectStore('s3://captures/2024', environment);
  const names = (await store.list()).map(({ name, bytes }) => `${name} ${bytes}`);
  expect(names.sort()).toEqual(['a.pcap', 'b (1) ü+&.pcap', 'deep/c.pcapng', 'notes.txt'].map((name) => `${name} ${week.length}`));
});

test('an object comes byte for byte, whatever its name; one that is not there is none', async () => {
  const store = new ObjectStore('s3://captures/2024/', environment);
  expect((await bytesOf(store, 'b (1) ü+&.pcap')).equals(week)).toBe(true);
  expect(await store.read('nothing.pcap')).toBeUndefined();
});

test('a fault that passes is waited out; one that stays, a connection that breaks, and wrong credentials are said', async () => {
  const store = new ObjectStore('s3://captures/2024', environment);
  faults = ['500', '500'];
  expect((await store.list()).length).toBe(4);
  faults = ['break'];
  await expect(bytesOf(store, 'a.pcap')).rejects.toThrow(/connection to s3:\/\/captures\/2024 broke off after \d+/);
  const wrong = new ObjectStore('s3://captures/2024', { ...environment, AWS_SECRET_ACCESS_KEY: 'wrong' });
  await expect(wrong.list()).rejects.toThrow('s3://captures/2024 answers 403 SignatureDoesNotMatch');
  const away = new ObjectStore('s3://captures/2024', { ...environment, AWS_ENDPOINT_URL: 'http://127.0.0.1:9' });
  await expect(away.list()).rejects.toThrow(/no connection to s3:\/\/captures\/2024/);
});

test('what the environment lacks, or a place that is none, is said before anything is asked', () => {
  for (const [place, lacks] of [
    ['s3://captures', { AWS_ACCESS_KEY_ID: '' }],
    ['s3://captures', { AWS_ENDPOINT_URL: 'nonsense' }],
    ['s3://', {}],
    ['s3://Captures_/x', {}],
  ] as const)
    expect(() => new ObjectStore(place, { ...environment, ...lacks }), place).toThrow();
});

const nats = await startNats();
if (nats === undefined) console.warn('left out: a hunt in an object store, since nats-server could not be started (Debian: apt-get install nats-server)');
afterAll(() => nats?.stop());

test.skipIf(nats === undefined)(
  'a hunt goes over the store as over a folder; what breaks off is tried again, and counts once',
  { timeout: 120_000 },
  async () => {
    Object.assign(process.env, environment);
    const archive = archiveAt('s3://captures/2024', '');
    const { openBroker, mindHunts, work } = await hunting();
    const broker = await openBroker({ url: nats!.url });
    const store = await openStore({ sqlite: ':memory:' });
    const job = await store.hunts.begin({ key: crypto.randomUUID(), by: 'me', title: 't', rules, items: [...(await archive.captures()), 'gone.pcap'] });
    const stop = new AbortController();
    const working = work(broker, { name: 'w', signal: stop.signal, engine: workEngines(archive) });
    faults = ['break'];
    await mindHunts(store, broker, { signal: stop.signal, until: job });
    stop.abort();
    await working;
    expect((await store.hunts.list())[0]).toMatchObject({ state: 'done', done: 4, total: 4 });
    expect(await store.hunts.hits(job)).toEqual(expect.arrayContaining([expect.objectContaining({ captures: 3 })]));
    expect((await store.hunts.captures(job)).find((one) => one.capture === 'gone.pcap')?.said).toContain('there is no such object');
    expect(asked.filter((one) => one === 'GET /captures/2024/a.pcap').length).toBeGreaterThan(2);
    await store.close();
    await broker.close();
  },
);
