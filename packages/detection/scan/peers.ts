/**
 * Several engines that read one capture at once, each the packets of some hosts (decisions/0014). Bits of addresses every engine keeps whole:
 * they are read and changed in the order of packets, as by one engine, and each change is told to the others. Matches that thresholds count
 * across flows are told with what is to be counted (`Alert.question`), to be answered by whoever brings all alerts into order. What can be
 * done in neither way ends the sharing.
 */
import type { PacketFilter } from '@sigwright/traffic';
import type { CompiledRule } from '../compile/compiled-rule.ts';
import type { PlanUse } from '../compile/plan.ts';

/** What an engine decided about more than a flow of its own. */
export type Decision =
  /** A bit of an address or a pair of them; `expire`: seconds from `time`, -1 where it is taken away. */
  | { readonly kind: 'bit'; readonly key: string; readonly time: number; readonly expire: number }
  /** What flows of one engine only may gather together, by name. */
  | { readonly kind: 'claim'; readonly name: string };

/** The other engines, as one of them sees them. */
export interface Peers {
  /** this engine's packets */
  readonly share: PacketFilter;
  /** takes what another engine decided; set by the engine */
  take: (decision: Decision) => void;
  /**
   * What happens from here on happens at this moment. Moments are ordered by the number of the packet that was read last (infinite at the end of
   * the capture); before the packet itself come flows that end because of its time, in the order of `lastTime`, then of their first packet.
   * For the packet itself both are infinite.
   */
  at(number: number, lastTime: number, firstPacket: number): void;
  /** Returns when all that others decide before this moment has been taken. */
  catchUp(): void;
  tell(decision: Decision): void;
  /** Throws: one engine alone must read the capture. */
  giveUp(why: string): never;
}

/** The plan, for an engine with peers: where a rule comes into play that remembers what peers would have to know, they give up. */
export function planForPeers(plan: PlanUse, peers: Peers): PlanUse {
  const seen = new Uint8Array(plan.data.ruleCount);
  return {
    ...plan,
    rule(index) {
      const rule = plan.rule(index);
      if (seen[index] === 0) {
        seen[index] = 1;
        const why = remembers(rule);
        if (why !== undefined) peers.giveUp(`rule ${rule.sid} ${why}`);
      }
      return rule;
    },
  };
}

function remembers(rule: CompiledRule): string | undefined {
  if (rule.scripts.length > 0) return 'runs a script';
  if (rule.tags.some(({ scope }) => scope === 'host')) return 'follows a host by its tag';
  const tests = [rule.packetBufferTests, rule.bufferTests, rule.frameTests].flat();
  if (tests.some(({ transforms }) => transforms.some(({ definition }) => definition.remembers === true))) return 'runs a script';
  if (tests.some(({ conditions }) => conditions.some((one) => one.kind === 'test' && one.remembers === true))) return 'changes a data set';
  return undefined;
}
