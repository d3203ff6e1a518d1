/** Messages of DNS that can not be read: what begins a conversation so is none, and in one they are no transactions. */
import { fromLatin1 } from '@sigwright/bytes';
import { DEFAULT_SETTINGS, Flow, IS_THIS, NOT_THIS, TO_SERVER, UDP } from '@sigwright/contracts';
import { expect, test } from 'vitest';
import { protocol } from './dns.definition.ts';

const flow = new Flow();
flow.protocol = UDP;
flow.destinationPort = 53;

const QUESTION = '\x01a\x07example\0\0\x01\0\x01';
const OPTIONS = '\0\0\x29\x10\0\0\0\0\0\0\0';
/** A request with these numbers of questions and additional records. */
const request = (questions: number, additionals: number, rest: string): Uint8Array =>
  fromLatin1(`\x12\x34\x01\0\0${String.fromCharCode(questions)}\0\0\0\0\0${String.fromCharCode(additionals)}${rest}`);

test.each<readonly [why: string, message: Uint8Array, recognised: boolean, transactions: number]>([
  ['a question', request(1, 0, QUESTION), true, 1],
  ['a question with options', request(1, 1, QUESTION + OPTIONS), true, 1],
  // In a conversation only the event tells that they are cut off.
  ['options that are cut off', request(1, 1, QUESTION + OPTIONS.slice(0, 8)), false, 1],
  ['a second question that is not there', request(2, 0, QUESTION), false, 0],
  ['more records than fit', request(1, 200, QUESTION), false, 0],
])('%s', (_why, message, recognised, transactions) => {
  expect(protocol.recognise(message, 0, message.length, TO_SERVER, flow)).toBe(recognised ? IS_THIS : NOT_THIS);
  const session = protocol.open(flow, DEFAULT_SETTINGS);
  session.consume(TO_SERVER, message, 0, message.length, true, 1);
  expect(session.transactions).toHaveLength(transactions);
  expect(session.anomalies).toEqual(transactions === 0 ? ['malformed_data'] : []);
});
