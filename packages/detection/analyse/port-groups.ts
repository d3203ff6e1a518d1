/**
 * Which rules are for which ports: for each transport and direction, ranges of ports with the same rules, those with most rules
 * first. What goes beyond the number of groups wanted is one group for all ports. Plain data in the form of the
 * `rule_group.json` that Suricata writes with `detect.profiling.grouping.dump-to-disk`.
 */
import { type Direction, TO_CLIENT, TO_SERVER } from '@sigwright/contracts';
import type { CompiledRule } from '../compile/compiled-rule.ts';

export interface PortGroup {
  readonly port: number;
  readonly port2: number;
  readonly rulegroup: { readonly id: number; readonly rules: readonly { readonly sig_id: number }[] };
}

export interface MostGroups {
  readonly toServer: number;
  readonly toClient: number;
}

const HIGHEST_PORT = 65_535;
const TRANSPORTS = ['tcp', 'udp'] as const;

/** `rules` in the order of evaluation. Rules about addresses alone, and about decoding alone, are in no group. */
export function groupByPorts(rules: readonly CompiledRule[], most: MostGroups): Record<string, { toserver: PortGroup[]; toclient: PortGroup[] }> {
  const grouped: Record<string, { toserver: PortGroup[]; toclient: PortGroup[] }> = {};
  for (const transport of TRANSPORTS) {
    const ofTransport = rules.filter((rule) => rule.header.transports[transport] && !rule.addressesOnly && !isOfDecoder(rule));
    grouped[transport] = {
      toserver: groupsOf(ofTransport, TO_SERVER, most.toServer),
      toclient: groupsOf(ofTransport, TO_CLIENT, most.toClient),
    };
  }
  return grouped;
}

function isOfDecoder({ anomalies, payload }: CompiledRule): boolean {
  return payload.length === 0 && anomalies.length > 0 && anomalies.every((one) => one.owner === 'decoder');
}

type Range = readonly [from: number, to: number];

/** Ports of the server, in the direction that a rule looks at. */
function rangesOf({ header }: CompiledRule, direction: Direction): readonly Range[] {
  const sets = direction === TO_SERVER ? [header.destinationPorts] : [header.sourcePorts];
  if (header.bidirectional) sets.push(direction === TO_SERVER ? header.sourcePorts : header.destinationPorts);
  const ranges: Range[] = [];
  for (const ports of sets) {
    if (ports === undefined) return [[0, HIGHEST_PORT]];
    const edges = [...(ports.contains(0) ? [0] : []), ...ports.boundaries()];
    for (let at = 0; at < edges.length; at += 2) ranges.push([edges[at], (edges[at + 1] ?? HIGHEST_PORT + 1) - 1]);
  }
  return ranges;
}

interface Interval {
  readonly from: number;
  to: number;
  /** numbers of rules, ascending */
  readonly rules: readonly number[];
}

function groupsOf(rules: readonly CompiledRule[], direction: Direction, most: number): PortGroup[] {
  const begins = new Map<number, number[]>();
  const ends = new Map<number, number[]>();
  const note = (map: Map<number, number[]>, port: number, rule: number): void => {
    const known = map.get(port);
    if (known === undefined) map.set(port, [rule]);
    else known.push(rule);
  };
  rules.forEach((rule, at) => {
    if (!rule.directions.includes(direction)) return;
    for (const [from, to] of rangesOf(rule, direction)) {
      note(begins, from, at);
      note(ends, to + 1, at);
    }
  });
  const intervals = intervalsOf(begins, ends).sort((a, b) => b.rules.length - a.rules.length || a.from - b.from);
  const rest = intervals.splice(most);
  if (rest.length > 0) intervals.push({ from: 0, to: HIGHEST_PORT, rules: [...new Set(rest.flatMap((one) => one.rules))].sort((a, b) => a - b) });
  const ids = new Map<string, number>();
  return intervals.map(({ from, to, rules: numbers }) => {
    const key = numbers.join();
    const id = ids.get(key) ?? ids.size;
    ids.set(key, id);
    return { port: from, port2: to, rulegroup: { id, rules: numbers.map((at) => ({ sig_id: rules[at].sid })) } };
  });
}

/** Ranges between the edges, neighbours with the same rules as one. */
function intervalsOf(begins: ReadonlyMap<number, readonly number[]>, ends: ReadonlyMap<number, readonly number[]>): Interval[] {
  const edges = [...new Set([...begins.keys(), ...ends.keys()])].sort((a, b) => a - b);
  /** rule → how many of its ranges are open: those of a rule for both directions may overlap */
  const open = new Map<number, number>();
  const intervals: Interval[] = [];
  edges.forEach((edge, at) => {
    for (const rule of ends.get(edge) ?? []) {
      const left = (open.get(rule) ?? 1) - 1;
      if (left === 0) open.delete(rule);
      else open.set(rule, left);
    }
    for (const rule of begins.get(edge) ?? []) open.set(rule, (open.get(rule) ?? 0) + 1);
    if (open.size === 0 || edge > HIGHEST_PORT) return;
    const found = [...open.keys()].sort((a, b) => a - b);
    const to = (edges[at + 1] ?? HIGHEST_PORT + 1) - 1;
    const before = intervals.at(-1);
    if (before !== undefined && before.to === edge - 1 && before.rules.join() === found.join()) before.to = to;
    else intervals.push({ from: edge, to, rules: found });
  });
  return intervals;
}
