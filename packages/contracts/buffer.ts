/**
 * A named buffer is a window of bytes that a sticky keyword selects. Reading one fills a reused window and allocates
 * nothing where the bytes already lie somewhere.
 */
import type { ContentCondition } from './conditions.ts';
import type { Contradiction } from './diagnostic.ts';
import type { Direction } from './direction.ts';
import { CONTENT_WAITS, type FileTransfer } from './file-transfer.ts';
import type { Flow } from './flow.ts';
import type { Packet } from './packet.ts';
import type { Transaction } from './transaction.ts';

export interface BufferWindow {
  bytes: Uint8Array;
  /** the buffer is bytes[start, end) */
  start: number;
  end: number;
  /** for bodies: how many bytes of the body came before `start`; 0 otherwise */
  offset: number;
  /** will nothing more be added? */
  complete: boolean;
}

interface BufferBase {
  /** the sticky keyword's name, for example `http.uri` */
  readonly name: string;
  readonly summary: string;
  /**
   * name: a domain, hash or other short value mostly compared as a whole (looked up by hash) · text: searched ·
   * body: grows, is searched in windows
   */
  readonly shape: 'name' | 'text' | 'body';
  /** asked for each content that looks at it without transforms: why it can not, or need not, be written so; undefined: it may */
  refuses?(content: ContentCondition): Contradiction | undefined;
}

export interface TransactionBuffer extends BufferBase {
  readonly of: 'transaction';
  /** undefined: it is found on several (`file.data`, `dcerpc.stub_data`) */
  readonly protocol: string | undefined;
  /** it is of the files that transactions carry */
  readonly ofFiles?: boolean;
  /** directions in which it exists */
  readonly directions: readonly Direction[];
  /** progress (of the direction inspected) at which it is there in full; bodies: at which it may begin */
  progress(direction: Direction): number;
  /** Fill `window` with instance `index` (0 for single ones). False: no such instance. */
  read(transaction: Transaction, direction: Direction, index: number, window: BufferWindow, flow: Flow): boolean;
  /** another buffer that holds the same bytes whenever this one is there: both are searched at once */
  readonly sameBytesAs?: string;
  /** may there be an instance 1? */
  readonly multiple: boolean;
}

export interface PacketBuffer extends BufferBase {
  readonly of: 'packet';
  read(packet: Packet, window: BufferWindow): boolean;
}

export type BufferDefinition = TransactionBuffer | PacketBuffer;

export const NO_BYTES = new Uint8Array(0);

export function emptyWindow(): BufferWindow {
  return { bytes: NO_BYTES, start: 0, end: 0, offset: 0, complete: true };
}

/** Fill a window with a whole array that nothing will be added to; false where there is none. */
export function fillWindow(window: BufferWindow, bytes: Uint8Array | undefined): boolean {
  if (bytes === undefined) return false;
  window.bytes = bytes;
  window.start = 0;
  window.end = bytes.length;
  window.offset = 0;
  window.complete = true;
  return true;
}

/** Fill a window with what rules see of a file; `complete`: nothing more is kept of it. */
export function fillWithFile(window: BufferWindow, file: FileTransfer, complete: boolean): boolean {
  const unpacked = file.unpack === undefined ? undefined : file.unpacked(complete);
  if (unpacked === CONTENT_WAITS) return false;
  window.bytes = unpacked ?? file.bytes;
  window.start = 0;
  window.end = unpacked?.length ?? file.kept;
  window.offset = 0;
  window.complete = complete;
  return true;
}
