/**
 * Names that rules share: bits and numbers they remember, variables of their headers, their own numbers. Which keywords remember
 * something is said by the catalogue; that works for rules that are refused, too.
 */
import { type Catalogue, isProblem, type Rule, type Span, type StateOperation, span } from '@sigwright/contracts';

export interface NameUse {
  /** what it is to a person: `flowbits`, `xbits`, …, `variable`, `sid` */
  readonly kind: string;
  readonly name: string;
  /** kind and name: equal where the same thing is meant */
  readonly key: string;
  /** sets: changes or defines it · asks: is true or not because of it */
  readonly role: 'sets' | 'asks';
  readonly at: Span;
}

const VARIABLE = /\$([A-Za-z_]\w*)/g;

export function namesOf(rule: Rule, catalogue: Catalogue): NameUse[] {
  const found: NameUse[] = [];
  for (const { text, span: where } of [rule.source, rule.sourcePorts, rule.destination, rule.destinationPorts]) {
    for (const match of text.matchAll(VARIABLE)) {
      const start = where.start + match.index;
      found.push(use('variable', match[1], 'asks', start, start + match[0].length));
    }
  }
  for (const option of rule.options) {
    const { value } = option;
    if (value === undefined) continue;
    if (option.name === 'sid') {
      const { start, end } = option.valueSpan;
      found.push({ ...use('sid', String(rule.sid), 'sets', start, end), key: `sid ${rule.gid}:${rule.sid}` });
      continue;
    }
    const keyword = catalogue.keywords.get(option.name);
    if (keyword?.kind !== 'state') continue;
    const read = keyword.argument.read(value);
    if (isProblem(read)) continue;
    const operation = (read as { value: unknown }).value as StateOperation | undefined;
    if (typeof operation !== 'object' || operation === null) continue;
    const names = operation.kind === 'bit' ? operation.names : [operation.name];
    const { start } = option.valueSpan;
    let from = value.indexOf(',') + 1;
    for (const name of names) {
      const at = operation.kind === 'bit' ? value.indexOf(name, from) : value.indexOf(name);
      if (at === -1) continue;
      from = at + name.length;
      found.push(use(keyword.name, name, changes(operation) ? 'sets' : 'asks', start + at, start + at + name.length));
    }
  }
  return found;
}

function use(kind: string, name: string, role: NameUse['role'], start: number, end: number): NameUse {
  return { kind, name, key: `${kind} ${name}`, role, at: span(start, end) };
}

function changes(operation: StateOperation): boolean {
  const word: string = operation.operation;
  return word === 'set' || word === 'unset' || word === 'toggle' || word === '=' || word === '+' || word === '-';
}
