/**
 * ClientHello and ServerHello (RFC 8446 §4.1, RFC 5246 §7.4.1), with the extensions that rules and fingerprints look at
 * (RFC 6066 §3 server name, RFC 7301 application protocols, RFC 8422 groups and point formats), and the SSL 2 hellos
 * (RFC 6101 §E, the Hickman draft). Lists are kept as they stand, GREASE values (RFC 8701) included.
 */
import { copyOf, uint16 } from '@sigwright/bytes';

export interface Hello {
  /** as in the message, not negotiated */
  readonly legacyVersion: number;
  /** highest of supported_versions for the client, the chosen one for the server; the legacy version where the extension is not there */
  readonly version: number;
  readonly random: Uint8Array;
  readonly sessionId: Uint8Array;
  /** the server's list has one */
  readonly suites: readonly number[];
  readonly extensions: readonly number[];
  readonly groups: readonly number[];
  readonly pointFormats: readonly number[];
  readonly signatureAlgorithms: readonly number[];
  readonly serverName: Uint8Array | undefined;
  readonly applicationProtocols: readonly Uint8Array[];
  /** a session ticket or a pre-shared key is offered (client) or taken (server) */
  readonly resumes: boolean;
  /** what was wrong, by anomaly name */
  readonly faults: readonly string[];
}

const SERVER_NAME = 0;
const GROUPS = 10;
const POINT_FORMATS = 11;
const SIGNATURE_ALGORITHMS = 13;
const APPLICATION_PROTOCOLS = 16;
export const SESSION_TICKET = 35;
const PRE_SHARED_KEY = 41;
const SUPPORTED_VERSIONS = 43;

const HOST_NAME = 0;
/** legacy version and random */
const FIXED_PART = 34;
/** Versions from here on are drafts and tests of TLS 1.3. */
const FIRST_DRAFT = 0x7f00;
const TLS_1_3 = 0x0304;
/** Names in one list of protocols: a hello holds at most some thousand, clients offer two or three. */
const MOST_PROTOCOLS = 256;

export function isGrease(value: number): boolean {
  return (value & 0x0f0f) === 0x0a0a && value >>> 8 === (value & 255);
}

/** SHA-256 of `HelloRetryRequest`: a ServerHello with this random asks for another ClientHello (RFC 8446 §4.1.3). */
const RETRY = [
  0xcf, 0x21, 0xad, 0x74, 0xe5, 0x9a, 0x61, 0x11, 0xbe, 0x1d, 0x8c, 0x02, 0x1e, 0x65, 0xb8, 0x91, 0xc2, 0xa2, 0x11, 0x16, 0x7a, 0xbb, 0x8c, 0x5e, 0x07, 0x9e,
  0x09, 0xe2, 0xc8, 0xa8, 0x33, 0x9c,
];

export function isRetryRequest(hello: Hello): boolean {
  for (let at = 0; at < RETRY.length; at++) if (hello.random[at] !== RETRY[at]) return false;
  return true;
}

/** What the extensions fill in. */
class Extensions {
  readonly types: number[] = [];
  readonly groups: number[] = [];
  readonly pointFormats: number[] = [];
  readonly signatureAlgorithms: number[] = [];
  readonly applicationProtocols: Uint8Array[] = [];
  readonly faults: string[] = [];
  serverName: Uint8Array | undefined = undefined;
  version = 0;
  resumes = false;

  read(type: number, bytes: Uint8Array, start: number, end: number, fromClient: boolean): void {
    this.types.push(type);
    switch (type) {
      case SERVER_NAME:
        if (fromClient) this.#serverName(bytes, start, end);
        return;
      case GROUPS:
        pairs(bytes, start + 2, end, this.groups);
        return;
      case POINT_FORMATS:
        for (let at = start + 1; at < end; at++) this.pointFormats.push(bytes[at]);
        return;
      case SIGNATURE_ALGORITHMS:
        pairs(bytes, start + 2, end, this.signatureAlgorithms);
        return;
      case APPLICATION_PROTOCOLS:
        for (let at = start + 2; at < end && this.applicationProtocols.length < MOST_PROTOCOLS; ) {
          const to = at + 1 + bytes[at];
          if (to > end) return;
          this.applicationProtocols.push(copyOf(bytes, at + 1, to));
          at = to;
        }
        return;
      case SESSION_TICKET:
      case PRE_SHARED_KEY:
        if (end > start) this.resumes = true;
        return;
      case SUPPORTED_VERSIONS:
        if (fromClient) this.#offered(bytes, start, end);
        else if (end - start >= 2) this.version = uint16(bytes, start);
        return;
    }
  }

  #offered(bytes: Uint8Array, start: number, end: number): void {
    let highest = 0;
    let draft = 0;
    for (let at = start + 1; at + 2 <= end; at += 2) {
      const offered = uint16(bytes, at);
      if (isGrease(offered)) continue;
      if (offered >= FIRST_DRAFT) draft = Math.max(draft, offered);
      else highest = Math.max(highest, offered);
    }
    // A draft counts only where the finished version is not offered beside it.
    this.version = highest < TLS_1_3 && draft > 0 ? draft : highest;
  }

  #serverName(bytes: Uint8Array, start: number, end: number): void {
    // A server's own empty extension is an acknowledgement; a client's must hold a list.
    if (end - start < 5) {
      if (end > start) this.faults.push('invalid_sni_length');
      return;
    }
    if (this.serverName !== undefined) {
      this.faults.push('multiple_sni_extensions');
      return;
    }
    if (bytes[start + 2] !== HOST_NAME) {
      this.faults.push('invalid_sni_type');
      return;
    }
    const length = uint16(bytes, start + 3);
    if (start + 5 + length > end) this.faults.push('invalid_sni_length');
    else this.serverName = copyOf(bytes, start + 5, start + 5 + length);
  }
}

function pairs(bytes: Uint8Array, start: number, end: number, into: number[]): void {
  for (let at = start; at + 2 <= end; at += 2) into.push(uint16(bytes, at));
}

/** `fromClient`: bytes[start, end) is the body of a ClientHello, else of a ServerHello. Undefined where even the fixed part is not there. */
export function readHello(bytes: Uint8Array, start: number, end: number, fromClient: boolean): Hello | undefined {
  if (end - start < FIXED_PART + 1) return undefined;
  const legacyVersion = uint16(bytes, start);
  let at = start + FIXED_PART;
  // Drafts 18 to 21 of TLS 1.3: a ServerHello has neither session id nor compression method.
  const isShort = !fromClient && legacyVersion >= FIRST_DRAFT;
  const sessionId = isShort ? copyOf(bytes, at, at) : copyOf(bytes, at + 1, Math.min(end, at + 1 + bytes[at]));
  at += isShort ? 0 : 1 + bytes[at];
  const suites: number[] = [];
  if (isShort) {
    if (at + 2 > end) return undefined;
    suites.push(uint16(bytes, at));
    at += 2;
  } else if (fromClient) {
    if (at + 2 > end) return undefined;
    const length = uint16(bytes, at);
    at += 2;
    pairs(bytes, at, Math.min(end, at + length), suites);
    at += length;
    if (at < end) at += 1 + bytes[at];
  } else {
    if (at + 3 > end) return undefined;
    suites.push(uint16(bytes, at));
    at += 3;
  }
  const extensions = new Extensions();
  if (at + 2 <= end) {
    const stop = Math.min(end, at + 2 + uint16(bytes, at));
    if (at + 2 + uint16(bytes, at) > end) extensions.faults.push('handshake_invalid_length');
    at += 2;
    while (at + 4 <= stop) {
      const from = at + 4;
      const to = from + uint16(bytes, at + 2);
      if (to > stop) {
        extensions.faults.push('handshake_invalid_length');
        break;
      }
      extensions.read(uint16(bytes, at), bytes, from, to, fromClient);
      at = to;
    }
  }
  return {
    legacyVersion,
    version: extensions.version === 0 ? legacyVersion : extensions.version,
    random: copyOf(bytes, start + 2, start + FIXED_PART),
    sessionId,
    suites,
    extensions: extensions.types,
    groups: extensions.groups,
    pointFormats: extensions.pointFormats,
    signatureAlgorithms: extensions.signatureAlgorithms,
    serverName: extensions.serverName,
    applicationProtocols: extensions.applicationProtocols,
    resumes: extensions.resumes,
    faults: extensions.faults,
  };
}

/** TLS 1.3 and its drafts, among them those with a company's own number. */
export function isTls13(version: number): boolean {
  return version === TLS_1_3 || version >= FIRST_DRAFT;
}

/** SSL 2 client hello: type, version, three lengths, cipher kinds of three bytes, session id, challenge. bytes[start] is the type. */
export function readOldClientHello(bytes: Uint8Array, start: number, end: number): Hello | undefined {
  if (end - start < 9) return undefined;
  const version = uint16(bytes, start + 1);
  const suitesEnd = start + 9 + uint16(bytes, start + 3);
  const sessionEnd = suitesEnd + uint16(bytes, start + 5);
  const challengeEnd = sessionEnd + uint16(bytes, start + 7);
  if (challengeEnd > end) return undefined;
  const suites: number[] = [];
  // Kinds whose first byte is 0 are TLS suites; the others are SSL 2's own.
  for (let at = start + 9; at + 3 <= suitesEnd; at += 3) if (bytes[at] === 0 && version >= 0x0300) suites.push(uint16(bytes, at + 1));
  return emptyHello(version, copyOf(bytes, sessionEnd, challengeEnd), copyOf(bytes, suitesEnd, sessionEnd), suites);
}

export interface OldServerHello {
  readonly hello: Hello;
  readonly certificate: Uint8Array | undefined;
}

/** SSL 2 server hello: type, session id hit, certificate type, version, three lengths, certificate, cipher kinds, connection id. */
export function readOldServerHello(bytes: Uint8Array, start: number, end: number): OldServerHello | undefined {
  if (end - start < 11) return undefined;
  const version = uint16(bytes, start + 3);
  const certificateEnd = start + 11 + uint16(bytes, start + 5);
  if (certificateEnd > end) return undefined;
  const certificate = certificateEnd > start + 11 ? copyOf(bytes, start + 11, certificateEnd) : undefined;
  return { hello: emptyHello(version, new Uint8Array(0), new Uint8Array(0), []), certificate };
}

function emptyHello(version: number, random: Uint8Array, sessionId: Uint8Array, suites: readonly number[]): Hello {
  return {
    legacyVersion: version,
    version,
    random,
    sessionId,
    suites,
    extensions: [],
    groups: [],
    pointFormats: [],
    signatureAlgorithms: [],
    serverName: undefined,
    applicationProtocols: [],
    resumes: false,
    faults: [],
  };
}

/** Are these the first bytes of an SSL 2 record with a hello of the given type? `at` is its length field. */
export function isOldHello(bytes: Uint8Array, at: number, end: number, type: number): boolean {
  if (end - at < 5 || (bytes[at] & 0x80) === 0 || bytes[at + 2] !== type) return false;
  if (type !== 1) return true;
  const version = uint16(bytes, at + 3);
  return version === 0x0002 || (version >= 0x0300 && version <= 0x0303);
}
