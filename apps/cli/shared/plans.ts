/**
 * Rules files → a plan ready for use. Large sets are kept in the user's cache, under the hash of everything they depend on;
 * a plan that does not fit or is damaged is made anew. Files are written under another name and renamed, never half.
 */
import { createHash } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { catalogue } from '@sigwright/catalogue';
import type { Diagnostic, EngineSettings } from '@sigwright/contracts';
import { buildPlan, loadPlan, type PlanUse, savePlan, usePlan } from '@sigwright/detection';
import { parseRules } from '@sigwright/rule-language';

export interface LoadedRules {
  readonly plan: PlanUse;
  readonly loaded: number;
  readonly refused: number;
  /** where, and what: empty for a saved plan, whose refused rules are counted only */
  readonly problems: readonly { readonly path: string; readonly line: number; readonly sid: number; readonly diagnostic: Diagnostic; readonly text: string }[];
  readonly fromCache: boolean;
}

/** Below this many bytes of rules a plan is made in less time than it takes to look for a saved one. */
const WORTH_SAVING = 500_000;
const MOST_SAVED = 6;

function cacheFolder(): string {
  return process.env['SIGWRIGHT_CACHE'] ?? join(process.env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache'), 'sigwright');
}

export function loadRules(paths: readonly string[], settings: EngineSettings, options: { readonly cache: boolean } = { cache: true }): LoadedRules {
  const files = paths.map((path) => ({ path, bytes: readFileSync(path) }));
  const size = files.reduce((sum, file) => sum + file.bytes.length, 0);
  const key = options.cache && size >= WORTH_SAVING ? keyOf(files, settings) : undefined;
  const saved = key === undefined ? undefined : join(cacheFolder(), `${key}.plan`);
  if (saved !== undefined && key !== undefined) {
    const plan = readSaved(saved, key, settings);
    if (plan !== undefined) return { plan, loaded: plan.data.ruleCount, refused: 0, problems: [], fromCache: true };
  }
  const problems: { path: string; line: number; sid: number; diagnostic: Diagnostic; text: string }[] = [];
  let broken = 0;
  const sources = files.map(({ path, bytes }) => {
    const text = new TextDecoder().decode(bytes);
    const { rules, diagnostics } = parseRules(text);
    for (const diagnostic of diagnostics) {
      problems.push({ path, line: lineOf(text, diagnostic.at.start), sid: 0, diagnostic, text });
      if (diagnostic.severity === 'error') broken++;
    }
    return { path, rules, text };
  });
  const build = buildPlan(sources, catalogue, settings);
  for (const { path, rule, diagnostics } of build.problems) {
    const text = sources.find((source) => source.path === path)?.text ?? '';
    for (const diagnostic of diagnostics) problems.push({ path, line: lineOf(text, rule.span.start), sid: rule.sid, diagnostic, text });
  }
  if (saved !== undefined && key !== undefined) writeSaved(saved, savePlan(build.data, key));
  return { plan: usePlan(build.data, catalogue, settings), loaded: build.loaded, refused: build.refused + broken, problems, fromCache: false };
}

function lineOf(text: string, offset: number): number {
  let line = 1;
  for (let at = text.indexOf('\n'); at !== -1 && at < offset; at = text.indexOf('\n', at + 1)) line++;
  return line;
}

function keyOf(files: readonly { readonly path: string; readonly bytes: Uint8Array }[], settings: EngineSettings): string {
  const hash = createHash('sha256');
  hash.update(catalogue.fingerprint);
  hash.update(JSON.stringify({ ...settings, decompressors: Object.keys(settings.decompressors), classifications: [...settings.classifications.values()] }));
  for (const { bytes } of files) hash.update(bytes);
  return hash.digest('hex').slice(0, 40);
}

function readSaved(path: string, key: string, settings: EngineSettings): PlanUse | undefined {
  let bytes: Uint8Array;
  try {
    bytes = readFileSync(path);
  } catch {
    return undefined;
  }
  if (bytes.byteOffset % 8 !== 0) bytes = new Uint8Array(bytes);
  const plan = loadPlan(bytes, key);
  return plan.ok ? usePlan(plan.value, catalogue, settings) : undefined;
}

/** A cache that can not be written is no reason to stop. */
function writeSaved(path: string, bytes: Uint8Array): void {
  const folder = cacheFolder();
  const temporary = `${path}.${process.pid}.tmp`;
  try {
    mkdirSync(folder, { recursive: true });
    writeFileSync(temporary, bytes);
    renameSync(temporary, path);
    const plans = readdirSync(folder)
      .filter((name) => name.endsWith('.plan'))
      .map((name) => ({ name, time: statSync(join(folder, name)).mtimeMs }))
      .sort((a, b) => b.time - a.time);
    for (const { name } of plans.slice(MOST_SAVED)) rmSync(join(folder, name), { force: true });
  } catch {
    rmSync(temporary, { force: true });
  }
}
