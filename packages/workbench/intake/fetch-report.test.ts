/** Fetching a report: what may be dialled, after every redirect and resolution, and what ends a fetch. A local server plays the web. */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { isPublicAddress } from '../public-request.ts';
import { fetchReport, type ReportFetchOptions } from './fetch-report.ts';

describe('addresses that may be dialled', () => {
  test.each([
    ['8.8.8.8', true, 'an ordinary address'],
    ['2606:4700::1111', true, 'an ordinary IPv6 address'],
    ['127.0.0.1', false, 'loopback'],
    ['0.0.0.0', false, 'this host'],
    ['10.1.2.3', false, 'private'],
    ['172.31.255.255', false, 'last private one of its block'],
    ['172.32.0.0', true, 'first one after the private block'],
    ['192.168.0.1', false, 'private'],
    ['100.64.0.1', false, 'shared by a provider'],
    ['169.254.169.254', false, 'metadata'],
    ['168.63.129.16', false, 'metadata at a public address'],
    ['198.18.0.1', false, 'for measurements'],
    ['224.0.0.1', false, 'multicast'],
    ['255.255.255.255', false, 'broadcast'],
    ['::1', false, 'loopback'],
    ['::ffff:127.0.0.1', false, 'IPv4 in IPv6'],
    ['::ffff:8.8.8.8', false, 'IPv4 in IPv6, even a public one: nobody publishes so'],
    ['64:ff9b::7f00:1', false, 'translated IPv4'],
    ['2002:7f00:1::', false, '6to4 around loopback'],
    ['fe80::1', false, 'link-local'],
    ['fd00:ec2::254', false, 'metadata, unique local'],
    ['2001:db8::1', false, 'documentation'],
    ['fe80::1%eth0', false, 'with a zone'],
    ['example.com', false, 'no address at all'],
  ])('%s: %s (%s)', (address, expected) => {
    expect(isPublicAddress(address)).toBe(expected);
  });
});

const PUBLIC = '8.8.8.8';
const PAGES: Record<string, (response: ServerResponse, request: IncomingMessage) => void> = {
  '/report': (response, request) => {
    response.setHeader('content-type', 'text/html; charset=utf-8').end(`<p>evil[.]example, says ${request.headers.host}</p>`);
  },
  '/packed': (response) => {
    response.writeHead(200, { 'content-type': 'text/plain', 'content-encoding': 'gzip' }).end(gzipSync('evil[.]example'));
  },
  '/bomb': (response) => {
    response.writeHead(200, { 'content-type': 'text/plain', 'content-encoding': 'gzip' }).end(gzipSync(new Uint8Array(100_000)));
  },
  '/endless': (response) => {
    response.setHeader('content-type', 'text/plain');
    const more = setInterval(() => response.write('x'.repeat(1000)), 1);
    response.once('close', () => clearInterval(more));
  },
  '/silent': () => {},
  '/program': (response) => {
    response.setHeader('content-type', 'application/octet-stream').end('MZ');
  },
  '/untyped': (response) => {
    response.end('words');
  },
  '/missing': (response) => {
    response.writeHead(404).end();
  },
  '/moved': (response) => {
    response.writeHead(302, { location: '/report' }).end();
  },
  '/loop': (response) => {
    response.writeHead(302, { location: '/loop' }).end();
  },
  '/inside': (response) => {
    response.writeHead(302, { location: 'http://169.254.169.254/latest/meta-data/' }).end();
  },
  '/decimal': (response) => {
    response.writeHead(302, { location: 'http://2130706433/' }).end();
  },
  '/inside-by-name': (response) => {
    response.writeHead(302, { location: 'http://inside.example/report' }).end();
  },
  '/file': (response) => {
    response.writeHead(302, { location: 'file:///etc/passwd' }).end();
  },
};
const server = createServer((request, response) => (PAGES[request.url ?? ''] ?? PAGES['/missing'])(response, request));
beforeAll(() => new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve)));
afterAll(() => server.closeAllConnections());

const NAMES: Record<string, readonly string[]> = {
  'web.example': [PUBLIC],
  'inside.example': ['127.0.0.1'],
  'half.example': [PUBLIC, '10.0.0.1'],
  'nowhere.example': [],
};
const dialled: string[] = [];
const options: ReportFetchOptions = {
  mostBytes: 10_000,
  resolve: (host) => Promise.resolve(NAMES[host] ?? []),
  connect: (address) => {
    dialled.push(address);
    return connect((server.address() as AddressInfo).port, '127.0.0.1');
  },
};

describe('fetching', () => {
  test.each([
    ['http://web.example/report', 'http://web.example/report', '<p>evil[.]example, says web.example</p>', 'a page, asked for by its name'],
    ['http://web.example/moved', 'http://web.example/report', '<p>evil[.]example, says web.example</p>', 'a page that moved'],
    ['http://web.example/packed', 'http://web.example/packed', 'evil[.]example', 'a packed page'],
  ])('%s', async (address, url, text) => {
    const read = await fetchReport(address, options);
    expect(read).toMatchObject({ ok: true, value: { url } });
    if (read.ok) expect(new TextDecoder().decode(read.value.bytes)).toBe(text);
  });

  test.each([
    ['http://inside.example/report', 'fetch/address', 'a name that leads inside'],
    ['http://half.example/report', 'fetch/address', 'one of its addresses is inside'],
    ['http://nowhere.example/', 'fetch/name', 'a name without address'],
    ['http://127.0.0.1/report', 'fetch/address', 'loopback as written'],
    ['http://0x7f.1/report', 'fetch/address', 'loopback in disguise'],
    ['http://[::ffff:7f00:1]/report', 'fetch/address', 'loopback in IPv6'],
    ['http://web.example/inside', 'fetch/address', 'a redirect to the metadata service'],
    ['http://web.example/decimal', 'fetch/address', 'a redirect to loopback as one number'],
    ['http://web.example/inside-by-name', 'fetch/address', 'a redirect to a name that leads inside'],
    ['http://web.example/file', 'fetch/address', 'a redirect out of the web'],
    ['http://me:secret@web.example/report', 'fetch/address', 'credentials'],
    ['not an address', 'fetch/address', 'words'],
    ['http://web.example/loop', 'fetch/redirects', 'a circle'],
    ['http://web.example/missing', 'fetch/status', 'not there'],
    ['http://web.example/program', 'fetch/type', 'no report'],
    ['http://web.example/untyped', 'fetch/type', 'no type'],
    ['http://web.example/bomb', 'fetch/size', 'grows when unpacked'],
    ['http://web.example/endless', 'fetch/size', 'never ends'],
    ['https://web.example/report', 'fetch/connection', 'a server that does not speak TLS'],
  ])('%s fails with %s (%s)', async (address, code) => {
    expect(await fetchReport(address, options)).toMatchObject({ ok: false, code });
  });

  test('a server that says nothing, and a resolver that never answers, end with the time allowed', async () => {
    expect(await fetchReport('http://web.example/silent', { ...options, milliseconds: 50 })).toMatchObject({ code: 'fetch/time' });
    const never: ReportFetchOptions = { ...options, milliseconds: 50, resolve: () => new Promise(() => {}) };
    expect(await fetchReport('http://web.example/report', never)).toMatchObject({ code: 'fetch/time' });
  });

  test('a name that leads elsewhere when asked again is dialled at the address that was checked', async () => {
    dialled.length = 0;
    let asked = 0;
    const turncoat: ReportFetchOptions = { ...options, resolve: () => Promise.resolve([asked++ === 0 ? PUBLIC : '127.0.0.1']) };
    expect(await fetchReport('http://web.example/report', turncoat)).toMatchObject({ ok: true });
    expect(await fetchReport('http://web.example/report', turncoat)).toMatchObject({ code: 'fetch/address' });
    expect(dialled).toEqual([PUBLIC]);
  });
});
