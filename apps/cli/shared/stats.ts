/** The `stats` record: counters that are really counted, under Suricata's names. */
import type { EveRecord } from '@sigwright/contracts';
import type { Engine } from '@sigwright/detection';
import type { LoadedRules } from './plans.ts';
import type { TrafficCounters } from './traffic-counters.ts';

export function statsRecord(engine: Engine, counted: TrafficCounters, timestamp: string, rules: LoadedRules): EveRecord {
  const { counters } = engine;
  return {
    timestamp,
    event_type: 'stats',
    stats: {
      uptime: 0,
      ...counted.tree(),
      detect: {
        engines: [{ id: 0, rules_loaded: rules.loaded, rules_failed: rules.refused, rules_skipped: rules.skipped }],
        alert: counters.alerts,
        alert_queue_overflow: counters.overflowed,
        alerts_suppressed: counters.suppressed,
      },
    },
  };
}
