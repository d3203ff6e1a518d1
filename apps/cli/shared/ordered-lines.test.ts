/** Lines of several threads come out as one thread would have written them, whenever their parts come. */
import { SeededRandom } from '@sigwright/traffic';
import { describe, expect, test } from 'vitest';
import { BEGINNING, compareMoments, type Moment } from './moments.ts';
import { LineMerge, type LinesPart, ThreadLines } from './ordered-lines.ts';

const END: Moment = { number: Number.POSITIVE_INFINITY, lastTime: Number.POSITIVE_INFINITY, firstPacket: Number.POSITIVE_INFINITY };
const at = (number: number, lastTime = Number.POSITIVE_INFINITY, firstPacket = Number.POSITIVE_INFINITY): Moment => ({ number, lastTime, firstPacket });
const question = { rule: 0, tracked: '', time: 0, port: 0 };

/** What is written of parts that come in this order. */
function merged(
  threads: number,
  parts: readonly { readonly thread: number; readonly part: LinesPart }[],
  answer: (hosts: string) => boolean = () => true,
): string {
  let text = '';
  const merge = new LineMerge(threads, {
    write: (lines) => {
      text += Buffer.from(lines).toString();
    },
    answer: ({ hosts }) => answer(hosts),
  });
  for (const { thread, part } of parts) merge.add(thread, part);
  expect(merge.held).toBe(0);
  return text;
}

test.each([1, 2, 3, 4, 5, 6, 7, 8])('lines at any moments, in parts that come at any time (%d)', (seed) => {
  const random = new SeededRandom(seed);
  const threads = random.between(2, 5);
  const moments = Array.from({ length: 400 }, () =>
    random.below(3) === 0 ? at(random.below(300), random.below(5), random.below(300)) : at(random.below(300)),
  );
  // Of one moment, all lines are one thread's.
  const ownerOf = (moment: Moment): number => (moment.number * 7 + (Number.isFinite(moment.lastTime) ? moment.firstPacket : 0)) % threads;
  const lines = moments.sort(compareMoments).map((moment, index) => ({ moment, text: `${index} ${'é'.repeat(random.below(40))}` }));
  const queues: LinesPart[][] = Array.from({ length: threads }, () => []);
  const writers = queues.map((queue) => new ThreadLines((part) => queue.push(part)));
  for (const { moment, text } of lines) {
    const writer = writers[ownerOf(moment)];
    writer.line(text, moment);
    if (random.below(10) === 0) writer.pass(moment);
  }
  for (const writer of writers) writer.pass(END);
  const parts: { thread: number; part: LinesPart }[] = [];
  for (let left = queues.flat().length; left > 0; left--) {
    let thread = random.below(threads);
    while (queues[thread].length === 0) thread = (thread + 1) % threads;
    parts.push({ thread, part: queues[thread].shift()! });
  }
  expect(merged(threads, parts)).toBe(lines.map(({ text }) => `${text}\n`).join(''));
});

test('a line that is longer than what is kept at a time goes out at once', () => {
  const parts: { thread: number; part: LinesPart }[] = [];
  const writer = new ThreadLines((part) => parts.push({ thread: 0, part }));
  const long = 'x'.repeat(400_000);
  writer.line(long, at(1));
  expect(parts).toHaveLength(1);
  writer.line('after', at(2));
  writer.pass(END);
  expect(merged(1, parts)).toBe(`${long}\nafter\n`);
});

describe('what depends on alerts of other threads', () => {
  const partsOf = (...threads: readonly ((lines: ThreadLines) => void)[]): { thread: number; part: LinesPart }[] =>
    threads.flatMap((write, thread) => {
      const parts: { thread: number; part: LinesPart }[] = [];
      const lines = new ThreadLines((part) => parts.push({ thread, part }));
      write(lines);
      lines.pass(END);
      return parts;
    });

  test('questions are asked in order, and a flow has alerted if one of its own was an alert', () => {
    const asked: string[] = [];
    const parts = partsOf(
      (lines) => {
        lines.alert(['alert one'], at(1), { number: 1, question, hosts: 'one' });
        lines.line('http', at(1));
        lines.alert(['alert four'], at(4), { number: 2, question, hosts: 'four' });
        lines.flow(['first alerted'], ['first silent'], at(6), [1]);
        lines.flow(['second alerted'], ['second silent'], at(7), [2]);
      },
      (lines) => {
        lines.alert(['alert two', 'and another'], at(2), { number: 1, question, hosts: 'two' });
        lines.flow(['third alerted'], ['third silent'], at(8), [1]);
      },
    );
    const text = merged(2, parts, (hosts) => {
      asked.push(hosts);
      return hosts !== 'one';
    });
    expect(asked).toEqual(['one', 'two', 'four']);
    expect(text.trim().split('\n')).toEqual(['http', 'alert two', 'and another', 'alert four', 'first silent', 'second alerted', 'third alerted']);
  });

  test('without records questions are asked all the same', () => {
    let count = 0;
    const parts = partsOf((lines) => {
      lines.alert([], at(1), { number: 0, question, hosts: '' });
      lines.alert([], at(1), { number: 0, question, hosts: '' });
    });
    expect(
      merged(1, parts, () => {
        count++;
        return true;
      }),
    ).toBe('');
    expect(count).toBe(2);
  });
});

test('the moments of a flow that ends come before the packet that says so', () => {
  expect([at(2), at(2, 5, 1), at(2, 4, 9), at(1), BEGINNING, at(2, 5, 0)].sort(compareMoments)).toEqual([
    BEGINNING,
    at(1),
    at(2, 4, 9),
    at(2, 5, 0),
    at(2, 5, 1),
    at(2),
  ]);
});
