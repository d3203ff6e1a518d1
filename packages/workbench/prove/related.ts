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

/** These rules and, over any number of steps, all that change what they ask for: what must be loaded for them to do what they do. */
export function rulesBehind(rules: readonly Rule[], sids: ReadonlySet<number>): ReadonlySet<number> {
  return closure(rules, sids, 'asks', 'changes');
}

/** These rules and, over any number of steps, all that ask for what they change: what a change of them can affect. */
export function rulesAffected(rules: readonly Rule[], sids: ReadonlySet<number>): ReadonlySet<number> {
  return closure(rules, sids, 'changes', 'asks');
}

function closure(rules: readonly Rule[], sids: ReadonlySet<number>, from: keyof Remembered, to: keyof Remembered): ReadonlySet<number> {
  const found = new Set(sids);
  // Most rules remember nothing: then the others need not be looked at.
  let ends: ReadonlyMap<string, readonly Rule[]> | undefined;
  const open = rules.filter((rule) => sids.has(rule.sid));
  for (let rule = open.pop(); rule !== undefined; rule = open.pop()) {
    for (const name of rememberedBy(rule)[from]) {
      ends ??= endsOf(rules, to);
      for (const other of ends.get(name) ?? []) {
        if (found.has(other.sid)) continue;
        found.add(other.sid);
        open.push(other);
      }
    }
  }
  return found;
}

function endsOf(rules: readonly Rule[], to: keyof Remembered): ReadonlyMap<string, readonly Rule[]> {
  const ends = new Map<string, Rule[]>();
  for (const rule of rules) {
    for (const name of rememberedBy(rule)[to]) {
      const found = ends.get(name);
      if (found === undefined) ends.set(name, [rule]);
      else found.push(rule);
    }
  }
  return ends;
}
