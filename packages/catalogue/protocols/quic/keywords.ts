/** What rules see of QUIC. Suricata user guide, "Quic Keywords" and "JA3/JA4 Keywords". */
import { fromLatin1 } from '@sigwright/bytes';
import { type BufferDefinition, fillWindow, TO_CLIENT, TO_SERVER } from '@sigwright/contracts';
import { MESSAGE_COMPLETE } from '../../formats/messages/framed-session.ts';
import { textBuffers } from '../../formats/messages/text-buffers.ts';
import { cyu, cyuHash, hashed, ja3, ja3s, ja4Of, serverName, userAgent } from './records.ts';
import type { QuicTransaction } from './session.ts';

const text = (value: string | undefined): Uint8Array | undefined => (value === undefined ? undefined : fromLatin1(value));

function versionBytes(version: number): Uint8Array | undefined {
  return version === 0 ? undefined : Uint8Array.of(version >>> 24, version >>> 16, version >>> 8, version);
}

const own = textBuffers<QuicTransaction>('quic', [
  { name: 'quic.version', summary: 'version as it stands in a long header', since: '7.0', read: (one) => versionBytes(one.content.version) },
  { name: 'quic.sni', summary: 'server name the client asks for', since: '7.0', directions: [TO_SERVER], read: serverName },
  { name: 'quic.ua', summary: 'user agent of Google versions', since: '7.0', directions: [TO_SERVER], read: userAgent },
  { name: 'quic.cyu.hash', summary: 'CYU of the client', since: '7.0', directions: [TO_SERVER], read: (one) => text(cyuHash(one)) },
  { name: 'quic.cyu.string', summary: 'what CYU is the digest of', since: '7.0', directions: [TO_SERVER], read: (one) => text(cyu(one)) },
]);

/** Keywords that hold for TLS as well (`keywords/fingerprints`) read these. */
const fingerprint = (
  name: string,
  summary: string,
  direction: typeof TO_SERVER | typeof TO_CLIENT,
  read: (one: QuicTransaction) => string | undefined,
): BufferDefinition => ({
  of: 'transaction',
  name: `quic.${name}`,
  summary,
  shape: name.endsWith('hash') ? 'name' : 'text',
  protocol: 'quic',
  directions: [direction],
  multiple: false,
  progress: () => MESSAGE_COMPLETE,
  read: (transaction, _direction, index, window) => index === 0 && fillWindow(window, text(read(transaction as QuicTransaction))),
});

export const buffers: readonly BufferDefinition[] = [
  ...own.buffers,
  fingerprint('ja3.hash', 'JA3 of the client', TO_SERVER, (one) => hashed(ja3(one))),
  fingerprint('ja3.string', 'what JA3 is the digest of', TO_SERVER, ja3),
  fingerprint('ja3s.hash', 'JA3S of the server', TO_CLIENT, (one) => hashed(ja3s(one))),
  fingerprint('ja3s.string', 'what JA3S is the digest of', TO_CLIENT, ja3s),
  fingerprint('ja4.hash', 'JA4 of the client', TO_SERVER, ja4Of),
];

export const { keywords } = own;
