/** HTTP/1: recognition, records, and what the folder's other files hold put together. */
import { base64, dotted, entryOf, latin1, shownLatin1, shownText } from '@sigwright/bytes';
import {
  type Direction,
  type Flow,
  hooks,
  IS_THIS,
  IS_THIS_REVERSED,
  isOn,
  leastBody,
  listed,
  NEED_MORE,
  NOT_THIS,
  type ProtocolDefinition,
  type ProtocolRecord,
  type Recognition,
  type RecordOptions,
  TO_CLIENT,
  TO_SERVER,
} from '@sigwright/contracts';
import { ByteRanges } from '../../formats/http-message/byte-ranges.ts';
import { BODY, COMPLETE, HEADERS, type HttpTransaction, LINE, TRAILER } from '../../formats/http-message/exchange.ts';
import { hostName, hostPort } from '../../formats/http-message/uri.ts';
import { asWritten } from '../../formats/http-message/words.ts';
import { anomalies } from './anomalies.ts';
import { buffers } from './buffers.ts';
import { keywords } from './keywords.ts';
import { settingsFor } from './servers.ts';
import { HttpSession } from './session.ts';

/** Methods of RFC 9110, WebDAV and their kin: what a request may begin with. */
const METHODS = [
  'GET',
  'POST',
  'HEAD',
  'PUT',
  'DELETE',
  'OPTIONS',
  'CONNECT',
  'TRACE',
  'PATCH',
  'PROPFIND',
  'PROPPATCH',
  'MKCOL',
  'COPY',
  'MOVE',
  'LOCK',
  'UNLOCK',
  'REPORT',
  'CHECKOUT',
  'MERGE',
  'VERSION-CONTROL',
  'CHECKIN',
  'UNCHECKOUT',
  'MKWORKSPACE',
  'UPDATE',
  'LABEL',
  'BASELINE-CONTROL',
  'MKACTIVITY',
];

const VERSIONS = ['HTTP/0.9', 'HTTP/1.0', 'HTTP/1.1'];

function recognise(bytes: Uint8Array, start: number, end: number, direction: number, flow: Flow): Recognition {
  let at = start;
  while (at < end && (bytes[at] === 0x0d || bytes[at] === 0x0a)) at++;
  if (at - start > 16) return NOT_THIS;
  const head = latin1(bytes, at, Math.min(end, at + 20));
  if (head === '') return NEED_MORE;
  // What HTTP/2 begins with, so that servers of HTTP/1 turn it down (RFC 9113 §3.4).
  if (head.startsWith('PRI * HTTP/2')) return NOT_THIS;
  if (direction === TO_CLIENT) {
    const upper = head.slice(0, 8).toUpperCase();
    return VERSIONS.includes(upper) ? IS_THIS : VERSIONS.some((version) => version.startsWith(upper)) ? NEED_MORE : NOT_THIS;
  }
  // The capture began in the middle, with the server.
  if (head.startsWith('HTTP/') && (flow.stream as { readonly midstream?: boolean } | undefined)?.midstream === true) return IS_THIS_REVERSED;
  for (const method of METHODS) {
    if (head.startsWith(`${method} `) || head.startsWith(`${method}\t`)) return IS_THIS;
    if (method.startsWith(head)) return NEED_MORE;
  }
  // Another method: the server's answer has to show what this is.
  return NOT_THIS;
}

function upTo(text: string, end: RegExp): string {
  const at = text.search(end);
  return at < 0 ? text : text.slice(0, at);
}

function addExtended(transaction: HttpTransaction, record: Record<string, unknown>): void {
  const { request, response } = transaction;
  const referer = request.headers?.get('referer');
  if (referer !== undefined) record['http_refer'] = shownText(referer);
  if (request.seen) {
    record['http_method'] = shownLatin1(transaction.method);
    if (request.third.length > 0) record['protocol'] = asWritten(request.third);
  } else if (response.seen) record['protocol'] = asWritten(response.first);
  if (response.seen) {
    if (transaction.status > 0) record['status'] = transaction.status;
    else if (response.second.length > 0) record['status_string'] = shownText(response.second);
    const location = response.headers?.get('location');
    if (location !== undefined && transaction.status >= 300 && transaction.status < 400) record['redirect'] = shownText(location);
  }
}

/** `extended`: what the exchange said beyond what it was about. */
function body(transaction: HttpTransaction, extended = true): Readonly<Record<string, unknown>> {
  const { request, response, progress } = transaction;
  if (extended && transaction.shown !== undefined) return transaction.shown;
  const record: Record<string, unknown> = {};
  const host = transaction.writtenHost;
  if (host !== undefined) {
    record['hostname'] = shownLatin1(hostName(host));
    const port = hostPort(host);
    if (port !== undefined) record['http_port'] = port;
  }
  if (request.seen) record['url'] = shownText(request.second);
  const agent = request.headers?.get('user-agent');
  if (agent !== undefined) record['http_user_agent'] = shownText(agent);
  const forwarded = request.headers?.text('x-forwarded-for');
  if (forwarded !== undefined) record['xff'] = forwarded;
  const type = response.headers?.text('content-type');
  if (type !== undefined) record['http_content_type'] = shownLatin1(upTo(type, /[;\s,]/));
  if (extended) addExtended(transaction, record);
  const range = transaction.range;
  if (range !== undefined) record['content_range'] = { raw: response.headers?.text('content-range'), ...range };
  if (extended) record['length'] = response.wireLength;
  if (extended && progress[TO_SERVER] >= COMPLETE && progress[TO_CLIENT] >= COMPLETE) transaction.shown = record;
  return record;
}

/** A header that the user guide writes in another way than the wire. */
const OTHER_SPELLINGS: Readonly<Record<string, string>> = { etags: 'etag' };

/** `dump-all-headers`: which directions it names. */
const DUMPED: Readonly<Record<string, readonly Direction[]>> = { both: [TO_SERVER, TO_CLIENT], request: [TO_SERVER], response: [TO_CLIENT] };

/** `extended` as written, else off where there are options at all; `custom` names further headers (`accept-language`, or `accept_language`). */
function recordOf(transaction: HttpTransaction, options: RecordOptions | undefined): Readonly<Record<string, unknown>> {
  if (options === undefined) return body(transaction);
  const record: Record<string, unknown> = { ...body(transaction, isOn(options['extended'], false)) };
  for (const written of listed(options['custom']) ?? []) {
    const spelt = written.replaceAll('_', '-');
    const name = entryOf(OTHER_SPELLINGS, spelt) ?? spelt;
    const value = transaction.request.headers?.get(name) ?? transaction.response.headers?.get(name);
    if (value !== undefined) record[name.replaceAll('-', '_')] = shownText(value);
  }
  for (const direction of entryOf(DUMPED, String(options['dump-all-headers'])) ?? []) {
    const { headers } = transaction.message(direction);
    if (headers === undefined) continue;
    record[direction === TO_SERVER ? 'request_headers' : 'response_headers'] = headers.list.map(({ name, value }) => ({
      name: shownText(name),
      value: shownText(value),
    }));
  }
  return record;
}

/** `http-body` and `http-body-printable`: the bodies as they were inspected. */
function bodies({ request, response }: HttpTransaction, options: RecordOptions): Record<string, unknown> {
  const shown: Record<string, unknown> = {};
  const forms = [
    ['http-body-printable', '_printable', dotted],
    ['http-body', '', base64],
  ] as const;
  for (const [option, ending, form] of forms) {
    if (!isOn(options[option], false)) continue;
    if (request.body.kept > 0) shown[`http_request_body${ending}`] = form(request.body.bytes.subarray(0, request.body.kept));
    if (response.body.kept > 0) shown[`http_response_body${ending}`] = form(response.body.bytes.subarray(0, response.body.kept));
  }
  return shown;
}

export const protocol: ProtocolDefinition = {
  name: 'http',
  aliases: ['http1'],
  aloneAs: 'http1',
  carriedBy: ['http2', 'doh2'],
  carriesFiles: true,
  recordName: 'http',
  transport: ['tcp'],
  summary: 'HTTP/1.0 and 1.1',
  ports: [80],
  anyPort: true,
  recognise,
  open: (flow, settings, shared) => new HttpSession(settingsFor(settings, flow), flow.destinationPort, shared?.one(ByteRanges)),
  // A body is inspected as a whole up to this size.
  keptStream: ({ http }) => [http.requestMinimumInspect, http.responseMinimumInspect],
  leastBody: (settings, flow) => leastBody(settingsFor(settings, flow)),
  complete: [COMPLETE, COMPLETE],
  hooks: [
    hooks({ request_started: 0, request_line: LINE, request_headers: HEADERS, request_body: BODY, request_trailer: TRAILER, request_complete: COMPLETE }),
    hooks({ response_started: 0, response_line: LINE, response_headers: HEADERS, response_body: BODY, response_trailer: TRAILER, response_complete: COMPLETE }),
  ],
  frames: ['request', 'response'],
  buffers,
  keywords,
  anomalies,
  anomaliesInCapitals: true,
  records(transaction, _flow, options): readonly ProtocolRecord[] {
    const one = transaction as HttpTransaction;
    return one.request.seen || one.response.seen ? [{ type: 'http', body: recordOf(one, options), direction: TO_SERVER }] : [];
  },
  context: (transaction) => body(transaction as HttpTransaction),
  requestHeader: (transaction, name) => (transaction as HttpTransaction).request.headers?.text(name),
  alertDetail: (transaction, options) => bodies(transaction as HttpTransaction, options),
};
