/** `sigwright run -r CAPTURE -S RULES [-l FOLDER]`: detect, with a summary for people on a terminal. */
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { counted, formatAddress } from '@sigwright/bytes';
import { catalogue } from '@sigwright/catalogue';
import type { EngineSettings, EveRecord, Packet } from '@sigwright/contracts';
import { type Alert, Engine, type EngineCounters, EveWriter, noCounts, RuleProfile } from '@sigwright/detection';
import { argumentsOf, InputProblem, systemMessage, UsageProblem } from './shared/arguments.ts';
import { configurationOf } from './shared/configuration.ts';
import { readYaml, setValue } from './shared/configuration-tree.ts';
import { FilesRead, withFilesOfRules } from './shared/data-files.ts';
import { FLUSH_INTERVAL, LineWriter } from './shared/line-writer.ts';
import { type LoadedRules, loadRules } from './shared/plans.ts';
import { ReloadSignal, settingsForRules, whenChanged } from './shared/rule-reload.ts';
import { namedCaptures, runCapture, stopOnSignals } from './shared/run-capture.ts';

const USAGE = `sigwright run -r CAPTURE -S RULES [options]

  -r, --capture FILE     pcap or pcapng, a folder of them, or - for standard input
  -S, --rules FILE       rules; may be given several times (without, traffic is recorded only)
  -l, --log FOLDER       write eve.json there
  -c, --config FILE      a suricata.yaml
  -k, --checksums MODE   all (default) or none
      --set KEY=VALUE    change one value of the configuration
      --home-net NETS    what HOME_NET is
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
rules before stay.

SIGINT and SIGTERM end the reading; what was read is finished and written.
`;

export async function run(argv: readonly string[]): Promise<number> {
  const { values: options } = argumentsOf(USAGE, argv, {
    options: {
      capture: { type: 'string', short: 'r' },
      rules: { type: 'string', short: 'S', multiple: true },
      log: { type: 'string', short: 'l' },
      config: { type: 'string', short: 'c' },
      checksums: { type: 'string', short: 'k' },
      set: { type: 'string', multiple: true },
      'home-net': { type: 'string' },
      'keep-rules': { type: 'boolean' },
      json: { type: 'boolean' },
      profile: { type: 'boolean' },
      'profile-rules': { type: 'boolean' },
    },
  });
  if (options.capture === undefined) throw new UsageProblem('name a capture: -r FILE', USAGE);
  if (options.checksums !== undefined && options.checksums !== 'all' && options.checksums !== 'none')
    throw new UsageProblem(`-k ${options.checksums}: write all or none`, USAGE);
  if (options.capture !== '-' && !existsSync(options.capture)) throw new InputProblem(`${options.capture} does not exist`);
  const homeNet = options['home-net'];
  if (homeNet !== undefined) {
    // Read where it is asked for alone: a start with many rules is to be quick.
    const { insideOf } = await import('@sigwright/workbench');
    if (insideOf(homeNet) === undefined) throw new UsageProblem(`--home-net ${homeNet} is no list of networks`, USAGE);
  }
  const reload = new ReloadSignal();
  const said = new Set<string>();
  const say = (text: string): void => {
    if (said.has(text) || said.size >= MOST_SAID) return;
    said.add(text);
    process.stderr.write(`sigwright run: ${text}\n`);
  };
  const paths = options.rules ?? [];
  const configure = () => {
    const tree = readYaml(options.config ?? join(import.meta.dirname, 'suricata.yaml'));
    for (const assignment of options.set ?? []) setValue(tree, assignment);
    if (homeNet !== undefined) setValue(tree, `vars.address-groups.HOME_NET=${homeNet}`);
    const { settings: configured, eve } = configurationOf(tree, { verifyChecksums: options.checksums !== 'none', inline: false });
    const files = new FilesRead();
    for (const path of paths) files.add(path);
    const base = withFilesOfRules(configured, tree, paths, files);
    const scripts = { ...base.scripts, say: (_level: string, text: string) => say(text), failed: (_why: string, text: string) => say(text) };
    return { settings: { ...base, scripts }, eve, files };
  };
  const load = (settings: EngineSettings): LoadedRules => {
    const read = loadRules(paths, settings);
    for (const { path, line, sid, diagnostic } of read.problems) {
      if (diagnostic.severity === 'error')
        process.stderr.write(`${path}:${line}: ${sid > 0 ? `sid ${sid}: ` : ''}${diagnostic.title} (${diagnostic.code}); not loaded\n`);
    }
    return read;
  };
  const configured = configure();
  const { eve } = configured;
  let settings: EngineSettings = configured.settings;
  let files = configured.files;
  let rules = load(settings);
  let reading: { readonly engine: Engine; readonly writer: EveWriter } | undefined;
  reload.act = () => {
    try {
      const again = configure();
      const next = settingsForRules(settings, again.settings);
      rules = load(next);
      settings = next;
      files = again.files;
      reading?.engine.takeOver(rules.plan, settings);
      reading?.writer.takeOver(settings);
      process.stderr.write(`sigwright run: rules were read again; ${counted(rules.loaded, 'rule')}\n`);
    } catch (problem) {
      process.stderr.write(`sigwright run: rules could not be read again, those before stay: ${systemMessage(problem) ?? (problem as Error).message}\n`);
    }
  };
  const stopLooking = options.capture === '-' && paths.length > 0 && options['keep-rules'] !== true ? whenChanged(() => files, reload.act) : () => {};
  let output: LineWriter | undefined;
  if (options.log !== undefined) {
    mkdirSync(options.log, { recursive: true });
    output = new LineWriter(join(options.log, 'eve.json'));
  }
  const flushing = setInterval(() => output?.flush(), FLUSH_INTERVAL).unref();
  const signal = stopOnSignals();
  let exit = 0;
  const profile = options['profile-rules'] === true ? new RuleProfile(() => performance.now()) : undefined;
  const totals = noCounts();
  const alerts = new Map<number, { count: number; message: string; hosts: Set<string> }>();
  let read = 0;
  for (const capture of namedCaptures(options.capture)) {
    const emit = (record: EveRecord): void => {
      const line = JSON.stringify(record);
      output?.line(line);
      if (options.json) process.stdout.write(`${line}\n`);
    };
    const writer = new EveWriter(emit, settings, catalogue.protocols, eve.options);
    const count = (alert: Alert, packet: Packet): void => {
      const known = alerts.get(alert.rule.sid) ?? { count: 0, message: alert.rule.message, hosts: new Set<string>() };
      known.count++;
      if (known.hosts.size < 5) known.hosts.add(`${formatAddress(packet.source, packet.ipVersion)} → ${formatAddress(packet.destination, packet.ipVersion)}`);
      alerts.set(alert.rule.sid, known);
    };
    // Nobody reads them: records are not even made.
    const silent = output === undefined && options.json !== true;
    const engine = new Engine(rules.plan, catalogue, settings, {
      alert(alert, packet) {
        if (!silent) writer.alert(alert, packet);
        count(alert, packet);
      },
      ...(silent
        ? {}
        : {
            anomaly: (packet, flow, transaction, name) => writer.anomaly(packet, flow, transaction, name),
            transaction: (protocol, transaction, flow, packet) => writer.transaction(protocol, transaction, flow, packet),
            file: (protocol, file, transaction, flow, packet) => writer.file(protocol, file, transaction, flow, packet),
            flow: (flow) => writer.flow(flow),
          }),
    });
    if (profile !== undefined) engine.profile = profile;
    reading = { engine, writer };
    const problem = await runCapture(engine, capture, signal);
    reading = undefined;
    for (const name of Object.keys(totals) as (keyof EngineCounters)[]) totals[name] += engine.counters[name];
    if (problem === undefined || engine.counters.packets > 0) read++;
    if (problem !== undefined) {
      process.stderr.write(`sigwright run: ${problem.message} (${capture})\n`);
      exit = 1;
    }
    if (!options.json) {
      const { packets, bytes, flows } = engine.counters;
      process.stdout.write(
        `${capture}: ${counted(packets, 'packet')}, ${counted(bytes, 'byte')}, ${counted(flows, 'flow')}; ${counted(rules.loaded, 'rule')}\n`,
      );
    }
  }
  stopLooking();
  reload.close();
  clearInterval(flushing);
  if (options.profile) process.stderr.write(countersText(totals));
  if (profile !== undefined) {
    process.stderr.write(costsText(profile));
    if (options.log !== undefined) writeFileSync(join(options.log, 'rule-profile.json'), `${JSON.stringify(profile.costs(), undefined, 1)}\n`);
  }
  const failed = output?.close();
  if (failed !== undefined) {
    process.stderr.write(`sigwright run: ${failed.message}\n`);
    exit = 1;
  }
  if (!options.json) {
    for (const [sid, { count, message, hosts }] of [...alerts].sort((a, b) => b[1].count - a[1].count))
      process.stdout.write(`${String(count).padStart(6)} × ${sid} ${message}\n         ${[...hosts].join(', ')}\n`);
    if (alerts.size === 0) process.stdout.write(read > 0 ? 'no alerts\n' : 'nothing was looked at: no capture could be read\n');
  }
  return exit;
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
