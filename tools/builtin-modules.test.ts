import { build } from 'esbuild';
import { describe, expect, test } from 'vitest';
import { builtinsByName, markedBuiltins } from './builtin-modules.ts';

async function bundled(contents: string): Promise<string> {
  const { outputFiles } = await build({
    stdin: { contents, resolveDir: import.meta.dirname, loader: 'ts' },
    bundle: true,
    write: false,
    format: 'esm',
    platform: 'node',
    minifyWhitespace: true,
    plugins: [markedBuiltins],
  });
  return builtinsByName(outputFiles[0].text);
}

describe('modules of Node are asked for by name', () => {
  test.each([
    ['one name', `import { sep } from 'node:path'; globalThis.told = sep;`, '/'],
    ['under another name', `import { sep as mark } from 'node:path'; globalThis.told = mark;`, '/'],
    ['of two modules', `import { sep } from 'node:path'; import { EOL } from 'node:os'; globalThis.told = sep + EOL;`, '/\n'],
    ['a module within a module', `import { join } from 'node:path/posix'; globalThis.told = join('a', 'b');`, 'a/b'],
    ['a text that looks like it', `import { sep } from 'node:path'; globalThis.told = sep + \`import{a}from"node:fs";\`;`, '/import{a}from"node:fs";'],
  ])('%s', async (_why, contents, told) => {
    const script = await bundled(contents);
    expect(script).not.toMatch(/^import/);
    await import(`data:text/javascript,${encodeURIComponent(script)}`);
    expect((globalThis as { told?: string }).told).toBe(told);
  });

  test('one that is imported as a whole is a fault of the build', async () => {
    await expect(bundled(`import * as path from 'node:path'; console.log(path);`)).rejects.toThrow('the bundle imports more than names');
  });
});
