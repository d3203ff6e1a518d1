/** Bytes as base64 (RFC 4648 section 4). */
const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/';

export function base64(bytes: Uint8Array): string {
  let text = '';
  for (let at = 0; at < bytes.length; at += 3) {
    const group = (bytes[at] << 16) | ((bytes[at + 1] ?? 0) << 8) | (bytes[at + 2] ?? 0);
    text +=
      ALPHABET[group >>> 18] +
      ALPHABET[(group >>> 12) & 63] +
      (at + 1 < bytes.length ? ALPHABET[(group >>> 6) & 63] : '=') +
      (at + 2 < bytes.length ? ALPHABET[group & 63] : '=');
  }
  return text;
}
