/** LZ4 frames: digests of the specification's and others' test vectors; what was packed is unpacked again by a reader of its own. */
import { fromLatin1, latin1 } from '@sigwright/bytes';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { Lz4Frame, XxHash32 } from './lz4.ts';

test.each([
  ['', 0x02cc5d05],
  ['a', 0x550d7456],
  ['abc', 0x32d153ff],
  ['Nobody inspects the spammish repetition', 0xe2293b2f],
])('xxHash32 of "%s"', (text, digest) => {
  expect(new XxHash32().update(fromLatin1(text)).digest()).toBe(digest);
  const pieces = new XxHash32();
  for (const letter of text) pieces.update(fromLatin1(letter));
  expect(pieces.digest()).toBe(digest);
});

/** As the two formats describe it, checks included. */
function unpacked(frame: Uint8Array, withChecksum: boolean): Uint8Array {
  const view = new DataView(frame.buffer, frame.byteOffset);
  expect(view.getUint32(0, true)).toBe(0x184d2204);
  expect(frame[6]).toBe((new XxHash32().update(frame.subarray(4, 6)).digest() >>> 8) & 0xff);
  const output: number[] = [];
  let at = 7;
  for (;;) {
    const size = view.getUint32(at, true);
    at += 4;
    if (size === 0) break;
    const end = at + (size & 0x7fff_ffff);
    if (size >>> 31 === 1) output.push(...frame.subarray(at, end));
    else block(frame.subarray(at, end), output);
    at = end;
  }
  if (withChecksum) expect(view.getUint32(at, true)).toBe(new XxHash32().update(Uint8Array.from(output)).digest());
  expect(frame.length).toBe(at + (withChecksum ? 4 : 0));
  return Uint8Array.from(output);
}

function block(bytes: Uint8Array, output: number[]): void {
  const begin = output.length;
  let at = 0;
  const long = (short: number): number => {
    let length = short;
    if (short === 15)
      for (;;) {
        const more = bytes[at++];
        length += more;
        if (more !== 255) break;
      }
    return length;
  };
  while (at < bytes.length) {
    const token = bytes[at++];
    const run = long(token >>> 4);
    for (let index = 0; index < run; index++) output.push(bytes[at++]);
    if (at === bytes.length) {
      expect(token & 15).toBe(0);
      return;
    }
    const distance = bytes[at] | (bytes[at + 1] << 8);
    at += 2;
    const match = long(token & 15) + 4;
    expect(distance).toBeGreaterThan(0);
    expect(output.length - distance).toBeGreaterThanOrEqual(begin);
    for (let index = 0; index < match; index++) output.push(output[output.length - distance]);
  }
}

function packed(pieces: readonly Uint8Array[], withChecksum: boolean): Uint8Array {
  const frame = new Lz4Frame(withChecksum);
  return Uint8Array.from(Buffer.concat([frame.header(), ...pieces.flatMap((piece) => frame.blocks(piece)), frame.end()]));
}

test.each([
  ['nothing', ''],
  ['a few bytes', 'abc'],
  ['no repetition', 'The quick brown fox jumps over 13 lazy dogs'],
  ['a long run', 'x'.repeat(5000)],
  ['long literals before a long match', `${Array.from({ length: 300 }, (_, at) => String.fromCharCode(at & 255)).join('')}${'abcdefgh'.repeat(100)}end`],
])('%s', (_why, text) => {
  for (const withChecksum of [true, false]) expect(latin1(unpacked(packed([fromLatin1(text)], withChecksum), withChecksum))).toBe(text);
});

test('repetition gets shorter, over several blocks', () => {
  const text = fromLatin1('GET /index.html HTTP/1.1\r\nHost: a.example\r\n\r\n'.repeat(8000));
  const frame = packed([text], true);
  expect(frame.length).toBeLessThan(text.length / 50);
  expect(unpacked(frame, true)).toEqual(text);
});

test('any bytes in any pieces', () => {
  fc.assert(
    fc.property(fc.array(fc.uint8Array({ maxLength: 400, max: 3 })), fc.boolean(), (pieces, withChecksum) => {
      expect(unpacked(packed(pieces, withChecksum), withChecksum)).toEqual(Uint8Array.from(Buffer.concat(pieces)));
    }),
  );
});
