/**
 * IP addresses as four 32-bit words, most significant first; an IPv4 address lies in word 0, the others being 0.
 * Text form of IPv6: RFC 5952.
 */

export interface ParsedAddress {
  readonly version: 4 | 6;
  readonly words: Uint32Array;
}

export function parseIpv4(text: string): Uint32Array | undefined {
  const match = /^(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.(\d{1,3})$/.exec(text);
  if (match === null) return undefined;
  let value = 0;
  for (let part = 1; part <= 4; part++) {
    const byte = Number(match[part]);
    if (byte > 255) return undefined;
    value = value * 256 + byte;
  }
  return Uint32Array.of(value, 0, 0, 0);
}

export function parseIpv6(text: string): Uint32Array | undefined {
  let rest = text;
  let tail: Uint32Array | undefined;
  const dotted = rest.lastIndexOf(':');
  if (rest.includes('.') && dotted !== -1) {
    tail = parseIpv4(rest.slice(dotted + 1));
    if (tail === undefined) return undefined;
    rest = `${rest.slice(0, dotted + 1)}${(tail[0] >>> 16).toString(16)}:${(tail[0] & 0xffff).toString(16)}`;
  }
  const halves = rest.split('::');
  if (halves.length > 2) return undefined;
  const groups = (half: string): number[] | undefined => {
    if (half === '') return [];
    const list: number[] = [];
    for (const part of half.split(':')) {
      if (!/^[0-9a-fA-F]{1,4}$/.test(part)) return undefined;
      list.push(Number.parseInt(part, 16));
    }
    return list;
  };
  const head = groups(halves[0]);
  const end = halves.length === 2 ? groups(halves[1]) : [];
  if (head === undefined || end === undefined) return undefined;
  const missing = 8 - head.length - end.length;
  if (halves.length === 2 ? missing < 1 : missing !== 0) return undefined;
  const all = [...head, ...new Array<number>(missing).fill(0), ...end];
  return Uint32Array.from([0, 2, 4, 6], (at) => all[at] * 65536 + all[at + 1]);
}

export function parseAddress(text: string): ParsedAddress | undefined {
  const four = parseIpv4(text);
  if (four !== undefined) return { version: 4, words: four };
  const six = parseIpv6(text);
  return six === undefined ? undefined : { version: 6, words: six };
}

export function formatIpv4(word: number): string {
  return `${word >>> 24}.${(word >>> 16) & 255}.${(word >>> 8) & 255}.${word & 255}`;
}

export function formatAddress(words: Uint32Array, version: number): string {
  if (version !== 6) return formatIpv4(words[0]);
  const groups: number[] = [];
  for (const word of words) groups.push(word >>> 16, word & 0xffff);
  let bestAt = -1;
  let bestLength = 1;
  for (let at = 0; at < 8; at++) {
    let length = 0;
    while (at + length < 8 && groups[at + length] === 0) length++;
    if (length > bestLength) {
      bestAt = at;
      bestLength = length;
    }
  }
  const text = (from: number, to: number): string =>
    groups
      .slice(from, to)
      .map((group) => group.toString(16))
      .join(':');
  return bestAt === -1 ? text(0, 8) : `${text(0, bestAt)}::${text(bestAt + bestLength, 8)}`;
}

/** The full form that Suricata's EVE shows: no `::`. */
export function formatAddressLong(words: Uint32Array, version: number): string {
  if (version !== 6) return formatIpv4(words[0]);
  let text = '';
  for (let at = 0; at < 4; at++)
    text += `${at > 0 ? ':' : ''}${(words[at] >>> 16).toString(16).padStart(4, '0')}:${(words[at] & 0xffff).toString(16).padStart(4, '0')}`;
  return text;
}

/** Inclusive ends. */
export interface AddressRange {
  readonly version: 4 | 6;
  readonly from: Uint32Array;
  readonly to: Uint32Array;
}

export function compareWords(a: Uint32Array, b: Uint32Array): number {
  for (let at = 0; at < 4; at++) if (a[at] !== b[at]) return a[at] < b[at] ? -1 : 1;
  return 0;
}

/** `10.0.0.0/8`, `10.0.0.1`, `10.0.0.1-10.0.0.9`, and the same for IPv6. */
export function parseRange(text: string): AddressRange | undefined {
  const dash = text.indexOf('-');
  if (dash !== -1) {
    const from = parseAddress(text.slice(0, dash).trim());
    const to = parseAddress(text.slice(dash + 1).trim());
    if (from === undefined || to === undefined || from.version !== to.version || compareWords(from.words, to.words) > 0) return undefined;
    return { version: from.version, from: from.words, to: to.words };
  }
  const slash = text.indexOf('/');
  const address = parseAddress(slash === -1 ? text : text.slice(0, slash));
  if (address === undefined) return undefined;
  const width = address.version === 4 ? 32 : 128;
  let prefix = width;
  if (slash !== -1) {
    const written = text.slice(slash + 1);
    if (/^\d{1,3}$/.test(written)) prefix = Number(written);
    else {
      const mask = address.version === 4 ? parseIpv4(written) : undefined;
      if (mask === undefined) return undefined;
      prefix = Math.clz32(~mask[0]);
      if (prefix < 32 && mask[0] << prefix !== 0) return undefined;
    }
    if (prefix > width) return undefined;
  }
  const from = address.words.slice();
  const to = address.words.slice();
  for (let at = 0; at < width / 32; at++) {
    const kept = Math.max(0, Math.min(32, prefix - at * 32));
    const mask = kept === 0 ? 0 : (0xffffffff << (32 - kept)) >>> 0;
    from[at] = (from[at] & mask) >>> 0;
    to[at] = (to[at] | ~mask) >>> 0;
  }
  return { version: address.version, from, to };
}

/** As on the wire: four bytes, or sixteen. */
export function addressBytes(words: Uint32Array, version: number): Uint8Array {
  const bytes = new Uint8Array(version === 4 ? 4 : 16);
  const view = new DataView(bytes.buffer);
  for (let word = 0; word < bytes.length / 4; word++) view.setUint32(word * 4, words[word]);
  return bytes;
}
