/**
 * A protocol that is recognised and not read (yet): flows carry its name, rules for it look at the payload. It has no
 * transactions, no buffers and no records.
 */
import type { Direction, Flow, ProtocolDefinition, ProtocolSession, Recognition } from '@sigwright/contracts';

class SilentSession implements ProtocolSession {
  readonly transactions = [];
  count = 0;
  nextProtocol: string | undefined = undefined;
  opaque = false;
  done = true;
  readonly anomalies: string[] = [];

  consume(_direction: Direction, _bytes: Uint8Array, _start: number, end: number): number {
    return end;
  }

  skip(): boolean {
    return true;
  }

  finish(): void {}
}

export interface RecognisedOnly {
  readonly name: string;
  readonly summary: string;
  readonly transport: readonly ('tcp' | 'udp')[];
  readonly ports: readonly number[];
  readonly anyPort: boolean;
  recognise(bytes: Uint8Array, start: number, end: number, direction: Direction, flow: Flow): Recognition;
}

export function recognisedOnly(one: RecognisedOnly): ProtocolDefinition {
  return {
    name: one.name,
    recordName: one.name,
    transport: one.transport,
    summary: `${one.summary}; recognised only`,
    ports: one.ports,
    anyPort: one.anyPort,
    recognise: one.recognise,
    open: () => new SilentSession(),
    complete: [0, 0],
    buffers: [],
    keywords: [],
    anomalies: [],
    records: () => [],
    context: () => undefined,
  };
}

/** Greeting of a server, by its first characters. */
export function startsLike(bytes: Uint8Array, start: number, end: number, texts: readonly string[]): 'yes' | 'maybe' | 'no' {
  let maybe = false;
  for (const text of texts) {
    const length = Math.min(text.length, end - start);
    let equal = 0;
    while (equal < length && bytes[start + equal] === text.charCodeAt(equal)) equal++;
    if (equal === text.length) return 'yes';
    if (equal === end - start) maybe = true;
  }
  return maybe ? 'maybe' : 'no';
}
