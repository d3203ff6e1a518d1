/** Rules on captures: which fired where. Addresses do not count, so that no rule is silent only because a capture has other networks. */
import type { Catalogue, EngineSettings } from '@sigwright/contracts';
import { buildPlan, Engine, usePlan } from '@sigwright/detection';
import { parseRules } from '@sigwright/rule-language';
import { type CaptureSource, placeOf } from './observe.ts';

export interface TrialAlert {
  readonly sid: number;
  /** index of the capture */
  readonly capture: number;
  readonly client: string;
  readonly server: string;
}

export interface Trial {
  readonly alerts: readonly TrialAlert[];
  readonly packets: number;
  /** by sid: why a rule was refused */
  readonly refused: ReadonlyMap<number, string>;
}

/** Many variants of a rule may fire at one packet. */
const ALERTS_PER_PACKET = 10_000;

export function tryRules(rules: readonly string[], sources: readonly CaptureSource[], catalogue: Catalogue, given: EngineSettings): Trial {
  const settings: EngineSettings = {
    ...given,
    addressGroups: { ...given.addressGroups, HOME_NET: 'any', EXTERNAL_NET: 'any' },
    maximumAlertsPerPacket: ALERTS_PER_PACKET,
  };
  const parsed = parseRules(rules.join('\n'));
  const build = buildPlan([{ path: 'draft', rules: parsed.rules }], catalogue, settings);
  const refused = new Map<number, string>();
  for (const { rule, diagnostics } of build.problems) {
    const [error] = diagnostics.filter((one) => one.severity === 'error');
    if (error !== undefined) refused.set(rule.sid, error.title);
  }
  const plan = usePlan(build.data, catalogue, settings);
  const alerts: TrialAlert[] = [];
  let packets = 0;
  for (const [capture, source] of sources.entries()) {
    const engine = new Engine(plan, catalogue, settings, {
      alert: ({ rule, flow }) => {
        if (flow === undefined) return;
        alerts.push({
          sid: rule.sid,
          capture,
          client: placeOf(flow.source, flow.ipVersion, flow.sourcePort),
          server: placeOf(flow.destination, flow.ipVersion, flow.destinationPort),
        });
      },
    });
    try {
      for (const chunk of source.read()) if (engine.feed(chunk) !== undefined) break;
    } catch {
      // It was told when the capture was read for its observations.
    }
    engine.finish();
    packets += engine.counters.packets;
  }
  return { alerts, packets, refused };
}
