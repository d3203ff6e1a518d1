/** Where the path and query of a web address end in running text: markup, placeholders, punctuation of the sentence around it. */

/** Longest that is looked at: browsers stop at 2,000 to 64,000. */
const LONGEST = 4096;
/** `<user_id>`, `<MAC address>`, `{GUID}` after a sign that separates parts of a path; names of HTML elements are markup. */
const PLACEHOLDER =
  /<(?!\/)(?!(?:br|p|a|b|i|u|em|li|td|th|tr|ul|ol|div|span|strong|code|pre|table|img|hr|h[1-6])\b)[A-Za-z][A-Za-z0-9 _-]{1,40}>|\{[A-Za-z][A-Za-z0-9_-]{1,40}\}/y;
const SEPARATORS = '/=~&_-?.\\>';
const PLACEHOLDER_REACH = 48;
const WITHIN_WORD = /^\w'(?!s(?:[\s.,;:!?)"]|$))\w/;

/** Signs at which an address ends: blanks, quotes, brackets, table rules, `^` (AsciiDoc), control characters. */
function endsAddress(code: number): boolean {
  if (code <= 32) return true;
  if (code < 128)
    return (
      code === 34 ||
      code === 39 ||
      code === 60 ||
      code === 62 ||
      code === 91 ||
      code === 93 ||
      code === 94 ||
      code === 96 ||
      (code >= 123 && code <= 125) ||
      code === 92
    );
  return code === 0xa0 || (code >= 0x2000 && code <= 0x206f && code !== 0x2010 && code !== 0x2011) || code === 0x3000 || code === 0xbb || code === 0xab;
}

/** End of path and query from `at`. */
export function endOfRest(text: string, start: number, from: number): number {
  let at = from;
  const limit = Math.min(text.length, start + LONGEST);
  while (at < limit) {
    const code = text.charCodeAt(at);
    if ((code === 60 || code === 123) && SEPARATORS.includes(text[at - 1])) {
      PLACEHOLDER.lastIndex = 0;
      const match = PLACEHOLDER.exec(text.slice(at, at + PLACEHOLDER_REACH));
      if (match === null) break;
      at += match[0].length;
      continue;
    }
    // `\~` and `\_`: escapes of AsciiDoc and Markdown inside an address.
    if (code === 92 && (text.charCodeAt(at + 1) === 126 || text.charCodeAt(at + 1) === 95)) {
      at += 2;
      continue;
    }
    // `'` within a word of an address that no `'` opened, which is no possessive.
    if (code === 39 && text.charCodeAt(start - 1) !== 39 && WITHIN_WORD.test(text.slice(at - 1, at + 3))) {
      at++;
      continue;
    }
    if (endsAddress(code)) break;
    // Two addresses glued by a comma or semicolon.
    if ((code === 44 || code === 59) && /^https?:\/\//i.test(text.slice(at + 1, at + 9))) break;
    at++;
  }
  return at;
}

/** Punctuation of sentences, markup that opened before the address, and unbalanced brackets come off its end. */
export function trimmedEnd(text: string, start: number, markupStart: number, end: number): number {
  let at = end;
  const opener = markupStart > 0 ? text[markupStart - 1] : '';
  /** opening less closing brackets in the address */
  let open = 0;
  for (let index = start; index < end; index++) {
    const code = text.charCodeAt(index);
    if (code === 40) open++;
    else if (code === 41) open--;
  }
  while (at > start + 1) {
    const last = text[at - 1];
    if (last === ')') {
      if (open >= 0) break;
      open++;
    } else if (!'.,;:!?*\u2026\u201d\u2019'.includes(last) && !(last === opener && '+_~*#'.includes(last))) break;
    at--;
  }
  return at;
}
