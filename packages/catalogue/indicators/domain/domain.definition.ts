/**
 * Host names with a public suffix that exists. ET's own `evil .com` and `a .evil .com` (a blank before a dot) are read too, where the
 * result is a real name and what stands around it does not make it prose. File names, names of detections and pieces of code are
 * left out unless they are defanged. Letters of other scripts stay as they are, in lower case.
 */
import type { IndicatorCandidate, IndicatorDefinition, IndicatorOptions } from '@sigwright/contracts';
import { COMMON_ENDINGS, isHostCharacter, isWellFormed, LONGEST_NAME, looksLikeSomethingElse, lowerCase } from '../../formats/host-text/host-text.ts';
import { portInWords } from '../../formats/host-text/port-text.ts';

const DOT = 46;
/** Endings of programs and documents that authors defang as if they were hosts: `setup[.]exe`. */
const FILE =
  /\.(?:exe|dll|sys|scr|msi|lnk|bat|cmd|ps1|vbs|vbe|js|jse|wsf|hta|jar|apk|dmg|iso|img|docx?|docm|xlsx?|xlsm|pptx?|rtf|pdf|one|rar|7z|gz|bin|dat|tmp|php|aspx?|jsp|txt|html?)$/;
const PORT = /:(\d{2,5})(?![\d.:\w])/y;
/** Another ending behind one: talk about endings. */
const ANOTHER_ENDING = /^\s*(?:,|\/|or|and|&)\s*\.[a-z]/;
/** Words after which ` .com` is not the rest of a name, but talk about an ending. */
const NOT_A_LABEL: ReadonlySet<string> = new Set(
  'mostly mainly only usually often other many some like including such cheap generic registered under below within the a an this that these those or and of in on to for from by as is are was with all any no some using use uses used new dot via per domain domains file files extension suffix tld'.split(
    ' ',
  ),
);

function isLetter(code: number): boolean {
  return isHostCharacter(code) && code !== DOT && code !== 45 && code !== 95;
}

/** Where the labels that follow behind blank and dot end: `evil` in `evil .co .uk)`; `end` where there are none. */
function endOfSpaced(text: string, start: number, end: number): number {
  let at = end;
  while (text.charCodeAt(at) === 32 && text.charCodeAt(at + 1) === DOT && isLetter(text.charCodeAt(at + 2)) && at - start < LONGEST_NAME) {
    at += 2;
    while (at < text.length && isHostCharacter(text.charCodeAt(at)) && at - start < LONGEST_NAME) at++;
  }
  return at;
}

function* namesIn(text: string, options: IndicatorOptions): Generator<IndicatorCandidate> {
  // Names have a dot: jump from dot to dot, and go left and right from there.
  let done = 0;
  for (let dot = text.indexOf('.'); dot !== -1; dot = text.indexOf('.', Math.max(dot + 1, done))) {
    let start = dot;
    while (start > done && dot - start < LONGEST_NAME && isHostCharacter(text.charCodeAt(start - 1))) start--;
    let end = dot + 1;
    while (end < text.length && end - start <= LONGEST_NAME && isHostCharacter(text.charCodeAt(end))) end++;
    // `word .com`: the dot belongs to the word before the blank.
    let spacedEnd = end;
    let spacedStart = start;
    if (start === dot && text.charCodeAt(dot - 1) === 32 && isLetter(text.charCodeAt(dot - 2)) && isLetter(text.charCodeAt(dot + 1)) && dot - 1 > done) {
      spacedStart = dot - 1;
      while (spacedStart > done && dot - spacedStart < LONGEST_NAME && isHostCharacter(text.charCodeAt(spacedStart - 1))) spacedStart--;
      spacedEnd = endOfSpaced(text, spacedStart, dot - 1);
    } else {
      const further = endOfSpaced(text, start, end);
      if (further !== end && options.registrableDomain(text.slice(start, further).replaceAll(' ', '').toLowerCase()) !== undefined) spacedEnd = further;
    }
    const isSpaced = spacedStart !== start || spacedEnd !== end;
    let found = isSpaced ? candidate(text, spacedStart, spacedEnd, true, options) : undefined;
    if (found === undefined) {
      // `everything under .evil.com`, `a.com .b.com`: the blank ended a word or a name.
      done = end;
      found = candidate(text, start, end, false, options);
      if (found === undefined) continue;
    }
    yield found;
    done = Math.max(end, found.end);
  }
}

function candidate(text: string, from: number, to: number, spaced: boolean, options: IndicatorOptions): IndicatorCandidate | undefined {
  let start = from;
  let end = to;
  // Sentence ends, wildcards (`*.evil.com`) and emphasis (`_evil.com_`) around it.
  while (start < end && (text.charCodeAt(start) === DOT || text.charCodeAt(start) === 45)) start++;
  while (end > start && (text.charCodeAt(end - 1) === DOT || text.charCodeAt(end - 1) === 45 || text.charCodeAt(end - 1) === 95)) end--;
  if (end < to && text.charCodeAt(end) === 95) while (text.charCodeAt(start) === 95) start++;
  // `%s.evil.com`: a part that programs fill in.
  if (text.charCodeAt(start - 1) === 37 && text.charCodeAt(start + 1) === DOT && (text.charCodeAt(start) | 32) >= 97) start += 2;
  if (end - start < 4) return undefined;
  const before = start > 0 ? text[start - 1] : '';
  const after = end < text.length ? text[end] : '';
  // Part of a mail address, a path, a variable or a DOMAIN\user; `\\host\share` and `@host`, all addresses of a host, are none of them.
  const isShare = before === '\\' && text[start - 2] === '\\' && !/[\w\\.]/.test(text[start - 3] ?? ' ');
  const isAllOfHost = before === '@' && (!/[\w.+-]/.test(text[start - 2] ?? ' ') || hasCredentials(text, start, end));
  if (!isShare && ((before === '@' && !isAllOfHost) || before === '/' || before === '\\' || before === '$' || before === '%')) return undefined;
  if (!isShare && (after === '@' || (after === '\\' && text[end + 1] !== 'n'))) return undefined;
  if (after === '(' && text[end + 1] === ')') return undefined;
  let written = text.slice(start, end);
  if (written.includes('..')) return undefined;
  if (spaced) {
    if (!spacedNameIsMeant(text, start, end, written)) return undefined;
    written = written.replaceAll(' ', '');
  }
  const defanged = spaced || options.defanged?.(start, end) === true;
  let value = lowerCase(written, 0, written.length);
  if (!isWellFormed(value)) return undefined;
  if (!defanged && looksLikeSomethingElse(written, after)) {
    // `… on evil.com.The next`: a sentence that begins without a blank.
    const lastDot = written.lastIndexOf('.');
    const shorter = written.slice(0, lastDot);
    if (!/^[A-Z][a-z]+$/.test(written.slice(lastDot + 1)) || !COMMON_ENDINGS.has(shorter.slice(shorter.lastIndexOf('.') + 1)) || !isWellFormed(shorter))
      return undefined;
    value = shorter.toLowerCase();
    end = start + shorter.length;
  }
  const registrable = options.registrableDomain(value);
  if (registrable === undefined) {
    // Defanged it was meant as a name, or is a file: neither is passed over.
    if (!defanged || spaced) return undefined;
    return FILE.test(value) ? { type: 'file', value: written, start, end } : { value, start, end };
  }
  if (registrable.startsWith('_')) return undefined;
  if (text.charCodeAt(end) !== 58) {
    const told = portInWords(text, end);
    return told === undefined ? { value, start, end } : { value, start, end, port: told };
  }
  PORT.lastIndex = end;
  const port = PORT.exec(text);
  if (port === null || Number(port[1]) > 65535) return { value, start, end };
  return { value, start, end: end + port[0].length, port: Number(port[1]) };
}

/** `user:password@` in front and a port behind. */
function hasCredentials(text: string, start: number, end: number): boolean {
  return (
    text[end] === ':' &&
    /^:\d{2,5}(?!\d)/.test(text.slice(end, end + 7)) &&
    /\w:[\w.~%!$&+,;=-]{1,64}@$/.test(text.slice(Math.max(0, start - 80), start)) &&
    !/\bmail(?:to)?:[\w.+-]+@$/i.test(text.slice(Math.max(0, start - 80), start))
  );
}

/** In brackets, quotes or a cell it is meant; elsewhere the word before must not be one of plain English, nor the ending `.net`. */
function spacedNameIsMeant(text: string, start: number, end: number, written: string): boolean {
  const ending = written.slice(written.lastIndexOf('.') + 1);
  if (ending !== ending.toLowerCase()) return false;
  const first = written.slice(0, written.search(/[ .]/)).toLowerCase();
  if (ANOTHER_ENDING.test(text.slice(end, end + 12))) return false;
  if (NOT_A_LABEL.has(first) && written.split('.').length < 3) return false;
  const before = text.slice(Math.max(0, start - 3), start);
  const after = text.slice(end, end + 1);
  if (/[("'`|*[:<]\s?(?:\*\.)?$/.test(before) || /[)"'`|\]>]/.test(after)) return true;
  // Behind the first blank every dot has one, or none has.
  if (/ \.[^ ]*[^ ]\./.test(written)) return false;
  if (/(?:^|\n)[\s*-]*$/.test(before) && /^(?:\s|$)/.test(after) && (after === '' || after === '\n')) return true;
  return (
    ending !== 'net' && COMMON_ENDINGS.has(ending) && !/^[A-Z]/.test(written) && !(ending === 'in' || ending === 'it' || ending === 'us' || ending === 'int')
  );
}

export const indicator: IndicatorDefinition = {
  type: 'domain',
  summary: 'host or domain name',
  refanged: true,
  precedence: 50,
  find: namesIn,
};
