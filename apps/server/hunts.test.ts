/** The pages and the API of retro-hunts: who may begin one, what a hunt shows, and that names of captures never become markup. */
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { type Trial, trial } from './test-kit.ts';

const RULE = 'alert tcp any any -> any any (msg:"opening"; flags:S; sid:1;)';
let here: Trial;
beforeEach(async () => {
  here = await trial({ archive: () => ['a.pcap', 'b.pcap'] });
});
afterEach(() => here.close());

test('an analyst begins a hunt and gives it up; what was found stays', async () => {
  const { cookie, csrf } = await here.signedIn('analyst');
  const begun = await here.ask('/hunts', { cookie, form: { csrf, title: 'old ones', rules: RULE, networks: '' } });
  expect([begun.status, begun.headers.get('location')]).toEqual([303, '/hunts/1']);
  const [{ key }] = await here.store.hunts.list();
  const markup = '<script>alert(1)</script>';
  const hits = [
    { sid: 1, signature: markup, alerts: 2 },
    { sid: 1240301, signature: 'ours', alerts: 1 },
  ];
  const result = {
    hunt: key,
    item: 'a.pcap',
    worker: markup,
    outcome: { packets: 1, bytes: 1, hits, lines: ['{"event_type":"alert"}'], problem: markup },
  };
  await here.store.hunts.settle([result]);
  const page = await (await here.ask('/hunts/1', { cookie })).text();
  expect(page).toContain('1 of 2');
  expect(page).not.toContain(markup);
  // What has a page is linked, and nothing else.
  expect([page.includes('href="/rules/1240301"'), page.includes('href="/rules/1"')]).toEqual([true, false]);
  expect(await (await here.ask('/hunts/1/alerts.json', { cookie })).text()).toBe('{"event_type":"alert"}\n');
  expect((await here.ask('/hunts/1/cancel', { cookie, form: { csrf } })).status).toBe(303);
  const told = (await (await here.ask('/api/v1/hunts/1', { cookie })).json()) as Record<string, unknown>;
  expect(told).toMatchObject({
    state: 'cancelled',
    done: 1,
    total: 2,
    hits: expect.arrayContaining([expect.objectContaining({ sid: 1, captures: 1, alerts: 2 })]),
  });
  expect((await here.store.people.audit(10)).map((one) => one.action)).toEqual(expect.arrayContaining(['hunt', 'hunt cancelled']));
  expect(here.faults).toEqual([]);
});

test('a reader begins none; rules that are none, and networks that are none, are refused', async () => {
  const reader = await here.signedIn('reader');
  expect((await here.ask('/hunts', { cookie: reader.cookie, form: { csrf: reader.csrf, title: 't', rules: RULE } })).status).toBe(403);
  const { cookie, csrf } = await here.signedIn('analyst');
  const refused: readonly Record<string, string>[] = [{ rules: 'nothing' }, { rules: RULE, networks: '300.1' }, { rules: '' }];
  for (const form of refused) {
    const answer = await here.ask('/hunts', { cookie, form: { csrf, title: 't', ...form } });
    expect(answer.status).toBeGreaterThanOrEqual(400);
    expect(answer.status).toBeLessThan(500);
  }
  expect(await here.store.hunts.list()).toEqual([]);
  expect((await here.ask('/hunts/99', { cookie })).status).toBe(404);
});

test('proofs and traffic that workers make stand there with what failed and why, and never become markup', async () => {
  const { cookie } = await here.signedIn('reader');
  const markup = '<script>alert(1)</script>';
  const begin = (kind: 'prove' | 'synthesize', items: readonly string[]): Promise<number> =>
    here.store.hunts.begin({ key: crypto.randomUUID(), kind, by: 'me', title: markup, rules: '', items });
  const outcome = (made: unknown): { packets: number; bytes: number; hits: []; lines: string[] } => ({
    packets: 0,
    bytes: 0,
    hits: [],
    lines: [JSON.stringify(made)],
  });
  const settle = async (job: number, item: string, made: unknown): Promise<void> => {
    const hunt = (await here.store.hunts.list()).find((one) => one.job === job)!.key;
    await here.store.hunts.settle([{ hunt, item, worker: 'w', ...(made === undefined ? { aside: markup } : { outcome: outcome(made) }) }]);
  };
  const traffic = await begin('synthesize', ['1', '2', '3']);
  expect(await (await here.ask(`/hunts/${traffic}`, { cookie })).text()).toContain('0 of 3');
  await settle(traffic, '1', { sid: 1, alerts: 1, shows: 's', fires: 'AAAA', silent: [] });
  await settle(traffic, '2', { sid: 2, problem: markup });
  await settle(traffic, '3', undefined);
  const proof = await begin('prove', ['1240301', '1240302']);
  await settle(proof, '1240301', { sid: 1240301, message: 'm', category: 'c', ok: true, checks: [], missing: [] });
  await settle(proof, '1240302', { sid: 1240302, message: 'm', category: 'c', ok: false, checks: [], missing: [markup] });
  for (const [job, said] of [
    [traffic, '1 of 3 rules solved'],
    [proof, '1 of 2 rules proved'],
  ] as const) {
    const page = await (await here.ask(`/hunts/${job}`, { cookie })).text();
    expect(page).toContain(said);
    expect(page).not.toContain(markup);
    expect(page).toContain('&#60;script&#62;');
  }
  expect(here.faults).toEqual([]);
});

test('a writer has every rule proved: here at once, by workers where there are some; a reader does not', async () => {
  const folder = join(import.meta.dirname, '..', '..', 'examples', '2024-03-08');
  const desk = await trial({ folder });
  const reader = await desk.signedIn('reader');
  expect((await desk.ask('/rules/prove', { cookie: reader.cookie, form: { csrf: reader.csrf } })).status).toBe(403);
  const { cookie, csrf } = await desk.signedIn('writer');
  expect((await desk.ask('/rules/prove', { cookie, form: { csrf } })).headers.get('location')).toBe('/rules?done=proved');
  const rules = await (await desk.ask('/rules', { cookie })).text();
  expect(rules).toMatch(/(\d\d+) of \1 proved/);
  await desk.close();
  const withWorkers = await trial({ folder, workers: true });
  const other = await withWorkers.signedIn('writer');
  expect((await withWorkers.ask('/rules/prove', { cookie: other.cookie, form: { csrf: other.csrf } })).headers.get('location')).toBe('/hunts/1');
  const page = await (await withWorkers.ask('/hunts/1', { cookie: other.cookie })).text();
  expect(page).toContain('A proof, begun');
  expect((await withWorkers.ask('/hunts/1/cancel', { cookie: other.cookie, form: { csrf: other.csrf } })).status).toBe(303);
  await withWorkers.close();
});
