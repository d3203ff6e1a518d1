/** `sigwright run -r CAPTURE -S RULES [-l FOLDER]`: detect, with a summary for people on a terminal. */
import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { counted } from '@sigwright/bytes';
import type { EngineSettings, EveRecord } from '@sigwright/contracts';
import { ALERT, type EngineCounters, RuleProfile, SILENT, Thresholds } from '@sigwright/detection';
import { argumentsOf, InputProblem, systemMessage, UsageProblem } from './shared/arguments.ts';
import { configurationOf } from './shared/configuration.ts';
import { readYaml, setValue } from './shared/configuration-tree.ts';
import { Crew, type FromThread, givenSeat, type Seat } from './shared/crew.ts';
import { FilesRead, withFilesOfRules } from './shared/data-files.ts';
import { FLUSH_INTERVAL } from './shared/line-writer.ts';
import type { LoadedRules } from './shared/loaded-rules.ts';
import { LineMerge } from './shared/ordered-lines.ts';
import { loadRules } from './shared/plans.ts';
import { ReloadSignal, settingsForRules, whenChanged } from './shared/rule-reload.ts';
import { namedCaptures, runCapture, type StopSignal, stopOnSignals } from './shared/run-capture.ts';
import { RunOutput, RunReport } from './shared/run-output.ts';
import { openReading, type Reading, readFrom, type SeatOptions } from './shared/run-reading.ts';

const USAGE = `sigwright run -r CAPTURE -S RULES [options]

  -r, --capture FILE     pcap or pcapng, a folder of them, or - for standard input
  -S, --rules FILE       rules; may be given several times (without, traffic is recorded only)
  -l, --log FOLDER       write eve.json there
  -c, --config FILE      a suricata.yaml
  -k, --checksums MODE   all (default) or none
      --set KEY=VALUE    change one value of the configuration
      --home-net NETS    what HOME_NET is
      --threads N        so many threads read the capture, each the packets of some hosts; of a folder, each whole captures
      --keep-rules       rules that change on the disk are not taken over by themselves
      --json             EVE lines on standard output
      --profile          how much was looked at and checked, on standard error
      --profile-rules    the twenty costliest rules, on standard error; all of them in rule-profile.json where -l is given

What is made of 500 kB of rules and more is kept for the next run: up to six plans under $SIGWRIGHT_CACHE, else in
$XDG_CACHE_HOME/sigwright or ~/.cache/sigwright, found again by a hash of rules, settings and sigwright itself; files of rules whose
size, place and times are those of an earlier run are not read again.
An empty SIGWRIGHT_CACHE keeps nothing.

On SIGUSR2 the rules, and what of the configuration belongs to rules, are read again and taken over: flows, transactions, bits, sets and
thresholds stay, what alerted on a transaction does not alert on it again. While standard input is read (dumpcap -P -w - | sigwright run
-r - -S RULES) that happens within two seconds after a file of rules, or one that rules name, was changed. Where they can not be read, the
rules before stay; while several threads read, too.

Records come in the same order however many threads read. Where that can not be (packets in tunnels, rules that run scripts, change data
sets or follow hosts by tags) one thread reads, and that is said. Each thread has limits on memory of its own.

SIGINT and SIGTERM end the reading; what was read is finished and written.
`;

/** Threads share a capture by its hosts: with many of them, the busiest host decides. */
const MOST_THREADS = 64;
/** Milliseconds after which threads hear at the latest that they are to stop. */
const STOP_INTERVAL = 50;

export async function run(argv: readonly string[]): Promise<number> {
  const options = await optionsOf(argv);
  const seat = options.threads === 1 ? undefined : givenSeat();
  return seat === undefined ? runFirst(options) : runOther(options, await seat());
}

/** One of the threads that the first one began. */
async function runOther(options: Options, seat: Seat): Promise<number> {
  try {
    const { settings, eve } = configure(options);
    const { plan } = loadRules(options.rules ?? [], settings);
    await readFrom(seat, { plan, settings, eve: eve.options, profile: profileFor(options), silent: isSilent(options) });
  } catch (problem) {
    seat.progress.end();
    const said = problem instanceof InputProblem ? problem.message : systemMessage(problem);
    seat.send({ kind: 'failed', why: said ?? (problem as Error).stack ?? String(problem) });
  }
  return 0;
}

type Options = Awaited<ReturnType<typeof optionsOf>>;

async function optionsOf(argv: readonly string[]) {
  const { values } = argumentsOf(USAGE, argv, {
    options: {
      capture: { type: 'string', short: 'r' },
      rules: { type: 'string', short: 'S', multiple: true },
      log: { type: 'string', short: 'l' },
      config: { type: 'string', short: 'c' },
      checksums: { type: 'string', short: 'k' },
      set: { type: 'string', multiple: true },
      threads: { type: 'string' },
      'home-net': { type: 'string' },
      'keep-rules': { type: 'boolean' },
      json: { type: 'boolean' },
      profile: { type: 'boolean' },
      'profile-rules': { type: 'boolean' },
    },
  });
  const { capture, checksums, threads: written } = values;
  if (capture === undefined) throw new UsageProblem('name a capture: -r FILE', USAGE);
  if (checksums !== undefined && checksums !== 'all' && checksums !== 'none') throw new UsageProblem(`-k ${checksums}: write all or none`, USAGE);
  const threads = written === undefined ? 1 : Number(/^\d{1,9}$/.exec(written)?.[0]);
  if (!(threads >= 1 && threads <= MOST_THREADS)) throw new UsageProblem(`--threads ${written}: write a number from 1 to ${MOST_THREADS}`, USAGE);
  if (capture !== '-' && !existsSync(capture)) throw new InputProblem(`${capture} does not exist`);
  const homeNet = values['home-net'];
  if (homeNet !== undefined) {
    // Read where it is asked for alone: a start with many rules is to be quick.
    const { insideOf } = await import('@sigwright/workbench');
    if (insideOf(homeNet) === undefined) throw new UsageProblem(`--home-net ${homeNet} is no list of networks`, USAGE);
  }
  return { ...values, capture, threads };
}

function configure(options: Options) {
  const homeNet = options['home-net'];
  const paths = options.rules ?? [];
  const tree = readYaml(options.config ?? join(import.meta.dirname, 'suricata.yaml'));
  for (const assignment of options.set ?? []) setValue(tree, assignment);
  if (homeNet !== undefined) setValue(tree, `vars.address-groups.HOME_NET=${homeNet}`);
  const { settings: configured, eve } = configurationOf(tree, { verifyChecksums: options.checksums !== 'none', inline: false });
  const files = new FilesRead();
  for (const path of paths) files.add(path);
  const base = withFilesOfRules(configured, tree, paths, files);
  const scripts = { ...base.scripts, say: (_level: string, text: string) => say(text), failed: (_why: string, text: string) => say(text) };
  return { settings: { ...base, scripts }, eve, files };
}

/** Once each, of scripts that say the same over and over. */
const SAID = new Set<string>();

function say(text: string): void {
  if (SAID.has(text) || SAID.size >= MOST_SAID) return;
  SAID.add(text);
  tell(text);
}

function tell(text: string): void {
  process.stderr.write(`sigwright run: ${text}\n`);
}

function load({ rules }: Options, settings: EngineSettings): LoadedRules {
  const read = loadRules(rules ?? [], settings);
  for (const { path, line, sid, diagnostic } of read.problems) {
    if (diagnostic.severity === 'error')
      process.stderr.write(`${path}:${line}: ${sid > 0 ? `sid ${sid}: ` : ''}${diagnostic.title} (${diagnostic.code}); not loaded\n`);
  }
  return read;
}

/** Nobody reads records. */
function isSilent({ log, json }: Options): boolean {
  return log === undefined && json !== true;
}

function profileFor(options: Options): RuleProfile | undefined {
  return options['profile-rules'] === true ? new RuleProfile(() => performance.now()) : undefined;
}

/** The process's own thread: it alone reads, or it begins others; it alone writes. */
async function runFirst(options: Options): Promise<number> {
  const reload = new ReloadSignal();
  const captures = namedCaptures(options.capture);
  const isLive = options.capture === '-';
  if (isLive && options.threads > 1) tell('standard input is read by one thread');
  let crew = isLive || options.threads === 1 ? undefined : new Crew(options.threads);
  const configured = configure(options);
  const eve = configured.eve.options;
  let { settings, files }: { settings: EngineSettings; files: FilesRead } = configured;
  let rules = load(options, settings);
  let reading: Reading | undefined;
  reload.act = () => {
    if (crew !== undefined) {
      tell('rules are not read again while several threads read');
      return;
    }
    try {
      const again = configure(options);
      const next = settingsForRules(settings, again.settings);
      rules = load(options, next);
      settings = next;
      files = again.files;
      reading?.engine.takeOver(rules.plan, settings);
      reading?.writer.takeOver(settings);
      tell(`rules were read again; ${counted(rules.loaded, 'rule')}`);
    } catch (problem) {
      tell(`rules could not be read again, those before stay: ${systemMessage(problem) ?? (problem as Error).message}`);
    }
  };
  const stopLooking = isLive && options.rules !== undefined && options['keep-rules'] !== true ? whenChanged(() => files, reload.act) : () => {};
  const output = new RunOutput(options.log, options.json === true);
  const flushing = setInterval(() => output.flush(), FLUSH_INTERVAL).unref();
  const signal = stopOnSignals();
  const silent = isSilent(options);
  let profile = profileFor(options);
  const report = new RunReport(captures, rules.loaded, options.json === true);
  let alone = crew !== undefined && captures.length === 1 ? whyAlone(settings) : undefined;
  if (crew !== undefined) {
    try {
      alone ??= await readByCrew(crew, captures, { plan: rules.plan, settings, eve, profile, silent }, signal, output, report);
    } finally {
      await crew.dismiss();
    }
  }
  if (alone !== undefined) {
    tell(`one thread reads ${options.capture}: ${alone}`);
    output.repeat();
    profile = profileFor(options);
  }
  if (crew === undefined || alone !== undefined) {
    crew = undefined;
    report.begin(1);
    for (const [index, capture] of captures.entries()) {
      const emit = silent ? undefined : (record: EveRecord) => output.line(JSON.stringify(record));
      reading = openReading({ plan: rules.plan, settings, eve, emit, alerts: report.alerts, profile });
      const problem = await runCapture(reading.engine, capture, signal);
      report.add({ index, counters: reading.engine.counters, problem: problem?.message });
      reading = undefined;
    }
  }
  stopLooking();
  reload.close();
  clearInterval(flushing);
  if (options.profile) process.stderr.write(countersText(report.totals));
  if (profile !== undefined) {
    process.stderr.write(costsText(profile));
    if (options.log !== undefined) writeFileSync(join(options.log, 'rule-profile.json'), `${JSON.stringify(profile.costs(), undefined, 1)}\n`);
  }
  const failed = output.close();
  if (failed !== undefined) tell(failed.message);
  report.tellAlerts();
  return report.failed || failed !== undefined ? 1 : 0;
}

/** Why several threads can not share one capture; undefined: they can, as far as the configuration goes. */
function whyAlone({ firewall, ips, tunnelDepthTellsFlowsApart }: EngineSettings): string | undefined {
  if (firewall !== undefined) return 'a firewall is configured';
  if (ips) return 'it is inspected inline';
  return tunnelDepthTellsFlowsApart ? undefined : 'flows inside and outside of tunnels are not told apart';
}

/** Undefined: done. Otherwise why one thread must do it all again. */
async function readByCrew(
  crew: Crew,
  captures: readonly string[],
  options: SeatOptions,
  signal: StopSignal,
  output: RunOutput,
  report: RunReport,
): Promise<string | undefined> {
  const thresholds = new Thresholds(options.settings);
  const merge = new LineMerge(crew.count, {
    write: (lines) => output.lines(lines),
    answer({ question, hosts }, at) {
      const rule = options.plan.rule(question.rule);
      const answer = thresholds.answer(question, rule);
      if (answer === SILENT) report.totals.suppressed++;
      if (answer !== ALERT) return false;
      report.totals.alerts++;
      report.alerts.add(rule, hosts, at);
      return true;
    },
  });
  let ended: string | undefined;
  let failed: string | undefined;
  report.begin(captures.length === 1 ? crew.count : 1);
  const hear = (thread: number, message: FromThread): void => {
    if (message.kind === 'lines') {
      merge.add(thread, message.part);
      crew.progress.held = merge.held;
    } else if (message.kind === 'captured') report.add(message.result);
    else if (message.kind === 'ended') ended ??= message.why;
    else if (message.kind === 'failed') failed ??= message.why;
    else {
      report.alerts.merge(message.alerts);
      if (thread !== 0) options.profile?.add(message.costs);
    }
  };
  const stopping = setInterval(() => signal.stopped && crew.progress.stop(), STOP_INTERVAL);
  try {
    await readFrom(crew.begin(captures, hear), options);
    await crew.finished();
  } finally {
    clearInterval(stopping);
  }
  if (failed !== undefined) throw new InputProblem(`a thread failed: ${failed}`);
  return crew.progress.ended ? (ended ?? 'a thread gave up') : undefined;
}

function countersText(counters: EngineCounters): string {
  const megabytes = Math.max(1e-6, counters.bytes / 1e6);
  const { packets, quiet, bytes, flows, transactions, candidates, evaluations, alerts, searched, copied, arrays, arrayBytes, objects } = counters;
  const perMegabyte = (count: number): string => (count / megabytes).toFixed(1);
  const share = (part: number): string => (part / Math.max(1, bytes)).toFixed(2);
  return `${counted(packets, 'packet')} (${quiet} of encrypted connections passed over), ${megabytes.toFixed(1)} MB, ${counted(flows, 'flow')}, ${counted(transactions, 'transaction')}
${counted(candidates, 'candidate')} (${perMegabyte(candidates)} per MB), ${counted(evaluations, 'rule check')} (${perMegabyte(evaluations)} per MB), ${counted(alerts, 'alert')}
searched ${share(searched)} and copied ${share(copied)} bytes for each byte of the capture
made ${counted(objects, 'object')} (${perMegabyte(objects)} per MB) and ${counted(arrays, 'array')} (${perMegabyte(arrays)} per MB) of ${(arrayBytes / 1e6).toFixed(1)} MB together\n`;
}

/** Different lines that scripts of rules may say. */
const MOST_SAID = 100;

const COSTLIEST = 20;

function costsText(profile: RuleProfile): string {
  const costs = profile.costs();
  const milliseconds = costs.reduce((sum, one) => sum + one.time, 0);
  const checks = costs.reduce((sum, one) => sum + one.checks, 0);
  const rows = costs
    .slice(0, COSTLIEST)
    .map((one) => `${one.time.toFixed(1).padStart(10)} ${String(one.checks).padStart(9)} ${String(one.matches).padStart(8)}  ${one.sid}`);
  return `${counted(costs.length, 'rule')} checked ${counted(checks, 'time')} in ${milliseconds.toFixed(0)} ms\n        ms    checks  matches  sid\n${rows.join('\n')}\n`;
}
