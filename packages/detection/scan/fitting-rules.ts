/** What is known of the rules that no literal leads to and whose header fits a flow, see packet-rules.ts. */
import type { PatternGate } from './pattern-gate.ts';

/** Rules that packets of one kind can make true: those that are asked, and those that a gate may keep from it. */
export interface Possible {
  readonly rules: Uint32Array;
  readonly gate: PatternGate | undefined;
  /** some of the gate's rules look at packets that the stream has, too */
  readonly inPacket: boolean;
}

/** Rules whose header fits the packets of a flow in one direction. Flows with the same rules have the same list. */
export class FittingRules {
  readonly rules: Uint32Array;
  /** by application protocol, then by kind of packet: those that may hold */
  readonly sifted = new Map<string | undefined, Map<number, Possible>>();
  /** of what is sifted */
  age = 0;
  /** what was asked for last */
  lastProtocol: string | undefined = undefined;
  lastKind = -1;
  last: Possible | undefined = undefined;
  /** by application protocol and deciding flowbits that are set: what is known of plain packets in which nobody looks for anything, see `Flow.quietToServer` */
  readonly quiet = new Map<string, Uint8Array>();
  /** flowbits that keep some of the rules from doing anything, set or not set; undefined: not found out yet */
  decidingBits: readonly string[] | undefined = undefined;

  constructor(rules: Uint32Array) {
    this.rules = rules;
  }
}
