/**
 * Certificates (RFC 5280 §4.1): what rules and records show of them. What can be read is kept; a certificate that is cut off or
 * contradicts itself gives the fields before the fault and says what the fault was.
 */
import { hex, latin1, sha1 } from '@sigwright/bytes';
import { Asn1Walker, contextTag, type Element, INTEGER, OBJECT_IDENTIFIER, OCTET_STRING, SEQUENCE, SET } from '../asn1/asn1.ts';
import { ATTRIBUTE_NAMES } from './names.ts';

export interface Certificate {
  /** `C=US, O=Example, CN=example.com` in the order of the certificate */
  readonly subject: string | undefined;
  readonly issuer: string | undefined;
  /** `00:AB:…` */
  readonly serial: string | undefined;
  /** seconds since 1970 */
  readonly notBefore: number | undefined;
  readonly notAfter: number | undefined;
  /** DNS names, addresses and mail addresses of the subject */
  readonly alternativeNames: readonly string[];
  /** which part could not be read, undefined where all could */
  readonly fault: CertificateFault | undefined;
}

/** `length`: even the head of a part does not fit */
export type CertificateFault = 'der' | 'length' | 'serial' | 'algorithmidentifier' | 'issuer' | 'validity' | 'date' | 'subject' | 'extensions' | 'version';

/** Version 3, counted from 0. */
const LAST_VERSION = 2;
/** Names in one certificate: those of large content networks have some hundred. */
const MOST_NAMES = 4096;
const ALTERNATIVE_NAMES = '2.5.29.17';
// GeneralName (RFC 5280 §4.2.1.6)
const MAIL_ADDRESS = 0x81;
const DNS_NAME = 0x82;
const UNIFORM_RESOURCE = 0x86;
const IP_ADDRESS = 0x87;

/** `C=US, O=Example`; several attributes of one set are joined by ` + `. Undefined where it is no name. */
function distinguishedName(walker: Asn1Walker, of: Element): string | undefined {
  if (of.tag !== SEQUENCE) return undefined;
  const sets: string[] = [];
  for (const set of walker.children(of)) {
    if (set.tag !== SET) return undefined;
    const pairs: string[] = [];
    for (const pair of walker.children(set)) {
      const [type, value] = walker.children(pair);
      if (type === undefined || type.tag !== OBJECT_IDENTIFIER || value === undefined) continue;
      const identifier = walker.identifier(type);
      pairs.push(`${ATTRIBUTE_NAMES[identifier] ?? identifier}=${walker.text(value)}`);
    }
    sets.push(pairs.join(' + '));
  }
  return sets.join(', ');
}

function alternativeNames(walker: Asn1Walker, extensions: Element): string[] {
  const names: string[] = [];
  const list = walker.children(extensions)[0];
  if (list === undefined) return names;
  for (const extension of walker.children(list)) {
    const parts = walker.children(extension);
    const value = parts[parts.length - 1];
    if (parts[0]?.tag !== OBJECT_IDENTIFIER || value.tag !== OCTET_STRING || walker.identifier(parts[0]) !== ALTERNATIVE_NAMES) continue;
    const sequence = walker.element(value.start, value.end);
    if (sequence === undefined) continue;
    for (const name of walker.children(sequence)) {
      if (names.length >= MOST_NAMES) return names;
      if (name.tag === DNS_NAME || name.tag === MAIL_ADDRESS || name.tag === UNIFORM_RESOURCE) names.push(latin1(walker.bytes, name.start, name.end));
      else if (name.tag === IP_ADDRESS) names.push(addressText(walker.bytes, name));
    }
  }
  return names;
}

function addressText(bytes: Uint8Array, name: Element): string {
  const parts: string[] = [];
  if (name.end - name.start === 16) {
    for (let at = name.start; at < name.end; at += 2) parts.push(((bytes[at] << 8) | bytes[at + 1]).toString(16));
    return parts.join(':');
  }
  for (let at = name.start; at < name.end; at++) parts.push(String(bytes[at]));
  return parts.join('.');
}

export function readCertificate(bytes: Uint8Array): Certificate {
  const walker = new Asn1Walker(bytes);
  const certificate = {
    subject: undefined as string | undefined,
    issuer: undefined as string | undefined,
    serial: undefined as string | undefined,
    notBefore: undefined as number | undefined,
    notAfter: undefined as number | undefined,
    alternativeNames: [] as string[],
    fault: undefined as CertificateFault | undefined,
  };
  const fail = (fault: CertificateFault): Certificate => {
    certificate.fault ??= fault;
    return certificate;
  };
  const whole = walker.element(0, bytes.length);
  const signed = whole === undefined ? undefined : walker.element(whole.start, whole.end);
  if (whole === undefined || signed === undefined) return fail('length');
  if (whole.tag !== SEQUENCE || signed.tag !== SEQUENCE) return fail('der');
  if (!whole.whole) certificate.fault = 'der';
  const fields = walker.children(signed);
  // The version is optional and has a tag of its own.
  const version = fields[0]?.tag === contextTag(0) ? walker.children(fields[0])[0] : undefined;
  if (fields[0]?.tag === contextTag(0) && (version?.tag !== INTEGER || version.end - version.start !== 1 || bytes[version.start] > LAST_VERSION))
    return fail('version');
  const [serial, algorithm, issuer, validity, subject] = fields.slice(fields[0]?.tag === contextTag(0) ? 1 : 0);
  if (serial === undefined || serial.tag !== INTEGER) return fail('serial');
  certificate.serial = hex(bytes, serial.start, serial.end, ':').toUpperCase();
  if (algorithm === undefined || algorithm.tag !== SEQUENCE) return fail('algorithmidentifier');
  certificate.issuer = issuer === undefined ? undefined : distinguishedName(walker, issuer);
  if (certificate.issuer === undefined) return fail('issuer');
  if (validity === undefined || validity.tag !== SEQUENCE) return fail('validity');
  const [before, after] = walker.children(validity);
  certificate.notBefore = before === undefined ? undefined : walker.time(before);
  certificate.notAfter = after === undefined ? undefined : walker.time(after);
  if (certificate.notBefore === undefined || certificate.notAfter === undefined) certificate.fault ??= 'date';
  certificate.subject = subject === undefined ? undefined : distinguishedName(walker, subject);
  if (certificate.subject === undefined) return fail('subject');
  const extensions = fields.find((field) => field.tag === contextTag(3));
  if (extensions !== undefined) {
    certificate.alternativeNames = alternativeNames(walker, extensions);
    const list = walker.children(extensions)[0];
    if (list?.tag !== SEQUENCE || walker.children(list).some((one) => one.tag !== SEQUENCE || !isExtension(walker, one))) certificate.fault ??= 'extensions';
  }
  return certificate;
}

/** Identifier, perhaps whether it is critical, and its bytes (RFC 5280 §4.1). */
function isExtension(walker: Asn1Walker, extension: Element): boolean {
  const parts = walker.children(extension);
  return parts.length >= 2 && parts[0].tag === OBJECT_IDENTIFIER && parts[parts.length - 1].tag === OCTET_STRING;
}

/** SHA-1 of the whole certificate, `aa:bb:…`. */
export function certificateFingerprint(bytes: Uint8Array): string {
  return hex(sha1(bytes), 0, 20, ':');
}
