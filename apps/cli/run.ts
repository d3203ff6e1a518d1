/** `sigwright run -r CAPTURE -S RULES [-l FOLDER]`: detect, with a summary for people on a terminal. */
import { existsSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { formatAddress } from '@sigwright/bytes';
import { catalogue } from '@sigwright/catalogue';
import type { EveRecord } from '@sigwright/contracts';
import { Engine, EveWriter } from '@sigwright/detection';
import { configurationOf, readYaml, setValue } from './shared/configuration.ts';
import { LineWriter } from './shared/line-writer.ts';
import { loadRules } from './shared/plans.ts';
import { capturesIn, runCapture, stopOnSignals } from './shared/run-capture.ts';

const USAGE = `sigwright run -r CAPTURE -S RULES [options]

  -r, --capture FILE     pcap or pcapng, a folder of them, or - for standard input
  -S, --rules FILE       rules; may be given several times
  -l, --log FOLDER       write eve.json there
  -c, --config FILE      a suricata.yaml
  -k, --checksums MODE   all (default) or none
      --set KEY=VALUE    change one value of the configuration
      --home-net NETS    what HOME_NET is
      --json             EVE lines on standard output
`;

export async function run(argv: readonly string[]): Promise<number> {
  let options: ReturnType<typeof read>;
  try {
    options = read(argv);
  } catch (problem) {
    process.stderr.write(`sigwright run: ${(problem as Error).message}\n\n${USAGE}`);
    return 2;
  }
  if (options.help || options.capture === undefined) {
    (options.help ? process.stdout : process.stderr).write(USAGE);
    return options.help ? 0 : 2;
  }
  for (const path of [...(options.rules ?? []), ...(options.capture === '-' ? [] : [options.capture])]) {
    if (existsSync(path)) continue;
    process.stderr.write(`sigwright run: ${path} does not exist\n`);
    return 1;
  }
  const tree = readYaml(options.config ?? join(import.meta.dirname, 'suricata.yaml'));
  for (const assignment of options.set ?? []) setValue(tree, assignment);
  if (options['home-net'] !== undefined) setValue(tree, `vars.address-groups.HOME_NET=${options['home-net']}`);
  const { settings, eve } = configurationOf(tree, { verifyChecksums: options.checksums !== 'none', inline: false });
  const rules = loadRules(options.rules ?? [], settings);
  for (const { path, line, sid, diagnostic } of rules.problems) {
    if (diagnostic.severity === 'error')
      process.stderr.write(`${path}:${line}: ${sid > 0 ? `sid ${sid}: ` : ''}${diagnostic.title} (${diagnostic.code}); not loaded\n`);
  }
  let output: LineWriter | undefined;
  if (options.log !== undefined) {
    mkdirSync(options.log, { recursive: true });
    output = new LineWriter(join(options.log, 'eve.json'));
  }
  const signal = stopOnSignals();
  let exit = 0;
  const alerts = new Map<number, { count: number; message: string; hosts: Set<string> }>();
  for (const capture of capturesIn(options.capture)) {
    const emit = (record: EveRecord): void => {
      const line = JSON.stringify(record);
      output?.line(line);
      if (options.json) process.stdout.write(`${line}\n`);
    };
    const writer = new EveWriter(emit, settings, catalogue.protocols, eve.options);
    const engine = new Engine(rules.plan, catalogue, settings, {
      alert(alert, packet) {
        writer.alert(alert, packet);
        const known = alerts.get(alert.rule.sid) ?? { count: 0, message: alert.rule.message, hosts: new Set<string>() };
        known.count++;
        if (known.hosts.size < 5) known.hosts.add(`${formatAddress(packet.source, packet.ipVersion)} → ${formatAddress(packet.destination, packet.ipVersion)}`);
        alerts.set(alert.rule.sid, known);
      },
      anomaly: (packet, flow, transaction, name) => writer.anomaly(packet, flow, transaction, name),
      transaction: (protocol, transaction, flow, packet, final) => writer.transaction(protocol, transaction, flow, packet, final),
      flow: (flow) => writer.flow(flow),
    });
    const problem = await runCapture(engine, capture, signal);
    if (problem !== undefined) {
      process.stderr.write(`sigwright run: ${problem.message} (${capture})\n`);
      exit = 1;
    }
    if (!options.json) {
      const { packets, bytes, flows } = engine.counters;
      process.stdout.write(`${capture}: ${packets} packets, ${bytes} bytes, ${flows} flows; ${rules.loaded} rules\n`);
    }
  }
  const failed = output?.close();
  if (failed !== undefined) {
    process.stderr.write(`sigwright run: ${failed.message}\n`);
    exit = 1;
  }
  if (!options.json) {
    for (const [sid, { count, message, hosts }] of [...alerts].sort((a, b) => b[1].count - a[1].count))
      process.stdout.write(`${String(count).padStart(6)} × ${sid} ${message}\n         ${[...hosts].join(', ')}\n`);
    if (alerts.size === 0) process.stdout.write('no alerts\n');
  }
  return exit;
}

function read(argv: readonly string[]) {
  return parseArgs({
    args: [...argv],
    options: {
      capture: { type: 'string', short: 'r' },
      rules: { type: 'string', short: 'S', multiple: true },
      log: { type: 'string', short: 'l' },
      config: { type: 'string', short: 'c' },
      checksums: { type: 'string', short: 'k' },
      set: { type: 'string', multiple: true },
      'home-net': { type: 'string' },
      json: { type: 'boolean' },
      help: { type: 'boolean', short: 'h' },
    },
  }).values;
}
