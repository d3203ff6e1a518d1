/** Captures below a folder, as paths inside it, in order of name, with their bytes. Links are not followed: they may lead out. */
import { readdirSync, statSync } from 'node:fs';
import { join, relative } from 'node:path';

const CAPTURE = /\.(pcap|pcapng|cap)(\.\d+)?$/i;

export interface ArchivedCapture {
  readonly name: string;
  readonly bytes: number;
}

export function capturesOf(archive: string): ArchivedCapture[] {
  return readdirSync(archive, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && CAPTURE.test(entry.name))
    .map((entry) => join(entry.parentPath, entry.name))
    .map((path) => ({ name: relative(archive, path).replaceAll('\\', '/'), bytes: statSync(path, { throwIfNoEntry: false })?.size ?? 0 }))
    .sort((a, b) => (a.name < b.name ? -1 : 1));
}
