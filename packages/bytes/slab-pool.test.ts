/** What is lent is counted by its users: given back, or forgotten with whoever took it. */
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { expect, test } from 'vitest';
import { SlabPool } from './slab-pool.ts';

test('what is given back is lent no more, and serves again', () => {
  const pool = new SlabPool(5000);
  const slab = pool.take(3000);
  expect([slab.length, pool.lent, pool.isExhausted]).toEqual([4096, 4096, false]);
  pool.take(1);
  expect(pool.isExhausted).toBe(true);
  pool.give(slab);
  expect([pool.lent, pool.isExhausted]).toEqual([2048, false]);
  expect(pool.take(4000)).toBe(slab);
});

test.each<readonly [why: string, outlivesUsers: boolean, left: number]>([
  ['a pool that outlives its users counts what they forgot no longer', true, 4096],
  ['one that goes with them does not ask', false, 4096 * 51],
])('%s', async (_why, outlivesUsers, left) => {
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as () => void;
  const pool = new SlabPool(1e9, outlivesUsers);
  const kept = pool.take(4000);
  const given = pool.take(4000);
  for (let turn = 0; turn < 50; turn++) pool.take(4000);
  pool.give(given);
  // Told some time after they are found to be gone.
  for (let turn = 0; turn < 50 && pool.lent !== left; turn++) {
    collect();
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  expect([pool.lent, kept.length]).toEqual([left, 4096]);
});
