/**
 * What both versions of SMB remember of a connection: requests without an answer, trees, open files and what was read from and
 * written to them. Everything is bounded; the oldest goes first.
 */
import { utf8Letters } from '@sigwright/bytes';
import { type Direction, type EngineSettings, FileTransfer, TO_CLIENT, TO_SERVER, Transaction } from '@sigwright/contracts';
import { RpcAssociation, type RpcCall } from '../../formats/dcerpc/calls.ts';
import { looksLikeUnit } from '../../formats/dcerpc/pdu.ts';
import { MESSAGE_COMPLETE } from '../../formats/messages/framed-session.ts';
import type { Exact } from './text.ts';

/** Requests under way; servers grant some hundred credits. */
const MOST_AWAITED = 1024;
const MOST_TREES = 256;
const MOST_FILES = 1024;
/** bytes that tell a unit of DCE/RPC */
const UNIT_KNOWN = 10;

export interface Header {
  readonly version: 1 | 2;
  readonly command: string;
  readonly session: Exact;
  readonly tree: number;
}

export class SmbTransaction extends Transaction {
  readonly conversation: Conversation;
  version: 1 | 2;
  command: string;
  session: Exact;
  tree: number;
  status: string | undefined = undefined;
  statusCode: string | undefined = undefined;
  /** the rest of the record, in order */
  details: Record<string, unknown> = {};
  /** path of a tree that is connected, and whether it leads to pipes */
  path: string | undefined = undefined;
  isPipe = false;
  user: string | undefined = undefined;
  domain: string | undefined = undefined;
  call: RpcCall | undefined = undefined;

  constructor(id: number, time: number, header: Header, conversation: Conversation) {
    super(id, time);
    this.conversation = conversation;
    this.version = header.version;
    this.command = header.command;
    this.session = header.session;
    this.tree = header.tree;
  }

  end(direction: Direction): void {
    if (this.progress[direction] < MESSAGE_COMPLETE) this.advance(direction, MESSAGE_COMPLETE);
  }
}

export interface Tree {
  readonly path: string;
  readonly kind: 'FILE' | 'PIPE' | 'PRINT' | 'unknown';
}

/** Bytes of one direction of a file, put in order. */
class Stretch {
  readonly transaction: SmbTransaction;
  readonly transfer: FileTransfer;
  next = 0;
  readonly #queue: { readonly offset: number; readonly bytes: Uint8Array }[] = [];
  readonly #limits: EngineSettings['smb'];
  #queuedBytes = 0;

  constructor(transaction: SmbTransaction, transfer: FileTransfer, limits: EngineSettings['smb']) {
    this.transaction = transaction;
    this.transfer = transfer;
    this.#limits = limits;
  }

  /** True: the bytes are next, and what goes on with them is too. */
  add(offset: number, bytes: Uint8Array, start: number, end: number): boolean {
    if (end <= start) return offset === this.next;
    if (offset < this.next) {
      this.transaction.raise('file_overlap');
      return false;
    }
    if (offset > this.next) {
      this.#wait(offset, bytes, start, end);
      return false;
    }
    this.append(bytes, start, end);
    return true;
  }

  append(bytes: Uint8Array, start: number, end: number): void {
    this.transfer.append(bytes, start, end);
    this.next += end - start;
    this.transaction.changed[this.transfer.direction] = true;
  }

  /** Pieces whose turn has come. */
  settle(): void {
    while (this.#queue.length > 0 && this.#queue[0].offset <= this.next) this.#take();
  }

  #take(): void {
    const piece = this.#queue.shift();
    if (piece === undefined) return;
    this.#queuedBytes -= piece.bytes.length;
    if (piece.offset < this.next) this.transaction.raise('file_overlap');
    else this.append(piece.bytes, 0, piece.bytes.length);
  }

  #wait(offset: number, bytes: Uint8Array, start: number, end: number): void {
    const at = this.#queue.findLastIndex((one) => one.offset <= offset) + 1;
    this.#queue.splice(at, 0, { offset, bytes: bytes.slice(start, end) });
    this.#queuedBytes += end - start;
    const reading = this.transfer.direction === TO_CLIENT;
    const most = reading ? this.#limits.readQueue : this.#limits.writeQueue;
    if (this.#queue.length > most.pieces) this.transaction.raise(reading ? 'read_queue_cnt_exceeded' : 'write_queue_cnt_exceeded');
    else if (this.#queuedBytes > most.bytes) this.transaction.raise(reading ? 'read_queue_size_exceeded' : 'write_queue_size_exceeded');
    else return;
    this.#jump();
  }

  /** What is missing will not come. */
  #jump(): void {
    this.transfer.gaps = true;
    this.next = this.#queue[0].offset;
    this.settle();
  }

  lose(length: number): void {
    this.transfer.gaps = true;
    this.transfer.size += length;
    this.next += length;
  }

  close(): void {
    while (this.#queue.length > 0) this.#jump();
    this.transfer.close(this.transfer.gaps ? 'TRUNCATED' : 'CLOSED');
    this.transaction.end(TO_SERVER);
    this.transaction.end(TO_CLIENT);
  }

  abort(): void {
    this.transfer.close('TRUNCATED');
  }
}

export class OpenFile {
  readonly name: string;
  readonly id: string;
  /** by direction */
  readonly stretches: [Stretch | undefined, Stretch | undefined] = [undefined, undefined];
  readonly association = new RpcAssociation(false);
  /** undefined: not known yet */
  isPipe: boolean | undefined;

  constructor(name: string, id: string, isPipe: boolean | undefined) {
    this.name = name;
    this.id = id;
    this.isPipe = isPipe;
  }
}

export interface Awaited {
  readonly transaction: SmbTransaction | undefined;
  readonly command: number;
  /** of reads: where from */
  readonly file?: OpenFile | undefined;
  readonly offset?: number;
  /** of tree connects and creates: what is asked for */
  readonly name?: string;
  /** of writes: what they went to */
  readonly written?: SmbTransaction | undefined;
}

/** The rest of a large read or write: bytes that go on with a stretch. */
export interface Sink {
  readonly stretch: Stretch;
  left: number;
}

export class Conversation {
  readonly #settings: EngineSettings;
  readonly #open: (header: Header) => SmbTransaction;
  dialect = 'unknown';
  /** what an SMB1 client offers, in order */
  offered: readonly string[] = [];
  largestRead = 0;
  largestWrite = 0;
  readonly #awaited = new Map<number | string, Awaited>();
  readonly #trees = new Map<number, Tree>();
  readonly #files = new Map<string, OpenFile>();
  /** the call that the last bytes of a pipe belong to */
  called: SmbTransaction | undefined = undefined;

  constructor(settings: EngineSettings, open: (header: Header) => SmbTransaction) {
    this.#settings = settings;
    this.#open = open;
  }

  isLargeRead(length: number): boolean {
    const { largestRead } = this.#settings.smb;
    return largestRead > 0 && length > largestRead;
  }

  isLargeWrite(length: number): boolean {
    const { largestWrite } = this.#settings.smb;
    return largestWrite > 0 && length > largestWrite;
  }

  /** A request that is a transaction of its own. */
  begin(header: Header): SmbTransaction {
    const transaction = this.#open(header);
    transaction.end(TO_SERVER);
    return transaction;
  }

  await(key: number | string, request: Awaited): void {
    this.#awaited.delete(key);
    this.#awaited.set(key, request);
    limit(this.#awaited, MOST_AWAITED);
  }

  answered(key: number | string): Awaited | undefined {
    const found = this.#awaited.get(key);
    if (found !== undefined) this.#awaited.delete(key);
    return found;
  }

  /** The first request without an answer of this command. */
  awaitedCommand(command: number): Awaited | undefined {
    for (const [key, one] of this.#awaited) {
      if (one.command !== command) continue;
      this.#awaited.delete(key);
      return one;
    }
    return undefined;
  }

  connect(session: Exact, id: number, tree: Tree): void {
    this.#trees.set(treeKey(session, id), tree);
    limit(this.#trees, MOST_TREES);
  }

  disconnect(session: Exact, id: number): void {
    this.#trees.delete(treeKey(session, id));
  }

  tree(session: Exact, id: number): Tree | undefined {
    return this.#trees.get(treeKey(session, id));
  }

  opened(id: string, name: string, shown: string, tree: Tree | undefined): OpenFile {
    const before = this.#files.get(id);
    if (before !== undefined) close(before);
    this.#files.delete(id);
    const file = new OpenFile(name, shown, tree === undefined || tree.kind === 'unknown' ? undefined : tree.kind === 'PIPE');
    this.#files.set(id, file);
    if (this.#files.size > MOST_FILES) {
      const [oldest] = this.#files.keys();
      this.closed(oldest);
    }
    return file;
  }

  /** The file of this identifier; one that was opened before we listened has no name. */
  file(id: string, shown: string, tree: Tree | undefined): OpenFile {
    return this.#files.get(id) ?? this.opened(id, '', shown, tree);
  }

  known(id: string): OpenFile | undefined {
    return this.#files.get(id);
  }

  closed(id: string): void {
    const file = this.#files.get(id);
    if (file === undefined) return;
    close(file);
    this.#files.delete(id);
  }

  /**
   * bytes[start, end) of `length` are read from or written to a file at `offset`. Gives the transaction that they belong to, and
   * where the rest of them goes.
   */
  transfer(
    header: Header,
    file: OpenFile,
    direction: Direction,
    offset: number,
    bytes: Uint8Array,
    start: number,
    end: number,
    length: number,
  ): { readonly transaction: SmbTransaction | undefined; readonly sink: Sink | undefined } {
    if (file.isPipe !== false && this.rpc(header, file, direction, bytes, start, end)) return { transaction: this.called, sink: undefined };
    if (file.isPipe === true) return { transaction: undefined, sink: undefined };
    const stretch = file.stretches[direction] ?? this.#stretch(header, file, direction);
    const next = stretch.add(offset, bytes, start, end);
    const sink = next && length > end - start ? { stretch, left: length - (end - start) } : undefined;
    if (sink === undefined) stretch.settle();
    return { transaction: stretch.transaction, sink };
  }

  #stretch(header: Header, file: OpenFile, direction: Direction): Stretch {
    const transaction = this.#open(header);
    const transfer = new FileTransfer(direction, utf8Letters(file.name), this.#settings.fileLimit, this.#settings.followFile);
    transaction.files = [transfer];
    if (file.name !== '') transaction.details['filename'] = file.name;
    const tree = this.tree(header.session, header.tree);
    if (tree !== undefined) transaction.details['share'] = tree.path;
    transaction.details['fuid'] = file.id;
    const stretch = new Stretch(transaction, transfer, this.#settings.smb);
    file.stretches[direction] = stretch;
    return stretch;
  }

  /** Bytes of a pipe. False: it is none, or carries something else. */
  rpc(header: Header, file: OpenFile, direction: Direction, bytes: Uint8Array, start: number, end: number): boolean {
    this.called = undefined;
    if (file.isPipe === undefined) {
      if (end - start < UNIT_KNOWN || !looksLikeUnit(bytes, start)) return false;
      file.isPipe = true;
    }
    return file.association.feed(direction, bytes, start, end, (call) => this.#called(header, call, direction));
  }

  #called(header: Header, call: RpcCall, direction: Direction): void {
    let transaction = call.transaction as SmbTransaction | undefined;
    if (transaction === undefined) {
      transaction = this.#open(header);
      transaction.call = call;
      call.transaction = transaction;
    }
    this.called = transaction;
    transaction.changed[direction] = true;
    const [request, response] = call.halves;
    if (request.done || (request.type < 0 && response.done)) transaction.end(TO_SERVER);
    if (response.done) transaction.end(TO_CLIENT);
  }

  finish(): void {
    for (const file of this.#files.values()) for (const stretch of file.stretches) stretch?.abort();
  }
}

function close(file: OpenFile): void {
  for (const stretch of file.stretches) stretch?.close();
}

const WORD = 4_294_967_296;
/** keeps the key a whole number below 2^53 */
const SESSIONS = 1_048_576;

/** Trees are numbered within a session. */
function treeKey(session: Exact, tree: number): number {
  return (typeof session === 'number' ? session % SESSIONS : Number(session % BigInt(SESSIONS))) * WORD + tree;
}

function limit<Key, Value>(map: Map<Key, Value>, most: number): void {
  if (map.size <= most) return;
  const [oldest] = map.keys();
  map.delete(oldest);
}
