/**
 * IPv4 and IPv6 addresses, with a port behind a colon where one stands there, and IPv4 networks (`203.0.113.0/24`, the value then
 * has the prefix length). Version numbers are not taken: five parts, `v` or `version` in front, four small parts among words.
 */
import { formatAddress, parseIpv6 } from '@sigwright/bytes';
import type { IndicatorCandidate, IndicatorDefinition } from '@sigwright/contracts';
import { portInWords } from '../../formats/host-text/port-text.ts';

const FOUR = /\d{1,3}\.\d{1,3}\.\d{1,3}\.\d{1,3}/y;
/** Longest way to write an IPv6 address. */
const LONGEST_SIX = 45;
/** All four parts up to here: more often a version of a program than a host. */
const SMALL_PART = 25;
const BEFORE = 24;
const VERSION_BEFORE =
  /(?:\bv|\bver\.?|versions?|release|build|firmware|update|revision|(?<![\w/])(?!(?:ip|host|server|addr|address|c2|src|dst|tcp|udp|tls|ssl|https?|dns|ssh|smb|rdp|ftp)\/)[a-z][a-z-]{1,20}\/)[\s:=|]*$/i;
const ADDRESS_BEFORE =
  /(?:\b(?:ip|ips|address|addresses|host|hosts|server|servers|at|to|from|on|via|c2|c&c|and|or|inet|dns|resolver|asks?|asked|contacts?|contacted|connects?|pings?|pinged|resolves?|scans?|scanned|queries|queried)|[:=,;|`'"([*+•-])\s*$/i;
/** A version and another one soon behind it: `4.3.2.1 and 4.3.2.5`. */
const NEXT_VERSION = 24;
/** From one address to another. */
const RANGE_BEHIND = /-\d{1,3}\.\d{1,3}\.\d{1,3}\.\d{1,3}(?![\w.])/y;
/** Length of an IPv6 prefix that stands for more than one host. */
const NETWORK_BEHIND = /\/(1[6-9]|[2-9]\d|1[01]\d|12[0-7])(?![\d.\w])/y;
const PORT_BEHIND_BRACKET = /\]:(\d{1,5})(?!\d)/y;

/** Several last parts of one address: `45.1.2.[9|10]`, `45.1.2.(9-12)`, `45.1.2.9/10/11`. */
const ALTERNATIVES =
  /(\d{1,3}\.\d{1,3}\.\d{1,3}\.)(?:[[({](\d{1,3}(?: ?[|,/;-] ?\d{1,3}){1,30})[\])}]|(\d{1,3}(?:[/|]\d{1,3}){2,30}|\d{1,3}\|\d{1,3})(?![\d.\w/]))/y;
/** Behind the first dot: two parts and a bracket. */
const OPENS_LIST = /^\.\d{1,3}\.\d{1,3}\.[[({]/;
const LIST_REACH = 12;
/** `45.1.2.9-12`: the first and the last one. */
const LAST_PART_RANGE = /-(\d{1,3})(?![\d.\w-])/y;

/** `/dev/tcp/45.1.2.9/4444`, `nc 45.1.2.9 4444` */
function portOfCommand(text: string, start: number, end: number): number | undefined {
  const sign = text.charCodeAt(end);
  if (sign !== 47 && sign !== 32) return undefined;
  const digits = /^[/ ](\d{2,5})(?![\w.:/])/.exec(text.slice(end, end + 7))?.[1];
  if (digits === undefined || Number(digits) > 65535) return undefined;
  return (sign === 47 ? /\/dev\/(?:tcp|udp)\/$/ : /\b(?:nc|ncat|netcat|telnet|socat)(?:\.exe)?(?: -\w+)* $/i).test(
    text.slice(Math.max(0, start - BEFORE), start),
  )
    ? Number(digits)
    : undefined;
}

function* alternativesIn(match: RegExpExecArray, start: number): Generator<IndicatorCandidate> {
  const [, network, bracketed, bare] = match;
  const list = bracketed ?? bare;
  const listStart = start + network.length + (bracketed === undefined ? 0 : 1);
  for (const { index, 0: part } of list.matchAll(/\d+/g)) {
    if (Number(part) > 255) continue;
    const from = index === 0 ? start : listStart + index;
    yield { type: 'ipv4', value: `${network}${Number(part)}`, start: from, end: listStart + index + part.length };
  }
}

function isNetworkPart(network: string): boolean {
  const [first, ...others] = network.split('.', 3);
  return Number(first) > 0 && [first, ...others].every((part) => Number(part) <= 255 && (part.length === 1 || !part.startsWith('0')));
}

function isDigitOrWord(code: number): boolean {
  return (code >= 48 && code <= 57) || (code >= 65 && code <= 90) || (code >= 97 && code <= 122) || code === 95;
}

function isDigit(code: number): boolean {
  return code >= 48 && code <= 57;
}

function isHex(code: number): boolean {
  return (code >= 48 && code <= 57) || (code >= 97 && code <= 102) || (code >= 65 && code <= 70);
}

export const indicator: IndicatorDefinition = {
  type: 'ipv4',
  summary: 'IPv4 or IPv6 address',
  refanged: true,
  precedence: 60,
  *find(text, options) {
    let passed = 0;
    /** where an address ended of which a hyphen leads to the next */
    let rangeEnd = -1;
    /** where the last version ended */
    let versionEnd = -NEXT_VERSION;
    for (let dot = text.indexOf('.'); dot !== -1; dot = text.indexOf('.', Math.max(dot + 1, passed))) {
      if (!isDigit(text.charCodeAt(dot + 1)) || !isDigit(text.charCodeAt(dot - 1))) continue;
      let start = dot - 1;
      while (start > passed && dot - start < 3 && isDigit(text.charCodeAt(start - 1))) start--;
      FOUR.lastIndex = start;
      const match = FOUR.exec(text);
      // Few texts have brackets where the last part would be, or signs between several behind it.
      const behind = match === null ? -1 : text.charCodeAt(start + match[0].length);
      if (match === null ? OPENS_LIST.test(text.slice(dot, dot + LIST_REACH)) : behind === 47 || behind === 124) {
        ALTERNATIVES.lastIndex = start;
        const several = ALTERNATIVES.exec(text);
        if (several !== null && !isDigitOrWord(text.charCodeAt(start - 1)) && text.charCodeAt(start - 1) !== 46 && isNetworkPart(several[1])) {
          yield* alternativesIn(several, start);
          passed = start + several[0].length;
          continue;
        }
      }
      if (match === null) continue;
      let end = start + match[0].length;
      passed = end;
      // `\n` of a string of code is no letter before it.
      const before = start > 1 && text.charCodeAt(start - 2) === 92 && 'nrt'.includes(text[start - 1]) ? 32 : text.charCodeAt(start - 1);
      const after = text.charCodeAt(end);
      RANGE_BEHIND.lastIndex = end;
      const isRange = after === 45 && RANGE_BEHIND.test(text);
      LAST_PART_RANGE.lastIndex = end;
      const lastOfRange = after === 45 && !isRange ? LAST_PART_RANGE.exec(text) : null;
      if (
        isDigitOrWord(before) ||
        before === 46 ||
        (before === 45 && start - 1 !== rangeEnd) ||
        isDigitOrWord(after) ||
        (after === 45 && !isRange && lastOfRange === null)
      )
        continue;
      if (isRange) rangeEnd = end;
      // `1.2.3.4.5` and `1.2.3.4.host.example` go on.
      if (after === 46 && isDigitOrWord(text.charCodeAt(end + 1))) continue;
      const parts = match[0].split('.');
      if (parts.some((part) => Number(part) > 255 || (part.length > 1 && part.startsWith('0')))) continue;
      if (parts[0] === '0' && match[0] !== '0.0.0.0') continue;
      if (options.defanged?.(start, end) !== true) {
        const context = text.slice(Math.max(0, start - BEFORE), start);
        // A version is followed by neither a port nor the length of a network, and has other parts than 1.1.1.1.
        const isSmall = after !== 47 && after !== 58 && parts.every((part) => Number(part) <= SMALL_PART) && !parts.every((part) => part === parts[0]);
        // Behind the name of a product four numbers of which the first is small and another is nought are a version.
        const isProduct =
          after !== 47 &&
          after !== 58 &&
          Number(parts[0]) <= SMALL_PART &&
          parts.includes('0') &&
          parts[0] !== '10' &&
          /[A-Za-z][\w.-]*\s$/.test(context) &&
          !ADDRESS_BEFORE.test(context);
        if (
          VERSION_BEFORE.test(context) ||
          isProduct ||
          (isSmall && ((/[\w)]\s$/.test(context) && !ADDRESS_BEFORE.test(context)) || start - versionEnd < NEXT_VERSION))
        ) {
          versionEnd = end;
          continue;
        }
      }
      const value = parts.join('.');
      if (lastOfRange !== null) {
        const last = Number(lastOfRange[1]);
        // `1.2.3.4-2` is a version as packages have them.
        if (last <= Number(parts[3]) || last > 255 || (Number(parts[0]) <= SMALL_PART && options.defanged?.(start, end) !== true)) continue;
        yield { type: 'ipv4', value, start, end };
        yield { type: 'ipv4', value: `${parts.slice(0, 3).join('.')}.${last}`, start: end + 1, end: end + lastOfRange[0].length };
        continue;
      }
      const prefix = /^\/(\d{1,2})(?![\d./\w])/.exec(text.slice(end, end + 5));
      if (prefix !== null && Number(prefix[1]) >= 8 && Number(prefix[1]) < 32 && hostBitsAreZero(parts, Number(prefix[1]))) {
        yield { type: 'ipv4', value: `${value}/${prefix[1]}`, start, end: end + prefix[0].length };
        continue;
      }
      const portMatch = /^(?::|\/(?:tcp|udp)\/)(\d{1,5})(?!\d|\.\d)/i.exec(text.slice(end, end + 12));
      const port = portMatch === null ? 0 : Number(portMatch[1]);
      if (portMatch !== null && port > 0 && port <= 65535) {
        end += portMatch[0].length;
        yield { type: 'ipv4', value, start, end, port };
        continue;
      }
      const told = portInWords(text, end) ?? portOfCommand(text, start, end);
      yield told === undefined ? { type: 'ipv4', value, start, end } : { type: 'ipv4', value, start, end, port: told };
    }
    let done = 0;
    for (let colon = text.indexOf(':'); colon !== -1; colon = text.indexOf(':', Math.max(colon + 1, done))) {
      const next = text.charCodeAt(colon + 1);
      if (next !== 58 && !isHex(next)) continue;
      let start = colon;
      while (start > done && colon - start < 5 && isHex(text.charCodeAt(start - 1))) start--;
      let end = colon + 1;
      while (end - start <= LONGEST_SIX && (isHex(text.charCodeAt(end)) || text.charCodeAt(end) === 58 || text.charCodeAt(end) === 46)) end++;
      done = end;
      while (end > start && text.charCodeAt(end - 1) === 46) end--;
      // `:` of a sentence behind the address.
      if (text.charCodeAt(end - 1) === 58 && text.charCodeAt(end - 2) !== 58) end--;
      const before = start > 0 ? text.charCodeAt(start - 1) : 0;
      if (isDigitOrWord(before) || before === 46 || before === 58 || isDigitOrWord(text.charCodeAt(end))) continue;
      const written = text.slice(start, end);
      // Times (`12:30:45`) and hardware addresses have no empty group and too few parts.
      if (written.length < 6 || !/[0-9a-f]/i.test(written) || (!written.includes('::') && written.split(':').length !== 8 && !written.includes('.'))) continue;
      const words = parseIpv6(written);
      if (words === undefined) continue;
      // `::ffff:198.51.7.9` is that IPv4 address (RFC 4291, 2.5.5.2).
      const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(written)?.[1];
      if (mapped !== undefined) {
        yield { type: 'ipv4', value: mapped, start, end };
        continue;
      }
      NETWORK_BEHIND.lastIndex = end;
      const network = NETWORK_BEHIND.exec(text);
      if (network !== null && isNetwork(words, Number(network[1]))) {
        yield { type: 'ipv6', value: `${formatAddress(words, 6)}/${Number(network[1])}`, start, end: end + network[0].length };
        continue;
      }
      const value = formatAddress(words, 6);
      PORT_BEHIND_BRACKET.lastIndex = end;
      const portMatch = before === 91 ? PORT_BEHIND_BRACKET.exec(text) : null;
      const port = portMatch === null ? 0 : Number(portMatch[1]);
      if (portMatch !== null && port > 0 && port <= 65535) yield { type: 'ipv6', value, start: start - 1, end: end + portMatch[0].length, port };
      else {
        const told = portInWords(text, end);
        yield told === undefined ? { type: 'ipv6', value, start, end } : { type: 'ipv6', value, start, end, port: told };
      }
    }
  },
};

/** No bit of an IPv6 address, four words of 32, is set beyond the prefix. */
function isNetwork(words: Uint32Array, prefix: number): boolean {
  return words.every((word, at) => {
    const kept = Math.min(32, Math.max(0, prefix - 32 * at));
    return kept === 32 || (kept === 0 ? word === 0 : word << kept === 0);
  });
}

function hostBitsAreZero(parts: readonly string[], prefix: number): boolean {
  const address = parts.reduce((sum, part) => sum * 256 + Number(part), 0);
  return address % 2 ** (32 - prefix) === 0;
}
