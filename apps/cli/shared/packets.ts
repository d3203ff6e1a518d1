/**
 * The packets of an alert out of the captures that a sensor writes (Suricata's pcap-log, tcpdump -G): the capture that the record names, else
 * those that begin before the alert, the latest first. Read piece by piece, so that a large capture holds nobody up.
 */
import { closeSync, openSync, readSync } from 'node:fs';
import { basename, join } from 'node:path';
import { DEFAULT_SETTINGS } from '@sigwright/contracts';
import type { SliceWanted } from '@sigwright/server';
import { CaptureReader } from '@sigwright/traffic';
import { type ArchivedCapture, capturesOf } from './archive.ts';
import { FlowSlicer } from './slice.ts';

/** Captures that are looked through for one alert. */
const MOST_TRIED = 4;
const CHUNK = 1024 * 1024;
/** A sensor's clock and its capture's may differ a little: microseconds. */
const SLACK = 2e6;
/** Milliseconds for which the list of captures holds. */
const KEPT_FOR = 30_000;
/** Begins of captures that are remembered. */
const MOST_BEGINS = 100_000;

export function packetsFrom(folder: string): (wanted: SliceWanted) => Promise<Uint8Array | undefined> {
  let listed: readonly ArchivedCapture[] = [];
  let listedAt = Number.NEGATIVE_INFINITY;
  const begins = new Map<string, number>();
  const beginOf = (name: string): number => {
    let begin = begins.get(name);
    if (begin === undefined) {
      begin = firstTime(join(folder, name));
      if (begins.size >= MOST_BEGINS) begins.clear();
      // An empty one is still to be written.
      if (begin !== Number.POSITIVE_INFINITY) begins.set(name, begin);
    }
    return begin;
  };
  return async ({ source, destination, time, file, most = Number.POSITIVE_INFINITY }) => {
    if (time === undefined) return undefined;
    if (performance.now() - listedAt > KEPT_FOR) {
      listed = capturesOf(folder);
      listedAt = performance.now();
    }
    const named = file === undefined ? [] : listed.filter(({ name }) => basename(name) === basename(file));
    const until = time * 1000 + SLACK;
    const candidates = named.length > 0 ? named : listed.filter(({ name }) => beginOf(name) <= until).sort((a, b) => beginOf(b.name) - beginOf(a.name));
    let read = 0;
    for (const { name, bytes } of candidates.slice(0, MOST_TRIED)) {
      read += bytes;
      if (read > most) return undefined;
      const found = await sliceFile(join(folder, name), source, destination);
      if (found !== undefined) return found;
    }
    return undefined;
  };
}

/** Microseconds since 1970 of the first packet; infinite where there is none, or it can not be read. */
function firstTime(path: string): number {
  let first = Number.POSITIVE_INFINITY;
  const reader = new CaptureReader((_data, _start, _end, time) => {
    if (first === Number.POSITIVE_INFINITY) first = time;
  });
  try {
    const fd = openSync(path, 'r');
    try {
      const head = new Uint8Array(4096);
      for (let reads = 0; reads < 64 && first === Number.POSITIVE_INFINITY; reads++) {
        const length = readSync(fd, head);
        if (length === 0 || reader.push(head.subarray(0, length)) !== undefined) break;
      }
    } finally {
      closeSync(fd);
    }
  } catch {
    // Gone meanwhile: the sensor clears up.
  }
  return first;
}

async function sliceFile(path: string, source: string, destination: string): Promise<Uint8Array | undefined> {
  let fd: number;
  try {
    fd = openSync(path, 'r');
  } catch {
    return undefined;
  }
  const slicer = new FlowSlicer(source, destination, DEFAULT_SETTINGS);
  try {
    const chunk = new Uint8Array(CHUNK);
    for (;;) {
      const length = readSync(fd, chunk);
      if (length === 0 || !slicer.push(chunk.subarray(0, length))) break;
      await new Promise((resolve) => setImmediate(resolve));
    }
  } finally {
    closeSync(fd);
  }
  return slicer.end();
}
