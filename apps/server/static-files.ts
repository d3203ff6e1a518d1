/** What is sent as it is: the style sheet, and the scripts that tools/build.ts makes for the pages. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Hono } from 'hono';
import type { Env } from './security.ts';
import { STYLE } from './style.ts';

const SCRIPTS: ReadonlySet<string> = new Set(['page.js', 'community.js', 'workbench.js', 'engine.js']);
export const SCRIPT_FOLDER = join(import.meta.dirname, '..', '..', 'dist', 'web');

const SCRIPT_TYPE = 'text/javascript; charset=utf-8';
const KEPT_A_WHILE = 'max-age=300';

export function addStaticFiles(app: Hono<Env>): void {
  app.get('/style.css', (context) => context.body(STYLE, 200, { 'content-type': 'text/css; charset=utf-8', 'cache-control': KEPT_A_WHILE }));

  app.get('/web/:name', (context) => {
    const name = context.req.param('name');
    if (!SCRIPTS.has(name)) return context.notFound();
    try {
      return context.body(new Uint8Array(readFileSync(join(SCRIPT_FOLDER, name))), 200, { 'content-type': SCRIPT_TYPE, 'cache-control': KEPT_A_WHILE });
    } catch {
      return context.body('console.error("the scripts are not built: node tools/build.ts");', 200, { 'content-type': SCRIPT_TYPE });
    }
  });
}
