/** A gate never keeps from a rule what its pattern matches, and keeps it from most of what it does not. */
import { catalogue } from '@sigwright/catalogue';
import { DEFAULT_SETTINGS } from '@sigwright/contracts';
import { parseRules } from '@sigwright/rule-language';
import { SeededRandom } from '@sigwright/traffic';
import { describe, expect, test } from 'vitest';
import { buildPlan, usePlan } from '../compile/plan.ts';
import { PIECE, scanKernel } from '../kernel/kernel.ts';
import { gatedRule, PatternGate } from './pattern-gate.ts';

/** Each with the reason why it is here; `undefined`: it has no gate. */
const PATTERNS: readonly (readonly [pattern: string, why: string | undefined])[] = [
  ['/ \\d\\d-\\d{7} /', 'digits between blanks'],
  ['/ (71|8[1-5])\\d{3} \\d{4}/', 'alternatives'],
  ['/#[0-9a-f]{6}:[A-F]{4}/', 'letters of one case'],
  ['/[gm]et_[xyz]{4}/i', 'letters of both cases'],
  ['/\\x80[\\xc0-\\xcf]{2}\\x00[\\x40-\\x5f]/', 'bytes above 127, and those that folding moves'],
  ['/\\d?-\\d?-\\d-\\d-\\d/', 'places that move'],
  ['/(?<=z)[12]{3}[34]{3}(?=z)/', 'what stands around it does not count'],
  ['/^[89]{2}[67]{4}/', 'at the beginning'],
  ['/[45]{4}[23]{5}$/', 'at the end'],
  ['/[q-z]{9}.*[q-z]{9}/', 'its end is far off'],
  ['/[a-z]{8}/', undefined],
  ['/\\d\\d\\d/', undefined],
  ['/.{20}x/s', undefined],
];
const rules = PATTERNS.map(([pattern], at) => `alert ip any any -> any any (pcre:"${pattern}"; sid:${at + 1};)`).join('\n');
const plan = usePlan(buildPlan([{ path: 'test', rules: parseRules(rules).rules }], catalogue, DEFAULT_SETTINGS).data, catalogue, DEFAULT_SETTINGS);
const compiled = PATTERNS.map((_, at) => plan.rule(plan.data.sids.indexOf(at + 1)));
const gated = compiled.map((rule, at) => gatedRule(at, rule.payload));
const FILLER = 'The quick brown fox, 1234 times: <b>jumps</b> over-the lazy_dog #1 on 24-12-1999. ';

describe('gates', () => {
  test('those that are worth one have one', () => expect(gated.map((one) => one !== undefined)).toEqual(PATTERNS.map(([, why]) => why !== undefined)));

  test.each([
    [scanKernel()!, 'by the kernel'],
    ['plain', 'in plain TypeScript'],
  ] as const)('what matches comes through, the rest seldom', (kernel, how) => {
    const gate = new PatternGate(
      gated.filter((one) => one !== undefined),
      kernel,
    );
    const random = new SeededRandom(3);
    const counts = { matched: 0, open: 0, closed: 0 };
    for (let round = 0; round < 600; round++) {
      const length = [20, 101, 300, 1400, PIECE, PIECE + 30, 2 * PIECE][random.below(7)];
      const bytes = new Uint8Array(length).map((_, at) => (at % 97 === 0 ? random.below(256) : FILLER.charCodeAt(at % FILLER.length)));
      const chosen = random.below(PATTERNS.length);
      const condition = compiled[chosen].payload[0];
      if (condition.kind !== 'pattern') throw new Error('a pattern was written');
      const example = condition.pattern.example?.((limit) => random.below(limit), []) ?? new Uint8Array(0);
      // At both ends, somewhere, and across the border of two pieces.
      const [start, end] = [random.below(3), length - random.below(3)];
      for (const at of [start, end - example.length, random.below(length), PIECE - random.below(12)])
        if (round % 4 > 0 && at >= 0 && at + example.length <= length) bytes.set(example, at);
      const found = new Set<number>();
      gate.open(bytes, start, end, { add: (rule) => found.add(rule) });
      for (const [at, rule] of compiled.entries()) {
        const [first] = rule.payload;
        if (gated[at] === undefined || first.kind !== 'pattern') continue;
        if (first.pattern.match(bytes, start, end, start) !== undefined) {
          counts.matched++;
          expect([how, at, found.has(at)]).toEqual([how, at, true]);
        } else if (found.has(at)) counts.open++;
        else counts.closed++;
      }
    }
    expect(counts.matched).toBeGreaterThan(250);
    expect(counts.closed).toBeGreaterThan(5 * counts.open);
  });
});
