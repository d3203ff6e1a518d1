/** What an engine counts of its own work. */
import type { Work } from '@sigwright/bytes';

export interface EngineCounters extends Work {
  packets: number;
  /** those of encrypted connections that were passed over, since nothing counts of them but that they came */
  quiet: number;
  bytes: number;
  flows: number;
  alerts: number;
  suppressed: number;
  /** matches beyond the limit per packet */
  overflowed: number;
  transactions: number;
  /** rules to which literals or headers led, once for each packet, piece of a stream or transaction */
  candidates: number;
  /** rules evaluated after the prefilter */
  evaluations: number;
  /** alerts of the firewall that found no room, and of rules on packets that it dropped */
  discarded: number;
}

export function noCounts(): EngineCounters {
  return {
    packets: 0,
    quiet: 0,
    bytes: 0,
    flows: 0,
    alerts: 0,
    suppressed: 0,
    overflowed: 0,
    transactions: 0,
    candidates: 0,
    evaluations: 0,
    discarded: 0,
    copied: 0,
    searched: 0,
    arrays: 0,
    arrayBytes: 0,
    objects: 0,
  };
}
