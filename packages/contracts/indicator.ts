/** An indicator of compromise as found in a text, and the definition of one type of it. */
export type IndicatorType =
  | 'domain'
  | 'url'
  | 'uri-path'
  | 'ipv4'
  | 'ipv6'
  | 'email'
  | 'md5'
  | 'sha1'
  | 'sha256'
  | 'cve'
  | 'attack'
  | 'ja3'
  | 'ja4'
  | 'user-agent'
  | 'file'
  | 'registry'
  | 'mutex'
  | 'handle';

/**
 * indicator: points at the threat · reference: where to read more · victim: whom it was aimed at · benign: well known and
 * harmless in itself · credit: a person or organisation to be thanked
 */
export type IndicatorRole = 'indicator' | 'reference' | 'victim' | 'benign' | 'credit';

export interface Indicator {
  readonly type: IndicatorType;
  /** normalised: defanging undone, hosts and hashes in lower case */
  readonly value: string;
  /** as it stands in the text */
  readonly written: string;
  /** offsets in the text given, UTF-16 units */
  readonly start: number;
  readonly end: number;
  readonly role: IndicatorRole;
  readonly benign: boolean;
  /** why this role, in a few words */
  readonly reason: string;
  /** port, where one is written behind an address or host */
  readonly port?: number;
  /** a digest that is not of a file: of a certificate (of TLS, or of it is not said what); a fingerprint (JA3S) of a server */
  readonly of?: IndicatorSubject;
}

export type IndicatorSubject = 'tls-certificate' | 'certificate' | 'server';

export interface IndicatorCandidate {
  /** where the definition finds several types (IPv4 and IPv6): which */
  readonly type?: IndicatorType;
  readonly value: string;
  readonly start: number;
  readonly end: number;
  readonly port?: number;
}

export interface IndicatorDefinition {
  readonly type: IndicatorType;
  /** searched in the text with defanging undone; others in the text as it is */
  readonly refanged: boolean;
  readonly summary: string;
  /** higher wins where two overlap */
  readonly precedence: number;
  /** All candidates in the text, already normalised; linear in the length of the text. */
  find(text: string, options: IndicatorOptions): Iterable<IndicatorCandidate>;
}

/** Knowledge that lies outside the catalogue and is handed in. */
export interface IndicatorOptions {
  /** registrable part of a host name by the public suffix list; undefined where the suffix is not a real one */
  registrableDomain(host: string): string | undefined;
  /** was anything between these offsets of the searched text written otherwise (`[.]`, `hxxp`) in the original? */
  defanged?(start: number, end: number): boolean;
}
