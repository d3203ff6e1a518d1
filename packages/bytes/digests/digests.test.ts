import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { fromUtf8, hex } from '../text.ts';
import { BlockHash, bigWord } from './block-hash.ts';
import { Md5, md5, Sha1, Sha256, sha1, sha256 } from './digests.ts';

const DIGESTS = [
  ['md5', md5, Md5],
  ['sha1', sha1, Sha1],
  ['sha256', sha256, Sha256],
] as const;

describe('published vectors', () => {
  test.each([
    ['RFC 1321: empty', md5, '', 'd41d8cd98f00b204e9800998ecf8427e'],
    ['RFC 1321: message digest', md5, 'message digest', 'f96b697d7cb7938d525a2f31aaf161d0'],
    ['RFC 1321: 80 digits', md5, '1234567890'.repeat(8), '57edf4a22be3c955ac49da2e2107b67a'],
    ['FIPS 180: abc', sha1, 'abc', 'a9993e364706816aba3e25717850c26c9cd0d89d'],
    ['FIPS 180: two blocks', sha1, 'abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq', '84983e441c3bd26ebaae4aa1f95129e5e54670f1'],
    ['FIPS 180: abc', sha256, 'abc', 'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad'],
    [
      'FIPS 180: two blocks',
      sha256,
      'abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq',
      '248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1',
    ],
  ])('%s', (_why, digest, text, expected) => {
    expect(hex(digest(fromUtf8(text)))).toBe(expected);
  });
});

describe.each(DIGESTS)('%s', (name, whole, Hash) => {
  test('every length around the ends of blocks', () => {
    const bytes = Uint8Array.from({ length: 200 }, (_, at) => (at * 7) & 255);
    for (let length = 0; length <= bytes.length; length++)
      expect(hex(whole(bytes.subarray(0, length)))).toBe(createHash(name).update(bytes.subarray(0, length)).digest('hex'));
  });

  test('every split gives the same', () => {
    const bytes = Uint8Array.from({ length: 150 }, (_, at) => (at * 31) & 255);
    const expected = hex(whole(bytes));
    for (let size = 1; size <= bytes.length; size++) {
      const hash = new Hash();
      for (let at = 0; at < bytes.length; at += size) hash.update(bytes, at, Math.min(bytes.length, at + size));
      expect(hex(hash.digest())).toBe(expected);
    }
  });

  test('random bytes in random pieces', () => {
    fc.assert(
      fc.property(fc.array(fc.uint8Array({ maxLength: 200 }), { maxLength: 8 }), (pieces) => {
        const hash = new Hash();
        const theirs = createHash(name);
        for (const piece of pieces) {
          hash.update(piece);
          theirs.update(piece);
        }
        expect(hex(hash.digest())).toBe(theirs.digest('hex'));
      }),
      { seed: 3 },
    );
  });
});

test('behind 2^29 bytes the length in bits needs its upper half', () => {
  /** Keeps the last eight bytes of the last block. */
  class LengthOnly extends BlockHash {
    protected mix(bytes: Uint8Array, at: number): void {
      this.state[0] = bigWord(bytes, at + 56);
      this.state[1] = bigWord(bytes, at + 60);
    }
  }
  const hash = new LengthOnly(new Int32Array(2), false);
  const piece = new Uint8Array(1 << 25);
  for (let times = 0; times < 17; times++) hash.update(piece);
  expect(hex(hash.digest())).toBe((17n * 2n ** 28n).toString(16).padStart(16, '0'));
});
