/** Slices of captures: the packets that were wanted, and what redaction hides without breaking them. */
import { formatAddress } from '@sigwright/bytes';
import { DEFAULT_SETTINGS, type Packet } from '@sigwright/contracts';
import { describe, expect, test } from 'vitest';
import { CaptureReader, composeCapture, TrafficPipeline } from '../index.ts';
import { conversationKey, sliceCapture } from './slice-capture.ts';

interface Seen {
  readonly packets: { readonly ends: string; readonly hardware: boolean }[];
  readonly wrongChecksums: number;
  readonly text: string;
}

function watch(capture: Uint8Array): Seen {
  const packets: { ends: string; hardware: boolean }[] = [];
  let wrongChecksums = 0;
  const pipeline = new TrafficPipeline(
    { ...DEFAULT_SETTINGS, verifyChecksums: true },
    {
      onPacket(packet: Packet) {
        if (packet.ipChecksumGood === 0 || packet.transportChecksumGood === 0) wrongChecksums++;
        const at = packet.ethernetStart;
        packets.push({
          ends: `${formatAddress(packet.source, packet.ipVersion)} ${formatAddress(packet.destination, packet.ipVersion)}`,
          hardware: at >= 0 && packet.data.subarray(at, at + 12).some((byte) => byte !== 0),
        });
      },
      onFlowEnd() {},
    },
  );
  const reader = new CaptureReader((data, start, end, time, wire, link) => pipeline.record(data, start, end, time, wire, link));
  expect(reader.push(capture)).toBeUndefined();
  expect(reader.end()).toBeUndefined();
  pipeline.finish();
  return { packets, wrongChecksums, text: Buffer.from(capture).toString('latin1') };
}

const composer = composeCapture();
composer.dnsLookup({ client: '10.3.8.12', resolver: '10.3.8.2', name: 'printer.corp.example', answers: [{ type: 'A', data: '8.8.4.4' }] });
composer.httpExchange({
  client: '192.168.7.9',
  server: '8.8.4.4',
  exchanges: [{ request: { method: 'GET', uri: '/Secret/secret', headers: [['Host', 'update.example']] }, response: { status: 200, body: 'odd' } }],
});
composer.icmpEcho({ client: '2a00::1', server: '2a00::2', count: 1 });
composer.arp({ sender: '10.3.8.12', target: '10.3.8.2' });
const CAPTURE = composer.finish();

describe('a slice', () => {
  test('of everything is everything, byte for byte, but what has no IP', () => {
    const slice = sliceCapture(CAPTURE, (packet) => packet.ipVersion !== 0);
    expect(slice.ok && CAPTURE.length - slice.value.capture.length).toBeGreaterThan(0);
    expect(slice.ok && Buffer.compare(slice.value.capture, CAPTURE.subarray(0, slice.value.capture.length))).toBe(0);
  });

  test('is of the conversations that were wanted, both ways', () => {
    let key = '';
    sliceCapture(CAPTURE, (packet) => {
      if (packet.number === 4) key = conversationKey(packet);
      return false;
    });
    const slice = sliceCapture(CAPTURE, (packet) => conversationKey(packet) === key);
    const seen = watch(slice.ok ? slice.value.capture : new Uint8Array());
    expect(new Set(seen.packets.map(({ ends }) => ends))).toEqual(new Set(['192.168.7.9 8.8.4.4', '8.8.4.4 192.168.7.9']));
  });

  test('redacted keeps what is private private, each address one, every checksum right, and hides the rest', () => {
    const mask = ['secret', 'corp'].map((text) => new TextEncoder().encode(text));
    const slice = sliceCapture(CAPTURE, () => true, { mask });
    if (!slice.ok) throw new Error(slice.message);
    const seen = watch(slice.value.capture);
    expect(slice.value.leftOut).toBe(0);
    expect(seen.wrongChecksums).toBe(0);
    expect(seen.packets.some(({ hardware }) => hardware)).toBe(false);
    expect([...new Set(seen.packets.map(({ ends }) => ends))]).toEqual([
      '10.0.0.1 10.0.0.2',
      '10.0.0.2 10.0.0.1',
      '10.0.0.3 198.51.100.1',
      '198.51.100.1 10.0.0.3',
      '2001:db8::1 2001:db8::2',
      '2001:db8::2 2001:db8::1',
    ]);
    expect(seen.text).toContain('GET /xxxxxx/xxxxxx HTTP/1.1');
    expect(seen.text).toContain('xxxx\u0007example');
    expect(seen.text).not.toMatch(/corp|secret/i);
  });

  test('what is said to be at home becomes private, and a private address elsewhere does not', () => {
    const slice = sliceCapture(CAPTURE, () => true, { mask: [], home: (address) => address.join('.') === '8.8.4.4' });
    const seen = watch(slice.ok ? slice.value.capture : new Uint8Array());
    expect(seen.wrongChecksums).toBe(0);
    expect(seen.packets.map(({ ends }) => ends)).toContain('198.51.100.3 10.0.0.1');
  });

  test.each([
    ['nothing', new Uint8Array(0)],
    ['no capture', new TextEncoder().encode('<html>')],
    ['a capture cut off', CAPTURE.subarray(0, 150)],
  ])('of %s does not throw', (_why, bytes) => {
    const slice = sliceCapture(bytes, () => true, { mask: [] });
    expect(slice.ok ? slice.value.packets : 0).toBeLessThanOrEqual(1);
  });
});
