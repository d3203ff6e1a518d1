/** `sigwright triage EVE… [--home-net NETS] [--json]`: alerts → hosts, worst first, with a judgement and its reasons. */
import { readFileSync } from 'node:fs';
import { counted } from '@sigwright/bytes';
import type { EveRecord } from '@sigwright/contracts';
import { type HostJudgement, insideOf, type Playbook, playbookFacts, readPlaybook, renderTriage, storiesOf, triage, whatNext } from '@sigwright/workbench';
import { argumentsOf, InputProblem, UsageProblem } from './shared/arguments.ts';
import { eveRecords } from './shared/eve-lines.ts';

const USAGE = `sigwright triage EVE… [options]

Alerts (EVE JSON lines from sigwright or Suricata; - for standard input) → hosts, worst first, each with a judgement and its reasons.

      --home-net NETS    which addresses are ours (default: the private ones)
      --resolver IP      a DNS resolver of ours, whose alerts belong to its clients; may be given several times
      --playbook FILE    a playbook.json made by sigwright site: tells for each host what belongs together and what to do next
      --json             hosts as JSON
`;

export async function run(argv: readonly string[]): Promise<number> {
  const { values, positionals } = argumentsOf(USAGE, argv, {
    allowPositionals: true,
    options: { 'home-net': { type: 'string' }, resolver: { type: 'string', multiple: true }, playbook: { type: 'string' }, json: { type: 'boolean' } },
  });
  if (positionals.length === 0) {
    throw new UsageProblem('name EVE files, or - for standard input', USAGE);
  }
  const inside = insideOf(values['home-net']);
  if (inside === undefined) {
    throw new UsageProblem(`--home-net ${values['home-net']} is no list of networks`, USAGE);
  }
  const records: EveRecord[] = [];
  let broken = 0;
  for (const path of positionals) {
    const read = eveRecords(readFileSync(path === '-' ? 0 : path, 'utf8'));
    for (const record of read.records) records.push(record);
    broken += read.broken;
  }
  if (broken > 0) process.stderr.write(`sigwright triage: ${broken} ${broken === 1 ? 'line is no JSON and was' : 'lines are no JSON and were'} passed over\n`);
  const strange = records.filter(
    (record) => record['event_type'] === 'alert' && !inside(String(record['src_ip'])) && !inside(String(record['dest_ip'])),
  ).length;
  if (strange > 0)
    process.stderr.write(
      `sigwright triage: ${counted(strange, 'alert')} ${strange === 1 ? 'is' : 'are'} about no address of ours: --home-net says which are\n`,
    );
  const hosts = triage(records, { isInside: inside, resolvers: new Set(values.resolver ?? []) });
  const playbook = values.playbook === undefined ? undefined : playbookAt(values.playbook);
  const told = playbook === undefined ? hosts : hosts.map((host) => withPlaybook(host, playbook));
  process.stdout.write(values.json ? `${JSON.stringify(told, undefined, 1)}\n` : renderTriage(hosts));
  if (playbook !== undefined && !values.json) process.stdout.write(hosts.map((host) => nextLines(withPlaybook(host, playbook))).join(''));
  return 0;
}

function playbookAt(path: string): Playbook {
  const read = readPlaybook(readFileSync(path, 'utf8'));
  if (!read.ok) throw new InputProblem(`${path} is no playbook: ${read.message}`);
  return read.value;
}

interface ToldHost extends HostJudgement {
  /** titles of what belongs together */
  readonly stories: readonly string[];
  readonly next: readonly string[];
}

function withPlaybook(host: HostJudgement, playbook: Playbook): ToldHost {
  const stories = storiesOf(host.rules, playbookFacts(playbook));
  return { ...host, stories: stories.map(({ title }) => title), next: whatNext(host, stories) };
}

function nextLines({ host, judgement, stories, next }: ToldHost): string {
  if (judgement === 'nothing' || next.length === 0) return '';
  return `\n${host}: ${stories.join('; ')}\n${next.map((step) => `  next: ${step}\n`).join('')}`;
}
