/**
 * Fingerprints of hellos: JA3 and JA3S (Salesforce, BSD-3-Clause), JA4 for TLS clients (FoxIO's technical details; that part is
 * BSD-3-Clause). Each is a text; the first two are mostly used by their MD5.
 */
import { fromLatin1, hex, md5, sha256 } from '@sigwright/bytes';
import { type Hello, isGrease } from './hello.ts';

const EXTENSION_SERVER_NAME = 0;
const EXTENSION_APPLICATION_PROTOCOLS = 16;
/** JA4 counts with two digits. */
const MOST_COUNTED = 99;
const SHORT_DIGEST = 12;

function withoutGrease(values: readonly number[]): string {
  return values.filter((value) => !isGrease(value)).join('-');
}

export function ja3String(hello: Hello): string {
  return [hello.legacyVersion, withoutGrease(hello.suites), withoutGrease(hello.extensions), withoutGrease(hello.groups), hello.pointFormats.join('-')].join(
    ',',
  );
}

export function ja3sString(hello: Hello): string {
  return [hello.legacyVersion, hello.suites[0] ?? 0, hello.extensions.join('-')].join(',');
}

export function md5Of(text: string): string {
  return hex(md5(fromLatin1(text)));
}

const JA4_VERSIONS: Readonly<Record<number, string>> = {
  772: '13',
  771: '12',
  770: '11',
  769: '10',
  768: 's3',
  2: 's2',
  65279: 'd1',
  65277: 'd2',
  65276: 'd3',
};

function twoDigits(count: number): string {
  return String(Math.min(MOST_COUNTED, count)).padStart(2, '0');
}

function fourHexDigits(value: number): string {
  return value.toString(16).padStart(4, '0');
}

function shortDigest(text: string): string {
  return text === '' ? '0'.repeat(SHORT_DIGEST) : hex(sha256(fromLatin1(text))).slice(0, SHORT_DIGEST);
}

/** First and last character of the first protocol offered; in hex where they are no letters or digits. */
function protocolMark(first: Uint8Array | undefined): string {
  if (first === undefined || first.length === 0) return '00';
  const head = first[0];
  const tail = first[first.length - 1];
  if (isAlphanumeric(head) && isAlphanumeric(tail)) return String.fromCharCode(head, tail);
  return (head >>> 4).toString(16) + (tail & 15).toString(16);
}

function isAlphanumeric(byte: number): boolean {
  return (byte >= 0x30 && byte <= 0x39) || (byte >= 0x41 && byte <= 0x5a) || (byte >= 0x61 && byte <= 0x7a);
}

/** `transport`: t for TCP, q for QUIC */
export function ja4(hello: Hello, transport: 't' | 'q'): string {
  const suites = hello.suites.filter((value) => !isGrease(value));
  const extensions = hello.extensions.filter((value) => !isGrease(value));
  const named = extensions.includes(EXTENSION_SERVER_NAME) ? 'd' : 'i';
  const version = JA4_VERSIONS[hello.version] ?? '00';
  const head = `${transport}${version}${named}${twoDigits(suites.length)}${twoDigits(extensions.length)}${protocolMark(hello.applicationProtocols[0])}`;
  const sortedSuites = suites.map(fourHexDigits).sort().join(',');
  const sortedExtensions = extensions
    .filter((value) => value !== EXTENSION_SERVER_NAME && value !== EXTENSION_APPLICATION_PROTOCOLS)
    .map(fourHexDigits)
    .sort()
    .join(',');
  const signatures = hello.signatureAlgorithms
    .filter((value) => !isGrease(value))
    .map(fourHexDigits)
    .join(',');
  const tail = signatures === '' ? sortedExtensions : `${sortedExtensions}_${signatures}`;
  return `${head}_${shortDigest(sortedSuites)}_${shortDigest(tail)}`;
}
