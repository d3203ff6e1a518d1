/** Tokens → the tree (reference manual, sections 3.3 to 3.5 and 9), names resolved on the way. Throws LuaError at the first fault. */
import { type Token, tokensOf } from './lexer.ts';
import type { Block, Expression, FunctionBody, Local, Statement, TableField } from './syntax.ts';
import { LuaError } from './values.ts';

/** Blocks, brackets and functions inside each other; Lua has the same. */
const DEEPEST = 190;
const MOST_LOCALS = 200;

/** Left and right binding power (section 3.4.8). */
const BINARY: Readonly<Record<string, readonly [number, number]>> = {
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
const UNARY_POWER = 12;
const UNARY = new Set(['not', '-', '#', '~']);

interface Outer {
  readonly name: string;
  readonly local: Local | undefined;
  readonly index: number;
  readonly constant: boolean;
}

class FunctionScope {
  readonly parent: FunctionScope | undefined;
  readonly hasRest: boolean;
  /** in the order they were declared; the last one of a name counts */
  readonly visible: Local[] = [];
  readonly outer: Outer[] = [];
  slots = 0;
  loops = 0;
  /** labels of the blocks around, and gotos that found none yet */
  readonly labels: Set<string>[] = [];

  constructor(parent: FunctionScope | undefined, hasRest: boolean) {
    this.parent = parent;
    this.hasRest = hasRest;
  }

  find(name: string): Local | undefined {
    for (let at = this.visible.length - 1; at >= 0; at--) if (this.visible[at].name === name) return this.visible[at];
    return undefined;
  }

  /** Index among the outer names, -1: global. */
  findOuter(name: string): number {
    const known = this.outer.findIndex((one) => one.name === name && this.#stillMeans(one));
    if (known >= 0) return known;
    if (this.parent === undefined) return -1;
    const local = this.parent.find(name);
    if (local !== undefined) {
      local.captured = true;
      return this.outer.push({ name, local, index: -1, constant: local.constant }) - 1;
    }
    const index = this.parent.findOuter(name);
    return index < 0 ? -1 : this.outer.push({ name, local: undefined, index, constant: this.parent.outer[index].constant }) - 1;
  }

  /** A name may be declared anew around the function while it is read: no, but the same name may mean another local further out. */
  #stillMeans(one: Outer): boolean {
    const local = this.parent?.find(one.name);
    return one.local === undefined ? local === undefined : local === one.local;
  }
}

export function parse(text: string, chunk: string): FunctionBody {
  return new Parser(tokensOf(text, chunk), chunk).script();
}

class Parser {
  readonly #tokens: readonly Token[];
  readonly #chunk: string;
  #at = 0;
  #depth = 0;
  #scope = new FunctionScope(undefined, true);

  constructor(tokens: readonly Token[], chunk: string) {
    this.#tokens = tokens;
    this.#chunk = chunk;
  }

  get #token(): Token {
    return this.#tokens[this.#at];
  }

  script(): FunctionBody {
    const body = this.#block();
    if (this.#token.kind !== 'end of file') this.#unexpected();
    return { name: 'main chunk', line: 0, parameters: [], hasRest: true, body, slots: this.#scope.slots, outer: [] };
  }

  #fail(message: string, line = this.#token.line): never {
    throw new LuaError(`${this.#chunk}:${line}: ${message}`);
  }

  #near(): string {
    const { kind, value } = this.#token;
    return kind === 'end of file' ? '<eof>' : `'${typeof value === 'string' ? value : kind}'`;
  }

  #unexpected(): never {
    this.#fail(`unexpected symbol near ${this.#near()}`);
  }

  #take(kind: string): boolean {
    if (this.#token.kind !== kind) return false;
    this.#at++;
    return true;
  }

  #expect(kind: string): Token {
    const token = this.#token;
    if (token.kind !== kind) this.#fail(`'${kind}' expected near ${this.#near()}`);
    this.#at++;
    return token;
  }

  #name(): string {
    return String(this.#expect('name').value);
  }

  #nested<Result>(read: () => Result): Result {
    if (++this.#depth > DEEPEST) this.#fail('chunk has too many syntax levels');
    const result = read();
    this.#depth--;
    return result;
  }

  #declare(name: string, attribute = ''): Local {
    const scope = this.#scope;
    if (scope.visible.length >= MOST_LOCALS) this.#fail('too many local variables');
    const local: Local = { name, slot: scope.visible.length, captured: false, constant: attribute !== '', closes: attribute === 'close' };
    scope.visible.push(local);
    scope.slots = Math.max(scope.slots, scope.visible.length);
    return local;
  }

  #block(declare: () => void = () => {}, after: () => void = () => {}): Block {
    const scope = this.#scope;
    const before = scope.visible.length;
    const statements: Statement[] = [];
    this.#nested(() => {
      declare();
      scope.labels.push(this.#labelsAhead());
      while (!this.#blockEnds()) {
        if (this.#token.kind === 'return') {
          statements.push(this.#return());
          break;
        }
        const statement = this.#statement();
        if (statement !== undefined) statements.push(statement);
      }
      after();
      scope.labels.pop();
    });
    const closes = scope.visible.slice(before).filter((local) => local.closes);
    scope.visible.length = before;
    return { statements, closes };
  }

  /** Labels of the block that begins here. */
  #labelsAhead(): Set<string> {
    const found = new Set<string>();
    let depth = 0;
    for (let at = this.#at; at < this.#tokens.length; at++) {
      const { kind } = this.#tokens[at];
      if (kind === 'do' || kind === 'then' || kind === 'function' || kind === 'repeat') depth++;
      else if (kind === 'elseif' || kind === 'else') {
        if (depth === 0) break;
        if (kind === 'elseif') depth--;
      } else if (kind === 'end' || kind === 'until') {
        if (depth-- === 0) break;
      } else if (kind === '::' && depth === 0 && this.#tokens[at + 2]?.kind === '::') {
        const name = String(this.#tokens[at + 1].value);
        if (found.has(name)) this.#fail(`label '${name}' already defined`, this.#tokens[at].line);
        found.add(name);
        at += 2;
      }
    }
    return found;
  }

  #blockEnds(): boolean {
    const { kind } = this.#token;
    return kind === 'end' || kind === 'else' || kind === 'elseif' || kind === 'until' || kind === 'end of file';
  }

  #return(): Statement {
    this.#at++;
    const values = this.#blockEnds() || this.#token.kind === ';' ? [] : this.#list();
    this.#take(';');
    if (!this.#blockEnds()) this.#fail(`'<eof>' expected near ${this.#near()}`);
    return { kind: 'return', values };
  }

  #statement(): Statement | undefined {
    const { kind, line } = this.#token;
    switch (kind) {
      case ';':
        this.#at++;
        return undefined;
      case '::': {
        this.#at++;
        const name = this.#name();
        this.#expect('::');
        return { kind: 'label', name };
      }
      case 'break':
        this.#at++;
        if (this.#scope.loops === 0) this.#fail('break outside a loop', line);
        return { kind: 'break' };
      case 'goto': {
        this.#at++;
        const label = this.#name();
        if (!this.#scope.labels.some((labels) => labels.has(label))) this.#fail(`no visible label '${label}' for goto`, line);
        return { kind: 'goto', label };
      }
      case 'do': {
        this.#at++;
        const body = this.#block();
        this.#expect('end');
        return { kind: 'do', body };
      }
      case 'while': {
        this.#at++;
        const condition = this.#expression();
        this.#expect('do');
        const body = this.#loop();
        this.#expect('end');
        return { kind: 'while', condition, body };
      }
      case 'repeat': {
        this.#at++;
        let condition: Expression | undefined;
        const body = this.#loop(undefined, () => {
          this.#expect('until');
          // It may use the locals of the block.
          condition = this.#expression();
        });
        return { kind: 'repeat', body, condition: condition! };
      }
      case 'if':
        return this.#if();
      case 'for':
        return this.#for();
      case 'function':
        return this.#functionStatement();
      case 'local':
        this.#at++;
        return this.#take('function') ? this.#localFunction() : this.#local();
      default:
        return this.#expressionStatement();
    }
  }

  #loop(declare?: () => void, after?: () => void): Block {
    this.#scope.loops++;
    const body = this.#block(declare, after);
    this.#scope.loops--;
    return body;
  }

  #if(): Statement {
    const cases: { condition: Expression; body: Block }[] = [];
    do {
      this.#at++;
      const condition = this.#expression();
      this.#expect('then');
      cases.push({ condition, body: this.#block() });
    } while (this.#token.kind === 'elseif');
    const otherwise = this.#take('else') ? this.#block() : undefined;
    this.#expect('end');
    return { kind: 'if', cases, otherwise };
  }

  #for(): Statement {
    const { line } = this.#token;
    this.#at++;
    const first = this.#name();
    if (this.#take('=')) {
      const from = this.#expression();
      this.#expect(',');
      const to = this.#expression();
      const step = this.#take(',') ? this.#expression() : undefined;
      this.#expect('do');
      let local: Local | undefined;
      const body = this.#loop(() => {
        local = this.#declare(first);
      });
      this.#expect('end');
      return { kind: 'for', local: local!, from, to, step, body, line };
    }
    const names = [first];
    while (this.#take(',')) names.push(this.#name());
    this.#expect('in');
    const values = this.#list();
    this.#expect('do');
    let locals: Local[] = [];
    const body = this.#loop(() => {
      locals = names.map((name) => this.#declare(name));
    });
    this.#expect('end');
    return { kind: 'for-in', locals, values, body, line };
  }

  #functionStatement(): Statement {
    const { line } = this.#token;
    this.#at++;
    let name = this.#name();
    let target = this.#resolve(name, line);
    let isMethod = false;
    while (!isMethod && (this.#token.kind === '.' || this.#token.kind === ':')) {
      isMethod = this.#token.kind === ':';
      this.#at++;
      const key = this.#name();
      name += `${isMethod ? ':' : '.'}${key}`;
      target = { kind: 'index', object: target, key: { kind: 'constant', value: key }, line };
    }
    return { kind: 'assign', targets: [target], values: [{ kind: 'function', body: this.#function(name, isMethod) }], line };
  }

  #localFunction(): Statement {
    const name = this.#name();
    const local = this.#declare(name);
    return { kind: 'local-function', local, body: this.#function(name, false) };
  }

  #local(): Statement {
    const { line } = this.#token;
    const names: { name: string; attribute: string }[] = [];
    do {
      const name = this.#name();
      let attribute = '';
      if (this.#take('<')) {
        attribute = this.#name();
        if (attribute !== 'const' && attribute !== 'close') this.#fail(`unknown attribute '${attribute}'`);
        this.#expect('>');
      }
      names.push({ name, attribute });
    } while (this.#take(','));
    const values = this.#take('=') ? this.#list() : [];
    return { kind: 'local', locals: names.map(({ name, attribute }) => this.#declare(name, attribute)), values, line };
  }

  #expressionStatement(): Statement {
    const { line } = this.#token;
    const first = this.#suffixed();
    if (this.#token.kind === '=' || this.#token.kind === ',') {
      const targets = [first];
      while (this.#take(',')) targets.push(this.#suffixed());
      this.#expect('=');
      const values = this.#list();
      for (const target of targets) {
        if (target.kind === 'local' && target.local.constant) this.#fail(`attempt to assign to const variable '${target.local.name}'`);
        if (target.kind === 'outer' && target.constant) this.#fail(`attempt to assign to const variable '${target.name}'`);
        if (target.kind !== 'local' && target.kind !== 'outer' && target.kind !== 'global' && target.kind !== 'index') this.#fail('syntax error', line);
      }
      return { kind: 'assign', targets, values, line };
    }
    if (first.kind !== 'call' && first.kind !== 'method') this.#fail(`syntax error near ${this.#near()}`);
    return { kind: 'call', call: first };
  }

  #list(): Expression[] {
    const values = [this.#expression()];
    while (this.#take(',')) values.push(this.#expression());
    return values;
  }

  #expression(least = 0): Expression {
    return this.#nested(() => {
      const { kind, line } = this.#token;
      let left: Expression;
      if (UNARY.has(kind)) {
        this.#at++;
        left = { kind: 'unary', operator: kind, operand: this.#expression(UNARY_POWER), line };
      } else left = this.#simple();
      for (;;) {
        const operator = this.#token.kind;
        const power = Object.hasOwn(BINARY, operator) ? BINARY[operator] : undefined;
        if (power === undefined || power[0] <= least) return left;
        const at = this.#token.line;
        this.#at++;
        left = { kind: 'binary', operator, left, right: this.#expression(power[1]), line: at };
      }
    });
  }

  #simple(): Expression {
    const { kind, value } = this.#token;
    switch (kind) {
      case 'number':
      case 'string':
        this.#at++;
        return { kind: 'constant', value };
      case 'nil':
        this.#at++;
        return { kind: 'constant', value: undefined };
      case 'true':
      case 'false':
        this.#at++;
        return { kind: 'constant', value: kind === 'true' };
      case '...':
        this.#at++;
        if (!this.#scope.hasRest) this.#fail("cannot use '...' outside a vararg function");
        return { kind: 'rest' };
      case '{':
        return this.#table();
      case 'function':
        this.#at++;
        return { kind: 'function', body: this.#function('anonymous', false) };
      default:
        return this.#suffixed();
    }
  }

  #suffixed(): Expression {
    const { kind, line } = this.#token;
    let expression: Expression;
    if (kind === 'name') {
      this.#at++;
      expression = this.#resolve(String(this.#tokens[this.#at - 1].value), line);
    } else if (kind === '(') {
      this.#at++;
      expression = { kind: 'group', inner: this.#expression() };
      this.#expect(')');
    } else return this.#unexpected();
    for (let links = 0; ; links++) {
      if (links > 10_000) this.#fail('expression is too long');
      const token = this.#token;
      switch (token.kind) {
        case '.':
          this.#at++;
          expression = { kind: 'index', object: expression, key: { kind: 'constant', value: this.#name() }, line: token.line };
          break;
        case '[': {
          this.#at++;
          const key = this.#expression();
          this.#expect(']');
          expression = { kind: 'index', object: expression, key, line: token.line };
          break;
        }
        case ':': {
          this.#at++;
          const name = this.#name();
          expression = { kind: 'method', object: expression, name, arguments: this.#arguments(), line: token.line };
          break;
        }
        case '(':
        case '{':
        case 'string':
          expression = { kind: 'call', callee: expression, arguments: this.#arguments(), line: token.line };
          break;
        default:
          return expression;
      }
    }
  }

  #arguments(): readonly Expression[] {
    const { kind, value } = this.#token;
    if (kind === 'string') {
      this.#at++;
      return [{ kind: 'constant', value }];
    }
    if (kind === '{') return [this.#table()];
    this.#expect('(');
    if (this.#take(')')) return [];
    const list = this.#list();
    this.#expect(')');
    return list;
  }

  #table(): Expression {
    const { line } = this.#expect('{');
    const fields: TableField[] = [];
    while (this.#token.kind !== '}') {
      if (this.#take('[')) {
        const key = this.#expression();
        this.#expect(']');
        this.#expect('=');
        fields.push({ key, value: this.#expression() });
      } else if (this.#token.kind === 'name' && this.#tokens[this.#at + 1].kind === '=') {
        const key: Expression = { kind: 'constant', value: this.#name() };
        this.#at++;
        fields.push({ key, value: this.#expression() });
      } else fields.push({ key: undefined, value: this.#expression() });
      if (!this.#take(',') && !this.#take(';')) break;
    }
    this.#expect('}');
    return { kind: 'table', fields, line };
  }

  #function(name: string, isMethod: boolean): FunctionBody {
    const { line } = this.#expect('(');
    const names = isMethod ? ['self'] : [];
    let hasRest = false;
    while (this.#token.kind !== ')') {
      if (this.#take('...')) {
        hasRest = true;
        break;
      }
      names.push(this.#name());
      if (!this.#take(',')) break;
    }
    this.#expect(')');
    const around = this.#scope;
    const scope = new FunctionScope(around, hasRest);
    this.#scope = scope;
    let parameters: Local[] = [];
    const body = this.#block(() => {
      parameters = names.map((one) => this.#declare(one));
    });
    this.#scope = around;
    this.#expect('end');
    return { name, line, parameters, hasRest, body, slots: scope.slots, outer: scope.outer };
  }

  #resolve(name: string, line: number): Expression {
    const local = this.#scope.find(name);
    if (local !== undefined) return { kind: 'local', local };
    const index = this.#scope.findOuter(name);
    return index < 0 ? { kind: 'global', name, line } : { kind: 'outer', index, name, constant: this.#scope.outer[index].constant };
  }
}
