/** What is said of files of rules that are none, or broken from end to end. */
import { describe, expect, test } from 'vitest';
import { readRules } from './plans.ts';

const read = (bytes: Uint8Array): ReturnType<typeof readRules> => readRules([{ path: 'x.rules', bytes }]);
const encode = (text: string): Uint8Array => new TextEncoder().encode(text);

describe('files that are no text are told once', () => {
  test.each([
    ['a capture', Uint8Array.of(0xd4, 0xc3, 0xb2, 0xa1, 2, 0, 4, 0, 0x0a, 0x0a)],
    ['UTF-16', Uint8Array.from([...encode('alert')].flatMap((byte) => [byte, 0]))],
  ])('%s', (_why, bytes) => {
    const { problems, broken, sources } = read(bytes);
    expect(problems.map(({ line, diagnostic }) => [line, diagnostic.code])).toEqual([[1, 'rule/not-text']]);
    expect(broken).toBe(1);
    expect(sources[0].rules).toEqual([]);
  });
});

test('each line of very many broken ones is named, in time that grows with the file', () => {
  // Searched from the beginning for each line, 60,000 of them took minutes.
  const { problems, broken } = read(encode('# a remark\nalert tcp any\n\n'.repeat(60_000)));
  expect(broken).toBe(60_000);
  expect(problems[0].line).toBe(2);
  expect(problems.at(-1)?.line).toBe(3 * 60_000 - 1);
});

test('a rule that goes on over several lines is named by its first', () => {
  const { problems } = read(encode('\n\nalert tcp any any -> any any \\\n (msg:"x"; \\\n sid:one;)\n'));
  expect(problems.map(({ line }) => line)).toEqual(problems.map(() => 3));
  expect(problems.length).toBeGreaterThan(0);
});
