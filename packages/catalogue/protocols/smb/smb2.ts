/** Messages of SMB 2 and 3 (MS-SMB2 §2.2), requests and answers; several may follow one another in one frame (§3.2.4.1.4). */
import { latin1, uint16Little, uint32Little } from '@sigwright/bytes';
import { type Direction, TO_CLIENT, TO_SERVER } from '@sigwright/contracts';
import { readKerberos, readNtlm } from './authentication.ts';
import type { Awaited, Conversation, Header, OpenFile, Sink, SmbTransaction, Tree } from './conversation.ts';
import { controlName, dispositionName, SMB2_COMMANDS, smb2Dialect, statusName } from './names.ts';
import { type Exact, exactUint64Little, fileTime, identifier, uint64Little, utf16 } from './text.ts';

const HEADER = 64;
/** Messages in a frame; clients send up to a handful. */
const MOST_TOGETHER = 64;

const NEGOTIATE = 0;
const SESSION_SETUP = 1;
const TREE_CONNECT = 3;
const TREE_DISCONNECT = 4;
const CREATE = 5;
const CLOSE = 6;
const READ = 8;
const WRITE = 9;
const IOCTL = 11;
const GET_INFO = 16;
const SET_INFO = 17;
/** Commands that are no transaction by themselves. */
const SILENT: ReadonlySet<number> = new Set([READ, WRITE, GET_INFO, SET_INFO]);

const RESPONSE_FLAG = 1;
const ASYNC_FLAG = 2;
const RELATED_FLAG = 4;

const SUCCESS = 0;
const PENDING = 0x103;
const BUFFER_OVERFLOW = 0x80000005;

const DELETE_ON_CLOSE = 0x1000;
const PIPE_TRANSCEIVE = 0x0011c017;
const FILE_CLASS = 1;
const RENAME_LEVEL = 10;
const DISPOSITION_LEVEL = 13;
const SHARE_KINDS: readonly Tree['kind'][] = ['unknown', 'FILE', 'PIPE', 'PRINT'];
const MOST_DIALECTS = 64;
/** in place of an identifier: that of the message before */
const SAME_FILE = '\xff'.repeat(16);

interface Message {
  readonly bytes: Uint8Array;
  readonly start: number;
  /** what is there */
  readonly end: number;
  /** where it ends, which may be beyond what is there */
  readonly whole: number;
  readonly command: number;
  readonly status: number;
  readonly key: number;
  readonly header: Header;
}

export class Smb2Reader {
  readonly #conversation: Conversation;
  readonly #anomaly: (name: string) => void;
  /** identifiers of the message before, in a chain of related ones */
  #session: Exact = 0;
  #tree = 0;
  #file = '';
  /** name that an earlier message of the chain asks to open */
  #opening: string | undefined = undefined;
  /** what goes on behind the bytes at hand */
  sink: Sink | undefined = undefined;

  constructor(conversation: Conversation, anomaly: (name: string) => void) {
    this.#conversation = conversation;
    this.#anomaly = anomaly;
  }

  /** bytes[start, end) are there of a frame that ends at `whole`. */
  frame(direction: Direction, bytes: Uint8Array, start: number, end: number, whole: number): void {
    this.sink = undefined;
    let at = start;
    for (let count = 0; count < MOST_TOGETHER; count++) {
      if (end - at < HEADER) {
        this.#anomaly('malformed_data');
        return;
      }
      const next = uint32Little(bytes, at + 20);
      const last = next < HEADER || at + next > end;
      this.#message(direction, bytes, at, last ? end : at + next, last ? whole : at + next);
      if (last) return;
      at += next;
    }
    this.#anomaly('internal_error');
  }

  #message(direction: Direction, bytes: Uint8Array, start: number, end: number, whole: number): void {
    const flags = uint32Little(bytes, start + 16);
    const response = (flags & RESPONSE_FLAG) !== 0;
    if (response !== (direction === TO_CLIENT)) {
      this.#anomaly(response ? 'response_to_server' : 'request_to_client');
      return;
    }
    if ((flags & RELATED_FLAG) === 0) {
      this.#session = exactUint64Little(bytes, start + 40);
      this.#tree = (flags & ASYNC_FLAG) !== 0 ? 0 : uint32Little(bytes, start + 36);
      this.#file = '';
      this.#opening = undefined;
    }
    const command = uint16Little(bytes, start + 12);
    const message: Message = {
      bytes,
      start,
      end,
      whole,
      command,
      status: uint32Little(bytes, start + 8),
      key: uint64Little(bytes, start + 24),
      header: { version: 2, command: SMB2_COMMANDS[command] ?? String(command), session: this.#session, tree: this.#tree },
    };
    if (response) this.#response(message);
    else this.#request(message);
  }

  #request(message: Message): void {
    const { command, header, bytes, start, end } = message;
    const body = start + HEADER;
    const room = end - body;
    switch (command) {
      case NEGOTIATE:
        this.#negotiate(message);
        return;
      case SESSION_SETUP: {
        const transaction = this.#begin(message);
        if (room >= 24) this.#authenticate(transaction, bytes, start + uint16Little(bytes, body + 12), uint16Little(bytes, body + 14), end);
        return;
      }
      case TREE_CONNECT: {
        const name = room >= 8 ? this.#text(message, uint16Little(bytes, body + 4), uint16Little(bytes, body + 6)) : '';
        const transaction = this.#begin(message, { name });
        transaction.path = name;
        transaction.isPipe = /IPC\$$/i.test(name);
        return;
      }
      case TREE_DISCONNECT:
        this.#begin(message);
        this.#conversation.disconnect(header.session, header.tree);
        return;
      case CREATE:
        this.#create(message);
        return;
      case CLOSE: {
        const file = room >= 24 ? this.#fileAt(message, body + 8) : undefined;
        this.#begin(message);
        if (file !== undefined) this.#conversation.closed(file);
        return;
      }
      case READ:
        if (room >= 32) this.#read(message);
        return;
      case WRITE:
        if (room >= 32) this.#write(message);
        return;
      case IOCTL:
        this.#control(message);
        return;
      case SET_INFO:
        if (room >= 32) this.#setInfo(message);
        return;
      default:
        if (!SILENT.has(command)) this.#begin(message);
    }
  }

  #begin(message: Message, more: Partial<Awaited> = {}): SmbTransaction {
    const transaction = this.#conversation.begin(message.header);
    this.#conversation.await(message.key, { transaction, command: message.command, ...more });
    return transaction;
  }

  #negotiate(message: Message): void {
    const { bytes, start, end } = message;
    const body = start + HEADER;
    const transaction = this.#begin(message);
    if (end - body < 36) return;
    const count = Math.min(uint16Little(bytes, body + 2), MOST_DIALECTS);
    const dialects: string[] = [];
    for (let index = 0; index < count && body + 38 + index * 2 <= end; index++) dialects.push(smb2Dialect(uint16Little(bytes, body + 36 + index * 2)));
    if (dialects.length < count) transaction.raise('negotiate_malformed_dialects');
    transaction.details['client_dialects'] = dialects;
    transaction.details['client_guid'] = identifier(bytes, body + 12);
  }

  #authenticate(transaction: SmbTransaction, bytes: Uint8Array, from: number, length: number, end: number): void {
    authenticate(transaction, bytes, from, Math.min(end, from + length));
  }

  #create(message: Message): void {
    const { bytes, start, end } = message;
    const body = start + HEADER;
    if (end - body < 56) {
      this.#begin(message);
      return;
    }
    const name = this.#text(message, uint16Little(bytes, body + 44), uint16Little(bytes, body + 46));
    this.#opening = name;
    const transaction = this.#begin(message, { name });
    transaction.details['filename'] = name === '' ? '<share_root>' : name;
    transaction.details['disposition'] = dispositionName(uint32Little(bytes, body + 36));
    transaction.details['access'] = (uint32Little(bytes, body + 40) & DELETE_ON_CLOSE) !== 0 ? 'delete on close' : 'normal';
  }

  #read(message: Message): void {
    const { bytes, start, header } = message;
    const body = start + HEADER;
    const length = uint32Little(bytes, body + 4);
    if (this.#conversation.isLargeRead(length) || (this.#conversation.largestRead > 0 && length > this.#conversation.largestRead))
      this.#anomaly('read_request_too_large');
    const id = this.#fileAt(message, body + 16);
    const file = id === undefined ? undefined : this.#open(id, header);
    this.#conversation.await(message.key, { transaction: undefined, command: READ, file, offset: uint64Little(bytes, body + 8) });
  }

  #write(message: Message): void {
    const { bytes, start, end, whole, header } = message;
    const body = start + HEADER;
    const from = start + uint16Little(bytes, body + 2);
    const length = uint32Little(bytes, body + 4);
    if (this.#conversation.isLargeWrite(length) || (this.#conversation.largestWrite > 0 && length > this.#conversation.largestWrite))
      this.#anomaly('write_request_too_large');
    const id = this.#fileAt(message, body + 16);
    if (id === undefined || from < body || from > end) return;
    if (length > whole - from) this.#anomaly('record_overflow');
    const file = this.#open(id, header);
    const written = this.#transfer(header, file, TO_SERVER, uint64Little(bytes, body + 8), message, from, Math.min(length, whole - from));
    this.#conversation.await(message.key, { transaction: undefined, command: WRITE, file, written });
  }

  #transfer(header: Header, file: OpenFile, direction: Direction, offset: number, message: Message, from: number, length: number): SmbTransaction | undefined {
    const there = Math.min(message.end, from + length);
    const { transaction, sink } = this.#conversation.transfer(header, file, direction, offset, message.bytes, from, there, length);
    if (sink !== undefined) this.sink = sink;
    return transaction;
  }

  #control(message: Message): void {
    const { bytes, start, end, header } = message;
    const body = start + HEADER;
    if (end - body < 56) {
      this.#begin(message);
      return;
    }
    const code = uint32Little(bytes, body + 4);
    const id = code === PIPE_TRANSCEIVE ? this.#fileAt(message, body + 8) : undefined;
    if (id !== undefined) {
      const file = this.#open(id, header);
      file.isPipe ??= true;
      const from = Math.min(end, start + uint32Little(bytes, body + 24));
      const to = Math.min(end, from + uint32Little(bytes, body + 28));
      if (this.#conversation.rpc(header, file, TO_SERVER, bytes, from, to)) {
        this.#conversation.await(message.key, { transaction: undefined, command: IOCTL, file, written: this.#conversation.called });
        return;
      }
    }
    this.#begin(message).details['function'] = controlName(code);
  }

  #setInfo(message: Message): void {
    const { bytes, start, end } = message;
    const body = start + HEADER;
    if (bytes[body + 2] !== FILE_CLASS) return;
    const level = bytes[body + 3];
    const from = start + uint16Little(bytes, body + 8);
    const to = Math.min(end, from + uint32Little(bytes, body + 4));
    const id = this.#fileAt(message, body + 16);
    const file = id === undefined ? undefined : this.#conversation.known(id);
    const before = file?.name ?? this.#opening;
    if (level === RENAME_LEVEL && to - from >= 20) {
      const transaction = this.#begin(message);
      const name = utf16(bytes, from + 20, Math.min(to, from + 20 + uint32Little(bytes, from + 16)));
      transaction.details['set_info'] = { class: 'SMB2_FILE_INFO', info_level: 'SMB2_FILE_RENAME_INFO' };
      transaction.details['rename'] = { from: before ?? '', to: name };
      if (file !== undefined) transaction.details['fuid'] = file.id;
    } else if (level === DISPOSITION_LEVEL && to > from) {
      const transaction = this.#begin(message);
      if (before !== undefined) transaction.details['filename'] = before;
      transaction.details['access'] = (bytes[from] & 1) !== 0 ? 'delete on close' : 'normal';
      transaction.details['set_info'] = { class: 'SMB2_FILE_INFO', info_level: 'SMB2_FILE_DISPOSITION_INFO' };
      if (file !== undefined) transaction.details['fuid'] = file.id;
    }
  }

  #response(message: Message): void {
    const { command, status, header, bytes, start, end } = message;
    if (status === PENDING) return;
    let awaited = this.#conversation.answered(message.key);
    // An SMB 1 client that offers SMB 2 is answered in SMB 2.
    if (awaited === undefined && command === NEGOTIATE) awaited = this.#conversation.awaitedCommand(SMB1_NEGOTIATE);
    const transaction = awaited?.transaction ?? awaited?.written;
    if (transaction !== undefined) {
      transaction.status = statusName(status);
      transaction.statusCode = `0x${status.toString(16)}`;
    }
    const body = start + HEADER;
    const room = end - body;
    if (awaited !== undefined) {
      if (command === NEGOTIATE && status === SUCCESS && room >= 64) this.#negotiated(message, awaited.transaction);
      else if (command === TREE_CONNECT && status === SUCCESS && room >= 16) this.#connected(message, awaited);
      else if (command === CREATE && status === SUCCESS && room >= 80) this.#created(message, awaited);
      else if (command === READ && room >= 16) this.#readResponse(message, awaited);
      else if (command === IOCTL && room >= 48 && awaited.file !== undefined) {
        const from = Math.min(end, start + uint32Little(bytes, body + 32));
        this.#conversation.rpc(header, awaited.file, TO_CLIENT, bytes, from, Math.min(end, from + uint32Little(bytes, body + 36)));
      }
    }
    if (command === SESSION_SETUP && awaited?.transaction !== undefined) awaited.transaction.session = header.session;
    awaited?.transaction?.end(TO_CLIENT);
  }

  #negotiated(message: Message, transaction: SmbTransaction | undefined): void {
    const { bytes, start } = message;
    const body = start + HEADER;
    this.#conversation.dialect = smb2Dialect(uint16Little(bytes, body + 4));
    const largestRead = uint32Little(bytes, body + 32);
    const largestWrite = uint32Little(bytes, body + 36);
    this.#conversation.largestRead = largestRead;
    this.#conversation.largestWrite = largestWrite;
    if (transaction === undefined) return;
    if (this.#conversation.isLargeRead(largestRead)) transaction.raise('negotiate_max_read_size_too_large');
    if (this.#conversation.isLargeWrite(largestWrite)) transaction.raise('negotiate_max_write_size_too_large');
    transaction.details['server_guid'] = identifier(bytes, body + 8);
    transaction.details['max_read_size'] = largestRead;
    transaction.details['max_write_size'] = largestWrite;
  }

  #connected(message: Message, awaited: Awaited): void {
    const kind = SHARE_KINDS[message.bytes[message.start + HEADER + 2]] ?? 'unknown';
    this.#conversation.connect(message.header.session, message.header.tree, { path: awaited.name ?? '', kind });
    if (awaited.transaction === undefined) return;
    awaited.transaction.tree = message.header.tree;
    awaited.transaction.isPipe = kind === 'PIPE';
    awaited.transaction.details['share_type'] = kind;
  }

  #created(message: Message, awaited: Awaited): void {
    const { bytes, start, header } = message;
    const body = start + HEADER;
    const id = latin1(bytes, body + 64, body + 80);
    const shown = identifier(bytes, body + 64);
    this.#file = id;
    this.#conversation.opened(id, awaited.name ?? '', shown, this.#conversation.tree(header.session, header.tree));
    if (awaited.transaction === undefined) return;
    Object.assign(awaited.transaction.details, {
      created: fileTime(bytes, body + 8),
      accessed: fileTime(bytes, body + 16),
      modified: fileTime(bytes, body + 24),
      changed: fileTime(bytes, body + 32),
      size: uint64Little(bytes, body + 48),
      fuid: shown,
    });
  }

  #readResponse(message: Message, awaited: Awaited): void {
    const { bytes, start, end, whole, header, status } = message;
    if (status !== SUCCESS && status !== BUFFER_OVERFLOW) return;
    const body = start + HEADER;
    const from = start + bytes[body + 2];
    const length = uint32Little(bytes, body + 4);
    if (this.#conversation.isLargeRead(length) || (this.#conversation.largestRead > 0 && length > this.#conversation.largestRead))
      this.#anomaly('read_response_too_large');
    const file = awaited.file ?? (this.#file === '' ? undefined : this.#conversation.known(this.#file));
    if (file === undefined || from < body || from > end) return;
    if (length > whole - from) this.#anomaly('record_overflow');
    const transaction = this.#transfer(header, file, TO_CLIENT, awaited.offset ?? 0, message, from, Math.min(length, whole - from));
    if (transaction === undefined) return;
    transaction.status = statusName(status);
    transaction.statusCode = `0x${status.toString(16)}`;
  }

  /** Identifier of the file that a request is about; undefined where only the answer before it will say. */
  #fileAt(message: Message, at: number): string | undefined {
    const id = latin1(message.bytes, at, at + 16);
    if (id === SAME_FILE) return this.#file === '' ? undefined : this.#file;
    this.#file = id;
    return id;
  }

  #open(id: string, header: Header): OpenFile {
    const bytes = Uint8Array.from(id, (letter) => letter.charCodeAt(0));
    return this.#conversation.known(id) ?? this.#conversation.file(id, identifier(bytes, 0), this.#conversation.tree(header.session, header.tree));
  }

  /** UTF-16 at `offset` from the header. */
  #text(message: Message, offset: number, length: number): string {
    const from = message.start + offset;
    return utf16(message.bytes, Math.min(from, message.end), Math.min(from + length, message.end));
  }
}

export const SMB1_NEGOTIATE = 0x172;

/** What a security blob says of who logs on. */
export function authenticate(transaction: SmbTransaction, bytes: Uint8Array, from: number, to: number): void {
  if (to <= from) return;
  const ntlm = readNtlm(bytes, from, to);
  if (ntlm === 'malformed') {
    transaction.raise('malformed_ntlmssp_request');
    return;
  }
  if (ntlm !== undefined) {
    transaction.user = ntlm.user;
    transaction.domain = ntlm.domain;
    const shown: Record<string, unknown> = { domain: ntlm.domain, user: ntlm.user, host: ntlm.host };
    if (ntlm.version !== undefined) shown['version'] = ntlm.version;
    transaction.details['ntlmssp'] = shown;
    return;
  }
  const kerberos = readKerberos(bytes, from, to);
  if (kerberos !== undefined) transaction.details['kerberos'] = { realm: kerberos.realm, snames: kerberos.names };
}
