import { fromLatin1, latin1 } from '@sigwright/bytes';
import { DEFAULT_SETTINGS, type Packet } from '@sigwright/contracts';
import { describe, expect, it } from 'vitest';
import { type CaptureComposer, CaptureReader, composeCapture, SeededRandom, type TcpConversation, type TcpStream, TrafficPipeline } from '../index.ts';

interface Seen {
  packets: number;
  badChecksums: number;
  anomalies: string[];
  /** ordered bytes by direction, over all flows */
  streams: [string, string];
  gaps: number;
}

/** What the package's own reader makes of a composed capture, checksums verified. */
function readBack(file: Uint8Array): Seen {
  const seen: Seen = { packets: 0, badChecksums: 0, anomalies: [], streams: ['', ''], gaps: 0 };
  const pipeline = new TrafficPipeline(
    { ...DEFAULT_SETTINGS, verifyChecksums: true },
    {
      onPacket(packet: Packet) {
        seen.packets++;
        if (packet.ipChecksumGood === 0 || packet.transportChecksumGood === 0) seen.badChecksums++;
        seen.anomalies.push(...packet.anomalies);
        const stream = packet.flow?.stream as TcpStream | undefined;
        for (const [direction, side] of (stream?.sides ?? []).entries()) {
          const readable = side.readable(false);
          if (readable > side.parsed) seen.streams[direction] += latin1(side.bytes, side.parsed - side.base, readable - side.base);
          side.parsed = Math.max(side.parsed, readable);
          if (side.gap > 0) {
            seen.gaps++;
            side.takeGap();
          }
        }
      },
      onFlowEnd() {},
    },
  );
  const reader = new CaptureReader((data, start, end, time, wire, link) => pipeline.record(data, start, end, time, wire, link));
  expect(reader.push(file)).toBeUndefined();
  reader.end();
  pipeline.finish();
  return seen;
}

const CLIENT = '10.3.8.12';
const SERVER = '192.0.2.80';
const LONG = Array.from({ length: 5000 }, (_, at) => String.fromCharCode(97 + (at % 26))).join('');

describe('composed conversations', () => {
  const conversations: readonly { readonly shows: string; readonly compose: (capture: CaptureComposer) => void; readonly packets: number }[] = [
    {
      shows: 'lookup over UDP',
      packets: 2,
      compose: (c) => c.dnsLookup({ client: CLIENT, resolver: '10.3.8.2', name: 'example.org', answers: [{ type: 'A', data: SERVER }] }),
    },
    {
      shows: 'lookup without an answer',
      packets: 1,
      compose: (c) => c.dnsLookup({ client: CLIENT, resolver: '10.3.8.2', name: 'example.org', unanswered: true }),
    },
    {
      shows: 'lookup over TCP',
      packets: 10,
      compose: (c) => c.dnsLookup({ client: CLIENT, resolver: '10.3.8.2', name: 'example.org', transport: 'tcp', responseCode: 3 }),
    },
    {
      shows: 'lookup over IPv6',
      packets: 2,
      compose: (c) =>
        c.dnsLookup({ client: '2001:db8::5', resolver: '2001:db8::2', name: 'example.org', type: 'AAAA', answers: [{ type: 'AAAA', data: '2001:db8::80' }] }),
    },
    { shows: 'TLS 1.2', packets: 18, compose: (c) => c.tlsConnection({ client: CLIENT, server: SERVER, serverName: 'example.org' }) },
    {
      shows: 'TLS 1.3',
      packets: 16,
      compose: (c) => c.tlsConnection({ client: CLIENT, server: SERVER, serverName: 'example.org', version: '1.3', alpn: ['h2'] }),
    },
    {
      shows: 'SMB2 negotiation',
      packets: 10,
      compose: (c) => c.smb2Negotiate({ client: CLIENT, server: '10.3.8.200', serverGuid: new Uint8Array(16).fill(0x41) }),
    },
    {
      shows: 'TLS with a whole name and bytes of an extension in the certificate',
      packets: 18,
      compose: (c) =>
        c.tlsConnection({
          client: CLIENT,
          server: SERVER,
          certificate: {
            subject: 'a',
            subjectName: [
              ['C', 'XX'],
              ['CN', 'example.org'],
            ],
            extension: new Uint8Array(40),
          },
        }),
    },
    {
      shows: 'one message of ICMP',
      packets: 1,
      compose: (c) => c.icmpMessage({ source: CLIENT, destination: SERVER, type: 13, code: 0, payload: new Uint8Array(12) }),
    },
    { shows: 'echo, twice', packets: 4, compose: (c) => c.icmpEcho({ client: CLIENT, server: SERVER, count: 2 }) },
    { shows: 'echo over IPv6', packets: 2, compose: (c) => c.icmpEcho({ client: '2001:db8::5', server: '2001:db8::80' }) },
    { shows: 'time', packets: 2, compose: (c) => c.ntp({ client: CLIENT, server: '192.0.2.123' }) },
    { shows: 'address resolution', packets: 2, compose: (c) => c.arp({ sender: CLIENT, target: '10.3.8.2' }) },
  ];
  for (const { shows, compose, packets } of conversations) {
    it(`${shows}: every packet decodes, every checksum is right`, () => {
      const capture = composeCapture();
      compose(capture);
      expect(readBack(capture.finish())).toMatchObject({ packets, badChecksums: 0, anomalies: [], gaps: 0 });
    });
  }
});

describe('TCP', () => {
  const exchanges = [
    { from: 'client', bytes: LONG },
    { from: 'server', bytes: `${LONG}!` },
    { from: 'client', bytes: 'bye' },
  ] as const;
  const ways: readonly { readonly shows: string; readonly options: Partial<TcpConversation> }[] = [
    { shows: 'in order', options: {} },
    { shows: 'segments swapped', options: { outOfOrder: true } },
    { shows: 'everything twice', options: { retransmit: true } },
    { shows: 'sequence numbers that wrap', options: { clientSequence: 0xffff_f000, serverSequence: 0xffff_fff0 } },
    { shows: 'reset at the end', options: { close: 'reset' } },
    { shows: 'cut off', options: { close: 'none' } },
  ];
  for (const { shows, options } of ways) {
    it(`${shows}: both sides come back in order`, () => {
      const capture = composeCapture();
      capture.tcpConversation({ client: CLIENT, server: SERVER, serverPort: 4444, exchanges, ...options });
      const seen = readBack(capture.finish());
      expect(seen.streams).toEqual([`${LONG}bye`, `${LONG}!`]);
      expect(seen.badChecksums).toBe(0);
    });
  }

  it('leaves out the segments named as missing', () => {
    const capture = composeCapture();
    capture.tcpConversation({
      client: CLIENT,
      server: SERVER,
      serverPort: 4444,
      exchanges: [{ from: 'client', bytes: 'abcdefgh', segmentSize: 2 }],
      missing: [1],
    });
    const whole = composeCapture();
    whole.tcpConversation({ client: CLIENT, server: SERVER, serverPort: 4444, exchanges: [{ from: 'client', bytes: 'abcdefgh', segmentSize: 2 }] });
    expect(readBack(capture.finish()).packets).toBe(readBack(whole.finish()).packets - 1);
  });
});

describe('HTTP', () => {
  it('writes what it is given, in order, and adds only the length', () => {
    const capture = composeCapture();
    capture.httpExchange({
      client: CLIENT,
      server: SERVER,
      exchanges: [
        {
          request: {
            method: 'POST',
            uri: '/a',
            headers: [
              ['Host', 'h'],
              ['X-B', '1'],
            ],
            body: 'x=1',
          },
          response: { status: 200, body: 'abcde', chunkSize: 3 },
        },
        { request: { method: 'GET', uri: '/b', headers: [['Host', 'h']] }, response: { status: 404 } },
      ],
    });
    expect(readBack(capture.finish()).streams).toEqual([
      'POST /a HTTP/1.1\r\nHost: h\r\nX-B: 1\r\nContent-Length: 3\r\n\r\nx=1GET /b HTTP/1.1\r\nHost: h\r\n\r\n',
      'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\n\r\nHTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n',
    ]);
  });
});

describe('determinism', () => {
  const compose = (seed: number): Uint8Array => {
    const capture = composeCapture({ seed });
    capture.tlsConnection({ client: CLIENT, server: SERVER, serverName: 'example.org' });
    return capture.finish();
  };
  it('gives the same bytes for the same calls and seed, others for another seed', () => {
    expect(compose(7)).toEqual(compose(7));
    expect(compose(7)).not.toEqual(compose(8));
  });
  it('sorts overlapping conversations by time', () => {
    const capture = composeCapture({ startTime: 0 });
    capture.udpExchange({ client: CLIENT, server: SERVER, serverPort: 9, startTime: 2e6, exchanges: [{ from: 'client', bytes: 'late' }] });
    capture.udpExchange({ client: CLIENT, server: SERVER, serverPort: 9, startTime: 1e6, exchanges: [{ from: 'client', bytes: fromLatin1('soon') }] });
    const text = latin1(capture.finish());
    expect(text.indexOf('soon')).toBeGreaterThan(0);
    expect(text.indexOf('soon')).toBeLessThan(text.indexOf('late'));
  });
  it('spreads its numbers over the range asked for', () => {
    const random = new SeededRandom(3);
    const drawn = Array.from({ length: 2000 }, () => random.between(5, 9));
    expect(new Set(drawn)).toEqual(new Set([5, 6, 7, 8, 9]));
  });
});
