/**
 * Regular expression text → tree: PCRE syntax, pcre2pattern(3), over bytes. Refused, with a sentence that says so: UTF and what else a
 * pattern may set for itself, duplicate names, calls in look-behinds, `(*ACCEPT)` in look-arounds, names of verbs that others refer to,
 * assertions that can be gone back into, and script runs.
 */
import { fromUtf8, latin1 } from '@sigwright/bytes';
import { ALL_BYTES, type ByteSet, LETTER_CLASSES, NOT_NEWLINE } from './byte-sets.ts';
import { readClass, readEscapedByte, readProperty, setOfByte } from './characters.ts';
import { PatternGroups } from './groups.ts';
import { Fault, PatternText } from './pattern-text.ts';
import { type LookNode, NOTHING, type Node, type PatternFlags, type PatternProblem, type PatternTree, type Place, type Verb, widthOf } from './tree.ts';
import { passOverCallout, readSettings, readVerb } from './verbs.ts';

/** Bytes; the longest pattern of the public rule sets has under 2,000. */
const LONGEST_PATTERN = 16_384;
/** PCRE2 stops at 250 parentheses. */
const DEEPEST = 250;
/** As PCRE2. */
const LARGEST_COUNT = 65_535;
/** Bytes a look-behind may look back, as PCRE2 since 10.43. */
const LONGEST_LOOK_BEHIND = 255;

const CARRIAGE_RETURN = 13;
const NEWLINE = 10;

export function readPattern(source: string, flags: PatternFlags): PatternTree | PatternProblem {
  // Without UTF mode a character beyond ASCII is nothing but its bytes: a repeat behind it repeats the last of them.
  const text = latin1(fromUtf8(source));
  if (text.length > LONGEST_PATTERN) return { problem: `${text.length} bytes are more than ${LONGEST_PATTERN}`, at: 0 };
  try {
    return new Reader(new PatternText(text, flags)).whole();
  } catch (fault) {
    if (fault instanceof Fault) return { problem: fault.message, at: fault.at };
    throw fault;
  }
}

/** What letters inside a group change until it ends. */
interface Letters {
  readonly flags: PatternFlags;
  readonly numbers: boolean;
}

interface LookKind {
  readonly negated: boolean;
  readonly behind: boolean;
}

type Condition = Extract<Node, { kind: 'condition' }>;

class Reader {
  readonly #text: PatternText;
  readonly #groups = new PatternGroups();
  readonly #verbs = new Set<Verb>();
  #depth = 0;
  #looks = 0;
  /** plain parentheses make a numbered group; not so behind `(?n)` */
  #numbers = true;

  constructor(text: PatternText) {
    this.#text = text;
  }

  whole(): PatternTree {
    const text = this.#text;
    const { anchored } = text.flags;
    readSettings(text);
    const read = this.#either(false);
    if (!text.isOver) throw new Fault('a `)` has no `(`', text.at);
    const { root, ...groups } = this.#groups.resolve(read);
    return { root: anchored ? { kind: 'sequence', items: [{ kind: 'place', place: 'search-start' }, root] } : root, ...groups, verbs: this.#verbs };
  }

  /** `reset`: every branch numbers its groups from the same number on, `(?|…)`. */
  #either(reset: boolean): Node {
    const text = this.#text;
    const groups = this.#groups;
    if (++this.#depth > DEEPEST) throw new Fault(`groups are nested deeper than ${DEEPEST}`, text.at);
    const before = groups.count;
    let most = before;
    const branches = [this.#sequence()];
    while (text.character === '|') {
      text.at++;
      if (reset) {
        most = Math.max(most, groups.count);
        groups.count = before;
      }
      branches.push(this.#sequence());
    }
    groups.count = Math.max(most, groups.count);
    this.#depth--;
    return branches.length === 1 ? branches[0] : { kind: 'either', branches };
  }

  #sequence(): Node {
    const text = this.#text;
    const items: Node[] = [];
    for (;;) {
      this.#skipBlanks();
      const { character } = text;
      if (character === undefined || character === '|' || character === ')') break;
      if (text.startsWith('\\Q')) this.#literal(items);
      else if (text.startsWith('\\E')) text.at += 2;
      else {
        const repeatable = !PLACE_TEXT.test(text.source.slice(text.at, text.at + 2));
        const atom = this.#atom();
        if (atom !== undefined) items.push(this.#repeated(atom, repeatable));
      }
    }
    return items.length === 1 ? items[0] : { kind: 'sequence', items };
  }

  /** `\Q…\E`; a repeat behind it takes its last byte. */
  #literal(items: Node[]): void {
    const text = this.#text;
    const { source } = text;
    const end = source.indexOf('\\E', text.at + 2);
    const literal = source.slice(text.at + 2, end === -1 ? source.length : end);
    text.at = end === -1 ? source.length : end + 2;
    for (let at = 0; at < literal.length; at++) {
      const one = this.#byte(literal.charCodeAt(at));
      items.push(at === literal.length - 1 ? this.#repeated(one) : one);
    }
  }

  /** Comments, and the blanks between the parts of an extended pattern. */
  #skipBlanks(): void {
    const text = this.#text;
    const { source } = text;
    for (;;) {
      const { character } = text;
      if (character === '(' && text.startsWith('(?#')) {
        const close = source.indexOf(')', text.at);
        if (close === -1) throw new Fault('a comment is not closed', text.at);
        text.at = close + 1;
      } else if (!text.flags.extended) return;
      else if (character === '#') {
        const newline = source.indexOf('\n', text.at);
        text.at = newline === -1 ? source.length : newline + 1;
      } else if (character !== undefined && ' \t\n\v\f\r'.includes(character)) text.at++;
      else return;
    }
  }

  #repeated(atom: Node, repeatable = true): Node {
    this.#skipBlanks();
    const text = this.#text;
    const begin = text.at;
    const counts = this.#counts();
    if (counts === undefined) return atom;
    if (!repeatable) throw new Fault('a place takes no bytes and can not be repeated', begin);
    let mode: 'greedy' | 'lazy' | 'possessive' = text.flags.ungreedy ? 'lazy' : 'greedy';
    if (text.character === '?') {
      mode = text.flags.ungreedy ? 'greedy' : 'lazy';
      text.at++;
    } else if (text.character === '+') {
      mode = 'possessive';
      text.at++;
    }
    return { kind: 'repeat', of: atom, ...counts, mode };
  }

  #counts(): { minimum: number; maximum: number } | undefined {
    const text = this.#text;
    const begin = text.at;
    const simple = SIMPLE_COUNTS.get(text.character ?? '');
    if (simple !== undefined) {
      text.at++;
      return simple;
    }
    // `{,n}` is a repeat only since PCRE2 10.43; before, and here, it stands for itself.
    const found = text.take(COUNTS);
    if (found === undefined) return undefined;
    const minimum = Number(found[1]);
    const maximum = found[2] === undefined ? minimum : found[3] === '' ? Number.POSITIVE_INFINITY : Number(found[3]);
    if (minimum > LARGEST_COUNT || (maximum > LARGEST_COUNT && maximum !== Number.POSITIVE_INFINITY))
      throw new Fault(`a count is above ${LARGEST_COUNT}`, begin);
    if (minimum > maximum) throw new Fault('the counts of a repeat are in the wrong order', begin);
    return { minimum, maximum };
  }

  #byte(byte: number): Node {
    return { kind: 'set', set: setOfByte(byte, this.#text.flags.nocase) };
  }

  #atom(): Node | undefined {
    const text = this.#text;
    const { multiline, dotAll, dollarEnd } = text.flags;
    const { character } = text;
    switch (character) {
      case '(':
        return this.#group();
      case '[':
        return { kind: 'set', set: readClass(text) };
      case '\\':
        return this.#escape();
      case '.':
        text.at++;
        return { kind: 'set', set: dotAll ? ALL_BYTES : NOT_NEWLINE };
      case '^':
        text.at++;
        return { kind: 'place', place: multiline ? 'line-start' : 'start' };
      case '$':
        text.at++;
        return { kind: 'place', place: multiline ? 'line-end' : dollarEnd ? 'end' : 'end-or-newline' };
    }
    if (SIMPLE_COUNTS.has(character ?? '') || COUNTS.test(text.head())) throw new Fault('nothing stands before this repeat', text.at);
    return this.#byte(text.source.charCodeAt(text.at++));
  }

  // --- groups

  #group(): Node | undefined {
    const text = this.#text;
    const groups = this.#groups;
    const begin = text.at++;
    const saved: Letters = { flags: text.flags, numbers: this.#numbers };
    if (text.startsWith('*')) return this.#verb(begin, saved);
    if (!text.startsWith('?')) {
      if (!this.#numbers) return this.#inside(begin, saved);
      const number = groups.open();
      return groups.node(number, this.#inside(begin, saved));
    }
    const named = text.take(GROUP_NAME);
    if (named !== undefined) {
      const number = groups.open();
      groups.name(named[1] ?? named[2], number, begin);
      return groups.node(number, this.#inside(begin, saved));
    }
    const back = text.take(/^\?P=(\w+)\)/);
    if (back !== undefined) return groups.backByName(back[1], text.flags.nocase, begin);
    if (text.startsWith('?(')) return this.#condition(begin, saved);
    const look = text.take(LOOK);
    if (look !== undefined) return this.#look(begin, saved, lookKind(look));
    if (text.take(/^\?>/) !== undefined) return { kind: 'atomic', of: this.#inside(begin, saved) };
    if (text.take(/^\?\|/) !== undefined) return this.#inside(begin, saved, true);
    const call = text.take(/^\?(?:(R|[+-]?\d{1,5})|(?:&|P>)(\w+))\)/);
    if (call !== undefined) return call[1] === undefined ? groups.callByName(call[2], begin) : groups.call(call[1], begin);
    if (!text.startsWith('?C')) return this.#letters(begin, saved);
    passOverCallout(text, begin);
    return undefined;
  }

  /** `?i)`, `?i-s:…)`; without a colon the letters hold to the end of the enclosing group. */
  #letters(begin: number, saved: Letters): Node | undefined {
    const text = this.#text;
    const found = text.take(/^\?(\^?)([imsxnUJ]*)(?:-([imsxnU]*))?([:)])/);
    if (found === undefined) throw new Fault('this kind of group is not known', begin);
    const [, caret, on, off = '', close] = found;
    if (caret !== '' && off !== '') throw new Fault('letters behind `^` can not be switched off', begin);
    const { flags } = saved;
    const flag = (letter: string, current: boolean): boolean => !off.includes(letter) && (on.includes(letter) || (current && caret === ''));
    text.flags = {
      ...flags,
      nocase: flag('i', flags.nocase),
      multiline: flag('m', flags.multiline),
      dotAll: flag('s', flags.dotAll),
      extended: flag('x', flags.extended),
      ungreedy: !off.includes('U') && (on.includes('U') || flags.ungreedy),
    };
    this.#numbers = !flag('n', !this.#numbers);
    return close === ')' ? undefined : this.#inside(begin, saved);
  }

  /** `(*PRUNE)`, and assertions in words, `(*pla:…)`. */
  #verb(begin: number, saved: Letters): Node {
    const named = this.#text.take(NAMED_GROUP);
    if (named === undefined) {
      const node = readVerb(this.#text, begin, this.#looks > 0);
      if (node.kind === 'verb') this.#verbs.add(node.verb);
      return node;
    }
    const look = NAMED_LOOKS.get(named[1]);
    if (look !== undefined) return this.#look(begin, saved, look);
    if (named[1] === 'atomic') return { kind: 'atomic', of: this.#inside(begin, saved) };
    throw new Fault(`\`(*${named[1]}:\` is not known, or not built`, begin);
  }

  /** What stands between here and the closing parenthesis, which is taken too. */
  #inside(begin: number, saved: Letters, reset = false): Node {
    const of = this.#either(reset);
    if (this.#text.character !== ')') throw new Fault('a group is not closed', begin);
    this.#text.at++;
    this.#text.flags = saved.flags;
    this.#numbers = saved.numbers;
    return of;
  }

  #look(begin: number, saved: Letters, { negated, behind }: LookKind): LookNode {
    this.#looks++;
    const of = this.#inside(begin, saved);
    this.#looks--;
    if (behind && widthOf(of).maximum > LONGEST_LOOK_BEHIND) throw new Fault(`it can look back further than ${LONGEST_LOOK_BEHIND} bytes`, begin);
    return { kind: 'look', behind, negated, of };
  }

  /** `(?(…)yes|no)` */
  #condition(begin: number, saved: Letters): Node {
    const text = this.#text;
    text.at++;
    const isDefinition = text.take(/^\(DEFINE\)/) !== undefined;
    // What is asked about a name is known at the end of the pattern.
    const node: { kind: 'condition'; on: Condition['on']; yes: Node; no: Node } = { kind: 'condition', on: 0, yes: NOTHING, no: NOTHING };
    if (!isDefinition) this.#ask(node, begin);
    const of = this.#inside(begin, saved);
    const branches = of.kind === 'either' ? of.branches : [of];
    if (isDefinition && branches.length > 1) throw new Fault('a DEFINE has more than one branch', begin);
    if (isDefinition) return { kind: 'define', of };
    if (branches.length > 2) throw new Fault('a condition has more than two branches', begin);
    node.yes = branches[0];
    node.no = branches[1] ?? NOTHING;
    return node;
  }

  /** What the condition at `begin` asks: a group, by number or name, whether it is being called, or a look-around. */
  #ask(node: { on: Condition['on'] }, begin: number): void {
    const text = this.#text;
    const groups = this.#groups;
    const lookBegin = text.at;
    const look = text.take(LOOK_CONDITION);
    if (look !== undefined) {
      node.on = this.#look(lookBegin, { flags: text.flags, numbers: this.#numbers }, lookKind(look));
      return;
    }
    const byNumber = text.take(/^\(([+-]?\d{1,9})\)/);
    if (byNumber !== undefined) {
      node.on = groups.refer(groups.numberOf(byNumber[1]), begin);
      return;
    }
    const called = text.take(/^\(R(?:(\d{0,9})|&(\w+))\)/);
    if (called !== undefined && !text.source.includes(`<R${called[1]}>`)) {
      const [, number, name] = called;
      if (number === '') node.on = { kind: 'called', number: undefined };
      else if (number !== undefined) node.on = { kind: 'called', number: groups.refer(Number(number), begin) };
      else
        groups.referByName(name, begin, (found) => {
          node.on = { kind: 'called', number: found };
        });
      return;
    }
    const named = called === undefined ? text.take(/^\((?:<(\w+)>|'(\w+)'|([A-Za-z_]\w*))\)/) : undefined;
    const name = called === undefined ? (named?.[1] ?? named?.[2] ?? named?.[3]) : `R${called[1]}`;
    if (name === undefined) throw new Fault('this condition is not known', begin);
    groups.referByName(name, begin, (found) => {
      node.on = found;
    });
  }

  // --- behind a backslash

  #escape(): Node {
    const text = this.#text;
    const begin = text.at;
    const character = text.source[begin + 1];
    if (character === undefined) throw new Fault('a backslash stands at the end', begin);
    text.at += 2;
    const set = LETTER_CLASSES.get(character) ?? SETS.get(character);
    if (set !== undefined) return { kind: 'set', set };
    const place = PLACES.get(character);
    if (place !== undefined) return { kind: 'place', place };
    switch (character) {
      case 'K':
        if (this.#looks > 0) throw new Fault('`\\K` can not stand in a look-around', begin);
        return { kind: 'keep' };
      case 'R':
        return this.#lineBreakOr(text.lineBreaks);
      // A grapheme cluster: of one-byte characters only a line break's two belong together.
      case 'X':
        return this.#lineBreakOr(ALL_BYTES);
      case 'p':
      case 'P':
        return { kind: 'set', set: readProperty(text, character === 'P', begin) };
      case 'k':
        return this.#backByName(begin);
      case 'g':
        return this.#callOrBack(begin);
    }
    if (character >= '1' && character <= '9') {
      const digits = /^\d+/.exec(text.source.slice(begin + 1, begin + 11))![0];
      const number = Number(digits);
      if (number < 10 || character >= '8' || number <= this.#groups.count) {
        text.at = begin + 1 + digits.length;
        return this.#groups.back(number, text.flags.nocase, begin);
      }
    }
    text.at = begin;
    return this.#byte(readEscapedByte(text));
  }

  /** CR LF, never one of them alone, or one of the bytes. */
  #lineBreakOr(set: ByteSet): Node {
    const pair: Node = { kind: 'sequence', items: [this.#byte(CARRIAGE_RETURN), this.#byte(NEWLINE)] };
    return { kind: 'atomic', of: { kind: 'either', branches: [pair, { kind: 'set', set }] } };
  }

  /** Behind `\k`: `<name>` and its other spellings. */
  #backByName(begin: number): Node {
    const back = this.#text.take(/^(?:\{([A-Za-z_]\w*)\}|<([A-Za-z_]\w*)>|'([A-Za-z_]\w*)')/);
    if (back === undefined) throw new Fault('a back reference leads nowhere', begin);
    return this.#groups.backByName(back[1] ?? back[2] ?? back[3], this.#text.flags.nocase, begin);
  }

  /** Behind `\g`: a call, `<1>`, `'name'`, or what a group took, `{-1}`, `2`. */
  #callOrBack(begin: number): Node {
    const groups = this.#groups;
    const { nocase } = this.#text.flags;
    const call = this.#text.take(/^(?:<([+-]?\d{1,5})>|'([+-]?\d{1,5})'|<(\w+)>|'(\w+)')/);
    if (call !== undefined) {
      const number = call[1] ?? call[2];
      return number === undefined ? groups.callByName(call[3] ?? call[4], begin) : groups.call(number, begin);
    }
    const back = this.#text.take(/^(?:\{([+-]?\d{1,9})\}|([+-]?\d{1,9})|\{([A-Za-z_]\w*)\})/);
    if (back === undefined) throw new Fault('a back reference leads nowhere', begin);
    const number = back[1] ?? back[2];
    return number === undefined ? groups.backByName(back[3], nocase, begin) : groups.back(groups.numberOf(number), nocase, begin);
  }
}

function lookKind([, behind, sign]: RegExpExecArray): LookKind {
  return { behind: behind === '<', negated: sign === '!' };
}

/** Places in groups may be repeated, bare ones not. */
const PLACE_TEXT = /^(?:\^|\$|\\[bBAzZGK])/;
const PLACES: ReadonlyMap<string, Place> = new Map([
  ['A', 'start'],
  ['z', 'end'],
  ['Z', 'end-or-newline'],
  ['b', 'word'],
  ['B', 'not-word'],
  ['G', 'search-start'],
]);
const SETS: ReadonlyMap<string, ByteSet> = new Map([
  ['N', NOT_NEWLINE],
  ['C', ALL_BYTES],
]);
const SIMPLE_COUNTS: ReadonlyMap<string, { readonly minimum: number; readonly maximum: number }> = new Map([
  ['*', { minimum: 0, maximum: Number.POSITIVE_INFINITY }],
  ['+', { minimum: 1, maximum: Number.POSITIVE_INFINITY }],
  ['?', { minimum: 0, maximum: 1 }],
]);
const COUNTS = /^\{(\d{1,6})(,(\d{0,6}))?\}/;
const GROUP_NAME = /^\?(?:P?<([A-Za-z_]\w{0,31})>|'([A-Za-z_]\w{0,31})')/;
/** `(?<=`, `(?!` */
const LOOK = /^\?(<?)([=!])/;
const LOOK_CONDITION = /^\(\?(<?)([=!])/;
/** `(*pla:` */
const NAMED_GROUP = /^\*([a-z_]+):/;
const NAMED_LOOKS: ReadonlyMap<string, LookKind> = new Map([
  ['pla', { negated: false, behind: false }],
  ['positive_lookahead', { negated: false, behind: false }],
  ['nla', { negated: true, behind: false }],
  ['negative_lookahead', { negated: true, behind: false }],
  ['plb', { negated: false, behind: true }],
  ['positive_lookbehind', { negated: false, behind: true }],
  ['nlb', { negated: true, behind: true }],
  ['negative_lookbehind', { negated: true, behind: true }],
]);
