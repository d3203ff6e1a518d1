/** A path as configurations and command lines write it: one file, or a pattern for several. */
import { existsSync, globSync } from 'node:fs';
import { isAbsolute, join } from 'node:path';

/** Files that fit, in order of name; the path itself where none does. `folder`: where a path that is not absolute begins. */
export function filesOf(written: string, folder?: string): readonly string[] {
  const path = folder === undefined || isAbsolute(written) ? written : join(folder, written);
  if (!/[*?[]/.test(path) || existsSync(path)) return [path];
  const found = globSync(path).sort();
  return found.length === 0 ? [path] : found;
}
