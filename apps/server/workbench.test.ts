/** The rule workbench alone, from a disk: everything it does, without a server. And a whole ruleset in the page: the alerts of Node. */
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { catalogue } from '@sigwright/catalogue';
import { DEFAULT_SETTINGS } from '@sigwright/contracts';
import { buildPlan, Engine, usePlan } from '@sigwright/detection';
import { parseRules } from '@sigwright/rule-language';
import { composeCapture } from '@sigwright/traffic';
import { type Browser, chromium, type Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { breachesOf, hoverTells, LAUNCH, LEFT_OUT, overhang, picture, sayLeftOut } from './browser-kit.ts';
import { staticWorkbench } from './static-workbench.ts';

sayLeftOut('the rule workbench in a browser');

const WEEK = join(import.meta.dirname, '..', '..', 'examples', '2024-03-08');
const NETWORKS = { ...DEFAULT_SETTINGS.addressGroups, HOME_NET: '10.3.8.0/24' };
const CHECK_IN =
  'alert http $HOME_NET any -> $EXTERNAL_NET any (msg:"SW check-in"; flow:established,to_server; http.method; content:"POST"; http.uri; bsize:9; content:"/bot/data"; classtype:command-and-control; sid:1000001; rev:1;)';
/** As many rules as the enabled ones of a large public set. */
const MANY = 25_000;

describe.skipIf(LEFT_OUT)('the rule workbench from a disk', { timeout: 180_000 }, () => {
  const folder = mkdtempSync(join(tmpdir(), 'sigwright-workbench-'));
  const week = readFileSync(join(WEEK, 'week.pcap'));
  let browser: Browser;
  let page: Page;
  const faults: string[] = [];
  const asked: string[] = [];

  beforeAll(async () => {
    browser = await chromium.launch(LAUNCH);
    page = await browser.newPage({ viewport: { width: 1280, height: 900 } });
    page.setDefaultTimeout(60_000);
    page.on('pageerror', (problem) => faults.push(problem.message));
    page.on('console', (message) => {
      if (message.type() === 'error') faults.push(message.text());
    });
    page.on('request', (request) => asked.push(request.url()));
  }, 60_000);
  afterAll(async () => {
    await browser?.close();
    rmSync(folder, { recursive: true, force: true });
  });

  async function open(rules: string, capture?: Uint8Array): Promise<void> {
    const path = join(folder, 'index.html');
    const classifications = [{ name: 'command-and-control', description: 'Malware Command and Control Activity Detected', priority: 1 }];
    writeFileSync(path, staticWorkbench({ rules, networks: NETWORKS, classifications, ...(capture === undefined ? {} : { capture }) })!);
    await page.goto(pathToFileURL(path).href);
  }
  /** Puts the caret behind the first occurrence of some text in the rules. */
  async function caretBehind(words: string): Promise<void> {
    await page.locator('.cm-content').focus();
    await page.keyboard.press('Control+Home');
    await page.keyboard.press('Control+f');
    await page.keyboard.type(words);
    await page.keyboard.press('Enter');
    await page.keyboard.press('Escape');
    await page.keyboard.press('ArrowRight');
  }
  /** The rules as they stand in the page, without what is drawn between them. */
  const rulesText = (): Promise<string> =>
    page.evaluate(`[...document.querySelectorAll('.cm-line')].map((line) => {
      const copy = line.cloneNode(true);
      for (const hint of copy.querySelectorAll('.cm-hint')) hint.remove();
      return copy.textContent;
    }).join('\\n')`) as Promise<string>;
  const written = (words: string) => expect.poll(rulesText, { timeout: 30_000 }).toContain(words);
  const judgement = (words: string | RegExp) => page.locator('#verdict .judgement', { hasText: words }).waitFor();

  test('the capture it brings is read, and the rule has its verdict with bytes; the text shows which conditions held', async () => {
    await open(CHECK_IN, week);
    await judgement('it fired 3 times');
    expect(await page.locator('#verdict mark').count()).toBeGreaterThan(10);
    expect(await page.locator('.rule-holds').count()).toBeGreaterThan(0);
    await picture(page, 'workbench-alone');
  });

  test('verdict and explanation follow the keys; the smallest change is offered, and makes it fire', async () => {
    await caretBehind('/bot/dat');
    await page.keyboard.press('Backspace');
    await page.keyboard.type('x');
    await judgement('it did not fire');
    expect(await page.locator('#verdict li.wrong').first().textContent()).toContain('http.uri');
    expect(await page.locator('.rule-fails').count()).toBeGreaterThan(0);
    await picture(page, 'workbench-silent');
    await page.getByRole('button', { name: 'Make it so' }).click();
    await judgement(/it fired \d+ time/);
  });

  test('a flow opens to transactions and named buffers; bytes that are chosen by mouse or keys become a content', async () => {
    await open(CHECK_IN, week);
    await judgement('it fired 3 times');
    const flow = page.locator('details.flow', { hasText: 'alert 1000001' }).first();
    await flow.locator('summary').first().click();
    await flow.getByText('Transaction 0').click();
    const buffer = flow.locator('.buffer', { has: page.locator('code', { hasText: /^http\.user_agent$/ }) });
    await buffer.locator('[data-at="0"]').first().hover();
    await page.mouse.down();
    await buffer.locator('[data-at="6"]').first().hover();
    await page.mouse.up();
    await buffer.getByRole('button', { name: 'Add to the rule' }).click();
    await written('http.user_agent; content:"Mozilla"; classtype');
    await judgement('it fired 3 times');
    const uri = flow.locator('.buffer', { has: page.locator('code', { hasText: /^http\.uri$/ }) }).locator('pre');
    await uri.focus();
    await page.keyboard.press('ArrowRight');
    for (let more = 0; more < 3; more++) await page.keyboard.press('Shift+ArrowRight');
    await page.keyboard.press('Enter');
    await written('content:"/bot/data"; content:"/bot"; http.user_agent');
    await judgement('it fired 3 times');
  });

  test('completion with documentation, hover, fixes, format, moves, folding', async () => {
    await open(`# one\n# two\nalert http any any -> any any ( msg:"x";http.uri; contnt:"/gate"; sid:1; )`);
    await page.locator('#diagnostics li.wrong').first().waitFor();
    expect(await page.locator('.rule-unknown').textContent()).toBe('contnt');
    expect(await page.locator('.cm-foldGutter .cm-gutterElement span').count()).toBeGreaterThan(0);
    await page.locator('#diagnostics').getByRole('button', { name: 'content' }).first().click();
    await page.locator('#diagnostics .wrong').waitFor({ state: 'detached' });
    await page.locator('.cm-hint', { hasText: 'prefilter' }).waitFor();
    await hoverTells(page, 'http.uri', 'looks at it');
    await page.getByRole('button', { name: 'Format' }).click();
    await written('(msg:"x"; http.uri; content:"/gate"; sid:1;)');
    await caretBehind('"/gate";');
    await page.keyboard.type(' class');
    await page.locator('.cm-tooltip-autocomplete li', { hasText: 'classtype' }).waitFor();
    // A list that has just come does not take Enter yet.
    await page.waitForTimeout(200);
    await page.keyboard.press('Enter');
    await page.keyboard.press('Control+Space');
    await page.locator('.cm-tooltip-autocomplete li', { hasText: 'command-and-control' }).waitFor();
    await page.keyboard.press('Escape');
    await page.getByRole('button', { name: 'disable this rule' }).click();
    await written('#alert http');
  });

  test(`${MANY} rules beside: the alerts of Node, told as they come nearer, and the page answers all the while`, async () => {
    const [known, many] = [
      readdirSync(join(WEEK, 'rules'))
        .filter((name) => name.endsWith('.rules'))
        .map((name) => readFileSync(join(WEEK, 'rules', name), 'utf8')),
      Array.from({ length: MANY }, (_, at) => {
        const [host, path] = [`host${at}.example.net`, `/p${(at * 2654435761) % 1_000_003}/gate.php`];
        return at % 3 === 0
          ? `alert dns any any -> any any (msg:"EX ${at}"; dns.query; content:"${host}"; nocase; bsize:${host.length}; sid:${2_000_000 + at}; rev:1;)`
          : `alert http $HOME_NET any -> any any (msg:"EX ${at}"; flow:established,to_server; http.uri; content:"${path}"; fast_pattern; http.host; content:"${host}"; sid:${2_000_000 + at}; rev:1;)`;
      }),
    ];
    const text = [...known, ...many].join('\n');
    const settings = { ...DEFAULT_SETTINGS, addressGroups: NETWORKS };
    const expected = new Map<number, number>();
    const plan = usePlan(buildPlan([{ path: 'all', rules: parseRules(text).rules }], catalogue, settings).data, catalogue, settings);
    const engine = new Engine(plan, catalogue, settings, { alert: ({ rule }) => void expected.set(rule.sid, (expected.get(rule.sid) ?? 0) + 1) });
    engine.feed(week);
    engine.finish();
    expect(expected.size).toBeGreaterThan(20);

    await open(CHECK_IN, week);
    await judgement('it fired 3 times');
    writeFileSync(join(folder, 'all.rules'), text);
    await page.evaluate(`(() => {
      globalThis.told = new Set();
      globalThis.ticks = 0;
      setInterval(() => { ticks++; const words = document.getElementById('doing').textContent; if (words !== '') told.add(words); }, 10);
    })()`);
    await page.locator('#ruleset').setInputFiles(join(folder, 'all.rules'));
    await page.getByText('Alerts of the ruleset').waitFor();
    const found = await page.locator('#ruleset-alerts li').allTextContents();
    const alerts = new Map(found.map((line) => [Number(/^\d+/.exec(line)?.[0]), Number(/(\d+) alerts? first/.exec(line)?.[1])]));
    expect([...alerts].sort()).toEqual([...expected].sort());
    const told = (await page.evaluate('[...told]')) as string[];
    expect(told.some((words) => words.includes('reading the ruleset'))).toBe(true);
    expect(told.some((words) => words.includes('compiling'))).toBe(true);
    expect(await page.evaluate('ticks')).toBeGreaterThan(20);
    // Rules of the editor that wait for a bit get it from the ruleset beside them.
    await page.locator('#ruleset-alerts').getByRole('button').first().click();
    expect(await page.locator('details.flow[open]').count()).toBe(1);
  });

  test('what a capture holds is shown as text: no element comes of it', async () => {
    const evil = '<img src=x onerror=alert(1)><script>alert(2)</script>';
    const composer = composeCapture();
    const headers = [
      ['Host', evil],
      ['User-Agent', evil],
    ] as const;
    composer.httpExchange({
      client: '10.3.8.9',
      server: '203.0.113.9',
      exchanges: [{ request: { method: 'POST', uri: `/${evil}`, headers }, response: { status: 200, body: evil } }],
    });
    await open(`alert http any any -> any any (msg:"${evil.replaceAll(';', '')}"; http.method; content:"POST"; sid:7; rev:1;)`, composer.finish());
    await judgement('it fired');
    await page.locator('details.flow summary').first().click();
    await page.getByText('Transaction 0').click();
    await page.locator('.buffer', { has: page.locator('code', { hasText: /^http\.user_agent$/ }) }).waitFor();
    expect(await page.locator('img:not(.cm-widgetBuffer), main script').count()).toBe(0);
  });

  test('half a capture, no capture, an empty one: said, and never in the way', async () => {
    await open(CHECK_IN);
    for (const [name, bytes, words] of [
      ['half.pcap', week.subarray(0, 100_001), /What came before it is shown/],
      ['none.pcap', new TextEncoder().encode('GET / HTTP/1.1'), /^This is neither pcap nor pcapng\.$/],
      ['empty.pcap', new Uint8Array(0), /^(?:The|This) .*\.$|^0 packets/],
    ] as const) {
      writeFileSync(join(folder, name), bytes);
      await page.evaluate("document.getElementById('state').textContent = ''");
      await page.locator('#capture').setInputFiles(join(folder, name));
      await page.locator('#state', { hasText: words }).waitFor();
    }
    writeFileSync(join(folder, 'whole.pcap'), week);
    await page.locator('#capture').setInputFiles(join(folder, 'whole.pcap'));
    await judgement('it fired 3 times');
  });

  test.each([
    [1280, 'light'],
    [1280, 'dark'],
    [390, 'light'],
    [390, 'dark'],
  ] as const)('fits %i pixels, %s, and axe finds nothing, with everything open', async (width, colorScheme) => {
    await page.setViewportSize({ width, height: 900 });
    await page.emulateMedia({ colorScheme });
    await open(CHECK_IN.replace('POST', 'PUT'), week);
    await judgement('it did not fire');
    await page.getByRole('searchbox').fill('http 203.0.113.11');
    await page.locator('details.flow').first().locator('summary').first().click();
    await page.getByText('Transaction 0').first().click();
    await page.locator('.buffer').first().waitFor();
    expect(await overhang(page)).toBeLessThanOrEqual(0);
    await picture(page, `workbench-${width}-${colorScheme}`);
    expect(await breachesOf(page)).toEqual([]);
  });

  test('nothing was asked of anybody, and the page may not ask', async () => {
    expect(asked.filter((url) => !/^(?:file|blob|data):/.test(url))).toEqual([]);
    expect(faults).toEqual([]);
    expect(await page.evaluate("fetch('http://127.0.0.1:9/').then(() => 'asked', (problem) => problem.name)")).toBe('TypeError');
    expect(faults.some((words) => words.includes('Content Security Policy'))).toBe(true);
  });
});
