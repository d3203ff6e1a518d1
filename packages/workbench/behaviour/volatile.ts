/**
 * What in a text changes from one victim, one run or one hour to the next: identifiers, digests, times, addresses, counters. A rule
 * that holds such a part is an indicator with an early end, not behaviour.
 */

export interface CharacterClass {
  /** as in a pattern */
  readonly text: string;
  /** in words */
  readonly says: string;
  readonly pattern: RegExp;
  /** how many of 95 printable characters it allows, as bits that each character tells */
  readonly bits: number;
  /** it describes a whole value, not each character of it */
  readonly isWhole: boolean;
}

function characterClass(text: string, says: string, size: number): CharacterClass {
  return { text, says, pattern: new RegExp(`^${text}*$`), bits: Math.log2(95 / size), isWhole: false };
}

/** Things of one form, whatever their characters. */
const FORMS: readonly CharacterClass[] = [
  form('[a-fA-F0-9]{8}-(?:[a-fA-F0-9]{4}-){3}[a-fA-F0-9]{12}', 'a UUID', 30),
  form('(?:[0-9]{1,3}\\.){3}[0-9]{1,3}', 'an address', 16),
];

function form(text: string, says: string, bits: number): CharacterClass {
  return { text, says, pattern: new RegExp(`^${text}$`), bits, isWhole: true };
}

/** From narrow to wide; all of them are bounded by what stands around a value (`&`, quotes, blanks, line ends). */
const CLASSES: readonly CharacterClass[] = [
  characterClass('[0-9]', 'digits', 10),
  characterClass('[a-f0-9]', 'hexadecimal digits', 16),
  characterClass('[A-F0-9]', 'hexadecimal digits', 16),
  characterClass('[a-fA-F0-9]', 'hexadecimal digits', 22),
  characterClass('[a-z]', 'lower case letters', 26),
  characterClass('[A-Z]', 'upper case letters', 26),
  characterClass('[a-z0-9]', 'lower case letters and digits', 36),
  characterClass('[A-Z0-9]', 'upper case letters and digits', 36),
  characterClass('[a-zA-Z]', 'letters', 52),
  characterClass('[a-zA-Z0-9]', 'letters and digits', 62),
  characterClass('[a-zA-Z0-9+/=]', 'base64', 65),
  characterClass('[a-zA-Z0-9_-]', 'base64 for URLs', 64),
  characterClass('[0-9.]', 'digits and dots', 11),
  characterClass('[a-zA-Z0-9_.%+=-]', 'letters, digits and few signs', 68),
];

/** The narrowest class that all values are of; undefined where they hold anything. */
export function classOf(values: readonly string[]): CharacterClass | undefined {
  if (values.every((value) => value === '')) return undefined;
  return (
    FORMS.find(({ pattern }) => values.every((value) => pattern.test(value))) ?? CLASSES.find(({ pattern }) => values.every((value) => pattern.test(value)))
  );
}

/** The widest class, where the values are of it. */
export function widest(values: readonly string[]): CharacterClass | undefined {
  const [last] = CLASSES.slice(-1);
  return values.every((value) => last.pattern.test(value)) ? last : undefined;
}

export interface Span {
  readonly start: number;
  readonly end: number;
  readonly why: string;
}

type Finder = readonly [why: string, pattern: RegExp];

/** Names of parameters and fields whose values are of one victim, one run or one moment. */
const NAMED =
  '(?:[a-z_-]{0,20}(?:session|sess|token|uuid|guid|hwid|uid|nonce|rand|time|stamp|user|host|computer|machine|mac_?addr|hash|password|pass|email|serial)[a-z_-]{0,12}|id|[a-z]{1,12}_?id|ts|ip|mac|key|pc|pcname|name)';

/** Volatile wherever they stand, however often the same one was seen. */
const ALWAYS: readonly Finder[] = [
  ['a UUID', /[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}/gi],
  ['a date', /\b(?:19|20)\d\d[-/.]\d\d[-/.]\d\d(?:[T _]\d\d:?\d\d(?::?\d\d)?(?:\.\d+)?Z?)?/g],
  ['an HTTP date', /\b(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun), \d\d [A-Z][a-z]{2} \d{4} \d\d:\d\d:\d\d GMT/g],
  ['a time', /\b\d\d:\d\d:\d\d\b/g],
  ['an address', /(?<![\d.])(?:\d{1,3}\.){3}\d{1,3}(?![\d.])/g],
  ['a time in seconds or milliseconds', /(?<!\d)1[5-9]\d{8}(?:\d{3})?(?!\d)/g],
  ['a long number in hexadecimal', /(?<![0-9a-zA-Z])(?=[0-9a-f]*\d)(?=\d*[a-f])[0-9a-f]{16,}(?![0-9a-zA-Z])/gi],
  ['a long text in base64', /(?<![0-9a-zA-Z+_-])(?=[^=]{0,400}\d)(?=[^=]{0,400}[a-z])(?=[^=]{0,400}[A-Z])[0-9a-zA-Z+_-]{24,}={0,2}/g],
  ['the value of a parameter', new RegExp(`(?<=(?:^|[?&;])${NAMED}=)[^&;#\\s]+`, 'gi')],
  ['the value of a field', new RegExp(`(?<="${NAMED}"\\s?:\\s?")[^"\\\\]+(?=")`, 'gi')],
  ['a number of a field', new RegExp(`(?<="${NAMED}"\\s?:\\s?)-?\\d+`, 'gi')],
  ['a host', /\b(?:[a-z0-9-]{1,63}\.){1,6}(?:com|net|org|info|biz|xyz|top|ru|cn|io|su|cc|site|online|club|pw|tk)\b(?![.(])/gi],
  ['a boundary', /(?<=boundary=)[^\s;"]+/g],
];

/** Where one capture is all there is: what could be new the next time. */
const LIKELY: readonly Finder[] = [
  ['a number', /(?<![A-Za-z0-9.])\d{3,}(?![A-Za-z0-9.])/g],
  ['a number in hexadecimal', /(?<![0-9a-zA-Z])(?=[0-9a-f]*\d)(?=\d*[a-f])[0-9a-f]{8,}(?![0-9a-zA-Z])/gi],
  ['letters of both cases and digits', /(?<![0-9a-zA-Z])(?=[a-zA-Z]*\d)(?=[0-9A-Z]*[a-z])(?=[0-9a-z]*[A-Z])[0-9a-zA-Z]{10,}={0,2}/g],
  ['a text in base64', /(?<=[=":,])[0-9a-zA-Z+/]{6,}={1,2}(?=$|[&",;\s])/g],
  ['the value of a parameter', /(?<=(?:^|[?&;])[^=&?;\s/<{"]{1,60}=)(?![a-z]{1,16}(?:[&;#]|$))[^&;#\s]+/g],
  ['the value of a field', /(?<="[^"\\]{1,60}"\s?:\s?")(?![a-z_]{1,16}")[^"\\]+(?=")/g],
  ['a number of a field', /(?<="[^"\\]{1,60}"\s?:\s?)-?\d+(?:\.\d+)?/g],
];

/** Parts that change, in order and without overlap. `only`: one capture is all there is. `names`: hosts and addresses of this conversation. */
export function volatileSpans(text: string, only: boolean, names: readonly string[]): Span[] {
  const found: Span[] = [];
  for (const name of names) {
    if (name.length < 4) continue;
    for (let at = text.indexOf(name); at !== -1; at = text.indexOf(name, at + name.length)) found.push({ start: at, end: at + name.length, why: 'a host' });
  }
  for (const [why, pattern] of only ? [...ALWAYS, ...LIKELY] : ALWAYS)
    for (const match of text.matchAll(pattern)) if (match[0] !== '') found.push({ start: match.index, end: match.index + match[0].length, why });
  found.sort((a, b) => a.start - b.start || b.end - a.end);
  const kept: Span[] = [];
  for (const span of found) {
    const last = kept.at(-1);
    if (last === undefined || span.start >= last.end) kept.push(span);
    else if (span.end > last.end) kept[kept.length - 1] = { ...last, end: span.end };
  }
  return kept;
}
