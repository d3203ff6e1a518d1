/** Address and port fields of a rule header → small trees. Lists nest, anything can be negated, `$NAME` is a variable. */
import { type AddressRange, parseRange } from '@sigwright/bytes';
import { type Diagnostic, error, span } from '@sigwright/contracts';

export type Expression<Leaf> =
  | { readonly kind: 'any' }
  | { readonly kind: 'not'; readonly of: Expression<Leaf> }
  | { readonly kind: 'list'; readonly parts: readonly Expression<Leaf>[] }
  | { readonly kind: 'variable'; readonly name: string }
  | Leaf;

export type AddressExpression = Expression<{ readonly kind: 'range'; readonly range: AddressRange }>;
export type PortExpression = Expression<{ readonly kind: 'range'; readonly from: number; readonly to: number }>;

export interface ParsedField<Tree> {
  readonly expression: Tree | undefined;
  readonly diagnostics: readonly Diagnostic[];
}

/** Lists in lists; nobody writes more than four. */
const DEEPEST = 32;
const LARGEST_PORT = 65535;

export function parseAddressField(text: string): ParsedField<AddressExpression> {
  return parseField(text, 'address', (leaf) => {
    const range = parseRange(leaf);
    return range === undefined ? undefined : { kind: 'range', range };
  });
}

export function parsePortField(text: string): ParsedField<PortExpression> {
  return parseField(text, 'port', (leaf) => {
    const match = /^(\d{1,5})?(\s*:\s*)?(\d{1,5})?$/.exec(leaf);
    if (match === null || (match[1] === undefined && match[3] === undefined)) return undefined;
    const from = match[1] === undefined ? 0 : Number(match[1]);
    const to = match[2] === undefined ? from : match[3] === undefined ? LARGEST_PORT : Number(match[3]);
    return from <= to && to <= LARGEST_PORT ? { kind: 'range', from, to } : undefined;
  });
}

function parseField<Leaf extends { readonly kind: string }>(
  text: string,
  what: string,
  leafOf: (text: string) => Leaf | undefined,
): ParsedField<Expression<Leaf>> {
  const diagnostics: Diagnostic[] = [];
  let at = 0;
  const blanks = (): void => {
    while (at < text.length && (text[at] === ' ' || text[at] === '\t')) at++;
  };
  const fail = (title: string, from: number, to: number, help?: string): undefined => {
    diagnostics.push(error(`header/${what}`, title, span(from, Math.max(from + 1, to)), help));
    return undefined;
  };
  const one = (depth: number): Expression<Leaf> | undefined => {
    if (depth > DEEPEST) return fail(`lists are nested deeper than ${DEEPEST}`, at, at + 1);
    blanks();
    if (text[at] === '!') {
      at++;
      const of = one(depth + 1);
      return of === undefined ? undefined : { kind: 'not', of };
    }
    if (text[at] === '[') return list(depth);
    const from = at;
    while (at < text.length && text[at] !== ',' && text[at] !== ']' && text[at] !== '[') at++;
    const leaf = text.slice(from, at).trim();
    if (leaf === '') return fail(`${what === 'port' ? 'a port' : 'an address'} is missing`, from, at);
    if (leaf === 'any') return { kind: 'any' };
    if (leaf.startsWith('$')) return { kind: 'variable', name: leaf.slice(1) };
    return leafOf(leaf) ?? fail(`\`${leaf}\` is not ${what === 'port' ? 'a port or port range' : 'an address, network or range'}`, from, at);
  };
  const list = (depth: number): Expression<Leaf> | undefined => {
    const from = at++;
    const parts: Expression<Leaf>[] = [];
    for (;;) {
      blanks();
      if (at >= text.length) return fail('the list is not closed', from, from + 1, 'add `]`');
      if (text[at] === ']') {
        at++;
        break;
      }
      if (text[at] === ',') {
        at++;
        continue;
      }
      const part = one(depth + 1);
      if (part === undefined) return undefined;
      parts.push(part);
    }
    return parts.length === 0 ? fail('the list is empty', from, at) : { kind: 'list', parts };
  };
  let expression = one(0);
  blanks();
  // Addresses may stand in a row without brackets, as Suricata reads them.
  if (expression !== undefined && what === 'address' && text[at] === ',') {
    const parts: Expression<Leaf>[] = [expression];
    while (text[at] === ',') {
      at++;
      const part = one(1);
      if (part === undefined) return { expression: undefined, diagnostics };
      parts.push(part);
      blanks();
    }
    expression = { kind: 'list', parts };
  }
  if (expression !== undefined && at < text.length) {
    fail(`\`${text.slice(at)}\` stands behind the ${what}`, at, text.length, 'put a list into `[` and `]`');
    return { expression: undefined, diagnostics };
  }
  return { expression, diagnostics };
}
