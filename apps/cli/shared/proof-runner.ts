/** The engine as `prove` wants it: rules and a capture in, alerts out. Rules are compiled once for all captures. */
import { join } from 'node:path';
import { catalogue } from '@sigwright/catalogue';
import type { EngineSettings } from '@sigwright/contracts';
import { buildPlan, Engine, type PlanUse, usePlan } from '@sigwright/detection';
import { parseRules } from '@sigwright/rule-language';
import type { ProofRunner } from '@sigwright/workbench';
import { FilesRead, ourSettings, ourTree } from './data-files.ts';

interface Ready {
  readonly plan: PlanUse;
  readonly settings: EngineSettings;
  readonly refused: ReadonlyMap<number, string>;
  /** scripts and lists that its rules brought along */
  readonly files: FilesRead;
}

/** sets of rules and networks that are kept compiled */
const MOST_KEPT = 100;

export function proofRunner(): ProofRunner {
  const known = new Map<string, Ready>();
  const tree = ourTree();
  return ({ rules, folder, capture, networks }) => {
    const key = `${folder} ${JSON.stringify(networks)}${rules}`;
    let ready = known.get(key);
    if (ready === undefined || ready.files.haveChanged()) {
      const files = new FilesRead();
      const base = ourSettings([join(folder, 'any.rules')], { verifyChecksums: true, files, tree });
      const settings = { ...base, addressGroups: { ...base.addressGroups, ...networks } };
      const build = buildPlan([{ path: 'repository', rules: parseRules(rules).rules }], catalogue, settings);
      const refused = new Map<number, string>();
      for (const { rule, diagnostics } of build.problems) {
        const titles = diagnostics.filter((one) => one.severity === 'error').map(({ title }) => title);
        if (titles.length > 0) refused.set(rule.sid, titles.join('; '));
      }
      const plan = usePlan(build.data, catalogue, settings);
      ready = { plan, settings, refused, files };
      // Each change brings other rules: what was proved long ago is not kept.
      if (known.size >= MOST_KEPT) known.delete(known.keys().next().value!);
      known.set(key, ready);
    }
    const alerts: { sid: number; packet: number }[] = [];
    const engine = new Engine(ready.plan, catalogue, ready.settings, { alert: ({ rule }, packet) => alerts.push({ sid: rule.sid, packet: packet.number }) });
    const broken = engine.feed(capture) ?? engine.finish();
    const { refused } = ready;
    return broken === undefined ? { alerts, refused } : { alerts, refused, problem: broken.message };
  };
}
