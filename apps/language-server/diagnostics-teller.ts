/**
 * When an editor is told what is wrong: at once, unless telling takes long. The protocol tells all of a file each time, so that in a
 * very large one a fast writer would wait for marks that the next key makes old; there the keys that follow are waited for.
 */

/** What takes no longer than this is told with every key. */
const FREE_MILLISECONDS = 15;
const LONGEST_WAIT_MILLISECONDS = 250;

export class DiagnosticsTeller {
  readonly #tell: (uri: string) => Promise<void>;
  /** what telling took last, by file */
  readonly #costs = new Map<string, number>();
  readonly #waiting = new Map<string, NodeJS.Timeout>();

  /** `tell` ends when the words are written. */
  constructor(tell: (uri: string) => Promise<void>) {
    this.#tell = tell;
  }

  /** What opening costs says nothing about the keys that follow: it is not counted. */
  opened(uri: string): void {
    this.stop(uri);
    void this.#tell(uri);
  }

  changed(uri: string): void {
    if (this.#waiting.has(uri)) return;
    const cost = this.#costs.get(uri) ?? 0;
    if (cost <= FREE_MILLISECONDS) void this.#now(uri);
    else
      this.#waiting.set(
        uri,
        setTimeout(
          () => {
            this.#waiting.delete(uri);
            void this.#now(uri);
          },
          Math.min(cost, LONGEST_WAIT_MILLISECONDS),
        ),
      );
  }

  closed(uri: string): void {
    this.stop(uri);
    this.#costs.delete(uri);
  }

  stop(uri: string): void {
    clearTimeout(this.#waiting.get(uri));
    this.#waiting.delete(uri);
  }

  end(): void {
    for (const uri of this.#waiting.keys()) this.stop(uri);
  }

  async #now(uri: string): Promise<void> {
    const started = performance.now();
    await this.#tell(uri);
    this.#costs.set(uri, performance.now() - started);
  }
}
