/** For bundles: a module that asks for its own folder gets that of its source, told from the folder that the bundle lies in. */
import { readFileSync } from 'node:fs';
import { dirname, relative } from 'node:path';
import type { Plugin } from 'esbuild';

/** `out`: the folder that the bundle is in, or is seen from. */
export function ownFolders(out: string): Plugin {
  return {
    name: 'own folders',
    setup({ onLoad }) {
      onLoad({ filter: /\.ts$/ }, ({ path }) => {
        const text = readFileSync(path, 'utf8');
        if (path.includes('node_modules') || !text.includes('import.meta.dirname')) return undefined;
        const folder = JSON.stringify(`/${relative(out, dirname(path)).replaceAll('\\', '/')}`);
        return { contents: text.replaceAll('import.meta.dirname', `(import.meta.dirname + ${folder})`), loader: 'ts' };
      });
    },
  };
}
