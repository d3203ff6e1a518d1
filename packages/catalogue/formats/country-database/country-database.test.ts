/** A database of a few networks, made here in each size of records, is read; broken ones give no answer. */
import { concatBytes, fromLatin1, parseAddress } from '@sigwright/bytes';
import { describe, expect, test } from 'vitest';
import { openCountries } from './country-database.ts';

const text = (value: string): Uint8Array => concatBytes(Uint8Array.of(0x40 | value.length), fromLatin1(value));
const small = (value: number): Uint8Array => Uint8Array.of(0xc2, value >> 8, value & 255);
const map = (entries: Readonly<Record<string, Uint8Array>>): Uint8Array =>
  concatBytes(Uint8Array.of(0xe0 | Object.keys(entries).length), ...Object.entries(entries).flatMap(([key, value]) => [text(key), value]));

type Node = [left: Node | string | undefined, right: Node | string | undefined];

/** `networks`: bits of the prefix → country. */
function database(networks: Readonly<Record<string, string>>, recordSize: 24 | 28 | 32, version: 4 | 6): Uint8Array {
  const root: Node = [undefined, undefined];
  for (const [prefix, country] of Object.entries(networks)) {
    let node = root;
    for (let at = 0; at < prefix.length; at++) {
      const bit = Number(prefix[at]) as 0 | 1;
      if (at === prefix.length - 1) node[bit] = country;
      else {
        node[bit] ??= [undefined, undefined];
        node = node[bit] as Node;
      }
    }
  }
  const nodes: Node[] = [root];
  for (const node of nodes) for (const child of node) if (Array.isArray(child)) nodes.push(child);
  const values: Uint8Array[] = [];
  const places = new Map<string, number>();
  let length = 0;
  for (const country of new Set(Object.values(networks))) {
    // The second value points to the first for its key, as real ones do.
    const value = map({ country: map({ iso_code: text(country) }) });
    places.set(country, length);
    values.push(value);
    length += value.length;
  }
  const pointer = map({ country: Uint8Array.of(0x20, 8 + 1) });
  places.set('pointer', length);
  values.push(pointer);
  const number = (child: Node | string | undefined): number =>
    child === undefined ? nodes.length : Array.isArray(child) ? nodes.indexOf(child) : nodes.length + 16 + places.get(child)!;
  const tree = nodes.map(([left, right]) => {
    const [a, b] = [number(left), number(right)];
    if (recordSize === 24) return Uint8Array.of(a >> 16, a >> 8, a, b >> 16, b >> 8, b);
    if (recordSize === 32) return Uint8Array.of(a >> 24, a >> 16, a >> 8, a, b >> 24, b >> 16, b >> 8, b);
    return Uint8Array.of(a >> 16, a >> 8, a, ((a >> 24) << 4) | (b >> 24), b >> 16, b >> 8, b);
  });
  const metadata = map({ node_count: small(nodes.length), record_size: small(recordSize), ip_version: small(version) });
  return concatBytes(...tree, new Uint8Array(16), ...values, fromLatin1('\xab\xcd\xefMaxMind.com'), metadata);
}

const bits = (address: string, length: number): string => {
  const { words, version } = parseAddress(address)!;
  return [...words]
    .map((word) => word.toString(2).padStart(32, '0'))
    .join('')
    .slice(0, length > 0 ? length : version * 8);
};
const ask = (bytes: Uint8Array, address: string): string | undefined => {
  const { words, version } = parseAddress(address)!;
  return openCountries(bytes)?.country(words, version);
};

describe.each([24, 28, 32] as const)('records of %s bits', (size) => {
  const four = database({ [bits('10.1.0.0', 16)]: 'DE', [bits('10.2.3.0', 24)]: 'FR', [bits('192.168.0.0', 16)]: 'pointer' }, size, 4);
  const six = database({ [`${'0'.repeat(96)}${bits('10.1.0.0', 16)}`]: 'DE', [bits('2001:db8::', 32)]: 'FR' }, size, 6);
  test.each([
    ['inside', four, '10.1.255.255', 'DE'],
    ['another network', four, '10.2.3.9', 'FR'],
    ['outside', four, '10.2.4.9', undefined],
    ['far outside', four, '203.0.113.1', undefined],
    ['by a pointer', four, '192.168.9.9', 'DE'],
    ['IPv4 among IPv6', six, '10.1.2.3', 'DE'],
    ['IPv6', six, '2001:db8:1::1', 'FR'],
    ['IPv6 outside', six, '2001:db9::1', undefined],
    ['IPv6 where none is', four, '2001:db8::1', undefined],
  ])('%s', (_why, bytes, address, country) => {
    expect(ask(bytes, address)).toBe(country);
  });

  test('cut off or changed anywhere, it neither throws nor hangs', () => {
    expect(openCountries(new Uint8Array(64))).toBeUndefined();
    for (let at = 0; at < four.length; at++) {
      const changed = four.slice();
      changed[at] ^= 0xff;
      for (const bytes of [changed, four.slice(at)]) ask(bytes, '10.1.0.1');
    }
  });
});
