/**
 * Fingerprints of TLS clients and servers: JA4 by its shape (`t13d1516h2_8daaf6152771_b186095e22b6`), JA3 and JA3S only where a
 * digest of 32 hex digits stands within a few words behind the name, since it looks like any MD5.
 */
import type { IndicatorDefinition } from '@sigwright/contracts';

const JA4 = /[tqd](?:\d{2}|s[23]|d[123])[di]\d{4}[0-9a-z]{2}_[0-9a-f]{12}_[0-9a-f]{12}(?![0-9a-z_])/g;
const JA3 =
  /\bJA3S?(?:[ _-]?(?:hash|fingerprint|digest|md5))?\b[^0-9a-zA-Z]{0,8}(?:(?:is|of|was|hash|fingerprint)[^0-9a-zA-Z]{0,4}){0,2}([0-9a-f]{32})(?![0-9a-z])/gi;

export const indicator: IndicatorDefinition = {
  type: 'ja3',
  summary: 'JA3 or JA4 fingerprint of a TLS client or server',
  refanged: false,
  precedence: 78,
  *find(text) {
    for (const match of text.matchAll(JA4)) {
      if (match.index > 0 && /[0-9a-z_]/i.test(text[match.index - 1])) continue;
      yield { type: 'ja4', value: match[0], start: match.index, end: match.index + match[0].length };
    }
    for (const match of text.matchAll(JA3)) {
      const end = match.index + match[0].length;
      yield { type: 'ja3', value: match[1].toLowerCase(), start: end - match[1].length, end };
    }
  },
};
