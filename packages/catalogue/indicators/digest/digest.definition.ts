/**
 * MD5, SHA-1 and SHA-256 of files, in lower case: hex strings of just that length that are not one digit over and over. Digests that
 * a narrow column divided over lines are put together where the parts add up and do not stand for themselves; those written in groups
 * (`1f:40:fc:…`, `9b71d224 bd62f378 …`) where their length or a word before them says what they are.
 */
import type { IndicatorDefinition, IndicatorType } from '@sigwright/contracts';
import { lowerCase } from '../../formats/host-text/host-text.ts';

const TYPES: Readonly<Record<number, IndicatorType>> = { 32: 'md5', 40: 'sha1', 64: 'sha256' };
/** A run of at least this length covers one of every so many places: only those are looked at, and a run is measured from there. */
const STRIDE = 16;
const LONGEST = 64;
const SHORTEST_PART = 4;
const MOST_PARTS = 6;
/** Blanks at the end and the beginning of a line of a table. */
const MOST_BLANKS_BEFORE = 8;
const MOST_BLANKS_BEHIND = 60;
const SAYS_SHA256 = /sha-?256[^0-9a-z]{0,24}$/i;

/** 1 for digits and letters up to f, 2 for other letters. */
const kinds = new Uint8Array(128);
for (let code = 0; code < 128; code++) {
  const character = String.fromCharCode(code);
  kinds[code] = /[0-9a-f]/i.test(character) ? 1 : /[g-z]/i.test(character) ? 2 : 0;
}

function kindAt(text: string, at: number): number {
  const code = text.charCodeAt(at);
  return code < 128 ? kinds[code] : 0;
}

function endOfRun(text: string, from: number): number {
  let end = from;
  while (kindAt(text, end) === 1) end++;
  return end;
}

function behindBlanks(text: string, at: number, most: number): number {
  let to = at;
  while (to - at < most && (text.charCodeAt(to) === 32 || text.charCodeAt(to) === 9)) to++;
  return to;
}

/** Where the next line goes on with hex digits, if the line ends at `at` but for blanks; -1 where it does not. */
function behindLineBreak(text: string, at: number): number {
  // A hyphen that divided it is none of its digits.
  let to = text.charCodeAt(at) === 45 ? at + 1 : behindBlanks(text, at, MOST_BLANKS_BEFORE);
  if (text.charCodeAt(to) === 13) to++;
  if (text.charCodeAt(to) !== 10) return -1;
  to = behindBlanks(text, to + 1, MOST_BLANKS_BEHIND);
  return kindAt(text, to) === 1 ? to : -1;
}

/** Digits and letters, not all the same: a digest has both, most of them within their first few. */
function isMixed(text: string, start: number, end: number): boolean {
  const first = text.charCodeAt(start);
  let hasLetter = first > 57;
  let hasOther = false;
  for (let at = start + 1; at < end && !(hasLetter && hasOther); at++) {
    const code = text.charCodeAt(at);
    if (code > 57) hasLetter = true;
    if (code !== first) hasOther = true;
  }
  return hasLetter && hasOther;
}

/** The end of a digest that begins as the run from `start` to `end` and goes on in the next lines; undefined where it does not. */
function endOverLines(text: string, start: number, end: number): { readonly end: number; readonly value: string } | undefined {
  const first = end - start;
  let value = text.slice(start, end);
  let to = end;
  for (let parts = 1; parts < MOST_PARTS && value.length < LONGEST; parts++) {
    const from = behindLineBreak(text, to);
    if (from === -1) return undefined;
    to = endOfRun(text, from);
    const length = to - from;
    if (length < SHORTEST_PART || length > first || kindAt(text, to) !== 0) return undefined;
    value += text.slice(from, to);
    if (TYPES[value.length] === undefined) continue;
    // Two digests in a list, one a line, are two, unless the text says what they are together.
    if (TYPES[first] !== undefined && (length === first ? !SAYS_SHA256.test(text.slice(Math.max(0, start - 40), start)) : false)) return undefined;
    // A part that goes on even further belongs to something longer.
    const further = value.length === LONGEST ? -1 : behindLineBreak(text, to);
    if (further !== -1 && value.length + endOfRun(text, further) - further <= LONGEST && length === first) continue;
    return isMixed(value, 0, value.length) ? { end: to, value } : undefined;
  }
  return undefined;
}

/** Names of digests right before one that is written in groups. */
const LABEL =
  /\b(md5|sha-?1|sha-?256|thumbprint|fingerprint|hash)\b[^0-9a-z\n]{0,4}(?:(?:is|of|hash|fingerprint|thumbprint|digest|sum)[^0-9a-z\n]{1,4}){0,2}(?:\n[ \t]{0,8})?$/i;
const LABEL_REACH = 40;
/** Other numbers that certificates and keys have. */
const OTHER = /ident|serial|modulus|signature|public|private|key|pub:|salt|nonce/i;
const OTHER_REACH = 64;
const LENGTHS: Readonly<Record<string, number>> = { md5: 32, sha1: 40, 'sha-1': 40, sha256: 64, 'sha-256': 64 };
const GROUPS: ReadonlySet<number> = new Set([2, 4, 8, 16, 32]);
const MOST_GROUPS = 32;

interface Grouped {
  readonly start: number;
  readonly end: number;
  readonly value: string;
}

/** A digest in groups of one size with one sign (`:`, `-` or a blank) between them, one of which is at `place`. */
function groupedDigest(text: string, place: number, done: number): Grouped | undefined {
  const at = kindAt(text, place) === 1 ? place : place + 1;
  if (kindAt(text, at) !== 1) return undefined;
  let first = at;
  while (first > done && at - first < LONGEST && kindAt(text, first - 1) === 1) first--;
  let last = endOfRun(text, at);
  const size = last - first;
  if (!GROUPS.has(size)) return undefined;
  const sign = isGroupAt(text, last + 1, size) ? text.charCodeAt(last) : text.charCodeAt(first - 1);
  if (sign !== 58 && sign !== 45 && sign !== 32) return undefined;
  let count = 1;
  while (count <= MOST_GROUPS && first - size - 1 >= done && text.charCodeAt(first - 1) === sign && isGroupAt(text, first - 1 - size, size)) {
    first -= size + 1;
    count++;
  }
  while (count <= MOST_GROUPS && text.charCodeAt(last) === sign && isGroupAt(text, last + 1, size)) {
    last += size + 1;
    count++;
  }
  const length = count * size;
  if (count < 2 || TYPES[length] === undefined || kindAt(text, first - 1) !== 0 || kindAt(text, last) !== 0) return undefined;
  const label = LABEL.exec(text.slice(Math.max(done, first - LABEL_REACH), first))?.[1].toLowerCase();
  const isTold = label !== undefined && (LENGTHS[label] ?? length) === length;
  // Sixteen bytes are a key or a line of a dump as well; blanks stand between bytes of any dump.
  if (!isTold && (sign !== 58 || size !== 2 || length === 32 || OTHER.test(text.slice(Math.max(done, first - OTHER_REACH), first)))) return undefined;
  const value = text.slice(first, last).replace(/[: -]/g, '').toLowerCase();
  return isMixed(value, 0, value.length) ? { start: first, end: last, value } : undefined;
}

/** Hex digits, just so many, with no other letter or digit beside them. */
function isGroupAt(text: string, start: number, size: number): boolean {
  if (start < 0 || kindAt(text, start - 1) !== 0 || kindAt(text, start + size) !== 0) return false;
  for (let at = start; at < start + size; at++) if (kindAt(text, at) !== 1) return false;
  return true;
}

/** May one of the groups be here: a hex digit or a sign between them, with the other soon beside it? */
function mayBeGroup(text: string, place: number): boolean {
  const code = text.charCodeAt(place);
  if (code === 58 || code === 45 || code === 32) return kindAt(text, place + 1) === 1 && kindAt(text, place + 2) === 1 && kindAt(text, place - 1) === 1;
  return kindAt(text, place) === 1;
}

export const indicator: IndicatorDefinition = {
  type: 'sha256',
  summary: 'digest of a file',
  // Copying leaves invisible characters inside digests, too.
  refanged: true,
  precedence: 70,
  *find(text) {
    let done = 0;
    for (let place = STRIDE - 1; place < text.length; place += STRIDE) {
      if (place < done || !mayBeGroup(text, place)) continue;
      if (kindAt(text, place) !== 1) {
        const grouped = groupedDigest(text, place, done);
        if (grouped === undefined) continue;
        yield { type: TYPES[grouped.value.length], value: grouped.value, start: grouped.start, end: grouped.end };
        done = grouped.end;
        continue;
      }
      let start = place;
      while (start > done && kindAt(text, start - 1) === 1) start--;
      const end = endOfRun(text, place + 1);
      const before = done;
      done = end;
      const length = end - start;
      if (length <= LONGEST / 2 && GROUPS.has(length)) {
        const grouped = groupedDigest(text, place, before);
        if (grouped !== undefined) {
          yield { type: TYPES[grouped.value.length], value: grouped.value, start: grouped.start, end: grouped.end };
          done = grouped.end;
          continue;
        }
      }
      if (length < STRIDE || length > LONGEST || kindAt(text, start - 1) !== 0 || kindAt(text, end) !== 0) continue;
      const next = text.charCodeAt(end);
      // A line ends here, after blanks at most.
      if (length < LONGEST && (next === 10 || next === 13 || next === 32 || next === 45)) {
        const whole = behindLineBreak(text, end) === -1 ? undefined : endOverLines(text, start, end);
        if (whole !== undefined) {
          yield { type: TYPES[whole.value.length], value: whole.value.toLowerCase(), start, end: whole.end };
          done = whole.end;
          continue;
        }
      }
      const type = TYPES[length];
      if (type === undefined || !isMixed(text, start, end)) continue;
      // Half of a value written with hyphens or underscores (JA4, GUID chains) is no digest.
      const previous = text.charCodeAt(start - 1);
      if ((previous === 45 || previous === 95) && kindAt(text, start - 2) === 1 && (next === 45 || next === 95)) continue;
      yield { type, value: lowerCase(text, start, end), start, end };
    }
  },
};
