/** The flags with which the launcher starts Node, as it has them: what V8 compiled is taken only with the same ones. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

export function launcherFlags(): readonly string[] {
  const launcher = readFileSync(join(import.meta.dirname, '..', 'sigwright'), 'utf8');
  return /\/bin\/node"([\s\\]+--[^"]*)"\$main"/.exec(launcher)?.[1].match(/--\S+/g) ?? [];
}
