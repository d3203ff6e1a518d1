/** What rules see of TLS. Suricata user guide, "SSL/TLS Keywords" and "JA3/JA4 Keywords". */
import { base64, fromLatin1, fromUtf8 } from '@sigwright/bytes';
import {
  asKeywords,
  type BufferDefinition,
  type Direction,
  fillWindow,
  type KeywordDefinition,
  keyword,
  type StoredExtract,
  TO_CLIENT,
  TO_SERVER,
  type Transaction,
  type TransactionBuffer,
} from '@sigwright/contracts';
import { none, quoted } from '../../arguments/index.ts';
import { type Chain, CLIENT_CERTIFICATE, CLIENT_HELLO, SERVER_CERTIFICATE, SERVER_HELLO, type TlsTransaction } from './transactions.ts';

const REQUEST: readonly Direction[] = [TO_SERVER];
const RESPONSE: readonly Direction[] = [TO_CLIENT];
const BOTH: readonly Direction[] = [TO_SERVER, TO_CLIENT];

/** The buffer is there in these directions, at these progress values. */
interface Place {
  readonly directions: readonly Direction[];
  readonly progress: readonly [number, number];
}
const CLIENT_HELLO_READ: Place = { directions: REQUEST, progress: [CLIENT_HELLO, SERVER_HELLO] };
const SERVER_HELLO_READ: Place = { directions: RESPONSE, progress: [CLIENT_HELLO, SERVER_HELLO] };
const HELLO_READ: Place = { directions: BOTH, progress: [CLIENT_HELLO, SERVER_HELLO] };
const CERTIFICATES_READ: Place = { directions: BOTH, progress: [CLIENT_CERTIFICATE, SERVER_CERTIFICATE] };

function single(
  name: string,
  summary: string,
  { directions, progress }: Place,
  shape: 'name' | 'text',
  get: (transaction: TlsTransaction, direction: Direction) => Uint8Array | undefined,
): TransactionBuffer {
  return {
    of: 'transaction',
    name,
    summary,
    shape,
    protocol: 'tls',
    directions,
    multiple: false,
    progress: (direction) => progress[direction],
    read: (transaction: Transaction, direction, index, window) => index === 0 && fillWindow(window, get(transaction as TlsTransaction, direction)),
  };
}

function several(
  name: string,
  summary: string,
  { directions, progress }: Place,
  get: (transaction: TlsTransaction, direction: Direction, index: number) => Uint8Array | undefined,
): TransactionBuffer {
  return {
    of: 'transaction',
    name,
    summary,
    shape: 'text',
    protocol: 'tls',
    directions,
    multiple: true,
    progress: (direction) => progress[direction],
    read: (transaction: Transaction, direction, index, window) => fillWindow(window, get(transaction as TlsTransaction, direction, index)),
  };
}

function bytesOf(text: string | undefined): Uint8Array | undefined {
  return text === undefined ? undefined : fromUtf8(text);
}

function helloOf(transaction: TlsTransaction, direction: Direction) {
  return direction === TO_SERVER ? transaction.client : transaction.server;
}

function chainOf(transaction: TlsTransaction, direction: Direction): Chain {
  return direction === TO_CLIENT ? transaction.chain : transaction.clientChain;
}

export const buffers: readonly BufferDefinition[] = [
  single('tls.sni', 'server name the client asks for', CLIENT_HELLO_READ, 'name', (one) => one.client?.serverName),
  several(
    'tls.alpn',
    'application protocols offered, or the one chosen',
    HELLO_READ,
    (one, direction, index) => helloOf(one, direction)?.applicationProtocols[index],
  ),
  several('tls.certs', 'each certificate of a chain, as DER', CERTIFICATES_READ, (one, direction, index) => chainOf(one, direction).certificates[index]),
  single('tls.cert_subject', 'subject of the certificate', CERTIFICATES_READ, 'text', (one, direction) => bytesOf(chainOf(one, direction).first?.subject)),
  single('tls.cert_issuer', 'issuer of the certificate', CERTIFICATES_READ, 'text', (one, direction) => bytesOf(chainOf(one, direction).first?.issuer)),
  single('tls.cert_serial', 'serial number of the certificate, `00:AB:…`', CERTIFICATES_READ, 'name', (one, direction) =>
    bytesOf(chainOf(one, direction).first?.serial),
  ),
  single('tls.cert_fingerprint', 'SHA-1 of the certificate, `aa:bb:…`', CERTIFICATES_READ, 'name', (one, direction) =>
    bytesOf(chainOf(one, direction).fingerprint),
  ),
  several('tls.subjectaltname', 'each alternative name in the certificate', CERTIFICATES_READ, (one, direction, index) => {
    const name = chainOf(one, direction).first?.alternativeNames[index];
    return name === undefined ? undefined : fromLatin1(name);
  }),
  single('tls.random', 'random of the hello', HELLO_READ, 'text', (one, direction) => helloOf(one, direction)?.random),
  single('tls.random_time', 'first four bytes of the random', HELLO_READ, 'text', (one, direction) => helloOf(one, direction)?.random.subarray(0, 4)),
  single('tls.random_bytes', 'last 28 bytes of the random', HELLO_READ, 'text', (one, direction) => helloOf(one, direction)?.random.subarray(4)),
  single('ja3.hash', 'JA3 of the client', CLIENT_HELLO_READ, 'name', (one) => bytesOf(one.ja3Hash)),
  single('ja3.string', 'what JA3 is the digest of', CLIENT_HELLO_READ, 'text', (one) => bytesOf(one.ja3)),
  single('ja3s.hash', 'JA3S of the server', SERVER_HELLO_READ, 'name', (one) => bytesOf(one.ja3sHash)),
  single('ja3s.string', 'what JA3S is the digest of', SERVER_HELLO_READ, 'text', (one) => bytesOf(one.ja3s)),
  single('ja4.hash', 'JA4 of the client', CLIENT_HELLO_READ, 'name', (one) => bytesOf(one.ja4)),
];

/** Buffers of keywords of this protocol; fingerprints have keywords for several (`keywords/fingerprints`). */
interface Naming {
  readonly since: string;
  readonly aliases?: readonly string[];
}
const NAMING: Readonly<Record<string, Naming>> = {
  'tls.sni': { since: '3.0', aliases: ['tls_sni'] },
  'tls.alpn': { since: '8.0' },
  'tls.certs': { since: '6.0' },
  'tls.cert_subject': { since: '3.0', aliases: ['tls_cert_subject'] },
  'tls.cert_issuer': { since: '3.0', aliases: ['tls_cert_issuer'] },
  'tls.cert_serial': { since: '3.0', aliases: ['tls_cert_serial'] },
  'tls.cert_fingerprint': { since: '4.1', aliases: ['tls_cert_fingerprint'] },
  'tls.subjectaltname': { since: '8.0' },
  'tls.random': { since: '7.0' },
  'tls.random_time': { since: '7.0' },
  'tls.random_bytes': { since: '7.0' },
};

/** Fingerprints are written in small letters: a content in capitals can never match. */
const SMALL_LETTERS = new Set(['tls.cert_fingerprint']);

function sticky(buffer: BufferDefinition): KeywordDefinition<never> {
  const { since, aliases } = NAMING[buffer.name];
  return keyword({
    name: buffer.name,
    ...(aliases === undefined ? {} : { aliases }),
    family: 'tls',
    since,
    summary: buffer.summary,
    kind: 'sticky-buffer',
    protocol: 'tls',
    argument: none(),
    examples: [`${buffer.name}; content:"abc";`],
    broken: [{ options: `${buffer.name}:1;`, code: `${buffer.name}/argument` }],
    apply(_none, builder) {
      builder.selectBuffer(buffer.name);
    },
  });
}

/** Old keywords with a value of their own: a content in a buffer, and what follows them looks where it did before. */
function valueKeyword(name: string, alias: string, buffer: string, summary: string): KeywordDefinition<never> {
  return keyword({
    name,
    aliases: [alias],
    family: 'tls',
    since: '1.3',
    summary,
    kind: 'condition',
    protocol: 'tls',
    argument: quoted(['"abc"', '!"abc"']),
    examples: [`${name}:"abc";`, `${name}:!"abc";`],
    broken: [{ options: `${name}:abc;`, code: `${name}/argument` }],
    apply({ negated, text }, builder) {
      const before = builder.currentBuffer;
      builder.selectBuffer(buffer);
      builder.addBytes({
        kind: 'content',
        bytes: fromUtf8(SMALL_LETTERS.has(buffer) ? text.toLowerCase() : text),
        negated,
        nocase: false,
        offset: undefined,
        depth: undefined,
        distance: undefined,
        within: undefined,
        startsWith: false,
        endsWith: false,
        fastPattern: false,
        fastPatternOnly: false,
        fastPatternSlice: undefined,
      });
      builder.selectBuffer(before);
    },
  });
}

export const bufferKeywords = asKeywords(
  ...buffers.filter((buffer) => NAMING[buffer.name] !== undefined).map(sticky),
  valueKeyword('tls.fingerprint', 'tls_fingerprint', 'tls.cert_fingerprint', 'the certificate has this SHA-1'),
  valueKeyword('tls.subject', 'tls_subject', 'tls.cert_subject', 'the subject of the certificate holds this'),
  valueKeyword('tls.issuerdn', 'tls_issuerdn', 'tls.cert_issuer', 'the issuer of the certificate holds this'),
  keyword({
    name: 'tls.store',
    aliases: ['tls_store'],
    family: 'tls',
    since: '1.4',
    summary: 'the certificates of the server are stored, where the configuration has a `tls-store`',
    kind: 'state',
    protocol: 'tls',
    argument: none(),
    examples: ['tls.cert_issuer; content:"Example"; tls.store;'],
    broken: [{ options: 'tls.store:yes;', code: 'tls.store/argument' }],
    apply(_none, builder) {
      builder.demandProtocol('tls');
      builder.addTransaction({
        keyword: 'tls.store',
        describes: 'the server showed a certificate, or is to show one',
        protocol: 'tls',
        progress: 0,
        settledAt: SERVER_CERTIFICATE,
        directions: BOTH,
        // A rule on what the client says is decided before the server shows any.
        test: (transaction, direction) => direction === TO_SERVER || (transaction as TlsTransaction).chain.certificates.length > 0,
      });
      builder.addEffect({
        keyword: 'tls.store',
        describes: 'store the certificates',
        apply: (_flow, transaction) => {
          if (transaction !== undefined) transaction.extract ??= () => certificatesOf(transaction as TlsTransaction);
        },
      });
    },
  }),
);

/** RFC 7468, the server's own certificate first. */
function certificatesOf({ chain }: TlsTransaction): StoredExtract | undefined {
  if (chain.certificates.length === 0) return undefined;
  const pem = chain.certificates
    .map((der) => `-----BEGIN CERTIFICATE-----\n${base64(der).replace(/.{64}(?=.)/g, '$&\n')}\n-----END CERTIFICATE-----\n`)
    .join('');
  return {
    pem,
    about: [
      ['TLS SUBJECT', chain.first?.subject ?? ''],
      ['TLS ISSUERDN', chain.first?.issuer ?? ''],
      ['TLS FINGERPRINT', chain.fingerprint ?? ''],
    ],
  };
}
