/** Masks let every gram of theirs through, and not much else. */
import { SeededRandom } from '@sigwright/traffic';
import { describe, expect, test } from 'vitest';
import { foldedGram } from '../compile/rarity.ts';
import { masksOf } from './gram-classes.ts';

const TEXT = `<script>function load(name) { var element = document.getElementById(name); element.innerHTML = unescape("%u9090%u9090"); }</script>
GET /images/photo.php?id=17&user=anna HTTP/1.1 Content-Type: text/html; charset=utf-8 The quick brown fox jumps over the lazy dog.`;

/** Does anything with these four bytes pass? */
function passes(masks: Uint8Array, gram: number): boolean {
  let classes = 255;
  for (let at = 0; at < 4; at++) {
    const byte = (gram >>> (8 * at)) & 255;
    classes &= masks[at * 32 + (byte & 15)] & masks[at * 32 + 16 + (byte >>> 4)];
  }
  return classes !== 0;
}

describe.each([
  [1, 1, 'one passes alone'],
  [8, 1, 'as many as there are classes, too'],
  [30, 30, 'some'],
  [96, 120, 'as many as are told by classes'],
])('%i grams', (count, most, why) => {
  const random = new SeededRandom(count);
  const letters = 'etaoinshrdlucmfwypvbgkqjxz';
  const grams = Int32Array.from({ length: count }, (_, at) =>
    foldedGram(
      Uint8Array.from({ length: 4 }, () => (at % 4 === 3 ? random.below(256) : letters.charCodeAt(random.below(letters.length)))),
      0,
    ),
  );
  const masks = masksOf(grams);

  test(`each is let through: ${why}`, () => expect(grams.every((gram) => passes(masks, gram))).toBe(true));

  test('of ordinary text little is', () => {
    const bytes = Uint8Array.from(TEXT, (letter) => letter.charCodeAt(0));
    const others = Array.from({ length: bytes.length - 3 }, (_, at) => foldedGram(bytes, at)).filter((gram) => !grams.includes(gram) && passes(masks, gram));
    expect(others.length).toBeLessThanOrEqual(Math.ceil((most * bytes.length) / 1000));
  });
});
