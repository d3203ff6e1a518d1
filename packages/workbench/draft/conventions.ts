/** How Emerging Threats write what every rule ends with: class, severity, target, references and names. */

export interface Category {
  /** in front of Domain and Server: a word and a blank, or nothing */
  readonly kind: string;
  /** in front of all that is said where nobody knows the family: words and a blank, or nothing */
  readonly unattributed: string;
  readonly classtype: string;
  readonly trafficClasstype: string;
  readonly severity: string;
  readonly target: string;
  readonly product?: string;
}

export const MALWARE: Category = {
  kind: '',
  unattributed: 'Unattributed Malware ',
  classtype: 'domain-c2',
  trafficClasstype: 'command-and-control',
  severity: 'Major',
  target: 'Client_Endpoint',
};
export const CATEGORIES: Readonly<Record<string, Category>> = {
  MALWARE,
  MOBILE_MALWARE: { ...MALWARE, unattributed: 'Unattributed Mobile Malware ', target: 'Mobile_Client', product: 'Android' },
  PHISHING: { ...MALWARE, kind: 'Phishing ', unattributed: '', classtype: 'social-engineering', trafficClasstype: 'social-engineering' },
  EXPLOIT_KIT: { ...MALWARE, unattributed: 'Unattributed Exploit Kit ', classtype: 'exploit-kit', trafficClasstype: 'exploit-kit' },
  ADWARE_PUP: { ...MALWARE, unattributed: 'Unattributed PUP ', classtype: 'pup-activity', trafficClasstype: 'pup-activity', severity: 'Minor' },
  COINMINER: { ...MALWARE, unattributed: 'Unattributed CoinMiner ', classtype: 'coin-mining', trafficClasstype: 'coin-mining' },
  INFO: { ...MALWARE, unattributed: '', classtype: 'misc-activity', trafficClasstype: 'misc-activity', severity: 'Informational' },
  POLICY: { ...MALWARE, unattributed: '', classtype: 'policy-violation', trafficClasstype: 'policy-violation', severity: 'Informational' },
  HUNTING: { ...MALWARE, unattributed: 'Suspicious ', classtype: 'bad-unknown', trafficClasstype: 'bad-unknown', severity: 'Minor' },
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
  return name
    .replace(/[^\p{L}\p{N} ._/+-]/gu, ' ')
    .replace(/\s+/g, ' ')
    .trim()
    .slice(0, 60);
}

/** What messages begin with behind the category: the family and a blank, or what the category says where nobody knows it. */
export function familyInMessage(family: string | undefined, category: Category): string {
  const words = wordsOnly(family ?? '');
  return words === '' ? category.unattributed : `${words} `;
}

/** Of a family that somebody knows; rules without one are told to be of none, and not of one and the same. */
export function familyMetadata(family: string | undefined): readonly string[] {
  const words = wordsOnly(family ?? '');
  return words === '' ? [] : [`malware_family ${words.replaceAll(' ', '_')}`];
}
