/** DCE/RPC over TCP: what is no transaction. */
import { DEFAULT_SETTINGS, Flow, IS_THIS, TO_CLIENT, TO_SERVER } from '@sigwright/contracts';
import { expect, test } from 'vitest';
import { protocol } from './dcerpc.definition.ts';

/** Version 5.0, AUTH3, first and last fragment, little endian, 32 bytes, call 7. */
const AUTH3 = Uint8Array.of(5, 0, 16, 3, 0x10, 0, 0, 0, 32, 0, 0, 0, 7, 0, 0, 0, ...new Uint8Array(16));

test('AUTH3 ends a logon and is no transaction', () => {
  const session = protocol.open(new Flow(), DEFAULT_SETTINGS);
  session.consume(TO_SERVER, AUTH3, 0, AUTH3.length, false, 1);
  expect(session.transactions).toEqual([]);
});

test('calls without an answer are bounded, and that is told', () => {
  const session = protocol.open(new Flow(), DEFAULT_SETTINGS);
  session.mostOpen = 2;
  for (let call = 1; call <= 4; call++) {
    // REQUEST, whole, 24 bytes, without a stub, operation 3.
    const request = Uint8Array.of(5, 0, 0, 3, 0x10, 0, 0, 0, 24, 0, 0, 0, call, 0, 0, 0, 0, 0, 0, 0, 0, 0, 3, 0);
    session.consume(TO_SERVER, request, 0, request.length, false, 1);
  }
  expect(session.transactions.map(({ anomalies }) => anomalies)).toEqual([['too_many_transactions'], ['too_many_transactions'], undefined, undefined]);
});

test('answers of SOCKS 5 are taken for units, and nothing is read of them', () => {
  const answers = Uint8Array.of(5, 0, 5, 0, 0, 1, 127, 0, 0, 1, 4, 56);
  expect(protocol.recognise(answers, 0, answers.length, TO_CLIENT, new Flow())).toBe(IS_THIS);
  const session = protocol.open(new Flow(), DEFAULT_SETTINGS);
  session.consume(TO_CLIENT, answers, 0, answers.length, false, 1);
  expect(session.transactions).toEqual([]);
});
