/**
 * Which rules depend on which: those that ask for a bit or number depend on those that change it. Read from the rules' text, so that
 * rules which an engine refuses count as well.
 */
import type { Rule } from '@sigwright/contracts';

interface Remembered {
  readonly changes: readonly string[];
  readonly asks: readonly string[];
}

const ASKS = /^(?:isset|isnotset|notset)$/;

/** A rule is asked again at each change of its repository, which keeps the rules of files that did not change. */
const KNOWN = new WeakMap<Rule, Remembered>();

function rememberedBy(rule: Rule): Remembered {
  const known = KNOWN.get(rule);
  if (known !== undefined) return known;
  const made = readFrom(rule);
  KNOWN.set(rule, made);
  return made;
}

function readFrom(rule: Rule): Remembered {
  const changes: string[] = [];
  const asks: string[] = [];
  for (const { name, value } of rule.options) {
    if (value === undefined || !/^(?:flowbits|xbits|hostbits|flowint)$/.test(name)) continue;
    const parts = value.split(',').map((part) => part.trim());
    if (parts.length < 2) continue;
    if (name === 'flowint') {
      const into = ASKS.test(parts[1]) || /^[<>=!]=?$/.test(parts[1]) ? (parts[1] === '=' ? changes : asks) : changes;
      into.push(`flowint ${parts[0]}`);
      continue;
    }
    for (const bit of parts[1].split('|')) (ASKS.test(parts[0]) ? asks : changes).push(`${name} ${bit.trim()}`);
  }
  return { changes, asks };
}

type Ends = (name: string) => Iterable<Rule>;

/** These rules and, over any number of steps, all that change what they ask for: what must be loaded for them to do what they do. */
export function rulesBehind(rules: readonly Rule[], sids: ReadonlySet<number>): ReadonlySet<number> {
  return closure(of(rules, sids), sids, 'asks', endsIn(rules, 'changes'));
}

/** These rules and, over any number of steps, all that ask for what they change: what a change of them can affect. */
export function rulesAffected(rules: readonly Rule[], sids: ReadonlySet<number>): ReadonlySet<number> {
  return closure(of(rules, sids), sids, 'changes', endsIn(rules, 'asks'));
}

/** The same for who asks again and again while few of many rules change: no rule is looked at that has nothing to do with the matter. */
export class RuleRelations {
  readonly #bySid = new Map<number, Set<Rule>>();
  readonly #ends: Readonly<Record<keyof Remembered, Map<string, Set<Rule>>>> = { changes: new Map(), asks: new Map() };

  constructor(rules: readonly Rule[]) {
    this.add(rules);
  }

  has(sid: number): boolean {
    return this.#bySid.has(sid);
  }

  add(rules: readonly Rule[]): void {
    for (const rule of rules) {
      put(this.#bySid, rule.sid, rule);
      const remembered = rememberedBy(rule);
      for (const kind of KINDS) for (const name of remembered[kind]) put(this.#ends[kind], name, rule);
    }
  }

  remove(rules: readonly Rule[]): void {
    for (const rule of rules) {
      take(this.#bySid, rule.sid, rule);
      const remembered = rememberedBy(rule);
      for (const kind of KINDS) for (const name of remembered[kind]) take(this.#ends[kind], name, rule);
    }
  }

  behind(sids: ReadonlySet<number>): ReadonlySet<number> {
    return closure(this.#of(sids), sids, 'asks', (name) => this.#ends.changes.get(name) ?? []);
  }

  affected(sids: ReadonlySet<number>): ReadonlySet<number> {
    return closure(this.#of(sids), sids, 'changes', (name) => this.#ends.asks.get(name) ?? []);
  }

  #of(sids: ReadonlySet<number>): Rule[] {
    return [...sids].flatMap((sid) => [...(this.#bySid.get(sid) ?? [])]);
  }
}

const KINDS = ['changes', 'asks'] as const;

function put<Key>(sets: Map<Key, Set<Rule>>, key: Key, rule: Rule): void {
  const known = sets.get(key);
  if (known === undefined) sets.set(key, new Set([rule]));
  else known.add(rule);
}

function take<Key>(sets: Map<Key, Set<Rule>>, key: Key, rule: Rule): void {
  const known = sets.get(key);
  known?.delete(rule);
  if (known?.size === 0) sets.delete(key);
}

function of(rules: readonly Rule[], sids: ReadonlySet<number>): Rule[] {
  return rules.filter((rule) => sids.has(rule.sid));
}

function closure(open: Rule[], sids: ReadonlySet<number>, from: keyof Remembered, ends: Ends): ReadonlySet<number> {
  const found = new Set(sids);
  for (let rule = open.pop(); rule !== undefined; rule = open.pop()) {
    for (const name of rememberedBy(rule)[from]) {
      for (const other of ends(name)) {
        if (found.has(other.sid)) continue;
        found.add(other.sid);
        open.push(other);
      }
    }
  }
  return found;
}

/** Most rules remember nothing: the others are looked through only where one does. */
function endsIn(rules: readonly Rule[], kind: keyof Remembered): Ends {
  let ends: Map<string, Set<Rule>> | undefined;
  return (name) => {
    if (ends === undefined) {
      ends = new Map();
      for (const rule of rules) for (const one of rememberedBy(rule)[kind]) put(ends, one, rule);
    }
    return ends.get(name) ?? [];
  };
}
