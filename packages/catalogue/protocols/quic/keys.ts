/**
 * Initial packets are encrypted with keys that follow from the version and the identifier that the client chose (RFC 9001 §5,
 * RFC 9369 §3.3): whoever sees them can read them.
 */
import { AES_BLOCK, Aes128, concatBytes, fromHex, fromLatin1, hkdfExpandLabel, hkdfExtract, openAes128Gcm } from '@sigwright/bytes';
import { type Direction, TO_SERVER } from '@sigwright/contracts';
import { VERSION_1, VERSION_2 } from './wire.ts';

const salt = (digits: string): Uint8Array => fromHex(digits) ?? fromLatin1('');

/** Each draft that changed the salt, from when on; RFC 9001 §5.2, RFC 9369 §3.3.1. Drafts are 0xff000000 + n. */
const SALT_1 = salt('38762cf7f55934b34d179ae6a4c80cadccbb7f0a');
const SALT_2 = salt('0dede3def700a6db819381be6e269dcbf9bd2ed9');
const SALT_DRAFT_29 = salt('afbfec289993d24c9e9786f19c6111e04390a899');
const SALT_DRAFT_23 = salt('c3eef712c72ebb5a11a7d2432bb46365bef9f502');
const DRAFT = 0xff0000;
const FACEBOOK_DRAFT_27 = 0xfaceb002;

function saltOf(version: number): Uint8Array | undefined {
  if (version === VERSION_1) return SALT_1;
  if (version === VERSION_2) return SALT_2;
  if (version === FACEBOOK_DRAFT_27) return SALT_DRAFT_23;
  const draft = version & 0xff;
  if (version >>> 8 !== DRAFT || draft < 23 || draft > 34) return undefined;
  return draft < 29 ? SALT_DRAFT_23 : draft < 33 ? SALT_DRAFT_29 : SALT_1;
}

export function isReadable(version: number): boolean {
  return saltOf(version) !== undefined;
}

const SECRET = 32;
const KEY = 16;
const NONCE = 12;

interface DirectionKeys {
  readonly payload: Aes128;
  readonly header: Aes128;
  readonly nonce: Uint8Array;
}

export class InitialKeys {
  readonly #initial: Uint8Array;
  readonly #word: string;
  readonly #directions: [DirectionKeys | undefined, DirectionKeys | undefined] = [undefined, undefined];

  /** `identifier`: the destination of the client's first packet */
  constructor(version: number, identifier: Uint8Array) {
    this.#initial = hkdfExtract(saltOf(version) ?? SALT_1, identifier);
    this.#word = version === VERSION_2 ? 'quicv2' : 'quic';
  }

  #of(direction: Direction): DirectionKeys {
    const known = this.#directions[direction];
    if (known !== undefined) return known;
    const secret = hkdfExpandLabel(this.#initial, direction === TO_SERVER ? 'client in' : 'server in', SECRET);
    const made: DirectionKeys = {
      payload: new Aes128(hkdfExpandLabel(secret, `${this.#word} key`, KEY)),
      header: new Aes128(hkdfExpandLabel(secret, `${this.#word} hp`, KEY)),
      nonce: hkdfExpandLabel(secret, `${this.#word} iv`, NONCE),
    };
    this.#directions[direction] = made;
    return made;
  }

  /** The frames of the packet at bytes[start, end), whose number begins at `numberAt`; undefined where it was made with other keys. */
  open(direction: Direction, bytes: Uint8Array, start: number, numberAt: number, end: number): Uint8Array | undefined {
    // The sample begins where the payload would with the longest number (RFC 9001 §5.4.2).
    const sampleAt = numberAt + 4;
    if (sampleAt + AES_BLOCK > end) return undefined;
    const keys = this.#of(direction);
    const mask = new Uint8Array(AES_BLOCK);
    keys.header.encrypt(bytes, sampleAt, mask, 0);
    const first = bytes[start] ^ (mask[0] & 0x0f);
    const numberLength = (first & 3) + 1;
    const header = concatBytes(bytes.subarray(start, numberAt + numberLength));
    header[0] = first;
    for (let at = 0; at < numberLength; at++) header[numberAt - start + at] ^= mask[1 + at];
    // Numbers of Initial packets are small: what is written is the whole number.
    const nonce = concatBytes(keys.nonce);
    for (let at = 0; at < numberLength; at++) nonce[NONCE - numberLength + at] ^= header[numberAt - start + at];
    return openAes128Gcm(keys.payload, nonce, header, bytes, numberAt + numberLength, end);
  }
}
