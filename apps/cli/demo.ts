/**
 * `npm start`: the whole week of 8 March 2024 on the terminal, from reports to released rules to a judgement about each host, and
 * then as pages on localhost. Works on a copy, so that the example stays as it is.
 */

import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { counted } from '@sigwright/bytes';
import { catalogue } from '@sigwright/catalogue';
import type { EveRecord } from '@sigwright/contracts';
import { buildPlan, Engine, EveWriter, type ExplainedAttempt, Explainer, usePlan } from '@sigwright/detection';
import { serveWorkbench } from '@sigwright/server';
import { buildRelease, communityReview, insideOf, openRepository, openStore, prove, reviewQueue, ruleFacts, triage, writeRelease } from '@sigwright/workbench';
import { argumentsOf, UsageProblem } from './shared/arguments.ts';
import { DEFAULT_CLASSIFICATIONS } from './shared/classifications.ts';
import { configurationOf } from './shared/configuration.ts';
import { readYaml } from './shared/configuration-tree.ts';
import { proofRunner } from './shared/proof-runner.ts';
import { readingOf } from './shared/report.ts';
import { ruleCost, ruleGrader } from './shared/rule-explainer.ts';
import { sliceCapture } from './shared/slice.ts';

const USAGE = `sigwright demo [--port N] [--no-serve]

The week of 8 March 2024 from reports to a judgement about each host, then as pages on localhost. Works on a copy.

      --port N           where the pages are served (default: 8340; where it is taken, a free one)
      --no-serve         end after the terminal's part
`;

const WEEK = join(import.meta.dirname, '..', '..', 'examples', '2024-03-08');
const DAY = '2024-03-08';
const REVIEW_DAY = '2024-04-10';
const DEFAULT_PORT = 8340;

export async function run(argv: readonly string[]): Promise<number> {
  const { values } = argumentsOf(USAGE, argv, { options: { port: { type: 'string' }, 'no-serve': { type: 'boolean' } } });
  const port = Number(values.port ?? DEFAULT_PORT);
  if (!Number.isInteger(port) || port < 0 || port > 65_535) throw new UsageProblem(`--port ${values.port} is no port`, USAGE);
  const folder = mkdtempSync(join(tmpdir(), 'sigwright-week-'));
  try {
    cpSync(WEEK, folder, { recursive: true });
    return await week(folder, port, values['no-serve'] === true);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function say(text: string): void {
  process.stdout.write(`${text}\n`);
}

async function week(folder: string, port: number, noServe: boolean): Promise<number> {
  const opened = openRepository(folder);
  if (!opened.ok) {
    process.stderr.write(`${opened.message}\n`);
    return 1;
  }
  const repository = opened.value;
  say(`${repository.settings.title}\n`);

  say('1. Intake: what the reports say');
  for (const slug of readdirSync(join(folder, 'reports')).sort()) {
    const reading = await readingOf(join(folder, 'reports', slug, 'source.md'));
    const count = reading.indicators.filter((one) => one.role === 'indicator').length;
    say(
      `   ${slug.slice(11).padEnd(26)} ${String(count).padStart(3)} ${count === 1 ? 'indicator, ' : 'indicators,'} ${reading.references.length} ${reading.references.length === 1 ? 'reference, ' : 'references,'} credits ${reading.credits.slice(0, 3).join(' ') || '(in report.yaml)'}`,
    );
  }

  say(
    `\n2. Rules: ${repository.rules.length} in ${counted(new Set(repository.rules.map((one) => one.category)).size, 'category', 'categories')}, from ${counted(repository.reports.length, 'report')}`,
  );
  say('\n3. Proof: every rule against its evidence');
  const proofs = prove(repository, proofRunner());
  for (const proof of proofs.rules.filter((one) => !one.ok))
    say(`   FAILS ${proof.sid} ${proof.checks.find((check) => !check.ok)?.reason ?? proof.missing.join(', ')}`);
  say(`   ${proofs.rules.filter((one) => one.ok).length} of ${counted(proofs.rules.length, 'rule')} proved on ${counted(proofs.captures, 'capture')}`);

  say('\n4. Release');
  const built = await buildRelease(repository, { version: '1', date: DAY, classifications: DEFAULT_CLASSIFICATIONS, catalogue });
  if (!built.ok) {
    process.stderr.write(`   ${built.message}\n`);
    return 1;
  }
  const failed = writeRelease(repository, '1', built.value);
  if (failed !== undefined) {
    process.stderr.write(`   ${failed.message}\n`);
    return 1;
  }
  say(`   version 1: ${counted(built.value.files.size, 'file')}, ${counted(built.value.enabled, 'rule')} enabled, ${built.value.difference.added.length} new`);

  say('\n5. Time to review');
  const queue = reviewQueue(repository, REVIEW_DAY);
  say(`   on ${REVIEW_DAY} ${queue.filter((item) => item.overdue >= 0).length} of ${counted(queue.length, 'rule')} are due: ${queue[0]?.why ?? ''}`);

  say('\n6. Detection on an office hour');
  const { settings: base } = configurationOf(readYaml(join(import.meta.dirname, 'suricata.yaml')), { verifyChecksums: true, inline: false });
  const settings = { ...base, addressGroups: { ...base.addressGroups, ...repository.settings.networks } };
  const plan = usePlan(buildPlan([{ path: folder, rules: repository.rules.map((one) => one.rule) }], catalogue, settings).data, catalogue, settings);
  const capture = readFileSync(join(folder, 'week.pcap'));
  const records: EveRecord[] = [];
  const started = performance.now();
  const engine = new Engine(plan, catalogue, settings, new EveWriter((record) => records.push(record), settings, catalogue.protocols));
  const problem = engine.feed(capture) ?? engine.finish();
  const seconds = (performance.now() - started) / 1000;
  if (problem !== undefined) process.stderr.write(`   ${problem.message}\n`);
  const alerts = records.filter((record) => record['event_type'] === 'alert');
  say(
    `   ${counted(engine.counters.packets, 'packet')}, ${counted(engine.counters.flows, 'flow')}, ${counted(records.length, 'record')}, ${counted(alerts.length, 'alert')} in ${seconds.toFixed(2)} s`,
  );

  say('\n7. Triage: a judgement about each host');
  const hosts = triage(records, { isInside: insideOf(repository.settings.networks['HOME_NET']) ?? (() => false) });
  for (const host of hosts) if (host.judgement !== 'nothing') say(`   ${host.host.padEnd(14)} ${host.judgement}: ${host.reasons[0]}`);

  const explanations = new Map<number, ExplainedAttempt>();
  for (const sid of new Set(alerts.map(sidOf))) {
    const explainer = new Explainer(plan.rule(plan.data.sids.indexOf(sid)));
    const again = new Engine(plan, catalogue, settings, {});
    again.explainer = explainer;
    again.feed(capture);
    again.finish();
    const { fired } = explainer.result();
    if (fired !== undefined) explanations.set(sid, fired);
  }
  const post = communityReview(repository, DAY);
  say(
    `\n8. Community review: ${counted(post.split('\n').filter((line) => line.startsWith('## ')).length - 2, 'campaign')}, ${counted(post.length, 'character')} of Markdown`,
  );
  if (noServe) return proofs.ok ? 0 : 1;

  const store = await openStore({ sqlite: join(folder, 'store.db') }, { factsOf: ruleFacts(repository) });
  await store.setHomeNetworks(repository.settings.networks['HOME_NET']);
  const encoder = new TextEncoder();
  await store.ingest(
    records.map((record) => encoder.encode(`${JSON.stringify(record)}\n`)),
    'example week',
  );
  const options = {
    title: repository.settings.title,
    store,
    folder,
    classifications: DEFAULT_CLASSIFICATIONS,
    today: () => REVIEW_DAY,
    explain: (sid: number) => explanations.get(sid),
    runner: proofRunner,
    cost: ruleCost,
    grader: ruleGrader,
    example: capture,
    slice: ({ source, destination }: { source: string; destination: string }) => sliceCapture(capture, source, destination),
    guests: true,
  };
  const fault = (problem: Error, path: string): void => void process.stderr.write(`${path}: ${problem.stack ?? problem.message}\n`);
  const serving = await serveWorkbench(options, { port, fault }).catch(() => serveWorkbench(options, { port: 0, fault }));
  serving.desk.proofs.keep(proofs);
  say(`\nAll of it is at ${serving.url}/ (Ctrl-C ends it). Everybody on this machine may read; to decide things, make an account:`);
  say(`${serving.setupLink}`);
  await new Promise<void>((resolve) => {
    process.once('SIGINT', resolve);
    process.once('SIGTERM', resolve);
  });
  await serving.close();
  await store.close();
  return 0;
}

function sidOf(record: EveRecord): number {
  return (record['alert'] as { signature_id: number }).signature_id;
}
