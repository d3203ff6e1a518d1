/**
 * What `--engine-analysis` writes into the folder of the records: `rules.json`, `rules_analysis.txt`, `rules_fast_pattern.txt`,
 * `patterns.json`; and `rule_group.json`, where the configuration asks for it.
 */
import { join } from 'node:path';
import { decodeContent, encodeContent, entryOf } from '@sigwright/bytes';
import type { Failure } from '@sigwright/contracts';
import { analyseRule, groupByPorts, type MostGroups, type PlanUse } from '@sigwright/detection';
import { at, isYes, sizeOf, type Tree } from './configuration-tree.ts';
import { LineWriter } from './line-writer.ts';

interface Analysed {
  readonly raw: string;
  readonly id: number;
  readonly type: string;
  readonly flags: readonly string[];
  readonly mpm?: { readonly buffer: string; readonly pattern: string; readonly negated: boolean; readonly fast_pattern: boolean };
  readonly engines?: readonly { readonly name: string; readonly matches: readonly Match[] }[];
  readonly lists: Readonly<Record<string, { readonly matches: readonly Match[] }>>;
}

interface Match {
  readonly name: string;
  readonly content?: {
    readonly pattern: string;
    readonly length: number;
    readonly nocase: boolean;
    readonly negated: boolean;
    readonly starts_with: boolean;
    readonly ends_with: boolean;
    readonly is_mpm: boolean;
  };
}

/** `engine-analysis` of the configuration says which reports are not wanted. */
export function writeEngineAnalysis(plan: PlanUse, count: number, folder: string, storesFiles: boolean, tree: Tree): Failure | undefined {
  const file = (name: string): LineWriter => new LineWriter(join(folder, name));
  const json = file('rules.json');
  const text = isYes(at(tree, 'engine-analysis.rules'), true) ? file('rules_analysis.txt') : undefined;
  const fastPatterns = isYes(at(tree, 'engine-analysis.rules-fast-pattern'), true) ? file('rules_fast_pattern.txt') : undefined;
  const patterns = file('patterns.json');
  const inUse = new PatternsInUse();
  for (let index = 0; index < count; index++) {
    const analysed = analyseRule(plan.rule(index)) as unknown as Analysed;
    json.line(JSON.stringify(analysed));
    for (const line of describe(analysed, storesFiles)) text?.line(line);
    for (const line of fastPatternOf(analysed)) fastPatterns?.line(line);
    inUse.add(analysed);
  }
  patterns.line(JSON.stringify(inUse.shown()));
  return [json, text, fastPatterns, patterns].map((one) => one?.close()).find((failure) => failure !== undefined);
}

interface PatternInUse {
  readonly pattern: string;
  /** bytes */
  readonly patlen: number;
  /** rules that have it */
  cnt: number;
  /** of them, those whose fast pattern it is */
  mpm: number;
  readonly flags: readonly string[];
}

const PATTERN_FLAGS = ['nocase', 'negated', 'starts_with', 'ends_with'] as const;

/** Contents by buffer, each once with the number of rules that look for it: what is behind many rules stands out. */
class PatternsInUse {
  readonly #buffers = new Map<string, Map<string, PatternInUse>>();

  add({ engines = [], lists }: Analysed): void {
    const all = new Set<PatternInUse>();
    const fast = new Set<PatternInUse>();
    for (const { name, matches } of [...Object.entries(lists).map(([name, { matches }]) => ({ name, matches })), ...engines]) {
      for (const { content } of matches) {
        if (content === undefined) continue;
        const one = this.#of(name, content);
        all.add(one);
        if (content.is_mpm) fast.add(one);
      }
    }
    // A rule that has a content twice, or for two protocols, is one rule.
    for (const one of all) one.cnt++;
    for (const one of fast) one.mpm++;
  }

  #of(buffer: string, content: NonNullable<Match['content']>): PatternInUse {
    const { pattern, length } = content;
    const flags = PATTERN_FLAGS.filter((flag) => content[flag]);
    const key = `${flags.join()} ${pattern}`;
    let patterns = this.#buffers.get(buffer);
    if (patterns === undefined) {
      patterns = new Map();
      this.#buffers.set(buffer, patterns);
    }
    let one = patterns.get(key);
    if (one === undefined) {
      one = { pattern, patlen: length, cnt: 0, mpm: 0, flags };
      patterns.set(key, one);
    }
    return one;
  }

  /** Buffers with fast patterns first, each kind by name, and of a buffer what is the fast pattern of most rules. */
  shown(): { readonly buffers: readonly { readonly name: string; readonly patterns: readonly PatternInUse[] }[] } {
    const buffers = Array.from(this.#buffers, ([name, patterns]) => ({
      name,
      patterns: [...patterns.values()].sort((a, b) => b.mpm - a.mpm || b.cnt - a.cnt),
    }));
    return { buffers: buffers.sort((a, b) => Number(b.patterns[0].mpm > 0) - Number(a.patterns[0].mpm > 0) || (a.name < b.name ? -1 : 1)) };
  }
}

/** Suricata user guide, "Engine-analysis". */
function fastPatternOf({ raw, id, mpm }: Analysed): readonly string[] {
  const head = [`== Sid: ${id} ==`, raw];
  if (mpm === undefined) return [...head, '    No Fast Pattern present', ''];
  const yes = (holds: boolean): string => (holds ? 'yes' : 'no');
  const part = /fast_pattern\s*:\s*(\d+)\s*,\s*(\d+)/.exec(raw);
  const content = decodeContent(mpm.pattern);
  const bytes = 'problem' in content ? new Uint8Array(0) : content.bytes;
  const final = part === null ? bytes : bytes.subarray(Number(part[1]), Number(part[1]) + Number(part[2]));
  const lines = [
    `Fast pattern matcher: ${mpm.buffer === 'payload' ? 'content' : mpm.buffer}`,
    `Fast pattern set: ${yes(mpm.fast_pattern)}`,
    `Fast pattern only set: ${yes(/fast_pattern\s*:\s*only/.test(raw))}`,
    `Fast pattern chop set: ${yes(part !== null)}`,
    ...(part === null ? [] : [`Fast pattern offset, length: ${part[1]}, ${part[2]}`]),
    `Content negated: ${yes(mpm.negated)}`,
    `Original content: ${encodeContent(bytes)}`,
    `Final content: ${encodeContent(final)}`,
  ];
  return [...head, ...lines.map((line) => `    ${line}`), ''];
}

/** Suricata user guide, "Suricata.yaml", `detect.profile`: groups at most, by profile. */
const MOST_GROUPS: Readonly<Record<string, MostGroups>> = {
  low: { toServer: 25, toClient: 15 },
  medium: { toServer: 40, toClient: 20 },
  high: { toServer: 75, toClient: 75 },
};

export function writeRuleGroups(plan: PlanUse, count: number, folder: string, tree: Tree): Failure | undefined {
  if (!isYes(at(tree, 'detect.profiling.grouping.dump-to-disk'), false)) return undefined;
  const profile = entryOf(MOST_GROUPS, String(at(tree, 'detect.profile') ?? 'medium')) ?? MOST_GROUPS['medium'];
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
