/**
 * Every page, and the commonest journeys, in a browser, over SQLite and over PostgreSQL: Debian's chromium, driven by playwright-core.
 * Left out aloud where there is no chromium, or no PostgreSQL. long-journeys.test.ts has two more, from end to end.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { serve } from '@hono/node-server';
import { type Browser, chromium, type Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Postgres, startPostgres } from '../../packages/workbench/store/own-postgres.ts';
import { explainMatch } from '../cli/shared/rule-explainer.ts';
import { breachesOf, flawsOf, hoverTells, LAUNCH, LEFT_OUT, overhang, picture as pictureOf, sayLeftOut } from './browser-kit.ts';
import { alertLine, PASSWORD, type Trial, trial, WEEK } from './test-kit.ts';

sayLeftOut('the pages in a browser');
const postgres: Postgres | undefined = LEFT_OUT ? undefined : await startPostgres();
if (postgres === undefined) console.warn('left out: the pages over PostgreSQL (Debian: apt-get install postgresql)');
let browser: Browser;
beforeAll(async () => {
  if (!LEFT_OUT) browser = await chromium.launch(LAUNCH);
}, 60_000);
afterAll(async () => {
  await browser?.close();
  await postgres?.stop();
});

describe.skipIf(LEFT_OUT).each([...['SQLite'], ...(postgres === undefined ? [] : ['PostgreSQL'])])('over %s', { timeout: 180_000 }, (engine) => {
  let here: Trial;
  let server: ReturnType<typeof serve>;
  let address = '';
  let page: Page;
  const faults: string[] = [];

  beforeAll(async () => {
    const capture = readFileSync(join(WEEK, 'week.pcap'));
    const port = await new Promise<number>((resolve) => {
      const later = { fetch: (request: Request, env: object): Response | Promise<Response> => here.hono.fetch(request, env as never) };
      server = serve({ fetch: later.fetch as never, port: 0, hostname: '127.0.0.1' }, ({ port: taken }) => resolve(taken));
    });
    address = `http://127.0.0.1:${port}`;
    here = await trial({
      origin: address,
      slice: () => capture,
      example: capture,
      match: explainMatch,
      ...(engine === 'SQLite' ? {} : { place: { postgres: postgres!.address } }),
    });
    const lines = ['10.3.8.16', '10.3.8.17', '10.3.8.18'].map((ip, at) => alertLine({ src_ip: ip, flow_id: 9_000_000 + at }));
    await here.store.ingest([new TextEncoder().encode(lines.join(''))], 'sensor');
    const release = await here.desk.releases.make({ user: 0, name: 'first', role: 'admin', scopes: new Set() }, '1');
    expect(release.ok).toBe(true);
    page = await browser.newPage({ viewport: { width: 1280, height: 900 } });
    page.setDefaultTimeout(90_000);
    page.on('pageerror', (problem) => faults.push(problem.message));
    page.on('console', (message) => {
      if (message.type() === 'error') faults.push(message.text());
    });
  }, 240_000);
  afterAll(async () => {
    await page?.close();
    server?.close();
    await here?.close();
  });

  const picture = (name: string): Promise<void> => pictureOf(page, `${engine}-${name}`);

  test('the set-up link makes the first admin, who is signed in', async () => {
    await page.goto(`${address}/set-up/${here.gate.setupSecret}`);
    await page.getByLabel('Password').fill(PASSWORD);
    await page.getByRole('button', { name: 'Begin' }).click();
    await page.getByRole('heading', { name: 'Hosts', exact: true }).waitFor();
    expect(await page.getByText('admin, admin').count()).toBe(1);
  });

  test('a verdict is set on a story, and taken back', async () => {
    await page.getByRole('link', { name: '10.3.8.16' }).click();
    await page.getByText('Verdict on this story').click();
    const form = page.locator('form:has(input[value=story])');
    await form.getByLabel('Note').fill('red team');
    await form.getByLabel('Verdict').selectOption('expected');
    await form.getByRole('button', { name: 'Set' }).click();
    await page.getByText('The verdict holds.').waitFor();
    expect(await page.locator('.judgement').first().textContent()).toBe('nothing to do');
    await page.getByRole('button', { name: 'Take back' }).click();
    await page.getByText('The verdict was taken back.').waitFor();
    expect(await page.locator('.judgement').first().textContent()).toBe('check this host for compromise');
  });

  test('keys move through rows, open one, and find the search', async () => {
    await page.goto(`${address}/alerts`);
    await page.keyboard.press('j');
    await page.keyboard.press('j');
    await page.keyboard.press('Enter');
    await page.waitForURL(/\/alerts\/\d+$/);
    await page.goto(`${address}/rules`);
    await page.keyboard.press('/');
    await page.keyboard.type('PyRation command');
    await page.keyboard.press('Enter');
    await page.waitForURL(/words=/);
    expect(await page.locator('tbody tr').count()).toBeGreaterThan(0);
  });

  test('new alerts are told on the inbox while it is open', async () => {
    await page.goto(`${address}/`);
    await page.waitForTimeout(300);
    await here.store.ingest([new TextEncoder().encode(alertLine({ flow_id: 77, src_ip: '10.3.8.99' }))], 'sensor');
    await page.getByText('1 new alert: show').click();
    await page.getByRole('link', { name: '10.3.8.99' }).waitFor();
  });

  test('a report is pasted: indicators are marked, drafts stand beside', async () => {
    await page.goto(`${address}/reports`);
    await page.locator('textarea[name=text]').fill('The stealer reports to evil-panel-9[.]top, found by @someone');
    await page.getByRole('button', { name: 'Read it' }).click();
    await page.locator('mark', { hasText: 'evil-panel-9[.]top' }).waitFor();
    expect(await page.locator('pre.rule').count()).toBeGreaterThan(0);
    await picture('report');
  });

  test('the rule workbench: diagnostics while typing, fixes, completion, hover, colours; a capture, the verdict with bytes', async () => {
    await page.goto(`${address}/workbench?sid=1240301`);
    await page.getByText('The engine is ready').waitFor();
    await page.locator('#diagnostics > *').waitFor();
    expect(await page.locator('#diagnostics li.wrong').count()).toBe(0);
    await page.locator('.rule-buffer', { hasText: 'http.uri' }).first().waitFor();
    await page.locator('.cm-hint', { hasText: 'prefilter' }).waitFor();
    await page.getByRole('button', { name: /example/ }).click();
    await page.getByText(/\d+ packets in \d+ flows/).waitFor();
    // The caret stands at the beginning: in the rule.
    await page.locator('#verdict .judgement', { hasText: 'it fired 3 times' }).waitFor();
    expect(await page.locator('#verdict mark').count()).toBeGreaterThan(0);
    expect(await page.locator('.rule-holds').count()).toBeGreaterThan(3);
    expect(await page.locator('#traffic details.flow').count()).toBeGreaterThan(50);
    expect(await page.locator('#traffic .tag', { hasText: 'alert 1240301' }).count()).toBeGreaterThan(0);
    await picture('workbench');
    for (const width of [390, 1280]) {
      await page.setViewportSize({ width, height: 900 });
      expect(await overhang(page), `${width} pixels`).toBeLessThanOrEqual(0);
      expect(await breachesOf(page), `${width} pixels`).toEqual([]);
    }
    await hoverTells(page, 'http.uri', 'sticky buffer');
    await page.locator('.cm-content').click();
    await page.keyboard.press('Control+End');
    await page.keyboard.type('\nalert http any any -> any any (msg:"x"; http.uri; contentt:"a"; sid:5;)');
    await page.locator('#diagnostics li.wrong').first().waitFor();
    await page.locator('#diagnostics').getByRole('button', { name: 'content', exact: false }).first().click();
    await page.locator('#diagnostics').getByText('contentt').waitFor({ state: 'detached' });
    await page.keyboard.press('Control+End');
    await page.keyboard.type('\nalert tcp any any -> any any (fast_pat');
    await page.locator('.cm-tooltip-autocomplete', { hasText: 'fast_pattern' }).waitFor();
    await page.keyboard.press('Escape');
  });

  test('rules of the workbench go into the repository where somebody sends them', async () => {
    await page.goto(`${address}/workbench`);
    await page.getByText('The engine is ready').waitFor();
    await page.locator('.cm-content').click();
    await page.keyboard.press('Control+a');
    // Typed over a selection, Chromium first tries a styled element of its own, which the policy refuses.
    await page.keyboard.press('Backspace');
    await page.keyboard.type('alert http any any -> any any (msg:"SW from the workbench"; http.uri; content:"/wb"; sid:1240999; rev:1;)');
    await page.getByText('Put these rules into the repository').click();
    await page.getByRole('button', { name: 'Send the rules' }).click();
    await page.getByText('The rules are in the repository.').waitFor();
    await page.goto(`${address}/workbench?sid=1240999`);
    await page.locator('.cm-content', { hasText: 'SW from the workbench' }).waitFor();
    await page.getByText('The engine is ready').waitFor();
    await page.locator('.cm-content').click();
    await page.keyboard.press('Control+a');
    await page.keyboard.press('Backspace');
    await page.keyboard.type('alert http any any -> any any (msg:"SW from the workbench"; http.uri; content:"/other"; sid:1240999; rev:1;)');
    await page.getByText('Make this the rule of the repository').click();
    await page.getByRole('button', { name: 'Send the rule and' }).click();
    await page.waitForURL(/\/rules\/1240999/);
    await page.locator('pre.rule', { hasText: 'content:"/other"; sid:1240999; rev:2;' }).first().waitFor();
  });

  test('the weekly review: the preview follows while one types, and what is kept is what was seen', async () => {
    await page.goto(`${address}/community?day=2024-03-08`);
    await page.locator('#post').fill('# A week\n\n- **bold** and [a page](https://example.org/x)\n- <b>no markup</b> [no](javascript:x)');
    await page.locator('#preview li', { hasText: '<b>no markup</b> [no](javascript:x)' }).waitFor();
    expect(await page.locator('#preview strong').textContent()).toBe('bold');
    expect(await page.locator('#preview a').getAttribute('href')).toBe('https://example.org/x');
    await page.getByRole('button', { name: 'Save' }).click();
    await page.getByText('Saved.').waitFor();
    expect(await page.locator('#preview h2').textContent()).toBe('A week');
    await page.getByRole('button', { name: 'Write it anew' }).click();
    await page.getByText('Nobody changed it yet').waitFor();
  });

  const PAGES = [
    '/',
    '/hosts/10.3.8.16',
    '/alerts',
    '/alerts/1',
    '/rules',
    '/rules/1240301',
    '/reports',
    '/reports/2024-03-08-pyration',
    '/review',
    '/releases',
    '/releases/difference?from=1&to=today',
    '/community',
    '/sensors',
    '/feedback',
    '/hunts',
    '/settings',
    '/workbench',
    '/nope',
  ];
  // What a page looks like is not the engine's: once is enough over the second.
  const views = [
    [1280, 'light'],
    [1280, 'dark'],
    [390, 'light'],
    [390, 'dark'],
  ] as const;
  test.each(engine === 'SQLite' ? views : views.slice(3))(
    'every page fits %i pixels, %s',
    async (width, colorScheme) => {
      await page.setViewportSize({ width, height: 900 });
      await page.emulateMedia({ colorScheme });
      for (const path of PAGES) {
        await page.goto(`${address}${path}`);
        if (path === '/workbench') await page.getByText('The engine is ready').waitFor();
        expect(await flawsOf(page), `${path}, ${width} pixels`).toEqual([]);
        await picture(`${width}-${colorScheme}${path.replaceAll('/', '-')}`);
      }
    },
    120_000,
  );

  test('no script failed, and nothing was refused by the content security policy', () => expect(faults.filter((fault) => !fault.includes('404'))).toEqual([]));
});
