/** How Emerging Threats write what every rule ends with: class, severity, target, references and names. */

export interface Category {
  readonly kind: string;
  readonly classtype: string;
  readonly trafficClasstype: string;
  readonly severity: string;
  readonly target: string;
  readonly product?: string;
}

export const MALWARE: Category = { kind: '', classtype: 'domain-c2', trafficClasstype: 'command-and-control', severity: 'Major', target: 'Client_Endpoint' };
export const CATEGORIES: Readonly<Record<string, Category>> = {
  MALWARE,
  MOBILE_MALWARE: { ...MALWARE, target: 'Mobile_Client', product: 'Android' },
  PHISHING: { ...MALWARE, kind: 'Phishing ', classtype: 'social-engineering', trafficClasstype: 'social-engineering' },
  EXPLOIT_KIT: { ...MALWARE, classtype: 'exploit-kit', trafficClasstype: 'exploit-kit' },
  ADWARE_PUP: { ...MALWARE, classtype: 'pup-activity', trafficClasstype: 'pup-activity', severity: 'Minor' },
  COINMINER: { ...MALWARE, classtype: 'coin-mining', trafficClasstype: 'coin-mining' },
  INFO: { ...MALWARE, classtype: 'misc-activity', trafficClasstype: 'misc-activity', severity: 'Informational' },
  POLICY: { ...MALWARE, classtype: 'policy-violation', trafficClasstype: 'policy-violation', severity: 'Informational' },
  HUNTING: { ...MALWARE, classtype: 'bad-unknown', trafficClasstype: 'bad-unknown', severity: 'Minor' },
};
/** Words that `category` may be. */
export const DRAFT_CATEGORIES: readonly string[] = Object.keys(CATEGORIES);

/** As references are written: no scheme, nothing that ends an option. */
export function withoutScheme(url: string): string {
  return url.replace(/^https?:\/\//i, '').replace(/[;"\\\s]|[^\x20-\x7e]/gu, (character) => {
    // Not encodeURIComponent: it throws on half a surrogate pair, which a damaged text may hold.
    let encoded = '';
    for (const byte of new TextEncoder().encode(character)) encoded += `%${byte.toString(16).toUpperCase().padStart(2, '0')}`;
    return encoded;
  });
}

/** What may stand in a message and in metadata: no quotes, commas, semicolons. */
export function wordsOnly(name: string): string {
  return (
    name
      .replace(/[^\p{L}\p{N} ._/+-]/gu, ' ')
      .replace(/\s+/g, ' ')
      .trim()
      .slice(0, 60) || 'Unattributed Malware'
  );
}
