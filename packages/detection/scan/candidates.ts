/** Rule numbers collected during one inspection: each once, handed out in order of evaluation. */
import type { ValueSink } from './gram-table.ts';

export class Candidates implements ValueSink {
  count = 0;
  #list = new Uint32Array(256);
  readonly #seen: Uint32Array;
  #round = 1;
  #sorted = true;

  constructor(ruleCount: number) {
    this.#seen = new Uint32Array(ruleCount);
  }

  clear(): void {
    this.count = 0;
    this.#round++;
    this.#sorted = true;
  }

  add(rule: number): void {
    if (this.#seen[rule] === this.#round) return;
    this.#seen[rule] = this.#round;
    if (this.count === this.#list.length) {
      const grown = new Uint32Array(this.#list.length * 2);
      grown.set(this.#list);
      this.#list = grown;
    }
    if (this.count > 0 && rule < this.#list[this.count - 1]) this.#sorted = false;
    this.#list[this.count++] = rule;
  }

  addAll(rules: Uint32Array): void {
    for (let at = 0; at < rules.length; at++) this.add(rules[at]);
  }

  sort(): void {
    if (this.#sorted) return;
    this.#list.subarray(0, this.count).sort();
    this.#sorted = true;
  }

  at(position: number): number {
    return this.#list[position];
  }

  copy(): Uint32Array {
    return this.#list.slice(0, this.count);
  }
}
