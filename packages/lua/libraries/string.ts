/** Manipulation of strings (reference manual, section 6.4). */
import type { Interpreter } from '../interpreter.ts';
import { index, STRING } from '../operations.ts';
import { isNumber, LuaError, numberText, Table, typeOf, type Value } from '../values.ts';
import { badArgument, optionalText, optionalWhole, text, whole } from './arguments.ts';
import { format } from './format.ts';
import { pack, packSize, unpack } from './pack.ts';
import { Matcher } from './patterns.ts';

const MAGIC = /[\^$*+?.()[\]%-]/;
const MOST_BYTES = 5000;

export function installStrings(lua: Interpreter): void {
  const step = (): void => lua.step();
  const made = (result: string): string => {
    lua.allocate(result.length + STRING);
    return result;
  };
  /** Positions from the end are negative; clipped at the beginning. */
  const start = (at: number, length: number): number => (at > 0 ? at : at === 0 || at < -length ? 1 : length + at + 1);
  const end = (at: number, length: number): number => (at > length ? length : at >= 0 ? at : at < -length ? 0 : length + at + 1);

  const search = (args: readonly Value[], name: string, isFind: boolean): readonly Value[] => {
    const subject = text(args, 0, name);
    const pattern = text(args, 1, name);
    const from = start(optionalWhole(args, 2, name, 1), subject.length) - 1;
    if (from > subject.length) return [undefined];
    if (isFind && ((args[3] !== undefined && args[3] !== false) || !MAGIC.test(pattern))) {
      lua.steps(Math.ceil((subject.length - from) / 16));
      const found = subject.indexOf(pattern, from);
      return found < 0 ? [undefined] : [found + 1, found + pattern.length];
    }
    const isAnchored = pattern.startsWith('^');
    const matcher = new Matcher(subject, pattern, step);
    for (let at = from; at <= subject.length; at++) {
      const to = matcher.match(at, isAnchored ? 1 : 0);
      if (to >= 0) {
        const captures = matcher.captures(at, to);
        if (!isFind) return captures;
        return hasCaptures(pattern) ? [at + 1, to, ...captures] : [at + 1, to];
      }
      if (isAnchored) break;
    }
    return [undefined];
  };

  const functions: Readonly<Record<string, (args: readonly Value[]) => readonly Value[]>> = {
    byte(args) {
      const subject = text(args, 0, 'byte');
      const from = start(optionalWhole(args, 1, 'byte', 1), subject.length);
      const to = end(optionalWhole(args, 2, 'byte', from), subject.length);
      if (to - from >= MOST_BYTES) throw new LuaError('string slice too long');
      const bytes: number[] = [];
      for (let at = from; at <= to; at++) bytes.push(subject.charCodeAt(at - 1));
      return bytes;
    },
    char: (args) => [
      made(
        args
          .map((_one, at) => {
            const byte = whole(args, at, 'char');
            return byte < 0 || byte > 255 ? badArgument(at, 'char', 'value out of range') : String.fromCharCode(byte);
          })
          .join(''),
      ),
    ],
    find: (args) => search(args, 'find', true),
    format: (args) => [made(format(lua, args))],
    gmatch(args) {
      const subject = text(args, 0, 'gmatch');
      const pattern = text(args, 1, 'gmatch');
      const matcher = new Matcher(subject, pattern, step);
      let at = start(optionalWhole(args, 2, 'gmatch', 1), subject.length) - 1;
      let last = -1;
      return [
        () => {
          for (; at <= subject.length; at++) {
            const to = matcher.match(at, 0);
            if (to < 0 || to === last) continue;
            const captures = matcher.captures(at, to);
            at = last = to;
            return captures;
          }
          return [undefined];
        },
      ];
    },
    gsub(args) {
      const subject = text(args, 0, 'gsub');
      const pattern = text(args, 1, 'gsub');
      const replacement = args[2];
      if (typeof replacement !== 'string' && !isNumber(replacement) && !(replacement instanceof Table) && typeof replacement !== 'function')
        badArgument(2, 'gsub', `string/function/table expected, got ${typeOf(replacement)}`);
      const most = args[3] === undefined ? subject.length + 1 : whole(args, 3, 'gsub');
      const isAnchored = pattern.startsWith('^');
      const matcher = new Matcher(subject, pattern, step);
      let out = '';
      let count = 0;
      let at = 0;
      let last = -1;
      const put = (part: string): void => {
        lua.allocate(part.length);
        out += part;
      };
      while (count < most) {
        const to = matcher.match(at, isAnchored ? 1 : 0);
        if (to >= 0 && to !== last) {
          count++;
          put(replaced(lua, matcher, replacement, at, to, subject));
          at = last = to;
        } else if (at < subject.length) put(subject[at++]);
        else break;
        if (isAnchored) break;
      }
      return [made(out + subject.slice(at)), count];
    },
    len: (args) => [text(args, 0, 'len').length],
    lower: (args) => [made(text(args, 0, 'lower').replace(/[A-Z]+/g, (letters) => letters.toLowerCase()))],
    match: (args) => search(args, 'match', false),
    pack: (args) => [made(pack(args))],
    packsize: (args) => [packSize(text(args, 0, 'packsize'))],
    rep(args) {
      const subject = text(args, 0, 'rep');
      const count = whole(args, 1, 'rep');
      const between = optionalText(args, 2, 'rep', '');
      if (count <= 0) return [''];
      const bytes = subject.length * count + between.length * (count - 1);
      if (bytes > 0x1fffffe0) throw new LuaError('resulting string too large');
      // Before it is made.
      lua.allocate(bytes + STRING);
      return [between === '' ? subject.repeat(count) : (subject + between).repeat(count - 1) + subject];
    },
    reverse: (args) => [made([...text(args, 0, 'reverse')].reverse().join(''))],
    sub(args) {
      const subject = text(args, 0, 'sub');
      const from = start(whole(args, 1, 'sub'), subject.length);
      const to = end(optionalWhole(args, 2, 'sub', -1), subject.length);
      return [made(subject.slice(from - 1, Math.max(from - 1, to)))];
    },
    unpack(args) {
      const bytes = text(args, 1, 'unpack');
      const from = start(optionalWhole(args, 2, 'unpack', 1), bytes.length) - 1;
      if (from > bytes.length) badArgument(2, 'unpack', 'initial position out of string');
      return unpack(text(args, 0, 'unpack'), bytes, from);
    },
    upper: (args) => [made(text(args, 0, 'upper').replace(/[a-z]+/g, (letters) => letters.toUpperCase()))],
  };
  for (const [name, one] of Object.entries(functions)) lua.strings.set(name, one);
  lua.globals.set('string', lua.strings);
}

/** Has the pattern a capture of its own? */
function hasCaptures(pattern: string): boolean {
  for (let at = 0; at < pattern.length; at++) {
    if (pattern[at] === '%') at++;
    else if (pattern[at] === '[') {
      at += pattern[at + 1] === '^' ? 2 : 1;
      do if (pattern[at++] === '%') at++;
      while (at < pattern.length && pattern[at] !== ']');
    } else if (pattern[at] === '(') return true;
  }
  return false;
}

function replaced(lua: Interpreter, matcher: Matcher, replacement: Value, from: number, to: number, subject: string): string {
  let value: Value;
  if (replacement instanceof Table) value = index(lua, replacement, matcher.capture(0, from, to), '');
  else if (typeof replacement === 'function') [value] = lua.call(replacement, matcher.captures(from, to));
  else {
    const pattern = typeof replacement === 'string' ? replacement : numberText(replacement as number);
    return pattern.replace(/%([\s\S]?)/g, (_all, letter: string) => {
      if (letter === '%') return '%';
      if (letter === '0') return subject.slice(from, to);
      if (!/[1-9]/.test(letter)) throw new LuaError("invalid use of '%' in replacement string");
      const captured = matcher.capture(Number(letter) - 1, from, to);
      return typeof captured === 'string' ? captured : numberText(captured as number);
    });
  }
  if (value === undefined || value === false) return subject.slice(from, to);
  if (typeof value === 'string') return value;
  if (isNumber(value)) return numberText(value);
  throw new LuaError(`invalid replacement value (a ${typeOf(value)})`);
}
