/**
 * Rules files → a plan ready for use. Large sets are kept in the user's cache, under the hash of everything they depend on, with what
 * was said of their rules; a plan that does not fit or is damaged is made anew. Files are written under another name and renamed, never half.
 *
 * A saved file: the plan (see `savePlan`), what was said as JSON, the JSON's length and the CRC-32 of all before it (4 bytes each, little-endian).
 */
import { createHash } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { crc32 } from 'node:zlib';
import { catalogue } from '@sigwright/catalogue';
import type { Diagnostic, EngineSettings } from '@sigwright/contracts';
import { buildPlan, loadPlan, type PlanProblem, type PlanUse, type RuleSource, savePlan, usePlan } from '@sigwright/detection';
import { type LineNode, parseRules } from '@sigwright/rule-language';

export interface RuleProblem {
  readonly path: string;
  readonly line: number;
  /** 0 where the rule could not be read that far */
  readonly sid: number;
  readonly diagnostic: Diagnostic;
  /** text of the rule, and of what the diagnostic points at */
  readonly rule: string;
  readonly written: string;
}

export interface LoadedRules {
  readonly plan: PlanUse;
  readonly loaded: number;
  readonly refused: number;
  /** not for this engine, by their own word (`requires`) */
  readonly skipped: number;
  readonly problems: readonly RuleProblem[];
  readonly fromCache: boolean;
}

/** Below this many bytes of rules a plan is made in less time than it takes to look for a saved one. */
const WORTH_SAVING = 500_000;
const MOST_SAVED = 6;
const TRAILER = 8;
/** Enough to name what is wrong. */
const LONGEST_EXCERPT = 1000;

/** Undefined: nothing is to be kept. */
function cacheFolder(): string | undefined {
  const given = process.env['SIGWRIGHT_CACHE'];
  if (given === '') return undefined;
  return given ?? join(process.env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache'), 'sigwright');
}

export function loadRules(paths: readonly string[], settings: EngineSettings, options: { readonly cache: boolean } = { cache: true }): LoadedRules {
  return loadRuleFiles(
    paths.map((path) => ({ path, bytes: readFileSync(path) })),
    settings,
    options,
  );
}

/** `path`: what they are called where something is said of them. */
export function loadRuleFiles(
  files: readonly { readonly path: string; readonly bytes: Uint8Array }[],
  settings: EngineSettings,
  options: { readonly cache: boolean } = { cache: true },
): LoadedRules {
  const size = files.reduce((sum, file) => sum + file.bytes.length, 0);
  const folder = options.cache && size >= WORTH_SAVING ? cacheFolder() : undefined;
  const key = folder === undefined ? '' : keyOf(files, settings);
  if (folder !== undefined) {
    const saved = readSaved(join(folder, `${key}.plan`), key, settings);
    if (saved !== undefined) return { ...saved, loaded: saved.plan.data.ruleCount, fromCache: true };
  }
  const { sources, problems, broken } = readRules(files);
  const build = buildPlan(sources, catalogue, settings);
  problems.push(...problemsOf(build.problems, sources));
  const refused = build.refused + broken;
  if (folder !== undefined) writeSaved(folder, `${key}.plan`, savePlan(build.data, key), { refused, skipped: build.skipped, problems });
  return { plan: usePlan(build.data, catalogue, settings), loaded: build.loaded, refused, skipped: build.skipped, problems, fromCache: false };
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
    const text = new TextDecoder().decode(bytes);
    const { document, rules, diagnostics } = parseRules(text);
    const brokenLines = new Set<LineNode>();
    for (const diagnostic of diagnostics) {
      const node = document.lines.find((one) => diagnostic.at.start >= one.start && diagnostic.at.start < one.end);
      const rule = node?.kind === 'rule' ? text.slice(node.bodyStart, node.bodyEnd) : '';
      problems.push({ path, line: lineOf(text, node?.start ?? diagnostic.at.start), sid: 0, diagnostic, rule, written: excerpt(text, diagnostic) });
      if (diagnostic.severity === 'error' && node !== undefined) brokenLines.add(node);
    }
    broken += brokenLines.size;
    return { path, rules, text };
  });
  return { sources, problems, broken };
}

/** What was said of rules that could be read. */
export function problemsOf(problems: readonly PlanProblem[], sources: readonly ReadRules[]): RuleProblem[] {
  return problems.flatMap(({ path, rule, diagnostics }) => {
    const text = sources.find((source) => source.path === path)?.text ?? '';
    const line = lineOf(text, rule.span.start);
    return diagnostics.map((diagnostic) => ({ path, line, sid: rule.sid, diagnostic, rule: rule.text, written: excerpt(text, diagnostic) }));
  });
}

function excerpt(text: string, { at }: Diagnostic): string {
  return text.slice(at.start, Math.min(at.end, at.start + LONGEST_EXCERPT));
}

function lineOf(text: string, offset: number): number {
  let line = 1;
  for (let at = text.indexOf('\n'); at !== -1 && at < offset; at = text.indexOf('\n', at + 1)) line++;
  return line;
}

function keyOf(files: readonly { readonly path: string; readonly bytes: Uint8Array }[], settings: EngineSettings): string {
  const hash = createHash('sha256');
  hash.update(catalogue.fingerprint);
  hash.update(
    JSON.stringify({
      ...settings,
      decompressors: Object.keys(settings.decompressors),
      classifications: [...settings.classifications.values()],
      dataSets: [...settings.dataSets],
    }),
  );
  // Paths are part of what is said of rules; lengths keep two files apart from the same bytes in one.
  for (const { path, bytes } of files) hash.update(JSON.stringify([path, bytes.length])).update(bytes);
  // A script that comes or changes lets other rules be loaded.
  for (const { bytes } of files) {
    const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
    if (!text.includes('lua')) continue;
    for (const [, name] of text.toString('latin1').matchAll(/\blua(?:xform|jit)?:\s*!?\s*([^,;\s]+)/g)) hash.update(settings.dataFiles.read(name) ?? 'none');
  }
  return hash.digest('hex').slice(0, 40);
}

type Said = Pick<LoadedRules, 'refused' | 'skipped' | 'problems'>;

function readSaved(path: string, key: string, settings: EngineSettings): (Said & { readonly plan: PlanUse }) | undefined {
  let bytes: Uint8Array;
  try {
    bytes = readFileSync(path);
  } catch {
    return undefined;
  }
  if (bytes.byteOffset % 8 !== 0) bytes = new Uint8Array(bytes);
  const end = bytes.length - TRAILER;
  if (end < 0) return undefined;
  const trailer = new DataView(bytes.buffer, bytes.byteOffset + end, TRAILER);
  const planEnd = end - trailer.getUint32(0, true);
  if (planEnd < 0 || crc32(bytes.subarray(0, end + 4)) !== trailer.getUint32(4, true)) return undefined;
  const plan = loadPlan(bytes.subarray(0, planEnd), key);
  if (!plan.ok) return undefined;
  const said = JSON.parse(new TextDecoder().decode(bytes.subarray(planEnd, end))) as Said;
  return { ...said, plan: usePlan(plan.value, catalogue, settings) };
}

/** A cache that can not be written is no reason to stop. */
function writeSaved(folder: string, name: string, plan: Uint8Array, said: Said): void {
  const temporary = join(folder, `${name}.${process.pid}.tmp`);
  const text = new TextEncoder().encode(JSON.stringify(said));
  const bytes = new Uint8Array(plan.length + text.length + TRAILER);
  bytes.set(plan);
  bytes.set(text, plan.length);
  const trailer = new DataView(bytes.buffer, plan.length + text.length);
  trailer.setUint32(0, text.length, true);
  trailer.setUint32(4, crc32(bytes.subarray(0, bytes.length - 4)), true);
  try {
    mkdirSync(folder, { recursive: true });
    writeFileSync(temporary, bytes, { flush: true });
    renameSync(temporary, join(folder, name));
    tidy(folder);
  } catch {
    try {
      rmSync(temporary, { force: true });
    } catch {
      // The folder itself can not be used.
    }
  }
}

/** Another run may write half a minute long; what is older than this was left by one that was killed. */
const LEFT_BEHIND_MS = 600_000;

function tidy(folder: string): void {
  const files = readdirSync(folder).map((name) => ({ name, time: statSync(join(folder, name), { throwIfNoEntry: false })?.mtimeMs ?? 0 }));
  const plans = files.filter(({ name }) => name.endsWith('.plan')).sort((a, b) => b.time - a.time);
  const newest = plans[0]?.time ?? 0;
  const killed = files.filter(({ name, time }) => name.endsWith('.tmp') && newest - time > LEFT_BEHIND_MS);
  for (const { name } of [...plans.slice(MOST_SAVED), ...killed]) rmSync(join(folder, name), { force: true });
}
