/**
 * TLS and SSL 3 records and handshake messages up to where encryption begins (RFC 8446, 5246). One transaction a connection.
 * Progress to the server: 1 ClientHello read, 2 handshake over; to the client: 1 ServerHello, 2 certificates, 3 over.
 */
import { uint16, uint24 } from '@sigwright/bytes';
import { type Direction, type EngineSettings, type ProtocolSession, TO_CLIENT, TO_SERVER, Transaction } from '@sigwright/contracts';
import { type Certificate, readCertificate } from '../../formats/x509/x509.ts';
import { type Hello, readHello } from './hello.ts';

export const CLIENT_HELLO = 1;
export const CLIENT_DONE = 2;
export const SERVER_HELLO = 1;
export const CERTIFICATES = 2;
export const SERVER_DONE = 3;

/** A handshake message; certificate chains seldom exceed 20 KiB. */
const LONGEST_HANDSHAKE = 131_072;
const LONGEST_RECORD = 16_384 + 2048;
const MOST_CERTIFICATES = 32;

export class TlsTransaction extends Transaction {
  client: Hello | undefined = undefined;
  server: Hello | undefined = undefined;
  /** as sent, the server's own first */
  readonly chain: Uint8Array[] = [];
  readonly clientChain: Uint8Array[] = [];
  readonly #read: (Certificate | undefined)[] = [];
  /** for ssl_state */
  readonly states = new Set<string>();

  certificate(): Certificate | undefined {
    if (this.chain.length === 0) return undefined;
    this.#read[0] ??= readCertificate(this.chain[0]);
    return this.#read[0];
  }

  /** the negotiated version where the server answered, else what the client offers */
  get version(): number {
    return this.server?.version ?? this.client?.version ?? 0;
  }
}

class Side {
  /** handshake bytes of a message that is not complete yet */
  pending = new Uint8Array(0);
  encrypted = false;
}

export class TlsSession implements ProtocolSession {
  readonly transactions: Transaction[] = [];
  count = 1;
  nextProtocol: string | undefined = undefined;
  opaque = false;
  done = false;
  readonly anomalies: string[] = [];
  readonly #transaction: TlsTransaction;
  readonly #sides: [Side, Side] = [new Side(), new Side()];
  readonly #settings: EngineSettings;

  constructor(settings: EngineSettings, time: number) {
    this.#settings = settings;
    this.#transaction = new TlsTransaction(0, time);
    this.transactions.push(this.#transaction);
  }

  consume(direction: Direction, bytes: Uint8Array, start: number, end: number, atEnd: boolean): number {
    const side = this.#sides[direction];
    let at = start;
    while (end - at >= 5 && !this.done) {
      if (this.#isOldHello(bytes, at, end, direction)) {
        const length = ((bytes[at] & 0x7f) << 8) | bytes[at + 1];
        if (end - at < 2 + length) break;
        this.#oldHello(bytes, at + 2, at + 2 + length);
        at += 2 + length;
        continue;
      }
      const type = bytes[at];
      const length = uint16(bytes, at + 3);
      if (type < 20 || type > 24 || bytes[at + 1] !== 3) {
        this.#transaction.raise('invalid_tls_header');
        this.#over();
        return end;
      }
      if (length > LONGEST_RECORD) {
        this.#transaction.raise('invalid_record_length');
        this.#over();
        return end;
      }
      // Application data need not be waited for: nothing in it is read.
      if (type === 23) {
        this.#applicationData();
        if (this.done) return end;
      }
      if (end - at < 5 + length) {
        if (type === 22 && !side.encrypted && atEnd) this.#handshake(direction, side, bytes, at + 5, end);
        break;
      }
      if (type === 22 && !side.encrypted) this.#handshake(direction, side, bytes, at + 5, at + 5 + length);
      else if (type === 20) this.#changeCipher(direction, side);
      else if (type === 21 && !side.encrypted && length === 2 && bytes[at + 5] === 2) this.#transaction.changed[direction] = true;
      at += 5 + length;
    }
    return this.done ? end : at;
  }

  /** SSLv2 compatible ClientHello (RFC 5246 §E.2). */
  #isOldHello(bytes: Uint8Array, at: number, end: number, direction: Direction): boolean {
    return direction === TO_SERVER && this.#transaction.client === undefined && (bytes[at] & 0x80) !== 0 && end - at >= 5 && bytes[at + 2] === 1;
  }

  #oldHello(bytes: Uint8Array, start: number, end: number): void {
    const transaction = this.#transaction;
    if (end - start < 9) return;
    transaction.client = {
      legacyVersion: uint16(bytes, start + 1),
      version: uint16(bytes, start + 1),
      random: bytes.slice(Math.max(start, end - uint16(bytes, start + 7)), end),
      sessionId: new Uint8Array(0),
      suites: [],
      extensions: [],
      groups: [],
      pointFormats: [],
      signatureAlgorithms: [],
      serverName: undefined,
      applicationProtocols: [],
      truncated: false,
    };
    transaction.states.add('client_hello');
    transaction.advance(TO_SERVER, CLIENT_HELLO);
  }

  #handshake(direction: Direction, side: Side, bytes: Uint8Array, start: number, end: number): void {
    let data = bytes;
    let at = start;
    let stop = end;
    if (side.pending.length > 0) {
      data = new Uint8Array(side.pending.length + end - start);
      data.set(side.pending);
      data.set(bytes.subarray(start, end), side.pending.length);
      at = 0;
      stop = data.length;
      side.pending = new Uint8Array(0);
    }
    while (stop - at >= 4) {
      const length = uint24(data, at + 1);
      if (length > LONGEST_HANDSHAKE) {
        this.#transaction.raise('invalid_handshake_message');
        return;
      }
      if (stop - at < 4 + length) break;
      this.#message(direction, data[at], data, at + 4, at + 4 + length);
      at += 4 + length;
      if (side.encrypted) return;
    }
    if (at < stop) side.pending = data.slice(at, stop);
  }

  #message(direction: Direction, type: number, bytes: Uint8Array, start: number, end: number): void {
    const transaction = this.#transaction;
    switch (type) {
      case 1:
        if (direction !== TO_SERVER || transaction.client !== undefined) return;
        transaction.client = readHello(bytes, start, end, true);
        if (transaction.client === undefined) transaction.raise('invalid_handshake_message');
        transaction.states.add('client_hello');
        transaction.advance(TO_SERVER, CLIENT_HELLO);
        return;
      case 2:
        if (direction !== TO_CLIENT) return;
        transaction.server = readHello(bytes, start, end, false);
        transaction.states.add('server_hello');
        transaction.advance(TO_CLIENT, SERVER_HELLO);
        return;
      case 11:
        this.#certificates(direction, bytes, start, end);
        return;
      case 12:
        transaction.states.add('server_keyx');
        return;
      case 14:
        transaction.advance(TO_CLIENT, CERTIFICATES);
        return;
      case 16:
        transaction.states.add('client_keyx');
        transaction.changed[TO_SERVER] = true;
        return;
    }
  }

  #certificates(direction: Direction, bytes: Uint8Array, start: number, end: number): void {
    const chain = direction === TO_CLIENT ? this.#transaction.chain : this.#transaction.clientChain;
    let at = start + 3;
    while (at + 3 <= end && chain.length < MOST_CERTIFICATES) {
      const length = uint24(bytes, at);
      if (length === 0 || at + 3 + length > end) {
        this.#transaction.raise('invalid_certificate');
        break;
      }
      chain.push(bytes.slice(at + 3, at + 3 + length));
      at += 3 + length;
    }
    if (direction === TO_CLIENT) this.#transaction.advance(TO_CLIENT, CERTIFICATES);
  }

  #changeCipher(direction: Direction, side: Side): void {
    side.encrypted = true;
    side.pending = new Uint8Array(0);
    this.#transaction.advance(direction, direction === TO_SERVER ? CLIENT_DONE : SERVER_DONE);
    if (this.#sides[TO_SERVER].encrypted && this.#sides[TO_CLIENT].encrypted) this.#over();
  }

  #applicationData(): void {
    this.#transaction.states.add('unknown');
    this.#over();
  }

  /** What follows is encrypted. */
  #over(): void {
    if (this.done) return;
    this.done = true;
    this.opaque = this.#settings.tls.encryptionHandling !== 'full';
    this.#transaction.advance(TO_SERVER, CLIENT_DONE);
    this.#transaction.advance(TO_CLIENT, SERVER_DONE);
  }

  skip(): boolean {
    // A hole in the handshake: what follows it can not be framed any more.
    this.#over();
    return true;
  }

  finish(): void {
    this.#transaction.advance(TO_SERVER, CLIENT_DONE);
    this.#transaction.advance(TO_CLIENT, SERVER_DONE);
    this.done = true;
  }
}
