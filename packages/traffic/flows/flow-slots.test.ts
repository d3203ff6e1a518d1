/** The slots against the obvious: a map from rows to hashes. And that hashes of flows, made by whom ever, lie far apart. */
import { TCP, UDP } from '@sigwright/contracts';
import { describe, expect, it } from 'vitest';
import { SeededRandom } from '../compose/random.ts';
import { FIRST_SEED, flowHash, folded } from './flow-hash.ts';
import { FlowSlots, ofGroup } from './flow-slots.ts';

describe('slots', () => {
  it.each([
    ['hashes that differ', (random: SeededRandom) => ofGroup(random.next())],
    ['few groups, so that most rows lie elsewhere', (random: SeededRandom) => ofGroup(random.below(5))],
    ['the last groups, so that rows lie at the beginning again', (random: SeededRandom) => ofGroup(-1 - random.below(3))],
    ['one hash', () => ofGroup(7)],
  ])('find every row again: %s', (_why, hashOf) => {
    const random = new SeededRandom(5);
    const hashes = new Map<number, number>();
    const slots = new FlowSlots((row) => hashes.get(row)!);
    const found = (hash: number): number[] => {
      const rows: number[] = [];
      for (let slot = slots.first(hash); slot >= 0; slot = slots.next(slot, hash)) rows.push(slots.rowAt(slot));
      return rows;
    };
    const free: number[] = [];
    for (let round = 0; round < 3000; round++) {
      if (hashes.size > 0 && random.below(5) < 2) {
        const row = [...hashes.keys()][random.below(hashes.size)];
        slots.remove(row, hashes.get(row)!);
        expect(found(hashes.get(row)!)).not.toContain(row);
        hashes.delete(row);
        free.push(row);
      } else {
        const row = free.pop() ?? hashes.size;
        hashes.set(row, hashOf(random));
        slots.add(row, hashes.get(row)!);
      }
      if (round % 500 === 0) for (const [row, hash] of hashes) expect(found(hash)).toContain(row);
    }
    for (const [row, hash] of hashes) expect(found(hash)).toContain(row);
  });
});

describe('hashes of flows', () => {
  const at = 0x0a000000;
  const words = (...values: number[]): number => folded(Uint32Array.from(values), FIRST_SEED);
  const hash = (protocol: number, ports: number, source: number, destination: number): number => flowHash(protocol, ports, source, destination, FIRST_SEED);
  it.each<readonly [why: string, make: (index: number) => number]>([
    ['addresses in a row', (index) => hash(TCP, (40_000 << 16) | 80, at, at + index)],
    ['ports in a row', (index) => hash(TCP, (40_000 << 16) | index, at, at + 1)],
    ['both ports in a row', (index) => hash(UDP, ((1000 + index) << 16) | (2000 + index), at, at + 1)],
    ['ports that add up to the same', (index) => hash(UDP, ((1000 + index) << 16) | (20_000 - index), at, at + 1)],
    ['addresses that add up to the same', (index) => hash(UDP, (53 << 16) | 53, at + index, at - index)],
    ['addresses that differ in the first bits', (index) => hash(UDP, (53 << 16) | 53, at + index * 2 ** 18, at)],
    ['addresses of version 6 in a row', (index) => hash(UDP, (53 << 16) | 53, words(1, 2, 3, index), words(1, 2, 3, 4))],
    ['words of them that change places', (index) => hash(UDP, (53 << 16) | 53, words(1, index, 9999 - index, 4), words(1, 2, 3, 4))],
  ])('lie far apart: %s', (_why, make) => {
    const groups = new Map<number, number>();
    for (let index = 0; index < 4096; index++) {
      const group = make(index) & 8191;
      groups.set(group, (groups.get(group) ?? 0) + 1);
    }
    // By chance 4 in a group, of which 20 would be one in ten thousand million.
    expect(Math.max(...groups.values())).toBeLessThan(20);
  });

  it('are the same in both directions', () => {
    expect(hash(TCP, (1 << 16) | 2, at, at + 9)).toBe(hash(TCP, (2 << 16) | 1, at + 9, at));
  });
});
