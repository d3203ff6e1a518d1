/** `sigwright draft REPORT`: draft rules for a report's indicators. `sigwright draft --captures …`: behaviour rules. What was left out is said, and why. */
import { readFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import type { Rule } from '@sigwright/contracts';
import { parseRules } from '@sigwright/rule-language';
import { buildCoverage, DRAFT_CATEGORIES, freeSids, type Repository } from '@sigwright/workbench';
import { argumentsOf, UsageProblem } from './shared/arguments.ts';
import { asksForBehaviour, BEHAVIOUR_USAGE, behaviourDraft } from './shared/draft-behaviour.ts';
import { draftOf } from './shared/draft-source.ts';
import { dayOf, repositoryAt } from './shared/repository.ts';

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
  const repository = repositoryAt(values.folder, 'draft');
  if (repository === undefined) return 1;
  const known: Rule[] = repository.rules.map(({ rule }) => rule);
  for (const file of values.rules ?? []) known.push(...parseRules(readFileSync(file, 'utf8')).rules);
  const sids = freeSids(repository);
  const about = { form: values.format, warningLists: values['warning-lists'] };
  const draft = await draftOf(path, about, {
    category: values.category,
    engine: values.engine === '8' ? 8 : 7,
    prefix: repository.settings['message-prefix'],
    nextSid: () => sids.next().value ?? undefined,
    date: dayOf(values.date),
    coverage: buildCoverage(known),
    ...besides(repository, path, values),
  });
  if (values.json) process.stdout.write(`${JSON.stringify(draft, undefined, 1)}\n`);
  else {
    for (const rule of draft.rules) process.stdout.write(`${rule.text}\n`);
    for (const { indicator, why } of draft.skipped) process.stderr.write(`left out: ${indicator}: ${why}\n`);
    process.stderr.write(`${draft.rules.length} rules drafted, ${draft.skipped.length} indicators left out\n`);
  }
  return 0;
}

/** What the command line says, else the `report.yaml` beside the report, where it lies in the repository. */
function besides(
  repository: Repository,
  path: string,
  values: { readonly family?: string; readonly reference?: string },
): { family?: string; reference?: string } {
  const folder = dirname(resolve(path));
  const report = repository.reports.find(({ slug }) => resolve(repository.folder, 'reports', slug) === folder);
  const family = values.family ?? report?.families[0] ?? (report?.campaign === '' ? undefined : report?.campaign);
  const reference = values.reference ?? (report?.source.url === '' ? undefined : report?.source.url);
  return { ...(family === undefined ? {} : { family }), ...(reference === undefined ? {} : { reference }) };
}
