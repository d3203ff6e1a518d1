/** `sigwright synthesize -S RULES -o DIR`: for each rule traffic that fires it, and traffic with one condition broken. */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { catalogue } from '@sigwright/catalogue';
import { Synthesizer } from '@sigwright/detection';
import { parseRules } from '@sigwright/rule-language';
import { insideOf } from '@sigwright/workbench';
import { argumentsOf, sidsOf, UsageProblem } from './shared/arguments.ts';
import { configurationOf, readYaml, setValue } from './shared/configuration.ts';
import { withFilesOfRules } from './shared/data-files.ts';
import { repositoryAt } from './shared/repository.ts';

const USAGE = `sigwright synthesize [SID …] -S RULES -o FOLDER [options]
sigwright synthesize [SID …] -C FOLDER [options]

Writes for each rule FOLDER/<sid>/fires.pcap, which fires it, silent-<n>.pcap, which do not since one condition is broken, and
expect.yaml, which says what each shows; sigwright prove reads it as evidence. Bits that other rules must set are set by their
traffic. Every capture was tried in the engine. What could not be solved is said, with the condition that defeats it; exit 1 then.

With -C the rules and networks are those of a ruleset repository, and rules without evidence get it, in evidence/<sid>/.

  -C, --folder FOLDER    a ruleset repository
  -S, --rules FILE       rules; may stand several times
  -o, --output FOLDER    where to write; left out: only say what can be solved
      --disabled         rules that are commented out as well
      --no-silent        only what fires
  -c, --config FILE      a suricata.yaml
      --home-net NETS    what HOME_NET is
      --json             one JSON object for each rule
`;

export async function run(argv: readonly string[]): Promise<number> {
  const { values, positionals } = argumentsOf(USAGE, argv, {
    allowPositionals: true,
    options: {
      folder: { type: 'string', short: 'C' },
      rules: { type: 'string', short: 'S', multiple: true },
      output: { type: 'string', short: 'o' },
      disabled: { type: 'boolean' },
      'no-silent': { type: 'boolean' },
      config: { type: 'string', short: 'c' },
      'home-net': { type: 'string' },
      json: { type: 'boolean' },
    },
  });
  if ((values.rules === undefined) === (values.folder === undefined)) throw new UsageProblem('name rules (-S FILE) or a ruleset repository (-C FOLDER)', USAGE);
  const repository = values.folder === undefined ? undefined : repositoryAt(values.folder, 'synthesize');
  if (values.folder !== undefined && repository === undefined) return 1;
  const sids = new Set(sidsOf(positionals, USAGE));
  const homeNet = values['home-net'];
  if (homeNet !== undefined && insideOf(homeNet) === undefined) throw new UsageProblem(`--home-net ${homeNet} is no list of networks`, USAGE);
  const tree = readYaml(values.config ?? join(import.meta.dirname, 'suricata.yaml'));
  if (homeNet !== undefined) setValue(tree, `vars.address-groups.HOME_NET=${homeNet}`);
  const ruleFiles = values.rules ?? [join(values.folder ?? '.', 'any.rules')];
  const read = withFilesOfRules(configurationOf(tree, { verifyChecksums: true, inline: false }).settings, tree, ruleFiles);
  const networks = { ...repository?.settings.networks, ...(homeNet === undefined ? {} : { HOME_NET: homeNet }) };
  const settings = { ...read, addressGroups: { ...read.addressGroups, ...networks } };
  const rules = repository?.rules.map(({ rule }) => rule) ?? ruleFiles.flatMap((path) => parseRules(readFileSync(path, 'utf8')).rules);
  const asked = rules.filter((rule) => (sids.size > 0 ? sids.has(rule.sid) : rule.enabled || values.disabled));
  const output = values.output ?? (values.folder === undefined ? undefined : join(values.folder, 'evidence'));
  // What somebody made as evidence is not written over.
  const wanted = asked.filter(({ sid }) => repository === undefined || values.output !== undefined || !existsSync(join(output ?? '', String(sid))));
  const missing = [...sids].find((sid) => !rules.some((rule) => rule.sid === sid));
  if (missing !== undefined) throw new UsageProblem(`no rule has sid ${missing}`, USAGE);
  const synthesizer = new Synthesizer(rules, catalogue, settings);
  let solved = 0;
  for (const rule of wanted) {
    const result = synthesizer.synthesize(rule, { silent: !values['no-silent'] });
    if ('problem' in result) {
      if (values.json) process.stdout.write(`${JSON.stringify({ sid: rule.sid, solved: false, problem: result.problem })}\n`);
      else process.stdout.write(`${rule.sid} not solved: ${result.problem}\n`);
      continue;
    }
    solved++;
    if (values.json) {
      const { sid, alerts, shows, silent } = result;
      process.stdout.write(`${JSON.stringify({ sid, solved: true, alerts, shows, silent: silent.map((one) => one.because) })}\n`);
    }
    if (output === undefined) continue;
    const folder = join(output, String(rule.sid));
    mkdirSync(folder, { recursive: true });
    writeFileSync(join(folder, 'fires.pcap'), result.fires);
    for (const [at, { capture }] of result.silent.entries()) writeFileSync(join(folder, `silent-${at + 1}.pcap`), capture);
    writeFileSync(join(folder, 'expect.yaml'), expectationsOf(rule.sid, result));
  }
  if (!values.json) {
    const had = asked.length - wanted.length;
    process.stdout.write(`${solved} of ${wanted.length} rules solved${had > 0 ? `; ${had} had evidence before` : ''}\n`);
  }
  return solved === wanted.length ? 0 : 1;
}

/** The evidence of a ruleset repository. */
function expectationsOf(
  sid: number,
  result: { readonly alerts: number; readonly shows: string; readonly silent: readonly { readonly because: string }[] },
): string {
  const lines = ['# written by sigwright synthesize', `sid: ${sid}`];
  lines.push('fires:', `  - { capture: fires.pcap, alerts: ${result.alerts}, shows: ${JSON.stringify(result.shows)} }`);
  lines.push(result.silent.length === 0 ? 'silent: []' : 'silent:');
  result.silent.forEach(({ because }, at) => {
    lines.push(`  - { capture: silent-${at + 1}.pcap, shows: "the same with one condition broken", because: ${JSON.stringify(because)} }`);
  });
  return `${lines.join('\n')}\n`;
}
