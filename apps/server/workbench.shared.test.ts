/** A whole public ruleset in the page, over real captures: the alerts of Node. Says sizes, times, and for how long the page was busy. */
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { gzipSync } from 'node:zlib';
import { catalogue } from '@sigwright/catalogue';
import { DEFAULT_SETTINGS } from '@sigwright/contracts';
import { buildPlan, Engine, usePlan } from '@sigwright/detection';
import { parseRules } from '@sigwright/rule-language';
import { chromium } from 'playwright-core';
import { expect, test } from 'vitest';
import { LAUNCH, LEFT_OUT, sayLeftOut } from './browser-kit.ts';
import { SCRIPT_FOLDER } from './static-files.ts';
import { staticWorkbench } from './static-workbench.ts';

sayLeftOut('a public ruleset in a browser');

const SHARED = join(import.meta.dirname, '..', '..', '..', 'shared');
const MOST_CAPTURES = 20;
const LARGEST = 4 * 1024 * 1024;

test.skipIf(LEFT_OUT)('a public ruleset over public captures raises in the page what it raises in Node', { timeout: 600_000 }, async () => {
  const rulesPath = join(SHARED, 'rules', 'etopen.rules');
  const files = join(SHARED, 'captures', 'files');
  const known = JSON.parse(readFileSync(join(SHARED, 'captures', 'expected.json'), 'utf8')) as Record<string, { alerts?: Record<string, number> }>;
  const fire = Object.keys(known).filter((name) => Object.keys(known[name].alerts ?? {}).length > 0 && statSync(join(files, name)).size < LARGEST);
  const captures = [
    join(SHARED, 'seed', 'captures', 'week.pcap'),
    ...fire.filter((_, at) => at % Math.ceil(fire.length / MOST_CAPTURES) === 0).map((name) => join(files, name)),
  ];
  // As in the page.
  const settings = { ...DEFAULT_SETTINGS, verifyChecksums: false, addressGroups: { ...DEFAULT_SETTINGS.addressGroups, HOME_NET: 'any', EXTERNAL_NET: 'any' } };
  const rules = parseRules(readFileSync(rulesPath, 'utf8')).rules.filter((rule) => rule.enabled);
  const plan = usePlan(buildPlan([{ path: 'all', rules }], catalogue, settings).data, catalogue, settings);
  const inNode = (path: string): Record<string, number> => {
    const counts: Record<string, number> = {};
    const engine = new Engine(plan, catalogue, settings, {
      alert: ({ rule }) => {
        counts[rule.sid] = (counts[rule.sid] ?? 0) + 1;
      },
    });
    engine.feed(readFileSync(path));
    engine.finish();
    return counts;
  };

  const folder = mkdtempSync(join(tmpdir(), 'sigwright-workbench-'));
  const browser = await chromium.launch(LAUNCH);
  const page = await browser.newPage();
  page.setDefaultTimeout(120_000);
  writeFileSync(join(folder, 'index.html'), staticWorkbench({ networks: settings.addressGroups, classifications: [] })!);
  await page.goto(pathToFileURL(join(folder, 'index.html')).href);
  await page.getByText('The engine is ready').waitFor();
  await page.evaluate(`(() => {
    let last = performance.now();
    globalThis.longest = 0;
    setInterval(() => { const now = performance.now(); longest = Math.max(longest, now - last); last = now; }, 5);
  })()`);
  await page.locator('#capture').setInputFiles(captures[0]);
  await page.locator('details.flow').first().waitFor();
  const started = performance.now();
  await page.locator('#ruleset').setInputFiles(rulesPath);
  const inPage = async (): Promise<Record<string, number>> => {
    await page.getByText('Alerts of the ruleset').waitFor();
    const lines = await page.locator('#ruleset-alerts li').allTextContents();
    return Object.fromEntries(lines.map((line) => [/^\d+/.exec(line)?.[0], Number(/(\d[\d,]*) alerts?( first.*)?\s*$/.exec(line)?.[1].replaceAll(',', ''))]));
  };
  let alerts = 0;
  let firing = 0;
  for (const [at, path] of captures.entries()) {
    if (at > 0) {
      await page.evaluate("document.getElementById('ruleset-alerts').replaceChildren()");
      await page.locator('#capture').setInputFiles(path);
    }
    const found = await inPage();
    const expected = inNode(path);
    expect(found, path.slice(SHARED.length)).toEqual(expected);
    firing += Object.keys(expected).length > 0 ? 1 : 0;
    alerts += Object.values(expected).reduce((sum, count) => sum + count, 0);
    if (at === 0) {
      const first = await page.locator('#workbench').getAttribute('data-first-alert');
      const [scripts, workers] = ['workbench.js', 'engine.js'].map((name) => readFileSync(join(SCRIPT_FOLDER, name)));
      const kilobytes = (bytes: Uint8Array): string => `${Math.round(bytes.length / 1000)} kB (${Math.round(gzipSync(bytes).length / 1000)} kB compressed)`;
      console.log(`${rules.length} rules, ${await page.locator('#ruleset-state').textContent()}`);
      console.log(
        `first alert ${first} ms after the ruleset was handed in, all ${Math.round(performance.now() - started)} ms; longest pause of the page ${Math.round(Number(await page.evaluate('longest')))} ms`,
      );
      console.log(`page ${kilobytes(scripts)}, workers ${kilobytes(workers)}`);
    }
  }
  console.log(`${captures.length} captures, ${alerts} alerts in ${firing} of them, the same in the page and in Node`);
  expect(firing).toBeGreaterThan(2);
  expect(alerts).toBeGreaterThan(20);
  await browser.close();
  rmSync(folder, { recursive: true, force: true });
});
