/** HMAC with SHA-256 (RFC 2104) and the two halves of HKDF (RFC 5869), with the labels that TLS 1.3 gives it (RFC 8446 section 7.1). */
import { concatBytes, fromLatin1 } from '../text.ts';
import { Sha256 } from './sha256.ts';

const BLOCK = 64;
const DIGEST = 32;
const INNER = 0x36;
const OUTER = 0x5c;

export function hmacSha256(key: Uint8Array, message: Uint8Array): Uint8Array {
  const short = key.length > BLOCK ? new Sha256().update(key).digest() : key;
  const inner = new Uint8Array(BLOCK).fill(INNER);
  const outer = new Uint8Array(BLOCK).fill(OUTER);
  for (let at = 0; at < short.length; at++) {
    inner[at] ^= short[at];
    outer[at] ^= short[at];
  }
  return new Sha256().update(outer).update(new Sha256().update(inner).update(message).digest()).digest();
}

export function hkdfExtract(salt: Uint8Array, secret: Uint8Array): Uint8Array {
  return hmacSha256(salt, secret);
}

export function hkdfExpand(secret: Uint8Array, context: Uint8Array, length: number): Uint8Array {
  const result = new Uint8Array(length);
  let block = new Uint8Array(0);
  for (let at = 0, count = 1; at < length; at += DIGEST, count++) {
    block = hmacSha256(secret, concatBytes(block, context, Uint8Array.of(count))) as Uint8Array<ArrayBuffer>;
    result.set(block.subarray(0, length - at), at);
  }
  return result;
}

/** HKDF-Expand-Label with an empty context. */
export function hkdfExpandLabel(secret: Uint8Array, label: string, length: number): Uint8Array {
  const name = fromLatin1(`tls13 ${label}`);
  return hkdfExpand(secret, concatBytes(Uint8Array.of(length >>> 8, length & 255, name.length), name, Uint8Array.of(0)), length);
}
