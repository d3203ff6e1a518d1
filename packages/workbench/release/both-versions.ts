/**
 * Two versions of a set of rules made into one set, so that one pass over traffic shows what each of them alerts on. A rule that
 * differs stands in it twice, the earlier version under a number that is free. What the versions remember is kept apart: a bit or
 * number that a differing rule changes has two names, rules that read it stand twice as well, and others that change it change both.
 * Rules that are the same in both are there only as far as those need them, or decide about packets.
 */
import type { Rule, RuleOption, Span } from '@sigwright/contracts';
import { applyEdits, parseRule } from '@sigwright/rule-language';
import { changesOf } from './changes.ts';

export interface BothVersions {
  readonly rules: readonly Rule[];
  /** What an alert of the set stands for; undefined for a rule that is the same in both. */
  versionOf(rule: { readonly gid: number; readonly sid: number }): { readonly sid: number; readonly version: 'before' | 'after' } | undefined;
}

type Version = 'before' | 'after';

/** Their meaning can not be kept apart within one engine, or lies in files that may differ between the versions. */
export const APART: ReadonlySet<string> = new Set(['bypass', 'config', 'dataset', 'datarep', 'lua', 'luaxform', 'filemd5', 'filesha1', 'filesha256']);
export const STATE: ReadonlySet<string> = new Set(['flowbits', 'xbits', 'hostbits', 'flowint']);
const LARGEST_SID = 2 ** 32 - 1;

/** A rule and what it does to what is remembered. */
interface Known {
  readonly rule: Rule;
  readonly key: string;
  readonly reads: readonly string[];
  readonly writes: readonly string[];
  readonly decides: boolean;
}

/** Undefined where only two engines can tell: rules that pass, drop or bypass differ, or rules take their meaning from files. */
export function bothVersions(before: readonly Rule[], after: readonly Rule[]): BothVersions | undefined {
  const old = knownOf(before);
  const now = knownOf(after);
  if (old === undefined || now === undefined) return undefined;
  const differing = new Set<string>();
  for (const [key, one] of now) if (differs(old.get(key), one)) differing.add(key);
  for (const key of old.keys()) if (!now.has(key)) differing.add(key);
  const twofold = new Set<string>();
  spread([...old.values(), ...now.values()], differing, twofold);
  for (const key of differing) if (old.get(key)?.decides || now.get(key)?.decides) return undefined;
  const order = orderOf(old, now);
  if (order === undefined) return undefined;
  const needed = support(
    [...now.values()],
    differing,
    [...old.values(), ...now.values()].filter(({ key }) => differing.has(key)),
  );
  const meanings = new Map<string, { sid: number; version: Version }>();
  const taken = new Set([...old.values(), ...now.values()].map(({ rule }) => rule.sid));
  let free = LARGEST_SID;
  const rules: Rule[] = [];
  for (const key of order) {
    if (needed.has(key)) rules.push(rewritten(now.get(key)!.rule, twofold, ['before', 'after']));
    if (!differing.has(key)) continue;
    for (const [version, one] of [
      ['before', old.get(key)],
      ['after', now.get(key)],
    ] as const) {
      if (one === undefined) continue;
      let { sid } = one.rule;
      if (version === 'before') {
        while (taken.has(free)) free--;
        sid = free--;
      }
      meanings.set(`${one.rule.gid}:${sid}`, { sid: one.rule.sid, version });
      rules.push(rewritten(one.rule, twofold, [version], sid));
    }
  }
  return { rules, versionOf: ({ gid, sid }) => meanings.get(`${gid}:${sid}`) };
}

/** Undefined where one number stands twice, or a rule reads files: which of them counts is for the engine to say. */
function knownOf(rules: readonly Rule[]): Map<string, Known> | undefined {
  const known = new Map<string, Known>();
  for (const rule of rules) {
    if (!rule.enabled) continue;
    const key = `${rule.gid}:${rule.sid}`;
    if (known.has(key) || rule.options.some(({ name }) => APART.has(name) && name !== 'bypass')) return undefined;
    const decides = rule.action !== 'alert' || rule.furtherActions.length > 0 || rule.options.some(({ name }) => name === 'bypass');
    const reads: string[] = [];
    const writes: string[] = [];
    for (const option of rule.options) {
      for (const { name, role } of namesIn(option)) (role === 'reads' ? reads : writes).push(nameOf(option, name));
    }
    known.set(key, { rule, key, reads, writes, decides });
  }
  return known;
}

function differs(old: Known | undefined, now: Known): boolean {
  if (old === undefined) return true;
  if (old.rule.text === now.rule.text) return false;
  return changesOf(old.rule, now.rule).some(({ kind, what }) => kind !== 'metadata' && what !== 'msg' && what !== 'reference');
}

/** Adds to `differing` whoever reads what a differing rule changes, until nobody is left; to `twofold` the names that they change. */
function spread(rules: readonly Known[], differing: Set<string>, twofold: Set<string>): void {
  const withState = rules.filter(({ reads, writes }) => reads.length + writes.length > 0);
  for (let size = -1; size !== differing.size + twofold.size; ) {
    size = differing.size + twofold.size;
    for (const { key, writes } of withState) if (differing.has(key)) for (const name of writes) twofold.add(name);
    for (const { key, reads } of withState) if (reads.some((name) => twofold.has(name))) differing.add(key);
  }
}

/** Rules that are the same in both: those that decide about packets, and whoever changes what these or the differing ones read. */
function support(rules: readonly Known[], differing: ReadonlySet<string>, readers: readonly Known[]): Set<string> {
  const same = rules.filter(({ key }) => !differing.has(key));
  const needed = new Set(same.filter(({ decides }) => decides).map(({ key }) => key));
  const read = new Set(readers.flatMap(({ reads }) => reads));
  for (let size = -1; size !== needed.size + read.size; ) {
    size = needed.size + read.size;
    for (const { key, reads } of same) if (needed.has(key)) for (const name of reads) read.add(name);
    for (const { key, writes } of same) if (writes.some((name) => read.has(name))) needed.add(key);
  }
  return needed;
}

/** One order that keeps that of each version; undefined where rules with state changed places, since these see each other's changes. */
function orderOf(old: ReadonlyMap<string, Known>, now: ReadonlyMap<string, Known>): readonly string[] | undefined {
  const place = new Map([...now.keys()].map((key, index) => [key, index]));
  const gone = new Map<number, string[]>();
  let last = -1;
  let lastWithState = -1;
  for (const [key, { reads, writes }] of old) {
    const at = place.get(key);
    if (at === undefined) {
      gone.set(last, [...(gone.get(last) ?? []), key]);
      continue;
    }
    last = at;
    if (reads.length === 0 || writes.length === 0) continue;
    if (at < lastWithState) return undefined;
    lastWithState = at;
  }
  return [...(gone.get(-1) ?? []), ...[...now.keys()].flatMap((key, index) => [key, ...(gone.get(index) ?? [])])];
}

/** Names in the value of an option that keeps state, where they stand in it, and what is done with each. */
function namesIn({ name: keyword, value }: RuleOption): { readonly name: string; readonly start: number; readonly role: 'reads' | 'writes' }[] {
  if (!STATE.has(keyword) || value === undefined) return [];
  const parts: { text: string; start: number }[] = [];
  for (const match of value.matchAll(keyword === 'flowbits' ? /[^,|]+/g : /[^,]+/g)) {
    const text = match[0].trim();
    if (text !== '') parts.push({ text, start: match.index + match[0].indexOf(text) });
  }
  if (keyword === 'flowint') {
    const [name, operation, operand] = parts;
    if (name === undefined || operation === undefined) return [];
    const found = [{ name: name.text, start: name.start, role: /^[=+-]$/.test(operation.text) ? ('writes' as const) : ('reads' as const) }];
    if (operand !== undefined && !/^[-\d]/.test(operand.text)) found.push({ name: operand.text, start: operand.start, role: 'reads' });
    return found;
  }
  const [operation, ...names] = parts;
  if (operation === undefined) return [];
  const role = operation.text === 'isset' || operation.text === 'isnotset' ? 'reads' : 'writes';
  return (keyword === 'flowbits' ? names : names.slice(0, 1)).map(({ text, start }) => ({ name: text, start, role }));
}

/** Bits of whatever scope share their names here: at worst a rule stands twice without need. */
function nameOf({ name: keyword }: RuleOption, name: string): string {
  return `${keyword === 'flowint' ? 'number' : 'bit'} ${name}`;
}

/** The rule as it is for these versions: twofold names are those of the version; for both, what changes one changes each. */
function rewritten(rule: Rule, twofold: ReadonlySet<string>, versions: readonly Version[], sid = rule.sid): Rule {
  const edits: { span: Span; text: string }[] = [];
  const within = ({ start, end }: Span): Span => ({ start: start - rule.span.start, end: end - rule.span.start });
  for (const option of rule.options) {
    if (option.name === 'sid' && sid !== rule.sid) edits.push({ span: within(option.valueSpan), text: String(sid) });
    const names = namesIn(option).filter(({ name }) => twofold.has(nameOf(option, name)));
    if (names.length === 0) continue;
    const forms = versions.map((version) => {
      let value = option.value!;
      for (const { start, name } of [...names].reverse()) value = `${value.slice(0, start + name.length)}~${version}${value.slice(start + name.length)}`;
      return `${option.name}:${value}`;
    });
    edits.push({ span: within(option.span), text: forms.join('; ') });
  }
  return edits.length === 0 ? rule : parseRule(applyEdits(rule.text, edits).text).rule!;
}
