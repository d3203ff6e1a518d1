/** What a run says about its alerts at the end: by rule how often, and between which hosts first. */
import { formatAddress } from '@sigwright/bytes';
import type { Packet } from '@sigwright/contracts';
import type { CompiledRule } from '@sigwright/detection';
import { BEGINNING, compareMoments, type Moment } from './moments.ts';

const MOST_HOSTS = 5;

interface Hosts {
  readonly text: string;
  /** when they were first seen */
  readonly at: Moment;
}

/** `index`: in what order rules are told on one packet. */
export type SummedRule = Pick<CompiledRule, 'sid' | 'message' | 'index'>;

export interface RuleAlerts extends SummedRule {
  count: number;
  /** different ones, the first of them */
  readonly hosts: Hosts[];
}

export function hostsOf({ source, destination, ipVersion }: Packet): string {
  return `${formatAddress(source, ipVersion)} → ${formatAddress(destination, ipVersion)}`;
}

export class AlertSummary {
  #rules = new Map<number, RuleAlerts>();

  #added = 0;

  /** Without `at`: after all that were added before. */
  add({ sid, message, index }: SummedRule, hosts: string, at: Moment = { ...BEGINNING, number: ++this.#added }): void {
    let known = this.#rules.get(sid);
    if (known === undefined) {
      known = { sid, message, index, count: 0, hosts: [] };
      this.#rules.set(sid, known);
    }
    known.count++;
    if (known.hosts.length < MOST_HOSTS && !known.hosts.some(({ text }) => text === hosts)) known.hosts.push({ text: hosts, at });
  }

  get rules(): RuleAlerts[] {
    return [...this.#rules.values()];
  }

  /** As if the alerts of all had come in order. */
  merge(others: readonly RuleAlerts[]): void {
    const merged = new Map<number, RuleAlerts>();
    for (const { sid, message, index, count, hosts } of [...this.#rules.values(), ...others]) {
      const known = merged.get(sid);
      if (known === undefined) merged.set(sid, { sid, message, index, count, hosts: [...hosts] });
      else {
        known.count += count;
        const all = [...known.hosts, ...hosts].sort((a, b) => compareMoments(a.at, b.at));
        known.hosts.splice(0, known.hosts.length, ...all.filter(({ text }, at) => all.findIndex((one) => one.text === text) === at).slice(0, MOST_HOSTS));
      }
    }
    this.#rules = merged;
  }

  /** Most often first; nothing where there was no alert. */
  text(): string {
    return this.rules
      .sort((a, b) => b.count - a.count || compareMoments(a.hosts[0].at, b.hosts[0].at) || a.index - b.index)
      .map(({ sid, message, count, hosts }) => `${String(count).padStart(6)} × ${sid} ${message}\n         ${hosts.map(({ text }) => text).join(', ')}\n`)
      .join('');
  }
}
