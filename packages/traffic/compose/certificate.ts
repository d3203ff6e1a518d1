/**
 * X.509 v3 certificates in DER (RFC 5280) that decode without complaint. Key and signature are random bytes: nothing that
 * verifies signatures accepts them, nothing that only reads certificates minds.
 */
import { fromLatin1 } from '@sigwright/bytes';
import { ByteWriter } from './byte-writer.ts';
import type { SeededRandom } from './random.ts';

export interface CertificateFields {
  /** common name */
  readonly subject: string;
  readonly subjectOrganization?: string;
  readonly issuer?: string;
  readonly issuerOrganization?: string;
  /** `YYMMDDhhmmssZ` */
  readonly notBefore?: string;
  readonly notAfter?: string;
  /** hex digits pairs; random where left out */
  readonly serial?: Uint8Array;
  readonly alternativeNames?: readonly string[];
  /** the whole subject or issuer instead, `C`, `ST`, `L`, `O`, `OU`, `CN` or `emailAddress` with their texts, in this order */
  readonly subjectName?: DistinguishedName;
  readonly issuerName?: DistinguishedName;
  /** bytes of a private extension */
  readonly extension?: Uint8Array;
}

export type DistinguishedName = readonly (readonly [attribute: string, text: string])[];

const SEQUENCE = 0x30;
const SET = 0x31;

function der(tag: number, ...parts: readonly ArrayLike<number>[]): Uint8Array {
  const length = parts.reduce((sum, part) => sum + part.length, 0);
  const writer = new ByteWriter().uint8(tag);
  if (length < 0x80) writer.uint8(length);
  else if (length < 0x100) writer.uint8(0x81).uint8(length);
  else writer.uint8(0x82).uint16(length);
  for (const part of parts) writer.append(part);
  return writer.finish();
}

const OID_COMMON_NAME = [0x06, 3, 0x55, 4, 3];
const OID_ORGANIZATION = [0x06, 3, 0x55, 4, 10];
const OID_ECDSA_SHA256 = [0x06, 8, 0x2a, 0x86, 0x48, 0xce, 0x3d, 4, 3, 2];
const OID_EC_KEY = [0x06, 7, 0x2a, 0x86, 0x48, 0xce, 0x3d, 2, 1];
const OID_P256 = [0x06, 8, 0x2a, 0x86, 0x48, 0xce, 0x3d, 3, 1, 7];
const OID_ALTERNATIVE_NAMES = [0x06, 3, 0x55, 0x1d, 0x11];

/** Under a number that IANA keeps for examples (1.3.6.1.4.1.32473, RFC 5612). */
const OID_PRIVATE = [0x06, 10, 0x2b, 6, 1, 4, 1, 0x81, 0xfd, 0x59, 1, 1];
/** By the short names of RFC 4519. */
const ATTRIBUTES: Readonly<Record<string, readonly number[]>> = {
  CN: OID_COMMON_NAME,
  C: [0x06, 3, 0x55, 4, 6],
  L: [0x06, 3, 0x55, 4, 7],
  ST: [0x06, 3, 0x55, 4, 8],
  O: OID_ORGANIZATION,
  OU: [0x06, 3, 0x55, 4, 11],
  emailAddress: [0x06, 9, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 9, 1],
};

const PRINTABLE_STRING = 0x13;
const UTF8_STRING = 0x0c;
const IA5_STRING = 0x16;
/** What else than UTF8String an attribute must be (RFC 5280 appendix A.1). */
const STRINGS: Readonly<Record<string, number>> = { C: PRINTABLE_STRING, emailAddress: IA5_STRING };

function wholeName(name: DistinguishedName): Uint8Array {
  return der(
    SEQUENCE,
    ...name.map(([attribute, text]) =>
      der(SET, der(SEQUENCE, ATTRIBUTES[attribute] ?? OID_COMMON_NAME, der(STRINGS[attribute] ?? UTF8_STRING, fromLatin1(text)))),
    ),
  );
}

function distinguishedName(commonName: string, organization: string | undefined): Uint8Array {
  const part = (oid: readonly number[], text: string): Uint8Array => der(SET, der(SEQUENCE, oid, der(UTF8_STRING, fromLatin1(text))));
  return organization === undefined
    ? der(SEQUENCE, part(OID_COMMON_NAME, commonName))
    : der(SEQUENCE, part(OID_ORGANIZATION, organization), part(OID_COMMON_NAME, commonName));
}

/** A positive DER integer of 32 random bytes. */
function randomInteger(random: SeededRandom): Uint8Array {
  const bytes = random.bytes(32);
  bytes[0] = (bytes[0] & 0x7f) | 0x40;
  return der(0x02, bytes);
}

export function certificate(fields: CertificateFields, random: SeededRandom): Uint8Array {
  const serial = fields.serial ?? random.bytes(16).map((byte, at) => (at === 0 ? (byte & 0x7f) | 1 : byte));
  const names = fields.alternativeNames ?? [fields.subject];
  const body = der(
    SEQUENCE,
    der(0xa0, der(0x02, [2])),
    der(0x02, serial),
    der(SEQUENCE, OID_ECDSA_SHA256),
    fields.issuerName === undefined ? distinguishedName(fields.issuer ?? fields.subject, fields.issuerOrganization) : wholeName(fields.issuerName),
    der(SEQUENCE, der(0x17, fromLatin1(fields.notBefore ?? '240101000000Z')), der(0x17, fromLatin1(fields.notAfter ?? '241231235959Z'))),
    fields.subjectName === undefined ? distinguishedName(fields.subject, fields.subjectOrganization) : wholeName(fields.subjectName),
    der(SEQUENCE, der(SEQUENCE, OID_EC_KEY, OID_P256), der(0x03, [0, 4], random.bytes(64))),
    der(
      0xa3,
      der(
        SEQUENCE,
        der(SEQUENCE, OID_ALTERNATIVE_NAMES, der(0x04, der(SEQUENCE, ...names.map((name) => der(0x82, fromLatin1(name)))))),
        ...(fields.extension === undefined ? [] : [der(SEQUENCE, OID_PRIVATE, der(0x04, fields.extension))]),
      ),
    ),
  );
  return der(SEQUENCE, body, der(SEQUENCE, OID_ECDSA_SHA256), der(0x03, [0], der(SEQUENCE, randomInteger(random), randomInteger(random))));
}
