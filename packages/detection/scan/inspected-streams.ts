/** What becomes of the bytes of streams: whoever asks for streams gets them, those to be shown with alerts are kept, and the others are let go. */
import { type Catalogue, type EngineSettings, type Flow, TO_CLIENT, TO_SERVER } from '@sigwright/contracts';
import type { TcpStream } from '@sigwright/traffic';
import type { EngineHandlers } from './alert.ts';

export class InspectedStreams {
  readonly #handlers: EngineHandlers;
  readonly #inline: boolean;
  /** bytes that are looked at again with what comes next, by direction */
  readonly #kept: readonly [number, number];
  /** by protocol, bytes of either direction that stay at hand to be shown with alerts */
  readonly #shown: ReadonlyMap<string, readonly [number, number]>;
  /** how far each stream was handed on */
  readonly #toldOf = new WeakMap<TcpStream, [number, number]>();

  constructor(catalogue: Catalogue, settings: EngineSettings, handlers: EngineHandlers) {
    this.#handlers = handlers;
    this.#inline = settings.inline;
    this.#kept = settings.inline ? [settings.stream.chunkToServer, settings.stream.chunkToClient] : [0, 0];
    const protocols = handlers.showsStreams === true ? [...catalogue.protocols.values()] : [];
    this.#shown = new Map(protocols.flatMap(({ name, keptStream }) => (keptStream === undefined ? [] : [[name, keptStream(settings)] as const])));
  }

  /** Hands on what came to a stream and was not handed on before. `close`: nothing more will come. */
  tell(flow: Flow, stream: TcpStream, close: boolean): void {
    const told = this.#toldOf.get(stream) ?? [-1, -1];
    this.#toldOf.set(stream, told);
    for (const direction of [TO_SERVER, TO_CLIENT] as const) {
      const side = stream.sides[direction];
      const from = Math.max(told[direction], side.base);
      const upTo = close ? side.available : side.readable(this.#inline);
      if (upTo <= from && !(close && told[direction] >= 0)) continue;
      this.#handlers.stream?.(flow, direction, side.bytes.subarray(from - side.base, Math.max(from, upTo) - side.base), told[direction] < 0, close);
      told[direction] = Math.max(from, upTo);
    }
  }

  /** What was inspected, and is not to be shown, is let go. */
  release(flow: Flow, stream: TcpStream): void {
    if (this.#handlers.stream !== undefined) this.tell(flow, stream, false);
    const opaque = flow.session?.opaque === true;
    const shown = this.#shown.size === 0 ? undefined : this.#shown.get(flow.applicationProtocol ?? '');
    for (let direction = 0; direction < 2; direction++) {
      const side = stream.sides[direction];
      if (opaque && side.searched < side.parsed) side.searched = side.parsed;
      if (opaque && !side.opaque && side.parsed >= side.available) side.opaque = true;
      if (shown !== undefined) side.earlier ??= [];
      side.release(opaque ? 0 : this.#kept[direction], shown?.[direction] ?? 0);
    }
  }
}
