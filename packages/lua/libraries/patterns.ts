/** Patterns of Lua (reference manual, section 6.4.1) on strings of bytes. Every position that is tried is a step of the script. */
import { LuaError, type Value } from '../values.ts';

const MOST_CAPTURES = 32;
const DEEPEST = 200;
const OPEN = -1;
const POSITION = -2;

export class Matcher {
  readonly #text: string;
  readonly #pattern: string;
  readonly #step: () => void;
  #starts: number[] = [];
  /** lengths, or OPEN, or POSITION */
  #lengths: number[] = [];
  #depth = 0;

  constructor(text: string, pattern: string, step: () => void) {
    this.#text = text;
    this.#pattern = pattern;
    this.#step = step;
  }

  /** Where a match that begins at `at` ends, -1 for none. */
  match(at: number, patternAt: number): number {
    this.#starts = [];
    this.#lengths = [];
    this.#depth = 0;
    return this.#do(at, patternAt);
  }

  /** Of the last match; the whole of it where the pattern captures nothing. */
  captures(start: number, end: number): Value[] {
    if (this.#starts.length === 0) return [this.#text.slice(start, end)];
    return this.#starts.map((_one, at) => this.capture(at, start, end));
  }

  capture(at: number, start: number, end: number): Value {
    if (at >= this.#starts.length) {
      if (at === 0) return this.#text.slice(start, end);
      throw new LuaError(`invalid capture index %${at + 1}`);
    }
    const length = this.#lengths[at];
    if (length === OPEN) throw new LuaError('unfinished capture');
    return length === POSITION ? this.#starts[at] + 1 : this.#text.slice(this.#starts[at], this.#starts[at] + length);
  }

  #do(from: number, patternFrom: number): number {
    if (++this.#depth > DEEPEST) throw new LuaError('pattern too complex');
    try {
      return this.#follow(from, patternFrom);
    } finally {
      this.#depth--;
    }
  }

  #follow(from: number, patternFrom: number): number {
    const pattern = this.#pattern;
    const text = this.#text;
    let at = from;
    let place = patternFrom;
    for (;;) {
      this.#step();
      if (place >= pattern.length) return at;
      const letter = pattern[place];
      if (letter === '(') return pattern[place + 1] === ')' ? this.#begin(at, place + 2, POSITION) : this.#begin(at, place + 1, OPEN);
      if (letter === ')') return this.#finish(at, place + 1);
      if (letter === '$' && place + 1 === pattern.length) return at === text.length ? at : -1;
      if (letter === '%') {
        const next = pattern[place + 1];
        if (next === 'b') {
          at = this.#balanced(at, place + 2);
          if (at < 0) return -1;
          place += 4;
          continue;
        }
        if (next === 'f') {
          place += 2;
          if (pattern[place] !== '[') throw new LuaError("missing '[' after '%f' in pattern");
          const end = this.#classEnd(place);
          const before = at === 0 ? 0 : text.charCodeAt(at - 1);
          const here = at < text.length ? text.charCodeAt(at) : 0;
          if (this.#inSet(before, place, end - 1) || !this.#inSet(here, place, end - 1)) return -1;
          place = end;
          continue;
        }
        if (next !== undefined && next >= '0' && next <= '9') {
          const number = Number(next) - 1;
          if (number < 0 || number >= this.#starts.length || this.#lengths[number] === OPEN) throw new LuaError(`invalid capture index %${next}`);
          const held = text.substr(this.#starts[number], Math.max(0, this.#lengths[number]));
          if (!text.startsWith(held, at)) return -1;
          at += held.length;
          place += 2;
          continue;
        }
      }
      const end = this.#classEnd(place);
      const sign = pattern[end];
      if (sign === '?') {
        if (this.#single(at, place, end)) {
          const found = this.#do(at + 1, end + 1);
          if (found >= 0) return found;
        }
        place = end + 1;
      } else if (sign === '+') return this.#single(at, place, end) ? this.#most(at + 1, place, end) : -1;
      else if (sign === '*') return this.#most(at, place, end);
      else if (sign === '-') {
        for (;;) {
          const found = this.#do(at, end + 1);
          if (found >= 0) return found;
          if (!this.#single(at, place, end)) return -1;
          at++;
        }
      } else {
        if (!this.#single(at, place, end)) return -1;
        at++;
        place = end;
      }
    }
  }

  #most(from: number, place: number, end: number): number {
    let count = 0;
    while (this.#single(from + count, place, end)) {
      this.#step();
      count++;
    }
    for (; count >= 0; count--) {
      const found = this.#do(from + count, end + 1);
      if (found >= 0) return found;
    }
    return -1;
  }

  #begin(at: number, place: number, what: number): number {
    if (this.#starts.length >= MOST_CAPTURES) throw new LuaError('too many captures');
    this.#starts.push(at);
    this.#lengths.push(what);
    const found = this.#do(at, place);
    if (found < 0) {
      this.#starts.pop();
      this.#lengths.pop();
    }
    return found;
  }

  #finish(at: number, place: number): number {
    const number = this.#lengths.lastIndexOf(OPEN);
    if (number < 0) throw new LuaError('invalid pattern capture');
    this.#lengths[number] = at - this.#starts[number];
    const found = this.#do(at, place);
    if (found < 0) this.#lengths[number] = OPEN;
    return found;
  }

  #balanced(at: number, place: number): number {
    const open = this.#pattern[place];
    const close = this.#pattern[place + 1];
    if (close === undefined) throw new LuaError("missing arguments to '%b'");
    if (this.#text[at] !== open) return -1;
    let depth = 1;
    for (let next = at + 1; next < this.#text.length; next++) {
      this.#step();
      if (this.#text[next] === close) {
        if (--depth === 0) return next + 1;
      } else if (this.#text[next] === open) depth++;
    }
    return -1;
  }

  /** Where the class that begins here ends. */
  #classEnd(place: number): number {
    const pattern = this.#pattern;
    if (pattern[place] === '%') {
      if (place + 1 >= pattern.length) throw new LuaError("malformed pattern (ends with '%')");
      return place + 2;
    }
    if (pattern[place] !== '[') return place + 1;
    let at = place + 1;
    if (pattern[at] === '^') at++;
    do {
      if (at >= pattern.length) throw new LuaError("malformed pattern (missing ']')");
      if (pattern[at++] === '%') at++;
    } while (pattern[at] !== ']');
    return at + 1;
  }

  #single(at: number, place: number, end: number): boolean {
    if (at >= this.#text.length) return false;
    const byte = this.#text.charCodeAt(at);
    switch (this.#pattern[place]) {
      case '.':
        return true;
      case '%':
        return isOfClass(byte, this.#pattern[place + 1]);
      case '[':
        return this.#inSet(byte, place, end - 1);
      default:
        return this.#pattern.charCodeAt(place) === byte;
    }
  }

  /** `place`: of `[`; `end`: of `]`. */
  #inSet(byte: number, place: number, end: number): boolean {
    const pattern = this.#pattern;
    let at = place + 1;
    const isNegated = pattern[at] === '^';
    if (isNegated) at++;
    for (; at < end; at++) {
      if (pattern[at] === '%') {
        at++;
        if (isOfClass(byte, pattern[at])) return !isNegated;
      } else if (pattern[at + 1] === '-' && at + 2 < end) {
        if (pattern.charCodeAt(at) <= byte && byte <= pattern.charCodeAt(at + 2)) return !isNegated;
        at += 2;
      } else if (pattern.charCodeAt(at) === byte) return !isNegated;
    }
    return isNegated;
  }
}

function between(byte: number, low: number, high: number): boolean {
  return byte >= low && byte <= high;
}

/** Classes of the C locale. */
function isOfClass(byte: number, letter: string): boolean {
  const isLetter = between(byte | 32, 97, 122);
  const isDigit = between(byte, 48, 57);
  let holds: boolean;
  switch (letter.toLowerCase()) {
    case 'a':
      holds = isLetter;
      break;
    case 'c':
      holds = byte < 32 || byte === 127;
      break;
    case 'd':
      holds = isDigit;
      break;
    case 'g':
      holds = between(byte, 33, 126);
      break;
    case 'l':
      holds = between(byte, 97, 122);
      break;
    case 'p':
      holds = between(byte, 33, 126) && !isLetter && !isDigit;
      break;
    case 's':
      holds = byte === 32 || between(byte, 9, 13);
      break;
    case 'u':
      holds = between(byte, 65, 90);
      break;
    case 'w':
      holds = isLetter || isDigit;
      break;
    case 'x':
      holds = isDigit || between(byte | 32, 97, 102);
      break;
    default:
      return letter.charCodeAt(0) === byte;
  }
  return letter >= 'a' ? holds : !holds;
}
