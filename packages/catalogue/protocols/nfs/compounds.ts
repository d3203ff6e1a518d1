/**
 * Compounds of NFS 4.0 (RFC 7530 §15 and §16), and of 4.1 (RFC 8881 §18) what stands around them. An operation that is not known ends
 * the reading of its compound: where the next one begins is known by reading alone.
 */
import type { Cursor } from '@sigwright/bytes';
import { handle, opaque, text, uint64 } from './rpc.ts';

const MOST_OPERATIONS = 256;
const STATE = 16;
const VERIFIER = 8;
const SESSION = 16;
const CHANGE = 20;

const OPERATION = {
  access: 3,
  close: 4,
  commit: 5,
  create: 6,
  delegationReturn: 8,
  getAttributes: 9,
  getHandle: 10,
  link: 11,
  lookup: 15,
  lookupParent: 16,
  open: 18,
  openConfirm: 20,
  openDowngrade: 21,
  putHandle: 22,
  putPublic: 23,
  putRoot: 24,
  read: 25,
  readDirectory: 26,
  readLink: 27,
  remove: 28,
  rename: 29,
  renew: 30,
  restoreHandle: 31,
  saveHandle: 32,
  setAttributes: 34,
  setClient: 35,
  confirmClient: 36,
  write: 38,
  destroySession: 44,
  securityUnnamed: 52,
  sequence: 53,
  destroyClient: 57,
  reclaimComplete: 58,
} as const;

/** Operations that stand for their compound in a record. */
export const CREATE = OPERATION.create;
export const REMOVE = OPERATION.remove;
export const RENAME = OPERATION.rename;
export const READ = OPERATION.read;
export const WRITE = OPERATION.write;

export interface Compound {
  /** the operation that is told of; undefined: none of them is */
  readonly main: number | undefined;
  /** the last file that the operations were about */
  readonly handle: string | undefined;
  readonly name: string | undefined;
  readonly rename: { readonly from: string; readonly to: string } | undefined;
  readonly reads: readonly { readonly handle: string; readonly offset: number }[];
  readonly writes: readonly {
    readonly handle: string;
    readonly offset: number;
    readonly length: number;
    readonly stable: number;
    readonly data: Uint8Array;
  }[];
  /** files that are whole: closed or committed */
  readonly closed: readonly string[];
}

export interface CompoundResult {
  readonly status: number;
  /** what GETFH gave last */
  readonly handle: string | undefined;
  readonly reads: readonly { readonly length: number; readonly end: boolean; readonly data: Uint8Array }[];
}

function bitmap(cursor: Cursor): void {
  cursor.skip(4 * cursor.uint32());
}

function attributes(cursor: Cursor): void {
  bitmap(cursor);
  opaque(cursor);
}

function begun(cursor: Cursor, length: number): Uint8Array {
  const data = cursor.take(Math.min(length, cursor.left)) ?? new Uint8Array(0);
  cursor.skip(Math.min(cursor.left, (4 - (length & 3)) & 3));
  return data;
}

/** Undefined where not even the compound's own fields are there. */
export function readCompound(cursor: Cursor): Compound | undefined {
  opaque(cursor); // a tag
  cursor.skip(4); // minor version
  const count = Math.min(cursor.uint32(), MOST_OPERATIONS);
  if (cursor.short) return undefined;
  let main: number | undefined;
  let current: string | undefined;
  let saved: string | undefined;
  let name: string | undefined;
  let rename: { from: string; to: string } | undefined;
  const reads: Compound['reads'][number][] = [];
  const writes: Compound['writes'][number][] = [];
  const closed: string[] = [];
  for (let index = 0; index < count && cursor.left >= 4; index++) {
    const operation = cursor.uint32();
    switch (operation) {
      case OPERATION.getHandle:
      case OPERATION.lookupParent:
      case OPERATION.readLink:
        break;
      case OPERATION.putPublic:
      case OPERATION.putRoot:
        current = undefined;
        break;
      case OPERATION.putHandle:
        current = handle(cursor);
        break;
      case OPERATION.saveHandle:
        saved = current;
        break;
      case OPERATION.restoreHandle:
        current = saved;
        break;
      case OPERATION.access:
      case OPERATION.securityUnnamed:
      case OPERATION.reclaimComplete:
        cursor.skip(4);
        break;
      case OPERATION.renew:
      case OPERATION.destroyClient:
        cursor.skip(8);
        break;
      case OPERATION.delegationReturn:
      case OPERATION.destroySession:
        cursor.skip(SESSION);
        break;
      case OPERATION.confirmClient:
        cursor.skip(8 + VERIFIER);
        break;
      case OPERATION.sequence:
        cursor.skip(SESSION + 16);
        break;
      case OPERATION.getAttributes:
        bitmap(cursor);
        break;
      case OPERATION.setAttributes:
        cursor.skip(STATE);
        attributes(cursor);
        break;
      case OPERATION.readDirectory:
        cursor.skip(8 + VERIFIER + 8);
        bitmap(cursor);
        break;
      case OPERATION.openConfirm:
        cursor.skip(STATE + 4);
        break;
      case OPERATION.openDowngrade:
        cursor.skip(STATE + 12);
        break;
      case OPERATION.setClient:
        cursor.skip(VERIFIER);
        opaque(cursor);
        cursor.skip(4);
        opaque(cursor);
        opaque(cursor);
        cursor.skip(4);
        break;
      case OPERATION.link:
        opaque(cursor);
        break;
      case OPERATION.lookup:
        name = text(cursor);
        break;
      case OPERATION.remove:
        name = text(cursor);
        main = operation;
        break;
      case OPERATION.rename: {
        const from = text(cursor);
        rename = { from, to: text(cursor) };
        name = from;
        main = operation;
        break;
      }
      case OPERATION.create: {
        const type = cursor.uint32();
        if (type === SYMBOLIC_LINK) opaque(cursor);
        else if (type === BLOCK_DEVICE || type === CHARACTER_DEVICE) cursor.skip(8);
        name = text(cursor);
        attributes(cursor);
        main = operation;
        break;
      }
      case OPERATION.open: {
        const opened = openedName(cursor);
        if (opened === undefined) return { main, handle: current, name, rename, reads, writes, closed };
        name = opened;
        break;
      }
      case OPERATION.close:
        cursor.skip(4 + STATE);
        if (current !== undefined) closed.push(current);
        break;
      case OPERATION.commit:
        cursor.skip(12);
        if (current !== undefined) closed.push(current);
        break;
      case OPERATION.read: {
        cursor.skip(STATE);
        const offset = uint64(cursor);
        cursor.skip(4);
        if (current !== undefined && !cursor.short) reads.push({ handle: current, offset });
        break;
      }
      case OPERATION.write: {
        cursor.skip(STATE);
        const offset = uint64(cursor);
        const stable = cursor.uint32();
        const length = cursor.uint32();
        const data = begun(cursor, length);
        if (current !== undefined && !cursor.short) writes.push({ handle: current, offset, length, stable, data });
        break;
      }
      default:
        return { main, handle: current, name, rename, reads, writes, closed };
    }
    if (cursor.short) break;
  }
  return { main, handle: current, name, rename, reads, writes, closed };
}

const SYMBOLIC_LINK = 5;
const BLOCK_DEVICE = 3;
const CHARACTER_DEVICE = 4;
const OPEN_CREATE = 1;
const UNCHECKED = 0;
const GUARDED = 1;
const EXCLUSIVE = 2;
const CLAIM_NULL = 0;

/** Arguments of OPEN (RFC 7530 §16.16); undefined where they are of a kind that 4.0 does not have, or name no file. */
function openedName(cursor: Cursor): string | undefined {
  cursor.skip(12); // number and modes
  cursor.skip(8);
  opaque(cursor); // owner
  if (cursor.uint32() === OPEN_CREATE) {
    const mode = cursor.uint32();
    if (mode === UNCHECKED || mode === GUARDED) attributes(cursor);
    else if (mode === EXCLUSIVE) cursor.skip(VERIFIER);
    else return undefined;
  }
  if (cursor.uint32() !== CLAIM_NULL) return undefined;
  const name = text(cursor);
  return cursor.short ? undefined : name;
}

export function readCompoundResult(cursor: Cursor): CompoundResult | undefined {
  const status = cursor.uint32();
  opaque(cursor);
  const count = Math.min(cursor.uint32(), MOST_OPERATIONS);
  if (cursor.short) return undefined;
  let found: string | undefined;
  const reads: CompoundResult['reads'][number][] = [];
  for (let index = 0; index < count && cursor.left >= 8; index++) {
    const operation = cursor.uint32();
    if (cursor.uint32() !== 0) break;
    if (!passResult(operation, cursor)) {
      if (operation === OPERATION.getHandle) found = handle(cursor);
      else if (operation === OPERATION.read) {
        const end = cursor.uint32() !== 0;
        const length = cursor.uint32();
        const data = begun(cursor, length);
        if (!cursor.short) reads.push({ length, end, data });
      } else break;
    }
    if (cursor.short) break;
  }
  return { status, handle: cursor.short ? undefined : found, reads };
}

/** Steps over the results of operations of which nothing is wanted. False: they are wanted, or not known. */
function passResult(operation: number, cursor: Cursor): boolean {
  switch (operation) {
    case OPERATION.putHandle:
    case OPERATION.putPublic:
    case OPERATION.putRoot:
    case OPERATION.saveHandle:
    case OPERATION.restoreHandle:
    case OPERATION.lookup:
    case OPERATION.lookupParent:
    case OPERATION.renew:
    case OPERATION.delegationReturn:
    case OPERATION.confirmClient:
    case OPERATION.destroySession:
    case OPERATION.destroyClient:
    case OPERATION.reclaimComplete:
      return true;
    case OPERATION.access:
    case OPERATION.commit:
      cursor.skip(8);
      return true;
    case OPERATION.sequence:
      cursor.skip(SESSION + 20);
      return true;
    case OPERATION.getAttributes:
      attributes(cursor);
      return true;
    case OPERATION.setAttributes:
      bitmap(cursor);
      return true;
    case OPERATION.close:
    case OPERATION.openConfirm:
    case OPERATION.openDowngrade:
      cursor.skip(STATE);
      return true;
    case OPERATION.write:
      cursor.skip(8 + VERIFIER);
      return true;
    case OPERATION.link:
    case OPERATION.remove:
      cursor.skip(CHANGE);
      return true;
    case OPERATION.rename:
      cursor.skip(2 * CHANGE);
      return true;
    case OPERATION.create:
      cursor.skip(CHANGE);
      bitmap(cursor);
      return true;
    case OPERATION.readLink:
      opaque(cursor);
      return true;
    case OPERATION.setClient:
      cursor.skip(8 + VERIFIER);
      return true;
    case OPERATION.open:
      cursor.skip(STATE + CHANGE + 4);
      bitmap(cursor);
      return delegation(cursor);
    default:
      return false;
  }
}

/** RFC 7530 §16.16.2. False: a kind that is not stepped over. */
function delegation(cursor: Cursor): boolean {
  const type = cursor.uint32();
  if (type === 0) return true;
  if (type > 2) return false;
  cursor.skip(STATE + 4);
  // Of those for writing, a limit: bytes, or blocks and their size, in eight bytes either way.
  if (type === 2) cursor.skip(12);
  cursor.skip(12);
  opaque(cursor);
  return true;
}
