/** Every lint: its incorrect samples raise it exactly once, on their last rule; its correct ones never; its safe fixes remove it. */
import { fromLatin1 } from '@sigwright/bytes';
import { DEFAULT_SETTINGS, type LintDefinition, type LintSample } from '@sigwright/contracts';
import { type LintReport, lintRules } from '@sigwright/detection';
import { applyFixes, parseRules } from '@sigwright/rule-language';
import { describe, expect, test } from 'vitest';
import { catalogue } from './index.ts';

/** Enough of the public suffixes for samples. */
const SUFFIXES = ['com', 'net', 'org', 'io', 'co', 'co.uk', 'uk'];

function registrableDomain(host: string): string | undefined {
  const suffix = SUFFIXES.filter((one) => host.endsWith(`.${one}`)).sort((a, b) => b.length - a.length)[0];
  return suffix === undefined
    ? undefined
    : `${host
        .slice(0, -suffix.length - 1)
        .split('.')
        .pop()}.${suffix}`;
}

function reportsOf(text: string, sample: LintSample): LintReport[] {
  const before = new Map(parseRules((sample.before ?? []).join('\n')).rules.map((rule) => [rule.sid, rule]));
  return lintRules([{ path: 'sample', parsed: parseRules(text) }], catalogue, DEFAULT_SETTINGS, {
    registrableDomain,
    ...(sample.target === undefined ? {} : { target: sample.target }),
    ...(sample.sidRanges === undefined ? {} : { sidRanges: sample.sidRanges }),
    ...(sample.before === undefined ? {} : { before: (_gid, sid) => before.get(sid) }),
  });
}

function raised(lint: LintDefinition, sample: LintSample): LintReport[] {
  return reportsOf(sample.rules.join('\n'), sample).filter((report) => report.diagnostic.code === lint.code);
}

const lints = [...catalogue.lints.values()];

test('there are lints', () => expect(lints.length).toBeGreaterThan(20));

describe.each(lints.map((lint) => [lint.code, lint] as const))('%s', (code, lint) => {
  test('is documented', () => {
    expect(code).toMatch(/^lint\/[a-z-]+$/);
    expect(lint.summary).not.toMatch(/\.$|^[A-Z]/);
    expect(lint.incorrect.length).toBeGreaterThan(0);
    expect(lint.correct.length).toBeGreaterThan(0);
  });
  test.each(lint.incorrect.map((sample) => [sample.why, sample] as const))('incorrect: %s', (_why, sample) => {
    const found = raised(lint, sample);
    expect(found.map((report) => report.rule?.text)).toEqual([parseRules(sample.rules.join('\n')).rules.at(-1)!.text]);
    const text = sample.rules.join('\n');
    const { at } = found[0].diagnostic;
    expect(text.slice(at.start, at.end)).not.toBe('');
    if (found[0].diagnostic.fixes === undefined) return;
    const fixed = applyFixes(text, [found[0].diagnostic], { unsafe: true });
    expect(fixed.made).toBe(1);
    expect(reportsOf(fixed.text, sample).filter((report) => report.diagnostic.code === code || report.diagnostic.severity === 'error')).toEqual([]);
  });
  test.each(lint.correct.map((sample) => [sample.why, sample] as const))('correct: %s', (_why, sample) => {
    // Samples are rules that load.
    expect(reportsOf(sample.rules.join('\n'), sample).filter((report) => !report.diagnostic.code.startsWith('lint/'))).toEqual([]);
    expect(raised(lint, sample)).toEqual([]);
  });
});

test('what a script decides is a condition', () => {
  const script = 'function init(args) return {} end function match(args) return 1 end';
  const settings = { ...DEFAULT_SETTINGS, dataFiles: { ...DEFAULT_SETTINGS.dataFiles, read: () => fromLatin1(script) } };
  const parsed = parseRules('alert tcp any any -> any any (msg:"a"; lua:decides.lua; sid:1;)');
  const codes = lintRules([{ path: 'sample', parsed }], catalogue, settings, { registrableDomain }).map(({ diagnostic }) => diagnostic.code);
  expect(codes).not.toContain('lint/no-condition');
  expect(codes.filter((code) => !code.startsWith('lint/'))).toEqual([]);
});

test('a comment line above a rule leaves lints out for that rule alone', () => {
  const rule = (sid: number): string => `alert tcp any any -> any any (msg:"a"; content:"|00|123"; nocase; sid:${sid};)`;
  const text = `# lint: allow nocase-idle, sid-range\n${rule(1)}\n${rule(2)}`;
  const found = reportsOf(text, { why: '', rules: [] }).filter((report) => report.diagnostic.code === 'lint/nocase-idle');
  expect(found.map((report) => report.rule?.sid)).toEqual([2]);
});

describe('a comment that leaves lints out', () => {
  const RULE = 'alert tcp any any -> any any (msg:"a"; content:"|00|123"; nocase; sid:1;)';
  const cases: readonly (readonly [why: string, above: string, isLeftOut: boolean, told: readonly string[]])[] = [
    ['with a reason', '# lint: allow nocase-idle -- the bytes are a name', true, []],
    ['with the code as it is told', '# lint: allow lint/nocase-idle', true, []],
    ['in capitals, without blanks', '#LINT:Allow nocase-idle', true, []],
    ['above another comment', '# lint: allow nocase-idle\n# seen 2024-03-08', true, []],
    ['misspelt', '# lint: allow nocase-idel', false, ['no lint is called `nocase-idel`']],
    ['with another verb', '# lint: ignore nocase-idle', false, ['`ignore` is nothing to ask of `lint`']],
    ['without a code', '# lint: allow', false, ['no lint is named']],
    ['above a blank line', '# lint: allow nocase-idle\n', false, ['it leaves nothing out: it belongs directly above a rule, in one line']],
    ['twice', '# lint: allow nocase-idle\n# lint: allow sid-range', false, ['it leaves nothing out: it belongs directly above a rule, in one line']],
    ['another comment', '# we lint: all of it', false, []],
  ];
  test.each(cases)('%s', (_why, above, isLeftOut, told) => {
    const text = `${above}\n${RULE}`;
    const found = reportsOf(text, { why: '', rules: [] });
    expect(found.some(({ diagnostic }) => diagnostic.code === 'lint/nocase-idle')).toBe(!isLeftOut);
    const about = found.filter(({ diagnostic }) => diagnostic.code.startsWith('allow/'));
    expect(about.map(({ diagnostic }) => diagnostic.title)).toEqual(told);
    for (const { diagnostic } of about) expect(text.slice(diagnostic.at.start, diagnostic.at.end)).not.toBe('');
  });
});
