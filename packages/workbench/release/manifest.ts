/**
 * The bill of materials of a release: every rule with its digest and where it comes from (report, source, who is credited, what
 * proves it), and every file with its digests. Signed, it answers for all of it.
 */
import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Rule } from '@sigwright/contracts';
import { metadataOf } from '../repository/metadata.ts';
import { type Repository, roleOf } from '../repository/repository.ts';
import type { ReleaseRule } from './compare.ts';
import { AS_WRITTEN, type EngineSet } from './engines.ts';

export const MANIFEST_FORMAT = 2;

export interface ManifestRule {
  readonly sid: number;
  readonly rev: number;
  readonly file: string;
  readonly enabled: boolean;
  /** of the rule's text, without a comment mark */
  readonly sha256: string;
  readonly role: string;
  readonly created: string;
  readonly updated: string;
  readonly references: readonly string[];
  /** absent where no report names the rule */
  readonly report?: { readonly slug: string; readonly source: string; readonly credits: readonly string[] };
  /** in each engine's folder: where it is the same there, `as written`; else how it was proved to be equal, or why it is left out */
  readonly engines: Readonly<Record<string, ManifestEngineRule>>;
  readonly evidence: readonly { readonly capture: string; readonly must: 'fire' | 'stay silent'; readonly sha256: string }[];
}

export type ManifestEngineRule =
  | typeof AS_WRITTEN
  | { readonly refused: string }
  | { readonly proof: string; readonly notes: readonly string[] /** of the rule's text there */; readonly sha256: string };

export interface ReleaseManifest {
  readonly format: typeof MANIFEST_FORMAT;
  readonly name: string;
  readonly title: string;
  readonly version: string;
  readonly date: string;
  readonly licence: string;
  readonly previous: string;
  readonly rules: readonly ManifestRule[];
  readonly files: Readonly<Record<string, { readonly bytes: number; readonly md5: string; readonly sha256: string }>>;
}

export function manifestOf(
  repository: Repository,
  rules: readonly ReleaseRule[],
  files: ReadonlyMap<string, Uint8Array>,
  release: { readonly version: string; readonly date: string; readonly previous: string | undefined; readonly engines: readonly EngineSet[] },
): ReleaseManifest {
  const { name, title, licence } = repository.settings;
  const inEngines = engineRules(release.engines);
  return {
    format: MANIFEST_FORMAT,
    name,
    title,
    version: release.version,
    date: release.date,
    licence,
    previous: release.previous ?? '',
    rules: rules.map((one) => manifestRule(repository, one, inEngines(one.rule.sid))),
    files: Object.fromEntries(
      [...files]
        .sort(([a], [b]) => (a < b ? -1 : 1))
        .map(([path, bytes]) => [path, { bytes: bytes.length, md5: digest('md5', bytes), sha256: digest('sha256', bytes) }]),
    ),
  };
}

/** SID → its place in each engine's folder. */
function engineRules(engines: readonly EngineSet[]): (sid: number) => ManifestRule['engines'] {
  const sets = engines.map(({ engine, rules, refused }) => ({ engine, refused, rules: new Map(rules.map((one) => [one.rule.sid, one])) }));
  return (sid) =>
    Object.fromEntries(
      sets.map(({ engine, rules, refused }) => {
        const found = rules.get(sid);
        if (found === undefined) return [engine, { refused: refused.get(sid) ?? '' }];
        return [engine, found.proof === AS_WRITTEN ? AS_WRITTEN : { proof: found.proof, notes: found.notes, sha256: digest('sha256', found.rule.text) }];
      }),
    );
}

function manifestRule(repository: Repository, { rule, file }: ReleaseRule, engines: ManifestRule['engines']): ManifestRule {
  const report = repository.reports.find((one) => one.rules.some(({ sid }) => sid === rule.sid));
  const expectation = repository.evidence.get(rule.sid);
  const folder = join(repository.folder, 'evidence', String(rule.sid));
  const proof = (capture: string, must: 'fire' | 'stay silent'): ManifestRule['evidence'][number] => {
    const path = join(folder, capture);
    return { capture, must, sha256: existsSync(path) ? digest('sha256', readFileSync(path)) : '' };
  };
  return {
    sid: rule.sid,
    rev: rule.rev,
    file,
    enabled: rule.enabled,
    sha256: digest('sha256', rule.text),
    role: roleOf(rule) ?? '',
    created: isoDate(rule, 'created_at'),
    updated: isoDate(rule, 'updated_at'),
    references: rule.options.filter((option) => option.name === 'reference' && option.value !== undefined).map((option) => option.value!),
    ...(report === undefined ? {} : { report: { slug: report.slug, source: report.source.url, credits: report.credits.map(({ handle }) => handle) } }),
    engines,
    evidence: [
      ...(expectation?.fires.map(({ capture }) => proof(capture, 'fire')) ?? []),
      ...(expectation?.silent.map(({ capture }) => proof(capture, 'stay silent')) ?? []),
    ],
  };
}

function isoDate(rule: Rule, key: string): string {
  return (metadataOf(rule, key)[0] ?? '').replaceAll('_', '-');
}

export function digest(algorithm: 'md5' | 'sha256', content: Uint8Array | string): string {
  return createHash(algorithm).update(content).digest('hex');
}
