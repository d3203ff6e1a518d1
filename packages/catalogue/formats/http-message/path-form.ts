/**
 * Paths as one kind of server reads them (`libhtp` of a suricata.yaml; Suricata user guide, "Configure HTTP (libhtp)"), where the
 * configuration says how. Code points beyond a byte become the character that looks most like them, or a replacement.
 */
import { hexDigit } from '@sigwright/bytes';
import type { PathForm } from '@sigwright/contracts';

const SLASH = 0x2f;
const BACKSLASH = 0x5c;
const PERCENT = 0x25;
const PLUS = 0x2b;
const SPACE = 0x20;
const LETTER_U = 0x75;
/** Unicode, "Halfwidth and Fullwidth Forms": ASCII once more. */
const FIRST_FULL_WIDTH = 0xff01;
const LAST_FULL_WIDTH = 0xff5e;
const FULL_WIDTH = 0xfee0;
const IDEOGRAPHIC_SPACE = 0x3000;

/** Best fit of a code point in one byte. */
function bestFit(point: number, replacement: number): number {
  if (point <= 0xff) return point;
  if (point >= FIRST_FULL_WIDTH && point <= LAST_FULL_WIDTH) return point - FULL_WIDTH;
  return point === IDEOGRAPHIC_SPACE ? SPACE : replacement;
}

/** What stands at a place of a path: the byte it means, how many bytes it is written in. */
interface Read {
  byte: number;
  length: number;
  escaped: boolean;
}

function readPercent(bytes: Uint8Array, at: number, end: number, form: PathForm, read: Read): void {
  read.byte = PERCENT;
  read.length = 1;
  read.escaped = false;
  if (form.decodesUnicode && (bytes[at + 1] | 0x20) === LETTER_U && at + 5 < end) {
    let point = 0;
    for (let digit = at + 2; digit < at + 6; digit++) point = point < 0 || hexDigit(bytes[digit]) < 0 ? -1 : point * 16 + hexDigit(bytes[digit]);
    if (point >= 0) {
      read.byte = bestFit(point, form.replacement);
      read.length = 6;
      read.escaped = true;
      return;
    }
  }
  if (at + 2 < end) {
    const high = hexDigit(bytes[at + 1]);
    const low = hexDigit(bytes[at + 2]);
    if ((high >= 0 && low >= 0) || form.invalidEscapes === 'decode_invalid') {
      // Of what is no digit, the bits that a digit would have.
      read.byte = (((high < 0 ? bytes[at + 1] & 0xf : high) << 4) | (low < 0 ? bytes[at + 2] & 0xf : low)) & 0xff;
      read.length = 3;
      read.escaped = true;
      return;
    }
  }
  if (form.invalidEscapes === 'remove_percent') read.byte = -1;
}

/** The path bytes[start, end). */
export function formedPath(bytes: Uint8Array, start: number, end: number, form: PathForm): Uint8Array {
  const output = new Uint8Array(end - start);
  const read: Read = { byte: 0, length: 1, escaped: false };
  let length = 0;
  for (let at = start; at < end; at += read.length) {
    if (bytes[at] === PERCENT) readPercent(bytes, at, end, form, read);
    else {
      read.byte = bytes[at];
      read.length = 1;
      read.escaped = false;
    }
    let { byte } = read;
    if (byte === -1) continue;
    if (byte === 0 && (read.escaped ? form.encodedNulEnds : form.rawNulEnds)) break;
    const separates = byte === SLASH || (byte === BACKSLASH && form.backslashSeparates);
    if (separates && read.escaped && !form.decodesSeparators) {
      for (let one = at; one < at + read.length; one++) output[length++] = bytes[one];
      continue;
    }
    if (separates) {
      if (form.compressesSeparators && length > 0 && output[length - 1] === SLASH) continue;
      byte = SLASH;
    }
    output[length++] = form.lowercase && byte >= 0x41 && byte <= 0x5a ? byte | 0x20 : byte;
  }
  const path = output.subarray(0, length);
  return form.utf8 ? fromUtf8(path, form.replacement) : path;
}

/** Each character in one byte; what is no UTF-8 stays as it is. */
function fromUtf8(path: Uint8Array, replacement: number): Uint8Array {
  const output = new Uint8Array(path.length);
  let length = 0;
  for (let at = 0; at < path.length; ) {
    const first = path[at];
    const more = first >= 0xf0 && first < 0xf8 ? 3 : first >= 0xe0 ? 2 : first >= 0xc2 ? 1 : 0;
    let point = first & (0x3f >> more);
    let next = at + 1;
    while (next <= at + more && next < path.length && (path[next] & 0xc0) === 0x80) point = point * 64 + (path[next++] & 0x3f);
    const whole = more > 0 && next === at + more + 1;
    output[length++] = whole ? bestFit(point, replacement) : first;
    at = whole ? next : at + 1;
  }
  return output.subarray(0, length);
}

/** `+` in a query stands for a blank. */
export function withBlanks(query: Uint8Array): Uint8Array {
  return query.map((byte) => (byte === PLUS ? SPACE : byte));
}
