/**
 * Every pattern of the public rules against PCRE2 itself, on bytes walked out of the pattern and damaged ones. Where pcre2test
 * is not installed, the two evaluators of our own are compared instead, and a line says so.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { FuzzRandom } from '../../fuzz/harness.ts';
import { compilePattern, type Evaluator } from '../../packages/catalogue/formats/pattern/pattern.ts';
import { readPattern } from '../../packages/catalogue/formats/pattern/reader.ts';
import { type Answer, askPcre2, canBeAsked, flagsOf, hasPcre2, type Question } from './pcre2.ts';
import { subjectsFor } from './subjects.ts';

const RULES = join(import.meta.dirname, '../../../shared/rules/etopen.rules');
const SUBJECTS = 6;
const STEPS = 2_000_000;
/** pcre2test tells of the match and of 14 groups. */
const GROUPS_TOLD = 15;
/** The window stands inside other bytes, so that nothing looks past its ends. */
const MARGIN = 2;

const WAYS: readonly (readonly [Evaluator, boolean])[] = [
  ['auto', false],
  ['machine', true],
  ['script', false],
];

describe('patterns of the public rules', () => {
  const written = new Set<string>();
  for (const found of readFileSync(RULES, 'utf8').matchAll(/pcre:\s*!?"(\/.*?\/[A-Za-z]*)"\s*;/g)) written.add(found[1]);
  const random = new FuzzRandom(1);
  const problems: string[] = [];
  const questions: Question[] = [];
  for (const whole of written) {
    const close = whole.lastIndexOf('/');
    const pattern = whole.slice(1, close);
    const letters = whole.slice(close + 1).replace(/[^ismxGAE]/g, '');
    const tree = readPattern(pattern, flagsOf(letters));
    if ('problem' in tree) problems.push(`${whole}: ${tree.problem}`);
    else questions.push({ pattern, letters, subjects: subjectsFor(tree, SUBJECTS, random).filter(canBeAsked) });
  }

  test('all of them are read', () => {
    expect(written.size).toBeGreaterThan(3000);
    expect(problems).toEqual([]);
  });

  test('they match what PCRE2 matches, byte for byte', () => {
    const oracle = hasPcre2();
    if (!oracle) console.log('pcre2test is not installed: comparing the two evaluators with each other');
    const answers = oracle ? askPcre2(questions) : questions.map((question) => byEvaluator(question, 'machine'));
    const mismatches: string[] = [];
    let compared = 0;
    let matched = 0;
    answers.forEach((answer, index) => {
      if ('refused' in answer) {
        mismatches.push(`${questions[index].pattern}: ${answer.refused}`);
        return;
      }
      for (const [evaluator, keepGroups] of WAYS) {
        byEvaluator(questions[index], evaluator, keepGroups).forEach((ours, at) => {
          const theirs = answer[at];
          if (theirs === undefined || ours === undefined) return;
          compared++;
          if (theirs !== null) matched++;
          const length = ours === null || theirs === null ? 0 : keepGroups ? Math.min(GROUPS_TOLD * 2, Math.max(ours.length, theirs.length)) : 2;
          let same = (ours === null) === (theirs === null);
          for (let place = 0; place < length; place++) same &&= (ours![place] ?? -1) === (theirs![place] ?? -1);
          if (!same) mismatches.push(`${questions[index].pattern} on ${questions[index].subjects[at]}: theirs ${theirs}, ours ${ours}`);
        });
      }
    });
    console.log(`${questions.length} patterns, ${compared} comparisons, ${matched} of them matches, ${mismatches.length} mismatches`);
    expect(mismatches).toEqual([]);
    expect(matched).toBeGreaterThan(compared / 3);
  });
});

function byEvaluator({ pattern, letters, subjects }: Question, evaluator: Evaluator, keepGroups = true): Exclude<Answer, { refused: string }> {
  const compiled = compilePattern(pattern, flagsOf(letters), STEPS, { keepGroups, evaluator });
  if ('problem' in compiled) throw new Error(compiled.problem);
  return subjects.map((subject) => {
    const bytes = new Uint8Array(subject.length + 2 * MARGIN).fill(97);
    bytes.set(subject, MARGIN);
    const match = compiled.pattern.match(bytes, MARGIN, MARGIN + subject.length, MARGIN);
    if (match === undefined) return compiled.pattern.gaveUp ? undefined : null;
    const groups = match.groups === undefined ? [match.start, match.end] : Array.from(match.groups);
    return groups.map((place) => (place < 0 ? -1 : place - MARGIN));
  });
}
