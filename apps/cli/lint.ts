/** `sigwright lint FILE…`: defects of rules that load all the same. Exit 1 where something can not work or misleads. */

import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { counted } from '@sigwright/bytes';
import { catalogue } from '@sigwright/catalogue';
import { type LintGrade, linePlaces } from '@sigwright/contracts';
import { lintRules } from '@sigwright/detection';
import { applyFixes, CODE_PREFIX, parseRules, renderDiagnostic } from '@sigwright/rule-language';
import { githubMarksOf, rulesBefore, sarifOf, suffixList } from '@sigwright/workbench';
import { argumentsOf, UsageProblem } from './shared/arguments.ts';
import { configurationOf } from './shared/configuration.ts';
import { readYaml } from './shared/configuration-tree.ts';
import { withFilesOfRules } from './shared/data-files.ts';
import { rulesFilesOf } from './shared/rules-files.ts';

const USAGE = `sigwright lint FILE … [options]
sigwright lint -C FOLDER [options]

Defects of rules that load all the same. Three grades: what cannot work (error), what misleads (warning), what is hard to read
(information). Exit 1 where one of the first two is found. A comment above a rule leaves lints out for it, and one
that is misspelt or stands above no rule is told:
# lint: allow domain-unanchored -- why

In a ruleset repository (-C FOLDER: all its rules) a number outside the ranges of ruleset.yaml is found as well.

  -C, --folder FOLDER    all rules of a ruleset repository (default: this folder, where no file is named)
      --reading          tell what is hard to read as well
      --disabled         rules that are commented out as well
      --part             the files are a part of the ruleset: leave out what only the whole set can show
      --allow CODE       leave a lint out everywhere; may stand several times
      --target VERSION   the oldest Suricata that must load the rules
      --before FILE      the release before: tells rules that changed and kept their revision; may stand several times
      --fix              make the fixes that keep what is meant, in the files
      --unsafe-fixes     the other fixes too
  -c, --config FILE      a suricata.yaml
      --json             one JSON object a line
      --sarif            SARIF 2.1.0
      --github           marks of a GitHub workflow on the lines as well
`;

const SHOWN: readonly LintGrade[] = ['cannot-work', 'misleads'];

export async function run(argv: readonly string[]): Promise<number> {
  const { values, positionals } = argumentsOf(USAGE, argv, {
    allowPositionals: true,
    options: {
      folder: { type: 'string', short: 'C' },
      reading: { type: 'boolean' },
      disabled: { type: 'boolean' },
      part: { type: 'boolean' },
      allow: { type: 'string', multiple: true },
      target: { type: 'string' },
      before: { type: 'string', multiple: true },
      fix: { type: 'boolean' },
      'unsafe-fixes': { type: 'boolean' },
      config: { type: 'string', short: 'c' },
      json: { type: 'boolean' },
      sarif: { type: 'boolean' },
      github: { type: 'boolean' },
    },
  });
  if ([values.json, values.sarif, values.github].filter(Boolean).length > 1)
    throw new UsageProblem('--json, --sarif and --github each have standard output to themselves; choose one', USAGE);
  if (values.target !== undefined && !/^\d+(?:\.\d+){0,2}$/.test(values.target)) throw new UsageProblem(`--target ${values.target} is no version`, USAGE);
  const allow = new Set((values.allow ?? []).map((code) => code.replace(CODE_PREFIX, '')));
  for (const code of allow) if (!catalogue.lints.has(`${CODE_PREFIX}${code}`)) throw new UsageProblem(`--allow ${code}: no lint is called so`, USAGE);
  const { paths, rulesets } = rulesFilesOf(values.folder, positionals, USAGE);
  const tree = readYaml(values.config ?? join(import.meta.dirname, 'suricata.yaml'));
  const settings = withFilesOfRules(configurationOf(tree, { verifyChecksums: true, inline: false }).settings, tree, paths);
  const texts = new Map(paths.map((path) => [path, readFileSync(path, 'utf8')]));
  const options = {
    registrableDomain: suffixList(),
    allow,
    ...(values.target === undefined ? {} : { target: values.target }),
    ...(values.before === undefined ? {} : { before: rulesBefore(values.before.map((path) => readFileSync(path, 'utf8'))) }),
    ...(rulesets.length === 0 ? {} : { sidRanges: rulesets.flatMap((one) => one['sid-ranges']) }),
    ...(values.disabled ? { disabled: true } : {}),
    ...(values.part ? { part: true } : {}),
  };
  const lint = () =>
    lintRules(
      [...texts].map(([path, text]) => ({ path, parsed: parseRules(text) })),
      catalogue,
      settings,
      options,
    );
  let reports = lint();
  if (values.fix || values['unsafe-fixes']) {
    let made = 0;
    for (const [path, text] of texts) {
      const own = reports.filter((report) => report.path === path).map((report) => report.diagnostic);
      const fixed = applyFixes(text, own, { unsafe: values['unsafe-fixes'] === true });
      if (fixed.made === 0) continue;
      made += fixed.made;
      writeFileSync(path, fixed.text);
      texts.set(path, fixed.text);
    }
    if (made > 0) reports = lint();
    process.stderr.write(`${counted(made, 'fix', 'fixes')} made\n`);
  }
  const told = reports.filter(({ diagnostic }) => values.reading || SHOWN.includes(diagnostic.grade));
  const placed = told.map(({ path, diagnostic }) => ({ path, text: texts.get(path)!, diagnostic }));
  if (values.sarif) {
    process.stdout.write(`${JSON.stringify(sarifOf(placed, catalogue.lints), undefined, 1)}\n`);
  } else {
    const places = new Map([...texts].map(([path, text]) => [path, linePlaces(text)]));
    for (const { path, rule, diagnostic } of told) {
      const text = texts.get(path)!;
      if (values.json) {
        const { line, column } = places.get(path)!(diagnostic.at.start);
        process.stdout.write(`${JSON.stringify({ path, line, column, sid: rule?.sid, ...diagnostic })}\n`);
      } else process.stdout.write(`${renderDiagnostic(text, diagnostic, { path, colour: process.stdout.isTTY })}\n\n`);
    }
    if (values.github) process.stdout.write(githubMarksOf(placed));
    if (!values.json) process.stdout.write(`${summaryOf(reports.map(({ diagnostic }) => diagnostic.grade))}\n`);
  }
  return reports.some(({ diagnostic }) => SHOWN.includes(diagnostic.grade)) ? 1 : 0;
}

const WORDS: Readonly<Record<LintGrade, string>> = { 'cannot-work': 'cannot work', misleads: 'mislead', reading: 'are hard to read (--reading)' };

function summaryOf(grades: readonly LintGrade[]): string {
  const counts = (['cannot-work', 'misleads', 'reading'] as const).map((grade) => `${grades.filter((one) => one === grade).length} ${WORDS[grade]}`);
  return counts.join(', ');
}
