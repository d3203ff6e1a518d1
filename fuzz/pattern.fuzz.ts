/**
 * Regular expressions on hostile bytes: damaged and generated patterns, subjects walked out of them and damaged. Reading never
 * throws, matching is bounded in time, both evaluators agree, a match lies in its window, and what is said of all matches holds: the
 * bytes at their first places, and the literals without which there is none.
 */

import { find, findNocase } from '@sigwright/bytes';
import { BeginningSearch, beginningOf } from '../packages/catalogue/formats/pattern/beginning.ts';
import { sampleMatch, samplePattern, sampleWithCalls } from '../packages/catalogue/formats/pattern/generate.ts';
import { requiredLiterals } from '../packages/catalogue/formats/pattern/literals.ts';
import { compilePattern, type PatternFlags } from '../packages/catalogue/formats/pattern/pattern.ts';
import { readPattern } from '../packages/catalogue/formats/pattern/reader.ts';
import { type FuzzRandom, fuzz, fuzzArguments, mutateBytes, mutateText } from './harness.ts';

const WORDS = [
  '(?:',
  '(?=',
  '(?<!',
  '(?>',
  '(?P<n>',
  '(?P=n)',
  '(?(1)',
  '(?i)',
  '(?|',
  '\\1',
  '\\g{-1}',
  '\\x{ff}',
  '[[:alpha:]',
  '{2,}',
  '*+',
  '??',
  '|',
  ')',
  '\\Q',
  '\\E',
  '(?1)',
  '(?R)',
  '(?(R)',
  '(?(DEFINE)',
  '(*SKIP)',
  '(*ACCEPT)',
  '(*THEN)',
  '\\X',
  '\\p{L}',
];
const STEPS = 50_000;
const LONGEST_SUBJECT = 20_000;

function flags(random: FuzzRandom): PatternFlags {
  return {
    nocase: random.once(3),
    dotAll: random.once(3),
    multiline: random.once(3),
    extended: random.once(6),
    ungreedy: random.once(6),
    anchored: random.once(6),
    dollarEnd: random.once(6),
  };
}

function run(source: string, random: FuzzRandom): string | undefined {
  const letters = flags(random);
  const tree = readPattern(source, letters);
  if ('problem' in tree) return tree.at < 0 || tree.at > source.length * 4 ? `a problem at ${tree.at}` : undefined;
  const machine = compilePattern(source, letters, STEPS, { evaluator: 'machine', keepGroups: true });
  const auto = compilePattern(source, letters, STEPS, { keepGroups: random.once(2) });
  if ('problem' in machine || 'problem' in auto) return 'read once, refused once';
  // Where verbs stand, nobody looks ahead.
  const places = tree.verbs.size > 0 ? [] : beginningOf(tree.root);
  const beginning = places.length === 0 ? undefined : new BeginningSearch(places);
  const literals = tree.verbs.has('accept') ? [] : requiredLiterals(tree.root, 2);
  for (let subjects = 4; subjects > 0; subjects--) {
    const walked: number[] = [];
    sampleMatch(tree.root, (limit) => random.below(limit), walked);
    const once = mutateBytes(random, Uint8Array.from(walked), [], LONGEST_SUBJECT);
    const times = random.once(4) ? random.below(Math.floor(LONGEST_SUBJECT / (once.length + 1))) : 1;
    const subject = new Uint8Array(once.length * times);
    for (let time = 0; time < times; time++) subject.set(once, time * once.length);
    const start = random.below(Math.min(subject.length, 4));
    const one = machine.pattern.match(subject, start, subject.length, start);
    const other = auto.pattern.match(subject, start, subject.length, start);
    if (one !== undefined && !(one.end <= subject.length && one.start >= start)) return `a match outside the window: ${one.start} to ${one.end}`;
    if (one !== undefined) {
      const first = beginning?.next(subject, start, subject.length) ?? start;
      // What \K moves, it moves forward.
      if (first < start || first > one.start) return `a match at ${one.start} that begins at no place, the first is ${first}`;
      if (!literals.every((set) => set.some((literal) => holds(subject, start, literal)))) return `a match without its literals`;
    }
    if (machine.pattern.gaveUp || auto.pattern.gaveUp) continue;
    if (one?.start !== other?.start || one?.end !== other?.end) return `the evaluators differ: ${one?.start}:${one?.end}, ${other?.start}:${other?.end}`;
  }
  return undefined;
}

function holds(bytes: Uint8Array, start: number, { bytes: literal, nocase }: { readonly bytes: Uint8Array; readonly nocase: boolean }): boolean {
  return (nocase ? findNocase(bytes, start, bytes.length, literal) : find(bytes, start, bytes.length, literal)) >= 0;
}

const { seconds, seed } = fuzzArguments();
const makeInput = (random: FuzzRandom): string => {
  const below = (limit: number): number => random.below(limit);
  const pattern = random.once(3) ? sampleWithCalls(below, random.once(2) ? 'calls' : 'verbs') : samplePattern(below);
  return random.once(2) ? pattern : mutateText(random, pattern, WORDS, 400);
};
// Time may grow with the subjects, which are made in `run`.
process.exit(fuzz('pattern', seconds, seed, makeInput, run, () => LONGEST_SUBJECT * 4));
