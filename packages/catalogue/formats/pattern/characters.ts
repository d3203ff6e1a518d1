/** What stands for one byte in a pattern: characters, escapes of them, classes, Unicode properties. pcre2pattern(3). */
import { addAll, type ByteSet, foldCase, LETTER_CLASSES, POSIX_CLASSES } from './byte-sets.ts';
import { Fault, type PatternText } from './pattern-text.ts';
import { propertySet } from './unicode-properties.ts';

const CONTROL: ReadonlyMap<string, number> = new Map([
  ['n', 10],
  ['r', 13],
  ['t', 9],
  ['f', 12],
  ['e', 27],
  ['a', 7],
]);
const BACKSPACE = 8;

export function setOfByte(byte: number, nocase: boolean): ByteSet {
  const set = new Uint8Array(256);
  set[byte] = 1;
  if (nocase) foldCase(set);
  return set;
}

/** `\x41`, `\n`, `\012`, `\.`: one byte. */
export function readEscapedByte(text: PatternText): number {
  const { source, at: begin } = text;
  const character = source[begin + 1];
  if (character === undefined) throw new Fault('a backslash stands at the end', begin);
  text.at += 2;
  if (character === 'x' || character === 'o') return readNumberedByte(text, character, begin);
  if (character === 'c') {
    const control = source.charCodeAt(text.at);
    if (!(control >= 32 && control < 127)) throw new Fault('`\\c` stands before a printable character', begin);
    text.at++;
    return (control >= 97 && control <= 122 ? control - 32 : control) ^ 64;
  }
  if (character >= '0' && character <= '7') {
    const digits = /^[0-7]{1,3}/.exec(source.slice(begin + 1, begin + 4))![0];
    text.at = begin + 1 + digits.length;
    return oneByte(Number.parseInt(digits, 8), begin);
  }
  const control = CONTROL.get(character);
  if (control !== undefined) return control;
  if (/[A-Za-z]/.test(character)) throw new Fault(`\`\\${character}\` is not known here`, begin);
  return character.charCodeAt(0);
}

function readNumberedByte(text: PatternText, letter: 'x' | 'o', begin: number): number {
  const braced = text.take(letter === 'x' ? /^\{([0-9a-fA-F]{1,13})\}/ : /^\{([0-7]{1,13})\}/);
  if (braced !== undefined) return oneByte(Number.parseInt(braced[1], letter === 'x' ? 16 : 8), begin);
  if (letter === 'o') throw new Fault('an octal number stands in braces', begin);
  const [digits] = text.take(/^[0-9a-fA-F]{0,2}/)!;
  return digits === '' ? 0 : Number.parseInt(digits, 16);
}

function oneByte(value: number, at: number): number {
  if (value > 255) throw new Fault('a character above 255 can not occur in bytes', at);
  return value;
}

/** Behind `\p` or `\P`, which stands at `begin`: `L`, `{Lu}`, `{^Lu}`. */
export function readProperty(text: PatternText, negated: boolean, begin: number): ByteSet {
  const found = text.take(/^(?:\{\s*(\^?)\s*([A-Za-z0-9_&\s:=-]+?)\s*\}|([A-Z]))/);
  const set = found === undefined ? undefined : propertySet(found[2] ?? found[3]);
  if (found === undefined || set === undefined) throw new Fault('this Unicode property is not known', begin);
  return negated !== (found[1] === '^') ? set.map((flag) => flag ^ 1) : set;
}

/** `[…]` */
export function readClass(text: PatternText): ByteSet {
  const { source, at: begin } = text;
  if (/^\[\[:[<>]:\]\]/.test(source.slice(begin, begin + 7))) throw new Fault('`[[:<:]]` is not built, write `\\b`', begin);
  text.at++;
  const members = new ClassMembers(text);
  const negated = text.character === '^';
  if (negated) text.at++;
  const first = text.at;
  let literal = false;
  for (;;) {
    const { character } = text;
    if (character === undefined) throw new Fault('a class is not closed', begin);
    if (text.startsWith('\\E')) {
      literal = false;
      text.at += 2;
    } else if (!literal && text.startsWith('\\Q')) {
      literal = true;
      text.at += 2;
    } else if (!literal && character === ']' && text.at !== first) {
      text.at++;
      return members.set(negated);
    } else members.add(literal);
  }
}

class ClassMembers {
  readonly #text: PatternText;
  readonly #set = new Uint8Array(256);
  /** of properties no letter is folded */
  readonly #properties = new Uint8Array(256);

  constructor(text: PatternText) {
    this.#text = text;
  }

  set(negated: boolean): ByteSet {
    const set = this.#set;
    if (this.#text.flags.nocase) foldCase(set);
    addAll(set, this.#properties);
    if (negated) for (let byte = 0; byte < 256; byte++) set[byte] ^= 1;
    return set;
  }

  /** A member, or a range of them. */
  add(literal: boolean): void {
    const text = this.#text;
    const from = this.#member(literal);
    const behind = text.source[text.at + 1];
    const isRange = text.character === '-' && behind !== ']' && behind !== undefined && !literal;
    if (from === undefined && isRange) throw new Fault('a range in a class begins with a set', text.at);
    if (from === undefined) return;
    const dash = text.at;
    if (isRange) text.at++;
    const to = isRange ? this.#member(false) : from;
    if (to === undefined) throw new Fault('a range in a class ends with a set', dash);
    if (to < from) throw new Fault('a range in a class is in the wrong order', dash);
    for (let byte = from; byte <= to; byte++) this.#set[byte] = 1;
  }

  /** Its byte, or undefined where it was a whole set, which is added. */
  #member(literal: boolean): number | undefined {
    const text = this.#text;
    const { source, at, character } = text;
    if (literal) return source.charCodeAt(text.at++);
    if (character === '[' && this.#addPosix()) return undefined;
    if (character !== '\\') return source.charCodeAt(text.at++);
    const next = source[at + 1];
    const known = LETTER_CLASSES.get(next);
    if (known !== undefined || next === 'p' || next === 'P' || next === 'b') text.at += 2;
    if (next === 'b') return BACKSPACE;
    if (known !== undefined) addAll(this.#set, known);
    else if (next === 'p' || next === 'P') addAll(this.#properties, readProperty(text, next === 'P', at));
    else return readEscapedByte(text);
    return undefined;
  }

  /** `[:alpha:]`; false: the bracket is itself. */
  #addPosix(): boolean {
    const begin = this.#text.at;
    const posix = /^\[([:.=])(\^?)([^\]\\]*?)\1\]/.exec(this.#text.source.slice(begin, begin + 24));
    if (posix === null) return false;
    const [whole, kind, negation, name] = posix;
    const known = kind === ':' ? POSIX_CLASSES.get(name) : undefined;
    if (known === undefined) throw new Fault(`class \`${whole}\` is not known`, begin);
    this.#text.at += whole.length;
    const added = known.slice();
    // Without regard to case, upper and lower mean any letter.
    if (this.#text.flags.nocase) foldCase(added);
    if (negation === '^') for (let byte = 0; byte < 256; byte++) added[byte] ^= 1;
    addAll(this.#set, added);
    return true;
  }
}
