/**
 * Packets that follow an alert: a rule with `tag` marks its flow or one of its hosts, and so many packets, bytes or seconds of
 * them are recorded. Suricata user guide, "Tag".
 */
import type { Flow, Packet, TagDemand } from '@sigwright/contracts';
import type { CompiledRule } from '../compile/compiled-rule.ts';
import { addressKey } from './host-state.ts';

interface Tag {
  readonly demand: TagDemand;
  readonly gid: number;
  readonly sid: number;
  readonly since: number;
  count: number;
  /** the packet that alerted is recorded with its alert */
  skippedFirst: boolean;
}

/** Hosts and flows that are followed at a time; more come from a rule that is too wide. */
const MOST_TAGGED = 10_000;

export class Tags {
  readonly #flows = new Map<number, Tag[]>();
  readonly #hosts = new Map<string, Tag[]>();

  add(demand: TagDemand, { gid, sid }: CompiledRule, packet: Packet, flow: Flow | undefined): void {
    if (this.#flows.size + this.#hosts.size >= MOST_TAGGED) return;
    const tag: Tag = { demand, gid, sid, since: packet.time, count: 0, skippedFirst: false };
    if (demand.scope === 'session') {
      if (flow !== undefined) put(this.#flows, flow.id, tag);
    } else put(this.#hosts, hostKey(packet, demand.side === 'destination' ? packet.destination : packet.source), tag);
  }

  get any(): boolean {
    return this.#flows.size > 0 || this.#hosts.size > 0;
  }

  /** Is the packet one to record? Counts it. */
  covers(packet: Packet, flow: Flow | undefined): boolean {
    let covered = flow !== undefined && count(this.#flows, flow.id, packet);
    if (this.#hosts.size > 0 && packet.ipVersion !== 0) {
      if (count(this.#hosts, hostKey(packet, packet.source), packet)) covered = true;
      if (count(this.#hosts, hostKey(packet, packet.destination), packet)) covered = true;
    }
    return covered;
  }

  /** The flow is over. */
  forget(flow: Flow): void {
    this.#flows.delete(flow.id);
  }
}

function hostKey(packet: Packet, address: Uint32Array): string {
  return `${packet.ipVersion}/${addressKey(address)}`;
}

function put<Key>(map: Map<Key, Tag[]>, key: Key, tag: Tag): void {
  const list = map.get(key);
  if (list === undefined) map.set(key, [tag]);
  // A rule that holds again begins nothing new.
  else if (!list.some((known) => isOfSame(known, tag))) list.push(tag);
}

/** Also where the rule took the place of one that was the same. */
function isOfSame(one: Tag, other: Tag): boolean {
  if (one.demand === other.demand) return true;
  const { scope, limit, metric, side } = one.demand;
  const asked = other.demand;
  return one.gid === other.gid && one.sid === other.sid && scope === asked.scope && limit === asked.limit && metric === asked.metric && side === asked.side;
}

function count<Key>(map: Map<Key, Tag[]>, key: Key, packet: Packet): boolean {
  const tags = map.get(key);
  if (tags === undefined) return false;
  let covered = false;
  for (let at = tags.length - 1; at >= 0; at--) {
    const tag = tags[at];
    const { metric, limit } = tag.demand;
    if (metric === 'packets') tag.count++;
    else if (metric === 'bytes') tag.count += packet.frameEnd - packet.frameStart;
    else tag.count = (packet.time - tag.since) / 1e6;
    if (!tag.skippedFirst) {
      tag.skippedFirst = true;
      continue;
    }
    if (tag.count > limit) tags.splice(at, 1);
    else covered = true;
  }
  if (tags.length === 0) map.delete(key);
  return covered;
}
