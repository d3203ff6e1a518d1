/** WebSocket: masks, messages in several frames with control frames between, compressed messages that refer to each other, limits. */
import { deflateRawSync } from 'node:zlib';
import { latin1 } from '@sigwright/bytes';
import { expect, test } from 'vitest';
import { SAMPLES, webSocketFrame } from '../../message-samples.ts';
import { everySplit, type Turns, tell, whole } from '../../session-kit.ts';
import { protocol } from './websocket.definition.ts';

const { websocket } = SAMPLES;
const read = (turns: Turns) => tell(protocol, whole(turns)).transactions;
const payloads = (turns: Turns) => read(turns).map((one) => (one.buffers['websocket.payload'] ?? one.buffers['websocket.payload<'] ?? [])[0]);
const bodies = (turns: Turns) => read(turns).flatMap((one) => one.records.map((record) => (record as { body: unknown }).body));

const TEXT = 0x81;
const COMPRESSED_TEXT = 0xc1;

const dialogue: Turns = [
  ['client', websocket.hello],
  ['server', websocket.first + websocket.ping + websocket.last],
  ['client', websocket.pong],
  ['server', websocket.close],
];

test('frames are recorded, and the last one of a message shows it whole', () => {
  expect(bodies(dialogue)).toEqual([
    { fin: true, mask: 0x01020304, opcode: 'text' },
    { fin: false, opcode: 'text' },
    { fin: true, opcode: 'ping' },
    { fin: true, opcode: 'continuation' },
    { fin: true, mask: 0x0a0b0c0d, opcode: 'pong' },
    { fin: true, opcode: 'connection_close' },
  ]);
  expect(payloads(dialogue)).toEqual(['hello', 'in two ', '?', 'in two pieces', '?', '\x03\xe8']);
});

test('is the same at every split', () => {
  const told = tell(protocol, whole(dialogue));
  for (const pieces of everySplit(dialogue)) expect(tell(protocol, pieces)).toEqual(told);
});

/** As RFC 7692 §7.2.1 has it: a flush at the end, and its last four bytes left out. */
function compressed(text: string, dictionary?: string): string {
  const FLUSH = 2;
  const options = { finishFlush: FLUSH, ...(dictionary === undefined ? {} : { dictionary: Buffer.from(dictionary, 'latin1') }) };
  const bytes = deflateRawSync(Buffer.from(text, 'latin1'), options);
  return latin1(bytes, 0, bytes.length - 4);
}

const LINE = 'the same words again and again, ';

test('a compressed message may refer to the one before it, and come in several frames', () => {
  const second = compressed(LINE, LINE);
  expect(second.length).toBeLessThan(compressed(LINE).length);
  const turns: Turns = [
    ['server', webSocketFrame(COMPRESSED_TEXT, compressed(LINE))],
    ['server', webSocketFrame(0x41, second.slice(0, 3)) + webSocketFrame(0x80, second.slice(3))],
    ['server', webSocketFrame(TEXT, 'plain')],
  ];
  expect(payloads(turns)).toEqual([LINE, second.slice(0, 3), LINE, 'plain']);
});

test('each direction has its own past', () => {
  const turns: Turns = [
    ['server', webSocketFrame(COMPRESSED_TEXT, compressed(LINE))],
    ['client', webSocketFrame(COMPRESSED_TEXT, compressed('something else'))],
    ['server', webSocketFrame(COMPRESSED_TEXT, compressed(LINE, LINE))],
  ];
  expect(payloads(turns)).toEqual([LINE, 'something else', LINE]);
});

test('compressed bytes that are none stay as they are', () => {
  expect(payloads([['server', webSocketFrame(COMPRESSED_TEXT, '\xff\xff\xff')]])).toEqual(['\xff\xff\xff']);
});

test('a message that grows without end is cut, and those after it are not guessed at', () => {
  const turns: Turns = [
    ['server', webSocketFrame(COMPRESSED_TEXT, compressed('x'.repeat(10_000_000)))],
    ['server', webSocketFrame(COMPRESSED_TEXT, compressed(LINE, LINE))],
  ];
  const [first, second] = payloads(turns);
  expect(first.length).toBe(262_144);
  expect(second).toBe(compressed(LINE, LINE));
});

test('payloads beyond the limit are kept to the limit, and the next frame is found', () => {
  const [first, second] = read([['client', webSocketFrame(0x82, 'y'.repeat(100_000)) + websocket.hello]]);
  expect(first.anomalies).toEqual(['skip_end_of_payload']);
  expect(first.buffers['websocket.payload'][0].length).toBeLessThanOrEqual(65_536);
  expect(second.buffers['websocket.payload']).toEqual(['hello']);
  const frames = webSocketFrame(0x02, 'y'.repeat(40_000)) + webSocketFrame(0x80, 'z'.repeat(40_000));
  expect(read([['client', frames]]).map((one) => one.anomalies)).toEqual([[], ['reassembly_limit_reached']]);
});

test('a length that can not be ends the conversation', () => {
  expect(tell(protocol, whole([['client', `\x81\x7f${'\xff'.repeat(8)}`]]))).toMatchObject({ broken: true, anomalies: ['malformed_data'] });
});

test('reserved numbers are shown as such', () => {
  expect(bodies([['client', webSocketFrame(0x8b, '')]])).toEqual([{ fin: true, opcode: 'unknown-11' }]);
});

test('a message of very many frames is put together', () => {
  const frames = webSocketFrame(0x02, '') + webSocketFrame(0x00, 'y').repeat(60_000) + webSocketFrame(0x00, '').repeat(700_000) + webSocketFrame(0x80, 'z');
  expect(payloads([['client', frames]]).at(-1)).toBe(`${'y'.repeat(60_000)}z`);
});
