/** Modules of Node that a bundle loads when it needs them. */
import { expect, test } from 'vitest';
import { lateModules } from './late-modules.ts';

test('loaded once they are used, however often they are named', () => {
  const script = 'var n_fs=require("node:fs"),n_net=require("node:net");var n_net2=require("node:net");use(n_fs.a,(0,n_net.b)(1),new n_net2.C(n_net.d.e));';
  const loaded: string[] = [];
  const run = new Function('require', 'use', lateModules(script, ['net'])) as (require: (name: string) => unknown, use: (...values: unknown[]) => void) => void;
  const modules: Record<string, unknown> = {
    'node:fs': { a: 1 },
    'node:net': {
      b: (one: number) => one + 1,
      C: function C(this: { of: number }, of: number) {
        this.of = of;
      },
      d: { e: 3 },
    },
  };
  run(
    (name) => {
      loaded.push(name);
      return modules[name];
    },
    (a, b, c) => expect([a, b, c]).toEqual([1, 2, { of: 3 }]),
  );
  expect(loaded).toEqual(['node:fs', 'node:net', 'node:net', 'node:net']);
});

test.each([
  ['a module that is not loaded', 'var n_fs=require("node:fs");', /does not load net/],
  ['a module that is handed on as a whole', 'var n_net=require("node:net");use(n_net);', /as a whole/],
])('refused: %s', (_why, script, problem) => {
  expect(() => lateModules(script, ['net'])).toThrow(problem);
});
