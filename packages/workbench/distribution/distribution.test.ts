/** The distribution over two releases of the example week: every path, conditional and partial answers, and what must not be reached. */
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { catalogue } from '@sigwright/catalogue';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { digest } from '../release/manifest.ts';
import { buildRelease, releasedVersions, writeRelease } from '../release/release.ts';
import { openRepository, type Repository } from '../repository/repository.ts';
import { type DistributionAnswer, distribute } from './distribution.ts';

const WEEK = join(import.meta.dirname, '..', '..', '..', 'examples', '2024-03-08');
const ARCHIVE = 'example-week.rules.tar.gz';
let folder = '';

function repository(): Repository {
  const opened = openRepository(folder);
  if (!opened.ok) throw new Error(opened.message);
  return opened.value;
}

async function release(version: string): Promise<void> {
  const built = await buildRelease(repository(), { version, date: '2024-03-08', classifications: new Map(), catalogue });
  if (!built.ok) throw new Error(built.message);
  writeRelease(repository(), version, built.value);
}

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'sigwright-distribution-'));
  cpSync(WEEK, folder, { recursive: true });
  await release('9');
  const path = join(folder, 'rules', 'malware.rules');
  writeFileSync(path, readFileSync(path, 'utf8').replace('content:"POST"', 'content:"PUT"').replace('rev:1;', 'rev:2;'));
  await release('10');
  mkdirSync(join(folder, 'releases', '11.77.tmp'));
});

afterAll(() => rmSync(folder, { recursive: true, force: true }));

const get = (target: string, headers: Record<string, string> = {}, method = 'GET'): DistributionAnswer =>
  distribute(repository(), { method, target, headers, base: 'http://127.0.0.1:1' });
const textOf = (answer: DistributionAnswer): string => new TextDecoder().decode(answer.body);

describe('paths', () => {
  test('versions in natural order, half-written ones passed over', () => expect(releasedVersions(folder)).toEqual(['10', '9']));
  test('the newest version', () => expect(textOf(get('/version.txt'))).toBe('10\n'));
  test('the index names the archive as suricata-update wants it', () =>
    expect(parse(textOf(get('/index.yaml')))).toMatchObject({
      version: 1,
      sources: { 'example-week/open': { url: `http://127.0.0.1:1/suricata-%(__version__)s/${ARCHIVE}`, checksum: true } },
    }));
  test('a version of an engine gets the newest archive, and its digest beside', () => {
    const { body } = get(`/suricata-7.0.3/${ARCHIVE}?x=1`);
    expect(textOf(get(`/suricata-7.1/${ARCHIVE}.md5`)).trim()).toBe(digest('md5', body));
  });
  test.each<readonly [why: string, asked: string, engine: string | undefined]>([
    ['by its number', 'suricata-5.0.10', 'suricata-5'],
    ['whatever follows the number', 'suricata-6.0.0-dev', 'suricata-6'],
    ['one younger than all gets the youngest', 'suricata-9.0.1', 'suricata-8'],
    ['one older than all gets none', 'suricata-4.1.0', undefined],
    ['Snort by its own', 'snort-2.9.20', 'snort-2.9'],
    ['Snort 3 is another language', 'snort-3.1.0', undefined],
    ['no number', 'suricata-edge', undefined],
  ])('rules for an engine: %s', (_why, asked, engine) => {
    const answer = get(`/${asked}/example-week-all.rules`);
    expect(answer.status).toBe(engine === undefined ? 404 : 200);
    expect(textOf(answer)).toContain(engine === undefined ? 'is made for suricata-5, ' : `in the words of ${engine}.`);
  });
  test('what moves says where it stays, so that the files beside it are of the same release', () => {
    const moves = get(`/suricata-7.0.3/${ARCHIVE}`);
    const stays = moves.headers['content-location'];
    expect(stays).toBe(`/releases/10/suricata-7/${ARCHIVE}`);
    expect(get(stays).body).toEqual(moves.body);
    expect(textOf(get(`${stays}.md5`)).trim()).toBe(digest('md5', moves.body));
    expect(get(stays).headers['content-location']).toBeUndefined();
  });
  test('a proxy asks with the whole address', () => expect(textOf(get('http://rules.example:8341/version.txt'))).toBe('10\n'));
  test('older releases stay', () => expect(textOf(get('/releases/9/version.txt'))).toBe('9\n'));
  test('what changed since a version', () =>
    expect(JSON.parse(textOf(get('/delta/9')))).toMatchObject({ from: '9', to: '10', put: [{ line: expect.stringContaining('rev:2;') }], remove: [] }));

  test('who looks with a browser is told what is here', () => expect(textOf(get('/'))).toContain('/index.yaml'));

  test.each([
    '/../ruleset.yaml',
    '/releases/9/../../ruleset.yaml',
    '/releases/%2e%2e/x',
    '/releases/9',
    '/releases/9/rules',
    '/releases/12/version.txt',
    '/delta/8',
    '//etc/passwd',
    '/suricata-7.0.3',
    '/a\0b',
  ])('%j is not there', (target) => expect(get(target).status).toBe(404));
  test('nothing is taken in', () => expect(get('/version.txt', {}, 'POST').status).toBe(405));
});

describe('conditions and ranges', () => {
  const path = `/releases/9/${ARCHIVE}`;
  const etag = (): string => get(path).headers['etag'];

  test.each<readonly [why: string, headers: () => Record<string, string>, status: number, range: string | undefined]>([
    ['what is known is not sent again', () => ({ 'if-none-match': `"other", ${etag()}` }), 304, undefined],
    ['what differs is sent', () => ({ 'if-none-match': '"other"' }), 200, undefined],
    ['a range', () => ({ range: 'bytes=2-5' }), 206, 'bytes 2-5/'],
    ['a range to the end', () => ({ range: 'bytes=10-' }), 206, 'bytes 10-'],
    ['the last bytes', () => ({ range: 'bytes=-4' }), 206, 'bytes '],
    ['a range beyond the end', () => ({ range: 'bytes=99999999-' }), 416, 'bytes */'],
    ['a range that makes no sense is passed over', () => ({ range: 'bytes=9-2' }), 200, undefined],
    ['several ranges are passed over', () => ({ range: 'bytes=0-1,3-4' }), 200, undefined],
    ['a range of a file that has changed since', () => ({ range: 'bytes=2-5', 'if-range': '"other"' }), 200, undefined],
    ['a range of the file that is known', () => ({ range: 'bytes=2-5', 'if-range': etag() }), 206, 'bytes 2-5/'],
  ])('%s', (_why, headers, status, range) => {
    const answer = get(path, headers());
    expect(answer.status).toBe(status);
    if (range === undefined) expect(answer.headers['content-range']).toBeUndefined();
    else expect(answer.headers['content-range']).toContain(range);
  });

  test('only a GET has ranges', () => expect(get(path, { range: 'bytes=2-5' }, 'HEAD').status).toBe(200));

  test.each<readonly [why: string, accepted: string | undefined, range: string | undefined, packed: boolean]>([
    ['who takes gzip gets it', 'gzip, deflate, br', undefined, true],
    ['with a weight', 'br;q=1.0, gzip;q=0.5', undefined, true],
    ['but not who refuses it', 'gzip;q=0', undefined, false],
    ['nor who says nothing', undefined, undefined, false],
    ['nor who wants a range of the file', 'gzip', 'bytes=0-9', false],
  ])('text is packed: %s', (_why, accepted, range, packed) => {
    const text = '/releases/9/example-week-all.rules';
    const plain = get(text);
    const headers = { ...(accepted === undefined ? {} : { 'accept-encoding': accepted }), ...(range === undefined ? {} : { range }) };
    const answer = get(text, headers);
    expect([answer.headers['content-encoding'] === 'gzip', answer.headers['etag'] === plain.headers['etag']]).toEqual([packed, !packed]);
    expect(answer.headers['vary']).toBe('accept-encoding');
    if (packed) expect(gunzipSync(answer.body)).toEqual(Buffer.from(plain.body));
    expect(get(text, { ...headers, 'if-none-match': answer.headers['etag'] }).status).toBe(304);
  });
  test('an archive is packed already', () => expect(get(path, { 'accept-encoding': 'gzip' }).headers['content-encoding']).toBeUndefined());

  test('pieces make the whole', () => {
    const whole = get(path).body;
    const [one, two] = [get(path, { range: 'bytes=0-99' }).body, get(path, { range: 'bytes=100-' }).body];
    expect(Buffer.concat([one, two]).equals(whole)).toBe(true);
  });
});
