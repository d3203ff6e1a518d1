/** What failures are in HTTP: who asked wrongly is told 400; who may ask again, about something else or later, is told so. */
import { expect, test } from 'vitest';
import { statusOf } from './refusal.ts';

test.each<readonly [why: string, code: string, status: number]>([
  ['a hunt that does not run', 'hunt/none', 404],
  ['a verdict that was never set', 'verdict/none', 404],
  ['a report on a rule that nobody made', 'feedback/unknown', 404],
  ['a rule that is not in the repository', 'review/unknown-sid', 404],
  ['so it is for reports', 'feedback/unknown-sid', 404],
  ['nothing to change', 'desk/no-repository', 404],
  ['a folder that is no repository', 'repository/not-one', 404],
  ['nothing to hunt in', 'hunt/no-archive', 404],
  ['a number that is taken', 'rule/conflict', 409],
  ['a version that is taken', 'release/exists', 409],
  ['a rule that is disabled already', 'review/not-allowed', 409],
  ['a file that an editor changed meanwhile', 'review/changed', 409],
  ['one person who agrees with oneself', 'review/four-eyes', 409],
  ['a report that has its answer', 'feedback/answered', 409],
  ['rules that must not be released as they are', 'release/problems', 409],
  ['a lock that can not be believed', 'repository/lock', 409],
  ['settings that can not be read', 'repository/settings', 409],
  ['somebody else changes something for long', 'repository/busy', 503],
  ['a folder that can not be written', 'repository/hold', 503],
  ['a full disk', 'repository/write', 503],
  ['the same for a release', 'release/write', 503],
  ['git that refuses', 'desk/commit', 503],
  ['an archive that does not answer', 'hunt/archive', 503],
  ['no day of the calendar', 'post/day', 400],
  ['a reason that is missing', 'review/no-reason', 400],
  ['a text that is no rule', 'rule/broken', 400],
  ['a slice that is no capture', 'feedback/slice', 400],
  ['a webhook that leads inside', 'fetch/address', 400],
])('%s: %s', (_why, code, status) => expect(statusOf(code)).toBe(status));
