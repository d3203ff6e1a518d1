/**
 * Tenants (`multi-detect`): each has rules, variables, thresholds and classifications of its own, for the packets of its virtual
 * networks, or (`selector: direct`) for all captures, which `pcap-file.tenant-id` gives to it. Suricata user guide, "Multi Tenancy".
 * Flows of different virtual networks never meet, so that each tenant has its own engine.
 */
import { existsSync } from 'node:fs';
import { isAbsolute, join } from 'node:path';
import type { Failure } from '@sigwright/contracts';
import type { Engine } from '@sigwright/detection';
import { type PacketFilter, readPacketFilter, type TrafficLoad } from '@sigwright/traffic';
import { InputProblem } from './arguments.ts';
import { at, isYes, readYaml, type Tree } from './configuration-tree.ts';
import type { CaptureSeries } from './run-capture.ts';

export interface Tenant {
  readonly id: number;
  /** the configuration as it is for this tenant */
  readonly tree: Tree;
  /** its packets */
  readonly owns: PacketFilter;
}

/** What a tenant's own file, or `multi-detect.<id>`, says; everything else is said for all. */
const OWN = ['default-rule-path', 'rule-files', 'classification-file', 'reference-config-file', 'threshold-file', 'vars'] as const;
const SELECTORS = ['vlan', 'vlan-tuple', 'device', 'direct'];
const LAST_VLAN = 4094;
const MOST_LAYERS = 3;

/** Throws an InputProblem that names what is wrong. */
export function tenantsOf(tree: Tree): readonly Tenant[] {
  if (!isYes(at(tree, 'multi-detect.enabled'), false)) return [];
  const selector = String(at(tree, 'multi-detect.selector') ?? 'direct');
  if (!SELECTORS.includes(selector)) throw new InputProblem(`multi-detect.selector: ${selector} is not one of ${SELECTORS.join(', ')}`);
  const owned = mappingsOf(tree, selector);
  return entriesOf(at(tree, 'multi-detect.tenants')).map((entry) => {
    const id = numberOf(entry['id'], 'multi-detect.tenants: id');
    const written = entry['yaml'];
    if (typeof written !== 'string') throw new InputProblem(`multi-detect.tenants: tenant ${id} names no yaml`);
    const path = isAbsolute(written) ? written : join(String(at(tree, 'multi-detect.config-path') ?? '.'), written);
    if (!existsSync(path)) throw new InputProblem(`multi-detect.tenants: ${path} of tenant ${id} is not there`);
    const filters = owned.get(id) ?? [];
    return {
      id,
      tree: treeOf(tree, id, readYaml(path)),
      owns: { keeps: (...packet) => filters.some((filter) => filter.keeps(...packet)) },
    };
  });
}

function treeOf(tree: Tree, id: number, own: Tree): Tree {
  const merged: Tree = { ...tree };
  // Those of all tenants are for the packets of none.
  delete merged['rule-files'];
  delete merged['threshold-file'];
  for (const key of OWN) {
    const written = at(tree, `multi-detect.${id}.${key}`) ?? own[key];
    if (written !== undefined) merged[key] = written;
  }
  return merged;
}

/** Filters by tenant; selectors that no capture can answer have none. */
function mappingsOf(tree: Tree, selector: string): ReadonlyMap<number, PacketFilter[]> {
  const owned = new Map<number, PacketFilter[]>();
  const given = at(tree, 'pcap-file.tenant-id');
  if (selector === 'direct' && given !== undefined && given !== null && given !== 'none')
    owned.set(numberOf(given, 'pcap-file.tenant-id'), [{ keeps: () => true }]);
  if (selector !== 'vlan' && selector !== 'vlan-tuple') return owned;
  for (const entry of entriesOf(at(tree, 'multi-detect.mappings'))) {
    const id = numberOf(entry['tenant-id'], 'multi-detect.mappings: tenant-id');
    const written = selector === 'vlan' ? [entry['vlan-id']] : entry['vlan-tuple'];
    if (!Array.isArray(written) || written.length === 0 || written.length > MOST_LAYERS)
      throw new InputProblem(`multi-detect.mappings: tenant ${id} has no ${selector === 'vlan' ? 'vlan-id' : `vlan-tuple of 1 to ${MOST_LAYERS} numbers`}`);
    const layers = written.map((one) => vlanOf(one, selector === 'vlan' ? 1 : 0));
    const filters = owned.get(id) ?? [];
    filters.push(taggedAs(layers, selector === 'vlan-tuple'));
    owned.set(id, filters);
  }
  return owned;
}

/** Packets with these identifiers in their tags, from the outermost on; 0 stands for any. `exactly`: and with no tag behind them. */
function taggedAs(layers: readonly number[], exactly: boolean): PacketFilter {
  const text = layers.map((id) => (id === 0 ? 'vlan' : `vlan ${id}`)).join(' and ');
  const has = filterOf(text);
  const more = filterOf(`${text} and vlan`);
  return { keeps: (...packet) => has.keeps(...packet) && !(exactly && more.keeps(...packet)) };
}

function filterOf(text: string): PacketFilter {
  const filter = readPacketFilter(text);
  if ('problem' in filter) throw new Error(`the filter \`${text}\` can not be read: ${filter.problem}`);
  return filter;
}

function vlanOf(written: unknown, lowest: number): number {
  const id = numberOf(written, 'multi-detect.mappings: vlan');
  if (id < lowest || id > LAST_VLAN) throw new InputProblem(`multi-detect.mappings: vlan ${id} is not between ${lowest} and ${LAST_VLAN}`);
  return id;
}

function numberOf(written: unknown, where: string): number {
  if (!/^\d{1,9}$/.test(String(written))) throw new InputProblem(`${where}: ${String(written)} is no number`);
  return Number(written);
}

function entriesOf(written: unknown): readonly Tree[] {
  return (Array.isArray(written) ? written : []).filter((entry): entry is Tree => typeof entry === 'object' && entry !== null);
}

/** One capture for several engines, each of which takes its share of it. */
export function together(engines: readonly Engine[]): CaptureSeries {
  const all = (act: (engine: Engine) => Failure | undefined): Failure | undefined => engines.map(act).find((failure) => failure !== undefined);
  return {
    feed: (chunk) => all((engine) => engine.feed(chunk)),
    next: () => all((engine) => engine.next()),
    finish: () => all((engine) => engine.finish()),
  };
}

/** What several engines hold at a moment. */
export function loadOf(engines: readonly Engine[]): TrafficLoad {
  const sum = { byProtocol: new Map<number, number>(), connections: 0, tableBytes: 0, streamBytes: 0 };
  for (const { load } of engines) {
    for (const [protocol, flows] of load.byProtocol) sum.byProtocol.set(protocol, (sum.byProtocol.get(protocol) ?? 0) + flows);
    sum.connections += load.connections;
    sum.tableBytes += load.tableBytes;
    sum.streamBytes += load.streamBytes;
  }
  return sum;
}

/** What several engines counted. */
export function countersOf(engines: readonly Engine[]): Engine['counters'] {
  const sum: Record<string, number> = {};
  for (const { counters } of engines) for (const [name, value] of Object.entries(counters)) sum[name] = (sum[name] ?? 0) + value;
  return sum as unknown as Engine['counters'];
}
