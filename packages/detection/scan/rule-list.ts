/**
 * Rules that no literal leads to, arranged so that those for a few addresses are only looked at where such an address occurs:
 * by the first 16 bits of a source or destination (IPv4). Typed arrays: saved as they are, so that a start reads no header.
 */
import { append } from '@sigwright/bytes';
import type { RuleHeader } from '../compile/header.ts';

export interface PrefixTable {
  /** sorted */
  readonly prefixes: Uint32Array;
  /** one more than prefixes: where the rules of each begin */
  readonly starts: Uint32Array;
  readonly rules: Uint32Array;
}

export interface RuleListData {
  readonly general: Uint32Array;
  readonly bySource: PrefixTable;
  readonly byDestination: PrefixTable;
}

export function buildRuleList(rules: Iterable<number>, headerOf: (rule: number) => RuleHeader): RuleListData {
  const general: number[] = [];
  const bySource = new Map<number, number[]>();
  const byDestination = new Map<number, number[]>();
  for (const rule of rules) {
    const header = headerOf(rule);
    const source = header.bidirectional ? undefined : header.source?.prefixes();
    const destination = header.bidirectional || source !== undefined ? undefined : header.destination?.prefixes();
    if (source !== undefined) for (const prefix of source) add(bySource, prefix, rule);
    else if (destination !== undefined) for (const prefix of destination) add(byDestination, prefix, rule);
    else general.push(rule);
  }
  return { general: Uint32Array.from(general), bySource: tableOf(bySource), byDestination: tableOf(byDestination) };
}

function add(map: Map<number, number[]>, prefix: number, rule: number): void {
  const list = map.get(prefix);
  if (list === undefined) map.set(prefix, [rule]);
  else list.push(rule);
}

function tableOf(map: ReadonlyMap<number, readonly number[]>): PrefixTable {
  const prefixes = Uint32Array.from(map.keys()).sort();
  const starts = new Uint32Array(prefixes.length + 1);
  const rules: number[] = [];
  for (let at = 0; at < prefixes.length; at++) {
    append(rules, map.get(prefixes[at]) ?? []);
    starts[at + 1] = rules.length;
  }
  return { prefixes, starts, rules: Uint32Array.from(rules) };
}

export function isEmptyList(list: RuleListData): boolean {
  return list.general.length + list.bySource.rules.length + list.byDestination.rules.length === 0;
}

const NONE = new Uint32Array(0);

/** The rules of one prefix. */
export function rulesAt(table: PrefixTable, prefix: number): Uint32Array {
  const { prefixes, starts, rules } = table;
  let low = 0;
  let high = prefixes.length - 1;
  while (low <= high) {
    const middle = (low + high) >>> 1;
    if (prefixes[middle] === prefix) return rules.subarray(starts[middle], starts[middle + 1]);
    if (prefixes[middle] < prefix) low = middle + 1;
    else high = middle - 1;
  }
  return NONE;
}
