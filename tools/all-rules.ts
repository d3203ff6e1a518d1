/** For what runs a whole ruleset over captures: the shipped configuration with every network taken for anybody's, and every rule switched on. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { catalogue } from '@sigwright/catalogue';
import type { Rule } from '@sigwright/contracts';
import { buildPlan, type PlanBuild } from '@sigwright/detection';
import { parseRules } from '@sigwright/rule-language';
import { configurationOf } from '../apps/cli/shared/configuration.ts';
import { readYaml, setValue } from '../apps/cli/shared/configuration-tree.ts';

const tree = readYaml(join(import.meta.dirname, '..', 'apps', 'cli', 'suricata.yaml'));
setValue(tree, 'vars.address-groups.HOME_NET=any');
setValue(tree, 'vars.address-groups.EXTERNAL_NET=any');
export const { settings, eve } = configurationOf(tree, { verifyChecksums: false, inline: false });

/** `naive`: the oracle, which asks every rule. */
export function buildAll(path: string, naive = false): PlanBuild {
  const rules = parseRules(readFileSync(path, 'utf8')).rules.map((rule): Rule => ({ ...rule, enabled: true }));
  return buildPlan([{ path, rules }], catalogue, settings, { naive });
}
