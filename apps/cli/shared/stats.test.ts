/** What `stats` of an EVE output asks for: totals, threads, zeros, deltas. Suricata user guide, "Eve JSON Output". */
import { DEFAULT_SETTINGS, type EveRecord, Flow, SCTP, TCP, UDP } from '@sigwright/contracts';
import { expect, test } from 'vitest';
import { statsRecord } from './stats.ts';
import { TrafficCounters } from './traffic-counters.ts';

const LUA = { errors: 0, blocked_function_errors: 0, instruction_limit_errors: 0, memory_limit_errors: 0 };

function stats(form: { zeros: boolean; deltas: boolean; totals?: boolean; threads?: boolean }, alerts: number, before?: EveRecord): EveRecord {
  const counters = { packets: 1, bytes: 1, alerts, overflowed: 0, suppressed: 0, discarded: 0 };
  const counted = new TrafficCounters(DEFAULT_SETTINGS, []);
  return statsRecord({ counters } as never, counted, 'now', [], { ...form, before, loaded: 'then', uptime: 3 }, { failures: 0 }, LUA, undefined);
}

test('flows that are open count as those that ended, and by themselves', () => {
  const counted = new TrafficCounters(DEFAULT_SETTINGS, []);
  counted.flow(Object.assign(new Flow(), { protocol: UDP }));
  const byProtocol = new Map([
    [TCP, 3],
    [UDP, 1],
    [SCTP, 1],
  ]);
  const tree = counted.tree(0, { byProtocol, connections: 2, tableBytes: 640, streamBytes: 4096 });
  expect(tree['flow']).toMatchObject({ total: 6, tcp: 3, udp: 2, active: 5, memuse: 640 });
  expect(tree['tcp']).toMatchObject({ sessions: 2, active_sessions: 2, reassembly_memuse: 4096 });
  expect(counted.tree(0)['flow']).toMatchObject({ total: 1, tcp: 0, active: 0 });
});

const THREAD = (record: EveRecord): unknown => ((record['stats'] as EveRecord)['threads'] as EveRecord | undefined)?.['W#01'];

test('in all, and of each thread', () => {
  const record = stats({ zeros: true, deltas: false, threads: true }, 2);
  expect(record['stats']).toMatchObject({ uptime: 3, detect: { alert: 2 }, tcp: { syn: 0 } });
  expect(THREAD(record)).toMatchObject({ detect: { alert: 2 }, tcp: { syn: 0 } });
  expect(THREAD(record)).not.toHaveProperty('uptime');
  expect(THREAD(stats({ zeros: true, deltas: false }, 2))).toBeUndefined();
});

test('of each thread alone', () => {
  const { stats: told } = stats({ zeros: false, deltas: false, totals: false, threads: true }, 2);
  expect(told).toEqual({ uptime: 3, threads: { 'W#01': { detect: { engines: [], alert: 2 } } } });
});

test('deltas count from the record before, wherever it told it', () => {
  for (const form of [{}, { threads: true }, { totals: false, threads: true }]) {
    const all = { zeros: true, deltas: true, ...form };
    const record = stats(all, 5, stats(all, 2));
    const told = form.totals === false ? THREAD(record) : record['stats'];
    expect(told).toMatchObject({ detect: { alert: 5, alert_delta: 3 } });
  }
});
