/**
 * Defanged text → text, keeping for every character where it stood: `hxxp`, `h**p`, `meow://`, `[.]`, `(dot)`, `{.}`, ` dot `, `\.`,
 * `[.com`, `[:]`, `[://]`, `[/]`, `[at]`, `[@]`, the full stops of other scripts, and invisible characters inside names. Linear in the
 * length of the text: each place is looked at by a fixed number of patterns of fixed reach.
 *
 * Letters are never changed into others, so a look-alike name stays what it is.
 */
export interface Refanged {
  readonly text: string;
  /** offset in the original of each character, and of the end */
  readonly offsets: Uint32Array;
  /** was anything between these offsets (of the new text) written otherwise? */
  changed(start: number, end: number): boolean;
}

type Replacement = readonly [pattern: RegExp, by: string];

const BLANK = '[ \\t]?';
const DOT = '(?:\\.|dot|DOT|Dot|punkt|point|d0t)';

/** By the character at which they begin. Every pattern has a fixed longest match. */
const OPENERS: readonly Replacement[] = [
  [new RegExp(`${BLANK}[[({<]${BLANK}${DOT}${BLANK}[\\])}>]${BLANK}(?=[\\p{L}\\p{N}_-])`, 'uy'), '.'],
  [new RegExp(`[[({<]${BLANK}${DOT}${BLANK}[\\])}>]`, 'y'), '.'],
  [/[ \t]?[[({<][ \t]?(?:@|at|AT|At)[ \t]?[\])}>][ \t]?/y, '@'],
  [/\[[ \t]?:[ \t]?\/\/[ \t]?\]/y, '://'],
  [/[[(][ \t]?:[ \t]?[\])]/y, ':'],
  [/\[[ \t]?\/[ \t]?\]/y, '/'],
  // Half-closed: `evil[.com`, `evil.]com`.
  [/\[\.(?=[a-z0-9])/iy, '.'],
];
const CLOSED_BEHIND: readonly Replacement[] = [[/\.\](?=[a-z0-9])/iy, '.']];
const BACKSLASH: readonly Replacement[] = [[/\\\.(?=[a-z0-9])/iy, '.']];
const SCHEME: readonly Replacement[] = [
  [/h(?:xx|\*\*|__|tx|xt|--|\?\?)p(s?)(?=[ \t]?(?:\[|\(|:)[ \t]?:?(?:\/|[\])]|[ \t]))/iy, 'http$1'],
  [/h(?:xx|\*\*)p\[s\](?=:)/iy, 'https'],
];
const MEOW: readonly Replacement[] = [[/meow(s?)(?=(?:\[:\]|:|\[:\/\/\])(?:\/|))/iy, 'http$1']];
const FTP: readonly Replacement[] = [[/fxp(s?)(?=(?:\[:\]|:)\/\/)/iy, 'ftp$1']];
/** Words before ` dot ` that make it plain English, and the endings after it that are meant as endings. */
const SPOKEN: readonly Replacement[] = [
  [/[ \t]dot[ \t](?=(?:com|net|org|info|biz|ru|su|xyz|top|site|online|club|io|co|cc|me|pw|icu|live|shop|space|website|onion)(?![a-z0-9]))/iy, '.'],
];
const NOT_A_LABEL = /(?:^|[^\w])(?:the|a|an|this|that|each|every|one|no|of|in|old|new|big|first|last|and|or|to)$/i;
/** Longest word that is looked at before ` dot `. */
const LONGEST_WORD_BEFORE = 12;

const CODE = { tab: 9, blank: 32, parenthesis: 40, dot: 46, angle: 60, bracket: 91, backslash: 92, brace: 123 } as const;

/** 1 where one of these may begin something: blank tab ( . < F H M [ \\ f h m { */
const MAY_BEGIN = new Uint8Array(128);
for (const character of ' \t(.<FHM[\\fhm{') MAY_BEGIN[character.charCodeAt(0)] = 1;

function candidatesAt(text: string, at: number): readonly Replacement[] | undefined {
  const code = text.charCodeAt(at);
  switch (code) {
    case CODE.bracket:
    case CODE.parenthesis:
    case CODE.brace:
    case CODE.angle:
      return OPENERS;
    case CODE.blank:
    case CODE.tab: {
      const next = text.charCodeAt(at + 1);
      if (next === CODE.bracket || next === CODE.parenthesis || next === CODE.brace || next === CODE.angle) return OPENERS;
      if ((next | 32) === 100 && (text.charCodeAt(at + 2) | 32) === 111) {
        return NOT_A_LABEL.test(text.slice(Math.max(0, at - LONGEST_WORD_BEFORE), at)) ? undefined : SPOKEN;
      }
      return undefined;
    }
    case CODE.dot:
      return text.charCodeAt(at + 1) === 93 ? CLOSED_BEHIND : undefined;
    case CODE.backslash:
      return text.charCodeAt(at + 1) === CODE.dot ? BACKSLASH : undefined;
    case 72:
    case 104: {
      const next = text.charCodeAt(at + 1);
      // x X * _ t T - ?
      return next === 120 ||
        next === 88 ||
        next === 42 ||
        next === 95 ||
        next === 45 ||
        next === 63 ||
        ((next | 32) === 116 && (text.charCodeAt(at + 2) | 32) === 120)
        ? SCHEME
        : undefined;
    }
    case 77:
    case 109:
      return (text.charCodeAt(at + 1) | 32) === 101 && (text.charCodeAt(at + 2) | 32) === 111 ? MEOW : undefined;
    case 70:
    case 102:
      return (text.charCodeAt(at + 1) | 32) === 120 ? FTP : undefined;
    default:
      return undefined;
  }
}

/** Full stops of IDNA (RFC 3490, 3.1) and the one-dot leader; invisible characters that copying leaves inside names. */
function characterReplacement(code: number): string | undefined {
  if (code === 0x3002 || code === 0xff0e || code === 0xff61 || code === 0x2024) return '.';
  if (code === 0x200b || code === 0x200c || code === 0x200d || code === 0x2060 || code === 0xfeff || code === 0xad) return '';
  return undefined;
}

export function refang(text: string): Refanged {
  const parts: string[] = [];
  // No replacement is longer than what it replaces.
  const offsets = new Uint32Array(text.length + 1);
  /** offsets in the new text at which something was replaced, in order */
  const changes: number[] = [];
  let length = 0;
  let plainFrom = 0;
  const plain = (to: number): void => {
    if (to <= plainFrom) return;
    parts.push(text.slice(plainFrom, to));
    for (let from = plainFrom; from < to; from++) offsets[length++] = from;
  };
  for (let at = 0; at < text.length; ) {
    const code = text.charCodeAt(at);
    if (code < 128 && MAY_BEGIN[code] === 0) {
      at++;
      continue;
    }
    if (code > 127) {
      const by = code === 0xad || (code >= 0x200b && code <= 0xff61) || code === 0xfeff ? characterReplacement(code) : undefined;
      if (by !== undefined) {
        plain(at);
        if (by !== '') {
          parts.push(by);
          changes.push(length);
          offsets[length++] = at;
        }
        plainFrom = at + 1;
      }
      at++;
      continue;
    }
    const candidates = candidatesAt(text, at);
    let next = at + 1;
    if (candidates !== undefined) {
      for (const [pattern, replacement] of candidates) {
        pattern.lastIndex = at;
        const match = pattern.exec(text);
        if (match === null) continue;
        const by = replacement.includes('$1') ? replacement.replace('$1', match[1] ?? '') : replacement;
        next = at + match[0].length;
        if (by === match[0]) break;
        plain(at);
        parts.push(by);
        changes.push(length);
        for (let index = 0; index < by.length; index++) offsets[length++] = at;
        plainFrom = next;
        break;
      }
    }
    at = next;
  }
  plain(text.length);
  offsets[length] = text.length;
  return {
    text: parts.join(''),
    offsets: offsets.subarray(0, length + 1),
    changed(start, end) {
      let low = 0;
      let high = changes.length;
      while (low < high) {
        const middle = (low + high) >> 1;
        if (changes[middle] < start) low = middle + 1;
        else high = middle;
      }
      return low < changes.length && changes[low] < end;
    },
  };
}
