/**
 * Digests of files and their storage (Suricata user guide, "File Extraction", version 2): a file lies under its SHA-256, once however
 * often it came by, beside it the record where the configuration asks for it.
 */
import { createHash, type Hash } from 'node:crypto';
import { existsSync, mkdirSync, utimesSync, writeFileSync } from 'node:fs';
import { isAbsolute, join } from 'node:path';
import { describeContent } from '@sigwright/catalogue';
import { DEFAULT_SETTINGS, type EveRecord, type FileFollower, type FileTransfer, type FollowFile } from '@sigwright/contracts';
import { at, isYes, outputOf, sizeOf, type Tree } from './configuration-tree.ts';

/** Bytes of one file that are kept for storage; what is larger is not stored. */
const MOST_STORED = 256 * 1_048_576;
const DIGESTS = ['md5', 'sha1', 'sha256'] as const;
type Digest = (typeof DIGESTS)[number];

interface Storage {
  readonly folder: string;
  /** every file, not only those that rules ask for */
  readonly every: boolean;
  /** the record lies beside the file */
  readonly records: boolean;
}

class Followed implements FileFollower {
  readonly digests: readonly (readonly [Digest, Hash])[];
  /** undefined: not kept */
  pieces: Uint8Array[] | undefined;
  #size = 0;

  constructor(digests: readonly Digest[], kept: boolean) {
    this.digests = digests.map((name) => [name, createHash(name)] as const);
    this.pieces = kept ? [] : undefined;
  }

  append(bytes: Uint8Array, start: number, end: number): void {
    const piece = bytes.slice(start, end);
    for (const [, digest] of this.digests) digest.update(piece);
    this.#size += piece.length;
    if (this.#size > MOST_STORED) this.pieces = undefined;
    this.pieces?.push(piece);
  }
}

export class FileStore {
  /** undefined: nobody wants to know */
  readonly follow: FollowFile | undefined;
  readonly storage: Storage | undefined;
  /** bytes of a stream that are reassembled where files are stored; undefined: no change */
  readonly streamDepth: number | undefined;
  readonly #followed = new WeakMap<FileTransfer, Followed>();
  readonly #details = new WeakMap<FileTransfer, Record<string, unknown>>();
  /** records tell what a file is */
  readonly #magic: boolean;
  #count = 0;
  /** what could not be written */
  failures = 0;

  constructor(tree: Tree, logFolder: string) {
    const options = outputOf(tree, 'file-store');
    const isOn = options !== undefined && isYes(options['enabled'], false);
    this.storage = isOn ? storageOf(options, logFolder) : undefined;
    const depth = options?.['stream-depth'];
    const isNone = depth === undefined || depth === false || depth === 'no';
    this.streamDepth = isOn && !isNone ? sizeOf(depth, DEFAULT_SETTINGS.stream.depth) : undefined;
    this.#magic = isYes(options?.['force-magic'], false) || recordOptions(tree, 'force-magic').some((written) => isYes(written, false));
    const forced = [options?.['force-hash'], ...recordOptions(tree, 'force-hash')].flatMap((list) => (Array.isArray(list) ? list.map(String) : []));
    const digests = DIGESTS.filter((name) => forced.includes(name) || (name === 'sha256' && isOn));
    if (digests.length === 0) return;
    this.follow = (file) => {
      const followed = new Followed(digests, isOn);
      this.#followed.set(file, followed);
      return followed;
    };
  }

  /** The file is over: stores it where it is to be. Told once, before the file is recorded. */
  finish(file: FileTransfer): void {
    const followed = this.#followed.get(file);
    const details: Record<string, unknown> = this.#magic ? { magic: describeContent(file.bytes, 0, file.kept) } : {};
    if (followed === undefined) {
      if (this.#magic) this.#details.set(file, details);
      return;
    }
    const isWhole = file.state === 'CLOSED' && !file.gaps;
    for (const [name, digest] of followed.digests) if (isWhole || (name === 'sha256' && this.storage !== undefined)) details[name] = digest.digest('hex');
    const { storage } = this;
    if (storage !== undefined && followed.pieces !== undefined && (storage.every || file.stored === true)) {
      const digest = String(details['sha256']);
      const folder = join(storage.folder, digest.slice(0, 2));
      const { pieces } = followed;
      const written = this.#write(() => {
        mkdirSync(folder, { recursive: true });
        const path = join(folder, digest);
        // Who has it already sees when it came last.
        if (existsSync(path)) utimesSync(path, new Date(), new Date());
        else writeFileSync(path, Buffer.concat(pieces));
      });
      if (written) Object.assign(details, { stored: true, file_id: ++this.#count });
    }
    followed.pieces = undefined;
    this.#details.set(file, details);
  }

  details(file: FileTransfer): Readonly<Record<string, unknown>> | undefined {
    return this.#details.get(file);
  }

  /** Puts the record of a stored file beside it: `<sha256>.<seconds>.<file_id>.json`. */
  writeRecord(record: EveRecord): void {
    const { sha256, stored, file_id } = record['fileinfo'] as Record<string, unknown>;
    if (this.storage === undefined || stored !== true) return;
    const name = `${sha256}.${Math.floor(Date.parse(String(record['timestamp'])) / 1000)}.${file_id}.json`;
    const { folder } = this.storage;
    this.#write(() => writeFileSync(join(folder, String(sha256).slice(0, 2), name), JSON.stringify(record)));
  }

  #write(act: () => void): boolean {
    try {
      act();
      return true;
    } catch {
      this.failures++;
      return false;
    }
  }
}

function storageOf(options: Tree, logFolder: string): Storage {
  const folder = String(options['dir'] ?? 'filestore');
  return {
    folder: isAbsolute(folder) ? folder : join(logFolder, folder),
    every: isYes(options['force-filestore'], false),
    records: isYes(options['write-fileinfo'], false),
  };
}

/** An option of the records of files, whichever output holds it. */
function recordOptions(tree: Tree, name: string): unknown[] {
  const outputs = at(tree, 'outputs');
  return (Array.isArray(outputs) ? outputs : []).flatMap((output) => {
    const types = at(output, 'eve-log.types');
    return (Array.isArray(types) ? types : []).map((type) => at(type, `files.${name}`));
  });
}
