/** The formatter on a whole published ruleset: every rule means what it meant, and a second time changes nothing. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { catalogue } from '@sigwright/catalogue';
import { parseRules } from '@sigwright/rule-language';
import { expect, test } from 'vitest';
import { formatRules } from './format.ts';
import { modelOf } from './model-of.ts';

const MINUTE = 60_000;

test('a published ruleset keeps its meaning, and the style is a fixed point', { timeout: MINUTE }, () => {
  const text = readFileSync(join(import.meta.dirname, '..', '..', '..', '..', 'shared', 'rules', 'etopen.rules'), 'utf8');
  const formatted = formatRules(text).text;
  expect(formatRules(formatted).text === formatted).toBe(true);
  const before = parseRules(text).rules;
  const after = parseRules(formatted).rules;
  expect(after).toHaveLength(before.length);
  const different = before.filter((rule, at) => modelOf(rule, catalogue) !== modelOf(after[at], catalogue)).map((rule) => rule.sid);
  expect(different).toEqual([]);
});
