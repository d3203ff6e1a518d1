/** HTTP/1 responses of which the capture lost a part: what follows is read again, and belongs to its own request. */
import { fromLatin1, latin1 } from '@sigwright/bytes';
import { DEFAULT_SETTINGS, Flow, TCP, TO_CLIENT, TO_SERVER } from '@sigwright/contracts';
import { describe, expect, test } from 'vitest';
import type { HttpTransaction } from '../../formats/http-message/exchange.ts';
import { protocol } from './http.definition.ts';

const REQUEST = 'GET /n HTTP/1.1\r\nHost: a\r\n\r\n';
const NEXT = 'HTTP/1.1 404 Not Found\r\nContent-Length: 4\r\n\r\nnext';

const SIZED = 'HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n';

/** Status and kept body of each of two responses; `server`: texts, and numbers of lost bytes. */
function responses(server: readonly (string | number)[], size: number): string[] {
  const flow = new Flow();
  flow.protocol = TCP;
  const session = protocol.open(flow, DEFAULT_SETTINGS);
  const requests = fromLatin1(REQUEST + REQUEST);
  session.consume(TO_SERVER, requests, 0, requests.length, false, 1);
  let held = '';
  for (const part of server) {
    if (typeof part === 'number') {
      held = '';
      if (!session.skip(TO_CLIENT, part)) return ['given up'];
      continue;
    }
    for (let at = 0; at < part.length; at += size) {
      held += part.slice(at, at + size);
      const bytes = fromLatin1(held);
      held = held.slice(Math.max(0, session.consume(TO_CLIENT, bytes, 0, bytes.length, false, 1)));
    }
  }
  session.finish(2);
  return session.transactions.map((one) => {
    const { response } = one as HttpTransaction;
    return `${latin1(response.second)} ${latin1(response.body.bytes, 0, response.body.kept)}`;
  });
}

describe.each([
  ['its head', [120, 'the first body', NEXT], [' the first body', '404 next']],
  ['its head, and the body looks a little like a head', [120, 'all about HTTP/1.1 2x', NEXT], [' all about HTTP/1.1 2x', '404 next']],
  ['a part of its head', ['HTTP/1.1 200 OK\r\nContent-', 80, 'the first body', NEXT], ['200 the first body', '404 next']],
  ['the middle of its body', [`${SIZED}abc`, 4, `xyz${NEXT}`], ['200 abcxyz', '404 next']],
  ['the end of its body and more, so that nobody knows what the next one answers', [`${SIZED}abc`, 90, `second body${NEXT}`], ['200 abc', ' ']],
  ['its head, and more of its body', [120, 'the first\n HTTP/1.', 30, 'body', NEXT], [' the first\n HTTP/1.body', '404 next']],
  ['more than a chunk', ['HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nab', 30, `xyz${NEXT}`], ['200 abxyz', '404 next']],
] as const)('a response that lost %s', (_what, server, expected) => {
  test.each([1, 2, 3, 7, 1000])('in pieces of %i bytes', (size) => {
    expect(responses(server, size)).toEqual(expected);
  });
});

test.each<readonly [why: string, server: readonly (string | number)[], expected: readonly string[] | undefined]>([
  ['the middle of a body', [`${SIZED}abc`, 4], undefined],
  ['the end of a body, which may as well be more of it', [`${SIZED}abc`, 7], ['response_body_unexpected']],
  ['the beginning of an answer', [120, 'the first body'], ['response_body_unexpected']],
])('what is told where %s is lost', (_why, server, expected) => {
  const session = protocol.open(new Flow(), DEFAULT_SETTINGS);
  const request = fromLatin1(REQUEST);
  session.consume(TO_SERVER, request, 0, request.length, false, 1);
  for (const part of server) {
    if (typeof part === 'number') session.skip(TO_CLIENT, part);
    else session.consume(TO_CLIENT, fromLatin1(part), 0, part.length, false, 1);
  }
  expect(session.transactions[0].anomalies).toEqual(expected);
});

test('a body of which nothing is left is a file with a gap all the same', () => {
  const flow = new Flow();
  flow.protocol = TCP;
  const session = protocol.open(flow, DEFAULT_SETTINGS);
  const [request, head] = [fromLatin1(REQUEST), fromLatin1('HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n')];
  session.consume(TO_SERVER, request, 0, request.length, false, 1);
  session.consume(TO_CLIENT, head, 0, head.length, false, 1);
  session.skip(TO_CLIENT, 30);
  session.finish(2);
  expect(session.transactions[0].files).toMatchObject([{ name: '/n', size: 10, kept: 0, gaps: true, state: 'TRUNCATED' }]);
});

test.each([
  ['shorter than the limit', 100, { size: 100, kept: 100, state: 'CLOSED' }],
  ['of which a part lies behind the limit', DEFAULT_SETTINGS.http.responseBodyLimit + 5, { kept: DEFAULT_SETTINGS.http.responseBodyLimit, state: 'TRUNCATED' }],
])('a body %s', (_why, length, file) => {
  const flow = new Flow();
  flow.protocol = TCP;
  const session = protocol.open(flow, DEFAULT_SETTINGS);
  const [request, answer] = [fromLatin1(REQUEST), fromLatin1(`HTTP/1.1 200 OK\r\nContent-Length: ${length}\r\n\r\n${'x'.repeat(length)}`)];
  session.consume(TO_SERVER, request, 0, request.length, false, 1);
  session.consume(TO_CLIENT, answer, 0, answer.length, false, 1);
  expect(session.transactions[0].files).toMatchObject([{ size: file.kept, ...file }]);
});
