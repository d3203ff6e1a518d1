/** FTP: what is agreed on about data connections, commands that are never answered. */
import { fromLatin1 } from '@sigwright/bytes';
import { DEFAULT_SETTINGS, type Direction, Flow, IS_THIS, NEED_MORE, NOT_THIS, type Recognition, TO_CLIENT, TO_SERVER } from '@sigwright/contracts';
import { describe, expect, test } from 'vitest';
import { everySplit, type Turns, tell, whole } from '../../session-kit.ts';
import { protocol } from './ftp.definition.ts';
import { FtpSession } from './session.ts';

const lines = (...all: readonly string[]): string => all.map((line) => `${line}\r\n`).join('');

function expectations(turns: Turns): readonly unknown[] {
  const session = new FtpSession(DEFAULT_SETTINGS);
  for (const [direction, bytes] of whole(turns)) session.consume(direction, bytes, 0, bytes.length, false, 1);
  return session.expectations;
}

describe('data connections', () => {
  test.each<[why: string, turns: Turns, expected: readonly unknown[]]>([
    [
      'the client listens where it says so',
      [['client', lines('PORT 10,0,0,5,4,1', 'RETR a.bin')]],
      [{ protocol: 'ftp-data', listener: 'client', port: 1025, detail: { command: 'RETR', fileName: 'a.bin' } }],
    ],
    [
      'the server listens where its reply says so; a listing has no name',
      [
        ['client', lines('EPSV')],
        ['server', lines('229 ok (|||6446|)')],
        ['client', lines('LIST /pub')],
      ],
      [{ protocol: 'ftp-data', listener: 'server', port: 6446, detail: { command: 'LIST', fileName: '' } }],
    ],
    [
      'the server chooses the name',
      [['client', lines('EPRT |2|::1|5282|', 'STOU')]],
      [{ protocol: 'ftp-data', listener: 'client', port: 5282, detail: { command: 'STOU', fileName: '<stou>' } }],
    ],
    [
      'the port stands behind words and fields of a longer kind',
      [
        ['client', lines('EPSV')],
        ['server', lines('229 Ready, 10-20 s; go (|2|2001:db8:1111:2222:3333:4444:5555:6666|6447|)')],
        ['client', lines('RETR b', 'PASV')],
        ['server', lines('227 From 2024 on, 12 s: (10,0,0,1,4,2)')],
        ['client', lines('RETR c')],
      ],
      [expect.objectContaining({ port: 6447 }), expect.objectContaining({ port: 1026 })],
    ],
    ['a port serves once', [['client', lines('PORT 1,2,3,4,5,6', 'RETR a', 'RETR b')]], [expect.objectContaining({ port: 1286 })]],
  ])('%s', (_why, turns, expected) => {
    expect(expectations(turns)).toEqual(expected);
  });

  test('a transfer without one is told', () => {
    expect(tell(protocol, whole([['client', lines('RETR a')]])).transactions[0].anomalies).toEqual(['file_before_port']);
  });
});

test.each<[why: string, pieces: readonly string[], replies: readonly (readonly string[])[]]>([
  ['at once', [lines('230-welcome', ' rules', '230 in')], [['welcome', ' rules', 'in']]],
  ['in two pieces is two, as in Suricata', [lines('230-welcome'), lines(' rules', '230 in')], [['welcome'], [' rules', 'in']]],
  ['is one where the first piece is cut within a line', ['230-welcome\r\n ru', 'les\r\n230 in\r\n'], [['welcome', ' rules', 'in']]],
  ['without codes ends with its piece, too', [':irc.example NOTICE\r\n:irc', '.example 001\r\n'], [[':irc.example NOTICE'], [':irc.example 001']]],
])('a reply of several lines %s', (_why, pieces, replies) => {
  const session = new FtpSession(DEFAULT_SETTINGS);
  const say = (direction: Direction, text: string): number => session.consume(direction, fromLatin1(text), 0, text.length, false, 1);
  say(TO_SERVER, lines('PASS secret'));
  let unread = '';
  for (const piece of pieces) {
    const text = unread + piece;
    unread = text.slice(say(TO_CLIENT, text));
  }
  expect(session.transactions.map((transaction) => transaction.replies)).toEqual(replies);
});

test('commands that nobody answers end the reading', () => {
  const settings = { ...DEFAULT_SETTINGS, ftp: { ...DEFAULT_SETTINGS.ftp, mostTransactions: 2 } };
  const turns: Turns = [['client', lines('PWD', 'CWD a', 'CWD b', 'CWD c')]];
  const told = tell(protocol, whole(turns), settings);
  expect(told.broken).toBe(true);
  expect(told.transactions.map((transaction) => transaction.anomalies)).toEqual([[], ['too_many_transactions']]);
  for (const pieces of everySplit(turns)) expect(tell(protocol, pieces, settings)).toEqual(told);
});

test.each<readonly [why: string, first: string, answer: Recognition]>([
  ['who signs in', 'USER alice', IS_THIS],
  ['who asks first what the server can', 'FEAT\r\n', IS_THIS],
  ['who asks for encryption', 'AUTH TLS', IS_THIS],
  ['too little to tell', 'FE', NEED_MORE],
  ['who speaks of something else', 'HELO alice', NOT_THIS],
])('recognised by the first command: %s', (_why, first, answer) => {
  const bytes = Uint8Array.from(first, (letter) => letter.charCodeAt(0));
  expect(protocol.recognise!(bytes, 0, bytes.length, TO_SERVER, new Flow())).toBe(answer);
});
