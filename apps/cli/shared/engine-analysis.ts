/**
 * What `--engine-analysis` writes into the folder of the records: `rules.json`, `rules_analysis.txt`, `rules_fast_pattern.txt`; and
 * `rule_group.json`, where the configuration asks for it.
 */
import { join } from 'node:path';
import type { Failure } from '@sigwright/contracts';
import { analyseRule, groupByPorts, type MostGroups, type PlanUse } from '@sigwright/detection';
import { at, isYes, sizeOf, type Tree } from './configuration-tree.ts';
import { LineWriter } from './line-writer.ts';

interface Analysed {
  readonly raw: string;
  readonly id: number;
  readonly type: string;
  readonly flags: readonly string[];
  readonly mpm?: { readonly buffer: string; readonly pattern: string };
  readonly engines?: readonly { readonly name: string; readonly matches: readonly Match[] }[];
  readonly lists: Readonly<Record<string, { readonly matches: readonly Match[] }>>;
}

interface Match {
  readonly name: string;
}

export function writeEngineAnalysis(plan: PlanUse, count: number, folder: string, storesFiles: boolean): Failure | undefined {
  const [json, text, patterns] = ['rules.json', 'rules_analysis.txt', 'rules_fast_pattern.txt'].map((name) => new LineWriter(join(folder, name)));
  for (let index = 0; index < count; index++) {
    const analysed = analyseRule(plan.rule(index)) as unknown as Analysed;
    json.line(JSON.stringify(analysed));
    for (const line of describe(analysed, storesFiles)) text.line(line);
    patterns.line(`== Sid: ${analysed.id} ==`);
    patterns.line(analysed.raw);
    patterns.line(analysed.mpm === undefined ? '    No Fast Pattern present' : `    Fast Pattern: "${analysed.mpm.pattern}" on buffer: ${analysed.mpm.buffer}`);
    patterns.line('');
  }
  return [json, text, patterns].map((file) => file.close()).find((failure) => failure !== undefined);
}

/** Suricata user guide, "Suricata.yaml", `detect.profile`: groups at most, by profile. */
const MOST_GROUPS: Readonly<Record<string, MostGroups>> = {
  low: { toServer: 25, toClient: 15 },
  medium: { toServer: 40, toClient: 20 },
  high: { toServer: 75, toClient: 75 },
};

export function writeRuleGroups(plan: PlanUse, count: number, folder: string, tree: Tree): Failure | undefined {
  if (!isYes(at(tree, 'detect.profiling.grouping.dump-to-disk'), false)) return undefined;
  const profile = MOST_GROUPS[String(at(tree, 'detect.profile') ?? 'medium')] ?? MOST_GROUPS['medium'];
  const custom = at(tree, 'detect.profile') === 'custom' ? at(tree, 'detect.custom-values') : undefined;
  const most = { toServer: sizeOf(at(custom, 'toserver-groups'), profile.toServer), toClient: sizeOf(at(custom, 'toclient-groups'), profile.toClient) };
  const file = new LineWriter(join(folder, 'rule_group.json'));
  const rules = Array.from({ length: count }, (_, index) => plan.rule(index));
  file.line(JSON.stringify(groupByPorts(rules, most)));
  return file.close();
}

/** Lines about one rule, in the order of Suricata's own report. */
function describe({ raw, id, type, flags, mpm, engines = [], lists }: Analysed, storesFiles: boolean): string[] {
  const matches = [...Object.values(lists).flatMap((list) => list.matches), ...engines.flatMap((engine) => engine.matches)];
  const count = (name: string): number => matches.filter((match) => match.name === name).length;
  const both = flags.includes('toserver') && flags.includes('toclient');
  const warnings = [
    ...(/[(;]\s*filestore\s*[;:]/.test(raw) && !storesFiles ? ['Rule requires file-store but the output file-store is not enabled.'] : []),
    ...(type === 'app_tx' && both ? ['Rule inspects both directions: say which with flow.'] : []),
    ...(count('pcre') > 0 && count('content') === 0 ? ['Rule uses pcre without a content option: it is evaluated wherever it may match.'] : []),
  ];
  return [
    `== Sid: ${id} ==`,
    raw,
    `    Rule is of type ${type}.`,
    `    Rule contains ${count('content')} content options and ${count('pcre')} pcre options.`,
    ...(engines.length > 0 ? [`    Rule inspects ${[...new Set(engines.map(({ name }) => name))].join(', ')}.`] : []),
    ...(mpm === undefined ? [] : [`    Fast Pattern "${mpm.pattern}" on "${mpm.buffer}" buffer.`]),
    ...(warnings.length > 0 ? warnings.map((warning) => `    Warning: ${warning}`) : ['    No warnings for this rule.']),
    '',
  ];
}
