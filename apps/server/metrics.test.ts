/** Figures for Prometheus: in its format whatever a sensor is called, and not for strangers. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { alertLine, type Trial, trial } from './test-kit.ts';

let here: Trial;
beforeAll(async () => {
  here = await trial();
  await here.store.ingest([new TextEncoder().encode(alertLine())], 'a "quoted"\nname\\');
  await here.store.hunts.begin({ key: crypto.randomUUID(), by: 'me', title: 't', rules: '', items: ['a.pcap', 'b.pcap'] });
});
afterAll(() => here.close());

test('every line is a comment or a figure; names are escaped', async () => {
  const { cookie } = await here.signedIn('reader');
  const answer = await here.ask('/metrics', { cookie });
  expect(answer.headers.get('content-type')).toContain('text/plain; version=0.0.4');
  const text = await answer.text();
  for (const line of text.trimEnd().split('\n'))
    expect(line).toMatch(/^(# (HELP|TYPE) sigwright_[a-z_]+ \S.*|sigwright_[a-z_]+(\{sensor="(\\.|[^"\\])*"\})? \d+(\.\d+)?)$/);
  expect(text).toContain('sigwright_events_total{sensor="a \\"quoted\\"\\nname\\\\"} 1\n');
  expect(text).toContain('sigwright_hunt_captures_left 2\n');
});

test('strangers see none', async () => {
  expect((await here.ask('/metrics')).status).toBe(401);
});
