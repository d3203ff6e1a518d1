/** Matches of one packet, in rule order, on their way to becoming alerts: thresholds, pass, the limit per packet. */
import type { EngineSettings, Flow, Packet } from '@sigwright/contracts';
import type { Alert } from './alert.ts';
import type { Thresholds } from './thresholds.ts';

export class AlertQueue {
  readonly #settings: EngineSettings;
  readonly #thresholds: Thresholds;
  readonly #queue: Alert[] = [];

  constructor(settings: EngineSettings, thresholds: Thresholds) {
    this.#settings = settings;
    this.#thresholds = thresholds;
  }

  add(alert: Alert): void {
    this.#queue.push(alert);
  }

  flush(packet: Packet, flow: Flow | undefined, emit: (alert: Alert, packet: Packet) => void): void {
    const queue = this.#queue;
    if (queue.length === 0) return;
    if (queue.length > 1) queue.sort((a, b) => a.rule.index - b.rule.index);
    let emitted = 0;
    for (const alert of queue) {
      const { rule } = alert;
      if (rule.action === 'pass') break;
      if (!this.#admitted(alert, packet, flow) || rule.noAlert) continue;
      if (emitted++ >= this.#settings.maximumAlertsPerPacket) break;
      emit(alert, packet);
    }
    queue.length = 0;
  }

  #admitted(alert: Alert, packet: Packet, flow: Flow | undefined): boolean {
    for (const threshold of alert.rule.thresholds) {
      if (!this.#thresholds.admit(threshold, alert.rule.index, packet, flow)) return false;
    }
    return true;
  }
}
