/** HTTP/1 on damaged bytes. node fuzz/http.fuzz.ts [SECONDS] [SEED] */
import { gzipSync } from 'node:zlib';
import { bytesOf, fuzzSession } from './session.ts';

const zipped = String.fromCharCode(...gzipSync('compressed words, compressed words'));
fuzzSession('http', [
  {
    client: bytesOf('GET /a/../b%20c?d=e HTTP/1.1\r\nHost: example.com\r\nUser-Agent: x\r\n\r\nGET /2 HTTP/1.0\r\n\r\n'),
    server: bytesOf('HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhelloHTTP/1.0 404 No\r\n\r\nrest'),
  },
  {
    client: bytesOf('POST /x HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n'),
    server: bytesOf('HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3;x=y\r\nabc\r\nA\r\n0123456789\r\n0\r\nT: v\r\n\r\n'),
  },
  {
    client: bytesOf('GET /z HTTP/1.1\r\nHost: a\r\nCookie: b\r\n folded\r\n\r\n'),
    server: bytesOf(`HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: ${zipped.length}\r\n\r\n${zipped}`),
  },
  { client: bytesOf('CONNECT h:443 HTTP/1.1\r\nHost: h\r\n\r\nbytes'), server: bytesOf('HTTP/1.1 200 OK\r\n\r\nbytes') },
  { client: bytesOf('HEAD /\n\nGET / HTTP/1.1\nUpgrade: websocket\n\n'), server: bytesOf('HTTP/1.1 101 Switching\r\nUpgrade: websocket\r\n\r\n') },
]);
