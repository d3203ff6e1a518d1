/** Numbers of IKE and their names: IANA "Internet Key Exchange (IKE) Attributes" and "IKEv2 Parameters", as records write them. */

/** RFC 2408 §3.1 */
export const PAYLOADS_V1: ReadonlyMap<number, string> = new Map([
  [1, 'SecurityAssociation'],
  [2, 'Proposal'],
  [3, 'Transform'],
  [4, 'KeyExchange'],
  [5, 'Identification'],
  [6, 'Certificate'],
  [7, 'CertificateRequest'],
  [8, 'Hash'],
  [9, 'Signature'],
  [10, 'Nonce'],
  [11, 'Notification'],
  [12, 'Delete'],
  [13, 'VendorID'],
  [20, 'NatDiscovery'],
  [21, 'NatOriginalAddress'],
]);

/** Within a security association there are proposals, within those transforms. */
export const SECURITY_ASSOCIATION_V1 = 1;
export const PROPOSAL = 2;
export const TRANSFORM = 3;

/** RFC 2408 §3.1, RFC 2409 appendix A */
export const EXCHANGES_V1: ReadonlyMap<number, string> = new Map([
  [0, 'None'],
  [1, 'Base'],
  [2, 'Identity Protection'],
  [3, 'Authentication Only'],
  [4, 'Aggressive'],
  [5, 'Informational'],
  [32, 'Quick Mode'],
  [33, 'New Group Mode'],
]);

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
  /** undefined: numbers without names */
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
      'GroupModp1536Bit',
      'GroupEc2nOver2p163',
      'GroupEc2nOver2p163',
      'GroupEc2nOver2p283',
      'GroupEc2nOver2p283',
      'GroupEc2nOver2p409',
      'GroupEc2nOver2p409',
      'GroupEc2nOver2p571',
      'GroupEc2nOver2p571',
      'GroupModp2048Bit',
      'GroupModp3072Bit',
      'GroupModp4096Bit',
      'GroupModp6144Bit',
      'GroupModp8192Bit',
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
export const SEQUENCE_NUMBERS = 5;

/** What RFC 8247 §2 says not to use any more; 0 is none. */
export const WEAK_V2: ReadonlyMap<number, ReadonlySet<number>> = new Map([
  [ENCRYPTION, new Set([1, 2, 3, 4, 5, 6, 7, 8, 9, 11])],
  [PSEUDO_RANDOM, new Set([1, 2, 3])],
  [INTEGRITY, new Set([1, 2, 3, 4])],
  [GROUP, new Set([1, 2, 5, 22])],
]);
/** Encryption that proves integrity too (RFC 5282, RFC 7634): it needs no other method for it. */
export const AUTHENTICATED: ReadonlySet<number> = new Set([14, 15, 16, 18, 19, 20, 25, 26, 27, 28]);

/** What the responder of IKE 2 may choose, as attributes of IKE 1 are named; kinds that there are no names of in rules stand in records alone. */
export interface Method {
  readonly kind: number;
  /** in records */
  readonly name: string;
  /** number of the attribute of that name in version 1 */
  readonly attribute: number | undefined;
  readonly values: Readonly<Record<number, string>>;
}

/** IANA "Internet Key Exchange Version 2 (IKEv2) Parameters" */
export const METHODS_V2: readonly Method[] = [
  {
    kind: ENCRYPTION,
    name: 'alg_enc',
    attribute: 1,
    values: {
      1: 'ENCR_DES_IV64',
      2: 'ENCR_DES',
      3: 'ENCR_3DES',
      4: 'ENCR_RC5',
      5: 'ENCR_IDEA',
      6: 'ENCR_CAST',
      7: 'ENCR_BLOWFISH',
      8: 'ENCR_3IDEA',
      9: 'ENCR_DES_IV32',
      11: 'ENCR_NULL',
      12: 'ENCR_AES_CBC',
      13: 'ENCR_AES_CTR',
      14: 'ENCR_AES_CCM_8',
      15: 'ENCR_AES_CCM_12',
      16: 'ENCR_AES_CCM_16',
      18: 'ENCR_AES_GCM_8',
      19: 'ENCR_AES_GCM_12',
      20: 'ENCR_AES_GCM_16',
      21: 'ENCR_NULL_AUTH_AES_GMAC',
      23: 'ENCR_CAMELLIA_CBC',
      24: 'ENCR_CAMELLIA_CTR',
      25: 'ENCR_CAMELLIA_CCM_8',
      26: 'ENCR_CAMELLIA_CCM_12',
      27: 'ENCR_CAMELLIA_CCM_16',
      28: 'ENCR_CHACHA20_POLY1305',
    },
  },
  {
    kind: INTEGRITY,
    name: 'alg_auth',
    attribute: 3,
    values: {
      0: 'NONE',
      1: 'AUTH_HMAC_MD5_96',
      2: 'AUTH_HMAC_SHA1_96',
      3: 'AUTH_DES_MAC',
      4: 'AUTH_KPDK_MD5',
      5: 'AUTH_AES_XCBC_96',
      6: 'AUTH_HMAC_MD5_128',
      7: 'AUTH_HMAC_SHA1_160',
      8: 'AUTH_AES_CMAC_96',
      9: 'AUTH_AES_128_GMAC',
      10: 'AUTH_AES_192_GMAC',
      11: 'AUTH_AES_256_GMAC',
      12: 'AUTH_HMAC_SHA2_256_128',
      13: 'AUTH_HMAC_SHA2_384_192',
      14: 'AUTH_HMAC_SHA2_512_256',
    },
  },
  {
    kind: PSEUDO_RANDOM,
    name: 'alg_prf',
    attribute: 13,
    values: {
      1: 'PRF_HMAC_MD5',
      2: 'PRF_HMAC_SHA1',
      3: 'PRF_HMAC_TIGER',
      4: 'PRF_AES128_XCBC',
      5: 'PRF_HMAC_SHA2_256',
      6: 'PRF_HMAC_SHA2_384',
      7: 'PRF_HMAC_SHA2_512',
      8: 'PRF_AES128_CMAC',
    },
  },
  {
    kind: GROUP,
    name: 'alg_dh',
    attribute: 4,
    values: {
      0: 'None',
      1: 'Modp768',
      2: 'Modp1024',
      5: 'Modp1536',
      14: 'Modp2048',
      15: 'Modp3072',
      16: 'Modp4096',
      17: 'Modp6144',
      18: 'Modp8192',
      19: 'Ecp256',
      20: 'Ecp384',
      21: 'Ecp521',
      22: 'Modp1024s160',
      23: 'Modp2048s224',
      24: 'Modp2048s256',
      25: 'Ecp192',
      26: 'Ecp224',
      31: 'Curve25519',
      32: 'Curve448',
    },
  },
  { kind: SEQUENCE_NUMBERS, name: 'alg_esn', attribute: undefined, values: { 0: 'NoESN', 1: 'ESN' } },
];
