/**
 * A typed client for the API of a workbench, for Node and browsers, without a dependency. What it can ask is generated from the routes
 * themselves (operations.ts, by tools/generate-client.ts); this file sends it.
 *
 *     const client = new SigwrightClient({ url: 'https://alerts.example.org', token: 'sw_…' });
 *     for await (const alert of client.allAlerts({ words: 'checkin' })) …
 */
import { type Alert, type AlertsQuery, Operations, type Sent } from './operations.ts';

export * from './operations.ts';

export interface ClientOptions {
  /** where the workbench is, without /api */
  readonly url: string;
  /** of Settings, Tokens; its scopes say what may be asked */
  readonly token: string;
  /** milliseconds; 30,000 where left out. A stream may stay open longer */
  readonly patience?: number;
  readonly fetch?: (request: Request) => Promise<Response>;
}

/** The workbench refused: `status` of HTTP, and why in words. */
export class RefusedRequest extends Error {
  readonly status: number;

  constructor(status: number, message: string) {
    super(message);
    this.name = 'RefusedRequest';
    this.status = status;
  }
}

export interface StreamEvent {
  /** hello, alerts, jobs, still */
  readonly event: string;
  readonly data: unknown;
}

const PATIENCE = 30_000;
/** Characters of one event of a stream. */
const LONGEST_EVENT = 1_000_000;

export class SigwrightClient extends Operations {
  readonly #options: ClientOptions;

  constructor(options: ClientOptions) {
    super();
    this.#options = options;
  }

  /** Every alert that a filter leaves, newest first, page after page. */
  async *allAlerts(filter: Omit<AlertsQuery, 'after'> = {}): AsyncGenerator<Alert> {
    let after: string | undefined;
    do {
      const page = await this.listAlerts({ ...filter, ...(after === undefined ? {} : { after }) });
      yield* page.alerts;
      after = page.next;
    } while (after !== undefined);
  }

  /** Server-sent events as they come, until `signal`; ends where the server ends it. */
  async *events(signal?: AbortSignal): AsyncGenerator<StreamEvent> {
    const answer = await this.#answer({ method: 'GET', path: '/stream' }, signal);
    if (answer.body === null) return;
    const decoder = new TextDecoder();
    let held = '';
    for await (const chunk of chunksOf(answer.body)) {
      held += decoder.decode(chunk, { stream: true });
      if (held.length > LONGEST_EVENT) throw new Error('an event without end');
      for (let end = held.indexOf('\n\n'); end !== -1; end = held.indexOf('\n\n')) {
        const lines = held.slice(0, end).split('\n');
        held = held.slice(end + 2);
        const field = (name: string): string =>
          lines
            .filter((line) => line.startsWith(`${name}: `))
            .map((line) => line.slice(name.length + 2))
            .join('\n');
        yield { event: field('event'), data: JSON.parse(field('data') || 'null') as unknown };
      }
    }
  }

  protected override async send(sent: Sent): Promise<unknown> {
    const answer = await this.#answer(sent, AbortSignal.timeout(this.#options.patience ?? PATIENCE));
    return answer.status === 204 ? undefined : await answer.json();
  }

  async #answer({ method, path, query = {}, body, type = 'application/json' }: Sent, signal: AbortSignal | undefined): Promise<Response> {
    const url = new URL(`/api/v1${path}`, this.#options.url);
    for (const [name, value] of Object.entries(query)) if (value !== undefined && value !== null) url.searchParams.set(name, String(value));
    const request = new Request(url, {
      method,
      headers: { authorization: `Bearer ${this.#options.token}`, ...(body === undefined ? {} : { 'content-type': type }) },
      redirect: 'error',
      ...(signal === undefined ? {} : { signal }),
      ...(body === undefined ? {} : { body: type === 'application/json' ? JSON.stringify(body) : (body as string) }),
    });
    const answer = await (this.#options.fetch ?? fetch)(request);
    if (answer.ok) return answer;
    const said = (await answer.json().catch(() => ({}))) as { error?: unknown };
    throw new RefusedRequest(answer.status, typeof said.error === 'string' ? said.error : `the workbench answers with status ${answer.status}`);
  }
}

/** Not every browser can iterate a stream yet. */
async function* chunksOf(stream: ReadableStream<Uint8Array>): AsyncGenerator<Uint8Array> {
  const reader = stream.getReader();
  try {
    for (;;) {
      const { value, done } = await reader.read();
      if (done) return;
      yield value;
    }
  } finally {
    await reader.cancel().catch(() => {});
  }
}
