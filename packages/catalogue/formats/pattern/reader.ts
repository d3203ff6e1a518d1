/**
 * Regular expression text → tree: PCRE syntax, pcre2pattern(3), over bytes. Refused, with a sentence that says so: UTF and what else a
 * pattern may set for itself, duplicate names, calls in look-behinds, `(*ACCEPT)` in look-arounds, names of verbs that others refer to,
 * assertions that can be gone back into, and script runs.
 */
import { fromUtf8, latin1 } from '@sigwright/bytes';
import { ALL_BYTES, addAll, type ByteSet, foldCase, LETTER_CLASSES, LINE_BREAKS, NOT_NEWLINE, POSIX_CLASSES } from './byte-sets.ts';
import { type CallTest, type LookNode, NOTHING, type Node, type PatternFlags, type PatternProblem, type PatternTree, type Verb, widthOf } from './tree.ts';
import { propertySet } from './unicode-properties.ts';

/** Bytes; the longest pattern of the public rule sets has under 2,000. */
const LONGEST_PATTERN = 16_384;
/** PCRE2 stops at 250 parentheses. */
const DEEPEST = 250;
/** As PCRE2. */
const LARGEST_COUNT = 65_535;
/** Bytes a look-behind may look back, as PCRE2 since 10.43. */
const LONGEST_LOOK_BEHIND = 255;

const CONTROL: ReadonlyMap<string, number> = new Map([
  ['n', 10],
  ['r', 13],
  ['t', 9],
  ['f', 12],
  ['e', 27],
  ['a', 7],
]);
const CARRIAGE_RETURN = 13;
const NEWLINE = 10;

class Fault extends Error {
  readonly at: number;
  constructor(message: string, at: number) {
    super(message);
    this.at = at;
  }
}

export function readPattern(source: string, flags: PatternFlags): PatternTree | PatternProblem {
  // Without UTF mode a character beyond ASCII is nothing but its bytes: a repeat behind it repeats the last of them.
  const text = latin1(fromUtf8(source));
  if (text.length > LONGEST_PATTERN) return { problem: `${text.length} bytes are more than ${LONGEST_PATTERN}`, at: 0 };
  try {
    return new Reader(text, flags).whole();
  } catch (fault) {
    if (fault instanceof Fault) return { problem: fault.message, at: fault.at };
    throw fault;
  }
}

/** What letters inside a group change until it ends. */
interface Letters {
  readonly flags: PatternFlags;
  readonly numbered: boolean;
}

class Reader {
  #at = 0;
  #depth = 0;
  #looks = 0;
  #groups = 0;
  /** groups that took a number; more than there are numbers behind `(?|` */
  #opened = 0;
  readonly #source: string;
  readonly #names = new Map<string, number>();
  #flags: PatternFlags;
  /** plain parentheses make a numbered group; not so behind `(?n)` */
  #numbers = true;
  /** references by number, checked at the end: they may point forward */
  readonly #references: { readonly number: number; readonly at: number }[] = [];
  readonly #namedReferences: { readonly name: string; readonly at: number; readonly fill: (number: number) => void }[] = [];
  /** the first of each number */
  readonly #groupNodes = new Map<number, Node>();
  readonly #calls: OpenCall[] = [];
  readonly #verbs = new Set<Verb>();
  #lineBreaks: ByteSet = LINE_BREAKS;

  constructor(source: string, flags: PatternFlags) {
    this.#source = source;
    this.#flags = flags;
  }

  whole(): PatternTree {
    const anchored = this.#flags.anchored;
    this.#settings();
    let root = this.#either(false);
    if (this.#at < this.#source.length) throw new Fault('a `)` has no `(`', this.#at);
    for (const { name, at, fill } of this.#namedReferences) {
      const number = this.#names.get(name);
      if (number === undefined) throw new Fault(`no group is named \`${name}\``, at);
      fill(number);
    }
    for (const { number, at } of this.#references) if (number > this.#groups || number < 1) throw new Fault(`there is no group ${number}`, at);
    const calls = new Set(this.#calls.map(({ number }) => number));
    if (calls.has(0)) root = this.#numbered(0, root);
    for (const call of this.#calls) call.group = this.#groupNodes.get(call.number)!;
    if (anchored) root = { kind: 'sequence', items: [{ kind: 'place', place: 'search-start' }, root] };
    return { root, groups: this.#groups, names: this.#names, sharesNumbers: this.#opened > this.#groups, calls, verbs: this.#verbs };
  }

  /** What stands before the pattern about how it is to be matched: as far as it changes no match, or says what holds anyway. */
  #settings(): void {
    for (;;) {
      const found = /^\(\*([A-Z_]+)(?:=\d+)?\)/.exec(this.#source.slice(this.#at, this.#at + LONGEST_GROUP_HEAD));
      if (found === null) return;
      const [head, name] = found;
      if (name === 'BSR_ANYCRLF') this.#lineBreaks = CR_AND_LF;
      else if (name === 'BSR_UNICODE') this.#lineBreaks = LINE_BREAKS;
      else if (OTHER_SETTINGS.has(name)) throw new Fault(`\`${head}\` is not built`, this.#at);
      else if (!WITHOUT_EFFECT.has(name)) return;
      this.#at += head.length;
    }
  }

  /** `reset`: every branch numbers its groups from the same number on, `(?|…)`. */
  #either(reset: boolean): Node {
    if (++this.#depth > DEEPEST) throw new Fault(`groups are nested deeper than ${DEEPEST}`, this.#at);
    const before = this.#groups;
    let most = before;
    const branches = [this.#sequence()];
    while (this.#source[this.#at] === '|') {
      this.#at++;
      if (reset) {
        most = Math.max(most, this.#groups);
        this.#groups = before;
      }
      branches.push(this.#sequence());
    }
    this.#groups = Math.max(most, this.#groups);
    this.#depth--;
    return branches.length === 1 ? branches[0] : { kind: 'either', branches };
  }

  #sequence(): Node {
    const items: Node[] = [];
    for (;;) {
      this.#skipBlanks();
      const character = this.#source[this.#at];
      if (character === undefined || character === '|' || character === ')') break;
      if (this.#source.startsWith('\\Q', this.#at)) this.#literal(items);
      else if (this.#source.startsWith('\\E', this.#at)) this.#at += 2;
      else {
        const repeatable = !PLACE_TEXT.test(this.#source.slice(this.#at, this.#at + 2));
        const atom = this.#atom();
        if (atom !== undefined) items.push(this.#repeated(atom, repeatable));
      }
    }
    return items.length === 1 ? items[0] : { kind: 'sequence', items };
  }

  /** `\Q…\E`; a repeat behind it takes its last byte. */
  #literal(items: Node[]): void {
    const end = this.#source.indexOf('\\E', this.#at + 2);
    const literal = this.#source.slice(this.#at + 2, end === -1 ? this.#source.length : end);
    this.#at = end === -1 ? this.#source.length : end + 2;
    for (let at = 0; at < literal.length; at++) {
      const one = this.#byte(literal.charCodeAt(at));
      items.push(at === literal.length - 1 ? this.#repeated(one) : one);
    }
  }

  /** Comments, and the blanks between the parts of an extended pattern. */
  #skipBlanks(): void {
    for (;;) {
      const character = this.#source[this.#at];
      if (character === '(' && this.#source.startsWith('(?#', this.#at)) {
        const close = this.#source.indexOf(')', this.#at);
        if (close === -1) throw new Fault('a comment is not closed', this.#at);
        this.#at = close + 1;
      } else if (!this.#flags.extended) return;
      else if (character === '#') {
        const newline = this.#source.indexOf('\n', this.#at);
        this.#at = newline === -1 ? this.#source.length : newline + 1;
      } else if (character !== undefined && ' \t\n\v\f\r'.includes(character)) this.#at++;
      else return;
    }
  }

  #repeated(atom: Node, repeatable = true): Node {
    this.#skipBlanks();
    const begin = this.#at;
    const counts = this.#counts();
    if (counts === undefined) return atom;
    if (!repeatable) throw new Fault('a place takes no bytes and can not be repeated', begin);
    let mode: 'greedy' | 'lazy' | 'possessive' = this.#flags.ungreedy ? 'lazy' : 'greedy';
    if (this.#source[this.#at] === '?') {
      mode = this.#flags.ungreedy ? 'greedy' : 'lazy';
      this.#at++;
    } else if (this.#source[this.#at] === '+') {
      mode = 'possessive';
      this.#at++;
    }
    return { kind: 'repeat', of: atom, ...counts, mode };
  }

  #counts(): { minimum: number; maximum: number } | undefined {
    const begin = this.#at;
    switch (this.#source[this.#at]) {
      case '*':
        this.#at++;
        return { minimum: 0, maximum: Number.POSITIVE_INFINITY };
      case '+':
        this.#at++;
        return { minimum: 1, maximum: Number.POSITIVE_INFINITY };
      case '?':
        this.#at++;
        return { minimum: 0, maximum: 1 };
      case '{': {
        // `{,n}` is a repeat only since PCRE2 10.43; before, and here, it stands for itself.
        COUNTS.lastIndex = this.#at;
        const found = COUNTS.exec(this.#source);
        if (found === null) return undefined;
        const minimum = Number(found[1]);
        const maximum = found[2] === undefined ? minimum : found[3] === '' ? Number.POSITIVE_INFINITY : Number(found[3]);
        if (minimum > LARGEST_COUNT || (maximum > LARGEST_COUNT && maximum !== Number.POSITIVE_INFINITY))
          throw new Fault(`a count is above ${LARGEST_COUNT}`, begin);
        if (minimum > maximum) throw new Fault('the counts of a repeat are in the wrong order', begin);
        this.#at += found[0].length;
        return { minimum, maximum };
      }
      default:
        return undefined;
    }
  }

  #byte(byte: number): Node {
    const set = new Uint8Array(256);
    set[byte] = 1;
    if (this.#flags.nocase) foldCase(set);
    return { kind: 'set', set };
  }

  #atom(): Node | undefined {
    const character = this.#source[this.#at];
    switch (character) {
      case '(':
        return this.#group();
      case '[':
        return this.#class();
      case '.':
        this.#at++;
        return { kind: 'set', set: this.#flags.dotAll ? ALL_BYTES : NOT_NEWLINE };
      case '^':
        this.#at++;
        return { kind: 'place', place: this.#flags.multiline ? 'line-start' : 'start' };
      case '$':
        this.#at++;
        return { kind: 'place', place: this.#flags.multiline ? 'line-end' : this.#flags.dollarEnd ? 'end' : 'end-or-newline' };
      case '\\':
        return this.#escape();
      case '*':
      case '+':
      case '?':
        throw new Fault('nothing stands before this repeat', this.#at);
      case '{': {
        COUNTS.lastIndex = this.#at;
        if (COUNTS.test(this.#source)) throw new Fault('nothing stands before this repeat', this.#at);
      }
    }
    return this.#byte(this.#source.charCodeAt(this.#at++));
  }

  #group(): Node | undefined {
    const begin = this.#at++;
    const saved = { flags: this.#flags, numbered: this.#numbers };
    const rest = this.#source.slice(this.#at, this.#at + LONGEST_GROUP_HEAD);
    if (rest.startsWith('*')) return this.#verb(begin, saved, rest);
    if (!rest.startsWith('?')) {
      if (!this.#numbers) return this.#inside(begin, saved);
      const number = this.#number();
      return this.#numbered(number, this.#inside(begin, saved));
    }
    const named = GROUP_NAME.exec(rest);
    if (named !== null) {
      this.#at += named[0].length;
      const name = named[1] ?? named[2];
      const number = this.#number();
      if (this.#names.has(name) && this.#names.get(name) !== number) throw new Fault(`two groups are named \`${name}\``, begin);
      this.#names.set(name, number);
      return this.#numbered(number, this.#inside(begin, saved));
    }
    const back = /^\?P=(\w+)\)/.exec(rest);
    if (back !== null) {
      this.#at += back[0].length;
      return this.#backByName(back[1], begin);
    }
    if (rest.startsWith('?(')) return this.#condition(begin, saved);
    for (const [head, negated, behind] of LOOKS) {
      if (!rest.startsWith(head)) continue;
      this.#at += head.length;
      return this.#look(begin, saved, negated, behind);
    }
    if (rest.startsWith('?>')) {
      this.#at += 2;
      return { kind: 'atomic', of: this.#inside(begin, saved) };
    }
    if (rest.startsWith('?|')) {
      this.#at += 2;
      return this.#inside(begin, saved, true);
    }
    const call = /^\?(?:(R)|([+-]?\d{1,5})|(?:&|P>)(\w+))\)/.exec(rest);
    if (call !== null) {
      this.#at += call[0].length;
      return call[3] === undefined ? this.#call(call[1] === undefined ? call[2] : '0', begin) : this.#callByName(call[3], begin);
    }
    if (rest.startsWith('?C')) return this.#callout(begin);
    if (/^\?(?:R|[+-]?\d|&|P>)/.test(rest)) throw new Fault('a call leads nowhere', begin);
    const letters = /^\?(\^?)([imsxnUJ]*)(?:-([imsxnU]*))?([:)])/.exec(rest);
    if (letters === null) throw new Fault('this kind of group is not known', begin);
    const [head, caret, on, off = '', close] = letters;
    if (caret !== '' && off !== '') throw new Fault('letters behind `^` can not be switched off', begin);
    this.#at += head.length;
    const { flags } = saved;
    const flag = (letter: string, current: boolean): boolean => !off.includes(letter) && (on.includes(letter) || (current && caret === ''));
    this.#flags = {
      ...flags,
      nocase: flag('i', flags.nocase),
      multiline: flag('m', flags.multiline),
      dotAll: flag('s', flags.dotAll),
      extended: flag('x', flags.extended),
      ungreedy: !off.includes('U') && (on.includes('U') || flags.ungreedy),
    };
    this.#numbers = !flag('n', !this.#numbers);
    // Without a colon the letters hold to the end of the enclosing group.
    return close === ')' ? undefined : this.#inside(begin, saved);
  }

  #numbered(number: number, of: Node): Node {
    const group: Node = { kind: 'group', number, of };
    if (!this.#groupNodes.has(number)) this.#groupNodes.set(number, group);
    return group;
  }

  /** `1`, `+1`, `-1` */
  #call(written: string, begin: number): Node {
    const relative = Number(written);
    const number = written.startsWith('-') ? this.#groups + 1 + relative : written.startsWith('+') ? this.#groups + relative : relative;
    if (number !== 0 || /^[+-]/.test(written)) this.#references.push({ number, at: begin });
    const call: OpenCall = { kind: 'call', number, group: NOTHING };
    this.#calls.push(call);
    return call;
  }

  #callByName(name: string, begin: number): Node {
    const call: OpenCall = { kind: 'call', number: 0, group: NOTHING };
    const fill = (number: number): void => {
      call.number = number;
    };
    this.#namedReferences.push({ name, at: begin, fill });
    this.#calls.push(call);
    return call;
  }

  /** Nobody listens to callouts. */
  #callout(begin: number): undefined {
    const rest = this.#source.slice(this.#at);
    const found = /^\?C(?:\d{0,3}|([`'"^%#$])(?:(?!\1)[\s\S]|\1\1)*\1|\{(?:[^}]|\}\})*\})\)/.exec(rest);
    if (found === null) throw new Fault('a callout is not closed', begin);
    this.#at += found[0].length;
    return undefined;
  }

  /** `(*PRUNE)`, and assertions in words, `(*pla:…)`. */
  #verb(begin: number, saved: Letters, rest: string): Node | undefined {
    const named = NAMED_GROUP.exec(rest);
    if (named !== null) {
      this.#at += named[0].length;
      const look = NAMED_LOOKS.get(named[1]);
      if (look !== undefined) return this.#look(begin, saved, look.negated, look.behind);
      if (named[1] === 'atomic') return { kind: 'atomic', of: this.#inside(begin, saved) };
      throw new Fault(`\`(*${named[1]}:\` is not known, or not built`, begin);
    }
    const found = /^\*([A-Z]*)(?::([^)]*))?\)/.exec(this.#source.slice(this.#at));
    if (found === null) throw new Fault('a verb is not closed', begin);
    const [head, written, name] = found;
    this.#at += head.length;
    if ((written === '' || written === 'MARK') && name !== undefined && name !== '') return NOTHING;
    if (written === 'F' || written === 'FAIL') return { kind: 'set', set: NO_BYTE };
    const verb = VERBS.get(written);
    if (verb === undefined) throw new Fault(`verb \`(*${written})\` is not known`, begin);
    if (verb === 'skip' && name !== undefined && name !== '') throw new Fault('`(*SKIP)` to a name is not built', begin);
    if (verb === 'accept' && this.#looks > 0) throw new Fault('`(*ACCEPT)` in a look-around is not built', begin);
    this.#verbs.add(verb);
    return { kind: 'verb', verb };
  }

  #number(): number {
    this.#opened++;
    return ++this.#groups;
  }

  /** What stands between here and the closing parenthesis, which is taken too. */
  #inside(begin: number, saved: Letters, reset = false): Node {
    const of = this.#either(reset);
    if (this.#source[this.#at] !== ')') throw new Fault('a group is not closed', begin);
    this.#at++;
    this.#flags = saved.flags;
    this.#numbers = saved.numbered;
    return of;
  }

  #look(begin: number, saved: Letters, negated: boolean, behind: boolean): LookNode {
    this.#looks++;
    const of = this.#inside(begin, saved);
    this.#looks--;
    if (behind && widthOf(of).maximum > LONGEST_LOOK_BEHIND) throw new Fault(`it can look back further than ${LONGEST_LOOK_BEHIND} bytes`, begin);
    return { kind: 'look', behind, negated, of };
  }

  /** `(?(…)yes|no)` */
  #condition(begin: number, saved: Letters): Node {
    this.#at++;
    const rest = this.#source.slice(this.#at, this.#at + LONGEST_GROUP_HEAD);
    let on: number | LookNode | CallTest | undefined;
    let name: string | undefined;
    let isDefinition = false;
    const look = LOOKS.find(([head]) => rest.startsWith(`(${head}`));
    if (look !== undefined) {
      const [head, negated, behind] = look;
      const lookBegin = this.#at;
      this.#at += 1 + head.length;
      on = this.#look(lookBegin, { flags: this.#flags, numbered: this.#numbers }, negated, behind);
    } else {
      const number = /^\(([+-]?\d+)\)/.exec(rest);
      const named = /^\((?:<(\w+)>|'(\w+)'|([A-Za-z_]\w*))\)/.exec(rest);
      const calledByName = /^\(R&(\w+)\)/.exec(rest);
      if (number !== null) {
        this.#at += number[0].length;
        on = /^[+-]/.test(number[1]) ? this.#groups + Number(number[1]) + (number[1].startsWith('-') ? 1 : 0) : Number(number[1]);
        this.#references.push({ number: on, at: begin });
      } else if (named !== null) {
        this.#at += named[0].length;
        const bare = named[3];
        if (bare === 'DEFINE') isDefinition = true;
        else if (bare !== undefined && /^R\d*$/.test(bare) && !this.#source.includes(`<${bare}>`)) {
          on = { kind: 'called', number: bare === 'R' ? undefined : Number(bare.slice(1)) };
          if (on.number !== undefined) this.#references.push({ number: on.number, at: begin });
        } else name = named[1] ?? named[2] ?? bare;
      } else if (calledByName !== null) {
        this.#at += calledByName[0].length;
        const test = { kind: 'called' as const, number: 0 };
        on = test;
        const fill = (found: number): void => {
          test.number = found;
        };
        this.#namedReferences.push({ name: calledByName[1], at: begin, fill });
      } else throw new Fault('this condition is not known', begin);
    }
    const of = this.#inside(begin, saved);
    const branches = of.kind === 'either' ? of.branches : [of];
    if (isDefinition) {
      if (branches.length > 1) throw new Fault('a DEFINE has more than one branch', begin);
      return { kind: 'define', of };
    }
    if (branches.length > 2) throw new Fault('a condition has more than two branches', begin);
    const node = { kind: 'condition' as const, on: on ?? 0, yes: branches[0], no: branches[1] ?? NOTHING };
    if (name !== undefined) {
      this.#namedReferences.push({
        name,
        at: begin,
        fill: (number) => {
          node.on = number;
        },
      });
    }
    return node;
  }

  #back(number: number, begin: number): Node {
    this.#references.push({ number, at: begin });
    return { kind: 'back', number, nocase: this.#flags.nocase };
  }

  #backByName(name: string, begin: number): Node {
    const node = { kind: 'back' as const, number: 0, nocase: this.#flags.nocase };
    this.#namedReferences.push({
      name,
      at: begin,
      fill: (number) => {
        node.number = number;
      },
    });
    return node;
  }

  #escape(): Node {
    const begin = this.#at;
    const character = this.#source[this.#at + 1];
    if (character === undefined) throw new Fault('a backslash stands at the end', begin);
    this.#at += 2;
    const set = LETTER_CLASSES.get(character);
    if (set !== undefined) return { kind: 'set', set };
    switch (character) {
      case 'A':
        return { kind: 'place', place: 'start' };
      case 'z':
        return { kind: 'place', place: 'end' };
      case 'Z':
        return { kind: 'place', place: 'end-or-newline' };
      case 'b':
        return { kind: 'place', place: 'word' };
      case 'B':
        return { kind: 'place', place: 'not-word' };
      case 'G':
        return { kind: 'place', place: 'search-start' };
      case 'K':
        if (this.#looks > 0) throw new Fault('`\\K` can not stand in a look-around', begin);
        return { kind: 'keep' };
      case 'N':
        return { kind: 'set', set: NOT_NEWLINE };
      case 'R': {
        const pair: Node = { kind: 'sequence', items: [this.#byte(CARRIAGE_RETURN), this.#byte(NEWLINE)] };
        return { kind: 'atomic', of: { kind: 'either', branches: [pair, { kind: 'set', set: this.#lineBreaks }] } };
      }
      // A grapheme cluster: of one-byte characters only these two belong together.
      case 'X': {
        const pair: Node = { kind: 'sequence', items: [this.#byte(CARRIAGE_RETURN), this.#byte(NEWLINE)] };
        return { kind: 'atomic', of: { kind: 'either', branches: [pair, { kind: 'set', set: ALL_BYTES }] } };
      }
      case 'C':
        return { kind: 'set', set: ALL_BYTES };
      case 'p':
      case 'P':
        return { kind: 'set', set: this.#property(character === 'P', begin) };
      case 'k':
      case 'g':
        return this.#backEscape(character, begin);
    }
    if (character >= '1' && character <= '9') {
      const digits = /^\d+/.exec(this.#source.slice(this.#at - 1, this.#at + 9))![0];
      const number = Number(digits);
      if (number < 10 || character >= '8' || number <= this.#groups) {
        this.#at += digits.length - 1;
        return this.#back(number, begin);
      }
    }
    this.#at = begin;
    return this.#byte(this.#escapedByte());
  }

  /** `\g{-1}`, `\g2`, `\k<name>` and their other spellings. */
  #backEscape(letter: string, begin: number): Node {
    const rest = this.#source.slice(this.#at, this.#at + LONGEST_GROUP_HEAD);
    const back = (letter === 'g' ? /^(?:\{([+-]?\d+|[A-Za-z_]\w*)\}|([+-]?\d+))/ : /^(?:\{([A-Za-z_]\w*)\}|<([A-Za-z_]\w*)>|'([A-Za-z_]\w*)')/).exec(rest);
    const call = letter === 'g' ? /^(?:<([+-]?\d{1,5})>|'([+-]?\d{1,5})'|<(\w+)>|'(\w+)')/.exec(rest) : null;
    if (call !== null) {
      this.#at += call[0].length;
      const number = call[1] ?? call[2];
      return number === undefined ? this.#callByName(call[3] ?? call[4], begin) : this.#call(number, begin);
    }
    if (back === null) throw new Fault('a back reference leads nowhere', begin);
    this.#at += back[0].length;
    const to = back[1] ?? back[2] ?? back[3];
    if (/^\d/.test(to)) return this.#back(Number(to), begin);
    if (to.startsWith('-')) return this.#back(this.#groups + 1 + Number(to), begin);
    if (to.startsWith('+')) return this.#back(this.#groups + Number(to), begin);
    return this.#backByName(to, begin);
  }

  /** Behind `\p`: `L`, `{Lu}`, `{^Lu}`. */
  #property(negated: boolean, begin: number): ByteSet {
    const found = /^(?:\{\s*(\^?)\s*([A-Za-z0-9_&\s:=-]+?)\s*\}|([A-Z]))/.exec(this.#source.slice(this.#at, this.#at + LONGEST_GROUP_HEAD));
    const set = found === null ? undefined : propertySet(found[2] ?? found[3]);
    if (found === null || set === undefined) throw new Fault('this Unicode property is not known', begin);
    this.#at += found[0].length;
    return negated !== (found[1] === '^') ? set.map((flag) => flag ^ 1) : set;
  }

  /** `\x41`, `\n`, `\012`, `\.`: one byte. */
  #escapedByte(): number {
    const begin = this.#at;
    const character = this.#source[this.#at + 1];
    if (character === undefined) throw new Fault('a backslash stands at the end', begin);
    this.#at += 2;
    if (character === 'x' || character === 'o') return this.#numberedByte(character, begin);
    if (character === 'c') {
      const control = this.#source.charCodeAt(this.#at);
      if (!(control >= 32 && control < 127)) throw new Fault('`\\c` stands before a printable character', begin);
      this.#at++;
      return (control >= 97 && control <= 122 ? control - 32 : control) ^ 64;
    }
    if (character >= '0' && character <= '7') {
      const digits = /^[0-7]{1,3}/.exec(this.#source.slice(this.#at - 1, this.#at + 2))![0];
      this.#at += digits.length - 1;
      return oneByte(Number.parseInt(digits, 8), begin);
    }
    const control = CONTROL.get(character);
    if (control !== undefined) return control;
    if (/[A-Za-z]/.test(character)) throw new Fault(`\`\\${character}\` is not known here`, begin);
    return character.charCodeAt(0);
  }

  #numberedByte(letter: 'x' | 'o', begin: number): number {
    const braced = (letter === 'x' ? /^\{([0-9a-fA-F]+)\}/ : /^\{([0-7]+)\}/).exec(this.#source.slice(this.#at, this.#at + 16));
    if (braced !== null) {
      this.#at += braced[0].length;
      return oneByte(Number.parseInt(braced[1], letter === 'x' ? 16 : 8), begin);
    }
    if (letter === 'o') throw new Fault('an octal number stands in braces', begin);
    const digits = /^[0-9a-fA-F]{0,2}/.exec(this.#source.slice(this.#at, this.#at + 2))![0];
    this.#at += digits.length;
    return digits === '' ? 0 : Number.parseInt(digits, 16);
  }

  #class(): Node {
    const begin = this.#at;
    if (/^\[\[:[<>]:\]\]/.test(this.#source.slice(begin, begin + 7))) throw new Fault('`[[:<:]]` is not built, write `\\b`', begin);
    this.#at++;
    const set = new Uint8Array(256);
    // Of properties no letter is folded.
    const properties = new Uint8Array(256);
    const negated = this.#source[this.#at] === '^';
    if (negated) this.#at++;
    const first = this.#at;
    let literal = false;
    for (;;) {
      const character = this.#source[this.#at];
      if (character === undefined) throw new Fault('a class is not closed', begin);
      if (this.#source.startsWith('\\E', this.#at)) {
        literal = false;
        this.#at += 2;
        continue;
      }
      if (!literal && this.#source.startsWith('\\Q', this.#at)) {
        literal = true;
        this.#at += 2;
        continue;
      }
      if (!literal && character === ']' && this.#at !== first) {
        this.#at++;
        break;
      }
      const from = this.#member(set, properties, literal);
      const ranged = this.#source[this.#at] === '-' && this.#source[this.#at + 1] !== ']' && this.#source[this.#at + 1] !== undefined && !literal;
      if (from === undefined) {
        if (ranged) throw new Fault('a range in a class begins with a set', this.#at);
        continue;
      }
      if (!ranged) {
        set[from] = 1;
        continue;
      }
      const dash = this.#at++;
      const to = this.#member(set, properties, false);
      if (to === undefined) throw new Fault('a range in a class ends with a set', dash);
      if (to < from) throw new Fault('a range in a class is in the wrong order', dash);
      for (let byte = from; byte <= to; byte++) set[byte] = 1;
    }
    if (this.#flags.nocase) foldCase(set);
    addAll(set, properties);
    if (negated) for (let byte = 0; byte < 256; byte++) set[byte] ^= 1;
    return { kind: 'set', set };
  }

  /** One member of a class: its byte, or undefined where it was a whole set (already added). */
  #member(set: ByteSet, properties: ByteSet, literal: boolean): number | undefined {
    const character = this.#source[this.#at];
    if (character === '[' && !literal) {
      const posix = /^\[([:.=])(\^?)([^\]\\]*?)\1\]/.exec(this.#source.slice(this.#at, this.#at + 24));
      if (posix !== null) {
        const known = posix[1] === ':' ? POSIX_CLASSES.get(posix[3]) : undefined;
        if (known === undefined) throw new Fault(`class \`${posix[0]}\` is not known`, this.#at);
        this.#at += posix[0].length;
        const added = known.slice();
        // Without regard to case, upper and lower mean any letter.
        if (this.#flags.nocase) foldCase(added);
        if (posix[2] === '^') for (let byte = 0; byte < 256; byte++) added[byte] ^= 1;
        addAll(set, added);
        return undefined;
      }
    }
    if (character === '\\' && !literal) {
      const next = this.#source[this.#at + 1];
      const known = LETTER_CLASSES.get(next);
      if (known !== undefined) {
        this.#at += 2;
        addAll(set, known);
        return undefined;
      }
      if (next === 'b') {
        this.#at += 2;
        return BACKSPACE;
      }
      if (next === 'p' || next === 'P') {
        const begin = this.#at;
        this.#at += 2;
        addAll(properties, this.#property(next === 'P', begin));
        return undefined;
      }
      return this.#escapedByte();
    }
    return this.#source.charCodeAt(this.#at++);
  }
}

function oneByte(value: number, at: number): number {
  if (value > 255) throw new Fault('a character above 255 can not occur in bytes', at);
  return value;
}

const BACKSPACE = 8;
/** Places in groups may be repeated, bare ones not. */
const PLACE_TEXT = /^(?:\^|\$|\\[bBAzZGK])/;
const COUNTS = /\{(\d{1,6})(,(\d{0,6}))?\}/y;
/** PCRE2's names have up to 32 characters; some room for the marks around. */
const LONGEST_GROUP_HEAD = 80;
const GROUP_NAME = /^\?(?:P?<([A-Za-z_]\w{0,31})>|'([A-Za-z_]\w{0,31})')/;
/** `(*pla:` */
const NAMED_GROUP = /^\*([a-z_]+):/;
const NAMED_LOOKS: ReadonlyMap<string, { readonly negated: boolean; readonly behind: boolean }> = new Map([
  ['pla', { negated: false, behind: false }],
  ['positive_lookahead', { negated: false, behind: false }],
  ['nla', { negated: true, behind: false }],
  ['negative_lookahead', { negated: true, behind: false }],
  ['plb', { negated: false, behind: true }],
  ['positive_lookbehind', { negated: false, behind: true }],
  ['nlb', { negated: true, behind: true }],
  ['negative_lookbehind', { negated: true, behind: true }],
]);
const VERBS: ReadonlyMap<string, Verb> = new Map([
  ['ACCEPT', 'accept'],
  ['COMMIT', 'commit'],
  ['PRUNE', 'prune'],
  ['SKIP', 'skip'],
  ['THEN', 'then'],
]);
const NO_BYTE: ByteSet = new Uint8Array(256);
const CR_AND_LF: ByteSet = new Uint8Array(256);
CR_AND_LF[CARRIAGE_RETURN] = CR_AND_LF[NEWLINE] = 1;
/** pcre2pattern(3), "Special start-of-pattern items": those that change no match here, and all others. */
const WITHOUT_EFFECT: ReadonlySet<string> = new Set(
  'LF LIMIT_DEPTH LIMIT_HEAP LIMIT_MATCH LIMIT_RECURSION NO_AUTO_POSSESS NO_DOTSTAR_ANCHOR NO_JIT NO_START_OPT'.split(' '),
);
const OTHER_SETTINGS: ReadonlySet<string> = new Set('ANY ANYCRLF CR CRLF NOTEMPTY NOTEMPTY_ATSTART NUL UCP UTF'.split(' '));

/** Its group is known at the end of the pattern. */
interface OpenCall {
  readonly kind: 'call';
  number: number;
  group: Node;
}
/** how it begins, negated, behind */
const LOOKS: readonly (readonly [string, boolean, boolean])[] = [
  ['?=', false, false],
  ['?!', true, false],
  ['?<=', false, true],
  ['?<!', true, true],
];
