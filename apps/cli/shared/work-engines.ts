/** What a worker can do, by kind of work: captures with the rules of a hunt, proofs, and traffic for rules. */
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseRules } from '@sigwright/rule-language';
import { type HuntEngine, type HuntOutcome, openRepository, prover, unpackBundle, type WorkKind } from '@sigwright/workbench';
import type { Archive } from './archive.ts';
import { huntEngine } from './hunt-engine.ts';
import { proofRunner } from './proof-runner.ts';
import { synthesizerAt } from './synthesis.ts';

/** Without an archive hunts are set aside, with the reason. */
export function workEngines(archive: Archive | undefined): (kind: WorkKind, rules: string, networks: string | undefined) => HuntEngine {
  const hunt = archive === undefined ? undefined : huntEngine(archive);
  return (kind, rules, networks) => {
    if (kind === 'prove') return proofEngine(rules);
    if (kind === 'synthesize') return synthesisEngine(rules);
    if (hunt === undefined) throw new Error('this worker has no archive: start it with --archive');
    return hunt(rules, networks);
  };
}

/** A result that is no hunt's: one line of JSON. */
const made = (result: unknown): HuntOutcome => ({ packets: 0, bytes: 0, hits: [], lines: [JSON.stringify(result)] });

/** Between rules the worker speaks to its broker. */
const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

function proofEngine(bundle: string): HuntEngine {
  const { folder } = unpacked(bundle);
  const opened = openRepository(folder);
  if (!opened.ok) throw new Error(opened.message);
  const repository = opened.value;
  const { proveRule } = prover(repository, proofRunner());
  const rules = new Map(repository.rules.map((one) => [String(one.rule.sid), one]));
  return async (sid) => {
    await turn();
    const rule = rules.get(sid);
    if (rule === undefined) throw new Error(`no rule has sid ${sid}`);
    return made(proveRule(rule));
  };
}

function synthesisEngine(bundle: string): HuntEngine {
  const { folder, options } = unpacked(bundle);
  const inRules = join(folder, 'rules');
  const files = readdirSync(inRules, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.rules'))
    .sort();
  const rules = files.flatMap((name) => parseRules(readFileSync(join(inRules, name), 'utf8')).rules);
  const networks = JSON.parse(String(options['networks'] ?? '{}')) as Record<string, string>;
  const config = readdirSync(folder).includes('suricata.yaml') ? { config: join(folder, 'suricata.yaml') } : {};
  const synthesizer = synthesizerAt({ rules, ruleFiles: [join(inRules, 'any.rules')], networks, ...config });
  return async (sid) => {
    await turn();
    const rule = rules.find((one) => String(one.sid) === sid);
    if (rule === undefined) throw new Error(`no rule has sid ${sid}`);
    const result = synthesizer.synthesize(rule, { silent: options['silent'] === true });
    if ('problem' in result) return made({ sid: rule.sid, problem: result.problem });
    const text = (bytes: Uint8Array): string => Buffer.from(bytes).toString('base64');
    return made({ ...result, fires: text(result.fires), silent: result.silent.map((one) => ({ ...one, capture: text(one.capture) })) });
  };
}

/** In a folder that goes with the process; a worker that was killed leaves it to the system. */
function unpacked(bundle: string): { readonly folder: string; readonly options: Readonly<Record<string, string | boolean>> } {
  const folder = mkdtempSync(join(tmpdir(), 'sigwright-work-'));
  process.once('exit', () => rmSync(folder, { recursive: true, force: true }));
  const options = unpackBundle(bundle, folder);
  mkdirSync(join(folder, 'rules'), { recursive: true });
  return { folder, options };
}
