/** DEFLATE on damaged bytes: the compiled loops give what the plain ones give, whatever the limit. node fuzz/inflate.fuzz.ts [SECONDS] [SEED] */
import { constants, deflateRawSync } from 'node:zlib';
import { compiledInflate } from '../packages/catalogue/formats/deflate/compiled-inflate.ts';
import { plainInflate } from '../packages/catalogue/formats/deflate/deflate.ts';
import { type FuzzRandom, fuzz, fuzzArguments, mutateBytes } from './harness.ts';

const STRATEGIES = [constants.Z_DEFAULT_STRATEGY, constants.Z_FILTERED, constants.Z_HUFFMAN_ONLY, constants.Z_RLE, constants.Z_FIXED];
const LIMITS = [1, 7, 100, 4000, 65_536, 200_000];

/** Words of few letters, said again at many distances. */
function plain(random: FuzzRandom): Uint8Array {
  const letters = 1 + random.below(random.once(4) ? 256 : 12);
  const bytes = new Uint8Array(random.below(random.once(20) ? 90_000 : 3000));
  for (let at = 0; at < bytes.length; ) {
    const length = Math.min(bytes.length - at, 1 + random.below(40));
    if (at > 0 && !random.once(3)) for (let from = random.below(at), left = length; left > 0; left--) bytes[at++] = bytes[from++];
    else for (let left = length; left > 0; left--) bytes[at++] = random.below(letters);
  }
  return bytes;
}

/** The first byte chooses the limit. */
function make(random: FuzzRandom): Uint8Array {
  const packed = deflateRawSync(plain(random), { level: random.below(10), strategy: random.pick(STRATEGIES), memLevel: 1 + random.below(9) });
  return Uint8Array.from([random.below(LIMITS.length), ...(random.once(4) ? packed : mutateBytes(random, packed))]);
}

function run(input: Uint8Array): string | undefined {
  const limit = LIMITS[input[0]];
  const compiled = compiledInflate(input, 1, limit);
  if (compiled === undefined) return 'there is no WebAssembly here';
  return Buffer.compare(compiled, plainInflate(input, 1, limit)) === 0 ? undefined : 'the compiled loops give something else';
}

const { seconds, seed } = fuzzArguments();
process.exit(fuzz('inflate', seconds, seed, make, run));
