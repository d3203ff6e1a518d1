/** One protocol session on damaged bytes: nothing throws, time stays linear, and what is read does not depend on where the bytes were cut. */
import { catalogue } from '@sigwright/catalogue';
import { DEFAULT_SETTINGS, type Direction, emptyWindow, Flow, type ProtocolDefinition, type Transaction } from '@sigwright/contracts';
import { decompressors } from '../apps/cli/shared/decompressors.ts';
import { type FuzzRandom, fuzz, fuzzArguments, mutateBytes, randomPieces } from './harness.ts';

const SETTINGS = { ...DEFAULT_SETTINGS, decompressors };
const LONGEST = 60_000;

export interface Dialogue {
  readonly client: Uint8Array;
  readonly server: Uint8Array;
}

/** Everything a session tells, as text. */
function outcome(definition: ProtocolDefinition, pieces: readonly (readonly [Direction, readonly Uint8Array[]])[], datagrams: boolean): string {
  const flow = new Flow();
  flow.protocol = datagrams ? 17 : 6;
  flow.applicationProtocol = definition.name;
  const session = definition.open(flow, SETTINGS);
  let broken = false;
  for (const [direction, parts] of pieces) {
    let held = new Uint8Array(0);
    parts.forEach((part, index) => {
      if (broken || session.done || session.nextProtocol !== undefined) return;
      const whole = new Uint8Array(held.length + part.length);
      whole.set(held);
      whole.set(part, held.length);
      const atEnd = datagrams || index === parts.length - 1;
      const consumed = session.consume(direction, whole, 0, whole.length, atEnd, 1);
      if (consumed > whole.length) throw new Error(`consumed ${consumed} of ${whole.length} bytes`);
      if (consumed < 0) broken = true;
      held = whole.slice(Math.max(0, consumed));
    });
  }
  session.finish(2);
  const said = JSON.stringify([
    broken,
    session.nextProtocol,
    session.anomalies,
    session.transactions.map((transaction) => told(definition, transaction, flow)),
  ]);
  // As the engine does: what files hold counts for all.
  for (const transaction of session.transactions) {
    for (const file of transaction.files ?? []) file.release();
    transaction.settle();
  }
  return said;
}

function told(definition: ProtocolDefinition, transaction: Transaction, flow: Flow): unknown {
  const window = emptyWindow();
  const buffers: string[] = [];
  for (const buffer of definition.buffers) {
    if (buffer.of !== 'transaction') continue;
    for (const direction of buffer.directions) {
      for (let index = 0; index < 8 && buffer.read(transaction, direction, index, window, flow); index++) {
        if (window.start < 0 || window.end > window.bytes.length || window.start > window.end) throw new Error(`${buffer.name} reaches outside its bytes`);
        buffers.push(`${buffer.name}/${direction}/${window.end - window.start}`);
        if (!buffer.multiple) break;
      }
    }
  }
  const files = transaction.files?.map((file) => [file.name, file.size, file.kept, file.state]);
  return [definition.records(transaction, flow), transaction.anomalies, transaction.progress, buffers, files];
}

/**
 * Runs until the time is over; ends the process with the exit code. `repliesAtOnce`: what the server says at once is read as such (FTP), so
 * that only cuts of the client's bytes change nothing.
 */
export function fuzzSession(name: string, seeds: readonly Dialogue[], datagrams = false, repliesAtOnce = false): void {
  const definition = catalogue.protocols.get(name);
  if (definition === undefined) throw new Error(`no protocol ${name}`);
  const { seconds, seed } = fuzzArguments();
  const all = seeds.flatMap((one) => [one.client, one.server]);
  const code = fuzz(
    name,
    seconds,
    seed,
    (random) => {
      const chosen = seeds[random.below(seeds.length)];
      const client = mutateBytes(random, chosen.client, all, LONGEST);
      const server = random.once(2) ? chosen.server : mutateBytes(random, chosen.server, all, LONGEST);
      const input = new Uint8Array(4 + client.length + server.length);
      new DataView(input.buffer).setUint32(0, client.length);
      input.set(client, 4);
      input.set(server, 4 + client.length);
      return input;
    },
    (input, random: FuzzRandom) => {
      const length = new DataView(input.buffer, input.byteOffset).getUint32(0);
      const client = input.slice(4, 4 + length);
      const server = input.slice(4 + length);
      const whole = outcome(
        definition,
        [
          [0, [client]],
          [1, [server]],
        ],
        datagrams,
      );
      if (datagrams) return undefined;
      const pieces = [randomPieces(random, client), randomPieces(random, server)] as const;
      const cut = (replies: readonly Uint8Array[]): string =>
        outcome(
          definition,
          [
            [0, pieces[0]],
            [1, replies],
          ],
          datagrams,
        );
      let split = cut(pieces[1]);
      // Cut replies are read all the same, for what throws.
      if (repliesAtOnce) split = cut([server]);
      return whole === split ? undefined : `the cut changes what is read\nwhole ${whole}\nsplit ${split}`;
    },
  );
  if (code !== 0) process.exitCode = code;
}

export function bytesOf(text: string): Uint8Array {
  return Uint8Array.from(text, (letter) => letter.charCodeAt(0));
}
