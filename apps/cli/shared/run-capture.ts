/** Feeds a capture (file, folder of captures, or `-` for standard input) to an engine, and stops tidily when told to. */
import { closeSync, openSync, readdirSync, readSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { summedBuffer } from '@sigwright/bytes';
import { type Failure, failure } from '@sigwright/contracts';
import type { Engine } from '@sigwright/detection';
import { InputProblem } from './arguments.ts';

/** Small enough to stay in the second-level cache while its packets are taken apart. */
const CHUNK = 256 * 1024;
/** The last chunk's memory, for the next capture: fresh ones for thousands of small captures would keep the collector busy. */
let spare: Uint8Array | undefined;

/** What captures are fed to: an engine, or several as one. */
export type CaptureTaker = Pick<Engine, 'feed' | 'finish'>;

/** Captures one after another, as if they were one. */
export type CaptureSeries = CaptureTaker & Pick<Engine, 'next'>;

export interface StopSignal {
  stopped: boolean;
}

/** SIGINT and SIGTERM end the reading; what was read so far is finished and written. */
export function stopOnSignals(): StopSignal {
  const signal: StopSignal = { stopped: false };
  const stop = (): void => {
    signal.stopped = true;
  };
  process.once('SIGTERM', stop);
  process.once('SIGINT', stop);
  return signal;
}

/** Captures that `path` names: itself, or the files of a folder in order of name. */
export function capturesIn(path: string): readonly string[] {
  if (path === '-' || !statSync(path).isDirectory()) return [path];
  return readdirSync(path)
    .sort()
    .map((name) => join(path, name))
    .filter((file) => statSync(file).isFile());
}

/** As `capturesIn`; throws where a folder holds none. */
export function namedCaptures(path: string): readonly string[] {
  const captures = capturesIn(path);
  if (captures.length > 0) return captures;
  const folders = readdirSync(path).length > 0 ? '; folders in it are not looked into' : '';
  throw new InputProblem(`no capture was found: the folder ${path} holds no file${folders}`);
}

/** A capture that comes in chunks, to its end. Rejects where they do: that says nothing about the capture. */
export async function runChunks(
  engine: CaptureTaker,
  chunks: AsyncIterable<Uint8Array>,
  path: string,
  signal: { readonly stopped: boolean },
): Promise<Failure | undefined> {
  let broken: Failure | undefined;
  for await (const chunk of chunks) {
    broken = engine.feed(chunk);
    if (signal.stopped || broken !== undefined) break;
  }
  const atEnd = engine.finish();
  const problem = broken ?? (signal.stopped ? undefined : atEnd);
  return problem === undefined ? undefined : { ...problem, path };
}

/**
 * Reads to the end. A failure says why the capture could not be read to its end; everything before was inspected. `over`: what is done
 * then, unless the engine is to finish.
 */
export async function runCapture(
  engine: CaptureTaker,
  path: string,
  signal: { readonly stopped: boolean },
  over: () => Failure | undefined = () => engine.finish(),
): Promise<Failure | undefined> {
  let fd: number;
  try {
    fd = path === '-' ? 0 : openSync(path, 'r');
  } catch (cause) {
    return failure('capture/open', `${path} can not be opened: ${(cause as Error).message}`, { path, cause });
  }
  const buffer = spare ?? summedBuffer(CHUNK);
  spare = undefined;
  let broken: Failure | undefined;
  try {
    while (!signal.stopped && broken === undefined) {
      let length: number;
      try {
        length = readSync(fd, buffer);
      } catch (cause) {
        const { code } = cause as { code?: string };
        if (code === 'EOF') break;
        if (code === 'EAGAIN') {
          await new Promise((resolve) => setTimeout(resolve, 10));
          continue;
        }
        broken = failure('capture/read', `${path} can not be read: ${(cause as Error).message}`, { path, cause });
        break;
      }
      if (length === 0) break;
      broken = engine.feed(buffer.subarray(0, length));
      // Signals are delivered between chunks.
      await new Promise((resolve) => setImmediate(resolve));
    }
  } finally {
    if (fd !== 0) closeSync(fd);
    spare = buffer;
  }
  const atEnd = over();
  const problem = broken ?? (signal.stopped ? undefined : atEnd);
  return problem === undefined ? undefined : { ...problem, path };
}
