/** The log for programs is one object a line whatever a message holds; people are told of troubles only. */
import { expect, test } from 'vitest';
import { logOf } from './log.ts';

test('json: every line is an object with time, level, verb and message, whatever is said', () => {
  const lines: string[] = [];
  const log = logOf('json', 'serve', '', (line) => lines.push(line));
  log.say('info', 'a\n"b"\u2028', { status: 200, user: 'x\ny', none: undefined });
  log.complain('away');
  expect(lines).toHaveLength(2);
  for (const line of lines) expect(line.slice(0, -1)).not.toContain('\n');
  expect(JSON.parse(lines[0])).toMatchObject({ level: 'info', verb: 'serve', message: 'a\n"b"\u2028', status: 200, user: 'x\ny' });
  expect(JSON.parse(lines[1])).toMatchObject({ level: 'warning', message: 'away', time: expect.stringMatching(/^\d{4}-\d\d-\d\dT.*Z$/) });
});

test('words: running commentary is left out, a fault comes with its stack', () => {
  const lines: string[] = [];
  const log = logOf(undefined, 'serve', '', (line) => lines.push(line));
  log.say('info', 'request', { status: 200 });
  log.say('error', 'broke', { stack: 'at here' });
  expect(lines).toEqual(['sigwright serve: broke\nat here\n']);
  expect(() => logOf('xml', 'serve', 'usage')).toThrow('--log xml is not one of words, json');
});
