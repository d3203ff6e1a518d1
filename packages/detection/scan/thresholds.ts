/**
 * Thresholds: how often a match becomes an alert, and what it does once it came too often. Those that rules carry, and those
 * of threshold.config. Windows run on packet time. Suricata user guide, "Thresholding keywords" and "Global-Thresholds".
 */
import type { AddressSet } from '@sigwright/bytes';
import type { Action, EngineSettings, Flow, GlobalThreshold, Packet, Threshold } from '@sigwright/contracts';
import type { CompiledRule } from '../compile/compiled-rule.ts';
import { HeaderResolver } from '../compile/header.ts';
import type { Alert, ThresholdQuestion } from './alert.ts';
import { addressKey } from './host-state.ts';
import type { Peers } from './peers.ts';

interface Suppression {
  readonly side: 'source' | 'destination' | 'either';
  /** undefined: any */
  readonly addresses: AddressSet | undefined;
}

interface ReadyThreshold extends Omit<GlobalThreshold, 'suppress'> {
  readonly suppress: Suppression | undefined;
}

/** What is asked of the matches of one rule. */
interface Demands {
  readonly suppressions: readonly Suppression[];
  readonly thresholds: readonly Threshold[];
}

/** The match counts, it does what its rule says; but there is no alert. */
export const SILENT = 1;
export const ALERT = 2;

interface Window {
  /** packet time at which the window began, microseconds */
  start: number;
  count: number;
  /** backoff: the count at which the next alert comes */
  next: number;
  /** rate: packet time at which the other action began; -1 where it does not hold */
  changedAt: number;
  threshold: Threshold;
  /** of the rules that it was last asked for */
  age: number;
  /** ports seen in this window, where these are counted */
  readonly ports: Set<number> | undefined;
}

/** Tracked addresses over all rules; beyond it the oldest quarter is dropped. */
const MOST_WINDOWS = 500_000;
/** With so many, those whose time is over are looked for; then whenever as many again were opened. */
const FIRST_SWEEP = 1024;

export class Thresholds {
  readonly #windows = new Map<string, Window>();
  #sweepAt = FIRST_SWEEP;
  #global: readonly ReadyThreshold[];
  /** how often rules took over */
  #age = 0;
  /** by index of the rule, of those that matched */
  readonly #demands = new Map<number, Demands>();
  readonly #peers: Peers | undefined;

  constructor(settings: EngineSettings, peers?: Peers) {
    this.#peers = peers;
    this.#global = readied(settings);
  }

  /** Other rules, and what threshold.config says of them now, are asked from here on. What was counted goes on. */
  takeOver(settings: EngineSettings): void {
    this.#global = readied(settings);
    this.#demands.clear();
    this.#age++;
  }

  /**
   * SILENT, ALERT, or undefined where the match does not count. May change what the alert does. Among peers, what is counted across flows is a
   * question that is answered later.
   */
  decide(alert: Alert, packet: Packet, flow: Flow | undefined): typeof SILENT | typeof ALERT | ThresholdQuestion | undefined {
    const { rule } = alert;
    const { suppressions, thresholds } = this.#demandsOn(rule);
    for (const suppression of suppressions) if (suppresses(suppression, packet)) return SILENT;
    for (let at = 0; at < thresholds.length; at++) {
      const threshold = thresholds[at];
      const tracked = trackedBy(threshold, packet, flow);
      const port = threshold.unique === 'src_port' ? packet.sourcePort : packet.destinationPort;
      if (this.#peers !== undefined && threshold.track !== 'by_flow') {
        const isAlone = thresholds.length === 1 && threshold.type !== 'rate' && rule.action === 'alert' && rule.tags.length === 0;
        if (!isAlone) this.#peers.giveUp(`rule ${rule.sid} does more than to alert once it counted enough`);
        return { rule: rule.index, tracked, time: packet.time, port };
      }
      const goesBeyond = this.#count(threshold, rule, tracked, packet.time, port);
      if (threshold.type === 'rate') {
        if (!goesBeyond) continue;
        alert.action = (threshold.newAction ?? 'alert') as Action;
        alert.changed = true;
      } else if (!goesBeyond) return threshold.type === 'detection' ? undefined : SILENT;
    }
    return ALERT;
  }

  /** What `decide` would have said, had it been asked in this order. */
  answer({ tracked, time, port }: ThresholdQuestion, rule: CompiledRule): typeof SILENT | typeof ALERT | undefined {
    const [threshold] = this.#demandsOn(rule).thresholds;
    if (this.#count(threshold, rule, tracked, time, port)) return ALERT;
    return threshold.type === 'detection' ? undefined : SILENT;
  }

  /** What the file says of one signature replaces what the rule says; what it says of all does not. Of several entries the last one counts. */
  #demandsOn(rule: CompiledRule): Demands {
    let demands = this.#demands.get(rule.index);
    if (demands !== undefined) return demands;
    const entries = this.#global.filter(({ gid, sid }) => (gid === 0 || gid === rule.gid) && (sid === 0 || sid === rule.sid));
    const said = (wanted: (one: ReadyThreshold) => boolean, isRate: boolean): readonly Threshold[] =>
      entries.flatMap((one) => (one.threshold !== undefined && (one.threshold.type === 'rate') === isRate && wanted(one) ? [one.threshold] : [])).slice(-1);
    const isOne = ({ gid, sid }: ReadyThreshold): boolean => gid !== 0 && sid !== 0;
    const ofOne = said(isOne, false);
    const counting = ofOne.length > 0 ? ofOne : rule.thresholds.length > 0 ? rule.thresholds : said(() => true, false);
    const rates = said(isOne, true);
    demands = {
      suppressions: entries.flatMap(({ suppress }) => (suppress === undefined ? [] : [suppress])),
      thresholds: [...counting, ...(rates.length > 0 ? rates : said(() => true, true))],
    };
    this.#demands.set(rule.index, demands);
    return demands;
  }

  /** May this match be reported; of a rate, does the other action hold? Counts it. `time`: microseconds. */
  #count(threshold: Threshold, rule: CompiledRule, tracked: string, time: number, port: number): boolean {
    const window = this.#window(threshold, rule, tracked, time);
    if (threshold.type === 'backoff') {
      window.count++;
      if (window.count < window.next) return false;
      window.next *= Math.max(2, threshold.multiplier ?? 2);
      return true;
    }
    if (threshold.type === 'rate') return isBeyondRate(window, threshold, time);
    if (time - window.start >= threshold.seconds * 1e6) {
      window.start = time;
      window.count = 0;
      window.ports?.clear();
    }
    if (window.ports === undefined) window.count++;
    else {
      window.ports.add(port);
      window.count = window.ports.size;
    }
    switch (threshold.type) {
      case 'limit':
        return window.count <= threshold.count;
      case 'threshold':
        if (window.count < threshold.count) return false;
        window.count = 0;
        window.start = time;
        return true;
      case 'both':
        return window.count === threshold.count;
      case 'detection':
        return window.count > threshold.count;
    }
  }

  /** Of a rule by its gid and sid: one that takes its place counts on, unless it counts something else. */
  #window(threshold: Threshold, { gid, sid }: CompiledRule, tracked: string, time: number): Window {
    const key = `${gid}:${sid}/${threshold.type}/${tracked}`;
    let window = this.#windows.get(key);
    if (window !== undefined && window.age !== this.#age) {
      if (isSameCount(window.threshold, threshold)) {
        window.threshold = threshold;
        window.age = this.#age;
      } else window = undefined;
    }
    if (window === undefined) {
      if (this.#windows.size >= this.#sweepAt) this.#sweep(time);
      const ports = threshold.unique === undefined ? undefined : new Set<number>();
      window = { start: time, count: 0, next: threshold.count, changedAt: -1, threshold, age: this.#age, ports };
      this.#windows.set(key, window);
    }
    return window;
  }

  /** A window that is over counts as one that was never opened. */
  #sweep(now: number): void {
    for (const [key, window] of this.#windows) if (isOver(window, now)) this.#windows.delete(key);
    if (this.#windows.size >= MOST_WINDOWS) this.#prune();
    this.#sweepAt = Math.min(MOST_WINDOWS, Math.max(FIRST_SWEEP, this.#windows.size * 2));
  }

  /** The windows opened first are most likely over soon. */
  #prune(): void {
    let left = MOST_WINDOWS / 4;
    for (const key of this.#windows.keys()) {
      if (left-- <= 0) break;
      this.#windows.delete(key);
    }
  }
}

function trackedBy({ track }: Threshold, packet: Packet, flow: Flow | undefined): string {
  switch (track) {
    case 'by_src':
      return addressKey(packet.source);
    case 'by_dst':
      return addressKey(packet.destination);
    case 'by_both':
      return pairKey(packet);
    case 'by_flow':
      return `flow ${flow?.id ?? 0}`;
    case 'by_rule':
      return '';
  }
}

/** Beyond the count something else is done, for as long as the timeout says. */
function isBeyondRate(window: Window, threshold: Threshold, time: number): boolean {
  if (window.changedAt >= 0 && time - window.changedAt > (threshold.timeout ?? 0) * 1e6) window.changedAt = -1;
  if (window.changedAt >= 0) return true;
  if (time - window.start >= threshold.seconds * 1e6) {
    window.start = time;
    window.count = 0;
  }
  if (++window.count <= threshold.count) return false;
  window.changedAt = time;
  return true;
}

function readied(settings: EngineSettings): readonly ReadyThreshold[] {
  const resolver = new HeaderResolver(settings);
  return settings.globalThresholds.map((one) => ({
    ...one,
    suppress: one.suppress === undefined ? undefined : { side: one.suppress.side, addresses: resolver.addresses(one.suppress.addresses) },
  }));
}

/** Do both count the same in the same time, however much is enough? Of a backoff, what is enough goes on, too. */
function isSameCount(one: Threshold, other: Threshold): boolean {
  return one.track === other.track && one.unique === other.unique && one.seconds === other.seconds && (one.type !== 'backoff' || one.count === other.count);
}

function isOver({ start, changedAt, threshold }: Window, now: number): boolean {
  if (threshold.type === 'backoff') return false;
  if (changedAt >= 0 && now - changedAt <= (threshold.timeout ?? 0) * 1e6) return false;
  return now - start >= threshold.seconds * 1e6;
}

/** A pair of addresses is the same in both directions. */
function pairKey(packet: Packet): string {
  const source = addressKey(packet.source);
  const destination = addressKey(packet.destination);
  return source < destination ? `${source}=${destination}` : `${destination}=${source}`;
}

function suppresses({ side, addresses }: Suppression, packet: Packet): boolean {
  if (addresses === undefined) return true;
  if (side !== 'destination' && addresses.contains(packet.source, packet.ipVersion)) return true;
  return side !== 'source' && addresses.contains(packet.destination, packet.ipVersion);
}
