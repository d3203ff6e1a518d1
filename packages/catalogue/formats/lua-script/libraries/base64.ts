/** `suricata.base64`: bytes as base64 and back, with or without padding. Suricata user guide, "Lua libs: Base64". */
import { base64, fromLatin1, latin1 } from '@sigwright/bytes';
import { givenText } from '@sigwright/lua';
import { type Base64Mode, decodeBase64 } from '../../base64.ts';
import type { Functions } from './library-tools.ts';

export function base64Library(): Functions {
  return {
    encode: (args) => [padded(givenText(args, 0, 'encode'))],
    encode_nopad: (args) => [bare(givenText(args, 0, 'encode_nopad'))],
    decode: (args) => [decoded(givenText(args, 0, 'decode'), [padded])],
    decode_nopad: (args) => [decoded(givenText(args, 0, 'decode_nopad'), [bare])],
    decode_padopt: (args) => [decoded(givenText(args, 0, 'decode_padopt'), [padded, bare])],
    decode_rfc2045: (args) => [decodedIn('rfc2045', givenText(args, 0, 'decode_rfc2045'))],
    decode_rfc4648: (args) => [decodedIn('rfc4648', givenText(args, 0, 'decode_rfc4648'))],
  };
}

const padded = (text: string): string => base64(fromLatin1(text));
const bare = (text: string): string => padded(text).replace(/=+$/, '');

/** What one of these writes just so; undefined where none does: each text has one form, without bits left over. */
function decoded(written: string, forms: readonly ((text: string) => string)[]): string | undefined {
  const bytes = fromLatin1(written);
  const text = latin1(decodeBase64(bytes, 0, bytes.length, 'rfc4648'));
  return forms.some((form) => form(text) === written) ? text : undefined;
}

/** As `from_base64` reads it; undefined where there is something and none of it is base64. */
function decodedIn(mode: Base64Mode, written: string): string | undefined {
  const bytes = fromLatin1(written);
  const text = decodeBase64(bytes, 0, bytes.length, mode);
  return text.length === 0 && bytes.length > 0 ? undefined : latin1(text);
}
