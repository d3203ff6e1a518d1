/**
 * The rule workbench as one file that needs no server: scripts, style and the engine are in it, so that it works from a disk, a mail or
 * any web server. Its policy allows no connection at all; the only scripts that run are those it was written with.
 */
import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Classification } from '@sigwright/contracts';
import { html } from './html.ts';
import { FIRST_RULE, workbenchBody } from './pages/workbench.ts';
import { SCRIPT_FOLDER } from './static-files.ts';
import { STYLE } from './style.ts';

export interface StaticWorkbench {
  /** rules it opens with; a first one where left out */
  readonly rules?: string;
  /** a capture it opens with */
  readonly capture?: Uint8Array;
  readonly networks: Readonly<Record<string, string>>;
  readonly classifications: Iterable<Classification>;
}

/** The page; undefined where its scripts are not built. */
export function staticWorkbench({ rules, capture, networks, classifications }: StaticWorkbench): string | undefined {
  const [page, engine] = ['workbench.js', 'engine.js'].map((name) => join(SCRIPT_FOLDER, name));
  if (!existsSync(page) || !existsSync(engine)) return undefined;
  const script = inside(readFileSync(page, 'utf8'));
  const digest = createHash('sha256').update(script).digest('base64');
  // The editor writes its style when it starts; the same page has the same word for it.
  const nonce = createHash('sha256').update(STYLE).update(script).digest('hex').slice(0, 32);
  const policy = [
    "default-src 'none'",
    `script-src 'sha256-${digest}' 'wasm-unsafe-eval'`,
    'worker-src blob:',
    `style-src 'nonce-${nonce}'`,
    'img-src data:',
    "form-action 'none'",
    "base-uri 'none'",
  ].join('; ');
  const body = workbenchBody({ text: rules ?? FIRST_RULE, networks, classifications });
  const head = html`<meta charset="utf-8"><meta http-equiv="content-security-policy" content="${policy}"><meta name="viewport" content="width=device-width, initial-scale=1"><meta name="referrer" content="no-referrer"><meta name="csp-nonce" content="${nonce}"><title>Rule workbench · sigwright</title><link rel="icon" href="data:,">`;
  return [
    `<!doctype html><html lang="en"><head>${head.html}<style nonce="${nonce}">${STYLE}</style></head>`,
    `<body><a class="skip" href="#main">Skip to content</a><header class="wide"><div class="top"><strong>sigwright</strong><span class="title">the rule workbench, without a server</span></div></header>`,
    `<main id="main" class="wide"><h1>Rule workbench</h1>${body.html}</main>`,
    capture === undefined ? '' : `<script type="text/plain" id="capture-source">${Buffer.from(capture).toString('base64')}</script>`,
    `<script type="text/plain" id="engine-source">${inside(readFileSync(engine, 'utf8'))}</script>`,
    `<script>${script}</script></body></html>\n`,
  ].join('\n');
}

/** A script as an element of a page may hold it: nothing in it ends the element. */
function inside(script: string): string {
  return script.replaceAll('</script', '<\\/script').replaceAll('<!--', '<\\!--');
}
