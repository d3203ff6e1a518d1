/** What alerts show of a stream: what was said since bytes were last let go, and where some are missing. */
import { concatBytes, fromLatin1 } from '@sigwright/bytes';
import { catalogue } from '@sigwright/catalogue';
import { DEFAULT_SETTINGS } from '@sigwright/contracts';
import { parseRules } from '@sigwright/rule-language';
import { CaptureReader, captureHeader, captureRecord, composeCapture } from '@sigwright/traffic';
import { expect, test } from 'vitest';
import { buildPlan, usePlan } from '../compile/plan.ts';
import { Engine } from '../scan/engine.ts';
import { DEFAULT_EVE } from './eve-options.ts';
import { EveWriter } from './eve-writer.ts';

const ETHERNET = 1;
const ASKED = 'GET /1 HTTP/1.1\r\nHost: a\r\n\r\n';
const AGAIN = 'GET /2 HTTP/1.1\r\nHost: a\r\n\r\n';
const HEAD = 'HTTP/1.1 200 OK\r\nContent-Length: 30\r\n\r\n';
const RULES = 'alert http any any -> any any (http.method; content:"GET"; sid:1;) alert http any any -> any any (flow:to_client; content:"seen"; sid:2;)';

type Exchange = readonly ['client' | 'server', string];

function payloads(...exchanges: readonly Exchange[]): (readonly [number, string])[] {
  return payloadsWithin(DEFAULT_EVE.alert.payloadSize, exchanges);
}

/** Payloads of the alerts by signature, of so many bytes at most, of a conversation without the packets that hold "lost". */
function payloadsWithin(payloadSize: number, exchanges: readonly Exchange[]): (readonly [number, string])[] {
  const composed = composeCapture({ seed: 1 });
  composed.tcpConversation({
    client: '10.0.0.5',
    server: '203.0.113.9',
    serverPort: 80,
    exchanges: exchanges.map(([from, text]) => ({ from, bytes: fromLatin1(text) })),
  });
  const kept: Uint8Array[] = [captureHeader(ETHERNET)];
  const reader = new CaptureReader((data, start, end, time, length) => {
    if (!Buffer.from(data.subarray(start, end)).includes('lost')) kept.push(captureRecord(time, data, start, end, length));
  });
  reader.push(composed.finish());
  const told: (readonly [number, string])[] = [];
  const options = { ...DEFAULT_EVE, types: new Set(['alert']), alert: { ...DEFAULT_EVE.alert, payloadPrintable: true, payloadSize } };
  const write = (record: Record<string, unknown>): unknown =>
    told.push([(record['alert'] as { signature_id: number }).signature_id, record['payload_printable'] as string]);
  const writer = new EveWriter(write, DEFAULT_SETTINGS, catalogue.protocols, options);
  const rules = parseRules(RULES.replaceAll(') alert', ')\nalert')).rules;
  const engine = new Engine(
    usePlan(buildPlan([{ path: 'test', rules }], catalogue, DEFAULT_SETTINGS).data, catalogue, DEFAULT_SETTINGS),
    catalogue,
    DEFAULT_SETTINGS,
    writer,
  );
  engine.feed(concatBytes(...kept));
  engine.finish();
  return told;
}

test('a second request is shown behind the first one', () => {
  expect(payloads(['client', ASKED], ['server', `${HEAD}${'x'.repeat(30)}`], ['client', AGAIN], ['server', `${HEAD}${'x'.repeat(30)}`])).toEqual([
    [1, ASKED],
    [1, ASKED + AGAIN],
  ]);
});

test('lost bytes are told where they were', () => {
  const told = payloads(['client', ASKED], ['server', HEAD], ['server', 'lost bytes'], ['server', 'what is seen again'], ['client', AGAIN]);
  expect(told).toContainEqual([2, `${HEAD}[10 bytes missing]what is seen again`]);
});

test('what is shown before lost bytes is of the size that payloads have at most, too', () => {
  const exchanges: readonly Exchange[] = [
    ['client', ASKED],
    ['server', HEAD],
    ['server', 'lost bytes'],
    ['server', 'what is seen again'],
    ['client', AGAIN],
  ];
  expect(payloadsWithin(20, exchanges)).toContainEqual([2, HEAD.slice(0, 20)]);
});
