/** Calls and replies of ONC RPC version 2 (RFC 5531), and the fields of XDR (RFC 4506) that they are made of. */
import { Cursor, hex, utf8 } from '@sigwright/bytes';

export const RPC_VERSION = 2;
export const NFS_PROGRAM = 100_003;
export const CALL = 0;
export const REPLY = 1;
/** numbers before the arguments' credentials; those of a reply before its verifier */
export const CALL_HEAD = 24;
export const REPLY_HEAD = 12;

const ACCEPTED = 0;
const SUCCESS = 0;
const AUTH_NONE = 0;
const AUTH_UNIX = 1;
const RPCSEC_GSS = 6;
const GSS_DATA = 0;
const GSS_INTEGRITY = 2;
const GSS_PRIVACY = 3;
/** RFC 5531 §8.2 */
const LONGEST_BODY = 400;

export interface Credentials {
  readonly flavor: number;
  /** AUTH_UNIX */
  readonly machine: string | undefined;
  readonly user: number | undefined;
  readonly group: number | undefined;
}

export const NO_CREDENTIALS: Credentials = { flavor: AUTH_NONE, machine: undefined, user: undefined, group: undefined };

export interface Call {
  readonly kind: 'call';
  readonly xid: number;
  readonly program: number;
  readonly version: number;
  readonly procedure: number;
  readonly credentials: Credentials;
  /** at the arguments; undefined where they are encrypted */
  readonly body: Cursor | undefined;
}

export interface Reply {
  readonly kind: 'reply';
  readonly xid: number;
  readonly accepted: boolean;
  /** at the results; undefined where the call was refused */
  readonly body: Cursor | undefined;
}

/** Length and bytes, filled up to a multiple of four. */
export function opaque(cursor: Cursor): Uint8Array {
  const length = cursor.uint32();
  const bytes = cursor.take(length);
  cursor.skip(Math.min(cursor.left, (4 - (length & 3)) & 3));
  return bytes ?? new Uint8Array(0);
}

export function text(cursor: Cursor): string {
  return utf8(opaque(cursor));
}

/** A handle of a file, as text that it can be looked up by. */
export function handle(cursor: Cursor): string {
  return hex(opaque(cursor));
}

export function uint64(cursor: Cursor): number {
  return cursor.uint32() * 4_294_967_296 + cursor.uint32();
}

/** Undefined where it is neither, or damaged. `cursor`: at the transaction's number. */
export function readMessage(cursor: Cursor): Call | Reply | undefined {
  const xid = cursor.uint32();
  const kind = cursor.uint32();
  if (kind === REPLY) return readReply(cursor, xid);
  if (kind !== CALL || cursor.uint32() !== RPC_VERSION) return undefined;
  const program = cursor.uint32();
  const version = cursor.uint32();
  const procedure = cursor.uint32();
  const flavor = cursor.uint32();
  const length = cursor.uint32();
  if (length > LONGEST_BODY) return undefined;
  const inner = new Cursor(cursor.bytes, cursor.at, Math.min(cursor.end, cursor.at + length));
  cursor.skip((length + 3) & ~3);
  let body: Cursor | undefined = cursor;
  let credentials: Credentials = { ...NO_CREDENTIALS, flavor };
  let service = 0;
  if (flavor === AUTH_UNIX) {
    inner.skip(4); // a stamp
    // As Suricata reads it: numbers follow right behind the name, whatever fills it up (RFC 5531 appendix A has them behind that).
    const machine = utf8(inner.take(inner.uint32()) ?? new Uint8Array(0));
    const user = inner.uint32();
    const group = inner.uint32();
    if (inner.short) return undefined;
    credentials = { flavor, machine, user, group };
  } else if (flavor === RPCSEC_GSS) {
    inner.skip(4);
    const purpose = inner.uint32();
    inner.skip(4);
    service = inner.uint32();
    if (purpose !== GSS_DATA || service === GSS_PRIVACY) body = undefined;
  }
  verifier(cursor);
  // RFC 2203 §5.3.2.2: length and number before what is protected.
  if (body !== undefined && service === GSS_INTEGRITY) cursor.skip(8);
  return cursor.short ? undefined : { kind: 'call', xid, program, version, procedure, credentials, body };
}

function verifier(cursor: Cursor): void {
  cursor.skip(4);
  const length = cursor.uint32();
  cursor.skip((length + 3) & ~3);
}

function readReply(cursor: Cursor, xid: number): Reply | undefined {
  const state = cursor.uint32();
  if (state !== ACCEPTED) return cursor.short || state !== 1 ? undefined : { kind: 'reply', xid, accepted: false, body: undefined };
  verifier(cursor);
  const outcome = cursor.uint32();
  return cursor.short ? undefined : { kind: 'reply', xid, accepted: true, body: outcome === SUCCESS ? cursor : undefined };
}

const FLAVORS: Readonly<Record<number, string>> = { 0: 'NULL', 1: 'UNIX', 2: 'SHORT', 3: 'DES', 6: 'RPCSEC_GSS' };

export function flavorName(flavor: number): string {
  return FLAVORS[flavor] ?? String(flavor);
}
