/** `sigwright draft REPORT`: draft rules for a report's indicators. `sigwright draft --captures …`: behaviour rules. What was left out is said, and why. */
import { readFileSync } from 'node:fs';
import { basename, dirname, resolve } from 'node:path';
import { append, counted } from '@sigwright/bytes';
import { type Result, type Rule, success } from '@sigwright/contracts';
import { parseRules } from '@sigwright/rule-language';
import {
  buildRuleCoverage,
  type CaptureReportAbout,
  DRAFT_CATEGORIES,
  type Draft,
  type DraftSource,
  freeSids,
  keepDraft,
  type Repository,
} from '@sigwright/workbench';
import { argumentsOf, UsageProblem } from './shared/arguments.ts';
import { asksForBehaviour, BEHAVIOUR_USAGE, behaviourDraft } from './shared/draft-behaviour.ts';
import { draftOf } from './shared/draft-source.ts';
import { evidenceTools } from './shared/evidence-tools.ts';
import { changing, dayOf, repositoryAt } from './shared/repository.ts';

const USAGE = `sigwright draft REPORT [-C FOLDER] [options]
sigwright draft --captures THREAT… [--ordinary PATH]… [-C FOLDER] [options]

Draft rules for the indicators of a report (- for standard input) on standard output; what is left out, and why, on standard error.

  -C, --folder FOLDER    the ruleset repository that the rules are for (default: this folder)
  -S, --rules FILE       further rules whose coverage counts; may be given several times
      --date DATE        created_at of the rules (YYYY-MM-DD, default: today)
      --family NAME      the malware family, where neither the report nor the report.yaml beside it says it
      --reference URL    the reference of the rules, where the report does not say it
      --category WORD    ${DRAFT_CATEGORIES.join(', ')} (default: MALWARE)
      --engine 7|8       syntax of Suricata 7 (default) or 8
      --format FORMAT    text, markdown or html
      --warning-lists D  a folder of lists of well-known benign names
      --json             the draft as JSON
  -w, --write            puts the rules into the repository: rules/<category>.rules; evidence/<sid>/ with captures made for them; and
                         the report with what came of it: reports/<date>-<slug>/ (what is there already is added to, never written over)

${BEHAVIOUR_USAGE}`;

export async function run(argv: readonly string[]): Promise<number> {
  if (asksForBehaviour(argv)) return behaviourDraft(USAGE, argv);
  const { values, positionals } = argumentsOf(USAGE, argv, {
    allowPositionals: true,
    options: {
      folder: { type: 'string', short: 'C' },
      rules: { type: 'string', short: 'S', multiple: true },
      date: { type: 'string' },
      family: { type: 'string' },
      reference: { type: 'string' },
      format: { type: 'string' },
      category: { type: 'string', default: 'MALWARE' },
      engine: { type: 'string', default: '7' },
      'warning-lists': { type: 'string' },
      json: { type: 'boolean' },
      write: { type: 'boolean', short: 'w' },
    },
  });
  const [path] = positionals;
  if (path === undefined) throw new UsageProblem('name a report, or - for standard input', USAGE);
  if (!DRAFT_CATEGORIES.includes(values.category)) {
    throw new UsageProblem(`category ${values.category} is none of ${DRAFT_CATEGORIES.join(', ')}`, USAGE);
  }
  if (values.engine !== '7' && values.engine !== '8') {
    throw new UsageProblem(`rules are drafted for engine 7 or 8, not ${values.engine}`, USAGE);
  }
  const options = { ...values, category: values.category, engine: values.engine === '8' ? (8 as const) : (7 as const), date: dayOf(values.date) };
  if (!values.write) {
    const repository = repositoryAt(values.folder, 'draft');
    if (repository === undefined) return 1;
    tell(await draftIn(repository, path, options), values.json === true);
    return 0;
  }
  const kept = await changing(values.folder ?? '.', 'draft', (repository) => draftAndKeep(repository, path, options));
  if (!kept.ok) process.stderr.write(`sigwright draft: ${kept.message}\n`);
  return kept.ok ? 0 : 1;
}

interface Asked {
  readonly rules?: readonly string[];
  readonly category: string;
  readonly engine: 7 | 8;
  readonly date: string;
  readonly family?: string;
  readonly reference?: string;
  readonly format?: string;
  readonly 'warning-lists'?: string;
  readonly json?: boolean;
}

interface Drafted {
  readonly draft: Draft;
  /** without a reading where it is of a capture */
  readonly source: DraftSource | CaptureReportAbout;
}

async function draftIn(repository: Repository, path: string, asked: Asked): Promise<Drafted> {
  const known: Rule[] = repository.rules.map(({ rule }) => rule);
  for (const file of asked.rules ?? []) append(known, parseRules(readFileSync(file, 'utf8')).rules);
  const sids = freeSids(repository);
  const about = { form: asked.format, warningLists: asked['warning-lists'] };
  const beside = besides(repository, path, asked);
  const { draft, reading } = await draftOf(path, about, {
    category: asked.category,
    engine: asked.engine,
    prefix: repository.settings['message-prefix'],
    nextSid: () => sids.next().value ?? undefined,
    date: asked.date,
    coverage: buildRuleCoverage(known),
    ...beside,
  });
  return { draft, source: { ...(reading === undefined ? {} : { reading }), date: asked.date, ...beside } };
}

async function draftAndKeep(repository: Repository, path: string, asked: Asked): Promise<Result<undefined>> {
  const drafted = await draftIn(repository, path, asked);
  tell(drafted, asked.json === true);
  if (drafted.draft.rules.length === 0) {
    process.stderr.write('nothing to write\n');
    return success(undefined);
  }
  const kept = keepDraft(repository, drafted.draft.rules, asked.category, drafted.source, evidenceTools(repository));
  if (!kept.ok) return kept;
  const { file, report, rules } = kept.value;
  process.stderr.write(`written: ${file}: ${counted(rules.length, 'rule')} (${rules.map(({ sid }) => sid).join(', ')})\n`);
  for (const { sid, fires, silent, problem } of rules)
    process.stderr.write(
      problem === undefined
        ? `written: evidence/${sid}: ${counted(fires, 'made capture')} that ${fires === 1 ? 'fires' : 'fire'} it, ${silent} that leave it silent\n`
        : `no evidence for ${sid}: ${problem}${problem.endsWith('a capture that was seen') ? '' : '; a capture that was seen is taken'}: sigwright evidence ${sid} CAPTURE\n`,
    );
  process.stderr.write(`written: reports/${report}/report.yaml: what it says in your own words (summary, playbook) is yours to add\n`);
  return success(undefined);
}

function tell({ draft }: Drafted, asJson: boolean): void {
  if (asJson) {
    process.stdout.write(`${JSON.stringify(draft, undefined, 1)}\n`);
    return;
  }
  for (const rule of draft.rules) process.stdout.write(`${rule.text}\n`);
  for (const { sid, weak } of draft.rules) if (weak !== undefined) process.stderr.write(`weak: ${sid}: ${weak}\n`);
  for (const { indicator, why } of draft.skipped) process.stderr.write(`left out: ${indicator}: ${why}\n`);
  process.stderr.write(`${counted(draft.rules.length, 'rule')} drafted, ${counted(draft.skipped.length, 'indicator')} left out\n`);
}

/** What the command line says, else the `report.yaml` beside the report, where it lies in the repository. */
function besides(
  repository: Repository,
  path: string,
  values: { readonly family?: string; readonly reference?: string },
): { family?: string; reference?: string; slug?: string } {
  const folder = dirname(resolve(path));
  const inReports = dirname(folder) === resolve(repository.folder, 'reports') ? { slug: basename(folder) } : {};
  const report = repository.reports.find(({ slug }) => slug === inReports.slug);
  const family = values.family ?? report?.families[0] ?? (report?.campaign === '' ? undefined : report?.campaign);
  const reference = values.reference ?? (report?.source.url === '' ? undefined : report?.source.url);
  return { ...inReports, ...(family === undefined ? {} : { family }), ...(reference === undefined ? {} : { reference }) };
}
