/** SSH banners on damaged bytes. node fuzz/ssh.fuzz.ts [SECONDS] [SEED] */
import { bytesOf, fuzzSession } from './session.ts';

const packet = '\x00\x00\x00\x0c\x0a\x14\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00';
const keys = '\x00\x00\x00\x0c\x0a\x15\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00';
fuzzSession('ssh', [
  { client: bytesOf(`SSH-2.0-OpenSSH_9.6\r\n${packet}${keys}encrypted`), server: bytesOf(`notice\r\nSSH-2.0-dropbear\n${packet}${keys}encrypted`) },
  { client: bytesOf('SSH-1.99-x comment\n'), server: bytesOf('SSH-2.0-\r\n') },
]);
