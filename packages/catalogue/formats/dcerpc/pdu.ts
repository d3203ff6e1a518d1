/**
 * Units of connection-oriented DCE/RPC (C706 §12.6, MS-RPCE §2.2.2), on TCP and on pipes. Numbers are written in the byte order
 * that each unit names. Reading stops at the end of what is there; nothing throws.
 */
import { hex, uint16, uint16Little, uint32, uint32Little } from '@sigwright/bytes';

export const HEADER_LENGTH = 16;
export const VERSION = 5;

export const REQUEST = 0;
export const RESPONSE = 2;
export const FAULT = 3;
export const BIND = 11;
export const BIND_ACKNOWLEDGED = 12;
export const BIND_REFUSED = 13;
export const ALTER_CONTEXT = 14;
export const ALTER_CONTEXT_RESPONSE = 15;
export const AUTHENTICATION = 16;

/** Names of packet types as records show them. */
export const TYPE_NAMES: readonly string[] = [
  'REQUEST',
  'PING',
  'RESPONSE',
  'FAULT',
  'WORKING',
  'NOCALL',
  'REJECT',
  'ACK',
  'CL_CANCEL',
  'FACK',
  'CANCEL_ACK',
  'BIND',
  'BINDACK',
  'BINDNAK',
  'ALTER_CONTEXT',
  'ALTER_CONTEXT_RESP',
  'AUTH3',
  'SHUTDOWN',
  'CO_CANCEL',
  'ORPHANED',
  'RTS',
];

const FIRST_FRAGMENT = 0x01;
const LAST_FRAGMENT = 0x02;
/** in the first byte of the data representation */
const LITTLE_ENDIAN = 0x10;
/** identifier and version of a syntax */
const SYNTAX_LENGTH = 20;
/** context, number of transfer syntaxes, the interface */
const CONTEXT_LENGTH = 24;
const RESULT_LENGTH = 24;
/** sizes of fragments and the association group */
const BIND_HEAD = 8;
const REQUEST_HEAD = 8;

export class RpcInterface {
  readonly contextId: number;
  readonly identifier: string;
  readonly major: number;
  readonly minor: number;
  /** answer to the bind; undefined while there is none */
  result: number | undefined = undefined;

  constructor(contextId: number, identifier: string, major: number, minor: number) {
    this.contextId = contextId;
    this.identifier = identifier;
    this.major = major;
    this.minor = minor;
  }
}

export class RpcUnit {
  readonly bytes: Uint8Array;
  readonly start: number;
  /** where the unit ends, or what is there of it */
  readonly end: number;
  readonly little: boolean;

  constructor(bytes: Uint8Array, start: number, end: number) {
    this.bytes = bytes;
    this.start = start;
    this.end = end;
    this.little = (bytes[start + 4] & LITTLE_ENDIAN) !== 0;
  }

  get type(): number {
    return this.bytes[this.start + 2];
  }

  get minorVersion(): number {
    return this.bytes[this.start + 1];
  }

  get isFirst(): boolean {
    return (this.bytes[this.start + 3] & FIRST_FRAGMENT) !== 0;
  }

  get isLast(): boolean {
    return (this.bytes[this.start + 3] & LAST_FRAGMENT) !== 0;
  }

  get callId(): number {
    return this.u32(this.start + 12);
  }

  u16(at: number): number {
    return this.little ? uint16Little(this.bytes, at) : uint16(this.bytes, at);
  }

  u32(at: number): number {
    return this.little ? uint32Little(this.bytes, at) : uint32(this.bytes, at);
  }

  /** of a request */
  get contextId(): number {
    return this.u16(this.start + HEADER_LENGTH + 4);
  }

  get opnum(): number {
    return this.u16(this.start + HEADER_LENGTH + 6);
  }

  /**
   * Where the arguments begin, in a request or a response; they reach to `end`. Rules count as Suricata does: from behind the
   * operation number of a request (an object identifier is among them), from behind the header of a response.
   */
  get stubStart(): number {
    return Math.min(this.end, this.start + HEADER_LENGTH + (this.type === REQUEST ? REQUEST_HEAD : 0));
  }

  /** Interfaces that a bind or alter context asks for. */
  interfaces(): RpcInterface[] {
    const list: RpcInterface[] = [];
    let at = this.start + HEADER_LENGTH + BIND_HEAD;
    if (at + 4 > this.end) return list;
    const count = this.bytes[at];
    at += 4;
    for (let index = 0; index < count && at + CONTEXT_LENGTH <= this.end; index++) {
      const identifier = identifierText(this.bytes, at + 4, this.little);
      list.push(new RpcInterface(this.u16(at), identifier, this.u16(at + 20), this.u16(at + 22)));
      at += CONTEXT_LENGTH + this.bytes[at + 2] * SYNTAX_LENGTH;
    }
    return list;
  }

  /** Answers of the server, in the order of what was asked. */
  results(): number[] {
    const list: number[] = [];
    let at = this.start + HEADER_LENGTH + BIND_HEAD;
    if (at + 2 > this.end) return list;
    at += 2 + this.u16(at);
    // The list begins at a multiple of four.
    at += (4 - ((at - this.start) % 4)) % 4;
    if (at + 4 > this.end) return list;
    const count = this.bytes[at];
    at += 4;
    for (let index = 0; index < count && at + RESULT_LENGTH <= this.end; index++) {
      list.push(this.u16(at));
      at += RESULT_LENGTH;
    }
    return list;
  }
}

/** Text of an identifier; its first three parts are numbers in the byte order of the unit. */
export function identifierText(bytes: Uint8Array, at: number, little: boolean): string {
  const reversed = (from: number, length: number): string => {
    if (!little) return hex(bytes, from, from + length);
    let text = '';
    for (let index = length - 1; index >= 0; index--) text += hex(bytes, from + index, from + index + 1);
    return text;
  };
  return `${reversed(at, 4)}-${reversed(at + 4, 2)}-${reversed(at + 6, 2)}-${hex(bytes, at + 8, at + 10)}-${hex(bytes, at + 10, at + 16)}`;
}

/** Could a unit begin here, whatever its length? Five bytes must be there. */
export function looksLikeHeader(bytes: Uint8Array, start: number): boolean {
  return bytes[start] === VERSION && bytes[start + 1] <= 1 && bytes[start + 2] < TYPE_NAMES.length && (bytes[start + 4] & 0xef) === 0;
}

/** Could a unit begin here? Ten bytes must be there. */
export function looksLikeUnit(bytes: Uint8Array, start: number): boolean {
  return looksLikeHeader(bytes, start) && unitLength(bytes, start) >= HEADER_LENGTH;
}

/** Bytes of the unit at `start`, header and all. Ten bytes must be there. */
export function unitLength(bytes: Uint8Array, start: number): number {
  return (bytes[start + 4] & LITTLE_ENDIAN) !== 0 ? uint16Little(bytes, start + 8) : uint16(bytes, start + 8);
}
