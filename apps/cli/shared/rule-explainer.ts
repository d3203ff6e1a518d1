/** For the pages of alerts and rules: where the conditions of a rule held on a capture, with the bytes; and what the rule costs. */
import { join } from 'node:path';
import { catalogue } from '@sigwright/catalogue';
import type { EngineSettings } from '@sigwright/contracts';
import { buildPlan, costOf, Engine, type ExplainedAttempt, Explainer, type PlanUse, type RuleCost, usePlan } from '@sigwright/detection';
import { parseRules } from '@sigwright/rule-language';
import type { MatchWanted } from '@sigwright/server';
import { FilesRead, ourSettings, ourTree } from './data-files.ts';

/** Undefined: it does not fire there, as where it needs what another rule saw before. */
export function explainMatch({ capture, ...wanted }: MatchWanted): ExplainedAttempt | undefined {
  const { plan, settings } = planOf(wanted);
  if (plan.data.sids.length === 0) return undefined;
  const engine = new Engine(plan, catalogue, settings, {});
  const explainer = new Explainer(plan.rule(0));
  engine.explainer = explainer;
  engine.feed(capture);
  engine.finish();
  return explainer.result().fired;
}

/** Undefined: the engine does not load it. */
export function ruleCost(wanted: Omit<MatchWanted, 'capture'>): RuleCost | undefined {
  const { plan } = planOf(wanted);
  return plan.data.sids.length === 0 ? undefined : costOf(plan.rule(0));
}

/** One rule, whether it is enabled or not. */
function planOf({ rule, folder, networks }: Omit<MatchWanted, 'capture'>): { readonly plan: PlanUse; readonly settings: EngineSettings } {
  const base = ourSettings([join(folder, 'any.rules')], { verifyChecksums: false, files: new FilesRead(), tree: ourTree() });
  const settings = { ...base, addressGroups: { ...base.addressGroups, ...networks } };
  const rules = parseRules(rule).rules.map((one) => ({ ...one, enabled: true }));
  return { plan: usePlan(buildPlan([{ path: 'repository', rules }], catalogue, settings).data, catalogue, settings), settings };
}
