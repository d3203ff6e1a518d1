/** Heartbeats of TLS (RFC 6520) before encryption: what gives Heartbleed away. */
import { DEFAULT_SETTINGS, type Direction, TO_CLIENT, TO_SERVER } from '@sigwright/contracts';
import { expect, test } from 'vitest';
import { TlsSession } from './transactions.ts';

/** A record of `length` bytes that claims a payload of `claimed`. */
const heartbeat = (kind: 1 | 2, claimed: number, length: number): Uint8Array => {
  const record = new Uint8Array(5 + length);
  record.set([24, 3, 2, length >> 8, length & 255, kind, claimed >> 8, claimed & 255]);
  return record;
};

const anomalies = (...records: readonly (readonly [Direction, Uint8Array])[]): readonly string[] => {
  const session = new TlsSession(DEFAULT_SETTINGS, 0);
  for (const [direction, bytes] of records) session.consume(direction, bytes, 0, bytes.length);
  return session.transactions[0].anomalies ?? [];
};

test('an answer that repeats the request is none', () => {
  expect(anomalies([TO_SERVER, heartbeat(1, 16, 35)], [TO_CLIENT, heartbeat(2, 16, 35)])).toEqual(['heartbeat_message']);
});

test('a request for more than it holds, and an answer that gives it', () => {
  const told = anomalies([TO_SERVER, heartbeat(1, 16_384, 3)], [TO_CLIENT, heartbeat(2, 4000, 4019)]);
  expect(told).toEqual(['heartbeat_message', 'overflow_heartbeat_message', 'dataleak_heartbeat_mismatch']);
});

test('each answer is held against its own request, whoever asks', () => {
  const [small, large] = [heartbeat(1, 16, 35), heartbeat(1, 100, 119)];
  const told = anomalies([TO_CLIENT, large], [TO_SERVER, heartbeat(2, 100, 119)], [TO_SERVER, small], [TO_CLIENT, heartbeat(2, 100, 119)]);
  expect(told).toContain('dataleak_heartbeat_mismatch');
  expect(anomalies([TO_CLIENT, large], [TO_SERVER, heartbeat(2, 100, 119)])).not.toContain('dataleak_heartbeat_mismatch');
});
