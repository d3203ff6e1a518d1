/** HTTP/2 on damaged bytes. node fuzz/http2.fuzz.ts [SECONDS] [SEED] */
import { HTTP2, PREFACE } from '../packages/catalogue/http2-samples.ts';
import { bytesOf, fuzzSession } from './session.ts';

const client = PREFACE + HTTP2.settings + HTTP2.get + HTTP2.post + HTTP2.form + HTTP2.window + HTTP2.ping + HTTP2.reset + HTTP2.bye;
const server = HTTP2.settings + HTTP2.acknowledged + HTTP2.promise + HTTP2.found + HTTP2.hello + HTTP2.promised + HTTP2.missing;

fuzzSession('http2', [
  { client: bytesOf(client), server: bytesOf(server) },
  { client: bytesOf(HTTP2.get + HTTP2.post), server: bytesOf(HTTP2.found + HTTP2.missing) },
]);
