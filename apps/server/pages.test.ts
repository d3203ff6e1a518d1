/** What came from traffic, rules or reports never becomes markup, on any page; nothing at all has pages, too; forms do what they say. */
import { execFileSync } from 'node:child_process';
import { appendFileSync, existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { success } from '@sigwright/contracts';
import { changeRepository } from '@sigwright/workbench';
import { afterEach, describe, expect, test } from 'vitest';
import { ruleCost, ruleGrader } from '../cli/shared/rule-explainer.ts';
import { bytesHtml, markdown } from './html.ts';
import { alertLine, PASSWORD, type Trial, trial, WEEK } from './test-kit.ts';

const HOSTILE = [
  '<script>alert(1)</script>',
  '"><img src=x onerror=alert(1)>',
  "' onmouseover='alert(1)",
  '</pre></td></table></textarea><iframe src=//evil>',
  '&lt;b&gt;&#60;b>',
  '\u202e<svg/onload=alert(1)>',
];
/** Every element that the pages themselves are made of. */
const OURS = new Set(
  'html head meta title link script body header strong span nav a main h1 h2 h3 h4 p pre ul ol li section article details summary table thead tbody tr th td dl dt dd mark code em div form input select option label button textarea fieldset legend figure figcaption svg rect noscript progress'.split(
    ' ',
  ),
);
const PATHS = [
  '/',
  '/hosts/HOST',
  '/alerts',
  '/alerts?words=TEXT&sensor=TEXT&host=TEXT',
  '/alerts/1',
  '/rules',
  '/rules?words=TEXT',
  '/rules/1240301',
  '/rules/77',
  '/reports',
  '/reports/2024-03-08-pyration',
  '/review',
  '/releases',
  '/releases/difference?from=today&to=today',
  '/community',
  '/community?day=2024-03-08',
  '/sensors',
  '/feedback',
  '/settings',
  '/workbench?sid=1240301',
  '/sign-in',
];

let here: Trial;
afterEach(() => here.close());

function check(page: string, path: string): void {
  expect(page).toContain('<!doctype html>');
  const elements = [...page.matchAll(/<\/?([a-z0-9!]+)/gi)].map((match) => match[1].toLowerCase()).filter((name) => name !== '!doctype');
  expect(
    elements.filter((name) => !OURS.has(name)),
    path,
  ).toEqual([]);
  for (const tag of page.match(/<[a-z][^>]*>/gi) ?? []) {
    // Attributes are ours as well: no handlers, no links that run, no style.
    expect(tag.replace(/"[^"]*"/g, '""')).not.toMatch(/\s(on[a-z]+|style)\s*=/i);
    expect(tag).not.toMatch(/href="(?!https?:\/\/|\/|#|data:,")/i);
  }
  for (const [, source] of page.matchAll(/<script src="([^"]*)"/g)) expect(source).toMatch(/^\/web\/[a-z]+\.js$/);
  expect(page).not.toMatch(/<script>|<script (?!src="\/web\/)/);
}

describe('hostile text', () => {
  test.each(HOSTILE)('%s in every field of events, verdicts, feedback, names and addresses', async (text) => {
    here = await trial({
      explain: () =>
        ({
          packet: 1,
          direction: 'to_server',
          flow: text,
          transaction: 0,
          holds: true,
          steps: [{ where: text, condition: text, verdict: 'holds', why: text, found: { bytes: new TextEncoder().encode(text), from: 0, start: 1, end: 4 } }],
        }) as never,
      cost: () => ({ grade: 'A', prefilter: { where: text, literal: text, shape: 'exact', rarity: 1 }, advice: [text] }) as never,
    });
    await here.store.setHomeNetworks('any');
    const fields = {
      src_ip: '10.3.8.16',
      dest_ip: text,
      app_proto: text,
      proto: text,
      host: text,
      community_id: text,
      dns: { queries: [{ rrname: text }] },
      http: { hostname: text, url: text },
      tls: { sni: text },
    };
    const meta = { signature_id: 77, signature: text, category: text, metadata: { malware_family: [text], role: [text], signature_severity: [text] } };
    const lines = alertLine(fields, meta) + alertLine({ ...fields, src_ip: '10.3.8.17' }, { ...meta, signature_id: 1240301 });
    await here.store.ingest([new TextEncoder().encode(lines)], text);
    const { cookie, csrf } = await here.signedIn('admin');
    await here.store.people.addUser(text, 'correct horse battery', 'reader');
    await here.store.people.addToken(1, text, ['read']);
    await here.store.people.note(text, text, text, text);
    await here.store.addVerdict({ scope: 'pair', host: '10.3.8.16', sid: 77, verdict: 'true', note: text, by: text });
    const someone = { kind: 'user', id: 1, name: text, role: 'admin' } as unknown as Parameters<typeof here.desk.feedback.add>[0];
    expect(await here.desk.feedback.add(someone, { sid: 1240301, kind: 'miss', comment: text, redacted: false, matched: [text] })).toMatchObject({ ok: true });
    await (await here.store.job(text, text, async () => text)).done;
    for (const path of PATHS) {
      const answer = await here.ask(path.replaceAll('TEXT', encodeURIComponent(text)).replace('HOST', '10.3.8.16'), { cookie });
      expect([200, 302], path).toContain(answer.status);
      check(await answer.text(), path);
    }
    const read = await here.ask('/reports/read', { cookie, form: { csrf, text: `${text} evil[.]example 198.51.100[.]7 ${text}` } });
    check(await read.text(), '/reports/read');
    check(await (await here.ask('/rules', { cookie, form: { csrf, category: text, rules: text } })).text(), 'a refusal');
    expect(here.faults).toEqual([]);
  });

  test('bytes and Markdown are text', () => {
    expect(bytesHtml(new TextEncoder().encode('<b>&"'), 0, 0, 3).html).not.toMatch(/<b>/);
    expect(markdown('[x](javascript:alert(1)) <i>').html).not.toMatch(/href|<i>/);
    expect(markdown('').html.trim()).toBe('');
  });
});

test('nothing has pages, too: no events, and no repository', async () => {
  here = await trial({ folder: '/nowhere/at/all' });
  const { cookie } = await here.signedIn('admin');
  for (const path of PATHS.filter((one) => !/\d/.test(one) && !one.includes('HOST'))) {
    const answer = await here.ask(path, { cookie });
    expect(answer.status, path).toBe(200);
    check(await answer.text(), path);
  }
  expect(await (await here.ask('/', { cookie })).text()).toContain('No events yet');
  expect(await (await here.ask('/rules', { cookie })).text()).toContain('There is no ruleset repository');
  for (const path of ['/hosts/10.9.9.9', '/alerts/5', '/rules/1', '/constructor', '/reports/x'])
    expect((await here.ask(path, { cookie })).status, path).toBe(404);
});

test('a notice is one of ours, whatever the address says', async () => {
  here = await trial();
  const { cookie } = await here.signedIn('reader');
  const ask = async (done: string): Promise<string> => (await here.ask(`/?done=${done}`, { cookie })).text();
  expect(await ask('saved')).toContain('class="notice"');
  for (const word of ['constructor', '__proto__', 'toString', 'else']) expect(await ask(word), word).not.toContain('class="notice"');
});

describe('what is not there is told so, and is not noted as done', () => {
  test.each<readonly [why: string, path: string, body: Readonly<Record<string, string>>, method: string]>([
    ['a report on a rule is declined', '/feedback/none/declined', { note: 'x' }, 'POST'],
    ['the same by the API', '/api/v1/feedback/none/declined', { note: 'x' }, 'POST'],
    ['a rule is reported', '/feedback', { sid: '7', kind: 'miss' }, 'POST'],
    ['a rule is disabled', '/rules/7/decide', { decision: 'disable', reason: 'Age' }, 'POST'],
    ['the same by the API', '/api/v1/rules/7/decisions', { decision: 'disable', reason: 'Age' }, 'POST'],
    ['a verdict is taken back', '/verdicts/7/take-back', {}, 'POST'],
    ['the same by the API', '/api/v1/verdicts/7', {}, 'DELETE'],
    ['a hunt is begun without an archive', '/hunts', { title: 'x', rules: 'alert tcp any any -> any any (sid:1;)' }, 'POST'],
    ['a hunt is given up', '/hunts/7/cancel', {}, 'POST'],
    ['a user is changed', '/settings/users/7', { role: 'reader' }, 'POST'],
    ['a token is ended', '/settings/tokens/7/end', {}, 'POST'],
    ...['test', 'again', 'enable', 'end'].map((action) => [`a webhook: ${action}`, `/settings/webhooks/7/${action}`, {}, 'POST'] as const),
    ['what failed of a webhook that nothing was sent to', '/settings/webhooks/1/again', {}, 'POST'],
    ['the same by the API', '/api/v1/webhooks/7', {}, 'DELETE'],
    ['what a hunt found', '/hunts/7/alerts.json', {}, 'GET'],
  ])('%s: %s', async (_why, path, body, method) => {
    here = await trial();
    await here.store.webhooks.add('idle', 'https://hook.example/', ['change']);
    const { cookie, csrf } = await here.signedIn('admin');
    const sent = method === 'GET' ? {} : path.startsWith('/api/') ? { json: body } : { form: { csrf, ...body } };
    expect((await here.ask(path, { method, cookie, headers: { 'x-csrf-token': csrf }, ...sent })).status).toBe(404);
    expect(await here.store.people.audit(10)).toEqual([]);
  });

  test('nor is what changes nothing', async () => {
    here = await trial();
    const { cookie, csrf } = await here.signedIn('admin');
    for (const [path, form] of [
      ['/settings/oidc', { issuer: '' }],
      ['/community/anew', { day: '2024-03-08', seen: '' }],
    ] as const)
      expect((await here.ask(path, { cookie, form: { csrf, ...form } })).status, path).toBe(303);
    expect(await here.store.people.audit(10)).toEqual([]);
    const report = { sid: '1240301', kind: 'false_positive', comment: 'twice' };
    for (let at = 0; at < 2; at++) await here.ask('/feedback', { cookie, form: { csrf, ...report } });
    expect((await here.store.people.audit(10)).map(({ action }) => action)).toEqual(['feedback']);
  });
});

test('an admin gives somebody who forgot it a new password', async () => {
  here = await trial();
  const { cookie, csrf } = await here.signedIn('admin');
  const id = (await here.store.people.addUser('olga', PASSWORD, 'analyst'))!;
  const change = (password: string): Promise<Response> =>
    here.ask(`/settings/users/${id}`, { cookie, form: { csrf, role: 'analyst', disabled: 'no', password } });
  expect((await change('short')).status).toBe(400);
  expect((await change('')).status).toBe(303);
  expect(await here.store.people.signIn('olga', PASSWORD)).toBeDefined();
  expect((await change('another horse battery')).status).toBe(303);
  expect(await here.store.people.signIn('olga', PASSWORD)).toBeUndefined();
  expect(await here.store.people.signIn('olga', 'another horse battery')).toBeDefined();
  const page = await (await here.ask('/settings', { cookie })).text();
  expect(page).toContain('role: analyst, disabled: false, password: a new one');
});

test('pages are named after what they show; a rule says its family, its evidence and what it costs', async () => {
  here = await trial({ cost: ruleCost });
  const flow = JSON.stringify({ timestamp: '2024-03-08T09:03:00.0+0000', event_type: 'flow', flow_id: 1, src_ip: '10.3.8.16', dest_ip: '203.0.113.1' });
  await here.store.ingest([new TextEncoder().encode(`${alertLine()}${flow}\n`)], 'sensor');
  const { cookie } = await here.signedIn('reader');
  const text = async (path: string): Promise<string> => (await here.ask(path, { cookie })).text();
  expect(await text('/alerts/1')).toMatch(/<h1>Alert: \S/);
  expect(await text('/alerts/2')).toContain('<h1>Record of flow</h1>');
  expect(await text('/reports/2024-03-08-pyration')).toMatch(/<h1>PyRation: /);
  expect(await text('/')).toMatch(/1 alert of 1 rule, \d{4}-\d\d-\d\d \d\d:\d\d:\d\d UTC</);
  // With a filter that no sums are kept for, the picture shows what the list does.
  expect(await text('/alerts?words=nothing')).not.toContain('<figure');
  expect(await text('/alerts?words=MALWARE')).toContain('1 alert, all within 1 minute');
  const rule = await text('/rules/1240301');
  expect(rule).toMatch(/<h2>Cost<\/h2><p>Grade [A-E] .*looked for first: <code>/);
  expect(rule).toMatch(/href="\/rules\?words=malware_family%20MarioLoader">MarioLoader</);
  const rules = await text('/rules?words=malware_family%20MarioLoader');
  expect(rules).toContain('3 rules of 50.');
  expect(rules).not.toContain('1 captures');
});

test('the list of rules says what each costs, is sorted by what somebody asks for, and goes on page by page', async () => {
  here = await trial({ grader: ruleGrader });
  const more = Array.from({ length: 520 }, (_, at) => `alert tcp any any -> any any (msg:"SW INFO more ${at}"; content:"a"; sid:${1_240_400 + at}; rev:1;)`);
  writeFileSync(join(here.folder, 'rules', 'more.rules'), `${more.join('\n')}\nalert nonsense any any -> any any (msg:"x"; sid:1241999; rev:1;)\n`);
  await here.store.ingest([new TextEncoder().encode(alertLine())], 'sensor');
  const { cookie } = await here.signedIn('reader');
  const list = async (query: string): Promise<{ page: string; costs: string[]; sids: string[] }> => {
    const page = await (await here.ask(`/rules${query}`, { cookie })).text();
    const cells = (heading: string): string[] =>
      [...page.matchAll(new RegExp(`data-heading="${heading}">(.*?)</td>`, 'g'))].map(([, cell]) => cell.replace(/<[^>]*>/g, ''));
    return { page, costs: cells('cost'), sids: cells('sid') };
  };
  // A page waits a moment for grades, and those that are not there by then come a little later.
  while ((await list('')).page.includes('still being worked out')) await new Promise((resolve) => setTimeout(resolve, 20));
  const { page, costs } = await list('?words=malware_family');
  expect(costs.every((cost) => /^[A-E]$/.test(cost))).toBe(true);
  expect(page).toContain('A is the cheapest, E the dearest.');
  const dearest = await list('?sort=-cost');
  expect(dearest.costs).toHaveLength(500);
  expect([...dearest.costs].sort().reverse()).toEqual(dearest.costs);
  expect(dearest.page).toContain('<span>1 to 500 of 571</span>');
  expect(dearest.page).toContain('aria-sort="descending"');
  expect(dearest.page).toContain('href="/rules?sort=-cost&#38;from=500" rel="next">Next 71</a>');
  const rest = await list('?sort=-cost&from=500');
  expect(rest.costs.at(-1)).toBe('not loaded');
  expect(new Set([...dearest.sids, ...rest.sids]).size).toBe(571);
  expect((await list('?sort=-alerts')).sids[0]).toBe('1240301');
  // What is no order, and no number of a rule, changes nothing.
  for (const query of ['?sort=constructor', '?from=9999999', '?from=-1', '?from=x']) expect((await list(query)).sids).toEqual((await list('')).sids);
});

test('what somebody writes into files of the repository is seen a little later; what did not change is not read again', async () => {
  here = await trial();
  const malware = join(here.folder, 'rules', 'malware.rules');
  const [first] = here.desk.repository()!.rules.filter(({ category }) => category === 'malware');
  const [other] = here.desk.repository()!.rules.filter(({ category }) => category === 'hunting');
  writeFileSync(malware, readFileSync(malware, 'utf8').replace('rev:1;', 'rev:7;'));
  expect(here.desk.repository()!.rules).toContain(first);
  here.clock += 60_000;
  expect(here.desk.repository()!.rules.find(({ rule }) => rule.sid === first.rule.sid)?.rule.rev).toBe(7);
  expect(here.desk.repository()!.rules).toContain(other);
});

test('guests read where an example is shown, and change nothing', async () => {
  here = await trial({ guests: true });
  expect((await here.ask('/')).status).toBe(200);
  expect((await here.ask('/verdicts', { form: { scope: 'rule', sid: '1', verdict: 'true' } })).status).toBe(401);
});

describe('journeys by forms', () => {
  test('what its sensors saw moves the day of a rule, on the queue, on its page and in the API', async () => {
    here = await trial();
    const { cookie } = await here.signedIn('writer');
    const said = 'seen on 2024-04-08, so the time runs from there';
    expect(await (await here.ask('/review', { cookie })).text()).toContain('no sensor saw it');
    await here.store.ingest([new TextEncoder().encode(alertLine({ timestamp: '2024-04-08T10:00:00.000000+0000' }))], 'sensor');
    for (const path of ['/review', '/rules/1240301', '/api/v1/review']) expect(await (await here.ask(path, { cookie })).text()).toContain(said);
  });

  test('an alert → a false positive with a report → accepted into the repository → the rule is due', async () => {
    here = await trial({ slice: () => readFileSync(join(WEEK, 'evidence', '1240301', 'request.pcap')) });
    await here.store.ingest([new TextEncoder().encode(alertLine())], 'sensor');
    const { cookie, csrf } = await here.signedIn('writer');
    expect(await (await here.ask('/', { cookie })).text()).toContain('check this host for compromise');
    await here.ask('/verdicts', {
      cookie,
      form: { csrf, scope: 'pair', host: '10.3.8.16', sid: '1240301', verdict: 'false_positive', note: 'our updater', report: 'yes', days: '' },
    });
    const inbox = await (await here.ask('/', { cookie })).text();
    expect(inbox).not.toContain('check this host for compromise');
    expect(inbox).toContain('our updater');
    // The packets of the alert came along and were tried.
    expect((await (await here.ask('/review', { cookie })).text()).includes('reported as a false positive')).toBe(true);
    const feedback = await (await here.ask('/feedback', { cookie })).text();
    expect(feedback).toContain('reproduced');
    expect(feedback).toContain('waits for review');
    const [, reference] = /\/feedback\/([\w.-]+)\/accepted/.exec(feedback)!;
    expect(readFileSync(join(here.folder, 'feedback', `${reference}.yaml`), 'utf8')).toContain('comment: our updater');
    await here.ask(`/feedback/${reference}/accepted`, { cookie, form: { csrf, note: 'thank you' } });
    expect(readFileSync(join(here.folder, 'evidence', '1240301', 'expect.yaml'), 'utf8')).toMatch(/silent:\s+- capture: feedback-.*\s+because: our updater/);
    expect(await (await here.ask('/feedback', { cookie })).text()).toContain('accepted: the slice is evidence of the rule now (2024-04-10): thank you');
    await here.ask('/verdicts/1/take-back', { cookie, form: { csrf, back: '/' } });
    expect(await (await here.ask('/', { cookie })).text()).toContain('check this host for compromise');
  });

  test('a rule is reported with a capture, and declined with a word; words alone are kept for the review', async () => {
    here = await trial();
    const { cookie, csrf } = await here.signedIn('writer');
    const capture = readFileSync(join(WEEK, 'evidence', '1240301', 'request.pcap'));
    const form = new FormData();
    for (const [name, value] of Object.entries({ csrf, sid: '1240301', kind: 'miss', comment: 'is not seen' })) form.set(name, value);
    form.set('slice', new File([new Uint8Array(capture)], 'x.pcap'));
    expect((await here.ask('/feedback', { cookie, body: form })).status).toBe(303);
    const page = await (await here.ask('/feedback', { cookie })).text();
    expect(page).toContain('not reproduced');
    const [, reference] = /\/feedback\/([\w.-]+)\/accepted/.exec(page)!;
    expect((await here.ask(`/feedback/${reference}/declined`, { cookie, form: { csrf, note: '' } })).status).toBe(400);
    await here.ask(`/feedback/${reference}/declined`, { cookie, form: { csrf, note: 'it fires there' } });
    expect(await (await here.ask('/feedback', { cookie })).text()).toContain('declined (2024-04-10): it fires there');
    await here.ask('/feedback', { cookie, form: { csrf, sid: '1240302', kind: 'false_positive', comment: 'only words' } });
    expect(await (await here.ask('/review', { cookie })).text()).toContain('only words');
    form.set('slice', new File(['no capture'], 'x.pcap'));
    const refused = await here.ask('/feedback', { cookie, body: form });
    expect([refused.status, await refused.text()]).toEqual([400, expect.stringContaining('The slice can not be tried')]);
  });

  test('a report → drafts → rules of the repository, committed in the name of who did it → a release', async () => {
    here = await trial();
    execFileSync('git', ['-C', here.folder, 'init', '-q']);
    const { cookie, csrf } = await here.signedIn('releaser');
    const page = await (
      await here.ask('/reports/read', {
        cookie,
        form: { csrf, text: 'Evil Stealer talks to evil-panel-7[.]top and hxxp://198.51.100[.]7/gate.php, says @someone' },
      })
    ).text();
    expect(page.includes('<mark title="domain, indicator')).toBe(true);
    const drafts = (/<textarea name="rules"[^>]*>([^<]*)/.exec(page)?.[1] ?? '').replace(/&#(\d+);/g, (_, code: string) => String.fromCharCode(Number(code)));
    expect(drafts).toContain('evil-panel-7.top');
    expect((await here.ask('/rules', { cookie, form: { csrf, category: 'malware', rules: drafts } })).headers.get('location')).toBe('/rules?done=rules');
    expect((await here.ask('/rules', { cookie, form: { csrf, category: 'malware', rules: drafts } })).status).toBe(409);
    expect(await (await here.ask('/rules?words=evil-panel', { cookie })).text()).toContain('evil-panel');
    expect(execFileSync('git', ['-C', here.folder, 'log', '-1', '--format=%an'], { encoding: 'utf8' }).trim()).toBe('releaser0');
    const released = await here.ask('/releases', { cookie, form: { csrf, version: '7' } });
    expect(released.headers.get('location')).toBe('/releases?done=release');
    expect(await (await here.ask('/releases', { cookie })).text()).toContain('Version 7');
  });

  test('a rule that changed meanwhile is a conflict, shown and not lost', async () => {
    here = await trial();
    const { cookie, csrf } = await here.signedIn('writer');
    const decide = async (seen: string): Promise<Response> =>
      here.ask('/rules/1240301/decide', { cookie, form: { csrf, decision: 'disable', reason: 'Age', seen } });
    const conflict = await decide('alert something else');
    expect(conflict.status).toBe(409);
    expect(await conflict.text()).toMatch(/it reads now:<\/p><pre class="rule">alert /);
    const text = here.desk.repository()!.rules.find(({ rule }) => rule.sid === 1240301)!.rule.text;
    expect((await decide(text)).headers.get('location')).toBe('/rules/1240301?done=decided');
    expect(await (await here.ask('/rules/1240301', { cookie })).text()).toContain('disabled');
  });

  test('two releases, and one and the rules of today, differ word by word', async () => {
    here = await trial();
    const { cookie, csrf } = await here.signedIn('releaser');
    await here.ask('/releases', { cookie, form: { csrf, version: '1' } });
    const { text } = here.desk.repository()!.rules.find(({ rule }) => rule.sid === 1240301)!.rule;
    const revised = text.replace(/classtype:[^;]+;/, 'classtype:bad-unknown;').replace('sid:', 'content:"<b>"; sid:');
    expect((await here.ask('/rules/1240301/decide', { cookie, form: { csrf, decision: 'revise', reason: '', rule: revised, seen: text } })).status).toBe(303);
    const difference = async (from: string, to: string): Promise<string> => (await here.ask(`/releases/difference?from=${from}&to=${to}`, { cookie })).text();
    const today = await difference('1', 'today');
    expect(today).toContain('Changed: 1');
    // Files have the names of a release on both sides.
    expect(today).not.toContain('Moved');
    expect(today).toContain('<strong>content</strong> added: <mark>&#34;&#60;b&#62;&#34;</mark>');
    expect(today).toContain('class="gone"');
    check(today, 'difference');
    expect(await difference('1', '1')).toContain('They hold the same rules.');
    for (const [from, to] of [
      ['9', '1'],
      ['../..', 'today'],
      ['', ''],
    ])
      expect((await here.ask(`/releases/difference?from=${encodeURIComponent(from)}&to=${to}`, { cookie })).status, from).toBe(404);
    await here.ask('/releases', { cookie, form: { csrf, version: '2' } });
    expect(await difference('1', '2')).toContain('Changed: 1');
    expect(await (await here.ask('/releases', { cookie })).text()).toContain('Every difference from version 1');
  });

  test('the weekly review is edited, kept as a file, and no one writes over another', async () => {
    here = await trial();
    const { cookie, csrf } = await here.signedIn('writer');
    const open = async (): Promise<{ page: string; seen: string }> => {
      const page = await (await here.ask('/community?day=2024-03-08', { cookie })).text();
      return { page, seen: /name="seen" value="([^"]*)"/.exec(page)![1] };
    };
    const first = await open();
    expect(first.page).toContain('Nobody changed it yet');
    const keep = (text: string, seen: string): Promise<Response> => here.ask('/community', { cookie, form: { csrf, day: '2024-03-08', text, seen } });
    expect((await keep('# Mine\r\n\r\n- **one** <i>\r\n', first.seen)).status).toBe(303);
    expect(readFileSync(join(here.folder, 'community', '2024-03-08.md'), 'utf8')).toBe('# Mine\n\n- **one** <i>\n');
    const conflict = await keep('# Theirs', first.seen);
    expect(conflict.status).toBe(409);
    const shown = await conflict.text();
    expect(shown).toContain('Somebody else changed the review of 2024-03-08 meanwhile');
    expect(shown).toContain('# Theirs</textarea>');
    const second = await open();
    expect(second.page).toContain('<li><strong>one</strong> &#60;i&#62;</li>');
    expect(await (await here.ask('/community.md?day=2024-03-08', { cookie })).text()).toContain('# Mine');
    for (const day of ['../../x', '2024-13-45', ''])
      expect((await here.ask('/community', { cookie, form: { csrf, day, text: 'x', seen: '' } })).status, day).toBe(400);
    await here.ask('/community/anew', { cookie, form: { csrf, day: '2024-03-08', seen: second.seen } });
    expect((await open()).page).toContain('Nobody changed it yet');
    const reader = await here.signedIn('reader');
    expect(await (await here.ask('/community', { cookie: reader.cookie })).text()).not.toContain('<textarea');
  });

  test('the weekly review waits for who changes the repository, and where there is none it is told so', async () => {
    here = await trial();
    const { cookie, csrf } = await here.signedIn('writer');
    const form = { csrf, day: '2024-03-08', text: '# Mine', seen: '' };
    const file = join(here.folder, 'community', '2024-03-08.md');
    let kept: Promise<Response> | undefined;
    await changeRepository(here.folder, async () => {
      kept = here.ask('/community', { cookie, form });
      await new Promise((resolve) => setTimeout(resolve, 300));
      expect(existsSync(file)).toBe(false);
      return success(undefined);
    });
    expect((await kept!).status).toBe(303);
    expect(existsSync(file)).toBe(true);
    await here.close();
    here = await trial({ folder: '/nowhere/at/all' });
    const other = await here.signedIn('writer');
    expect((await here.ask('/community', { cookie: other.cookie, form: { ...form, csrf: other.csrf } })).status).toBe(404);
  });

  test('a sensor that fell silent is told; a followed file says how far it was read', async () => {
    here = await trial();
    await here.store.ingest([new TextEncoder().encode(alertLine())], 'edge <b>');
    const file = join(here.folder, 'eve.json');
    writeFileSync(file, alertLine({ flow_id: 7 }));
    await here.store.catchUp(file, 'here');
    const ask = async (): Promise<string> => (await here.ask('/sensors', { cookie: (await here.signedIn('reader')).cookie })).text();
    expect(await ask()).toContain('2 sensors, each heard within a day.');
    expect(await ask()).toContain('read to its end');
    appendFileSync(file, alertLine({ flow_id: 8 }));
    here.clock += 3 * 86_400_000;
    const later = await ask();
    check(later, '/sensors');
    expect(later).toContain('silent for 3 days');
    expect(later).toMatch(/\d+ bytes are not read yet/);
  });

  test('the API says what the pages say, and describes itself', async () => {
    here = await trial();
    const { token } = await here.store.people.addToken((await here.store.people.addUser('ada', 'correct horse battery', 'admin'))!, 'all', [
      'read',
      'ingest',
      'triage',
    ]);
    const headers = { authorization: `Bearer ${token}` };
    expect(await (await here.ask('/api/v1/events?sensor=s', { headers, body: alertLine() + alertLine() })).json()).toEqual({
      added: 1,
      known: 1,
      broken: 0,
      alerts: 1,
    });
    const { hosts } = (await (await here.ask('/api/v1/hosts', { headers })).json()) as { hosts: { host: string; judgement: string }[] };
    expect(hosts).toMatchObject([{ host: '10.3.8.16', judgement: 'check this host for compromise' }]);
    const bad = await here.ask('/api/v1/verdicts', { headers, json: { scope: 'pair', verdict: 'true' } });
    expect([bad.status, await bad.json()]).toEqual([400, { error: 'a verdict on a pair names host and sid; host and sid is missing' }]);
    expect((await here.ask('/api/v1/verdicts', { headers, json: { scope: 'sky', verdict: 'true' } })).status).toBe(400);
    expect((await here.ask('/api/v1/alerts?limit=0', { headers })).status).toBe(400);
    const spec = (await (await here.ask('/api/v1/openapi.json')).json()) as {
      openapi: string;
      paths: Record<string, Record<string, { security: unknown; summary: string }>>;
    };
    expect(spec.openapi).toBe('3.1.0');
    for (const methods of Object.values(spec.paths))
      for (const route of Object.values(methods)) expect(route).toMatchObject({ security: expect.anything(), summary: expect.stringMatching(/\S/) });
  });
});
