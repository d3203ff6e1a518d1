/** What letters of a format become, and that nothing of the traffic can break a line. */
import { fromLatin1 } from '@sigwright/bytes';
import { expect, test } from 'vitest';
import { lineFormat, visible } from './line-format.ts';
import { lineTime, strftime } from './log-time.ts';

/** Tuesday, 5 March 2024, 14:07:09.000042 UTC. */
const TIME = Date.UTC(2024, 2, 5, 14, 7, 9) * 1000 + 42;

test.each<readonly [why: string, format: string, text: string]>([
  ['the guide’s example', '%D-%H:%M:%S', '03/05/24-14:07:09'],
  ['day and month by name', '%a %A %b %B %h', 'Tue Tuesday Mar March Mar'],
  ['a name of a file', '%Y-%m-%d-%H:%M', '2024-03-05-14:07'],
  ['seconds since 1970', '%s', String(Date.UTC(2024, 2, 5, 14, 7, 9) / 1000)],
  ['the clock of twelve hours', '%I:%M %p', '02:07 PM'],
  ['a day filled up with a blank', '%e', ' 5'],
  ['put together of others', '%F %T|%R|%x|%X|%r', '2024-03-05 14:07:09|14:07|03/05/24|14:07:09|02:07:09 PM'],
  ['day of the year, of the week, and weeks', '%j %u %w %U %W', '065 2 2 09 10'],
  ['century, year, zone', '%C %y %z %Z', '20 24 +0000 UTC'],
  ['a percent sign, and a letter that is none', '%% %Q', '% %Q'],
])('strftime: %s', (_why, format, text) => expect(strftime(format, TIME)).toBe(text));

test('the time of fast.log and its kin', () => expect(lineTime(TIME)).toBe('03/05/2024-14:07:09.000042'));

test.each<readonly [why: string, bytes: string, shown: string]>([
  ['what prints stays, bars and blanks too', 'a b|c~', 'a b|c~'],
  ['a line end makes no line', 'a\r\nb', 'a|0D||0A|b'],
  ['beyond ASCII, byte by byte', 'ü\x7f', '|FC||7F|'],
])('visible: %s', (_why, bytes, shown) => {
  expect(visible(fromLatin1(bytes))).toBe(shown);
  expect(visible(bytes)).toBe(shown);
});

const FIELDS = {
  a: () => 'alpha',
  n: () => undefined,
  e: (_subject: unknown, argument: string) => `<${argument}>`,
  l: () => 'one\ntwo',
};

test.each<readonly [why: string, format: string, line: string]>([
  ['text around letters', '(%a) %a.', '(alpha) alpha.'],
  ['what is not there', '%n', '-'],
  ['an argument', '%{User-Agent}e', '<User-Agent>'],
  ['a length', '%[3]a|%[99]a', 'alp|alpha'],
  ['length and argument', '%[4]{abc}e', '<abc'],
  ['a length counts bytes before they are shown', '%[4]l', 'one|0A|'],
  ['brackets that stand alone are text', '[3]%a', '[3]alpha'],
  ['time, with a format and without', '%{%Y}t %t', '2024 03/05/24-14:07:09'],
  ['a percent sign', '100%%', '100%'],
  ['a percent sign at the end is text', 'x%', 'x%'],
])('a line: %s', (_why, format, line) => expect(lineFormat(format, FIELDS)({ time: TIME })).toBe(line));

test('a letter that nobody knows is told', () => expect(() => lineFormat('%a %{x}Q', FIELDS)).toThrow('customformat: %{x}Q is not known'));
