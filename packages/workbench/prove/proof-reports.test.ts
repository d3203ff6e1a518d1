import { expect, test } from 'vitest';
import { githubAnnotationsOf, junitOf, proofSarifOf } from './proof-reports.ts';
import type { ProofCheck, ProofReport } from './prove.ts';

const good: ProofCheck = { capture: 'a.pcap', kind: 'fires', wanted: 1, got: 1, ok: true, says: 'a visit', reason: '', packets: [4] };
const bad: ProofCheck = { ...good, capture: 'b%.pcap', kind: 'silent', wanted: 0, ok: false, reason: 'must stay silent,\nbut fired once' };
const report: ProofReport = {
  ok: false,
  captures: 2,
  rules: [{ sid: 7, message: 'A "quoted" <rule> & \u0001', category: 'test', ok: false, checks: [good, bad], missing: ['no second capture'] }],
};

test('JUnit: a hostile message stays inside its attribute, and every failure is counted', () => {
  const made = junitOf(report);
  expect(made).toContain('tests="3" failures="2"');
  expect(made).toContain('classname="7 A &quot;quoted&quot; &lt;rule&gt; &amp; ?" name="fires a.pcap"/>');
  expect(made).toContain('<failure message="no second capture"/>');
});

test('what is not in use and has no evidence is skipped, not failed', () => {
  const idle: ProofReport = { ok: true, captures: 0, rules: [{ ...report.rules[0], ok: true, checks: [], missing: ['no evidence'], excused: 'disabled' }] };
  expect(junitOf(idle)).toContain('tests="1" failures="0" skipped="1"');
  expect(junitOf(idle)).toContain('<skipped message="disabled: no evidence"/>');
  expect(githubAnnotationsOf(idle, new Map())).toBe('');
  expect((proofSarifOf(idle, new Map()) as { runs: { results: unknown[] }[] }).runs[0].results).toEqual([]);
});

test('GitHub: one command a failure; a line end can not begin another command', () => {
  expect(githubAnnotationsOf(report, new Map([[7, { path: 'rules/a,b.rules', line: 12 }]])).split('\n')).toEqual([
    '::error file=rules/a%2Cb.rules,line=12,title=rule 7::no second capture',
    '::error file=rules/a%2Cb.rules,line=12,title=rule 7::b%25.pcap: must stay silent,%0Abut fired once',
    '',
  ]);
});

test('SARIF: one result a failure, on the line of the rule', () => {
  const made = proofSarifOf(report, new Map([[7, { path: 'rules/a b.rules', line: 12 }]])) as {
    runs: { results: { ruleId: string; locations: unknown[] }[] }[];
  };
  expect(made.runs[0].results.map((one) => one.ruleId)).toEqual(['proof/evidence', 'proof/silent']);
  expect(made.runs[0].results[0].locations).toEqual([{ physicalLocation: { artifactLocation: { uri: 'rules/a%20b.rules' }, region: { startLine: 12 } } }]);
});
