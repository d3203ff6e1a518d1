/** Flash films made by zlib and liblzma (Python), whole, cut, bounded, and what is none. */
import { fromHex, fromLatin1 } from '@sigwright/bytes';
import { CONTENT_WAITS } from '@sigwright/contracts';
import { expect, test } from 'vitest';
import { flashUnpacker } from './flash.ts';

const PLAIN = fromHex(
  '46575309900000007800055f00000fa000000c0100646f414243206576696c207363726970742068657265206576696c206576696c206576696c206576696c206576696c206576696c206576696c206576696c206576696c206576696c206576696c206576696c206576696c206576696c206576696c206576696c206576696c206576696c206576696c206576696c20',
)!;
const BY_ZLIB = fromHex('4357530990000000789cab60608d6760e05fc0c0c0c3c89092efe8e4ac905a9699a3509c5c945950a290915a940a11a031010085932ddb')!;
const BY_LZMA = fromHex(
  '5a57530d90000000320000005d00008000003bfffca614165a7bf05a04678f3aacd28a809f1e8a40a78244b8fcda78eb46e7d3d85ca5fb5be902f33b3c7ffff4a9c800',
)!;
const ALL = { deflate: true, lzma: true, mostPacked: 10_000, mostUnpacked: 10_000 };

test('both methods give the film; its version stays', () => {
  const unpack = flashUnpacker(ALL);
  expect(unpack(BY_ZLIB, true)).toEqual(PLAIN);
  const film = unpack(BY_LZMA, true) as Uint8Array;
  expect(film.subarray(8)).toEqual(PLAIN.subarray(8));
  expect(film.subarray(0, 4)).toEqual(Uint8Array.of(0x46, 0x57, 0x53, 13));
});

test.each([
  ['a film in the clear', PLAIN, ALL],
  ['something else', fromHex('435754090000000000000000')!, ALL],
  ['less than a header', BY_ZLIB.subarray(0, 7), ALL],
  ['a method that is not wanted', BY_ZLIB, { ...ALL, deflate: false }],
  ['the other method', BY_LZMA, { ...ALL, lzma: false }],
  ['what does not unpack', fromHex('4357530900000000ffffffffffff')!, ALL],
])('stays: %s', (_why, content, wanted) => {
  expect(flashUnpacker(wanted)(content, true)).toBeUndefined();
});

test('more may come: it waits', () => {
  for (let length = 0; length < BY_ZLIB.length; length++) expect(flashUnpacker(ALL)(BY_ZLIB.subarray(0, length), false)).toBe(CONTENT_WAITS);
});

test('what can not become a film waits for nothing', () => {
  for (const text of ['C<', 'CW>', 'P', 'FWS']) expect(flashUnpacker(ALL)(fromLatin1(text), false)).toBeUndefined();
});

test('what came of it is unpacked as far as it goes, within the limits', () => {
  for (const film of [BY_ZLIB, BY_LZMA]) {
    for (let length = 8; length < film.length; length++) {
      const part = flashUnpacker(ALL)(film.subarray(0, length), true);
      if (part instanceof Uint8Array) expect(PLAIN.subarray(8, part.length - 4)).toEqual(part.subarray(8, part.length - 4));
    }
    expect((flashUnpacker({ ...ALL, mostUnpacked: 10 })(film, true) as Uint8Array).length).toBe(18);
    const cut = flashUnpacker({ ...ALL, mostPacked: 40 })(film, true);
    expect(cut === undefined || (cut as Uint8Array).length < PLAIN.length).toBe(true);
  }
});
