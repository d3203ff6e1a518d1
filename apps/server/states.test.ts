/**
 * Pages in the states that people meet them in, in a browser: a whole week with everything unfolded, nothing at all, thousands of
 * alerts with long and hostile names, what is refused. Each fits its window, names what takes input, and breaks no rule of WCAG 2.1 AA;
 * SIGWRIGHT_PICTURES keeps a picture of each. Left out aloud where there is no chromium.
 */
import { appendFileSync, cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { serve } from '@hono/node-server';
import { catalogue } from '@sigwright/catalogue';
import type { EveRecord } from '@sigwright/contracts';
import { buildPlan, Engine, EveWriter, usePlan } from '@sigwright/detection';
import { openRepository, prove } from '@sigwright/workbench';
import { type Browser, chromium, type Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { DEFAULT_CLASSIFICATIONS } from '../cli/shared/classifications.ts';
import { FilesRead, ourSettings } from '../cli/shared/data-files.ts';
import { proofRunner } from '../cli/shared/proof-runner.ts';
import { explainMatch, ruleCost, ruleGrader } from '../cli/shared/rule-explainer.ts';
import { sliceCapture } from '../cli/shared/slice.ts';
import { flawsOf, LAUNCH, LEFT_OUT, picture, sayLeftOut } from './browser-kit.ts';
import { OIDC_SETTING } from './oidc.ts';
import { staticWorkbench } from './static-workbench.ts';
import { alertLine, PASSWORD, type Trial, trial, WEEK } from './test-kit.ts';

sayLeftOut('the states of pages in a browser');

const LONG = 'a-very-long-name-that-somebody-gave-without-a-single-space-'.repeat(4);
const FROM_RIGHT = '\u202eأمر خبيث \u05e9\u05dc\u05d5\u05dd\u202c';
/** Both themes and both widths; all four together where somebody wants pictures. */
const VIEWS = [
  [1280, 'light'],
  ...(process.env['SIGWRIGHT_PICTURES'] === undefined
    ? []
    : ([
        [1280, 'dark'],
        [390, 'light'],
      ] as const)),
  [390, 'dark'],
] as const;

let browser: Browser;
beforeAll(async () => {
  if (!LEFT_OUT) browser = await chromium.launch(LAUNCH);
}, 60_000);
afterAll(async () => {
  await browser?.close();
});

/** A trial that a browser reaches, where its page is signed in as `role`; nobody where left out. */
interface Scene {
  readonly here: Trial;
  readonly address: string;
  readonly page: Page;
  as(role: Parameters<Trial['signedIn']>[0] | undefined): Promise<void>;
  close(): Promise<void>;
}

async function scene(options: Parameters<typeof trial>[0] = {}): Promise<Scene> {
  let here: Trial;
  let server!: ReturnType<typeof serve>;
  const port = await new Promise<number>((resolve) => {
    const fetch = (request: Request, env: object): Response | Promise<Response> => here.hono.fetch(request, env as never);
    server = serve({ fetch: fetch as never, port: 0, hostname: '127.0.0.1' }, ({ port: taken }) => resolve(taken));
  });
  const address = `http://127.0.0.1:${port}`;
  here = await trial({ origin: address, classifications: DEFAULT_CLASSIFICATIONS, cost: ruleCost, grader: ruleGrader, ...options });
  const context = await browser.newContext();
  const page = await context.newPage();
  page.setDefaultTimeout(60_000);
  return {
    here,
    address,
    page,
    async as(role) {
      await context.clearCookies();
      if (role === undefined) return;
      const [name, value] = (await here.signedIn(role)).cookie.split('=');
      await context.addCookies([{ name, value, url: address }]);
    },
    async close() {
      await context.close();
      server.close();
      await here.close();
    },
  };
}

/** Every part that is folded, open. */
const UNFOLD = 'for (const one of document.querySelectorAll("details")) one.open = true';

/** Hexdumps whose text stands outside of their box, where somebody has to scroll for it. */
const CUT_DUMPS = '[...document.querySelectorAll("pre.bytes")].filter((one) => one.scrollWidth > one.clientWidth).map((one) => one.textContent.slice(0, 80))';

/** Looks at one state, without loading it again. */
async function inEveryView(page: Page, name: string): Promise<void> {
  for (const [width, colorScheme] of VIEWS) {
    await page.setViewportSize({ width, height: 900 });
    await page.emulateMedia({ colorScheme });
    await picture(page, `${name}-${width}-${colorScheme}`);
    expect(await flawsOf(page), `${name}, ${width} pixels, ${colorScheme}`).toEqual([]);
  }
  await page.setViewportSize({ width: 1280, height: 900 });
  await page.emulateMedia({ colorScheme: 'light' });
}

/** What the engine writes about the example's capture. */
function weekRecords(folder: string, capture: Uint8Array): EveRecord[] {
  const opened = openRepository(folder);
  if (!opened.ok) throw new Error(opened.message);
  const base = ourSettings([join(folder, 'rules', 'any.rules')], { verifyChecksums: true, files: new FilesRead() });
  const settings = { ...base, addressGroups: { ...base.addressGroups, ...opened.value.settings.networks } };
  const plan = usePlan(buildPlan([{ path: folder, rules: opened.value.rules.map((one) => one.rule) }], catalogue, settings).data, catalogue, settings);
  const records: EveRecord[] = [];
  const engine = new Engine(plan, catalogue, settings, new EveWriter((record) => records.push(record), settings, catalogue.protocols));
  engine.feed(capture);
  engine.finish();
  return records;
}

describe.skipIf(LEFT_OUT)('a whole week', { timeout: 240_000 }, () => {
  let week: Scene;
  const capture = LEFT_OUT ? new Uint8Array() : readFileSync(join(WEEK, 'week.pcap'));
  beforeAll(async () => {
    week = await scene({
      title: 'Example week of 8 March 2024',
      example: capture,
      archive: () => ['a.pcap'],
      slice: ({ source, destination }) => sliceCapture(capture, source, destination),
      match: explainMatch,
    });
    const { here } = week;
    cpSync(join(WEEK, 'evidence'), join(here.folder, 'evidence'), { recursive: true });
    await here.store.setHomeNetworks('10.3.8.0/24');
    const encoder = new TextEncoder();
    await here.store.ingest(
      weekRecords(here.folder, capture).map((record) => encoder.encode(`${JSON.stringify(record)}\n`)),
      'example week',
    );
    const me = { user: 1, name: 'olga', role: 'admin', scopes: new Set() } as never;
    const done = (result: { readonly ok: boolean }): void => expect(result.ok).toBe(true);
    done(await here.desk.releases.make(me, '1'));
    const text = here.desk.repository()!.rules.find(({ rule }) => rule.sid === 1240301)!.rule.text;
    const revised = text.replace('content:"/bot/data"', 'content:"/bot/data2"').replace(/classtype:[^;]+;/, 'classtype:trojan-activity;');
    done(await here.desk.rules.decide(me, { sid: 1240301, decision: 'revise', reason: '', rule: revised, note: 'the path changed' } as never));
    done(await here.desk.rules.decide(me, { sid: 1240305, decision: 'disable', reason: 'Age', note: 'not seen for months' } as never));
    done(await here.desk.releases.make(me, '2'));
    done(
      await here.desk.rules.decide(me, {
        sid: 1240301,
        decision: 'revise',
        reason: '',
        rule: revised.replaceAll('data2', 'data').replace('trojan-activity', 'command-and-control'),
        note: 'it did not',
      } as never),
    );
    done(
      await here.desk.feedback.add(me, {
        sid: 1240314,
        kind: 'false_positive',
        comment: 'our updater speaks like this',
        redacted: false,
        matched: [],
        host: '10.3.8.18',
      }),
    );
    done(await here.desk.feedback.add(me, { sid: 1240301, kind: 'miss', comment: 'version 3 has another path', redacted: false, matched: [] }));
    done(await here.desk.feedback.answer(me, here.desk.feedback.list()[1].reference, 'declined', 'it is the malware'));
    here.desk.proofs.keep(prove(here.desk.repository()!, proofRunner()));
    await here.store.addVerdict({
      scope: 'host',
      host: '10.3.8.17',
      verdict: 'expected',
      note: 'the red team works here until Friday',
      by: 'olga',
      expires: here.clock + 7 * 86_400_000,
    });
    const file = join(here.folder, 'eve.json');
    writeFileSync(file, alertLine({ flow_id: 7 }));
    await here.store.catchUp(file, 'edge');
    appendFileSync(file, alertLine({ flow_id: 8 }));
    here.clock += 3 * 86_400_000;
    await here.store.ingest([encoder.encode(alertLine({ flow_id: 9, src_ip: '10.3.8.99', timestamp: '2024-04-13T11:00:00.000000+0000' }))], 'lab');
    const olga = (await here.store.people.addUser('olga', PASSWORD, 'admin'))!;
    await here.store.people.addUser('jörg.with-a-rather-long-name', PASSWORD, 'analyst');
    await here.store.people.addToken(olga, 'sensor in the branch office', ['ingest'], here.clock + 90 * 86_400_000);
    await here.store.webhooks.add('chat of the team', 'https://chat.example.org/hooks/0123456789abcdef', ['alerts', 'host']);
    const begin = async (kind: 'hunt' | 'prove', title: string, items: readonly string[]): Promise<{ job: number; hunt: string }> => {
      const job = await here.store.hunts.begin({ key: crypto.randomUUID(), kind, by: 'olga', title, rules: '', items });
      return { job, hunt: (await here.store.hunts.list()).find((one) => one.job === job)!.key };
    };
    const { hunt } = await begin('hunt', 'PyRation in the captures of last year', ['2023/01/a.pcap', '2023/02/b.pcap', '2023/03/c.pcap']);
    const outcome = {
      packets: 1,
      bytes: 1,
      hits: [{ sid: 1240301, signature: 'SW MALWARE Win32/MarioLoader CnC Check-in (POST data)', alerts: 12 }],
      lines: ['{}'],
    };
    await here.store.hunts.settle([
      { hunt, item: '2023/01/a.pcap', worker: 'worker-1', outcome },
      { hunt, item: '2023/02/b.pcap', worker: 'worker-2', aside: 'three workers died over it' },
    ]);
    await begin('prove', 'example-week', ['1240301']);
    await (await here.store.job('prove', 'olga', async () => '50 of 50 rules proved on 87 captures')).done;
    await week.as('admin');
  }, 240_000);
  afterAll(() => week?.close());

  test.each([
    ['hosts', '/'],
    ['host-bad', '/hosts/10.3.8.16'],
    ['host-verdict', '/hosts/10.3.8.17'],
    ['host-watch', '/hosts/10.3.8.12'],
    ['alerts', '/alerts'],
    ['alerts-filter', '/alerts?words=MarioLoader&role=check-in'],
    ['alerts-none', '/alerts?words=nothing+like+this'],
    ['rules', '/rules'],
    ['rules-none', '/rules?words=nothing+like+this'],
    ['rule-fired', '/rules/1240301'],
    ['rule-disabled', '/rules/1240305'],
    ['reports', '/reports'],
    ['report', '/reports/2024-03-08-pyration'],
    ['review', '/review'],
    ['releases', '/releases'],
    ['release-difference', '/releases/difference?from=1&to=2'],
    ['release-first', '/releases/difference?from=2&to=today'],
    ['community', '/community?day=2024-03-08'],
    ['sensors', '/sensors'],
    ['feedback', '/feedback'],
    ['hunts', '/hunts'],
    ['hunt', '/hunts/1'],
    ['settings', '/settings'],
  ])('%s, with everything unfolded', async (name, path) => {
    await week.page.goto(`${week.address}${path}`);
    await week.page.evaluate(UNFOLD);
    await inEveryView(week.page, `week-${name}`);
  });

  test('an alert with packets, what the rule matched, the transaction and its flow', async () => {
    await week.page.goto(`${week.address}/alerts?sid=1240314`);
    await week.page.locator('tbody tr a').first().click();
    await week.page.waitForURL(/alerts\/\d+/);
    await week.page.evaluate(UNFOLD);
    await inEveryView(week.page, 'week-alert');
    for (const width of [390, 1280]) {
      await week.page.setViewportSize({ width, height: 900 });
      expect(await week.page.evaluate(CUT_DUMPS), `${width} pixels`).toEqual([]);
    }
  });

  test('a report that was pasted', async () => {
    await week.page.goto(`${week.address}/reports`);
    await week.page.locator('textarea[name=text]').fill(readFileSync(join(WEEK, 'reports', '2024-03-08-pyration', 'source.md'), 'utf8'));
    await week.page.getByRole('button', { name: 'Read it' }).click();
    await week.page.locator('mark').first().waitFor();
    await week.page.evaluate(UNFOLD);
    await inEveryView(week.page, 'week-report-read');
  });

  test('keys that are told, and the ring around what has the focus', async () => {
    await week.page.goto(`${week.address}/alerts`);
    for (const key of ['?', 'j', 'j']) await week.page.keyboard.press(key);
    await inEveryView(week.page, 'week-keys');
  });

  test('what is told once: a token', async () => {
    await week.page.goto(`${week.address}/settings`);
    const form = week.page.locator('form[action="/settings/tokens"]');
    await form.getByLabel('Name').fill('script');
    await form.getByLabel('read').check();
    await form.getByRole('button').click();
    await week.page.locator('#token').waitFor();
    await inEveryView(week.page, 'week-token');
  });

  test('the rule workbench: while it loads, with a capture, with a defect, with what is no capture', async () => {
    const { page } = week;
    await page.route('**/web/engine.js', () => undefined);
    await page.goto(`${week.address}/workbench`);
    await page.getByText('The engine is being loaded').waitFor();
    await inEveryView(page, 'workbench-loading');
    await page.unroute('**/web/engine.js');
    await page.goto(`${week.address}/workbench?sid=1240301`);
    await page.getByText('The engine is ready').waitFor();
    await page.getByRole('button', { name: /example/ }).click();
    await page.getByText(/\d+ packets in \d+ flows/).waitFor();
    await page.locator('#verdict .judgement').waitFor();
    const alert = page.locator('#traffic details.flow', { has: page.locator('.tag', { hasText: 'alert' }) }).first();
    await alert.locator('summary').first().click();
    await alert.locator('.flow-body details').first().waitFor();
    await page.evaluate(UNFOLD.replace('"details"', '"#traffic details[open] details"'));
    await alert.locator('pre.bytes').first().waitFor();
    await inEveryView(page, 'workbench-fired');
    await page.locator('.cm-content').click();
    await page.keyboard.press('Control+End');
    await page.keyboard.type('\nalert http any any -> any any (msg:"x"; http.uri; contentt:"a"; sid:5;)');
    await page.locator('#diagnostics li.wrong').first().waitFor();
    await inEveryView(page, 'workbench-wrong');
    await page.locator('#capture').setInputFiles({ name: 'letter.txt', mimeType: 'text/plain', buffer: Buffer.from('no capture at all, by far') });
    await page.locator('#state', { hasNotText: /read in|being read/ }).waitFor();
    await inEveryView(page, 'workbench-no-capture');
  });

  test('the rule workbench that needs no server', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'sigwright-alone-'));
    try {
      writeFileSync(
        join(folder, 'index.html'),
        staticWorkbench({ networks: { HOME_NET: '10.3.8.0/24' }, classifications: DEFAULT_CLASSIFICATIONS.values(), capture })!,
      );
      await week.page.goto(pathToFileURL(join(folder, 'index.html')).href);
      await week.page.getByText(/\d+ packets in \d+ flows/).waitFor();
      await week.page.locator('#verdict .judgement').waitFor();
      await inEveryView(week.page, 'workbench-alone');
      expect(await week.page.evaluate(CUT_DUMPS)).toEqual([]);
      // On a telephone lines are shorter, which is decided when they are drawn.
      await week.page.setViewportSize({ width: 390, height: 900 });
      await week.page.reload();
      await week.page.locator('#verdict pre.bytes').first().waitFor();
      expect(await week.page.evaluate(CUT_DUMPS)).toEqual([]);
      await picture(week.page, 'workbench-telephone');
      await week.page.setViewportSize({ width: 1280, height: 900 });
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });

  test('who may only read sees no forms that are refused', async () => {
    await week.as('reader');
    for (const [name, path] of [
      ['host', '/hosts/10.3.8.16'],
      ['rule', '/rules/1240301'],
      ['community', '/community?day=2024-03-08'],
      ['feedback', '/feedback'],
      ['settings', '/settings'],
    ]) {
      await week.page.goto(`${week.address}${path}`);
      await inEveryView(week.page, `reader-${name}`);
    }
    await week.as('admin');
  });
});

describe.skipIf(LEFT_OUT)('nothing at all', { timeout: 240_000 }, () => {
  let none: Scene;
  beforeAll(async () => {
    none = await scene({ folder: '/nowhere/at/all' });
    await none.as('admin');
  }, 60_000);
  afterAll(() => none?.close());

  test.each(['/', '/alerts', '/rules', '/workbench', '/reports', '/hunts', '/review', '/releases', '/community', '/feedback', '/sensors', '/settings'])(
    '%s',
    async (path) => {
      await none.page.goto(`${none.address}${path}`);
      await inEveryView(none.page, `nothing${path.replaceAll('/', '-')}`);
    },
  );
});

describe.skipIf(LEFT_OUT)('far too much, with names that hurt', { timeout: 240_000 }, () => {
  let crowd: Scene;
  beforeAll(async () => {
    crowd = await scene({ title: `The ruleset of ${LONG}` });
    const { here } = crowd;
    const rules = Array.from({ length: 700 }, (_, at) => {
      const message = at % 3 === 0 ? `SW MALWARE ${LONG}` : at % 3 === 1 ? `SW MALWARE ${FROM_RIGHT} check-in` : 'SW INFO something ordinary';
      return `alert http any any -> any any (msg:"${message}"; http.uri; content:"/${LONG}${at}"; sid:${1_250_000 + at}; rev:1;)`;
    });
    writeFileSync(join(here.folder, 'rules', 'crowd.rules'), `${rules.join('\n')}\n`);
    await here.store.setHomeNetworks('any');
    const encoder = new TextEncoder();
    const lines: string[] = [];
    for (let at = 0; at < 4000; at++) {
      const isLong = at % 5 === 0;
      const fields = {
        timestamp: new Date(Date.parse('2024-03-08T00:00:00Z') + at * 300_000).toISOString().replace('Z', '000+0000'),
        flow_id: at + 1,
        src_ip: isLong ? `2001:db8:1234:5678:9abc:def0:1234:${(at % 300).toString(16)}` : `10.3.${at % 3}.${at % 200}`,
        dest_ip: isLong ? '2001:db8:ffff:ffff:ffff:ffff:ffff:ffff' : '203.0.113.11',
        http: { hostname: isLong ? `${LONG}.example` : 'evil.example', url: `/${isLong ? LONG : 'x'}`, http_user_agent: FROM_RIGHT },
      };
      const signature = at % 4 === 0 ? `SW MALWARE ${LONG}` : at % 4 === 1 ? `SW MALWARE ${FROM_RIGHT}` : 'SW MALWARE <script>alert(1)</script> & "others"';
      lines.push(alertLine(fields, { signature_id: 1_250_000 + (at % 40), signature, metadata: { malware_family: [LONG], role: ['check_in'] } }));
    }
    await here.store.ingest([encoder.encode(lines.join(''))], `sensor ${LONG}`);
    const me = { user: 1, name: LONG, role: 'admin', scopes: new Set() } as never;
    await here.desk.feedback.add(me, { sid: 1_250_000, kind: 'miss', comment: `${FROM_RIGHT} ${LONG}`, redacted: false, matched: [] });
    await here.store.addVerdict({ scope: 'pair', host: '10.3.1.1', sid: 1_250_001, verdict: 'true', note: LONG, by: LONG });
    await here.store.people.addUser(LONG.slice(0, 60), PASSWORD, 'reader');
    await here.store.webhooks.add(LONG.slice(0, 60), `https://chat.example.org/${LONG}`, ['alerts', 'host', 'change', 'job']);
    await (await here.store.job('prove', LONG.slice(0, 60), async () => LONG)).done;
    await here.store.hunts.begin({
      key: crypto.randomUUID(),
      kind: 'hunt',
      by: LONG.slice(0, 60),
      title: `${FROM_RIGHT} ${LONG}`,
      rules: '',
      items: [`${LONG}.pcap`],
    });
    await crowd.as('admin');
  }, 240_000);
  afterAll(() => crowd?.close());

  test.each([
    ['hosts', '/'],
    ['host', '/hosts/10.3.1.1'],
    ['host-long', `/hosts/${encodeURIComponent('2001:db8:1234:5678:9abc:def0:1234:0')}`],
    ['alerts', '/alerts'],
    ['alerts-one-rule', '/alerts?sid=1250000'],
    ['alert', '/alerts/1'],
    ['rules', '/rules?words=crowd'],
    ['rule', '/rules/1250000'],
    ['review', '/review'],
    ['difference', '/releases/difference?from=today&to=today'],
    ['feedback', '/feedback'],
    ['sensors', '/sensors'],
    ['hunts', '/hunts'],
    ['settings', '/settings'],
  ])('%s', async (name, path) => {
    await crowd.page.goto(`${crowd.address}${path}`);
    await inEveryView(crowd.page, `crowd-${name}`);
  });
});

describe.skipIf(LEFT_OUT)('what is refused, and who is not known yet', { timeout: 240_000 }, () => {
  let refused: Scene;
  beforeAll(async () => {
    refused = await scene();
  }, 60_000);
  afterAll(() => refused?.close());

  test('the first start: signing in, the link, a password that is too short, the link again', async () => {
    const { page, address, here } = refused;
    const link = `${address}/set-up/${here.gate.setupSecret}`;
    await page.goto(`${address}/`);
    await page.waitForURL(/sign-in/);
    await inEveryView(page, 'sign-in-first');
    await page.goto(link);
    await inEveryView(page, 'set-up');
    await page.getByLabel('Name').fill('name with spaces');
    await page.getByLabel('Password').fill(PASSWORD);
    await page.getByRole('button', { name: 'Begin' }).click();
    await page.getByRole('alert').waitFor();
    await inEveryView(page, 'set-up-wrong');
    await page.getByLabel('Name').fill('ada');
    await page.getByLabel('Password').fill(PASSWORD);
    await page.getByRole('button', { name: 'Begin' }).click();
    await page.getByRole('heading', { name: 'Hosts', exact: true }).waitFor();
    await refused.as(undefined);
    await page.goto(link);
    await inEveryView(page, 'set-up-used');
    await here.store.set(
      OIDC_SETTING,
      JSON.stringify({
        issuer: 'https://login.example.org/realms/soc',
        client: 'sigwright',
        secret: 's',
        claim: 'groups',
        roles: [{ value: 'soc', role: 'analyst' }],
      }),
    );
    await page.goto(`${address}/sign-in`);
    await inEveryView(page, 'sign-in');
    await page.getByLabel('Name').fill('ada');
    await page.getByLabel('Password').fill('not this one at all');
    await page.getByRole('button', { name: 'Sign in' }).click();
    await page.getByRole('alert').waitFor();
    await inEveryView(page, 'sign-in-wrong');
  });

  test('not here, not allowed, no longer as it was seen, broken', async () => {
    const { page, address, here } = refused;
    await refused.as('writer');
    await page.goto(`${address}/nope`);
    await inEveryView(page, 'refused-404');
    await page.goto(`${address}/rules/1240301`);
    const text = here.desk.repository()!.rules.find(({ rule }) => rule.sid === 1240301)!.rule.text;
    await here.desk.rules.decide(
      { user: 1, name: 'other', role: 'admin', scopes: new Set() } as never,
      { sid: 1240301, decision: 'keep', reason: '', note: '' } as never,
    );
    await here.desk.rules.decide(
      { user: 1, name: 'other', role: 'admin', scopes: new Set() } as never,
      { sid: 1240301, decision: 'revise', reason: '', rule: text.replace('/bot/data', '/bot/info') } as never,
    );
    await page.getByRole('button', { name: 'Decide' }).click();
    await page.getByRole('alert').waitFor();
    await inEveryView(page, 'refused-rule-conflict');
    await page.goto(`${address}/community?day=2024-03-08`);
    await here.desk.community.keep({ user: 1, name: 'other', role: 'admin', scopes: new Set() } as never, '2024-03-08', '# Theirs', '');
    await page.locator('#post').fill('# Mine');
    await page.getByRole('button', { name: 'Save' }).click();
    await page.getByRole('alert').waitFor();
    await inEveryView(page, 'refused-community-conflict');
    await refused.as('reader');
    await page.goto(`${address}/reports`);
    await page.evaluate('document.querySelector("form[action=\\"/reports/read\\"]").action = "/releases"');
    await page.locator('textarea[name=text]').fill('x');
    await page.getByRole('button', { name: 'Read it' }).click();
    await page.getByRole('alert').waitFor();
    await inEveryView(page, 'refused-403');
    const { hosts } = here.store;
    here.store.hosts = () => Promise.reject(new Error('the disk is full'));
    await page.goto(`${address}/`);
    await page.getByRole('alert').waitFor();
    await inEveryView(page, 'refused-500');
    here.store.hosts = hosts;
  });
});
