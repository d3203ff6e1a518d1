/** All rules of the reference data, disabled ones too: read without an error, printed back byte for byte, and the same when read again. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { parseRule, parseRules, printDocument } from './index.ts';

const text = readFileSync(join(import.meta.dirname, '..', '..', '..', 'shared', 'rules', 'etopen.rules'), 'utf8');
/** Rules in the file, by its README. */
const RULES = 30_437;

describe('the whole of a published ruleset', () => {
  const { document, rules, diagnostics } = parseRules(text);

  test('is read without an error', () => {
    expect(diagnostics.filter((one) => one.severity === 'error')).toEqual([]);
    expect(rules).toHaveLength(RULES);
  });

  test('prints back byte for byte', () => expect(printDocument(document) === text).toBe(true));

  test('every rule means the same when its own text is read again', () => {
    const options = (rule: (typeof rules)[number]): string => JSON.stringify(rule.options.map(({ name, value }) => [name, value]));
    const different: number[] = [];
    for (const rule of rules) {
      const again = parseRule(rule.text).rule;
      const same =
        again !== undefined &&
        again.action === rule.action &&
        again.protocol === rule.protocol &&
        again.source.text === rule.source.text &&
        again.sourcePorts.text === rule.sourcePorts.text &&
        again.direction === rule.direction &&
        again.destination.text === rule.destination.text &&
        again.destinationPorts.text === rule.destinationPorts.text &&
        again.sid === rule.sid &&
        again.rev === rule.rev &&
        again.gid === rule.gid &&
        again.message === rule.message &&
        options(again) === options(rule);
      if (!same) different.push(rule.sid);
    }
    expect(different).toEqual([]);
  });

  test('spans lie where the words are', () => {
    for (const rule of rules) {
      expect(text.slice(rule.span.start, rule.span.end)).toBe(rule.text);
      expect(text.slice(rule.protocolSpan.start, rule.protocolSpan.end).toLowerCase()).toBe(rule.protocol);
      for (const option of rule.options) expect(text.slice(option.nameSpan.start, option.nameSpan.end)).toBe(option.name);
    }
  });
});
