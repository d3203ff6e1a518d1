/** When marks are told: at once where that is cheap, and once for many keys where it is not. */
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { DiagnosticsTeller } from './diagnostics-teller.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

/** Telling that takes so long; what was told. */
function tellerThat(milliseconds: number): { teller: DiagnosticsTeller; told: string[] } {
  const told: string[] = [];
  const teller = new DiagnosticsTeller(async (uri) => {
    told.push(uri);
    await new Promise((resolve) => setTimeout(resolve, milliseconds));
  });
  return { teller, told };
}

test('cheap marks come with every key', async () => {
  const { teller, told } = tellerThat(2);
  teller.opened('a');
  for (let key = 0; key < 5; key++) {
    teller.changed('a');
    await vi.advanceTimersByTimeAsync(5);
  }
  expect(told).toHaveLength(6);
});

test('dear ones come once for the keys that follow one another, and the last key is never forgotten', async () => {
  const { teller, told } = tellerThat(80);
  teller.changed('a');
  await vi.advanceTimersByTimeAsync(100);
  for (let key = 0; key < 20; key++) {
    teller.changed('a');
    await vi.advanceTimersByTimeAsync(10);
  }
  expect(told.length).toBeLessThan(5);
  const before = told.length;
  teller.changed('a');
  await vi.advanceTimersByTimeAsync(1000);
  expect(told.length).toBe(before + 1);
});

test('a key on its own is answered at once, however dear', async () => {
  const { teller, told } = tellerThat(80);
  for (let key = 0; key < 3; key++) {
    teller.changed('a');
    expect(told).toHaveLength(key + 1);
    await vi.advanceTimersByTimeAsync(500);
  }
});

test('a file that was closed is told nothing more', async () => {
  const { teller, told } = tellerThat(80);
  teller.changed('a');
  await vi.advanceTimersByTimeAsync(100);
  teller.changed('a');
  teller.closed('a');
  await vi.advanceTimersByTimeAsync(1000);
  expect(told).toEqual(['a']);
});
