/**
 * Files that workers need, as one text that a store keeps and a broker hands out: JSON (a path and base64 for each), compressed, base64.
 * Unpacking trusts nothing: no path leads out of the folder, and sizes are bounded.
 */
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { gunzipSync, gzipSync } from 'node:zlib';
import { z } from 'zod';
import { staysInside } from './shapes.ts';

const Content = z.object({
  options: z.record(z.string(), z.union([z.string(), z.boolean()])),
  files: z.array(z.object({ path: z.string().refine(staysInside, 'a path that leads out'), base64: z.string() })).max(1_000_000),
});

export interface Bundle {
  readonly options: Readonly<Record<string, string | boolean>>;
  readonly files: readonly { readonly path: string; readonly bytes: Uint8Array }[];
}

/** Bytes of JSON. */
const LONGEST_BUNDLE = 512 * 1024 * 1024;

export function packBundle({ options, files }: Bundle): string {
  const content = { options, files: files.map(({ path, bytes }) => ({ path, base64: Buffer.from(bytes).toString('base64') })) };
  const text = JSON.stringify(content);
  if (text.length > LONGEST_BUNDLE)
    throw new Error(`the files are ${text.length} bytes, more than the ${LONGEST_BUNDLE} that workers take: choose fewer rules`);
  return gzipSync(text).toString('base64');
}

/** Writes the files below `folder`. Throws where it is no bundle; nothing was written then. */
export function unpackBundle(text: string, folder: string): Bundle['options'] {
  const { options, files } = Content.parse(JSON.parse(gunzipSync(Buffer.from(text, 'base64'), { maxOutputLength: LONGEST_BUNDLE }).toString()));
  for (const { path, base64 } of files) {
    const place = join(folder, ...path.split('/'));
    mkdirSync(dirname(place), { recursive: true });
    writeFileSync(place, Buffer.from(base64, 'base64'));
  }
  return options;
}

/** Files below `folder`, as a bundle has them; links are left out. `path`: where they are to stand. */
export function filesBelow(folder: string, path: string): Bundle['files'] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .sort()
    .map((file) => ({ path: `${path}/${relative(folder, file).replaceAll('\\', '/')}`, bytes: readFileSync(file) }));
}
