/**
 * A stream of HTTP/2: a request and its response, and what its frames said. What concerns the whole connection (stream 0) is a
 * transaction for each frame.
 */
import { concatBytes, fromLatin1, joinBytes, latin1 } from '@sigwright/bytes';
import { type Direction, type FollowFile, TO_CLIENT, TO_SERVER } from '@sigwright/contracts';
import type { DnsTransaction } from '../../formats/dns-message/dns-transaction.ts';
import { COMPLETE, HEADERS, HttpTransaction, UNSAID } from '../../formats/http-message/exchange.ts';
import { type Header, HeaderBlock } from '../../formats/http-message/headers.ts';
import { hostName } from '../../formats/http-message/uri.ts';
import type { HpackField } from './hpack.ts';
import type { Setting } from './wire.ts';

const PROTOCOL = fromLatin1('HTTP/2');
const LINE_END = fromLatin1('\r\n');
const COLON = fromLatin1(': ');
const SPACE = fromLatin1(' ');
const NOTHING = new Uint8Array(0);
/** Numbers of one kind that are kept of a stream and direction; flow control sends the same over and over. */
const MOST_VALUES = 256;
/** Header fields kept of a stream and direction, over all its blocks. */
const MOST_FIELDS = 4096;

/** What the frames of one direction said. */
export class FrameFacts {
  readonly types = new Set<number>();
  count = 0;
  readonly errorCodes: number[] = [];
  readonly priorities: number[] = [];
  readonly windows: number[] = [];
  readonly settings: Setting[] = [];
  readonly tableSizes: number[] = [];
  readonly fields: HpackField[] = [];

  saw(type: number): void {
    this.types.add(type);
    this.count++;
  }
}

export function keep<Value>(list: Value[], value: Value): void {
  if (list.length < MOST_VALUES) list.push(value);
}

export class Http2Transaction extends HttpTransaction {
  readonly stream: number;
  readonly facts: readonly [FrameFacts, FrameFacts] = [new FrameFacts(), new FrameFacts()];
  /** DNS messages that it carries (RFC 8484), by direction */
  readonly dns: [DnsTransaction | undefined, DnsTransaction | undefined] = [undefined, undefined];

  constructor(id: number, time: number, stream: number, requestLimit: number, responseLimit: number, follow?: FollowFile) {
    super(id, time, requestLimit, responseLimit, follow);
    this.stream = stream;
    const { request, response } = this;
    request.seen = true;
    response.seen = true;
    request.line = request.first = request.second = response.line = response.second = UNSAID;
    request.third = response.first = PROTOCOL;
  }

  /** A block of headers came: the first, an interim response's, or trailers. */
  addFields(direction: Direction, fields: readonly HpackField[]): void {
    const { fields: kept, tableSizes } = this.facts[direction];
    if (kept.length >= MOST_FIELDS) return;
    for (const field of fields) {
      if (field.tableSize !== undefined) keep(tableSizes, field.tableSize);
      if (kept.length < MOST_FIELDS) kept.push(field);
    }
    const headers = headersOf(kept);
    const message = this.message(direction);
    message.headers = headers;
    if (direction === TO_SERVER) {
      message.first = headers.get(':method') ?? UNSAID;
      message.second = headers.get(':path') ?? UNSAID;
      message.line = message.first === UNSAID ? UNSAID : concatBytes(message.first, SPACE, message.second, SPACE, PROTOCOL, LINE_END);
    } else {
      // Of an interim and the final response, the last one counts.
      message.second = headers.list.findLast(({ key }) => key === ':status')?.value ?? UNSAID;
      message.line = message.second === UNSAID ? UNSAID : concatBytes(PROTOCOL, SPACE, message.second, LINE_END);
    }
    this.makeAnew();
    this.advance(direction, HEADERS);
  }

  end(direction: Direction): void {
    this.advance(direction, COMPLETE);
  }

  get isOver(): boolean {
    return this.progress[TO_SERVER] >= COMPLETE && this.progress[TO_CLIENT] >= COMPLETE;
  }

  /** As it came: clients send it in its normal form. */
  override get uri(): Uint8Array | undefined {
    return this.request.second === UNSAID ? undefined : this.request.second;
  }

  override get writtenHost(): string | undefined {
    return this.request.headers?.text(':authority') ?? this.request.headers?.text('host');
  }

  override get host(): Uint8Array | undefined {
    return this.make('host', TO_SERVER, () => {
      const host = this.writtenHost;
      return host === undefined ? undefined : fromLatin1(hostName(host.slice(host.lastIndexOf('@') + 1)));
    });
  }
}

function headersOf(fields: readonly HpackField[]): HeaderBlock {
  const list: Header[] = [];
  const parts: Uint8Array[] = [];
  for (const { name, value, tableSize, fault } of fields) {
    if (tableSize !== undefined || fault !== undefined) continue;
    // Names are in lower case; one that is not is another name.
    list.push({ key: latin1(name), name, nameLength: name.length, writeName: (to, at) => to.set(name, at), value, size: name.length + value.length });
    parts.push(name, COLON, value, LINE_END);
  }
  return new HeaderBlock(list.length === 0 ? NOTHING : joinBytes(parts), list);
}
