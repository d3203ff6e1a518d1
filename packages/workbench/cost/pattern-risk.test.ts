/** Patterns of known growth, as the pattern engine writes them in JavaScript: both analyses agree, or the library knows better. */
import { catalogue } from '@sigwright/catalogue';
import { DEFAULT_SETTINGS } from '@sigwright/contracts';
import { buildPlan, usePlan } from '@sigwright/detection';
import { parseRules } from '@sigwright/rule-language';
import { describe, expect, test } from 'vitest';
import { patternRisk } from './pattern-risk.ts';

function patternOf(written: string) {
  const { rules } = parseRules(`alert http any any -> any any (msg:"a"; http.uri; content:"/zq8_kx"; pcre:"${written}"; sid:1;)`);
  const plan = usePlan(buildPlan([{ path: 'rules', rules }], catalogue, DEFAULT_SETTINGS).data, catalogue, DEFAULT_SETTINGS);
  const condition = plan.rule(0).bufferTests[0].conditions.find((one) => one.kind === 'pattern');
  return condition!.pattern;
}

describe('growth', () => {
  test.each<readonly [why: string, pattern: string, own: string, risk: string | undefined]>([
    ['nested repeats', '/^(a+)+b/', 'exponential', 'exponential'],
    ['two repeats of the same letters behind one another', '/^x\\\\w+\\\\w+=/', 'polynomial', 'polynomial'],
    ['one way only', '/^\\\\/[a-z]+\\\\.php$/', 'linear', 'linear'],
    ['alternatives that begin alike and differ behind: caution says exponential, it is not', '/^(?:ab|ac)+d/', 'exponential', 'linear'],
    ['words of PCRE: its form in JavaScript is asked about', '/^\\\\h(?i)[[:xdigit:]]{4}$/', 'linear', 'linear'],
  ])('%s', async (_why, written, own, risk) => {
    const pattern = patternOf(written.replaceAll('\\\\', '\\'));
    expect(pattern.growth).toBe(own);
    const found = await patternRisk(pattern.script!);
    expect(found?.growth).toBe(risk);
    // The text that is said to show it is there where there is something to show.
    expect(found?.attack === undefined).toBe(risk === 'linear');
  });

  test('what JavaScript can not say has no such form', () => {
    expect(patternOf('/^(a|b)\\1+c/').script).toBeUndefined();
  });

  test('without time nothing is claimed', async () => {
    expect(await patternRisk('^(?:[a-z]+[^x]*){3,9}(?:[a-z]+[^y]*)+z$', 0)).toBeUndefined();
  });
});
