/** `sigwright VERB …`: one file a verb, loaded when it is asked for. */
import { enableCompileCache } from 'node:module';

enableCompileCache();

const VERBS: Record<string, { readonly summary: string; run(argv: readonly string[]): Promise<number> }> = {
  run: { summary: 'detect: -r CAPTURE -S RULES [-l FOLDER]', run: async (argv) => (await import('./run.ts')).run(argv) },
  intake: { summary: 'what a report says: indicators, references, credits', run: async (argv) => (await import('./intake.ts')).intake(argv) },
  indicators: { summary: 'the indicators of a text (--json: one object a line)', run: async (argv) => (await import('./intake.ts')).indicators(argv) },
  draft: { summary: 'draft rules for the indicators of a report', run: async (argv) => (await import('./draft.ts')).run(argv) },
  explain: { summary: 'why a rule fired on a capture, or did not', run: async (argv) => (await import('./explain.ts')).run(argv) },
  prove: { summary: 'every rule of a repository against its evidence', run: async (argv) => (await import('./prove.ts')).run(argv) },
  review: { summary: 'which rules are due, and what is decided about them', run: async (argv) => (await import('./review.ts')).run(argv) },
  release: { summary: 'a release of a repository: rules, maps, archive, changelog', run: async (argv) => (await import('./release.ts')).run(argv) },
  compare: { summary: 'what a release changes, word by word and on traffic', run: async (argv) => (await import('./compare.ts')).run(argv) },
  'community-review': { summary: 'the weekly post', run: async (argv) => (await import('./community-review.ts')).run(argv) },
  triage: { summary: 'alerts (EVE) → hosts with a judgement', run: async (argv) => (await import('./triage.ts')).run(argv) },
  demo: { summary: 'the week of 8 March 2024, start to end (npm start)', run: async (argv) => (await import('./demo.ts')).run(argv) },
  suricata: { summary: 'the command line of the suricata binary', run: async (argv) => (await import('./suricata.ts')).suricata(argv) },
};

async function main(): Promise<number> {
  const [verb, ...rest] = process.argv.slice(2);
  const found = verb === undefined ? undefined : VERBS[verb];
  if (found === undefined) {
    const out = verb === undefined || verb === 'help' || verb === '--help' || verb === '-h' ? process.stdout : process.stderr;
    if (out === process.stderr) out.write(`sigwright: \`${verb}\` is not a verb\n\n`);
    out.write('sigwright VERB …\n\n');
    for (const [name, { summary }] of Object.entries(VERBS)) out.write(`  ${name.padEnd(18)}${summary}\n`);
    return out === process.stdout ? 0 : 2;
  }
  return found.run(rest);
}

process.exitCode = await main();
