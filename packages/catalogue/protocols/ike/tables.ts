/** Numbers of IKE and their names: IANA "Internet Key Exchange (IKE) Attributes" and "IKEv2 Parameters", as records write them. */

/** RFC 7296 §3.2 */
export const PAYLOADS_V2: ReadonlyMap<number, string> = new Map([
  [33, 'SecurityAssociation'],
  [34, 'KeyExchange'],
  [35, 'IDInitiator'],
  [36, 'IDResponder'],
  [37, 'Certificate'],
  [38, 'CertificateRequest'],
  [39, 'Authentication'],
  [40, 'Nonce'],
  [41, 'Notify'],
  [42, 'Delete'],
  [43, 'VendorID'],
  [44, 'TrafficSelectorInitiator'],
  [45, 'TrafficSelectorResponder'],
  [46, 'EncryptedAndAuthenticated'],
  [47, 'Configuration'],
  [48, 'ExtensibleAuthentication'],
]);

export interface Attribute {
  readonly number: number;
  /** in records and in `ike.chosen_sa_attribute` */
  readonly name: string;
  /** undefined: shown as the number */
  readonly values: readonly string[] | undefined;
}

/** RFC 2409 appendix A; values count from 1 */
export const ATTRIBUTES_V1: readonly Attribute[] = [
  {
    number: 1,
    name: 'alg_enc',
    values: ['EncDesCbc', 'EncIdeaCbc', 'EncBlowfishCbc', 'EncRc5R16B64Cbc', 'Enc3desCbc', 'EncCastCbc', 'EncAesCbc', 'EncCamelliaCbc'],
  },
  { number: 2, name: 'alg_hash', values: ['HashMd5', 'HashSha', 'HashTiger', 'HashSha2_256', 'HashSha2_384', 'HashSha2_512'] },
  {
    number: 3,
    name: 'alg_auth',
    values: ['AuthPreSharedKey', 'AuthDssSignatures', 'AuthRsaSignatures', 'AuthEncryptionWithRsa', 'AuthRevisedEncryptionWithRsa'],
  },
  {
    number: 4,
    name: 'alg_dh',
    values: [
      'GroupDefault768BitModpGroup',
      'GroupAlternate1024BitModpGroup',
      'GroupEc2nOnGp2p155',
      'GroupEc2nOnGp2p185',
      'Group1536BitModpGroup',
      'GroupEc2nOver2p163',
      'GroupEc2nOver2p163',
      'GroupEc2nOver2p283',
      'GroupEc2nOver2p283',
      'GroupEc2nOver2p409',
      'GroupEc2nOver2p409',
      'GroupEc2nOver2p571',
      'GroupEc2nOver2p571',
      'Group2048BitModpGroup',
      'Group3072BitModpGroup',
      'Group4096BitModpGroup',
      'Group6144BitModpGroup',
      'Group8192BitModpGroup',
    ],
  },
  { number: 5, name: 'sa_group_type', values: ['GroupModp', 'GroupEcp', 'GroupEc2n'] },
  { number: 11, name: 'sa_life_type', values: ['LifeTypeSeconds', 'LifeTypeKilobytes'] },
  { number: 12, name: 'sa_life_duration', values: undefined },
  { number: 13, name: 'alg_prf', values: undefined },
  { number: 14, name: 'sa_key_length', values: undefined },
  { number: 15, name: 'sa_field_size', values: undefined },
];

/** Kinds of transforms of IKE 2 (RFC 7296 §3.3.2). */
export const ENCRYPTION = 1;
export const PSEUDO_RANDOM = 2;
export const INTEGRITY = 3;
export const GROUP = 4;

/** What RFC 8247 §2 says not to use any more; 0 is none. */
export const WEAK_V2: ReadonlyMap<number, ReadonlySet<number>> = new Map([
  [ENCRYPTION, new Set([1, 2, 3, 4, 5, 6, 7, 8, 9, 11])],
  [PSEUDO_RANDOM, new Set([1, 2, 3])],
  [INTEGRITY, new Set([1, 2, 3, 4])],
  [GROUP, new Set([1, 2, 5, 22])],
]);
/** Encryption that proves integrity too (RFC 5282, RFC 7634): it needs no other method for it. */
export const AUTHENTICATED: ReadonlySet<number> = new Set([14, 15, 16, 18, 19, 20, 25, 26, 27, 28]);
