/** The engine as `prove` wants it: rules and a capture in, alerts out. Rules are compiled once for all captures. */
import { join } from 'node:path';
import { catalogue } from '@sigwright/catalogue';
import type { EngineSettings } from '@sigwright/contracts';
import { buildPlan, Engine, type PlanUse, usePlan } from '@sigwright/detection';
import { parseRules } from '@sigwright/rule-language';
import type { ProofRunner } from '@sigwright/workbench';
import { configurationOf, readYaml } from './configuration.ts';

export function proofRunner(): ProofRunner {
  const known = new Map<string, { plan: PlanUse; settings: EngineSettings; problem: string | undefined }>();
  let base: EngineSettings | undefined;
  return ({ rules, capture, networks }) => {
    const key = JSON.stringify(networks) + rules;
    let ready = known.get(key);
    if (ready === undefined) {
      base ??= configurationOf(readYaml(join(import.meta.dirname, '..', 'suricata.yaml')), { verifyChecksums: true, inline: false }).settings;
      const settings = { ...base, addressGroups: { ...base.addressGroups, ...networks } };
      const build = buildPlan([{ path: 'repository', rules: parseRules(rules).rules }], catalogue, settings);
      const refused = build.problems.flatMap(({ rule, diagnostics }) =>
        diagnostics.filter((one) => one.severity === 'error').map((one) => `sid ${rule.sid}: ${one.title}`),
      );
      ready = { plan: usePlan(build.data, catalogue, settings), settings, problem: refused.length > 0 ? refused.join('; ') : undefined };
      known.set(key, ready);
    }
    const alerts: { sid: number; packet: number }[] = [];
    const engine = new Engine(ready.plan, catalogue, ready.settings, { alert: ({ rule }, packet) => alerts.push({ sid: rule.sid, packet: packet.number }) });
    const broken = engine.feed(capture) ?? engine.finish();
    const problem = ready.problem ?? broken?.message;
    return problem === undefined ? { alerts } : { alerts, problem };
  };
}
