/** Arguments and results of NFS 2 (RFC 1094) and 3 (RFC 1813), as far as transactions tell of them. */
import { type Cursor, hex } from '@sigwright/bytes';
import { handle, opaque, text, uint64 } from './rpc.ts';

export interface Arguments {
  /** shown with the transaction */
  readonly handle?: string;
  /** looked up for the file's name, and for the files that it is part of */
  readonly named?: string;
  readonly name?: string;
  readonly rename?: { readonly from: string; readonly to: string };
  readonly read?: { readonly handle: string; readonly offset: number };
  /** `length` bytes of a file, of which data is the beginning or all */
  readonly write?: { readonly handle: string; readonly offset: number; readonly length: number; readonly stable: number; readonly data: Uint8Array };
  /** what was written to it is to be kept: the file is whole */
  readonly commit?: string;
}

export interface Results {
  readonly status: number;
  /** what the name of the call stands for */
  readonly handle?: string;
  readonly entries?: readonly (readonly [name: string, handle: string])[];
  /** `end`: the file ends behind it; version 2 tells its `size` instead */
  readonly read?: { readonly length: number; readonly end: boolean; readonly size?: number; readonly data: Uint8Array };
}

const HANDLE_2 = 32;
const ATTRIBUTES_2 = 68;
/** of the size within them */
const SIZE_AT = 20;
const ATTRIBUTES_3 = 84;
/** of one answer to READDIRPLUS */
const MOST_ENTRIES = 1024;

const OLD = { lookup: 4, read: 6, create: 9, remove: 10, rename: 11, makeDirectory: 14, removeDirectory: 15 } as const;
const NEW = {
  getAttributes: 1,
  lookup: 3,
  access: 4,
  read: 6,
  write: 7,
  create: 8,
  makeDirectory: 9,
  makeNode: 11,
  remove: 12,
  removeDirectory: 13,
  rename: 14,
  readDirectoryPlus: 17,
  commit: 21,
} as const;

function fixedHandle(cursor: Cursor): string {
  const bytes = cursor.take(HANDLE_2);
  return bytes === undefined ? '' : hex(bytes);
}

/** What is left of an opaque field of `length` bytes. */
function begun(cursor: Cursor, length: number): Uint8Array {
  return cursor.take(Math.min(length, cursor.left)) ?? new Uint8Array(0);
}

/** Undefined where the arguments are damaged. */
export function readArguments(version: number, procedure: number, cursor: Cursor): Arguments | undefined {
  const found = version === 2 ? oldArguments(procedure, cursor) : newArguments(procedure, cursor);
  return cursor.short ? undefined : found;
}

function oldArguments(procedure: number, cursor: Cursor): Arguments {
  switch (procedure) {
    case OLD.lookup:
      fixedHandle(cursor);
      return { name: text(cursor) };
    case OLD.create:
    case OLD.makeDirectory:
    case OLD.remove:
    case OLD.removeDirectory:
      return { handle: fixedHandle(cursor), name: text(cursor) };
    case OLD.rename: {
      const directory = fixedHandle(cursor);
      const from = text(cursor);
      fixedHandle(cursor);
      return { handle: directory, name: from, rename: { from, to: text(cursor) } };
    }
    case OLD.read: {
      const file = fixedHandle(cursor);
      return { handle: file, named: file, read: { handle: file, offset: cursor.uint32() } };
    }
    default:
      return {};
  }
}

function newArguments(procedure: number, cursor: Cursor): Arguments {
  switch (procedure) {
    case NEW.getAttributes:
    case NEW.access:
    case NEW.readDirectoryPlus: {
      const of = handle(cursor);
      return { handle: of, named: of };
    }
    case NEW.lookup:
      handle(cursor);
      return { name: text(cursor) };
    case NEW.create:
    case NEW.makeDirectory:
    case NEW.makeNode:
    case NEW.remove:
    case NEW.removeDirectory:
      return { handle: handle(cursor), name: text(cursor) };
    case NEW.rename: {
      const directory = handle(cursor);
      const from = text(cursor);
      handle(cursor);
      return { handle: directory, name: from, rename: { from, to: text(cursor) } };
    }
    case NEW.read: {
      const file = handle(cursor);
      return { handle: file, named: file, read: { handle: file, offset: uint64(cursor) } };
    }
    case NEW.write: {
      const file = handle(cursor);
      const offset = uint64(cursor);
      cursor.skip(4);
      const stable = cursor.uint32();
      const length = cursor.uint32();
      return { handle: file, named: file, write: { handle: file, offset, length, stable, data: begun(cursor, length) } };
    }
    case NEW.commit:
      return { commit: handle(cursor) };
    default:
      return {};
  }
}

/** Undefined where the results are damaged. */
export function readResults(version: number, procedure: number, cursor: Cursor): Results | undefined {
  const status = cursor.uint32();
  if (cursor.short) return undefined;
  if (status !== 0) return { status };
  const found = version === 2 ? oldResults(procedure, cursor) : newResults(procedure, cursor);
  return cursor.short ? undefined : { status, ...found };
}

function oldResults(procedure: number, cursor: Cursor): Omit<Results, 'status'> {
  switch (procedure) {
    case OLD.lookup:
    case OLD.create:
      return { handle: fixedHandle(cursor) };
    case OLD.read: {
      cursor.skip(SIZE_AT);
      const size = cursor.uint32();
      cursor.skip(ATTRIBUTES_2 - SIZE_AT - 4);
      const length = cursor.uint32();
      return { read: { length, end: false, size, data: begun(cursor, length) } };
    }
    default:
      return {};
  }
}

function attributes(cursor: Cursor): void {
  if (cursor.uint32() === 1) cursor.skip(ATTRIBUTES_3);
}

function newResults(procedure: number, cursor: Cursor): Omit<Results, 'status'> {
  switch (procedure) {
    case NEW.lookup:
      return { handle: handle(cursor) };
    case NEW.create:
      return cursor.uint32() === 1 ? { handle: handle(cursor) } : {};
    case NEW.read: {
      attributes(cursor);
      cursor.skip(4);
      const end = cursor.uint32() !== 0;
      const length = cursor.uint32();
      return { read: { length, end, data: begun(cursor, length) } };
    }
    case NEW.readDirectoryPlus:
      return { entries: entries(cursor) };
    default:
      return {};
  }
}

function entries(cursor: Cursor): (readonly [string, string])[] {
  const found: (readonly [string, string])[] = [];
  attributes(cursor);
  cursor.skip(8);
  while (cursor.left >= 4 && found.length < MOST_ENTRIES && cursor.uint32() === 1) {
    cursor.skip(8);
    const name = text(cursor);
    cursor.skip(8);
    attributes(cursor);
    const of = cursor.uint32() === 1 ? hex(opaque(cursor)) : undefined;
    if (of !== undefined && !cursor.short) found.push([name, of]);
  }
  return found;
}
