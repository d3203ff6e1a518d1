/**
 * The tables of the operations store, once for both engines. Times are milliseconds since 1970; flags are 0 or 1; `json` columns are
 * text. Nothing here is needed to rebuild a release: knowledge is in the ruleset repository.
 */
import type { Generated } from 'kysely';

/** One EVE record. What pages ask for stands in columns; the record itself in `line`. Alerts are the events with a `sid`. */
export interface EventTable {
  id: Generated<number>;
  /** digest of the line: the same line counts once */
  key: string;
  time: number;
  type: string;
  sensor: number;
  /** digits; flow ids are larger than JavaScript counts exactly */
  flow: string | null;
  src_ip: string | null;
  src_port: number | null;
  dest_ip: string | null;
  dest_port: number | null;
  protocol: string | null;
  /** name asked for in DNS, server name in TLS, host in HTTP */
  name: string | null;
  sid: number | null;
  role: string | null;
  /** the host of ours that an alert is laid to */
  host: string | null;
  /** 1: laid to a resolver, and its client is not known yet */
  waits: number;
  /** what the alert is about and its minute: repeats share it */
  occasion: string | null;
  line: string;
}

/** A rule as alerts name it. */
export interface SignatureTable {
  sid: number;
  rev: number;
  signature: string;
  category: string;
  severity: number;
  alerts: number;
  first: number;
  last: number;
}

/** What one rule said about one host. */
export interface HostRuleTable {
  host: string;
  sid: number;
  signature: string;
  role: string;
  /** json: names */
  families: string;
  alerts: number;
  events: number;
  first: number;
  last: number;
}

export interface HostTable {
  host: string;
  first: number;
  last: number;
  /** 1: answers DNS questions of others */
  resolver: number;
  alerts: number;
}

/** Alerts an hour: of all (`all`, ``), of a rule (`sid`, number), of a host (`host`, address). */
export interface AlertHourTable {
  kind: string;
  subject: string;
  hour: number;
  alerts: number;
}

export interface SensorTable {
  id: Generated<number>;
  name: string;
  first_seen: number;
  last_seen: number;
  events: number;
}

/** How far a followed file was read. */
export interface SourceTable {
  path: string;
  inode: string;
  offset: number;
}

export interface VerdictTable {
  id: Generated<number>;
  scope: string;
  /** '' where the scope names none */
  host: string;
  /** 0 where the scope names none */
  sid: number;
  story: string;
  verdict: string;
  note: string;
  by: string;
  created: number;
  expires: number | null;
  taken_back: number | null;
  taken_back_by: string | null;
}

export interface JobTable {
  id: Generated<number>;
  kind: string;
  state: string;
  done: number;
  total: number;
  said: string;
  by: string;
  created: number;
  ended: number | null;
  /** when its process said last that it is at work; null: it waits in the store, whoever does it */
  beat: number | null;
}

export interface UserTable {
  id: Generated<number>;
  name: string;
  /** scrypt: parameters, salt and hash */
  password: string;
  role: string;
  disabled: number;
  created: number;
  /** issuer and subject, of who signs in by OpenID Connect; such a user has no password */
  subject: string | null;
}

export interface SessionTable {
  /** digest of what the cookie holds */
  key: string;
  user: number;
  created: number;
  used: number;
}

export interface TokenTable {
  id: Generated<number>;
  /** digest of the token */
  key: string;
  user: number;
  name: string;
  /** json: names of scopes */
  scopes: string;
  created: number;
  expires: number | null;
  used: number | null;
}

export interface AuditTable {
  id: Generated<number>;
  time: number;
  who: string;
  action: string;
  target: string;
  detail: string;
}

export interface SettingTable {
  name: string;
  value: string;
}

/** A job that is a retro-hunt. */
export interface HuntTable {
  job: number;
  /** what brokers and workers know it by */
  key: string;
  rules: string;
  networks: string | null;
}

export interface HuntCaptureTable {
  job: number;
  /** path inside the archive */
  capture: string;
  /** waiting, sent (to the broker), done, aside, left (the hunt was given up) */
  state: string;
  /** how often it was sent anew */
  tries: number;
  worker: string;
  /** why it was set aside, or not read to its end */
  said: string;
  packets: number;
  bytes: number;
  alerts: number;
}

export interface HuntHitTable {
  job: number;
  capture: string;
  sid: number;
  signature: string;
  alerts: number;
}

/** The first alerts of a capture, as EVE. */
export interface HuntLineTable {
  job: number;
  capture: string;
  number: number;
  line: string;
}

export interface WebhookTable {
  id: Generated<number>;
  name: string;
  url: string;
  /** `whsec_…`: it signs, so it is kept as it is */
  secret: string;
  /** json: names */
  events: string;
  created: number;
  /** ids of the last alert and change it was told of */
  last_alert: number;
  last_change: number;
  /** jobs that ended until then were told */
  last_job: number;
  /** when its receiver said that it is gone; it is told nothing until somebody enables it */
  gone: number | null;
}

/** Hosts that a webhook was told of. */
export interface WebhookHostTable {
  webhook: number;
  host: string;
}

export interface WebhookDeliveryTable {
  id: Generated<number>;
  webhook: number;
  key: string;
  body: string;
  /** waiting, done, failed */
  state: string;
  tries: number;
  /** when it is tried next */
  next: number;
  said: string;
  created: number;
  ended: number | null;
}

export interface StoreSchema {
  events: EventTable;
  signatures: SignatureTable;
  host_rules: HostRuleTable;
  hosts: HostTable;
  alert_hours: AlertHourTable;
  sensors: SensorTable;
  sources: SourceTable;
  verdicts: VerdictTable;
  jobs: JobTable;
  users: UserTable;
  sessions: SessionTable;
  tokens: TokenTable;
  audit: AuditTable;
  settings: SettingTable;
  hunts: HuntTable;
  hunt_captures: HuntCaptureTable;
  hunt_hits: HuntHitTable;
  hunt_lines: HuntLineTable;
  webhooks: WebhookTable;
  webhook_hosts: WebhookHostTable;
  webhook_deliveries: WebhookDeliveryTable;
}
