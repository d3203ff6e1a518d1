/**
 * Patterns of Lua (reference manual, section 6.4.1) on strings of bytes. They backtrack, so every attempt is a step of the
 * machine, and recursion is limited.
 */
import type { Machine } from './machine.ts';
import { LuaError, type Value } from './values.ts';

const MOST_CAPTURES = 32;
const MOST_NESTED = 200;
const POSITION = -2;
const OPEN = -1;

export interface Found {
  readonly start: number;
  readonly end: number;
  /** texts, and positions (from 1) for empty captures */
  readonly captures: Value[];
}

const CLASSES: Readonly<Record<string, RegExp>> = {
  a: /[A-Za-z]/,
  // biome-ignore lint/suspicious/noControlCharactersInRegex: the class of control characters
  c: /[\x00-\x1f\x7f]/,
  d: /[0-9]/,
  g: /[!-~]/,
  l: /[a-z]/,
  p: /[!-/:-@[-`{-~]/,
  s: /[ \t-\r]/,
  u: /[A-Z]/,
  w: /[A-Za-z0-9]/,
  x: /[A-Fa-f0-9]/,
};
/** by letter and byte, made on first use */
const tables = new Map<string, Uint8Array>();

function inClass(letter: string, byte: string): boolean {
  const lower = letter.toLowerCase();
  if (CLASSES[lower] === undefined) return letter === byte;
  let table = tables.get(lower);
  if (table === undefined) {
    table = Uint8Array.from({ length: 256 }, (_, code) => (CLASSES[lower].test(String.fromCharCode(code)) ? 1 : 0));
    tables.set(lower, table);
  }
  return (table[byte.charCodeAt(0)] === 1) === (letter === lower);
}

/** First match at or after `from`; undefined: none. */
export function findPattern(machine: Machine, text: string, pattern: string, from: number): Found | undefined {
  const anchored = pattern.startsWith('^');
  for (let start = from; start <= text.length; start++) {
    const found = matchAt(machine, text, pattern, start, anchored ? 1 : 0);
    if (found !== undefined || anchored) return found;
  }
  return undefined;
}

export function matchAt(machine: Machine, text: string, pattern: string, start: number, patternStart: number): Found | undefined {
  const starts: number[] = [];
  const lengths: number[] = [];
  let depth = 0;
  const end = match(start, patternStart);
  if (end < 0) return undefined;
  return { start, end, captures: starts.map((_, at) => captured(at)) };

  function captured(at: number): Value {
    if (lengths[at] === POSITION) return BigInt(starts[at] + 1);
    if (lengths[at] === OPEN) throw new LuaError('unfinished capture');
    return machine.text(text.slice(starts[at], starts[at] + lengths[at]));
  }

  /** position after one class that begins at `p` */
  function classEnd(p: number): number {
    if (p >= pattern.length) throw new LuaError("malformed pattern (ends with '%')");
    const character = pattern[p++];
    if (character === '%') {
      if (p >= pattern.length) throw new LuaError("malformed pattern (ends with '%')");
      return p + 1;
    }
    if (character !== '[') return p;
    if (pattern[p] === '^') p++;
    do {
      if (p >= pattern.length) throw new LuaError("malformed pattern (missing ']')");
      const inner = pattern[p++];
      if (inner === '%') p++;
    } while (pattern[p] !== ']' || p >= pattern.length);
    return p + 1;
  }

  function inSet(byte: string, p: number, last: number): boolean {
    let negated = false;
    if (pattern[++p] === '^') {
      negated = true;
      p++;
    }
    for (; p < last; p++) {
      machine.step();
      if (pattern[p] === '%') {
        p++;
        if (inClass(pattern[p], byte)) return !negated;
      } else if (pattern[p + 1] === '-' && p + 2 < last) {
        if (pattern[p] <= byte && byte <= pattern[p + 2]) return !negated;
        p += 2;
      } else if (pattern[p] === byte) return !negated;
    }
    return negated;
  }

  function single(s: number, p: number, ep: number): boolean {
    if (s >= text.length) return false;
    machine.step();
    const byte = text[s];
    if (pattern[p] === '.') return true;
    if (pattern[p] === '%') return inClass(pattern[p + 1], byte);
    if (pattern[p] === '[') return inSet(byte, p, ep - 1);
    return pattern[p] === byte;
  }

  function match(s: number, p: number): number {
    if (++depth > MOST_NESTED) throw new LuaError('pattern too complex');
    try {
      for (;;) {
        machine.step();
        if (p >= pattern.length) return s;
        const character = pattern[p];
        if (character === '(') {
          const isPosition = pattern[p + 1] === ')';
          if (starts.length >= MOST_CAPTURES) throw new LuaError('too many captures');
          starts.push(s);
          lengths.push(isPosition ? POSITION : OPEN);
          const end = match(s, p + (isPosition ? 2 : 1));
          if (end < 0) {
            starts.pop();
            lengths.pop();
          }
          return end;
        }
        if (character === ')') {
          const open = lengths.lastIndexOf(OPEN);
          if (open < 0) throw new LuaError('invalid pattern capture');
          lengths[open] = s - starts[open];
          const end = match(s, p + 1);
          if (end < 0) lengths[open] = OPEN;
          return end;
        }
        if (character === '$' && p + 1 === pattern.length) return s === text.length ? s : -1;
        if (character === '%') {
          const kind = pattern[p + 1];
          if (kind === 'b') {
            s = balanced(s, p + 2);
            if (s < 0) return -1;
            p += 4;
            continue;
          }
          if (kind === 'f') {
            p += 2;
            if (pattern[p] !== '[') throw new LuaError("missing '[' after '%f' in pattern");
            const ep = classEnd(p);
            const before = s === 0 ? '\0' : text[s - 1];
            if (inSet(before, p, ep - 1) || !inSet(text[s] ?? '\0', p, ep - 1)) return -1;
            p = ep;
            continue;
          }
          if (kind !== undefined && kind >= '0' && kind <= '9') {
            const at = Number(kind) - 1;
            if (at < 0 || at >= lengths.length || lengths[at] === OPEN) throw new LuaError(`invalid capture index %${at + 1}`);
            const before = lengths[at] === POSITION ? '' : text.slice(starts[at], starts[at] + lengths[at]);
            machine.step(before.length);
            if (!text.startsWith(before, s)) return -1;
            s += before.length;
            p += 2;
            continue;
          }
        }
        const ep = classEnd(p);
        const repeat = pattern[ep];
        if (repeat === '?') {
          if (single(s, p, ep)) {
            const end = match(s + 1, ep + 1);
            if (end >= 0) return end;
          }
          p = ep + 1;
          continue;
        }
        if (repeat === '*' || repeat === '+') {
          let count = 0;
          while (single(s + count, p, ep)) count++;
          for (const least = repeat === '+' ? 1 : 0; count >= least; count--) {
            const end = match(s + count, ep + 1);
            if (end >= 0) return end;
          }
          return -1;
        }
        if (repeat === '-') {
          for (;;) {
            const end = match(s, ep + 1);
            if (end >= 0) return end;
            if (!single(s, p, ep)) return -1;
            s++;
          }
        }
        if (!single(s, p, ep)) return -1;
        s++;
        p = ep;
      }
    } finally {
      depth--;
    }
  }

  function balanced(s: number, p: number): number {
    if (p + 1 >= pattern.length) throw new LuaError("malformed pattern (missing arguments to '%b')");
    if (text[s] !== pattern[p]) return -1;
    let open = 1;
    for (let at = s + 1; at < text.length; at++) {
      machine.step();
      if (text[at] === pattern[p + 1]) {
        if (--open === 0) return at + 1;
      } else if (text[at] === pattern[p]) open++;
    }
    return -1;
  }
}
