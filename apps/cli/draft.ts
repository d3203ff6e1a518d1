/** `sigwright draft REPORT [-C FOLDER] [--rules FILE…] [--category WORD] [--engine 7|8] [--warning-lists FOLDER]`: draft rules for a report's indicators, and what was left out and why. */
import { existsSync, readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import type { Rule } from '@sigwright/contracts';
import { parseRules } from '@sigwright/rule-language';
import { buildCoverage, DRAFT_CATEGORIES, draftRules, freeSids } from '@sigwright/workbench';
import { readingOf } from './shared/report.ts';
import { dayOf, repositoryAt } from './shared/repository.ts';

export async function run(argv: readonly string[]): Promise<number> {
  const { values, positionals } = parseArgs({
    args: [...argv],
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
  if (path === undefined || (path !== '-' && !existsSync(path))) {
    process.stderr.write(path === undefined ? 'sigwright draft: name a report, or - for standard input\n' : `sigwright draft: ${path} does not exist\n`);
    return 2;
  }
  if (!DRAFT_CATEGORIES.includes(values.category)) {
    process.stderr.write(`sigwright draft: category ${values.category} is none of ${DRAFT_CATEGORIES.join(', ')}\n`);
    return 2;
  }
  if (values.engine !== '7' && values.engine !== '8') {
    process.stderr.write(`sigwright draft: rules are drafted for engine 7 or 8, not ${values.engine}\n`);
    return 2;
  }
  const repository = repositoryAt(values.folder, 'draft');
  if (repository === undefined) return 1;
  const known: Rule[] = repository.rules.map(({ rule }) => rule);
  for (const file of values.rules ?? []) known.push(...parseRules(readFileSync(file, 'utf8')).rules);
  const sids = freeSids(repository);
  const draft = draftRules(readingOf(path, values.format, values['warning-lists']), {
    category: values.category,
    engine: values.engine === '8' ? 8 : 7,
    prefix: repository.settings['message-prefix'],
    nextSid: () => sids.next().value ?? undefined,
    date: dayOf(values.date),
    coverage: buildCoverage(known),
    ...(values.family === undefined ? {} : { family: values.family }),
    ...(values.reference === undefined ? {} : { reference: values.reference }),
  });
  if (values.json) process.stdout.write(`${JSON.stringify(draft, undefined, 1)}\n`);
  else {
    for (const rule of draft.rules) process.stdout.write(`${rule.text}\n`);
    for (const { indicator, why } of draft.skipped) process.stderr.write(`left out: ${indicator}: ${why}\n`);
    process.stderr.write(`${draft.rules.length} rules drafted, ${draft.skipped.length} indicators left out\n`);
  }
  return 0;
}
