/** Text of a Lua script → tokens (reference manual, section 3.1). One character is one byte. */
import { type Float, LuaError, numberOf } from './values.ts';

export interface Token {
  /** a keyword or sign as it is written, or `name`, `string`, `number`, `end of file` */
  readonly kind: string;
  readonly value: string | number | bigint | Float | undefined;
  readonly line: number;
}

const KEYWORDS = new Set('and break do else elseif end false for function goto if in local nil not or repeat return then true until while'.split(' '));
const SIGNS = ['...', '<<', '>>', '//', '==', '~=', '<=', '>=', '::', '..', ...'+-*/%^#&~|<>=(){}[];:,.'];
const END = 'end of file';
const NAME = /[A-Za-z_][A-Za-z0-9_]*/y;
const NUMBER = /0[xX](?:[0-9a-fA-F]|\.|[pP][+-]?)*|(?:\d|\.\d)(?:\d|\.|[eE][+-]?)*/y;
const SPACE = /[ \t\v\f\r]+/y;
const ESCAPES: Readonly<Record<string, string>> = {
  n: '\n',
  t: '\t',
  r: '\r',
  a: '\x07',
  b: '\b',
  f: '\f',
  v: '\v',
  '\\': '\\',
  '"': '"',
  "'": "'",
  '\n': '\n',
};

/** Throws LuaError with the line of what it can not read. */
export function tokensOf(text: string, chunk: string): Token[] {
  const tokens: Token[] = [];
  let at = text.startsWith('#') ? lineEnd(text, 0) : 0;
  let line = 1;
  const fail = (message: string): never => {
    throw new LuaError(`${chunk}:${line}: ${message}`);
  };
  const match = (pattern: RegExp): string | undefined => {
    pattern.lastIndex = at;
    return pattern.exec(text)?.[0];
  };

  /** `[[`, `[=[` … and what belongs to it; undefined where it is no long bracket. */
  const long = (): string | undefined => {
    let level = at + 1;
    while (text[level] === '=') level++;
    if (text[level] !== '[') return undefined;
    const close = `]${'='.repeat(level - at - 1)}]`;
    const end = text.indexOf(close, level + 1);
    if (end < 0) return fail('unfinished long string or comment');
    let body = text.slice(level + 1, end);
    at = end + close.length;
    line += body.split('\n').length - 1;
    body = body.replace(/\r\n|\n\r|\r/g, '\n');
    return body.startsWith('\n') ? body.slice(1) : body;
  };

  const quoted = (quote: string): string => {
    let out = '';
    at++;
    for (;;) {
      const letter = text[at];
      if (letter === undefined || letter === '\n') fail('unfinished string');
      at++;
      if (letter === quote) return out;
      if (letter !== '\\') {
        out += letter;
        continue;
      }
      const after = text[at++] ?? '';
      if (ESCAPES[after] !== undefined) {
        if (after === '\n') line++;
        out += ESCAPES[after];
      } else if (after === 'x') {
        const digits = /^[0-9a-fA-F]{2}/.exec(text.slice(at, at + 2));
        if (digits === null) fail('hexadecimal digit expected');
        out += String.fromCharCode(Number.parseInt(text.slice(at, at + 2), 16));
        at += 2;
      } else if (after === 'z') {
        while (/[\s]/.test(text[at] ?? '')) if (text[at++] === '\n') line++;
      } else if (after === 'u') {
        const point = /^\{([0-9a-fA-F]{1,8})\}/.exec(text.slice(at, at + 12));
        if (point === null) return fail('missing { in \\u{xxxx}');
        out += utf8(Number.parseInt(point[1], 16));
        at += point[0].length;
      } else {
        const digits = /^\d{1,3}/.exec(text.slice(at - 1, at + 2));
        if (digits === null || Number(digits[0]) > 255) return fail('invalid escape sequence');
        out += String.fromCharCode(Number(digits[0]));
        at += digits[0].length - 1;
      }
    }
  };

  while (at < text.length) {
    const space = match(SPACE);
    if (space !== undefined) {
      at += space.length;
      continue;
    }
    const letter = text[at];
    if (letter === '\n') {
      line++;
      at++;
    } else if (text.startsWith('--', at)) {
      at += 2;
      if (text[at] !== '[' || long() === undefined) at = lineEnd(text, at);
    } else if (letter === '"' || letter === "'") {
      const begun = line;
      tokens.push({ kind: 'string', value: quoted(letter), line: begun });
    } else if (letter === '[' && (text[at + 1] === '[' || text[at + 1] === '=')) {
      const begun = line;
      const body = long();
      if (body === undefined) return fail('invalid long string delimiter');
      tokens.push({ kind: 'string', value: body, line: begun });
    } else if (/[0-9]/.test(letter) || (letter === '.' && /[0-9]/.test(text[at + 1] ?? ''))) {
      const digits = match(NUMBER) ?? '';
      const value = /[A-Za-z_]/.test(text[at + digits.length] ?? '') ? undefined : numberOf(digits);
      if (value === undefined) return fail(`malformed number near '${digits}'`);
      tokens.push({ kind: 'number', value, line });
      at += digits.length;
    } else {
      const name = match(NAME);
      if (name !== undefined) {
        tokens.push({ kind: KEYWORDS.has(name) ? name : 'name', value: name, line });
        at += name.length;
        continue;
      }
      const sign = SIGNS.find((one) => text.startsWith(one, at));
      if (sign === undefined) return fail(`unexpected symbol near '${letter}'`);
      tokens.push({ kind: sign, value: undefined, line });
      at += sign.length;
    }
  }
  tokens.push({ kind: END, value: undefined, line });
  return tokens;
}

function lineEnd(text: string, from: number): number {
  const end = text.indexOf('\n', from);
  return end < 0 ? text.length : end;
}

/** A code point as bytes, also beyond Unicode (up to 2^31, as Lua allows). */
export function utf8(point: number): string {
  if (point < 0x80) return String.fromCharCode(point);
  const bytes: number[] = [];
  let rest = point;
  let room = 0x3f;
  do {
    bytes.unshift(0x80 | (rest & 0x3f));
    rest = Math.floor(rest / 64);
    room >>= 1;
  } while (rest > room);
  bytes.unshift(((~room << 1) & 0xff) | rest);
  return String.fromCharCode(...bytes);
}
