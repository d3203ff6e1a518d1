/** DNS over TCP, TLS and SSH: what is read, and that it is the same at every split. */
import { fromLatin1 } from '@sigwright/bytes';
import { DEFAULT_SETTINGS, type Flow, TCP } from '@sigwright/contracts';
import { CaptureReader, composeCapture, type TcpStream, TrafficPipeline } from '@sigwright/traffic';
import { describe, expect, test } from 'vitest';
import { catalogue } from '../index.ts';
import { everySplit, type Turns, tell, whole } from '../session-kit.ts';

const definition = (name: string) => {
  const found = catalogue.protocols.get(name);
  if (found === undefined) throw new Error(`no protocol ${name}`);
  return found;
};

/** Both directions of the one connection in a capture, the client's bytes first. */
function turnsOf(capture: Uint8Array): Turns {
  let turns: Turns = [];
  const pipeline = new TrafficPipeline(DEFAULT_SETTINGS, {
    onPacket() {},
    onFlowEnd(flow: Flow) {
      if (flow.protocol !== TCP || flow.stream === undefined) return;
      const [client, server] = (flow.stream as TcpStream).sides;
      turns = [
        ['client', client.bytes.slice(0, client.available)],
        ['server', server.bytes.slice(0, server.available)],
      ];
    },
  });
  const reader = new CaptureReader((data, start, end, time, wireLength, linkType) => pipeline.record(data, start, end, time, wireLength, linkType));
  reader.push(capture);
  pipeline.finish();
  return turns;
}

const ENDS = { client: '10.0.0.5', server: '203.0.113.9' };
const composed = (how: (capture: ReturnType<typeof composeCapture>) => void): Turns => {
  const capture = composeCapture({ seed: 9 });
  how(capture);
  return turnsOf(capture.finish());
};
const QUESTION = '\x03www\x07example\x03com\x00\x00\x01\x00\x01';
const query = `\x00\x21\x12\x34\x01\x00\x00\x01\x00\x00\x00\x00\x00\x00${QUESTION}`;

const cases: readonly (readonly [why: string, protocol: string, turns: Turns, buffers: Readonly<Record<string, readonly string[]>>])[] = [
  [
    'DNS over TCP',
    'dns',
    composed((capture) =>
      capture.dnsLookup({ client: ENDS.client, resolver: ENDS.server, name: 'www.Example.com', transport: 'tcp', answers: [{ type: 'A', data: '192.0.2.7' }] }),
    ),
    { 'dns.query': ['www.Example.com'] },
  ],
  ['two questions behind each other', 'dns', [['client', query + query.replace('\x12', '\x13')]], { 'dns.query': ['www.example.com'] }],
  ['a compression pointer to itself ends', 'dns', [['client', '\x00\x12\x12\x34\x01\x00\x00\x01\x00\x00\x00\x00\x00\x00\xc0\x0c\x00\x01\x00\x01']], {}],
  [
    'TLS 1.2 with a server name',
    'tls',
    composed((capture) => capture.tlsConnection({ ...ENDS, serverName: 'www.example.com' })),
    { 'tls.sni': ['www.example.com'] },
  ],
  [
    'TLS 1.3',
    'tls',
    composed((capture) => capture.tlsConnection({ ...ENDS, serverName: 'a.example', version: '1.3', alpn: ['h2', 'http/1.1'] })),
    { 'tls.sni': ['a.example'] },
  ],
  [
    'SSH banners',
    'ssh',
    [
      ['client', 'SSH-2.0-client_1.0 words\r\n'],
      ['server', 'SSH-2.0-server_2.0\r\n'],
    ],
    { 'ssh.software': ['client_1.0'] },
  ],
];

describe.each(cases)('%s', (_why, name, turns, buffers) => {
  const told = tell(definition(name), whole(turns));

  test('is read', () => {
    expect(turns.length).toBeGreaterThan(0);
    expect(told.transactions.length).toBeGreaterThan(0);
    for (const [buffer, expected] of Object.entries(buffers)) expect(told.transactions[0].buffers[buffer], buffer).toEqual(expected);
  });

  test('is the same at every split', () => {
    for (const pieces of everySplit(turns)) expect(tell(definition(name), pieces)).toEqual(told);
  });
});

test('bytes that are none of it break no session', () => {
  for (const name of ['http', 'dns', 'tls', 'ssh'])
    for (const byte of [0x00, 0x0a, 0x20, 0x80, 0xff]) {
      const turns: Turns = [
        ['client', new Uint8Array(300).fill(byte)],
        ['server', fromLatin1('SSH-HTTP/1.1\x16\x03\x01\x00\x00')],
      ];
      expect(() => tell(definition(name), whole(turns)), `${name} ${byte}`).not.toThrow();
    }
});
