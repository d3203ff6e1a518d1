/** What records show of a call's interfaces: DCERPC by itself tells the result, SMB a reason, too. */
import { expect, test } from 'vitest';
import { callBody, RpcCall } from './calls.ts';

test.each([
  ['DCERPC', false, { uuid: 'u', version: '1.0', ack_result: 2 }],
  ['SMB', true, { uuid: 'u', version: '1.0', ack_result: 2, ack_reason: 0 }],
] as const)('interfaces in records of %s', (_why, withReasons, shown) => {
  const call = new RpcCall(1, '5.0');
  Object.assign(call, { interfaces: [{ identifier: 'u', major: 1, minor: 0, result: 2 }] });
  expect(callBody(call, withReasons)['interfaces']).toEqual([shown]);
});
