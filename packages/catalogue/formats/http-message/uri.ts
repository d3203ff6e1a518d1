/** Request targets (RFC 9112 §3.2): normal form of the path, host name, port. */
import { concatBytes, hexDigit, latin1, newBytes } from '@sigwright/bytes';
import type { HttpSettings } from '@sigwright/contracts';
import { formedPath, withBlanks } from './path-form.ts';

const SLASH = 0x2f;
const QUESTION = 0x3f;
const PERCENT = 0x25;

/** Offset of path and query in an absolute target (`http://host/path`), 0 in all others. */
export function pathStart(target: Uint8Array): number {
  const scheme = schemeEnd(target);
  if (scheme === 0) return 0;
  let at = scheme;
  while (at < target.length && target[at] !== SLASH && target[at] !== QUESTION) at++;
  return at;
}

function schemeEnd(target: Uint8Array): number {
  for (let at = 0; at + 2 < target.length && at < 12; at++) {
    if (target[at] === 0x3a) return target[at + 1] === SLASH && target[at + 2] === SLASH ? at + 3 : 0;
    const letter = target[at] | 0x20;
    if (letter < 0x61 || letter > 0x7a) return 0;
  }
  return 0;
}

/** Host of an absolute target, undefined in all others. */
export function targetHost(target: Uint8Array): string | undefined {
  const scheme = schemeEnd(target);
  if (scheme === 0) return undefined;
  const authority = latin1(target, scheme, pathStart(target));
  return authority.slice(authority.lastIndexOf('@') + 1);
}

/** Without port, in lower case. */
export function hostName(host: string): string {
  const trimmed = host.trim();
  if (trimmed.startsWith('[')) return trimmed.slice(0, trimmed.indexOf(']') + 1 || undefined).toLowerCase();
  const colon = trimmed.indexOf(':');
  const name = (colon === -1 ? trimmed : trimmed.slice(0, colon)).toLowerCase();
  return name.length > 1 && name.endsWith('.') ? name.slice(0, -1) : name;
}

export function hostPort(host: string): number | undefined {
  const match = /:(\d{1,5})$/.exec(host.trim());
  return match === null ? undefined : Number(match[1]);
}

export type TargetForm = Pick<HttpSettings, 'doubleDecodePath' | 'doubleDecodeQuery' | 'wholeUri' | 'path' | 'plusIsBlank'>;

/** Percent escapes undone once, or twice; in the path, `//` made one, `.` and `..` resolved; or as the form has it. */
export function normalizedTarget(target: Uint8Array, form?: TargetForm): Uint8Array {
  const start = pathStart(target);
  let query = start;
  while (query < target.length && target[query] !== QUESTION) query++;
  let plain = start === 0 && form?.path === undefined && form?.plusIsBlank !== true;
  for (let at = start; plain && at < target.length; at++) {
    const byte = target[at];
    if (byte === PERCENT || (at < query && byte === SLASH && (target[at + 1] === SLASH || target[at + 1] === 0x2e))) plain = false;
  }
  if (plain) return target;
  const read = (bytes: Uint8Array, from: number, to: number): Uint8Array =>
    form?.path === undefined ? decoded(bytes, from, to, true) : formedPath(bytes, from, to, form.path);
  const once = read(target, start, query);
  const path = withoutDots(form?.doubleDecodePath === true ? read(once, 0, once.length) : once);
  const written = form?.plusIsBlank === true ? withBlanks(target.subarray(query)) : target.subarray(query);
  const asked = decoded(written, 0, written.length, false);
  const rest = form?.doubleDecodeQuery === true ? decoded(asked, 0, asked.length, false) : asked;
  return concatBytes(target.subarray(0, form?.wholeUri === true ? start : 0), path, rest);
}

/** target[start, end) with percent escapes undone; `compress`: runs of slashes become one. */
function decoded(target: Uint8Array, start: number, end: number, compress: boolean): Uint8Array {
  const output = newBytes(end - start);
  let length = 0;
  for (let at = start; at < end; at++) {
    let byte = target[at];
    if (byte === PERCENT && at + 2 < end) {
      const high = hexDigit(target[at + 1]);
      const low = hexDigit(target[at + 2]);
      if (high >= 0 && low >= 0) {
        byte = high * 16 + low;
        at += 2;
      }
    }
    if (compress && byte === SLASH && length > 0 && output[length - 1] === SLASH) continue;
    output[length++] = byte;
  }
  return output.subarray(0, length);
}

/** RFC 3986 §5.2.4. */
function withoutDots(path: Uint8Array): Uint8Array {
  const output = newBytes(path.length);
  let length = 0;
  for (let at = 0; at < path.length; ) {
    if (path[at] === SLASH && path[at + 1] === 0x2e) {
      const after = path[at + 2];
      if (after === SLASH || at + 2 === path.length) {
        if (at + 2 === path.length) output[length++] = SLASH;
        at += 2;
        continue;
      }
      if (after === 0x2e && (path[at + 3] === SLASH || at + 3 === path.length)) {
        while (length > 0 && output[--length] !== SLASH);
        if (at + 3 === path.length) output[length++] = SLASH;
        at += 3;
        continue;
      }
    }
    output[length++] = path[at++];
  }
  return output.subarray(0, length);
}
