/** The named buffers of HTTP. Suricata user guide, "HTTP keywords". */
import { fromLatin1 } from '@sigwright/bytes';
import {
  type ContentCondition,
  type Contradiction,
  type Direction,
  fillWindow,
  fillWithFile,
  TO_CLIENT,
  TO_SERVER,
  type Transaction,
  type TransactionBuffer,
} from '@sigwright/contracts';
import { BODY, COMPLETE, HEADERS, type HttpMessage, type HttpTransaction, LINE, UNSAID } from '../../formats/http-message/exchange.ts';

const REQUEST: readonly Direction[] = [TO_SERVER];
const RESPONSE: readonly Direction[] = [TO_CLIENT];
const BOTH: readonly Direction[] = [TO_SERVER, TO_CLIENT];

type Read = (transaction: HttpTransaction, direction: Direction) => Uint8Array | undefined;

function buffer(
  name: string,
  summary: string,
  directions: readonly Direction[],
  progress: number,
  read: Read,
  shape: 'name' | 'text' = 'text',
): TransactionBuffer {
  return {
    of: 'transaction',
    name,
    summary,
    shape,
    protocol: 'http',
    directions,
    multiple: false,
    progress: () => progress,
    read: (transaction: Transaction, direction, index, window) => index === 0 && fillWindow(window, read(transaction as HttpTransaction, direction)),
  };
}

/** A header's value as a buffer. */
function header(name: string, key: string, summary: string, directions: readonly Direction[]): TransactionBuffer {
  return buffer(name, summary, directions, HEADERS, (transaction, direction) => transaction.message(direction).headers?.get(key));
}

/**
 * All headers at once: there when something follows them. Behind those of a CONNECT that was granted nothing of HTTP does, and Suricata
 * has none to show.
 */
function allHeaders(name: string, summary: string, how: (message: HttpMessage, direction: Direction) => Uint8Array | undefined): TransactionBuffer {
  return buffer(name, summary, BOTH, HEADERS, (transaction, direction) =>
    direction === TO_SERVER && transaction.opensTunnel ? undefined : transaction.make(name, direction, how),
  );
}

/** A part of the first line, as it came. */
function part(
  name: string,
  summary: string,
  directions: readonly Direction[],
  which: (direction: Direction) => 'first' | 'second' | 'third' | 'line',
): TransactionBuffer {
  return buffer(name, summary, directions, LINE, (transaction, direction) => {
    const message = transaction.message(direction);
    const bytes = message[which(direction)];
    return message.seen && bytes !== UNSAID ? bytes : undefined;
  });
}

/** The host is made lower case before any content looks at it. */
function notInLowerCase({ bytes, nocase }: ContentCondition): Contradiction | undefined {
  if (nocase)
    return {
      code: 'nocase',
      title: '`nocase` on a content for the host, which is in lower case already',
      help: 'write it in lower case and leave `nocase` out',
    };
  if (!bytes.some((byte) => byte >= 0x41 && byte <= 0x5a)) return undefined;
  return { code: 'uppercase', title: 'a content for the host has letters in upper case, the host is in lower case', help: 'write it in lower case' };
}

/** The method ends before the space behind it and begins after what comes before it. */
function notAtItsEnds({ bytes }: ContentCondition): Contradiction | undefined {
  const isBlank = (byte: number): boolean => byte === 0x20 || byte === 0x09;
  if (!isBlank(bytes[0]) && !isBlank(bytes[bytes.length - 1])) return undefined;
  return { code: 'blank', title: 'a content for the method begins or ends with a blank, the method does not', help: 'leave the blank out' };
}

/** Protocol and version are one word. */
function notOneWord({ bytes }: ContentCondition): Contradiction | undefined {
  if (!bytes.includes(0x20)) return undefined;
  return { code: 'blank', title: 'a content for the protocol holds a space, the protocol is one word', help: 'leave the space out' };
}

function body(name: string, summary: string, direction: Direction): TransactionBuffer {
  return {
    of: 'transaction',
    name,
    summary,
    shape: 'body',
    protocol: 'http',
    directions: [direction],
    // Every body of a response is a file; of requests only what is sent with POST and PUT.
    ...(direction === TO_CLIENT ? { sameBytesAs: 'file.data' } : {}),
    multiple: false,
    progress: () => BODY,
    read(transaction, _direction, index, window) {
      const file = (transaction as HttpTransaction).message(direction).body;
      if (index > 0 || file.kept === 0) return false;
      return fillWithFile(window, file, file.state !== 'OPEN' || file.kept >= file.limit || transaction.progress[direction] >= COMPLETE);
    },
  };
}

/** One header after the other, as `Name: value`. */
function eachHeader(name: string, summary: string, directions: readonly Direction[]): TransactionBuffer {
  return {
    of: 'transaction',
    name,
    summary,
    shape: 'text',
    protocol: 'http',
    directions,
    multiple: true,
    progress: () => HEADERS,
    read(transaction, direction, index, window) {
      const headers = (transaction as HttpTransaction).message(direction).headers;
      const found = headers?.list[index];
      if (headers === undefined || found === undefined) return false;
      const nameBytes = found.name;
      const whole = new Uint8Array(nameBytes.length + 2 + found.value.length);
      whole.set(nameBytes);
      whole.set(SEPARATOR, nameBytes.length);
      whole.set(found.value, nameBytes.length + 2);
      return fillWindow(window, whole);
    },
  };
}

const SEPARATOR = fromLatin1(': ');

export const buffers: readonly TransactionBuffer[] = [
  { ...part('http.method', 'method of the request', REQUEST, () => 'first'), refuses: notAtItsEnds },
  buffer('http.uri', 'normalised URI of the request', REQUEST, LINE, (transaction) => transaction.uri),
  part('http.uri.raw', 'URI of the request as it came', REQUEST, () => 'second'),
  part('http.request_line', 'first line of the request', REQUEST, () => 'line'),
  part('http.response_line', 'first line of the response', RESPONSE, () => 'line'),
  { ...part('http.protocol', 'protocol and version', BOTH, (direction) => (direction === TO_SERVER ? 'third' : 'first')), refuses: notOneWord },
  part('http.stat_code', 'status code', RESPONSE, () => 'second'),
  part('http.stat_msg', 'status words', RESPONSE, () => 'third'),
  { ...buffer('http.host', 'host name in lower case, without port', REQUEST, HEADERS, (transaction) => transaction.host, 'name'), refuses: notInLowerCase },
  buffer('http.host.raw', 'host as it came', REQUEST, HEADERS, (transaction) =>
    transaction.make('host.raw', TO_SERVER, () => optionalLatin1(transaction.writtenHost)),
  ),
  header('http.user_agent', 'user-agent', 'User-Agent header', REQUEST),
  header('http.referer', 'referer', 'Referer header', REQUEST),
  header('http.accept', 'accept', 'Accept header', REQUEST),
  header('http.accept_enc', 'accept-encoding', 'Accept-Encoding header', REQUEST),
  header('http.accept_lang', 'accept-language', 'Accept-Language header', REQUEST),
  header('http.connection', 'connection', 'Connection header', BOTH),
  header('http.content_type', 'content-type', 'Content-Type header', BOTH),
  header('http.content_len', 'content-length', 'Content-Length header', BOTH),
  header('http.server', 'server', 'Server header', RESPONSE),
  header('http.location', 'location', 'Location header', RESPONSE),
  buffer('http.cookie', 'Cookie of requests, Set-Cookie of responses', BOTH, HEADERS, (transaction, direction) =>
    transaction.message(direction).headers?.get(direction === TO_SERVER ? 'cookie' : 'set-cookie'),
  ),
  allHeaders('http.header', 'headers normalised, without cookies', (message, direction) =>
    nonEmpty(message.headers?.normalized(direction === TO_SERVER ? 'cookie' : 'set-cookie')),
  ),
  allHeaders('http.header.raw', 'headers as they came', (message) => nonEmpty(message.headers?.raw)),
  allHeaders('http.header_names', 'names of the headers in order', (message) =>
    message.headers === undefined || message.headers.list.length === 0 ? undefined : message.headers.names(),
  ),
  buffer('http.start', 'first line and headers', BOTH, HEADERS, (transaction, direction) => transaction.start(direction)),
  eachHeader('http.request_header', 'each header of the request', REQUEST),
  eachHeader('http.response_header', 'each header of the response', RESPONSE),
  body('http.request_body', 'body of the request', TO_SERVER),
  body('http.response_body', 'body of the response, content coding undone', TO_CLIENT),
];

function nonEmpty(bytes: Uint8Array | undefined): Uint8Array | undefined {
  return bytes === undefined || bytes.length === 0 ? undefined : bytes;
}

function optionalLatin1(text: string | undefined): Uint8Array | undefined {
  return text === undefined ? undefined : fromLatin1(text);
}
