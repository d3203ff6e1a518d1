/** Transactions of NFS: a call with its reply, or a file of which parts are read or written by many calls. */
import { utf8Letters } from '@sigwright/bytes';
import { type Direction, type EngineSettings, FileTransfer, TO_CLIENT, TO_SERVER, Transaction } from '@sigwright/contracts';
import type { Credentials } from './rpc.ts';

/** the call is there, which is when conditions are asked; all is over */
export const CALLED = 1;
export const OVER = 2;

/** Parts that came before their turn: servers answer reads as the disks give them. */
const MOST_QUEUED = 64;
const MOST_QUEUED_BYTES = 1_048_576;

export class NfsTransaction extends Transaction {
  readonly version: number;
  readonly procedure: number;
  readonly xid: number;
  readonly credentials: Credentials;
  name: string;
  /** in hexadecimal; undefined where none is shown */
  handle: string | undefined;
  rename: { readonly from: string; readonly to: string } | undefined = undefined;
  file: FileParts | undefined = undefined;
  status = 0;
  accepted = true;

  constructor(id: number, time: number, version: number, procedure: number, xid: number, credentials: Credentials, name: string, handle: string | undefined) {
    super(id, time);
    this.version = version;
    this.procedure = procedure;
    this.xid = xid;
    this.credentials = credentials;
    this.name = name;
    this.handle = handle;
    this.changed[TO_CLIENT] = false;
    this.advance(TO_SERVER, CALLED);
  }

  end(): void {
    for (const direction of [TO_SERVER, TO_CLIENT] as const) if (this.progress[direction] < OVER) this.advance(direction, OVER);
  }
}

/** Parts of a file in one direction, put in order. */
export class FileParts {
  readonly transaction: NfsTransaction;
  readonly transfer: FileTransfer;
  parts = 0;
  first = false;
  last = false;
  lastXid = 0;
  /** the server promised that what was written is kept */
  synchronised = false;
  #next = -1;
  /** where the file ends, once somebody said so */
  #end = -1;
  readonly #queue: { readonly offset: number; readonly bytes: Uint8Array }[] = [];
  #queued = 0;

  constructor(transaction: NfsTransaction, direction: Direction, { fileLimit, followFile }: EngineSettings) {
    this.transaction = transaction;
    this.transfer = new FileTransfer(direction, utf8Letters(transaction.name), fileLimit, followFile);
    transaction.file = this;
    transaction.files = [this.transfer];
  }

  /** The part that is asked for, or written, first: what is before it is not waited for. */
  begin(offset: number): void {
    if (this.#next >= 0) return;
    this.#next = offset;
    this.first = offset === 0;
  }

  get begun(): boolean {
    return this.#next >= 0;
  }

  /** Would bytes from `offset` on have to wait for others? */
  isEarly(offset: number): boolean {
    return this.#next >= 0 && offset > this.#next;
  }

  endsAt(offset: number): void {
    this.#end = offset;
  }

  /** True: it was closed. */
  closeWhenWhole(): boolean {
    if (this.#end < 0 || this.#next < this.#end) return false;
    this.close();
    return true;
  }

  /** True: these bytes are next, and what goes on with them is too. */
  add(offset: number, bytes: Uint8Array, start: number, end: number): boolean {
    this.transaction.changed[this.transfer.direction] = true;
    this.begin(offset);
    if (offset > this.#next) {
      this.#wait(offset, bytes.slice(start, end));
      return false;
    }
    const known = this.#next - offset;
    if (known > end - start) return false;
    this.append(bytes, start + known, end);
    return true;
  }

  count(xid: number): void {
    this.parts++;
    this.lastXid = xid;
  }

  append(bytes: Uint8Array, start: number, end: number): void {
    this.transfer.append(bytes, start, end);
    this.#next += end - start;
    this.transaction.changed[this.transfer.direction] = true;
    this.#settle();
  }

  lose(length: number): void {
    this.transfer.gaps = true;
    this.transfer.size += length;
    this.#next += length;
  }

  #wait(offset: number, bytes: Uint8Array): void {
    const at = this.#queue.findLastIndex((one) => one.offset <= offset) + 1;
    this.#queue.splice(at, 0, { offset, bytes });
    this.#queued += bytes.length;
    if (this.#queue.length > MOST_QUEUED || this.#queued > MOST_QUEUED_BYTES) this.#jump();
  }

  #settle(): void {
    while (this.#queue.length > 0 && this.#queue[0].offset <= this.#next) {
      const piece = this.#queue.shift();
      if (piece === undefined) return;
      this.#queued -= piece.bytes.length;
      const known = this.#next - piece.offset;
      if (known >= piece.bytes.length) continue;
      this.transfer.append(piece.bytes, known, piece.bytes.length);
      this.#next += piece.bytes.length - known;
    }
  }

  /** What is missing will not come. */
  #jump(): void {
    this.transfer.gaps = true;
    this.#next = this.#queue[0].offset;
    this.#settle();
  }

  close(): void {
    while (this.#queue.length > 0) this.#jump();
    this.last = true;
    this.transfer.close(this.transfer.gaps ? 'TRUNCATED' : 'CLOSED');
    this.transaction.end();
  }

  /** Nobody said that this is all. */
  abort(): void {
    while (this.#queue.length > 0) this.#jump();
    this.transfer.close(this.synchronised && !this.transfer.gaps ? 'CLOSED' : 'TRUNCATED');
    this.transaction.end();
  }
}
