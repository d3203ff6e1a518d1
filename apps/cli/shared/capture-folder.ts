/**
 * Captures of a folder in order of time, and those that come while it is watched (Suricata user guide, "PCAP File Reading": `recursive`,
 * `continuous`, `delay`, `poll-interval`).
 */
import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { InputProblem } from './arguments.ts';
import { at, isYes, type Tree } from './configuration-tree.ts';

/** Folders in folders; nobody nests deeper. */
const DEEPEST_FOLDER = 255;
const DEFAULT_DELAY = 30;
const DEFAULT_POLL = 5;
/** Milliseconds after which a signal is seen at the latest. */
const STEP = 100;

export interface FolderReading {
  readonly recursive: boolean;
  /** stay, and read what comes, until a signal */
  readonly continuous: boolean;
  /** seconds since its last change before a capture is read: it may still be written */
  readonly delay: number;
  /** seconds from one look into the folder to the next */
  readonly poll: number;
}

/** Throws an InputProblem where two options exclude each other. */
export function folderReadingOf(tree: Tree): FolderReading {
  const recursive = isYes(at(tree, 'pcap-file.recursive'), false);
  const continuous = isYes(at(tree, 'pcap-file.continuous'), false);
  if (recursive && continuous) throw new InputProblem('--pcap-file-continuous and --pcap-file-recursive can not be used together: a folder is watched alone');
  const seconds = (key: string, otherwise: number): number => {
    const written = at(tree, `pcap-file.${key}`);
    const value = written === undefined || written === null ? otherwise : Number(written);
    if (!Number.isFinite(value) || value < 0) throw new InputProblem(`pcap-file.${key}: ${String(written)} is no number of seconds`);
    return value;
  };
  return { recursive, continuous, delay: seconds('delay', DEFAULT_DELAY), poll: seconds('poll-interval', DEFAULT_POLL) };
}

interface Found {
  readonly path: string;
  /** milliseconds */
  readonly changed: number;
}

/** Files by the time of their last change; links are left alone. */
function filesByTime(folder: string, recursive: boolean): readonly Found[] {
  const below = (place: string, depth: number): readonly string[] =>
    readdirSync(place, { withFileTypes: true }).flatMap((entry) => {
      const one = join(place, entry.name);
      if (entry.isDirectory()) return recursive && depth < DEEPEST_FOLDER ? below(one, depth + 1) : [];
      return entry.isFile() ? [one] : [];
    });
  const found = below(folder, 0).flatMap((path) => {
    const changed = statSync(path, { throwIfNoEntry: false })?.mtimeMs;
    return changed === undefined ? [] : [{ path, changed }];
  });
  return found.sort((a, b) => a.changed - b.changed || (a.path < b.path ? -1 : 1));
}

/**
 * The captures that `path` names, one after another. `idle` is called while a watched folder has nothing new; it throws where the
 * folder can not be read.
 */
export async function* capturesOf(
  path: string,
  { recursive, continuous, delay, poll }: FolderReading,
  signal: { readonly stopped: boolean },
  idle: () => void = () => {},
): AsyncGenerator<string> {
  if (path === '-' || statSync(path, { throwIfNoEntry: false })?.isDirectory() !== true) {
    yield path;
    return;
  }
  if (!continuous) {
    for (const found of filesByTime(path, recursive)) yield found.path;
    return;
  }
  let seen = new Map<string, number>();
  while (!signal.stopped) {
    const there = filesByTime(path, false);
    // A file that was replaced is another one; who is gone is forgotten.
    seen = new Map(there.flatMap(({ path: one, changed }) => (seen.get(one) === changed ? [[one, changed] as const] : [])));
    for (const { path: one, changed } of there) {
      if (signal.stopped) return;
      if (seen.has(one) || changed > Date.now() - delay * 1000) continue;
      seen.set(one, changed);
      yield one;
    }
    idle();
    const until = Date.now() + poll * 1000;
    while (!signal.stopped && Date.now() < until) await new Promise((resolve) => setTimeout(resolve, Math.min(STEP, until - Date.now())));
    // Without a pause, signals would never be delivered.
    if (poll === 0) await new Promise((resolve) => setTimeout(resolve, 1));
  }
}
