/** NTP: what a datagram tells, and which are none. */
import { expect, test } from 'vitest';
import { SAMPLES } from '../../message-samples.ts';
import { tell, whole } from '../../session-kit.ts';
import { protocol } from './ntp.definition.ts';

const { ntp } = SAMPLES;
const bodies = (message: string) =>
  tell(protocol, whole([['client', message]])).transactions.flatMap((one) => one.records.map((record) => (record as { body: unknown }).body));

test('version, role, distance and reference', () => {
  expect(bodies(ntp.answer)).toEqual([{ version: 4, mode: 4, stratum: 1, reference_id: '47:50:53:00' }]);
  expect(tell(protocol, whole([['server', ntp.answer]])).transactions[0].buffers['ntp.reference_id<']).toEqual(['GPS\0']);
});

test('a message of control has no distance', () => expect(bodies(ntp.control)).toEqual([{ version: 2, mode: 6 }]));

test('cut and unknown versions are not read', () => {
  for (let length = 1; length < ntp.answer.length; length++) expect(bodies(ntp.answer.slice(0, length))).toEqual([]);
  expect(bodies(`\x3c${ntp.answer.slice(1)}`)).toEqual([]);
});
