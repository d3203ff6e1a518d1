/** Links by flow, exports of alerts and who may have them. */
import { afterEach, beforeEach, expect, test } from 'vitest';
import { flowLink } from './flow-links.ts';
import { alertLine, type Trial, trial } from './test-kit.ts';

test.each([
  [
    'Arkime https://a.example/sessions?expression=communityId%3D%3D%22{community_id}%22',
    'https://a.example/sessions?expression=communityId%3D%3D%221%3Aa%2Bb%3D%22',
  ],
  ['Our EveBox http://e.example/#/events?q={community_id}', 'http://e.example/#/events?q=1%3Aa%2Bb%3D'],
  ['no place for the id https://a.example/', undefined],
  ['runs javascript:alert({community_id})', undefined],
  ['https://a.example/{community_id}', undefined],
])('%s', (line, href) => expect(flowLink(line, '1:a+b=')?.href).toBe(href));

let here: Trial;
beforeEach(async () => {
  here = await trial();
  const lines = [alertLine({ community_id: '1:a+b=' }), alertLine({ flow_id: 2, src_ip: '10.3.8.17' })];
  await here.store.ingest([new TextEncoder().encode(lines.join(''))], 'sensor');
});
afterEach(() => here.close());

test('an alert links to other programs as the admin wrote it; others may not write it', async () => {
  const { cookie, csrf } = await here.signedIn('admin');
  const writer = await here.signedIn('writer');
  const links = 'Arkime https://a.example/?q={community_id}';
  expect((await here.ask('/settings/links', { cookie: writer.cookie, form: { csrf: writer.csrf, links } })).status).toBe(403);
  expect((await here.ask('/settings/links', { cookie, form: { csrf, links: 'x javascript:{community_id}' } })).status).toBe(400);
  expect((await here.ask('/settings/links', { cookie, form: { csrf, links } })).status).toBe(303);
  const { alerts } = await here.store.alerts({ host: '10.3.8.16' });
  expect(await (await here.ask(`/alerts/${alerts[0].id}`, { cookie })).text()).toContain(
    'href="https:&#47;&#47;a.example&#47;?q=1%3Aa%2Bb%3D"'.replaceAll('&#47;', '/'),
  );
});

test('exports hold what the filters leave, in every form, and strangers get none', async () => {
  const { cookie } = await here.signedIn('reader');
  for (const [form, type] of [
    ['csv', 'text/csv'],
    ['json', 'application/x-ndjson'],
    ['stix', 'application/stix+json'],
    ['misp', 'application/json'],
  ]) {
    const answer = await here.ask(`/alerts/export?form=${form}&host=10.3.8.17`, { cookie });
    expect(answer.headers.get('content-type')).toContain(type);
    const text = await answer.text();
    expect(text).toContain('203.0.113.11');
    expect(text).not.toContain('10.3.8.16');
    expect((await here.ask(`/alerts/export?form=${form}`)).status).toBe(302);
  }
  expect((await here.ask('/alerts/export?form=exe', { cookie })).status).toBe(400);
  const stix = await (await here.ask('/alerts/export?form=stix', { cookie })).text();
  expect(stix).toContain('sid:1240301;');
  expect(here.faults).toEqual([]);
});
