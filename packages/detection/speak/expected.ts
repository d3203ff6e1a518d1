/** Connections that a flow announced (data connections of FTP): kept until they come, the oldest forgotten first. */
import type { Expectation, Flow } from '@sigwright/contracts';

/** Announced and never made; a peer can announce as many as it likes. */
const MOST_EXPECTED = 4096;

export class Expected {
  readonly #waiting = new Map<string, Expectation>();

  get any(): boolean {
    return this.#waiting.size > 0;
  }

  add(flow: Flow, expectation: Expectation): void {
    const [listener, peer] = expectation.listener === 'server' ? [flow.destination, flow.source] : [flow.source, flow.destination];
    const key = keyOf(peer, listener, expectation.port);
    // The last word about a port counts.
    this.#waiting.delete(key);
    this.#waiting.set(key, expectation);
    if (this.#waiting.size > MOST_EXPECTED) this.#waiting.delete(this.#waiting.keys().next().value ?? '');
  }

  /** What was announced about this flow, once. */
  take(flow: Flow): Expectation | undefined {
    const key = keyOf(flow.source, flow.destination, flow.destinationPort);
    const found = this.#waiting.get(key);
    if (found !== undefined) this.#waiting.delete(key);
    return found;
  }
}

function keyOf(from: Uint32Array, to: Uint32Array, port: number): string {
  return `${from.join(',')}>${to.join(',')}:${port}`;
}
