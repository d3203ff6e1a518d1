/** `pcre`: a regular expression, with the letters that say what it looks at. Suricata user guide, "Payload keywords: pcre". */
import { asKeywords, keyword } from '@sigwright/contracts';
import { custom } from '../../arguments/index.ts';
import { compilePattern } from '../../formats/pattern/pattern.ts';

interface PatternArgument {
  readonly negated: boolean;
  readonly source: string;
  readonly letters: string;
  readonly captures: readonly string[];
}

/** Letters that select a buffer. */
const BUFFER_LETTERS: Record<string, string> = {
  U: 'http.uri',
  I: 'http.uri.raw',
  P: 'http.request_body',
  Q: 'http.response_body',
  H: 'http.header',
  D: 'http.header.raw',
  M: 'http.method',
  C: 'http.cookie',
  S: 'http.stat_code',
  Y: 'http.stat_msg',
  V: 'http.user_agent',
  W: 'http.host',
  Z: 'http.host.raw',
};
const OTHER_LETTERS = 'ismxAEGRBO';

/** Characters shown around the place of a problem. */
const SHOWN = 24;

function pointAt(source: string, at: number): string {
  return at < source.length ? `at \`${source.slice(at, at + SHOWN)}\`` : 'at its end';
}

export const keywords = asKeywords(
  keyword<PatternArgument>({
    name: 'pcre',
    family: 'payload',
    since: '1.0',
    summary: 'a regular expression that must, or must not, match',
    kind: 'condition',
    argument: custom('[!]"/<pattern>/<letters>"', ['"/abc[0-9]+/i"', '!"/abc/R"'], (written) => {
      let rest = written;
      const negated = rest.startsWith('!');
      if (negated) rest = rest.slice(1).trimStart();
      if (rest.length >= 2 && rest.startsWith('"') && rest.endsWith('"')) rest = rest.slice(1, -1);
      const close = rest.lastIndexOf('/');
      if (!rest.startsWith('/') || close <= 0) return { problem: 'the pattern does not stand between slashes', help: 'write `"/pattern/letters"`' };
      const [letters, ...captures] = rest
        .slice(close + 1)
        .split(',')
        .map((part) => part.trim());
      return { value: { negated, source: rest.slice(1, close), letters, captures } };
    }),
    examples: ['pcre:"/abc[0-9]+/i";', 'content:"abc"; pcre:!"/^\\d/R";', 'pcre:"/\\/a\\;b/U";'],
    broken: [
      { options: 'pcre:"/(abc/";', code: 'pcre/pattern' },
      { options: 'pcre:"/abc/q";', code: 'pcre/letter' },
      { options: 'pcre:"/abc/UH";', code: 'pcre/letter' },
      { options: 'pcre:"abc";', code: 'pcre/argument' },
      { options: 'pcre:"/(a)/,flow:name";', code: 'pcre/capture' },
      { options: 'http.method; pcre:"/abc/U";', code: 'pcre/buffer' },
    ],
    apply({ negated, source, letters, captures }, builder) {
      let buffer: string | undefined;
      for (const letter of letters) {
        if (BUFFER_LETTERS[letter] !== undefined) {
          if (buffer !== undefined && buffer !== BUFFER_LETTERS[letter]) builder.problem('letter', `\`${letter}\` and another letter select different buffers`);
          buffer = BUFFER_LETTERS[letter];
        } else if (!OTHER_LETTERS.includes(letter)) {
          builder.problem('letter', `letter \`${letter}\` is not known`, `letters are ${OTHER_LETTERS}${Object.keys(BUFFER_LETTERS).join('')}`);
          return;
        }
      }
      if (captures.length > 0) {
        builder.problem(
          'capture',
          'keeping captured groups is not built yet',
          'remove the names behind the letters: they change what is logged, not what matches',
        );
        return;
      }
      const has = (letter: string): boolean => letters.includes(letter);
      const compiled = compilePattern(
        source,
        { nocase: has('i'), dotAll: has('s'), multiline: has('m'), extended: has('x'), ungreedy: has('G'), anchored: has('A'), dollarEnd: has('E') },
        builder.settings.patternStepLimit,
      );
      if ('problem' in compiled) {
        builder.problem('pattern', compiled.problem, pointAt(source, compiled.at));
        return;
      }
      const before = builder.currentBuffer;
      const moves = buffer !== undefined && buffer !== before;
      if (moves) {
        const sameBytes = buffer === 'http.response_body' && before === 'file.data';
        if (before !== 'payload' && !sameBytes) {
          builder.problem('buffer', `the letters select \`${buffer}\`, but \`${before}\` is selected`, 'remove the letter');
          return;
        }
        if (!sameBytes) builder.selectBuffer(buffer!);
      }
      builder.addBytes({ kind: 'pattern', pattern: compiled.pattern, negated, relative: has('R'), captures: [] });
      if (moves) builder.selectBuffer(before);
    },
  }),
);
