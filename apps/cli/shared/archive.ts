/** The archive of captures that hunts go over: a folder, or a store that speaks S3. Names are paths inside it, with `/`. */
import { existsSync, readdirSync, statSync } from 'node:fs';
import { join, sep } from 'node:path';
import type { Failure } from '@sigwright/contracts';
import { failure } from '@sigwright/contracts';
import type { Engine } from '@sigwright/detection';
import { InputProblem, UsageProblem } from './arguments.ts';
import { isObjectStore, ObjectStore } from './object-store.ts';
import { runCapture, runChunks } from './run-capture.ts';

const CAPTURE = /\.(pcap|pcapng|cap)(\.\d+)?$/i;

export interface ArchivedCapture {
  readonly name: string;
  readonly bytes: number;
}

export interface Archive {
  /** as it was named */
  readonly place: string;
  /** in order of name */
  captures(): Promise<readonly ArchivedCapture[]>;
  /** Rejects where the archive itself is away; a failure is the capture's own. */
  run(engine: Engine, name: string, signal: { readonly stopped: boolean }): Promise<Failure | undefined>;
}

/** Throws a usage problem where `place` is none. */
export function archiveAt(place: string | undefined, usage: string): Archive {
  if (place === undefined) throw new UsageProblem('name the archive: --archive FOLDER, or --archive s3://BUCKET/PREFIX', usage);
  if (isObjectStore(place)) return objects(new ObjectStore(place));
  if (!existsSync(place) || !statSync(place).isDirectory()) throw new InputProblem(`${place} is no folder`);
  return folder(place);
}

function folder(place: string): Archive {
  return {
    place,
    captures: async () => capturesOf(place),
    run: (engine, name, signal) => runCapture(engine, join(place, ...name.split('/')), signal),
  };
}

function objects(store: ObjectStore): Archive {
  return {
    place: store.place,
    captures: async () => inOrder((await store.list()).filter(({ name }) => CAPTURE.test(name))),
    async run(engine, name, signal) {
      const chunks = await store.read(name);
      if (chunks === undefined) return failure('capture/open', `${store.place}/${name} can not be opened: there is no such object`, { path: name });
      return runChunks(engine, chunks, name, signal);
    },
  };
}

/** Captures below a folder. Links are not followed: they may lead out. */
export function capturesOf(archive: string): ArchivedCapture[] {
  const found: ArchivedCapture[] = [];
  // A folder at a time: asked for all at once, Node looks at each entry a second time.
  const folders = [''];
  for (let inside = folders.pop(); inside !== undefined; inside = folders.pop()) {
    const path = join(archive, inside);
    for (const entry of readdirSync(path, { withFileTypes: true })) {
      const { name } = entry;
      if (entry.isDirectory()) folders.push(`${inside}${name}/`);
      else if (entry.isFile() && CAPTURE.test(name))
        found.push({ name: `${inside}${name}`, bytes: statSync(`${path}${sep}${name}`, { throwIfNoEntry: false })?.size ?? 0 });
    }
  }
  return inOrder(found);
}

function inOrder(captures: ArchivedCapture[]): ArchivedCapture[] {
  return captures.sort((a, b) => (a.name < b.name ? -1 : 1));
}
