/** Frames: where protocols say they lie, rules on them, records, what is kept of the bytes, and that nobody pays who did not ask. */
import { catalogue } from '@sigwright/catalogue';
import { DEFAULT_SETTINGS } from '@sigwright/contracts';
import { parseRules } from '@sigwright/rule-language';
import { composeCapture } from '@sigwright/traffic';
import { describe, expect, test } from 'vitest';
import { buildPlan, DEFAULT_EVE, Engine, EveWriter, usePlan } from '../index.ts';
import { FlowFrames } from './frames.ts';

const latin1 = (text: string): Uint8Array => Uint8Array.from(text, (letter) => letter.charCodeAt(0));
type Exchange = readonly ['client' | 'server', string];

const HTTP: readonly Exchange[] = [
  ['client', 'POST /a HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\n\r\nbodyGET /b HTTP/1.1\r\nHost: a\r\n\r\n'],
  ['server', 'HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhelloHTTP/1.1 204 No\r\n\r\n'],
];
const SMTP: readonly Exchange[] = [
  ['server', '220 ready\r\n'],
  ['client', 'HELO me\r\n'],
  ['server', '250 ok\r\n'],
  ['client', 'MAIL FROM:<a@b>\r\n'],
  ['server', '250 ok\r\n'],
  ['client', 'DATA\r\n'],
  ['server', '354 go\r\n'],
  ['client', 'one\r\ntwo\r\n.\r\n'],
  ['server', '250 taken\r\n'],
];

function run(port: number, exchanges: readonly Exchange[], rules: string, types: ReadonlySet<string>): Record<string, unknown>[] {
  const capture = composeCapture({ seed: 1 });
  capture.tcpConversation({
    client: '10.0.0.5',
    server: '203.0.113.9',
    serverPort: port,
    exchanges: exchanges.map(([from, text]) => ({ from, bytes: latin1(text) })),
  });
  const build = buildPlan([{ path: 'test', rules: parseRules(rules).rules }], catalogue, DEFAULT_SETTINGS);
  expect(build.problems).toEqual([]);
  const records: Record<string, unknown>[] = [];
  const writer = new EveWriter((record) => records.push(record), DEFAULT_SETTINGS, catalogue.protocols, { ...DEFAULT_EVE, types });
  const engine = new Engine(usePlan(build.data, catalogue, DEFAULT_SETTINGS), catalogue, DEFAULT_SETTINGS, writer);
  engine.feed(capture.finish());
  engine.finish();
  return records;
}

type Shown = {
  type: string;
  id: number;
  direction: string;
  stream_offset: number;
  length: number;
  complete: boolean;
  payload_printable: string;
  tx_id?: number;
};
const framesOf = (port: number, exchanges: readonly Exchange[]): Shown[] =>
  run(port, exchanges, '', new Set(['frame'])).map((record) => record['frame'] as Shown);

test.each<readonly [why: string, port: number, exchanges: readonly Exchange[], frames: readonly string[]]>([
  [
    'messages of HTTP, one behind the other',
    80,
    HTTP,
    [
      'toserver request 0+52 tx 0: POST /a HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\n\r\nbody',
      'toserver request 52+28 tx 1: GET /b HTTP/1.1\r\nHost: a\r\n\r\n',
      'toclient response 0+43 tx 0: HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello',
      'toclient response 43+19 tx 1: HTTP/1.1 204 No\r\n\r\n',
    ],
  ],
  [
    'lines of SMTP with their ends, and the text',
    25,
    SMTP,
    [
      'toclient response_line 0+11: 220 ready\r\n',
      'toserver command_line 0+9 tx 0: HELO me\r\n',
      'toclient response_line 11+8 tx 0: 250 ok\r\n',
      'toserver command_line 9+17 tx 0: MAIL FROM:<a@b>\r\n',
      'toclient response_line 19+8 tx 0: 250 ok\r\n',
      'toserver command_line 26+6 tx 0: DATA\r\n',
      'toclient response_line 27+8 tx 0: 354 go\r\n',
      'toserver data 32+10 tx 0: one\r\ntwo\r\n',
      'toclient response_line 35+11 tx 0: 250 taken\r\n',
    ],
  ],
])('%s', (_why, port, exchanges, expected) => {
  const told = framesOf(port, exchanges).filter((frame) => frame.type !== 'stream');
  expect(told.every((frame) => frame.complete)).toBe(true);
  expect(
    told
      .map(
        ({ direction, type, stream_offset: at, length, tx_id: id, payload_printable: text }) =>
          `${direction} ${type} ${at}+${length}${id === undefined ? '' : ` tx ${id}`}: ${text}`,
      )
      .sort(),
  ).toEqual([...expected].sort());
});

test('the stream is a frame, too, and the first of its direction', () => {
  const streams = framesOf(80, HTTP).filter((frame) => frame.type === 'stream');
  expect(streams.map(({ direction, id, stream_offset: at, length }) => [direction, id, at, length]).sort()).toEqual([
    ['toclient', 1, 0, 62],
    ['toserver', 1, 0, 80],
  ]);
});

describe('rules', () => {
  const alerts = (header: string, options: string): number =>
    run(80, HTTP, `alert ${header} any any -> any any (${options} sid:1;)`, new Set(['alert'])).length;

  test.each<readonly [why: string, header: string, options: string, alerts: number]>([
    ['once for each frame', 'http', 'frame:http1.request; content:"Host";', 2],
    ['with the protocol in the header alone', 'http1', 'frame:request; content:"Host";', 2],
    ['without a protocol in the header', 'tcp', 'frame:http1.response; content:"HTTP";', 2],
    ['the beginning of a frame is no beginning of the stream', 'http', 'frame:http1.request; content:"GET"; startswith;', 1],
    ['nor is its end', 'http', 'frame:http1.request; content:"body"; endswith;', 1],
    ['its size', 'http', 'frame:http1.response; content:"HTTP"; bsize:19;', 1],
    ['offset and depth count from its beginning', 'http', 'frame:http1.request; content:"/b"; offset:4; depth:2;', 1],
    ['transforms', 'http', 'frame:http1.request; strip_whitespace; content:"GET/b";', 1],
    ['contents do not reach into the next frame', 'http', 'frame:http1.request; content:"bodyGET";', 0],
    ['but in the stream they do', 'http', 'frame:http1.stream; content:"bodyGET";', 1],
    ['the direction is asked for', 'http', 'flow:to_client; frame:http1.stream; content:"GET";', 0],
    ['frames of another protocol', 'tcp', 'frame:smtp.command_line; content:"GET";', 0],
  ])('%s', (_why, header, options, expected) => {
    expect(alerts(header, options)).toBe(expected);
  });

  test('an alert shows its frame and transaction', () => {
    const [record] = run(80, HTTP, 'alert http any any -> any any (frame:http1.request; content:"/b"; sid:1;)', new Set(['alert']));
    expect(record).toMatchObject({ tx_id: 1, http: { url: '/b' }, frame: { type: 'request', id: 3, stream_offset: 52, length: 28, complete: true } });
  });

  test.each([
    ['frame:http1.line; content:"a";', 'frame/unknown'],
    ['frame:http.request; content:"a";', 'frame/unknown'],
    ['content:"a"; frame:http1.request; content:"a";', 'frame/mixed'],
    ['http.uri; content:"a"; frame:http1.request; content:"a";', 'frame/mixed'],
    ['frame:http1.request; content:"a"; frame:http1.response; content:"a";', 'frame/several'],
  ])('%s is refused', (options, code) => {
    const { problems } = buildPlan(
      [{ path: 'test', rules: parseRules(`alert tcp any any -> any any (${options} sid:1;)`).rules }],
      catalogue,
      DEFAULT_SETTINGS,
    );
    expect(problems.flatMap((one) => one.diagnostics.map((diagnostic) => diagnostic.code))).toEqual([code]);
  });
});

describe('bytes', () => {
  const shown = (frames: FlowFrames, at: number): string[] =>
    [...frames.sides[0].pieces(frames.sides[0].live[at])].map(
      ({ bytes, start, end, offset }) => `${offset}:${String.fromCharCode(...bytes.subarray(start, end))}`,
    );

  test('lost bytes part a frame', () => {
    const frames = new FlowFrames(true);
    frames.take(0, latin1('--abc'), 2, 5, 0);
    const frame = frames.begin(0, 'pdu', 3, 6);
    frames.take(0, latin1('fgh'), 0, 3, 8);
    expect([frame.start, frame.id]).toEqual([3, 2]);
    expect(shown(frames, 1)).toEqual(['0:bc', '5:f']);
  });

  test('what was given before is not kept twice', () => {
    const frames = new FlowFrames(true);
    frames.take(0, latin1('abc'), 0, 3, 0);
    frames.take(0, latin1('bcde'), 0, 4, 1);
    expect(shown(frames, 0)).toEqual(['0:abcde']);
  });

  test('the end of a frame may show later', () => {
    const frames = new FlowFrames(true);
    frames.take(0, latin1('abcdef'), 0, 6, 100);
    const frame = frames.begin(0, 'request', 1, -1);
    frames.take(0, latin1('efgh'), 0, 4, 104);
    frames.endAt(frame, 3);
    expect([frame.start, frame.length]).toEqual([101, 6]);
    expect(shown(frames, 1)).toEqual(['0:bcdefg']);
  });

  test('bytes before the first frame that is not done with are forgotten, and a hostile number of frames', () => {
    const frames = new FlowFrames(true);
    const piece = new Uint8Array(1000).fill(97);
    const [side] = frames.sides;
    for (let round = 0; round < 5000; round++) {
      frames.take(0, piece, 0, piece.length, round * piece.length);
      frames.begin(0, 'pdu', 0, -1);
      side.release();
    }
    expect(side.live.length).toBeLessThanOrEqual(1024);
    expect(side.runs.reduce((sum, run) => sum + run.bytes.length, 0)).toBeLessThan(2_000_000);
  });

  test('a datagram stands for itself', () => {
    const frames = new FlowFrames(false);
    frames.take(0, latin1('..query'), 2, 7, 0);
    frames.begin(0, 'pdu', 2, 5);
    expect(shown(frames, 0)).toEqual(['0:query']);
    frames.take(0, latin1('next'), 0, 4, 0);
    expect(frames.sides[0].live).toEqual([]);
  });
});

test('sessions are not asked to tell where nobody wants to know', () => {
  const told: boolean[] = [];
  const build = buildPlan(
    [{ path: 'test', rules: parseRules('alert tcp any any -> any any (frame:smtp.data; content:"a"; sid:1;)').rules }],
    catalogue,
    DEFAULT_SETTINGS,
  );
  const capture = composeCapture({ seed: 1 });
  capture.tcpConversation({
    client: '10.0.0.5',
    server: '203.0.113.9',
    serverPort: 80,
    exchanges: HTTP.map(([from, text]) => ({ from, bytes: latin1(text) })),
  });
  const engine = new Engine(usePlan(build.data, catalogue, DEFAULT_SETTINGS), catalogue, DEFAULT_SETTINGS, {
    transaction: (_definition, _transaction, flow) => told.push(flow.session?.frames !== undefined),
  });
  engine.feed(capture.finish());
  engine.finish();
  expect(told).toEqual([false, false]);
});
