/**
 * RDP up to where nothing more can be read: the server's MCS connect response, or its certificates where the two sides went over to
 * TLS. Each message is a transaction.
 */
import { concatBytes, uint16, uint24 } from '@sigwright/bytes';
import { type Direction, TO_CLIENT } from '@sigwright/contracts';
import { FramedSession, LENGTH_UNKNOWN, Message, NO_MESSAGE } from '../../formats/messages/framed-session.ts';
import { readCertificate } from '../../formats/x509/x509.ts';
import { type RdpMessage, readPacket, TPKT_HEADER, tpktLength } from './wire.ts';

const RECORD_HEADER = 5;
const CHANGE_CIPHER_SPEC = 20;
const HANDSHAKE = 22;
const APPLICATION_DATA = 23;
const TLS_MAJOR = 3;
const HANDSHAKE_HEADER = 4;
const CERTIFICATE = 11;
/** Chains in use have less than 20 KiB. */
const LONGEST_HANDSHAKE = 65_536;
const MOST_CERTIFICATES = 32;

export class RdpSession extends FramedSession<Message<RdpMessage>> {
  /** the server chose a protocol that encrypts */
  #encrypts = false;
  /** handshake messages of the server that are not whole yet */
  #handshake: Uint8Array = new Uint8Array(0);

  override consume(direction: Direction, bytes: Uint8Array, start: number, end: number, atEnd: boolean, time: number): number {
    const consumed = super.consume(direction, bytes, start, end, atEnd, time);
    // The protocol has no anomalies of its own.
    this.anomalies.length = 0;
    return this.done ? end : consumed;
  }

  protected frame(bytes: Uint8Array, at: number, end: number): number {
    if (isTlsRecord(bytes, at, end) && this.#encrypts) return end - at < RECORD_HEADER ? LENGTH_UNKNOWN : RECORD_HEADER + uint16(bytes, at + 3);
    if (end - at < TPKT_HEADER) return LENGTH_UNKNOWN;
    const length = tpktLength(bytes, at);
    return length > 0 ? length : NO_MESSAGE;
  }

  protected message(direction: Direction, bytes: Uint8Array, start: number, end: number, time: number): boolean {
    if (this.#encrypts && isTlsRecord(bytes, start, end)) {
      if (direction === TO_CLIENT) this.#tls(bytes, start, end, time);
      return true;
    }
    const message = readPacket(bytes, start, end);
    if (message === undefined) return false;
    if (message.kind === 'other') return true;
    if (message.kind === 'initial-response') this.#encrypts = (message.protocol ?? 0) !== 0;
    this.open(new Message<RdpMessage>(this.count, time, direction, message));
    if (message.kind === 'connect-response') this.done = true;
    return true;
  }

  #tls(bytes: Uint8Array, start: number, end: number, time: number): void {
    const type = bytes[start];
    // From here on the server's messages are hidden, and its certificates, if any, with them.
    if (type === CHANGE_CIPHER_SPEC || type === APPLICATION_DATA) this.done = true;
    if (type !== HANDSHAKE) return;
    this.#handshake = concatBytes(this.#handshake, bytes.subarray(start + RECORD_HEADER, end));
    let at = 0;
    while (this.#handshake.length - at >= HANDSHAKE_HEADER) {
      const next = at + HANDSHAKE_HEADER + uint24(this.#handshake, at + 1);
      if (next > this.#handshake.length) break;
      if (this.#handshake[at] === CERTIFICATE) {
        const serials = serialsOf(this.#handshake.subarray(at + HANDSHAKE_HEADER, next));
        this.open(new Message<RdpMessage>(this.count, time, TO_CLIENT, { kind: 'tls', serials }));
        this.done = true;
        return;
      }
      at = next;
    }
    this.#handshake = this.#handshake.slice(at);
    if (this.#handshake.length > LONGEST_HANDSHAKE) this.done = true;
  }
}

function isTlsRecord(bytes: Uint8Array, at: number, end: number): boolean {
  return bytes[at] >= CHANGE_CIPHER_SPEC && bytes[at] <= APPLICATION_DATA && (end - at < 2 || bytes[at + 1] === TLS_MAJOR);
}

/** RFC 5246 §7.4.2 */
function serialsOf(list: Uint8Array): string[] {
  const serials: string[] = [];
  for (let at = 3; at + 3 <= list.length && serials.length < MOST_CERTIFICATES; ) {
    const end = at + 3 + uint24(list, at);
    if (end > list.length) break;
    const { serial } = readCertificate(list.slice(at + 3, end));
    if (serial !== undefined)
      serials.push(
        serial
          .replaceAll(':', '')
          .toLowerCase()
          .replace(/^0+(?=.)/, ''),
      );
    at = end;
  }
  return serials;
}
