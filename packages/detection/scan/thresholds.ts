/**
 * Thresholds: how often a match becomes an alert. Windows run on packet time. Meaning of the types: Suricata user guide,
 * "Thresholding keywords".
 */
import type { Flow, Packet, Threshold } from '@sigwright/contracts';
import { addressKey } from './host-state.ts';

interface Window {
  /** packet time at which the window began, microseconds */
  start: number;
  count: number;
  /** backoff: the count at which the next alert comes */
  next: number;
}

/** Tracked addresses over all rules; beyond it the oldest quarter is dropped. */
const MOST_WINDOWS = 500_000;

export class Thresholds {
  readonly #windows = new Map<string, Window>();

  /** May this match be reported? Counts it. `rule` is the rule's index. */
  admit(threshold: Threshold, rule: number, packet: Packet, flow: Flow | undefined): boolean {
    const key = `${rule}/${threshold.type}/${this.#tracked(threshold, packet, flow)}`;
    let window = this.#windows.get(key);
    if (window === undefined) {
      if (this.#windows.size >= MOST_WINDOWS) this.#prune();
      window = { start: packet.time, count: 0, next: threshold.count };
      this.#windows.set(key, window);
    }
    if (threshold.type === 'backoff') {
      window.count++;
      if (window.count < window.next) return false;
      window.next *= Math.max(2, threshold.multiplier ?? 2);
      return true;
    }
    if (packet.time - window.start >= threshold.seconds * 1e6) {
      window.start = packet.time;
      window.count = 0;
    }
    window.count++;
    switch (threshold.type) {
      case 'limit':
        return window.count <= threshold.count;
      case 'threshold':
        if (window.count < threshold.count) return false;
        window.count = 0;
        window.start = packet.time;
        return true;
      case 'both':
        return window.count === threshold.count;
      case 'detection':
      case 'rate':
        return window.count > threshold.count;
    }
  }

  #tracked(threshold: Threshold, packet: Packet, flow: Flow | undefined): string {
    switch (threshold.track) {
      case 'by_src':
        return addressKey(packet.source);
      case 'by_dst':
        return addressKey(packet.destination);
      case 'by_both':
        return `${addressKey(packet.source)}>${addressKey(packet.destination)}`;
      case 'by_flow':
        return `flow ${flow?.id ?? 0}`;
      case 'by_rule':
        return '';
    }
  }

  /** The windows opened first are most likely over. */
  #prune(): void {
    let left = MOST_WINDOWS / 4;
    for (const key of this.#windows.keys()) {
      if (left-- <= 0) break;
      this.#windows.delete(key);
    }
  }
}
