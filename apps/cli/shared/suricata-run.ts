/**
 * `sigwright suricata` from loaded rules to closed files: engines over captures, and every output that the configuration asks for. The
 * captures of a folder are one run: flows, thresholds and counters go on from one to the next, in packet time (Suricata user guide,
 * "Command Line Options", `-r`).
 */
import { catalogue } from '@sigwright/catalogue';
import { type EngineSettings, type EveRecord, eveTimestamp, type Failure } from '@sigwright/contracts';
import { type Alert, DEFAULT_EVE, Engine, EveWriter } from '@sigwright/detection';
import { CHECKSUM_SHARE, type PacketFilter } from '@sigwright/traffic';
import { capturesOf, folderReadingOf } from './capture-folder.ts';
import { CaptureRemoval } from './capture-removal.ts';
import { CertificateStore } from './certificate-store.ts';
import type { Configuration } from './configuration.ts';
import { at, isYes } from './configuration-tree.ts';
import type { EngineLog } from './engine-log.ts';
import type { EveOutput } from './eve-configuration.ts';
import type { FileStore } from './file-store.ts';
import type { FirewallRules } from './firewall.ts';
import { LineOutputs } from './line-outputs.ts';
import { FLUSH_INTERVAL } from './line-writer.ts';
import type { LoadedRules } from './loaded-rules.ts';
import type { LogFile } from './log-file.ts';
import type { LuaOutputs } from './lua-outputs.ts';
import type { LuaCounters } from './lua-settings.ts';
import type { PacketLog } from './packet-log.ts';
import type { ReloadSignal } from './rule-reload.ts';
import { type CaptureSeries, runCapture, stopOnSignals } from './run-capture.ts';
import { statsRecord } from './stats.ts';
import { countersOf, loadOf, together } from './tenants.ts';
import { TrafficCounters } from './traffic-counters.ts';

/** An engine of its own: the first takes the packets that no other, a tenant's, owns. */
export interface Member {
  readonly id: number;
  readonly settings: EngineSettings;
  readonly rules: LoadedRules;
  readonly owns?: PacketFilter;
  readonly loaded: number;
  readonly refused: number;
  readonly skipped: number;
}

/** What may be read again while captures are read. */
export interface RunRules {
  readonly members: readonly Member[];
  readonly firewall: FirewallRules;
}

export interface SuricataRun extends RunRules {
  /** files, folders, or `-` */
  readonly captures: readonly string[];
  readonly configuration: Configuration;
  /** Rules are read again when the signal comes; undefined: those before stay. The members are the same. */
  readonly reload: { readonly signal: ReloadSignal; readonly read: () => RunRules | undefined };
  /** where outputs go */
  readonly folder: string;
  readonly log: EngineLog;
  readonly store: FileStore;
  readonly filter: PacketFilter;
  readonly luaOutputs: LuaOutputs;
  readonly luaCounters: LuaCounters;
  readonly packetLog: PacketLog | undefined;
}

/** An EVE output with its open file, and what its last `stats` record said. */
interface OpenEve extends EveOutput {
  readonly log: LogFile;
  before: EveRecord | undefined;
}

/** Seconds between two tables of counters while a folder is watched. */
const DEFAULT_INTERVAL = 8;

/** The exit code. */
export async function runSuricata(run: SuricataRun): Promise<number> {
  const { configuration, folder, log, packetLog } = run;
  const signal = stopOnSignals();
  const lines = new LineOutputs(configuration.tree, folder);
  const eves = configuration.eves.flatMap((eve): OpenEve[] => {
    const file = lines.file('eve-log', eve.file, 'eve.json', folder);
    return file === undefined ? [] : [{ ...eve, log: file, before: undefined }];
  });
  for (const problem of lines.problems) log.say('Warning', 'output', problem);
  const certificates = CertificateStore.of(configuration.tree, folder);
  const reopen = (): void => lines.reopen();
  process.on('SIGHUP', reopen);
  const flushing = setInterval(() => lines.flush(), FLUSH_INTERVAL).unref();
  let exit = 0;
  let rules: RunRules = run;
  let series: Series | undefined;
  run.reload.signal.act = () => {
    const read = run.reload.read();
    if (read !== undefined) {
      rules = read;
      series?.takeOver(rules);
    }
    log.save();
  };
  for (const given of run.captures) {
    if (signal.stopped) break;
    series = new Series({ ...run, ...rules }, given, lines, eves, certificates);
    if (!(await series.read(signal))) exit = 1;
    series = undefined;
  }
  process.off('SIGHUP', reopen);
  clearInterval(flushing);
  packetLog?.close();
  const failures = [packetLog?.failure, certificates?.failure, ...(await lines.close()).map((failure) => failure.message)];
  for (const failure of failures) {
    if (failure === undefined) continue;
    log.say('Error', 'output', failure);
    exit = 1;
  }
  if (signal.stopped) log.say('Notice', 'suricata', 'Signal Received.  Stopping engine.');
  return exit;
}

/** The captures that one `-r` names. */
class Series {
  readonly #run: SuricataRun;
  readonly #given: string;
  readonly #lines: LineOutputs;
  readonly #eves: readonly OpenEve[];
  readonly #certificates: CertificateStore | undefined;
  readonly #counted: TrafficCounters;
  readonly #engines: readonly Engine[];
  /** by engine */
  readonly #writers: EveWriter[][] = [];
  #members: readonly Member[];
  readonly #began = Date.now();
  /** when rules were read last */
  #loaded = Date.now();
  readonly #removal: CaptureRemoval;
  readonly #wantsStats: boolean;
  /** Of captures that are there two runs tell the same; who watches a folder, or what comes through a pipe, wants to know how it goes. */
  readonly #goesOn: boolean;
  /** the capture that is being read */
  #capture = '';
  /** of the last packet, microseconds */
  #time = 0;
  #files = 0;

  constructor(run: SuricataRun, given: string, lines: LineOutputs, eves: readonly OpenEve[], certificates: CertificateStore | undefined) {
    this.#run = run;
    this.#given = given;
    this.#lines = lines;
    this.#eves = eves;
    this.#certificates = certificates;
    const { configuration, members, log } = run;
    this.#members = members;
    const counters = at(configuration.tree, 'stats');
    const counting = {
      decoderEvents: isYes(at(counters, 'decoder-events'), true),
      decoderEventsAt: String(at(counters, 'decoder-events-prefix') ?? ''),
      streamEvents: isYes(at(counters, 'stream-events'), false),
      protocolPolicies: isYes(at(counters, 'exception-policy.per-app-proto-errors'), false),
    };
    this.#counted = new TrafficCounters(configuration.settings, new Set(catalogue.protocols.values()), counting);
    this.#wantsStats = isYes(at(configuration.tree, 'stats.enabled'), true);
    this.#goesOn = given === '-' || isYes(at(configuration.tree, 'pcap-file.continuous'), false);
    this.#removal = new CaptureRemoval(configuration.tree, (text) => log.say('Warning', 'pcap', text));
    this.#capture = given;
    const [, ...tenants] = members;
    const ofNobody: PacketFilter | undefined = tenants.length === 0 ? undefined : { keeps: (...packet) => !tenants.some(({ owns }) => owns?.keeps(...packet)) };
    this.#engines = members.map((member, index) => this.#engineOf(member, index, member.owns ?? ofNobody));
  }

  takeOver({ members, firewall }: RunRules): void {
    this.#members = members;
    this.#loaded = Date.now();
    for (const [index, { id, settings, rules }] of members.entries()) {
      this.#engines[index].takeOver(id === 0 ? { ...rules.plan, firewall: firewall.rules } : rules.plan, settings);
      for (const writer of this.#writers[index]) writer.takeOver(settings);
    }
  }

  /** False: nothing of it could be read. */
  async read(signal: { readonly stopped: boolean }): Promise<boolean> {
    const { configuration, log, luaOutputs } = this.#run;
    const engine: CaptureSeries = this.#engines.length === 1 ? this.#engines[0] : together(this.#engines);
    const reading = folderReadingOf(configuration.tree);
    const idle = (): void => {
      this.#lines.flush();
      log.save();
    };
    const interval = Number(at(configuration.tree, 'stats.interval') ?? DEFAULT_INTERVAL);
    const timer = this.#goesOn && interval > 0 ? setInterval(() => this.#tellStats(), interval * 1000) : undefined;
    let isRead = true;
    try {
      for await (const capture of capturesOf(this.#given, reading, signal, idle)) {
        this.#capture = capture;
        this.#files++;
        this.#removal.begin(capture, this.#packets());
        const problem = await runCapture(engine, capture, signal, () => engine.next());
        if (problem !== undefined && !this.#tell(problem)) isRead = false;
        if (problem === undefined && !signal.stopped && this.#given !== '-') this.#removal.read(capture);
        if (signal.stopped) break;
      }
    } catch (cause) {
      // The folder that was watched is gone.
      log.say('Error', 'pcap', (cause as Error).message);
      isRead = false;
    }
    clearInterval(timer);
    engine.finish();
    this.#lines.decided();
    this.#removal.end();
    this.#tellStats();
    const counters = countersOf(this.#engines);
    if (luaOutputs.any) luaOutputs.stats(this.#stats({ zeros: true, deltas: false }, undefined));
    this.#tellChecksums();
    log.say('Notice', 'pcap', `read ${this.#files} file${this.#files === 1 ? '' : 's'}, ${counters.packets} packets, ${counters.bytes} bytes`);
    return isRead;
  }

  #packets(): number {
    return countersOf(this.#engines).packets;
  }

  /** One of several files, or the rest of one, may be broken: what could be read counts. False: there is nothing that counts. */
  #tell(problem: Failure): boolean {
    const fatal = this.#capture === this.#given && this.#packets() === 0 && problem.code !== 'capture/truncated';
    this.#run.log.say(fatal ? 'Error' : 'Warning', 'pcap', `${problem.message} (${this.#capture})`);
    return !fatal;
  }

  #tellChecksums(): void {
    const [{ checksums }] = this.#engines;
    if (checksums.wrong * CHECKSUM_SHARE <= checksums.verified) return;
    const found = `${checksums.wrong} of ${checksums.verified} packets have a wrong checksum, as where the network card was to fill it in`;
    const advice = checksums.verifying
      ? '; with -k none, or pcap-file.checksum-checks: no, rules see them all the same'
      : '; the others were taken as they came';
    this.#run.log.say('Notice', 'pcap', found + advice);
  }

  #stats(shown: { readonly zeros: boolean; readonly deltas: boolean }, before: EveRecord | undefined): EveRecord {
    const { store, luaCounters, packetLog } = this.#run;
    const members = this.#members;
    const uptime = this.#goesOn ? Math.floor((Date.now() - this.#began) / 1000) : 0;
    const form = { ...shown, before, loaded: eveTimestamp(this.#loaded * 1000), uptime };
    return statsRecord(
      { counters: countersOf(this.#engines), load: loadOf(this.#engines) },
      this.#counted,
      eveTimestamp(this.#time),
      members,
      form,
      store,
      luaCounters,
      packetLog,
    );
  }

  #tellStats(): void {
    for (const eve of this.#eves) {
      if (!eve.stats || !this.#wantsStats) continue;
      const record = this.#stats(eve, eve.before);
      eve.log.line(eve.prefix + JSON.stringify(record));
      eve.before = record;
    }
    if (!this.#lines.wantsStats) return;
    const record = this.#stats({ zeros: true, deltas: false }, undefined);
    this.#lines.stats(record, this.#time, (record['stats'] as { readonly uptime: number }).uptime);
  }

  /** `index`: its place among all; its rules may change. */
  #engineOf({ id, settings, rules }: Member, index: number, share: PacketFilter | undefined): Engine {
    const { firewall, store, filter, luaOutputs, packetLog } = this.#run;
    const capture = (): string => this.#capture;
    const writers = this.#eves.map(
      (eve) =>
        new EveWriter(
          (record: EveRecord) => eve.log.line(eve.prefix + JSON.stringify(id === 0 ? record : { ...record, tenant_id: id })),
          settings,
          catalogue.protocols,
          {
            ...eve.options,
            fileDetails: (file) => store.details(file),
            ...(eve.captureName ? { captureFile: capture } : {}),
            ...(packetLog === undefined ? {} : { keptIn: (packet, flow) => packetLog.fileOf(packet, flow) }),
          },
        ),
    );
    this.#writers.push(writers);
    const besides = new EveWriter((record: EveRecord) => store.writeRecord(record), settings, catalogue.protocols, {
      ...DEFAULT_EVE,
      types: new Set(['fileinfo']),
      fileDetails: (file) => store.details(file),
    });
    const seeing = writers.filter((writer) => writer.seesPackets);
    const deciding = writers.filter((writer) => writer.wantsDecided);
    const counted = this.#counted;
    const lines = this.#lines;
    const certificates = this.#certificates;
    return new Engine(id === 0 ? { ...rules.plan, firewall: firewall.rules } : rules.plan, catalogue, settings, {
      remembersFlows: seeing.length + deciding.length > 0 || packetLog?.remembersFlows === true,
      filter,
      ...(share === undefined ? {} : { share }),
      ...(packetLog === undefined && seeing.length + deciding.length === 0 && !luaOutputs.wantsPackets
        ? {
            quiet: (time: number, length: number) => {
              this.#time = time;
              counted.quiet(length);
            },
          }
        : {}),
      packet: (packet) => {
        this.#time = packet.time;
        for (const writer of seeing) writer.packet(packet);
      },
      alert: (alert: Alert, packet) => {
        for (const writer of writers) writer.alert(alert, packet);
        const current = this.#members[index].settings;
        lines.alert(alert, packet, current);
        this.#removal.alerted(alert.flow);
        packetLog?.alerted(alert.flow, alert.rule.tags.length > 0);
        certificates?.see(alert.transaction, packet);
        if (luaOutputs.any) luaOutputs.alert(alert, packet, current.classifications.get(alert.rule.classtype)?.description ?? '');
      },
      anomaly: (packet, flow, transaction, name) => {
        for (const writer of writers) writer.anomaly(packet, flow, transaction, name);
      },
      transaction: (protocol, transaction, flow, packet) => {
        counted.transaction(protocol, flow);
        certificates?.see(transaction, packet);
        for (const writer of writers) writer.transaction(protocol, transaction, flow, packet);
        lines.transaction(protocol, transaction, flow, packet);
        luaOutputs.transaction(protocol, transaction, flow, packet);
      },
      file: (protocol, file, transaction, flow, packet) => {
        store.finish(file);
        if (store.storage?.records === true) besides.file(protocol, file, transaction, flow, packet);
        for (const writer of writers) writer.file(protocol, file, transaction, flow, packet);
        if (luaOutputs.any) luaOutputs.file(file, store.details(file) ?? {}, transaction, flow, packet);
      },
      wantsFrames: writers.some((writer) => writer.wantsFrames),
      showsStreams: writers.some((writer) => writer.showsStreams),
      frame: (report, packet, flow) => {
        for (const writer of writers) writer.frame(report, packet, flow);
      },
      recognised: (flow) => counted.recognised(flow),
      applicationError: (flow, cause) => counted.applicationError(flow, cause),
      flow: (flow) => {
        counted.flow(flow);
        packetLog?.ended(flow);
        for (const writer of writers) writer.flow(flow);
        if (luaOutputs.any) luaOutputs.flow(flow);
      },
      ...(luaOutputs.wantsStreams ? { stream: luaOutputs.stream.bind(luaOutputs) } : {}),
      dropped: (packet, flow, cause) => {
        for (const writer of writers) writer.dropped(packet, flow, cause);
      },
      captured: (packet, flow) => {
        for (const writer of writers) writer.captured(packet, flow);
      },
      tagged: (packet, flow) => {
        for (const writer of writers) writer.tagged(packet, flow);
        packetLog?.tagged();
      },
      decided: (packet, flow) => {
        counted.decided(packet);
        for (const writer of deciding) writer.decided(packet, flow);
        lines.decided();
        packetLog?.decided(packet, flow);
        if (luaOutputs.wantsPackets && !packet.isPseudo) luaOutputs.packet(packet, flow);
      },
    });
  }
}
