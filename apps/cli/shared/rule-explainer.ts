/** Where the conditions of a rule held on a capture, with the bytes: for the pages of alerts. */
import { join } from 'node:path';
import { catalogue } from '@sigwright/catalogue';
import { buildPlan, Engine, type ExplainedAttempt, Explainer, usePlan } from '@sigwright/detection';
import { parseRules } from '@sigwright/rule-language';
import type { MatchWanted } from '@sigwright/server';
import { FilesRead, ourSettings, ourTree } from './data-files.ts';

/** Undefined: it does not fire there, as where it needs what another rule saw before. */
export function explainMatch({ rule, capture, folder, networks }: MatchWanted): ExplainedAttempt | undefined {
  const base = ourSettings([join(folder, 'any.rules')], { verifyChecksums: false, files: new FilesRead(), tree: ourTree() });
  const settings = { ...base, addressGroups: { ...base.addressGroups, ...networks } };
  const plan = usePlan(buildPlan([{ path: 'repository', rules: parseRules(rule).rules }], catalogue, settings).data, catalogue, settings);
  if (plan.data.sids.length === 0) return undefined;
  const engine = new Engine(plan, catalogue, settings, {});
  const explainer = new Explainer(plan.rule(0));
  engine.explainer = explainer;
  engine.feed(capture);
  engine.finish();
  return explainer.result().fired;
}
