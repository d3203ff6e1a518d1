/**
 * NFS over datagrams, or over TCP in records of RPC (RFC 5531 §11): a transaction for each call of versions 2 and 3; parts of
 * files and what ends them are told in one transaction a file and direction. Of version 4, compounds that create, remove or rename.
 */
import { Cursor, joinBytes, uint32 } from '@sigwright/bytes';
import { type Direction, type EngineSettings, TO_CLIENT, TO_SERVER } from '@sigwright/contracts';
import { FramedSession, LENGTH_UNKNOWN, NO_MESSAGE } from '../../formats/messages/framed-session.ts';
import { type Arguments, readArguments, readResults } from './calls.ts';
import { READ, readCompound, readCompoundResult, WRITE } from './compounds.ts';
import { CALL, CALL_HEAD, type Call, type Credentials, NFS_PROGRAM, NO_CREDENTIALS, REPLY, REPLY_HEAD, type Reply, RPC_VERSION, readMessage } from './rpc.ts';
import { FileParts, NfsTransaction } from './transactions.ts';

const RECORD_HEAD = 4;
const LAST_FRAGMENT = 0x80000000;
/** Servers offer parts of 1 MiB. */
const LONGEST_RECORD = 16 * 1_048_576;
const LONGEST_KEPT = 65_536;
/** what stands before a record that is looked for: its head and up to the program of a call */
const MARK = RECORD_HEAD + 16;

const MOST_AWAITED = 1024;
const MOST_NAMES = 4096;
const MOST_FILES = 256;
const MOST_HELD = 1_048_576;

const NULL = 0;
const FILE_SYNC = 2;

interface Awaited {
  readonly version: number;
  readonly procedure: number;
  readonly transaction: NfsTransaction | undefined;
  /** name that the call looks up */
  readonly name: string | undefined;
  readonly reads: readonly { readonly file: FileParts; readonly key: string; readonly offset: number }[];
}

/** Or asks whether a program beside it is there (NFSACL has a number of its own and shares the connection). */
function isOurs({ program, version, procedure }: Call): boolean {
  return program === NFS_PROGRAM || (procedure === NULL && version === 3);
}

/** Bytes of a part that are still to come. */
interface Sink {
  readonly file: FileParts;
  readonly key: string;
  left: number;
  /** a part before its turn is put together first */
  readonly early: { readonly offset: number; readonly pieces: Uint8Array[]; size: number } | undefined;
}

/** What came of a record in several fragments (RFC 5531 §11), `LONGEST_KEPT` bytes of it at most. */
interface Fragments {
  began: boolean;
  readonly pieces: Uint8Array[];
  length: number;
}

const noFragments = (): Fragments => ({ began: false, pieces: [], length: 0 });

export class NfsSession extends FramedSession<NfsTransaction> {
  readonly #settings: EngineSettings;
  readonly #inRecords: boolean;
  readonly #awaited = new Map<number, Awaited>();
  readonly #names = new Map<string, string>();
  readonly #files = new Map<string, FileParts>();
  readonly #sinks: [Sink | undefined, Sink | undefined] = [undefined, undefined];
  readonly #fragments: [Fragments, Fragments] = [noFragments(), noFragments()];
  readonly #lost: [boolean, boolean] = [false, false];
  readonly #ended: [boolean, boolean] = [false, false];
  #between = false;
  #whole = 0;
  #time = 0;

  constructor(settings: EngineSettings, inRecords: boolean) {
    super();
    this.#settings = settings;
    this.#inRecords = inRecords;
  }

  override consume(direction: Direction, bytes: Uint8Array, start: number, end: number, atEnd: boolean, time: number): number {
    const consumed = super.consume(direction, bytes, start, end, atEnd, time);
    if (!this.#inRecords || !atEnd) return consumed;
    this.#ended[direction] = true;
    if (this.#ended[TO_SERVER] && this.#ended[TO_CLIENT]) this.finish();
    return consumed;
  }

  protected frame(bytes: Uint8Array, at: number, end: number, direction: Direction): number {
    this.#between = false;
    if (!this.#inRecords) return end - at;
    if (this.#lost[direction]) return this.#search(bytes, at, end, direction);
    if (end - at < RECORD_HEAD) return LENGTH_UNKNOWN;
    this.#whole = RECORD_HEAD + (uint32(bytes, at) & 0x7fffffff);
    return this.#whole > LONGEST_RECORD ? NO_MESSAGE : this.#whole;
  }

  /** After lost bytes: length of what stands before the next record. */
  #search(bytes: Uint8Array, at: number, end: number, direction: Direction): number {
    for (let next = at; end - next >= MARK; next++) {
      if (!this.#isMark(bytes, next, direction)) continue;
      if (next > at) {
        this.#between = true;
        return next - at;
      }
      this.#lost[direction] = false;
      this.#whole = RECORD_HEAD + (uint32(bytes, at) & 0x7fffffff);
      return this.#whole;
    }
    this.#between = true;
    return end - at < MARK ? LENGTH_UNKNOWN : end - at - MARK + 1;
  }

  #isMark(bytes: Uint8Array, at: number, direction: Direction): boolean {
    const head = uint32(bytes, at);
    if ((head & LAST_FRAGMENT) === 0 || (head & 0x7fffffff) > LONGEST_RECORD) return false;
    const kind = uint32(bytes, at + 8);
    if (direction === TO_SERVER) return kind === CALL && uint32(bytes, at + 12) === RPC_VERSION && uint32(bytes, at + 16) === NFS_PROGRAM;
    return kind === REPLY && this.#awaited.has(uint32(bytes, at + 4));
  }

  protected message(direction: Direction, bytes: Uint8Array, start: number, end: number, time: number): boolean {
    this.#sinks[direction] = undefined;
    if (this.#between) return true;
    this.#time = time;
    if (!this.#inRecords) return this.#read(direction, bytes, start, end, 0);
    const fragments = this.#fragments[direction];
    const isLast = (uint32(bytes, start) & LAST_FRAGMENT) !== 0;
    if (isLast && !fragments.began) {
      if (!this.#read(direction, bytes, start + RECORD_HEAD, end, this.#whole - (end - start))) this.#malformed();
      return true;
    }
    const piece = bytes.slice(start + RECORD_HEAD, Math.min(end, start + RECORD_HEAD + Math.max(0, LONGEST_KEPT - fragments.length)));
    fragments.began = true;
    fragments.length += piece.length;
    if (piece.length > 0) fragments.pieces.push(piece);
    if (!isLast) return true;
    const whole = joinBytes(fragments.pieces);
    this.#fragments[direction] = noFragments();
    if (!this.#read(direction, whole, 0, whole.length, 0)) this.#malformed();
    return true;
  }

  #malformed(): void {
    if (!this.anomalies.includes('malformed_data')) this.anomalies.push('malformed_data');
  }

  /** `coming`: bytes of the message that are given to `rest`. False: it is damaged. */
  #read(direction: Direction, bytes: Uint8Array, start: number, end: number, coming: number): boolean {
    // Keep-alives, and the far end's own calls (callbacks of version 4), tell nothing.
    if (end - start < (direction === TO_SERVER ? CALL_HEAD : REPLY_HEAD)) return end === start;
    const message = readMessage(new Cursor(bytes, start, end));
    if (message === undefined) return false;
    if (message.kind === 'call') return direction !== TO_SERVER || !isOurs(message) || this.#call(message, coming);
    return direction !== TO_CLIENT || this.#reply(message, coming);
  }

  #call(call: Call, coming: number): boolean {
    if (call.version < 2 || call.version > 4) {
      const anomaly = call.version < 2 ? 'non_existing_version' : 'unsupported_version';
      if (!this.anomalies.includes(anomaly)) this.anomalies.push(anomaly);
      return true;
    }
    if (call.version === 4) return call.procedure === NULL || this.#compound(call, coming);
    const found = call.body === undefined ? {} : readArguments(call.version, call.procedure, call.body);
    if (found === undefined) return false;
    this.#arguments(call, found, coming);
    return true;
  }

  #arguments(call: Call, found: Arguments, coming: number): void {
    const name = found.name ?? (found.named === undefined ? '' : (this.#names.get(found.named) ?? ''));
    if (found.commit !== undefined) {
      this.#closed(found.commit, TO_SERVER);
      return;
    }
    if (found.write !== undefined) {
      const file = this.#file(TO_SERVER, found.write.handle, () => this.#transaction(call, call.procedure, NO_CREDENTIALS, name, found.handle));
      this.#written(file, found.write, call.xid, coming);
      this.#await(call, file.transaction, undefined, []);
      return;
    }
    if (found.read !== undefined) {
      const { handle, offset } = found.read;
      const file = this.#file(TO_CLIENT, handle, () => this.#transaction(call, call.procedure, call.credentials, name, handle));
      file.begin(offset);
      this.#await(call, file.transaction, undefined, [{ file, key: keyOf(TO_CLIENT, handle), offset }]);
      return;
    }
    const transaction = this.#transaction(call, call.procedure, call.credentials, name, found.handle);
    transaction.rename = found.rename;
    this.#await(call, transaction, found.name, []);
  }

  #compound(call: Call, coming: number): boolean {
    if (call.body === undefined) return true;
    const found = readCompound(call.body);
    if (found === undefined) return false;
    let transaction: NfsTransaction | undefined;
    if (found.main !== undefined) {
      transaction = this.#transaction(call, found.main, call.credentials, found.name ?? '', found.handle);
      transaction.rename = found.rename;
    }
    found.writes.forEach((write, index) => {
      const file = this.#compoundFile(call, TO_SERVER, write.handle, WRITE);
      this.#written(file, write, call.xid, index === found.writes.length - 1 ? coming : 0);
    });
    const reads = found.reads.map(({ handle, offset }) => {
      const file = this.#compoundFile(call, TO_CLIENT, handle, READ);
      file.begin(offset);
      return { file, key: keyOf(TO_CLIENT, handle), offset };
    });
    for (const handle of found.closed) for (const direction of [TO_SERVER, TO_CLIENT] as const) this.#closed(handle, direction);
    this.#await(call, transaction, found.name, reads);
    return true;
  }

  /** Many calls, perhaps of several users, make up a file; as in Suricata its transaction shows nobody's credentials, reads of version 3 apart. */
  #compoundFile(call: Call, direction: Direction, handle: string, procedure: number): FileParts {
    return this.#file(direction, handle, () => this.#transaction(call, procedure, NO_CREDENTIALS, this.#names.get(handle) ?? '', handle));
  }

  #transaction(call: Call, procedure: number, credentials: Credentials, name: string, handle: string | undefined): NfsTransaction {
    const transaction = this.open(new NfsTransaction(this.count, this.#time, call.version, procedure, call.xid, credentials, name, handle));
    if (this.transactions.length > this.mostOpen) {
      transaction.raise('too_many_transactions');
      this.transactions[this.transactions.length - this.mostOpen - 1].end();
    }
    return transaction;
  }

  #await(call: Call, transaction: NfsTransaction | undefined, name: string | undefined, reads: Awaited['reads']): void {
    if (this.#awaited.size >= MOST_AWAITED) {
      const [oldest] = this.#awaited.keys();
      this.#awaited.delete(oldest);
    }
    this.#awaited.set(call.xid, { version: call.version, procedure: call.procedure, transaction, name, reads });
  }

  #file(direction: Direction, handle: string, make: () => NfsTransaction): FileParts {
    const key = keyOf(direction, handle);
    const known = this.#files.get(key);
    if (known !== undefined) return known;
    const file = new FileParts(make(), direction, this.#settings);
    this.#files.set(key, file);
    if (this.#files.size > MOST_FILES) {
      const [[oldest, left]] = this.#files;
      this.#files.delete(oldest);
      left.abort();
    }
    return file;
  }

  #closed(handle: string, direction: Direction): void {
    const key = keyOf(direction, handle);
    this.#files.get(key)?.close();
    this.#files.delete(key);
  }

  #written(file: FileParts, write: NonNullable<Arguments['write']>, xid: number, coming: number): void {
    if (write.stable === FILE_SYNC) file.synchronised = true;
    // The call that the transaction begins with is not counted.
    if (file.begun) file.count(xid);
    this.#part(TO_SERVER, file, keyOf(TO_SERVER, write.handle), write.offset, write.length, write.data, coming);
  }

  /** A part of a file, of which `data` is the beginning or all. */
  #part(direction: Direction, file: FileParts, key: string, offset: number, length: number, data: Uint8Array, coming: number): void {
    const left = length - data.length;
    if (left > 0 && coming >= left && file.isEarly(offset)) {
      this.#sinks[direction] = { file, key, left, early: { offset, pieces: [data.slice()], size: data.length } };
      return;
    }
    const goesOn = file.add(offset, data, 0, data.length);
    if (left <= 0) this.#settle(file, key);
    else if (coming >= left && goesOn) this.#sinks[direction] = { file, key, left, early: undefined };
    else if (goesOn) file.lose(left);
  }

  #settle(file: FileParts, key: string): void {
    if (file.closeWhenWhole() && this.#files.get(key) === file) this.#files.delete(key);
  }

  protected override rest(direction: Direction, bytes: Uint8Array, start: number, end: number): void {
    const sink = this.#sinks[direction];
    if (sink === undefined) return;
    const take = Math.min(sink.left, end - start);
    if (sink.early === undefined) sink.file.append(bytes, start, start + take);
    else if (sink.early.size + take <= MOST_HELD) {
      sink.early.pieces.push(bytes.slice(start, start + take));
      sink.early.size += take;
    }
    this.#used(direction, sink, take);
  }

  #used(direction: Direction, sink: Sink, length: number): void {
    sink.left -= length;
    if (sink.left > 0) return;
    if (sink.early !== undefined) {
      const whole = joinBytes(sink.early.pieces);
      sink.file.add(sink.early.offset, whole, 0, whole.length);
    }
    this.#sinks[direction] = undefined;
    this.#settle(sink.file, sink.key);
  }

  override skip(direction: Direction, length: number): boolean {
    const sink = this.#sinks[direction];
    if (sink !== undefined) {
      const missed = Math.min(sink.left, length);
      if (sink.early === undefined) sink.file.lose(missed);
      else sink.file.transfer.gaps = true;
      this.#used(direction, sink, missed);
    }
    if (super.skip(direction, length)) return true;
    this.giveUp(direction);
    this.#sinks[direction] = undefined;
    this.#fragments[direction] = noFragments();
    this.#lost[direction] = true;
    return true;
  }

  #reply(reply: Reply, coming: number): boolean {
    const asked = this.#awaited.get(reply.xid);
    if (asked === undefined) return true;
    this.#awaited.delete(reply.xid);
    const { transaction } = asked;
    if (transaction !== undefined) transaction.accepted = reply.accepted;
    const sound =
      reply.body === undefined ||
      (asked.version === 4 ? this.#compoundResult(asked, reply.body, reply.xid, coming) : this.#results(asked, reply.body, reply.xid, coming));
    if (transaction !== undefined && transaction.file === undefined) transaction.end();
    return sound;
  }

  #results(asked: Awaited, body: Cursor, xid: number, coming: number): boolean {
    const { transaction } = asked;
    // It has none (RFC 1813 §3.3.0).
    if (asked.procedure === NULL) return true;
    const found = readResults(asked.version, asked.procedure, body);
    if (found === undefined || transaction === undefined) return false;
    transaction.status = found.status;
    for (const [name, handle] of found.entries ?? []) this.#name(handle, name);
    if (found.handle !== undefined && asked.name !== undefined) {
      this.#name(found.handle, asked.name);
      // What a call looked up is what it is about; what it made, it made in the directory.
      transaction.handle ??= found.handle;
    }
    const [part] = asked.reads;
    if (part === undefined) return true;
    if (found.read === undefined) {
      this.#files.delete(part.key);
      part.file.abort();
      return true;
    }
    const { length, end, size, data } = found.read;
    if (end || (size !== undefined && part.offset + length >= size)) part.file.endsAt(part.offset + length);
    part.file.count(xid);
    this.#part(TO_CLIENT, part.file, part.key, part.offset, length, data, coming);
    return true;
  }

  #compoundResult(asked: Awaited, body: Cursor, xid: number, coming: number): boolean {
    const found = readCompoundResult(body);
    if (found === undefined) return false;
    if (asked.transaction !== undefined) asked.transaction.status = found.status;
    if (found.handle !== undefined && asked.name !== undefined) this.#name(found.handle, asked.name);
    asked.reads.forEach((part, index) => {
      const read = found.reads[index];
      if (read === undefined) return;
      if (read.end) part.file.endsAt(part.offset + read.length);
      part.file.count(xid);
      this.#part(TO_CLIENT, part.file, part.key, part.offset, read.length, read.data, index === found.reads.length - 1 ? coming : 0);
    });
    return true;
  }

  #name(handle: string, name: string): void {
    if (this.#names.size >= MOST_NAMES && !this.#names.has(handle)) {
      const [oldest] = this.#names.keys();
      this.#names.delete(oldest);
    }
    this.#names.set(handle, name);
  }

  override finish(): void {
    for (const file of this.#files.values()) file.abort();
    this.#files.clear();
    for (const transaction of this.transactions) transaction.end();
  }
}

function keyOf(direction: Direction, handle: string): string {
  return `${direction}${handle}`;
}
