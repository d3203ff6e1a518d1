/** A file that is read again line by line says what it would say if it were read as a whole. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { type RulesRead, rulesAgain, rulesOf } from './rules-file.ts';

const LINES = [
  'alert tcp any any -> any any (msg:"a"; content:"x"; sid:1; rev:1;)',
  '#alert udp any any -> any 53 (msg:"b"; content:"y\\;z"; sid:2;)',
  'alert http any any -> any any ( \\',
  ' msg:"c"; http.uri; content:"/q"; sid:3;)',
  '# words \\',
  '',
  'alert tcp any any (broken',
  'alert tcp any any -> any any (msg:"no number";)',
  '\\',
  '\t',
  'content:"half',
  '<<<<<<< ours',
  '=======',
];

/** Everything but spans, which count from the first change where only that was parsed. */
function plain({ rules, problems }: RulesRead): object {
  return {
    rules: rules.map(({ rule, line, path, category }) => ({
      line,
      path,
      category,
      sid: rule.sid,
      text: rule.text,
      enabled: rule.enabled,
      message: rule.message,
    })),
    problems,
  };
}

test('random edits of random lines, with either line end, joined lines and broken rules', () => {
  const text = fc.tuple(fc.array(fc.constantFrom(...LINES), { maxLength: 8 }), fc.constantFrom('\n', '\r\n'), fc.boolean());
  const edit = fc.record({
    at: fc.nat(),
    removed: fc.nat(90),
    added: fc.oneof(fc.constantFrom(...LINES, '\n', '\r', '\\', '\\\n', '#', ' '), fc.constant('')),
  });
  fc.assert(
    fc.property(text, fc.array(edit, { minLength: 1, maxLength: 4 }), ([lines, end, isEnded], edits) => {
      let now = lines.join(end) + (isEnded ? end : '');
      let read = rulesOf('rules/a.rules', 'a', now);
      for (const { at, removed, added } of edits) {
        const place = now.length === 0 ? 0 : at % (now.length + 1);
        now = now.slice(0, place) + added + now.slice(place + removed);
        read = rulesAgain(read, 'rules/a.rules', 'a', now);
        expect(read.text).toBe(now);
        expect(plain(read)).toEqual(plain(rulesOf('rules/a.rules', 'a', now)));
      }
    }),
    { numRuns: 2000 },
  );
});

test('a rule on a line that did not change is the same object, wherever that line is now', () => {
  const before = rulesOf('rules/a.rules', 'a', `${LINES[0]}\n${LINES[1]}\n`);
  const after = rulesAgain(before, 'rules/a.rules', 'a', `# new\n# lines\n${LINES[0].replace('"x"', '"xx"')}\n${LINES[1]}\n`);
  expect(after.rules.map(({ line }) => line)).toEqual([3, 4]);
  expect(after.rules[0].rule).not.toBe(before.rules[0].rule);
  expect(after.rules[1].rule).toBe(before.rules[1].rule);
});
