/** Feeds a capture (file, folder of captures, or `-` for standard input) to an engine, and stops tidily when told to. */
import { closeSync, constants, fstatSync, openSync, read, readdirSync, readSync, statSync } from 'node:fs';
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

/** Milliseconds to wait where a pipe is empty. */
const WAIT = 10;

/** Bytes into `buffer`; 0: there are no more. */
interface Input {
  readonly fd: number;
  readonly read: (buffer: Uint8Array) => number | Promise<number>;
}

/**
 * Standard input, read so that signals are heard while nothing comes: a pipe is opened anew, and one that is empty gives back at once; where
 * that can not be, another thread waits.
 */
function openInput(): Input {
  const found = fstatSync(0);
  if (found.isFile()) return { fd: 0, read: (buffer) => readSync(0, buffer) };
  try {
    if (found.isFIFO()) return ofFile(openSync('/dev/stdin', constants.O_RDONLY | constants.O_NONBLOCK));
  } catch {
    // It is somebody else's, or there are no such names.
  }
  return {
    fd: 0,
    read: (buffer) =>
      new Promise((resolve, reject) => read(0, buffer, 0, buffer.length, null, (problem, length) => (problem === null ? resolve(length) : reject(problem)))),
  };
}

function ofFile(fd: number): Input {
  return { fd, read: (buffer) => readSync(fd, buffer) };
}

/**
 * Reads to the end. What a signal asks for is done between chunks: nothing that came after it is looked at before. A failure says why the
 * capture could not be read to its end; everything before was inspected. `over`: what is done then, unless the engine is to finish.
 */
export async function runCapture(
  engine: CaptureTaker,
  path: string,
  signal: { readonly stopped: boolean },
  over: () => Failure | undefined = () => engine.finish(),
): Promise<Failure | undefined> {
  let input: Input;
  try {
    input = path === '-' ? openInput() : ofFile(openSync(path, 'r'));
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
        const taken = input.read(buffer);
        length = typeof taken === 'number' ? taken : await taken;
      } catch (cause) {
        const { code } = cause as { code?: string };
        if (code === 'EOF') break;
        if (code === 'EAGAIN') {
          await new Promise((resolve) => setTimeout(resolve, WAIT));
          continue;
        }
        broken = failure('capture/read', `${path} can not be read: ${(cause as Error).message}`, { path, cause });
        break;
      }
      if (length === 0) break;
      await new Promise((resolve) => setImmediate(resolve));
      broken = engine.feed(buffer.subarray(0, length));
    }
  } finally {
    if (input.fd !== 0) closeSync(input.fd);
    spare = buffer;
  }
  const atEnd = over();
  const problem = broken ?? (signal.stopped ? undefined : atEnd);
  return problem === undefined ? undefined : { ...problem, path };
}
