/** `sigwright format FILE…`: one style for all rules, meaning kept. `--check` tells instead; exit 1 where a rule is in another. */

import { readFileSync, writeFileSync } from 'node:fs';
import { counted } from '@sigwright/bytes';
import { lineAndColumn } from '@sigwright/contracts';
import { formatRules } from '@sigwright/workbench';
import { argumentsOf } from './shared/arguments.ts';
import { rulesFilesOf } from './shared/rules-files.ts';

const USAGE = `sigwright format FILE … [options]
sigwright format -C FOLDER [options]

Writes rules in the style of Emerging Threats, in place: order of options, blanks, hex. What a rule means stays. With - for FILE
rules are read from standard input and written to standard output.

  -C, --folder FOLDER    all rules of a ruleset repository (default: this folder, where no file is named)
      --check            change nothing; name the rules in another style, exit 1 where there are any
`;

export async function run(argv: readonly string[]): Promise<number> {
  const { values, positionals } = argumentsOf(USAGE, argv, {
    allowPositionals: true,
    options: { folder: { type: 'string', short: 'C' }, check: { type: 'boolean' } },
  });
  const { paths } = rulesFilesOf(values.folder, positionals, USAGE);
  let other = 0;
  for (const path of paths) {
    const text = readFileSync(path === '-' ? 0 : path, 'utf8');
    const formatted = formatRules(text);
    other += formatted.text === text ? 0 : Math.max(1, formatted.changed.length);
    if (values.check) {
      for (const rule of formatted.changed) process.stdout.write(`${path}:${lineAndColumn(text, rule.span.start).line}: ${rule.sid} is in another style\n`);
      if (formatted.text !== text && formatted.changed.length === 0) process.stdout.write(`${path}: blanks at the end of lines\n`);
    } else if (path === '-') process.stdout.write(formatted.text);
    else if (formatted.text !== text) {
      writeFileSync(path, formatted.text);
      process.stderr.write(`${path}: ${counted(formatted.changed.length, 'rule')} rewritten\n`);
    }
  }
  return values.check && other > 0 ? 1 : 0;
}
