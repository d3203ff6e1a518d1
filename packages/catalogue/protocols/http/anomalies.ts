/** What is odd about the head of a message (RFC 9110, RFC 9112), and the names under which rules ask for it. */
import { latin1 } from '@sigwright/bytes';
import { type AnomalyDefinition, type Direction, TO_CLIENT } from '@sigwright/contracts';
import { contentRange } from '../../formats/http-message/content-range.ts';
import type { HttpTransaction } from '../../formats/http-message/exchange.ts';
import type { Header, HeaderBlock } from '../../formats/http-message/headers.ts';
import { isBlank, isSpace } from '../../formats/http-message/lines.ts';
import { hostName, hostPort, targetHost } from '../../formats/http-message/uri.ts';
import { asWritten } from '../../formats/http-message/words.ts';

const LONG_FILE_NAME = 255;
const HIGHEST_PORT = 65_535;
/** What comes twice of these is told otherwise. */
const MAY_REPEAT = new Set(['', 'content-length']);
const PERCENT = 0x25;
const COLON = 0x3a;
const TWO = 0x32;
const FIVE = 0x35;

/** `directly`: a request of the session before any proxy; `port`: where it went; `longest`: a header. */
export function observeRequest(transaction: HttpTransaction, line: Uint8Array, port: number, longest: number): void {
  const { request } = transaction;
  if (line.length > 0 && isSpace(line[0])) transaction.raise('request_line_leading_whitespace');
  const afterMethod = afterBlanks(line, 0) + request.first.length;
  if (request.first.length > 0 && oddDelimiter(line, afterMethod)) transaction.raise('method_delim_non_compliant');
  if (request.second.length > 0 && oddDelimiter(line, afterBlanks(line, afterMethod) + request.second.length)) transaction.raise('uri_delim_non_compliant');
  if (isDoubleEncoded(request.second)) transaction.raise('double_encoded_uri');
  const headers = request.headers;
  if (headers === undefined) return;
  observeHeaders(transaction, headers, 'request', longest);
  const inTarget = targetHost(request.second);
  const inHeader = headers.text('host');
  if (inHeader === undefined && /1\.1$/.test(asWritten(request.third))) transaction.raise('missing_host_header');
  if (inTarget !== undefined && inHeader !== undefined && hostName(inTarget) !== hostName(inHeader)) transaction.raise('host_header_ambiguous');
  if (inTarget !== undefined && !isHost(inTarget)) transaction.raise('request_uri_host_invalid');
  if (inHeader !== undefined && !isHost(inHeader)) transaction.raise('request_header_host_invalid');
  const written = inTarget ?? inHeader;
  const writtenPort = written === undefined ? undefined : hostPort(written);
  if (writtenPort !== undefined && (writtenPort === 0 || writtenPort > HIGHEST_PORT))
    transaction.raise(inTarget === undefined ? 'invalid_server_port_in_request' : 'invalid_authority_port');
  else if (writtenPort !== undefined && transaction.method !== 'CONNECT' && writtenPort !== port) transaction.raise('request_server_port_tcp_port_mismatch');
  const authorization = headers.text('authorization');
  if (authorization !== undefined && !/^(basic|digest|bearer|negotiate|ntlm)\b/i.test(authorization)) transaction.raise('request_auth_unrecognized');
}

export function observeResponse(transaction: HttpTransaction, longest: number): void {
  const { response } = transaction;
  const { first, second } = response;
  if (!/^HTTP\/\d\.\d$/i.test(asWritten(first))) transaction.raise('response_invalid_protocol');
  if (second.length !== 3 || transaction.status < 100) transaction.raise('response_invalid_status');
  const headers = response.headers;
  if (headers === undefined) return;
  observeHeaders(transaction, headers, 'response', longest);
  if (transaction.tellsItsEnd) transaction.raise('response_multipart_byteranges');
  const range = headers.text('content-range');
  if (range !== undefined && contentRange(range) === undefined) transaction.raise('range_invalid');
}

/** Is the header of which bytes[start, end) is the beginning longer than `longest` already, blanks around its value left out? */
export function isLongField(bytes: Uint8Array, start: number, end: number, longest: number): boolean {
  if (end - start <= longest) return false;
  const colon = bytes.indexOf(COLON, start);
  if (colon === -1 || colon >= end) return false;
  let from = colon + 1;
  while (from < end && isSpace(bytes[from])) from++;
  let to = end;
  while (to > from && isSpace(bytes[to - 1])) to--;
  let nameEnd = colon;
  while (nameEnd > start && isSpace(bytes[nameEnd - 1])) nameEnd--;
  return nameEnd - start + to - from > longest;
}

function observeHeaders(transaction: HttpTransaction, headers: HeaderBlock, name: 'request' | 'response', longest: number): void {
  for (const fault of headers.faults) transaction.raise(FAULTS[fault].replace('*', name));
  const { list } = headers;
  for (let at = 0; at < list.length; at++) if (list[at].size > longest) transaction.raise(`${name}_field_too_long`);
  if (repeatsOne(list)) transaction.raise(`${name}_header_repetition`);
}

/** Up to so many headers each is compared with those before it; a set is only made for more. */
const FEW_HEADERS = 32;

function repeatsOne(list: readonly Header[]): boolean {
  if (list.length > FEW_HEADERS) {
    const keys = list.map(({ key }) => key).filter((key) => !MAY_REPEAT.has(key));
    return new Set(keys).size < keys.length;
  }
  for (let at = 1; at < list.length; at++) {
    const { key } = list[at];
    for (let before = 0; before < at; before++)
      if (list[before].key === key) {
        if (!MAY_REPEAT.has(key)) return true;
        break;
      }
  }
  return false;
}

const FAULTS: Readonly<Record<string, string>> = {
  missing_colon: '*_field_missing_colon',
  invalid_name: '*_header_invalid',
  folded_field: 'invalid_*_field_folding',
  too_many_headers: '*_too_many_headers',
};

export function observeFileName(transaction: HttpTransaction, name: string): void {
  if (name.length > LONG_FILE_NAME) transaction.raise('file_name_too_long');
}

function afterBlanks(line: Uint8Array, from: number): number {
  let at = from;
  while (at < line.length && isBlank(line[at])) at++;
  return at;
}

/** One blank follows a well-formed word, which ends at `stop`. */
function oddDelimiter(line: Uint8Array, stop: number): boolean {
  if (stop >= line.length) return false;
  return line[stop] !== 0x20 || (stop + 1 < line.length && isBlank(line[stop + 1]));
}

/** `%25` before two hexadecimal digits. */
function isDoubleEncoded(target: Uint8Array): boolean {
  for (let at = 0; at < target.length; at++)
    if (
      target[at] === PERCENT &&
      target[at + 1] === TWO &&
      target[at + 2] === FIVE &&
      /^[0-9a-f]{2}$/i.test(latin1(target, at + 3, Math.min(at + 5, target.length)))
    )
      return true;
  return false;
}

/** Names with the underscores that are in use, addresses, and a port. */
function isHost(host: string): boolean {
  return /^\s*(?:[\w.-]{1,255}|\[[\da-f:.]{2,45}\])(?::\d{1,5})?\s*$/i.test(host);
}

function both(name: string, summary: string): AnomalyDefinition[] {
  return ['request', 'response'].map((side) => ({ name: name.replace('*', side), summary: summary.replace('*', side) }));
}

export const anomalies: readonly AnomalyDefinition[] = [
  ...both('*_field_missing_colon', 'a header line of the * has no colon'),
  ...both('*_header_invalid', 'a header name of the * has bytes that names can not have'),
  ...both('*_header_repetition', 'a header of the * comes twice'),
  ...both('*_field_too_long', 'a header of the * is longer than peers take'),
  ...both('*_too_many_headers', 'more headers in the * than are read'),
  ...both('*_line_too_long', 'the first line of the * is longer than is read'),
  ...both('*_headers_too_long', 'the headers of the * are longer than is read'),
  { name: 'request_line_invalid', summary: 'neither method nor version of the request are known' },
  { name: 'request_body_unexpected', summary: 'bytes that came with a request, behind it, and begin with no method' },
  { name: 'response_body_unexpected', summary: 'bytes after a response that begin no other one' },
  ...both('invalid_*_field_folding', 'a folded line of the * that is a header of its own or follows none'),
  ...both('invalid_*_chunk_len', 'a chunk of the * without a valid length'),
  ...both('invalid_transfer_encoding_value_in_*', 'a transfer coding of the * that is not known'),
  ...both('invalid_content_length_field_in_*', 'a length in the * that is no number'),
  ...both('duplicate_content_length_field_in_*', 'two lengths in the *'),
  { name: 'unable_to_match_response_to_request', summary: 'a response came for no request' },
  { name: 'request_line_missing_protocol', summary: 'a request without version, and headers all the same' },
  { name: 'request_line_leading_whitespace', summary: 'blanks before the method' },
  { name: 'request_line_incomplete', summary: 'the connection ends within the first line' },
  { name: 'method_delim_non_compliant', summary: 'not one space between method and target' },
  { name: 'uri_delim_non_compliant', summary: 'not one space between target and version' },
  { name: 'double_encoded_uri', summary: 'percent escapes that make percent escapes' },
  { name: 'missing_host_header', summary: 'HTTP/1.1 without a host' },
  { name: 'host_header_ambiguous', summary: 'target and header name two hosts' },
  { name: 'request_uri_host_invalid', summary: 'the host in the target is no host name' },
  { name: 'request_header_host_invalid', summary: 'the Host header is no host name' },
  { name: 'invalid_server_port_in_request', summary: 'the port in the Host header is none' },
  { name: 'invalid_authority_port', summary: 'the port in the target is none' },
  { name: 'request_server_port_tcp_port_mismatch', summary: 'the request names another port than it was sent to' },
  { name: 'request_auth_unrecognized', summary: 'an authentication scheme that is not known' },
  { name: 'request_chunk_extension', summary: 'a chunk of the request has an extension' },
  { name: '100_continue_already_seen', summary: 'a second interim response 100' },
  { name: 'response_invalid_protocol', summary: 'a response without a version of HTTP' },
  { name: 'response_invalid_status', summary: 'a status that is not three digits' },
  { name: 'response_chunked_old_proto', summary: 'chunks before HTTP/1.1' },
  { name: 'response_abnormal_transfer_encoding', summary: 'the coding `chunked` with something around it' },
  { name: 'response_multipart_byteranges', summary: 'several ranges in one response' },
  { name: 'multipart_generic_error', summary: 'a form without boundary' },
  { name: 'multipart_invalid_header', summary: 'a part of a form that does not say what it is' },
  { name: 'multipart_no_filedata', summary: 'a part of a form that names a file and holds none' },
  { name: 'failed_protocol_change', summary: 'a change of protocol after one that failed' },
  { name: 'range_invalid', summary: 'a Content-Range that can not be read' },
  { name: 'file_name_too_long', summary: 'a file name longer than file systems take' },
  { name: 'abnormal_ce_header', summary: 'a content coding that is not known' },
  { name: 'too_many_encoding_layers', summary: 'more content codings than are undone' },
  { name: 'gzip_decompression_failed', summary: 'gzip that does not decode' },
  { name: 'deflate_decompression_failed', summary: 'deflate that does not decode' },
  { name: 'br_decompression_failed', summary: 'brotli that does not decode' },
  { name: 'lzma_decompression_failed', summary: 'LZMA that does not decode' },
  { name: 'zstd_decompression_failed', summary: 'Zstandard that does not decode' },
  { name: 'compression_bomb', summary: 'a body that grows beyond the limit when decoded' },
  { name: 'too_many_warnings', summary: 'so much was odd on the connection that nothing more is told' },
  { name: 'too_many_transactions', summary: 'more pipelined requests than are followed' },
];

/** By direction, for names that differ only in that. */
export function side(direction: Direction): 'request' | 'response' {
  return direction === TO_CLIENT ? 'response' : 'request';
}
