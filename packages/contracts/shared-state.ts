/** What the flows of one engine know together: files that come in ranges over several connections, and their kin. */
export class SharedState {
  readonly #all = new Map<unknown, unknown>();

  /** The one of its class, made when it is first asked for. */
  one<T>(type: new () => T): T {
    let known = this.#all.get(type);
    if (known === undefined) {
      known = new type();
      this.#all.set(type, known);
    }
    return known as T;
  }
}
