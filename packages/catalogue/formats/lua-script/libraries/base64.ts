/** `suricata.base64`: bytes as base64 and back, with or without padding. */
import { base64, fromLatin1 } from '@sigwright/bytes';
import { type Functions, given } from './library-tools.ts';

export function base64Library(): Functions {
  return {
    encode: (args) => [base64(fromLatin1(given(args, 0, 'string')))],
    encode_nopad: (args) => [base64(fromLatin1(given(args, 0, 'string'))).replace(/=+$/, '')],
    decode(args) {
      const written = given(args, 0, 'string');
      return [written.length % 4 === 0 && !/={3,}$/.test(written) ? unbase64(written, false) : undefined];
    },
    decode_nopad(args) {
      const written = given(args, 0, 'string');
      return [written.endsWith('=') ? undefined : unbase64(written, false)];
    },
    decode_padopt: (args) => [unbase64(given(args, 0, 'string'), false)],
    decode_rfc2045: (args) => [unbase64(given(args, 0, 'string'), true)],
    decode_rfc4648: (args) => [unbase64(given(args, 0, 'string'), false)],
  };
}

/** Bytes of base64, in the manner that is asked for; undefined where it is none. */
function unbase64(written: string, lenient: boolean): string | undefined {
  const clean = lenient ? written.replace(/[^A-Za-z0-9+/]/g, '') : written.replace(/=+$/, '');
  if (!/^[A-Za-z0-9+/]*$/.test(clean) || clean.length % 4 === 1) return undefined;
  const letters = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/';
  let bits = 0;
  let held = 0;
  let out = '';
  for (const letter of clean) {
    held = ((held << 6) | letters.indexOf(letter)) & 0xffffff;
    bits += 6;
    if (bits < 8) continue;
    bits -= 8;
    out += String.fromCharCode((held >> bits) & 0xff);
  }
  return out;
}
