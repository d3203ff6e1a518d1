/**
 * Lines of EVE from many sensors through the broker: `sigwright.eve.NAME` carries whole lines. A sensor remembers how far it came only
 * when the broker has its lines; the store's side acknowledges only what it holds, and the same line counts once.
 */
import { closeSync, existsSync, fstatSync, openSync, readFileSync, readSync, renameSync, writeFileSync } from 'node:fs';
import { z } from 'zod';
import type { Store } from '../store/store.ts';
import { type Broker, EVE, isLate, longestPart, pause } from './broker.ts';

export interface ShipOptions {
  readonly sensor: string;
  /** where is kept how far the file was sent */
  readonly state: string;
  readonly signal: AbortSignal;
  /** ends where the file ends */
  readonly once?: boolean;
  readonly tell?: (words: string) => void;
}

const Progress = z.object({ inode: z.string(), offset: z.number().int().min(0) });
const NEWLINE = 10;
const LOOK_EVERY = 500;
const MOST_MESSAGES = 50;
export const SENSOR_NAME = /^[A-Za-z0-9_-]{1,64}$/;

/** Sends what the file has, and what it gets. A rotated file is begun anew; what its predecessor had beyond is lost, so rotate by renaming and keep the sender running. The answer is how many bytes were sent. */
export async function shipEve(broker: Broker, path: string, { sensor, state, signal, once = false, tell = () => {} }: ShipOptions): Promise<number> {
  let sent = 0;
  let at = existsSync(state) ? Progress.safeParse(jsonOr(readFileSync(state, 'utf8'))).data : undefined;
  let open: { readonly fd: number; readonly inode: string } | undefined;
  const buffer = new Uint8Array(longestPart(broker));
  while (!signal.aborted) {
    if (open === undefined) {
      if (!existsSync(path)) {
        if (once) throw new Error(`${path} does not exist`);
        await pause(LOOK_EVERY);
        continue;
      }
      const fd = openSync(path, 'r');
      open = { fd, inode: String(fstatSync(fd, { bigint: true }).ino) };
      if (at?.inode !== open.inode || fstatSync(fd).size < at.offset) at = { inode: open.inode, offset: 0 };
    }
    if (fstatSync(open.fd).size < at!.offset) at = { inode: open.inode, offset: 0 };
    const length = readSync(open.fd, buffer, 0, buffer.length, at!.offset);
    const whole = buffer.subarray(0, length).lastIndexOf(NEWLINE) + 1;
    if (whole === 0) {
      if (length === buffer.length) {
        tell(`${path}: a line longer than ${buffer.length} bytes, which the broker does not take, at ${at!.offset} was passed over`);
        at = { inode: open.inode, offset: at!.offset + length };
        continue;
      }
      if (once) break;
      // Whole and moved away: the next file has its name.
      if (!existsSync(path) || inodeOf(path) !== open.inode) {
        closeSync(open.fd);
        open = undefined;
      } else await pause(LOOK_EVERY);
      continue;
    }
    try {
      await broker.streams.publish(`sigwright.eve.${sensor}`, buffer.slice(0, whole));
    } catch (problem) {
      if (broker.connection.isClosed()) break;
      tell(`${EVE}: ${(problem as Error).message}; it is tried again`);
      await broker.haveStreams().catch(() => {});
      await pause(LOOK_EVERY);
      continue;
    }
    sent += whole;
    at = { inode: open.inode, offset: at!.offset + whole };
    writeFileSync(`${state}.new`, JSON.stringify(at));
    renameSync(`${state}.new`, state);
  }
  if (open !== undefined) closeSync(open.fd);
  return sent;
}

function jsonOr(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function inodeOf(path: string): string | undefined {
  try {
    const fd = openSync(path, 'r');
    const inode = String(fstatSync(fd, { bigint: true }).ino);
    closeSync(fd);
    return inode;
  } catch {
    return undefined;
  }
}

export interface CollectOptions {
  readonly signal: AbortSignal;
  /** ends when nothing waits */
  readonly once?: boolean;
  readonly tell?: (words: string) => void;
}

/** Takes lines of all sensors into the store. */
export async function collectEve(store: Store, broker: Broker, { signal, once = false, tell = () => {} }: CollectOptions): Promise<number> {
  let added = 0;
  while (!signal.aborted) {
    try {
      const consumer = await broker.streams.consumers.get(EVE, 'collectors');
      let any = false;
      for await (const message of await consumer.fetch({ max_messages: MOST_MESSAGES, expires: 1000 })) {
        any = true;
        const sensor = message.subject.split('.')[2] ?? '';
        added += (await store.ingest([message.data], SENSOR_NAME.test(sensor) ? sensor : 'unnamed')).added;
        message.ack();
      }
      if (once && !any) break;
    } catch (problem) {
      if (signal.aborted || broker.connection.isClosed()) break;
      if (isLate(problem)) continue;
      tell(`${EVE}: ${(problem as Error).message}; it is tried again`);
      await broker.haveStreams().catch(() => {});
      await pause(LOOK_EVERY);
    }
  }
  return added;
}
