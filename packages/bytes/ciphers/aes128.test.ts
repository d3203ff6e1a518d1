/** Against the published vectors and against the platform's own AES, HMAC and HKDF. */
import { createCipheriv, createHmac, hkdfSync } from 'node:crypto';
import { expect, test } from 'vitest';
import { hkdfExpand, hkdfExpandLabel, hkdfExtract, hmacSha256 } from '../digests/hkdf.ts';
import { fromHex, hex } from '../text.ts';
import { AES_BLOCK, Aes128, openAes128Gcm, sealAes128Gcm } from './aes128.ts';

const bytes = (text: string): Uint8Array => fromHex(text)!;
const pattern = (length: number, step: number): Uint8Array => Uint8Array.from({ length }, (_, at) => (at * step + 11) & 255);

test('FIPS 197, appendix C.1', () => {
  const output = new Uint8Array(AES_BLOCK);
  new Aes128(bytes('000102030405060708090a0b0c0d0e0f')).encrypt(bytes('00112233445566778899aabbccddeeff'), 0, output, 0);
  expect(hex(output)).toBe('69c4e0d86a7b0430d8cdb78070b4c55a');
});

test('a block may become itself', () => {
  const block = bytes('00112233445566778899aabbccddeeff');
  new Aes128(bytes('000102030405060708090a0b0c0d0e0f')).encrypt(block, 0, block, 0);
  expect(hex(block)).toBe('69c4e0d86a7b0430d8cdb78070b4c55a');
});

test('GCM of every length around the ends of blocks opens, and one changed bit does not', () => {
  const nonce = pattern(12, 5);
  for (let length = 0; length < 50; length++) {
    const key = pattern(16, length + 1);
    const associated = pattern(length % 21, 3);
    const text = pattern(length, 7);
    const cipher = createCipheriv('aes-128-gcm', key, nonce).setAAD(associated);
    const sealed = Uint8Array.from([...cipher.update(text), ...cipher.final(), ...cipher.getAuthTag()]);
    expect(openAes128Gcm(new Aes128(key), nonce, associated, sealed, 0, sealed.length)).toEqual(text);
    expect(sealAes128Gcm(new Aes128(key), nonce, associated, text)).toEqual(sealed);
    sealed[length] ^= 1;
    expect(openAes128Gcm(new Aes128(key), nonce, associated, sealed, 0, sealed.length)).toBeUndefined();
  }
});

test('what is shorter than a tag does not open', () => {
  expect(openAes128Gcm(new Aes128(pattern(16, 1)), pattern(12, 1), pattern(1, 1), pattern(15, 1), 0, 15)).toBeUndefined();
});

test('HMAC with short and long keys', () => {
  for (const length of [0, 1, 63, 64, 65, 200])
    expect(hex(hmacSha256(pattern(length, 3), pattern(length, 5)))).toBe(createHmac('sha256', pattern(length, 3)).update(pattern(length, 5)).digest('hex'));
});

test('HKDF of every length', () => {
  const [salt, secret, context] = [pattern(20, 1), pattern(32, 3), pattern(9, 5)];
  for (const length of [1, 16, 32, 33, 96])
    expect(hkdfExpand(hkdfExtract(salt, secret), context, length)).toEqual(new Uint8Array(hkdfSync('sha256', secret, salt, context, length)));
});

test('RFC 9001, appendix A.1: the secrets of a client', () => {
  const initial = hkdfExtract(bytes('38762cf7f55934b34d179ae6a4c80cadccbb7f0a'), bytes('8394c8f03e515708'));
  const client = hkdfExpandLabel(initial, 'client in', 32);
  expect(hex(hkdfExpandLabel(client, 'quic key', 16))).toBe('1f369613dd76d5467730efcbe3b1a22d');
  expect(hex(hkdfExpandLabel(client, 'quic iv', 12))).toBe('fa044b2f42a3fd3b46fb255c');
  expect(hex(hkdfExpandLabel(client, 'quic hp', 16))).toBe('9f50449e04a0e810283a1e9933adedd2');
});
