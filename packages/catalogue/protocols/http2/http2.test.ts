/** HTTP/2: streams as transactions, what buffers of HTTP see of them, frames that concern the connection, upgrades, DNS, faults. */
import { gzipSync } from 'node:zlib';
import { fromLatin1, latin1 } from '@sigwright/bytes';
import { DEFAULT_SETTINGS, type Direction, emptyWindow, Flow, type ProtocolDefinition } from '@sigwright/contracts';
import { describe, expect, test } from 'vitest';
import { GET_EXAMPLE, HTTP2, http2Frame, PREFACE, plainHeaders, setting } from '../../http2-samples.ts';
import { catalogue } from '../../index.ts';
import { everySplit, followed, type Turns, tell, whole } from '../../session-kit.ts';
import { protocol } from './http2.definition.ts';
import type { Http2Session } from './session.ts';

const dialogue: Turns = [
  ['client', PREFACE + HTTP2.settings + HTTP2.get],
  ['server', HTTP2.settings + HTTP2.acknowledged + HTTP2.promise + HTTP2.found + HTTP2.hello],
  ['client', HTTP2.acknowledged + HTTP2.window + HTTP2.post + HTTP2.form],
  ['server', HTTP2.promised + HTTP2.missing],
  ['client', HTTP2.reset + HTTP2.bye],
];

type Body = { http2: { stream_id: number } } & Record<string, unknown>;
const bodies = (turns: Turns): Body[] =>
  tell(protocol, whole(turns)).transactions.flatMap((one) => one.records.map((record) => (record as { body: Body }).body));
const anomalies = (turns: Turns): string[] => tell(protocol, whole(turns)).transactions.flatMap((one) => one.anomalies);

/** A buffer of HTTP, as rules on HTTP see it, of each transaction that has it. */
function buffer(name: string, turns: Turns, direction: Direction): string[] {
  const definition = catalogue.buffers.get(name);
  if (definition?.of !== 'transaction') throw new Error(`no buffer ${name}`);
  const flow = new Flow();
  const session = protocol.open(flow, DEFAULT_SETTINGS);
  for (const [from, bytes] of whole(turns)) session.consume(from, bytes, 0, bytes.length, false, 1);
  const window = emptyWindow();
  const found: string[] = [];
  for (const transaction of session.transactions)
    for (let index = 0; definition.read(transaction, direction, index, window, flow); index++) {
      found.push(latin1(window.bytes, window.start, window.end));
      if (!definition.multiple) break;
    }
  return found;
}

test('each stream is a record, and each frame of the connection that says something', () => {
  const told = bodies(dialogue);
  expect(told.map(({ http2 }) => http2.stream_id)).toEqual([0, 1, 0, 2, 3, 5, 0]);
  expect(told[0]).toEqual({
    version: '2',
    http2: {
      stream_id: 0,
      request: {
        settings: [
          { settings_id: 'SETTINGSHEADERTABLESIZE', settings_value: 8192 },
          { settings_id: 'SETTINGSMAXCONCURRENTSTREAMS', settings_value: 100 },
        ],
      },
      response: {},
    },
  });
  expect(told[1]).toMatchObject({ http_method: 'GET', url: '/', status: 200, length: 5, response_headers: [{ name: ':status', value: '200' }, {}, {}, {}] });
  expect(told[3]).toMatchObject({ http_method: 'GET', url: '/style.css', status: 200 });
  expect(told[4]).toMatchObject({ http_method: 'POST', url: '/form?a=1', http_user_agent: 'probe', status: 404, http2: { request: { priority: 15 } } });
  expect(told[5]).toMatchObject({ http2: { request: { error_code: 'CANCEL' } } });
  expect(told[6]).toMatchObject({ http2: { request: { error_code: 'NOERROR' } } });
});

test('is the same at every split', () => {
  const told = tell(protocol, whole(dialogue));
  expect(told.anomalies).toEqual([]);
  for (const pieces of everySplit(dialogue)) expect(tell(protocol, pieces)).toEqual(told);
});

test.each<readonly [name: string, direction: Direction, contents: readonly string[]]>([
  ['http.method', 0, ['GET', 'GET', 'POST']],
  ['http.uri', 0, ['/', '/style.css', '/form?a=1']],
  ['http.host', 0, ['www.example.com', 'www.example.com']],
  ['http.host.raw', 0, ['www.example.com', 'www.example.com:8080']],
  ['http.request_line', 0, ['GET / HTTP/2\r\n', 'GET /style.css HTTP/2\r\n', 'POST /form?a=1 HTTP/2\r\n']],
  ['http.response_line', 1, ['HTTP/2 200\r\n', 'HTTP/2 200\r\n', 'HTTP/2 404\r\n']],
  ['http.stat_code', 1, ['200', '200', '404']],
  ['http.cookie', 0, ['a=b']],
  ['http.user_agent', 0, ['probe']],
  ['http.server', 1, ['one', 'two']],
  ['http.request_body', 0, ['name=value']],
  ['http.response_body', 1, ['hello']],
  ['http.response_header', 1, [':status: 200', 'content-type: text/plain', 'server: one', 'content-length: 5', ':status: 200', ':status: 404', 'server: two']],
  ['http2.header_name', 1, [':status', 'content-type', 'server', 'content-length', ':status', ':status', 'server']],
])('%s', (name, direction, contents) => {
  expect(buffer(name, dialogue, direction)).toEqual(contents);
});

test('headers without cookies, and their names', () => {
  expect(buffer('http.header', dialogue, 0)[2]).toBe(':method: POST\r\n:path: /form?a=1\r\n:authority: www.example.com:8080\r\nuser-agent: probe\r\n');
  expect(buffer('http.header_names', dialogue, 1)[2]).toBe('\r\n:status\r\nserver\r\n\r\n');
});

test('every transaction speaks HTTP/2 and has no words for its status', () => {
  expect(buffer('http.protocol', dialogue, 0)).toEqual(Array(8).fill('HTTP/2'));
  expect(buffer('http.stat_msg', dialogue, 1)).toEqual(Array(8).fill(''));
});

const request = (...headers: (readonly [string, string])[]): string => http2Frame(1, 0x05, 1, plainHeaders([[':method', 'GET'], [':path', '/'], ...headers]));

describe('files', () => {
  const answer = (content: string, ...headers: (readonly [string, string])[]): Turns => [
    ['client', PREFACE + HTTP2.get],
    [
      'server',
      HTTP2.settings +
        http2Frame(1, 0x04, 1, `\x88${plainHeaders(headers)}`) +
        http2Frame(0, 0, 1, content.slice(0, 3)) +
        http2Frame(0, 1, 1, content.slice(3)),
    ],
  ];

  test('a body is a file', () => {
    expect(tell(protocol, whole(answer('content'))).transactions[0].files).toEqual([['/', 7, 'CLOSED']]);
    expect(followed(protocol, answer('content'))).toEqual(['content']);
  });

  test('content coding is undone', () => {
    const packed = latin1(gzipSync('the content'));
    expect(buffer('http.response_body', answer(packed, ['content-encoding', 'gzip']), 1)).toEqual(['the content']);
    expect(anomalies(answer('no gzip at all', ['content-encoding', 'gzip']))).toEqual(['failed_decompression']);
  });

  test('lost bytes of a body make a gap in its file', () => {
    const session = protocol.open(new Flow(), DEFAULT_SETTINGS) as Http2Session;
    const bytes = fromLatin1(HTTP2.settings + HTTP2.found + http2Frame(0, 1, 1, 'hello').slice(0, 11));
    session.consume(1, bytes, 0, bytes.length, false, 1);
    expect(session.skip(1, 3)).toBe(true);
    expect(session.transactions[1].files?.map(({ size, gaps, state }) => [size, gaps, state])).toEqual([[5, true, 'TRUNCATED']]);
    expect(session.skip(1, 1)).toBe(false);
  });
});

describe('DNS in it', () => {
  const question = '\0\0\x01\0\0\x01\0\0\0\0\0\0\x03www\x07example\x03com\0\0\x01\0\x01';
  const answer = `${question.slice(0, 2)}\x81\x80${question.slice(4)}`;
  const type = ['content-type', 'application/dns-message'] as const;
  const reply = http2Frame(1, 0x04, 1, `\x88${plainHeaders([type])}`) + http2Frame(0, 1, 1, answer);
  const doh2 = catalogue.protocols.get('doh2') as ProtocolDefinition;

  test.each<readonly [why: string, asked: string]>([
    ['the question in the target', request([':path', `/dns-query?dns=${btoa(question).replaceAll('=', '')}`], ['accept', type[1]])],
    ['the question in the body', http2Frame(1, 0x04, 1, plainHeaders([[':method', 'POST'], [':path', '/dns-query'], type])) + http2Frame(0, 1, 1, question)],
  ])('%s', (_why, asked) => {
    const session = protocol.open(new Flow(), DEFAULT_SETTINGS) as Http2Session;
    for (const [direction, bytes] of whole([
      ['client', PREFACE + asked],
      ['server', reply],
    ]))
      session.consume(direction, bytes, 0, bytes.length, false, 1);
    expect(session.knownAs).toBe('doh2');
    const [transaction] = session.transactions;
    expect([0, 1].map((direction) => doh2.inner?.(transaction, 'dns', direction as Direction)?.progress)).toEqual([
      [1, 1],
      [1, 1],
    ]);
    const [record] = doh2.records(transaction, new Flow());
    expect(record).toMatchObject({ type: 'dns', body: { type: 'response', queries: [{ rrname: 'www.example.com' }] }, beside: { http: { status: 200 } } });
  });

  test('not of other types, and not where it is off', () => {
    const asked = request([':path', `/dns-query?dns=${btoa(question)}`], ['accept', '*/*']);
    for (const settings of [DEFAULT_SETTINGS, { ...DEFAULT_SETTINGS, protocolsOff: new Set(['doh2']) }]) {
      const session = protocol.open(new Flow(), settings) as Http2Session;
      const bytes = fromLatin1(PREFACE + (settings === DEFAULT_SETTINGS ? asked : request([':path', '/?dns=AAAB'], ['accept', type[1]])));
      session.consume(0, bytes, 0, bytes.length, false, 1);
      expect(session.knownAs).toBe(undefined);
    }
  });
});

test('after an upgrade the request made in HTTP/1 is stream 1', () => {
  const http = catalogue.protocols.get('http') as ProtocolDefinition;
  const flow = new Flow();
  const before = http.open(flow, DEFAULT_SETTINGS);
  const asked = fromLatin1('GET /a HTTP/1.1\r\nHost: example.com\r\nConnection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABk\r\n\r\n');
  const agreed = fromLatin1('HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n\r\n');
  before.consume(0, asked, 0, asked.length, false, 1);
  before.consume(1, agreed, 0, agreed.length, false, 1);
  expect(before.nextProtocol).toBe('http2');
  flow.expected = before.nextDetail;
  const session = protocol.open(flow, DEFAULT_SETTINGS);
  const answer = fromLatin1(HTTP2.settings + HTTP2.found + HTTP2.hello);
  session.consume(1, answer, 0, answer.length, false, 1);
  const told = session.transactions.flatMap((transaction) => protocol.records(transaction, flow)).map((record) => record.body as Body);
  expect(told).toMatchObject([
    {
      http_method: 'GET',
      url: '/a',
      request_headers: [{}, {}, { name: ':authority', value: 'example.com' }, {}, {}, {}],
      status: 200,
      http2: { stream_id: 1 },
    },
    { http2: { stream_id: 0, request: { settings: [{ settings_value: 100 }] } } },
    { http2: { stream_id: 0, response: {} } },
  ]);
});

test.each<readonly [anomaly: string, why: string, client: string, server: string | undefined]>([
  ['invalid_client_magic', 'no preface', HTTP2.settings, undefined],
  ['invalid_frame_header', 'a kind that is not assigned', PREFACE + http2Frame(77, 0, 0), undefined],
  ['invalid_frame_length', 'a window of three bytes', PREFACE + http2Frame(8, 0, 0, 'abc'), undefined],
  ['invalid_frame_length', 'settings that do not come out even', PREFACE + http2Frame(4, 0, 0, `${setting(1, 1)}x`), undefined],
  ['invalid_frame_data', 'a block that goes on though none began', PREFACE + http2Frame(9, 4, 1, '\x82'), undefined],
  ['invalid_frame_data', 'more padding than frame', PREFACE + http2Frame(1, 0x0c, 1, '\xff\x82'), undefined],
  ['invalid_header', 'an index beyond the table', PREFACE + http2Frame(1, 5, 1, '\xbe'), undefined],
  ['header_integer_overflow', 'an index without end', PREFACE + http2Frame(1, 5, 1, '\xff\xff\xff\xff\xff\xff\xff\xff'), undefined],
  ['extra_header_data', 'a header that is cut', PREFACE + http2Frame(1, 5, 1, '\0\x01a\x09b'), undefined],
  ['long_frame_data', 'settings by the thousand', PREFACE + http2Frame(4, 0, 0, setting(1, 1).repeat(11_000)), undefined],
  ['stream_id_reuse', 'a request on a stream that is over', PREFACE + HTTP2.get + HTTP2.get, HTTP2.settings + HTTP2.found + HTTP2.hello + HTTP2.found],
  [
    'reassembly_limit_reached',
    'a block over many frames',
    PREFACE + http2Frame(1, 0, 1, GET_EXAMPLE) + http2Frame(9, 0, 1, 'x'.repeat(60_000)).repeat(2),
    undefined,
  ],
  ['authority_host_mismatch', 'two hosts', PREFACE + request([':authority', 'a.example'], ['host', 'b.example']), undefined],
  ['userinfo_in_uri', 'a user before the host', PREFACE + request([':authority', 'me:secret@a.example']), undefined],
  [
    'invalid_range',
    'a range that is none',
    PREFACE + HTTP2.get,
    HTTP2.settings + http2Frame(1, 5, 1, `\x88${plainHeaders([['content-range', 'bytes 9-1/10']])}`),
  ],
  ['data_stream_zero', 'content of the connection', PREFACE + http2Frame(0, 0, 0, 'x'), undefined],
  [
    'dns_response_too_long',
    'an answer of 64 KiB',
    PREFACE + HTTP2.get,
    HTTP2.settings + http2Frame(1, 4, 1, `\x88${plainHeaders([['content-type', 'application/dns-message']])}`) + http2Frame(0, 1, 1, 'x'.repeat(65_536)),
  ],
  [
    'dns_request_too_long',
    'a question of 64 KiB',
    PREFACE + http2Frame(1, 4, 1, plainHeaders([['content-type', 'application/dns-message']])) + http2Frame(0, 1, 1, 'x'.repeat(65_536)),
    undefined,
  ],
  ['too_many_frames', 'frames without content and end', PREFACE + HTTP2.post + http2Frame(0, 0, 3).repeat(65_536), undefined],
  [
    'too_many_streams',
    'requests that are never answered',
    PREFACE + Array.from({ length: 4097 }, (_, at) => http2Frame(2, 0, 2 * at + 1, '\0\0\0\0\0')).join(''),
    undefined,
  ],
])('%s: %s', (anomaly, _why, client, server) => {
  const turns: Turns =
    server === undefined
      ? [['client', client]]
      : [
          ['client', client.slice(0, PREFACE.length + HTTP2.get.length)],
          ['server', server],
          ['client', client.slice(PREFACE.length + HTTP2.get.length)],
        ];
  expect(anomalies(turns)).toEqual([anomaly]);
});

test('settings in an upgrade that can not be read', () => {
  const http = catalogue.protocols.get('http') as ProtocolDefinition;
  const before = http.open(new Flow(), DEFAULT_SETTINGS);
  const asked = fromLatin1('GET / HTTP/1.1\r\nHost: a\r\nHTTP2-Settings: AAM\r\n\r\n');
  const agreed = fromLatin1('HTTP/1.1 101 x\r\nUpgrade: h2c\r\n\r\n');
  before.consume(0, asked, 0, asked.length, false, 1);
  before.consume(1, agreed, 0, agreed.length, false, 1);
  const flow = new Flow();
  flow.expected = before.nextDetail;
  expect(protocol.open(flow, DEFAULT_SETTINGS).transactions.flatMap((one) => one.anomalies ?? [])).toEqual(['invalid_http1_settings']);
});

test('a stream that one peer reset still shows what the other had sent', () => {
  const turns: Turns = [
    ['client', PREFACE + HTTP2.get + http2Frame(3, 0, 1, '\0\0\0\x08')],
    ['server', HTTP2.settings + HTTP2.found + HTTP2.hello],
  ];
  expect(buffer('http.response_body', turns, 1)).toEqual(['hello']);
  expect(anomalies(turns)).toEqual([]);
});

test('headers in very many frames are put together', () => {
  const HEADERS = 1;
  const CONTINUATION = 9;
  const END_STREAM = 1;
  const END_HEADERS = 4;
  const frames = http2Frame(HEADERS, END_STREAM, 1) + http2Frame(CONTINUATION, 0, 1).repeat(700_000) + http2Frame(CONTINUATION, END_HEADERS, 1, GET_EXAMPLE);
  expect(buffer('http.host', [['client', PREFACE + HTTP2.settings + frames]], 0)).toEqual(['www.example.com']);
});
