/** HTTP/1: recognition, records, and what the folder's other files hold put together. */
import { latin1, utf8 } from '@sigwright/bytes';
import { IS_THIS, NEED_MORE, NOT_THIS, type ProtocolDefinition, type ProtocolRecord, type Recognition, TO_CLIENT, TO_SERVER } from '@sigwright/contracts';
import { buffers } from './buffers.ts';
import { keywords } from './keywords.ts';
import { HttpSession } from './session.ts';
import { COMPLETE, type HttpTransaction } from './transactions.ts';
import { hostName, hostPort } from './uri.ts';

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
  'SEARCH',
  'REPORT',
  'CHECKOUT',
  'BPROPFIND',
  'SUBSCRIBE',
  'NOTIFY',
  'POLL',
  'M-SEARCH',
  'MERGE',
  'RPC_IN_DATA',
  'RPC_OUT_DATA',
  'VERSION-CONTROL',
  'CHECKIN',
  'UNCHECKOUT',
  'MKWORKSPACE',
  'UPDATE',
  'LABEL',
  'BASELINE-CONTROL',
  'MKACTIVITY',
  'ORDERPATCH',
  'ACL',
  'QUIT',
];
/** A line that ends in a protocol version is a request whatever it begins with. */
const LONGEST_FIRST_LINE = 4096;

function recognise(bytes: Uint8Array, start: number, end: number, direction: number): Recognition {
  let at = start;
  while (at < end && (bytes[at] === 0x0d || bytes[at] === 0x0a)) at++;
  if (at - start > 16) return NOT_THIS;
  const head = latin1(bytes, at, Math.min(end, at + 20));
  if (head === '') return NEED_MORE;
  if (direction === TO_CLIENT) {
    const upper = head.slice(0, 5).toUpperCase();
    return upper === 'HTTP/' ? IS_THIS : 'HTTP/'.startsWith(upper) ? NEED_MORE : NOT_THIS;
  }
  for (const method of METHODS) {
    if (head.startsWith(`${method} `) || head.startsWith(`${method}\t`)) return IS_THIS;
    if (method.startsWith(head)) return NEED_MORE;
  }
  if (!/^[A-Za-z][A-Za-z_-]{0,19}(?:[ \t]|$)/.test(head)) return NOT_THIS;
  const line = latin1(bytes, at, Math.min(end, at + LONGEST_FIRST_LINE));
  const newline = line.indexOf('\n');
  if (newline === -1) return line.length < LONGEST_FIRST_LINE ? NEED_MORE : NOT_THIS;
  return /\sHTTP\/\d\.\d\s*$/.test(line.slice(0, newline)) ? IS_THIS : NOT_THIS;
}

function body(transaction: HttpTransaction): Record<string, unknown> {
  const { request, response } = transaction;
  const record: Record<string, unknown> = {};
  const host = transaction.writtenHost;
  if (host !== undefined) {
    record['hostname'] = hostName(host);
    const port = hostPort(host);
    if (port !== undefined) record['http_port'] = port;
  }
  if (request.seen) record['url'] = utf8(request.second);
  const agent = request.headers?.get('user-agent');
  if (agent !== undefined) record['http_user_agent'] = utf8(agent);
  const forwarded = request.headers?.text('x-forwarded-for');
  if (forwarded !== undefined) record['xff'] = forwarded;
  const type = response.headers?.text('content-type');
  if (type !== undefined) record['http_content_type'] = type.split(/[;\s,]/)[0];
  const referer = request.headers?.get('referer');
  if (referer !== undefined) record['http_refer'] = utf8(referer);
  if (request.seen) {
    record['http_method'] = transaction.method;
    if (request.third.length > 0) record['protocol'] = latin1(request.third);
  } else if (response.seen) record['protocol'] = latin1(response.first);
  if (response.seen) {
    if (transaction.status > 0) record['status'] = transaction.status;
    const location = response.headers?.get('location');
    if (location !== undefined && transaction.status >= 300 && transaction.status < 400) record['redirect'] = utf8(location);
  }
  record['length'] = response.wireLength;
  return record;
}

export const protocol: ProtocolDefinition = {
  name: 'http',
  aliases: ['http1'],
  recordName: 'http',
  transport: ['tcp'],
  summary: 'HTTP/1.0 and 1.1',
  ports: [80],
  anyPort: true,
  recognise,
  open: (_flow, settings) => new HttpSession(settings),
  complete: [COMPLETE, COMPLETE],
  buffers,
  keywords,
  anomalies: [
    { name: 'unable_to_match_response_to_request', summary: 'a response came for no request' },
    { name: 'request_header_invalid', summary: 'a header line of the request has no colon' },
    { name: 'response_header_invalid', summary: 'a header line of the response has no colon' },
    { name: 'request_too_many_headers', summary: 'more headers than are read' },
    { name: 'response_too_many_headers', summary: 'more headers than are read' },
    { name: 'request_line_missing_protocol', summary: 'a request without version, as in HTTP/0.9' },
    { name: 'response_invalid_protocol', summary: 'a response that does not begin with HTTP/' },
    { name: 'missing_host_header', summary: 'HTTP/1.1 without a host' },
    { name: 'invalid_transfer_encoding_value_in_request', summary: 'a transfer coding that is not known' },
    { name: 'invalid_transfer_encoding_value_in_response', summary: 'a transfer coding that is not known' },
    { name: 'invalid_content_length_field_in_request', summary: 'a length that is no number' },
    { name: 'invalid_content_length_field_in_response', summary: 'a length that is no number' },
    { name: 'duplicate_content_length_field_in_request', summary: 'two lengths' },
    { name: 'duplicate_content_length_field_in_response', summary: 'two lengths' },
    { name: 'invalid_request_chunk_len', summary: 'a chunk without a valid length' },
    { name: 'invalid_response_chunk_len', summary: 'a chunk without a valid length' },
    { name: 'request_auth_unrecognized', summary: 'an authentication scheme that is not known' },
    { name: 'abnormal_ce_header', summary: 'a content coding that is not known' },
    { name: 'too_many_encoding_layers', summary: 'more content codings than are undone' },
    { name: 'gzip_decompression_failed', summary: 'gzip that does not decode' },
    { name: 'deflate_decompression_failed', summary: 'deflate that does not decode' },
    { name: 'br_decompression_failed', summary: 'brotli that does not decode' },
    { name: 'lzma_decompression_failed', summary: 'LZMA that does not decode' },
    { name: 'zstd_decompression_failed', summary: 'Zstandard that does not decode' },
    { name: 'response_invalid_folded_field', summary: 'a folded line of the response is a header of its own' },
    { name: 'response_body_unexpected', summary: 'bytes after a response that begin no other one' },
    { name: 'compression_bomb', summary: 'a body that grows beyond the limit when decoded' },
    { name: 'request_line_too_long', summary: 'a first line beyond the limit' },
    { name: 'response_line_too_long', summary: 'a first line beyond the limit' },
    { name: 'request_headers_too_long', summary: 'headers beyond the limit' },
    { name: 'response_headers_too_long', summary: 'headers beyond the limit' },
    { name: 'too_many_transactions', summary: 'more pipelined requests than are followed' },
  ],
  records(transaction): readonly ProtocolRecord[] {
    const one = transaction as HttpTransaction;
    return one.request.seen || one.response.seen ? [{ type: 'http', body: body(one), direction: TO_SERVER }] : [];
  },
  context: (transaction) => body(transaction as HttpTransaction),
};
