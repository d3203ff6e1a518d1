/**
 * HTTP/1 on one connection (RFC 9112), read as leniently as browsers and servers read it: requests and responses in order,
 * pipelined or not, with chunked, sized and open-ended bodies. Gives the same result however the bytes are split.
 */
import { copyOf, latin1 } from '@sigwright/bytes';
import {
  type Direction,
  type EngineSettings,
  FileTransfer,
  type FrameSink,
  type ProtocolSession,
  TO_CLIENT,
  TO_SERVER,
  type Transaction,
} from '@sigwright/contracts';
import { flashUnpacker } from '../../formats/flash/flash.ts';
import { type ByteRanges, rangePart } from '../../formats/http-message/byte-ranges.ts';
import { codingsOf, decoded } from '../../formats/http-message/codings.ts';
import { BODY, COMPLETE, HEADERS, type HttpMessage, HttpTransaction, LINE, type RemarkCount } from '../../formats/http-message/exchange.ts';
import { HeaderBlock, headerBlockEnd } from '../../formats/http-message/headers.ts';
import { isBlank, isSpace, Line, readLine } from '../../formats/http-message/lines.ts';
import { asWritten } from '../../formats/http-message/words.ts';
import { isLongField, side as named, observeFileName, observeRequest, observeResponse } from './anomalies.ts';
import { isKnownMethod, isKnownProtocol, isMethod, isProtocol, isStatusLine, lineEnd, STATUS_LINE_START, word } from './first-line.ts';
import { FormFiles, formBoundary, isForm } from './multipart.ts';
import { Side } from './side.ts';

/** Request and status lines; servers stop at 8 to 64 KiB. */
const LONGEST_LINE = 65_536;
/** A header block; servers stop at 16 KiB to 1 MiB. */
const LONGEST_HEADERS = 262_144;
const LONGEST_CHUNK_LINE = 1024;
const LF = 0x0a;
const CR = 0x0d;
const LETTER_H = 0x68;
/** Blanks and digits of a chunk's size. */
const CHUNK_SIZE_TEXT = 32;
/** Longer ones are no signed numbers of 64 bits. */
const MOST_CHUNK = 2 ** 63;

/** Compressed bytes of a body that are kept where files are wanted whole. */
const MOST_COMPRESSED = 16 * 1_048_576;

export class HttpSession implements ProtocolSession {
  readonly transactions: Transaction[] = [];
  count = 0;
  nextProtocol: string | undefined = undefined;
  nextDetail: HttpTransaction | undefined = undefined;
  opaque = false;
  done = false;
  readonly anomalies: string[] = [];
  frames: FrameSink | undefined = undefined;
  readonly #sides: [Side, Side] = [new Side(), new Side()];
  readonly rawWaitsFor = 'message';
  readonly #settings: EngineSettings;
  readonly #port: number;
  readonly #ranges: ByteRanges | undefined;
  /** requests whose response has not begun */
  readonly #waiting: HttpTransaction[] = [];
  readonly #found = new Line();
  readonly #remarks: RemarkCount = { count: 0 };
  #time = 0;

  /** `ranges`: files that come in pieces, also over other connections */
  constructor(settings: EngineSettings, port: number, ranges?: ByteRanges) {
    this.#settings = settings;
    this.#port = port;
    this.#ranges = ranges;
  }

  consume(direction: Direction, bytes: Uint8Array, start: number, end: number, atEnd: boolean, time: number): number {
    this.#time = time;
    const side = this.#sides[direction];
    let at = start;
    if (side.ending !== undefined) this.#endFrame(side, start);
    if (direction === TO_CLIENT) this.#answerBegins(this.#sides[TO_SERVER]);
    for (;;) {
      const state = side.state;
      const next = this.#step(direction, side, bytes, at, end, atEnd);
      if (side.ending !== undefined) this.#endFrame(side, Math.max(at, next));
      if (next < 0) break;
      if (next === at && side.state === state) break;
      at = next;
      if (this.nextProtocol !== undefined) break;
    }
    if (atEnd) {
      this.#end(direction, side);
      side.previous = undefined;
    }
    return at;
  }

  #answerBegins(asked: Side): void {
    if (asked.state === 'no-version') this.#oldRequest(asked);
    asked.previous = undefined;
  }

  #endFrame(side: Side, at: number): void {
    if (side.ending !== undefined) this.frames?.endAt(side.ending, at);
    side.ending = undefined;
  }

  /** One step; returns the new position, or -1 where more bytes are needed. */
  #step(direction: Direction, side: Side, bytes: Uint8Array, at: number, end: number, atEnd: boolean): number {
    switch (side.state) {
      case 'line':
        return this.#line(direction, side, bytes, at, end, atEnd);
      case 'no-version':
        return this.#noVersion(side, bytes, at, end, atEnd);
      case 'headers':
        return this.#headers(direction, side, bytes, at, end, atEnd);
      case 'sized': {
        const take = Math.min(side.left, end - at);
        this.#body(direction, side, bytes, at, at + take);
        side.left -= take;
        if (side.left === 0) this.#complete(direction, side);
        return at + take;
      }
      case 'chunk-size':
        return this.#chunkSize(direction, side, bytes, at, end, atEnd);
      case 'chunk': {
        const take = Math.min(side.left, end - at);
        this.#body(direction, side, bytes, at, at + take);
        side.left -= take;
        if (side.left === 0) side.state = 'chunk-end';
        return at + take;
      }
      case 'chunk-end': {
        if (at >= end) return -1;
        if (bytes[at] === CR) {
          if (at + 1 >= end) return atEnd ? end : -1;
          side.state = 'chunk-size';
          return bytes[at + 1] === LF ? at + 2 : at + 1;
        }
        side.state = 'chunk-size';
        return bytes[at] === LF ? at + 1 : at;
      }
      case 'trailers': {
        const newline = lineEnd(bytes, at, end);
        if (newline === -1) return -1;
        if (newline - at <= 1 || (newline - at === 2 && bytes[at] === CR)) this.#complete(direction, side);
        return newline;
      }
      case 'open-ended':
        this.#body(direction, side, bytes, at, end);
        return end;
      case 'lost':
        return this.#findResponse(side, bytes, at, end, atEnd);
      case 'tunnel':
        return end;
    }
  }

  /**
   * The head of a response was lost with its length: what comes is its body until something looks like a status line, wherever
   * that stands.
   */
  #findResponse(side: Side, bytes: Uint8Array, start: number, end: number, atEnd: boolean): number {
    let at = start;
    while (at + STATUS_LINE_START <= end && !isStatusLine(bytes, at)) at++;
    const found = at + STATUS_LINE_START <= end;
    if (!found && atEnd) at = end;
    if (at > start) this.#body(TO_CLIENT, side, bytes, start, at);
    side.held = found || at === end ? undefined : bytes.slice(at, end);
    if (found) this.#end(TO_CLIENT, side);
    return at > start || found ? at : -1;
  }

  #line(direction: Direction, side: Side, bytes: Uint8Array, start: number, end: number, atEnd: boolean): number {
    let at = start;
    while (at < end && (bytes[at] === CR || bytes[at] === LF)) at++;
    // Line ends after a body belong to it, as all that comes before the next response.
    if (at > start && direction === TO_CLIENT && side.transaction === undefined && this.#waiting.length === 0 && (side.previous?.response.body.size ?? 0) > 0) {
      side.transaction = side.previous;
      this.#body(TO_CLIENT, side, bytes, start, at);
      side.transaction = undefined;
    }
    if (at >= end) return at;
    const found = this.#found;
    if (!readLine(found, bytes, at, end, direction === TO_CLIENT, false, atEnd)) {
      if (end - at < LONGEST_LINE) return at > start ? at : -1;
      this.anomalies.push(direction === TO_SERVER ? 'request_line_too_long' : 'response_line_too_long');
      found.stop = end;
      found.next = end;
    }
    let first = at;
    while (first < found.stop && (isSpace(bytes[first]) || bytes[first] === 0)) first++;
    // A line of blanks is passed over.
    if (first === found.stop) return found.next;
    if (direction === TO_SERVER) {
      const { previous } = side;
      if (previous !== undefined && side.previousAt === this.#time && !isMethod(bytes, first, found.stop))
        return this.#unexpectedBody(side, previous, bytes, at, found.next);
      const next = this.#requestLine(side, bytes, at, found.stop, found.next);
      if (bytes[found.next - 1] !== LF) this.transactions[this.transactions.length - 1].raise('request_line_incomplete');
      return next;
    }
    if (asWritten(bytes, first, Math.min(first + 4, found.stop)).toUpperCase() === 'HTTP')
      return this.#statusLine(side, copyOf(bytes, first, found.stop), found.next, at);
    // A line of something else right before what may be a status line is passed over, too.
    if (found.next >= end && !atEnd) return at > start ? at : -1;
    if (found.next < end && (bytes[found.next] | 0x20) === LETTER_H) return found.next;
    return this.#noStatusLine(side, bytes, at, found.next);
  }

  /** The line is bytes[start, stop); the next one begins at `next`. */
  #requestLine(side: Side, bytes: Uint8Array, start: number, lineStop: number, next: number): number {
    const line = copyOf(bytes, start, lineStop);
    const transaction = this.#open();
    side.frame = this.frames?.begin(TO_SERVER, 'request', start, -1, transaction);
    const { request } = transaction;
    request.seen = true;
    request.line = line;
    const [method, afterMethod] = word(line, 0);
    request.first = method;
    // The target reaches to the last word if that is a protocol: blanks inside it are tolerated.
    let stop = line.length;
    while (stop > afterMethod && isBlank(line[stop - 1])) stop--;
    let lastBlank = stop;
    while (lastBlank > afterMethod && !isBlank(line[lastBlank - 1])) lastBlank--;
    const last = copyOf(line, lastBlank, stop);
    if (lastBlank > afterMethod && isProtocol(last)) {
      request.third = last;
      stop = lastBlank;
      while (stop > afterMethod && isBlank(line[stop - 1])) stop--;
    }
    request.second = copyOf(line, afterMethod, Math.max(afterMethod, stop));
    // To some peers a form feed parts words, too: what stands behind it may be a path.
    transaction.isPathless = next > lineStop && (transaction.method === 'CONNECT' || (request.second.length === 0 && !line.some(isSpace)));
    if (!isKnownProtocol(request.third) && !isKnownMethod(transaction.method)) transaction.raise('request_line_invalid');
    side.transaction = transaction;
    this.#waiting.push(transaction);
    transaction.advance(TO_SERVER, LINE);
    side.state = request.third.length === 0 ? 'no-version' : 'headers';
    return next;
  }

  /** HTTP/0.9 is a line and nothing else. Where more comes before the answer, the version was left out. */
  #noVersion(side: Side, bytes: Uint8Array, start: number, end: number, atEnd: boolean): number {
    let at = start;
    while (at < end && (bytes[at] === CR || bytes[at] === LF)) at++;
    if (at < end) {
      side.transaction!.raise('request_line_missing_protocol');
      side.state = 'headers';
      return start;
    }
    if (!atEnd) return -1;
    this.#oldRequest(side);
    return end;
  }

  #oldRequest(side: Side): void {
    side.transaction!.request.headers = new HeaderBlock(NOTHING);
    this.#complete(TO_SERVER, side);
  }

  /** Behind a request that is complete: what begins with no method goes on with its body. */
  #unexpectedBody(side: Side, previous: HttpTransaction, bytes: Uint8Array, at: number, next: number): number {
    previous.raise('request_body_unexpected');
    side.transaction = previous;
    this.#body(TO_SERVER, side, bytes, at, next);
    side.transaction = undefined;
    return next;
  }

  /** The transaction whose response begins. */
  #answered(side: Side): HttpTransaction {
    let transaction = side.transaction ?? this.#waiting.shift();
    if (transaction === undefined) {
      transaction = this.#open();
      transaction.advance(TO_SERVER, COMPLETE);
      transaction.raise('unable_to_match_response_to_request');
    }
    side.transaction = transaction;
    return transaction;
  }

  #statusLine(side: Side, line: Uint8Array, next: number, at: number): number {
    const transaction = this.#answered(side);
    side.frame ??= this.frames?.begin(TO_CLIENT, 'response', at, -1, transaction);
    const { response } = transaction;
    side.lost = false;
    response.seen = true;
    response.line = line;
    const [protocol, afterProtocol] = word(line, 0);
    const [status, afterStatus] = word(line, afterProtocol);
    response.first = protocol;
    response.second = status;
    response.third = copyOf(line, afterStatus, line.length);
    if (!isInterim(transaction)) transaction.advance(TO_CLIENT, LINE);
    side.state = 'headers';
    return next;
  }

  /** What begins no response is the body of one: of the one before, or all of the answer, as HTTP/0.9 has it. */
  #noStatusLine(side: Side, bytes: Uint8Array, at: number, next: number): number {
    const { previous } = side;
    if (previous === undefined || side.transaction !== undefined || this.#waiting.length > 0) {
      const transaction = this.#answered(side);
      transaction.response.headers = new HeaderBlock(NOTHING);
      transaction.advance(TO_CLIENT, BODY);
      side.state = side.lost ? 'lost' : 'open-ended';
      side.lost = false;
      this.#openFile(side, TO_CLIENT);
      return at;
    }
    side.transaction = previous;
    previous.raise('response_body_unexpected');
    if (side.unlikelyBody) {
      side.unlikelyBody = false;
      this.#bodyBegins(TO_CLIENT, side, previous, true);
      return at;
    }
    side.compressed?.release();
    side.compressed = undefined;
    this.#body(TO_CLIENT, side, bytes, at, next);
    side.transaction = undefined;
    return next;
  }

  #headers(direction: Direction, side: Side, bytes: Uint8Array, start: number, end: number, atEnd: boolean): number {
    const transaction = side.transaction!;
    let blockEnd = headerBlockEnd(this.#found, bytes, start, start + side.searched, end, direction, atEnd);
    if (blockEnd < 0) {
      side.searched = ~blockEnd - start;
      // Who sends it without an end is told of as soon as it is too long.
      if (isLongField(bytes, ~blockEnd, end, this.#settings.http.longestField)) {
        transaction.raise(`${named(direction)}_field_too_long`);
        transaction.changed[direction] = true;
      }
      if (end - start < LONGEST_HEADERS && !(atEnd && end > start)) return -1;
      if (!atEnd) transaction.raise(direction === TO_SERVER ? 'request_headers_too_long' : 'response_headers_too_long');
      blockEnd = end;
    }
    side.searched = 0;
    const message = transaction.message(direction);
    message.headers = HeaderBlock.read(
      copyOf(bytes, start, blockEnd),
      direction,
      direction === TO_CLIENT && asWritten(message.first).toUpperCase() === 'HTTP/1.1',
      this.#settings.http.mostHeaders,
    );
    if (direction === TO_SERVER || !isInterim(transaction)) transaction.advance(direction, HEADERS);
    if (direction === TO_SERVER) this.#afterRequestHeaders(side, transaction);
    else this.#afterResponseHeaders(side, transaction);
    return blockEnd;
  }

  #afterRequestHeaders(side: Side, transaction: HttpTransaction): void {
    observeRequest(transaction, transaction.request.line, this.#port, this.#settings.http.longestField);
    if (transaction.method === 'CONNECT') {
      this.#complete(TO_SERVER, side);
      return;
    }
    this.#bodyBegins(TO_SERVER, side, transaction, false);
  }

  #afterResponseHeaders(side: Side, transaction: HttpTransaction): void {
    const { status } = transaction;
    if (isInterim(transaction)) {
      if (status === 100 && transaction.interim) transaction.raise('100_continue_already_seen');
      transaction.interim = true;
      side.state = 'line';
      return;
    }
    observeResponse(transaction, this.#settings.http.longestField);
    if (status === 101 || transaction.opensTunnel) {
      this.#complete(TO_CLIENT, side);
      this.nextDetail = transaction;
      const upgrade = transaction.response.headers?.text('upgrade')?.toLowerCase();
      this.nextProtocol = transaction.method === 'CONNECT' ? 'unknown' : upgrade === 'h2c' ? 'http2' : (upgrade ?? 'unknown');
      return;
    }
    if (transaction.method === 'HEAD' || status === 204 || status === 304) {
      const { headers } = transaction.response;
      const announced = headers?.get('transfer-encoding') !== undefined || headers?.get('content-length') !== undefined;
      // These never have one (RFC 9110, 15.3.5), also where the length that they tell is none.
      if (announced && transaction.method !== 'HEAD') transaction.raise('response_body_unexpected');
      this.#complete(TO_CLIENT, side);
      side.unlikelyBody = announced;
      return;
    }
    this.#bodyBegins(TO_CLIENT, side, transaction, true);
  }

  /** RFC 9112 §6.3, leniently. */
  #bodyBegins(direction: Direction, side: Side, transaction: HttpTransaction, mayBeOpenEnded: boolean): void {
    const message = transaction.message(direction);
    const headers = message.headers!;
    const transfer = headers.text('transfer-encoding')?.toLowerCase();
    const lengthText = headers.text('content-length');
    const name = named(direction);
    side.codings = codingsOf(headers.text('content-encoding'), this.#settings, transaction);
    // Anywhere in the value: some peer reads it so.
    const chunked = transfer?.replaceAll('\0', '').includes('chunked') === true;
    if (chunked && direction === TO_CLIENT) {
      if (transfer?.trim() !== 'chunked') transaction.raise('response_abnormal_transfer_encoding');
      if (!/1\.1$/.test(latin1(message.first))) transaction.raise('response_chunked_old_proto');
    }
    if (transfer !== undefined && !chunked) transaction.raise(`invalid_transfer_encoding_value_in_${name}`);
    if (chunked) {
      side.state = 'chunk-size';
      transaction.advance(direction, BODY);
      this.#openFile(side, direction);
      return;
    }
    const digits = lengthText === undefined ? null : /\d+/.exec(lengthText);
    if (lengthText !== undefined && digits === null) transaction.raise(`invalid_content_length_field_in_${name}`);
    if (headers.count('content-length') > 1) transaction.raise('duplicate_content_length_field_in_'.concat(name));
    const length = digits === null ? -1 : Math.min(Number(digits[0]), Number.MAX_SAFE_INTEGER);
    if (length > 0) {
      side.left = length;
      side.state = 'sized';
      transaction.advance(direction, BODY);
      this.#openFile(side, direction);
    } else if (length === 0 || !mayBeOpenEnded) this.#complete(direction, side);
    else if (direction === TO_CLIENT && transaction.tellsItsEnd) {
      // Suricata does not read what tells its own end.
      side.state = 'tunnel';
      transaction.advance(direction, BODY);
    } else {
      side.state = 'open-ended';
      transaction.advance(direction, BODY);
      this.#openFile(side, direction);
    }
  }

  #openFile(side: Side, direction: Direction): void {
    const limit = direction === TO_SERVER ? this.#settings.http.requestBodyLimit : this.#settings.http.responseBodyLimit;
    side.compressed = side.codings.length > 0 ? new FileTransfer(direction, '', this.#settings.wholeFiles ? MOST_COMPRESSED : limit) : undefined;
    side.form = this.#form(side, direction, limit);
    if (direction === TO_CLIENT && this.#settings.http.flash !== undefined) side.transaction!.response.body.unpack = flashUnpacker(this.#settings.http.flash);
    side.part = direction === TO_CLIENT && side.compressed === undefined ? rangePart(this.#ranges, side.transaction!, this.#time) : undefined;
  }

  #form(side: Side, direction: Direction, limit: number): FormFiles | undefined {
    const transaction = side.transaction!;
    if (direction !== TO_SERVER || transaction.method !== 'POST' || side.compressed !== undefined) return undefined;
    const boundary = formBoundary(transaction.request.headers?.text('content-type'));
    if (boundary === undefined) {
      if (isForm(transaction.request.headers?.text('content-type'))) transaction.raise('multipart_generic_error');
      return undefined;
    }
    const open = (name: string): FileTransfer => {
      const file = new FileTransfer(TO_SERVER, name, limit, this.#settings.followFile, !this.#settings.wholeFiles);
      observeFileName(transaction, name);
      transaction.files ??= [];
      transaction.files.push(file);
      return file;
    };
    return new FormFiles(boundary, open, (fault) => transaction.raise(fault));
  }

  #chunkSize(direction: Direction, side: Side, bytes: Uint8Array, at: number, end: number, atEnd: boolean): number {
    const newline = lineEnd(bytes, at, end);
    const text = latin1(bytes, at, Math.min(newline === -1 ? end : newline, at + CHUNK_SIZE_TEXT));
    const digits = /^\s*(?:0x)?([0-9a-fA-F]+)/.exec(text);
    const blank = text.trim() === '';
    if (newline === -1 && (digits !== null || blank) && end - at < LONGEST_CHUNK_LINE) return atEnd ? end : -1;
    if (digits === null || newline === -1) {
      if (blank && newline !== -1) return newline;
      side.transaction!.raise(`invalid_${named(direction)}_chunk_len`);
      // What follows can only be body.
      side.state = 'open-ended';
      return at;
    }
    const length = Number.parseInt(digits[1], 16);
    if (length >= MOST_CHUNK) {
      // Nobody counts so far: nothing is read any more.
      side.state = 'tunnel';
      return end;
    }
    if (direction === TO_SERVER && text.includes(';')) side.transaction!.raise('request_chunk_extension');
    if (length === 0) side.state = 'trailers';
    else {
      side.left = length;
      side.state = 'chunk';
    }
    return newline;
  }

  #body(direction: Direction, side: Side, bytes: Uint8Array, start: number, end: number): void {
    if (end <= start) return;
    const transaction = side.transaction!;
    const message = transaction.message(direction);
    message.wireLength += end - start;
    if (side.compressed !== undefined) side.compressed.append(bytes, start, end);
    else message.body.append(bytes, start, end);
    side.form?.append(bytes, start, end);
    side.part?.append(bytes, start, end);
    this.#announce(direction, side, transaction, message);
    transaction.changed[direction] = true;
  }

  /** The body becomes a file with its first byte. */
  #announce(direction: Direction, side: Side, transaction: HttpTransaction, message: HttpMessage): void {
    if ((side.compressed !== undefined && message.body.size === 0) || side.form !== undefined) return;
    if (direction === TO_SERVER && transaction.method !== 'POST' && transaction.method !== 'PUT') return;
    if (transaction.files?.includes(message.body) === true) return;
    message.body.name = fileName(transaction);
    // Rules read it as any body; it is no file to be told of. Where the request was not seen to its line's end, it might be one.
    if (message.body.name === '' && transaction.isPathless) message.body.recorded = true;
    observeFileName(transaction, message.body.name);
    const range = direction === TO_CLIENT ? transaction.range : undefined;
    message.body.rangeStart = range?.start;
    message.body.rangeEnd = range?.end;
    transaction.files ??= [];
    transaction.files.push(message.body);
  }

  #closeBody(direction: Direction, side: Side, transaction: HttpTransaction, state: 'CLOSED' | 'TRUNCATED'): void {
    const message = transaction.message(direction);
    if (side.compressed !== undefined) {
      this.#decompress(side, transaction, message);
      this.#announce(direction, side, transaction, message);
      side.compressed.release();
      side.compressed = undefined;
    }
    side.form?.close();
    side.form = undefined;
    const whole = side.part?.finish(state === 'CLOSED' && !message.body.gaps, this.#time, message.body.limit, this.#settings.followFile);
    side.part = undefined;
    if (whole !== undefined) {
      whole.name = message.body.name;
      transaction.files?.push(whole);
    }
    message.body.close((message.body.isOver && message.body.endsAtLimit) || message.body.gaps ? 'TRUNCATED' : state);
  }

  #decompress(side: Side, transaction: HttpTransaction, message: HttpMessage): void {
    const bytes = decoded(side.compressed!.bytes.subarray(0, side.compressed!.kept), side.codings, this.#settings, transaction);
    message.body.append(bytes, 0, bytes.length);
  }

  #complete(direction: Direction, side: Side): void {
    const transaction = side.transaction!;
    this.#closeBody(direction, side, transaction, 'CLOSED');
    transaction.advance(direction, COMPLETE);
    side.ending = side.frame;
    side.frame = undefined;
    side.state = 'line';
    side.transaction = undefined;
    side.previous = transaction;
    side.previousAt = this.#time;
    side.unlikelyBody = false;
    side.codings = [];
  }

  #open(): HttpTransaction {
    const { requestBodyLimit, responseBodyLimit, mostTransactions } = this.#settings.http;
    if (this.transactions.length >= mostTransactions) {
      for (const old of this.transactions.slice(0, Math.ceil(mostTransactions / 2))) {
        old.advance(TO_SERVER, COMPLETE);
        old.advance(TO_CLIENT, COMPLETE);
      }
      if (!this.anomalies.includes('too_many_transactions')) this.anomalies.push('too_many_transactions');
    }
    const transaction = new HttpTransaction(
      this.count++,
      this.#time,
      requestBodyLimit,
      responseBodyLimit,
      this.#settings.followFile,
      !this.#settings.wholeFiles,
    );
    transaction.uriForm = this.#settings.http;
    transaction.remarks = this.#remarks;
    this.transactions.push(transaction);
    return transaction;
  }

  skip(direction: Direction, length: number): boolean {
    const side = this.#sides[direction];
    const transaction = side.transaction;
    if (transaction !== undefined) transaction.message(direction).body.gaps = true;
    switch (side.state) {
      case 'sized': {
        const lost = Math.min(length, side.left);
        side.left -= lost;
        this.#lost(direction, side, lost);
        if (side.left > 0) return true;
        // Suricata takes an end that it can not see for the beginning of more,
        if (direction === TO_CLIENT) side.transaction!.raise('response_body_unexpected');
        this.#complete(direction, side);
        // What was lost beyond the body may have been messages: which request the next one answers is not known.
        if (length > lost) side.state = 'tunnel';
        return true;
      }
      case 'chunk':
        if (length > side.left) return this.#lose(direction, side);
        side.left -= length;
        this.#lost(direction, side, length);
        if (side.left === 0) side.state = 'chunk-end';
        return true;
      case 'line':
        side.lost = true;
        // and what is lost before an answer for one.
        if (direction === TO_CLIENT) this.#waiting[0]?.raise('response_body_unexpected');
        return transaction === undefined;
      case 'open-ended':
      case 'lost':
        if (side.held !== undefined) this.#body(direction, side, side.held, 0, side.held.length);
        side.held = undefined;
        this.#lost(direction, side, length);
        return true;
      case 'tunnel':
        return true;
      default:
        return this.#lose(direction, side);
    }
  }

  /** Bytes of the body that the capture lacks: they count for its size, and there was a file. */
  #lost(direction: Direction, side: Side, length: number): void {
    const transaction = side.transaction!;
    const message = transaction.message(direction);
    message.body.size += length;
    this.#announce(direction, side, transaction, message);
  }

  /** Where the message ends is not known any more. Responses are found again; a request could be anything. */
  #lose(direction: Direction, side: Side): boolean {
    const { transaction } = side;
    if (direction === TO_SERVER || transaction === undefined) return false;
    if (transaction.response.headers === undefined) {
      transaction.response.headers = new HeaderBlock(NOTHING);
      transaction.advance(TO_CLIENT, BODY);
      this.#openFile(side, TO_CLIENT);
    }
    side.state = 'lost';
    return true;
  }

  #end(direction: Direction, side: Side): void {
    const transaction = side.transaction;
    if (transaction === undefined) return;
    const open = side.state === 'open-ended';
    if (side.state === 'no-version') transaction.request.headers = new HeaderBlock(NOTHING);
    this.#closeBody(direction, side, transaction, open ? 'CLOSED' : 'TRUNCATED');
    transaction.advance(direction, COMPLETE);
    side.ending = side.frame;
    side.frame = undefined;
    side.transaction = undefined;
    side.state = 'line';
  }

  finish(time: number): void {
    this.#time = time;
    this.#end(TO_SERVER, this.#sides[TO_SERVER]);
    this.#end(TO_CLIENT, this.#sides[TO_CLIENT]);
    for (const transaction of this.transactions) {
      transaction.advance(TO_SERVER, COMPLETE);
      transaction.advance(TO_CLIENT, COMPLETE);
    }
  }
}

/** RFC 9110 §15.2: the real response follows. Rules look at that one, so an interim response makes no progress. */
function isInterim(transaction: HttpTransaction): boolean {
  const { status } = transaction;
  return status >= 100 && status < 200 && status !== 101;
}

const NOTHING = new Uint8Array(0);

/** From Content-Disposition, or the path; empty where there is none: what is asked for by CONNECT is a host. */
function fileName(transaction: HttpTransaction): string {
  const disposition = transaction.response.headers?.text('content-disposition');
  const named = disposition === undefined ? null : /filename\*?="?([^";]+)"?/i.exec(disposition);
  if (named !== null) return named[1];
  if (transaction.method === 'CONNECT') return '';
  const uri = latin1(transaction.uri ?? NOTHING);
  const query = uri.indexOf('?');
  return query < 0 ? uri : uri.slice(0, query);
}
