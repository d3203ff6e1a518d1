/**
 * Defanged text → text, with the way back to where every character stood: `hxxp`, `h**p`, `meow://`, `[.]`, `(dot)`, `{.}`, ` dot `,
 * `\.`, `[.com`, `[.com]`, `[:]`, `[://]`, `[/]`, `[at]`, `&#46;`, signs of other scripts. What copying and encoding did to names is
 * undone too, but is not taken for a warning: invisible characters, `\/` of JSON, names that a line break divides at a hyphen.
 * Linear in the length of the text: each place is looked at by a fixed number of patterns of fixed reach.
 *
 * Letters are never changed into others, so a look-alike name stays what it is.
 */
import { isWordCode, readBracket } from './brackets.ts';
import { Rewriter, type Rewritten } from './rewritten.ts';
import { readScheme } from './schemes.ts';

export type Refanged = Rewritten;

/** What is done at a character; 0 for nothing. */
const KIND = {
  blank: 1,
  dot: 2,
  bracket: 3,
  backslash: 4,
  colon: 5,
  slash: 6,
  hyphen: 7,
  ampersand: 8,
  quote: 9,
  underscore: 10,
  comma: 11,
  wrapped: 12,
  percent: 13,
} as const;
const kinds = new Uint8Array(128);
for (const [characters, kind] of [
  [' \t', KIND.blank],
  ['.', KIND.dot],
  ['[({<', KIND.bracket],
  ['\\', KIND.backslash],
  [':', KIND.colon],
  ['/', KIND.slash],
  ['-', KIND.hyphen],
  ['&', KIND.ampersand],
  ['"\'|', KIND.quote],
  ['_', KIND.underscore],
  [',', KIND.comma],
  ['=', KIND.wrapped],
  ['%', KIND.percent],
] as const)
  for (const character of characters) kinds[character.charCodeAt(0)] = kind;

const SLASH = 47;
const LINE_FEED = 10;
const CARRIAGE_RETURN = 13;

/** Endings that are meant as endings where somebody speaks or spaces the dot out: none of them is a word of plain English. */
const SPOKEN_ENDINGS = 'com|net|org|info|biz|ru|su|xyz|top|site|online|club|io|co|cc|me|pw|icu|live|shop|space|website|onion|uk|cn|ir|kr|jp|br';
const SPOKEN_ENDING = new RegExp(`^(?:${SPOKEN_ENDINGS})$`, 'i');
const SPOKEN = new RegExp(
  `[ \\t]dot[ \\t](?=(?:[a-z0-9-]{1,40}[ \\t]dot[ \\t]){0,3}(?:${SPOKEN_ENDINGS})(?![a-z0-9])|(?<=\\d[ \\t]dot[ \\t])\\d{1,3}(?!\\w))`,
  'iy',
);
/** In capitals a word for a sign is meant as one: `joe AT cold DOT top`. */
const SPOKEN_AT = /[ \t]AT[ \t](?=[a-z0-9-]{1,40}(?:[ \t]DOT[ \t]|[ \t]?[[({](?:\.|dot)|\.)[a-z0-9\])} ])/iy;
const SPACED =
  /[ \t]\.[ \t](?=(?:[a-z0-9-]{1,40}[ \t]\.[ \t]){0,3}(?:com|net|org|info|biz|ru|su|xyz|top|cn)(?![A-Za-z0-9-])|(?<=\d[ \t]\.[ \t])\d{1,3}(?![\w,]))/y;
const SPACED_HOST = new RegExp(`[ \\t]\\.(?:[a-z0-9-]{1,40}[ \\t]?\\.){0,3}(?:${SPOKEN_ENDINGS})(?![a-z0-9-])`, 'iy');
/** `evil. com`: of the endings, those that begin no sentence and no list of words. */
const SPACED_BEHIND = /\.[ \t](?=(?:com|org|ru|su|xyz|cn)(?![A-Za-z0-9-]|[ \t]+[a-z]))/y;
/** `cold-rain.` at the end of a line and `top` on the next. */
const ENDING_ON_NEXT_LINE = new RegExp(`\\.\\r?\\n[ \\t]{0,4}(?=(?:${SPOKEN_ENDINGS})(?![a-z0-9-]|[ \\t]dot))`, 'y');
/** What stands before it is a label with a hyphen or digit, or a name of several: no word that ends a sentence. */
const HOST_SO_FAR = /(?:^|[^\w.-])(?=[\w.-]*[-.\d])[a-z0-9][\w.-]*$/i;
const LONGEST_LABEL = 64;
/** Words before ` dot ` that make it plain English. */
const NOT_A_LABEL = /(?:^|[^\w])(?:the|a|an|this|that|each|every|one|no|of|in|old|new|big|first|last|and|or|to|e\.g|i\.e|etc|vs)$/i;
/** Longest word that is looked at before a spoken dot. */
const LONGEST_WORD_BEFORE = 12;

/** `evil-dot-com`, `evil_dot_com`, `joe_at_evil.com`. */
const JOINED_DOT = new RegExp(`([-_])dot\\1(?=(?:(?:(?!\\1dot\\1)[a-z0-9-]){1,40}\\1dot\\1){0,3}(?:${SPOKEN_ENDINGS})(?![a-z0-9]))`, 'iy');
const JOINED_AT =
  /_at_(?=[a-z0-9-]{1,40}(?:\.|_dot_|\[\.\])(?:[a-z0-9-]{1,20}\.)?(?:com|net|org|info|biz|ru|su|xyz|top|io|co|uk|de|fr|eu|in|us|it|nl|pl|br|cn|jp|kr)(?![a-z0-9-]))/iy;
/**
 * `evil-otter,com`: of the endings, those that are no words; behind a label with a hyphen or digit the others, too. What follows is no
 * noun that they would belong to.
 */
const BEHIND_COMMA =
  '(?=\\s*(?:$|[\\r\\n)\\]"\'`;:|/<(]|[.,](?:\\s|$))|\\s+(?:and|or|is|was|were|are|in|on|at|to|for|with|which|that|has|hosted|resolve[sd]?|via|then|as|[A-Z\\d-]))';
const COMMA = new RegExp(`,(?:com|org|ru|su|xyz|cn|biz|onion)${BEHIND_COMMA}`, 'y');
const COMMA_BEHIND_TELLING = new RegExp(`,(?:net|info|top|club|online|site|live|shop|space|website|icu|pw|io|cc|co|me)${BEHIND_COMMA}`, 'y');
const LABEL_BEFORE = /(?:^|[\s"'`([<:|/@.])([a-z0-9](?:[a-z0-9-]*[a-z0-9])?)$/i;
/** `evil.[com]` */
const ENDING_IN_BRACKET = new RegExp(`\\.\\[(?:${SPOKEN_ENDINGS}|de|in|eu|us|fr|pl|it|nl)\\]`, 'iy');
/** `http%3A%2F%2Fevil.com%2Fa`, not within another address. */
const ENCODED_SCHEME = /%3a%2f%2f(?=[\w.-]+)/iy;
const ENCODED = /%(?:2f|3a|3f|3d|26|2e)/gi;
const DECODED: Readonly<Record<string, string>> = { '2f': '/', '3a': ':', '3f': '?', '3d': '=', '26': '&', '2e': '.' };
const LONGEST_ENCODED = 1024;
/** `evil%2Ecom`: a name alone, or the host of an address. */
const ENCODED_ENDING = new RegExp(`%2e(?:[a-z0-9-]{1,40}%2e){0,3}(?:${SPOKEN_ENDINGS})(?![a-z0-9-])`, 'iy');
const ENCODED_HOST = /(?:^|[\s"'`(<[,;|]|:\/\/)[\w.%-]{1,64}$/;
/** `joe%40evil.com`, not within an address. */
const ENCODED_MAIL = /(?:^|[\s"'`(<:,;|])[\w.+-]{1,64}$/;
/** What a query goes on with on the next line. */
const REST_OF_QUERY = /\r?\n(?!h[tx]{2}ps?:|[A-Z][a-z]+[\s,.:]|[\w-]{1,40}:\s)(?=[\w%~.-]{1,200})/y;

const ESCAPED_DOT = /\\{1,2}\.(?=[a-z0-9])/iy;
const ESCAPED_CODE = /\\(?:u00|x)(2e|2f|3a)/iy;
const CODES: Readonly<Record<string, string>> = { '2e': '.', '2f': '/', '3a': ':' };
const ENTITY = /&(?:amp|#46|#x2e|period|#58|#x3a|colon|#47|#x2f|sol);/iy;
const ENTITIES: Readonly<Record<string, string>> = {
  '&amp;': '&',
  '&#46;': '.',
  '&#x2e;': '.',
  '&period;': '.',
  '&#58;': ':',
  '&#x3a;': ':',
  '&colon;': ':',
  '&#47;': '/',
  '&#x2f;': '/',
  '&sol;': '/',
};
/** The rest of a name on the next line: a label, a dot in any dress, a letter or digit. */
const REST_OF_NAME = /\r?\n[ \t]{0,4}(?=[a-z0-9][a-z0-9-]{0,62}[ \t]?[[({]?(?:\.|dot\b)[\])}]?[ \t]?[a-z0-9])/iy;
/** The rest of a path on the next line that is a path itself. */
const REST_WITH_SLASH = /\r?\n(?=[\w%~-]{1,80}\/[\w%~.?=&/-])/iy;
/** The rest of a path on the next line, which is neither an address nor a word. */
const REST_OF_PATH = /\r?\n(?=[\w%~-]{1,80}(?:[/?=&]|\.(?:php|html?|aspx?|jsp|js|exe|dll|zip|txt|bin|png|jpg|gif|sh)(?![\w.])))/iy;
/** Shorter lines end where their author ended them. */
const SHORTEST_WRAPPED_LINE = 60;
/** An address and the first part of its path. */
const SHORTEST_SPLIT_LINE = 16;
const LONGEST_LINE = 400;

/** Invisible characters that copying leaves inside names, typographic hyphens, and the signs that other scripts have for ours. */
function characterReplacement(code: number): string | undefined {
  switch (code) {
    case 0xad:
    case 0x200b:
    case 0x200c:
    case 0x200d:
    case 0x2060:
    case 0xfeff:
      return '';
    case 0x2010:
    case 0x2011:
      return '-';
    // Full stops of IDNA (RFC 3490, 3.1) and the one-dot leader.
    case 0x3002:
    case 0xff0e:
    case 0xff61:
    case 0x2024:
      return '.';
    case 0xff1a:
      return ':';
    case 0xff0f:
      return '/';
    case 0xff20:
      return '@';
    default:
      // Letters and digits as wide as East Asian ones: names have them as the plain ones (RFC 5895, 2.3).
      return (code >= 0xff10 && code <= 0xff19) || (code >= 0xff21 && code <= 0xff3a) || (code >= 0xff41 && code <= 0xff5a)
        ? String.fromCharCode(code - 0xfee0)
        : undefined;
  }
}

/** Brackets of East Asian typography: 【 （ ［ ｛ */
function isWideBracket(code: number): boolean {
  return code === 0x3010 || code === 0xff08 || code === 0xff3b || code === 0xff5b;
}

/** Undoes what begins at a character of another script; where to go on. */
function readWide(text: string, at: number, code: number, out: Rewriter): number {
  if (isWideBracket(code)) return readBracket(text, at, out);
  const by = characterReplacement(code);
  if (by === undefined) return at + 1;
  const behind = by === ':' ? readScheme(text, at, out) : undefined;
  if (behind !== undefined) return behind;
  let end = at + 1;
  // A soft hyphen that was needed: the word goes on in the next line.
  if (code === 0xad && isLineEnd(text, end) && isWordCode(text.charCodeAt(at - 1))) end += text.charCodeAt(end) === CARRIAGE_RETURN ? 2 : 1;
  out.replace(at, end, by, by !== '' && by !== '-' && !/[0-9a-z]/i.test(by));
  return by === '-' ? (joinedLine(text, at, out) ?? end) : end;
}

function isLineEnd(text: string, at: number): boolean {
  const code = text.charCodeAt(at);
  return code === LINE_FEED || (code === CARRIAGE_RETURN && text.charCodeAt(at + 1) === LINE_FEED);
}

/** Takes out the line break behind the hyphen at `at` where a name goes on after it; where to go on then. */
function joinedLine(text: string, at: number, out: Rewriter): number | undefined {
  if (!isLineEnd(text, at + 1) || !isWordCode(text.charCodeAt(at - 1))) return undefined;
  for (const pattern of isInWrappedAddress(text, at) ? [REST_OF_NAME, REST_OF_PATH] : [REST_OF_NAME]) {
    pattern.lastIndex = at + 1;
    const match = pattern.exec(text);
    if (match !== null) return withoutLineEnd(at, match, out);
  }
  return undefined;
}

/** Does an address with scheme reach up to `at`, on a line long enough to have been wrapped? */
function isInWrappedAddress(text: string, at: number, shortest = SHORTEST_WRAPPED_LINE): boolean {
  const before = text.slice(Math.max(0, at - LONGEST_LINE), at);
  const line = before.slice(before.lastIndexOf('\n') + 1);
  return line.length >= shortest && /:(?:\]?\/\/|\/\/\])\S*$/.test(line);
}

function readBackslash(text: string, at: number, out: Rewriter): number {
  const next = text.charCodeAt(at + 1);
  if (next === 47) {
    out.replace(at, at + 2, '/', false);
    return at + 2;
  }
  if (next === 46 || next === 92) {
    ESCAPED_DOT.lastIndex = at;
    const match = isWordCode(text.charCodeAt(at - 1)) ? ESCAPED_DOT.exec(text) : null;
    if (match === null) return at + 1;
    out.replace(at, at + match[0].length, '.', true);
    return at + match[0].length;
  }
  if (next !== 117 && next !== 120) return at + 1;
  ESCAPED_CODE.lastIndex = at;
  const match = ESCAPED_CODE.exec(text);
  if (match === null) return at + 1;
  out.replace(at, at + match[0].length, CODES[match[1].toLowerCase()], false);
  return at + match[0].length;
}

/** ` dot ` and ` . ` between words that are labels. */
function readBlank(text: string, at: number, out: Rewriter): number {
  const next = text.charCodeAt(at + 1) | 32;
  const spoken = next === 100 && (text.charCodeAt(at + 2) | 32) === 111 && (text.charCodeAt(at + 3) | 32) === 116;
  if (next === 97 && text.charCodeAt(at + 1) === 65) {
    SPOKEN_AT.lastIndex = at;
    const match = isWordCode(text.charCodeAt(at - 1)) ? SPOKEN_AT.exec(text) : null;
    if (match === null) return at + 1;
    out.replace(at, at + match[0].length, '@', true);
    return at + match[0].length;
  }
  if (!spoken && next === 46 && text.charCodeAt(at + 2) !== 32) return readSpacedHost(text, at, out);
  if (!spoken && next !== 46) return at + 1;
  const pattern = spoken ? SPOKEN : SPACED;
  pattern.lastIndex = at;
  const match = isWordCode(text.charCodeAt(at - 1)) ? pattern.exec(text) : null;
  if (match === null || NOT_A_LABEL.test(text.slice(Math.max(0, at - LONGEST_WORD_BEFORE), at))) return at + 1;
  out.replace(at, at + match[0].length, '.', true);
  return at + match[0].length;
}

/** `hxxp://evil .com/a` */
function readSpacedHost(text: string, at: number, out: Rewriter): number {
  SPACED_HOST.lastIndex = at;
  if (!SPACED_HOST.test(text) || !/:\]?\/\/\]?[\w.-]+$/.test(text.slice(Math.max(0, at - LONGEST_LABEL), at))) return at + 1;
  out.replace(at, at + 1, '', true);
  return at + 1;
}

/** `evil.]com`, `evil. com`, and a name that a line break divides behind its dot. */
function readDot(text: string, at: number, out: Rewriter): number {
  const next = text.charCodeAt(at + 1);
  if (next === LINE_FEED || next === CARRIAGE_RETURN) {
    ENDING_ON_NEXT_LINE.lastIndex = at;
    const match = isWordCode(text.charCodeAt(at - 1)) ? ENDING_ON_NEXT_LINE.exec(text) : null;
    if (match === null || !HOST_SO_FAR.test(text.slice(Math.max(0, at - LONGEST_LABEL), at))) return at + 1;
    out.replace(at + 1, at + match[0].length, '', false);
    return at + match[0].length;
  }
  if (next === 91) {
    ENDING_IN_BRACKET.lastIndex = at;
    const match = isWordCode(text.charCodeAt(at - 1)) ? ENDING_IN_BRACKET.exec(text) : null;
    if (match === null) return at + 1;
    out.replace(at, at + 2, '.', true);
    out.replace(at + match[0].length - 1, at + match[0].length, '', true);
    return at + match[0].length;
  }
  if (next === 93 || next === 41 || next === 125) {
    if (!isWordCode(text.charCodeAt(at - 1)) || !isWordCode(text.charCodeAt(at + 2))) return at + 1;
    out.replace(at, at + 2, '.', true);
    return at + 2;
  }
  if (next !== 32) return at + 1;
  SPACED_BEHIND.lastIndex = at;
  const match = SPACED_BEHIND.exec(text);
  if (match === null || !isWordCode(text.charCodeAt(at - 1)) || NOT_A_LABEL.test(text.slice(Math.max(0, at - LONGEST_WORD_BEFORE), at))) return at + 1;
  out.replace(at, at + match[0].length, '.', true);
  return at + match[0].length;
}

/**
 * Every place at which something may begin, with as much of what follows as tells it from ordinary text: the engine of patterns goes
 * through a report several times faster than a loop over its characters. The functions above look closer.
 */
const BEGINNINGS = new RegExp(
  // Most characters are told by the first test.
  `(?![a-zA-Z0-9;*\\n])(?:${[
    '[ \\t](?=[dD][oO][tT][ \\t]|\\.[ \\ta-z]|AT[ \\t])',
    '\\.(?=[\\])}]|[ ](?:com|org|ru|su|xyz|cn)(?![A-Za-z0-9-])|\\r?\\n[ \\t]{0,4}[a-z]|\\[[a-z]{2,8}\\])',
    ',(?=[a-z]{2,7}(?![\\w,-]))',
    '\\\\(?=[./\\\\ux])',
    ':(?<=[pswPSW\\])}][ ]?:)',
    '/(?=[/\\r\\n])',
    '=(?=[\\r\\n])',
    '-(?=[\\r\\n]|[dD][oO][tT]-)',
    '_(?=[dD][oO][tT]_|[aA][tT]_)',
    '%(?=3[aA]%2[fF]%2[fF]|40[a-z0-9]|2[eE][a-z])',
    '["\'|](?=\\.)',
    '[[({<&\\u00ad\\u200b-\\u200d\\u2010\\u2011\\u2024\\u2060\\u3002\\u3010\\ufeff\\uff08\\uff0e-\\uff1a\\uff20-\\uff3b\\uff41-\\uff5b\\uff61]',
  ].join('|')})`,
  'g',
);

export function refang(text: string): Refanged {
  const out = new Rewriter(text);
  for (let from = 0; ; ) {
    BEGINNINGS.lastIndex = from;
    if (!BEGINNINGS.test(text)) break;
    from = behind(text, BEGINNINGS.lastIndex - 1, out);
  }
  return out.finish();
}

/** Undoes what begins at `at`; where to go on. */
function behind(text: string, at: number, out: Rewriter): number {
  const code = text.charCodeAt(at);
  if (code > 127) return readWide(text, at, code, out);
  switch (kinds[code]) {
    case KIND.blank:
      return readBlank(text, at, out);
    case KIND.dot:
      return readDot(text, at, out);
    case KIND.bracket:
      return readBracket(text, at, out);
    case KIND.backslash:
      return readBackslash(text, at, out);
    case KIND.colon:
      return (isPlainScheme(text, at) ? undefined : readScheme(text, at, out)) ?? at + 1;
    case KIND.slash:
      return text.charCodeAt(at + 1) === SLASH ? (readScheme(text, at, out) ?? at + 2) : joinedPath(text, at, out);
    case KIND.hyphen:
      return text.charCodeAt(at + 1) === LINE_FEED || text.charCodeAt(at + 1) === CARRIAGE_RETURN
        ? (joinedLine(text, at, out) ?? at + 1)
        : readJoined(text, at, out);
    case KIND.underscore:
      return readJoined(text, at, out);
    case KIND.comma:
      return readComma(text, at, out);
    case KIND.wrapped:
      return joinedQuery(text, at, out);
    case KIND.percent:
      return readEncoded(text, at, out);
    case KIND.ampersand:
      return isLineEnd(text, at + 1) ? joinedQuery(text, at, out) : (readScheme(text, at, out) ?? readEntity(text, at, out));
    default:
      return readQuote(text, at, code, out);
  }
}

/** `http://h…`, `https://h…`: the usual thing, with nothing to undo. */
function isPlainScheme(text: string, colon: number): boolean {
  if (!text.startsWith('//', colon + 1) || !isWordCode(text.charCodeAt(colon + 3))) return false;
  return text.startsWith('http', colon - 4) || text.startsWith('https', colon - 5);
}

function joinedPath(text: string, at: number, out: Rewriter): number {
  if (!isLineEnd(text, at + 1)) return at + 1;
  REST_WITH_SLASH.lastIndex = at + 1;
  REST_OF_PATH.lastIndex = at + 1;
  // A line that begins with a path and no address goes on with the one above, however short that is.
  const match = isInWrappedAddress(text, at)
    ? (REST_OF_PATH.exec(text) ?? REST_WITH_SLASH.exec(text))
    : isInWrappedAddress(text, at, SHORTEST_SPLIT_LINE)
      ? REST_WITH_SLASH.exec(text)
      : null;
  return withoutLineEnd(at, match, out);
}

/** A query never ends in `=` or `&`: it goes on in the next line. */
function joinedQuery(text: string, at: number, out: Rewriter): number {
  REST_OF_QUERY.lastIndex = at + 1;
  return withoutLineEnd(at, isInWrappedAddress(text, at, SHORTEST_SPLIT_LINE) ? REST_OF_QUERY.exec(text) : null, out);
}

/** `match`: the line end behind `at`, where the address goes on behind it. */
function withoutLineEnd(at: number, match: RegExpExecArray | null, out: Rewriter): number {
  if (match === null) return at + 1;
  out.replace(at + 1, at + 1 + match[0].length, '', false);
  return at + 1 + match[0].length;
}

function readJoined(text: string, at: number, out: Rewriter): number {
  if (!isWordCode(text.charCodeAt(at - 1))) return at + 1;
  JOINED_DOT.lastIndex = at;
  JOINED_AT.lastIndex = at;
  const dot = JOINED_DOT.exec(text);
  const match = dot ?? JOINED_AT.exec(text);
  if (match === null) return at + 1;
  out.replace(at, at + match[0].length, dot === null ? '@' : '.', true);
  return at + match[0].length;
}

function readComma(text: string, at: number, out: Rewriter): number {
  const label = LABEL_BEFORE.exec(text.slice(Math.max(0, at - LONGEST_LABEL), at))?.[1];
  if (label === undefined || label.length < 3 || SPOKEN_ENDING.test(label) || NOT_A_LABEL.test(label)) return at + 1;
  const pattern = /[-\d]/.test(label) ? [COMMA, COMMA_BEHIND_TELLING] : [COMMA];
  for (const one of pattern) {
    one.lastIndex = at;
    if (!one.test(text)) continue;
    out.replace(at, at + 1, '.', true);
    return at + 1;
  }
  return at + 1;
}

/** `%40` before a host, `%2e` before an ending, `%3a%2f%2f` behind a scheme. */
function readEncoded(text: string, at: number, out: Rewriter): number {
  const before = text.slice(Math.max(0, at - LONGEST_LINE), at);
  if (text.startsWith('40', at + 1)) {
    if (!ENCODED_MAIL.test(before)) return at + 1;
    out.replace(at, at + 3, '@', false);
    return at + 3;
  }
  if (text.startsWith('2', at + 1)) {
    ENCODED_ENDING.lastIndex = at;
    if (!ENCODED_ENDING.test(text) || !ENCODED_HOST.test(before)) return at + 1;
    out.replace(at, at + 3, '.', true);
    return at + 3;
  }
  return readEncodedAddress(text, at, before, out);
}

/** An address that was encoded as a whole: decoded up to its end. */
function readEncodedAddress(text: string, at: number, before: string, out: Rewriter): number {
  ENCODED_SCHEME.lastIndex = at;
  const match = ENCODED_SCHEME.exec(text);
  if (match === null || !/(?:^|[\s"'`(<[=:,;|])h(?:tt|xx)ps?$/i.test(before) || /:\/\/\S*$/.test(before)) return at + 1;
  const scheme = /h(?:tt|xx)ps?$/i.exec(before)?.[0] ?? '';
  out.replace(at - scheme.length, at + match[0].length, `${scheme.toLowerCase().replace('xx', 'tt')}://`, true);
  const start = at + match[0].length;
  const rest = /^[^\s"'`<>|,;)\]}&]*/.exec(text.slice(start, start + LONGEST_ENCODED))?.[0] ?? '';
  for (const { index, 0: written } of rest.matchAll(ENCODED)) out.replace(start + index, start + index + 3, DECODED[written.slice(1).toLowerCase()], false);
  return start + rest.length;
}

function readEntity(text: string, at: number, out: Rewriter): number {
  ENTITY.lastIndex = at;
  const match = ENTITY.exec(text);
  if (match === null) return at + 1;
  out.replace(at, at + match[0].length, ENTITIES[match[0].toLowerCase()], match[0] !== '&amp;');
  return at + match[0].length;
}

/** `evil"."com` */
function readQuote(text: string, at: number, code: number, out: Rewriter): number {
  if (text.charCodeAt(at + 2) !== code || !isWordCode(text.charCodeAt(at - 1)) || !isWordCode(text.charCodeAt(at + 3))) return at + 1;
  out.replace(at, at + 3, '.', true);
  return at + 3;
}
