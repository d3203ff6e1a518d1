/**
 * Writes the table of PCRE2's answers that the pattern engine's test compares with:
 * `node tools/pattern-answers/make.ts`. Needs pcre2test; the table lies in the repository, so that the test does not.
 */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { FuzzRandom } from '../../fuzz/harness.ts';
import { samplePattern } from '../../packages/catalogue/formats/pattern/generate.ts';
import { readPattern } from '../../packages/catalogue/formats/pattern/reader.ts';
import { askPcre2, canBeAsked, flagsOf, type Question } from './pcre2.ts';
import { subjectsFor } from './subjects.ts';

const PATTERNS = 500;
const SUBJECTS = 6;
const SEED = 20_240_308;
/** Longer generated patterns say nothing new and swell the table. */
const LONGEST_PATTERN = 60;

const random = new FuzzRandom(SEED);
const below = (limit: number): number => random.below(limit);
const questions: Question[] = [];
while (questions.length < PATTERNS) {
  const pattern = samplePattern(below);
  const letters = Array.from('ismxGAE')
    .filter(() => random.once(5))
    .join('');
  if (pattern.length > LONGEST_PATTERN) continue;
  const tree = readPattern(pattern, flagsOf(letters));
  const subjects = 'problem' in tree ? [Uint8Array.of(97)] : subjectsFor(tree, SUBJECTS, random).filter((one) => canBeAsked(one) && one.length < 80);
  if (subjects.length > 0) questions.push({ pattern, letters, subjects });
}

const lines: string[] = ['# letters, pattern, then subject in hex = start-end of match and groups; made by tools/pattern-answers/make.ts'];
askPcre2(questions).forEach((answer, index) => {
  const { pattern, letters, subjects } = questions[index];
  const parts = [letters, pattern];
  if ('refused' in answer) parts.push('refused');
  else
    answer.forEach((one, at) => {
      if (one === undefined) return;
      const spans = one === null ? 'none' : Array.from({ length: one.length / 2 }, (_, group) => `${one[group * 2]}:${one[group * 2 + 1]}`).join(',');
      parts.push(`${Array.from(subjects[at], (byte) => byte.toString(16).padStart(2, '0')).join('')}=${spans}`);
    });
  lines.push(parts.join('\t'));
});
writeFileSync(join(import.meta.dirname, '../../packages/catalogue/formats/pattern/cases/pcre2-answers.txt'), `${lines.join('\n')}\n`);
console.log(`${questions.length} patterns`);
