/** QUIC: hellos out of sealed packets, whole and in pieces, retries, Google's tags, and packets that do not fit. */
import { concatBytes, fromLatin1, latin1 } from '@sigwright/bytes';
import { DEFAULT_SETTINGS, type Direction, emptyWindow, Flow, IS_THIS, NEED_MORE, NOT_THIS, TO_CLIENT, TO_SERVER, UDP } from '@sigwright/contracts';
import { expect, test } from 'vitest';
import { ACKNOWLEDGEMENT, CLIENT, CLIENT_2, CLIENT_HELLO, crypto, GOOGLE, initial, NAME, retry, SERVER, SERVER_HELLO } from '../../quic-samples.ts';
import { protocol } from './quic.definition.ts';

type Datagrams = readonly (readonly [Direction, Uint8Array])[];

function told(datagrams: Datagrams) {
  const flow = new Flow();
  flow.protocol = UDP;
  const session = protocol.open(flow, DEFAULT_SETTINGS);
  for (const [direction, bytes] of datagrams) if (!session.done) session.consume(direction, bytes, 0, bytes.length, true, 1);
  session.finish(2);
  return {
    done: session.done,
    anomalies: session.transactions.map((one) => one.anomalies),
    bodies: session.transactions.flatMap((one) => protocol.records(one, flow).map((record) => record.body)),
    buffer(name: string, direction: Direction = TO_SERVER): (string | undefined)[] {
      const window = emptyWindow();
      const found = protocol.buffers.find((one) => one.name === name);
      if (found?.of !== 'transaction') throw new Error(`no buffer ${name}`);
      return session.transactions.map((one) => (found.read(one, direction, 0, window, flow) ? latin1(window.bytes, window.start, window.end) : undefined));
    },
  };
}

const ID = 'chosen--';
const hello = initial(CLIENT, ID, ID, 0, crypto(0, CLIENT_HELLO));
const answer = initial(SERVER, ID, 'client', 0, ACKNOWLEDGEMENT + crypto(0, SERVER_HELLO));
const EXTENSIONS = [
  { name: 'server_name', type: 0, values: [NAME] },
  { name: 'alpn', type: 16, values: ['h3'] },
  { name: 'supported_versions', type: 43 },
  { name: 'signature_algorithms', type: 13 },
];

test('both hellos are read, and nothing behind them', () => {
  const { bodies, done, buffer } = told([
    [TO_SERVER, hello],
    [TO_CLIENT, answer],
    [TO_SERVER, hello],
  ]);
  expect(done).toBe(true);
  expect(bodies).toMatchObject([
    { version: '1', sni: NAME, ja3: { string: '771,4865-4866,0-16-43-13,,' }, extensions: EXTENSIONS },
    { version: '1', ja3s: { string: '771,4865,43' } },
  ]);
  expect(bodies[0]['ja4']).toMatch(/^q13d0204h3_/);
  expect(buffer('quic.sni')).toEqual([NAME, undefined]);
  expect(buffer('quic.version')).toEqual(['\0\0\0\x01', '\0\0\0\x01']);
  expect(buffer('quic.ja4.hash')).toEqual([bodies[0]['ja4'], undefined]);
});

test('version 2 has other keys and other numbers for the kinds of packets', () => {
  expect(told([[TO_SERVER, initial(CLIENT_2, ID, ID, 0, crypto(0, CLIENT_HELLO))]]).bodies).toMatchObject([{ version: '6b3343cf', sni: NAME }]);
});

test('pieces of a hello in any order, cut at every place, over one packet or two', () => {
  for (let at = 1; at < CLIENT_HELLO.length; at++) {
    const first = crypto(0, CLIENT_HELLO.slice(0, at));
    const second = crypto(at, CLIENT_HELLO.slice(at));
    expect(told([[TO_SERVER, initial(CLIENT, ID, ID, 0, second + ACKNOWLEDGEMENT + first)]]).bodies).toMatchObject([{ sni: NAME }]);
    const { bodies, anomalies } = told([
      [TO_SERVER, initial(CLIENT, ID, ID, 0, second)],
      [TO_SERVER, initial(CLIENT, ID, ID, 1, first)],
    ]);
    expect(bodies).toMatchObject([{ version: '1' }, { sni: NAME }]);
    expect(bodies[0]).not.toHaveProperty('extensions');
    expect(anomalies).toEqual([undefined, undefined]);
  }
});

test('pieces that overlap say the same', () => {
  const frames = crypto(0, CLIENT_HELLO.slice(0, 60)) + crypto(40, CLIENT_HELLO.slice(40)) + crypto(10, CLIENT_HELLO.slice(10, 20));
  expect(told([[TO_SERVER, initial(CLIENT, ID, ID, 0, frames)]]).bodies).toMatchObject([{ sni: NAME, extensions: EXTENSIONS }]);
});

test('two packets in one datagram', () => {
  const pieces = [crypto(0, CLIENT_HELLO.slice(0, 50)), crypto(50, CLIENT_HELLO.slice(50))].map((frames, number) => initial(CLIENT, ID, ID, number, frames));
  expect(told([[TO_SERVER, concatBytes(...pieces)]]).bodies).toMatchObject([{}, { sni: NAME }]);
});

test('after a retry the client says its hello once more, with keys from the new identifier', () => {
  const { bodies, anomalies } = told([
    [TO_SERVER, hello],
    [TO_CLIENT, retry('given')],
    [TO_SERVER, initial(CLIENT, 'given', 'given', 1, crypto(0, CLIENT_HELLO))],
    [TO_CLIENT, initial(SERVER, 'given', 'client', 0, crypto(0, SERVER_HELLO))],
  ]);
  expect(bodies).toMatchObject([{ sni: NAME }, { version: '1' }, { sni: NAME }, { ja3s: {} }]);
  expect(anomalies).toEqual([undefined, undefined, undefined, undefined]);
});

test('the client goes on with the keys of its first packet when it knows the identifier of the server', () => {
  const [first, second] = [CLIENT_HELLO.slice(0, 50), CLIENT_HELLO.slice(50)];
  const { bodies } = told([
    [TO_SERVER, initial(CLIENT, ID, ID, 0, crypto(0, first))],
    [TO_CLIENT, initial(SERVER, ID, 'client', 0, ACKNOWLEDGEMENT)],
    [TO_SERVER, initial(CLIENT, ID, 'server', 1, crypto(50, second))],
  ]);
  expect(bodies).toMatchObject([{}, {}, { sni: NAME }]);
});

test('tags of version 46 of Google', () => {
  const { bodies, buffer } = told([[TO_SERVER, GOOGLE]]);
  expect(bodies).toMatchObject([{ version: 'Q046', sni: NAME, ua: 'Client', cyu: [{ string: '46,SNI-VER-UAID' }] }]);
  expect(buffer('quic.version')).toEqual(['Q046']);
  expect(buffer('quic.ua')).toEqual(['Client']);
});

test('what does not fit is said', () => {
  const damaged = hello.slice();
  damaged[60] ^= 1;
  expect(told([[TO_SERVER, damaged]]).anomalies).toEqual([['failed_decrypt']]);
  expect(told([[TO_SERVER, initial(CLIENT, ID, ID, 0, '\x1f')]]).anomalies).toEqual([['error_on_data']]);
  expect(told([[TO_SERVER, initial(CLIENT, ID, ID, 0, `\x06\x80\x01\x00\x00\x01a`)]]).anomalies).toEqual([['crypto_frag_too_long']]);
  expect(told([[TO_SERVER, hello.slice(0, 20)]]).anomalies).toEqual([['error_on_header']]);
});

test('a server that is heard alone can not be read, which is no fault of its own', () => {
  expect(told([[TO_CLIENT, answer]])).toMatchObject({ bodies: [{ version: '1' }], anomalies: [undefined] });
});

test('other datagrams on the same port are not taken for it', () => {
  for (const text of ['\x80\xc9\0\x01\x87\x28\xa6\x1e', '\xc0', ''])
    expect(protocol.recognise(fromLatin1(text), 0, text.length, TO_SERVER, new Flow())).toBe(NOT_THIS);
});

/** An Initial packet of a version that there is not, with a number of one byte. */
const unknown = (payload: readonly number[]): Uint8Array => Uint8Array.of(0xc0, 0xfa, 0xce, 0xb0, 1, 1, 9, 0, 0, payload.length + 1, 0, ...payload);

test.each<readonly [why: string, direction: Direction, payload: readonly number[], expected: readonly string[] | undefined]>([
  ['bytes that can be no frames', TO_SERVER, [0x90, 1, 2, 3, 4, 5, 6, 7], ['error_on_data']],
  ['an acknowledgement that does not end', TO_SERVER, [2, 0, 0, 63, 0], ['error_on_data']],
  ['what is no known frame ends them', TO_SERVER, [0x57, 1, 2, 3], undefined],
  ['of the server nothing is read', TO_CLIENT, [0x90, 1, 2, 3, 4, 5, 6, 7], undefined],
])('of an unknown version what is sealed is read as if it were not: %s', (_why, direction, payload, expected) => {
  expect(told([[direction, unknown(payload)]]).anomalies).toEqual([expected]);
});

test.each([
  ['DTLS that says by chance that it has a version', [0x17, 1, 0, 0, 1, 0, 0, 0, 0, 0, 1, 0, 0x70, 1], IS_THIS],
  ['DTLS that says by chance that it has none: the next one may', [0x16, 1, 0, 0, 1, 0, 0, 0, 0, 0, 1, 0, 0x70, 1], NEED_MORE],
  ['a short header', [0x41, 1, 0, 0, 1, 0, 0, 0, 0, 0, 1, 0, 0x70, 1], NOT_THIS],
] as const)('%s', (_why, bytes, expected) => {
  expect(protocol.recognise(Uint8Array.from(bytes), 0, bytes.length, TO_SERVER, new Flow())).toBe(expected);
});

test('cut anywhere and changed anywhere nothing breaks', () => {
  for (const packet of [hello, GOOGLE, retry('given'), answer])
    for (let at = 0; at < packet.length; at++) {
      const changed = packet.slice();
      changed[at] ^= 0x55;
      expect(() =>
        told([
          [TO_SERVER, hello.slice()],
          [TO_CLIENT, packet.slice(0, at)],
          [TO_SERVER, changed],
        ]),
      ).not.toThrow();
    }
});
