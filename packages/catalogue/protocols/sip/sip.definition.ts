/** SIP (RFC 3261) over UDP and TCP: requests and responses, one transaction each, with the session that a body describes (SDP, RFC 8866). */
import { entryOf, find, fromLatin1, isUtf8, latin1, shownTexts } from '@sigwright/bytes';
import {
  type Direction,
  type Flow,
  type Frame,
  type FrameSink,
  IS_THIS,
  NEED_MORE,
  NOT_THIS,
  type ProtocolDefinition,
  type Recognition,
  TCP,
  TO_SERVER,
} from '@sigwright/contracts';
import { COMPLETE, LENGTH_UNKNOWN, type Message, MessageSession, NO_MESSAGE } from '../../formats/messages/framed-session.ts';
import { textBuffers } from '../../formats/messages/text-buffers.ts';
import { startsLike } from '../../formats/recognised-only.ts';
import { readSdp, type SessionDescription, sdpBody } from '../../formats/sdp/sdp.ts';

/** RFC 3261 §7.1 and the extensions in use */
const METHODS = ['REGISTER', 'INVITE', 'ACK', 'BYE', 'CANCEL', 'OPTIONS', 'UPDATE', 'REFER', 'PRACK', 'SUBSCRIBE', 'NOTIFY', 'PUBLISH', 'MESSAGE', 'INFO'];
const BEGINNINGS = [...METHODS.map((method) => `${method} `), 'SIP/2.0 '];
/** Method and one character of an address: `OPTIONS * RTSP/1.0` and `NOTIFY * HTTP/1.1` are others'. */
const OTHERS = ['OPTIONS *', 'NOTIFY *', 'OPTIONS /', 'NOTIFY /', 'SUBSCRIBE /'];
const LONGEST_HEAD = 16_384;
const HEAD_END = fromLatin1('\r\n\r\n');

interface SipMessage {
  readonly session: SessionDescription | undefined;
  readonly request: { readonly line: string; readonly method: string; readonly uri: string; readonly version: string } | undefined;
  readonly response: { readonly line: string; readonly version: string; readonly code: string; readonly reason: string } | undefined;
  /** values in order, by name in full */
  readonly headers: ReadonlyMap<string, readonly string[]>;
}

/** Header names in full, by their short forms (RFC 3261 §7.3.3). */
const SHORT_NAMES: Readonly<Record<string, string>> = { f: 'from', t: 'to', v: 'via', c: 'content-type', l: 'content-length' };

/** In a stream it is taken for HTTP, as in Suricata. */
const OF_HTTP = ['OPTIONS '];

function recognise(bytes: Uint8Array, start: number, end: number, _direction: Direction, flow: Flow): Recognition {
  const other = startsLike(bytes, start, end, flow.protocol === TCP ? [...OTHERS, ...OF_HTTP] : OTHERS);
  if (other === 'yes') return NOT_THIS;
  const like = startsLike(bytes, start, end, BEGINNINGS);
  return like === 'no' ? NOT_THIS : like === 'maybe' || other === 'maybe' ? NEED_MORE : IS_THIS;
}

/** What texts can not have (RFC 3261 §25.1), and what names of headers are made of; who gets something else has no message of SIP. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
const UNPRINTABLE = /[\0-\x08\x0a-\x1f\x7f]/;
const TOKEN = /^[-.!%*_+`'~A-Za-z0-9]+$/;

function headEnd(bytes: Uint8Array, at: number, end: number): number {
  const found = find(bytes, at, Math.min(end, at + LONGEST_HEAD), HEAD_END);
  return found < 0 ? -1 : found + HEAD_END.length;
}

function read(bytes: Uint8Array, start: number, end: number): SipMessage | undefined {
  const stop = headEnd(bytes, start, end);
  const headStop = stop < 0 ? Math.min(end, start + LONGEST_HEAD) : stop;
  const head = latin1(bytes, start, headStop);
  if (!isUtf8(bytes, start, headStop)) return undefined;
  const lines = head.split('\n').map((line) => line.replace(/\r$/, ''));
  const first = lines[0];
  if (UNPRINTABLE.test(first)) return undefined;
  const headers = new Map<string, string[]>();
  for (const line of lines.slice(1)) {
    if (UNPRINTABLE.test(line)) return undefined;
    const colon = line.indexOf(':');
    if (colon <= 0) continue;
    const written = line.slice(0, colon).trim();
    if (!TOKEN.test(written)) return undefined;
    const name = written.toLowerCase();
    const full = entryOf(SHORT_NAMES, name) ?? name;
    const value = line.slice(colon + 1).trim();
    const values = headers.get(full);
    if (values === undefined) headers.set(full, [value]);
    else values.push(value);
  }
  const described = stop >= 0 && stop < end && headers.get('content-type')?.[0].toLowerCase().startsWith('application/sdp') === true;
  const session = described ? readSdp(latin1(bytes, stop, end)) : undefined;
  const response = /^(SIP\/\d\.\d) (\d{3}) ?(.*)$/.exec(first);
  if (response !== null)
    return { request: undefined, response: { line: first, version: response[1], code: response[2], reason: response[3] }, headers, session };
  const request = /^(\S+) (\S+) (SIP\/\d\.\d)$/.exec(first);
  if (request === null) return undefined;
  return { request: { line: first, method: request[1], uri: request[2], version: request[3] }, response: undefined, headers, session };
}

/** On a stream: head, then as much as Content-Length says. Line ends between messages keep a connection alive (RFC 5626 §4.4.1). */
function frame(bytes: Uint8Array, at: number, end: number): number {
  let from = at;
  while (from < end && (bytes[from] === 13 || bytes[from] === 10)) from++;
  const stop = headEnd(bytes, from, end);
  if (stop < 0) return end - from >= LONGEST_HEAD ? NO_MESSAGE : LENGTH_UNKNOWN;
  const length = /\n(?:content-length|l)[ \t]*:[ \t]*(\d{1,7})[ \t]*\r?\n/i.exec(latin1(bytes, from, stop));
  return stop - at + Number(length?.[1] ?? 0);
}

/** As in Suricata: of who began, requests are read, of the other one responses, and nothing else. */
function datagramRead(bytes: Uint8Array, start: number, end: number, direction: Direction): SipMessage | undefined {
  const message = read(bytes, start, end);
  return message === undefined || (message.request === undefined) === (direction === TO_SERVER) ? undefined : message;
}

function streamRead(bytes: Uint8Array, start: number, end: number): SipMessage | undefined {
  let from = start;
  while (from < end && (bytes[from] === 13 || bytes[from] === 10)) from++;
  return read(bytes, from, end);
}

class SipSession extends MessageSession<SipMessage> {
  protected override tellFrames(frames: FrameSink, direction: Direction, bytes: Uint8Array, at: number, end: number, length: number): readonly Frame[] {
    let from = at;
    while (from < end && (bytes[from] === 13 || bytes[from] === 10)) from++;
    const found = headEnd(bytes, from, end);
    const stop = found < 0 ? Math.min(end, at + length) : found;
    const newline = bytes.indexOf(10, from);
    const lineEnd = newline < 0 || newline >= stop ? stop : newline + 1;
    const kind = bytes[from] === LETTER_S && latin1(bytes, from, Math.min(end, from + 4)) === 'SIP/' ? 'response' : 'request';
    const told = [frames.begin(direction, 'pdu', from, at + length - from), frames.begin(direction, `${kind}.line`, from, lineEnd - from)];
    // The empty line after them belongs to nobody.
    const headers = stop - (found < 0 ? 0 : 2) - lineEnd;
    if (headers > 0) told.push(frames.begin(direction, `${kind}.headers`, lineEnd, headers));
    if (at + length > stop) told.push(frames.begin(direction, `${kind}.body`, stop, at + length - stop));
    return told;
  }
}

const LETTER_S = 0x53;

const text = (value: string | undefined): Uint8Array | undefined => (value === undefined ? undefined : fromLatin1(value));

const SESSION_FIELDS: readonly (readonly [name: string, letter: string, summary: string])[] = [
  ['origin', 'o', 'who made it'],
  ['session_name', 's', 'name'],
  ['session_info', 'i', 'words about it'],
  ['uri', 'u', 'address with more about it'],
  ['email', 'e', 'mail address'],
  ['phone_number', 'p', 'telephone number'],
  ['connection_data', 'c', 'address of the media'],
  ['bandwidth', 'b', 'a bandwidth'],
  ['time', 't', 'a time'],
  ['repeat_time', 'r', 'a repetition'],
  ['timezone', 'z', 'time zones'],
  ['encryption_key', 'k', 'key'],
  ['attribute', 'a', 'an attribute'],
];
const MEDIUM_FIELDS: readonly (readonly [name: string, letter: string, summary: string])[] = [
  ['media_info', 'i', 'words about it'],
  ['connection_data', 'c', 'address'],
  ['encryption_key', 'k', 'key'],
];

const { buffers, keywords } = textBuffers<Message<SipMessage>>('sip', [
  { name: 'sip.method', summary: 'method of the request', since: '5.0', read: ({ content }) => text(content.request?.method) },
  { name: 'sip.uri', summary: 'address in the request line', since: '5.0', read: ({ content }) => text(content.request?.uri) },
  { name: 'sip.request_line', summary: 'first line of the request', since: '5.0', read: ({ content }) => text(content.request?.line) },
  { name: 'sip.response_line', summary: 'first line of the response', since: '5.0', read: ({ content }) => text(content.response?.line) },
  { name: 'sip.stat_code', summary: 'status code of the response', since: '5.0', read: ({ content }) => text(content.response?.code) },
  { name: 'sip.stat_msg', summary: 'reason in the response', since: '5.0', read: ({ content }) => text(content.response?.reason) },
  { name: 'sip.protocol', summary: 'protocol and version', since: '5.0', read: ({ content }) => text((content.request ?? content.response)?.version) },
  ...(['from', 'to', 'via', 'user-agent', 'content-type', 'content-length'] as const).map((header) => ({
    name: `sip.${header === 'user-agent' ? 'ua' : header.replace('-', '_')}`,
    ...(header === 'user-agent' ? { aliases: ['sip.user_agent'] } : {}),
    summary: `value of the header ${header}`,
    since: '8.0',
    multiple: true,
    read: ({ content }: Message<SipMessage>, index: number) => text(content.headers.get(header)?.[index]),
  })),
  ...SESSION_FIELDS.map(([name, letter, summary]) => ({
    name: `sdp.${name}`,
    summary: `${summary} of the session described`,
    since: '8.0',
    multiple: true,
    read: ({ content }: Message<SipMessage>, index: number) => text(content.session?.fields.get(letter)?.[index]),
  })),
  {
    name: 'sdp.media.media',
    summary: 'a medium of the session described',
    since: '8.0',
    multiple: true,
    read: ({ content }, index) => text(content.session?.media[index]?.media),
  },
  ...MEDIUM_FIELDS.map(([name, letter, summary]) => ({
    name: `sdp.media.${name}`,
    summary: `${summary} of a medium`,
    since: '8.0',
    multiple: true,
    read: ({ content }: Message<SipMessage>, index: number) => text(content.session?.media.flatMap((medium) => medium.fields.get(letter) ?? [])[index]),
  })),
]);

function body({ content }: Message<SipMessage>): Record<string, unknown> {
  const { request, response, session } = content;
  const sdp = session === undefined ? {} : { sdp: sdpBody(session) };
  if (request !== undefined) return shownTexts({ method: request.method, uri: request.uri, version: request.version, request_line: request.line, ...sdp });
  return shownTexts({ version: response?.version, code: response?.code, reason: response?.reason, response_line: response?.line, ...sdp });
}

export const protocol: ProtocolDefinition = {
  name: 'sip',
  recordName: 'sip',
  transport: ['udp', 'tcp'],
  summary: 'signalling of calls',
  ports: [5060, 5061],
  anyPort: true,
  recognise,
  open: (flow) => (flow.protocol === 17 ? new SipSession(datagramRead) : new SipSession(streamRead, frame)),
  complete: COMPLETE,
  frames: ['pdu', 'request.line', 'response.line', 'request.headers', 'response.headers', 'request.body', 'response.body'],
  buffers,
  keywords,
  anomalies: [{ name: 'malformed_data', summary: 'a message that can not be read' }],
  records: (transaction) => {
    const message = transaction as Message<SipMessage>;
    return [{ type: 'sip', body: body(message), direction: message.direction }];
  },
  context: (transaction) => body(transaction as Message<SipMessage>),
};
