/** DNS over TCP (messages behind their lengths, several in a segment) on damaged bytes. node fuzz/dns-tcp.fuzz.ts [SECONDS] [SEED] */
import { bytesOf, fuzzSession } from './session.ts';

const QUESTION = '\x03www\x07example\x03com\x00';
const query = `\x12\x34\x01\x00\x00\x01\x00\x00\x00\x00\x00\x00${QUESTION}\x00\x01\x00\x01`;
const answer = `\x12\x34\x81\x80\x00\x01\x00\x01\x00\x00\x00\x00${QUESTION}\x00\x01\x00\x01\xc0\x0c\x00\x01\x00\x01\x00\x00\x01\x2c\x00\x04\x01\x02\x03\x04`;
const behindLength = (message: string): string => String.fromCharCode(message.length >> 8, message.length & 255) + message;
fuzzSession('dns', [
  { client: bytesOf(behindLength(query)), server: bytesOf(behindLength(answer)) },
  { client: bytesOf(behindLength(query).repeat(3)), server: bytesOf(behindLength(answer).repeat(3)) },
]);
