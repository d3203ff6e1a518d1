/** `pcre`: a regular expression, with the letters that say what it looks at. Suricata user guide, "Payload keywords: pcre". */
import { asKeywords, type Capture, keyword } from '@sigwright/contracts';
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
/** A large letter that stands for itself: those behind backslashes stand for kinds. */
const UPPER_CASE = /^(?:[^\\A-Z]|\\.)*[A-Z]/s;
const OTHER_LETTERS = 'ismxAEGRBO';

const CAPTURES = /,\s*(?:flow|pkt|alert):/;
const SCOPES: Readonly<Record<string, Capture['scope']>> = { flow: 'flow', pkt: 'packet', alert: 'alert' };

/**
 * Where the text of groups is kept: by `flow:name`, `pkt:name` and `alert:name` behind the letters, one for each group in order,
 * and by groups that are named `flow_name` or `pkt_name`.
 */
function capturesOf(written: readonly string[], groups: number, names: ReadonlyMap<string, number>): readonly Capture[] | { problem: string } {
  const captures: Capture[] = [];
  for (const [at, one] of written.entries()) {
    const colon = one.indexOf(':');
    const scope = Object.hasOwn(SCOPES, one.slice(0, colon)) ? SCOPES[one.slice(0, colon)] : undefined;
    if (scope === undefined || colon + 1 === one.length) return { problem: `\`${one}\` is not \`flow:\`, \`pkt:\` or \`alert:\` and a name` };
    if (at >= groups) return { problem: `there is no group for \`${one}\`` };
    captures.push({ group: at + 1, scope, name: one.slice(colon + 1) });
  }
  for (const [name, group] of names) {
    const [, scope, rest] = /^(flow|pkt|alert)_(.+)$/.exec(name) ?? [];
    if (scope !== undefined) captures.push({ group, scope: SCOPES[scope], name: rest });
  }
  return captures;
}

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
      // Names of captures may hold slashes too, but no quotes.
      const unquotedFrom = rest.lastIndexOf('"') + 1;
      const capturesAt = CAPTURES.exec(rest.slice(unquotedFrom))?.index;
      const before = rest.lastIndexOf('/', capturesAt === undefined ? undefined : unquotedFrom + capturesAt);
      const close = before > 0 ? before : rest.lastIndexOf('/');
      if (!rest.startsWith('/') || close <= 0) return { problem: 'the pattern does not stand between slashes', help: 'write `"/pattern/letters"`' };
      const [letters, ...captures] = rest
        .slice(close + 1)
        .split(',')
        .map((part) => part.trim());
      return { value: { negated, source: rest.slice(1, close), letters, captures } };
    }),
    examples: ['pcre:"/abc[0-9]+/i";', 'content:"abc"; pcre:!"/^\\d/R";', 'pcre:"/\\/a\\;b/U";', 'pcre:"/id=([0-9]+)/U, flow:id";'],
    broken: [
      { options: 'pcre:"/(abc/";', code: 'pcre/pattern' },
      { options: 'pcre:"/abc/q";', code: 'pcre/letter' },
      { options: 'pcre:"/abc/UH";', code: 'pcre/letter' },
      { options: 'pcre:"abc";', code: 'pcre/argument' },
      { options: 'pcre:"/(a)/,flow:name,flow:other";', code: 'pcre/capture' },
      { options: 'pcre:"/(a)/,host:name";', code: 'pcre/capture' },
      { options: 'http.method; pcre:"/abc/U";', code: 'pcre/buffer' },
      { options: 'pcre:"/Abc/W";', code: 'pcre/case' },
    ],
    apply({ negated, source, letters, captures: written }, builder) {
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
      const has = (letter: string): boolean => letters.includes(letter);
      if (has('W') && !has('i') && UPPER_CASE.test(source)) {
        builder.problem('case', '`W` looks at the host name in lower case: a large letter is never there', 'write it in small letters, or `Z`');
        return;
      }
      const compiled = compilePattern(
        source,
        { nocase: has('i'), dotAll: has('s'), multiline: has('m'), extended: has('x'), ungreedy: has('G'), anchored: has('A'), dollarEnd: has('E') },
        builder.settings.patternStepLimit,
        { keepGroups: written.length > 0 || /\(\?P?<(?:flow|pkt|alert)_/.test(source) },
      );
      if ('problem' in compiled) {
        builder.problem('pattern', compiled.problem, pointAt(source, compiled.at));
        return;
      }
      const captures = capturesOf(written, compiled.groups, compiled.names);
      if ('problem' in captures) {
        builder.problem('capture', captures.problem);
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
      builder.addBytes({ kind: 'pattern', pattern: compiled.pattern, negated, relative: has('R'), captures });
      if (moves) builder.selectBuffer(before);
    },
  }),
);
