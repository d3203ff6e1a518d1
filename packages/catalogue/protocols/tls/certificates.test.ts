/** Certificates of both sides: each is seen in its own direction. */
import { concatBytes, fromLatin1 } from '@sigwright/bytes';
import { type BufferWindow, DEFAULT_SETTINGS, type Direction, emptyWindow, Flow, TO_CLIENT, TO_SERVER } from '@sigwright/contracts';
import { certificate, SeededRandom } from '@sigwright/traffic';
import { expect, test } from 'vitest';
import { buffers } from './keywords.ts';
import { TlsSession } from './transactions.ts';

const long = (length: number): Uint8Array => Uint8Array.of(length >> 16, (length >> 8) & 255, length & 255);

/** A record with a handshake message of type 11 (RFC 5246 §7.4.2). */
function certificates(...list: readonly Uint8Array[]): Uint8Array {
  const chain = concatBytes(...list.flatMap((one) => [long(one.length), one]));
  const message = concatBytes(Uint8Array.of(11), long(chain.length + 3), long(chain.length), chain);
  return concatBytes(Uint8Array.of(22, 3, 3, message.length >> 8, message.length & 255), message);
}

test('subject, issuer, names and bytes', () => {
  const random = new SeededRandom(1);
  const own = certificate({ subject: 'server.example', issuer: 'Authority' }, random);
  const other = certificate({ subject: 'alice', issuer: 'Staff' }, random);
  const session = new TlsSession(DEFAULT_SETTINGS, 0);
  for (const [direction, bytes] of [
    [TO_CLIENT, certificates(own, other)],
    [TO_SERVER, certificates(other)],
  ] as const)
    session.consume(direction, bytes, 0, bytes.length);
  const window: BufferWindow = emptyWindow();
  const read = (name: string, direction: Direction, index = 0): string | undefined => {
    const buffer = buffers.find((one) => one.name === name);
    if (buffer?.of !== 'transaction' || !buffer.directions.includes(direction)) return undefined;
    return buffer.read(session.transactions[0], direction, index, window, new Flow())
      ? String.fromCharCode(...window.bytes.subarray(window.start, window.end))
      : undefined;
  };
  expect([read('tls.cert_subject', TO_CLIENT), read('tls.cert_issuer', TO_CLIENT)]).toEqual(['CN=server.example', 'CN=Authority']);
  expect([read('tls.cert_subject', TO_SERVER), read('tls.cert_issuer', TO_SERVER)]).toEqual(['CN=alice', 'CN=Staff']);
  expect([read('tls.subjectaltname', TO_CLIENT), read('tls.subjectaltname', TO_SERVER)]).toEqual(['server.example', 'alice']);
  expect(fromLatin1(read('tls.certs', TO_CLIENT, 1) ?? '')).toEqual(other);
  expect(read('tls.certs', TO_SERVER, 1)).toBeUndefined();
  expect(read('tls.cert_fingerprint', TO_SERVER)).toHaveLength(59);
});
