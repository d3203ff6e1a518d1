/**
 * Writes the tables of PCRE2's answers that the pattern engine's test compares with:
 * `node tools/pattern-answers/make.ts`. Needs pcre2test; the tables lie in the repository, so that the test does not.
 */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { FuzzRandom } from '../../fuzz/harness.ts';
import { type Below, samplePattern, sampleWithCalls } from '../../packages/catalogue/formats/pattern/generate.ts';
import { readPattern } from '../../packages/catalogue/formats/pattern/reader.ts';
import { type Answer, askPcre2, canBeAsked, flagsOf, type Question } from './pcre2.ts';
import { subjectsFor } from './subjects.ts';

const SUBJECTS = 6;
const SEED = 20_240_308;
/** Longer generated patterns say nothing new and swell the tables. */
const LONGEST_PATTERN = 60;

function questionsOf(count: number, pattern: (below: Below) => string, keepsRefused: boolean): Question[] {
  const random = new FuzzRandom(SEED);
  const below = (limit: number): number => random.below(limit);
  const questions: Question[] = [];
  while (questions.length < count) {
    const made = pattern(below);
    const letters = Array.from('ismxGAE')
      .filter(() => random.once(5))
      .join('');
    if (made.length > LONGEST_PATTERN) continue;
    const tree = readPattern(made, flagsOf(letters));
    if ('problem' in tree && !keepsRefused) continue;
    const subjects = 'problem' in tree ? [Uint8Array.of(97)] : subjectsFor(tree, SUBJECTS, random).filter((one) => canBeAsked(one) && one.length < 80);
    if (subjects.length > 0) questions.push({ pattern: made, letters, subjects });
  }
  return questions;
}

/** `groups`: as many as there are, with the match itself. */
function lineOf({ pattern, letters, subjects }: Question, answer: Answer, groups: number): string {
  const parts = [letters, pattern];
  if ('refused' in answer) parts.push('refused');
  else
    answer.forEach((one, at) => {
      if (one === undefined) return;
      const told = Math.min(groups, (one?.length ?? 0) / 2);
      const spans = one === null ? 'none' : Array.from({ length: told }, (_, group) => `${one[group * 2]}:${one[group * 2 + 1]}`).join(',');
      parts.push(`${Array.from(subjects[at], (byte) => byte.toString(16).padStart(2, '0')).join('')}=${spans}`);
    });
  return parts.join('\t');
}

function write(file: string, head: string, questions: readonly Question[], groups = Number.POSITIVE_INFINITY): void {
  const lines = askPcre2(questions).map((answer, index) => lineOf(questions[index], answer, groups));
  const path = join(import.meta.dirname, '../../packages/catalogue/formats/pattern/cases', file);
  writeFileSync(path, `# letters, pattern, then subject in hex = ${head}; made by tools/pattern-answers/make.ts\n${lines.join('\n')}\n`);
  console.log(`${file}: ${questions.length} patterns`);
}

write('pcre2-answers.txt', 'start-end of match and groups', questionsOf(500, samplePattern, true));
// What a call leaves behind in groups that come later, PCRE2 tells now and then, against its manual.
write(
  'pcre2-calls.txt',
  'start-end of match',
  questionsOf(250, (below) => sampleWithCalls(below, 'calls'), false),
  1,
);
write(
  'pcre2-verbs.txt',
  'start-end of match and groups',
  questionsOf(250, (below) => sampleWithCalls(below, 'verbs'), false),
);
