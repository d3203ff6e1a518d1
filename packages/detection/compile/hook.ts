/**
 * Where a rule stands, as its header says behind the protocol (`tcp:flow_start`, `tls:client_hello_done`, `tls:<client_hello_done`).
 * Suricata user guide, "Rule hooks" and "Firewall Mode Design".
 */
import {
  type Catalogue,
  type Direction,
  hooksOf,
  type PacketCondition,
  type Rule,
  TO_CLIENT,
  TO_SERVER,
  type TransactionCondition,
} from '@sigwright/contracts';
import { PACKET_PROTOCOLS } from './header.ts';
import type { Report } from './rule-diagnostics.ts';

export const PACKET_HOOKS = ['all', 'flow_start', 'pre_stream', 'pre_flow'] as const;
export type PacketHook = (typeof PACKET_HOOKS)[number];

export interface TransactionHook {
  readonly of: 'transaction';
  readonly name: string;
  readonly protocol: string;
  readonly direction: Direction;
  readonly progress: number;
  /** in the firewall: what comes before this state is let through (`<`) */
  readonly andBefore: boolean;
}

export type RuleHook = { readonly of: 'packet'; readonly name: PacketHook } | TransactionHook;

/** Undefined where the header names none, or where it names one that is not there, which was reported. */
export function hookOf(rule: Rule, catalogue: Catalogue, report: Report): RuleHook | undefined {
  const colon = rule.protocol.indexOf(':');
  if (colon === -1) return undefined;
  const word = rule.protocol.slice(0, colon);
  const written = rule.protocol.slice(colon + 1);
  if (PACKET_PROTOCOLS.has(word)) {
    const name = PACKET_HOOKS.find((known) => known === written);
    if (name === undefined) report('rule/unknown-hook', `packets have no hook \`${written}\``, rule.protocolSpan, `write ${PACKET_HOOKS.join(', ')}`);
    return name === undefined ? undefined : { of: 'packet', name };
  }
  const protocol = catalogue.protocols.get(word);
  // An unknown protocol is reported where the header is resolved.
  if (protocol === undefined) return undefined;
  const andBefore = written.startsWith('<');
  const name = andBefore ? written.slice(1) : written;
  const all = hooksOf(protocol);
  for (const direction of [TO_SERVER, TO_CLIENT] as const) {
    const hook = all[direction].find((known) => known.name === name);
    if (hook !== undefined) return { of: 'transaction', name, protocol: protocol.name, direction, progress: hook.progress, andBefore };
  }
  report(
    'rule/unknown-hook',
    `\`${word}\` has no hook \`${name}\``,
    rule.protocolSpan,
    `its hooks are ${[...all[TO_SERVER], ...all[TO_CLIENT]].map((known) => known.name).join(', ')}`,
  );
  return undefined;
}

/** `flow_start`: the first packet that a flow sees of each direction. */
export const FIRST_PACKET: PacketCondition = {
  keyword: 'hook',
  describes: 'the first packet of its direction',
  cost: 1,
  test: (packet, flow) => flow !== undefined && (packet.direction === TO_SERVER ? flow.packetsToServer : flow.packetsToClient) === 1,
};

export function conditionOf(hook: TransactionHook): TransactionCondition {
  const { name, protocol, progress, direction } = hook;
  return { keyword: 'hook', describes: `${protocol} came to ${name}`, protocol, progress, directions: [direction], test: () => true };
}
