/**
 * When an editor is told what is wrong: at once, unless telling takes long. The protocol tells all of a file each time, so that in a
 * very large one a fast writer would wait for marks that the next key makes old; there keys that follow one another closely are told together.
 */

/** What takes no longer than this is told with every key. */
const FREE_MILLISECONDS = 15;
const LONGEST_REST_MILLISECONDS = 250;

export class DiagnosticsTeller {
  readonly #tell: (uri: string) => Promise<void>;
  /** what telling took last, and when it ended, by file */
  readonly #last = new Map<string, { readonly cost: number; readonly ended: number }>();
  readonly #waiting = new Map<string, NodeJS.Timeout>();
  /** being told now, and changed meanwhile */
  readonly #running = new Set<string>();
  readonly #again = new Set<string>();

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
    if (this.#running.has(uri)) {
      this.#again.add(uri);
      return;
    }
    const { cost, ended } = this.#last.get(uri) ?? { cost: 0, ended: 0 };
    // As long as it took, so long it rests: a key on its own is answered at once.
    const rest = cost <= FREE_MILLISECONDS ? 0 : Math.min(cost, LONGEST_REST_MILLISECONDS) - (performance.now() - ended);
    if (rest <= 0) {
      void this.#now(uri);
      return;
    }
    const timer = setTimeout(() => {
      this.#waiting.delete(uri);
      void this.#now(uri);
    }, rest);
    this.#waiting.set(uri, timer);
  }

  closed(uri: string): void {
    this.stop(uri);
    this.#last.delete(uri);
  }

  stop(uri: string): void {
    clearTimeout(this.#waiting.get(uri));
    this.#waiting.delete(uri);
    this.#again.delete(uri);
  }

  end(): void {
    for (const uri of this.#waiting.keys()) this.stop(uri);
  }

  async #now(uri: string): Promise<void> {
    const started = performance.now();
    this.#running.add(uri);
    try {
      await this.#tell(uri);
    } finally {
      this.#running.delete(uri);
    }
    const ended = performance.now();
    this.#last.set(uri, { cost: ended - started, ended });
    if (this.#again.delete(uri)) this.changed(uri);
  }
}
