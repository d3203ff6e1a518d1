/**
 * `sigwright worker`: inspects captures that hunts ask for. `sigwright hunt`: rules over an archive of captures, by the workers.
 * `sigwright ship`: an EVE file to the broker, from where `serve` takes it into its store.
 */
import { randomUUID } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { counted } from '@sigwright/bytes';
import { hunting } from '@sigwright/workbench';
import { archiveAt } from './shared/archive.ts';
import { argumentsOf, InputProblem, UsageProblem } from './shared/arguments.ts';
import { brokerOf, connected } from './shared/broker.ts';
import { logOf } from './shared/log.ts';
import { placeOf, storeAt } from './shared/store-place.ts';

const WORKER = `sigwright worker --nats URL [--archive PLACE] [options]

Takes work from NATS JetStream: captures of a hunt, rules to be proved (prove --workers) or to get traffic (synthesize --workers), and hands
back what came out. Start one a core, on any machine; for hunts it has to see the archive. It may be killed at any time: what it had at
hand goes to another.

      --nats URL         nats://HOST:4222 (tls:// with TLS; user and password in it; several with commas); or SIGWRIGHT_NATS in the environment
      --archive PLACE    where the captures are: a folder, or s3://BUCKET/PREFIX (address and credentials by the environment:
                         AWS_ENDPOINT_URL, AWS_REGION, AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY); without it hunts are set aside
      --name NAME        what it is called in results (default: this machine's name and the process)
      --patience N       seconds of silence after which its capture is given to another (default: 30; the first to connect decides)
      --idle N           ends when nothing waited for so many seconds
      --log FORM         words (default), or json: one object a line on standard error
`;
const HUNT = `sigwright hunt --nats URL --store PLACE --archive PLACE -S RULES [options]

Rules over every capture (pcap, pcapng, cap) of the archive, by the workers at the broker. It may be killed, and minded on by
\`hunt --go-on\` or \`serve --nats\`: a capture counts once.

      --nats URL         as the workers have it
      --store PLACE      a file for SQLite, or postgres://USER@HOST/DATABASE
      --archive PLACE    the archive, as seen from here; as the workers have it
  -S, --rules FILE       rules; may be given several times
      --home-net NETS    what HOME_NET is
      --title WORDS      what it is called (default: names of the rules)
      --go-on            begins nothing, minds the hunts that run
      --json             what was found as lines of EVE on standard output
`;
const SHIP = `sigwright ship --nats URL --eve FILE --state FILE [options]

Lines of an EVE file to the broker as the file grows; \`serve --nats\` takes them into its store, each once. May be killed at any time.

      --nats URL         nats://HOST:4222
      --eve FILE         an EVE file; may be renamed and begun anew
      --state FILE       where is kept how far it was sent
      --sensor NAME      letters, digits, - and _ (default: this machine's name)
      --once             ends where the file ends
      --log FORM         words (default), or json: one object a line on standard error
`;

function ending(): AbortSignal {
  const controller = new AbortController();
  for (const name of ['SIGINT', 'SIGTERM'] as const) process.once(name, () => controller.abort());
  return controller.signal;
}

export async function worker(argv: readonly string[]): Promise<number> {
  const text = { type: 'string' } as const;
  const { values } = argumentsOf(WORKER, argv, { options: { nats: text, archive: text, name: text, patience: text, idle: text, log: text } });
  const log = logOf(values.log, 'worker', WORKER);
  const amount = (given: string | undefined, option: string): number | undefined => {
    if (given === undefined) return undefined;
    if (!/^\d{1,6}$/.test(given) || Number(given) === 0) throw new UsageProblem(`--${option} ${given} is no number of seconds`, WORKER);
    return Number(given);
  };
  const options = brokerOf(values.nats, WORKER);
  const patience = amount(values.patience, 'patience');
  const idle = amount(values.idle, 'idle');
  const archive = values.archive === undefined ? undefined : archiveAt(values.archive, WORKER);
  const signal = ending();
  const broker = await connected({ ...options, ...(patience === undefined ? {} : { patience }) });
  const name = values.name ?? `${hostname()} ${process.pid}`;
  process.stdout.write(`${name} waits for work (Ctrl-C ends it)\n`);
  const { work } = await hunting();
  // Who only minds or ships needs no engine.
  const { workEngines } = await import('./shared/work-engines.ts');
  const done = await work(broker, {
    name,
    engine: workEngines(archive),
    signal,
    ...(idle === undefined ? {} : { idle: idle * 1000 }),
    tell: log.complain,
  });
  await broker.close();
  process.stdout.write(`${counted(done, 'task')} done\n`);
  return 0;
}

export async function hunt(argv: readonly string[]): Promise<number> {
  const text = { type: 'string' } as const;
  const { values } = argumentsOf(HUNT, argv, {
    options: {
      nats: text,
      store: text,
      archive: text,
      rules: { type: 'string', short: 'S', multiple: true },
      'home-net': text,
      title: text,
      'go-on': { type: 'boolean' },
      json: { type: 'boolean' },
    },
  });
  const options = brokerOf(values.nats, HUNT);
  const place = placeOf(values.store, HUNT);
  const files = values.rules ?? [];
  const goOn = values['go-on'] === true;
  if (!goOn && files.length === 0) throw new UsageProblem('name rules: -S FILE', HUNT);
  const captures = goOn ? [] : await archiveAt(values.archive, HUNT).captures();
  const rules = files.map((path) => readFileSync(path, 'utf8')).join('\n');
  const signal = ending();
  await using open = new AsyncDisposableStack();
  const broker = open.adopt(await connected(options), (one) => one.close());
  const store = open.adopt(await storeAt(place), (one) => one.close());
  const { mindHunts } = await hunting();
  const job = goOn
    ? undefined
    : await store.hunts.begin({
        key: randomUUID(),
        by: 'hunt',
        title: values.title ?? files.join(', '),
        rules,
        items: captures,
        ...(values['home-net'] === undefined ? {} : { networks: values['home-net'] }),
      });
  await mindHunts(store, broker, { signal, untilDone: true, tell: (words) => void process.stderr.write(`sigwright hunt: ${words}\n`) });
  if (job === undefined) return 0;
  const row = (await store.hunts.list()).find((one) => one.job === job)!;
  if (values.json === true) for await (const { line } of store.hunts.lines(job)) process.stdout.write(`${line}\n`);
  else {
    process.stdout.write(`hunt ${job}: ${row.done} of ${counted(row.total, 'capture')} (${row.state})\n`);
    for (const hit of await store.hunts.hits(job))
      process.stdout.write(`${String(hit.alerts).padStart(8)} × ${hit.sid} ${hit.signature} (${counted(hit.captures, 'capture')})\n`);
    for (const one of await store.hunts.captures(job))
      if (one.said !== '') process.stdout.write(`${one.capture}: ${one.state === 'aside' ? 'set aside' : 'not read to its end'}: ${one.said}\n`);
  }
  return row.state === 'done' ? 0 : 1;
}

export async function ship(argv: readonly string[]): Promise<number> {
  const text = { type: 'string' } as const;
  const { values } = argumentsOf(SHIP, argv, { options: { nats: text, eve: text, state: text, sensor: text, once: { type: 'boolean' }, log: text } });
  const log = logOf(values.log, 'ship', SHIP);
  const options = brokerOf(values.nats, SHIP);
  if (values.eve === undefined || values.state === undefined)
    throw new UsageProblem('name the file and where its progress is kept: --eve FILE --state FILE', SHIP);
  const sensor = values.sensor ?? hostname().replace(/[^A-Za-z0-9_-]/g, '-');
  const { SENSOR_NAME, shipEve } = await hunting();
  if (!SENSOR_NAME.test(sensor)) throw new UsageProblem(`--sensor ${sensor}: letters, digits, - and _`, SHIP);
  if (values.once === true && !existsSync(values.eve)) throw new InputProblem(`${values.eve} does not exist`);
  const signal = ending();
  const broker = await connected(options);
  try {
    const sent = await shipEve(broker, values.eve, {
      sensor,
      state: values.state,
      signal,
      once: values.once === true,
      tell: log.complain,
    });
    process.stdout.write(`${counted(sent, 'byte')} ${sent === 1 ? 'was' : 'were'} sent\n`);
    return 0;
  } finally {
    await broker.close();
  }
}
