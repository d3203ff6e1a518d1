import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type AddressRange, compareWords, formatAddress, formatAddressLong, parseAddress, parseRange } from './address.ts';
import { AddressSet, PortSet } from './sets.ts';

describe('addresses', () => {
  /** text in, RFC 5952 text out; undefined: not an address */
  const TEXTS: readonly [string, string | undefined][] = [
    ['1.2.3.4', '1.2.3.4'],
    ['255.255.255.255', '255.255.255.255'],
    ['256.1.1.1', undefined],
    ['1.2.3', undefined],
    ['1.2.3.4.5', undefined],
    ['', undefined],
    ['::', '::'],
    ['::1', '::1'],
    ['2001:DB8::1', '2001:db8::1'],
    ['2001:db8:0:0:1:0:0:1', '2001:db8::1:0:0:1'],
    ['2001:db8:0:1:1:1:1:1', '2001:db8:0:1:1:1:1:1'],
    ['1:0:0:2:0:0:0:3', '1:0:0:2::3'],
    ['fe80::', 'fe80::'],
    ['::ffff:10.0.0.1', '::ffff:a00:1'],
    ['::1.2.3.4.5', undefined],
    ['1::2::3', undefined],
    ['1:2:3:4:5:6:7', undefined],
    ['1:2:3:4:5:6:7:8:9', undefined],
    ['1:2:3:4:5:6:7::', '1:2:3:4:5:6:7:0'],
    [':1', undefined],
    ['12345::', undefined],
    ['g::', undefined],
  ];
  for (const [text, expected] of TEXTS) {
    it(`${JSON.stringify(text)} is ${expected}`, () => {
      const parsed = parseAddress(text);
      expect(parsed === undefined ? undefined : formatAddress(parsed.words, parsed.version)).toBe(expected);
    });
  }

  it('every address survives printing and reading, in both forms', () => {
    fc.assert(
      fc.property(fc.array(fc.constantFrom(0, 1, 0xffff, 0x10000, 0xffffffff, 0x20010db8), { minLength: 4, maxLength: 4 }), (list) => {
        const words = Uint32Array.from(list);
        expect(parseAddress(formatAddress(words, 6))?.words).toEqual(words);
        expect(parseAddress(formatAddressLong(words, 6))?.words).toEqual(words);
      }),
    );
  });

  const RANGES: readonly [string, string, string][] = [
    ['10.1.2.3/8', '10.0.0.0', '10.255.255.255'],
    ['10.1.2.3', '10.1.2.3', '10.1.2.3'],
    ['0.0.0.0/0', '0.0.0.0', '255.255.255.255'],
    ['10.0.0.0/255.255.0.0', '10.0.0.0', '10.0.255.255'],
    ['10.0.0.1-10.0.0.9', '10.0.0.1', '10.0.0.9'],
    ['2001:db8::/33', '2001:db8::', '2001:db8:7fff:ffff:ffff:ffff:ffff:ffff'],
    ['::/0', '::', 'ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff'],
  ];
  for (const [text, from, to] of RANGES) {
    it(`${text} spans ${from} to ${to}`, () => {
      const range = parseRange(text)!;
      expect([formatAddress(range.from, range.version), formatAddress(range.to, range.version)]).toEqual([from, to]);
    });
  }
  for (const text of ['10.0.0.0/33', '10.0.0.0/x', '10.0.0.0/255.0.255.0', '10.0.0.9-10.0.0.1', '10.0.0.1-::1', '::/129', '/8']) {
    it(`${text} is no range`, () => expect(parseRange(text)).toBeUndefined());
  }
});

describe('sets', () => {
  const inRange = (range: AddressRange, words: Uint32Array): boolean => compareWords(words, range.from) >= 0 && compareWords(words, range.to) <= 0;

  for (const version of [4, 6] as const) {
    it(`of IPv${version} answer as a list asked one by one does`, () => {
      const word = fc.nat(40);
      const range = fc.tuple(word, word).map(([a, b]): AddressRange => {
        const make = (value: number): Uint32Array =>
          version === 4 ? Uint32Array.of(value, 0, 0, 0) : Uint32Array.of(1, 0, value >> 3, (value & 7) * 0x20000000);
        return { version, from: make(Math.min(a, b)), to: make(Math.max(a, b)) };
      });
      fc.assert(
        fc.property(fc.array(range, { maxLength: 9 }), fc.array(range, { maxLength: 4 }), fc.boolean(), (include, exclude, all) => {
          const set = new AddressSet({ include, exclude, all });
          for (let value = 0; value <= 41; value++) {
            const words = version === 4 ? Uint32Array.of(value, 0, 0, 0) : Uint32Array.of(1, 0, value >> 3, (value & 7) * 0x20000000);
            const expected = (all || include.some((one) => inRange(one, words))) && !exclude.some((one) => inRange(one, words));
            expect(set.contains(words, version)).toBe(expected);
          }
        }),
        { numRuns: 500 },
      );
    });
  }

  it('of IPv4 do not contain IPv6 addresses, unless they contain everything', () => {
    const zero = new Uint32Array(4);
    expect(new AddressSet({ include: [parseRange('0.0.0.0/0')!], exclude: [], all: false }).contains(zero, 6)).toBe(false);
    expect(new AddressSet({ include: [], exclude: [], all: true }).contains(zero, 6)).toBe(true);
  });

  // Ranges that begin and end within a word of the set, at its edges, and across several.
  it.each([
    [
      [
        [80, 81],
        [65_535, 65_535],
      ],
      [80, 82, 65_535],
    ],
    [[[0, 0]], [1]],
    [[[0, 31]], [32]],
    [
      [
        [31, 32],
        [64, 127],
      ],
      [31, 33, 64, 128],
    ],
    [
      [
        [5, 5],
        [7, 40],
        [41, 1000],
      ],
      [5, 6, 7, 1001],
    ],
    [[[0, 65_535]], []],
  ])('of ports %j change at %j', (ranges, boundaries) => {
    const set = new PortSet();
    for (const [from, to] of ranges) set.add(from, to);
    expect(set.boundaries()).toEqual(boundaries);
    const inside = (port: number): boolean => ranges.some(([from, to]) => port >= from && port <= to);
    for (let port = 0; port < 65_536; port++) if (set.contains(port) !== inside(port)) expect.fail(`port ${port}`);
    expect(set.containsAll()).toBe(boundaries.length === 0);
  });

  it('of ports are joined and taken from each other', () => {
    const set = new PortSet().add(10, 100);
    set.addAll(new PortSet().add(90, 200));
    set.removeAll(new PortSet().add(50, 60));
    expect(set.boundaries()).toEqual([10, 50, 61, 201]);
  });
});
