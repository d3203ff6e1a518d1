/** The `stats` record: counters that are really counted, under Suricata's names. */
import type { EveRecord } from '@sigwright/contracts';
import type { Engine } from '@sigwright/detection';
import type { LoadedRules } from './loaded-rules.ts';
import type { LuaCounters } from './lua-settings.ts';
import { THREAD } from './stats-log.ts';
import type { TrafficCounters } from './traffic-counters.ts';

export interface StatsForm {
  /** counters that counted nothing are shown, too */
  readonly zeros: boolean;
  /** each with what it grew by since `before`, the record before; all of it where there was none */
  readonly deltas: boolean;
  /** of the engine as a whole (where nothing is said), and of its one thread */
  readonly totals?: boolean;
  readonly threads?: boolean;
  readonly before?: EveRecord | undefined;
  /** when the rules were loaded */
  readonly loaded: string;
  /** seconds since the engine started */
  readonly uptime: number;
}

/** `files`: how often one could not be stored. */
export function statsRecord(
  { counters, load }: Pick<Engine, 'counters' | 'load'>,
  counted: TrafficCounters,
  timestamp: string,
  rules: readonly (Pick<LoadedRules, 'loaded' | 'refused' | 'skipped'> & { readonly id: number })[],
  { zeros, deltas, totals = true, threads = false, before, loaded, uptime }: StatsForm,
  files: { readonly failures: number },
  lua: LuaCounters,
  packets: { readonly written: number; readonly filtered: number } | undefined,
): EveRecord {
  const record = {
    timestamp,
    event_type: 'stats',
    stats: {
      uptime,
      ...counted.tree(counters.discarded, load),
      detect: {
        engines: rules.map(({ id, loaded: count, refused, skipped }) => ({
          id,
          last_reload: loaded,
          rules_loaded: count,
          rules_failed: refused,
          rules_skipped: skipped,
        })),
        alert: counters.alerts,
        alert_queue_overflow: counters.overflowed,
        alerts_suppressed: counters.suppressed,
        lua: { ...lua },
      },
      file_store: { fs_errors: files.failures },
      ...(packets === undefined ? {} : { pcap_log: { written: packets.written, filtered_bpf: packets.filtered } }),
    },
  };
  const shown = (zeros ? record : withoutZeros(record))['stats'] as EveRecord;
  const { uptime: since, ...counts } = deltas ? withDeltas(shown, countsIn(before)) : shown;
  const clock = since === undefined ? {} : { uptime: since };
  return { timestamp, event_type: 'stats', stats: { ...clock, ...(totals ? counts : {}), ...(threads ? { threads: { [THREAD]: counts } } : {}) } };
}

/** What the record told of the engine, or of its one thread. */
function countsIn(record: EveRecord | undefined): unknown {
  const stats = record?.['stats'] as EveRecord | undefined;
  return (stats?.['threads'] as EveRecord | undefined)?.[THREAD] ?? stats;
}

function withDeltas(tree: EveRecord, before: unknown): EveRecord {
  const all: EveRecord = {};
  for (const [name, value] of Object.entries(tree)) {
    const then = (before as EveRecord | undefined)?.[name];
    all[name] = typeof value === 'object' && value !== null && !Array.isArray(value) ? withDeltas(value as EveRecord, then) : value;
    if (typeof value === 'number' && name !== 'uptime') all[`${name}_delta`] = value - (typeof then === 'number' ? then : 0);
  }
  return all;
}

/** Counters that counted nothing are left out, and what is empty then. */
function withoutZeros(tree: EveRecord): EveRecord {
  const kept: EveRecord = {};
  for (const [name, value] of Object.entries(tree)) {
    if (value === 0) continue;
    if (typeof value !== 'object' || value === null || Array.isArray(value)) kept[name] = value;
    else {
      const inner = withoutZeros(value as EveRecord);
      if (Object.keys(inner).length > 0) kept[name] = inner;
    }
  }
  return kept;
}
