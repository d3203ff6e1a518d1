/**
 * Fingerprints of TLS clients and servers: JA4 by its shape (`t13d1516h2_8daaf6152771_b186095e22b6`), JA3 and JA3S only where a
 * digest of 32 hex digits stands within a few words behind the name, since it looks like any MD5.
 */
import type { IndicatorDefinition } from '@sigwright/contracts';

const JA4 = /[tqd](?:\d{2}|s[23]|d[123])[di]\d{4}[0-9a-z]{2}_[0-9a-f]{12}_[0-9a-f]{12}(?![0-9a-z_])/y;
/** Characters before its first underscore, and between the two. */
const JA4_HEAD = 10;
const JA4_PART = 12;
const JA3 =
  /JA3S?(?:[ _-]?(?:hash|fingerprint|digest|md5))?\b[^0-9a-zA-Z]{0,8}(?:(?:is|of|was|hash|fingerprint)[^0-9a-zA-Z]{0,4}){0,2}([0-9a-f]{32})(?![0-9a-z])/iy;

export const indicator: IndicatorDefinition = {
  type: 'ja3',
  summary: 'JA3 or JA4 fingerprint of a TLS client or server',
  refanged: false,
  precedence: 78,
  *find(text) {
    for (let at = text.indexOf('_'); at !== -1; at = text.indexOf('_', at + 1)) {
      if (text.charCodeAt(at + JA4_PART + 1) !== 95 || at < JA4_HEAD || isWord(text.charCodeAt(at - JA4_HEAD - 1))) continue;
      JA4.lastIndex = at - JA4_HEAD;
      const match = JA4.exec(text);
      if (match !== null) yield { type: 'ja4', value: match[0], start: match.index, end: match.index + match[0].length };
    }
    for (const name of ['JA3', 'ja3', 'Ja3'])
      for (let at = text.indexOf(name); at !== -1; at = text.indexOf(name, at + 1)) {
        JA3.lastIndex = at;
        const match = isWord(text.charCodeAt(at - 1)) ? null : JA3.exec(text);
        if (match === null) continue;
        const end = at + match[0].length;
        yield { type: 'ja3', value: match[1].toLowerCase(), start: end - match[1].length, end };
      }
  },
};

function isWord(code: number): boolean {
  return (code >= 48 && code <= 57) || (code >= 65 && code <= 90) || (code >= 97 && code <= 122) || code === 95;
}
