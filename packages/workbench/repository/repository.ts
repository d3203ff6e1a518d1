/**
 * The ruleset repository on disk, read whole and checked (schemas: docs/ruleset-repository.md). What is wrong is collected with
 * file and line; writing goes through `writeWhole`, so that no half-written file is ever taken for a whole one.
 */
import { existsSync, globSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { counted } from '@sigwright/bytes';
import { type Failure, failure, type Result, type Rule, success } from '@sigwright/contracts';
import { parse, YAMLParseError } from 'yaml';
import { z } from 'zod';
import { DIALECTS } from '../translate/dialects.ts';
import { metadataOf } from './metadata.ts';
import { type RepositoryProblem, type RepositoryRule, type RulesRead, rulesAgain, rulesOf, UNSETTLED, unsettled } from './rules-file.ts';

export type { RepositoryProblem, RepositoryRule } from './rules-file.ts';

export const ROLES = ['lookup', 'contact', 'payload', 'check_in', 'command', 'config', 'exfil', 'context'] as const;
export type Role = (typeof ROLES)[number];

/** What a reviewer may decide; see review/decide.ts. */
export const DECISIONS = ['keep', 'revise', 'disable', 'retire', 'delete'] as const;
export type Decision = (typeof DECISIONS)[number];

/** What is reported about a rule after its release. */
export const FEEDBACK_KINDS = ['false_positive', 'miss', 'sinkholed', 'seen'] as const;

const days = z.number().int().positive();

const RULESET = z.object({
  name: z.string().regex(/^[a-z0-9-]+$/),
  title: z.string(),
  licence: z.string(),
  copyright: z.string(),
  'message-prefix': z.string().regex(/^[A-Z][A-Z0-9]*$/),
  'sid-ranges': z.array(z.object({ from: z.number().int().positive(), to: z.number().int().positive(), owner: z.string().default('') })).min(1),
  /** what releases are made for */
  engines: z
    .array(z.enum(DIALECTS))
    .min(1)
    .default([...DIALECTS]),
  networks: z.record(z.string(), z.string()).default({}),
  'time-to-review': z.record(z.string(), days).default({}),
  review: z
    .object({
      policy: z
        .array(
          z.strictObject({
            role: z.string().optional(),
            category: z.string().optional(),
            confidence: z.string().optional(),
            severity: z.string().optional(),
            days,
          }),
        )
        .default([]),
      'four-eyes': z.array(z.enum(DECISIONS)).default([]),
    })
    .default({ policy: [], 'four-eyes': [] }),
});

const REPORT = z.object({
  title: z.string(),
  date: z.union([z.string(), z.date()]).transform((date) => (typeof date === 'string' ? date : date.toISOString().slice(0, 10))),
  source: z.object({ url: z.string(), kind: z.string().default('post'), publisher: z.string().default('') }),
  credits: z.array(z.object({ handle: z.string(), name: z.string().default(''), where: z.string().default('') })).default([]),
  campaign: z.string().default(''),
  families: z.array(z.string()).default([]),
  actors: z.array(z.string()).default([]),
  summary: z.string(),
  indicators: z
    .array(
      z.object({
        type: z.string(),
        value: z.union([z.string(), z.number()]).transform(String),
        role: z.string().default('indicator'),
        note: z.string().default(''),
      }),
    )
    .default([]),
  rules: z.array(z.object({ sid: z.number().int().positive(), role: z.enum(ROLES), 'alerts-on': z.string().default('') })).default([]),
  'emerging-threats': z.array(z.union([z.number(), z.string()])).default([]),
  correlate: z.string().default(''),
  playbook: z.string().default(''),
});

/** address variables for one capture, where it was made with others than the ruleset's */
const NETWORKS = z.record(z.string(), z.string()).optional();

/** nobody saw such traffic: it was made for the rule, and may be made anew */
const SYNTHESIZED = z.boolean().optional();

const EXPECTATION = z.object({
  sid: z.number().int().positive(),
  fires: z
    .array(
      z.object({
        capture: z.string(),
        alerts: z.number().int().positive().default(1),
        /** packets of the alerts, in order; not asked where left out */
        packets: z.array(z.number().int().nonnegative()).optional(),
        shows: z.string().default(''),
        networks: NETWORKS,
        synthesized: SYNTHESIZED,
      }),
    )
    .default([]),
  silent: z.array(z.object({ capture: z.string(), because: z.string().default(''), networks: NETWORKS, synthesized: SYNTHESIZED })).default([]),
  /** how often it may fire on each capture of ordinary traffic, and why that is right */
  benign: z.object({ alerts: z.number().int().positive(), because: z.string().min(1) }).optional(),
});

const isoDay = z.union([z.string(), z.date()]).transform((date) => (typeof date === 'string' ? date : date.toISOString().slice(0, 10)));

const FEEDBACK = z.object({
  sid: z.number().int().positive(),
  rev: z.number().int().positive().optional(),
  kind: z.enum(FEEDBACK_KINDS),
  date: isoDay,
  reporter: z.string().default(''),
  comment: z.string().default(''),
  matched: z.array(z.string()).default([]),
  /** rev that the slice was tried on, and what that gave; see feedback/feedback.ts */
  tried: z.number().int().positive().optional(),
  outcome: z.enum(['reproduced', 'not reproduced', 'not tried']).optional(),
  redacted: z.boolean().default(false),
  /** slice beside the report */
  capture: z
    .string()
    .regex(/^[\w.-]+$/)
    .optional(),
  answer: z.object({ decision: z.enum(['accepted', 'declined']), date: isoDay, note: z.string().default(''), by: z.string().default('') }).optional(),
});

const DECIDED = z.object({ date: z.string(), decision: z.string(), reason: z.string(), note: z.string().optional(), by: z.string().optional() });

const LOCK = z.object({
  rules: z.record(
    z.string(),
    z.object({
      rev: z.number().int(),
      hash: z.string(),
      released: z.string().optional(),
      category: z.string(),
      /** words of the released message: a number is never used for another rule */
      message: z.string().optional(),
      decisions: z.array(DECIDED).default([]),
      /** decided by one, waiting for a second; `hash` of the text that a rule is to have */
      proposal: DECIDED.extend({ hash: z.string().optional() }).optional(),
    }),
  ),
});

export type RulesetSettings = z.infer<typeof RULESET>;
export type ReportFile = z.infer<typeof REPORT> & { readonly slug: string };
export type Expectation = z.infer<typeof EXPECTATION>;
export type Feedback = z.infer<typeof FEEDBACK> & { readonly file: string };
export type Lock = z.infer<typeof LOCK>;

export interface Repository {
  readonly folder: string;
  readonly settings: RulesetSettings;
  readonly rules: readonly RepositoryRule[];
  readonly reports: readonly ReportFile[];
  readonly evidence: ReadonlyMap<number, Expectation>;
  /** in order of file name */
  readonly feedback: readonly Feedback[];
  readonly lock: Lock;
  /** rules.lock can not be believed, or is gone though something was released: `lock` is empty, and nothing may be written over it */
  readonly lockBroken: boolean;
  readonly problems: readonly RepositoryProblem[];
  /** files of rules as they were read, by path */
  readonly files: ReadonlyMap<string, RulesRead>;
}

/** What ruleset.yaml says, and nothing else of the repository. */
export function readSettings(folder: string): Result<RulesetSettings> {
  const path = join(folder, 'ruleset.yaml');
  if (!existsSync(path)) return failure('repository/not-one', `${folder} holds no ruleset.yaml, so it is no ruleset repository`, { path });
  const problems: RepositoryProblem[] = [];
  const settings = readYaml(path, RULESET, problems);
  return settings === undefined
    ? failure('repository/settings', problems.map((one) => `${one.path}:${one.line}: ${one.message}`).join('\n'), { path })
    : success(settings);
}

/** `again`: as it was read before, and the files in it that changed since; rules and evidence of others are taken from there. */
export function openRepository(folder: string, again?: { readonly before: Repository; readonly changed: readonly string[] }): Result<Repository> {
  const read = readSettings(folder);
  if (!read.ok) return read;
  const settings = read.value;
  const problems: RepositoryProblem[] = [];
  const files = again === undefined ? readRules(folder, new Map()) : readRules(folder, again.before.files, again.changed);
  const rules = [...files.values()].flatMap((file) => file.rules);
  const reports: ReportFile[] = [];
  const bare: string[] = [];
  for (const slug of foldersIn(join(folder, 'reports'))) {
    const path = join(folder, 'reports', slug, 'report.yaml');
    if (!existsSync(path)) {
      bare.push(slug);
      continue;
    }
    const report = readYaml(path, REPORT, problems);
    if (report !== undefined) reports.push({ ...report, slug });
  }
  if (bare.length > 0) problems.push({ path: join(folder, 'reports'), line: 1, message: withoutReportYaml(bare) });
  const evidence = new Map<number, Expectation>();
  for (const name of foldersIn(join(folder, 'evidence'))) {
    const file = join(folder, 'evidence', name, 'expect.yaml');
    const same =
      again?.changed.some((path) => path === `evidence/${name}` || path.startsWith(`evidence/${name}/`)) === false
        ? again.before.evidence.get(Number(name))
        : undefined;
    if (same !== undefined && !again!.before.problems.some(({ path }) => path === file)) {
      evidence.set(same.sid, same);
      continue;
    }
    const expectation = readYaml(file, EXPECTATION, problems);
    if (expectation === undefined) continue;
    if (String(expectation.sid) !== name) problems.push({ path: file, line: 1, message: `sid ${expectation.sid} stands in the folder of ${name}` });
    evidence.set(expectation.sid, expectation);
  }
  const feedback: Feedback[] = [];
  for (const file of filesIn(join(folder, 'feedback'), '.yaml')) {
    const read = readYaml(join(folder, 'feedback', file), FEEDBACK, problems);
    if (read !== undefined) feedback.push({ ...read, file });
  }
  const lock = readLock(folder, problems);
  return success({
    folder,
    settings,
    rules,
    reports,
    evidence,
    feedback,
    lock: lock ?? { rules: {} },
    lockBroken: lock === undefined,
    problems: [...problems, ...[...files.values()].flatMap((file) => file.problems), ...checkRules(settings, files)],
    files,
  });
}

const MOST_BARE_NAMED = 3;

function withoutReportYaml(slugs: readonly string[]): string {
  const named = slugs.slice(0, MOST_BARE_NAMED).join(', ');
  return `${counted(slugs.length, 'report')} without report.yaml, so their source, credits and families are not known: ${named}${slugs.length > MOST_BARE_NAMED ? ` and ${slugs.length - MOST_BARE_NAMED} more` : ''}`;
}

/** Last line of a whole rules.lock: one that was cut off at the end of a line reads well and would have forgotten rules. */
export const LOCK_END = '...\n';

/** Undefined where the lock can not be believed: it is broken, or gone though something was released. */
function readLock(folder: string, problems: RepositoryProblem[]): Lock | undefined {
  const path = join(folder, 'rules.lock');
  const advice = 'what was released and decided stands in it: take it back from git, nothing is changed until then';
  if (!existsSync(path)) {
    const [released] = globSync('releases/*/version.txt', { cwd: folder }).filter((name) => !name.includes('.tmp'));
    if (released === undefined) return { rules: {} };
    problems.push({ path, line: 1, message: `rules.lock is gone, and ${basename(dirname(released))} was released; ${advice}` });
    return undefined;
  }
  const text = readFileSync(path, 'utf8');
  const before = problems.length;
  const lock = readYaml(path, LOCK, problems);
  for (const problem of problems.splice(before))
    problems.push({
      ...problem,
      message: `${problem.message}; ${problem.message === UNSETTLED ? 'of each number the higher rev and all decisions stay' : advice}`,
    });
  if (lock === undefined || text.replaceAll('\r', '').endsWith(LOCK_END)) return lock;
  problems.push({ path, line: text.split('\n').length, message: `rules.lock breaks off: its last line is not \`...\`; ${advice}` });
  return undefined;
}

/** The repository with its rules read again and nothing else; `problems` are those of the rules, looked for when they are asked for. */
export function readRulesAgain(repository: Repository, changed?: readonly string[]): Repository {
  const files = readRules(repository.folder, repository.files, changed);
  const rules = [...files.values()].flatMap((file) => file.rules);
  let problems: readonly RepositoryProblem[] | undefined;
  return {
    ...repository,
    rules,
    files,
    get problems() {
      problems ??= [...[...files.values()].flatMap((file) => file.problems), ...checkRules(repository.settings, files)];
      return problems;
    },
  };
}

function foldersIn(folder: string): string[] {
  if (!existsSync(folder)) return [];
  return readdirSync(folder, { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map((entry) => entry.name)
    .sort();
}

function filesIn(folder: string, ending: string): string[] {
  return existsSync(folder)
    ? readdirSync(folder)
        .filter((name) => name.endsWith(ending))
        .sort()
    : [];
}

function readYaml<Shape>(path: string, schema: z.ZodType<Shape>, problems: RepositoryProblem[]): Shape | undefined {
  try {
    const text = readFileSync(path, 'utf8');
    const merging = unsettled(path, text);
    if (merging.length > 0) {
      problems.push(...merging);
      return undefined;
    }
    const read = schema.safeParse(parse(text));
    if (read.success) return read.data;
    for (const issue of read.error.issues) problems.push({ path, line: 1, message: `${issue.path.join('.') || 'the file'}: ${issue.message}` });
  } catch (problem) {
    const line = problem instanceof YAMLParseError ? (problem.linePos?.[0].line ?? 1) : 1;
    const missing = (problem as NodeJS.ErrnoException).code === 'ENOENT';
    problems.push({ path, line, message: missing ? 'is not there (yet)' : (problem as Error).message.split('\n')[0] });
  }
  return undefined;
}

/** `known`: what was read before, by path; only files that `changed` names are read again, and only lines that changed are parsed. */
function readRules(folder: string, known: ReadonlyMap<string, RulesRead>, changed?: readonly string[]): Map<string, RulesRead> {
  const read = new Map<string, RulesRead>();
  for (const name of filesIn(join(folder, 'rules'), '.rules')) {
    const path = join(folder, 'rules', name);
    const before = known.get(path);
    if (before !== undefined && changed?.includes(`rules/${name}`) === false) {
      read.set(path, before);
      continue;
    }
    const text = readFileSync(path, 'utf8');
    const category = name.slice(0, -'.rules'.length);
    read.set(path, before === undefined ? rulesOf(path, category, text) : rulesAgain(before, path, category, text));
  }
  return read;
}

/** Asked at each change of one rule among many thousands: what is well is passed over without a trace. */
function checkRules(settings: RulesetSettings, files: ReadonlyMap<string, RulesRead>): RepositoryProblem[] {
  const problems: RepositoryProblem[] = [];
  const rules = [...files.values()].flatMap((file) => file.rules);
  const first = hasTwins(rules) ? new Map<number, RepositoryRule>() : undefined;
  const ranges = settings['sid-ranges'];
  const prefix = `${settings['message-prefix']} `;
  for (const one of rules) {
    const { path, line } = one;
    const { sid, message } = one.rule;
    const before = first?.get(sid);
    if (before !== undefined) problems.push({ path, line, message: `sid ${sid} is already used at ${before.path}:${before.line}` });
    else first?.set(sid, one);
    if (!ranges.some(({ from, to }) => sid >= from && sid <= to)) problems.push({ path, line, message: `sid ${sid} lies in none of the ruleset's ranges` });
    if (!message.startsWith(prefix)) problems.push({ path, line, message: `the message of ${sid} does not begin with ${settings['message-prefix']}` });
  }
  return problems;
}

/** Have two rules the same number? */
function hasTwins(rules: readonly RepositoryRule[]): boolean {
  const sids = Float64Array.from(rules, ({ rule }) => rule.sid).sort();
  return sids.some((sid, at) => at > 0 && sids[at - 1] === sid);
}

/** Role in the rule's own metadata; undefined where none is given. */
export function roleOf(rule: Rule): Role | undefined {
  const [written] = metadataOf(rule, 'role');
  return (ROLES as readonly string[]).includes(written) ? (written as Role) : undefined;
}

/** The lowest numbers of the ruleset's ranges that were never used. */
export function* freeSids(repository: Repository): Generator<number> {
  const used = new Set<number>([
    ...repository.rules.map((one) => one.rule.sid),
    ...Object.keys(repository.lock.rules).map(Number),
    ...repository.evidence.keys(),
  ]);
  for (const range of repository.settings['sid-ranges']) for (let sid = range.from; sid <= range.to; sid++) if (!used.has(sid)) yield sid;
}

/** Written beside and renamed: whoever reads sees the old file or the new one, after a power cut as well. */
export function writeWhole(path: string, content: string | Uint8Array): Failure | undefined {
  const temporary = `${path}.${process.pid}.tmp`;
  try {
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(temporary, content, { flush: true });
    renameSync(temporary, path);
    return undefined;
  } catch (cause) {
    rmSync(temporary, { force: true });
    return failure('repository/write', `${path} could not be written: ${(cause as Error).message}`, { path, cause });
  }
}
