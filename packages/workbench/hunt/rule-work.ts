/**
 * Proofs and syntheses as work that many share: what a job carries, and what is made of its results. The rules and their files go with
 * the job, so that every worker has the same, and none needs the repository.
 */
import { randomUUID } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { type ProofReport, type RuleProof, reportOf } from '../prove/prove.ts';
import type { Repository } from '../repository/repository.ts';
import type { Store } from '../store/store.ts';
import { type Bundle, filesBelow, packBundle } from './bundle.ts';

/** Begins a job of kind `prove`: these rules of a repository, or all; its number. */
export async function beginProof(
  store: Store,
  repository: Repository,
  { by, sids }: { readonly by: string; readonly sids?: ReadonlySet<number> },
): Promise<number> {
  const chosen = repository.rules.filter(({ rule }) => sids === undefined || sids.has(rule.sid)).map(({ rule }) => rule.sid);
  const evidence = chosen.flatMap((sid) => {
    const folder = join(repository.folder, 'evidence', String(sid));
    return existsSync(folder) ? filesBelow(folder, `evidence/${sid}`) : [];
  });
  const files = [
    { path: 'ruleset.yaml', bytes: readFileSync(join(repository.folder, 'ruleset.yaml')) },
    ...filesBelow(join(repository.folder, 'rules'), 'rules'),
    ...evidence,
  ];
  return store.hunts.begin({
    key: randomUUID(),
    kind: 'prove',
    by,
    title: `proof of ${repository.settings.name}`,
    rules: packBundle({ options: {}, files }),
    items: [...new Set(chosen)].map(String),
  });
}

/** As workers hand it back: JSON that the other side wrote, so its shape is checked. */
const Proof = z.object({
  sid: z.number().int(),
  message: z.string(),
  category: z.string(),
  ok: z.boolean(),
  excused: z.enum(['disabled', 'retired', 'deleted']).optional(),
  checks: z.array(
    z.object({
      capture: z.string(),
      kind: z.enum(['fires', 'silent', 'benign']),
      wanted: z.number(),
      got: z.number(),
      ok: z.boolean(),
      says: z.string(),
      reason: z.string(),
      packets: z.array(z.number()),
    }),
  ),
  missing: z.array(z.string()),
});

/** The proofs of a job that ended, in the order of the repository; what was set aside, or given up, is not proved. */
export async function proofOf(store: Store, job: number, repository: Repository): Promise<ProofReport> {
  const known = new Map<number, RuleProof>();
  const captures = new Set<string>();
  for await (const { line } of store.hunts.lines(job)) {
    const proof = Proof.safeParse(jsonOf(line)).data as RuleProof | undefined;
    if (proof === undefined) continue;
    known.set(proof.sid, proof);
    for (const { capture } of proof.checks) captures.add(`${proof.sid}/${capture}`);
  }
  const states = await store.hunts.states(job);
  const proofs = repository.rules.flatMap(({ rule, category }) => {
    const state = states.get(String(rule.sid));
    if (state === undefined) return [];
    const failed: RuleProof = { sid: rule.sid, message: rule.message, category, ok: false, checks: [], missing: [lacking(state)] };
    return [known.get(rule.sid) ?? failed];
  });
  return reportOf(proofs, captures.size);
}

function lacking({ state, said }: { readonly state: string; readonly said: string }): string {
  if (state === 'aside') return `workers set it aside: ${said}`;
  return state === 'left' ? 'it was given up before a worker came to it' : 'what the worker handed back can not be read';
}

export interface SynthesisRequest {
  readonly by: string;
  readonly title: string;
  readonly sids: readonly number[];
  /** rules and the files that they name, below `rules/`; `suricata.yaml` where one is given */
  readonly files: Bundle['files'];
  readonly networks: Readonly<Record<string, string>>;
  /** also traffic that does not fire them */
  readonly silent: boolean;
}

/** Begins a job of kind `synthesize`; its number. */
export async function beginSynthesis(store: Store, { by, title, sids, files, networks, silent }: SynthesisRequest): Promise<number> {
  const rules = packBundle({ options: { networks: JSON.stringify(networks), silent }, files });
  return store.hunts.begin({ key: randomUUID(), kind: 'synthesize', by, title, rules, items: [...new Set(sids)].map(String) });
}

const base64 = z.base64().transform((text): Uint8Array => new Uint8Array(Buffer.from(text, 'base64')));

/** What a worker made for a rule. */
export const SynthesizedRule = z.union([
  z.object({ sid: z.number().int(), problem: z.string() }),
  z.object({
    sid: z.number().int(),
    alerts: z.number().int(),
    shows: z.string(),
    fires: base64,
    silent: z.array(z.object({ because: z.string(), capture: base64 })).readonly(),
  }),
]);
export type SynthesizedRule = z.infer<typeof SynthesizedRule>;

/** Of a job that ended, by number of rule. */
export async function* synthesizedOf(store: Store, job: number): AsyncGenerator<SynthesizedRule> {
  const states = await store.hunts.states(job);
  for await (const { capture, line } of store.hunts.lines(job)) {
    const made = SynthesizedRule.safeParse(jsonOf(line)).data;
    if (made === undefined || String(made.sid) !== capture) continue;
    states.delete(capture);
    yield made;
  }
  for (const [item, state] of states) yield { sid: Number(item), problem: lacking(state) };
}

function jsonOf(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return undefined;
  }
}
