/** The opening of SSH: the banner (RFC 4253 section 4.2) and the offer of algorithms (section 7.1), as OpenSSH 9 sends them. */
import { ByteWriter } from './byte-writer.ts';
import type { SeededRandom } from './random.ts';

const KEX_INIT = 20;
const COOKIE_LENGTH = 16;
const BLOCK = 8;
const LEAST_PADDING = 4;
const CIPHERS = 'chacha20-poly1305@openssh.com,aes128-ctr,aes192-ctr,aes256-ctr,aes128-gcm@openssh.com,aes256-gcm@openssh.com';
const MACS = 'umac-128-etm@openssh.com,hmac-sha2-256-etm@openssh.com,hmac-sha2-256,hmac-sha2-512';
/** Key exchange, host keys, and then each for both directions: ciphers, codes, compression, languages. */
const LISTS: readonly string[] = [
  'curve25519-sha256,curve25519-sha256@libssh.org,ecdh-sha2-nistp256,diffie-hellman-group14-sha256',
  'ssh-ed25519,ecdsa-sha2-nistp256,rsa-sha2-512,rsa-sha2-256',
  CIPHERS,
  CIPHERS,
  MACS,
  MACS,
  'none,zlib@openssh.com',
  'none,zlib@openssh.com',
  '',
  '',
];

export function sshKeyExchangeInit(random: SeededRandom): Uint8Array {
  const message = new ByteWriter().uint8(KEX_INIT).append(random.bytes(COOKIE_LENGTH));
  for (const list of LISTS) message.uint32(list.length).text(list);
  const body = message.uint8(0).uint32(0).finish();
  const unpadded = 5 + body.length;
  const padding = BLOCK - (unpadded % BLOCK) + (BLOCK - (unpadded % BLOCK) < LEAST_PADDING ? BLOCK : 0);
  return new ByteWriter()
    .uint32(1 + body.length + padding)
    .uint8(padding)
    .append(body)
    .append(random.bytes(padding))
    .finish();
}
