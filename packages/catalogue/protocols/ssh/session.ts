/**
 * The beginning of an SSH connection (RFC 4253 §4.2, §6 and §7.1): the banners of both sides and what they offer for the key exchange.
 * What follows the exchange is encrypted.
 */
import { fromLatin1, hex, latin1, md5 } from '@sigwright/bytes';
import { type Direction, type EngineSettings, type FrameSink, type ProtocolSession, TO_CLIENT, TO_SERVER, Transaction } from '@sigwright/contracts';

/** Progress: a banner longer than is read, banner read, offer read, encrypted. */
export const BANNER_BEGUN = 1;
export const BANNER = 2;
export const OFFER = 3;
export const OVER = 4;

/** RFC 4253 §4.2: with the line end. */
const LONGEST_BANNER = 255;
const LENGTH_FIELD = 4;
/** The length, padding length and message number of a packet before encryption (§6). */
const PACKET_HEAD = 6;
/** §6.1: no more need be accepted; twice as much is seen. */
const LONGEST_PACKET = 65_536;
const KEY_EXCHANGE_INIT = 20;
const NEW_KEYS = 21;
const COOKIE_LENGTH = 16;
/** Name lists of §7.1 in order, as far as they are asked for. */
const KEY_EXCHANGE = 0;
const ENCRYPTION = 2;
const MAC = 4;
const COMPRESSION = 6;
const LISTS = 8;

export interface Banner {
  readonly proto: Uint8Array;
  readonly software: Uint8Array;
}

export interface Offer {
  /** what is hashed: lists for the own direction, between semicolons */
  readonly text: Uint8Array;
  /** MD5 in hex */
  readonly digest: Uint8Array;
}

export class SshTransaction extends Transaction {
  readonly banners: [Banner | undefined, Banner | undefined] = [undefined, undefined];
  readonly offers: [Offer | undefined, Offer | undefined] = [undefined, undefined];
}

export class SshSession implements ProtocolSession {
  readonly transactions: Transaction[] = [];
  count = 1;
  nextProtocol: string | undefined = undefined;
  opaque = false;
  done = false;
  bypasses = false;
  readonly anomalies: string[] = [];
  frames: FrameSink | undefined = undefined;
  /** frames of the packet at hand were told of */
  readonly #told: [boolean, boolean] = [false, false];
  readonly #transaction: SshTransaction;
  readonly #settings: EngineSettings;
  readonly #encrypted: [boolean, boolean] = [false, false];
  readonly #lost: [boolean, boolean] = [false, false];
  /** the rest of a long banner is passed over */
  readonly #inLongBanner: [boolean, boolean] = [false, false];

  constructor(settings: EngineSettings, time: number) {
    this.#settings = settings;
    this.#transaction = new SshTransaction(0, time);
    this.transactions.push(this.#transaction);
  }

  consume(direction: Direction, bytes: Uint8Array, start: number, end: number, atEnd: boolean): number {
    if (this.#lost[direction]) return end;
    let at = this.#banner(direction, bytes, start, end, atEnd);
    if (at < end && this.#transaction.banners[direction] !== undefined && !this.#inLongBanner[direction]) at = this.#packets(direction, bytes, at, end);
    return at;
  }

  /** Lines up to the banner. */
  #banner(direction: Direction, bytes: Uint8Array, start: number, end: number, atEnd: boolean): number {
    let at = start;
    while (at < end && (this.#inLongBanner[direction] || this.#transaction.banners[direction] === undefined)) {
      const newline = bytes.subarray(at, Math.min(end, at + LONGEST_BANNER)).indexOf(0x0a);
      const passing = this.#inLongBanner[direction];
      if (newline >= 0) {
        if (!passing) this.#line(direction, bytes, at, at + newline);
        this.#inLongBanner[direction] = false;
        at += newline + 1;
      } else if (end - at >= LONGEST_BANNER || atEnd) {
        const stop = Math.min(end, at + LONGEST_BANNER);
        if (!passing) this.#line(direction, bytes, at, stop);
        if (!passing && end - at >= LONGEST_BANNER) {
          this.#inLongBanner[direction] = true;
          this.#transaction.raise('long_banner');
          this.#transaction.advance(direction, BANNER_BEGUN);
        }
        at = stop;
      } else if (passing) at = end;
      else return at;
    }
    return at;
  }

  #line(direction: Direction, bytes: Uint8Array, start: number, end: number): void {
    const line = latin1(bytes, start, end).replace(/\r$/, '');
    const match = /^SSH-([^-]+)-(\S*)/.exec(line);
    if (match === null) {
      // Servers may say something else before (§4.2).
      if (direction === TO_SERVER || line.startsWith('SSH-')) this.#transaction.raise('invalid_banner');
      return;
    }
    this.#transaction.banners[direction] = { proto: fromLatin1(match[1]), software: fromLatin1(match[2]) };
    this.#transaction.advance(direction, BANNER);
  }

  #packets(direction: Direction, bytes: Uint8Array, start: number, end: number): number {
    let at = start;
    while (!this.#encrypted[direction] && end - at >= PACKET_HEAD) {
      const length = ((bytes[at] << 24) | (bytes[at + 1] << 16) | (bytes[at + 2] << 8) | bytes[at + 3]) >>> 0;
      if (length < 2) {
        this.#transaction.raise('invalid_record');
        return -1;
      }
      if (length > LONGEST_PACKET) {
        // Encrypted since what was lost, or not by what is known here: nobody waits for its end.
        this.#lost[direction] = true;
        return end;
      }
      const stop = at + LENGTH_FIELD + length;
      if (this.frames !== undefined && !this.#told[direction]) this.#tellFrames(this.frames, direction, at, stop);
      if (end < stop) return at;
      this.#told[direction] = false;
      const message = bytes[at + LENGTH_FIELD + 1];
      if (message === KEY_EXCHANGE_INIT) this.#offer(direction, bytes, at + PACKET_HEAD, stop);
      else if (message === NEW_KEYS) this.#newKeys(direction);
      at = stop;
    }
    return this.#encrypted[direction] ? end : at;
  }

  #tellFrames(frames: FrameSink, direction: Direction, at: number, stop: number): void {
    this.#told[direction] = true;
    frames.begin(direction, 'record.hdr', at, PACKET_HEAD, this.#transaction);
    if (stop > at + PACKET_HEAD) frames.begin(direction, 'record.data', at + PACKET_HEAD, stop - at - PACKET_HEAD, this.#transaction);
    frames.begin(direction, 'record.pdu', at, stop - at, this.#transaction);
  }

  #offer(direction: Direction, bytes: Uint8Array, start: number, end: number): void {
    if (!this.#settings.ssh.fingerprints || this.#transaction.offers[direction] !== undefined) return;
    const lists: string[] = [];
    let at = start + COOKIE_LENGTH;
    while (lists.length < LISTS && end - at >= LENGTH_FIELD) {
      const length = ((bytes[at] << 24) | (bytes[at + 1] << 16) | (bytes[at + 2] << 8) | bytes[at + 3]) >>> 0;
      at += LENGTH_FIELD;
      if (length > end - at) break;
      lists.push(latin1(bytes, at, at + length));
      at += length;
    }
    if (lists.length < LISTS) {
      this.#transaction.raise('invalid_record');
      return;
    }
    // The lists for what the client sends come before those for what the server sends.
    const own = direction === TO_SERVER ? 0 : 1;
    const text = fromLatin1([lists[KEY_EXCHANGE], lists[ENCRYPTION + own], lists[MAC + own], lists[COMPRESSION + own]].join(';'));
    this.#transaction.offers[direction] = { text, digest: fromLatin1(hex(md5(text))) };
    this.#transaction.advance(direction, OFFER);
  }

  #newKeys(direction: Direction): void {
    this.#encrypted[direction] = true;
    this.#transaction.advance(direction, OVER);
    if (!this.#encrypted[0] || !this.#encrypted[1]) return;
    this.done = true;
    this.opaque = this.#settings.ssh.encryptionHandling !== 'full';
    this.bypasses = this.#settings.ssh.encryptionHandling === 'bypass';
  }

  /** Nothing more can be read of this direction; the other one may still have its banner to come. */
  skip(direction: Direction): boolean {
    this.#lost[direction] = true;
    return true;
  }

  finish(): void {
    this.#transaction.advance(TO_SERVER, OVER);
    this.#transaction.advance(TO_CLIENT, OVER);
  }
}
