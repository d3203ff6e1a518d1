/** HTTP/1 dialogues: what the buffers hold, what is anomalous, which files pass. Every dialogue is replayed at every split. */
import { brotliDecompressSync, deflateRawSync, deflateSync, gzipSync } from 'node:zlib';
import { DEFAULT_SETTINGS, Flow, IS_THIS, IS_THIS_REVERSED, NEED_MORE, NOT_THIS } from '@sigwright/contracts';
import { describe, expect, test } from 'vitest';
import { everySplit, type Turns, tell, whole } from '../../session-kit.ts';
import { protocol } from './http.definition.ts';

const undo =
  (how: (bytes: Uint8Array, options: { maxOutputLength: number }) => Uint8Array) =>
  (bytes: Uint8Array, limit: number): Uint8Array | undefined => {
    try {
      return new Uint8Array(how(bytes, { maxOutputLength: limit }));
    } catch {
      return undefined;
    }
  };
const settings = { ...DEFAULT_SETTINGS, decompressors: { br: undo(brotliDecompressSync) } };
const OK = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok';
const latin1 = (bytes: Uint8Array): string => String.fromCharCode(...bytes);
const sized = (body: string, headers = ''): string => `HTTP/1.1 200 OK\r\n${headers}Content-Length: ${body.length}\r\n\r\n${body}`;
const LONG = 'the same words, the same words, the same words';

interface Case {
  readonly why: string;
  readonly turns: Turns;
  /** by transaction: buffers that must hold exactly this; undefined: must be absent */
  readonly buffers: readonly Readonly<Record<string, string | undefined>>[];
  readonly anomalies?: readonly (readonly string[])[];
  readonly nextProtocol?: string;
  /** one of the first transaction's anomalies; its buffers do not matter */
  readonly oddity?: string;
}

const cases: readonly Case[] = [
  {
    why: 'a request and its response',
    turns: [
      ['client', 'GET /a/../b%41?c=%64 HTTP/1.1\r\nHost: WWW.Example.com:8080\r\nUser-Agent: x\r\nCookie: k=v\r\n\r\n'],
      ['server', OK],
    ],
    buffers: [
      {
        'http.method': 'GET',
        'http.uri': '/bA?c=d',
        'http.uri.raw': '/a/../b%41?c=%64',
        'http.host': 'www.example.com',
        'http.host.raw': 'WWW.Example.com:8080',
        'http.user_agent': 'x',
        'http.cookie': 'k=v',
        'http.protocol': 'HTTP/1.1',
        'http.referer': undefined,
        'http.stat_code': '200',
        'http.stat_msg': 'OK',
        'http.response_body': 'ok',
        'http.header_names': '\r\nHost\r\nUser-Agent\r\nCookie\r\n\r\n',
      },
    ],
  },
  {
    why: 'pipelined requests meet their responses in order',
    turns: [
      ['client', 'GET /1 HTTP/1.1\r\nHost: a\r\n\r\nGET /2 HTTP/1.1\r\nHost: a\r\n\r\n'],
      ['server', `${sized('one')}${sized('two')}`],
    ],
    buffers: [
      { 'http.uri': '/1', 'http.response_body': 'one' },
      { 'http.uri': '/2', 'http.response_body': 'two' },
    ],
  },
  {
    why: 'chunks with extensions and trailers make one body',
    turns: [
      [
        'client',
        'POST /x HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n1;a=b\r\n!\r\n0\r\nT: v\r\n\r\nGET /n HTTP/1.1\r\nHost: a\r\n\r\n',
      ],
      ['server', `HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nA\r\n0123456789\r\n0\r\n\r\n${OK}`],
    ],
    buffers: [
      { 'http.uri': '/x', 'http.request_body': 'hello!', 'http.response_body': '0123456789' },
      { 'http.uri': '/n', 'http.response_body': 'ok' },
    ],
  },
  ...(['gzip', 'deflate'] as const).map((coding) => ({
    why: `${coding} is undone`,
    turns: [
      ['client', 'GET / HTTP/1.1\r\nHost: a\r\n\r\n'],
      ['server', sized(latin1(coding === 'gzip' ? gzipSync(LONG) : deflateSync(LONG)), `Content-Encoding: ${coding}\r\n`)],
    ] as Turns,
    buffers: [{ 'http.response_body': LONG }],
    anomalies: [[]],
  })),
  {
    why: 'two codings are undone from the outside in',
    turns: [
      ['client', 'GET / HTTP/1.1\r\nHost: a\r\n\r\n'],
      ['server', sized(latin1(gzipSync(deflateSync(LONG))), 'Content-Encoding: deflate, gzip\r\n')],
    ],
    buffers: [{ 'http.response_body': LONG }],
  },
  {
    why: 'a body that is not what its coding says is an anomaly',
    turns: [
      ['client', 'GET / HTTP/1.1\r\nHost: a\r\n\r\n'],
      ['server', sized('no gzip at all', 'Content-Encoding: gzip\r\n')],
    ],
    buffers: [{ 'http.stat_code': '200' }],
    anomalies: [['gzip_decompression_failed']],
  },
  ...['__proto__', 'constructor'].map((coding) => ({
    why: `a coding that every object has an entry for is none: ${coding}`,
    turns: [
      ['client', 'GET / HTTP/1.1\r\nHost: a\r\n\r\n'],
      ['server', sized('as it is', `Content-Encoding: ${coding}\r\n`)],
    ] as const,
    buffers: [{ 'http.response_body': 'as it is' }],
    anomalies: [['abnormal_ce_header']],
  })),
  {
    why: 'a body without length ends with the connection',
    turns: [
      ['client', 'GET /f HTTP/1.0\r\nHost: a\r\n\r\n'],
      ['server', 'HTTP/1.0 200 OK\r\n\r\nall that follows\r\n\r\nis body'],
    ],
    buffers: [{ 'http.response_body': 'all that follows\r\n\r\nis body' }],
  },
  {
    why: 'HEAD, 204 and 304 have no body, whatever their length says',
    turns: [
      ['client', 'HEAD /h HTTP/1.1\r\nHost: a\r\n\r\nGET /2 HTTP/1.1\r\nHost: a\r\n\r\nGET /3 HTTP/1.1\r\nHost: a\r\n\r\n'],
      ['server', `HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\nHTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\n\r\n${OK}`],
    ],
    buffers: [
      { 'http.method': 'HEAD', 'http.response_body': undefined },
      { 'http.stat_code': '304', 'http.response_body': undefined },
      { 'http.stat_code': '200', 'http.response_body': 'ok' },
    ],
  },
  ...(
    [
      ['a blank before it', 'Transfer-Encoding : chunked\r\n\r\n'],
      ['a vertical tab before the colon', 'Transfer-Encoding\v:chunked\r\n\r\n'],
      ['NUL inside the name', 'Transfer\0-Encoding: chunked\r\n\r\n'],
      ['two colons', 'Transfer-Encoding:: chunked\r\n\r\n'],
      ['the colon on a folded line', 'Transfer-Encoding\r\n \r\n :\r\n chunked\r\n\r\n'],
      ['a folded line that is a header itself', 'X-Other: y\r\n Transfer-Encoding: chunked\r\n\r\n'],
      ['a lone CR before it', 'X-Other: y\rTransfer-Encoding: chunked\r\n\r\n'],
      ['LF CR for line ends', 'X-Other: y\n\rTransfer-Encoding: chunked\n\r\r\n'],
      ['CR LF CR CR LF in between, which ends nothing', 'X-Other: y\r\n\r\r\nTransfer-Encoding: chunked\r\n\r\n'],
      ['one blank and LF for an empty line', 'Transfer-Encoding: chunked\n \n'],
      ['another word beside it', 'Transfer-Encoding: x chunked;\r\n\r\n'],
    ] as const
  ).map(([how, head]) => ({
    why: `browsers take the body for chunked with ${how}`,
    turns: [
      ['client', 'GET / HTTP/1.1\r\nHost: a\r\n\r\n'],
      ['server', `HTTP/1.1 200 OK\r\n${head}2\r\nab\r\n1\r\nc\r\n0\r\n\r\n`],
    ] as Turns,
    buffers: [{ 'http.response_body': 'abc' }],
  })),
  ...(
    [
      ['NUL before it', '\0'],
      ['a line of blanks before it', ' \t\r\n'],
      ['a line of something else before it', ' foobar\r\n'],
      ['a blank and CR before it', ' \r'],
    ] as const
  ).map(([how, before]) => ({
    why: `a status line is found with ${how}`,
    turns: [
      ['client', 'GET / HTTP/1.1\r\nHost: a\r\n\r\n'],
      ['server', `${before}${OK}`],
    ] as Turns,
    buffers: [{ 'http.stat_code': '200', 'http.response_body': 'ok' }],
  })),
  {
    why: 'a body that was announced as chunked and is not',
    turns: [
      ['client', 'GET / HTTP/1.1\r\nHost: a\r\n\r\n'],
      ['server', 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nplain text'],
    ],
    buffers: [{ 'http.response_body': 'plain text' }],
    anomalies: [['invalid_response_chunk_len']],
  },
  {
    why: 'behind a chunk longer than can be counted nothing is read',
    turns: [
      ['client', 'GET / HTTP/1.1\r\nHost: a\r\n\r\n'],
      ['server', 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n10000000000000000\r\nplain text'],
    ],
    buffers: [{ 'http.response_body': undefined }],
    anomalies: [[]],
  },
  {
    why: 'what follows a body and is no response belongs to it',
    turns: [
      ['client', 'GET / HTTP/1.1\r\nHost: a\r\n\r\n'],
      ['server', 'HTTP/1.1 200 OK\r\nContent-Length: 4 12\r\n\r\nall of the text'],
    ],
    buffers: [{ 'http.response_body': 'all of the text' }],
    anomalies: [['response_body_unexpected']],
  },
  {
    why: 'an answer without content should not tell of its length, even of none',
    turns: [
      ['client', 'GET / HTTP/1.1\r\nHost: a\r\n\r\n'],
      ['server', 'HTTP/1.1 204 No Content\r\nContent-Length: 0\r\n\r\n'],
    ],
    buffers: [{ 'http.stat_code': '204' }],
    anomalies: [['response_body_unexpected']],
  },
  {
    why: 'a body after 204 is read as its head says',
    turns: [
      ['client', 'GET / HTTP/1.1\r\nHost: a\r\n\r\n'],
      ['server', 'HTTP/1.1 204 No Content\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n0\r\n\r\n'],
    ],
    buffers: [{ 'http.response_body': 'ab' }],
    anomalies: [['response_body_unexpected']],
  },
  ...(
    [
      ['gzip is announced and deflate comes', 'gzip', deflateRawSync(LONG)],
      ['deflate is announced and gzip comes', 'deflate', gzipSync(LONG)],
      ['two are announced and one comes', 'gzip, deflate', gzipSync(LONG)],
      ['the name has other words around it', 'x gzip;', gzipSync(LONG)],
      ['NUL stands inside the name', 'gz\0ip', gzipSync(LONG)],
      ['the flags of gzip are not known', 'gzip', Uint8Array.from(gzipSync(LONG)).fill(0x80, 3, 4)],
      ['the checksum of gzip is wrong', 'gzip', Uint8Array.from(gzipSync(LONG)).fill(0xff, -8, -4)],
    ] as const
  ).map(([how, coding, bytes]) => ({
    why: `a coding is undone though ${how}`,
    turns: [
      ['client', 'GET / HTTP/1.1\r\nHost: a\r\n\r\n'],
      ['server', sized(latin1(bytes), `Content-Encoding: ${coding}\r\n`)],
    ] as Turns,
    buffers: [{ 'http.response_body': LONG }],
  })),
  ...(
    [
      ['request_line_leading_whitespace', ' GET / HTTP/1.1\r\nHost: a\r\n\r\n', OK],
      ['method_delim_non_compliant', 'GET\t/ HTTP/1.1\r\nHost: a\r\n\r\n', OK],
      ['uri_delim_non_compliant', 'GET /  HTTP/1.1\r\nHost: a\r\n\r\n', OK],
      ['double_encoded_uri', 'GET /%2541 HTTP/1.1\r\nHost: a\r\n\r\n', OK],
      ['missing_host_header', 'GET / HTTP/1.1\r\n\r\n', OK],
      ['host_header_ambiguous', 'GET http://b/ HTTP/1.1\r\nHost: a\r\n\r\n', OK],
      ['request_header_host_invalid', 'GET / HTTP/1.1\r\nHost: a b\r\n\r\n', OK],
      ['request_uri_host_invalid', 'GET http://a|b/ HTTP/1.0\r\n\r\n', OK],
      ['request_header_repetition', 'GET / HTTP/1.1\r\nHost: a\r\nA: 1\r\nA: 2\r\n\r\n', OK],
      // As in Suricata also where servers do so for good reason.
      ['response_header_repetition', 'GET / HTTP/1.1\r\nHost: a\r\n\r\n', sized('ok', 'Set-Cookie: a=1\r\nSet-Cookie: b=2\r\n')],
      ['request_field_missing_colon', 'GET / HTTP/1.1\r\nHost: a\r\nnothing\r\n\r\n', OK],
      ['request_header_invalid', 'GET / HTTP/1.1\r\nHost: a\r\nA(b: 1\r\n\r\n', OK],
      ['request_field_too_long', `GET / HTTP/1.1\r\nHost: a\r\nA: ${'b'.repeat(18_000)}\r\n\r\n`, OK],
      ['response_invalid_status', 'GET / HTTP/1.1\r\nHost: a\r\n\r\n', 'HTTP/1.1 2XX OK\r\nContent-Length: 0\r\n\r\n'],
      ['response_invalid_protocol', 'GET / HTTP/1.1\r\nHost: a\r\n\r\n', 'HTTP/x 200 OK\r\nContent-Length: 0\r\n\r\n'],
      ['response_chunked_old_proto', 'GET / HTTP/1.1\r\nHost: a\r\n\r\n', 'HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n'],
      ['range_invalid', 'GET / HTTP/1.1\r\nHost: a\r\n\r\n', sized('x', 'Content-Range: bytes 9-1/10\r\n')],
      ['100_continue_already_seen', 'GET / HTTP/1.1\r\nHost: a\r\n\r\n', `HTTP/1.1 100 C\r\n\r\nHTTP/1.1 100 C\r\n\r\n${OK}`],
    ] as const
  ).map(([anomaly, request, response]) => ({
    why: `oddity: ${anomaly}`,
    turns: [
      ['client', request],
      ['server', response],
    ] as Turns,
    buffers: [{}],
    oddity: anomaly,
  })),
  {
    why: 'line ends after a body belong to it',
    turns: [
      ['client', 'GET / HTTP/1.1\r\nHost: a\r\n\r\n'],
      ['server', `${OK}\r\n`],
    ],
    buffers: [{ 'http.response_body': 'ok\r\n' }],
  },
  {
    why: 'an interim response is not the answer',
    turns: [
      ['client', 'POST /u HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 3\r\n\r\nabc'],
      ['server', `HTTP/1.1 100 Continue\r\n\r\n${OK}`],
    ],
    buffers: [{ 'http.request_body': 'abc', 'http.stat_code': '200', 'http.response_body': 'ok' }],
  },
  {
    why: 'bare line feeds are lines',
    turns: [
      ['client', 'GET /lf HTTP/1.1\nHost: a\nUser-Agent: y\n\n'],
      ['server', 'HTTP/1.1 200 OK\nContent-Length: 2\n\nok'],
    ],
    buffers: [{ 'http.uri': '/lf', 'http.user_agent': 'y', 'http.response_body': 'ok' }],
  },
  {
    why: 'a target with host goes before the header',
    turns: [
      ['client', 'GET http://real.example/p HTTP/1.1\r\nHost: other.example\r\n\r\n'],
      ['server', OK],
    ],
    buffers: [{ 'http.host': 'real.example' }],
  },
  {
    why: 'a request of one line only',
    turns: [
      ['client', 'GET /old\r\n'],
      ['server', 'plain text'],
    ],
    buffers: [{ 'http.uri': '/old', 'http.response_body': 'plain text' }],
    anomalies: [[]],
  },
  {
    why: 'headers behind a line without a version: it was left out',
    turns: [
      ['client', 'GET /old\r\nHost: a\r\n\r\n'],
      ['server', OK],
    ],
    buffers: [{ 'http.uri': '/old', 'http.host': 'a' }],
    anomalies: [['request_line_missing_protocol']],
  },
  {
    why: 'neither method nor version are known',
    turns: [
      ['client', 'DESCRIBE rtsp://h/ RTSP/1.0\r\nHost: h\r\n\r\n'],
      ['server', OK],
    ],
    buffers: [{ 'http.method': 'DESCRIBE', 'http.protocol': 'RTSP/1.0' }],
    anomalies: [['request_line_invalid']],
  },
  {
    why: 'bytes that come with a request and begin no other one go on with its body',
    turns: [
      ['client', 'GET /one HTTP/1.1\r\nHost: a\r\n\r\nnot announced\r\nGET /two HTTP/1.1\r\nHost: a\r\n\r\n'],
      ['server', OK + OK],
    ],
    buffers: [{ 'http.uri': '/one', 'http.request_body': 'not announced\r\n' }, { 'http.uri': '/two' }],
    anomalies: [['request_body_unexpected'], []],
  },
  {
    why: 'several ranges tell their own end, where nothing else does',
    turns: [
      ['client', 'GET /r HTTP/1.1\r\nHost: a\r\n\r\n'],
      ['server', 'HTTP/1.1 206 Partial\r\nContent-Type: multipart/byteranges; boundary=x\r\n\r\n--x--'],
    ],
    buffers: [{ 'http.uri': '/r', 'http.response_body': undefined }],
    anomalies: [['response_multipart_byteranges']],
  },
  {
    why: 'a length tells it for them',
    turns: [
      ['client', 'GET /r HTTP/1.1\r\nHost: a\r\n\r\n'],
      ['server', 'HTTP/1.1 206 Partial\r\nContent-Type: multipart/byteranges; boundary=x\r\nContent-Length: 5\r\n\r\n--x--'],
    ],
    buffers: [{ 'http.uri': '/r' }],
    anomalies: [[]],
  },
  {
    why: 'lines of blanks between requests are none',
    turns: [
      ['client', 'GET /old\n \n \t\n\nGET /next\n'],
      ['server', ''],
    ],
    buffers: [{ 'http.uri': '/old' }, { 'http.uri': '/next' }],
  },
  {
    why: 'a response that nobody asked for',
    turns: [['server', OK]],
    buffers: [{ 'http.stat_code': '200', 'http.method': undefined }],
    anomalies: [['unable_to_match_response_to_request']],
  },
  {
    why: 'CONNECT hands over what follows',
    turns: [
      ['client', 'CONNECT h.example:443 HTTP/1.1\r\nHost: h.example:443\r\n\r\n'],
      ['server', 'HTTP/1.1 200 OK\r\n\r\n'],
      ['client', '\x16\x03\x01 something else'],
    ],
    buffers: [{ 'http.method': 'CONNECT', 'http.host': 'h.example', 'http.header_names': undefined, 'http.header': undefined }],
    nextProtocol: 'unknown',
  },
  {
    why: 'behind a CONNECT that is refused HTTP goes on',
    turns: [
      ['client', 'CONNECT h.example:443 HTTP/1.1\r\nHost: h.example:443\r\n\r\n'],
      ['server', 'HTTP/1.1 403 No\r\nContent-Length: 0\r\n\r\n'],
    ],
    buffers: [{ 'http.method': 'CONNECT', 'http.header_names': '\r\nHost\r\n\r\n' }],
  },
  {
    why: 'an upgrade names what follows',
    turns: [
      ['client', 'GET /ws HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n'],
      ['server', 'HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n\r\n'],
    ],
    buffers: [{ 'http.uri': '/ws', 'http.stat_code': '101' }],
    nextProtocol: 'websocket',
  },
  {
    why: 'a length that is no number',
    turns: [
      ['client', 'GET / HTTP/1.1\r\nHost: a\r\nContent-Length: many\r\n\r\n'],
      ['server', OK],
    ],
    buffers: [{ 'http.uri': '/' }],
    anomalies: [['invalid_content_length_field_in_request']],
  },
  {
    why: 'a body cut off is kept as far as it came',
    turns: [
      ['client', 'POST /cut HTTP/1.1\r\nHost: a\r\nContent-Length: 100\r\n\r\nonly this'],
      ['server', ''],
    ],
    buffers: [{ 'http.request_body': 'only this' }],
  },
];

describe.each(cases)('$why', ({ turns, buffers, anomalies, nextProtocol, oddity }) => {
  const told = tell(protocol, whole(turns), settings);

  test('is read', () => {
    expect(told.transactions).toHaveLength(buffers.length);
    if (oddity !== undefined) {
      expect(told.transactions[0].anomalies).toContain(oddity);
      return;
    }
    buffers.forEach((expected, index) => {
      for (const [name, text] of Object.entries(expected))
        expect(told.transactions[index].buffers[name] ?? told.transactions[index].buffers[`${name}<`], name).toEqual(text === undefined ? undefined : [text]);
    });
    for (const [index, expected] of (anomalies ?? []).entries()) expect(told.transactions[index].anomalies).toEqual(expected);
    expect(told.nextProtocol).toBe(nextProtocol);
  });

  // A case of 18,000 bytes is cut in as many ways.
  test('is the same at every split', { timeout: 300_000 }, () => {
    for (const pieces of everySplit(turns)) expect(tell(protocol, pieces, settings)).toEqual(told);
  });
});

test('every anomaly that a case shows is declared', () => {
  const declared = new Set(protocol.anomalies.map(({ name }) => name));
  const shown = cases.flatMap(({ turns }) => tell(protocol, whole(turns), settings).transactions.flatMap((one) => one.anomalies));
  expect(shown.length).toBeGreaterThan(0);
  expect(shown.filter((name) => !declared.has(name))).toEqual([]);
});

describe('the record, as the configuration asks for it', () => {
  const flow = new Flow();
  const session = protocol.open(flow, settings);
  const bytes = (text: string): Uint8Array => Uint8Array.from(text, (letter) => letter.charCodeAt(0));
  const request = bytes('GET /a HTTP/1.1\r\nHost: a.example\r\nReferer: http://b.example/\r\nAccept-Language: de\r\n\r\n');
  session.consume(0, request, 0, request.length, false, 0);
  session.consume(1, bytes(OK), 0, OK.length, false, 0);
  const BASIC = ['hostname', 'url'];
  const EXTENDED = ['hostname', 'url', 'http_refer', 'http_method', 'protocol', 'status', 'length'];
  test.each([
    ['nothing is said: in full', undefined, EXTENDED],
    ['named without options: what it was about', {}, BASIC],
    ['extended', { extended: 'yes' }, EXTENDED],
    ['further headers by name', { custom: ['Accept-Language', 'Cookie'] }, [...BASIC, 'accept_language']],
  ])('%s', (_why, options, fields) => {
    const [{ body }] = protocol.records(session.transactions[0], flow, options);
    expect(Object.keys(body)).toEqual(fields);
  });
});

test.each([
  ['a capture that begins in the middle, with the server', true, IS_THIS_REVERSED],
  ['who began the connection is no server', false, NOT_THIS],
] as const)('a response from the side taken for the client: %s', (_why, midstream, expected) => {
  const flow = new Flow();
  flow.stream = { midstream };
  const bytes = Uint8Array.from(OK, (letter) => letter.charCodeAt(0));
  expect(protocol.recognise(bytes, 0, bytes.length, 0, flow)).toBe(expected);
});

test.each([
  ['a version that there is', 'HTTP/1.0 200 OK', IS_THIS],
  ['the beginning of one', 'HTTP/1', NEED_MORE],
  ['another one is some other protocol, or noise', 'HTTP/5.2 200 OK', NOT_THIS],
] as const)('a response tells HTTP by its version: %s', (_why, line, expected) => {
  const bytes = Uint8Array.from(line, (letter) => letter.charCodeAt(0));
  expect(protocol.recognise(bytes, 0, bytes.length, 1, new Flow())).toBe(expected);
});

test('where everything is odd nothing more is told', () => {
  // Each of them lacks its host; the unexpected ends after as many as are told.
  const odd = 'GET / HTTP/1.1\r\nnothing\r\n\r\n';
  const { transactions } = tell(protocol, whole([['client', odd.repeat(300)]]), settings);
  const told = transactions.flatMap((one) => one.anomalies);
  expect(told.filter((name) => name === 'too_many_warnings')).toHaveLength(1);
  expect(told).toHaveLength(513);
  expect(transactions[299].anomalies).toEqual([]);
});

test.each<readonly [why: string, line: string, isTold: boolean]>([
  ['a header without an end is told as soon as it is too long', `A: ${'b'.repeat(18_000)}`, true],
  ['one that may still be short enough is not', `A: ${'b'.repeat(17_999)}`, false],
  ['blanks do not count: they may be all there is', `A: ${' '.repeat(18_000)}`, false],
])('%s', (_why, line, isTold) => {
  const session = protocol.open(new Flow(), settings);
  const bytes = Uint8Array.from(`GET / HTTP/1.1\r\n${line}`, (letter) => letter.charCodeAt(0));
  const read = session.consume(0, bytes, 0, bytes.length, false, 0);
  session.consume(0, bytes, read, bytes.length, false, 0);
  expect(session.transactions[0].anomalies ?? []).toEqual(isTold ? ['request_field_too_long'] : []);
});
