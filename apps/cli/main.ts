/** `sigwright VERB …`: one file a verb, loaded when it is asked for. */
import { enableCompileCache } from 'node:module';
import { runVerb } from './shared/run-verb.ts';

enableCompileCache();

const VERBS: Record<string, { readonly summary: string; run(argv: readonly string[]): Promise<number> }> = {
  init: { summary: 'a ruleset repository to begin with', run: async (argv) => (await import('./init.ts')).run(argv) },
  run: { summary: 'detect: -r CAPTURE -S RULES [-l FOLDER]', run: async (argv) => (await import('./engine-verbs.ts')).run(argv) },
  intake: { summary: 'what a report says: indicators, references, credits', run: async (argv) => (await import('./intake.ts')).intake(argv) },
  indicators: { summary: 'the indicators of a text (--json: one object a line)', run: async (argv) => (await import('./intake.ts')).indicators(argv) },
  draft: { summary: 'draft rules for the indicators of a report', run: async (argv) => (await import('./draft.ts')).run(argv) },
  cost: { summary: 'what rules cost, alone and on a capture, and what would make them cheaper', run: async (argv) => (await import('./cost.ts')).run(argv) },
  coverage: { summary: 'which rules cover a domain, URL, digest, capture or draft already', run: async (argv) => (await import('./coverage.ts')).run(argv) },
  explain: { summary: 'why a rule fired on a capture, or did not', run: async (argv) => (await import('./explain.ts')).run(argv) },
  evidence: { summary: 'captures that were seen become the evidence of a rule', run: async (argv) => (await import('./evidence.ts')).run(argv) },
  prove: { summary: 'every rule of a repository against its evidence', run: async (argv) => (await import('./prove.ts')).run(argv) },
  format: { summary: 'rules in one style, meaning kept (--check for build servers)', run: async (argv) => (await import('./format.ts')).run(argv) },
  lint: { summary: 'defects of rules that load all the same', run: async (argv) => (await import('./lint.ts')).run(argv) },
  review: { summary: 'which rules are due, and what is decided about them', run: async (argv) => (await import('./review.ts')).run(argv) },
  feedback: { summary: 'reports of false positives and misses, from a sensor to evidence', run: async (argv) => (await import('./feedback.ts')).run(argv) },
  history: { summary: 'the life of a rule: what each commit changed, what was decided', run: async (argv) => (await import('./history.ts')).run(argv) },
  renumber: { summary: 'other numbers for rules that were never released', run: async (argv) => (await import('./renumber.ts')).run(argv) },
  release: { summary: 'a release of a repository: rules, maps, archive, changelog', run: async (argv) => (await import('./release.ts')).run(argv) },
  key: { summary: 'a key for signing releases, and signatures checked', run: async (argv) => (await import('./key.ts')).run(argv) },
  compare: { summary: 'what a release changes, word by word and on traffic', run: async (argv) => (await import('./compare.ts')).run(argv) },
  'serve-rules': { summary: 'releases over HTTP, for suricata-update and sensors', run: async (argv) => (await import('./serve-rules.ts')).run(argv) },
  update: { summary: 'rules from their sources for a sensor, with local wishes', run: async (argv) => (await import('./update.ts')).run(argv) },
  site: { summary: 'a page for each rule and campaign, feeds, a playbook', run: async (argv) => (await import('./site.ts')).run(argv) },
  'community-review': { summary: 'the weekly post', run: async (argv) => (await import('./community-review.ts')).run(argv) },
  synthesize: { summary: 'traffic that fires a rule, and traffic that just does not', run: async (argv) => (await import('./synthesize.ts')).run(argv) },
  translate: { summary: 'rules in the words of other engines, proved on traffic', run: async (argv) => (await import('./translate.ts')).run(argv) },
  triage: { summary: 'alerts (EVE) → hosts with a judgement', run: async (argv) => (await import('./triage.ts')).run(argv) },
  serve: { summary: 'the workbench: alerts, hosts, verdicts, rules, over a store', run: async (argv) => (await import('./serve.ts')).run(argv) },
  workbench: { summary: 'the rule workbench as a page that needs no server', run: async (argv) => (await import('./workbench.ts')).run(argv) },
  ingest: { summary: 'EVE JSON lines into a store', run: async (argv) => (await import('./serve.ts')).ingest(argv) },
  hunt: { summary: 'new rules over an archive of captures, by workers', run: async (argv) => (await import('./hunt.ts')).hunt(argv) },
  worker: { summary: 'inspects captures that hunts ask for (NATS JetStream)', run: async (argv) => (await import('./hunt.ts')).worker(argv) },
  ship: { summary: 'an EVE file to the broker as it grows', run: async (argv) => (await import('./hunt.ts')).ship(argv) },
  doctor: { summary: 'says what is wrong with a set-up, and what to do', run: async (argv) => (await import('./doctor.ts')).run(argv) },
  demo: { summary: 'the week of 8 March 2024, start to end (npm start)', run: async (argv) => (await import('./demo.ts')).run(argv) },
  'language-server': {
    summary: 'rules in an editor: the language server protocol over stdio',
    run: async (argv) => (await import('./language-server.ts')).run(argv),
  },
  keywords: { summary: 'every keyword of the rule language that is known', run: async (argv) => (await import('./keywords.ts')).run(argv) },
  suricata: { summary: 'the command line of the suricata binary', run: async (argv) => (await import('./engine-verbs.ts')).suricata(argv) },
};

/** What a shell reports of a program whose reader went away (128 + SIGPIPE). */
const READER_GONE = 141;

/** `sigwright … | head`: nobody reads any more, so there is nothing left to do. A full disk is said. */
function onBrokenOutput(problem: NodeJS.ErrnoException): void {
  if (problem.code === 'EPIPE') process.exit(READER_GONE);
  process.stderr.write(`sigwright: standard output could not be written: ${problem.message}\n`);
  process.exit(1);
}

async function main(): Promise<number> {
  const [verb, ...rest] = process.argv.slice(2);
  const found = verb === undefined || !Object.hasOwn(VERBS, verb) ? undefined : VERBS[verb];
  if (verb !== undefined && found !== undefined) return runVerb(verb, found.run, rest);
  const asked = verb === undefined || verb === 'help' || verb === '--help' || verb === '-h';
  const out = asked ? process.stdout : process.stderr;
  if (!asked) out.write(`sigwright: \`${verb}\` is not a verb\n\n`);
  out.write('sigwright VERB …\n\n');
  for (const [name, { summary }] of Object.entries(VERBS)) out.write(`  ${name.padEnd(18)}${summary}\n`);
  out.write('\n`sigwright VERB --help` says what a verb takes. Exit codes: 0 done, 1 input or findings, 2 command line not understood.\n');
  return asked ? 0 : 2;
}

process.stdout.on('error', onBrokenOutput);
process.stderr.on('error', (problem: NodeJS.ErrnoException) => process.exit(problem.code === 'EPIPE' ? READER_GONE : 1));
process.exitCode = await main();
// Nothing is left to be done then: what memory holds, some hundred megabytes, need not be given back piece by piece.
process.once('exit', () => process.exit());
