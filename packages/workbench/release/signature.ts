/**
 * Detached signatures in minisign's form (https://jedisct1.github.io/minisign/#signature-format): Ed25519 over BLAKE2b-512 of the
 * file, and a second signature over the first and the trusted comment. `minisign -V` accepts them, and we accept minisign's.
 * Secret keys are PKCS#8 PEM; the key's number is taken from the public key, so that equal input gives equal signatures.
 */
import { createHash, createPrivateKey, createPublicKey, generateKeyPairSync, type KeyObject, sign, verify } from 'node:crypto';
import { failure, type Result, success } from '@sigwright/contracts';

export interface SigningKey {
  /** PKCS#8 PEM */
  readonly secret: string;
  /** a minisign public key file */
  readonly public: string;
}

const ALGORITHM = 'Ed';
/** Signed is the digest, not the file. */
const ALGORITHM_PREHASHED = 'ED';
const KEY_NUMBER_BYTES = 8;
const PUBLIC_KEY_BYTES = 32;
const SIGNATURE_BYTES = 64;
/** DER in front of a raw Ed25519 public key (RFC 8410, section 4). */
const PUBLIC_KEY_PREFIX = Buffer.from('302a300506032b6570032100', 'hex');

export function newSigningKey(): SigningKey {
  const { privateKey } = generateKeyPairSync('ed25519');
  return { secret: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(), public: publicKeyFile(privateKey) };
}

/** The minisign public key that belongs to a secret key (PEM). */
export function publicKeyOf(secret: string): Result<string> {
  const key = secretKey(secret);
  return key.ok ? success(publicKeyFile(key.value)) : key;
}

function secretKey(secret: string): Result<KeyObject> {
  try {
    const key = createPrivateKey(secret);
    if (key.asymmetricKeyType === 'ed25519') return success(key);
    return failure('signature/key', `the key is for ${key.asymmetricKeyType ?? 'nothing known'}, not Ed25519`);
  } catch (cause) {
    return failure('signature/key', `the key is no PEM of an Ed25519 secret key: ${(cause as Error).message}`, { cause });
  }
}

function rawPublicKey(key: KeyObject): Buffer {
  return createPublicKey(key).export({ type: 'spki', format: 'der' }).subarray(PUBLIC_KEY_PREFIX.length);
}

function keyNumber(publicKey: Buffer): Buffer {
  return createHash('sha256').update(publicKey).digest().subarray(0, KEY_NUMBER_BYTES);
}

function publicKeyFile(key: KeyObject): string {
  const raw = rawPublicKey(key);
  const number = keyNumber(raw);
  const shown = Buffer.from(number).reverse().toString('hex').toUpperCase();
  return `untrusted comment: minisign public key ${shown}\n${Buffer.concat([Buffer.from(ALGORITHM), number, raw]).toString('base64')}\n`;
}

/** The text of `FILE.minisig`. `trustedComment` is signed too and is one line. */
export function signBytes(bytes: Uint8Array, secret: string, trustedComment: string): Result<string> {
  const key = secretKey(secret);
  if (!key.ok) return key;
  const comment = trustedComment.replace(/[\r\n]+/g, ' ');
  const signature = sign(null, createHash('blake2b512').update(bytes).digest(), key.value);
  const whole = Buffer.concat([Buffer.from(ALGORITHM_PREHASHED), keyNumber(rawPublicKey(key.value)), signature]);
  const over = sign(null, Buffer.concat([signature, Buffer.from(comment)]), key.value);
  return success(
    `untrusted comment: signature from a sigwright release key\n${whole.toString('base64')}\ntrusted comment: ${comment}\n${over.toString('base64')}\n`,
  );
}

/** The trusted comment where the signature is right; else a failure that says what is wrong. `publicKey`: the file, or its second line. */
export function verifyBytes(bytes: Uint8Array, signatureFile: string, publicKey: string): Result<string> {
  const keyBytes = Buffer.from(
    publicKey
      .trim()
      .split('\n')
      .findLast((line) => !line.startsWith('untrusted comment:')) ?? '',
    'base64',
  );
  if (keyBytes.length !== ALGORITHM.length + KEY_NUMBER_BYTES + PUBLIC_KEY_BYTES || keyBytes.toString('latin1', 0, 2) !== ALGORITHM)
    return failure('signature/public-key', 'this is no minisign public key');
  const lines = signatureFile.split('\n').map((line) => line.replace(/\r$/, ''));
  const whole = Buffer.from(lines[1] ?? '', 'base64');
  const over = Buffer.from(lines[3] ?? '', 'base64');
  const algorithm = whole.toString('latin1', 0, 2);
  const formed = whole.length === ALGORITHM.length + KEY_NUMBER_BYTES + SIGNATURE_BYTES && over.length === SIGNATURE_BYTES;
  if (!formed || (algorithm !== ALGORITHM && algorithm !== ALGORITHM_PREHASHED) || !lines[2]?.startsWith(TRUSTED))
    return failure('signature/form', 'this is no minisign signature');
  if (!whole.subarray(2, 2 + KEY_NUMBER_BYTES).equals(keyBytes.subarray(2, 2 + KEY_NUMBER_BYTES)))
    return failure('signature/other-key', 'the signature was made with another key');
  const key = createPublicKey({ key: Buffer.concat([PUBLIC_KEY_PREFIX, keyBytes.subarray(2 + KEY_NUMBER_BYTES)]), format: 'der', type: 'spki' });
  const signature = whole.subarray(2 + KEY_NUMBER_BYTES);
  const comment = lines[2].slice(TRUSTED.length);
  const signed = algorithm === ALGORITHM_PREHASHED ? createHash('blake2b512').update(bytes).digest() : bytes;
  if (!verify(null, signed, key, signature)) return failure('signature/wrong', 'the file is not what was signed');
  if (!verify(null, Buffer.concat([signature, Buffer.from(comment)]), key, over))
    return failure('signature/wrong-comment', 'the trusted comment is not what was signed');
  return success(comment);
}

const TRUSTED = 'trusted comment: ';
