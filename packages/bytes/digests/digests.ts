/** Digests of whole byte strings, and the classes that take bytes in pieces. */
import { Md5 } from './md5.ts';
import { Sha1 } from './sha1.ts';
import { Sha256 } from './sha256.ts';

export { Md5, Sha1, Sha256 };

export function md5(input: Uint8Array): Uint8Array {
  return new Md5().update(input).digest();
}

export function sha1(input: Uint8Array): Uint8Array {
  return new Sha1().update(input).digest();
}

export function sha256(input: Uint8Array): Uint8Array {
  return new Sha256().update(input).digest();
}
