/**
 * Rule numbers collected during one inspection: each once, handed out in order of evaluation. What was seen is a bit a rule: an engine
 * for each of many small captures is cheap, and the bits of 20,000 rules stay in the nearest cache.
 */
import type { ValueSink } from './gram-table.ts';

/** So many are sorted by insertion: a call costs more. */
const FEW = 24;

export class Candidates implements ValueSink {
  count = 0;
  /** of all inspections until now */
  total = 0;
  #list = new Uint32Array(256);
  readonly #seen: Uint32Array;
  #sorted = true;

  constructor(ruleCount: number) {
    this.#seen = new Uint32Array((ruleCount + 31) >>> 5);
  }

  clear(): void {
    for (let at = 0; at < this.count; at++) this.#seen[this.#list[at] >>> 5] = 0;
    this.count = 0;
    this.#sorted = true;
  }

  add(rule: number): void {
    const bit = 1 << (rule & 31);
    if ((this.#seen[rule >>> 5] & bit) !== 0) return;
    this.#seen[rule >>> 5] |= bit;
    if (this.count === this.#list.length) {
      const grown = new Uint32Array(this.#list.length * 2);
      grown.set(this.#list);
      this.#list = grown;
    }
    if (this.count > 0 && rule < this.#list[this.count - 1]) this.#sorted = false;
    this.#list[this.count++] = rule;
    this.total++;
  }

  addAll(rules: Uint32Array): void {
    const { length } = rules;
    for (let at = 0; at < length; at++) this.add(rules[at]);
  }

  sort(): void {
    if (this.#sorted) return;
    const list = this.#list;
    if (this.count > FEW) list.subarray(0, this.count).sort();
    else {
      for (let next = 1; next < this.count; next++) {
        const rule = list[next];
        let at = next;
        for (; at > 0 && list[at - 1] > rule; at--) list[at] = list[at - 1];
        list[at] = rule;
      }
    }
    this.#sorted = true;
  }

  at(position: number): number {
    return this.#list[position];
  }

  copy(): Uint32Array {
    return this.#list.slice(0, this.count);
  }
}
