/**
 * How well drafts and coverage do on published pairs of indicator and rule (../shared/intel/pairs) and on the whole ET Open set:
 * for each name, does the draft test the same buffer, match the indicator, what lies below it where the original does, and never
 * `xx<name>`? And: is every indicator found covered by its own rule, how long does the index take? `--show` prints differences.
 */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Rule } from '@sigwright/contracts';
import { parseRules } from '@sigwright/rule-language';
import { buildCoverage, draftRules, type ReportReading } from '@sigwright/workbench';

const shared = join(import.meta.dirname, '../../shared');
const show = process.argv.includes('--show');
if (!existsSync(join(shared, 'intel/pairs/pairs.jsonl'))) {
  console.error('the pairs at ../shared/intel/pairs are not there');
  process.exit(2);
}

interface Pair {
  readonly sid: number;
  readonly buffer: string;
  readonly indicator: { readonly type: string; readonly value: string };
  readonly rule: string;
}

const ASKED = 0.95;
const MOST_SECONDS_TO_INDEX = 1;
const MOST_MILLISECONDS_TO_ASK = 50;

const pairs = readFileSync(join(shared, 'intel/pairs/pairs.jsonl'), 'utf8')
  .trim()
  .split('\n')
  .map((line) => JSON.parse(line) as Pair)
  .filter((pair) => pair.indicator.type !== 'uri-path');

function indicatorOf(pair: Pair): { type: 'domain' | 'url'; value: string } {
  return pair.indicator.type === 'url' ? { type: 'url', value: `http://${pair.indicator.value}` } : { type: 'domain', value: pair.indicator.value };
}

/** Asked through coverage, which reads anchors: does a set of rules match a name in a buffer? */
function matches(rules: readonly Rule[], buffer: string, type: string, value: string): boolean {
  return buildCoverage(rules)
    .find({ type, value })
    .some((hit) => buffer.includes(hit.buffer) && hit.how !== 'narrower');
}

let good = 0;
let stricter = 0;
let impossible = 0;
for (const pair of pairs) {
  const { type, value } = indicatorOf(pair);
  const reading: ReportReading = {
    title: '',
    text: value,
    indicators: [{ type, value, written: `${value}[.]`, start: 0, end: value.length, role: 'indicator', benign: false, reason: 'given', sentence: value }],
    references: [],
    cves: [],
    techniques: [],
    families: [],
    actors: [],
    hashtags: [],
    credits: [],
    campaigns: [],
    names: [],
  };
  let sid = 1;
  const draft = draftRules(reading, { prefix: 'SW', date: '2024-03-08', nextSid: () => sid++ });
  const drafted = parseRules(draft.rules.map((one) => one.text).join('\n')).rules;
  const original = parseRules(pair.rule).rules;
  // HTTP rules on a name alone: the pair DNS and SNI stands for them.
  const buffers = pair.buffer === 'http.host' ? 'dns.query tls.sni' : pair.buffer;
  const problems: string[] = [];
  if (drafted.length === 0) {
    impossible++;
    if (show) console.log(`${pair.sid} ${value}: nothing drafted: ${draft.skipped.map((one) => one.why).join('; ')}`);
    continue;
  }
  if (!matches(drafted, buffers, type, value)) problems.push('does not match the indicator');
  if (type === 'domain') {
    if (matches(drafted, buffers, type, `xx${value}`)) problems.push(`matches xx${value}`);
    else if (matches(original, pair.buffer, type, `xx${value}`)) stricter++;
    if (matches(original, pair.buffer, type, `sub.${value}`) && !matches(drafted, buffers, type, `sub.${value}`)) problems.push('misses names below');
  }
  if (problems.length === 0) good++;
  else if (show) console.log(`${pair.sid} ${value}: ${problems.join(', ')}`);
}
const asked = pairs.length - impossible;
console.log(
  `drafts: ${good} of ${asked} match what the original matches (${((100 * good) / asked).toFixed(1)} %), ${stricter} of them stricter than the original; ${impossible} of ${pairs.length} indicators are shared services, from which nothing is drafted`,
);

const { rules } = parseRules(readFileSync(join(shared, 'rules/etopen.rules'), 'utf8'));
const before = performance.now();
const coverage = buildCoverage(rules);
const seconds = (performance.now() - before) / 1000;
const known = new Set(rules.map((rule) => rule.sid));
let found = 0;
let there = 0;
let slowest = 0;
for (const pair of pairs) {
  if (!known.has(pair.sid)) continue;
  there++;
  const start = performance.now();
  const hits = coverage.find(indicatorOf(pair));
  slowest = Math.max(slowest, performance.now() - start);
  if (hits.some((hit) => hit.sid === pair.sid)) found++;
  else if (show) console.log(`${pair.sid} ${pair.indicator.value}: its own rule is not found`);
}
console.log(
  `coverage: ${rules.length} rules indexed in ${seconds.toFixed(2)} s; ${found} of ${there} indicators find their own rule; slowest question ${slowest.toFixed(1)} ms`,
);
const holds = good / asked >= ASKED && found / there >= ASKED && seconds < MOST_SECONDS_TO_INDEX && slowest < MOST_MILLISECONDS_TO_ASK;
if (!holds) console.log('BELOW what is asked');
process.exit(holds ? 0 : 1);
