/** Signatures: ours are right for us and for minisign, and nothing that was changed afterwards passes. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { newSigningKey, publicKeyOf, signBytes, verifyBytes } from './signature.ts';

const key = newSigningKey();
const bytes = new TextEncoder().encode('alert tcp any any -> any any (sid:1;)\n');
const signature = signed();

function signed(): string {
  const made = signBytes(bytes, key.secret, 'file:a.rules version:1');
  if (!made.ok) throw new Error(made.message);
  return made.value;
}

describe('signatures', () => {
  test('a signature gives back its trusted comment', () =>
    expect(verifyBytes(bytes, signature, key.public)).toMatchObject({ ok: true, value: 'file:a.rules version:1' }));
  test('the same input gives the same signature', () => expect(signed()).toBe(signature));
  test('the public key follows from the secret one', () => expect(publicKeyOf(key.secret)).toMatchObject({ ok: true, value: key.public }));
  test('a secret key that is none is said to be none', () => expect(signBytes(bytes, 'secret', '')).toMatchObject({ ok: false, code: 'signature/key' }));

  test.each<readonly [why: string, bytes: Uint8Array, signature: string, key: string, code: string]>([
    ['one byte changed', bytes.map((byte, at) => (at === 5 ? byte ^ 1 : byte)), signature, key.public, 'signature/wrong'],
    ['the comment changed', bytes, signature.replace('version:1', 'version:2'), key.public, 'signature/wrong-comment'],
    ['made with another key', bytes, signature, newSigningKey().public, 'signature/other-key'],
    ['cut off', bytes, signature.slice(0, 80), key.public, 'signature/form'],
    ['empty', bytes, '', key.public, 'signature/form'],
    ['a public key that is none', bytes, signature, 'RWQ', 'signature/public-key'],
  ])('%s is refused', (_why, some, file, publicKey, code) => expect(verifyBytes(some, file, publicKey)).toMatchObject({ ok: false, code }));
});

const minisign = spawnSync('minisign', ['-v']).error === undefined;
if (!minisign) console.log('left out: minisign is not installed, so its opinion on our signatures is not asked');

describe.runIf(minisign)('minisign itself', () => {
  test('accepts our signature, and no changed file', () => {
    const folder = mkdtempSync(join(tmpdir(), 'sigwright-minisign-'));
    try {
      writeFileSync(join(folder, 'key.pub'), key.public);
      writeFileSync(join(folder, 'a.rules.minisig'), signature);
      const verdict = (content: Uint8Array): number | null => {
        writeFileSync(join(folder, 'a.rules'), content);
        return spawnSync('minisign', ['-V', '-q', '-p', join(folder, 'key.pub'), '-m', join(folder, 'a.rules')]).status;
      };
      expect(verdict(bytes)).toBe(0);
      expect(verdict(bytes.subarray(1))).not.toBe(0);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  test('signs what we accept', () => {
    const folder = mkdtempSync(join(tmpdir(), 'sigwright-minisign-'));
    try {
      const at = (name: string): string => join(folder, name);
      writeFileSync(at('a.rules'), bytes);
      expect(spawnSync('minisign', ['-G', '-W', '-p', at('key.pub'), '-s', at('key')]).status).toBe(0);
      expect(spawnSync('minisign', ['-S', '-s', at('key'), '-m', at('a.rules')]).status).toBe(0);
      expect(verifyBytes(bytes, readText(at('a.rules.minisig')), readText(at('key.pub')))).toMatchObject({ ok: true });
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});

function readText(path: string): string {
  return readFileSync(path, 'utf8');
}
