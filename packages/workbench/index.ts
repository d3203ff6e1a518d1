/** Report → released rule → learned lesson. The only door of this package. */
export * from './community-review/community-review.ts';
export * from './coverage/coverage.ts';
export * from './draft/draft.ts';
export * from './intake/intake.ts';
export * from './prove/prove.ts';
export * from './release/changes.ts';
export * from './release/compare.ts';
export * from './release/manifest.ts';
export * from './release/release.ts';
export * from './release/signature.ts';
export * from './release/traffic-difference.ts';
export * from './repository/history.ts';
export * from './repository/lock.ts';
export * from './repository/repository.ts';
export * from './review/decide.ts';
export * from './review/review.ts';
export * from './triage/triage.ts';
