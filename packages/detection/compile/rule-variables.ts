/** Numbers to which options of one rule give a name (`byte_extract`, `byte_math`), and for which bytes each of them is there. */

/** What a number was taken from, and what asks for it. */
export type VariablePlace = 'payload' | 'buffer' | 'decoded';

export class RuleVariables {
  readonly #names: string[] = [];
  /** where each of them was set last */
  readonly #places: VariablePlace[] = [];

  get count(): number {
    return this.#names.length;
  }

  /** Its index. */
  set(name: string, place: VariablePlace): number {
    let index = this.#names.indexOf(name);
    if (index < 0) index = this.#names.push(name) - 1;
    this.#places[index] = place;
    return index;
  }

  /** Its index, or why it is not there: what the payload or decoded bytes gave is not there for other bytes; buffers are looked at together. */
  find(name: string, place: VariablePlace): number | 'unset' | 'elsewhere' {
    const index = this.#names.indexOf(name);
    if (index < 0) return 'unset';
    return this.#places[index] === 'buffer' || this.#places[index] === place ? index : 'elsewhere';
  }
}
