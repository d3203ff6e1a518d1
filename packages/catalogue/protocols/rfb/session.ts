/** The beginning of an RFB session (RFC 6143 §7.1 to §7.3; 3.3 as its appendix has it) up to the server's description of its screen. */
import { Cursor, latin1 } from '@sigwright/bytes';
import { type Direction, TO_CLIENT, TO_SERVER, Transaction } from '@sigwright/contracts';
import { close, FramedSession, LENGTH_UNKNOWN, NO_MESSAGE } from '../../formats/messages/framed-session.ts';

const VERSION_BYTES = 12;
const VERSION = /^RFB (\d{3})\.(\d{3})\n$/;
const CHALLENGE_BYTES = 16;
const NUMBER_BYTES = 4;
/** width, height, pixel format and the length of the name */
const SCREEN_BYTES = 24;

const FAILED = 0;
const WITHOUT_AUTHENTICATION = 1;
export const VNC_AUTHENTICATION = 2;
export const ACCEPTED = 0;
const LAST_KNOWN_RESULT = 2;

/** Minor versions from which the server lists its ways of authentication, and always tells the result. */
const LISTS_TYPES = 7;
const ALWAYS_TELLS = 8;

/** What is awaited, and from whom. */
const FROM = {
  serverVersion: TO_CLIENT,
  clientVersion: TO_SERVER,
  onlyType: TO_CLIENT,
  types: TO_CLIENT,
  choice: TO_SERVER,
  challenge: TO_CLIENT,
  response: TO_SERVER,
  result: TO_CLIENT,
  reason: TO_CLIENT,
  clientStart: TO_SERVER,
  screen: TO_CLIENT,
} as const;
type Step = keyof typeof FROM;

export interface Version {
  readonly major: string;
  readonly minor: string;
}

export interface Screen {
  readonly width: number;
  readonly height: number;
  readonly name: Uint8Array;
  readonly pixels: Readonly<Record<string, number | boolean>>;
}

export class RfbTransaction extends Transaction {
  serverVersion: Version | undefined = undefined;
  clientVersion: Version | undefined = undefined;
  securityType: number | undefined = undefined;
  challenge: string | undefined = undefined;
  response: string | undefined = undefined;
  result: number | undefined = undefined;
  reason: string | undefined = undefined;
  shared: boolean | undefined = undefined;
  screen: Screen | undefined = undefined;
}

/** Bytes that may wait for the other peer's turn: a client's messages are short, a server's may name its screen at length. */
const LONGEST_AHEAD: readonly [number, number] = [64, 4096];

export class RfbSession extends FramedSession<RfbTransaction> {
  #step: Step = 'serverVersion';
  #transaction: RfbTransaction | undefined = undefined;
  #confused = false;

  override consume(direction: Direction, bytes: Uint8Array, start: number, end: number, atEnd: boolean, time: number): number {
    const consumed = super.consume(direction, bytes, start, end, atEnd, time);
    if (this.#confused && !this.done) this.#end('confused_state', time);
    if (consumed === -1) {
      this.anomalies.length = 0;
      this.#end('malformed_message', time);
    }
    return this.done ? end : consumed;
  }

  protected frame(bytes: Uint8Array, at: number, end: number, direction: Direction): number {
    // A peer that speaks before its turn waits, up to what it could mean.
    if (FROM[this.#step] !== direction) {
      if (end - at > LONGEST_AHEAD[direction]) this.#confused = true;
      return LENGTH_UNKNOWN;
    }
    switch (this.#step) {
      case 'serverVersion':
      case 'clientVersion':
        return VERSION_BYTES;
      case 'types':
        return 1 + bytes[at];
      case 'challenge':
      case 'response':
        return CHALLENGE_BYTES;
      case 'onlyType':
      case 'result':
        return NUMBER_BYTES;
      case 'reason':
        return end - at < NUMBER_BYTES ? LENGTH_UNKNOWN : NUMBER_BYTES + new Cursor(bytes, at, end).uint32();
      case 'choice':
      case 'clientStart':
        return 1;
      case 'screen':
        return end - at < SCREEN_BYTES ? LENGTH_UNKNOWN : SCREEN_BYTES + new Cursor(bytes, at + SCREEN_BYTES - NUMBER_BYTES, end).uint32();
      default:
        return NO_MESSAGE;
    }
  }

  protected message(_direction: Direction, bytes: Uint8Array, start: number, end: number, time: number): boolean {
    this.#transaction ??= this.open(new RfbTransaction(this.count, time));
    const one = this.#transaction;
    const cursor = new Cursor(bytes, start, end);
    one.changed[TO_SERVER] = one.changed[TO_CLIENT] = true;
    switch (this.#step) {
      case 'serverVersion':
      case 'clientVersion': {
        const match = VERSION.exec(latin1(bytes, start, end));
        if (match === null) return false;
        const [, major, minor] = match;
        if (this.#step === 'serverVersion') one.serverVersion = { major, minor };
        else one.clientVersion = { major, minor };
        this.#step = this.#step === 'serverVersion' ? 'clientVersion' : this.#minor >= LISTS_TYPES ? 'types' : 'onlyType';
        return true;
      }
      case 'types':
        this.#step = bytes[start] === 0 ? 'reason' : 'choice';
        return true;
      case 'onlyType':
        this.#chosen(cursor.uint32(), time);
        return true;
      case 'choice':
        this.#chosen(cursor.uint8(), time);
        return true;
      case 'challenge':
        one.challenge = hex(bytes, start, end);
        this.#step = 'response';
        return true;
      case 'response':
        one.response = hex(bytes, start, end);
        this.#step = 'result';
        return true;
      case 'result':
        one.result = cursor.uint32();
        if (one.result > LAST_KNOWN_RESULT) one.raise('unknown_security_result');
        if (one.result === ACCEPTED) this.#step = 'clientStart';
        else if (this.#minor >= ALWAYS_TELLS) this.#step = 'reason';
        else this.#end(undefined, time);
        return true;
      case 'reason':
        one.reason = latin1(bytes, start + NUMBER_BYTES, end);
        this.#end(undefined, time);
        return true;
      case 'clientStart':
        one.shared = cursor.uint8() !== 0;
        this.#step = 'screen';
        return true;
      case 'screen':
        one.screen = screen(cursor);
        this.#end(undefined, time);
        return true;
    }
  }

  get #minor(): number {
    return Number(this.#transaction?.clientVersion?.minor ?? 0);
  }

  #chosen(type: number, time: number): void {
    if (this.#transaction !== undefined) this.#transaction.securityType = type;
    if (type === FAILED) this.#step = 'reason';
    else if (type === WITHOUT_AUTHENTICATION) this.#step = this.#minor >= ALWAYS_TELLS ? 'result' : 'clientStart';
    else if (type === VNC_AUTHENTICATION) this.#step = 'challenge';
    else this.#end('unimplemented_security_type', time);
  }

  /** What follows are pictures and keys, or nothing. */
  #end(anomaly: string | undefined, time: number): void {
    this.#transaction ??= this.open(new RfbTransaction(this.count, time));
    if (anomaly !== undefined) this.#transaction.raise(anomaly);
    close(this.#transaction);
    this.done = true;
  }
}

function hex(bytes: Uint8Array, start: number, end: number): string {
  let text = '';
  for (let at = start; at < end; at++) text += bytes[at].toString(16).padStart(2, '0');
  return text;
}

function screen(cursor: Cursor): Screen {
  const width = cursor.uint16();
  const height = cursor.uint16();
  const pixels = {
    bits_per_pixel: cursor.uint8(),
    depth: cursor.uint8(),
    big_endian: cursor.uint8() !== 0,
    true_color: cursor.uint8() !== 0,
    red_max: cursor.uint16(),
    green_max: cursor.uint16(),
    blue_max: cursor.uint16(),
    red_shift: cursor.uint8(),
    green_shift: cursor.uint8(),
    blue_shift: cursor.uint8(),
  };
  cursor.skip(3 + NUMBER_BYTES);
  return { width, height, pixels, name: cursor.take(cursor.left)?.slice() ?? new Uint8Array(0) };
}
