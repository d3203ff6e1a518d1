/** Captures below a folder, as paths inside it, in order of name. Links are not followed: they may lead out. */
import { readdirSync } from 'node:fs';
import { join, relative } from 'node:path';

const CAPTURE = /\.(pcap|pcapng|cap)(\.\d+)?$/i;

export function capturesOf(archive: string): string[] {
  return readdirSync(archive, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && CAPTURE.test(entry.name))
    .map((entry) => relative(archive, join(entry.parentPath, entry.name)).replaceAll('\\', '/'))
    .sort();
}
