/**
 * What all fuzzers share: a seeded generator, ways to damage an input, and the loop. A finding is an input for which the
 * target throws, reports a broken promise, or takes more than a linear bound of time. Every input is made from its own seed, which
 * a finding prints: `node fuzz/NAME.fuzz.ts 0 THAT-SEED` runs that one input again.
 *
 * A fuzzer is a file `NAME.fuzz.ts` that ends in `process.exit(fuzz('NAME', seconds, seed, makeInput, run))`, with
 * `const { seconds, seed } = fuzzArguments();`. Exit code: 0 nothing found, 1 findings.
 */

/** Small, fast, and the same everywhere (mulberry32). */
export class FuzzRandom {
  #state: number;

  constructor(seed: number) {
    this.#state = seed >>> 0;
  }

  /** 0 to 2^32 - 1 */
  next(): number {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0;
    let mixed = this.#state;
    mixed = Math.imul(mixed ^ (mixed >>> 15), mixed | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return (mixed ^ (mixed >>> 14)) >>> 0;
  }

  /** 0 to limit - 1; 0 where the limit is 0 */
  below(limit: number): number {
    return limit <= 0 ? 0 : this.next() % limit;
  }

  /** true once in `times` */
  once(times: number): boolean {
    return this.below(times) === 0;
  }

  pick<Value>(list: readonly Value[]): Value {
    return list[this.below(list.length)];
  }

  bytes(length: number): Uint8Array {
    const bytes = new Uint8Array(length);
    for (let at = 0; at < length; at++) bytes[at] = this.next() & 255;
    return bytes;
  }
}

/** Numbers at which length and count fields go wrong. */
const EDGES = [0, 1, 2, 3, 4, 7, 8, 15, 16, 31, 32, 63, 64, 127, 128, 129, 191, 192, 193, 254, 255];

/** Names that objects have of their own. */
export const OWN_NAMES = ['__proto__', 'constructor', 'toString', 'hasOwnProperty'];
const OWN_WORDS = OWN_NAMES.map((name) => new TextEncoder().encode(name));

function isOfWord(byte: number): boolean {
  return (byte >= 48 && byte <= 57) || (byte >= 65 && byte <= 90) || (byte >= 97 && byte <= 122) || byte === 95 || byte === 45;
}

/**
 * One to four changes: bits flipped, bytes set, cut, repeated, removed, inserted, words exchanged, spliced from `others`. At most `longest`
 * bytes come out.
 */
export function mutateBytes(random: FuzzRandom, input: Uint8Array, others: readonly Uint8Array[] = [], longest = 1 << 20): Uint8Array {
  let bytes: Uint8Array = input.slice();
  for (let changes = 1 + random.below(4); changes > 0; changes--) {
    const at = random.below(bytes.length);
    switch (random.below(10)) {
      case 0:
        if (bytes.length > 0) bytes[at] ^= 1 << random.below(8);
        break;
      case 1:
        if (bytes.length > 0) bytes[at] = random.next() & 255;
        break;
      case 2:
        if (bytes.length > 0) bytes[at] = random.pick(EDGES);
        break;
      case 3:
        bytes = bytes.slice(0, at);
        break;
      case 4: {
        const end = Math.min(bytes.length, at + 1 + random.below(64));
        bytes = joined(bytes.subarray(0, end), bytes.subarray(at));
        break;
      }
      case 5: {
        const end = Math.min(bytes.length, at + 1 + random.below(16));
        bytes = joined(bytes.subarray(0, at), bytes.subarray(end));
        break;
      }
      case 6:
        bytes = joined(bytes.subarray(0, at), random.bytes(1 + random.below(8)), bytes.subarray(at));
        break;
      case 7:
        for (let count = Math.min(bytes.length - at, 2 + random.below(3)), index = 0; index < count; index++) bytes[at + index] = random.pick([0, 255]);
        break;
      case 8: {
        // A word becomes one that every object has an entry for.
        let [start, end] = [at, at];
        while (start > 0 && isOfWord(bytes[start - 1])) start--;
        while (end < bytes.length && isOfWord(bytes[end])) end++;
        if (start < end) bytes = joined(bytes.subarray(0, start), random.pick(OWN_WORDS), bytes.subarray(end));
        break;
      }
      default:
        if (others.length > 0) {
          const other = random.pick(others);
          const from = random.below(other.length);
          bytes = joined(bytes.subarray(0, at), other.subarray(from, from + 1 + random.below(other.length)));
        }
    }
  }
  return bytes.length > longest ? bytes.slice(0, longest) : bytes;
}

/** The same for text. `words`: pieces that mean something in the language. */
export function mutateText(random: FuzzRandom, input: string, words: readonly string[] = [], longest = 1 << 20): string {
  let text = input;
  for (let changes = 1 + random.below(4); changes > 0; changes--) {
    const at = random.below(text.length + 1);
    const end = Math.min(text.length, at + 1 + random.below(24));
    switch (random.below(7)) {
      case 0:
        text = text.slice(0, at) + text.slice(end);
        break;
      case 1:
        text = text.slice(0, at) + text.slice(at, end).repeat(1 + random.below(4)) + text.slice(at);
        break;
      case 2:
        text = text.slice(0, at) + String.fromCharCode(random.once(8) ? random.below(65536) : random.below(128)) + text.slice(at);
        break;
      case 3:
        text = text.slice(0, at) + String.fromCharCode(random.below(128)) + text.slice(at + 1);
        break;
      case 4:
        text = text.slice(0, at);
        break;
      case 5: {
        const other = random.below(text.length + 1);
        text = text.slice(0, at) + text.slice(other, other + random.below(64)) + text.slice(at);
        break;
      }
      default:
        if (words.length > 0) text = text.slice(0, at) + random.pick(words) + text.slice(at);
    }
  }
  return text.length > longest ? text.slice(0, longest) : text;
}

/** Cuts into pieces of random length, for parsers that must not care where the cuts are. */
export function randomPieces(random: FuzzRandom, bytes: Uint8Array, most = 64): Uint8Array[] {
  const pieces: Uint8Array[] = [];
  for (let at = 0; at < bytes.length; ) {
    const end = Math.min(bytes.length, at + 1 + random.below(most));
    pieces.push(bytes.subarray(at, end));
    at = end;
  }
  return pieces;
}

function joined(...parts: readonly Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

/** Seconds and first seed from the command line: `node fuzz/NAME.fuzz.ts [SECONDS=10] [SEED=1] [FOLDER OF SEED FILES]`. */
export function fuzzArguments(): { seconds: number; seed: number; folder: string | undefined } {
  const [seconds, seed, folder] = process.argv.slice(2);
  return { seconds: seconds === undefined ? 10 : Number(seconds), seed: seed === undefined ? 1 : Number(seed), folder };
}

/** An input may take this long whatever its length (first calls, garbage collection), and this long for each of its bytes. */
const FLOOR_MILLISECONDS = 250;
const MILLISECONDS_A_KILOBYTE = 4;
/** A loaded machine is slow at times; a slow parser is slow every time. */
const REPEATS_OF_SLOW = 3;
const MOST_FINDINGS = 10;
const SHOWN = 2000;

export type FuzzInput = Uint8Array | string;

/**
 * Makes inputs and runs them until the time is over. `run` throws on a finding, or returns a sentence that says which promise was
 * broken. `cost`: what time may grow with, in bytes; the input's length where left out. Returns the exit code.
 */
export function fuzz<Input extends FuzzInput>(
  name: string,
  seconds: number,
  seed: number,
  makeInput: (random: FuzzRandom) => Input,
  run: (input: Input, random: FuzzRandom) => string | undefined,
  cost: (input: Input) => number = (input) => input.length,
): number {
  const until = performance.now() + seconds * 1000;
  let runs = 0;
  let bytes = 0;
  let slowest = 0;
  const findings = new Set<string>();
  do {
    const inputSeed = (seed + runs) >>> 0;
    const attempt = (): { problem: string | undefined; milliseconds: number; input: Input } => {
      const random = new FuzzRandom(inputSeed);
      const input = makeInput(random);
      const before = performance.now();
      let problem: string | undefined;
      try {
        problem = run(input, random) ?? undefined;
      } catch (thrown) {
        problem = thrown instanceof Error ? (thrown.stack ?? thrown.message) : String(thrown);
      }
      return { problem, milliseconds: performance.now() - before, input };
    };
    let { problem, milliseconds, input } = attempt();
    const allowed = FLOOR_MILLISECONDS + (cost(input) / 1024) * MILLISECONDS_A_KILOBYTE;
    for (let again = 0; problem === undefined && milliseconds > allowed && again < REPEATS_OF_SLOW; again++)
      milliseconds = Math.min(milliseconds, attempt().milliseconds);
    if (problem === undefined && milliseconds > allowed) problem = `took ${milliseconds.toFixed(0)} ms, allowed are ${allowed.toFixed(0)}`;
    runs++;
    bytes += input.length;
    slowest = Math.max(slowest, milliseconds);
    if (problem === undefined) continue;
    // The same fault at the same place is one finding, however many inputs lead there.
    const key = problem.split('\n').slice(0, 2).join(' ');
    if (findings.has(key)) continue;
    findings.add(key);
    console.log(`${name}: FINDING with seed ${inputSeed}, input of ${input.length}\n${problem}\n${shown(input)}`);
  } while (performance.now() < until && findings.size < MOST_FINDINGS);
  console.log(`${name}: ${runs} runs, ${bytes} bytes, slowest ${slowest.toFixed(1)} ms, ${findings.size} findings (seeds ${seed} to ${seed + runs - 1})`);
  return findings.size === 0 ? 0 : 1;
}

function shown(input: FuzzInput): string {
  if (typeof input === 'string') return JSON.stringify(input.length > SHOWN ? `${input.slice(0, SHOWN)}…` : input);
  let text = '';
  for (let at = 0; at < Math.min(input.length, SHOWN); at++) text += input[at].toString(16).padStart(2, '0');
  return input.length > SHOWN ? `${text}…` : text;
}
