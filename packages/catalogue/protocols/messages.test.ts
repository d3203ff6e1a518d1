/** Protocols of separate messages: what is read of each, that streams are the same at every split, and that cut messages do no harm. */
import { fromLatin1 } from '@sigwright/bytes';
import { DEFAULT_SETTINGS, type Direction, Flow, IS_THIS, NOT_THIS, TCP, TO_SERVER, UDP } from '@sigwright/contracts';
import { describe, expect, test } from 'vitest';
import { catalogue } from '../index.ts';
import { SAMPLES } from '../message-samples.ts';
import { everySplit, type Turns, tell, whole } from '../session-kit.ts';

function definition(name: string) {
  const found = catalogue.protocols.get(name);
  if (found === undefined) throw new Error(`no protocol ${name}`);
  return found;
}

/** Records of datagrams fed one by one, and the anomalies. */
function datagrams(name: string, messages: readonly (readonly [Direction, string])[]) {
  const flow = new Flow();
  flow.protocol = UDP;
  flow.applicationProtocol = name;
  const session = definition(name).open(flow, DEFAULT_SETTINGS);
  for (const [direction, text] of messages) {
    const bytes = fromLatin1(text);
    session.consume(direction, bytes, 0, bytes.length, true, 1);
  }
  return {
    bodies: session.transactions.flatMap((transaction) => definition(name).records(transaction, flow)).map((record) => record.body),
    anomalies: session.anomalies,
  };
}

const { snmp, tftp, dhcp, ike, sip, krb5 } = SAMPLES;

/** Context tag 0 as `bf 00` (X.690 §8.1.2.4 allows it from 31 on). */
function longTag(message: string): string {
  return message[0] + String.fromCharCode(message.charCodeAt(1) + 1) + message.slice(2).replace('\xa0', '\xbf\0');
}

const cases: readonly (readonly [
  why: string,
  protocol: string,
  messages: readonly (readonly [Direction, string])[],
  bodies: readonly Record<string, unknown>[],
])[] = [
  ['a question of version 2c', 'snmp', [[0, snmp.get]], [{ version: 2, pdu_type: 'get_request', community: 'public', vars: ['1.3.6.1.2.1.1.1.0'] }]],
  [
    'a small tag in the long form',
    'snmp',
    [[0, longTag(snmp.get)]],
    [{ version: 2, pdu_type: 'get_request', community: 'public', vars: ['1.3.6.1.2.1.1.1.0'] }],
  ],
  [
    'an error is named',
    'snmp',
    [[1, snmp.response.replace('\x02\x01\0\x02\x01\0', '\x02\x01\x02\x02\x01\0')]],
    [{ version: 2, pdu_type: 'response', error: 'NoSuchName', community: 'public', vars: ['1.3.6.1.2.1.1.1.0'] }],
  ],
  ['a user of version 3', 'snmp', [[0, snmp.user]], [{ version: 3, pdu_type: 'get_request', usm: 'operator' }]],
  ['what is encrypted still names its user', 'snmp', [[0, snmp.hidden]], [{ version: 3, pdu_type: 'encrypted', usm: 'operator' }]],
  ['a file is asked for', 'tftp', [[0, tftp.read]], [{ packet: 'read', file: 'boot.img', mode: 'octet' }]],
  ['modes are written in any case', 'tftp', [[0, tftp.write]], [{ packet: 'write', file: 'core.dump', mode: 'NETASCII' }]],
  [
    'an address was assigned',
    'dhcp',
    [[1, dhcp.acknowledgement]],
    [{ dhcp_type: 'ack', assigned_ip: '10.0.0.7', client_mac: '02:00:00:00:00:09', hostname: 'host' }],
  ],
  ['a question for an address is no assignment', 'dhcp', [[0, dhcp.request]], []],
  [
    'payloads and notifications by name',
    'ike',
    [[0, ike.initial]],
    [{ version_major: 2, exchange_type: 34, payload: ['SecurityAssociation', 'Notify', 'NoNextPayload'], ikev2: { notify: ['16388'] } }],
  ],
  [
    'request and response',
    'sip',
    [
      [0, sip.invite],
      [1, sip.ringing],
    ],
    [
      { method: 'INVITE', uri: 'sip:bob@example.com' },
      { code: '180', reason: 'Ringing' },
    ],
  ],
  [
    'a refusal names the question',
    'krb5',
    [
      [0, krb5.question],
      [1, krb5.error],
    ],
    [{ msg_type: 'KRB_AS_REQ' }, { msg_type: 'KRB_ERROR', failed_request: 'KRB_AS_REQ', error_code: 'KDC_ERR_PREAUTH_REQUIRED', sname: 'krbtgt/EXAMPLE.ORG' }],
  ],
  [
    'a ticket with its encryptions',
    'krb5',
    [[1, krb5.ticket]],
    [
      {
        msg_type: 'KRB_AS_REP',
        cname: 'alice',
        realm: 'EXAMPLE.ORG',
        encryption: 'rc4-hmac',
        weak_encryption: true,
        ticket_encryption: 'aes256-cts-hmac-sha1-96',
      },
    ],
  ],
];

describe.each(cases)('%s', (_why, name, messages, bodies) => {
  test('is read', () => {
    const told = datagrams(name, messages);
    expect(told.anomalies).toEqual([]);
    expect(told.bodies).toMatchObject(bodies);
  });

  test('cut anywhere it breaks nothing', () => {
    for (const [direction, text] of messages)
      for (let length = 0; length < text.length; length++) expect(() => datagrams(name, [[direction, text.slice(0, length)]])).not.toThrow();
  });
});

test('SIP in datagrams: requests of who was asked, and responses to it, are not read', () => {
  const { bodies, anomalies } = datagrams('sip', [
    [1, sip.invite],
    [0, sip.ringing],
    [0, sip.invite],
  ]);
  expect(bodies).toMatchObject([{ method: 'INVITE' }]);
  expect(anomalies).toEqual(['malformed_data']);
});

test.each([
  ['an address in UTF-8', 'From: "Jos\xc3\xa9" <sip:j@example.com>', 1],
  ['bytes that are no UTF-8', 'From: "Jos\xe9" <sip:j@example.com>', 0],
  ['a control character', 'From: <sip:j\x1d@example.com>', 0],
  ['a name that is no token', 'Fr om: <sip:j@example.com>', 0],
])('SIP with %s', (_why, header, count) => {
  const request = `ACK sip:bob@example.com SIP/2.0\r\n${header}\r\n\r\n`;
  expect(datagrams('sip', [[0, request]]).bodies).toHaveLength(count);
});

test('SIP: headers that stand several times are several buffers, short names count', () => {
  const request = 'INVITE sip:bob@example.com SIP/2.0\r\nVia: SIP/2.0/UDP one\r\nv: SIP/2.0/UDP two\r\nUser-Agent: phone\r\nl: 0\r\n\r\n';
  const [{ buffers }] = tell(definition('sip'), [[0, fromLatin1(request)]]).transactions;
  expect(buffers).toMatchObject({ 'sip.via': ['SIP/2.0/UDP one', 'SIP/2.0/UDP two'], 'sip.ua': ['phone'], 'sip.content_length': ['0'] });
});

test('DHCP: who has the address and until when, and nothing of the network, unless the extended form is asked for', () => {
  const options = '\x01\x04\xff\xff\xff\0\x3a\x04\0\0\x54\x60\x3d\x07\x01\x02\0\0\0\0\x09\xff';
  expect(datagrams('dhcp', [[1, dhcp.acknowledgement.slice(0, -1) + options]]).bodies).toEqual([
    {
      type: 'reply',
      id: 0x12345678,
      client_mac: '02:00:00:00:00:09',
      assigned_ip: '10.0.0.7',
      dhcp_type: 'ack',
      client_id: '02:00:00:00:00:09',
      hostname: 'host',
      renewal_time: 21_600,
    },
  ]);
});

const prefixed = (text: string): string => `\0\0\0${String.fromCharCode(text.length)}${text}`;

const streams: readonly (readonly [why: string, protocol: string, turns: Turns, transactions: number])[] = [
  [
    'SIP with bodies and line ends that keep the connection alive',
    'sip',
    [
      ['client', `${sip.invite}\r\n\r\n${sip.invite}`],
      ['server', sip.ringing],
    ],
    3,
  ],
  [
    'Kerberos with lengths',
    'krb5',
    [
      ['client', prefixed(krb5.question)],
      ['server', prefixed(krb5.error)],
    ],
    2,
  ],
];

test.each(streams)('%s: the same at every split', (_why, name, turns, transactions) => {
  const told = tell(definition(name), whole(turns));
  expect(told.transactions.length).toBe(transactions);
  for (const pieces of everySplit(turns)) expect(tell(definition(name), pieces)).toEqual(told);
});

test('a conversation of SNMP keeps to its version', () => {
  const session = definition('snmp').open(new Flow(), DEFAULT_SETTINGS);
  for (const text of [snmp.get, snmp.get, snmp.user]) {
    const bytes = fromLatin1(text);
    session.consume(0, bytes, 0, bytes.length, true, 1);
  }
  expect(session.transactions.map(({ anomalies }) => anomalies)).toEqual([undefined, undefined, ['version_mismatch']]);
});

test.each([
  ['a question of Kerberos without a body', 'krb5', krb5.withoutBody],
  [
    'bindings of SNMP that are a bare name',
    'snmp',
    '\x30\x24\x02\x01\x01\x04\x06public\xa0\x17\x02\x01\x01\x02\x01\0\x02\x01\0\x30\x0d\x06\x09\x2b\x06\x01\x02\x01\x01\x01\0\x05\0',
  ],
])('%s: no message', (_why, name, text) => {
  expect(datagrams(name, [[0, text]]).bodies).toEqual([]);
});

test.each([
  [UDP, IS_THIS],
  [TCP, NOT_THIS],
])('OPTIONS over protocol %d: in a stream it is taken for HTTP', (protocol, answer) => {
  const flow = new Flow();
  flow.protocol = protocol;
  const bytes = fromLatin1('OPTIONS sip:bob@example.com SIP/2.0\r\n');
  expect(definition('sip').recognise(bytes, 0, bytes.length, TO_SERVER, flow)).toBe(answer);
});
