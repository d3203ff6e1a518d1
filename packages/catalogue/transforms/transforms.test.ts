import { deflateSync, gzipSync } from 'node:zlib';
import { fromLatin1, hex, latin1 } from '@sigwright/bytes';
import { DEFAULT_SETTINGS, type EngineSettings, isProblem, type TransformDefinition } from '@sigwright/contracts';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { catalogue } from '../index.ts';

/** One suffix of two labels stands for the list; other names end in their last label. */
const settings: EngineSettings = {
  ...DEFAULT_SETTINGS,
  publicSuffixes: {
    suffix: (host) => /(?:co\.uk|[^.]+)$/.exec(host)?.[0],
    domain: (host) => /[^.]+\.(?:co\.uk|[^.]+)$/.exec(host)?.[0],
  },
};

/** The argument as the engine hands it to the transform. */
function prepared(definition: TransformDefinition<never>, written: string | undefined): unknown {
  const read = definition.argument.read(written);
  if (isProblem(read)) throw new Error(`${definition.name}: ${read.problem}`);
  const ready = definition.prepare?.(read.value as never, settings) ?? read;
  if ('problem' in ready) throw new Error(`${definition.name}: ${ready.problem}`);
  return ready.value;
}

function transformed(name: string, argument: string | undefined, input: Uint8Array): Uint8Array {
  const definition = catalogue.transforms.get(name);
  if (definition === undefined) throw new Error(`no transform ${name}`);
  return definition.transform(input, prepared(definition, argument) as never);
}

describe('what each does', () => {
  const cases: readonly (readonly [name: string, argument: string | undefined, input: string, output: string, why: string])[] = [
    ['dotprefix', undefined, 'example.com', '.example.com', 'a domain and what lies below it end alike'],
    ['dotprefix', undefined, '', '.', 'nothing becomes a dot'],
    ['domain', undefined, 'www.Example.co.uk', 'Example.co.uk', 'below a suffix of two labels; letters as written'],
    ['domain', undefined, 'co.uk.', 'co.uk.', 'without a domain: as it was'],
    ['tld', undefined, 'www.example.co.uk', 'co.uk', 'the suffix alone'],
    ['tld', undefined, '', '', 'of nothing nothing'],
    ['strip_whitespace', undefined, ' a\tb\r\n\x0b\x0cc ', 'abc', 'all that isspace() takes'],
    ['strip_whitespace', undefined, 'a\xa0b', 'a\xa0b', 'no-break spaces are no spaces in C'],
    ['compress_whitespace', undefined, 'a  \t b', 'a b', 'a run becomes one'],
    ['to_lowercase', undefined, 'AbC\xc9', 'abc\xc9', 'ASCII only'],
    ['to_uppercase', undefined, 'AbC{\xe9', 'ABC{\xe9', 'ASCII only'],
    ['url_decode', undefined, 'a%20b+c%2fD%2F', 'a b c/D/', 'percent and plus'],
    ['url_decode', undefined, '%', '%', 'an escape that is cut stays'],
    ['url_decode', undefined, '%4', '%4', 'so does half of one'],
    ['url_decode', undefined, '%zz%u0041', '%zz%u0041', 'what is no escape stays, %u too'],
    ['url_decode', undefined, '%2541', '%41', 'once, not twice'],
    ['xor', '"0d0a"', '\x0d\x0a\x0d', '\x00\x00\x00', 'the key repeats'],
    ['xor', '"ff"', 'a', '\x9e', 'a key of one byte'],
    ['header_lowercase', undefined, 'Host: A\r\nX-Y: Z\r\n', 'host: A\r\nx-y: Z\r\n', 'names, not values'],
    ['strip_pseudo_headers', undefined, ':method\r\nhost\r\n:path\r\n', 'host\r\n', 'lines that begin with a colon go'],
    ['strip_pseudo_headers', undefined, ':only', '', 'a last line without its end'],
    ['pcrexform', '"[a-zA-Z]+\\s+(.*)\\s+HTTP"', 'GET /dropper.php HTTP/1.1', '/dropper.php', 'the first group'],
    ['pcrexform', '"(x)?y"', 'y', 'y', 'a group that took no part leaves the buffer'],
    ['pcrexform', '"(z)"', 'y', 'y', 'no match leaves it too'],
    ['pcrexform', '"(?:a|(b))+"', 'ba', 'b', 'a group keeps its last turn'],
    ['from_base64', undefined, 'VGhpcyBpcyBTdXJpY2F0YQ==', 'This is Suricata', 'from the beginning'],
    ['from_base64', 'offset 6', '/?arg=dGhpc2lzYXRlc3QK', 'thisisatest\n', 'from an offset'],
    ['from_base64', 'bytes 6, offset 6', '/?arg=dGhpc2lzYXRlc3QK', 'this', 'some bytes'],
    ['from_base64', 'offset 6, mode rfc2045', '/?arg=Zm 9v Ym Fy', 'foobar', 'blanks passed over'],
    ['from_base64', 'mode strict', 'Zm9v Ym', 'Zm9v Ym', 'strict: as it was'],
    ['from_base64', 'offset 60', 'Zm9v', 'Zm9v', 'behind the end: as it was'],
    ['gunzip', undefined, latin1(gzipSync('compressed')), 'compressed', 'gzip'],
    ['gunzip', 'max-size 4', latin1(gzipSync('compressed')), 'comp', 'up to a size'],
    ['gunzip', undefined, 'plain', 'plain', 'no gzip: as it was'],
    ['zlib_deflate', undefined, latin1(deflateSync('compressed')), 'compressed', 'zlib'],
    ['zlib_deflate', undefined, latin1(deflateSync('x'.repeat(5000))), 'x'.repeat(1024), 'not more than the default'],
  ];
  test.each(cases)('%s %s on %j is %j: %s', (name, argument, input, output) => {
    expect(latin1(transformed(name, argument, fromLatin1(input)))).toBe(output);
  });

  test.each([
    ['to_md5', '900150983cd24fb0d6963f7d28e17f72'],
    ['to_sha1', 'a9993e364706816aba3e25717850c26c9cd0d89d'],
    ['to_sha256', 'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad'],
  ])('%s of abc', (name, digest) => {
    expect(hex(transformed(name, undefined, fromLatin1('abc')))).toBe(digest);
  });
});

test('none writes to its input, none throws, and output is bounded', () => {
  const subjects = [...catalogue.transforms.values()].map((definition) => ({ definition, argument: prepared(definition, definition.argument.samples[0]) }));
  expect(subjects.length).toBeGreaterThanOrEqual(16);
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => {
      for (const { definition, argument } of subjects) {
        const input = bytes.slice();
        const output = definition.transform(input, argument as never);
        expect(hex(input)).toBe(hex(bytes));
        expect(output.length).toBeLessThanOrEqual(65_536 + 4 * bytes.length);
      }
    }),
    { seed: 2 },
  );
});
