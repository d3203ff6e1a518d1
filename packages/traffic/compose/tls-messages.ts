/**
 * The bytes of a TLS conversation (RFC 5246, RFC 8446) in order: hellos and certificate as they would be, everything after
 * them random bytes in records of plausible size. No key is agreed: nothing can decrypt it, nothing that only watches minds.
 */
import { ByteWriter } from './byte-writer.ts';
import { type CertificateFields, certificate } from './certificate.ts';
import type { SeededRandom } from './random.ts';
import type { TcpExchange } from './tcp-conversation.ts';

export type TlsVersion = '1.0' | '1.1' | '1.2' | '1.3';

export interface TlsMessages {
  /** no server_name extension where left out */
  readonly serverName?: string;
  /** the version that both agree on; the client offers it and, for 1.3, also 1.2 */
  readonly version?: TlsVersion;
  /** protocols the client offers; the server takes the first */
  readonly alpn?: readonly string[];
  readonly cipherSuites?: readonly number[];
  /** as the hello's first field tells it; of `version` where left out */
  readonly legacyVersion?: number;
  /** numbers of the client's extensions in order; those it would send otherwise where left out, `serverName` needs 0 */
  readonly extensions?: readonly number[];
  readonly groups?: readonly number[];
  readonly pointFormats?: readonly number[];
  /** up to 1.2 it is in the clear; in 1.3 only its size can be seen */
  readonly certificate?: CertificateFields;
  /** sizes of the records of application data that follow */
  readonly applicationData?: readonly { readonly from: 'client' | 'server'; readonly length: number; readonly delay?: number }[];
}

const VERSION_NUMBERS: Readonly<Record<TlsVersion, number>> = { '1.0': 0x0301, '1.1': 0x0302, '1.2': 0x0303, '1.3': 0x0304 };
const SUITES_12 = [0xc02b, 0xc02f, 0xc02c, 0xc030, 0xcca9, 0xcca8, 0xc013, 0xc014, 0x009c, 0x009d, 0x002f, 0x0035];
const SUITES_13 = [0x1301, 0x1302, 0x1303];
const SIGNATURE_ALGORITHMS = [0x0403, 0x0804, 0x0401, 0x0503, 0x0805, 0x0501, 0x0806, 0x0601];
const GROUPS = [0x001d, 0x0017, 0x0018];
const X25519 = 0x001d;

const HANDSHAKE = 22;
const CHANGE_CIPHER = 20;
const APPLICATION = 23;

function record(type: number, version: number, fill: (writer: ByteWriter) => void): Uint8Array {
  return new ByteWriter().uint8(type).uint16(version).counted(2, fill).finish();
}

function extension(writer: ByteWriter, type: number, fill: (inner: ByteWriter) => void): void {
  writer.uint16(type).counted(2, fill);
}

function uint16List(writer: ByteWriter, values: readonly number[]): void {
  writer.counted(2, (inner) => {
    for (const value of values) inner.uint16(value);
  });
}

function alpnList(writer: ByteWriter, protocols: readonly string[]): void {
  writer.counted(2, (list) => {
    for (const protocol of protocols) list.counted(1, (inner) => inner.text(protocol));
  });
}

/** One record with the ClientHello. */
export function clientHello(messages: TlsMessages, random: SeededRandom): Uint8Array {
  const version = messages.version ?? '1.2';
  const isThirteen = version === '1.3';
  const suites = messages.cipherSuites ?? (isThirteen ? [...SUITES_13, ...SUITES_12] : SUITES_12);
  const legacy = messages.legacyVersion ?? Math.min(VERSION_NUMBERS[version], 0x0303);
  return record(HANDSHAKE, 0x0301, (writer) => {
    writer.uint8(1).counted(3, (hello) => {
      hello.uint16(legacy).append(random.bytes(32));
      hello.counted(1, (session) => session.append(isThirteen ? random.bytes(32) : []));
      uint16List(hello, suites);
      hello.uint8(1).uint8(0);
      const types = messages.extensions ?? usualExtensions(messages, legacy, isThirteen);
      hello.counted(2, (extensions) => {
        for (const type of types) extension(extensions, type, (inner) => fillExtension(inner, type, messages, random));
      });
    });
  });
}

const SERVER_NAME = 0x0000;
const SUPPORTED_GROUPS = 0x000a;
const POINT_FORMATS = 0x000b;
const SIGNATURES = 0x000d;
const ALPN = 0x0010;
const EXTENDED_MASTER_SECRET = 0x0017;
const SUPPORTED_VERSIONS = 0x002b;
const KEY_EXCHANGE_MODES = 0x002d;
const KEY_SHARE = 0x0033;
const RENEGOTIATION_INFO = 0xff01;

function usualExtensions(messages: TlsMessages, legacy: number, isThirteen: boolean): number[] {
  return [
    ...(messages.serverName === undefined ? [] : [SERVER_NAME]),
    EXTENDED_MASTER_SECRET,
    RENEGOTIATION_INFO,
    SUPPORTED_GROUPS,
    POINT_FORMATS,
    ...(messages.alpn === undefined ? [] : [ALPN]),
    ...(legacy === 0x0303 ? [SIGNATURES] : []),
    ...(isThirteen ? [KEY_SHARE, KEY_EXCHANGE_MODES, SUPPORTED_VERSIONS] : []),
  ];
}

/** What an extension holds; one that is not known here is empty. */
function fillExtension(inner: ByteWriter, type: number, messages: TlsMessages, random: SeededRandom): void {
  const name = messages.serverName ?? 'localhost';
  const points = messages.pointFormats ?? [0];
  switch (type) {
    case SERVER_NAME:
      inner.counted(2, (list) => list.uint8(0).counted(2, (text) => text.text(name)));
      break;
    case SUPPORTED_GROUPS:
      uint16List(inner, messages.groups ?? GROUPS);
      break;
    case POINT_FORMATS:
      inner.counted(1, (list) => list.append(points));
      break;
    case ALPN:
      alpnList(inner, messages.alpn ?? ['http/1.1']);
      break;
    case SIGNATURES:
      uint16List(inner, SIGNATURE_ALGORITHMS);
      break;
    case KEY_SHARE:
      inner.counted(2, (list) => list.uint16(X25519).counted(2, (key) => key.append(random.bytes(32))));
      break;
    case KEY_EXCHANGE_MODES:
      inner.uint8(1).uint8(1);
      break;
    case SUPPORTED_VERSIONS:
      inner.counted(1, (list) => list.uint16(0x0304).uint16(0x0303));
      break;
    case RENEGOTIATION_INFO:
      inner.uint8(0);
      break;
  }
}

function serverHello(messages: TlsMessages, random: SeededRandom): Uint8Array {
  const version = messages.version ?? '1.2';
  const isThirteen = version === '1.3';
  const legacy = Math.min(VERSION_NUMBERS[version], 0x0303);
  return record(HANDSHAKE, legacy, (writer) => {
    writer.uint8(2).counted(3, (hello) => {
      hello.uint16(legacy).append(random.bytes(32));
      hello.counted(1, (session) => session.append(random.bytes(32)));
      hello.uint16(messages.cipherSuites?.[0] ?? (isThirteen ? SUITES_13[0] : SUITES_12[0])).uint8(0);
      hello.counted(2, (extensions) => {
        if (isThirteen) {
          extension(extensions, 0x002b, (inner) => inner.uint16(0x0304));
          extension(extensions, 0x0033, (inner) => inner.uint16(X25519).counted(2, (key) => key.append(random.bytes(32))));
          return;
        }
        extension(extensions, 0xff01, (inner) => inner.uint8(0));
        const alpn = messages.alpn;
        if (alpn !== undefined) extension(extensions, 0x0010, (inner) => alpnList(inner, alpn.slice(0, 1)));
      });
    });
  });
}

function concat(...parts: readonly Uint8Array[]): Uint8Array {
  const writer = new ByteWriter();
  for (const part of parts) writer.append(part);
  return writer.finish();
}

/** Handshake and application data as exchanges of a TCP conversation. */
export function tlsExchanges(messages: TlsMessages, random: SeededRandom): TcpExchange[] {
  const version = messages.version ?? '1.2';
  const number = Math.min(VERSION_NUMBERS[version], 0x0303);
  const changeCipher = record(CHANGE_CIPHER, number, (writer) => writer.uint8(1));
  const sealed = (type: number, length: number): Uint8Array => record(type, number, (writer) => writer.append(random.bytes(length)));
  const exchanges: TcpExchange[] = [{ from: 'client', bytes: clientHello(messages, random) }];
  const der = certificate(messages.certificate ?? { subject: messages.serverName ?? 'localhost' }, random);
  if (version === '1.3') {
    exchanges.push({ from: 'server', bytes: concat(serverHello(messages, random), changeCipher, sealed(APPLICATION, der.length + 180)) });
    exchanges.push({ from: 'client', bytes: concat(changeCipher, sealed(APPLICATION, 53)) });
  } else {
    const chain = record(HANDSHAKE, number, (writer) =>
      writer.uint8(11).counted(3, (body) => body.counted(3, (list) => list.counted(3, (one) => one.append(der)))),
    );
    const keyExchange = record(HANDSHAKE, number, (writer) =>
      writer.uint8(12).counted(3, (body) => {
        body
          .uint8(3)
          .uint16(X25519)
          .counted(1, (key) => key.append(random.bytes(32)));
        if (number === 0x0303) body.uint16(0x0403);
        body.counted(2, (signature) => signature.append(random.bytes(71)));
      }),
    );
    const done = record(HANDSHAKE, number, (writer) => writer.uint8(14).uint24(0));
    exchanges.push({ from: 'server', bytes: concat(serverHello(messages, random), chain, keyExchange, done) });
    const clientKey = record(HANDSHAKE, number, (writer) => writer.uint8(16).counted(3, (body) => body.counted(1, (key) => key.append(random.bytes(32)))));
    exchanges.push({ from: 'client', bytes: concat(clientKey, changeCipher, sealed(HANDSHAKE, 40)) });
    exchanges.push({ from: 'server', bytes: concat(changeCipher, sealed(HANDSHAKE, 40)) });
  }
  for (const data of messages.applicationData ?? USUAL_DATA) exchanges.push({ from: data.from, bytes: sealed(APPLICATION, data.length), delay: data.delay });
  return exchanges;
}

/** A request and an answer of everyday size. */
const USUAL_DATA: NonNullable<TlsMessages['applicationData']> = [
  { from: 'client', length: 412 },
  { from: 'server', length: 906 },
];
