/** Flows end when their silence is over, whatever other flows there are: the spans of time against a plain list of all flows. */
import { Flow } from '@sigwright/contracts';
import { expect, test } from 'vitest';
import { SeededRandom } from '../compose/random.ts';
import { FlowRows, KIND, placeOf, USED } from './flow-rows.ts';
import { SPAN, Timeouts } from './timeouts.ts';

const SECONDS = [1, 7, 60, 600];

function opened() {
  const rows = new FlowRows();
  return { rows, timeouts: new Timeouts(rows) };
}

function flowAt(rows: FlowRows, time: number): number {
  const flow = new Flow();
  flow.lastTime = time;
  const row = rows.take(flow);
  rows.block(row)[placeOf(row) + KIND] = USED;
  return row;
}

test.each([1, 2, 3, 4, 5, 6])('any steps (%d)', (seed) => {
  const random = new SeededRandom(seed);
  const { rows, timeouts } = opened();
  const known = new Map<number, number>();
  let now = 1e15;
  const due = (row: number): number => Math.floor((rows.flowOf(row)!.lastTime + known.get(row)! * 1e6) / SPAN);
  for (let step = 0; step < 3000; step++) {
    const all = [...known.keys()];
    const row = all[random.below(Math.max(1, all.length))];
    switch (random.below(row === undefined ? 1 : 7)) {
      case 0:
      case 1: {
        const seconds = SECONDS[random.below(4)];
        const fresh = flowAt(rows, now);
        timeouts.add(fresh, timeouts.of(seconds));
        known.set(fresh, seconds);
        break;
      }
      case 2:
        rows.flowOf(row)!.lastTime = Math.max(now, rows.flowOf(row)!.lastTime);
        break;
      case 3: {
        const seconds = SECONDS[random.below(4)];
        timeouts.remove(row);
        timeouts.add(row, timeouts.of(seconds));
        known.set(row, seconds);
        break;
      }
      case 4:
        if (random.below(4) !== 0) break;
        timeouts.remove(row);
        known.delete(row);
        rows.give(row);
        break;
      case 5: {
        // Mostly on, sometimes far on, sometimes back.
        now += [random.below(2e6), random.below(2e6), random.below(2e9), -random.below(5e6)][random.below(4)];
        const over = timeouts.over(now);
        expect(over.toSorted((a, b) => a - b)).toEqual(all.filter((one) => due(one) < Math.floor(now / SPAN)).sort((a, b) => a - b));
        for (const one of over) {
          known.delete(one);
          rows.give(one);
        }
        break;
      }
      case 6:
        expect(due(timeouts.first())).toBe(Math.min(...all.map(due)));
        break;
    }
  }
});

test('time that goes back with every flow takes neither room nor time for spans that nobody needs', () => {
  const { rows, timeouts } = opened();
  const timeout = timeouts.of(60);
  for (let step = 0; step < 200_000; step++) {
    const row = flowAt(rows, 1e15 - step * 1e7);
    timeouts.add(row, timeout);
    if (step % 4 !== 0) {
      timeouts.remove(row);
      rows.give(row);
    }
  }
  expect(timeouts.over(2e15)).toHaveLength(50_000);
  expect(timeouts.first()).toBe(-1);
});
