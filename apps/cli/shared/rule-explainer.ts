/** For the pages of alerts and rules: where the conditions of a rule held on a capture, with the bytes; and what the rule costs. */
import { join } from 'node:path';
import { catalogue } from '@sigwright/catalogue';
import type { EngineSettings, Rule } from '@sigwright/contracts';
import { buildPlan, type CostGrade, costOf, Engine, type ExplainedAttempt, Explainer, type PlanUse, type RuleCost, usePlan } from '@sigwright/detection';
import { parseRules } from '@sigwright/rule-language';
import type { Grader, GraderWanted, MatchWanted } from '@sigwright/server';
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

/** Grades of many rules at once, whether they are enabled or not; without what other rules say about them. */
export function ruleGrader(wanted: GraderWanted): Grader {
  const settings = settingsOf(wanted);
  return (rules) => {
    const enabled = rules.map((one) => ({ ...one, enabled: true }));
    const plan = usePlan(buildPlan([{ path: 'repository', rules: enabled }], catalogue, settings).data, catalogue, settings);
    const grades = new Map<number, CostGrade>();
    plan.data.sids.forEach((sid, at) => {
      grades.set(sid, costOf(plan.rule(at)).grade);
    });
    return rules.map(({ sid }: Rule) => grades.get(sid));
  };
}

/** One rule, whether it is enabled or not. */
function planOf({ rule, folder, networks }: Omit<MatchWanted, 'capture'>): { readonly plan: PlanUse; readonly settings: EngineSettings } {
  const settings = settingsOf({ folder, networks });
  const rules = parseRules(rule).rules.map((one) => ({ ...one, enabled: true }));
  return { plan: usePlan(buildPlan([{ path: 'repository', rules }], catalogue, settings).data, catalogue, settings), settings };
}

function settingsOf({ folder, networks }: GraderWanted): EngineSettings {
  const base = ourSettings([join(folder, 'any.rules')], { verifyChecksums: false, files: new FilesRead(), tree: ourTree() });
  return { ...base, addressGroups: { ...base.addressGroups, ...networks } };
}
