/** The page's half of the worker `language`: changes go out, what is seen comes back, questions have answers. */
import type { FromLanguage, LanguageAnswers, LanguageQuestion, PageSettings, Piece, Seen, TextEdit, ToLanguage } from './messages.ts';

export class LanguageClient {
  readonly #worker: Worker;
  readonly #waiting = new Map<number, (answer: never) => void>();
  #asked = 0;
  /** of the text; grows with every change */
  version = 0;

  constructor(worker: Worker, told: { ready(): void; seen(seen: Seen): void; fault(problem: string): void }) {
    this.#worker = worker;
    worker.addEventListener('message', ({ data }: MessageEvent<FromLanguage>) => {
      if (data.say === 'ready') told.ready();
      else if (data.say === 'seen') told.seen(data.seen);
      else if (data.say === 'fault') told.fault(data.problem);
      else {
        this.#waiting.get(data.id)?.(data.answer as never);
        this.#waiting.delete(data.id);
      }
    });
  }

  #tell(words: ToLanguage): void {
    this.#worker.postMessage(words);
  }

  open(settings: PageSettings, text: string, look: Piece): void {
    this.#tell({ tell: 'open', settings, text, look });
  }

  change(edits: readonly TextEdit[], look: Piece): void {
    this.#tell({ tell: 'change', version: ++this.version, edits, look });
  }

  look(look: Piece): void {
    this.#tell({ tell: 'look', look });
  }

  /** Undefined where the text changed before the answer came. */
  async ask<Kind extends LanguageQuestion['ask']>(question: LanguageQuestion & { readonly ask: Kind }): Promise<LanguageAnswers[Kind] | undefined> {
    const { version } = this;
    const id = ++this.#asked;
    const answer = await new Promise<LanguageAnswers[Kind]>((resolve) => {
      this.#waiting.set(id, resolve as (answer: never) => void);
      this.#tell({ tell: 'question', id, question });
    });
    return version === this.version ? answer : undefined;
  }
}
