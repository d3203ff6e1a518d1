/** What a sensor's owner wants changed in rules: which lines mean which rules, in which order they hold, and what is never done. */
import { parseRules } from '@sigwright/rule-language';
import { describe, expect, test } from 'vitest';
import { applyTuning, mergeSources, printRules } from './apply-tuning.ts';
import { inForce, matcherOf, readMatchers, readModifications, type TunedRule } from './tuning.ts';

const TODAY = '2026-11-26';

function rulesOf(text: string, file = 'rules/emerging-malware.rules'): TunedRule[] {
  return parseRules(text).rules.map((rule) => ({ rule, file }));
}

const RULE = (sid: number, options = '', action = 'alert'): string => `${action} tcp any any -> any any (msg:"rule ${sid}"; ${options}sid:${sid}; rev:1;)\n`;

describe('which rules a line means', () => {
  const subject = rulesOf(
    'alert tcp any any -> any any (msg:"ET MALWARE Heartbleed"; content:"a|3a|b"; sid:2019401; rev:2; metadata:deployment Perimeter, signature_severity Major, confidence Medium, created_at 2020_01_02, updated_at 2024_03_04;)',
  )[0];
  test.each<readonly [line: string, means: boolean, why: string]>([
    ['2019401', true, 'its number'],
    ['1:2019401', true, 'with its generator'],
    ['3:2019401', false, 'another generator'],
    ['1, 1:2019401 ,5', true, 'one of several'],
    ['201940', false, 'numbers are whole'],
    ['re:heartBLEED', true, 'patterns do not mind the case'],
    ['re:^alert\\s', true, 'the whole text is searched, from the action on'],
    ['re:(?i)heart(?P<rest>bleed)', true, "words of Python's patterns"],
    ['group:emerging-malware.rules', true, 'its file'],
    ['group:emerging-malware', true, 'without the ending'],
    ['group:*malware*', true, 'with stars'],
    ['group:rules/emerging-malware.rules', false, 'a group has no folders'],
    ['filename:rules/*', true, 'a file name has'],
    ['filename:emerging-malware.rules', false, 'and wants the whole path'],
    ['metadata: deployment perimeter', true, 'metadata, whatever the case'],
    ['metadata: deployment Internal', false, 'another value'],
    ['*', true, 'every rule'],
    ['where: confidence <= medium', true, 'on a scale'],
    ['where: confidence > Medium', false, 'beyond it'],
    ['where: signature_severity >= Critical', false, 'severity has a scale of its own'],
    ['where: updated_at < 2025-01-01', true, 'a date'],
    ['where: age > 730', true, 'days since it was changed last'],
    ['where: age > 2000d', false, 'not that old'],
    ['where: malware_family = x', false, 'what a rule does not say it is not'],
    ['where: malware_family != x', true, 'nor has it that value'],
  ])('%s: %s (%s)', (line, means) => {
    const matcher = matcherOf(line, TODAY);
    expect(typeof matcher === 'string' ? matcher : matcher(subject)).toBe(means);
  });

  test.each([
    ['heartbleed', 'no kind'],
    ['re:(', 'a broken pattern'],
    ['metadata: deployment', 'no value'],
    ['where: confidence < Sometimes', 'no word of the scale'],
    ['where: confidence', 'no comparison'],
  ])('refuses %s: %s', (line) => {
    const { lines, diagnostics } = readMatchers(`# a comment\n\n${line}\n`, TODAY);
    expect(lines).toEqual([]);
    expect(diagnostics.map(({ code, title }) => [code, title.startsWith('line 3: ')])).toEqual([['tuning/line', true]]);
  });

  test('a wish with an end does not hold after its day', () => {
    const text = '1 # until 2026-11-25: scanner\n2 # until 2026-11-26\n3\n';
    const { lines, diagnostics } = inForce(readMatchers(text, TODAY), TODAY);
    expect(lines.map((line) => line.text)).toEqual(['2', '3']);
    expect(diagnostics.map(({ title }) => title)).toEqual(['line 1: `1` was until 2026-11-25 and does not hold any more']);
  });
});

describe('changes', () => {
  test.each<readonly [line: string, after: string, why: string]>([
    ['7 "tcp" "udp"', 'alert udp any any -> any any (msg:"rule 7"; content:"x"; sid:7; rev:1;)', 'words for words'],
    [
      '7 "msg:\\"rule (\\\\d)\\"" "msg:\\"Rule \\\\1 $1\\""',
      'alert tcp any any -> any any (msg:"Rule 7 $1"; content:"x"; sid:7; rev:1;)',
      'groups, and dollars as they are',
    ],
    [
      '7 "\\$HOME_NET|any any ->" "\\$EXTERNAL_NET any ->"',
      'alert tcp $EXTERNAL_NET any -> any any (msg:"rule 7"; content:"x"; sid:7; rev:1;)',
      'a dollar before a name is a dollar, protected or not',
    ],
    ['modifysid 7,8 "content" | "nocase"', 'alert tcp any any -> any any (msg:"rule 7"; nocase:"x"; sid:7; rev:1;)', "Oinkmaster's form"],
    ['re:rule "any any ->" "$HOME_NET any ->"', 'alert tcp $HOME_NET any -> any any (msg:"rule 7"; content:"x"; sid:7; rev:1;)', 'any matcher'],
    [
      'metadata-add 7 key "two words"',
      'alert tcp any any -> any any (msg:"rule 7"; content:"x"; sid:7; rev:1; metadata:key two words;)',
      'metadata where there is none',
    ],
    ['7 "sid:7;" ""', 'alert tcp any any -> any any (msg:"rule 7"; content:"x"; sid:7; rev:1;)', 'what would break a rule is not done'],
  ])('%s (%s)', (line, after) => {
    const { lines, diagnostics } = readModifications(line, TODAY);
    expect(diagnostics).toEqual([]);
    const set = applyTuning(rulesOf(RULE(7, 'content:"x"; ')), { disable: [], enable: [], drop: [], modify: lines });
    expect(set.rules[0].rule.text).toBe(after);
    expect(set.broken.length).toBe(line.includes('sid:7;') ? 1 : 0);
  });

  test('metadata is added to what is there, or only where its key is absent', () => {
    const given = rulesOf(RULE(1, 'metadata:a b; '));
    const change = (line: string): string =>
      applyTuning(given, { disable: [], enable: [], drop: [], modify: readModifications(line, TODAY).lines }).rules[0].rule.text;
    expect(change('metadata-add * a c')).toContain('metadata:a b, a c;');
    expect(change('else-metadata-add * a c')).toContain('metadata:a b;');
    expect(change('else-metadata-add * d c')).toContain('metadata:a b, d c;');
  });
});

test('of equal signatures the higher rev is kept, and the first of equal ones', () => {
  const rule = (msg: string, rev: number): string => `alert tcp any any -> any any (msg:"${msg}"; sid:1; rev:${rev};)`;
  const { rules, replaced } = mergeSources([rulesOf([rule('a', 1), rule('b', 3)].join('\n')), rulesOf([rule('c', 2), rule('d', 3)].join('\n'))]);
  expect(rules.map((one) => one.rule.message)).toEqual(['b']);
  expect(replaced).toBe(3);
});

describe('the order of wishes', () => {
  const wishes = (given: { disable?: string; enable?: string; drop?: string; modify?: string }): Parameters<typeof applyTuning>[1] => ({
    disable: readMatchers(given.disable ?? '', TODAY).lines,
    enable: readMatchers(given.enable ?? '', TODAY).lines,
    drop: readMatchers(given.drop ?? '', TODAY).lines,
    modify: readModifications(given.modify ?? '', TODAY).lines,
  });

  test('enable goes before disable, drop reaches disabled rules, modify sees the dropped text', () => {
    const set = applyTuning(rulesOf(RULE(1) + RULE(2)), wishes({ disable: '1,2', enable: '1', drop: '*', modify: '1 "^drop" "reject"' }));
    expect(printRules(set.rules)).toBe(
      'reject tcp any any -> any any (msg:"rule 1"; sid:1; rev:1;)\n# drop tcp any any -> any any (msg:"rule 2"; sid:2; rev:1;)\n',
    );
    expect(set.counts).toEqual({ disabled: 2, enabled: 1, dropped: 2, modified: 1 });
  });

  test('what has noalert never drops', () => {
    const set = applyTuning(rulesOf(RULE(1, 'noalert; ') + RULE(2, 'flowbits:set,a; flowbits:noalert; ')), wishes({ drop: '*' }));
    expect(set.rules.map(({ rule }) => rule.action)).toEqual(['alert', 'alert']);
    expect(set.keptFromDrop.map(({ rule }) => rule.sid)).toEqual([1, 2]);
  });

  test('setters of bits that enabled rules wait for are switched on, silently, down the whole chain', () => {
    const off = (sid: number, options: string): string => `# ${RULE(sid, options)}`;
    const set = applyTuning(
      rulesOf(
        RULE(1, 'flowbits:isset,a|b; ') +
          off(2, 'flowbits:set,a; ') +
          off(3, 'flowbits:isset,c; flowbits:set,b; flowbits:noalert; ') +
          off(4, 'flowbits:set,c; ') +
          off(5, 'flowbits:set,unrelated; '),
      ),
      wishes({}),
    );
    expect(set.forFlowbits.map(({ rule }) => rule.sid).sort()).toEqual([2, 3, 4]);
    expect(set.rules[1].rule.text).toContain('noalert; sid:2;');
    expect(set.rules[4].rule.enabled).toBe(false);
  });

  test('wishes that no rule answers to are named', () => {
    const set = applyTuning(rulesOf(RULE(1)), wishes({ disable: '1\n99', enable: 're:nothing' }));
    expect(set.idle.map(({ text }) => text)).toEqual(['99', 're:nothing']);
  });
});
