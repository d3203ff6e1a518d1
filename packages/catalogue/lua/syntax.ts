/**
 * Lua 5.4 text → tree (reference manual, sections 3 and 9). Bounded: nesting is limited, every step takes a token.
 * Names are resolved while reading: a variable knows whether a closure shares it.
 */
import { LuaError, readNumber } from './values.ts';

/** A local variable of one function. */
export interface Variable {
  readonly name: string;
  readonly slot: number;
  shared: boolean;
  readonly fixed: boolean;
}

export type Expression =
  | { readonly kind: 'constant'; readonly value: undefined | boolean | bigint | number | string }
  | { readonly kind: 'rest' }
  | { readonly kind: 'local'; readonly variable: Variable }
  | { readonly kind: 'captured'; readonly index: number; readonly name: string; readonly fixed: boolean }
  | { readonly kind: 'global'; readonly name: string; readonly line: number }
  | { readonly kind: 'index'; readonly object: Expression; readonly key: Expression; readonly line: number }
  | { readonly kind: 'call'; readonly callee: Expression; readonly args: readonly Expression[]; readonly line: number }
  | { readonly kind: 'method'; readonly object: Expression; readonly name: string; readonly args: readonly Expression[]; readonly line: number }
  | { readonly kind: 'function'; readonly body: FunctionBody }
  | { readonly kind: 'binary'; readonly operator: string; readonly left: Expression; readonly right: Expression; readonly line: number }
  | { readonly kind: 'unary'; readonly operator: string; readonly operand: Expression; readonly line: number }
  | { readonly kind: 'single'; readonly inner: Expression }
  | { readonly kind: 'table'; readonly items: readonly { readonly key: Expression | undefined; readonly value: Expression }[]; readonly line: number };

export type Statement =
  | { readonly kind: 'call'; readonly call: Expression }
  | { readonly kind: 'local'; readonly variables: readonly Variable[]; readonly values: readonly Expression[] }
  | { readonly kind: 'assign'; readonly targets: readonly Expression[]; readonly values: readonly Expression[] }
  | { readonly kind: 'do'; readonly body: Block }
  | { readonly kind: 'while'; readonly condition: Expression; readonly body: Block }
  | { readonly kind: 'repeat'; readonly body: Block; readonly condition: Expression }
  | { readonly kind: 'if'; readonly arms: readonly { readonly condition: Expression; readonly body: Block }[]; readonly otherwise: Block | undefined }
  | {
      readonly kind: 'for';
      readonly variable: Variable;
      readonly from: Expression;
      readonly to: Expression;
      readonly step: Expression | undefined;
      readonly body: Block;
      readonly line: number;
    }
  | { readonly kind: 'each'; readonly variables: readonly Variable[]; readonly values: readonly Expression[]; readonly body: Block; readonly line: number }
  | { readonly kind: 'return'; readonly values: readonly Expression[] }
  | { readonly kind: 'break' }
  | { readonly kind: 'goto'; readonly label: string }
  | { readonly kind: 'label'; readonly name: string };

export interface Block {
  readonly statements: readonly Statement[];
}

export interface FunctionBody {
  readonly name: string;
  readonly parameters: readonly Variable[];
  readonly takesRest: boolean;
  readonly block: Block;
  readonly slots: number;
  /** where each captured variable comes from: a local of the function around it, or one that it captured itself */
  readonly captures: readonly ({ readonly local: Variable } | { readonly captured: number })[];
}

interface Token {
  readonly kind: 'name' | 'word' | 'text' | 'number' | 'symbol' | 'end';
  readonly text: string;
  readonly value?: bigint | number;
  readonly line: number;
}

const WORDS = new Set('and break do else elseif end false for function goto if in local nil not or repeat return then true until while'.split(' '));
const SYMBOL = /\.\.\.|<<|>>|\/\/|==|~=|<=|>=|::|\.\.|[-+*/%^#&~|<>=(){}[\];:,.]/y;
/** as deep as the reference implementation reads */
const MOST_NESTED = 190;
const MOST_LOCALS = 200;

function syntaxError(chunk: string, line: number, what: string): LuaError {
  return new LuaError(`${chunk}:${line}: ${what}`);
}

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

/** The bytes of a code point up to 2^31 in the original UTF-8, one character a byte. */
export function utf8(code: number): string {
  if (code < 0x80) return String.fromCharCode(code);
  const tail: number[] = [];
  let first = 0x3f;
  do {
    tail.unshift(0x80 | (code & 0x3f));
    code = Math.floor(code / 64);
    first >>= 1;
  } while (code > first);
  return String.fromCharCode(((~first << 1) & 0xff) | code, ...tail);
}

function tokens(text: string, chunk: string): Token[] {
  const found: Token[] = [];
  let at = text.startsWith('#') ? (text.indexOf('\n') < 0 ? text.length : text.indexOf('\n')) : 0;
  let line = 1;
  const longBracket = (): string | undefined => {
    const open = /\[(=*)\[/y;
    open.lastIndex = at;
    const match = open.exec(text);
    if (match === null) return undefined;
    const end = text.indexOf(`]${match[1]}]`, open.lastIndex);
    if (end < 0) throw syntaxError(chunk, line, 'unfinished long string/comment');
    let inner = text.slice(open.lastIndex, end).replace(/\r\n|\n\r|\r/g, '\n');
    line += inner.split('\n').length - 1;
    if (inner.startsWith('\n')) inner = inner.slice(1);
    at = end + match[1].length + 2;
    return inner;
  };
  const name = /[A-Za-z_][A-Za-z0-9_]*/y;
  const numeral = /0[xX](?:[pP][-+]?|[0-9a-zA-Z_.])*|\.?\d(?:[eE][-+]?|[0-9a-zA-Z_.])*/y;
  const begins = (form: RegExp): boolean => {
    form.lastIndex = at;
    return form.test(text);
  };
  while (at < text.length) {
    const character = text[at];
    if (character === '\n') {
      line++;
      at++;
    } else if (/[ \t\r\f\v]/.test(character)) at++;
    else if (text.startsWith('--', at)) {
      at += 2;
      if (text[at] === '[' && longBracket() !== undefined) continue;
      const end = text.indexOf('\n', at);
      at = end < 0 ? text.length : end;
    } else if (begins(name)) {
      const word = text.slice(at, name.lastIndex);
      found.push({ kind: WORDS.has(word) ? 'word' : 'name', text: word, line });
      at = name.lastIndex;
    } else if (begins(numeral)) {
      const written = text.slice(at, numeral.lastIndex);
      const value = readNumber(written);
      if (value === undefined) throw syntaxError(chunk, line, `malformed number near '${written}'`);
      found.push({ kind: 'number', text: written, value, line });
      at = numeral.lastIndex;
    } else if (character === '"' || character === "'") {
      const start = line;
      found.push({ kind: 'text', text: quoted(character), line: start });
    } else {
      if (character === '[') {
        const start = line;
        const long = longBracket();
        if (long !== undefined) {
          found.push({ kind: 'text', text: long, line: start });
          continue;
        }
      }
      SYMBOL.lastIndex = at;
      const symbol = SYMBOL.exec(text);
      if (symbol === null) throw syntaxError(chunk, line, `unexpected symbol near '${character}'`);
      found.push({ kind: 'symbol', text: symbol[0], line });
      at = SYMBOL.lastIndex;
    }
  }
  found.push({ kind: 'end', text: '<eof>', line });
  return found;

  function quoted(quote: string): string {
    const parts: string[] = [];
    at++;
    for (;;) {
      const character = text[at];
      if (character === undefined || character === '\n') throw syntaxError(chunk, line, 'unfinished string');
      at++;
      if (character === quote) return parts.join('');
      if (character !== '\\') {
        parts.push(character);
        continue;
      }
      const letter = text[at++];
      if (letter === 'x') {
        const digits = text.slice(at, at + 2);
        if (!/^[0-9a-fA-F]{2}$/.test(digits)) throw syntaxError(chunk, line, 'hexadecimal digit expected');
        parts.push(String.fromCharCode(Number.parseInt(digits, 16)));
        at += 2;
      } else if (letter === 'z') {
        for (; at < text.length && /\s/.test(text[at]); at++) if (text[at] === '\n') line++;
      } else if (letter === 'u') {
        const match = /^\{([0-9a-fA-F]{1,8})\}/.exec(text.slice(at, at + 12));
        if (match === null || Number.parseInt(match[1], 16) >= 2 ** 31) throw syntaxError(chunk, line, 'UTF-8 value too large');
        parts.push(utf8(Number.parseInt(match[1], 16)));
        at += match[0].length;
      } else if (letter !== undefined && /\d/.test(letter)) {
        const digits = (/^\d{1,3}/.exec(text.slice(at - 1, at + 2)) as RegExpExecArray)[0];
        if (Number(digits) > 255) throw syntaxError(chunk, line, 'decimal escape too large');
        parts.push(String.fromCharCode(Number(digits)));
        at += digits.length - 1;
      } else if (letter === '\r') parts.push('\n');
      else if (letter !== undefined && ESCAPES[letter] !== undefined) {
        if (letter === '\n') line++;
        parts.push(ESCAPES[letter]);
      } else throw syntaxError(chunk, line, 'invalid escape sequence');
    }
  }
}

class Scope {
  readonly outer: Scope | undefined;
  readonly names: (Variable | string)[][] = [[]];
  readonly captures: ({ readonly local: Variable } | { readonly captured: number })[] = [];
  readonly captureNames = new Map<Variable, number>();
  readonly takesRest: boolean;
  slots = 0;
  active = 0;
  loops = 0;
  constructor(outer: Scope | undefined, takesRest: boolean) {
    this.outer = outer;
    this.takesRest = takesRest;
  }

  find(name: string): Variable | undefined {
    for (let at = this.names.length - 1; at >= 0; at--) {
      const level = this.names[at] as Variable[];
      for (let one = level.length - 1; one >= 0; one--) if (level[one].name === name) return level[one];
    }
    return undefined;
  }
}

/** left and right binding power */
const BINDING: Readonly<Record<string, readonly [number, number]>> = {
  or: [1, 1],
  and: [2, 2],
  '<': [3, 3],
  '>': [3, 3],
  '<=': [3, 3],
  '>=': [3, 3],
  '~=': [3, 3],
  '==': [3, 3],
  '|': [4, 4],
  '~': [5, 5],
  '&': [6, 6],
  '<<': [7, 7],
  '>>': [7, 7],
  '..': [9, 8],
  '+': [10, 10],
  '-': [10, 10],
  '*': [11, 11],
  '/': [11, 11],
  '//': [11, 11],
  '%': [11, 11],
  '^': [14, 13],
};
const UNARY_BINDING = 12;

/** Throws LuaError, its text with chunk name and line. */
export function parse(text: string, chunk: string): FunctionBody {
  if (text.startsWith('\x1bLua')) throw new LuaError(`${chunk}: compiled scripts are not accepted`);
  const all = tokens(text, chunk);
  let at = 0;
  let nested = 0;
  let scope = new Scope(undefined, true);
  const top = block();
  if (peek().kind !== 'end') throw unexpected('<eof>');
  checkJumps(top, []);
  return { name: 'main chunk', parameters: [], takesRest: true, block: top, slots: scope.slots, captures: [] };

  function peek(): Token {
    return all[at];
  }
  function is(text: string): boolean {
    const token = all[at];
    return (token.kind === 'word' || token.kind === 'symbol') && token.text === text;
  }
  function accept(text: string): boolean {
    if (!is(text)) return false;
    at++;
    return true;
  }
  function unexpected(wanted: string): LuaError {
    return syntaxError(chunk, peek().line, `'${wanted}' expected near '${peek().text.slice(0, 40)}'`);
  }
  function expect(text: string): void {
    if (!accept(text)) throw unexpected(text);
  }
  function name(): string {
    if (peek().kind !== 'name') throw unexpected('name');
    return all[at++].text;
  }
  function enter(): void {
    if (++nested > MOST_NESTED) throw syntaxError(chunk, peek().line, 'chunk has too many syntax levels');
  }
  function declare(name: string, fixed = false): Variable {
    const variable: Variable = { name, slot: scope.slots++, shared: false, fixed };
    if (++scope.active > MOST_LOCALS) throw syntaxError(chunk, peek().line, `too many local variables (limit is ${MOST_LOCALS})`);
    scope.names[scope.names.length - 1].push(variable);
    return variable;
  }
  function open(): void {
    scope.names.push([]);
  }
  function close(): void {
    scope.active -= (scope.names.pop() as unknown[]).length;
  }

  function block(): Block {
    enter();
    const statements: Statement[] = [];
    while (peek().kind !== 'end' && !is('end') && !is('else') && !is('elseif') && !is('until')) {
      if (accept('return')) {
        const values = is(';') || is('end') || is('else') || is('elseif') || is('until') || peek().kind === 'end' ? [] : list();
        accept(';');
        statements.push({ kind: 'return', values });
        break;
      }
      const one = statement();
      if (one !== undefined) statements.push(one);
    }
    nested--;
    return { statements };
  }
  function scoped(): Block {
    open();
    const inner = block();
    close();
    return inner;
  }
  function loop(): Block {
    scope.loops++;
    const inner = scoped();
    scope.loops--;
    return inner;
  }

  function statement(): Statement | undefined {
    const { line } = peek();
    if (accept(';')) return undefined;
    if (accept('if')) {
      const arms: { condition: Expression; body: Block }[] = [];
      let otherwise: Block | undefined;
      do {
        const condition = expression();
        expect('then');
        arms.push({ condition, body: scoped() });
      } while (accept('elseif'));
      if (accept('else')) otherwise = scoped();
      expect('end');
      return { kind: 'if', arms, otherwise };
    }
    if (accept('while')) {
      const condition = expression();
      expect('do');
      const body = loop();
      expect('end');
      return { kind: 'while', condition, body };
    }
    if (accept('do')) {
      const body = scoped();
      expect('end');
      return { kind: 'do', body };
    }
    if (accept('for')) return forLoop(line);
    if (accept('repeat')) {
      open();
      scope.loops++;
      const body = block();
      scope.loops--;
      expect('until');
      const condition = expression();
      close();
      return { kind: 'repeat', body, condition };
    }
    if (accept('function')) {
      const first = name();
      let target = resolve(first, line);
      let whole = first;
      while (is('.') || is(':')) {
        const isMethod = accept(':');
        if (!isMethod) expect('.');
        const key = name();
        whole += `${isMethod ? ':' : '.'}${key}`;
        target = { kind: 'index', object: target, key: { kind: 'constant', value: key }, line };
        if (isMethod) return { kind: 'assign', targets: [target], values: [functionBody(whole, true)] };
      }
      return { kind: 'assign', targets: [target], values: [functionBody(whole, false)] };
    }
    if (accept('local')) {
      if (accept('function')) {
        const own = name();
        const variable = declare(own);
        return { kind: 'local', variables: [variable], values: [functionBody(own, false)] };
      }
      const names: { name: string; fixed: boolean }[] = [];
      do {
        const one = name();
        let fixed = false;
        if (accept('<')) {
          const attribute = name();
          if (attribute !== 'const' && attribute !== 'close') throw syntaxError(chunk, line, `unknown attribute '${attribute}'`);
          if (attribute === 'close') throw syntaxError(chunk, line, "the attribute 'close' is not supported");
          fixed = true;
          expect('>');
        }
        names.push({ name: one, fixed });
      } while (accept(','));
      const values = accept('=') ? list() : [];
      return { kind: 'local', variables: names.map((one) => declare(one.name, one.fixed)), values };
    }
    if (accept('goto')) return { kind: 'goto', label: name() };
    if (accept('break')) {
      if (scope.loops === 0) throw syntaxError(chunk, line, 'break outside a loop');
      return { kind: 'break' };
    }
    if (accept('::')) {
      const label = name();
      expect('::');
      return { kind: 'label', name: label };
    }
    const first = suffixed();
    if (is('=') || is(',')) {
      const targets = [first];
      while (accept(',')) targets.push(suffixed());
      expect('=');
      for (const target of targets) {
        if (target.kind !== 'local' && target.kind !== 'captured' && target.kind !== 'global' && target.kind !== 'index')
          throw syntaxError(chunk, line, 'syntax error: cannot assign');
        const fixed = target.kind === 'local' ? target.variable.fixed : target.kind === 'captured' && target.fixed;
        if (fixed) throw syntaxError(chunk, line, `attempt to assign to const variable`);
      }
      return { kind: 'assign', targets, values: list() };
    }
    if (first.kind !== 'call' && first.kind !== 'method') throw syntaxError(chunk, peek().line, `syntax error near '${peek().text.slice(0, 40)}'`);
    return { kind: 'call', call: first };
  }

  function forLoop(line: number): Statement {
    const names = [name()];
    if (accept('=')) {
      const from = expression();
      expect(',');
      const to = expression();
      const step = accept(',') ? expression() : undefined;
      expect('do');
      open();
      const variable = declare(names[0]);
      const body = loop();
      close();
      expect('end');
      return { kind: 'for', variable, from, to, step, body, line };
    }
    while (accept(',')) names.push(name());
    expect('in');
    const values = list();
    expect('do');
    open();
    const variables = names.map((one) => declare(one));
    const body = loop();
    close();
    expect('end');
    return { kind: 'each', variables, values, body, line };
  }

  function resolve(name: string, line: number): Expression {
    const own = scope.find(name);
    if (own !== undefined) return { kind: 'local', variable: own };
    const captured = capture(scope, name);
    if (captured !== undefined) return { kind: 'captured', index: captured.index, name, fixed: captured.variable.fixed };
    return { kind: 'global', name, line };
  }
  function capture(inner: Scope, name: string): { index: number; variable: Variable } | undefined {
    const { outer } = inner;
    if (outer === undefined) return undefined;
    const local = outer.find(name);
    const further = local === undefined ? capture(outer, name) : undefined;
    const variable = local ?? further?.variable;
    if (variable === undefined) return undefined;
    let index = inner.captureNames.get(variable);
    if (index === undefined) {
      variable.shared = true;
      index = inner.captures.length;
      inner.captures.push(local !== undefined ? { local } : { captured: (further as { index: number }).index });
      inner.captureNames.set(variable, index);
    }
    return { index, variable };
  }

  function list(): Expression[] {
    const values = [expression()];
    while (accept(',')) values.push(expression());
    return values;
  }

  function expression(limit = 0): Expression {
    enter();
    const { line, kind, text } = peek();
    let left: Expression;
    if ((kind === 'word' && text === 'not') || (kind === 'symbol' && (text === '-' || text === '#' || text === '~'))) {
      at++;
      const operand = expression(UNARY_BINDING);
      left = { kind: 'unary', operator: text, operand, line };
    } else left = simple();
    for (;;) {
      const token = peek();
      const binding = token.kind === 'symbol' || token.kind === 'word' ? BINDING[token.text] : undefined;
      if (binding === undefined || binding[0] <= limit) break;
      at++;
      const right = expression(binding[1]);
      left = { kind: 'binary', operator: token.text, left, right, line: token.line };
    }
    nested--;
    return left;
  }

  function simple(): Expression {
    const token = peek();
    if (token.kind === 'number') {
      at++;
      return { kind: 'constant', value: token.value };
    }
    if (token.kind === 'text') {
      at++;
      return { kind: 'constant', value: token.text };
    }
    if (accept('nil')) return { kind: 'constant', value: undefined };
    if (accept('true')) return { kind: 'constant', value: true };
    if (accept('false')) return { kind: 'constant', value: false };
    if (accept('...')) {
      if (!scope.takesRest) throw syntaxError(chunk, token.line, "cannot use '...' outside a vararg function near '...'");
      return { kind: 'rest' };
    }
    if (is('{')) return table();
    if (accept('function')) return functionBody('anonymous', false);
    return suffixed();
  }

  function suffixed(): Expression {
    const { line } = peek();
    let value: Expression;
    if (accept('(')) {
      value = { kind: 'single', inner: expression() };
      expect(')');
    } else if (peek().kind === 'name') value = resolve(name(), line);
    else throw syntaxError(chunk, line, `unexpected symbol near '${peek().text.slice(0, 40)}'`);
    for (let links = 0; ; links++) {
      if (links > MOST_NESTED) throw syntaxError(chunk, line, 'chunk has too many syntax levels');
      const token = peek();
      if (accept('.')) value = { kind: 'index', object: value, key: { kind: 'constant', value: name() }, line: token.line };
      else if (accept('[')) {
        const key = expression();
        expect(']');
        value = { kind: 'index', object: value, key, line: token.line };
      } else if (accept(':')) {
        const method = name();
        value = { kind: 'method', object: value, name: method, args: callArguments(), line: token.line };
      } else if (is('(') || is('{') || token.kind === 'text') value = { kind: 'call', callee: value, args: callArguments(), line: token.line };
      else return value;
    }
  }

  function callArguments(): Expression[] {
    const token = peek();
    if (token.kind === 'text') {
      at++;
      return [{ kind: 'constant', value: token.text }];
    }
    if (is('{')) return [table()];
    expect('(');
    if (accept(')')) return [];
    const args = list();
    expect(')');
    return args;
  }

  function table(): Expression {
    const { line } = peek();
    expect('{');
    const items: { key: Expression | undefined; value: Expression }[] = [];
    while (!is('}')) {
      if (accept('[')) {
        const key = expression();
        expect(']');
        expect('=');
        items.push({ key, value: expression() });
      } else if (peek().kind === 'name' && all[at + 1].kind === 'symbol' && all[at + 1].text === '=') {
        const key: Expression = { kind: 'constant', value: name() };
        expect('=');
        items.push({ key, value: expression() });
      } else items.push({ key: undefined, value: expression() });
      if (!accept(',') && !accept(';')) break;
    }
    expect('}');
    return { kind: 'table', items, line };
  }

  function functionBody(name: string, isMethod: boolean): Expression {
    expect('(');
    const names = isMethod ? ['self'] : [];
    let takesRest = false;
    if (!is(')')) {
      do {
        if (accept('...')) {
          takesRest = true;
          break;
        }
        if (peek().kind !== 'name') throw unexpected('name');
        names.push(all[at++].text);
      } while (accept(','));
    }
    expect(')');
    scope = new Scope(scope, takesRest);
    const parameters = names.map((one) => declare(one));
    const inner = block();
    expect('end');
    checkJumps(inner, []);
    const { slots, captures } = scope;
    scope = scope.outer as Scope;
    return { kind: 'function', body: { name, parameters, takesRest, block: inner, slots, captures } };
  }

  /** every goto has a label in a block around it */
  function checkJumps(inner: Block, around: readonly ReadonlySet<string>[]): void {
    const labels = new Set<string>();
    for (const one of inner.statements) {
      if (one.kind !== 'label') continue;
      if (labels.has(one.name) || around.some((set) => set.has(one.name))) throw syntaxError(chunk, peek().line, `label '${one.name}' already defined`);
      labels.add(one.name);
    }
    const levels = [...around, labels];
    for (const one of inner.statements) {
      if (one.kind === 'goto' && !levels.some((set) => set.has(one.label))) throw syntaxError(chunk, peek().line, `no visible label '${one.label}' for goto`);
      if (one.kind === 'if') {
        for (const arm of one.arms) checkJumps(arm.body, levels);
        if (one.otherwise !== undefined) checkJumps(one.otherwise, levels);
      } else if ('body' in one) checkJumps(one.body, levels);
    }
  }
}
