/** Rules files → a plan ready for use, taken from what an earlier run kept where that fits (plan-cache.ts). */
import { readFileSync } from 'node:fs';
import { append, fileText, leading } from '@sigwright/bytes';
import { catalogue } from '@sigwright/catalogue';
import { type Diagnostic, type EngineSettings, error } from '@sigwright/contracts';
import { buildPlan, type PlanProblem, type RuleSource, savePlan, usePlan } from '@sigwright/detection';
import { type LineNode, parseRules } from '@sigwright/rule-language';
import type { LoadedRules, RuleProblem } from './loaded-rules.ts';
import { cacheFolder, type FoundPlan, findByStamps, keyOf, readSaved, rememberStamps, type StampedFiles, stampsOf, writeSaved } from './plan-cache.ts';

/** Below this many bytes of rules a plan is made in less time than it takes to look for a saved one. */
const WORTH_SAVING = 500_000;
/** Enough to name what is wrong. */
const LONGEST_EXCERPT = 1000;
/** A zero so early says that a file is no text: a capture, a packed archive, UTF-16. */
const BEGINNING = 1024;
const NOT_TEXT = error('rule/not-text', 'this is no text but something binary', { start: 0, end: 0 }, 'name a file of rules, in UTF-8');

export function loadRules(paths: readonly string[], settings: EngineSettings, options: { readonly cache: boolean } = { cache: true }): LoadedRules {
  const folder = options.cache ? cacheFolder() : undefined;
  const stamps = folder === undefined ? undefined : stampsOf(paths);
  if (folder !== undefined && stamps !== undefined && stamps.size >= WORTH_SAVING) {
    const found = findByStamps(folder, stamps, settings);
    if (found !== undefined) return loadedFrom(found);
  }
  return loadOrBuild(
    paths.map((path) => ({ path, bytes: readFileSync(path) })),
    settings,
    folder,
    stamps,
  );
}

/** `path`: what they are called where something is said of them. */
export function loadRuleFiles(
  files: readonly { readonly path: string; readonly bytes: Uint8Array }[],
  settings: EngineSettings,
  options: { readonly cache: boolean } = { cache: true },
): LoadedRules {
  return loadOrBuild(files, settings, options.cache ? cacheFolder() : undefined, undefined);
}

function loadOrBuild(
  files: readonly { readonly path: string; readonly bytes: Uint8Array }[],
  settings: EngineSettings,
  cache: string | undefined,
  stamps: StampedFiles | undefined,
): LoadedRules {
  const size = files.reduce((sum, file) => sum + file.bytes.length, 0);
  const folder = size >= WORTH_SAVING ? cache : undefined;
  const key = folder === undefined ? '' : keyOf(files, settings);
  const saved = folder === undefined ? undefined : readSaved(folder, key, settings);
  if (folder !== undefined && saved !== undefined) {
    rememberStamps(folder, stamps, settings, files, key);
    return loadedFrom(saved);
  }
  const { sources, problems, broken } = readRules(files);
  const build = buildPlan(sources, catalogue, settings);
  append(problems, problemsOf(build.problems, sources));
  const refused = build.refused + broken;
  if (folder !== undefined) {
    writeSaved(folder, key, savePlan(build.data, key), { refused, skipped: build.skipped, problems });
    rememberStamps(folder, stamps, settings, files, key);
  }
  return { plan: usePlan(build.data, catalogue, settings), loaded: build.loaded, refused, skipped: build.skipped, problems, fromCache: false };
}

function loadedFrom(found: FoundPlan): LoadedRules {
  return { ...found, loaded: found.plan.data.ruleCount, fromCache: true };
}

export interface ReadRules extends RuleSource {
  readonly text: string;
}

/** `broken`: how many rules could not be read at all. */
export function readRules(files: readonly { readonly path: string; readonly bytes: Uint8Array }[]): {
  readonly sources: readonly ReadRules[];
  readonly problems: RuleProblem[];
  readonly broken: number;
} {
  const problems: RuleProblem[] = [];
  let broken = 0;
  const sources = files.map(({ path, bytes }) => {
    if (bytes.subarray(0, BEGINNING).includes(0)) {
      broken++;
      problems.push({ path, line: 1, sid: 0, diagnostic: NOT_TEXT, rule: '', written: '' });
      return { path, rules: [], text: '' };
    }
    const text = fileText(bytes);
    const { document, rules, diagnostics } = parseRules(text);
    const brokenLines = new Set<LineNode>();
    const lineOf = lineNumbers(text);
    for (const diagnostic of diagnostics) {
      const { start } = diagnostic.at;
      const node: LineNode | undefined = document.lines[leading(document.lines, (one) => one.end <= start)];
      const rule = node?.kind === 'rule' ? text.slice(node.bodyStart, node.bodyEnd) : '';
      problems.push({ path, line: lineOf(node?.start ?? start), sid: 0, diagnostic, rule, written: excerpt(text, diagnostic) });
      if (diagnostic.severity === 'error' && node !== undefined) brokenLines.add(node);
    }
    broken += brokenLines.size;
    return { path, rules, text };
  });
  return { sources, problems, broken };
}

/** What was said of rules that could be read. */
export function problemsOf(problems: readonly PlanProblem[], sources: readonly ReadRules[]): RuleProblem[] {
  const known = new Map(sources.map(({ path, text }) => [path, { text, lineOf: lineNumbers(text) }]));
  return problems.flatMap(({ path, rule, diagnostics }) => {
    const { text, lineOf } = known.get(path)!;
    const line = lineOf(rule.span.start);
    return diagnostics.map((diagnostic) => ({ path, line, sid: rule.sid, diagnostic, rule: rule.text, written: excerpt(text, diagnostic) }));
  });
}

function excerpt(text: string, { at }: Diagnostic): string {
  return text.slice(at.start, Math.min(at.end, at.start + LONGEST_EXCERPT));
}

/** Lines of offsets, the first one 1; the text is read once, when it is asked. */
function lineNumbers(text: string): (offset: number) => number {
  let ends: number[] | undefined;
  return (offset) => {
    if (ends === undefined) {
      ends = [];
      for (let at = text.indexOf('\n'); at !== -1; at = text.indexOf('\n', at + 1)) ends.push(at);
    }
    return leading(ends, (end) => end < offset) + 1;
  };
}
