/** When sensors last saw a rule fire: from rows of the store and from EVE lines of any program. */
import { expect, test } from 'vitest';
import { alertsInEve, sightingsOf } from './sightings.ts';

const line = (more: object): string =>
  JSON.stringify({ timestamp: '2024-03-20T23:30:00.000000-0100', event_type: 'alert', alert: { signature_id: 7 }, ...more });
const AT = Date.parse('2024-03-21T00:30:00Z');

test.each<readonly [why: string, text: string, rows: unknown]>([
  ['an alert', `${line({})}\n`, [{ sid: 7, last: AT }]],
  ['the last line without an end', line({}), [{ sid: 7, last: AT }]],
  ['the latest of several, in any order', [line({}), line({ timestamp: '2024-01-01T00:00:00Z' })].join('\n'), [{ sid: 7, last: AT }]],
  ['other events', line({ event_type: 'dns' }), []],
  ['no time', line({ timestamp: 'yesterday' }), []],
  ['a time that is no text', line({ timestamp: 5 }), []],
  ['no number', line({ alert: { signature_id: '7' } }), []],
  ['an alert that is nothing', line({ alert: null, x: { signature_id: 7 } }), []],
  ['half a line', `${line({}).slice(0, -5)}\n${line({ alert: { signature_id: 8 } })}`, [{ sid: 8, last: AT }]],
])('%s', async (_why, text, rows) => {
  const bytes = new TextEncoder().encode(text);
  const at = Math.floor(bytes.length / 2);
  expect(await alertsInEve([bytes])).toEqual(rows);
  expect(await alertsInEve([bytes.slice(0, at), bytes.slice(at)])).toEqual(rows);
});

test('of several sources the latest day counts, in UTC; what is no time is passed over', () => {
  expect([
    ...sightingsOf([
      { sid: 7, last: AT },
      { sid: 7, last: 0 },
      { sid: 8, last: Number.NaN },
    ]),
  ]).toEqual([[7, '2024-03-21']]);
});
