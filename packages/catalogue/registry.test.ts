/** What every keyword and transform of the catalogue promises: examples load, broken ones are refused for the reason given. */
import { DEFAULT_SETTINGS, type EngineSettings } from '@sigwright/contracts';
import { compileRule, HeaderResolver } from '@sigwright/detection';
import { parseRules } from '@sigwright/rule-language';
import { expect, test } from 'vitest';
import { allKeywords, catalogue } from './index.ts';

const LONGEST_SUMMARY = 100;
/** Files that examples name: some keywords need what the caller brings. */
const FILES: Readonly<Record<string, string>> = {
  'EXAMPLE-script.lua': 'function init() return {} end function match() return 0 end',
  'EXAMPLE-transform.lua': 'function transform(input) return input, #input end',
};
const settings: EngineSettings = {
  ...DEFAULT_SETTINGS,
  publicSuffixes: { suffix: () => undefined, domain: () => undefined },
  dataFiles: { ...DEFAULT_SETTINGS.dataFiles, read: (path) => (FILES[path] === undefined ? undefined : new TextEncoder().encode(FILES[path])) },
};
const compiler = { catalogue, settings, headers: new HeaderResolver(settings) };

/** Error codes of a rule with these options, under the header protocol that suits it best. */
function errorsOf(options: string, protocol: string | undefined): readonly string[] {
  let fewest: readonly string[] | undefined;
  for (const header of [protocol ?? 'tcp', 'tcp', 'udp', 'ip', 'icmp']) {
    const { rules, diagnostics } = parseRules(`alert ${header} any any -> any any (msg:"example"; ${options}${options.includes('sid:') ? '' : ' sid:1;'})`);
    const errors = [...diagnostics, ...rules.flatMap((rule) => compileRule(rule, compiler).diagnostics)]
      .filter((one) => one.severity === 'error')
      .map((one) => `${one.code}: ${one.title}`);
    if (fewest === undefined || errors.length < fewest.length) fewest = errors;
    if (errors.length === 0) break;
  }
  return fewest!;
}

const definitions = allKeywords.map((definition) => [definition.name, definition] as const);

test('there is a catalogue', () => expect(definitions.length).toBeGreaterThan(150));

test('no name or alias is given twice', () => {
  const names = allKeywords.flatMap((one) => [one.name, ...(one.aliases ?? [])]);
  expect(names.filter((name, at) => names.indexOf(name) !== at)).toEqual([]);
});

test.each(definitions)('%s', (_name, definition) => {
  expect(definition.summary.length).toBeLessThanOrEqual(LONGEST_SUMMARY);
  expect(definition.summary).not.toMatch(/\.$/);
  for (const sample of definition.argument.samples) expect(definition.argument.read(sample), sample).not.toHaveProperty('problem');
  for (const example of definition.examples) expect(errorsOf(example, definition.protocol), example).toEqual([]);
  for (const { options, code } of definition.broken ?? [])
    expect(
      errorsOf(options, definition.protocol).some((error) => error.startsWith(`${code}: `)),
      `${options} is refused with ${code}`,
    ).toBe(true);
});
