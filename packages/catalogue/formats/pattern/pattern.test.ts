import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { find, findNocase, fromLatin1 } from '@sigwright/bytes';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { BeginningSearch, beginningOf, searchFor } from './beginning.ts';
import { exampleOf } from './example.ts';
import { sampleMatch, samplePattern } from './generate.ts';
import { requiredLiterals } from './literals.ts';
import { type CompiledPattern, compilePattern, type Evaluator, type PatternFlags } from './pattern.ts';
import { readPattern } from './reader.ts';
import { rareTail } from './tail.ts';

const STEPS = 200_000;
const EVALUATORS: readonly Evaluator[] = ['auto', 'script', 'machine'];
/** The window stands inside other bytes, so that a look past its ends would show. */
const MARGIN = 3;

function flagsOf(letters: string): PatternFlags {
  const has = (letter: string): boolean => letters.includes(letter);
  return { nocase: has('i'), dotAll: has('s'), multiline: has('m'), extended: has('x'), ungreedy: has('G'), anchored: has('A'), dollarEnd: has('E') };
}

function compiled(pattern: string, letters: string, evaluator: Evaluator, keepGroups = true): CompiledPattern {
  const result = compilePattern(pattern, flagsOf(letters), STEPS, { keepGroups, evaluator });
  if ('problem' in result) throw new Error(`${pattern}: ${result.problem}`);
  return result;
}

/** `start:end` of the match and its groups, or `none`; `?` where it was given up. */
function matchIn({ pattern }: CompiledPattern, subject: Uint8Array, from = 0): string {
  const bytes = new Uint8Array(subject.length + 2 * MARGIN).fill(0x61);
  bytes.set(subject, MARGIN);
  const match = pattern.match(bytes, MARGIN, MARGIN + subject.length, MARGIN + from);
  if (match === undefined) return pattern.gaveUp ? '?' : 'none';
  const places = match.groups === undefined ? [match.start, match.end] : Array.from(match.groups);
  const spans: string[] = [];
  for (let at = 0; at < places.length; at += 2) spans.push(places[at] < 0 ? '-1:-1' : `${places[at] - MARGIN}:${places[at + 1] - MARGIN}`);
  return spans.join(',');
}

describe('what the manual says, one by one', () => {
  const cases: readonly (readonly [why: string, pattern: string, letters: string, subject: string, answer: string])[] = [
    ['dot stops at a newline only', 'a.b', '', 'a\nb a\rb', '4:7'],
    ['s lets it pass', 'a.b', 's', 'a\nb', '0:3'],
    ['a negated class takes newlines', 'a[^b]', '', 'a\n', '0:2'],
    ['dollar stands before a last newline', 'a$', '', 'ba\n', '1:2'],
    ['but not with E', 'a$', 'E', 'ba\n', 'none'],
    ['nor before an inner newline', 'a$', '', 'a\nb', 'none'],
    ['unless m', 'a$', 'm', 'a\nb', '0:1'],
    ['m: a line begins behind a newline', '^b', 'm', 'a\nb', '2:3'],
    ['m: none begins behind the last one', '^', 'm', '', '0:0'],
    ['\\z stands at the very end', 'a\\z', '', 'a\n', 'none'],
    ['\\Z before a last newline', 'a\\Z', '', 'a\n', '0:1'],
    ['\\A keeps its meaning with m', '\\Ab', 'm', 'a\nb', 'none'],
    ['case is folded in ASCII only', '\\xe9', 'i', '\xc9', 'none'],
    ['ranges are folded', '[a-c]+', 'i', 'xABC', '1:4'],
    ['\\s takes the vertical tab', 'a\\sb', '', 'a\x0bb', '0:3'],
    ['\\s takes no bytes beyond ASCII', '\\s', '', '\xa0\x85', 'none'],
    ['\\h takes the no-break space', '\\h', '', '\xa0', '0:1'],
    ['\\w is ASCII', '\\w', '', '\xe9', 'none'],
    ['\\b is ASCII', '\\ba', '', '\xe9a', '1:2'],
    ['\\R takes CR LF as one', '^\\R$', '', '\r\n', '0:2'],
    ['\\R never gives it back', '^\\R\\n', '', '\r\n', 'none'],
    ['octal', '\\101', '', 'A', '0:1'],
    ['octal behind a zero', '\\0', '', '\0', '0:1'],
    ['a number beyond the groups is octal', '\\11', '', '\t', '0:1'],
    ['hex in braces', '\\x{41}', '', 'A', '0:1'],
    ['hex without digits is zero', '\\x', '', '\0', '0:1'],
    ['text beyond ASCII is its UTF-8 bytes', 'é', '', '\xc3\xa9', '0:2'],
    ['a repeat takes the last of them', 'é+', '', '\xc3\xa9\xa9', '0:3'],
    ['quoted text', '\\Qa.b\\E+', '', 'a.bb', '0:4'],
    ['a bracket first in a class is itself', '[]a]+', '', ']a', '0:2'],
    ['posix class', '[[:xdigit:]]+', '', 'gAf9', '1:4'],
    ['negated posix class', '[[:^digit:]]', '', '1a', '1:2'],
    ['brace that is no repeat', 'a{,3}', '', 'a{,3}', '0:5'],
    ['lazy', 'a+?', '', 'aaa', '0:1'],
    ['G turns greed around', 'a+', 'G', 'aaa', '0:1'],
    ['and back', 'a+?', 'G', 'aaa', '0:3'],
    ['possessive', 'a++a', '', 'aaa', 'none'],
    ['atomic', '(?>a|ab)c', '', 'abc', 'none'],
    ['look ahead', 'a(?=b)', '', 'ac ab', '3:4'],
    ['not ahead', 'a(?!b)', '', 'ab ac', '3:4'],
    ['look behind', '(?<=a|bc)d', '', 'xd bcd', '5:6'],
    ['not behind', '(?<!a)d', '', 'ad d', '3:4'],
    ['looking behind ends at the window', '(?<=a)b', '', 'b', 'none'],
    ['\\b sees nothing before the window', '\\bb', '', 'b', '0:1'],
    ['back reference', '(a|b)\\1', '', 'abb', '1:3,1:2'],
    ['back reference without case', '(a)\\1', 'i', 'aA', '0:2,0:1'],
    ['back reference to a group not taken fails', '(?:(a)|b)\\1', '', 'bb', 'none'],
    ['a group is seen from inside as it was', '(a\\1?){3}', '', 'aaaaaa', '0:6,3:6'],
    ['named, Python', '(?P<q>["\'])x(?P=q)', '', "\"x''x'", '3:6,3:4'],
    ['named, Perl', '(?<q>.)\\k<q>', '', 'abb', '1:3,1:2'],
    ['relative', '(a)(b)\\g{-1}', '', 'abb', '0:3,0:1,1:2'],
    ['a group keeps what its last turn took', '(?:(a)|b)+', '', 'ab', '0:2,0:1'],
    ['condition on a group', '(<)?a(?(1)>|$)', '', '<a> a', '0:3,0:1'],
    ['condition on a group not taken', '(<)?a(?(1)>|$)', '', '<a', '1:2,-1:-1'],
    ['condition on a look', '(?(?=\\d)\\d{2}|[a-z])', '', '1a', '1:2'],
    ['branches share numbers', '(?|a(b)|c(d))e', '', 'cde', '0:3,1:2'],
    ['letters inside', 'a(?i)b|c', '', 'C', '0:1'],
    ['letters end with their group', '(a(?i)b)c', '', 'aBC', 'none'],
    ['letters off', '(?-i:a)b', 'i', 'aB Ab', '0:2'],
    ['extended', 'a b # c\n +', 'x', 'abb', '0:3'],
    ['extended keeps blanks in classes', '[a b]{3}', 'x', 'a b', '0:3'],
    ['comment', 'a(?#x)b', '', 'ab', '0:2'],
    ['\\K moves the beginning', 'ab\\Kc', '', 'abc', '2:3'],
    ['an empty turn ends a loop', '(a*)*b', '', 'aab', '0:3,2:2'],
    ['A holds to the place where the search begins', 'b', 'A', 'ab', 'none'],
    ['no numbers behind n', '(?n)(a)(?<x>b)', '', 'ab', '0:2,1:2'],
    ['nested counts', '(?:a{2}){2,3}', '', 'aaaaaaa', '0:6'],
    ['empty pattern', '', '', 'abc', '0:0'],
    ['empty window', 'a*', '', '', '0:0'],
  ];
  for (const evaluator of EVALUATORS) {
    test.each(cases)(`%s (${evaluator})`, (_why, pattern, letters, subject, answer) => {
      expect(matchIn(compiled(pattern, letters, evaluator), fromLatin1(subject))).toBe(answer);
    });
  }

  test('without groups wanted, only the match is given', () => {
    const match = compiled('(a)b', '', 'auto', false).pattern.match(fromLatin1('xab'), 0, 3, 0);
    expect(match).toEqual({ start: 1, end: 3, groups: undefined });
  });

  test('a search that goes on sees what lies before it', () => {
    for (const evaluator of EVALUATORS) {
      expect(matchIn(compiled('(?<=a)b', '', evaluator), fromLatin1('abab'), 2)).toBe('3:4');
      expect(matchIn(compiled('^a', '', evaluator), fromLatin1('aaa'), 1)).toBe('none');
      expect(matchIn(compiled('\\Gb', '', evaluator), fromLatin1('abb'), 1)).toBe('1:2');
    }
  });

  test('names lead to numbers', () => {
    expect([...compiled('(a)(?P<one>b)(?<two>c)', '', 'auto').names]).toEqual([
      ['one', 2],
      ['two', 3],
    ]);
  });
});

describe('patterns that are refused', () => {
  const cases: readonly (readonly [pattern: string, problem: RegExp, at: number])[] = [
    ['(a', /not closed/, 0],
    ['a)', /no `\(`/, 1],
    ['[a', /not closed/, 0],
    ['*a', /nothing stands before/, 0],
    ['a**', /nothing stands before/, 2],
    ['^*', /can not be repeated/, 1],
    ['a{3,2}', /wrong order/, 1],
    ['a{65536}', /above/, 1],
    ['[z-a]', /wrong order/, 2],
    ['[\\d-z]', /begins with a set/, 3],
    ['[a-\\d]', /ends with a set/, 2],
    ['[[:letter:]]', /not known/, 1],
    ['\\2(a)', /no group 2/, 0],
    ['(?P=x)', /named `x`/, 0],
    ['(?<x>a)(?<x>b)', /two groups/, 7],
    ['(?<=a*)b', /look back further/, 0],
    ['(?1)', /no group 1/, 0],
    ['(?&x)', /named `x`/, 0],
    ['(?<=(?1))(a)', /look back further/, 0],
    ['(*UTF)a', /not built/, 0],
    ['a(*SKIP:x)b', /to a name/, 1],
    ['(?=a(*ACCEPT))b', /in a look-around/, 4],
    ['(*NOSUCH)a', /not known/, 0],
    ['\\p{Nosuch}', /not known/, 0],
    ['\\x{100}', /above 255/, 0],
    ['a\\', /at the end/, 1],
    ['(?(1)a|b|c)(d)', /more than two/, 0],
    ['(?=\\K)a', /look-around/, 3],
    [`${'('.repeat(300)}${')'.repeat(300)}`, /nested deeper/, 250],
    ['a'.repeat(16_385), /more than/, 0],
  ];
  test.each(cases)('%s', (pattern, problem, at) => {
    const result = compilePattern(pattern, flagsOf(''), STEPS);
    expect(result).toMatchObject({ problem: expect.stringMatching(problem), at });
  });
});

describe.each<readonly [what: string, file: string, least: number, evaluators: readonly Evaluator[], mostGivenUp: number]>([
  ['of all kinds', 'pcre2-answers.txt', 400, EVALUATORS, 10],
  // Left recursion is given up by PCRE2, too.
  ['with calls of groups', 'pcre2-calls.txt', 200, ['auto', 'machine'], 40],
  ['with verbs', 'pcre2-verbs.txt', 200, ['auto', 'machine'], 10],
])('answers of PCRE2 on patterns %s', (_what, file, least, evaluators, mostGivenUp) => {
  const lines = readFileSync(join(import.meta.dirname, 'cases', file), 'utf8')
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('#'));
  const isWhole = file !== 'pcre2-calls.txt';

  test('the table is there', () => expect(lines.length).toBeGreaterThan(least));

  for (const evaluator of evaluators)
    test(`ours are the same (${evaluator})`, () => {
      const different: string[] = [];
      let given = 0;
      for (const line of lines) {
        const [letters, pattern, ...answers] = line.split('\t');
        if (answers[0] === 'refused') {
          if (!('problem' in compilePattern(pattern, flagsOf(letters), STEPS))) different.push(`${pattern} was read`);
          continue;
        }
        const ours = compiled(pattern, letters, evaluator);
        for (const answer of answers) {
          const [subject, theirs] = answer.split('=');
          const bytes = Uint8Array.from(subject.match(/../g) ?? [], (pair) => Number.parseInt(pair, 16));
          const found = isWhole ? matchIn(ours, bytes) : matchIn(ours, bytes).replace(/,.*/, '');
          if (found === '?') given++;
          // PCRE2 leaves out groups behind the last one that took part.
          else if (found.replace(/(,-1:-1)+$/, '') !== theirs.replace(/(,-1:-1)+$/, ''))
            different.push(`${pattern} ${letters} on ${subject}: ${found}, not ${theirs}`);
        }
      }
      expect(different).toEqual([]);
      expect(given).toBeLessThan(mostGivenUp);
    });
});

describe('calls, verbs and properties, one by one', () => {
  const cases: readonly (readonly [why: string, pattern: string, letters: string, subject: string, answer: string])[] = [
    ['a call of a group that comes later', '(?+1)(a|b)c', '', 'bac', '0:3,1:2'],
    ['by name', '(?<n>a|b)x(?&n)', '', 'axb', '0:3,0:1'],
    ['in the three other spellings', '(?P<n>a)(?P>n)\\g<n>\\g<1>', '', 'aaaa', '0:4,0:1'],
    ['what the group took stays as it was before the call', '(a(b)?)(?1)', '', 'aab', '0:3,0:1,-1:-1'],
    ['a call is gone back into', '^((.)(?1)\\2|.?)$', '', 'abcba', '0:5,0:5,0:1'],
    ['letters are those of the group', '(a(?i)b)c(?1)', '', 'abcaB', '0:5,0:2'],
    ['the whole pattern, brackets in brackets', '\\((?:[^()]++|(?R))*\\)', '', 'x(a(b(c)))', '1:10'],
    ['a group that is only there to be called', '(?(DEFINE)(?<byte>25[0-5]|2[0-4]\\d|1?\\d?\\d))^(?&byte)(?:\\.(?&byte)){3}$', '', '10.0.255.1', '0:10,-1:-1'],
    ['the same by a count of zero', '(?:(a)|b){0}(?1)', '', 'ba', '1:2,-1:-1'],
    ['is it a call?', '(a(?(R)b|c))(?1)', '', 'acab', '0:4,0:2'],
    ['of this group', '(?<x>a(?(R&x)b|c))(?1)', '', 'acab', '0:4,0:2'],
    ['a call of itself without taking anything ends the search', '(?R)?a', '', 'a', '?'],
    ['a failed text is passed over as a whole', 'foo(*SKIP)(*F)|o', '', 'foo o', '4:5'],
    ['committed', 'a+(*COMMIT)b', '', 'aac ab', 'none'],
    ['pruned: not from here', 'a+(*PRUNE)b', '', 'aac ab', '4:6'],
    ['then: the next branch', '(?:a(*THEN)b|ac)d', '', 'acd', '0:3'],
    ['accepted, and what groups took until there', '(a(b(*ACCEPT)c)d)e', '', 'ab', '0:2,0:2,1:2'],
    ['accepted within a call: the call is over', '(?(DEFINE)(x(*ACCEPT)y))a(?1)b', '', 'axb', '0:3,-1:-1'],
    ['a verb in an assertion that must not hold says that it does not', '(?!a(*COMMIT)b)ac', '', 'ac', '0:2'],
    ['marks are there to be named', '(*MARK:x)a(*:y)b', '', 'ab', '0:2'],
    ['callouts call nobody', '(?C1)a(?C"x""y")b', '', 'ab', '0:2'],
    ['assertions in words', '(*plb:a)b(*negative_lookahead:c)', '', 'abc ab', '5:6'],
    ['CR LF is one cluster', '^\\X$', '', '\r\n', '0:2'],
    ['\\C is any byte', '^\\C$', '', '\n', '0:1'],
    ['properties are those of U+0000 to U+00FF', '\\p{L}+', '', '1a\xe9\xd7', '1:3'],
    ['and no letter of them is folded', '[\\p{Lu}\\d]+', 'i', 'aB1', '1:3'],
    ['negated twice', '\\P{^Nd}', '', 'a1', '1:2'],
    ['settings that change nothing', '(*LIMIT_MATCH=10)(*NO_JIT)a', '', 'a', '0:1'],
    ['fewer kinds of line breaks', '(*BSR_ANYCRLF)\\R', '', '\x0b\r', '1:2'],
  ];
  test.each(cases)('%s', (_why, pattern, letters, subject, answer) => {
    for (const evaluator of ['auto', 'machine'] as const) expect(matchIn(compiled(pattern, letters, evaluator), fromLatin1(subject))).toBe(answer);
  });

  test('what is looked for beforehand leaves out no match that ends early', () => {
    const { pattern } = compiled('ab(*ACCEPT)cdef', '', 'auto');
    expect([pattern.literals(2), pattern.beginning()]).toEqual([[], []]);
  });

  test('calls within calls are bounded', () => {
    const deep = '('.repeat(100_000);
    expect(matchIn(compiled('(\\((?1)?\\))', '', 'auto'), fromLatin1(deep))).toMatch(/^(?:none|\?)$/);
  });
});

describe('a run at the beginning is read once', () => {
  // Else each byte of it would begin anew, and the machine give up.
  const long = 'a'.repeat(100_000);
  const cases: readonly (readonly [why: string, pattern: string, subject: string, answer: string])[] = [
    ['lazy', '.+?(?:on|s)x', long, 'none'],
    ['greedy', '[a-z]*1', long, 'none'],
    ['never given back', '[a-z]++1', long, 'none'],
    ['in a group', '([a-z]{2,})=', `${long}=`, '0:100001,0:100000'],
    ['the match stands in the next run', '[a-z]{3,}=', `${long} ab abcd=`, '100004:100009'],
    ['an empty run between two others', '[a-z]*;', `${long} ;`, '100001:100002'],
    ['what a group took is asked for later: each begins anew', '(a+)b\\1$', `${'a'.repeat(300)}ba`, '299:302,299:300'],
  ];
  test.each(cases)('%s', (_why, pattern, subject, answer) => {
    for (const evaluator of ['auto', 'machine'] as const) expect(matchIn(compiled(pattern, '', evaluator), fromLatin1(subject))).toBe(answer);
  });
});

describe('bounded time', () => {
  /** Each of these takes a plain backtracker longer than anyone waits. */
  const cases: readonly (readonly [why: string, pattern: string, subject: string])[] = [
    ['nested repeats', '(a+)+$', `${'a'.repeat(5000)}b`],
    ['branches that overlap inside a loop', '(?:a|a)*$', `${'a'.repeat(5000)}b`],
    ['optional parts inside a loop', '(?:a?a?)*$', `${'a'.repeat(5000)}b`],
    ['three repeats in a row', 'x.*y.*z.*$q', 'xyz'.repeat(20_000)],
    ['empty turns', '(?:a*)*(?:a*)*b', 'a'.repeat(5000)],
    ['back reference', '(a*)*\\1b', 'a'.repeat(5000)],
    ['counted loops', '(?:(?:a{1,9}){1,9}){1,9}b', 'a'.repeat(5000)],
    ['a look in a loop', '(?:(?=(a+))a*)*b', 'a'.repeat(3000)],
  ];
  test.each(cases)('%s', (_why, pattern, subject) => {
    const { pattern: bounded } = compiled(pattern, '', 'auto', false);
    const bytes = fromLatin1(subject);
    expect(bounded.scriptUpTo).toBeLessThan(bytes.length);
    expect(bounded.match(bytes, 0, bytes.length, 0)).toBeUndefined();
  });

  test('a long body is no attack: one pass over it is within the limit', () => {
    const bytes = fromLatin1(`${'abc '.repeat(250_000)}needle`);
    const { pattern } = compiled('(?>[a-z]{4})le', '', 'machine');
    expect(pattern.match(bytes, 0, bytes.length, 0)).toMatchObject({ start: 1_000_000, end: 1_000_006 });
    expect(compiled('(?>[a-z]+) x', '', 'machine').pattern.match(bytes, 0, bytes.length, 0)).toBeUndefined();
  });

  test('deep loops need no deep stack', () => {
    const bytes = fromLatin1('ab'.repeat(100_000));
    expect(compiled('^(?:a|b)*$', '', 'machine').pattern.match(bytes, 0, bytes.length, 0)).toMatchObject({ start: 0, end: 200_000 });
  });

  test.each([
    ['linear: the RegExp takes windows of any length that occurs', '[a-z]=\\d', 2 ** 25],
    ['a run that what follows ends', '[a-z]+=\\d', 2 ** 12],
    ['a loop whose turns are told apart', '(?:[a-z]+\\.)+com', 2 ** 8],
    ['a run and a choice behind it', '[a-z]+[a-z0-9]+=', 2 ** 8],
    ['a run of anything: a RegExp would begin anew at each byte', '.+?(?:on|s)x', 256],
    ['exponential: never', '([abc]|[a-c]b)*c', -1],
    ['a back reference: never', '([a-z])\\1', -1],
    ['few bytes to begin with: the machine is faster', 'abc', -1],
    ['one place to begin at: the machine is faster', '^[a-z]+', -1],
  ])('%s', (_why, pattern, atLeast) => {
    const { scriptUpTo } = compiled(pattern, '', 'auto', false).pattern;
    if (atLeast < 0) expect(scriptUpTo).toBe(-1);
    else expect(scriptUpTo).toBeGreaterThanOrEqual(atLeast);
  });
});

test('RegExp and machine agree on generated patterns', () => {
  fc.assert(
    fc.property(fc.integer(), fc.array(fc.constantFrom(0x61, 0x62, 0x63, 0x0a, 0x20, 0x31, 0x80, 0xff, 0x41), { maxLength: 12 }), (seed, subject) => {
      let state = seed >>> 0;
      const below = (limit: number): number => {
        state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
        return Math.floor((state / 4_294_967_296) * limit);
      };
      const pattern = samplePattern(below, 2);
      const letters = ['', 'i', 'm', 's', 'G'][below(5)];
      const result = compilePattern(pattern, flagsOf(letters), STEPS, { evaluator: 'script' });
      if ('problem' in result || result.pattern.scriptUpTo < 0) return;
      const bytes = Uint8Array.from(subject);
      expect(matchIn(result, bytes)).toBe(matchIn(compiled(pattern, letters, 'machine', false), bytes));
    }),
    { numRuns: 2000, seed: 7 },
  );
});

describe('where a match may begin', () => {
  const cases: readonly (readonly [why: string, pattern: string, places: readonly string[]])[] = [
    ['as many places as the shortest match has', 'ab?c', ['a', 'bc']],
    ['branches share places', '(?:ab|c)d', ['ac', 'bd']],
    ['a repeat moves on what follows', '[12]{1,2}x', ['12', '12x']],
    ['a look takes no place', 'a(?=b)(?<!c)d', ['a', 'd']],
    ['a group taken again can be anything from there on', '(ab)\\1c', ['a', 'b']],
    ['a loop that may take nothing', '(?:a|b*)*c', ['abc']],
  ];
  test.each(cases)('%s', (_why, pattern, places) => {
    const tree = readPattern(pattern, flagsOf('s'));
    if ('problem' in tree) throw new Error(tree.problem);
    const letters = beginningOf(tree.root).map((set) => Array.from(set.keys(), (byte) => (set[byte] === 1 ? String.fromCharCode(byte) : '')).join(''));
    expect(letters).toEqual(places);
  });

  test('the last places of what can be anything are left out, and what fits everywhere is not searched', () => {
    const trees = ['ab.', '.b', '[^a][^b][^c]'].map((pattern) => readPattern(pattern, flagsOf('s')));
    const [cut, kept, none] = trees.map((tree) => ('problem' in tree ? [] : beginningOf(tree.root)));
    expect([cut.length, kept.length, none.length]).toEqual([2, 2, 0]);
    expect('problem' in trees[2] ? undefined : searchFor(trees[2].root)).toBeUndefined();
  });

  test('the search finds what a look at every place finds', () => {
    const set = fc.uniqueArray(fc.constantFrom(0x61, 0x62, 0x63, 0x64), { minLength: 1, maxLength: 3 });
    fc.assert(
      fc.property(
        fc.array(set, { minLength: 1, maxLength: 30 }),
        fc.array(fc.constantFrom(0x61, 0x62, 0x63, 0x64, 0x65), { maxLength: 80 }),
        fc.nat(5),
        (list, text, from) => {
          const sets = list.map((bytes) => Uint8Array.from({ length: 256 }, (_, byte) => Number(bytes.some((one) => one === byte))));
          const bytes = Uint8Array.from(text);
          const fits = (at: number): boolean => at + sets.length <= bytes.length && sets.every((one, place) => one[bytes[at + place]] === 1);
          let at = from;
          while (at <= bytes.length && !fits(at)) at++;
          expect(new BeginningSearch(sets).next(bytes, from, bytes.length)).toBe(at <= bytes.length ? at : -1);
        },
      ),
      { numRuns: 2000, seed: 5 },
    );
  });
});

describe('a rest that is rarer than the beginning', () => {
  const sampleOf = (pattern: string, letters = ''): string | undefined => {
    const tree = readPattern(pattern, flagsOf(letters));
    if ('problem' in tree) throw new Error(pattern);
    const tail = rareTail(tree.root);
    return tail === undefined ? undefined : String.fromCharCode(...exampleOf(tail, () => 0, []));
  };

  test.each<readonly [why: string, pattern: string, tail: string | undefined]>([
    ['behind a run of anything', '[^=]+=\\s*.{1,500}function', 'function'],
    ['it goes on to the end', '\\w+\\s*=\\s*unescape\\(x', 'unescape(x'],
    ['up to what refers to what is left out', '(\\w+)=.+eval\\(a\\1b', 'eval(a'],
    ['what it refers to itself stays', '\\w+=.+eval(\\()a\\1b', 'eval(a(b'],
    ['a place where the search began is none of it', '\\w+=.+eval\\(a\\Gb', 'eval(a'],
    ['nor what moves the beginning', '\\w+=.+eval\\(a\\Kb', 'eval(a'],
    ['the whole begins at few places', 'window\\w+function', undefined],
    ['what follows from the beginning at fixed places', '[a-z][a-z]function', undefined],
    ['nothing in it is rare', '\\w+\\s+\\w+', undefined],
  ])('%s', (_why, pattern, tail) => expect(sampleOf(pattern)).toBe(tail));

  // Loops before it are tried from every place: a text without the rest is read once.
  test('where it does not stand, little is done', () => {
    const { pattern } = compiled('\\s([\\w.]{1,30})\\s*=\\s*.{1,500}for\\s*\\(var\\s*(\\w{1,20})\\s*=\\s*\\d+', 's', 'auto', false);
    const text = fromLatin1(' a = b; for (let i = 0; i < 9; i++) '.repeat(3000));
    for (let turn = 0; turn < 50; turn++) expect(pattern.match(text, 0, text.length, 0)).toBeUndefined();
    expect(pattern.gaveUp).toBe(false);
  });
});

describe('literals of a pattern', () => {
  const cases: readonly (readonly [why: string, pattern: string, letters: string, set: readonly string[] | undefined])[] = [
    ['a text', 'abcd', '', ['abcd']],
    ['without case', 'aBcd', 'i', ['abcd']],
    ['branches', 'x(?:abcd|efgh)', '', ['xabcd', 'xefgh']],
    ['a small class is written out', 'ab[12]d', '', ['ab1d', 'ab2d']],
    ['a large one divides', 'ab[^x]abcd', '', ['abcd']],
    ['what may be missing', 'ab(?:c)?de', '', ['abde', 'abcde']],
    ['the turns of a loop', '(?:ab){2,}', '', ['abab']],
    ['a loop that may be missing joins nothing', 'ab(?:x)*cd', '', undefined],
    ['a look ahead that must hold', 'a(?=bcde)', '', ['bcde']],
    ['one that must not', 'a(?!bcde)', '', undefined],
    ['one branch without', 'abcd|e', '', undefined],
    ['a group taken again', '(ab)\\1cdef', '', ['cdef']],
    ['a text that holds another is not needed', '(?:abcde|abcd)', '', ['abcd']],
    ['too many', '\\d{4}', '', undefined],
  ];
  test.each(cases)('%s', (_why, pattern, letters, wanted) => {
    const tree = readPattern(pattern, flagsOf(letters));
    if ('problem' in tree) throw new Error(tree.problem);
    const sets = requiredLiterals(tree.root, 4).map((set) => set.map(({ bytes }) => String.fromCharCode(...bytes)));
    if (wanted === undefined) expect(sets).toEqual([]);
    else expect(sets).toContainEqual(wanted);
  });
});

test('a match holds a member of each set of literals, and begins where it may', () => {
  let matches = 0;
  let sets = 0;
  fc.assert(
    fc.property(fc.integer(), (seed) => {
      let state = seed >>> 0;
      const below = (limit: number): number => {
        state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
        return Math.floor((state / 4_294_967_296) * limit);
      };
      const pattern = samplePattern(below, 2);
      const letters = ['', 'i', 'm', 's', 'G'][below(5)];
      const tree = readPattern(pattern, flagsOf(letters));
      if ('problem' in tree) return;
      const walked: number[] = [0x20];
      sampleMatch(tree.root, below, walked);
      const bytes = Uint8Array.from([...walked, 0x20]);
      const plain = compiled(pattern, letters, 'machine', false);
      const match = plain.pattern.match(bytes, 0, bytes.length, 0);
      if (!plain.pattern.gaveUp) expect(compiled(pattern, letters, 'auto', false).pattern.match(bytes, 0, bytes.length, 0)).toEqual(match);
      if (match === undefined) return;
      matches++;
      const places = beginningOf(tree.root);
      // `\K` moves the start that is told, but only forward.
      if (places.length > 0) {
        const first = new BeginningSearch(places).next(bytes, 0, bytes.length);
        expect(first).toBeGreaterThanOrEqual(0);
        expect(first).toBeLessThanOrEqual(match.start);
      }
      for (const set of requiredLiterals(tree.root, 2)) {
        sets++;
        expect(set.some((literal) => holds(bytes, literal))).toBe(true);
      }
    }),
    { numRuns: 4000, seed: 9 },
  );
  // Patterns that never match, or ask for nothing, would show nothing.
  expect(matches).toBeGreaterThan(1000);
  expect(sets).toBeGreaterThan(400);
});

function holds(bytes: Uint8Array, { bytes: literal, nocase }: { readonly bytes: Uint8Array; readonly nocase: boolean }): boolean {
  return (nocase ? findNocase(bytes, 0, bytes.length, literal) : find(bytes, 0, bytes.length, literal)) >= 0;
}

describe('examples of a pattern match it', () => {
  const sources = [
    '^\\/[a-z]{8}\\.php$',
    'id=(?:\\d{1,3}|x)&k=[^&]+&',
    '(ab|cd)\\1',
    'a.+?z',
    '[\\x80-\\xff]{4}',
    '(?i)union\\s+select',
    '^[A-Z]{2}-\\d{4}(?=-x)-x',
  ];
  test.each(sources)('%s', (source) => {
    const compiled = compilePattern(source, flagsOf(''), STEPS);
    if ('problem' in compiled) throw new Error(compiled.problem);
    let state = 1;
    const below = (limit: number): number => {
      state = (Math.imul(state, 1103515245) + 12345) >>> 0;
      return (state >>> 16) % limit;
    };
    // A look that is written twice misses; half of the draws are enough for whoever checks.
    const good = Array.from({ length: 40 }, () => compiled.pattern.example(below, [])).filter(
      (bytes) => compiled.pattern.match(bytes, 0, bytes.length, 0) !== undefined,
    );
    expect(good.length).toBeGreaterThanOrEqual(15);
  });
  test('puts what is wanted into its gaps', () => {
    const compiled = compilePattern('^a=[^&]*&b=.+$', flagsOf(''), STEPS);
    if ('problem' in compiled) throw new Error(compiled.problem);
    const wanted = Uint8Array.from('needle', (letter) => letter.charCodeAt(0));
    const examples = Array.from({ length: 12 }, (_, turn) => String.fromCharCode(...compiled.pattern.example((limit) => (turn + 1) % limit, [wanted])));
    expect(examples.some((text) => text.includes('needle'))).toBe(true);
  });
});
