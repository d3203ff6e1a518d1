/** Figures for Prometheus, in its text format (https://prometheus.io/docs/instrumenting/exposition_formats/). */
import type { Store } from '@sigwright/workbench';

const MOST_SENSORS = 10_000;

function label(value: string): string {
  return value.replace(/[\\"\n]/g, (one) => (one === '\n' ? '\\n' : `\\${one}`));
}

/** Questions that are answered from small tables, whatever the store holds. */
export async function metricsText(store: Store): Promise<string> {
  const out: string[] = [];
  const metric = (name: string, type: 'counter' | 'gauge', help: string, rows: readonly (readonly [string, number])[]): void => {
    out.push(`# HELP sigwright_${name} ${help}`, `# TYPE sigwright_${name} ${type}`, ...rows.map(([labels, value]) => `sigwright_${name}${labels} ${value}`));
  };
  const sensors = (await store.sensors()).slice(0, MOST_SENSORS);
  const named = (name: string): string => `{sensor="${label(name)}"}`;
  metric(
    'events_total',
    'counter',
    'Events taken into the store, by sensor.',
    sensors.map((one) => [named(one.name), one.events]),
  );
  metric(
    'sensor_last_heard_seconds',
    'gauge',
    'When a sensor was heard last, in seconds since 1970.',
    sensors.map((one) => [named(one.name), one.last_seen / 1000]),
  );
  const hunts = await store.hunts.list(true);
  const left = hunts.reduce((sum, hunt) => sum + hunt.total - hunt.done, 0);
  metric('hunts_running', 'gauge', 'Retro-hunts that run.', [['', hunts.length]]);
  metric('hunt_captures_left', 'gauge', 'Captures that running retro-hunts still wait for.', [['', left]]);
  metric('process_resident_memory_bytes', 'gauge', 'Memory of the server.', [['', process.memoryUsage.rss()]]);
  metric('process_uptime_seconds', 'gauge', 'Seconds since the server started.', [['', Math.round(process.uptime())]]);
  return `${out.join('\n')}\n`;
}
