/** For tests: one protocol session fed with the bytes of both directions cut anywhere, and everything it tells as plain data. */
import { fromLatin1, latin1 } from '@sigwright/bytes';
import { DEFAULT_SETTINGS, type Direction, type EngineSettings, emptyWindow, Flow, type FollowFile, type ProtocolDefinition, TCP } from '@sigwright/contracts';

export interface Told {
  /** the session said that it can not go on */
  readonly broken: boolean;
  readonly nextProtocol: string | undefined;
  readonly opaque: boolean;
  readonly anomalies: readonly string[];
  readonly transactions: readonly ToldTransaction[];
}

export interface ToldTransaction {
  /** `http.uri`: its instances; where a buffer exists in both directions, `http.header<` is the one of the response */
  readonly buffers: Readonly<Record<string, readonly string[]>>;
  readonly anomalies: readonly string[];
  readonly files: readonly (readonly [name: string, size: number, state: string])[];
  readonly progress: readonly number[];
  readonly records: readonly unknown[];
}

/** Instances of one buffer that are read; more than any case has. */
const MOST_INSTANCES = 64;

/** Feeds `pieces` in order; what a session leaves is given to it again with more behind it, as the engine does. */
export function tell(definition: ProtocolDefinition, pieces: readonly (readonly [Direction, Uint8Array])[], settings: EngineSettings = DEFAULT_SETTINGS): Told {
  const flow = new Flow();
  flow.protocol = TCP;
  flow.applicationProtocol = definition.name;
  const session = definition.open(flow, settings);
  const held: [Uint8Array, Uint8Array] = [new Uint8Array(0), new Uint8Array(0)];
  const lastOf = [pieces.findLastIndex(([direction]) => direction === 0), pieces.findLastIndex(([direction]) => direction === 1)];
  let broken = false;
  pieces.forEach(([direction, piece], index) => {
    if (broken || session.done || session.nextProtocol !== undefined) return;
    const whole = new Uint8Array(held[direction].length + piece.length);
    whole.set(held[direction]);
    whole.set(piece, held[direction].length);
    const consumed = session.consume(direction, whole, 0, whole.length, index === lastOf[direction], 1);
    if (consumed > whole.length) throw new Error(`consumed ${consumed} of ${whole.length} bytes`);
    if (consumed < 0) broken = true;
    held[direction] = whole.slice(Math.max(0, consumed));
  });
  session.finish(2);
  const window = emptyWindow();
  return {
    broken,
    nextProtocol: session.nextProtocol,
    opaque: session.opaque,
    anomalies: [...session.anomalies],
    transactions: session.transactions.map((transaction) => {
      const buffers: Record<string, string[]> = {};
      for (const buffer of definition.buffers) {
        if (buffer.of !== 'transaction') continue;
        for (const direction of buffer.directions) {
          const name = buffer.directions.length > 1 && direction === 1 ? `${buffer.name}<` : buffer.name;
          for (let instance = 0; instance < MOST_INSTANCES && buffer.read(transaction, direction, instance, window, flow); instance++) {
            buffers[name] ??= [];
            buffers[name].push(latin1(window.bytes, window.start, window.end));
            if (!buffer.multiple) break;
          }
        }
      }
      return {
        buffers,
        anomalies: [...(transaction.anomalies ?? [])],
        files: (transaction.files ?? []).map((file) => [file.name, file.size, file.state] as const),
        progress: [...transaction.progress],
        records: definition.records(transaction, flow),
      };
    }),
  };
}

/** What somebody who follows files is given of each, as for digests and for what is stored. */
export function followed(definition: ProtocolDefinition, turns: Turns): string[] {
  const contents: string[] = [];
  const followFile: FollowFile = () => {
    const index = contents.push('') - 1;
    return {
      append: (bytes, start, end) => {
        contents[index] += latin1(bytes, start, end);
      },
    };
  };
  tell(definition, whole(turns), { ...DEFAULT_SETTINGS, followFile });
  return contents.filter((content) => content !== '');
}

/** A dialogue as turns; each turn is one direction's bytes. */
export type Turns = readonly (readonly ['client' | 'server', string | Uint8Array])[];

export function whole(turns: Turns): (readonly [Direction, Uint8Array])[] {
  return turns.map(([from, bytes]) => [from === 'client' ? 0 : 1, typeof bytes === 'string' ? fromLatin1(bytes) : bytes] as const);
}

/** Turns up to this long are cut at every place; longer ones there at both ends, and now and then in the middle, which is alike. */
const CUT_EVERYWHERE = 4096;
const END_OF_LONG = 1024;
/** Not a power of two, so that cuts meet every alignment. */
const STRIDE_IN_LONG = 37;

/** The same dialogue cut once at every place, and once into single bytes. */
export function* everySplit(turns: Turns): Generator<(readonly [Direction, Uint8Array])[]> {
  const parts = whole(turns);
  for (let turn = 0; turn < parts.length; turn++) {
    const [direction, bytes] = parts[turn];
    for (let at = 1; at < bytes.length; at++) {
      if (bytes.length > CUT_EVERYWHERE && at > END_OF_LONG && at < bytes.length - END_OF_LONG && at % STRIDE_IN_LONG !== 0) continue;
      yield [...parts.slice(0, turn), [direction, bytes.slice(0, at)], [direction, bytes.slice(at)], ...parts.slice(turn + 1)];
    }
  }
  yield parts.flatMap(([direction, bytes]) => [...bytes].map((byte) => [direction, Uint8Array.of(byte)] as const));
}
