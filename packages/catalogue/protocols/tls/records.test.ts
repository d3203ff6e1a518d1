/** Which connections are worth a record when the capture ends before the handshake does. */
import { DEFAULT_SETTINGS, TO_CLIENT, TO_SERVER } from '@sigwright/contracts';
import { expect, test } from 'vitest';
import { isWorthRecording } from './records.ts';
import { TlsSession } from './transactions.ts';

const RANDOM = new Array<number>(32).fill(7);
const CLIENT_HELLO = [22, 3, 1, 0, 45, 1, 0, 0, 41, 3, 3, ...RANDOM, 0, 0, 2, 0x13, 1, 1, 0];
const SERVER_HELLO = [22, 3, 3, 0, 42, 2, 0, 0, 38, 3, 3, ...RANDOM, 0, 0, 0x2f, 0];
/** A certificate message of 100 bytes, of which as many came. */
const certificate = (came: number): readonly number[] => [22, 3, 3, 0, 100, 11, 0, 0, 96, ...new Array<number>(96).fill(0)].slice(0, 5 + came);

function isRecorded(answer: readonly number[], acknowledged: boolean): boolean {
  const session = new TlsSession(DEFAULT_SETTINGS, 0);
  const said = (direction: 0 | 1, bytes: readonly number[], ended: boolean) => session.consume(direction, Uint8Array.from(bytes), 0, bytes.length, ended);
  said(TO_SERVER, CLIENT_HELLO, false);
  if (acknowledged) said(TO_CLIENT, answer, false);
  said(TO_SERVER, [], true);
  if (!acknowledged) said(TO_CLIENT, answer, true);
  session.finish();
  return isWorthRecording(session.transactions[0] as Parameters<typeof isWorthRecording>[0]);
}

test.each<readonly [why: string, answer: readonly number[], acknowledged: boolean, expected: boolean]>([
  ['the hello of the client alone', [], true, true],
  ['an answer without a certificate', SERVER_HELLO, true, false],
  ['an answer that is read at the end only', SERVER_HELLO, false, false],
  ['the same, and most of what is missing', [...SERVER_HELLO, ...certificate(70)], false, false],
  ['the same, and little of what is missing', [...SERVER_HELLO, ...certificate(50)], false, true],
  ['little of it that was acknowledged', [...SERVER_HELLO, ...certificate(50)], true, false],
  ['an answer at the end that is none of TLS', Array.from('220 mail\r\n', (letter) => letter.charCodeAt(0)), false, true],
])('%s', (_why, answer, acknowledged, expected) => {
  expect(isRecorded(answer, acknowledged)).toBe(expected);
});

test.each<readonly [why: string, answer: readonly number[], expected: boolean]>([
  ['ends in nothing readable', [...SERVER_HELLO, 0xff, 0xff, 0, 0, 0, 1, 2], true],
  ['goes over to encryption', [...SERVER_HELLO, 23, 3, 3, 0, 4, 1, 2, 3, 4, 23, 3, 3, 0, 1, 1], false],
])('it makes no difference where an answer was cut that %s', (_why, bytes, expected) => {
  const answer = Uint8Array.from(bytes);
  for (let cut = 0; cut <= answer.length; cut++) {
    const session = new TlsSession(DEFAULT_SETTINGS, 0);
    session.consume(TO_SERVER, Uint8Array.from(CLIENT_HELLO), 0, CLIENT_HELLO.length, true);
    const read = session.consume(TO_CLIENT, answer, 0, cut, false);
    if (!session.done) session.consume(TO_CLIENT, answer, read, answer.length, true);
    session.finish();
    expect([cut, isWorthRecording(session.transactions[0] as Parameters<typeof isWorthRecording>[0])]).toEqual([cut, expected]);
  }
});

test('a handshake of which a message is longer than any goes on where the next record begins', () => {
  const session = new TlsSession(DEFAULT_SETTINGS, 0);
  const said = (direction: 0 | 1, ...records: readonly (readonly number[])[]) => {
    const bytes = Uint8Array.from(records.flat());
    session.consume(direction, bytes, 0, bytes.length);
  };
  const changed = [20, 3, 3, 0, 1, 1];
  said(TO_SERVER, CLIENT_HELLO);
  said(TO_CLIENT, SERVER_HELLO, [22, 3, 3, 0, 4, 56, 255, 0, 0]);
  said(TO_SERVER, changed);
  said(TO_CLIENT, changed);
  const [transaction] = session.transactions as Parameters<typeof isWorthRecording>[0][];
  expect(transaction.anomalies).toContain('handshake_invalid_length');
  expect(isWorthRecording(transaction)).toBe(true);
});
