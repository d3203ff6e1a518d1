/** The pages and the API of retro-hunts: who may begin one, what a hunt shows, and that names of captures never become markup. */
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
  const hits = [{ sid: 1, signature: markup, alerts: 2 }];
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
  expect(await (await here.ask('/hunts/1/alerts.json', { cookie })).text()).toBe('{"event_type":"alert"}\n');
  expect((await here.ask('/hunts/1/cancel', { cookie, form: { csrf } })).status).toBe(303);
  const told = (await (await here.ask('/api/v1/hunts/1', { cookie })).json()) as Record<string, unknown>;
  expect(told).toMatchObject({ state: 'cancelled', done: 1, total: 2, hits: [{ sid: 1, captures: 1, alerts: 2 }] });
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
