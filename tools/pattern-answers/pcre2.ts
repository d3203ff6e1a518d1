/**
 * Asks PCRE2's own test program (`pcre2test`, Debian package pcre2-utils) what patterns match, as the oracle of our pattern
 * engine. Its automatic possessification is switched off: it changes results in rare cases (`\N*?\R`), against the manual.
 */
import { spawnSync } from 'node:child_process';
import type { PatternFlags } from '../../packages/catalogue/formats/pattern/tree.ts';

export interface Question {
  readonly pattern: string;
  /** of ismxGAE */
  readonly letters: string;
  readonly subjects: readonly Uint8Array[];
}

/** By subject: start and end of the match and of every group (-1: took no part); null: no match; undefined: not known. */
export type Answer = { readonly refused: string } | readonly (readonly number[] | null | undefined)[];

const MODIFIERS: Readonly<Record<string, string>> = {
  i: 'caseless',
  s: 'dotall',
  m: 'multiline',
  x: 'extended',
  G: 'ungreedy',
  A: 'anchored',
  E: 'dollar_endonly',
};

export function flagsOf(letters: string): PatternFlags {
  const has = (letter: string): boolean => letters.includes(letter);
  return { nocase: has('i'), dotAll: has('s'), multiline: has('m'), extended: has('x'), ungreedy: has('G'), anchored: has('A'), dollarEnd: has('E') };
}

/** Is the oracle installed? */
export function hasPcre2(): boolean {
  return spawnSync('pcre2test', ['-C', 'version']).status === 0;
}

function hex(bytes: Uint8Array, before: string, between: string): string {
  return Array.from(bytes, (byte) => before + byte.toString(16).padStart(2, '0')).join(between);
}

/** pcre2test writes text; `\xhh` written by it and `\xhh` in the subject look alike, and an empty line ends a pattern's subjects. */
export function canBeAsked(subject: Uint8Array): boolean {
  return subject.length > 0 && !subject.includes(0x5c);
}

export function askPcre2(questions: readonly Question[]): Answer[] {
  const input = questions
    .map(({ pattern, letters, subjects }) => {
      const modifiers = ['hex', 'no_auto_possess', 'allaftertext', ...Array.from(letters, (letter) => MODIFIERS[letter])];
      return `/${hex(new TextEncoder().encode(pattern), '', ' ')}/${modifiers.join(',')}\n${subjects.map((one) => `${hex(one, '\\x', '')}\n`).join('')}\n`;
    })
    .join('');
  const { stdout, error } = spawnSync('pcre2test', ['-q'], { input, encoding: 'latin1', maxBuffer: 1 << 30 });
  if (error !== undefined) throw error;
  const blocks = stdout.split(/^(?=\/[0-9a-f ]*\/hex,)/m);
  if (blocks.length !== questions.length) throw new Error(`${questions.length} patterns were asked, ${blocks.length} answers came`);
  return blocks.map((block, index) => readBlock(block.split('\n').slice(1), questions[index].subjects));
}

function lengthOf(text: string): number {
  return text.replace(/\\x[0-9a-f]{2}/g, '.').length;
}

function readBlock(lines: readonly string[], subjects: readonly Uint8Array[]): Answer {
  if (lines[0]?.startsWith('Failed')) return { refused: lines[0] };
  const answers: (number[] | null | undefined)[] = [];
  let groups: number[] | undefined;
  for (const line of lines) {
    if (/^\\x/.test(line)) {
      answers.push(undefined);
      groups = undefined;
    } else if (line === 'No match') answers[answers.length - 1] = null;
    else {
      const group = /^ ?(\d+)(:|\+) (.*)$/.exec(line);
      if (group === null) continue;
      const [, number, mark, text] = group;
      if (groups === undefined) {
        groups = [];
        answers[answers.length - 1] = groups;
      }
      const at = Number(number) * 2;
      while (groups.length < at + 2) groups.push(-1);
      if (mark === ':') groups[at] = text === '<unset>' ? -1 : lengthOf(text);
      else {
        groups[at + 1] = subjects[answers.length - 1].length - lengthOf(text);
        groups[at] = groups[at + 1] - groups[at];
      }
    }
  }
  if (answers.length !== subjects.length) throw new Error(`${subjects.length} subjects were asked, ${answers.length} answers came`);
  return answers;
}
