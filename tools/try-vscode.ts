/**
 * VS Code's own language client on the extension as it is shipped: builds the .vsix, installs it into code-server (VS Code that is
 * shown by a browser), opens a ruleset repository in Chromium, and does what an author does. Prints what came and keeps a picture of
 * each scene; exit 1 where something did not come, 2 where there is no code-server or no chromium.
 *
 *     node tools/try-vscode.ts [CODE-SERVER] [PICTURES]     default: code-server on the path; out/vscode
 *
 * CODE-SERVER is a program, or out/node/entry.js of the npm package. That needs no compiler: `npm install --ignore-scripts code-server`,
 * then `npm install --omit=dev --ignore-scripts` in its lib/vscode.
 */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { chromium, type Page } from 'playwright-core';
import { CHROMIUM, LAUNCH } from '../apps/server/browser-kit.ts';
import { buildExtension } from '../editors/vscode/build.ts';

const root = join(import.meta.dirname, '..');
const MOST_MILLISECONDS = 60_000;
const RULES = 'malware.rules';
/** Wrong in three ways: a keyword that does not exist, a name that cannot exist, a bit that nobody sets. */
const FAULTY =
  'alert dns $HOME_NET any -> any any (msg:"SW MALWARE x"; dns.qery; content:"evil.com,"; flowbits:isset,SW.nobody; classtype:trojan-activity; sid:1240900; rev:1;)';

const server = process.argv[2] ?? 'code-server';
const pictures = process.argv[3] ?? join(root, 'out', 'vscode');
const folder = mkdtempSync(join(tmpdir(), 'sigwright-vscode-'));
const workspace = join(folder, 'ruleset');
const file = join(workspace, 'rules', RULES);
const words = ['--user-data-dir', join(folder, 'user'), '--extensions-dir', join(folder, 'extensions')];
const command = server.endsWith('.js') ? [process.execPath, server] : [server];
const environment = { ...process.env, HOME: folder, XDG_CONFIG_HOME: folder, XDG_DATA_HOME: folder };

let running: ChildProcess | undefined;
try {
  process.exitCode = await main();
} finally {
  running?.kill();
  rmSync(folder, { recursive: true, force: true, maxRetries: 10, retryDelay: 200 });
}

async function main(): Promise<number> {
  if (CHROMIUM === undefined || spawnSync(command[0], [...command.slice(1), '--version'], { env: environment }).status !== 0) {
    console.log(`left out: there is no ${CHROMIUM === undefined ? 'chromium' : server}`);
    return 2;
  }
  mkdirSync(pictures, { recursive: true });
  cpSync(join(root, 'examples', '2024-03-08'), workspace, { recursive: true });
  mkdirSync(join(folder, 'user', 'User'), { recursive: true });
  writeFileSync(
    join(folder, 'user', 'User', 'settings.json'),
    JSON.stringify({
      'workbench.startupEditor': 'none',
      'security.workspace.trust.enabled': false,
      'chat.disableAIFeatures': true,
      'workbench.secondarySideBar.defaultVisibility': 'hidden',
      'telemetry.telemetryLevel': 'off',
      'extensions.autoCheckUpdates': false,
      'files.autoSave': 'off',
    }),
  );
  const extension = await buildExtension(join(folder, 'package'));
  const installed = spawnSync(command[0], [...command.slice(1), ...words, '--install-extension', extension], { env: environment, encoding: 'utf8' });
  if (installed.status !== 0) {
    console.log(`${installed.stdout}${installed.stderr}`);
    return 1;
  }
  const port = await freePort();
  running = spawn(command[0], [...command.slice(1), ...words, '--auth', 'none', '--bind-addr', `127.0.0.1:${port}`, '--disable-update-check'], {
    env: environment,
    stdio: 'ignore',
  });
  await until(async () => (await fetch(`http://127.0.0.1:${port}/healthz`)).ok);
  const browser = await chromium.launch(LAUNCH);
  try {
    const page = await browser.newPage({ viewport: { width: 1280, height: 800 } });
    page.setDefaultTimeout(MOST_MILLISECONDS);
    await page.goto(`http://127.0.0.1:${port}/?folder=${encodeURIComponent(workspace)}`);
    await page.locator('.monaco-workbench .explorer-folders-view').waitFor();
    return await scenes(page);
  } finally {
    await browser.close();
  }
}

/** One after the other, in one window; a scene that fails is told, and the next is tried all the same. */
async function scenes(page: Page): Promise<number> {
  let failures = 0;
  const text = async (place: string): Promise<string> => (await page.locator(place).allInnerTexts()).join('\n').replaceAll('\u00a0', ' ');
  const shows = (place: string, what: RegExp): Promise<void> => until(async () => what.test(await text(place)));
  const chosen = async (name: string): Promise<void> => {
    await page.keyboard.press('F1');
    await page.locator('.quick-input-widget input').first().fill(`>${name}`);
    await page.locator('.quick-input-list .monaco-list-row', { hasText: name }).first().click();
  };
  const line = async (place: string): Promise<void> => {
    await page.keyboard.press('Control+p');
    await page
      .locator('.quick-input-widget input')
      .first()
      .fill(place.startsWith(':') ? place : `${place}`);
    if (!place.startsWith(':')) await page.locator('.quick-input-list .monaco-list-row').first().waitFor();
    await page.waitForTimeout(500);
    await page.keyboard.press('Enter');
    await page.waitForTimeout(500);
  };
  /** Where `words` first stand in the file, as VS Code's "go to" writes it. */
  const place = (words: string, content = readFileSync(file, 'utf8')): string => {
    const before = content.slice(0, content.indexOf(words)).split('\n');
    return `:${before.length}:${before.at(-1)!.length + 2}`;
  };
  const saved = async (): Promise<string> => {
    await page.keyboard.press('Control+s');
    await page.waitForTimeout(500);
    return readFileSync(file, 'utf8');
  };
  const scene = async (name: string, act: () => Promise<void>): Promise<void> => {
    try {
      await act();
      console.log(`ok    ${name}`);
    } catch (problem) {
      failures++;
      console.log(`FAIL  ${name}: ${(problem as Error).message.split('\n')[0]}`);
    }
    await page.screenshot({ path: join(pictures, `${name.replaceAll(' ', '-')}.png`) });
    await page.keyboard.press('Escape');
    await page.keyboard.press('Escape');
  };

  await scene('code lens', async () => {
    await line(RULES);
    await shows('.codelens-decoration', /fires on \d+ of \d+/);
    await shows('.codelens-decoration', /explain/);
  });
  await scene('inlay hint', () => shows('.view-lines', /prefilter/));
  await scene('semantic colours', async () => {
    await line(place('http.uri;'));
    await chosen('Developer: Inspect Editor Tokens and Scopes');
    await shows('.token-inspect-widget', /semantic token type\s*\S+/);
  });
  await chosen('Developer: Inspect Editor Tokens and Scopes');
  await scene('hover', async () => {
    await line(place('http.uri;'));
    await chosen('Show or Focus Hover');
    await shows('.monaco-hover:not(.hidden) .hover-contents', /http\.uri/);
  });
  await scene('outline', async () => {
    await page.keyboard.press('Control+Shift+o');
    await shows('.quick-input-list', /1240301/);
  });
  await scene('definition', async () => {
    await line(place('flowbits:isset,SW.nukesped.opening').replace(/(\d+)$/, (column) => String(Number(column) + 16)));
    await page.keyboard.press('F12');
    await shows('.peekview-widget', /flowbits:set,SW\.nukesped\.opening/);
  });
  await scene('references', async () => {
    await line(place('flowbits:set,SW.nukesped.opening').replace(/(\d+)$/, (column) => String(Number(column) + 14)));
    await page.keyboard.press('Shift+F12');
    await shows('.peekview-widget', /\(4\)|4 references/);
  });
  await scene('rename', async () => {
    await page.keyboard.press('Escape');
    await page.keyboard.press('F2');
    await page.locator('.rename-box input').fill('SW.nukesped.begin');
    await page.screenshot({ path: join(pictures, 'rename-box.png') });
    await page.keyboard.press('Enter');
    await until(async () => (await saved()).split('SW.nukesped.begin').length === 5);
  });
  await scene('diagnostics', async () => {
    await page.keyboard.press('Control+End');
    await page.keyboard.press('Enter');
    await page.keyboard.insertText(FAULTY);
    await page.keyboard.press('Escape');
    await page.locator('.squiggly-error').first().waitFor();
    await page.keyboard.press('Control+Shift+m');
    await shows('.markers-panel', /dns\.qery/);
  });
  await scene('quick fix', async () => {
    await page.keyboard.press('Control+Shift+m');
    await page.keyboard.press('Control+1');
    await line(place('dns.qery', await saved()));
    await page.keyboard.press('Control+.');
    await shows('.action-widget', /dns\.query/);
  });
  await scene('quick fix made', async () => {
    await page.keyboard.press('Control+.');
    await page.locator('.action-widget .monaco-list-row', { hasText: 'dns.query' }).first().click();
    await until(async () => (await saved()).includes('dns.query; content:"evil.com,"'));
  });
  await scene('diagnostics of a rule that loads', async () => {
    await page.keyboard.press('Control+Shift+m');
    await shows('.markers-panel', /SW\.nobody/);
    await shows('.markers-panel', /which no host name does/);
  });
  await page.keyboard.press('Control+Shift+m');
  await page.keyboard.press('Control+1');
  await scene('completion', async () => {
    await page.keyboard.press('Control+End');
    await page.keyboard.press('Enter');
    await page.keyboard.type('alert http any any -> any any (msg:"x"; http.u', { delay: 20 });
    await shows('.suggest-widget', /http\.uri/);
    await page.waitForTimeout(1000);
  });
  await scene('completion of metadata', async () => {
    await page.keyboard.press('Control+z');
    await page.keyboard.press('Control+End');
    await page.keyboard.insertText('\nalert http any any -> any any (msg:"x"; http.uri; content:"/a"; metadata:signature_severity M');
    await chosen('Trigger Suggest');
    await shows('.suggest-widget', /Major/);
    await page.waitForTimeout(1000);
  });
  await scene('explain', async () => {
    await line(':1');
    await page.locator('.codelens-decoration a', { hasText: 'explain' }).first().click();
    await until(async () => /fired \d+ time/.test(await text('.view-lines')));
  });
  return failures === 0 ? 0 : 1;
}

async function until(isSo: () => Promise<boolean>): Promise<void> {
  const end = performance.now() + MOST_MILLISECONDS / 2;
  for (;;) {
    try {
      if (await isSo()) return;
    } catch {
      // Not there yet.
    }
    if (performance.now() > end) throw new Error('did not come');
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
}

function freePort(): Promise<number> {
  return new Promise((resolve) => {
    const probe = createServer().listen(0, '127.0.0.1', () => {
      const { port } = probe.address() as { port: number };
      probe.close(() => resolve(port));
    });
  });
}
