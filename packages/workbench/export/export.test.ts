/** Alerts in the forms of others: what a spreadsheet must not run, what a second export must not double, what references lead to. */
import { expect, test } from 'vitest';
import type { StoredRecord } from '../store/alerts.ts';
import { exportAlerts } from './export.ts';

const NOW = Date.parse('2024-04-10T12:00:00Z');
const alert = (fields: Partial<StoredRecord> = {}): StoredRecord => ({
  id: 1,
  time: Date.parse('2024-03-08T09:03:00Z'),
  sid: 1240301,
  signature: 'SW MALWARE "Loader"; check-in',
  role: 'cnc',
  host: '10.3.8.16',
  source: '10.3.8.16:51435',
  destination: '203.0.113.11:80',
  protocol: 'http',
  name: 'bad.example',
  flow: '7',
  sensor: 'one',
  record: { event_type: 'alert', proto: 'TCP', community_id: '1:abc=' } as unknown as StoredRecord['record'],
  ...fields,
});

test.each([
  ['a formula', '=HYPERLINK("http://evil")', `"'=HYPERLINK(""http://evil"")"`],
  ['a command', '@SUM(1)', "'@SUM(1)"],
  ['lines and commas', 'a,b\nc', '"a,b\nc"'],
  ['what is plain', 'plain.example', 'plain.example'],
])('CSV: %s stays text', (_, name, cell) => {
  const [head, ...rest] = exportAlerts('csv', [alert({ name })], NOW).split('\r\n');
  expect(head).toBe('time,sid,signature,role,host,source,destination,protocol,name,flow,community_id,sensor');
  expect(rest.join('\r\n')).toContain(`,http,${cell},7,1:abc=,one`);
});

test('JSON lines are the records as they came', () => {
  expect(JSON.parse(exportAlerts('json', [alert()], NOW))).toEqual(alert().record);
});

interface Bundle {
  readonly objects: readonly (Record<string, unknown> & { readonly id: string; readonly type: string })[];
}

test('STIX: one sighting a rule with all its alerts counted; every reference leads to an object of the bundle', () => {
  const { objects } = JSON.parse(
    exportAlerts('stix', [alert(), alert({ id: 2, time: NOW, destination: '[2001:db8::1]:443' }), alert({ id: 3, sid: 5 })], NOW),
  ) as Bundle;
  const sightings = objects.filter((one) => one.type === 'sighting');
  expect(sightings.map((one) => one['count'])).toEqual([1, 2]);
  const ids = objects.map((one) => one.id);
  expect(new Set(ids).size).toBe(ids.length);
  const references = objects.flatMap((one) => Object.entries(one).flatMap(([key, value]) => (/_refs?$/.test(key) ? [value].flat() : [])));
  expect(references.length).toBeGreaterThan(10);
  for (const reference of references) expect(ids).toContain(reference);
  for (const one of objects) expect(one.id).toMatch(new RegExp(`^${one.type}--[0-9a-f]{8}-[0-9a-f]{4}-5[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$`));
  expect(objects.filter((one) => one.type === 'ipv6-addr').map((one) => one['value'])).toEqual(['2001:db8::1']);
});

test('STIX: the pattern is the rule, or a comment that matches nothing', () => {
  const rule = 'alert tcp any any -> any any (sid:1240301;)';
  const pattern = (text: string): unknown => (JSON.parse(text) as Bundle).objects.find((one) => one.type === 'indicator')!['pattern'];
  expect(pattern(exportAlerts('stix', [alert()], NOW, () => rule))).toBe(rule);
  expect(pattern(exportAlerts('stix', [alert({ signature: 'a\nalert' })], NOW))).toBe('# sid 1240301: a alert');
});

test.each(['stix', 'misp'] as const)('%s: the same alerts have the same ids another day', (form) => {
  const ids = (now: number): string[] => exportAlerts(form, [alert()], now).match(/"(uu)?id": "[^"]+"/g) ?? [];
  expect(ids(NOW).length).toBeGreaterThan(2);
  expect(ids(NOW + 86_400_000)).toEqual(ids(NOW));
});

test('MISP: the far end, name and community id once each, and never the host of ours', () => {
  const { Event } = JSON.parse(
    exportAlerts('misp', [alert(), alert({ id: 2 }), alert({ id: 3, source: '198.51.100.1:9', destination: '10.3.8.16:80' })], NOW),
  ) as {
    Event: { Attribute: readonly { readonly type: string; readonly value: string }[] };
  };
  expect(Event.Attribute.map((one) => `${one.type} ${one.value}`)).toEqual([
    'ip-dst 203.0.113.11',
    'domain bad.example',
    'community-id 1:abc=',
    'ip-src 198.51.100.1',
  ]);
});
