/**
 * Regular expression text (the PCRE syntax that rules use, pcre2pattern(3)) → tree over bytes. Case folding, `.` and classes
 * are resolved to byte sets here, so that whoever evaluates the tree needs no flags.
 */

export type Node =
  | { readonly kind: 'set'; readonly set: Uint8Array }
  | { readonly kind: 'sequence'; readonly items: readonly Node[] }
  | { readonly kind: 'either'; readonly branches: readonly Node[] }
  | { readonly kind: 'repeat'; readonly of: Node; readonly minimum: number; readonly maximum: number; readonly mode: 'greedy' | 'lazy' | 'possessive' }
  | { readonly kind: 'group'; readonly number: number; readonly of: Node }
  | { readonly kind: 'atomic'; readonly of: Node }
  | { readonly kind: 'look'; readonly behind: boolean; readonly negated: boolean; readonly of: Node }
  | { readonly kind: 'back'; readonly number: number; readonly nocase: boolean }
  | { readonly kind: 'place'; readonly place: Place };

export type Place = 'start' | 'line-start' | 'end' | 'end-or-newline' | 'line-end' | 'word' | 'not-word' | 'search-start';

export interface PatternFlags {
  readonly nocase: boolean;
  readonly dotAll: boolean;
  readonly multiline: boolean;
  readonly extended: boolean;
  readonly ungreedy: boolean;
  readonly anchored: boolean;
  readonly dollarEnd: boolean;
}

export interface PatternTree {
  readonly root: Node;
  readonly groups: number;
  readonly names: ReadonlyMap<string, number>;
}

export interface PatternProblem {
  readonly problem: string;
  readonly at: number;
}

const LONGEST_PATTERN = 16_384;
const DEEPEST = 200;
const LARGEST_COUNT = 65_535;

class Fault extends Error {
  readonly at: number;
  constructor(message: string, at: number) {
    super(message);
    this.at = at;
  }
}

export function readPattern(source: string, flags: PatternFlags): PatternTree | PatternProblem {
  if (source.length > LONGEST_PATTERN) return { problem: `${source.length} characters are more than ${LONGEST_PATTERN}`, at: 0 };
  try {
    return new Reader(source, flags).whole();
  } catch (fault) {
    if (fault instanceof Fault) return { problem: fault.message, at: fault.at };
    throw fault;
  }
}

const POSIX: Record<string, (byte: number) => boolean> = {
  alpha: (b) => isAlpha(b),
  digit: (b) => b >= 48 && b <= 57,
  alnum: (b) => isAlpha(b) || (b >= 48 && b <= 57),
  upper: (b) => b >= 65 && b <= 90,
  lower: (b) => b >= 97 && b <= 122,
  space: (b) => b === 32 || (b >= 9 && b <= 13),
  blank: (b) => b === 32 || b === 9,
  punct: (b) => b > 32 && b < 127 && !isAlpha(b) && !(b >= 48 && b <= 57),
  print: (b) => b >= 32 && b < 127,
  graph: (b) => b > 32 && b < 127,
  cntrl: (b) => b < 32 || b === 127,
  xdigit: (b) => (b >= 48 && b <= 57) || (b >= 65 && b <= 70) || (b >= 97 && b <= 102),
  word: (b) => isWord(b),
  ascii: (b) => b < 128,
};

function isAlpha(byte: number): boolean {
  return (byte >= 65 && byte <= 90) || (byte >= 97 && byte <= 122);
}

export function isWord(byte: number): boolean {
  return isAlpha(byte) || (byte >= 48 && byte <= 57) || byte === 95;
}

const CLASSES: Record<string, (byte: number) => boolean> = {
  d: (b) => b >= 48 && b <= 57,
  w: (b) => isWord(b),
  s: (b) => b === 32 || (b >= 9 && b <= 13),
  h: (b) => b === 9 || b === 32 || b === 0xa0,
  v: (b) => (b >= 10 && b <= 13) || b === 0x85,
};

const CONTROL: Record<string, number> = { n: 10, r: 13, t: 9, f: 12, e: 27, a: 7 };

function setOf(test: (byte: number) => boolean): Uint8Array {
  const set = new Uint8Array(256);
  for (let byte = 0; byte < 256; byte++) if (test(byte)) set[byte] = 1;
  return set;
}

class Reader {
  #at = 0;
  #depth = 0;
  #groups = 0;
  readonly #source: string;
  readonly #names = new Map<string, number>();
  #flags: PatternFlags;

  constructor(source: string, flags: PatternFlags) {
    this.#source = source;
    this.#flags = flags;
  }

  whole(): PatternTree {
    let root = this.#either();
    if (this.#at < this.#source.length) throw new Fault('a `)` has no `(`', this.#at);
    if (this.#flags.anchored) root = { kind: 'sequence', items: [{ kind: 'place', place: 'search-start' }, root] };
    return { root, groups: this.#groups, names: this.#names };
  }

  #either(): Node {
    if (++this.#depth > DEEPEST) throw new Fault(`groups are nested deeper than ${DEEPEST}`, this.#at);
    const branches = [this.#sequence()];
    while (this.#source[this.#at] === '|') {
      this.#at++;
      branches.push(this.#sequence());
    }
    this.#depth--;
    return branches.length === 1 ? branches[0] : { kind: 'either', branches };
  }

  #sequence(): Node {
    const items: Node[] = [];
    while (this.#at < this.#source.length) {
      const character = this.#source[this.#at];
      if (character === '|' || character === ')') break;
      if (this.#flags.extended && /\s/.test(character)) {
        this.#at++;
        continue;
      }
      if (this.#flags.extended && character === '#') {
        const newline = this.#source.indexOf('\n', this.#at);
        this.#at = newline === -1 ? this.#source.length : newline + 1;
        continue;
      }
      const atom = this.#atom();
      if (atom !== undefined) items.push(this.#repeated(atom));
    }
    return items.length === 1 ? items[0] : { kind: 'sequence', items };
  }

  #repeated(atom: Node): Node {
    let node = atom;
    for (;;) {
      const character = this.#source[this.#at];
      let minimum: number;
      let maximum: number;
      const begin = this.#at;
      if (character === '*' || character === '+' || character === '?') {
        minimum = character === '+' ? 1 : 0;
        maximum = character === '?' ? 1 : Number.POSITIVE_INFINITY;
        this.#at++;
      } else if (character === '{') {
        const counts = /^\{\s*(\d+)?\s*(,)?\s*(\d+)?\s*\}/.exec(this.#source.slice(this.#at, this.#at + 24));
        if (counts === null || (counts[1] === undefined && counts[3] === undefined) || (counts[1] === undefined && counts[2] === undefined)) return node;
        minimum = Number(counts[1] ?? 0);
        maximum = counts[2] === undefined ? minimum : counts[3] === undefined ? Number.POSITIVE_INFINITY : Number(counts[3]);
        if (minimum > LARGEST_COUNT || (maximum > LARGEST_COUNT && Number.isFinite(maximum))) throw new Fault(`a count is above ${LARGEST_COUNT}`, begin);
        if (minimum > maximum) throw new Fault('the counts of a repeat are in the wrong order', begin);
        this.#at += counts[0].length;
      } else return node;
      if (node.kind === 'place') {
        // Repeating a place changes nothing but whether it is asked for at all.
        if (minimum === 0) node = { kind: 'sequence', items: [] };
        continue;
      }
      let mode: 'greedy' | 'lazy' | 'possessive' = this.#flags.ungreedy ? 'lazy' : 'greedy';
      if (this.#source[this.#at] === '?') {
        mode = this.#flags.ungreedy ? 'greedy' : 'lazy';
        this.#at++;
      } else if (this.#source[this.#at] === '+') {
        mode = 'possessive';
        this.#at++;
      }
      node = { kind: 'repeat', of: node, minimum, maximum, mode };
    }
  }

  #byte(byte: number): Node {
    const set = new Uint8Array(256);
    set[byte] = 1;
    return { kind: 'set', set: this.#folded(set) };
  }

  #folded(set: Uint8Array): Uint8Array {
    if (!this.#flags.nocase) return set;
    for (let upper = 65; upper <= 90; upper++) if (set[upper] === 1 || set[upper + 32] === 1) set[upper] = set[upper + 32] = 1;
    return set;
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
        return { kind: 'set', set: setOf((byte) => this.#flags.dotAll || byte !== 10) };
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
    }
    const code = this.#source.charCodeAt(this.#at++);
    if (code < 128) return this.#byte(code);
    // Text beyond ASCII stands for its UTF-8 bytes.
    const point = this.#source.codePointAt(this.#at - 1)!;
    if (point > 0xffff) this.#at++;
    return { kind: 'sequence', items: Array.from(new TextEncoder().encode(String.fromCodePoint(point)), (byte) => this.#byte(byte)) };
  }

  #group(): Node | undefined {
    const begin = this.#at++;
    let wrap: (of: Node) => Node = (of) => of;
    const saved = this.#flags;
    if (this.#source.startsWith('?#', this.#at)) {
      const close = this.#source.indexOf(')', this.#at);
      if (close === -1) throw new Fault('a comment is not closed', begin);
      this.#at = close + 1;
      return undefined;
    }
    if (this.#source[this.#at] === '*') throw new Fault('backtracking verbs are not supported', begin);
    if (this.#source[this.#at] !== '?') {
      const number = ++this.#groups;
      wrap = (of) => ({ kind: 'group', number, of });
    } else {
      const rest = this.#source.slice(this.#at + 1, this.#at + 80);
      const named = /^P?<([A-Za-z_]\w*)>|^'([A-Za-z_]\w*)'/.exec(rest);
      const inline = /^([imsxUJ]*)(?:-([imsx]*))?([:)])/.exec(rest);
      if (rest.startsWith(':')) this.#at += 2;
      else if (rest.startsWith('|')) throw new Fault('branch resets are not supported', begin);
      else if (rest.startsWith('>')) {
        this.#at += 2;
        wrap = (of) => ({ kind: 'atomic', of });
      } else if (rest.startsWith('=') || rest.startsWith('!')) {
        this.#at += 2;
        const negated = rest.startsWith('!');
        wrap = (of) => ({ kind: 'look', behind: false, negated, of });
      } else if (rest.startsWith('<=') || rest.startsWith('<!')) {
        this.#at += 3;
        const negated = rest[1] === '!';
        wrap = (of) => ({ kind: 'look', behind: true, negated, of });
      } else if (named !== null) {
        this.#at += 1 + named[0].length;
        const number = ++this.#groups;
        this.#names.set(named[1] ?? named[2], number);
        wrap = (of) => ({ kind: 'group', number, of });
      } else if (rest.startsWith('P=')) {
        const back = /^P=(\w+)\)/.exec(rest);
        const number = back === null ? undefined : this.#names.get(back[1]);
        if (back === null || number === undefined) throw new Fault('a named back reference leads nowhere', begin);
        this.#at += 1 + back[0].length;
        return { kind: 'back', number, nocase: this.#flags.nocase };
      } else if (inline !== null) {
        this.#at += 1 + inline[0].length;
        const on = inline[1];
        const off = inline[2] ?? '';
        const flag = (letter: string, current: boolean): boolean => (off.includes(letter) ? false : on.includes(letter) || current);
        this.#flags = {
          ...saved,
          nocase: flag('i', saved.nocase),
          multiline: flag('m', saved.multiline),
          dotAll: flag('s', saved.dotAll),
          extended: flag('x', saved.extended),
          ungreedy: flag('U', saved.ungreedy),
        };
        // Without a colon the letters hold to the end of the enclosing group.
        if (inline[3] === ')') return undefined;
      } else throw new Fault('this kind of group is not supported', begin);
    }
    const of = this.#either();
    if (this.#source[this.#at] !== ')') throw new Fault('a group is not closed', begin);
    this.#at++;
    this.#flags = saved;
    return wrap(of);
  }

  #escape(): Node {
    const begin = this.#at;
    const character = this.#source[this.#at + 1];
    if (character === undefined) throw new Fault('a backslash stands at the end', begin);
    this.#at += 2;
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
      case 'N':
        return { kind: 'set', set: setOf((byte) => byte !== 10) };
      case 'K':
      case 'X':
      case 'C':
      case 'p':
      case 'P':
        throw new Fault(`\`\\${character}\` is not supported`, begin);
      case 'R': {
        const single = { kind: 'set', set: setOf((byte) => (byte >= 10 && byte <= 13) || byte === 0x85) } as const;
        const pair = { kind: 'sequence', items: [this.#byte(13), this.#byte(10)] } as const;
        return { kind: 'atomic', of: { kind: 'either', branches: [pair, single] } };
      }
      case 'Q': {
        const end = this.#source.indexOf('\\E', this.#at);
        const literal = this.#source.slice(this.#at, end === -1 ? this.#source.length : end);
        this.#at = end === -1 ? this.#source.length : end + 2;
        return { kind: 'sequence', items: Array.from(new TextEncoder().encode(literal), (byte) => this.#byte(byte)) };
      }
      case 'E':
        return { kind: 'sequence', items: [] };
      case 'k':
      case 'g': {
        const rest = this.#source.slice(this.#at, this.#at + 80);
        const back = /^(?:\{(-?\w+)\}|<(\w+)>|'(\w+)'|(\d+))/.exec(rest);
        if (back === null) throw new Fault('a back reference leads nowhere', begin);
        this.#at += back[0].length;
        const name = back[1] ?? back[2] ?? back[3] ?? back[4];
        const number = /^-\d+$/.test(name) ? this.#groups + 1 + Number(name) : /^\d+$/.test(name) ? Number(name) : this.#names.get(name);
        if (number === undefined || number < 1) throw new Fault('a back reference leads nowhere', begin);
        return { kind: 'back', number, nocase: this.#flags.nocase };
      }
    }
    const lower = character.toLowerCase();
    if (CLASSES[lower] !== undefined) {
      const test = CLASSES[lower];
      return { kind: 'set', set: setOf(character === lower ? test : (byte) => !test(byte)) };
    }
    if (character >= '1' && character <= '9') {
      const digits = /^\d+/.exec(this.#source.slice(this.#at - 1, this.#at + 3))![0];
      const number = Number(digits);
      if (number < 10 || number <= this.#groups) {
        this.#at += digits.length - 1;
        return { kind: 'back', number, nocase: this.#flags.nocase };
      }
    }
    this.#at = begin;
    return this.#byte(this.#escapedByte());
  }

  /** `\x41`, `\n`, `\012`, `\.`: one byte. */
  #escapedByte(): number {
    const begin = this.#at;
    const character = this.#source[this.#at + 1];
    if (character === undefined) throw new Fault('a backslash stands at the end', begin);
    this.#at += 2;
    if (character === 'x') {
      const braced = /^\{([0-9a-fA-F]+)\}/.exec(this.#source.slice(this.#at, this.#at + 12));
      const digits = braced === null ? /^[0-9a-fA-F]{0,2}/.exec(this.#source.slice(this.#at, this.#at + 2))![0] : braced[1];
      this.#at += braced === null ? digits.length : braced[0].length;
      const value = digits === '' ? 0 : Number.parseInt(digits, 16);
      if (value > 255) throw new Fault('a character above 255 can not be matched in bytes', begin);
      return value;
    }
    if (character === 'c') return (this.#source.charCodeAt(this.#at++) & 0xff & ~0x20) ^ 64;
    if (character === 'o' && this.#source[this.#at] === '{') {
      const braced = /^\{([0-7]+)\}/.exec(this.#source.slice(this.#at, this.#at + 8));
      if (braced === null) throw new Fault('an octal number is not closed', begin);
      this.#at += braced[0].length;
      return Number.parseInt(braced[1], 8) & 255;
    }
    if (character >= '0' && character <= '7') {
      const digits = /^[0-7]{1,3}/.exec(this.#source.slice(this.#at - 1, this.#at + 2))![0];
      this.#at += digits.length - 1;
      return Number.parseInt(digits, 8) & 255;
    }
    if (CONTROL[character] !== undefined) return CONTROL[character];
    if (/[A-Za-z]/.test(character) && !'zZ'.includes(character)) throw new Fault(`\`\\${character}\` is not known`, begin);
    return character.charCodeAt(0) & 255;
  }

  #class(): Node {
    const begin = this.#at++;
    const set = new Uint8Array(256);
    let negated = false;
    if (this.#source[this.#at] === '^') {
      negated = true;
      this.#at++;
    }
    let first = true;
    for (;;) {
      const character = this.#source[this.#at];
      if (character === undefined) throw new Fault('a class is not closed', begin);
      if (character === ']' && !first) {
        this.#at++;
        break;
      }
      first = false;
      const from = this.#member(set);
      if (from === undefined) continue;
      if (this.#source[this.#at] === '-' && this.#source[this.#at + 1] !== ']' && this.#source[this.#at + 1] !== undefined) {
        const dash = this.#at++;
        const to = this.#member(set);
        if (to === undefined) {
          set[from] = 1;
          set[45] = 1;
          continue;
        }
        if (to < from) throw new Fault('a range in a class is in the wrong order', dash);
        for (let byte = from; byte <= to; byte++) set[byte] = 1;
      } else set[from] = 1;
    }
    this.#folded(set);
    if (negated) for (let byte = 0; byte < 256; byte++) set[byte] ^= 1;
    return { kind: 'set', set };
  }

  /** One member of a class: its byte, or undefined where it was a whole set (already added). */
  #member(set: Uint8Array): number | undefined {
    const character = this.#source[this.#at];
    if (character === '[') {
      const posix = /^\[:(\^?)(\w+):\]/.exec(this.#source.slice(this.#at, this.#at + 16));
      if (posix !== null) {
        const test = POSIX[posix[2]];
        if (test === undefined) throw new Fault(`class \`${posix[2]}\` is not known`, this.#at);
        this.#at += posix[0].length;
        for (let byte = 0; byte < 256; byte++) if (test(byte) !== (posix[1] === '^')) set[byte] = 1;
        return undefined;
      }
    }
    if (character === '\\') {
      const next = this.#source[this.#at + 1];
      const lower = next?.toLowerCase();
      if (lower !== undefined && CLASSES[lower] !== undefined) {
        this.#at += 2;
        const test = CLASSES[lower];
        for (let byte = 0; byte < 256; byte++) if (test(byte) === (next === lower)) set[byte] = 1;
        return undefined;
      }
      if (next === 'b') {
        this.#at += 2;
        return 8;
      }
      if (next === 'Q' || next === 'E') {
        this.#at += 2;
        return undefined;
      }
      return this.#escapedByte();
    }
    const code = this.#source.charCodeAt(this.#at++);
    if (code < 128) return code;
    for (const byte of new TextEncoder().encode(String.fromCharCode(code))) set[byte] = 1;
    return undefined;
  }
}
