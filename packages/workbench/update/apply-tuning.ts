/**
 * Sets of rules from several sources made into the one that a sensor loads: of equal signatures the one with the higher rev; then
 * what the owner wants, in suricata-update's order: disable, enable, drop, modify, and at last every rule switched on that sets a
 * flowbit which an enabled rule waits for (those without alerts: their authors did not want any). A rule with `noalert` is never
 * turned into `drop`: it would drop what nobody is told of.
 */
import type { Rule } from '@sigwright/contracts';
import { neverAlerts, parseRule } from '@sigwright/rule-language';
import type { ModifyLine, TunedRule, TuningLine } from './tuning.ts';

export interface Wishes {
  readonly disable: readonly TuningLine[];
  readonly enable: readonly TuningLine[];
  readonly drop: readonly TuningLine[];
  readonly modify: readonly ModifyLine[];
}

export interface TunedSet {
  readonly rules: readonly TunedRule[];
  /** how many rules each step changed */
  readonly counts: { readonly disabled: number; readonly enabled: number; readonly dropped: number; readonly modified: number };
  /** rules switched on for their flowbits */
  readonly forFlowbits: readonly TunedRule[];
  /** wishes that no rule answers to */
  readonly idle: readonly TuningLine[];
  /** rules that were to drop, and must not: they have `noalert` */
  readonly keptFromDrop: readonly TunedRule[];
  /** changes that would have broken a rule; it stays as it was */
  readonly broken: readonly { readonly rule: TunedRule; readonly line: TuningLine; readonly why: string }[];
}

/** One rule for each signature; the first source wins where the rev is equal. */
export function mergeSources(sources: readonly (readonly TunedRule[])[]): { readonly rules: readonly TunedRule[]; readonly replaced: number } {
  const bySignature = new Map<string, TunedRule>();
  let replaced = 0;
  for (const one of sources.flat()) {
    const key = `${one.rule.gid}:${one.rule.sid}`;
    const before = bySignature.get(key);
    if (before !== undefined) {
      replaced++;
      if (before.rule.rev >= one.rule.rev) continue;
    }
    bySignature.set(key, one);
  }
  return { rules: [...bySignature.values()], replaced };
}

export function applyTuning(given: readonly TunedRule[], wishes: Wishes): TunedSet {
  const used = new Set<TuningLine>();
  const keptFromDrop: TunedRule[] = [];
  const broken: { rule: TunedRule; line: TuningLine; why: string }[] = [];
  const counts = { disabled: 0, enabled: 0, dropped: 0, modified: 0 };
  const matches = (line: TuningLine, one: TunedRule): boolean => {
    if (!line.matches(one)) return false;
    used.add(line);
    return true;
  };
  const rules = given.map((source) => {
    let one = source;
    const set = (rule: Rule): void => {
      one = { rule, file: one.file };
    };
    // Every line is asked, so that one which only repeats another does not look idle.
    const off = wishes.disable.filter((line) => matches(line, one)).length > 0;
    if (off && one.rule.enabled) {
      set({ ...one.rule, enabled: false });
      counts.disabled++;
    }
    const on = wishes.enable.filter((line) => matches(line, one)).length > 0;
    if (on && !one.rule.enabled) {
      set({ ...one.rule, enabled: true });
      counts.enabled++;
    }
    if (wishes.drop.filter((line) => matches(line, one)).length > 0 && one.rule.action !== 'drop') {
      if (neverAlerts(one.rule)) keptFromDrop.push(one);
      else {
        const changed = reread(one.rule, one.rule.text.replace(/^\w+/, 'drop'));
        if (typeof changed !== 'string') {
          set(changed);
          counts.dropped++;
        }
      }
    }
    for (const line of wishes.modify) {
      if (!matches(line, one)) continue;
      const text = line.change(one.rule.text);
      if (text === one.rule.text) continue;
      const changed = reread(one.rule, text);
      if (typeof changed === 'string') broken.push({ rule: one, line, why: changed });
      else {
        set(changed);
        counts.modified++;
      }
    }
    return one;
  });
  const forFlowbits = enableSetters(rules);
  const idle = [...wishes.disable, ...wishes.enable, ...wishes.drop, ...wishes.modify].filter((line) => !used.has(line));
  return { rules, counts, forFlowbits, idle, keptFromDrop, broken };
}

function reread(rule: Rule, text: string): Rule | string {
  const { rule: read, diagnostics } = parseRule(text);
  const wrong = diagnostics.find(({ severity }) => severity === 'error');
  if (read === undefined || wrong !== undefined) return wrong?.title ?? 'nothing of a rule is left';
  return { ...read, enabled: rule.enabled };
}

interface Bits {
  readonly waitsFor: readonly string[];
  readonly sets: readonly string[];
}

/** `isset` and `isnotset` wait for a bit, each of several with `|`; `set`, `unset` and `toggle` give it its value. */
function bitsOf(rule: Rule): Bits {
  const waitsFor: string[] = [];
  const sets: string[] = [];
  for (const { name, value } of rule.options) {
    if (name !== 'flowbits' || value === undefined) continue;
    const comma = value.indexOf(',');
    if (comma === -1) continue;
    const names = value
      .slice(comma + 1)
      .split('|')
      .map((one) => one.trim());
    const command = value.slice(0, comma).trim();
    if (command === 'isset' || command === 'isnotset') waitsFor.push(...names);
    else if (command === 'set' || command === 'unset' || command === 'toggle') sets.push(...names);
  }
  return { waitsFor, sets };
}

/** Switches on, in place, what sets a bit that an enabled rule waits for, until nothing is missing any more. */
function enableSetters(rules: TunedRule[]): TunedRule[] {
  const setters = new Map<string, number[]>();
  const bits = rules.map(({ rule }) => (rule.text.includes('flowbits') ? bitsOf(rule) : undefined));
  bits.forEach((one, index) => {
    for (const bit of one?.sets ?? []) setters.set(bit, [...(setters.get(bit) ?? []), index]);
  });
  const turnedOn: TunedRule[] = [];
  const queue = rules.flatMap(({ rule }, index) => (rule.enabled && bits[index] !== undefined ? [index] : []));
  const asked = new Set<string>();
  for (let next = queue.pop(); next !== undefined; next = queue.pop()) {
    for (const bit of bits[next]?.waitsFor ?? []) {
      if (asked.has(bit)) continue;
      asked.add(bit);
      for (const index of setters.get(bit) ?? []) {
        const one = rules[index];
        if (one.rule.enabled) continue;
        rules[index] = { rule: { ...silenced(one.rule), enabled: true }, file: one.file };
        turnedOn.push(rules[index]);
        queue.push(index);
      }
    }
  }
  return turnedOn;
}

/** The rule without alerts, and then without a drop that nobody would be told of. */
function silenced(rule: Rule): Rule {
  if (neverAlerts(rule)) return rule;
  const changed = reread(
    rule,
    rule.text.replace(/^drop\b/, 'alert').replace(/\bsid:/, () => 'noalert; sid:'),
  );
  return typeof changed === 'string' ? rule : changed;
}

/** A rules file of these rules, in their order; disabled ones stand behind `# `. */
export function printRules(rules: readonly TunedRule[]): string {
  return rules.map(({ rule }) => `${rule.enabled ? '' : '# '}${rule.text}\n`).join('');
}
