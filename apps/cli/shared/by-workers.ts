/** Work on rules by the workers at a broker instead of here: a job in a store, minded until it ends, with how far it is on the terminal. */
import { existsSync, readFileSync } from 'node:fs';
import { basename, dirname, isAbsolute, join, relative } from 'node:path';
import { catalogue } from '@sigwright/catalogue';
import type { Rule } from '@sigwright/contracts';
import { buildPlan } from '@sigwright/detection';
import {
  type BrokerOptions,
  type Bundle,
  beginProof,
  beginSynthesis,
  filesBelow,
  hunting,
  type ProofReport,
  proofOf,
  type Repository,
  type Store,
  type StorePlace,
  type SynthesizedRule,
  synthesizedOf,
} from '@sigwright/workbench';
import { InputProblem } from './arguments.ts';
import { brokerOf, connected } from './broker.ts';
import { FilesRead, ourSettings } from './data-files.ts';
import { placeOf, storeAt } from './store-place.ts';
import type { SynthesisPlace } from './synthesis.ts';

export const WORKERS_USAGE = `      --workers          by the workers at a broker (sigwright worker), not here; the page Hunts of the workbench shows and ends it
      --nats URL         the broker, nats://HOST:4222 (or SIGWRIGHT_NATS in the environment)
      --store PLACE      where the job is kept: a file for SQLite, or postgres://USER@HOST/DATABASE (or SIGWRIGHT_STORE in the environment)
`;
export const WORKERS_OPTIONS = { workers: { type: 'boolean' }, nats: { type: 'string' }, store: { type: 'string' } } as const;

export interface Workers {
  readonly broker: BrokerOptions;
  readonly place: StorePlace;
}

/** Undefined: the work is done here. */
export function workersOf(values: { readonly workers?: boolean; readonly nats?: string; readonly store?: string }, usage: string): Workers | undefined {
  if (values.workers !== true) return undefined;
  return { broker: brokerOf(values.nats, usage), place: placeOf(values.store, usage) };
}

const BY = 'command line';
const TELL_EVERY = 1000;

/** Until the job ended; what was interrupted is given up, and said. */
async function* jobByWorkers<One>(
  { broker: options, place }: Workers,
  begin: (store: Store) => Promise<number>,
  results: (store: Store, job: number) => AsyncIterable<One>,
): AsyncGenerator<One> {
  const controller = new AbortController();
  const stop = (): void => controller.abort();
  for (const name of ['SIGINT', 'SIGTERM'] as const) process.once(name, stop);
  await using open = new AsyncDisposableStack();
  const broker = open.adopt(await connected(options), (one) => one.close());
  const store = open.adopt(await storeAt(place), (one) => one.close());
  let telling: NodeJS.Timeout | undefined;
  try {
    const job = await begin(store);
    const isTerminal = process.stderr.isTTY;
    telling = setInterval(async () => {
      const row = (await store.hunts.list()).find((one) => one.job === job);
      if (isTerminal && row !== undefined) process.stderr.write(`\r${row.done} of ${row.total} rules `);
    }, TELL_EVERY);
    const { mindHunts } = await hunting();
    await mindHunts(store, broker, { signal: controller.signal, until: job, tell: (words) => void process.stderr.write(`sigwright: ${words}\n`) });
    if (isTerminal) process.stderr.write('\r');
    if (controller.signal.aborted) {
      await store.hunts.cancel(job);
      throw new InputProblem(`job ${job} was given up`);
    }
    yield* results(store, job);
  } finally {
    clearInterval(telling);
    for (const name of ['SIGINT', 'SIGTERM'] as const) process.off(name, stop);
  }
}

export async function proofByWorkers(workers: Workers, repository: Repository, sids: ReadonlySet<number> | undefined): Promise<ProofReport> {
  const reports = jobByWorkers(
    workers,
    (store) => beginProof(store, repository, { by: BY, ...(sids === undefined ? {} : { sids }) }),
    async function* (store, job) {
      yield await proofOf(store, job, repository);
    },
  );
  for await (const report of reports) return report;
  throw new Error('a proof without a report');
}

/** In order of number. */
export function synthesisByWorkers(
  workers: Workers,
  place: SynthesisPlace,
  wanted: readonly Rule[],
  { silent, repository }: { readonly silent: boolean; readonly repository?: Repository },
): AsyncGenerator<SynthesizedRule> {
  const files = repository === undefined ? filesOf(place) : filesBelow(join(repository.folder, 'rules'), 'rules');
  const config = place.config === undefined ? [] : [{ path: 'suricata.yaml', bytes: readFileSync(place.config) }];
  const title =
    repository === undefined ? `traffic for ${place.ruleFiles.map((path) => basename(path)).join(', ')}` : `evidence for ${repository.settings.name}`;
  const sids = wanted.map(({ sid }) => sid);
  return jobByWorkers(
    workers,
    (store) => beginSynthesis(store, { by: BY, title, sids, files: [...config, ...files], networks: place.networks, silent }),
    (store, job) => synthesizedOf(store, job),
  );
}

/** Files of rules, and the scripts and lists that they name by a path from beside them. */
function filesOf({ ruleFiles, rules }: SynthesisPlace): Bundle['files'] {
  const read = new FilesRead();
  buildPlan([{ path: 'all', rules }], catalogue, ourSettings(ruleFiles, { verifyChecksums: true, files: read }));
  const named = new Map<string, Uint8Array>();
  for (const path of read.paths()) {
    const inside = [...ruleFiles.map((file) => dirname(file)), '.']
      .map((folder) => relative(folder, path))
      .find((one) => !one.startsWith('..') && !isAbsolute(one));
    if (inside !== undefined && !named.has(inside) && existsSync(path)) named.set(inside, readFileSync(path));
  }
  return [
    // In the order in which they were given.
    ...ruleFiles.map((path, at) => ({ path: `rules/${String(at).padStart(4, '0')}.rules`, bytes: readFileSync(path) })),
    ...[...named].map(([path, bytes]) => ({ path: `rules/${path.replaceAll('\\', '/')}`, bytes })),
  ];
}
