/**
 * Addresses and ports → one number, the same for both directions. Each end is mixed before both are added up: whoever chooses addresses
 * and ports can not make the sums alike without knowing the seed.
 */
import { ICMP, ICMPV6, SCTP, TCP, UDP } from '@sigwright/contracts';
import { ofGroup } from './flow-slots.ts';
import { question } from './icmp-exchange.ts';

/** Any; it is known to whoever reads this. */
export const FIRST_SEED = 0x5bd1e995;

/** `ports`: the source's in the upper half; of ICMP its type there. `source` and `destination`: the address, or what `folded` made of it. */
export function flowHash(protocol: number, ports: number, source: number, destination: number, seed: number): number {
  let first = ports & 0xffff;
  let second = first;
  if (protocol === TCP || protocol === UDP || protocol === SCTP) first = ports >>> 16;
  else if (protocol === ICMP || protocol === ICMPV6) first = second = question(protocol, ports >>> 16);
  const sum = (ended(source, first, seed) + ended(destination, second, seed) + protocol) | 0;
  const product = Math.imul(sum ^ (sum >>> 16), 0x45d9f3b);
  return ofGroup(product ^ (product >>> 15));
}

function ended(address: number, port: number, seed: number): number {
  const product = Math.imul(address ^ seed, 0x9e3779b1);
  const both = Math.imul((product ^ (product >>> 15)) + port, 0x85ebca77);
  return both ^ (both >>> 13);
}

/** An address of version 6. */
export function folded(words: Uint32Array, seed: number): number {
  let sum = seed;
  for (let word = 0; word < 4; word++) {
    sum = Math.imul(sum ^ words[word], 0x9e3779b1);
    sum ^= sum >>> 15;
  }
  return sum;
}
