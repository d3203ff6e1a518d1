/**
 * Matches of one packet, in rule order, on their way to becoming alerts: thresholds, the limit per packet, and what the rules do
 * to the packet and its flow (Suricata user guide, "Rule Types and Categorization", action scope).
 */
import { type Action, DROPPED, type EngineSettings, type Flow, PASSED, type Packet, REJECTED_TO_DESTINATION, REJECTED_TO_SOURCE } from '@sigwright/contracts';
import { decideFlow, drop } from '@sigwright/traffic';
import type { Alert } from './alert.ts';
import type { Peers } from './peers.ts';
import { SILENT, type Thresholds } from './thresholds.ts';

/** What an action that is no `alert` and no `pass` does to a packet. */
const DROPS: Partial<Record<Action, number>> = {
  drop: DROPPED,
  reject: REJECTED_TO_SOURCE,
  rejectsrc: REJECTED_TO_SOURCE,
  rejectdst: REJECTED_TO_DESTINATION,
  rejectboth: REJECTED_TO_SOURCE | REJECTED_TO_DESTINATION,
};

export class AlertQueue {
  /** matches beyond the limit per packet, and those that a threshold kept silent */
  overflowed = 0;
  suppressed = 0;
  /** alerts of the firewall that found no room, and of rules on what it dropped */
  discarded = 0;
  /** the first alert that dropped the packet flushed last */
  cause: Alert | undefined = undefined;
  readonly #settings: EngineSettings;
  readonly #thresholds: Thresholds;
  readonly #queue: Alert[] = [];
  /** decided, in the order in which they are told */
  readonly #told: Alert[] = [];

  readonly #peers: Peers | undefined;

  constructor(settings: EngineSettings, thresholds: Thresholds, peers?: Peers) {
    this.#settings = settings;
    this.#peers = peers;
    this.#thresholds = thresholds;
  }

  add(alert: Alert): void {
    this.#queue.push(alert);
  }

  /** Everything is decided before the first alert is told, since alerts show what became of the packet. */
  flush(packet: Packet, flow: Flow | undefined, emit: (alert: Alert, packet: Packet) => void): void {
    this.cause = undefined;
    if (this.#queue.length === 0) return;
    this.decide(packet, flow);
    this.tell(packet, emit);
  }

  /** What the rules added since the last decision do. */
  decide(packet: Packet, flow: Flow | undefined): void {
    const queue = this.#queue;
    const told = this.#told;
    if (queue.length > 1) queue.sort((a, b) => a.rule.index - b.rule.index);
    for (let at = 0; at < queue.length; at++) {
      const alert = queue[at];
      const answer = this.#thresholds.decide(alert, packet, flow);
      if (answer === undefined) continue;
      this.#act(alert, packet, flow);
      if (answer === SILENT) this.suppressed++;
      // What a rate filter turned into a pass is not told.
      else if (!alert.rule.noAlert && !(alert.changed && alert.action === 'pass')) {
        if (typeof answer === 'object') alert.question = answer;
        if (told.length >= this.#settings.maximumAlertsPerPacket) this.#overflow(alert);
        else told.push(alert);
      }
      if (alert.action === 'pass') break;
    }
    queue.length = 0;
  }

  #overflow(alert: Alert): void {
    this.overflowed++;
    // Without the ones that are no alerts in the end, there may be room.
    if (this.#peers !== undefined && (alert.question !== undefined || this.#told.some(({ question }) => question !== undefined)))
      this.#peers.giveUp('more rules than alerts are kept of a packet hold on one');
  }

  /** An alert of the firewall, which has acted already. */
  addDecided(alert: Alert): void {
    if (alert.action !== 'accept') this.cause ??= alert;
    if (this.#told.length >= this.#settings.maximumAlertsPerPacket) this.discarded++;
    else this.#told.push(alert);
  }

  /** The firewall dropped the packet: to the other rules it was never there. */
  keepFirewallOnly(): void {
    const told = this.#told;
    let kept = 0;
    for (let at = 0; at < told.length; at++) if (told[at].hook !== undefined) told[kept++] = told[at];
    this.discarded += told.length - kept;
    told.length = kept;
  }

  tell(packet: Packet, emit: (alert: Alert, packet: Packet) => void): void {
    const told = this.#told;
    for (let at = 0; at < told.length; at++) emit(told[at], packet);
    told.length = 0;
  }

  #act(alert: Alert, packet: Packet, flow: Flow | undefined): void {
    const { action } = alert;
    const decision = DROPS[action];
    if (decision === undefined) {
      // What is dropped already is not let through by a rule that comes later.
      if (action === 'pass' && (packet.decision & DROPPED) === 0) {
        packet.decision |= PASSED;
        if (flow !== undefined && ofFlow(alert)) decideFlow(flow, 'pass');
      }
      return;
    }
    if (action === 'drop' && !this.#settings.ips) return;
    if (action !== 'drop' && !this.#settings.ips) {
      packet.decision |= decision;
      return;
    }
    drop(packet, decision, alert.changed ? 'threshold detection_filter' : 'rules');
    this.cause ??= alert;
    if (flow !== undefined && ofFlow(alert)) decideFlow(flow, 'drop');
  }
}

/** Is the match one of the whole flow, or of this packet alone? */
function ofFlow({ rule, inStream, transaction }: Alert): boolean {
  if (rule.scope !== undefined) return rule.scope === 'flow';
  return transaction !== undefined || inStream || rule.ofFlow;
}
