/** `sigwright explain -r CAPTURE -S RULES --sid N`: why a rule fired on a capture or did not, and what would make it fire. */
import { readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { catalogue } from '@sigwright/catalogue';
import { explainRule, type NamedCapture } from '@sigwright/detection';
import { parseRules } from '@sigwright/rule-language';
import { insideOf } from '@sigwright/workbench';
import { argumentsOf, InputProblem, sidsOf, UsageProblem } from './shared/arguments.ts';
import { configurationOf } from './shared/configuration.ts';
import { readYaml, setValue } from './shared/configuration-tree.ts';
import { withFilesOfRules } from './shared/data-files.ts';
import { explanationHtml, explanationText } from './shared/explanation.ts';
import { namedCaptures } from './shared/run-capture.ts';

const USAGE = `sigwright explain -r CAPTURE -S RULES --sid N [options]

Every condition of a rule with its verdict and bytes on a capture. Where it did not fire: what stood in the way, and the smallest
change that makes it fire, tried, with what else that change would catch.

  -r, --capture FILE     pcap or pcapng, or - for standard input
  -S, --rules FILE       rules; may stand several times
      --sid N            which of them
  -c, --config FILE      a suricata.yaml
  -k, --checksums MODE   all (default) or none
      --home-net NETS    what HOME_NET is
      --also PATH        other traffic, a file or a folder, on which a change is tried too; may stand several times
      --json             the explanation as JSON, bytes in base64
      --html             as a page that needs nothing else
`;

/** Changes are tried over and over: what is longer is not held in memory. */
const LARGEST_CAPTURE = 512 * 1024 * 1024;

export async function run(argv: readonly string[]): Promise<number> {
  const { values } = argumentsOf(USAGE, argv, {
    options: {
      capture: { type: 'string', short: 'r' },
      rules: { type: 'string', short: 'S', multiple: true },
      sid: { type: 'string' },
      'home-net': { type: 'string' },
      config: { type: 'string', short: 'c' },
      checksums: { type: 'string', short: 'k' },
      also: { type: 'string', multiple: true },
      json: { type: 'boolean' },
      html: { type: 'boolean' },
    },
  });
  if (values.capture === undefined || values.rules === undefined || values.sid === undefined) {
    throw new UsageProblem('name a capture (-r), rules (-S) and a rule (--sid)', USAGE);
  }
  if (values.json && values.html) throw new UsageProblem('--json and --html both write to standard output; choose one', USAGE);
  const [sid] = sidsOf([values.sid], USAGE);
  const homeNet = values['home-net'];
  if (homeNet !== undefined && insideOf(homeNet) === undefined) throw new UsageProblem(`--home-net ${homeNet} is no list of networks`, USAGE);
  const tree = readYaml(values.config ?? join(import.meta.dirname, 'suricata.yaml'));
  if (homeNet !== undefined) setValue(tree, `vars.address-groups.HOME_NET=${homeNet}`);
  const settings = withFilesOfRules(configurationOf(tree, { verifyChecksums: values.checksums !== 'none', inline: false }).settings, tree, values.rules);
  const rules = values.rules.flatMap((path) => parseRules(readFileSync(path, 'utf8')).rules);
  const others = (values.also ?? []).flatMap((path) => namedCaptures(path)).map((path): NamedCapture => ({ name: path, bytes: captureAt(path) }));
  const explanation = explainRule({ rules, sid, capture: captureAt(values.capture), others }, catalogue, settings);
  if (explanation === undefined) throw new InputProblem(`no rule of ${values.rules.join(', ')} has sid ${sid}`);
  if (values.json)
    process.stdout.write(
      `${JSON.stringify(explanation, (_key, value: unknown) => (value instanceof Uint8Array ? Buffer.from(value).toString('base64') : value), 1)}\n`,
    );
  else if (values.html) process.stdout.write(explanationHtml(explanation, values.capture));
  else process.stdout.write(explanationText(explanation));
  return explanation.reason === 'refused' ? 1 : 0;
}

function captureAt(path: string): Uint8Array {
  if (path !== '-' && statSync(path).size > LARGEST_CAPTURE)
    throw new InputProblem(`${path} is longer than ${LARGEST_CAPTURE} bytes; cut out the part that matters`);
  return readFileSync(path === '-' ? 0 : path);
}
