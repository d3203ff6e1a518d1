/** Telnet: commands and lines as frames, the same at every split. */
import { fromLatin1, latin1 } from '@sigwright/bytes';
import { type Direction, Flow, type FrameSink, IS_THIS, NEED_MORE, NOT_THIS, TO_SERVER } from '@sigwright/contracts';
import { expect, test } from 'vitest';
import { everySplit, type Turns, whole } from '../../session-kit.ts';
import { TelnetSession } from './session.ts';
import { protocol } from './telnet.definition.ts';

function framesOf(pieces: readonly (readonly [Direction, Uint8Array])[]): string[] {
  const session = new TelnetSession();
  const frames: string[] = [];
  let given: Uint8Array = new Uint8Array(0);
  const sink: FrameSink = {
    begin(direction, type, at, length) {
      frames.push(`${direction === TO_SERVER ? '>' : '<'}${type} ${latin1(given, at, at + length)}`);
      return { length, transaction: undefined };
    },
    endAt: () => undefined,
  };
  session.frames = sink;
  const held = ['', ''];
  const last = [0, 1].map((direction) => pieces.findLastIndex((piece) => piece[0] === direction));
  pieces.forEach(([direction, piece], index) => {
    const bytes = fromLatin1(held[direction] + latin1(piece));
    given = bytes;
    const consumed = session.consume(direction, bytes, 0, bytes.length, index === last[direction]);
    held[direction] = latin1(bytes.slice(consumed));
  });
  return frames;
}

const turns: Turns = [
  ['client', '\xff\xfb\x18\xff\xfa\x18\0xterm\xff\xff\xff\xf0'],
  ['server', '\xff\xf1\r\nlogin: '],
  ['client', 'alice\r\n'],
  ['server', '\xff\xfb\x01Password: \r\n\xff\xfc\x01$ '],
];
const expected = [
  '>ctl \xff\xfb\x18',
  '>ctl \xff\xfa\x18\0xterm\xff\xff',
  '>ctl \xff\xf0',
  '<ctl \xff\xf1',
  '<data \r\n',
  '>data alice\r\n',
  '<data login: \xff\xfb\x01Password: \r\n',
  '<ctl \xff\xfc\x01',
  '<data $ ',
];

test('commands and lines', () => expect(framesOf(whole(turns))).toEqual(expected));

test('are the same at every split', () => {
  for (const pieces of everySplit(turns)) expect(framesOf(pieces).sort()).toEqual([...expected].sort());
});

test('a line that does not end is taken in pieces', () => {
  expect(framesOf(whole([['client', 'x'.repeat(150_000)]])).map((one) => one.length - 6)).toEqual([65_536, 65_536, 18_928]);
});

test.each([
  ['a command', '\xff\xfd\x03', IS_THIS],
  ['half a command', '\xff', NEED_MORE],
  ['a byte that stands for itself', '\xff\xff', NOT_THIS],
  ['text', 'login: ', NOT_THIS],
] as const)('recognises %s', (_why, text, answer) => {
  expect(protocol.recognise(fromLatin1(text), 0, text.length, TO_SERVER, new Flow())).toBe(answer);
});
