/** Andariel's loaders and backdoors on raw TCP and in TLS names, and Impacket's SMB server: by the facts in reports/. */
import type { CaptureComposer, TcpExchange } from '@sigwright/traffic';
import { CLIENT, type EvidenceCase, FILE_SERVER, OUTSIDE } from './evidence-case.ts';

export const IMPACKET_GUID = new Uint8Array(16).fill(0x41);

export function andarLoader(
  capture: CaptureComposer,
  greeting: string,
  change: { client?: string; port?: number; from?: 'client' | 'server'; more?: string } = {},
): number {
  const bytes = `${String.fromCharCode(greeting.length)}${greeting}${change.more ?? ''}`;
  const exchanges: TcpExchange[] = [{ from: change.from ?? 'client', bytes }];
  if (change.from === undefined) exchanges.push({ from: 'server', bytes: '\x05\x11\x02\x00\x00' });
  return capture.tcpConversation({ client: change.client ?? CLIENT, server: OUTSIDE.andariel, serverPort: change.port ?? 443, exchanges });
}

export const NUKESPED = {
  shortHello: Uint8Array.of(0xfd, 0xff, 0x84, 0x3e, 0xd8, 0x56, 0x2d, 0x16),
  longHello: Uint8Array.of(0xb7, 0x9a, 0xe8, 0x52, 0xbb, 0x76, 0x7e, 0x73, 0x71, 0xbb, 0x2f, 0x82),
  longAnswer: Uint8Array.of(0xb7, 0x9a, 0xe8, 0x52, 0xbb, 0x76, 0x6e, 0x7a, 0x6a, 0xa8, 0x24, 0x84),
  port: 8443,
} as const;

export function nukeSped(capture: CaptureComposer, exchanges: readonly TcpExchange[], client = CLIENT): number {
  return capture.tcpConversation({ client, server: OUTSIDE.andariel, serverPort: NUKESPED.port, exchanges });
}

const andarCases = (sid: number, greeting: string): EvidenceCase[] => [
  {
    sid,
    name: 'greeting',
    alerts: 1,
    shows: `AndarLoader opens its session on port 443 with ${greeting} behind its length`,
    compose: (c) => void andarLoader(c, greeting),
  },
  {
    sid,
    name: 'greeting-and-more',
    alerts: 1,
    shows: `the same opening with four more bytes behind it`,
    compose: (c) => void andarLoader(c, greeting, { more: '\x00\x01\x00\x02' }),
  },
  {
    sid,
    name: 'too-long',
    alerts: 0,
    shows: 'the same opening in a packet of 20 bytes',
    broken: 'the payload has 20 bytes, one too many',
    compose: (c) => void andarLoader(c, greeting, { more: '.'.repeat(19 - greeting.length) }),
  },
  {
    sid,
    name: 'other-port',
    alerts: 0,
    shows: 'the same opening on port 8443',
    broken: 'the server port is 8443, not 443',
    compose: (c) => void andarLoader(c, greeting, { port: 8443 }),
  },
  {
    sid,
    name: 'from-server',
    alerts: 0,
    shows: 'the server sends the same bytes',
    broken: 'they go from the server to the client',
    compose: (c) => void andarLoader(c, greeting, { from: 'server' }),
  },
  {
    sid,
    name: 'not-first',
    alerts: 0,
    shows: 'the same word one byte further on',
    broken: 'the length byte is not the first byte of the payload',
    compose: (c) =>
      void c.tcpConversation({
        client: CLIENT,
        server: OUTSIDE.andariel,
        serverPort: 443,
        exchanges: [{ from: 'client', bytes: `\x01${String.fromCharCode(greeting.length)}${greeting}` }],
      }),
  },
];

const client = (bytes: Uint8Array): TcpExchange => ({ from: 'client', bytes });
const server = (bytes: Uint8Array): TcpExchange => ({ from: 'server', bytes });

function longer(bytes: Uint8Array): Uint8Array {
  return Uint8Array.of(...bytes, 0);
}

function changed(bytes: Uint8Array): Uint8Array {
  return bytes.map((byte, at) => (at === bytes.length - 1 ? byte ^ 1 : byte));
}

function nukeCases(helloSid: number, hello: Uint8Array, answerSid: number, answer: Uint8Array): EvidenceCase[] {
  return [
    {
      sid: helloSid,
      name: 'hello',
      alerts: 1,
      shows: `NukeSped sends its opening of ${hello.length} bytes and gets another answer than the known one`,
      compose: (c) => void nukeSped(c, [client(hello), server(Uint8Array.of(1, 2, 3))]),
    },
    {
      sid: helloSid,
      name: 'one-byte-more',
      alerts: 0,
      shows: 'the opening and one byte',
      broken: `the payload has ${hello.length + 1} bytes`,
      compose: (c) => void nukeSped(c, [client(longer(hello))]),
    },
    {
      sid: helloSid,
      name: 'one-bit-off',
      alerts: 0,
      shows: 'the opening with another last byte',
      broken: 'the last byte differs',
      compose: (c) => void nukeSped(c, [client(changed(hello))]),
    },
    {
      sid: helloSid,
      name: 'from-server',
      alerts: 0,
      shows: 'the server sends the opening',
      broken: 'the bytes go from the server to the client',
      compose: (c) => void nukeSped(c, [server(hello)]),
    },
    {
      sid: answerSid,
      name: 'answer',
      alerts: 1,
      others: { [helloSid]: 1 },
      shows: 'NukeSped sends its opening, the server gives the known answer',
      compose: (c) => void nukeSped(c, [client(hello), server(answer)]),
    },
    {
      sid: answerSid,
      name: 'no-hello',
      alerts: 0,
      shows: 'the known answer to an opening that is not NukeSped',
      broken: 'no opening set the flow bit before',
      compose: (c) => void nukeSped(c, [client(Uint8Array.of(9, 9, 9)), server(answer)]),
    },
    {
      sid: answerSid,
      name: 'other-flow',
      alerts: 0,
      others: { [helloSid]: 1 },
      shows: 'the opening on one connection, the answer on the next',
      broken: 'the flow bit belongs to another connection',
      compose(c) {
        nukeSped(c, [client(hello), server(Uint8Array.of(1, 2, 3))]);
        nukeSped(c, [client(Uint8Array.of(9, 9, 9)), server(answer)]);
      },
    },
    {
      sid: answerSid,
      name: 'one-byte-more',
      alerts: 0,
      others: { [helloSid]: 1 },
      shows: 'the answer and one byte',
      broken: `the payload has ${answer.length + 1} bytes`,
      compose: (c) => void nukeSped(c, [client(hello), server(longer(answer))]),
    },
  ];
}

function nameCases(sid: number, name: string): EvidenceCase[] {
  const tls = (serverName: string) => (c: CaptureComposer) =>
    void c.tlsConnection({ client: CLIENT, server: OUTSIDE.andariel, serverName, applicationData: [{ from: 'client', length: 96 }] });
  return [
    { sid, name: 'placeholder', alerts: 1, shows: `a TLS client names its server ${name}, a placeholder left in the code`, compose: tls(name) },
    { sid, name: 'other-case', alerts: 0, shows: `the name in lower case`, broken: 'the letter case differs', compose: tls(name.toLowerCase()) },
    {
      sid,
      name: 'longer',
      alerts: 0,
      shows: `the name ${name}.example.org`,
      broken: 'the name goes on behind the placeholder',
      compose: tls(`${name}.example.org`),
    },
  ];
}

function smb(name: string, alerts: number, shows: string, guid: Uint8Array, broken?: string): EvidenceCase {
  return {
    sid: 1240325,
    name,
    alerts,
    shows,
    broken,
    compose: (c) => void c.smb2Negotiate({ client: CLIENT, server: FILE_SERVER, serverGuid: guid, dialect: 0x0202 }),
  };
}

const FOUR_MINUTES = 240_000_000;

export const SESSION_CASES: readonly EvidenceCase[] = [
  smb('default-guid', 1, 'an SMB2 server answers with the GUID of sixteen letters A', IMPACKET_GUID),
  {
    sid: 1240325,
    name: 'again',
    alerts: 2,
    shows: 'the same client asks four times, four minutes apart: the rule counts once in five minutes',
    compose(c) {
      for (let turn = 0; turn < 4; turn++) {
        c.smb2Negotiate({ client: CLIENT, server: FILE_SERVER, serverGuid: IMPACKET_GUID, dialect: 0x0202 });
        c.wait(FOUR_MINUTES);
      }
    },
  },
  smb('one-letter-off', 0, 'a server whose GUID ends in B', Uint8Array.of(...IMPACKET_GUID.subarray(0, 15), 0x42), 'the last byte of the GUID differs'),
  smb(
    'ordinary-guid',
    0,
    'a server with an ordinary GUID',
    Uint8Array.of(0x8e, 0x1c, 0x52, 0x7a, 0x0b, 0x99, 0x4d, 0x41, 0xa3, 0x10, 0x6c, 0xe2, 0x5f, 0x38, 0x71, 0xd4),
    'the GUID is another',
  ),
  {
    sid: 1240325,
    name: 'client-guid',
    alerts: 0,
    shows: 'the client, not the server, has the GUID of sixteen letters A',
    broken: 'the GUID stands in the request',
    compose: (c) => void c.smb2Negotiate({ client: CLIENT, server: FILE_SERVER, serverGuid: new Uint8Array(16).fill(0x17), clientGuid: IMPACKET_GUID }),
  },
  ...nameCases(1240328, 'clientName'),
  ...nameCases(1240329, 'sslClient'),
  ...andarCases(1240334, 'Alibaba'),
  ...andarCases(1240335, 'Facebook'),
  ...andarCases(1240336, 'Vanish'),
  ...nukeCases(1240337, NUKESPED.shortHello, 1240339, NUKESPED.shortHello),
  ...nukeCases(1240338, NUKESPED.longHello, 1240340, NUKESPED.longAnswer),
];
