/**
 * Two journeys from end to end in a browser, over SQLite and over PostgreSQL: from a pasted report to a released rule, and from an alert
 * to a verdict, to a report of a false positive, to a new evidence case. Left out aloud where there is no chromium, or no PostgreSQL.
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { serve } from '@hono/node-server';
import { type Browser, chromium, type Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Postgres, startPostgres } from '../../packages/workbench/store/own-postgres.ts';
import { LAUNCH, LEFT_OUT, sayLeftOut } from './browser-kit.ts';
import { alertLine, PASSWORD, type Trial, trial, WEEK } from './test-kit.ts';

sayLeftOut('journeys from end to end');
const postgres: Postgres | undefined = LEFT_OUT ? undefined : await startPostgres();
if (postgres === undefined) console.warn('left out: journeys over PostgreSQL (Debian: apt-get install postgresql)');
afterAll(() => postgres?.stop());

describe.skipIf(LEFT_OUT).each([...['SQLite'], ...(postgres === undefined ? [] : ['PostgreSQL'])])('over %s', { timeout: 180_000 }, (engine) => {
  let here: Trial;
  let browser: Browser;
  let server: ReturnType<typeof serve>;
  let address = '';
  let page: Page;

  beforeAll(async () => {
    const capture = readFileSync(join(WEEK, 'week.pcap'));
    const port = await new Promise<number>((resolve) => {
      const fetch = (request: Request, env: object): Response | Promise<Response> => here.hono.fetch(request, env as never);
      server = serve({ fetch: fetch as never, port: 0, hostname: '127.0.0.1' }, ({ port: taken }) => resolve(taken));
    });
    address = `http://127.0.0.1:${port}`;
    here = await trial({ origin: address, slice: () => capture, ...(engine === 'SQLite' ? {} : { place: { postgres: postgres!.address } }) });
    await here.store.ingest([new TextEncoder().encode(alertLine())], 'sensor');
    browser = await chromium.launch(LAUNCH);
    page = await browser.newPage({ viewport: { width: 1280, height: 900 } });
    page.setDefaultTimeout(90_000);
    await page.goto(`${address}/set-up/${here.gate.setupSecret}`);
    await page.getByLabel('Password').fill(PASSWORD);
    await page.getByRole('button', { name: 'Begin' }).click();
    await page.getByRole('heading', { name: 'Hosts', exact: true }).waitFor();
  }, 240_000);
  afterAll(async () => {
    await browser?.close();
    server?.close();
    await here?.close();
  });

  test('from a pasted report to a released rule', async () => {
    await page.getByRole('link', { name: 'Reports' }).click();
    await page.locator('textarea[name=text]').fill('The stealer reports to evil-panel-9[.]top, found by @someone');
    await page.getByRole('button', { name: 'Read it' }).click();
    await page.locator('mark', { hasText: 'evil-panel-9[.]top' }).waitFor();
    await page.getByText('Add drafts to the repository').click();
    await page.getByRole('button', { name: 'Add', exact: true }).click();
    await page.getByText('The rules are in the repository.').waitFor();
    await page.goto(`${address}/rules?words=evil-panel-9`);
    await page.locator('tbody tr a').first().click();
    await page.locator('pre.rule', { hasText: 'evil-panel-9.top' }).first().waitFor();
    await page.getByRole('link', { name: 'Releases' }).click();
    await page.getByRole('button', { name: 'Make a release' }).click();
    await page.getByText('The release is there.').waitFor();
    const [version] = readdirSync(join(here.folder, 'releases'));
    const texts = readdirSync(join(here.folder, 'releases', version), { recursive: true, encoding: 'utf8' })
      .filter((name) => name.endsWith('.rules'))
      .map((name) => readFileSync(join(here.folder, 'releases', version, name), 'utf8'));
    expect(texts.join('\n')).toContain('evil-panel-9.top');
  });

  test('from an alert to a verdict, to a report of a false positive, to a new evidence case', async () => {
    await page.goto(`${address}/alerts`);
    await page.locator('tbody tr a').first().click();
    await page.waitForURL(/\/alerts\/\d+$/);
    const form = page.locator('form[action="/verdicts"]').first();
    await form.getByLabel('Verdict').selectOption('false_positive');
    await form.getByLabel('Note').fill('our own updater');
    await form.locator('input[name=report]').check();
    await form.getByRole('button', { name: 'Set' }).click();
    await page.getByText('The verdict holds.').waitFor();
    await page.getByRole('link', { name: 'Feedback' }).click();
    await page.getByText('our own updater').first().waitFor();
    await page.getByRole('button', { name: 'Accept' }).click();
    await page.getByText('Done.').waitFor();
    const evidence = join(here.folder, 'evidence', '1240301');
    expect(existsSync(join(evidence, 'expect.yaml'))).toBe(true);
    expect(readFileSync(join(evidence, 'expect.yaml'), 'utf8')).toMatch(/silent/);
    expect(readdirSync(evidence).some((name) => name.endsWith('.pcap'))).toBe(true);
    expect((await here.store.verdicts(true)).map(({ verdict, note }) => [verdict, note])).toEqual([['false_positive', 'our own updater']]);
    expect(here.faults).toEqual([]);
  });
});
