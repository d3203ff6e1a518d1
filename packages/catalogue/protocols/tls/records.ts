/**
 * TLS transaction → EVE record (Suricata user guide, "Event type: TLS", extended form with fingerprints). A connection gives one
 * where a certificate was read, an earlier session was resumed, the version hides the certificate, or nothing of the server was captured.
 */
import { base64, shownText } from '@sigwright/bytes';
import { isOn, listed, type RecordOptions } from '@sigwright/contracts';
import { type Hello, isGrease, isTls13 } from '../../formats/tls-hello/hello.ts';
import type { Chain, TlsTransaction } from './transactions.ts';

const SSL_2 = 0x0002;

const VERSION_NAMES: Readonly<Record<number, string>> = {
  2: 'SSLv2',
  768: 'SSLv3',
  769: 'TLSv1',
  770: 'TLS 1.1',
  771: 'TLS 1.2',
  772: 'TLS 1.3',
  64279: 'TLS 1.3 draft-23-fb',
  64282: 'TLS 1.3 draft-26-fb',
};

/** Drafts of TLS 1.3 are numbered 0x7f00 + n. */
export function versionName(version: number): string {
  if (version >>> 8 === 0x7f) return `TLS 1.3 draft-${version & 255}`;
  return VERSION_NAMES[version] ?? (version === 0 ? 'UNDETERMINED' : `0x${version.toString(16).padStart(4, '0')}`);
}

export function secondsAsDate(seconds: number): string {
  return new Date(seconds * 1000).toISOString().slice(0, 19);
}

/** Is there enough to tell? */
export function isWorthRecording(transaction: TlsTransaction): boolean {
  if (transaction.version === SSL_2) return false;
  const certificate = transaction.chain.first;
  if (certificate?.subject !== undefined && certificate.issuer !== undefined) return true;
  if (transaction.resumed || (transaction.server !== undefined && isTls13(transaction.server.version))) return true;
  // The client's hello alone: what the server said was not captured.
  return transaction.endedUnanswered || transaction.isUnanswered;
}

/** Fields of the extended form; `custom` may name these and more. */
const EXTENDED = [
  'subject',
  'issuer',
  'session_resumed',
  'serial',
  'fingerprint',
  'sni',
  'version',
  'not_before',
  'not_after',
  'subjectaltname',
  'client',
  'ja3',
  'ja3s',
  'ja4',
  'client_alpns',
  'server_alpns',
] as const;
type Field = (typeof EXTENDED)[number] | 'certificate' | 'chain' | 'client_certificate' | 'client_chain' | 'client_handshake' | 'server_handshake';

const ALL_EXTENDED: ReadonlySet<string> = new Set<string>(EXTENDED);
const BASIC: ReadonlySet<string> = new Set<Field>(['subject', 'issuer']);

/** `custom` names fields one by one; else the extended form where it is asked for, or where nothing is said at all. */
export function wantedFields(options: RecordOptions | undefined): ReadonlySet<string> {
  if (options === undefined) return ALL_EXTENDED;
  const custom = listed(options['custom']);
  const fields = new Set(custom ?? (isOn(options['extended'], false) ? ALL_EXTENDED : BASIC));
  const resumed = isOn(options['session-resumption'], Object.keys(options).length > 0);
  if (resumed) fields.add('session_resumed');
  else fields.delete('session_resumed');
  for (const print of ['ja3', 'ja3s', 'ja4']) {
    if (isOn(options[print], false)) fields.add(print);
    else if (options[print] !== undefined) fields.delete(print);
  }
  return fields;
}

function addCertificate(record: Record<string, unknown>, chain: Chain, wanted: ReadonlySet<string>): void {
  const certificate = chain.first;
  if (certificate === undefined) return;
  if (certificate.subject !== undefined && wanted.has('subject')) record['subject'] = certificate.subject;
  if (certificate.issuer !== undefined && wanted.has('issuer')) record['issuerdn'] = certificate.issuer;
  if (certificate.alternativeNames.length > 0 && wanted.has('subjectaltname')) record['subjectaltname'] = certificate.alternativeNames;
  if (certificate.serial !== undefined && wanted.has('serial')) record['serial'] = certificate.serial;
  if (wanted.has('fingerprint')) record['fingerprint'] = chain.fingerprint;
}

function addValidity(record: Record<string, unknown>, chain: Chain, wanted: ReadonlySet<string>): void {
  const certificate = chain.first;
  if (certificate?.notBefore !== undefined && wanted.has('not_before')) record['notbefore'] = secondsAsDate(certificate.notBefore);
  if (certificate?.notAfter !== undefined && wanted.has('not_after')) record['notafter'] = secondsAsDate(certificate.notAfter);
}

/** The certificates themselves: the own one, or all of the chain. */
function addBytes(record: Record<string, unknown>, { certificates }: Chain, own: boolean, all: boolean): void {
  if (certificates.length === 0) return;
  if (own) record['certificate'] = base64(certificates[0]);
  if (all) record['chain'] = certificates.map(base64);
}

/** Lists of a hello as sent, without the values that only test tolerance (RFC 8701). */
function handshake(hello: Hello, fromClient: boolean): Record<string, unknown> {
  const real = (values: readonly number[]): readonly number[] => values.filter((value) => !isGrease(value));
  const shown: Record<string, unknown> = { version: versionName(hello.version) };
  if (fromClient) shown['ciphers'] = real(hello.suites);
  else if (hello.suites.length > 0) shown['cipher'] = hello.suites[0];
  if (hello.extensions.length > 0) shown['exts'] = real(hello.extensions);
  if (fromClient && hello.signatureAlgorithms.length > 0) shown['sig_algs'] = hello.signatureAlgorithms;
  return shown;
}

export function tlsBody(transaction: TlsTransaction, wanted: ReadonlySet<string> = ALL_EXTENDED): Record<string, unknown> {
  const record: Record<string, unknown> = {};
  const { client, server, chain, clientChain, shownFingerprints } = transaction;
  addCertificate(record, chain, wanted);
  if (transaction.resumed && wanted.has('session_resumed')) record['session_resumed'] = true;
  if (client?.serverName !== undefined && wanted.has('sni')) record['sni'] = shownText(client.serverName);
  if (wanted.has('version')) record['version'] = versionName(transaction.version);
  addValidity(record, chain, wanted);
  addBytes(record, chain, wanted.has('certificate'), wanted.has('chain'));
  if (clientChain.certificates.length > 0 && (wanted.has('client') || wanted.has('client_certificate') || wanted.has('client_chain'))) {
    const shown: Record<string, unknown> = {};
    if (wanted.has('client')) {
      addCertificate(shown, clientChain, ALL_EXTENDED);
      addValidity(shown, clientChain, ALL_EXTENDED);
    }
    addBytes(shown, clientChain, wanted.has('client_certificate'), wanted.has('client_chain'));
    record['client'] = shown;
  }
  if (client !== undefined && client.suites.length > 0) {
    if (shownFingerprints.ja3 && wanted.has('ja3')) record['ja3'] = { hash: transaction.ja3Hash, string: transaction.ja3 };
    if (shownFingerprints.ja4 && wanted.has('ja4')) record['ja4'] = transaction.ja4;
  }
  if (server !== undefined && server.suites.length > 0 && shownFingerprints.ja3 && wanted.has('ja3s'))
    record['ja3s'] = { hash: transaction.ja3sHash, string: transaction.ja3s };
  const offered = client?.applicationProtocols ?? [];
  const chosen = server?.applicationProtocols ?? [];
  if (offered.length > 0 && wanted.has('client_alpns')) record['client_alpns'] = offered.map((one) => shownText(one));
  if (chosen.length > 0 && wanted.has('server_alpns')) record['server_alpns'] = chosen.map((one) => shownText(one));
  if (client !== undefined && wanted.has('client_handshake')) record['client_handshake'] = handshake(client, true);
  if (server !== undefined && wanted.has('server_handshake')) record['server_handshake'] = handshake(server, false);
  return record;
}
