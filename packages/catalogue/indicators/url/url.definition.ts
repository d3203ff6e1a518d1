/**
 * Web addresses: with a scheme (`http`, `https`, `ftp`, `tcp`, `ws`, …), or as host and path without one (the value then begins with
 * `//`). Host in lower case, the rest as written; punctuation and markup around it taken off; placeholders such as `<id>` kept.
 * Bundles and paths of files (`Thing.app/Contents`) are no addresses.
 */
import type { IndicatorCandidate, IndicatorDefinition, IndicatorOptions } from '@sigwright/contracts';
import { isHostCharacter, isWellFormed, LONGEST_NAME, looksLikeSomethingElse, lowerCase } from '../../formats/host-text/host-text.ts';
import { endOfRest, trimmedEnd } from '../../formats/host-text/path-text.ts';

const SCHEMES: ReadonlySet<string> = new Set([
  'http',
  'https',
  'ftp',
  'ftps',
  'sftp',
  'tcp',
  'udp',
  'ws',
  'wss',
  'tftp',
  'ldap',
  'ldaps',
  'rmi',
  'smb',
  'socks4',
  'socks5',
  'ssh',
  'telnet',
  'irc',
  'ircs',
  'mqtt',
  'amqp',
  'mysql',
  'postgres',
  'mongodb',
  'redis',
  'rtsp',
  'vnc',
  'rdp',
]);
const WRAPPED_REACH = 2048;
const AUTHORITY_END = /[/?#]/;
const NUMBERED = /^(?:0x[\da-f]{1,8}|0[0-7]{1,11}|\d{1,10})(?:\.(?:0x[\da-f]{1,8}|0[0-7]{1,11}|\d{1,10})){0,3}$/;
const ADDRESS = /^\d{1,3}(?:\.\d{1,3}){3}$/;
const BUNDLE = /\.(?:app|framework|kext|xpc)$/;

/** `0x2d010203`, `755040771`, `0x2d.1.02.3`, `0055.01.2.3`: an address in other numbers (WHATWG URL, 3.5); undefined for anything else. */
function addressOfNumber(host: string): string | undefined {
  if (!NUMBERED.test(host)) return undefined;
  const parts = host
    .split('.')
    .map((part) => (part.startsWith('0x') ? Number.parseInt(part, 16) : /^0\d/.test(part) ? Number.parseInt(part, 8) : Number(part)));
  const last = parts.pop()!;
  if (parts.some((part) => !(part <= 255)) || !(last < 256 ** (4 - parts.length))) return undefined;
  const address = parts.reduce((sum, part, at) => sum + part * 256 ** (3 - at), last);
  // Small numbers are no addresses of hosts: `http://1/`, ports, counts.
  return address < 0x01000000 ? undefined : [24, 16, 8, 0].map((shift) => (address / 2 ** shift) & 255).join('.');
}

interface Authority {
  readonly end: number;
  readonly host: string;
}

/** `user@host:port` from `at`; undefined where no valid host stands there. */
function authorityAt(text: string, at: number, options: IndicatorOptions, defangedOrScheme: boolean): Authority | undefined {
  let from = at;
  if (text.charCodeAt(from) === 91) {
    const close = text.slice(from, from + 64).indexOf(']');
    if (close < 4 || !/^\[[0-9a-f:.]+$/i.test(text.slice(from, from + close))) return undefined;
    return { end: portEnd(text, from + close + 1), host: text.slice(from, from + close + 1).toLowerCase() };
  }
  if (defangedOrScheme) {
    const userEnd = /^[\w.~%!$&+,;=:@-]{1,128}@/.exec(text.slice(from, from + 130));
    if (userEnd !== null) from += userEnd[0].length;
  }
  let end = from;
  while (end < text.length && end - from <= LONGEST_NAME && isHostCharacter(text.charCodeAt(end))) end++;
  while (end > from && (text[end - 1] === '.' || text[end - 1] === '-' || text[end - 1] === '_')) end--;
  const host = (defangedOrScheme ? addressOfNumber(lowerCase(text, from, end)) : undefined) ?? lowerCase(text, from, end);
  if (ADDRESS.test(host)) {
    if (host.split('.').some((part) => Number(part) > 255)) return undefined;
  } else if (!isWellFormed(host) || (options.registrableDomain(host) === undefined && options.defanged?.(from, end) !== true)) return undefined;
  return { end: portEnd(text, end), host };
}

function portEnd(text: string, at: number): number {
  if (text.charCodeAt(at) !== 58) return at;
  let end = at + 1;
  while (end - at < 6 && text.charCodeAt(end) >= 48 && text.charCodeAt(end) <= 57) end++;
  return end > at + 1 ? end : at;
}

/** `<http://host/long` and `path>` on the next line: in such brackets line breaks are none (RFC 3986, appendix C). */
const WRAPPED = /^[^\s<>"]{8,400}(?:\r?\n[ \t]{0,8}[^\s<>"]{1,400}){1,4}(?=>)/;

function wrappedInBrackets(text: string, start: number): string | undefined {
  return WRAPPED.exec(text.slice(start, start + WRAPPED_REACH))?.[0];
}

function withScheme(text: string, colon: number, done: number, options: IndicatorOptions): IndicatorCandidate | undefined {
  let start = colon;
  while (start > done && colon - start < 8 && /[a-z0-9]/i.test(text[start - 1])) start--;
  let scheme = text.slice(start, colon).toLowerCase();
  // Glued in front: `xhttp`, `urlhttps`.
  if (!SCHEMES.has(scheme)) {
    const known = /(?:https?|ftp)$/.exec(scheme)?.[0];
    if (known === undefined) return undefined;
    start = colon - known.length;
    scheme = known;
  }
  const authority = authorityAt(text, colon + 3, options, true);
  if (authority === undefined) return undefined;
  const bracketed = text.charCodeAt(start - 1) === 60 ? wrappedInBrackets(text, start) : undefined;
  if (bracketed !== undefined)
    return {
      value: `${scheme}://${lowerCase(text, colon + 3, authority.end)}${bracketed.slice(authority.end - start).replace(/\s+/g, '')}`,
      start,
      end: start + bracketed.length,
    };
  const rest = AUTHORITY_END.test(text[authority.end] ?? '') ? endOfRest(text, start, authority.end) : authority.end;
  const end = Math.max(authority.end, trimmedEnd(text, start, start, rest));
  const authorityText = lowerCase(text, colon + 3, authority.end);
  // A host that is a number is written as the address that it is.
  const written = ADDRESS.test(authority.host) ? authorityText.replace(/[\da-fx.]+(?=(?::\d+)?$)/, authority.host) : authorityText;
  const value = `${scheme}://${written}${text.slice(authority.end, end)}`;
  return { value, start, end };
}

/** `host/path` around the slash at `slash`. */
function withoutScheme(text: string, slash: number, done: number, options: IndicatorOptions): IndicatorCandidate | undefined {
  const next = text.charCodeAt(slash + 1);
  if (!(next === 60 || next === 63 || next === 126 || next === 37 || next === 45 || (isHostCharacter(next) && next !== 46))) return undefined;
  let hostEnd = slash;
  // A port between host and path.
  while (slash - hostEnd < 6 && text.charCodeAt(hostEnd - 1) >= 48 && text.charCodeAt(hostEnd - 1) <= 57) hostEnd--;
  hostEnd = text.charCodeAt(hostEnd - 1) === 58 && hostEnd < slash ? hostEnd - 1 : slash;
  let start = hostEnd;
  while (start > done && hostEnd - start < LONGEST_NAME && isHostCharacter(text.charCodeAt(start - 1))) start--;
  while (text[start] === '.' || text[start] === '-' || text[start] === '_') start++;
  const written = text.slice(start, hostEnd);
  if (!written.includes('.')) return undefined;
  const before = start > 0 ? text[start - 1] : '';
  if ('@/\\$%=:'.includes(before) && before !== '') return undefined;
  const defanged = options.defanged?.(start, hostEnd) === true;
  const lower = written.toLowerCase();
  if (!defanged && !ADDRESS.test(written) && (BUNDLE.test(lower) || looksLikeSomethingElse(written, '/'))) return undefined;
  if (BUNDLE.test(lower) && text.startsWith('/Contents/', slash)) return undefined;
  const authority = authorityAt(text, start, options, false);
  if (authority === undefined || authority.end !== slash) return undefined;
  const end = trimmedEnd(text, start, start, endOfRest(text, start, slash));
  const path = text.slice(slash + 1, end);
  // `198.51.7.9:443/tcp`: a port and its protocol.
  if (path === '' || /^(?:(?:tcp|udp)(?:\/\d{1,5})?|https?|tls)$/i.test(path)) return undefined;
  // `1.2.3.0/24`, `evil.com/evil.net`, `1.2.3.4/5.6.7.8`: a range, alternatives.
  if (/^(?:\d{1,2}|\d{1,3}(?:\/\d{1,3})+)$/.test(path) && ADDRESS.test(lower)) return undefined;
  const first = path.toLowerCase();
  if (
    ADDRESS.test(first) ||
    (isWellFormed(first) &&
      !looksLikeSomethingElse(path, '') &&
      !/\.(?:php|asp|aspx|html?|exe|js|jsp|cgi)$/.test(first) &&
      options.registrableDomain(first) !== undefined)
  )
    return undefined;
  return { value: `//${lower}${text.slice(hostEnd, end)}`, start, end };
}

export const indicator: IndicatorDefinition = {
  type: 'url',
  summary: 'web address',
  refanged: true,
  precedence: 90,
  *find(text, options) {
    let done = 0;
    for (let slash = text.indexOf('/'); slash !== -1; slash = text.indexOf('/', Math.max(slash + 1, done))) {
      const found =
        text.charCodeAt(slash + 1) === 47
          ? text.charCodeAt(slash - 1) === 58
            ? withScheme(text, slash - 1, done, options)
            : undefined
          : text.charCodeAt(slash - 1) === 47
            ? undefined
            : withoutScheme(text, slash, done, options);
      if (found === undefined) continue;
      yield found;
      done = found.end;
    }
  },
};
