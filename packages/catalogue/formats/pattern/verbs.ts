/** What stands in a pattern about how it is matched: settings before it, verbs and callouts in it. pcre2pattern(3). */
import { type ByteSet, LINE_BREAKS, setOf } from './byte-sets.ts';
import { Fault, type PatternText } from './pattern-text.ts';
import { NOTHING, type Node, type Verb } from './tree.ts';

/** "Special start-of-pattern items": those that change no match here, and all others. */
const WITHOUT_EFFECT: ReadonlySet<string> = new Set(
  'LF LIMIT_DEPTH LIMIT_HEAP LIMIT_MATCH LIMIT_RECURSION NO_AUTO_POSSESS NO_DOTSTAR_ANCHOR NO_JIT NO_START_OPT'.split(' '),
);
const OTHER_SETTINGS: ReadonlySet<string> = new Set('ANY ANYCRLF CR CRLF NOTEMPTY NOTEMPTY_ATSTART NUL UCP UTF'.split(' '));
const VERBS: ReadonlyMap<string, Verb> = new Map([
  ['ACCEPT', 'accept'],
  ['COMMIT', 'commit'],
  ['PRUNE', 'prune'],
  ['SKIP', 'skip'],
  ['THEN', 'then'],
]);
const NO_BYTE: ByteSet = new Uint8Array(256);
const CR_AND_LF: ByteSet = setOf((byte) => byte === 13 || byte === 10);

export function readSettings(text: PatternText): void {
  for (;;) {
    const begin = text.at;
    const found = text.take(/^\(\*([A-Z_]+)(?:=\d+)?\)/);
    if (found === undefined) return;
    const [head, name] = found;
    if (name === 'BSR_ANYCRLF') text.lineBreaks = CR_AND_LF;
    else if (name === 'BSR_UNICODE') text.lineBreaks = LINE_BREAKS;
    else if (OTHER_SETTINGS.has(name)) throw new Fault(`\`${head}\` is not built`, begin);
    else if (!WITHOUT_EFFECT.has(name)) {
      // A verb.
      text.at = begin;
      return;
    }
  }
}

/** `*PRUNE)` and its kin, behind a parenthesis at `begin`. */
export function readVerb(text: PatternText, begin: number, inLookAround: boolean): Node {
  const found = /^\*([A-Z]*)(?::([^)]*))?\)/.exec(text.source.slice(text.at));
  if (found === null) throw new Fault('a verb is not closed', begin);
  const [head, written, name = ''] = found;
  text.at += head.length;
  if ((written === '' || written === 'MARK') && name !== '') return NOTHING;
  if (written === 'F' || written === 'FAIL') return { kind: 'set', set: NO_BYTE };
  const verb = VERBS.get(written);
  if (verb === undefined) throw new Fault(`verb \`(*${written})\` is not known`, begin);
  if (verb === 'skip' && name !== '') throw new Fault('`(*SKIP)` to a name is not built', begin);
  if (verb === 'accept' && inLookAround) throw new Fault('`(*ACCEPT)` in a look-around is not built', begin);
  return { kind: 'verb', verb };
}

/** `?C1)`, `?C"text")`, behind a parenthesis at `begin`: nobody listens to them. */
export function passOverCallout(text: PatternText, begin: number): void {
  const found = /^\?C(?:\d{0,3}|([`'"^%#$])(?:(?!\1)[\s\S]|\1\1)*\1|\{(?:[^}]|\}\})*\})\)/.exec(text.source.slice(text.at));
  if (found === null) throw new Fault('a callout is not closed', begin);
  text.at += found[0].length;
}
