/** RDP: requests and answers up to encryption, what clients say about themselves; the same at every split. */
import { fromLatin1 } from '@sigwright/bytes';
import { Flow, IS_THIS, NEED_MORE, NOT_THIS, TO_CLIENT, TO_SERVER } from '@sigwright/contracts';
import { describe, expect, test } from 'vitest';
import { SAMPLES } from '../../message-samples.ts';
import { everySplit, type Turns, tell, whole } from '../../session-kit.ts';
import { protocol } from './rdp.definition.ts';

const { rdp } = SAMPLES;
const bodies = (turns: Turns) => tell(protocol, whole(turns)).transactions.flatMap((one) => one.records.map((record) => (record as { body: unknown }).body));

const cases: readonly (readonly [why: string, turns: Turns, bodies: readonly unknown[]])[] = [
  [
    'a connection without encryption, up to the server’s settings; what follows is not read',
    [
      ['client', rdp.cookie],
      ['server', rdp.plain],
      ['client', rdp.connect],
      ['server', rdp.connected],
      ['client', 'pictures and keys'],
    ],
    [
      { tx_id: 0, event_type: 'initial_request', cookie: 'alice' },
      { tx_id: 1, event_type: 'initial_response' },
      {
        tx_id: 2,
        event_type: 'connect_request',
        client: {
          version: 'v10.7',
          desktop_width: 1280,
          desktop_height: 800,
          color_depth: 24,
          keyboard_layout: 'de-DE',
          build: 'Windows 10 22H2',
          client_name: 'DESK',
          keyboard_type: 'enhanced',
          function_keys: 12,
          product_id: 1,
          capabilities: ['support_errinfo_pdf', 'valid_connection_type'],
          id: 'ab-1',
          connection_hint: 'lan',
        },
        channels: ['rdpdr', 'cliprdr8'],
      },
      { tx_id: 3, event_type: 'connect_response' },
    ],
  ],
  [
    'a connection that goes over to TLS, up to the certificates, which come in two records',
    [
      ['client', rdp.negotiate],
      ['server', rdp.chosen],
      ['client', rdp.tlsHello],
      ['server', rdp.tlsCertificates],
      ['client', 'encrypted'],
    ],
    [
      { event_type: 'initial_request', flags: ['restricted_admin_mode_required'] },
      { event_type: 'initial_response', server_supports: ['extended_client_data', 'dynvc_gfx'], protocol: 'hybrid' },
      { event_type: 'tls_handshake', x509_serials: ['c3d2'] },
    ],
  ],
  [
    'a server that wants encryption',
    [
      ['client', rdp.cookie],
      ['server', rdp.refused],
    ],
    [{ event_type: 'initial_request' }, { event_type: 'initial_response', error_code: 5, reason: 'hybrid required by server' }],
  ],
];

describe.each(cases)('%s', (_why, turns, expected) => {
  test('is read', () => {
    const told = bodies(turns);
    expect(told).toHaveLength(expected.length);
    expect(told).toMatchObject(expected);
  });

  test('is the same at every split', () => {
    const told = tell(protocol, whole(turns));
    for (const pieces of everySplit(turns)) expect(tell(protocol, pieces)).toEqual(told);
  });
});

test('a server that hides its certificates ends the reading', () => {
  const told = tell(
    protocol,
    whole([
      ['client', rdp.negotiate],
      ['server', `${rdp.chosen}\x14\x03\x03\0\x01\x01\x17\x03\x03\0\x04abcd`],
    ]),
  );
  expect(told).toMatchObject({ broken: false, anomalies: [] });
  expect(told.transactions).toHaveLength(2);
});

test('what is no packet ends the reading quietly', () => {
  expect(tell(protocol, whole([['client', 'GET / HTTP/1.1\r\n']]))).toMatchObject({ broken: true, anomalies: [], transactions: [] });
});

test.each([
  ['a request', rdp.cookie, TO_SERVER, IS_THIS],
  ['half a request', rdp.cookie.slice(0, 5), TO_SERVER, NEED_MORE],
  ['a confirm', rdp.plain, TO_CLIENT, IS_THIS],
  ['a confirm of the client', rdp.plain, TO_SERVER, NOT_THIS],
  ['TLS from the beginning', rdp.tlsHello, TO_SERVER, NOT_THIS],
] as const)('recognises %s', (_why, text, direction, answer) => {
  expect(protocol.recognise(fromLatin1(text), 0, text.length, direction, new Flow())).toBe(answer);
});
