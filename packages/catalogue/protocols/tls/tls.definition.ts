/** TLS: recognition, buffers, keywords, records. Suricata user guide, "SSL/TLS keywords", "JA3/JA4 keywords". */
import { fromLatin1, uint16, utf8 } from '@sigwright/bytes';
import {
  asKeywords,
  type BufferDefinition,
  type Direction,
  fillWindow,
  IS_THIS,
  keyword,
  NEED_MORE,
  NOT_THIS,
  type ProtocolDefinition,
  type ProtocolRecord,
  TO_CLIENT,
  TO_SERVER,
  type Transaction,
  type TransactionBuffer,
} from '@sigwright/contracts';
import { custom, none, quoted, withoutQuotes } from '../../arguments/index.ts';
import { digestOf, ja3String, ja3sString, ja4 } from './hello.ts';
import { CERTIFICATES, CLIENT_DONE, CLIENT_HELLO, SERVER_DONE, SERVER_HELLO, TlsSession, type TlsTransaction } from './session.ts';

const REQUEST: readonly Direction[] = [TO_SERVER];
const RESPONSE: readonly Direction[] = [TO_CLIENT];

function buffer(
  name: string,
  summary: string,
  direction: Direction,
  progress: number,
  shape: 'name' | 'text',
  read: (transaction: TlsTransaction) => Uint8Array | undefined,
): TransactionBuffer {
  return {
    of: 'transaction',
    name,
    summary,
    shape,
    protocol: 'tls',
    directions: direction === TO_SERVER ? REQUEST : RESPONSE,
    multiple: false,
    progress: () => progress,
    read: (transaction: Transaction, _direction, index, window) => index === 0 && fillWindow(window, read(transaction as TlsTransaction)),
  };
}

/** Of the ClientHello in one direction, of the ServerHello in the other. */
function random(name: string, summary: string, part: (bytes: Uint8Array) => Uint8Array): TransactionBuffer {
  return {
    of: 'transaction',
    name,
    summary,
    shape: 'text',
    protocol: 'tls',
    directions: [TO_SERVER, TO_CLIENT],
    multiple: false,
    progress: (direction) => (direction === TO_SERVER ? CLIENT_HELLO : SERVER_HELLO),
    read(transaction, direction, index, window) {
      const hello = direction === TO_SERVER ? (transaction as TlsTransaction).client : (transaction as TlsTransaction).server;
      return index === 0 && hello !== undefined && fillWindow(window, part(hello.random));
    },
  };
}

function many(name: string, summary: string, progress: number, list: (transaction: TlsTransaction) => readonly Uint8Array[]): TransactionBuffer {
  return {
    of: 'transaction',
    name,
    summary,
    shape: 'text',
    protocol: 'tls',
    directions: RESPONSE,
    multiple: true,
    progress: () => progress,
    read: (transaction: Transaction, _direction, index, window) => fillWindow(window, list(transaction as TlsTransaction)[index]),
  };
}

function optional(text: string | undefined): Uint8Array | undefined {
  return text === undefined ? undefined : new TextEncoder().encode(text);
}

const buffers: readonly BufferDefinition[] = [
  buffer('tls.sni', 'server name the client asks for', TO_SERVER, CLIENT_HELLO, 'name', (transaction) => transaction.client?.serverName),
  many('tls.certs', 'each certificate of the server, as DER', CERTIFICATES, (transaction) => transaction.chain),
  buffer('tls.cert_subject', 'subject of the server certificate', TO_CLIENT, CERTIFICATES, 'text', (transaction) =>
    optional(transaction.certificate()?.subject),
  ),
  buffer('tls.cert_issuer', 'issuer of the server certificate', TO_CLIENT, CERTIFICATES, 'text', (transaction) => optional(transaction.certificate()?.issuer)),
  buffer('tls.cert_serial', 'serial number of the server certificate', TO_CLIENT, CERTIFICATES, 'name', (transaction) =>
    optional(transaction.certificate()?.serial),
  ),
  buffer('tls.cert_fingerprint', 'SHA-1 of the server certificate', TO_CLIENT, CERTIFICATES, 'name', (transaction) =>
    optional(transaction.certificate()?.fingerprint),
  ),
  many('tls.subjectaltname', 'alternative names in the server certificate', CERTIFICATES, (transaction) =>
    (transaction.certificate()?.alternativeNames ?? []).map(fromLatin1),
  ),
  random('tls.random', 'random of the ClientHello', (bytes) => bytes),
  random('tls.random_time', 'first four bytes of the random', (bytes) => bytes.subarray(0, 4)),
  random('tls.random_bytes', 'last 28 bytes of the random', (bytes) => bytes.subarray(4)),
  buffer('ja3.hash', 'JA3 of the client', TO_SERVER, CLIENT_HELLO, 'name', (transaction) =>
    transaction.client === undefined ? undefined : optional(digestOf(ja3String(transaction.client))),
  ),
  buffer('ja3.string', 'what JA3 is the digest of', TO_SERVER, CLIENT_HELLO, 'text', (transaction) =>
    transaction.client === undefined ? undefined : optional(ja3String(transaction.client)),
  ),
  buffer('ja3s.hash', 'JA3S of the server', TO_CLIENT, SERVER_HELLO, 'name', (transaction) =>
    transaction.server === undefined ? undefined : optional(digestOf(ja3sString(transaction.server))),
  ),
  buffer('ja3s.string', 'what JA3S is the digest of', TO_CLIENT, SERVER_HELLO, 'text', (transaction) =>
    transaction.server === undefined ? undefined : optional(ja3sString(transaction.server)),
  ),
  buffer('ja4.hash', 'JA4 of the client', TO_SERVER, CLIENT_HELLO, 'name', (transaction) =>
    transaction.client === undefined ? undefined : optional(ja4(transaction.client)),
  ),
];

const ALIASES: Record<string, readonly string[]> = {
  'tls.sni': ['tls_sni'],
  'tls.cert_subject': ['tls_cert_subject'],
  'tls.cert_issuer': ['tls_cert_issuer'],
  'tls.cert_serial': ['tls_cert_serial'],
  'tls.cert_fingerprint': ['tls_cert_fingerprint'],
  'ja3.hash': ['ja3_hash'],
  'ja3.string': ['ja3_string'],
};

const VERSIONS: Record<string, number> = { '1.0': 0x0301, '1.1': 0x0302, '1.2': 0x0303, '1.3': 0x0304 };
const SSL_VERSIONS: Record<string, number> = { sslv2: 0x0002, sslv3: 0x0300, 'tls1.0': 0x0301, 'tls1.1': 0x0302, 'tls1.2': 0x0303, 'tls1.3': 0x0304 };
const STATES = ['client_hello', 'server_hello', 'client_keyx', 'server_keyx', 'unknown'];

const BOTH: readonly Direction[] = [TO_SERVER, TO_CLIENT];

/** Old keywords with a value of their own: a content in a buffer. */
function valueKeyword(name: string, aliases: readonly string[], target: string, summary: string) {
  return keyword({
    name,
    aliases,
    family: 'tls',
    since: '1.3',
    summary,
    kind: 'condition',
    protocol: 'tls',
    argument: quoted(['"abc"']),
    examples: [`${name}:"abc";`],
    broken: [{ options: `${name}:abc;`, code: `${name}/argument` }],
    apply({ negated, text }, builder) {
      const before = builder.currentBuffer;
      builder.selectBuffer(target);
      builder.addBytes({
        kind: 'content',
        bytes: new TextEncoder().encode(name === 'tls.fingerprint' ? text.toLowerCase() : text),
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

const keywords = asKeywords(
  ...buffers.map((one) =>
    keyword({
      name: one.name,
      ...(ALIASES[one.name] === undefined ? {} : { aliases: ALIASES[one.name] }),
      family: 'tls',
      since: '5.0',
      summary: one.summary,
      kind: 'sticky-buffer' as const,
      protocol: 'tls',
      argument: none(),
      examples: [`${one.name}; content:"abc";`],
      broken: [{ options: `${one.name}:1;`, code: `${one.name}/argument` }],
      apply(_none, builder) {
        builder.selectBuffer(one.name);
      },
    }),
  ),
  valueKeyword('tls.fingerprint', ['tls_fingerprint'], 'tls.cert_fingerprint', 'the certificate has this SHA-1'),
  valueKeyword('tls.subject', ['tls_subject'], 'tls.cert_subject', 'the subject holds this'),
  valueKeyword('tls.issuerdn', ['tls_issuerdn'], 'tls.cert_issuer', 'the issuer holds this'),
  keyword({
    name: 'tls.version',
    family: 'tls',
    since: '1.3',
    summary: 'the version in use',
    kind: 'condition',
    protocol: 'tls',
    argument: custom('[!]<1.0|1.1|1.2|1.3|0x…>', ['1.2', '"1.0"'], (written) => {
      const word = withoutQuotes(written).trim();
      const value = VERSIONS[word] ?? (/^0x[0-9a-fA-F]{1,4}$/.test(word) ? Number.parseInt(word, 16) : undefined);
      return value === undefined ? { problem: `\`${written}\` is no version`, help: 'write 1.0, 1.1, 1.2 or 1.3' } : { value };
    }),
    examples: ['tls.version:1.2;'],
    broken: [{ options: 'tls.version:2.0;', code: 'tls.version/argument' }],
    apply(version, builder) {
      builder.addTransaction({
        keyword: 'tls.version',
        describes: `the version is ${versionName(version)}`,
        protocol: 'tls',
        progress: CLIENT_HELLO,
        directions: BOTH,
        test: (transaction, direction) => {
          const one = transaction as TlsTransaction;
          return (direction === TO_SERVER && one.client !== undefined && one.server === undefined ? one.client.legacyVersion : one.version) === version;
        },
      });
    },
  }),
  keyword({
    name: 'ssl_version',
    family: 'tls',
    since: '1.3',
    summary: 'the version in use, one of several',
    kind: 'condition',
    protocol: 'tls',
    argument: custom('[!]<sslv2|sslv3|tls1.0|tls1.1|tls1.2|tls1.3>[,…]', ['tls1.2', 'sslv3,tls1.0', '!tls1.2'], (written) => {
      const wanted: { negated: boolean; version: number }[] = [];
      for (const part of withoutQuotes(written).split(',')) {
        const word = part.trim().toLowerCase();
        const version = SSL_VERSIONS[word.replace(/^!/, '')];
        if (version === undefined) return { problem: `\`${part}\` is no version` };
        wanted.push({ negated: word.startsWith('!'), version });
      }
      return { value: wanted };
    }),
    examples: ['ssl_version:tls1.2;'],
    broken: [{ options: 'ssl_version:tls9;', code: 'ssl_version/argument' }],
    apply(wanted, builder) {
      builder.addTransaction({
        keyword: 'ssl_version',
        describes: 'the version is one of those named',
        protocol: 'tls',
        progress: CLIENT_HELLO,
        directions: BOTH,
        test: (transaction) => wanted.some(({ negated, version }) => ((transaction as TlsTransaction).version === version) !== negated),
      });
    },
  }),
  keyword({
    name: 'ssl_state',
    family: 'tls',
    since: '1.3',
    summary: 'how far the handshake has come',
    kind: 'condition',
    protocol: 'tls',
    argument: custom('[!]<client_hello|server_hello|client_keyx|server_keyx|unknown>[|…]', ['client_hello', 'client_hello|server_hello'], (written) => {
      const wanted: { negated: boolean; state: string }[] = [];
      for (const part of written.split('|')) {
        const word = part.trim();
        if (!STATES.includes(word.replace(/^!/, ''))) return { problem: `\`${word}\` is no state`, help: `states are ${STATES.join(', ')}` };
        wanted.push({ negated: word.startsWith('!'), state: word.replace(/^!/, '') });
      }
      return { value: wanted };
    }),
    examples: ['ssl_state:client_hello;'],
    broken: [{ options: 'ssl_state:begun;', code: 'ssl_state/argument' }],
    apply(wanted, builder) {
      builder.addTransaction({
        keyword: 'ssl_state',
        describes: 'the handshake is in one of the states named',
        protocol: 'tls',
        progress: CLIENT_HELLO,
        directions: BOTH,
        test: (transaction) => wanted.some(({ negated, state }) => (transaction as TlsTransaction).states.has(state) !== negated),
      });
    },
  }),
);

const VERSION_NAMES: Readonly<Record<number, string>> = { 2: 'SSLv2', 768: 'SSLv3', 769: 'TLSv1', 770: 'TLS 1.1', 771: 'TLS 1.2', 772: 'TLS 1.3' };

function versionName(version: number): string {
  if (version >= 0x7f00 && version <= 0x7fff) return `TLS 1.3 draft-${version & 255}`;
  return VERSION_NAMES[version] ?? (version === 0 ? 'UNDETERMINED' : `0x${version.toString(16).padStart(4, '0')}`);
}

function day(seconds: number): string {
  return new Date(seconds * 1000).toISOString().slice(0, 19);
}

function body(transaction: TlsTransaction): Record<string, unknown> {
  const record: Record<string, unknown> = {};
  const certificate = transaction.certificate();
  if (certificate?.subject !== undefined) record['subject'] = certificate.subject;
  if (certificate?.issuer !== undefined) record['issuerdn'] = certificate.issuer;
  if (certificate !== undefined && certificate.alternativeNames.length > 0) record['subjectaltname'] = certificate.alternativeNames;
  if (certificate?.serial !== undefined) record['serial'] = certificate.serial;
  if (certificate !== undefined) record['fingerprint'] = certificate.fingerprint;
  if (transaction.client?.serverName !== undefined) record['sni'] = utf8(transaction.client.serverName);
  record['version'] = versionName(transaction.version);
  if (certificate?.notBefore !== undefined) record['notbefore'] = day(certificate.notBefore);
  if (certificate?.notAfter !== undefined) record['notafter'] = day(certificate.notAfter);
  if (transaction.client !== undefined) {
    const text = ja3String(transaction.client);
    record['ja3'] = { hash: digestOf(text), string: text };
    record['ja4'] = ja4(transaction.client);
    if (transaction.client.applicationProtocols.length > 0) record['client_alpns'] = transaction.client.applicationProtocols;
  }
  if (transaction.server !== undefined) {
    const text = ja3sString(transaction.server);
    record['ja3s'] = { hash: digestOf(text), string: text };
    if (transaction.server.applicationProtocols.length > 0) record['server_alpns'] = transaction.server.applicationProtocols;
  }
  return record;
}

export const protocol: ProtocolDefinition = {
  name: 'tls',
  aliases: ['ssl'],
  recordName: 'tls',
  transport: ['tcp'],
  summary: 'TLS and SSL up to where encryption begins',
  ports: [443],
  anyPort: true,
  recognise(bytes, start, end, direction) {
    if (end - start < 6)
      return (bytes[start] === 22 || (bytes[start] & 0x80) !== 0) && (end - start < 2 || bytes[start + 1] === 3 || (bytes[start] & 0x80) !== 0)
        ? NEED_MORE
        : NOT_THIS;
    if (bytes[start] === 22 && bytes[start + 1] === 3 && bytes[start + 2] <= 4 && uint16(bytes, start + 3) <= 18_432) {
      const type = bytes[start + 5];
      return type === (direction === TO_SERVER ? 1 : 2) || type === 0 ? IS_THIS : NOT_THIS;
    }
    if (bytes[start] === 21 && bytes[start + 1] === 3 && uint16(bytes, start + 3) === 2) return IS_THIS;
    const old = (bytes[start] & 0x80) !== 0 && bytes[start + 2] === 1 && (uint16(bytes, start + 3) === 2 || (bytes[start + 3] === 3 && bytes[start + 4] <= 3));
    return direction === TO_SERVER && old ? IS_THIS : NOT_THIS;
  },
  open: (flow, settings) => new TlsSession(settings, flow.lastTime),
  complete: [CLIENT_DONE, SERVER_DONE],
  buffers,
  keywords,
  anomalies: [
    { name: 'invalid_tls_header', summary: 'bytes that are no TLS record' },
    { name: 'invalid_record_length', summary: 'a record longer than TLS allows' },
    { name: 'invalid_handshake_message', summary: 'a handshake message that can not be read' },
    { name: 'invalid_certificate', summary: 'a certificate list that contradicts itself' },
  ],
  records(transaction): readonly ProtocolRecord[] {
    const one = transaction as TlsTransaction;
    if (one.client === undefined && one.server === undefined) return [];
    return [{ type: 'tls', body: body(one), direction: TO_SERVER }];
  },
  context: (transaction) => body(transaction as TlsTransaction),
};
