import { expect, test } from 'vitest';
import { leading } from './leading.ts';

test('counts what a test holds for, none and all included', () => {
  for (let length = 0; length < 9; length++)
    for (let holding = 0; holding <= length; holding++) {
      const items = Array.from({ length }, (_, at) => at);
      expect(leading(items, (item) => item < holding)).toBe(holding);
      expect(leading(Uint32Array.from(items), (item) => item < holding)).toBe(holding);
    }
});
