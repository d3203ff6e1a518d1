/** Captures that a command line names, files and folders with all below them, as sources that can be read several times. */

import { closeSync, openSync, readdirSync, readSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { append } from '@sigwright/bytes';
import type { CaptureSource } from '@sigwright/workbench';
import { InputProblem } from './arguments.ts';
import { isCapture } from './capture-intake.ts';

const CHUNK = 256 * 1024;

/** `what`: in words, for a message. A file that is named must be a capture; what else lies in a folder is passed over. */
export function captureSources(paths: readonly string[], what: string): CaptureSource[] {
  const files: string[] = [];
  for (const path of paths) {
    if (statSync(path).isDirectory()) {
      const before = files.length;
      append(files, capturesBelow(path));
      if (files.length === before) throw new InputProblem(`${path} holds no capture (pcap, pcapng) of ${what}`);
    } else if (isCapture(path)) files.push(path);
    else throw new InputProblem(`${path} is no capture (pcap, pcapng)`);
  }
  return [...new Set(files)].map((name) => ({ name, read: () => chunksOf(name) }));
}

function capturesBelow(folder: string): string[] {
  const files: string[] = [];
  for (const entry of readdirSync(folder, { withFileTypes: true }).sort((a, b) => (a.name < b.name ? -1 : 1))) {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) append(files, capturesBelow(path));
    else if (entry.isFile() && isCapture(path)) files.push(path);
  }
  return files;
}

function* chunksOf(path: string): Generator<Uint8Array> {
  const file = openSync(path, 'r');
  const buffer = new Uint8Array(CHUNK);
  try {
    for (;;) {
      const length = readSync(file, buffer);
      if (length === 0) return;
      yield buffer.subarray(0, length);
    }
  } finally {
    closeSync(file);
  }
}
