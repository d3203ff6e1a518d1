/** ClientHello and ServerHello (RFC 8446 §4.1, RFC 5246 §7.4.1) and the fingerprints made of them (JA3, JA3S, JA4). */
import { fromLatin1, hex, latin1, md5, sha256, uint16 } from '@sigwright/bytes';

export interface Hello {
  /** as in the message, not negotiated */
  readonly legacyVersion: number;
  /** highest of supported_versions, or the legacy version */
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
  readonly applicationProtocols: readonly string[];
  readonly truncated: boolean;
}

export function isGrease(value: number): boolean {
  return (value & 0x0f0f) === 0x0a0a && value >>> 8 === (value & 255);
}

/** `fromClient`: bytes[start, end) is the body of a ClientHello, else of a ServerHello. */
export function readHello(bytes: Uint8Array, start: number, end: number, fromClient: boolean): Hello | undefined {
  if (end - start < 35) return undefined;
  const legacyVersion = uint16(bytes, start);
  let at = start + 34;
  let truncated = false;
  const sessionLength = bytes[at];
  const sessionId = bytes.slice(at + 1, Math.min(end, at + 1 + sessionLength));
  at += 1 + sessionLength;
  const suites: number[] = [];
  if (fromClient) {
    if (at + 2 > end) return undefined;
    const length = uint16(bytes, at);
    at += 2;
    for (let one = at; one + 2 <= Math.min(end, at + length); one += 2) suites.push(uint16(bytes, one));
    at += length;
    if (at < end) at += 1 + bytes[at];
  } else {
    if (at + 3 > end) return undefined;
    suites.push(uint16(bytes, at));
    at += 3;
  }
  const extensions: number[] = [];
  const groups: number[] = [];
  const pointFormats: number[] = [];
  const signatureAlgorithms: number[] = [];
  const applicationProtocols: string[] = [];
  let serverName: Uint8Array | undefined;
  let version = legacyVersion;
  if (at + 2 <= end) {
    const stop = Math.min(end, at + 2 + uint16(bytes, at));
    at += 2;
    while (at + 4 <= stop) {
      const type = uint16(bytes, at);
      const from = at + 4;
      const to = from + uint16(bytes, at + 2);
      if (to > stop) {
        truncated = true;
        break;
      }
      extensions.push(type);
      if (type === 0 && to - from >= 5) {
        const length = uint16(bytes, from + 3);
        if (bytes[from + 2] === 0 && from + 5 + length <= to) serverName = bytes.slice(from + 5, from + 5 + length);
      } else if (type === 10) for (let one = from + 2; one + 2 <= to; one += 2) groups.push(uint16(bytes, one));
      else if (type === 11) for (let one = from + 1; one < to; one++) pointFormats.push(bytes[one]);
      else if (type === 13) for (let one = from + 2; one + 2 <= to; one += 2) signatureAlgorithms.push(uint16(bytes, one));
      else if (type === 16) {
        for (let one = from + 2; one < to; ) {
          const length = bytes[one];
          if (one + 1 + length > to) break;
          applicationProtocols.push(latin1(bytes, one + 1, one + 1 + length));
          one += 1 + length;
        }
      } else if (type === 43) {
        if (fromClient) {
          for (let one = from + 1; one + 2 <= to; one += 2) {
            const offered = uint16(bytes, one);
            if (!isGrease(offered) && offered > version && offered < 0x7f00) version = offered;
          }
        } else if (to - from >= 2) version = uint16(bytes, from);
      }
      at = to;
    }
  }
  return {
    legacyVersion,
    version,
    random: bytes.slice(start + 2, start + 34),
    sessionId,
    suites,
    extensions,
    groups,
    pointFormats,
    signatureAlgorithms,
    serverName,
    applicationProtocols,
    truncated,
  };
}

function plain(values: readonly number[]): string {
  return values.filter((value) => !isGrease(value)).join('-');
}

export function ja3String(hello: Hello): string {
  return [hello.legacyVersion, plain(hello.suites), plain(hello.extensions), plain(hello.groups), hello.pointFormats.join('-')].join(',');
}

export function ja3sString(hello: Hello): string {
  return [hello.legacyVersion, hello.suites[0], hello.extensions.join('-')].join(',');
}

export function digestOf(text: string): string {
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

/** JA4 (FoxIO technical details; the client part is BSD-3-Clause). */
export function ja4(hello: Hello, quic = false): string {
  const suites = hello.suites.filter((value) => !isGrease(value));
  const extensions = hello.extensions.filter((value) => !isGrease(value));
  const two = (count: number): string => String(Math.min(99, count)).padStart(2, '0');
  const four = (value: number): string => value.toString(16).padStart(4, '0');
  const first = hello.applicationProtocols[0];
  let alpn = '00';
  if (first !== undefined && first.length > 0) {
    const head = first[0];
    const tail = first[first.length - 1];
    alpn =
      /[0-9A-Za-z]/.test(head) && /[0-9A-Za-z]/.test(tail) ? head + tail : (head.charCodeAt(0) >>> 4).toString(16) + (tail.charCodeAt(0) & 15).toString(16);
  }
  const short = (text: string): string => (text === '' ? '000000000000' : hex(sha256(fromLatin1(text))).slice(0, 12));
  const head = `${quic ? 'q' : 't'}${JA4_VERSIONS[hello.version] ?? '00'}${extensions.includes(0) ? 'd' : 'i'}${two(suites.length)}${two(extensions.length)}${alpn}`;
  const sortedExtensions = extensions
    .filter((value) => value !== 0 && value !== 16)
    .map(four)
    .sort()
    .join(',');
  const signatures = hello.signatureAlgorithms.map(four).join(',');
  return `${head}_${short(suites.map(four).sort().join(','))}_${short(signatures === '' ? sortedExtensions : `${sortedExtensions}_${signatures}`)}`;
}
