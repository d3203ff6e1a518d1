/**
 * Who a resolver asked for, where questions were not written down but flows were: the only client that spoke with a resolver at that
 * moment. Records of flows come late, so an alert is decided about when all that matter must have come; in memory, for alerts of this run.
 */
import type { EveRecord } from '@sigwright/contracts';
import { type ClientFlow, clientFlow, onlyClientAt } from '../triage/client-flow.ts';

/** Milliseconds: Suricata writes a flow of UDP five minutes after its last packet, and looks for such flows now and then. */
const COMES_WITHIN = 10 * 60_000;
/** The newest are kept, where there are more. */
const MOST_FLOWS = 100_000;
const MOST_ALERTS = 10_000;

interface WaitingAlert {
  readonly id: number;
  readonly name: string;
  readonly time: number;
}

export class ResolverFlows {
  readonly #alerts: WaitingAlert[] = [];
  #flows: ClientFlow[] = [];

  wait(alert: WaitingAlert): void {
    if (this.#alerts.length < MOST_ALERTS) this.#alerts.push(alert);
  }

  /** A record of a flow of `client` to a resolver's port 53; passed over while nobody waits. */
  saw(client: string, record: EveRecord): void {
    if (this.#alerts.length === 0) return;
    const flow = clientFlow(client, record);
    if (flow === undefined) return;
    if (this.#flows.length >= MOST_FLOWS) this.#flows = this.#flows.slice(MOST_FLOWS / 2);
    this.#flows.push(flow);
  }

  /** Alerts that waited long enough by `now` (the newest record's time), with the only client there was; they wait until `decided`. */
  due(now: number): readonly (WaitingAlert & { readonly client: string | undefined })[] {
    return this.#alerts.filter(({ time }) => time < now - COMES_WITHIN).map((alert) => ({ ...alert, client: onlyClientAt(this.#flows, alert.time) }));
  }

  decided(alerts: readonly WaitingAlert[]): void {
    const ids = new Set(alerts.map(({ id }) => id));
    const left = this.#alerts.filter(({ id }) => !ids.has(id));
    this.#alerts.length = 0;
    this.#alerts.push(...left);
    if (left.length === 0) this.#flows = [];
  }
}
