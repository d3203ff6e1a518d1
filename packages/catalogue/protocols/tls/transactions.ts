/**
 * TLS and SSL records (RFC 8446 §5.1, RFC 5246 §6.2, SSL 2 hellos) → handshake messages → one transaction a connection, up to
 * where encryption begins. From there on nothing is read: bytes are passed over and, unless `encryptionHandling` is `full`, no
 * longer searched.
 *
 * Progress to the server: 1 ClientHello read · 2 client certificate read · 3 ChangeCipherSpec · 4 over · 5 it ended the connection.
 * To the client: 1 ServerHello · 2 certificates · 3 ServerHelloDone · 4 ChangeCipherSpec · 5 over · 6 it ended the connection.
 */
import { copyOf, uint16, uint24 } from '@sigwright/bytes';
import {
  type Direction,
  type EncryptionHandling,
  type EngineSettings,
  type FrameSink,
  type ProtocolSession,
  TO_CLIENT,
  TO_SERVER,
  Transaction,
} from '@sigwright/contracts';
import { ja3String, ja3sString, ja4, md5Of } from '../../formats/tls-hello/fingerprints.ts';
import {
  type Hello,
  isOldHello,
  isRetryRequest,
  isTls13,
  readHello,
  readOldClientHello,
  readOldServerHello,
  SESSION_TICKET,
} from '../../formats/tls-hello/hello.ts';
import { type Certificate, certificateFingerprint, readCertificate } from '../../formats/x509/x509.ts';

export const CLIENT_HELLO = 1;
export const CLIENT_CERTIFICATE = 2;
export const CLIENT_HANDSHAKE = 3;
export const CLIENT_OVER = 4;
export const CLIENT_FINISHED = 5;
export const SERVER_HELLO = 1;
export const SERVER_CERTIFICATE = 2;
export const SERVER_HELLO_DONE = 3;
export const SERVER_HANDSHAKE = 4;
export const SERVER_OVER = 5;
export const SERVER_FINISHED = 6;

/** Certificate chains seldom exceed 20 KiB; the length field would allow 16 MiB. */
const LONGEST_HANDSHAKE = 131_072;
/** RFC 8446 allows 2^14 + 256, RFC 5246 2^14 + 2048 bytes. */
export const LONGEST_RECORD = 16_384 + 2048;
/** Chains in use have two to five. */
const MOST_CERTIFICATES = 32;
/** Early data before the server said anything: after so many records the server is taken for not captured. */
const MOST_EARLY_RECORDS = 64;

const RECORD_HEADER = 5;
const CHANGE_CIPHER_SPEC = 20;
const ALERT = 21;
const HANDSHAKE = 22;
const APPLICATION_DATA = 23;
const HEARTBEAT = 24;

const CLIENT_HELLO_MESSAGE = 1;
const SERVER_HELLO_MESSAGE = 2;
const CERTIFICATE = 11;
const SERVER_KEY_EXCHANGE = 12;
const CERTIFICATE_REQUEST = 13;
const SERVER_HELLO_END = 14;
const CLIENT_KEY_EXCHANGE = 16;

const OLD_ERROR = 0;
const OLD_CLIENT_HELLO = 1;
const OLD_SERVER_HELLO = 4;

export type HandshakeState = 'client_hello' | 'server_hello' | 'client_keyx' | 'server_keyx' | 'unknown';

/** What was sent as a chain, the own certificate first; read when asked for. */
export class Chain {
  readonly certificates: Uint8Array[] = [];
  #first: Certificate | undefined = undefined;
  #fingerprint: string | undefined = undefined;

  get first(): Certificate | undefined {
    if (this.#first === undefined && this.certificates.length > 0) this.#first = readCertificate(this.certificates[0]);
    return this.#first;
  }

  get fingerprint(): string | undefined {
    if (this.#fingerprint === undefined && this.certificates.length > 0) this.#fingerprint = certificateFingerprint(this.certificates[0]);
    return this.#fingerprint;
  }
}

export class TlsTransaction extends Transaction {
  client: Hello | undefined = undefined;
  server: Hello | undefined = undefined;
  readonly chain = new Chain();
  readonly clientChain = new Chain();
  readonly states = new Set<HandshakeState>();
  /** the server went over to encryption and had sent no certificate */
  tookUp = false;
  /** of the first handshake record, by direction */
  readonly recordVersions: [number, number] = [0, 0];
  /** the server sent at least one record */
  answered = false;
  /** the client had come to its end when nothing of the server was read, and what was read then is no answer, or the lesser part of one */
  endedUnanswered = false;
  /** fingerprints that its records show */
  shownFingerprints: EngineSettings['tls']['shownFingerprints'] = { ja3: true, ja4: true };
  /** the server asks for a certificate of the client */
  clientCertificateAsked = false;
  #ja3: string | undefined = undefined;
  #ja3Hash: string | undefined = undefined;
  #ja3s: string | undefined = undefined;
  #ja3sHash: string | undefined = undefined;
  #ja4: string | undefined = undefined;

  /** An earlier session goes on: the server took it up, or the client speaks of tickets and no certificate came, however far the hellos went. */
  get resumed(): boolean {
    if (this.tookUp) return true;
    if (this.server === undefined || isTls13(this.server.version) || this.chain.certificates.length > 0) return false;
    return this.client?.extensions.includes(SESSION_TICKET) === true;
  }

  /** nothing that records show comes any more, unless the client still has to show a certificate */
  get isTold(): boolean {
    const [client, server] = this.progress;
    return server >= SERVER_HELLO_DONE && client >= (this.clientCertificateAsked ? CLIENT_CERTIFICATE : CLIENT_HELLO);
  }

  /** the negotiated version where the server answered, else what the client offers */
  get version(): number {
    return this.server?.version ?? this.client?.version ?? 0;
  }

  /** The client's hello alone. */
  get isUnanswered(): boolean {
    return this.client !== undefined && !this.answered && this.anomalies === undefined;
  }

  get ja3(): string | undefined {
    if (this.#ja3 === undefined && this.client !== undefined) this.#ja3 = ja3String(this.client);
    return this.#ja3;
  }

  get ja3Hash(): string | undefined {
    if (this.#ja3Hash === undefined && this.ja3 !== undefined) this.#ja3Hash = md5Of(this.ja3);
    return this.#ja3Hash;
  }

  get ja3s(): string | undefined {
    if (this.#ja3s === undefined && this.server !== undefined) this.#ja3s = ja3sString(this.server);
    return this.#ja3s;
  }

  get ja3sHash(): string | undefined {
    if (this.#ja3sHash === undefined && this.ja3s !== undefined) this.#ja3sHash = md5Of(this.ja3s);
    return this.#ja3sHash;
  }

  get ja4(): string | undefined {
    if (this.#ja4 === undefined && this.client !== undefined) this.#ja4 = ja4(this.client, 't');
    return this.#ja4;
  }
}

/** One direction of the connection. */
class Side {
  /** beginning of a handshake message of which the rest is in later records: held[0, heldLength) */
  held = new Uint8Array(0);
  heldLength = 0;
  /** handshake messages can not be read any more: they are encrypted, */
  encrypted = false;
  /** or where they begin is not known */
  lost = false;
  /** bytes of a record that need not be looked at */
  pass = 0;
  /** bytes of the handshake record that is being read, and those of them still to come */
  recordLength = 0;
  recordLeft = 0;
  earlyRecords = 0;
  /** frames of the record at hand were told of */
  told = false;

  /** Suricata draws the line somewhere between 57 and 80 of a hundred. */
  get isMostlyThere(): boolean {
    return this.recordLeft * 3 < this.recordLength || this.recordLeft === 0;
  }

  hold(bytes: Uint8Array, start: number, end: number): void {
    const length = this.heldLength + end - start;
    if (length > this.held.length) {
      const grown = new Uint8Array(Math.max(length, this.held.length * 2, 4096));
      grown.set(this.held.subarray(0, this.heldLength));
      this.held = grown;
    }
    this.held.set(bytes.subarray(start, end), this.heldLength);
    this.heldLength = length;
  }

  drop(): void {
    this.held = new Uint8Array(0);
    this.heldLength = 0;
  }
}

export class TlsSession implements ProtocolSession {
  readonly transactions: Transaction[] = [];
  count = 1;
  nextProtocol: string | undefined = undefined;
  opaque = false;
  done = false;
  readonly anomalies: string[] = [];
  frames: FrameSink | undefined = undefined;
  readonly #transaction: TlsTransaction;
  readonly #sides: readonly [Side, Side] = [new Side(), new Side()];
  bypasses = false;
  readonly #encryptionHandling: EncryptionHandling;
  /** lengths of heartbeats that wait for an answer, by direction */
  readonly #heartbeats: [number, number] = [0, 0];
  /** the client's hello was one of SSL 2 */
  #isOld = false;

  constructor(settings: EngineSettings, time: number) {
    this.#encryptionHandling = settings.tls.encryptionHandling;
    this.#transaction = new TlsTransaction(0, time);
    this.#transaction.shownFingerprints = settings.tls.shownFingerprints;
    this.transactions.push(this.#transaction);
  }

  consume(direction: Direction, bytes: Uint8Array, start: number, end: number, ended = false): number {
    const at = this.#read(direction, bytes, start, end);
    if (!ended) return at;
    const transaction = this.#transaction;
    if (direction === TO_SERVER) transaction.endedUnanswered = transaction.isUnanswered;
    else if (this.#sides[TO_CLIENT].isMostlyThere && transaction.anomalies === undefined) transaction.endedUnanswered = false;
    return at;
  }

  #read(direction: Direction, bytes: Uint8Array, start: number, end: number): number {
    const side = this.#sides[direction];
    let at = start;
    while (!this.done) {
      if (side.pass > 0) {
        const passed = Math.min(side.pass, end - at);
        side.pass -= passed;
        at += passed;
      }
      if (side.recordLeft > 0) {
        const taken = Math.min(side.recordLeft, end - at);
        if (taken > 0 && !side.encrypted && !side.lost) this.#handshake(direction, side, bytes, at, at + taken);
        side.recordLeft -= taken;
        at += taken;
      }
      if (end - at < RECORD_HEADER) break;
      const old = this.#old(direction, bytes, at, end);
      if (old < 0) break;
      if (old > 0) {
        this.frames?.begin(direction, 'ssl2.hdr', at, 2, this.#transaction);
        this.frames?.begin(direction, 'ssl2.pdu', at, old, this.#transaction);
        at += old;
        continue;
      }
      const type = bytes[at];
      const length = uint16(bytes, at + 3);
      if (!this.#headerHolds(type, bytes[at + 1], length)) return end;
      if (this.frames !== undefined && !side.told) this.#tellFrames(this.frames, direction, type, at, length);
      side.told = false;
      if (direction === TO_CLIENT) this.#transaction.answered = true;
      if (type === APPLICATION_DATA) {
        this.#applicationData(direction, side);
        side.pass = RECORD_HEADER + length;
        continue;
      }
      if (type === HANDSHAKE) {
        if (this.#transaction.recordVersions[direction] === 0) {
          this.#transaction.recordVersions[direction] = uint16(bytes, at + 1);
          this.#transaction.changed[direction] = true;
        }
        side.recordLength = side.recordLeft = length;
        at += RECORD_HEADER;
        continue;
      }
      if (end - at < RECORD_HEADER + length) {
        side.told = true;
        break;
      }
      this.#record(type, direction, side, bytes, at + RECORD_HEADER, at + RECORD_HEADER + length);
      at += RECORD_HEADER + length;
    }
    return this.done ? end : at;
  }

  #tellFrames(frames: FrameSink, direction: Direction, type: number, at: number, length: number): void {
    const transaction = this.#transaction;
    frames.begin(direction, 'pdu', at, RECORD_HEADER + length, transaction);
    frames.begin(direction, 'hdr', at, RECORD_HEADER, transaction);
    if (length === 0) return;
    frames.begin(direction, 'data', at + RECORD_HEADER, length, transaction);
    if (type === ALERT) frames.begin(direction, 'alert_data', at + RECORD_HEADER, length, transaction);
    if (type === HEARTBEAT) frames.begin(direction, 'heartbeat_data', at + RECORD_HEADER, length, transaction);
  }

  /** Otherwise what follows can not be read any more, but it is not encrypted either. */
  #headerHolds(type: number, major: number, length: number): boolean {
    const fault =
      type < CHANGE_CIPHER_SPEC || type > HEARTBEAT
        ? 'invalid_record_type'
        : major !== 3
          ? 'invalid_record_version'
          : length > LONGEST_RECORD
            ? 'invalid_record_length'
            : undefined;
    if (fault === undefined) return true;
    this.#transaction.raise(fault);
    this.#transaction.raise('invalid_ssl_record');
    this.#over(false);
    return false;
  }

  #record(type: number, direction: Direction, side: Side, bytes: Uint8Array, start: number, end: number): void {
    switch (type) {
      case CHANGE_CIPHER_SPEC:
        this.#changeCipher(direction, side);
        return;
      case HEARTBEAT:
        if (!side.encrypted) this.#heartbeat(direction, bytes, start, end);
        this.#heartbeatRecord(direction, end - start);
        return;
      case ALERT:
        this.#transaction.changed[direction] = true;
        return;
    }
  }

  /** SSL 2 records: how many bytes were read, 0 where this is none, -1 where more bytes are needed. */
  #old(direction: Direction, bytes: Uint8Array, at: number, end: number): number {
    const transaction = this.#transaction;
    if ((bytes[at] & 0x80) === 0) return 0;
    const fromClient = direction === TO_SERVER;
    const type = bytes[at + 2];
    const expected = fromClient
      ? transaction.client === undefined && isOldHello(bytes, at, end, OLD_CLIENT_HELLO)
      : this.#isOld && transaction.server === undefined && (type === OLD_SERVER_HELLO || type === OLD_ERROR);
    if (!expected) return 0;
    const length = ((bytes[at] & 0x7f) << 8) | bytes[at + 1];
    const from = at + 2;
    const to = from + length;
    if (end < to) return -1;
    if (fromClient) {
      this.#isOld = true;
      transaction.client = readOldClientHello(bytes, from, to);
      if (transaction.client === undefined) transaction.raise('invalid_sslv2_header');
      transaction.states.add('client_hello');
      transaction.advance(TO_SERVER, CLIENT_HELLO);
      return 2 + length;
    }
    if (type === OLD_ERROR) transaction.raise('error_message_encountered');
    else {
      const answer = readOldServerHello(bytes, from, to);
      if (answer === undefined) transaction.raise('invalid_sslv2_header');
      else {
        transaction.server = answer.hello;
        if (answer.certificate !== undefined) transaction.chain.certificates.push(answer.certificate);
      }
      transaction.states.add('server_hello');
      transaction.advance(TO_CLIENT, SERVER_CERTIFICATE);
    }
    // What follows in SSL 2 is the client's key and then nothing readable.
    this.#over(type === OLD_SERVER_HELLO);
    return 2 + length;
  }

  #handshake(direction: Direction, side: Side, bytes: Uint8Array, start: number, end: number): void {
    if (side.heldLength === 0) {
      const rest = this.#messages(direction, side, bytes, start, end);
      if (rest < end && !side.lost) side.hold(bytes, rest, end);
      return;
    }
    side.hold(bytes, start, end);
    const rest = this.#messages(direction, side, side.held, 0, side.heldLength);
    if (side.lost || rest >= side.heldLength) side.drop();
    else if (rest > 0) {
      side.held.copyWithin(0, rest, side.heldLength);
      side.heldLength -= rest;
    }
  }

  /** Reads the messages that are there in full; offset of the first that is not. */
  #messages(direction: Direction, side: Side, bytes: Uint8Array, start: number, end: number): number {
    let at = start;
    while (end - at >= 4) {
      const length = uint24(bytes, at + 1);
      if (length > LONGEST_HANDSHAKE) {
        this.#transaction.raise('handshake_invalid_length');
        this.#transaction.raise('invalid_handshake_message');
        this.#transaction.raise('invalid_ssl_record');
        side.lost = true;
        return end;
      }
      if (end - at < 4 + length) break;
      this.#message(direction, bytes[at], bytes, at + 4, at + 4 + length);
      at += 4 + length;
    }
    return at;
  }

  #message(direction: Direction, type: number, bytes: Uint8Array, start: number, end: number): void {
    const transaction = this.#transaction;
    switch (type) {
      case CLIENT_HELLO_MESSAGE:
        // A second one answers a retry request; the first is what fingerprints are made of.
        if (direction === TO_SERVER && transaction.client === undefined) transaction.client = this.#hello(direction, bytes, start, end);
        return;
      case SERVER_HELLO_MESSAGE:
        if (direction === TO_CLIENT && (transaction.server === undefined || isRetryRequest(transaction.server)))
          transaction.server = this.#hello(direction, bytes, start, end) ?? transaction.server;
        return;
      case CERTIFICATE:
        this.#certificates(direction, bytes, start, end);
        return;
      case SERVER_KEY_EXCHANGE:
        transaction.states.add('server_keyx');
        transaction.changed[direction] = true;
        return;
      case CERTIFICATE_REQUEST:
        transaction.clientCertificateAsked = true;
        return;
      case SERVER_HELLO_END:
        if (direction === TO_CLIENT) transaction.advance(TO_CLIENT, SERVER_HELLO_DONE);
        return;
      case CLIENT_KEY_EXCHANGE:
        transaction.states.add('client_keyx');
        transaction.changed[direction] = true;
        return;
    }
  }

  #hello(direction: Direction, bytes: Uint8Array, start: number, end: number): Hello | undefined {
    const transaction = this.#transaction;
    const fromClient = direction === TO_SERVER;
    const hello = readHello(bytes, start, end, fromClient);
    if (hello === undefined) transaction.raise('invalid_handshake_message');
    else for (const fault of hello.faults) transaction.raise(fault);
    transaction.states.add(fromClient ? 'client_hello' : 'server_hello');
    transaction.advance(direction, fromClient ? CLIENT_HELLO : SERVER_HELLO);
    return hello;
  }

  #certificates(direction: Direction, bytes: Uint8Array, start: number, end: number): void {
    const transaction = this.#transaction;
    const chain = direction === TO_CLIENT ? transaction.chain : transaction.clientChain;
    if (chain.certificates.length > 0) return;
    const listEnd = start + 3 <= end ? start + 3 + uint24(bytes, start) : end + 1;
    if (listEnd > end) transaction.raise('certificate_invalid_length');
    const stop = Math.min(end, listEnd);
    let at = start + 3;
    while (at + 3 <= stop && chain.certificates.length < MOST_CERTIFICATES) {
      const to = at + 3 + uint24(bytes, at);
      if (to === at + 3 || to > stop) {
        transaction.raise('certificate_invalid_length');
        break;
      }
      chain.certificates.push(copyOf(bytes, at + 3, to));
      at = to;
    }
    const fault = chain.first?.fault;
    if (fault !== undefined) {
      transaction.raise(`certificate_invalid_${fault}`);
      if (fault === 'issuer' || fault === 'subject') transaction.raise('certificate_invalid_x509name');
      transaction.raise('invalid_certificate');
    }
    transaction.advance(direction, direction === TO_CLIENT ? SERVER_CERTIFICATE : CLIENT_CERTIFICATE);
  }

  #changeCipher(direction: Direction, side: Side): void {
    const transaction = this.#transaction;
    // In TLS 1.3 it means nothing (RFC 8446 §D.4) and may stand before the hello that follows a retry request.
    if (direction === TO_CLIENT && transaction.server !== undefined && isTls13(transaction.server.version)) return;
    side.encrypted = true;
    side.drop();
    if (direction === TO_SERVER) transaction.advance(TO_SERVER, CLIENT_HANDSHAKE);
    else {
      transaction.tookUp =
        transaction.server !== undefined && transaction.chain.certificates.length === 0 && transaction.progress[TO_CLIENT] < SERVER_HELLO_DONE;
      transaction.advance(TO_CLIENT, SERVER_HANDSHAKE);
    }
    // A bypass waits for the first data: the end of the handshake was not seen before.
    if (this.#encryptionHandling !== 'bypass' && this.#sides[TO_SERVER].encrypted && this.#sides[TO_CLIENT].encrypted) this.#over(true);
  }

  /** Encrypted. The server's means that the handshake is behind us; the client's may come before the server has said anything. */
  #applicationData(direction: Direction, side: Side): void {
    const { server, states } = this.#transaction;
    side.encrypted = true;
    side.drop();
    const isEarly = direction === TO_SERVER && (server === undefined || isRetryRequest(server));
    if (isEarly && ++side.earlyRecords <= MOST_EARLY_RECORDS) return;
    states.add('unknown');
    this.#over(true);
  }

  /** RFC 6520 §4: an answer repeats what it was sent, so that its record is no longer than that of the request. */
  #heartbeatRecord(direction: Direction, length: number): void {
    const asked = this.#heartbeats[direction === TO_SERVER ? TO_CLIENT : TO_SERVER];
    if (asked > 0 && length > asked) this.#transaction.raise('dataleak_heartbeat_mismatch');
    this.#heartbeats[direction === TO_SERVER ? TO_CLIENT : TO_SERVER] = 0;
    if (asked === 0) this.#heartbeats[direction] = length;
    this.#transaction.changed[direction] = true;
  }

  /** RFC 6520. Before encryption there is no reason to send one; a length beyond the record asks for the peer's memory. */
  #heartbeat(direction: Direction, bytes: Uint8Array, start: number, end: number): void {
    const transaction = this.#transaction;
    transaction.raise('heartbeat_message');
    if (end - start < 3 || (bytes[start] !== 1 && bytes[start] !== 2)) transaction.raise('invalid_heartbeat_message');
    else if (uint16(bytes, start + 1) > end - start - 3) transaction.raise('overflow_heartbeat_message');
    transaction.changed[direction] = true;
  }

  /** Nothing more is read. `hidden`: because what follows is encrypted. */
  #over(hidden: boolean): void {
    // Records go on, and whoever wants frames wants those of what is encrypted, too.
    const goesOn = hidden && this.frames !== undefined && this.#encryptionHandling !== 'bypass';
    this.done = !goesOn;
    // Who came so far had an answer.
    if (hidden) this.#transaction.endedUnanswered = false;
    this.opaque = hidden && this.#encryptionHandling !== 'full' && !goesOn;
    this.bypasses = hidden && this.#encryptionHandling === 'bypass';
    this.#sides[0].drop();
    this.#sides[1].drop();
    this.#transaction.advance(TO_SERVER, CLIENT_OVER);
    this.#transaction.advance(TO_CLIENT, SERVER_OVER);
  }

  skip(direction: Direction, length: number): boolean {
    const side = this.#sides[direction];
    if (side.pass >= length) {
      side.pass -= length;
      return true;
    }
    // A hole in the handshake: what follows it can not be framed any more.
    this.#over(false);
    return true;
  }

  /** Who ends the connection first is done with it; the other one has nothing more to say. */
  ended(direction: Direction): void {
    const { progress } = this.#transaction;
    if (progress[TO_SERVER] >= CLIENT_FINISHED || progress[TO_CLIENT] >= SERVER_FINISHED) return;
    this.#transaction.advance(direction, direction === TO_SERVER ? CLIENT_FINISHED : SERVER_FINISHED);
  }

  finish(): void {
    if (!this.done) this.#over(false);
  }
}
