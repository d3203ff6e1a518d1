/** The engines a rule can be written for, and what each does not know. */
export const DIALECTS = ['suricata-5', 'suricata-6', 'suricata-7', 'suricata-8', 'snort-2.9'] as const;
export type Dialect = (typeof DIALECTS)[number];

/** The newest patch release of a version is meant: what came with 7.0.3 may be used for 7. */
export const VERSIONS: Readonly<Record<Exclude<Dialect, 'snort-2.9'>, string>> = {
  'suricata-5': '5.0.99',
  'suricata-6': '6.0.99',
  'suricata-7': '7.0.99',
  'suricata-8': '8.0.99',
};

/** Header protocols that are younger than Suricata 5 (release notes). */
export const PROTOCOL_SINCE: Readonly<Record<string, string>> = {
  mqtt: '6.0',
  http2: '6.0',
  rfb: '6.0',
  ike: '7.0',
  quic: '7.0',
  'bittorrent-dht': '7.0',
  telnet: '7.0',
  pgsql: '7.0',
  mdns: '8.0',
  ldap: '8.0',
  pop3: '8.0',
  websocket: '8.0',
};

export interface Emission {
  readonly dialect: Dialect;
  /** undefined where it can not be said: `refused` says why */
  readonly text: string | undefined;
  readonly refused: string | undefined;
  /** what is said a little differently than in the master */
  readonly notes: readonly string[];
  /** on what it was proved: captures that fire and that stay silent in both */
  readonly proof: string | undefined;
}

/** Why a rule can not be said in a dialect; thrown and caught inside this folder. */
export class Unsayable extends Error {}
