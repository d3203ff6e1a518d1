/** For tests and fuzzers: QUIC packets, sealed as RFC 9001 section 5 says, as bytes. */
import { AES_BLOCK, Aes128, concatBytes, fromHex, fromLatin1, hkdfExpandLabel, hkdfExtract, sealAes128Gcm } from '@sigwright/bytes';

const u16 = (value: number): string => String.fromCharCode(value >> 8, value & 255);
const u24 = (value: number): string => String.fromCharCode(value >> 16) + u16(value & 0xffff);
const counted = (text: string): string => u16(text.length) + text;
const extension = (type: number, body: string): string => u16(type) + counted(body);

export const NAME = 'www.example.com';

/** A handshake message. */
const message = (type: number, body: string): string => String.fromCharCode(type) + u24(body.length) + body;
const RANDOM = 'r'.repeat(32);
export const CLIENT_HELLO = message(
  1,
  `\x03\x03${RANDOM}\0${counted('\x13\x01\x13\x02')}\x01\0${counted(
    extension(0, counted(`\0${counted(NAME)}`)) + extension(16, counted('\x02h3')) + extension(43, '\x02\x03\x04') + extension(13, counted('\x04\x03')),
  )}`,
);
export const SERVER_HELLO = message(2, `\x03\x03${RANDOM}\0\x13\x01\0${counted(extension(43, '\x03\x04'))}`);

/** Frames. Offsets and lengths take two bytes. */
const two = (value: number): string => u16(value | 0x4000);
export const crypto = (offset: number, text: string): string => `\x06${two(offset)}${two(text.length)}${text}`;
export const ACKNOWLEDGEMENT = '\x02\0\0\0\0';
const PADDING = '\0'.repeat(40);

export interface Side {
  readonly secret: 'client in' | 'server in';
  readonly word: 'quic' | 'quicv2';
  readonly version: string;
  /** first byte of a long header of the Initial kind, two bytes of packet number */
  readonly first: number;
  readonly salt: string;
}

const FIRST = { word: 'quic', version: '\0\0\0\x01', first: 0xc1, salt: '38762cf7f55934b34d179ae6a4c80cadccbb7f0a' } as const;
const SECOND = { word: 'quicv2', version: '\x6b\x33\x43\xcf', first: 0xd1, salt: '0dede3def700a6db819381be6e269dcbf9bd2ed9' } as const;
export const CLIENT: Side = { secret: 'client in', ...FIRST };
export const SERVER: Side = { secret: 'server in', ...FIRST };
export const CLIENT_2: Side = { secret: 'client in', ...SECOND };

/** `chosen`: the identifier the keys are made of; `to`: the destination in the header. */
export function initial(side: Side, chosen: string, to: string, number: number, frames: string): Uint8Array {
  const secret = hkdfExpandLabel(hkdfExtract(fromHex(side.salt)!, fromLatin1(chosen)), side.secret, 32);
  const text = fromLatin1(frames + PADDING);
  const header = fromLatin1(
    `${String.fromCharCode(side.first)}${side.version}${String.fromCharCode(to.length)}${to}\0\0${two(2 + text.length + AES_BLOCK)}${u16(number)}`,
  );
  const nonce = hkdfExpandLabel(secret, `${side.word} iv`, 12);
  nonce[10] ^= number >> 8;
  nonce[11] ^= number & 255;
  const sealed = sealAes128Gcm(new Aes128(hkdfExpandLabel(secret, `${side.word} key`, 16)), nonce, header, text);
  const mask = new Uint8Array(AES_BLOCK);
  new Aes128(hkdfExpandLabel(secret, `${side.word} hp`, 16)).encrypt(sealed, 2, mask, 0);
  const packet = concatBytes(header, sealed);
  packet[0] ^= mask[0] & 15;
  packet[header.length - 2] ^= mask[1];
  packet[header.length - 1] ^= mask[2];
  return packet;
}

/** `from`: the identifier the client must use from now on. */
export const retry = (from: string): Uint8Array => fromLatin1(`\xf0\0\0\0\x01\0${String.fromCharCode(from.length)}${from}token${'t'.repeat(16)}`);

const tag = (name: string, end: number): string => name.padEnd(4, '\0') + String.fromCharCode(end & 255, end >> 8, 0, 0);
/** Google's version 46 with a client's message of three tags. */
export const GOOGLE = fromLatin1(
  `\xc3Q046\x50identify\0\0\0\x01${'#'.repeat(12)}\xa0\x01${counted(`CHLO\x03\0\0\0${tag('SNI', NAME.length)}${tag('VER', NAME.length + 4)}${tag('UAID', NAME.length + 10)}${NAME}Q046Client`)}`,
);
