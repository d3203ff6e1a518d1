/** `sigwright translate FILE --to DIALECT`: rules in the words of other engines, proved on traffic. Exit 1 where one can not be said. */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { catalogue } from '@sigwright/catalogue';
import { parseRules } from '@sigwright/rule-language';
import { DIALECTS, type Dialect, type Evidence, translate } from '@sigwright/workbench';
import { argumentsOf, sidsOf, UsageProblem } from './shared/arguments.ts';
import { configurationOf } from './shared/configuration.ts';
import { readYaml } from './shared/configuration-tree.ts';
import { withFilesOfRules } from './shared/data-files.ts';

const USAGE = `sigwright translate FILE [SID …] [--to DIALECT] [options]

Rules in the words of other engines: ${DIALECTS.join(', ')} (default: all).
Each is read again and held against evidence, given or made up: it must fire where the master fires and nowhere else. What a dialect
can not say is refused with the reason; exit 1 then.

      --to DIALECT       may stand several times
  -r, --capture FILE     evidence: a capture; may stand several times. Left out, traffic is made up for each rule
  -o, --output FOLDER    write FOLDER/<dialect>/<name of the file> instead of printing
      --disabled         rules that are commented out as well
  -c, --config FILE      a suricata.yaml
      --json             one JSON object for each rule and dialect
`;

export async function run(argv: readonly string[]): Promise<number> {
  const { values, positionals } = argumentsOf(USAGE, argv, {
    allowPositionals: true,
    options: {
      to: { type: 'string', multiple: true },
      capture: { type: 'string', short: 'r', multiple: true },
      output: { type: 'string', short: 'o' },
      disabled: { type: 'boolean' },
      config: { type: 'string', short: 'c' },
      json: { type: 'boolean' },
    },
  });
  const [path, ...words] = positionals;
  if (path === undefined) throw new UsageProblem('name a rules file', USAGE);
  const sids = new Set(sidsOf(words, USAGE));
  const foreign = values.to?.find((one) => !(DIALECTS as readonly string[]).includes(one));
  if (foreign !== undefined) throw new UsageProblem(`--to ${foreign} is none of ${DIALECTS.join(', ')}`, USAGE);
  const dialects = (values.to ?? DIALECTS) as readonly Dialect[];
  const tree = readYaml(values.config ?? join(import.meta.dirname, 'suricata.yaml'));
  const settings = withFilesOfRules(configurationOf(tree, { verifyChecksums: true, inline: false }).settings, tree, [path]);
  const { rules } = parseRules(readFileSync(path, 'utf8'));
  const evidence: Evidence[] | undefined = values.capture?.map((name) => ({ name, capture: readFileSync(name) }));
  const written = new Map<Dialect, string[]>(dialects.map((dialect) => [dialect, []]));
  let refused = 0;
  let said = 0;
  for (const rule of rules) {
    if (sids.size > 0 ? !sids.has(rule.sid) : !rule.enabled && !values.disabled) continue;
    for (const emission of translate(rule, dialects, { catalogue, settings, others: rules, ...(evidence === undefined ? {} : { evidence }) })) {
      if (emission.text === undefined) refused++;
      else said++;
      if (values.json) process.stdout.write(`${JSON.stringify({ sid: rule.sid, ...emission })}\n`);
      else if (emission.text === undefined) process.stderr.write(`${rule.sid} ${emission.dialect}: refused: ${emission.refused}\n`);
      else {
        written.get(emission.dialect)!.push(emission.text);
        if (values.output === undefined) process.stdout.write(`# ${emission.dialect}${emission.proof === undefined ? '' : `: ${emission.proof}`}\n`);
        for (const note of emission.notes)
          (values.output === undefined ? process.stdout : process.stderr).write(
            `# ${values.output === undefined ? '' : `${rule.sid} ${emission.dialect}: `}${note}\n`,
          );
        if (values.output === undefined) process.stdout.write(`${emission.text}\n`);
      }
    }
  }
  if (values.output !== undefined) {
    for (const [dialect, lines] of written) {
      mkdirSync(join(values.output, dialect), { recursive: true });
      writeFileSync(join(values.output, dialect, basename(path)), lines.length === 0 ? '' : `${lines.join('\n')}\n`);
    }
  }
  if (!values.json) process.stderr.write(`${said} written, ${refused} refused\n`);
  return refused === 0 ? 0 : 1;
}
