/** The `stats` record: counters that are really counted, under Suricata's names. */
import type { EveRecord } from '@sigwright/contracts';
import type { Engine, EveWriter } from '@sigwright/detection';
import type { LoadedRules } from './plans.ts';

export function statsRecord(engine: Engine, writer: EveWriter, timestamp: string, rules: LoadedRules): EveRecord {
  const { counters } = engine;
  return {
    timestamp,
    event_type: 'stats',
    stats: {
      uptime: 0,
      decoder: { pkts: counters.packets, bytes: counters.bytes },
      flow: { total: counters.flows },
      detect: { engines: [{ id: 0, rules_loaded: rules.loaded, rules_failed: rules.refused, rules_skipped: 0 }], alert: counters.alerts },
      app_layer: { tx: Object.fromEntries([...writer.counts].filter(([type]) => type !== 'alert' && type !== 'flow' && type !== 'anomaly')) },
    },
  };
}
