/** `sigwright serve`: the workbench over a store and a ruleset repository, with EVE files followed. `sigwright ingest`: EVE into a store. */

import { createReadStream, existsSync } from 'node:fs';
import { hostname } from 'node:os';
import { counted } from '@sigwright/bytes';
import { serveWorkbench } from '@sigwright/server';
import { hunting, insideOf, type Retention, ruleFacts } from '@sigwright/workbench';
import { archiveAt } from './shared/archive.ts';
import { argumentsOf, isLoopback, UsageProblem } from './shared/arguments.ts';
import { connected } from './shared/broker.ts';
import { DEFAULT_CLASSIFICATIONS } from './shared/classifications.ts';
import { logOf } from './shared/log.ts';
import { isObjectStore } from './shared/object-store.ts';
import { packetsFrom } from './shared/packets.ts';
import { proofRunner } from './shared/proof-runner.ts';
import { repositoryAt } from './shared/repository.ts';
import { explainMatch, ruleCost, ruleGrader } from './shared/rule-explainer.ts';
import { placeOf, storeAt } from './shared/store-place.ts';

const DEFAULT_PORT = 8340;
const HIGHEST_PORT = 65_535;
/** Milliseconds between looks at followed files, and between rounds of forgetting. */
const LOOK_EVERY = 1000;
const FORGET_EVERY = 10 * 60_000;

const SERVE = `sigwright serve --store PLACE [-C FOLDER] [options]

The workbench over HTTP: hosts, alerts, verdicts, rules, reviews, releases; an API with OpenAPI below /api/v1. At first it prints a link
that makes the first admin.

      --store PLACE      a file for SQLite, or postgres://USER@HOST/DATABASE
                         (or SIGWRIGHT_STORE in the environment, where no password is to stand on a command line)
  -C, --folder FOLDER    a ruleset repository
      --eve FILE         an EVE file that is followed as it grows; may be given several times
      --sensor NAME      what its events are filed under (default: this machine's name)
      --home-net NETS    which addresses are ours (kept in the store)
      --keep-days N      events older than so many days are forgotten
      --keep-bytes N     the oldest events are forgotten until the store is smaller
      --nats URL         a NATS broker: hunts are sent to its workers, lines of EVE that \`sigwright ship\` sends are taken in
                         (or SIGWRIGHT_NATS in the environment)
      --archive PLACE    captures, as seen from here: a folder, or s3://BUCKET/PREFIX (see \`sigwright worker\`). Hunts go over them; the
                         packets of an alert are looked for in a folder's
      --port N           (default: ${DEFAULT_PORT}; 0 takes a free one)
      --host ADDRESS     where to listen (default: 127.0.0.1)
      --url URL          how people reach it through a proxy with TLS; needed to listen elsewhere than on loopback
      --proxy NETS       proxies in front; they say who asks (x-forwarded-for), which counts in limits and logs
      --log FORM         words (default), or json: one object a line on standard error, requests among them
`;
const INGEST = `sigwright ingest --store PLACE EVE… [--sensor NAME]

EVE JSON lines (- for standard input) into a store; the same line counts once, a file that grew is read on from where it was left.

      --store PLACE      a file for SQLite, or postgres://USER@HOST/DATABASE
      --sensor NAME      what the events are filed under (default: this machine's name)
      --home-net NETS    which addresses are ours (kept in the store)
`;

function amountOf(given: string | undefined, option: string): number | undefined {
  if (given === undefined) return undefined;
  const number = Number(given);
  if (!Number.isFinite(number) || number <= 0) throw new UsageProblem(`--${option} ${given} is no amount`, SERVE);
  return number;
}

export async function ingest(argv: readonly string[]): Promise<number> {
  const { values, positionals } = argumentsOf(INGEST, argv, {
    allowPositionals: true,
    options: { store: { type: 'string' }, sensor: { type: 'string' }, 'home-net': { type: 'string' } },
  });
  if (positionals.length === 0) throw new UsageProblem('name EVE files, or - for standard input', INGEST);
  const store = await storeAt(placeOf(values.store, INGEST));
  try {
    if (values['home-net'] !== undefined && !(await store.setHomeNetworks(values['home-net'])))
      throw new UsageProblem(`--home-net ${values['home-net']} is no list of networks`, INGEST);
    const sensor = values.sensor ?? hostname();
    for (const path of positionals) {
      const { added, known, broken, alerts } =
        path === '-' ? await store.ingest(createReadStream('', { fd: 0 }) as AsyncIterable<Uint8Array>, sensor) : await store.catchUp(path, sensor);
      process.stdout.write(
        `${path}: ${counted(added, 'new event')}, ${alerts} of them alerts; ${known} known before${broken > 0 ? `; ${counted(broken, 'line')} with no EVE record` : ''}\n`,
      );
    }
    return 0;
  } finally {
    await store.close();
  }
}

export async function run(argv: readonly string[]): Promise<number> {
  const { values } = argumentsOf(SERVE, argv, {
    options: {
      store: { type: 'string' },
      folder: { type: 'string', short: 'C' },
      eve: { type: 'string', multiple: true },
      sensor: { type: 'string' },
      'home-net': { type: 'string' },
      'keep-days': { type: 'string' },
      'keep-bytes': { type: 'string' },
      nats: { type: 'string' },
      archive: { type: 'string' },
      port: { type: 'string' },
      host: { type: 'string' },
      url: { type: 'string' },
      proxy: { type: 'string' },
      log: { type: 'string' },
    },
  });
  const log = logOf(values.log, 'serve', SERVE);
  const { complain } = log;
  const port = Number(values.port ?? DEFAULT_PORT);
  if (!Number.isInteger(port) || port < 0 || port > HIGHEST_PORT) throw new UsageProblem(`\`${values.port}\` is no port`, SERVE);
  if (values.url !== undefined && !URL.canParse(values.url)) throw new UsageProblem(`\`${values.url}\` is no URL`, SERVE);
  const host = values.host ?? '127.0.0.1';
  // Passwords and cookies do not go over a network in the clear.
  if (!isLoopback(host) && values.url?.startsWith('https://') !== true)
    throw new UsageProblem(`to listen on ${host}, put a proxy with TLS in front and name its address: --url https://…`, SERVE);
  const isProxy = values.proxy === undefined ? undefined : insideOf(values.proxy);
  if (values.proxy !== undefined && isProxy === undefined) throw new UsageProblem(`--proxy ${values.proxy} is no list of networks`, SERVE);
  // Networks in which webhooks may be told although they are not public: the machine's owner says so, not an admin of the pages.
  const inside = process.env['SIGWRIGHT_WEBHOOKS_INSIDE'];
  const isAllowed = inside === undefined ? undefined : insideOf(inside);
  if (inside !== undefined && isAllowed === undefined) throw new UsageProblem(`SIGWRIGHT_WEBHOOKS_INSIDE=${inside} is no list of networks`, SERVE);
  const place = placeOf(values.store, SERVE);
  const days = amountOf(values['keep-days'], 'keep-days');
  const bytes = amountOf(values['keep-bytes'], 'keep-bytes');
  const retention: Retention = { ...(days === undefined ? {} : { days }), ...(bytes === undefined ? {} : { bytes }) };
  const repository = values.folder === undefined ? undefined : repositoryAt(values.folder, 'serve');
  if (values.folder !== undefined && repository === undefined) return 1;
  const archive = values.archive === undefined ? undefined : archiveAt(values.archive, SERVE);
  const nats = values.nats ?? process.env['SIGWRIGHT_NATS'];
  // However this ends, nothing that stays open keeps the process from ending.
  await using open = new AsyncDisposableStack();
  const broker = nats === undefined ? undefined : open.adopt(await connected({ url: nats }), (one) => one.close());
  const store = open.adopt(await storeAt(place, repository === undefined ? {} : { factsOf: ruleFacts(repository) }), (one) => one.close());
  if (values['home-net'] !== undefined && !(await store.setHomeNetworks(values['home-net'])))
    throw new UsageProblem(`--home-net ${values['home-net']} is no list of networks`, SERVE);
  const serving = await serveWorkbench(
    {
      title: repository?.settings.title ?? 'alerts',
      store,
      classifications: DEFAULT_CLASSIFICATIONS,
      runner: proofRunner,
      workers: broker !== undefined,
      ...(isAllowed === undefined ? {} : { dial: { isAllowed } }),
      ...(isProxy === undefined ? {} : { isProxy }),
      ...(values.folder === undefined ? {} : { folder: values.folder }),
      ...(broker === undefined || archive === undefined ? {} : { archive: () => archive.captures() }),
      ...(values.archive === undefined || isObjectStore(values.archive) ? {} : { slice: packetsFrom(values.archive) }),
      match: explainMatch,
      cost: ruleCost,
      grader: ruleGrader,
    },
    {
      port,
      host,
      ...(values.url === undefined ? {} : { url: values.url }),
      fault: (problem, path) => log.say('error', `${path}: ${problem.message}`, { path, stack: problem.stack }),
      ...(log.isJson ? { request: (entry) => log.say(entry.status >= 500 ? 'error' : 'info', 'request', { ...entry }) } : {}),
    },
  );
  process.stdout.write(`${serving.url}/ (Ctrl-C ends it)\n`);
  log.say('info', 'listening', { url: serving.url, needsSetup: serving.setupLink !== undefined });
  if (serving.setupLink !== undefined) process.stdout.write(`Nobody can sign in yet; this link makes the first admin, once:\n${serving.setupLink}\n`);

  let stopped = false;
  const sensor = values.sensor ?? hostname();
  const rounds = (values.eve ?? []).map(async (path) => {
    let missing = false;
    while (!stopped) {
      if (existsSync(path)) {
        missing = false;
        const got = await store.catchUp(path, sensor, () => stopped).catch((problem: Error) => complain(`${path}: ${problem.message}`));
        if (got && got.added + got.broken > 0) log.say('info', 'events', { path, sensor, ...got });
      } else if (!missing) {
        missing = true;
        complain(`${path} is not there yet; it is waited for`);
      }
      await new Promise((resolve) => setTimeout(resolve, LOOK_EVERY));
    }
  });
  const ending = new AbortController();
  if (broker !== undefined) {
    const { collectEve, mindHunts } = await hunting();
    rounds.push(mindHunts(store, broker, { signal: ending.signal, tell: complain }));
    rounds.push(collectEve(store, broker, { signal: ending.signal, tell: complain }).then(() => {}));
  }
  const forget = async (): Promise<void> => {
    const gone = await store.forget(retention).catch((problem: Error) => complain(problem.message));
    if (gone) log.say('info', 'forgotten', { events: gone });
  };
  if (days !== undefined || bytes !== undefined) await forget();
  const timer = setInterval(() => void forget(), FORGET_EVERY);
  await new Promise<void>((resolve) => {
    process.once('SIGINT', resolve);
    process.once('SIGTERM', resolve);
  });
  stopped = true;
  ending.abort();
  clearInterval(timer);
  await serving.close();
  await Promise.all(rounds);
  return 0;
}
