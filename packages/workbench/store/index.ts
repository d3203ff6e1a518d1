/** The operations store. */
export type { AlertFilter, AlertTimeline, StoredAlert, StoredRecord } from './alerts.ts';
export type { StorePlace } from './engines.ts';
export type { HostPicture, HostStory, JudgedHost, JudgedRule } from './hosts.ts';
export type { HuntItem, HuntRequest, HuntRow } from './hunts.ts';
export type { Ingested } from './ingest.ts';
export { lookAtStore, type StoreLook } from './look.ts';
export { LONGEST_PASSWORD, type Principal, SCOPES, type Scope, SHORTEST_PASSWORD, type StoredUser, USER_ROLES, type UserRole } from './people.ts';
export type { Retention } from './retention.ts';
export { type JobRow, openStore, type Store, type StoreOptions } from './store.ts';
export { VERDICT_SCOPES, VERDICTS, type Verdict, type VerdictRequest, type VerdictScope, type VerdictWord, verdictLacks } from './verdicts.ts';
export { type Delivery, WEBHOOK_EVENTS, type WebhookEvent, type WebhookRow } from './webhooks.ts';
