/** A path as configurations and command lines write it: one file, or a pattern for several. */
import { existsSync, globSync } from 'node:fs';

/** Files that fit, in order of name; the path itself where none does. */
export function filesOf(path: string): readonly string[] {
  if (!/[*?[]/.test(path) || existsSync(path)) return [path];
  const found = globSync(path).sort();
  return found.length === 0 ? [path] : found;
}
