/** What the flows of one engine know together: files that come in ranges over several connections, and their kin. */
export class SharedState {
  readonly #all = new Map<unknown, unknown>();
  readonly #claim: ((name: string) => void) | undefined;

  /** `claim`: told of what flows gather together, by name, before the first of them adds to it. */
  constructor(claim?: (name: string) => void) {
    this.#claim = claim;
  }

  /** The one of its class, made when it is first asked for. */
  one<T>(type: new (claim?: (name: string) => void) => T): T {
    let known = this.#all.get(type);
    if (known === undefined) {
      known = new type(this.#claim);
      this.#all.set(type, known);
    }
    return known as T;
  }
}
