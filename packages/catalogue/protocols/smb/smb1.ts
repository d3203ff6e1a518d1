/** Messages of SMB 1 (MS-CIFS §2.2.4, MS-SMB §2.2.4), requests and answers; AndX commands follow one another within a message. */
import { latin1, uint16Little, uint32Little } from '@sigwright/bytes';
import { type Direction, TO_CLIENT, TO_SERVER } from '@sigwright/contracts';
import type { Awaited, Conversation, Header, Sink, SmbTransaction, Tree } from './conversation.ts';
import { dispositionName, dosErrorName, smb1Command, statusName } from './names.ts';
import { authenticate, SMB1_NEGOTIATE } from './smb2.ts';
import { fileTime, identifier, terminated, uint64Little, utf16, withoutZeros } from './text.ts';

const HEADER = 32;
/** Commands in a message; clients put two or three together. */
const MOST_TOGETHER = 32;
const NO_MORE = 0xff;

const CLOSE = 0x04;
const DELETE = 0x06;
const RENAME = 0x07;
const WRITE = 0x0b;
const TRANSACTION = 0x25;
const READ_ANDX = 0x2e;
const WRITE_ANDX = 0x2f;
const TRANSACTION2 = 0x32;
const TREE_DISCONNECT = 0x71;
const NEGOTIATE = 0x72;
const SESSION_SETUP = 0x73;
const TREE_CONNECT = 0x75;
const NT_CREATE = 0xa2;
/** These carry the next command in their words (MS-CIFS §2.2.3.4). */
const ANDX: ReadonlySet<number> = new Set([0x24, 0x2d, READ_ANDX, WRITE_ANDX, SESSION_SETUP, 0x74, TREE_CONNECT, NT_CREATE]);
/** Commands that are no transaction by themselves. */
const SILENT: ReadonlySet<number> = new Set([WRITE, TRANSACTION, READ_ANDX, WRITE_ANDX, TRANSACTION2]);

const RESPONSE_FLAG = 0x80;
const UNICODE_FLAG = 0x8000;
const NT_STATUS_FLAG = 0x4000;
const EXTENDED_SECURITY = 0x80000000;
const DELETE_ON_CLOSE = 0x1000;
const BUFFER_OVERFLOW = 0x80000005;
const NO_DIALECT = 0xffff;
const DIALECT_MARK = 2;
const MOST_DIALECTS = 64;

const PIPE_TRANSACT = 0x26;
const SET_PATH_INFORMATION = 6;
const SET_FILE_INFORMATION = 8;
/** levels of TRANS2 (MS-CIFS §2.2.2.3.4) and their pass-through kin (MS-SMB §2.2.2.3.5) */
const DISPOSITION_LEVELS: ReadonlySet<number> = new Set([0x102, 1013]);
const RENAME_LEVEL = 1010;

/** One command of a message: its words and data. */
interface Block {
  readonly command: number;
  readonly words: number;
  readonly wordCount: number;
  readonly data: number;
  readonly dataEnd: number;
}

export class Smb1Reader {
  readonly #conversation: Conversation;
  readonly #anomaly: (name: string) => void;
  #bytes: Uint8Array = new Uint8Array(0);
  #start = 0;
  #end = 0;
  #whole = 0;
  #wide = false;
  sink: Sink | undefined = undefined;

  constructor(conversation: Conversation, anomaly: (name: string) => void) {
    this.#conversation = conversation;
    this.#anomaly = anomaly;
  }

  /** bytes[start, end) are there of a frame that ends at `whole`. */
  frame(direction: Direction, bytes: Uint8Array, start: number, end: number, whole: number): void {
    this.sink = undefined;
    if (end - start < HEADER + 3) {
      this.#anomaly('malformed_data');
      return;
    }
    const response = (bytes[start + 9] & RESPONSE_FLAG) !== 0;
    if (response !== (direction === TO_CLIENT)) {
      this.#anomaly(response ? 'response_to_server' : 'request_to_client');
      return;
    }
    this.#bytes = bytes;
    this.#start = start;
    this.#end = end;
    this.#whole = whole;
    this.#wide = (uint16Little(bytes, start + 10) & UNICODE_FLAG) !== 0;
    let command = bytes[start + 4];
    let at = start + HEADER;
    for (let count = 0; count < MOST_TOGETHER; count++) {
      const block = this.#block(command, at);
      if (block === undefined) {
        // An answer that says no may come without words.
        if (count === 0) this.#anomaly('malformed_data');
        return;
      }
      if (response) this.#response(block);
      else this.#request(block);
      if (!ANDX.has(command) || block.wordCount < 2) return;
      const next = bytes[block.words];
      const offset = uint16Little(bytes, block.words + 2);
      // Only forward, so that nothing is read twice.
      if (next === NO_MORE || start + offset <= at) return;
      command = next;
      at = start + offset;
    }
    this.#anomaly('internal_error');
  }

  #block(command: number, at: number): Block | undefined {
    const end = this.#end;
    if (at >= end) return undefined;
    const wordCount = this.#bytes[at];
    const words = at + 1;
    const count = words + wordCount * 2;
    if (count + 2 > end) return undefined;
    return { command, words, wordCount, data: count + 2, dataEnd: Math.min(end, count + 2 + uint16Little(this.#bytes, count)) };
  }

  #header(block: Block): Header {
    return {
      version: 1,
      command: smb1Command(block.command),
      session: uint16Little(this.#bytes, this.#start + 28),
      tree: uint16Little(this.#bytes, this.#start + 24),
    };
  }

  /** Process, multiplex identifier and command tell which answer belongs to which request. */
  #key(command: number): string {
    const at = this.#start;
    return `${uint16Little(this.#bytes, at + 26)}/${uint16Little(this.#bytes, at + 30)}/${command}`;
  }

  #begin(block: Block, more: Partial<Awaited> = {}): SmbTransaction {
    const transaction = this.#conversation.begin(this.#header(block));
    this.#conversation.await(this.#key(block.command), { transaction, command: block.command, ...more });
    return transaction;
  }

  #request(block: Block): void {
    const { command, words, wordCount, data, dataEnd } = block;
    const bytes = this.#bytes;
    switch (command) {
      case NEGOTIATE: {
        const transaction = this.#begin(block, { command: SMB1_NEGOTIATE });
        const dialects = this.#dialects(data, dataEnd, transaction);
        this.#conversation.offered = dialects;
        transaction.details['client_dialects'] = dialects;
        return;
      }
      case SESSION_SETUP:
        this.#sessionSetup(block);
        return;
      case TREE_CONNECT: {
        const transaction = this.#begin(block);
        if (wordCount < 4) return;
        const path = this.#string(data + uint16Little(bytes, words + 6), dataEnd);
        const service = terminated(bytes, path.next, dataEnd, false).text;
        transaction.path = path.text;
        // Whether it is one of pipes, the response says; until then rules see a share.
        transaction.details['service'] = { request: service };
        return;
      }
      case TREE_DISCONNECT: {
        const { session, tree } = this.#header(block);
        this.#begin(block);
        this.#conversation.disconnect(session, tree);
        return;
      }
      case NT_CREATE:
        this.#create(block);
        return;
      case CLOSE: {
        this.#begin(block);
        if (wordCount >= 1) this.#conversation.closed(this.#fileKey(words));
        return;
      }
      case DELETE: {
        const transaction = this.#begin(block);
        transaction.details['filename'] = this.#string(data + 1, dataEnd).text;
        return;
      }
      case RENAME: {
        const transaction = this.#begin(block);
        const from = this.#string(data + 1, dataEnd);
        const to = this.#string(from.next + 1, dataEnd);
        transaction.details['rename'] = { from: from.text, to: to.text };
        return;
      }
      case READ_ANDX: {
        if (wordCount < 10) return;
        const high = wordCount >= 12 ? uint32Little(bytes, words + 20) : 0;
        const offset = uint32Little(bytes, words + 6) + high * 4_294_967_296;
        this.#conversation.await(this.#key(command), { transaction: undefined, command, file: this.#file(block, words + 4), offset });
        return;
      }
      case WRITE_ANDX: {
        if (wordCount < 12) return;
        const high = wordCount >= 14 ? uint32Little(bytes, words + 24) : 0;
        const length = uint16Little(bytes, words + 20) + uint16Little(bytes, words + 18) * 65_536;
        this.#write(block, words + 4, uint32Little(bytes, words + 6) + high * 4_294_967_296, this.#start + uint16Little(bytes, words + 22), length);
        return;
      }
      case WRITE:
        if (wordCount >= 5) this.#write(block, words, uint32Little(bytes, words + 4), data + 3, uint16Little(bytes, words + 2));
        return;
      case TRANSACTION:
        this.#transact(block);
        return;
      case TRANSACTION2:
        this.#transact2(block);
        return;
      default:
        if (!SILENT.has(command)) this.#begin(block);
    }
  }

  #dialects(start: number, end: number, transaction: SmbTransaction): string[] {
    const list: string[] = [];
    for (let at = start; at < end && list.length < MOST_DIALECTS; ) {
      if (this.#bytes[at] !== DIALECT_MARK) {
        transaction.raise('negotiate_malformed_dialects');
        break;
      }
      const { text, next } = terminated(this.#bytes, at + 1, end, false);
      list.push(text);
      at = next;
    }
    return list;
  }

  #sessionSetup(block: Block): void {
    const { words, wordCount, data, dataEnd } = block;
    const transaction = this.#begin(block);
    const bytes = this.#bytes;
    let at = data;
    if (wordCount === 12) {
      at += uint16Little(bytes, words + 14);
      authenticate(transaction, bytes, data, Math.min(at, dataEnd));
    } else if (wordCount === 13) {
      at += uint16Little(bytes, words + 14) + uint16Little(bytes, words + 16);
      // account and domain
      at = this.#string(this.#string(at, dataEnd).next, dataEnd).next;
    } else return;
    transaction.details['request'] = this.#system(at, dataEnd);
  }

  #system(at: number, end: number): Record<string, unknown> {
    const system = this.#string(at, end);
    return { native_os: system.text, native_lm: this.#string(system.next, end).text };
  }

  #create(block: Block): void {
    const { words, wordCount, data, dataEnd } = block;
    const bytes = this.#bytes;
    if (wordCount < 24) {
      this.#begin(block);
      return;
    }
    const from = this.#aligned(data);
    const length = uint16Little(bytes, words + 5);
    const to = Math.min(dataEnd, from + length);
    const name = this.#wide ? utf16(bytes, from, to) : withoutZeros(latin1(bytes, from, Math.max(from, to)));
    const transaction = this.#begin(block, { name });
    transaction.details['filename'] = name === '' ? '<share_root>' : name;
    transaction.details['disposition'] = dispositionName(uint32Little(bytes, words + 35));
    transaction.details['access'] = (uint32Little(bytes, words + 39) & DELETE_ON_CLOSE) !== 0 ? 'delete on close' : 'normal';
  }

  #write(block: Block, fileAt: number, offset: number, from: number, length: number): void {
    if (this.#conversation.isLargeWrite(length)) this.#anomaly('write_request_too_large');
    if (from > this.#end || from < this.#start) return;
    if (from + length > this.#whole) this.#anomaly('record_overflow');
    const file = this.#file(block, fileAt);
    const written = this.#transfer(block, file, TO_SERVER, offset, from, length);
    this.#conversation.await(this.#key(block.command), { transaction: undefined, command: block.command, file, written });
  }

  #transfer(
    block: Block,
    file: ReturnType<Conversation['file']>,
    direction: Direction,
    offset: number,
    from: number,
    length: number,
  ): SmbTransaction | undefined {
    const left = Math.min(length, this.#whole - from);
    const there = Math.min(this.#end, from + left);
    const { transaction, sink } = this.#conversation.transfer(this.#header(block), file, direction, offset, this.#bytes, from, there, left);
    if (sink !== undefined) this.sink = sink;
    return transaction;
  }

  #transact(block: Block): void {
    const { words, wordCount } = block;
    const bytes = this.#bytes;
    if (wordCount < 16 || uint16Little(bytes, words + 28) !== PIPE_TRANSACT) return;
    const file = this.#file(block, words + 30);
    file.isPipe ??= true;
    const from = this.#start + uint16Little(bytes, words + 24);
    const to = from + uint16Little(bytes, words + 22);
    if (from > this.#end) return;
    this.#conversation.rpc(this.#header(block), file, TO_SERVER, bytes, from, Math.min(this.#end, to));
    this.#conversation.await(this.#key(block.command), { transaction: undefined, command: block.command, file, written: this.#conversation.called });
  }

  #transact2(block: Block): void {
    const { words, wordCount } = block;
    const bytes = this.#bytes;
    if (wordCount < 15) return;
    const kind = uint16Little(bytes, words + 28);
    if (kind !== SET_PATH_INFORMATION && kind !== SET_FILE_INFORMATION) return;
    const parameters = this.#start + uint16Little(bytes, words + 20);
    const data = this.#start + uint16Little(bytes, words + 24);
    const dataEnd = Math.min(this.#end, data + uint16Little(bytes, words + 22));
    if (parameters + 6 > this.#end || data >= dataEnd) return;
    const ofFile = kind === SET_FILE_INFORMATION;
    const level = uint16Little(bytes, ofFile ? parameters + 2 : parameters);
    if (level !== RENAME_LEVEL && !DISPOSITION_LEVELS.has(level)) return;
    const transaction = this.#begin(block);
    const name = ofFile ? this.#conversation.known(this.#fileKey(parameters))?.name : this.#string(parameters + 6, this.#end).text;
    const operation = ofFile ? 'SET_FILE_INFO' : 'SET_PATH_INFO';
    if (level === RENAME_LEVEL && dataEnd - data >= 12) {
      const to = Math.min(dataEnd, data + 12 + uint32Little(bytes, data + 8));
      transaction.details['rename'] = { from: name ?? '', to: this.#wide ? utf16(bytes, data + 12, to) : latin1(bytes, data + 12, to) };
    } else {
      if (name !== undefined) transaction.details['filename'] = name;
      transaction.details['access'] = (bytes[data] & 1) !== 0 ? 'delete on close' : 'normal';
    }
    transaction.details['set_info'] = { class: operation, info_level: `0x${level.toString(16)}` };
  }

  #response(block: Block): void {
    const bytes = this.#bytes;
    const start = this.#start;
    const { command, words, wordCount } = block;
    const awaited = this.#conversation.answered(this.#key(command));
    if (awaited === undefined) return;
    const transaction = awaited.transaction ?? awaited.written;
    const status = uint32Little(bytes, start + 5);
    if (transaction !== undefined) this.#status(transaction, status);
    const failed = status !== 0 && status !== BUFFER_OVERFLOW;
    switch (command) {
      case NEGOTIATE:
        if (awaited.transaction !== undefined) this.#negotiated(block, awaited.transaction);
        break;
      case SESSION_SETUP:
        if (awaited.transaction !== undefined) this.#setUp(block, awaited.transaction);
        break;
      case TREE_CONNECT:
        if (!failed && awaited.transaction !== undefined) this.#connected(block, awaited.transaction);
        break;
      case NT_CREATE:
        if (!failed && wordCount >= 34) this.#created(block, awaited);
        break;
      case READ_ANDX:
        if (!failed && wordCount >= 12 && awaited.file !== undefined) {
          const length = uint16Little(bytes, words + 10) + uint32Little(bytes, words + 14) * 65_536;
          const from = start + uint16Little(bytes, words + 12);
          if (this.#conversation.isLargeRead(length)) this.#anomaly('read_response_too_large');
          if (from <= this.#end) {
            if (from + length > this.#whole) this.#anomaly('record_overflow');
            const read = this.#transfer(block, awaited.file, TO_CLIENT, awaited.offset ?? 0, from, length);
            if (read !== undefined) this.#status(read, status);
          }
        }
        break;
      case TRANSACTION:
        if (!failed && wordCount >= 10 && awaited.file !== undefined) {
          const from = start + uint16Little(bytes, words + 14);
          const to = Math.min(this.#end, from + uint16Little(bytes, words + 12));
          if (from <= to) this.#conversation.rpc(this.#header(block), awaited.file, TO_CLIENT, bytes, from, to);
        }
        break;
    }
    awaited.transaction?.end(TO_CLIENT);
  }

  #status(transaction: SmbTransaction, status: number): void {
    const start = this.#start;
    if ((uint16Little(this.#bytes, start + 10) & NT_STATUS_FLAG) !== 0) {
      transaction.status = statusName(status);
      transaction.statusCode = `0x${status.toString(16)}`;
      return;
    }
    const code = uint16Little(this.#bytes, start + 7);
    transaction.status = dosErrorName(this.#bytes[start + 5], code);
    transaction.statusCode = `0x${code.toString(16).padStart(4, '0')}`;
  }

  #negotiated({ words, wordCount, data, dataEnd }: Block, transaction: SmbTransaction): void {
    if (wordCount < 1) return;
    const chosen = uint16Little(this.#bytes, words);
    if (chosen === NO_DIALECT) return;
    this.#conversation.dialect = this.#conversation.offered[chosen] ?? 'unknown';
    if (wordCount === 17 && (uint32Little(this.#bytes, words + 19) & EXTENDED_SECURITY) !== 0 && dataEnd - data >= 16) {
      transaction.details['server_guid'] = identifier(this.#bytes, data);
    }
  }

  #setUp({ words, wordCount, data, dataEnd }: Block, transaction: SmbTransaction): void {
    transaction.session = uint16Little(this.#bytes, this.#start + 28);
    const blob = wordCount === 4 ? uint16Little(this.#bytes, words + 6) : 0;
    if (wordCount === 3 || wordCount === 4) transaction.details['response'] = this.#system(data + blob, dataEnd);
  }

  #connected({ data, dataEnd }: Block, transaction: SmbTransaction): void {
    const service = terminated(this.#bytes, data, dataEnd, false).text;
    const kind: Tree['kind'] = service === 'IPC' ? 'PIPE' : service.startsWith('A:') ? 'FILE' : service.startsWith('LPT') ? 'PRINT' : 'unknown';
    transaction.tree = uint16Little(this.#bytes, this.#start + 24);
    transaction.isPipe = kind === 'PIPE';
    const asked = transaction.details['service'] as Record<string, unknown> | undefined;
    transaction.details['service'] = { ...asked, response: service };
    this.#conversation.connect(uint16Little(this.#bytes, this.#start + 28), transaction.tree, { path: transaction.path ?? '', kind });
  }

  #created(block: Block, awaited: Awaited): void {
    const { words } = block;
    const bytes = this.#bytes;
    const { session, tree } = this.#header(block);
    const file = this.#conversation.opened(this.#fileKey(words + 5), awaited.name ?? '', shownFile(bytes, words + 5), this.#conversation.tree(session, tree));
    if (awaited.transaction === undefined) return;
    Object.assign(awaited.transaction.details, {
      created: fileTime(bytes, words + 11),
      accessed: fileTime(bytes, words + 19),
      modified: fileTime(bytes, words + 27),
      changed: fileTime(bytes, words + 35),
      size: uint64Little(bytes, words + 55),
      fuid: file.id,
    });
  }

  #fileKey(at: number): string {
    return `1/${uint16Little(this.#bytes, at)}`;
  }

  #file(block: Block, at: number): ReturnType<Conversation['file']> {
    const { session, tree } = this.#header(block);
    return this.#conversation.file(this.#fileKey(at), shownFile(this.#bytes, at), this.#conversation.tree(session, tree));
  }

  /** Unicode begins at an even distance from the header. */
  #aligned(at: number): number {
    return this.#wide && (at - this.#start) % 2 !== 0 ? at + 1 : at;
  }

  #string(at: number, end: number): { readonly text: string; readonly next: number } {
    return terminated(this.#bytes, Math.min(this.#aligned(at), end), end, this.#wide);
  }
}

function shownFile(bytes: Uint8Array, at: number): string {
  return uint16Little(bytes, at).toString(16).padStart(4, '0');
}
