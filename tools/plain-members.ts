/**
 * Private members of classes become plain ones whose names no other class has: `this.#left` of the class numbered 7 is `this.left$7`. V8's
 * second compiler, in which most of a run is spent, stores into private members by a slow general way; a run took 3 % longer for it. What
 * is private is checked by the compiler of the sources; in the bundle nobody looks.
 */
import { type AnyNode, type Class, type PrivateIdentifier, parse } from 'acorn';

interface Scope {
  readonly number: number;
  readonly names: ReadonlySet<string>;
}

/** A script; `#name in object` is not for this. */
export function plainMembers(script: string): string {
  const found: { readonly start: number; readonly end: number; readonly name: string }[] = [];
  let classes = 0;
  const visit = (node: unknown, scopes: readonly Scope[]): void => {
    if (Array.isArray(node)) for (const one of node) visit(one, scopes);
    if (!isNode(node)) return;
    if (node.type === 'PrivateIdentifier') {
      const { number } = scopes.find(({ names }) => names.has(node.name))!;
      found.push({ start: node.start, end: node.end, name: `${node.name}$${number.toString(36)}` });
      return;
    }
    if (node.type === 'BinaryExpression' && node.left.type === 'PrivateIdentifier') throw new Error(`#${node.left.name} in … can not be made plain`);
    const isClass = node.type === 'ClassDeclaration' || node.type === 'ClassExpression';
    const inside = isClass ? [{ number: classes++, names: privateNamesOf(node) }, ...scopes] : scopes;
    for (const part of Object.values(node)) visit(part, inside);
  };
  visit(parse(script, { ecmaVersion: 'latest' }), []);
  let plain = '';
  let at = 0;
  for (const { start, end, name } of found) {
    // Between `static` and `#name` there need not be a blank.
    const blank = /[\w$]/.test(script[start - 1]) ? ' ' : '';
    plain += script.slice(at, start) + blank + name;
    at = end;
  }
  return plain + script.slice(at);
}

function isNode(value: unknown): value is AnyNode {
  return typeof value === 'object' && value !== null && typeof (value as { type?: unknown }).type === 'string';
}

function privateNamesOf({ body }: Class): ReadonlySet<string> {
  const keys = body.body.flatMap((member) => ('key' in member && member.key.type === 'PrivateIdentifier' ? [member.key as PrivateIdentifier] : []));
  return new Set(keys.map(({ name }) => name));
}
