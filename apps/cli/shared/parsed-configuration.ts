/**
 * Our own suricata.yaml as `npm ci` parsed it (tools/build.ts): a reader of YAML that just starts takes a tenth of a warm start for it.
 * The same text gives the same tree, so that an edited file is parsed as any other.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

export interface ParsedConfiguration {
  readonly text: string;
  readonly tree: { [key: string]: unknown };
}

const FILE = join(import.meta.dirname, '..', '..', '..', 'dist', 'cli', 'suricata.json');

/** The tree of a YAML text, undefined where it was not parsed before. */
export function parsedBefore(text: string): ParsedConfiguration['tree'] | undefined {
  try {
    const parsed = JSON.parse(readFileSync(FILE, 'utf8')) as ParsedConfiguration;
    return parsed.text === text ? parsed.tree : undefined;
  } catch {
    return undefined;
  }
}
