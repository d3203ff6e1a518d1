/** Tests on a TLS connection that are no buffers: version, state of the handshake, dates of the certificate. Suricata user guide, "SSL/TLS Keywords". */
import { entryOf } from '@sigwright/bytes';
import { asKeywords, type Direction, type KeywordDefinition, keyword, TO_CLIENT, TO_SERVER } from '@sigwright/contracts';
import { compares, comparison, custom, describeComparison, none, withoutQuotes } from '../../arguments/index.ts';
import { versionName } from './records.ts';
import { CLIENT_HELLO, type HandshakeState, SERVER_CERTIFICATE, type TlsTransaction } from './transactions.ts';

const BOTH: readonly Direction[] = [TO_SERVER, TO_CLIENT];
const RESPONSE: readonly Direction[] = [TO_CLIENT];

const VERSIONS: Readonly<Record<string, number>> = { '1.0': 0x0301, '1.1': 0x0302, '1.2': 0x0303, '1.3': 0x0304 };
const SSL_VERSIONS: Readonly<Record<string, number>> = {
  sslv2: 0x0002,
  sslv3: 0x0300,
  'tls1.0': 0x0301,
  'tls1.1': 0x0302,
  'tls1.2': 0x0303,
  'tls1.3': 0x0304,
};
const STATES: readonly HandshakeState[] = ['client_hello', 'server_hello', 'client_keyx', 'server_keyx', 'unknown'];

/** A version is known as soon as a record begins, and settled with the hello. */
const FROM_FIRST_RECORD = { progress: 0, early: true, settledAt: CLIENT_HELLO, directions: BOTH };

/** What the side that is looked at has said: the client its highest version, whatever the server then chose; before a whole hello, its record's. */
function versionSeen(transaction: TlsTransaction, direction: Direction): number {
  const { client } = transaction;
  const said = direction === TO_SERVER && client !== undefined ? client.legacyVersion : transaction.version;
  return said === 0 ? transaction.recordVersions[direction] : said;
}

const tlsVersion = keyword({
  name: 'tls.version',
  family: 'tls',
  since: '1.3',
  summary: 'the version in use',
  kind: 'condition',
  protocol: 'tls',
  argument: custom('[!]<1.0|1.1|1.2|1.3|0x…>', ['1.2', '"1.0"', '!1.3', '0x7f12'], (written) => {
    const negated = written.startsWith('!');
    const word = withoutQuotes(written.slice(negated ? 1 : 0).trim()).trim();
    const version = entryOf(VERSIONS, word) ?? (/^0x[0-9a-fA-F]{1,4}$/.test(word) ? Number.parseInt(word.slice(2), 16) : undefined);
    return version === undefined ? { problem: `\`${written}\` is no version`, help: 'write 1.0, 1.1, 1.2 or 1.3' } : { value: { negated, version } };
  }),
  examples: ['tls.version:1.2;', 'tls.version:"1.0";', 'tls.version:0x7f12;'],
  broken: [{ options: 'tls.version:2.0;', code: 'tls.version/argument' }],
  apply({ negated, version }, builder) {
    builder.addTransaction({
      keyword: 'tls.version',
      describes: `the version is ${negated ? 'not ' : ''}${versionName(version)}`,
      protocol: 'tls',
      ...FROM_FIRST_RECORD,
      test: (transaction, direction) => {
        const seen = versionSeen(transaction as TlsTransaction, direction);
        return seen !== 0 && (seen === version) !== negated;
      },
      measured: (transaction, direction) => ({ words: `it is ${versionName(versionSeen(transaction as TlsTransaction, direction))}` }),
    });
  },
});

const sslVersion = keyword({
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
      const version = entryOf(SSL_VERSIONS, word.replace(/^!/, ''));
      if (version === undefined) return { problem: `\`${part.trim()}\` is no version`, help: `versions are ${Object.keys(SSL_VERSIONS).join(', ')}` };
      wanted.push({ negated: word.startsWith('!'), version });
    }
    return { value: wanted };
  }),
  examples: ['ssl_version:tls1.2;', 'ssl_version:sslv2,sslv3;', 'ssl_version:!tls1.2;'],
  broken: [{ options: 'ssl_version:tls9;', code: 'ssl_version/argument' }],
  apply(wanted, builder) {
    // Several left out mean none of them; several named mean one of them.
    const left = wanted.filter((one) => one.negated).map((one) => one.version);
    const named = wanted.filter((one) => !one.negated).map((one) => one.version);
    builder.addTransaction({
      keyword: 'ssl_version',
      describes: `the version is ${wanted.map((one) => `${one.negated ? 'not ' : ''}${versionName(one.version)}`).join(', ')}`,
      protocol: 'tls',
      ...FROM_FIRST_RECORD,
      test: (transaction, direction) => {
        const version = versionSeen(transaction as TlsTransaction, direction);
        return version !== 0 && !left.includes(version) && (named.length === 0 || named.includes(version));
      },
    });
  },
});

const sslState = keyword({
  name: 'ssl_state',
  family: 'tls',
  since: '1.3',
  summary: 'how far the handshake has come',
  kind: 'condition',
  protocol: 'tls',
  argument: custom('[!]<client_hello|server_hello|client_keyx|server_keyx|unknown>[|…]', ['client_hello', 'client_hello|server_hello'], (written) => {
    const wanted: { negated: boolean; state: HandshakeState }[] = [];
    for (const part of written.split(/[|,]/)) {
      const word = part.trim();
      const state = STATES.find((one) => one === word.replace(/^!/, ''));
      if (state === undefined) return { problem: `\`${word}\` is no state`, help: `states are ${STATES.join(', ')}` };
      wanted.push({ negated: word.startsWith('!'), state });
    }
    return { value: wanted };
  }),
  examples: ['ssl_state:client_hello;', 'ssl_state:client_keyx|server_keyx;'],
  broken: [{ options: 'ssl_state:begun;', code: 'ssl_state/argument' }],
  apply(wanted, builder) {
    builder.addTransaction({
      keyword: 'ssl_state',
      describes: `the handshake has reached ${wanted.map((one) => `${one.negated ? 'not ' : ''}${one.state}`).join(' or ')}`,
      protocol: 'tls',
      progress: CLIENT_HELLO,
      directions: BOTH,
      test: (transaction) => wanted.some(({ negated, state }) => (transaction as TlsTransaction).states.has(state) !== negated),
    });
  },
});

const chainLength = keyword({
  name: 'tls.cert_chain_len',
  family: 'tls',
  since: '7.0',
  summary: 'number of certificates the server sent',
  kind: 'condition',
  protocol: 'tls',
  argument: comparison(0, 4_294_967_295),
  examples: ['tls.cert_chain_len:1;', 'tls.cert_chain_len:>2;'],
  broken: [{ options: 'tls.cert_chain_len:many;', code: 'tls.cert_chain_len/argument' }],
  apply(wanted, builder) {
    builder.addTransaction({
      keyword: 'tls.cert_chain_len',
      describes: `the number of certificates is ${describeComparison(wanted)}`,
      protocol: 'tls',
      progress: SERVER_CERTIFICATE,
      directions: RESPONSE,
      test: (transaction) => compares(wanted, (transaction as TlsTransaction).chain.certificates.length),
    });
  },
});

interface DateRange {
  readonly operator: '=' | '<' | '>' | '<>';
  /** seconds since 1970 */
  readonly from: number;
  readonly to: number;
}

/** A year, or parts of a date down to the second. Undefined where it is none. */
function seconds(written: string): number | undefined {
  const match = /^(\d{4})(?:-(\d{1,2})(?:-(\d{1,2})(?:[T ](\d{1,2})(?::(\d{1,2})(?::(\d{1,2}))?)?)?)?)?$/.exec(written.trim());
  if (match === null) return undefined;
  const [, year, month, day, hour, minute, second] = match;
  const value = Date.UTC(Number(year), Number(month ?? 1) - 1, Number(day ?? 1), Number(hour ?? 0), Number(minute ?? 0), Number(second ?? 0));
  return Number.isNaN(value) ? undefined : value / 1000;
}

function readRange(written: string): { value: DateRange } | { problem: string; help: string } {
  const problem = { problem: `\`${written}\` is no date`, help: 'write for example `2015-10-22`, `>2015` or `2015<>2020`' };
  const text = withoutQuotes(written).trim();
  const range = /^(.+?)<>(.+)$/.exec(text);
  if (range !== null) {
    const from = seconds(range[1]);
    const to = seconds(range[2]);
    return from === undefined || to === undefined || from >= to ? problem : { value: { operator: '<>', from, to } };
  }
  const single = /^([<>])?(.+)$/.exec(text);
  const from = single === null ? undefined : seconds(single[2]);
  if (single === null || from === undefined) return problem;
  return { value: { operator: (single[1] ?? '=') as '=' | '<' | '>', from, to: from } };
}

function inRange({ operator, from, to }: DateRange, value: number): boolean {
  if (operator === '=') return value === from;
  if (operator === '<') return value < from;
  return operator === '>' ? value > from : value > from && value < to;
}

function dateKeyword(name: string, field: 'notBefore' | 'notAfter', summary: string): KeywordDefinition<never> {
  return keyword({
    name,
    family: 'tls',
    since: '3.0',
    summary,
    kind: 'condition',
    protocol: 'tls',
    argument: custom('[<|>]<date> or <date><><date>', ['2015-10-22', '>2015', '1998-05-01<>2008-05-01'], readRange),
    examples: [`${name}:>2015;`, `${name}:1998-05-01<>2008-05-01;`, `${name}:2015-10-22T23:59:59;`],
    broken: [{ options: `${name}:soon;`, code: `${name}/argument` }],
    apply(range, builder) {
      builder.addTransaction({
        keyword: name,
        describes: `${summary} (${range.operator} ${new Date(range.from * 1000).toISOString().slice(0, 19)})`,
        protocol: 'tls',
        progress: SERVER_CERTIFICATE,
        directions: RESPONSE,
        test: (transaction) => {
          const value = (transaction as TlsTransaction).chain.first?.[field];
          return value !== undefined && inRange(range, value);
        },
      });
    },
  });
}

/** Expired at the time of the flow, which is the time of its last packet. */
function validityKeyword(name: string, expired: boolean, summary: string): KeywordDefinition<never> {
  return keyword({
    name,
    family: 'tls',
    since: '3.0',
    summary,
    kind: 'condition',
    protocol: 'tls',
    argument: none(),
    examples: [`${name};`],
    broken: [{ options: `${name}:1;`, code: `${name}/argument` }],
    apply(_none, builder) {
      builder.addTransaction({
        keyword: name,
        describes: summary,
        protocol: 'tls',
        progress: SERVER_CERTIFICATE,
        directions: RESPONSE,
        test: (transaction, _direction, flow) => {
          const certificate = (transaction as TlsTransaction).chain.first;
          if (certificate?.notAfter === undefined) return false;
          const now = flow.lastTime / 1e6;
          if (expired) return certificate.notAfter < now;
          return certificate.notAfter >= now && (certificate.notBefore === undefined || certificate.notBefore <= now);
        },
      });
    },
  });
}

export const conditionKeywords = asKeywords(
  tlsVersion,
  sslVersion,
  sslState,
  chainLength,
  dateKeyword('tls_cert_notbefore', 'notBefore', 'date from which the certificate holds'),
  dateKeyword('tls_cert_notafter', 'notAfter', 'date until which the certificate holds'),
  validityKeyword('tls_cert_expired', true, 'the certificate was out of date'),
  validityKeyword('tls_cert_valid', false, 'the certificate was in date'),
);
