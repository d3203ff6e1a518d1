/** Subjects for a pattern: bytes that it is likely to match, whole, framed and damaged. */

import type { FuzzRandom } from '../../fuzz/harness.ts';
import { mutateBytes } from '../../fuzz/harness.ts';
import { sampleMatch } from '../../packages/catalogue/formats/pattern/generate.ts';
import type { PatternTree } from '../../packages/catalogue/formats/pattern/tree.ts';

const LONGEST = 2000;

export function subjectsFor(tree: PatternTree, count: number, random: FuzzRandom): Uint8Array[] {
  const below = (limit: number): number => random.below(limit);
  return Array.from({ length: count }, (_, index) => {
    const out: number[] = [];
    if (random.once(3)) out.push(...random.bytes(random.below(6)));
    sampleMatch(tree.root, below, out);
    if (random.once(3)) for (let more = random.below(6); more > 0; more--) out.push(random.pick([10, 13, 97, 98, 200, 255]));
    const whole = Uint8Array.from(out.slice(0, LONGEST));
    return index % 2 === 0 ? whole : mutateBytes(random, whole, [], LONGEST);
  });
}
