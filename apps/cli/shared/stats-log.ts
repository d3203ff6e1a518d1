/** Counters as tables (Suricata user guide, "Statistics"): the numbers of the `stats` record, one table each time it is asked. */
import type { EveRecord } from '@sigwright/contracts';
import { isYes, type Tree } from './configuration-tree.ts';
import { strftime } from './log-time.ts';

const RULE = '-'.repeat(84);
const NAME_WIDTH = 45;
const WHOSE_WIDTH = 25;
const TOTAL = 'Total';
/** The one thread there is. */
export const THREAD = 'W#01';

export interface StatsTable {
  readonly zeros: boolean;
  readonly totals: boolean;
  readonly threads: boolean;
}

export function statsTableOf(options: Tree): StatsTable {
  return { zeros: isYes(options['null-values'], false), totals: isYes(options['totals'], true), threads: isYes(options['threads'], false) };
}

/** `record` as EVE has it; `time` in microseconds, `uptime` in seconds. */
export function statsTable(record: EveRecord, time: number, uptime: number, { zeros, totals, threads }: StatsTable): string {
  const counters = countersIn(record['stats'], '').filter(([name, value]) => name !== 'uptime' && (zeros || value !== 0));
  const whose = [...(totals ? [TOTAL] : []), ...(threads ? [THREAD] : [])];
  const rows = whose.flatMap((name) => counters.map(([counter, value]) => row(counter, name, String(value))));
  const date = new Date(Math.floor(time / 1000));
  const day = `${date.getUTCDate()}/${date.getUTCMonth() + 1}/${date.getUTCFullYear()}`;
  return [RULE, `Date: ${day} -- ${strftime('%T', time)} (uptime: ${since(uptime)})`, RULE, row('Counter', 'TM Name', 'Value'), RULE, ...rows].join('\n');
}

function row(counter: string, whose: string, value: string): string {
  return `${counter.padEnd(NAME_WIDTH)} | ${whose.padEnd(WHOSE_WIDTH)} | ${value}`;
}

/** `0d, 00h 00m 00s` */
function since(uptime: number): string {
  const two = (value: number): string => String(Math.floor(value)).padStart(2, '0');
  return `${Math.floor(uptime / 86_400)}d, ${two((uptime / 3600) % 24)}h ${two((uptime / 60) % 60)}m ${two(uptime % 60)}s`;
}

/** Numbers of a tree with their paths; lists hold no counters. */
export function countersIn(value: unknown, path: string): (readonly [name: string, value: number])[] {
  if (typeof value === 'number') return [[path, value]];
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return [];
  return Object.entries(value).flatMap(([name, one]) => countersIn(one, path === '' ? name : `${path}.${name}`));
}
