/** Each packet belongs to one engine, and all packets of a flow to the same. */
import { describe, expect, test } from 'vitest';
import { CaptureReader } from '../capture/reader.ts';
import { composeCapture } from '../compose/composer.ts';
import { SeededRandom } from '../compose/random.ts';
import { RAW, tcp, tcpPacket } from '../test-kit.ts';
import { HostShare } from './host-share.ts';

const ETHERNET = 1;

function ownersOf(frame: Uint8Array, linkType: number, count: number): number[] {
  return Array.from({ length: count }, (_, at) => at).filter((at) => new HostShare(at, count).keeps(frame, 0, frame.length, linkType));
}

/** Its owner among seven; there must be exactly one. */
function ownerOf(frame: Uint8Array, linkType = ETHERNET): number {
  const owners = ownersOf(frame, linkType, 7);
  expect(owners).toHaveLength(1);
  return owners[0];
}

const ethernet = (type: number, packet: Uint8Array): Uint8Array => Uint8Array.from([...new Array(12).fill(2), type >> 8, type & 255, ...packet]);
const tagged = (packet: Uint8Array): Uint8Array => Uint8Array.from([...new Array(12).fill(2), 0x81, 0, 0, 5, 8, 0, ...packet]);

/** IPv4: last bytes of the addresses in 10.0.0.0/24, protocol, what it carries. `fragment`: the field of flags and offset. */
function packet(from: number, to: number, protocol: number, payload: readonly number[], fragment = 0): Uint8Array {
  const length = 20 + payload.length;
  return Uint8Array.from([
    0x45,
    0,
    length >> 8,
    length & 255,
    0,
    1,
    fragment >> 8,
    fragment & 255,
    64,
    protocol,
    0,
    0,
    10,
    0,
    0,
    from,
    10,
    0,
    0,
    to,
    ...payload,
  ]);
}

const UDP = [0, 80, 0, 90, 0, 8, 0, 0];

describe('both directions', () => {
  test.each([
    ['TCP', tcpPacket(tcp('> S 1 0 ~')), tcpPacket(tcp('< SA 1 2 ~'))],
    ['UDP', packet(1, 2, 17, UDP), packet(2, 1, 17, UDP)],
    ['a protocol of its own', packet(1, 2, 132, UDP), packet(2, 1, 132, UDP)],
    ['fragments: only the first has ports', packet(1, 2, 17, UDP, 0x2000), packet(1, 2, 17, [1, 2, 3], 1)],
    ['an echo', packet(1, 2, 1, [8, 0, 0, 0, 0, 1, 0, 1]), packet(2, 1, 1, [0, 0, 0, 0, 0, 1, 0, 1])],
    ['an error of a router, which quotes a packet', packet(1, 2, 17, UDP), packet(9, 1, 1, [3, 1, 0, 0, 0, 0, 0, 0, ...packet(1, 2, 17, UDP)])],
    ['an error that came in fragments', packet(9, 1, 1, [3, 1, 0, 0, 0, 0, 0, 0, ...packet(1, 2, 17, UDP)], 0x2000), packet(9, 1, 1, [1, 2, 3, 4], 4)],
  ])('%s', (_, there, back) => {
    expect(ownerOf(back, RAW)).toBe(ownerOf(there, RAW));
    expect(ownerOf(ethernet(0x800, back))).toBe(ownerOf(there, RAW));
    expect(ownerOf(tagged(back))).toBe(ownerOf(there, RAW));
  });

  test('IPv6', () => {
    const six = (from: number, to: number): Uint8Array => {
      const bytes = new Uint8Array(48);
      bytes.set([0x60, 0, 0, 0, 0, 8, 17, 64]);
      bytes.set([0x20, 0x01, 0x0d, 0xb8], 8);
      bytes[23] = from;
      bytes.set([0x20, 0x01, 0x0d, 0xb8], 24);
      bytes[39] = to;
      bytes.set(UDP, 40);
      return ethernet(0x86dd, bytes);
    };
    expect(ownerOf(six(1, 2))).toBe(ownerOf(six(2, 1)));
    expect(new Set(Array.from({ length: 50 }, (_, at) => ownerOf(six(1, at)))).size).toBe(7);
  });
});

test('what is no IP packet, or no whole one, is the first one’s or that of its addresses: somebody’s in any case', () => {
  expect(ownerOf(ethernet(0x806, new Uint8Array(28)))).toBe(0);
  const random = new SeededRandom(3);
  const capture = composeCapture({ seed: 1 });
  for (let host = 1; host < 9; host++)
    capture.httpExchange({ client: `10.0.0.${host}`, server: '203.0.113.5', exchanges: [{ request: { method: 'GET', uri: '/', headers: [] } }] });
  new CaptureReader((data, start, end) => {
    const frame = Uint8Array.from(data.subarray(start, end));
    ownerOf(frame.subarray(0, random.below(frame.length)));
    frame[random.below(frame.length)] ^= 1 << random.below(8);
    ownerOf(frame);
  }).push(capture.finish());
});

test('many hosts are shared out evenly', () => {
  const counts = new Array(7).fill(0);
  for (let from = 0; from < 100; from++) for (let to = 0; to < 100; to++) counts[ownerOf(packet(from, to, 17, UDP), RAW)]++;
  for (const count of counts) expect(Math.abs(count - 10_000 / 7)).toBeLessThan(300);
});
