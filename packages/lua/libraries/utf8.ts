/** Code points in strings of bytes (reference manual, section 6.5). */
import type { Interpreter } from '../interpreter.ts';
import { utf8 } from '../lexer.ts';
import { LuaError, type Value } from '../values.ts';
import { badArgument, optionalWhole, text, whole } from './arguments.ts';

const LARGEST = 0x7fffffff;

/** The code point at a place (from 0) and where it ends; undefined where there is none. */
function decode(bytes: string, at: number, lax: boolean): readonly [point: number, end: number] | undefined {
  const first = bytes.charCodeAt(at);
  if (first < 0x80) return [first, at + 1];
  if (first < 0xc2 || first > 0xfd) return undefined;
  const extra = first < 0xe0 ? 1 : first < 0xf0 ? 2 : first < 0xf8 ? 3 : first < 0xfc ? 4 : 5;
  let point = first & (0x3f >> extra);
  for (let next = 1; next <= extra; next++) {
    const byte = bytes.charCodeAt(at + next);
    if ((byte & 0xc0) !== 0x80) return undefined;
    point = point * 64 + (byte & 0x3f);
  }
  const least = [0, 0x80, 0x800, 0x10000, 0x200000, 0x4000000][extra];
  if (point < least || (!lax && (point > 0x10ffff || (point >= 0xd800 && point <= 0xdfff)))) return undefined;
  return [point, at + extra + 1];
}

export function installUtf8(lua: Interpreter): void {
  const place = (bytes: string, at: number): number => (at >= 0 ? at : bytes.length + at + 1);
  const continues = (bytes: string, at: number): boolean => (bytes.charCodeAt(at) & 0xc0) === 0x80;
  const library = lua.library({
    char: (args) => [
      args
        .map((_one, at) => {
          const point = whole(args, at, 'char');
          return point < 0 || point > LARGEST ? badArgument(at, 'char', 'value out of range') : utf8(point);
        })
        .join(''),
    ],
    codepoint(args) {
      const bytes = text(args, 0, 'codepoint');
      const from = place(bytes, optionalWhole(args, 1, 'codepoint', 1));
      const to = place(bytes, optionalWhole(args, 2, 'codepoint', from));
      if (from < 1) badArgument(1, 'codepoint', 'out of bounds');
      if (to > bytes.length) badArgument(2, 'codepoint', 'out of bounds');
      const points: number[] = [];
      for (let at = from - 1; at < to; ) {
        const found = decode(bytes, at, args[3] === true);
        if (found === undefined) throw new LuaError('invalid UTF-8 code');
        points.push(found[0]);
        at = found[1];
      }
      lua.steps(points.length);
      return points;
    },
    codes(args) {
      const bytes = text(args, 0, 'codes');
      const lax = args[1] === true;
      return [
        ([, control]: readonly Value[]): readonly Value[] => {
          let at = control as number;
          while (at > 0 && continues(bytes, at)) at++;
          if (at >= bytes.length) return [undefined];
          const found = decode(bytes, at, lax);
          if (found === undefined || continues(bytes, found[1])) throw new LuaError('invalid UTF-8 code');
          return [at + 1, found[0]];
        },
        bytes,
        0,
      ];
    },
    len(args) {
      const bytes = text(args, 0, 'len');
      const from = place(bytes, optionalWhole(args, 1, 'len', 1));
      const to = place(bytes, optionalWhole(args, 2, 'len', -1));
      let count = 0;
      for (let at = from - 1; at < to; count++) {
        const found = decode(bytes, at, args[3] === true);
        if (found === undefined) return [undefined, at + 1];
        at = found[1];
      }
      lua.steps(count);
      return [count];
    },
    offset(args) {
      const bytes = text(args, 0, 'offset');
      let count = whole(args, 1, 'offset');
      let at = place(bytes, optionalWhole(args, 2, 'offset', count > 0 ? 1 : bytes.length + 1)) - 1;
      if (at < 0 || at > bytes.length) badArgument(2, 'offset', 'position out of bounds');
      lua.steps(Math.min(bytes.length, Math.abs(count)));
      if (count === 0) {
        while (at > 0 && continues(bytes, at)) at--;
        return [at + 1];
      }
      if (continues(bytes, at)) throw new LuaError('initial position is a continuation byte');
      while (count < 0 && at > 0) {
        do at--;
        while (at > 0 && continues(bytes, at));
        count++;
      }
      if (count > 0) {
        count--;
        while (count > 0 && at < bytes.length) {
          do at++;
          while (continues(bytes, at));
          count--;
        }
      }
      return [count === 0 ? at + 1 : undefined];
    },
  });
  library.set('charpattern', '[\0-\x7F\xC2-\xFD][\x80-\xBF]*');
  lua.globals.set('utf8', library);
}
