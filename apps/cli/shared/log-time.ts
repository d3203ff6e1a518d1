/** Times as logs write them, all of them UTC: those of fast.log and its kin, and what `strftime` (POSIX) makes of a format. */

const two = (value: number): string => String(value).padStart(2, '0');
const three = (value: number): string => String(value).padStart(3, '0');
const DAYS = ['Sunday', 'Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday'];
const MONTHS = ['January', 'February', 'March', 'April', 'May', 'June', 'July', 'August', 'September', 'October', 'November', 'December'];
const DAY = 86_400_000;

/** Microseconds beyond the second. */
export function microsOf(time: number): number {
  return Math.floor(time % 1e6);
}

/** `10/05/2010-10:08:59.667372`; `time` in microseconds. */
export function lineTime(time: number): string {
  return `${strftime('%m/%d/%Y-%H:%M:%S', time)}.${String(microsOf(time)).padStart(6, '0')}`;
}

/** What a letter behind `%` stands for in the C locale; a letter that is none stays as it is. */
const FIELDS: Readonly<Record<string, (date: Date) => string>> = {
  a: (date) => DAYS[date.getUTCDay()].slice(0, 3),
  A: (date) => DAYS[date.getUTCDay()],
  b: (date) => MONTHS[date.getUTCMonth()].slice(0, 3),
  B: (date) => MONTHS[date.getUTCMonth()],
  c: (date) => expand('%a %b %e %H:%M:%S %Y', date),
  C: (date) => two(Math.floor(date.getUTCFullYear() / 100)),
  d: (date) => two(date.getUTCDate()),
  D: (date) => expand('%m/%d/%y', date),
  e: (date) => String(date.getUTCDate()).padStart(2),
  F: (date) => expand('%Y-%m-%d', date),
  h: (date) => expand('%b', date),
  H: (date) => two(date.getUTCHours()),
  I: (date) => two(date.getUTCHours() % 12 || 12),
  j: (date) => three(dayOfYear(date) + 1),
  m: (date) => two(date.getUTCMonth() + 1),
  M: (date) => two(date.getUTCMinutes()),
  n: () => '\n',
  p: (date) => (date.getUTCHours() < 12 ? 'AM' : 'PM'),
  r: (date) => expand('%I:%M:%S %p', date),
  R: (date) => expand('%H:%M', date),
  s: (date) => String(Math.floor(date.getTime() / 1000)),
  S: (date) => two(date.getUTCSeconds()),
  t: () => '\t',
  T: (date) => expand('%H:%M:%S', date),
  u: (date) => String(date.getUTCDay() || 7),
  U: (date) => two(Math.floor((dayOfYear(date) + 7 - date.getUTCDay()) / 7)),
  w: (date) => String(date.getUTCDay()),
  W: (date) => two(Math.floor((dayOfYear(date) + 7 - ((date.getUTCDay() + 6) % 7)) / 7)),
  x: (date) => expand('%m/%d/%y', date),
  X: (date) => expand('%H:%M:%S', date),
  y: (date) => two(date.getUTCFullYear() % 100),
  Y: (date) => String(date.getUTCFullYear()),
  z: () => '+0000',
  Z: () => 'UTC',
  '%': () => '%',
};

/** `time` in microseconds. */
export function strftime(format: string, time: number): string {
  return expand(format, new Date(Math.floor(time / 1000)));
}

function expand(format: string, date: Date): string {
  return format.replace(/%([a-zA-Z%])/g, (written, letter: string) => FIELDS[letter]?.(date) ?? written);
}

function dayOfYear(date: Date): number {
  return Math.floor((date.getTime() - Date.UTC(date.getUTCFullYear(), 0)) / DAY);
}
