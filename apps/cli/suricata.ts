/**
 * `sigwright suricata …`: the command line of the suricata binary, for tools and tests that call it. Options may stand
 * anywhere, as `--opt value` or `--opt=value`. What is not built says so and stops.
 */
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { catalogue } from '@sigwright/catalogue';
import { COMPATIBLE_VERSION, type EngineSettings, FEATURES, hooksOf, type ProtocolDefinition, STREAM_FRAME, TO_CLIENT, TO_SERVER } from '@sigwright/contracts';
import { askedFingerprints, type Fingerprint, PACKET_PROTOCOLS } from '@sigwright/detection';
import { type PacketFilter, readPacketFilter } from '@sigwright/traffic';
import { HelpAsked, systemMessage } from './shared/arguments.ts';
import { folderReadingOf } from './shared/capture-folder.ts';
import { type Configuration, type ConfigurationOptions, configurationOf, reputationFilesOf } from './shared/configuration.ts';
import { checkConfiguration } from './shared/configuration-check.ts';
import { at, dumpLines, isYes, readYaml, readYamlAsText, setValue, type Tree } from './shared/configuration-tree.ts';
import { dataFilesOf, saveDataSets } from './shared/data-files.ts';
import { writeEngineAnalysis, writeRuleGroups } from './shared/engine-analysis.ts';
import { EngineLog } from './shared/engine-log.ts';
import { filesOf } from './shared/file-pattern.ts';
import { FileStore } from './shared/file-store.ts';
import { shownFingerprints } from './shared/fingerprints.ts';
import { firewallFilesOf, firewallPoliciesOf, loadFirewallRules } from './shared/firewall.ts';
import { keywordLines } from './shared/keyword-lists.ts';
import { checkLineOutputs } from './shared/line-outputs.ts';
import { logOutputsOf } from './shared/log-configuration.ts';
import { LuaOutputs } from './shared/lua-outputs.ts';
import { type LuaCounters, scriptSettingsOf } from './shared/lua-settings.ts';
import { PacketLog } from './shared/packet-log.ts';
import { loadRules } from './shared/plans.ts';
import { ReloadSignal, settingsForRules } from './shared/rule-reload.ts';
import { type Member, type RunRules, runSuricata } from './shared/suricata-run.ts';
import { tellRules } from './shared/tell-rules.ts';
import { type Tenant, tenantsOf } from './shared/tenants.ts';

const VERSION = COMPATIBLE_VERSION;
const OUR_CONFIGURATION = join(import.meta.dirname, 'suricata.yaml');

const USAGE = `sigwright suricata -r CAPTURE [options]

The command line of the suricata binary, version ${VERSION}, for tools that call it. Options may stand anywhere, as --opt value or --opt=value.

  -r, --pcap-file FILE       pcap or pcapng, a folder of them, or - for standard input
  -c FILE                    a suricata.yaml (default: sigwright's own)
  -l FOLDER                  where eve.json, fast.log and suricata.log go (default: this folder)
  -S FILE                    these rules only
  -s FILE                    these rules beside those of the configuration
  -F FILE                    a packet filter; it may also stand behind the options, as in: port 53 or vlan
  -k all|none                verify checksums, or not (default: as the first packets suggest)
  -T                         read configuration and rules, and end
      --set KEY=VALUE        change one value of the configuration
      --include FILE         a further configuration file
      --pidfile FILE         where the number of this process stands while it runs, for signals
      --data-dir FOLDER      where sets that rules save are kept (default: that of the records)
      --firewall-rules-exclusive FILE   turn the firewall on, with these rules of its own
      --init-errors-fatal    end where a rule is refused
      --disable-detection    records only
      --simulate-ips         rules act at once, as in line
      --engine-analysis      read the rules, write what they were understood as, and end
      --dump-config          print the configuration
      --build-info, -V       what this is
      --list-app-layer-frames   what \`frame\` can name in rules
      --list-app-layer-hooks    where the header of a rule can hook it into a protocol
      --list-app-layer-protos   protocols that rules can name
      --list-keywords[=all|csv|json|NAME]   keywords and transforms that rules can use
      --list-rule-protos     words that the header of a rule can begin with
  -v, -vv, -vvv              say more in the log

      --strict-rule-keywords[=NAMES]   unknown names of classtype, reference, app-layer-event and decode-event are errors
      --pcap-file-recursive  a folder with all folders below it
      --pcap-file-delete     captures that were read are deleted
      --pcap-file-continuous   stay, and read what comes into the folder, until a signal (SIGTERM, SIGINT)
      --firewall             turn the firewall on, as the configuration sets it up
      --list-runmodes, --dump-features   how captures are read; what rules may require

Taken and without effect: --runmode, --user, --group, --unix-socket, --reject-dev, --pcap-file-buffer-size, --pcap-buffer-size,
--set-logdir, --disable-hashing, --no-random, -q.
Plans of large rule sets are kept for the next run: see \`sigwright run --help\`.

SIGUSR2: rules, and what of the configuration belongs to them (variables, rule files, classification, references, thresholds, reputation,
sets, tenants' own), are read again and taken over; flows, transactions, bits and thresholds stay. SIGHUP: outputs are opened anew.
`;

interface Arguments {
  config: string | undefined;
  log: string | undefined;
  captures: string[];
  rules: string[];
  exclusive: boolean;
  firewall: string | undefined;
  sets: string[];
  includes: string[];
  checksums: boolean | undefined;
  inline: boolean;
  test: boolean;
  strict: boolean;
  strictKeywords: readonly string[];
  noDetection: boolean;
  dumpConfig: boolean;
  analysis: boolean;
  data: string | undefined;
  pidFile: string | undefined;
  /** options without effect that would make a difference in Suricata */
  ignored: string[];
  /** how many `v` */
  verbosity: number;
  filter: string[];
  filterFile: string | undefined;
}

/** Options with a value that change nothing here. */
const TAKES_VALUE = new Set([
  '--user',
  '--group',
  '--unix-socket',
  '--pcap-file-buffer-size',
  '--pcap-buffer-size',
  '--set-logdir',
  '--reject-dev',
  '--pfring-cluster-id',
  '--pfring-cluster-type',
]);
const RUN_MODES = ['single', 'workers', 'autofp'];
const CAPTURES_ONLY = 'packets are read from captures alone: -r FILE, or -r - behind dumpcap or tcpdump';
/** Options of the suricata binary that nothing is built for, and what there is. */
const UNBUILT: ReadonlyMap<string, string> = new Map([
  ...['-i', '--pcap', '--af-packet', '--af-xdp', '--dpdk', '--netmap', '--pfring', '--pfring-int', '--napatech', '--dag', '--nflog'].map(
    (name) => [name, CAPTURES_ONLY] as const,
  ),
  ...['-d', '--windivert', '--windivert-forward'].map(
    (name) => [name, `it would decide about packets on their way; ${CAPTURES_ONLY}, with --simulate-ips`] as const,
  ),
  ['--erf-in', 'captures of Endace have to be made pcap first, by editcap'],
  ['-D', 'let the system run it in the background; --pidfile names its process'],
  ...['ts', 'tc'].map((side) => `--simulate-applayer-error-at-offset-${side}`).map((name) => [name, 'it belongs to debug builds'] as const),
  ...['loss', 'tcp-reassembly-memcap', 'tcp-ssn-memcap', 'flow-memcap', 'defrag-memcap'].map(
    (name) => [`--simulate-packet-${name}`, 'it belongs to debug builds'] as const,
  ),
  ['--simulate-alert-queue-realloc-failure', 'it belongs to debug builds'],
]);
/** Options that print a list and end. */
const LISTS: Readonly<Record<string, () => readonly string[]>> = {
  '--list-app-layer-frames': frameNames,
  '--list-app-layer-hooks': hookNames,
  '--list-app-layer-protos': () => ['=========Supported App Layer Protocols=========', ...protocolsByName().map(({ name }) => name)],
  '--list-rule-protos': () => [...PACKET_PROTOCOLS.keys(), ...protocolsByName().map(({ name }) => name)],
  '--list-runmodes': () => [
    '------------------------------------- Runmodes -------------------------------------',
    '| PCAP_FILE | single | one capture after another, in one thread |',
  ],
  '--dump-features': () => [...FEATURES].sort(),
};
const FLAGS = new Set(['--no-random', '--disable-hashing', '-q']);
/** Of these it is said when they are given. */
const MISSED = new Set(['--unix-socket', '--disable-hashing', '--set-logdir']);
/** Keywords that may be strict. */
const STRICT_KEYWORDS = ['classtype', 'reference', 'app-layer-event', 'decode-event'];

function readArguments(argv: readonly string[]): Arguments | string {
  const result: Arguments = {
    config: undefined,
    log: undefined,
    captures: [],
    rules: [],
    exclusive: false,
    firewall: undefined,
    sets: [],
    includes: [],
    checksums: undefined,
    inline: false,
    test: false,
    strict: false,
    strictKeywords: [],
    noDetection: false,
    dumpConfig: false,
    analysis: false,
    data: undefined,
    pidFile: undefined,
    ignored: [],
    verbosity: 0,
    filter: [],
    filterFile: undefined,
  };
  for (let at = 0; at < argv.length; at++) {
    const word = argv[at];
    const equals = word.startsWith('--') ? word.indexOf('=') : -1;
    const name = equals > 0 ? word.slice(0, equals) : word;
    const value = (): string => (equals > 0 ? word.slice(equals + 1) : (argv[++at] ?? ''));
    if (name === '-c') result.config = value();
    else if (name === '-l') result.log = value();
    else if (name === '-r' || name === '--pcap-file') result.captures.push(value());
    else if (name === '-F') result.filterFile = value();
    else if (name === '-s') result.rules.push(value());
    else if (name === '-S') {
      result.rules.push(value());
      result.exclusive = true;
    } else if (name === '--firewall-rules-exclusive') result.firewall = value();
    else if (name === '--set') result.sets.push(value());
    else if (name === '--include') result.includes.push(value());
    else if (name === '--data-dir') result.data = value();
    else if (name === '--pidfile') result.pidFile = value();
    else if (name === '-k') {
      const mode = value();
      if (mode !== 'none' && mode !== 'all') return `-k ${mode}: write all or none`;
      result.checksums = mode === 'all';
    } else if (name === '--runmode') {
      const mode = value();
      if (!RUN_MODES.includes(mode)) return `--runmode ${mode}: write ${RUN_MODES.join(', ')}; all of them are one thread here`;
    } else if (name === '--simulate-ips') result.inline = true;
    else if (name === '--firewall') result.sets.push('firewall.enabled=yes');
    else if (name === '--pcap-file-recursive') result.sets.push('pcap-file.recursive=yes');
    else if (name === '--pcap-file-continuous') result.sets.push('pcap-file.continuous=yes');
    else if (name === '--pcap-file-delete') result.sets.push('pcap-file.delete-when-done=yes');
    else if (name === '--strict-rule-keywords') {
      const written = equals > 0 ? value() : 'all';
      result.strictKeywords = written === 'all' ? STRICT_KEYWORDS : written.split(',').filter((one) => STRICT_KEYWORDS.includes(one));
    } else if (name === '-T') result.test = true;
    else if (name === '--init-errors-fatal') result.strict = true;
    else if (name === '--disable-detection') result.noDetection = true;
    else if (name === '--dump-config') result.dumpConfig = true;
    else if (name === '--engine-analysis') result.analysis = true;
    else if (/^-v+$/.test(name)) result.verbosity += name.length - 1;
    else if (TAKES_VALUE.has(name) || FLAGS.has(name)) {
      if (equals < 0 && TAKES_VALUE.has(name)) at++;
      if (MISSED.has(name)) result.ignored.push(name);
    } else if (UNBUILT.has(name)) return `${name} is not built: ${UNBUILT.get(name)}`;
    else if (word.startsWith('-') && word !== '-') return `option ${word} is not known`;
    else result.filter.push(word);
  }
  return result;
}

export async function suricata(argv: readonly string[]): Promise<number> {
  if (argv.includes('--help') || argv.includes('-h')) throw new HelpAsked(USAGE);
  if (argv.includes('-V')) {
    process.stdout.write(`This is Suricata version ${VERSION} RELEASE\n`);
    return 0;
  }
  if (argv.includes('--build-info')) {
    process.stdout.write(
      `This is Suricata version ${VERSION} RELEASE\nFeatures: RUST PCRE_JIT HAVE_LIBJANSSON HAVE_JA3 HAVE_JA4 HAVE_LUA MAGIC \n\nSuricata Configuration:\n  liblz4 support:                          yes\n  GeoIP2 support:                          yes\n  JA3 support:                             yes\n  JA4 support:                             yes\n`,
    );
    return 0;
  }
  const listing = argv.find((word) => /^--list-keywords(?:=|$)/.test(word));
  const list = listing === undefined ? argv.flatMap((word) => (Object.hasOwn(LISTS, word) ? [LISTS[word]] : []))[0]?.() : keywordLines(listing.split('=')[1]);
  if (list !== undefined) {
    process.stdout.write(list.map((line) => `${line}\n`).join(''));
    return 0;
  }
  if (listing !== undefined) {
    process.stderr.write(`sigwright suricata: there is no keyword ${listing.split('=')[1]}\n`);
    return 1;
  }
  const signal = new ReloadSignal();
  const args = readArguments(argv);
  if (typeof args === 'string') {
    process.stderr.write(`sigwright suricata: ${args}\n`);
    return 1;
  }
  let configuration: Configuration;
  let configured: ConfigurationOptions;
  let tenants: readonly Tenant[] = [];
  let firewallFiles: readonly string[] | undefined;
  let folder = args.log ?? '.';
  const log = new EngineLog(folder);
  const stop = (module: string, text: string): number => {
    log.say('Error', module, text);
    log.save();
    return 1;
  };
  const configuredTree = (): Tree => {
    const warn = (text: string): void => log.say('Warning', 'conf', text);
    const tree: Tree = readYaml(args.config ?? OUR_CONFIGURATION, warn);
    for (const file of args.includes) Object.assign(tree, readYaml(file, warn));
    for (const assignment of args.sets) setValue(tree, assignment);
    return tree;
  };
  try {
    const tree = configuredTree();
    folder = args.log ?? String(at(tree, 'default-log-dir') ?? '.');
    log.useFolder(folder);
    log.use(logOutputsOf(tree), args.verbosity);
    firewallFiles = firewallFilesOf(tree, args.firewall);
    // A firewall can only be in line.
    configured = {
      verifyChecksums: args.checksums,
      inline: args.inline || firewallFiles !== undefined,
      dnsVersion: process.env['SURICATA_EVE_DNS_VERSION'],
    };
    configuration = configurationOf(tree, configured);
    folderReadingOf(tree);
    checkLineOutputs(tree);
    if (!args.dumpConfig) tenants = tenantsOf(tree);
    if (firewallFiles !== undefined) configuration = { ...configuration, settings: { ...configuration.settings, firewall: firewallPoliciesOf(tree) } };
    if (args.dumpConfig) {
      const written = readYamlAsText(args.config ?? OUR_CONFIGURATION);
      for (const file of args.includes) Object.assign(written, readYamlAsText(file));
      for (const assignment of args.sets) setValue(written, assignment);
      process.stdout.write(`${dumpLines(written).join('\n')}\n`);
      return 0;
    }
  } catch (problem) {
    return stop('conf', `${(problem as Error).message}`);
  }
  const filter = packetFilterOf(args, configuration.tree);
  if ('problem' in filter) return stop('pcap', `packet filter: ${filter.problem}`);
  log.say('Notice', 'suricata', `This is Suricata version ${VERSION} RELEASE running in USER mode`);
  for (const name of args.ignored) log.say('Warning', 'suricata', `${name} has no effect here`);
  log.say('Info', 'exception-policy', `master exception-policy set to: ${at(configuration.tree, 'exception-policy') ?? 'auto'}`);
  if (!existsSync(folder)) mkdirSync(folder, { recursive: true });
  for (const { level, module, text, fatal } of checkConfiguration(configuration.tree)) {
    if (fatal === 'yes' || (fatal === 'strict' && (args.strict || args.test))) return stop(module, text);
    log.say(level, module, text);
  }
  for (const path of reputationFilesOf(configuration.tree)) log.say('Info', 'reputation', `Loading reputation file: ${path}`);
  const tellThresholds = ({ thresholds: { entries, problems } }: Configuration): void => {
    for (const { line, text, problem } of problems) log.say('Error', 'detect', `threshold file, line ${line}: ${problem}: ${text}`);
    if (problems.length > 0 && args.test) return;
    if (!args.noDetection) log.say('Info', 'threshold-config', `Threshold config parsed: ${entries.length} rule(s) found`);
  };
  tellThresholds(configuration);
  if (configuration.thresholds.problems.length > 0 && args.test) return stop('detect', 'Error loading threshold configuration');
  /** Files of rules, and of the firewall's, that are there. */
  const filesToRead = (
    { ruleFiles }: Configuration,
    ofFirewall: readonly string[],
  ): { readonly present: readonly string[]; readonly firewall: readonly string[] } => {
    const wanted = args.noDetection ? [] : [...(args.exclusive ? [] : ruleFiles), ...args.rules.flatMap((path) => filesOf(path))];
    const present = presentOf(wanted, log);
    for (const path of ofFirewall) if (!existsSync(path)) log.say('Warning', 'detect', `No firewall rule file ${path}`);
    return { present, firewall: ofFirewall.filter((path) => existsSync(path)) };
  };
  const files = filesToRead(configuration, firewallFiles ?? []);
  const dataFolder = args.data ?? folder;
  const luaCounters: LuaCounters = { errors: 0, blocked_function_errors: 0, instruction_limit_errors: 0, memory_limit_errors: 0 };
  const store = new FileStore(configuration.tree, folder);
  const scripts = scriptSettingsOf(configuration.tree, log, luaCounters);
  const ready = ({ settings, tree }: Configuration, files: readonly string[]): EngineSettings => {
    const dataFiles = dataFilesOf(tree, files, dataFolder, {
      absolute: (path) => log.say('Config', 'datasets', `Allowing absolute filename for dataset rule: ${path}`),
    });
    return withFiles({ ...settings, dataFiles, scripts, strictKeywords: args.strictKeywords }, store);
  };
  configuration = { ...configuration, settings: ready(configuration, [...files.present, ...files.firewall]) };
  let luaOutputs: LuaOutputs;
  try {
    luaOutputs = new LuaOutputs(configuration.tree, args.config, folder, configuration.settings, catalogue);
  } catch (problem) {
    return stop('output', (problem as Error).message);
  }
  let packetLog: PacketLog | undefined;
  try {
    packetLog = PacketLog.of(configuration.tree, folder);
  } catch (problem) {
    return stop('output', (problem as Error).message);
  }
  /** Those of the packets of nobody, of the firewall, and of each tenant; or why they can not be used. `before`: the settings of those in use. */
  const load = (
    { settings, tree }: Configuration,
    { present, firewall: ofFirewall }: ReturnType<typeof filesToRead>,
    of: readonly Tenant[],
    before: readonly EngineSettings[] | undefined,
  ): LoadedAll | { readonly module: string; readonly why: string } => {
    const rules = loadRules(present, settings);
    const firewall = loadFirewallRules(ofFirewall, settings);
    const loaded = { loaded: rules.loaded + firewall.rules.length, refused: rules.refused + firewall.refused, skipped: rules.skipped + firewall.skipped };
    const told = tellRules(log, [...firewall.problems, ...rules.problems], { ...loaded, files: present.length + ofFirewall.length }, args.strict);
    if (firewall.refused > 0) return { module: 'detect', why: 'Loading firewall rules failed.' };
    if (!told || (loaded.refused > 0 && (args.strict || args.test))) return { module: 'suricata', why: 'Loading signatures failed.' };
    log.say('Info', 'detect', `${rules.loaded} signatures processed.`);
    // Data sets belong to the settings that rules were loaded with.
    const loadedWith = [settings];
    const asked = [
      ...rules.plan.data.asksFor,
      ...askedFingerprints(
        firewall.rules.map(({ text }) => text),
        (script) => settings.dataFiles.read(script),
      ),
    ];
    const members: Member[] = [{ id: 0, settings: withFingerprints({ settings, tree }, asked), rules, ...loaded }];
    for (const { id, tree: itsTree, owns } of of) {
      const own = configurationOf(itsTree, configured);
      const there = presentOf(args.noDetection ? [] : own.ruleFiles, log);
      const read = ready(own, there);
      const prepared = before === undefined ? read : settingsForRules(before[members.length], read);
      const itsRules = loadRules(there, prepared);
      loadedWith.push(prepared);
      const its = withFingerprints({ settings: prepared, tree: own.tree }, itsRules.plan.data.asksFor);
      if (!tellRules(log, itsRules.problems, { ...itsRules, files: there.length }, args.strict) || (itsRules.refused > 0 && (args.strict || args.test)))
        return { module: 'suricata', why: `Loading signatures of tenant ${id} failed.` };
      members.push({ id, settings: its, rules: itsRules, owns, loaded: itsRules.loaded, refused: itsRules.refused, skipped: itsRules.skipped });
    }
    return { members, firewall, loadedWith };
  };
  const first = load(configuration, files, tenants, undefined);
  if ('why' in first) return stop(first.module, first.why);
  const { members, firewall } = first;
  let { loadedWith } = first;
  const { rules } = members[0];
  configuration = { ...configuration, settings: members[0].settings };
  const grouping = writeRuleGroups(rules.plan, rules.loaded, folder, configuration.tree);
  if (grouping !== undefined) return stop('output', grouping.message);
  if (args.analysis) {
    const outputs = at(configuration.tree, 'outputs');
    const storesFiles = (Array.isArray(outputs) ? outputs : []).some((output) => isYes(at(output, 'file-store.enabled'), false));
    const failure = writeEngineAnalysis(rules.plan, rules.loaded, folder, storesFiles, configuration.tree);
    if (failure !== undefined) return stop('output', failure.message);
    log.save();
    return 0;
  }
  if (args.test) {
    log.say('Notice', 'suricata', 'Configuration provided was successfully loaded. Exiting.');
    log.save();
    return 0;
  }
  if (args.captures.length === 0) {
    return stop('suricata', 'no capture was given (-r FILE)');
  }
  let code: number;
  try {
    if (args.pidFile !== undefined) writeFileSync(args.pidFile, `${process.pid}\n`);
    const { captures } = args;
    const reload = (): RunRules | undefined => {
      log.say('Notice', 'detect', 'rule reload starting');
      try {
        const again = configurationOf(configuredTree(), configured);
        if (!mayReload(again.tree)) throw new Error('rules are not to be read again (detect-engine.rule-reload)');
        const itsTenants = tenantsOf(again.tree);
        if (itsTenants.map(({ id }) => id).join() !== tenants.map(({ id }) => id).join()) throw new Error('other tenants need a restart');
        tellThresholds(again);
        const itsFirewall = firewallFiles === undefined ? [] : (firewallFilesOf(again.tree, args.firewall) ?? firewallFiles);
        const itsFiles = filesToRead(again, itsFirewall);
        const settings = settingsForRules(loadedWith[0], ready(again, [...itsFiles.present, ...itsFiles.firewall]));
        const read = load({ ...again, settings }, itsFiles, itsTenants, loadedWith);
        if ('why' in read) throw new Error(read.why);
        loadedWith = read.loadedWith;
        log.say('Notice', 'detect', 'rule reload complete');
        return read;
      } catch (problem) {
        log.say('Error', 'detect', `rule reload failed, the rules before stay: ${systemMessage(problem) ?? (problem as Error).message}`);
        return undefined;
      }
    };
    code = await runSuricata({
      captures,
      configuration,
      members,
      firewall,
      reload: { signal, read: reload },
      folder,
      log,
      store,
      filter,
      luaOutputs,
      luaCounters,
      packetLog,
    });
  } catch (problem) {
    return stop('output', (problem as Error).message);
  } finally {
    if (args.pidFile !== undefined) rmSync(args.pidFile, { force: true });
    signal.close();
  }
  luaOutputs.close();
  for (const settings of loadedWith) saveDataSets(settings, dataFolder);
  log.save();
  return code;
}

function protocolsByName(): readonly ProtocolDefinition[] {
  return [...new Set(catalogue.protocols.values())].sort((a, b) => (a.name < b.name ? -1 : 1));
}

/** `tls:client_hello_done`, as headers of rules name them. */
function hookNames(): readonly string[] {
  return protocolsByName().flatMap((protocol) => {
    const hooks = hooksOf(protocol);
    return [...hooks[TO_SERVER], ...hooks[TO_CLIENT]].map(({ name }) => `${protocol.aloneAs ?? protocol.name}:${name}`);
  });
}

/** `tcp: dns.pdu` and its kin: what `frame` can name. */
function frameNames(): string[] {
  return [...new Set(catalogue.protocols.values())].flatMap(({ name, aloneAs, transport, frames }) =>
    transport.flatMap((one) => frameKinds(frames, one).map((frame) => `${one}: ${aloneAs ?? name}.${frame}`)),
  );
}

function frameKinds(frames: readonly string[] | undefined, transport: 'tcp' | 'udp'): readonly string[] {
  return frames === undefined ? [] : transport === 'tcp' ? [...frames, STREAM_FRAME] : frames;
}

/** Fingerprints as the configuration has them; where it does not say, as rules need them. */
function withFingerprints({ settings, tree }: Pick<Configuration, 'settings' | 'tree'>, asked: readonly Fingerprint[]): EngineSettings {
  const { hassh, ja3, ja4 } = shownFingerprints(tree, asked);
  return { ...settings, ssh: { ...settings.ssh, fingerprints: hassh }, tls: { ...settings.tls, shownFingerprints: { ja3, ja4 } } };
}

/** All rules of a run, and the settings that those of each member were loaded with. */
interface LoadedAll extends RunRules {
  readonly loadedWith: readonly EngineSettings[];
}

/** `detect-engine: [ { rule-reload: false } ]` */
function mayReload(tree: Tree): boolean {
  const written = at(tree, 'detect-engine');
  return (Array.isArray(written) ? written : [written]).every((one) => isYes(at(one, 'rule-reload'), true));
}

/** Of the words behind the options, a file (`-F`), or the configuration. */
function packetFilterOf({ filter, filterFile }: Arguments, tree: Tree): PacketFilter | { readonly problem: string } {
  if (filter.length > 0) return readPacketFilter(filter.join(' '));
  if (filterFile === undefined) return readPacketFilter(String(at(tree, 'bpf-filter') ?? ''));
  try {
    return readPacketFilter(readFileSync(filterFile, 'utf8').replace(/#.*/g, ''));
  } catch (problem) {
    return { problem: (problem as Error).message };
  }
}

/** Who stores files wants all of them. */
function withFiles(settings: EngineSettings, store: FileStore): EngineSettings {
  const depth =
    store.streamDepth === undefined || settings.stream.depth === 0
      ? settings.stream.depth
      : store.streamDepth === 0
        ? 0
        : Math.max(settings.stream.depth, store.streamDepth);
  return { ...settings, followFile: store.follow, wholeFiles: store.storage !== undefined, stream: { ...settings.stream, depth } };
}

/** Files of rules that are there; of the others it is said. */
function presentOf(paths: readonly string[], log: EngineLog): readonly string[] {
  return paths.filter((path) => {
    const isThere = existsSync(path);
    if (!isThere) log.say('Warning', 'detect', `No rule files match the pattern ${path}`);
    return isThere;
  });
}
