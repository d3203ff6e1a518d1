/**
 * HTTP/2 on one connection (RFC 9113): frames in both directions → transactions, one a stream, and one for each frame that concerns
 * the whole connection. After an upgrade from HTTP/1 the request made there is stream 1. Gives the same result however the bytes
 * are split.
 */
import { fromLatin1, joinBytes, latin1, uint32 } from '@sigwright/bytes';
import {
  type Direction,
  type EngineSettings,
  FileTransfer,
  type Frame,
  type FrameSink,
  type ProtocolSession,
  TO_CLIENT,
  TO_SERVER,
  type Transaction,
} from '@sigwright/contracts';
import { decodeBase64 } from '../../formats/base64.ts';
import { dnsTransaction } from '../../formats/dns-message/dns-transaction.ts';
import { type ByteRanges, type RangePart, rangePart } from '../../formats/http-message/byte-ranges.ts';
import { type CodingFaults, codingsOf, decoded } from '../../formats/http-message/codings.ts';
import { contentRange } from '../../formats/http-message/content-range.ts';
import { BODY, HttpTransaction } from '../../formats/http-message/exchange.ts';
import { HpackDecoder, type HpackFault, type HpackField } from './hpack.ts';
import { Http2Transaction, keep } from './transactions.ts';
import {
  ACKNOWLEDGEMENT,
  CONTINUATION,
  DATA,
  END_HEADERS,
  END_STREAM,
  FIXED_LENGTHS,
  FrameHeader,
  GOAWAY,
  HEADER_LENGTH,
  HEADERS,
  LOW_31_BITS,
  PADDED,
  PRIORITY,
  PUSH_PROMISE,
  RST_STREAM,
  SETTING_LENGTH,
  SETTINGS,
  settingsIn,
  WINDOW_UPDATE,
  WITH_PRIORITY,
} from './wire.ts';

/** RFC 9113 §3.4. */
const PREFACE = fromLatin1('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n');
/** Frames other than DATA are read whole; peers that raised the limit of 16 KiB for DATA send headers in frames of less than this. */
const LONGEST_FRAME = 65_536;
/** Streams that are over and still told from new ones. */
const MOST_OVER = 1024;
/** Streams that one peer reset and of which more may come. */
const MOST_RESET = 64;
/** Frames of one stream and direction. */
const MOST_FRAMES = 65_536;
/** A DNS message (RFC 1035 §4.2.2). */
const LONGEST_MESSAGE = 65_535;
const DNS_TYPE = 'application/dns-message';
const NOTHING = new Uint8Array(0);

const HEADER_FAULTS: Readonly<Record<HpackFault, string>> = {
  'bad index': 'invalid_header',
  'bad text': 'invalid_header',
  'integer overflow': 'header_integer_overflow',
  'cut short': 'extra_header_data',
};

/** A block of headers that goes on in CONTINUATION frames. */
interface OpenBlock {
  readonly transaction: Http2Transaction;
  /** whose headers they are: those of a promise are the client's */
  readonly of: Direction;
  readonly parts: Uint8Array[];
  length: number;
  readonly endsStream: boolean;
}

class Side {
  /** the client's first bytes were not looked at */
  prefaceDue = false;
  /** bytes left of the DATA frame being read: content, then padding */
  content = 0;
  padding = 0;
  dataOf: Http2Transaction | undefined = undefined;
  endsStream = false;
  /** bytes left of a frame that is not read */
  passOver = 0;
  block: OpenBlock | undefined = undefined;
  /** told of the frame whose rest has not come */
  told: readonly Frame[] | undefined = undefined;
  readonly hpack: HpackDecoder;

  constructor(largestTable: number) {
    this.hpack = new HpackDecoder(largestTable);
  }
}

/** A body whose coding is to be undone. */
interface Compressed {
  readonly codings: readonly string[];
  readonly file: FileTransfer;
}

export class Http2Session implements ProtocolSession {
  readonly transactions: Transaction[] = [];
  count = 0;
  nextProtocol: string | undefined = undefined;
  knownAs: string | undefined = undefined;
  opaque = false;
  done = false;
  readonly anomalies: string[] = [];
  frames: FrameSink | undefined = undefined;
  readonly #settings: EngineSettings;
  readonly #sides: readonly [Side, Side];
  readonly #streams = new Map<number, Http2Transaction>();
  readonly #compressed = new Map<Http2Transaction, [Compressed | undefined, Compressed | undefined]>();
  /** reset by one peer, and not ended by the other */
  readonly #resetStreams: Http2Transaction[] = [];
  readonly #header = new FrameHeader();
  #time = 0;
  readonly #ranges: ByteRanges | undefined;
  /** responses that bring a part of a file */
  readonly #parts = new Map<Http2Transaction, RangePart>();

  /** `upgraded`: the HTTP/1 exchange that led here; `ranges`: files that come in pieces, also over other connections */
  constructor(settings: EngineSettings, upgraded: unknown, time = 0, ranges?: ByteRanges) {
    this.#settings = settings;
    this.#sides = [new Side(settings.http2.largestTable), new Side(settings.http2.largestTable)];
    this.#ranges = ranges;
    this.#sides[TO_SERVER].prefaceDue = true;
    this.#time = time;
    if (upgraded instanceof HttpTransaction) this.#goOn(upgraded);
  }

  /** RFC 7540 §3.2: the request that asked for the upgrade is stream 1, half closed. */
  #goOn({ request }: HttpTransaction): void {
    const transaction = this.#open(1);
    const fields: HpackField[] = [
      { name: fromLatin1(':method'), value: request.first },
      { name: fromLatin1(':path'), value: request.second },
    ];
    let settings: Uint8Array | undefined;
    for (const { key, name, value } of request.headers?.list ?? []) {
      if (key === 'http2-settings') settings = value;
      fields.push({ name: key === 'host' ? fromLatin1(':authority') : name, value });
    }
    transaction.addFields(TO_SERVER, fields);
    transaction.end(TO_SERVER);
    if (settings === undefined) return;
    const written = base64Url(settings);
    const global = this.#open(0);
    if (written.length === 0 || written.length % SETTING_LENGTH !== 0) global.raise('invalid_http1_settings');
    global.facts[TO_SERVER].saw(SETTINGS);
    for (const setting of settingsIn(written, 0, written.length)) keep(global.facts[TO_SERVER].settings, setting);
  }

  consume(direction: Direction, bytes: Uint8Array, start: number, end: number, atEnd: boolean, time: number): number {
    this.#time = time;
    const side = this.#sides[direction];
    let at = start;
    if (side.prefaceDue) {
      const seen = Math.min(end - at, PREFACE.length);
      if (isPreface(bytes, at, seen)) {
        if (seen < PREFACE.length) return atEnd ? end : at;
        at += PREFACE.length;
      } else this.#open(0).raise('invalid_client_magic');
      side.prefaceDue = false;
    }
    while (at < end) {
      const before = at;
      const { dataOf } = side;
      if (side.passOver > 0) {
        const over = Math.min(side.passOver, end - at);
        side.passOver -= over;
        at += over;
      } else if (dataOf !== undefined) at = this.#data(direction, side, dataOf, bytes, at, end);
      else at = this.#frame(direction, side, bytes, at, end);
      if (at === before) break;
    }
    return at;
  }

  /** The position behind the frame that begins at `at`, or `at` where more bytes are needed. */
  #frame(direction: Direction, side: Side, bytes: Uint8Array, at: number, end: number): number {
    if (end - at < HEADER_LENGTH) return at;
    const header = this.#header;
    header.read(bytes, at);
    const start = at + HEADER_LENGTH;
    if (this.frames !== undefined) side.told ??= tellFrames(this.frames, direction, at, header.length);
    if (header.type === DATA) return this.#beginData(direction, side, bytes, at, end);
    if (header.length > LONGEST_FRAME) {
      this.#of(header.stream, direction, header.type).raise('long_frame_data');
      side.passOver = header.length;
      return start;
    }
    const stop = start + header.length;
    if (stop > end) return at;
    // That settings were taken note of is nothing of its own.
    if (header.type !== SETTINGS || !header.has(ACKNOWLEDGEMENT)) this.#whole(direction, side, bytes, start, stop);
    side.told = undefined;
    return stop;
  }

  #whole(direction: Direction, side: Side, bytes: Uint8Array, start: number, stop: number): void {
    const header = this.#header;
    const { type, stream, length } = header;
    const promised = type === PUSH_PROMISE ? promisedStream(header, bytes, start, stop) : undefined;
    const transaction = type === CONTINUATION && side.block !== undefined ? side.block.transaction : this.#of(promised ?? stream, direction, type);
    const facts = transaction.facts[direction];
    transaction.changed[direction] = true;
    if (FIXED_LENGTHS[type] !== undefined && length !== FIXED_LENGTHS[type]) {
      transaction.raise('invalid_frame_length');
      return;
    }
    switch (type) {
      case HEADERS:
      case PUSH_PROMISE:
        this.#headers(direction, side, transaction, bytes, start, stop);
        break;
      case CONTINUATION:
        if (side.block === undefined) transaction.raise('invalid_frame_data');
        else this.#goOnBlock(direction, side, side.block, bytes, start, stop, header.has(END_HEADERS));
        break;
      case PRIORITY:
        keep(facts.priorities, bytes[start + 4]);
        break;
      case RST_STREAM:
        keep(facts.errorCodes, uint32(bytes, start));
        this.#reset(transaction, direction);
        break;
      case SETTINGS:
        if (length % SETTING_LENGTH !== 0) transaction.raise('invalid_frame_length');
        for (const setting of settingsIn(bytes, start, stop)) keep(facts.settings, setting);
        break;
      case GOAWAY:
        if (length < 8) transaction.raise('invalid_frame_length');
        else keep(facts.errorCodes, uint32(bytes, start + 4));
        break;
      case WINDOW_UPDATE:
        keep(facts.windows, uint32(bytes, start) & LOW_31_BITS);
        break;
    }
  }

  /** What the peer sent before it knew may still be on its way. */
  #reset(transaction: Http2Transaction, direction: Direction): void {
    this.#close(transaction, direction, 'TRUNCATED');
    if (transaction.isOver) return;
    this.#resetStreams.push(transaction);
    if (this.#resetStreams.length > MOST_RESET) this.#cut(this.#resetStreams.shift()!);
  }

  #headers(direction: Direction, side: Side, transaction: Http2Transaction, bytes: Uint8Array, start: number, stop: number): void {
    const header = this.#header;
    let from = start;
    let to = stop;
    if (header.has(PADDED) && from < to) {
      to -= bytes[from];
      from++;
    }
    if (header.type === PUSH_PROMISE) from += 4;
    else if (header.has(WITH_PRIORITY)) {
      if (from + 5 <= to) keep(transaction.facts[direction].priorities, bytes[from + 4]);
      from += 5;
    }
    if (from > to) {
      transaction.raise('invalid_frame_data');
      return;
    }
    const block: OpenBlock = {
      transaction,
      of: header.type === PUSH_PROMISE ? TO_SERVER : direction,
      parts: [],
      length: 0,
      endsStream: header.type === PUSH_PROMISE || header.has(END_STREAM),
    };
    side.block = block;
    this.#goOnBlock(direction, side, block, bytes, from, to, header.has(END_HEADERS));
  }

  #goOnBlock(direction: Direction, side: Side, block: OpenBlock, bytes: Uint8Array, start: number, stop: number, ends: boolean): void {
    const { transaction } = block;
    block.length += stop - start;
    if (block.length > this.#settings.http2.longestBlock) {
      transaction.raise('reassembly_limit_reached');
      side.block = undefined;
      side.hpack.forget();
      return;
    }
    if (!ends) {
      if (stop > start) block.parts.push(bytes.slice(start, stop));
      return;
    }
    side.block = undefined;
    const whole = block.parts.length === 0 ? bytes.subarray(start, stop) : joinBytes([...block.parts, bytes.subarray(start, stop)]);
    const fields = side.hpack.block(whole, 0, whole.length);
    const fault = fields[fields.length - 1]?.fault;
    if (fault !== undefined) transaction.raise(HEADER_FAULTS[fault]);
    transaction.addFields(block.of, fields);
    if (block.of === TO_SERVER) this.#requestBegins(transaction);
    else this.#responseBegins(transaction);
    if (block.endsStream) this.#close(transaction, block.of, 'CLOSED');
    transaction.changed[direction] = true;
  }

  #requestBegins(transaction: Http2Transaction): void {
    const headers = transaction.request.headers;
    const authority = headers?.text(':authority');
    const host = headers?.text('host');
    if (authority !== undefined && host !== undefined && authority.toLowerCase() !== host.toLowerCase()) transaction.raise('authority_host_mismatch');
    if (authority?.includes('@') === true) transaction.raise('userinfo_in_uri');
    this.#bodyMayBegin(transaction, TO_SERVER);
    // RFC 8484 §4.1: with GET the question is in the target.
    const asks = headers?.text('accept')?.includes(DNS_TYPE) === true || headers?.text('content-type') === DNS_TYPE;
    if (!asks || transaction.dns[TO_SERVER] !== undefined) return;
    const written = /[?&]dns=([\w-]+)/.exec(latin1(transaction.uri ?? NOTHING));
    if (written !== null) this.#dns(transaction, TO_SERVER, base64Url(fromLatin1(written[1])));
  }

  #responseBegins(transaction: Http2Transaction): void {
    const range = transaction.response.headers?.text('content-range');
    if (range !== undefined && contentRange(range) === undefined) transaction.raise('invalid_range');
    this.#bodyMayBegin(transaction, TO_CLIENT);
  }

  #bodyMayBegin(transaction: Http2Transaction, direction: Direction): void {
    const message = transaction.message(direction);
    if (message.wireLength > 0) return;
    const codings = codingsOf(message.headers?.text('content-encoding'), this.#settings, UNTOLD);
    if (codings.length === 0) return;
    const file = new FileTransfer(direction, '', this.#settings.http.bombLimit);
    const both = this.#compressed.get(transaction) ?? [undefined, undefined];
    both[direction] = { codings, file };
    this.#compressed.set(transaction, both);
  }

  /** DATA is handed on as it comes. */
  #beginData(direction: Direction, side: Side, bytes: Uint8Array, at: number, end: number): number {
    const header = this.#header;
    const start = at + HEADER_LENGTH;
    const padded = header.has(PADDED) && header.length > 0;
    if (padded && start >= end) return at;
    const transaction = this.#of(header.stream, direction, DATA);
    transaction.changed[direction] = true;
    const padding = padded ? bytes[start] : 0;
    const content = header.length - (padded ? 1 : 0) - padding;
    if (content < 0) transaction.raise('invalid_frame_data');
    side.content = Math.max(0, content);
    side.padding = content < 0 ? header.length - 1 : padding;
    side.endsStream = header.has(END_STREAM);
    side.dataOf = transaction;
    if (header.stream === 0) {
      transaction.raise('data_stream_zero');
      side.padding = header.length - (padded ? 1 : 0);
      side.content = 0;
      side.endsStream = false;
    }
    const from = padded ? start + 1 : start;
    return this.#data(direction, side, transaction, bytes, from, end);
  }

  #data(direction: Direction, side: Side, transaction: Http2Transaction, bytes: Uint8Array, at: number, end: number): number {
    const take = Math.min(side.content, end - at);
    if (take > 0) this.#body(transaction, direction, bytes, at, at + take);
    side.content -= take;
    const over = side.content > 0 ? 0 : Math.min(side.padding, end - at - take);
    side.padding -= over;
    if (side.content === 0 && side.padding === 0) {
      side.dataOf = undefined;
      if (side.endsStream) this.#close(transaction, direction, 'CLOSED');
    }
    return at + take + over;
  }

  #body(transaction: Http2Transaction, direction: Direction, bytes: Uint8Array, start: number, end: number): void {
    if (transaction.isOver) return;
    const message = transaction.message(direction);
    message.wireLength += end - start;
    const compressed = this.#compressed.get(transaction)?.[direction];
    if (compressed !== undefined) compressed.file.append(bytes, start, end);
    else {
      if (direction === TO_CLIENT && this.#ranges !== undefined) this.#gather(transaction, bytes, start, end);
      message.body.append(bytes, start, end);
      announce(transaction, direction);
    }
    transaction.advance(direction, BODY);
  }

  #gather(transaction: Http2Transaction, bytes: Uint8Array, start: number, end: number): void {
    if (transaction.response.body.size === 0) {
      const part = rangePart(this.#ranges, transaction, this.#time);
      if (part !== undefined) this.#parts.set(transaction, part);
    }
    this.#parts.get(transaction)?.append(bytes, start, end);
  }

  /** Nothing more comes of this stream in this direction. */
  #close(transaction: Http2Transaction, direction: Direction, state: 'CLOSED' | 'TRUNCATED'): void {
    const { body } = transaction.message(direction);
    const both = this.#compressed.get(transaction);
    const compressed = both?.[direction];
    if (both !== undefined && compressed !== undefined) {
      const { file } = compressed;
      both[direction] = undefined;
      if (both[0] === undefined && both[1] === undefined) this.#compressed.delete(transaction);
      const plain = decoded(file.bytes.subarray(0, file.kept), compressed.codings, this.#settings, {
        raise: (fault) => fault.endsWith('_decompression_failed') && transaction.raise('failed_decompression'),
      });
      body.append(plain, 0, plain.length);
      body.gaps ||= file.gaps;
      file.release();
      if (body.size > 0) announce(transaction, direction);
    }
    if (direction === TO_CLIENT) {
      const whole = this.#parts.get(transaction)?.finish(state === 'CLOSED' && !body.gaps, this.#time, body.limit, this.#settings.followFile);
      this.#parts.delete(transaction);
      if (whole !== undefined) {
        whole.name = body.name;
        transaction.files?.push(whole);
      }
    }
    // More may have come than is kept to be looked at.
    body.close(body.gaps ? 'TRUNCATED' : state);
    if (state === 'CLOSED') this.#message(transaction, direction);
    transaction.end(direction);
  }

  /** A body that is a DNS message. */
  #message(transaction: Http2Transaction, direction: Direction): void {
    const { headers, body } = transaction.message(direction);
    if (body.size === 0 || headers?.text('content-type') !== DNS_TYPE) return;
    if (body.size > LONGEST_MESSAGE) transaction.raise(direction === TO_SERVER ? 'dns_request_too_long' : 'dns_response_too_long');
    else this.#dns(transaction, direction, body.bytes.slice(0, body.kept));
  }

  #dns(transaction: Http2Transaction, direction: Direction, bytes: Uint8Array): void {
    if (this.#settings.protocolsOff.has(DNS_OVER_HTTP2)) return;
    const message = dnsTransaction(transaction.id, this.#time, bytes, 0, bytes.length, direction);
    if (message === undefined) return;
    transaction.dns[direction] = message;
    this.knownAs = DNS_OVER_HTTP2;
  }

  /** The transaction that a frame belongs to. */
  #of(stream: number, direction: Direction, type: number): Http2Transaction {
    const known = stream === 0 ? undefined : this.#streams.get(stream);
    const transaction = known ?? this.#open(stream);
    this.#belong(this.#sides[direction], transaction);
    if (known?.isOver === true && type === HEADERS) transaction.raise('stream_id_reuse');
    if (type > CONTINUATION) transaction.raise('invalid_frame_header');
    const facts = transaction.facts[direction];
    facts.saw(type);
    if (facts.count > MOST_FRAMES) transaction.raise('too_many_frames');
    return transaction;
  }

  #belong(side: Side, transaction: Http2Transaction): void {
    for (const frame of side.told ?? []) frame.transaction = transaction;
    side.told = undefined;
  }

  #open(stream: number): Http2Transaction {
    const { requestBodyLimit, responseBodyLimit } = this.#settings.http;
    const transaction = new Http2Transaction(this.count++, this.#time, stream, requestBodyLimit, responseBodyLimit, this.#settings.followFile);
    this.transactions.push(transaction);
    if (this.transactions.length > this.#settings.http2.mostStreams) {
      const oldest = this.transactions.find((one) => !(one as Http2Transaction).isOver) as Http2Transaction;
      this.#cut(oldest);
      transaction.raise('too_many_streams');
    }
    if (stream === 0) {
      transaction.end(TO_SERVER);
      transaction.end(TO_CLIENT);
    } else {
      if (this.#streams.size > this.transactions.length + MOST_OVER) for (const [known, { isOver }] of this.#streams) if (isOver) this.#streams.delete(known);
      this.#streams.set(stream, transaction);
    }
    return transaction;
  }

  skip(direction: Direction, length: number): boolean {
    const side = this.#sides[direction];
    const { dataOf } = side;
    if (dataOf !== undefined) {
      if (length > side.content + side.padding) return false;
      const lost = Math.min(length, side.content);
      const { body } = dataOf.message(direction);
      const compressed = this.#compressed.get(dataOf)?.[direction];
      (compressed?.file ?? body).gaps = true;
      body.size += lost;
      side.content -= lost;
      side.padding -= length - lost;
      return this.#data(direction, side, dataOf, NOTHING, 0, 0) === 0;
    }
    if (length > side.passOver) return false;
    side.passOver -= length;
    return true;
  }

  finish(time: number): void {
    this.#time = time;
    for (const transaction of this.transactions as Http2Transaction[]) if (!transaction.isOver) this.#cut(transaction);
  }

  #cut(transaction: Http2Transaction): void {
    this.#close(transaction, TO_SERVER, 'TRUNCATED');
    this.#close(transaction, TO_CLIENT, 'TRUNCATED');
  }
}

/** Flows on which DNS messages were found are known by this name. */
export const DNS_OVER_HTTP2 = 'doh2';

/** Codings that are not known have no name here. */
const UNTOLD: CodingFaults = { raise: () => undefined };

/** The body is a file from its first byte on. */
function announce(transaction: Http2Transaction, direction: Direction): void {
  const { body } = transaction.message(direction);
  if (transaction.files?.includes(body) === true) return;
  body.name = latin1(transaction.uri ?? NOTHING).split('?')[0];
  const range = direction === TO_CLIENT ? transaction.range : undefined;
  body.rangeStart = range?.start;
  body.rangeEnd = range?.end;
  transaction.files ??= [];
  transaction.files.push(body);
}

function tellFrames(frames: FrameSink, direction: Direction, at: number, length: number): readonly Frame[] {
  return [
    frames.begin(direction, 'hdr', at, HEADER_LENGTH),
    ...(length > 0 ? [frames.begin(direction, 'data', at + HEADER_LENGTH, length)] : []),
    frames.begin(direction, 'pdu', at, HEADER_LENGTH + length),
  ];
}

function promisedStream(header: FrameHeader, bytes: Uint8Array, start: number, stop: number): number | undefined {
  const at = header.has(PADDED) ? start + 1 : start;
  return at + 4 <= stop ? uint32(bytes, at) & LOW_31_BITS : undefined;
}

/** Undefined while that can not be told. */
export function looksLikePreface(bytes: Uint8Array, start: number, end: number): boolean | undefined {
  const seen = Math.min(end - start, PREFACE.length);
  return isPreface(bytes, start, seen) ? (seen === PREFACE.length ? true : undefined) : false;
}

/** Servers begin with their settings. Undefined while that can not be told. */
export function looksLikeSettings(bytes: Uint8Array, start: number, end: number): boolean | undefined {
  if (bytes[start] !== 0) return false;
  if (end - start < HEADER_LENGTH) return end - start > 3 && bytes[start + 3] !== SETTINGS ? false : undefined;
  const header = new FrameHeader();
  header.read(bytes, start);
  return header.type === SETTINGS && header.stream === 0 && (header.flags & ~ACKNOWLEDGEMENT) === 0 && header.length % SETTING_LENGTH === 0;
}

function isPreface(bytes: Uint8Array, at: number, length: number): boolean {
  for (let index = 0; index < length; index++) if (bytes[at + index] !== PREFACE[index]) return false;
  return true;
}

/** RFC 4648 §5: the letters for addresses, without padding. */
function base64Url(text: Uint8Array): Uint8Array {
  const usual = text.map((byte) => (byte === 0x2d ? 0x2b : byte === 0x5f ? 0x2f : byte));
  return decodeBase64(usual, 0, usual.length, 'rfc4648');
}
