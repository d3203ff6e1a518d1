/**
 * Decisions about packets and flows that are no rule's: exception policies (Suricata user guide, "Exception Policies"), and what
 * a decision means for the flow.
 */
import { DROPPED, type ExceptionPolicy, type Flow, PASSED, type Packet, REJECTED_TO_DESTINATION, REJECTED_TO_SOURCE } from '@sigwright/contracts';

/** The first reason counts: what comes later would have dropped a packet that is gone already. */
export function drop(packet: Packet, decision: number, reason: string): void {
  packet.decision |= decision | DROPPED;
  if (packet.dropReason === '') packet.dropReason = reason;
}

/** The first decision about a flow counts. */
export function decideFlow(flow: Flow, verdict: 'pass' | 'drop', dropReason = 'flow drop'): void {
  if (flow.verdict !== 'none') return;
  flow.verdict = verdict;
  flow.dropReason = dropReason;
}

/** `target` names the place for records, `reason` why packets are dropped. */
export function applyException(packet: Packet, flow: Flow | undefined, policy: ExceptionPolicy, target: string, reason: string): void {
  const name = policy.replaceAll('-', '_');
  packet.exceptions ??= [];
  packet.exceptions.push({ target, policy: name });
  if (flow !== undefined) {
    flow.exceptions ??= [];
    if (!flow.exceptions.some((known) => known.target === target)) flow.exceptions.push({ target, policy: name });
  }
  switch (policy) {
    case 'ignore':
      return;
    case 'bypass':
      if (flow !== undefined) {
        flow.bypassed = true;
        decideFlow(flow, 'pass');
      }
      packet.decision |= PASSED;
      return;
    case 'pass-flow':
      if (flow !== undefined) decideFlow(flow, 'pass');
      packet.decision |= PASSED;
      return;
    case 'pass-packet':
      packet.decision |= PASSED;
      return;
    case 'drop-packet':
      drop(packet, DROPPED, reason);
      return;
    case 'drop-flow':
    case 'reject':
    case 'reject-both':
      if (flow !== undefined) decideFlow(flow, 'drop', 'exception policy flow drop');
      drop(packet, policy === 'drop-flow' ? DROPPED : policy === 'reject' ? REJECTED_TO_SOURCE : REJECTED_TO_SOURCE | REJECTED_TO_DESTINATION, reason);
  }
}
