/**
 * "Is this draft already covered?" A rule asked of an index over rules: those that detect exactly the same, those that fire wherever
 * its names and addresses occur, and those that share a telling content with it.
 */
import type { Rule, RuleOption } from '@sigwright/contracts';
import { buildCoverage, type Coverage, type CoverageHit } from './coverage.ts';
import { contentText, matchesOf } from './rule-matches.ts';

export interface RuleHit extends Omit<CoverageHit, 'how'> {
  /** exact: the same detection, or one that stands for the same name · broader: fires there and elsewhere · overlapping: in some cases */
  readonly how: 'exact' | 'broader' | 'overlapping';
  /** what they share */
  readonly by: string;
}

export interface RuleCoverage extends Coverage {
  findRule(draft: Rule): readonly RuleHit[];
}

/** Options that name, number and document a rule. */
const NO_DETECTION: ReadonlySet<string> = new Set(['msg', 'reference', 'classtype', 'priority', 'gid', 'sid', 'rev', 'metadata', 'target']);
/** `by` of a hit that detects exactly the same. */
export const SAME_DETECTION = 'header and conditions';
/** A content that is shorter, or stands in more rules, says little. */
const SHORTEST_CONTENT = 6;
const MOST_SHARERS = 50;
const MOST_HITS = 200;
const ORDER = { exact: 0, broader: 1, overlapping: 2 } as const;

export function buildRuleCoverage(rules: readonly Rule[]): RuleCoverage {
  const coverage = buildCoverage(rules);
  const byDetection = new Map<string, Rule[]>();
  const byContent = new Map<string, Rule[]>();
  for (const rule of rules) {
    push(byDetection, detectionOf(rule), rule);
    for (const content of contentsOf(rule)) push(byContent, content, rule);
  }
  return {
    ...coverage,
    findRule(draft) {
      const hits = new Map<number, RuleHit>();
      const add = (rule: Rule, how: RuleHit['how'], buffer: string, by: string): void => {
        const before = hits.get(rule.sid);
        if (rule.text === draft.text && rule.sid === draft.sid) return;
        if (before === undefined || ORDER[how] < ORDER[before.how])
          hits.set(rule.sid, { sid: rule.sid, how, enabled: rule.enabled, message: rule.message, buffer, rule, by });
      };
      for (const rule of byDetection.get(detectionOf(draft)) ?? []) add(rule, 'exact', '', SAME_DETECTION);
      const { names, demandsMore, paths } = matchesOf(draft);
      const alone = names.length === 1 && !demandsMore && paths.length === 0;
      for (const { name, anchor, buffer } of names) {
        for (const hit of coverage.find({ type: 'domain', value: name })) {
          // A rule for other places of the name is fired by other traffic: it overlaps, no more.
          const same = hit.buffer === buffer;
          // What ends as the draft wants it is caught by whoever catches that end; what only contains it need not be.
          const all = anchor !== 'part' || hit.how === 'exact';
          add(hit.rule, !same || !all || hit.how === 'narrower' ? 'overlapping' : hit.how === 'exact' && alone ? 'exact' : 'broader', hit.buffer, name);
        }
      }
      for (const { text } of [draft.source, draft.destination]) {
        if (text.startsWith('!')) continue;
        for (const [address] of text.matchAll(/(?<![!\d.])\d{1,3}(?:\.\d{1,3}){3}(?:\/\d+)?/g))
          for (const hit of coverage.find({ type: 'ipv4', value: address }))
            add(hit.rule, hit.how === 'narrower' ? 'overlapping' : hit.how, hit.buffer, address);
      }
      for (const content of contentsOf(draft)) {
        const sharers = byContent.get(content) ?? [];
        if (sharers.length <= MOST_SHARERS) for (const rule of sharers) add(rule, 'overlapping', '', content);
      }
      return [...hits.values()].sort((a, b) => ORDER[a.how] - ORDER[b.how] || Number(b.enabled) - Number(a.enabled) || a.sid - b.sid).slice(0, MOST_HITS);
    },
  };
}

function detectionOf({ action, protocol, source, sourcePorts, direction, destination, destinationPorts, options }: Rule): string {
  const header = [action, protocol, source.text, sourcePorts.text, direction, destination.text, destinationPorts.text].join(' ');
  const conditions = options.filter(({ name }) => !NO_DETECTION.has(name)).map(({ name, value }) => `${name}:${value ?? ''}`);
  return `${header} ${conditions.join(';')}`;
}

function contentsOf(rule: Rule): string[] {
  const isContent = ({ name, value }: RuleOption): boolean => name === 'content' && value !== undefined && !value.startsWith('!');
  return [...new Set(rule.options.filter(isContent).map(({ value }) => contentText(value!).toLowerCase()))].filter((text) => text.length >= SHORTEST_CONTENT);
}

function push<Value>(map: Map<string, Value[]>, key: string, value: Value): void {
  const list = map.get(key);
  if (list === undefined) map.set(key, [value]);
  else list.push(value);
}
