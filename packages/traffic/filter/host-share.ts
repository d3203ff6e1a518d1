/**
 * One capture for several engines: each has the packets of some pairs of hosts, both ways. Whatever belongs to one flow belongs to one of
 * them: fragments, and errors that quote a packet of it. What is no IP packet is the first one's.
 */
import { uint32 } from '@sigwright/bytes';
import { ICMP, Packet } from '@sigwright/contracts';
import { decodePacket } from '../decode/decode.ts';
import { LINK_ETHERNET } from '../decode/link.ts';
import type { PacketFilter } from './packet-filter.ts';

/** RFC 792; the only error that the flow table asks for the packet in it. */
const UNREACHABLE = 3;

export class HostShare implements PacketFilter {
  readonly #index: number;
  readonly #count: number;
  readonly #packet = new Packet();

  /** `index`: of `count` engines, from 0. */
  constructor(index: number, count: number) {
    this.#index = index;
    this.#count = count;
  }

  keeps(data: Uint8Array, start: number, end: number, linkType: number): boolean {
    const ip = start + 14;
    // As nearly all packets are; what has the layers of others is taken apart.
    if (linkType === LINK_ETHERNET && end - ip >= 20 && data[start + 12] === 0x08 && data[start + 13] === 0 && data[ip] === 0x45 && data[ip + 9] !== ICMP)
      return this.#isOwn(uint32(data, ip + 12), uint32(data, ip + 16));
    const packet = this.#packet;
    packet.data = data;
    packet.frameStart = start;
    packet.frameEnd = end;
    packet.wireLength = end - start;
    packet.linkType = linkType;
    decodePacket(packet, false);
    const { source, destination, payloadStart } = packet;
    if (packet.ipVersion === 0) return this.#index === 0;
    if (packet.ipVersion === 6) return this.#isOwn(folded(source), folded(destination));
    if (packet.protocol !== ICMP || packet.icmpType !== UNREACHABLE || packet.payloadEnd - payloadStart < 20) return this.#isOwn(source[0], destination[0]);
    return this.#isOwn(uint32(data, payloadStart + 12), uint32(data, payloadStart + 16));
  }

  #isOwn(one: number, other: number): boolean {
    // The same both ways, and not zero where both are alike.
    const sum = mixed(one) + mixed(other);
    return (mixed(sum) >>> 0) % this.#count === this.#index;
  }
}

function mixed(word: number): number {
  const product = Math.imul(word ^ (word >>> 16), 0x45d9f3b);
  return product ^ (product >>> 15);
}

function folded(words: Uint32Array): number {
  let sum = 0;
  for (let word = 0; word < 4; word++) sum = mixed(sum + words[word]);
  return sum;
}
