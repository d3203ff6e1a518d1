/** Signs of names and addresses in brackets: `[.]`, `(dot)`, `{at}`, `[:]`, `[[.]]`, `[.[`, `[.com`, `[.com]`, `[:8080]`. */
import type { Rewriter } from './rewritten.ts';
import { readScheme } from './schemes.ts';

/** Words for signs, in brackets. */
const WORDS: readonly (readonly [pattern: RegExp, by: string])[] = [
  [/(?:dot|d0t|punkt|point|punto|ponto|period|d(?=[\])}]))/iy, '.'],
  [/(?:at|a(?=[\])}]))/iy, '@'],
  [/colon/iy, ':'],
  [/(?:dash|hyphen)/iy, '-'],
  [/slash/iy, '/'],
];
/** Endings that follow a dot in brackets even where a blank stands before it: `evil [.]com`. */
const ENDING =
  /(?:com|net|org|info|biz|ru|su|xyz|top|site|online|club|io|co|cc|me|pw|icu|live|shop|space|website|onion|uk|de|cn|ir|kr|jp|br|in|eu|us)(?![a-z0-9-])/iy;
/** What a name goes on with behind a dot and a blank: an ending, or a label with another dot. */
const GOES_ON = new RegExp(`${ENDING.source}|[a-z0-9-]{1,63}[ \\t]?[[({]?[ \\t]?(?:\\.[a-z0-9\\])}]|dot\\b|d[\\])}])`, 'iy');
/** What is the rest of a host for sure, with no word of plain English among the endings. */
const REST_OF_HOST =
  /(?:com|net|org|info|biz|ru|su|xyz|top|site|online|club|icu|onion|cn|uk|de|jp|kr)(?![a-z0-9-])|[a-z0-9-]{1,63}[ \t]?[[({]?[ \t]?(?:\.[a-z0-9\])}]|dot\b|d[\])}])/iy;
/** The bracket that closes behind a label: `[.com]`. */
const LABEL_AND_CLOSE = /[a-z0-9-]{1,63}(?:\.[a-z]{2,24})?[\])}]/iy;
const PORT_AND_CLOSE = /\d{1,5}[\])}]/y;
const MOST_BLANKS = 2;
const LINE_BREAK = /\r?\n[ \t]{0,4}(?=[a-z0-9])/iy;

export function isWordCode(code: number): boolean {
  return (
    (code >= 97 && code <= 122) || (code >= 48 && code <= 57) || (code >= 65 && code <= 90) || (code > 191 && code < 0x2000) || (code > 0x3040 && code < 0xd800)
  );
}

function isLetter(code: number): boolean {
  return code >= 97 && code <= 122;
}

function isBlank(code: number): boolean {
  return code === 32 || code === 9 || code === 0xa0;
}

function isClosing(code: number): boolean {
  // ] ) } > and 】 ） ］ ｝
  return code === 93 || code === 41 || code === 125 || code === 62 || code === 0x3011 || code === 0xff09 || code === 0xff3d || code === 0xff5d;
}

function behindBlanks(text: string, at: number): number {
  let to = at;
  while (to - at < MOST_BLANKS && isBlank(text.charCodeAt(to))) to++;
  return to;
}

interface Sign {
  readonly by: string;
  readonly end: number;
}

/** The sign that stands at `at`, by itself or as a word; undefined for anything else, which is what most brackets hold. */
function signAt(text: string, at: number): Sign | undefined {
  switch (text.charCodeAt(at)) {
    case 46:
    case 0x3002:
    case 0xff0e:
    case 44:
      return { by: '.', end: at + 1 };
    case 64:
      return { by: '@', end: at + 1 };
    case 45:
      return { by: '-', end: at + 1 };
    case 58:
      if (text.startsWith('//', at + 1)) return { by: '://', end: at + 3 };
      return text.charCodeAt(at + 1) === 58 ? { by: '::', end: at + 2 } : { by: ':', end: at + 1 };
    case 47:
      return text.charCodeAt(at + 1) === 47 ? { by: '//', end: at + 2 } : { by: '/', end: at + 1 };
    default: {
      const letter = text.charCodeAt(at) | 32;
      // d p a c h s
      if (letter !== 100 && letter !== 112 && letter !== 97 && letter !== 99 && letter !== 104 && letter !== 115) return undefined;
      for (const [pattern, by] of WORDS) {
        pattern.lastIndex = at;
        const match = pattern.exec(text);
        if (match !== null) return { by, end: at + match[0].length };
      }
      return undefined;
    }
  }
}

/** Undoes what the bracket at `at` holds, if it is such a sign; where to go on. */
export function readBracket(text: string, at: number, out: Rewriter): number {
  const doubled = text.charCodeAt(at + 1) === text.charCodeAt(at);
  const from = behindBlanks(text, doubled ? at + 2 : at + 1);
  const sign = signAt(text, from);
  if (sign === undefined) return at + 1;
  const { by } = sign;
  if (by.startsWith(':') || by === '//') {
    const behind = readScheme(text, at, out);
    if (behind !== undefined) return behind;
  }
  const to = behindBlanks(text, sign.end);
  const before = text.charCodeAt(at - 1);
  if (doubled && !(isClosing(text.charCodeAt(to)) && isClosing(text.charCodeAt(to + 1)))) return at + 1;
  // `[d]` and `(a)` are letters of words and lists, too, but before the rest of a name.
  if (sign.end === from + 1 && isLetter(text.charCodeAt(from) | 32)) {
    REST_OF_HOST.lastIndex = to + 1;
    if (!isNamePart(before) || !REST_OF_HOST.test(text)) return at + 1;
  }
  const closed = isClosing(text.charCodeAt(to)) || isTurned(text, at, to, by);
  if (!closed) return readHalf(text, at, sign, out);
  const end = doubled ? to + 2 : to + 1;
  // `<` opens elements, and what is a list elsewhere is a sign only between the letters of a name.
  if (text.charCodeAt(at) === 60 && by !== '.' && by !== '@' && by !== ':') return at + 1;
  if ((by === '-' || by === '/' || text.charCodeAt(from) === 44) && !(isNamePart(before) && isWordCode(text.charCodeAt(end)))) return at + 1;
  const [start, stop] = by === '.' || by === '@' || by === ':' ? withBlanks(text, at, end, by, out) : [at, end];
  out.replace(start, stop, by, true);
  return stop;
}

/** `evil[.[com`: the second bracket is the first once more. */
function isTurned(text: string, at: number, to: number, by: string): boolean {
  return by === '.' && text.charCodeAt(to) === text.charCodeAt(at) && isNamePart(text.charCodeAt(at - 1)) && isWordCode(text.charCodeAt(to + 1));
}

function isNamePart(code: number): boolean {
  return isWordCode(code) || code === 95 || code === 93 || code === 41;
}

/** Blanks (and, behind a dot, a line break) that belong to the sign: those between two parts of a name. */
function withBlanks(text: string, at: number, end: number, by: string, out: Rewriter): readonly [start: number, stop: number] {
  let start = at;
  while (at - start < MOST_BLANKS && start > out.taken && isBlank(text.charCodeAt(start - 1))) start--;
  const stop = behindBlanks(text, end);
  const isJoined = isNamePart(text.charCodeAt(start - 1)) && isWordCode(text.charCodeAt(stop));
  if (start < at && stop > end) return isJoined ? [start, stop] : [at, end];
  if (start < at) {
    ENDING.lastIndex = end;
    return isJoined && (by === '@' || (by === '.' && ENDING.test(text))) ? [start, end] : [at, end];
  }
  if (stop > end) {
    GOES_ON.lastIndex = stop;
    return isJoined && (by === '@' || (by === '.' && GOES_ON.test(text))) ? [at, stop] : [at, end];
  }
  if (by !== '.' || !isNamePart(text.charCodeAt(at - 1))) return [at, end];
  LINE_BREAK.lastIndex = end;
  const match = LINE_BREAK.exec(text);
  return [at, end + (match?.[0].length ?? 0)];
}

/** `evil[.com`, `evil[.com]`, `198.51.7.9[:8080]`. */
function readHalf(text: string, at: number, sign: Sign, out: Rewriter): number {
  if (!isNamePart(text.charCodeAt(at - 1)) || sign.end !== at + 2) return at + 1;
  const pattern = text.charCodeAt(at + 1) === 46 ? LABEL_AND_CLOSE : text.charCodeAt(at + 1) === 58 ? PORT_AND_CLOSE : undefined;
  if (pattern === undefined || !isWordCode(text.charCodeAt(sign.end))) return at + 1;
  pattern.lastIndex = sign.end;
  const closed = pattern.exec(text);
  if (closed === null && sign.by === ':') return at + 1;
  out.replace(at, sign.end, sign.by, true);
  if (closed === null) return sign.end;
  const close = sign.end + closed[0].length - 1;
  out.replace(close, close + 1, '', true);
  return close + 1;
}
