/**
 * TLS transaction → EVE record (Suricata user guide, "Event type: TLS", extended form with fingerprints). A connection gives one
 * where a certificate was read, an earlier session was resumed, the version hides the certificate, or nothing of the server was captured.
 */
import { utf8 } from '@sigwright/bytes';
import { isTls13 } from '../../formats/tls-hello/hello.ts';
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
  return transaction.client !== undefined && !transaction.answered && transaction.anomalies === undefined;
}

function addCertificate(record: Record<string, unknown>, chain: Chain): void {
  const certificate = chain.first;
  if (certificate === undefined) return;
  if (certificate.subject !== undefined) record['subject'] = certificate.subject;
  if (certificate.issuer !== undefined) record['issuerdn'] = certificate.issuer;
  if (certificate.alternativeNames.length > 0) record['subjectaltname'] = certificate.alternativeNames;
  if (certificate.serial !== undefined) record['serial'] = certificate.serial;
  record['fingerprint'] = chain.fingerprint;
}

function addValidity(record: Record<string, unknown>, chain: Chain): void {
  const certificate = chain.first;
  if (certificate?.notBefore !== undefined) record['notbefore'] = secondsAsDate(certificate.notBefore);
  if (certificate?.notAfter !== undefined) record['notafter'] = secondsAsDate(certificate.notAfter);
}

export function tlsBody(transaction: TlsTransaction): Record<string, unknown> {
  const record: Record<string, unknown> = {};
  addCertificate(record, transaction.chain);
  if (transaction.resumed) record['session_resumed'] = true;
  if (transaction.client?.serverName !== undefined) record['sni'] = utf8(transaction.client.serverName);
  record['version'] = versionName(transaction.version);
  addValidity(record, transaction.chain);
  if (transaction.clientChain.certificates.length > 0) {
    const client: Record<string, unknown> = {};
    addCertificate(client, transaction.clientChain);
    addValidity(client, transaction.clientChain);
    record['client'] = client;
  }
  if (transaction.client !== undefined && transaction.client.suites.length > 0) {
    record['ja3'] = { hash: transaction.ja3Hash, string: transaction.ja3 };
    record['ja4'] = transaction.ja4;
  }
  if (transaction.server !== undefined && transaction.server.suites.length > 0) record['ja3s'] = { hash: transaction.ja3sHash, string: transaction.ja3s };
  const offered = transaction.client?.applicationProtocols ?? [];
  const chosen = transaction.server?.applicationProtocols ?? [];
  if (offered.length > 0) record['client_alpns'] = offered.map((one) => utf8(one));
  if (chosen.length > 0) record['server_alpns'] = chosen.map((one) => utf8(one));
  return record;
}
