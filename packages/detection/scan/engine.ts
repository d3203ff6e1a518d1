/**
 * The corridor of the journey "detect": capture bytes → packets → flows → ordered bytes (packages/traffic) → transactions
 * (speak/) → candidates (tables of the plan) → matches (rule-evaluation.ts) → alerts and records (handlers).
 *
 * Timing follows Suricata's IDS mode: stream bytes are read once the peer acknowledged them and inspected with the next
 * packet of their direction; `settings.inline` reads them at once.
 */
import { type Work, work } from '@sigwright/bytes';
import {
  type Catalogue,
  type Direction,
  DROPPED,
  type EngineSettings,
  type Failure,
  FLOW_CLOSED,
  FLOW_ESTABLISHED,
  type Flow,
  ICMP,
  ICMPV6,
  KIND_QUIET,
  PASSED,
  Packet,
  type ProtocolDefinition,
  type ProtocolSession,
  plainKindOf,
  SYN,
  TCP,
  TO_CLIENT,
  TO_SERVER,
  type Transaction,
  UDP,
} from '@sigwright/contracts';
import {
  applyException,
  CaptureReader,
  drop,
  type PipelineHandlers,
  type RecordHandler,
  type StreamSide,
  type TcpStream,
  TrafficPipeline,
  turnRound,
} from '@sigwright/traffic';
import { hasNeededBit, OF_TRANSACTION, type PlanUse } from '../compile/plan.ts';
import type { Explainer } from '../explain/explain.ts';
import { Speaker } from '../speak/speaker.ts';
import type { Alert, EngineHandlers } from './alert.ts';
import { AlertQueue } from './alert-queue.ts';
import { AmongPeers } from './among-peers.ts';
import { AskedRules } from './asked-rules.ts';
import { Candidates } from './candidates.ts';
import { Firewall, PACKET_ACCEPTED } from './firewall.ts';
import { HeaderRows } from './fitting-headers.ts';
import { FlowDetection } from './flow-detection.ts';
import { FrameInspector } from './frame-inspector.ts';
import { FlowFrames } from './frames.ts';
import { HostState } from './host-state.ts';
import { PacketRules } from './packet-rules.ts';
import { PayloadAnswers } from './payload-parts.ts';
import { PayloadScanner, type PayloadSearch } from './payload-scanner.ts';
import { failedSides, RestingFlows } from './resting-flow.ts';
import { RuleEvaluation } from './rule-evaluation.ts';
import type { RuleProfile } from './rule-profile.ts';
import { Succession } from './succession.ts';
import { Tags } from './tags.ts';
import { Thresholds } from './thresholds.ts';
import { TransactionInspector } from './transaction-inspector.ts';

const NO_RULES = new Uint32Array(0);
const NO_TRANSACTIONS: readonly Transaction[] = [];

export interface EngineCounters extends Work {
  packets: number;
  /** those of encrypted connections that were passed over, since nothing counts of them but that they came */
  quiet: number;
  bytes: number;
  flows: number;
  alerts: number;
  suppressed: number;
  /** matches beyond the limit per packet */
  overflowed: number;
  transactions: number;
  /** rules to which literals or headers led, once for each packet, piece of a stream or transaction */
  candidates: number;
  /** rules evaluated after the prefilter */
  evaluations: number;
  /** alerts of the firewall that found no room, and of rules on packets that it dropped */
  discarded: number;
}

export function noCounts(): EngineCounters {
  return {
    packets: 0,
    quiet: 0,
    bytes: 0,
    flows: 0,
    alerts: 0,
    suppressed: 0,
    overflowed: 0,
    transactions: 0,
    candidates: 0,
    evaluations: 0,
    discarded: 0,
    copied: 0,
    searched: 0,
    arrays: 0,
    arrayBytes: 0,
    objects: 0,
  };
}

const SERVER_FIRST: readonly Direction[] = [TO_SERVER, TO_CLIENT];
const CLIENT_FIRST: readonly Direction[] = [TO_CLIENT, TO_SERVER];

export class Engine {
  readonly counters = noCounts();
  readonly #settings: EngineSettings;
  readonly #handlers: EngineHandlers;
  readonly #catalogue: Catalogue;
  #reader: CaptureReader;
  /** one capture ended, and nothing of the next one has come yet */
  #isBetween = false;
  readonly #onRecord: RecordHandler;
  readonly #pipeline: TrafficPipeline;
  readonly #speaker: Speaker;
  readonly #evaluation: RuleEvaluation;
  readonly #thresholds: Thresholds;
  readonly #alerts: AlertQueue;
  /** encrypted connections may be passed over */
  readonly #passesQuiet: boolean;
  /** nobody counts matches of rules that do not alert */
  #repeatsInVain: boolean;
  // Of the plan, made anew when others take over.
  #plan: PlanUse;
  #candidates!: Candidates;
  #headers!: HeaderRows;
  #packetRules!: PacketRules;
  #payload!: PayloadScanner;
  #payloadAnswers!: PayloadAnswers;
  #transactions!: TransactionInspector;
  #frames!: FrameInspector;
  #firewall: Firewall | undefined = undefined;
  /** what those before it counted */
  #candidatesBefore = 0;
  /** from plans that flows were looked at with to this one */
  #successions = new WeakMap<PlanUse, Succession>();
  /** of plans before this one */
  readonly #asked = new WeakMap<PlanUse, AskedRules>();
  readonly #pipelineHandlers: PipelineHandlers;
  readonly #pseudo = new Packet();
  #packet: Packet = this.#pseudo;
  #lastNumber = 0;
  readonly #among: AmongPeers | undefined;
  readonly #tags = new Tags();
  readonly #resting: RestingFlows;
  /** of a flow that was put to rest, for the next one */
  #spareDetection: FlowDetection | undefined = undefined;
  /** alerts of this packet */
  #told = 0;

  constructor(plan: PlanUse, catalogue: Catalogue, settings: EngineSettings, handlers: EngineHandlers) {
    this.#settings = settings;
    this.#handlers = handlers;
    this.#catalogue = catalogue;
    const kept = handlers.showsStreams === true ? [...catalogue.protocols.values()] : [];
    this.#shown = new Map(kept.flatMap(({ name, keptStream }) => (keptStream === undefined ? [] : [[name, keptStream(settings)] as const])));
    this.#resting = new RestingFlows(catalogue, settings);
    const { peers } = handlers;
    const hosts = new HostState(peers);
    const among = peers === undefined ? undefined : new AmongPeers(peers, hosts);
    this.#among = among;
    this.#evaluation = new RuleEvaluation(hosts, catalogue);
    this.#repeatsInVain = settings.globalThresholds.length === 0;
    this.#thresholds = new Thresholds(settings, peers);
    this.#alerts = new AlertQueue(settings, this.#thresholds, peers);
    this.#plan = plan;
    this.#use(plan);
    this.#speaker = new Speaker(catalogue, settings, {
      claimed: among === undefined ? undefined : (name) => among.claim(name),
      recognised: (flow) => handlers.recognised?.(flow),
      changing: (flow, session) => this.#leave(flow, session),
      turned: (flow) => this.#turn(flow),
      wantsFrames: (protocol) => this.#frames.wanted(protocol),
      anomaly: (flow, name) => {
        this.#packet.anomalies.push(name);
        handlers.anomaly?.(this.#packet, flow, undefined, name);
      },
      failed: (flow, cause) => {
        handlers.applicationError?.(flow, cause);
        // At the end of the flow there is no packet left to decide about.
        if (!this.#packet.isPseudo) applyException(this.#packet, flow, settings.exceptionPolicies.applicationError, 'app_layer_error', 'applayer error');
      },
    });
    this.#passesQuiet = settings.firewall === undefined && handlers.stream === undefined && !settings.inline && !settings.ips;
    this.#pipelineHandlers = {
      onPacket: (packet) => this.#onPacket(packet),
      ...(this.#passesQuiet && (handlers.quiet !== undefined || (handlers.packet === undefined && handlers.decided === undefined))
        ? { onQuiet: (number: number, time: number, length: number) => this.#onQuiet(number, time, length) }
        : {}),
      onFlowEnd: (flow) => this.#onFlowEnd(flow),
      ...(handlers.flow === undefined ? {} : { onRestEnd: (flow: Flow, kept: number) => this.#onRestEnd(flow, kept) }),
      ...(settings.firewall === undefined && handlers.remembersFlows !== true
        ? { rest: (flow: Flow) => this.#rest(flow), onWake: (flow: Flow, kept: number) => this.#resting.wake(flow, kept, this.#newDetection()) }
        : {}),
      ...(peers === undefined ? {} : { onOthersInside: () => peers.giveUp('packets carry those of other hosts') }),
      beforeFlow: undefined,
      beforeStream: undefined,
    };
    this.#setHooks();
    this.#pipeline = new TrafficPipeline(settings, this.#pipelineHandlers);
    const { filter, share } = handlers;
    this.#onRecord = (data, start, end, time, wireLength, linkType) => {
      if (filter !== undefined && !filter.keeps(data, start, end, linkType, wireLength)) return;
      if (among !== undefined) among.record(this.#pipeline, data, start, end, time, wireLength, linkType);
      else if (share === undefined || share.keeps(data, start, end, linkType, wireLength)) this.#pipeline.record(data, start, end, time, wireLength, linkType);
      else this.#pipeline.packets++;
    };
    this.#reader = new CaptureReader(this.#onRecord);
  }

  /** Everything that is made of a plan. */
  #use(plan: PlanUse): void {
    const settings = this.#settings;
    const handlers = this.#handlers;
    this.#plan = plan;
    this.#candidates = new Candidates(plan.data.ruleCount);
    this.#headers = HeaderRows.of(plan);
    this.#packetRules = PacketRules.of(plan);
    this.#payload = PayloadScanner.of(plan);
    this.#payloadAnswers = PayloadAnswers.of(plan);
    this.#transactions = new TransactionInspector(plan, this.#catalogue, settings, this.#evaluation, this.#alerts);
    this.#frames = new FrameInspector(
      plan,
      this.#evaluation,
      this.#alerts,
      settings.inline,
      handlers.wantsFrames === true ? (report, packet, flow) => handlers.frame?.(report, packet, flow) : undefined,
    );
    if (settings.firewall !== undefined)
      this.#firewall = new Firewall(plan.firewall ?? [], settings.firewall, this.#catalogue, settings, this.#evaluation, this.#transactions, this.#alerts);
  }

  /** What rules ask for before there is a flow, or before its stream. */
  #setHooks(): void {
    const firewall = this.#firewall;
    const handlers = this.#pipelineHandlers;
    handlers.beforeFlow = firewall?.hasPreFlow === true || this.#plan.data.early.length > 0 ? (packet) => this.#beforeFlow(packet) : undefined;
    handlers.beforeStream = firewall?.hasPreStream === true ? (packet, flow) => this.#beforePacket() && firewall.beforeStream(packet, flow) : undefined;
  }

  /**
   * Other rules take over: from the next packet on they count, and nothing that is known of the traffic is lost. Flows, streams,
   * transactions and what is spoken stay, with bits, numbers, thresholds, tags and decisions about flows; sets of values are those of the
   * settings that the plan was made with. To be called between two calls of `feed`. What is kept of a flow is translated when its next
   * packet comes; until then, or its end, it holds on to the plan before.
   *
   * A rule is known again by gid and sid. One whose text is the same goes on as if nothing had happened. One that is new, or whose text
   * changed, is asked about what comes; about the open transactions of a flow, as far as they are still there, with the next packet of
   * their direction; and, where it is asked once a flow, about flows that it was not asked about in this form. What already alerted on a
   * transaction or a frame does not alert on it again, whatever its text says now. Bytes of a stream that were searched are not searched
   * again; where nobody had asked for frames, those count that begin from here on; a flow that was let pass, or dropped, stays so.
   *
   * `settings`: those of the new rules. Of them the thresholds of threshold.config count, and fingerprints that are to be made of connections
   * from here on, too; everything else about traffic stays as it was.
   */
  takeOver(plan: PlanUse, settings: EngineSettings = this.#settings): void {
    const before = this.#plan;
    if (plan === before) return;
    const { explainer } = this;
    const asked = new AskedRules(before);
    this.#candidatesBefore += this.#candidates.total + this.#transactions.candidates;
    this.#use(plan);
    this.#setHooks();
    const { beforeFlow, beforeStream } = this.#pipelineHandlers;
    if (beforeFlow !== undefined || beforeStream !== undefined) this.#pipeline.allowsQuiet = false;
    this.#pipeline.takeOvers++;
    this.#transactions.profile = this.#profile;
    this.#frames.explainer = explainer;
    this.#thresholds.takeOver(settings);
    this.#repeatsInVain = settings.globalThresholds.length === 0;
    this.#speaker.sessionSettings = withFingerprints(this.#speaker.sessionSettings, settings);
    this.#asked.set(before, asked);
    this.#successions = new WeakMap();
    this.#resting.takeOver(this.#successionOf(before), asked, this.#payloadAnswers.nothingFound);
  }

  #successionOf(before: PlanUse): Succession {
    let succession = this.#successions.get(before);
    if (succession === undefined) {
      succession = new Succession(before, this.#plan);
      this.#successions.set(before, succession);
    }
    return succession;
  }

  /** Other rules took over since the flow's last packet. */
  #renew(flow: Flow, detection: FlowDetection, before: PlanUse): void {
    const succession = this.#successionOf(before);
    detection.takeOver(succession, this.#asked.get(before)!, this.#payloadAnswers.nothingFound);
    flow.quietToServer = flow.quietToClient = undefined;
    const { session } = flow;
    const { recognising } = detection;
    if (recognising.frames !== undefined) this.#frames.takeOver(recognising.frames, succession);
    if (session === undefined) return;
    const definition = this.#catalogue.protocols.get(flow.applicationProtocol ?? '');
    if (recognising.frames === undefined && definition?.frames !== undefined && this.#frames.wanted(definition.name)) {
      recognising.frames = new FlowFrames(flow.protocol === TCP);
      session.frames = recognising.frames;
    }
    for (const direction of SERVER_FIRST) {
      const pseudo = this.#pseudoPacket(flow, direction);
      for (const transaction of session.transactions) this.#transactions.takeOver(transaction, pseudo, flow, direction, detection, succession);
    }
  }

  /** by protocol, bytes of either direction that stay at hand to be shown with alerts */
  readonly #shown: ReadonlyMap<string, readonly [number, number]>;
  /** How far each stream was handed on, where somebody asks for streams. */
  #toldOf: WeakMap<TcpStream, [number, number]> | undefined = undefined;
  #profile: RuleProfile | undefined = undefined;

  /** the rules that count */
  get plan(): PlanUse {
    return this.#plan;
  }

  /** From here on, what each rule costs is counted there. */
  set profile(profile: RuleProfile) {
    this.#profile = profile;
    this.#transactions.profile = profile;
  }

  /** holds one rule against everything, see explain/ */
  get explainer(): Explainer | undefined {
    return this.#frames.explainer;
  }

  set explainer(explainer: Explainer | undefined) {
    this.#frames.explainer = explainer;
  }

  /** Bytes of the capture, in order, in pieces of any size. A failure is final. */
  feed(chunk: Uint8Array): Failure | undefined {
    this.#isBetween = false;
    const before = { ...work };
    const failure = this.#reader.push(chunk);
    this.#countWork(before);
    return failure;
  }

  /**
   * The capture is over, and another one goes on where it ended: flows stay open, packets are counted on. A failure says that it was
   * cut off.
   */
  next(): Failure | undefined {
    const failure = this.#reader.end();
    this.#reader = new CaptureReader(this.#onRecord);
    this.#isBetween = true;
    this.#count();
    return failure;
  }

  /** Packets whose checksums were verified and how many of them had a wrong one; `verifying`: they are still being verified. */
  get checksums(): { readonly verified: number; readonly wrong: number; readonly verifying: boolean } {
    const { checksummed, wronglySummed, verifiesChecksums } = this.#pipeline;
    return { verified: checksummed, wrong: wronglySummed, verifying: verifiesChecksums };
  }

  /** The capture is over: ends every flow. A failure says that the capture was cut off; everything before it was inspected. */
  finish(): Failure | undefined {
    const failure = this.#isBetween ? undefined : this.#reader.end();
    const before = { ...work };
    if (this.#among === undefined) this.#pipeline.finish();
    else this.#among.finish(this.#pipeline);
    this.#countWork(before);
    this.#count();
    return failure;
  }

  #countWork(before: Work): void {
    for (const name of Object.keys(before) as (keyof Work)[]) this.counters[name] += work[name] - before[name];
  }

  /** What others count. */
  #count(): void {
    this.counters.candidates = this.#candidatesBefore + this.#candidates.total + this.#transactions.candidates;
    this.counters.evaluations = this.#evaluation.count;
    this.counters.suppressed = this.#alerts.suppressed;
    this.counters.overflowed = this.#alerts.overflowed;
    this.counters.discarded = this.#alerts.discarded;
  }

  /** False: the packet is of no flow. */
  #beforeFlow(packet: Packet): boolean {
    const evaluation = this.#evaluation;
    evaluation.noStream();
    if (this.#firewall?.beforeFlow(packet) === false) return false;
    for (const index of this.#plan.data.early) {
      const rule = this.#plan.rule(index);
      if (evaluation.packetRule(rule, packet, undefined)) evaluation.matched(rule, packet, undefined, undefined);
    }
    return !packet.isUntracked;
  }

  /** Nothing of the stream is read yet. */
  #beforePacket(): true {
    this.#evaluation.noStream();
    return true;
  }

  #onQuiet(number: number, time: number, length: number): void {
    this.#lastNumber = number;
    this.counters.packets++;
    this.counters.quiet++;
    this.counters.bytes += length;
    this.#handlers.quiet?.(time, length);
  }

  #onPacket(packet: Packet): void {
    this.#packet = packet;
    this.#lastNumber = packet.number;
    this.counters.packets++;
    this.counters.bytes += packet.frameEnd - packet.frameStart;
    const { flow } = packet;
    this.#handlers.packet?.(packet);
    for (let at = 0; at < packet.anomalies.length; at++) this.#handlers.anomaly?.(packet, flow, undefined, packet.anomalies[at]);
    if (this.#firewall === undefined) this.#alerts.cause = undefined;
    this.#told = 0;
    if (flow === undefined || flow.protocol !== packet.protocol) {
      // Also an error about a flow says nothing of what is spoken on it.
      if (this.#firewall !== undefined) this.#guardPacket(packet, this.#firewall);
      else {
        this.#inspectPacket(packet, undefined, undefined);
        this.#alerts.flush(packet, flow, this.#emit);
      }
    } else if (flow.verdict === 'drop' && packet.decision === 0) drop(packet, DROPPED, flow.dropReason);
    else if (!flow.bypassed && (packet.decision & DROPPED) === 0) this.#onFlowPacket(packet, flow);
    if (this.#firewall !== undefined) this.#alerts.tell(packet, this.#emit);
    if (packet.decision !== 0 && (packet.decision & DROPPED) !== 0 && this.#settings.ips) this.#handlers.dropped?.(packet, flow, this.#alerts.cause);
    if (this.#tags.any) {
      // Whoever is followed is followed from packet to packet.
      this.#pipeline.allowsQuiet = false;
      if (this.#tags.covers(packet, flow) && this.#told === 0) this.#handlers.tagged?.(packet, flow);
    }
    if (packet.captured.length > 0) this.#handlers.captured?.(packet, flow);
    this.#handlers.decided?.(packet, flow);
    if (this.#firewall !== undefined) this.#alerts.cause = undefined;
  }

  /** A packet without a flow, behind the firewall. */
  #guardPacket(packet: Packet, firewall: Firewall): void {
    this.#evaluation.noStream();
    // What could not be read is nobody's: rules on decoder anomalies see it.
    if ((packet.decision & DROPPED) === 0 && !packet.isInvalid) firewall.filter(packet, undefined);
    if ((packet.decision & DROPPED) === 0) {
      this.#inspectPacket(packet, undefined, undefined);
      this.#alerts.decide(packet, undefined);
    }
  }

  #onFlowPacket(packet: Packet, flow: Flow): void {
    const detection = this.#detectionOf(flow);
    const stream = packet.protocol === TCP ? (flow.stream as TcpStream | undefined) : undefined;
    if (isQuiet(packet, flow)) return;
    const heard = this.#firewall === undefined ? 0 : heardOf(stream, packet.direction);
    if (stream !== undefined) this.#speaker.tcp(flow, detection.recognising, stream, packet.time, false);
    else if (packet.protocol === UDP) this.#speaker.udp(flow, detection.recognising, packet);
    if ((packet.decision & DROPPED) === 0) {
      if (this.#firewall === undefined) this.#detect(packet, flow, detection, stream);
      else {
        const bytesCount = stream === undefined || stream.sides[packet.direction].opaque;
        const spoken = heardOf(stream, packet.direction) > heard || (bytesCount && packet.payloadEnd > packet.payloadStart);
        this.#guard(packet, flow, detection, stream, this.#firewall, spoken);
      }
    } else {
      // An exception policy dropped it: no rule looks at it, but what was read is told.
      if (stream !== undefined) this.#release(flow, stream);
      if (flow.session !== undefined) this.#record(flow, flow.session, false);
    }
    if (flow.session?.bypasses === true || (this.#settings.stream.bypassAtDepth && stream !== undefined && stream.depthReached)) flow.bypassed = true;
  }

  #detectionOf(flow: Flow): FlowDetection {
    if (flow.detection === undefined) {
      flow.detection = this.#newDetection();
      this.counters.flows++;
    }
    const detection = flow.detection as FlowDetection;
    if (detection.plan !== this.#plan) this.#renew(flow, detection, detection.plan!);
    return detection;
  }

  #newDetection(): FlowDetection {
    const detection = this.#spareDetection ?? new FlowDetection();
    this.#spareDetection = undefined;
    detection.plan = this.#plan;
    return detection;
  }

  /** What is kept of a flow that is put to rest, -1 where it can not be. */
  #rest(flow: Flow): number {
    const detection = flow.detection as FlowDetection | undefined;
    if (this.explainer !== undefined || detection === undefined || detection.plan !== this.#plan) return -1;
    const kept = this.#resting.rest(flow, detection);
    if (kept < 0) return -1;
    flow.detection = undefined;
    detection.clear();
    this.#spareDetection = detection;
    return kept;
  }

  /** Its first packet was the server's. */
  #turn(flow: Flow): void {
    turnRound(flow);
    const packet = this.#packet;
    if (packet.flow === flow) packet.direction = packet.direction === TO_SERVER ? TO_CLIENT : TO_SERVER;
    this.#detectionOf(flow).turn();
  }

  #detect(packet: Packet, flow: Flow, detection: FlowDetection, stream: TcpStream | undefined): void {
    const { direction } = packet;
    const side = stream?.sides[direction];
    const { session } = flow;
    // Read once: sessions of many protocols are objects of as many kinds, and each look at one is slow.
    const transactions = session?.transactions ?? NO_TRANSACTIONS;
    // Without news, no transaction can have become complete.
    const news = this.#transactions.anyNews(transactions);
    const { frames } = detection.recognising;
    if (flow.verdict === 'pass' || (packet.decision & PASSED) !== 0) {
      if (side !== undefined) side.searched = side.readable(this.#settings.inline);
      this.#transactions.passOver(transactions, direction);
    } else {
      if (side !== undefined && this.#anySaid(flow, session, transactions, direction)) detection.flush |= 1 << direction;
      this.#inspectPacket(packet, detection, side);
      if (session !== undefined && this.explainer !== undefined) this.#explainTransactions(session, packet, flow, direction, detection);
      this.#transactions.inspect(transactions, packet, flow, direction, detection);
    }
    if (frames !== undefined) this.#frames.inspect(frames, packet, flow, packet.isPseudo || isRead(side));
    // Alerts show the bytes they were found in.
    this.#alerts.flush(packet, flow, this.#emit);
    frames?.sides[direction].release();
    if (stream !== undefined) this.#release(flow, stream);
    if (news && session !== undefined) this.#record(flow, session, false);
    if (side?.opaque === true) this.#learnQuiet(packet, flow, detection, stream!);
  }

  /** Has a transaction come further, or, where that is what counts, to the end of its direction? Then its bytes are searched, however few. */
  #anySaid(flow: Flow, session: ProtocolSession | undefined, transactions: readonly Transaction[], direction: Direction): boolean {
    const waitsFor = session?.rawWaitsFor;
    if (waitsFor === 'chunk' || !this.#transactions.anyChanged(transactions, direction)) return false;
    if (waitsFor === undefined) return true;
    const complete = this.#catalogue.protocols.get(flow.applicationProtocol ?? '')?.complete[direction] ?? 0;
    for (let at = 0; at < transactions.length; at++) if (transactions[at].changed[direction] && transactions[at].progress[direction] >= complete) return true;
    return false;
  }

  /** As `#detect`, behind the firewall. `spoken`: the packet brought bytes that its protocol read, or the end of its direction. */
  #guard(packet: Packet, flow: Flow, detection: FlowDetection, stream: TcpStream | undefined, firewall: Firewall, spoken: boolean): void {
    const { direction } = packet;
    const side = stream?.sides[direction];
    const { session } = flow;
    const { frames } = detection.recognising;
    const news = session !== undefined && this.#transactions.anyNews(session.transactions);
    if (session !== undefined && side !== undefined && this.#anySaid(flow, session, session.transactions, direction)) detection.flush |= 1 << direction;
    this.#readStream(packet, flow, detection, side);
    const isOpen = (): boolean => (packet.decision & DROPPED) === 0;
    const isPassed = (): boolean => flow.verdict === 'pass' || (packet.decision & PASSED) !== 0;
    const throughPacket = !flow.accepted && isOpen() && firewall.filter(packet, flow) !== PACKET_ACCEPTED;
    if (isOpen() && !isPassed()) {
      this.#inspectRules(packet, detection, side);
      this.#alerts.decide(packet, flow);
    }
    if (throughPacket && !flow.accepted && isOpen() && spoken && session !== undefined && flow.session === session) {
      const before = packet.decision;
      firewall.transactions(session, packet, flow, direction, detection, session.done && packet.payloadEnd > packet.payloadStart);
      if (before !== packet.decision && !isOpen()) this.#alerts.keepFirewallOnly();
    }
    if (session !== undefined && isOpen()) {
      if (isPassed()) this.#transactions.passOver(session.transactions, direction);
      else {
        this.#transactions.inspect(session.transactions, packet, flow, direction, detection);
        if (frames !== undefined) this.#frames.inspect(frames, packet, flow, packet.isPseudo || isRead(side));
        this.#alerts.decide(packet, flow);
      }
    }
    this.#alerts.tell(packet, this.#emit);
    frames?.sides[direction].release();
    if (stream !== undefined) this.#release(flow, stream);
    if (news && session !== undefined) this.#record(flow, session, false);
  }

  /** Encrypted from here on: where nobody looks at anything but rules at packets, those on which none can hold need not be looked at. */
  #learnQuiet(packet: Packet, flow: Flow, detection: FlowDetection, { sides }: TcpStream): void {
    const { session } = flow;
    if (!this.#passesQuiet || !sides[0].opaque || !sides[1].opaque || session?.opaque !== true || this.explainer !== undefined) return;
    if (detection.recognising.frames !== undefined || this.#transactions.anyNews(session.transactions)) return;
    flow.quietSince = this.#pipeline.takeOvers;
    flow.quietToServer ??= this.#packetRules.quiet(flow, detection, TO_SERVER, this.#repeatsInVain);
    flow.quietToClient ??= this.#packetRules.quiet(flow, detection, TO_CLIENT, this.#repeatsInVain);
    const table = packet.direction === TO_SERVER ? flow.quietToServer : flow.quietToClient;
    if (table !== undefined) this.#packetRules.learn(table, packet, flow, detection, this.#repeatsInVain);
  }

  #explainTransactions(session: ProtocolSession, packet: Packet, flow: Flow, direction: Direction, detection: FlowDetection): void {
    const { explainer } = this;
    if (explainer === undefined) return;
    const found = detection.known(direction)?.payloadFound?.has(explainer.ruleIndex) === true;
    for (const transaction of session.transactions) {
      if (transaction.changed[direction]) explainer.transaction(transaction, packet, flow, direction, this.#evaluation, found);
    }
  }

  /** Hands on what came to a stream and was not handed on before. `close`: nothing more will come. */
  #tellStream(flow: Flow, stream: TcpStream, close: boolean): void {
    this.#toldOf ??= new WeakMap();
    const told = this.#toldOf.get(stream) ?? [-1, -1];
    this.#toldOf.set(stream, told);
    for (const direction of [TO_SERVER, TO_CLIENT] as const) {
      const side = stream.sides[direction];
      const from = Math.max(told[direction], side.base);
      const upTo = close ? side.available : side.readable(this.#settings.inline);
      if (upTo <= from && !(close && told[direction] >= 0)) continue;
      this.#handlers.stream?.(flow, direction, side.bytes.subarray(from - side.base, Math.max(from, upTo) - side.base), told[direction] < 0, close);
      told[direction] = Math.max(from, upTo);
    }
  }

  #release(flow: Flow, stream: TcpStream): void {
    if (this.#handlers.stream !== undefined) this.#tellStream(flow, stream, false);
    const opaque = flow.session?.opaque === true;
    const shown = this.#shown.size === 0 ? undefined : this.#shown.get(flow.applicationProtocol ?? '');
    for (let direction = 0; direction < 2; direction++) {
      const side = stream.sides[direction];
      if (opaque && side.searched < side.parsed) side.searched = side.parsed;
      if (opaque && !side.opaque && side.parsed >= side.available) side.opaque = true;
      if (shown !== undefined) side.earlier ??= [];
      side.release(this.#settings.inline && !opaque ? this.#chunkSize(direction as Direction) : 0, shown?.[direction] ?? 0);
    }
  }

  /** Rules that are decided on packets and stream chunks. */
  #inspectPacket(packet: Packet, detection: FlowDetection | undefined, side: StreamSide | undefined): void {
    this.#readStream(packet, packet.flow, detection, side);
    this.#inspectRules(packet, detection, side);
  }

  /** Takes the bytes of the stream that are inspected with this packet, and looks for what rules wait for in them. */
  #readStream(packet: Packet, flow: Flow | undefined, detection: FlowDetection | undefined, side: StreamSide | undefined): void {
    const candidates = this.#candidates;
    const evaluation = this.#evaluation;
    const { direction } = packet;
    candidates.clear();
    evaluation.noStream();
    if (side === undefined || side.opaque) return;
    const { beforeGap } = side;
    if (beforeGap !== undefined) {
      // What came later is looked at with the next packet.
      side.beforeGap = undefined;
      const { bytes, offset } = beforeGap;
      evaluation.setStream(bytes, 0, bytes.length, offset);
      if (!this.#payload.isEmpty) this.#payload.stream(this.#search(packet, flow!, detection!), bytes, 0, bytes.length, offset, candidates);
      return;
    }
    const upTo = side.readable(this.#settings.inline);
    if (this.#settings.inline && packet.inStream && !packet.isPseudo) {
      this.#inspectAround(packet, flow!, side, detection!, upTo);
      return;
    }
    if (!this.#chunkReady(packet, flow!, side, direction, upTo, detection!)) return;
    const from = side.searched > side.base ? side.searched : side.base;
    evaluation.setStream(side.bytes, from - side.base, upTo - side.base, from);
    if (!this.#payload.isEmpty) this.#payload.stream(this.#search(packet, flow!, detection!), side.bytes, from - side.base, upTo - side.base, from, candidates);
    side.searched = upTo;
    detection!.flush &= ~(1 << direction);
  }

  #inspectRules(packet: Packet, detection: FlowDetection | undefined, side: StreamSide | undefined): void {
    const candidates = this.#candidates;
    const evaluation = this.#evaluation;
    const { flow, direction } = packet;
    const hasPayload = packet.payloadEnd > packet.payloadStart && side?.opaque !== true;
    this.#packetRules.collect(packet, flow, detection, evaluation.stream, hasPayload, candidates);
    if (!hasPayload || this.#payload.isEmpty) {
      // Nothing is looked for.
    } else if (flow !== undefined && detection !== undefined) this.#payload.packet(this.#search(packet, flow, detection), packet, candidates);
    else this.#payload.alone(packet, candidates);
    this.explainer?.packet(packet, flow, evaluation);
    if (candidates.count === 0) return;
    candidates.sort();
    this.#payloadAnswers.begin();
    let isTouched = false;
    const { directionBits, headerNumbers } = this.#plan.data;
    const fits = detection === undefined ? undefined : detection.of(direction).headers(this.#headers, packet).flags;
    const known = detection?.known(direction)?.payloadFound?.sorted ?? NO_RULES;
    let nextKnown = 0;
    for (let at = 0; at < candidates.count; at++) {
      const index = candidates.at(at);
      if (fits !== undefined && fits[headerNumbers[index]] === 0) continue;
      // The payload part of a rule on transactions is looked for whatever is set. Found once, it is found for all transactions of the flow.
      if ((directionBits[index] & OF_TRANSACTION) === 0) {
        if (!hasNeededBit(this.#plan.data, index, flow)) continue;
      } else {
        while (nextKnown < known.length && known[nextKnown] < index) nextKnown++;
        if (known[nextKnown] === index) continue;
      }
      const rule = this.#plan.rule(index);
      if (rule.ofTransaction) {
        if (detection === undefined) continue;
        let isThere = this.#payloadAnswers.known(rule);
        if (isThere === undefined) {
          this.#profile?.begin();
          isThere = evaluation.payloadOnly(rule, packet, flow);
          // The rule itself is asked on the transaction.
          this.#profile?.end(rule, false);
          this.#payloadAnswers.keep(rule, isThere);
        }
        if (isThere) {
          const found = detection.of(direction);
          found.payloadFound = (found.payloadFound ?? this.#payloadAnswers.nothingFound).with(rule);
          if (!isTouched && flow?.session !== undefined) this.#transactions.touch(flow.session, direction);
          isTouched = true;
        }
        continue;
      }
      if (rule.onlySets !== undefined && this.#repeatsInVain && areSet(rule.onlySets, flow)) continue;
      this.#profile?.begin();
      const holds = evaluation.packetRule(rule, packet, flow);
      this.#profile?.end(rule, holds);
      if (!holds) continue;
      evaluation.matched(rule, packet, flow, undefined);
      this.#alerts.add({
        rule,
        direction,
        transaction: undefined,
        guess: this.#onlyOne(flow, direction),
        inStream: evaluation.foundInStream,
        flow,
        action: rule.action,
        changed: false,
        notes: evaluation.notes,
      });
      if (rule.action === 'pass') break;
    }
  }

  /** The one transaction that is not over in this direction. */
  #onlyOne(flow: Flow | undefined, direction: Direction): Transaction | undefined {
    const definition = this.#catalogue.protocols.get(flow?.applicationProtocol ?? '');
    if (flow?.session === undefined || definition === undefined) return undefined;
    const open = flow.session.transactions.filter((one) => one.changed[direction] || one.progress[direction] < definition.complete[direction]);
    return open.length === 1 ? open[0] : undefined;
  }

  /** Inline, each segment is looked at once it is there, with what lies around it. */
  #inspectAround(packet: Packet, flow: Flow, side: StreamSide, detection: FlowDetection, upTo: number): void {
    const sequence = (packet.tcpFlags & SYN) !== 0 ? packet.tcpSequence + 1 : packet.tcpSequence;
    const window = side.around(sequence, packet.payloadEnd - packet.payloadStart, this.#chunkSize(packet.direction));
    if (window === undefined) return;
    this.#evaluation.setStream(window.bytes, window.start, window.end, window.offset);
    this.#payload.stream(this.#search(packet, flow, detection), window.bytes, window.start, window.end, window.offset, this.#candidates);
    if (upTo > side.searched) side.searched = upTo;
    detection.flush &= ~(1 << packet.direction);
  }

  #chunkSize(direction: Direction): number {
    return direction === TO_SERVER ? this.#settings.stream.chunkToServer : this.#settings.stream.chunkToClient;
  }

  #search(packet: Packet, flow: Flow, detection: FlowDetection): PayloadSearch {
    const side = detection.of(packet.direction);
    if (side.search === undefined || side.search.protocol !== flow.applicationProtocol)
      side.search = this.#payload.search(packet, flow, side.headers(this.#headers, packet));
    return side.search;
  }

  /** Stream bytes are searched a chunk at a time, or what there is when a transaction came further or the stream ended. */
  #chunkReady(packet: Packet, flow: Flow, side: StreamSide, direction: Direction, upTo: number, detection: FlowDetection): boolean {
    const pending = upTo - side.searched;
    if (pending <= 0) return false;
    if (this.#settings.inline || packet.isPseudo || (detection.flush & (1 << direction)) !== 0) return true;
    // A protocol hears of the end when the connection is over.
    if (flow.session === undefined ? side.ended : side.finished) return true;
    if (flow.state !== FLOW_ESTABLISHED) return true;
    return pending >= this.#chunkSize(direction);
  }

  #onFlowEnd(flow: Flow): void {
    this.#among?.ends(flow);
    const detection = this.#detectionOf(flow);
    const stream = flow.protocol === TCP ? (flow.stream as TcpStream | undefined) : undefined;
    // Whom alone we heard comes first.
    const first = stream !== undefined && flow.packetsToServer === 0 ? TO_CLIENT : TO_SERVER;
    for (const direction of first === TO_SERVER ? SERVER_FIRST : CLIENT_FIRST) {
      const pseudo = this.#pseudoPacket(flow, direction);
      this.#packet = pseudo;
      if (direction === first && flow.verdict !== 'drop' && !flow.bypassed) this.#speaker.finish(flow, detection.recognising, flow.lastTime);
      if (flow.verdict === 'drop' || flow.bypassed) continue;
      const side = stream?.sides[direction];
      const pending = side !== undefined && (side.searched < side.available || side.beforeGap !== undefined);
      const framed = (detection.recognising.frames?.sides[direction].live.length ?? 0) > 0;
      const told = framed || (flow.session !== undefined && flow.session.transactions.length > 0);
      if (this.#firewall !== undefined) {
        if (pending || this.#isUnfinished(flow)) this.#guard(pseudo, flow, detection, stream, this.#firewall, false);
      } else if (pending || told) {
        // What lay before a gap is looked at by itself.
        const isGapped = side?.beforeGap !== undefined;
        this.#detect(pseudo, flow, detection, stream);
        if (isGapped) this.#detect(pseudo, flow, detection, stream);
      }
    }
    // What was dropped or bypassed never came to its end.
    if (flow.session !== undefined && flow.verdict !== 'drop' && !flow.bypassed) this.#record(flow, flow.session, true);
    if (stream !== undefined && this.#handlers.stream !== undefined) this.#tellStream(flow, stream, true);
    // Datagrams of one side alone that no protocol owns to.
    if (flow.protocol === UDP && detection.recognising.failed !== 0) flow.applicationProtocol ??= 'failed';
    this.#handlers.flow?.(flow);
    this.#tags.forget(flow);
    flow.detection = undefined;
    flow.session = undefined;
  }

  /** A flow on which nothing is under way: all that is left to do is to tell of it. */
  #onRestEnd(flow: Flow, kept: number): void {
    this.#among?.ends(flow);
    this.#resting.restore(flow, kept);
    if (flow.protocol === UDP && failedSides(kept) !== 0) flow.applicationProtocol ??= 'failed';
    this.#handlers.flow?.(flow);
  }

  /** Does the firewall see a packet for its end? Where transactions are open, and where encrypted bytes that nobody looked at go on. */
  #isUnfinished(flow: Flow): boolean {
    const { session } = flow;
    const definition = this.#catalogue.protocols.get(flow.applicationProtocol ?? '');
    if (session === undefined || definition === undefined) return false;
    return (session.opaque && flow.state < FLOW_CLOSED) || session.transactions.some((transaction) => !ended(transaction, definition.complete));
  }

  /** The conversation changes protocol: everything of the old one is inspected and recorded now. */
  #leave(flow: Flow, session: ProtocolSession): void {
    const detection = this.#detectionOf(flow);
    if (flow.verdict !== 'pass') {
      for (const direction of [TO_SERVER, TO_CLIENT] as const) {
        const pseudo = this.#pseudoPacket(flow, direction);
        pseudo.number = this.#lastNumber;
        if (detection.recognising.frames !== undefined) this.#frames.inspect(detection.recognising.frames, pseudo, flow, true);
        this.#transactions.inspect(session.transactions, pseudo, flow, direction, detection);
        this.#alerts.flush(pseudo, flow, this.#emit);
      }
    }
    this.#record(flow, session, true);
    detection.askOfProtocol();
    flow.quietToServer = flow.quietToClient = undefined;
  }

  /** Carries no bytes; stands for the flow when it is inspected without a packet. */
  #pseudoPacket(flow: Flow, direction: Direction): Packet {
    const packet = this.#pseudo;
    const forward = direction === TO_SERVER;
    packet.source.set(forward ? flow.source : flow.destination);
    packet.destination.set(forward ? flow.destination : flow.source);
    packet.sourcePort = forward ? flow.sourcePort : flow.destinationPort;
    packet.destinationPort = forward ? flow.destinationPort : flow.sourcePort;
    if (flow.protocol === ICMP || flow.protocol === ICMPV6) packet.sourcePort = packet.destinationPort = 0;
    packet.ipVersion = flow.ipVersion;
    packet.protocol = flow.protocol;
    packet.time = flow.lastTime;
    packet.number = 0;
    packet.flow = flow;
    packet.direction = direction;
    packet.flowEstablished = flow.state >= FLOW_ESTABLISHED;
    packet.isPseudo = true;
    packet.inStream = true;
    packet.payloadStart = 0;
    packet.payloadEnd = 0;
    packet.anomalies.length = 0;
    packet.decision = 0;
    packet.dropReason = '';
    return packet;
  }

  readonly #emit = (alert: Alert, packet: Packet): void => {
    if (alert.question === undefined) this.counters.alerts++;
    this.#told++;
    for (const tag of alert.rule.tags) this.#tags.add(tag, alert.rule, packet, alert.flow);
    if (alert.flow !== undefined && alert.question === undefined) alert.flow.alerted = true;
    this.#handlers.alert?.(alert, packet);
  };

  /** Writes what has ended and forgets what was inspected, too. `all`: nothing more will come. */
  #record(flow: Flow, session: ProtocolSession, all: boolean): void {
    const { transactions } = session;
    if (transactions.length === 0) return;
    const definition = this.#catalogue.protocols.get(flow.applicationProtocol ?? '');
    if (definition === undefined) return;
    let kept = 0;
    const recordedFrom = definition.recordedFrom?.(this.#speaker.sessionSettings);
    for (let at = 0; at < transactions.length; at++) {
      const transaction = transactions[at];
      const complete = this.#complete(transaction, definition.complete);
      if (transaction.anomalies !== undefined) this.#tellAnomalies(flow, transaction, transaction.anomalies);
      const { progress } = transaction;
      const ready = recordedFrom === undefined ? ended(transaction, definition.complete) : Math.min(progress[0], progress[1]) >= recordedFrom;
      if (all || ready || definition.isReadyToRecord?.(transaction) === true) this.#handOn(definition, transaction, flow, all);
      if (all || (complete && this.#firewall?.awaits(definition, transaction, flow) !== true)) {
        this.counters.transactions++;
        const { files } = transaction;
        if (files !== undefined) for (let file = 0; file < files.length; file++) files[file].release();
        transaction.settle();
      } else transactions[kept++] = transaction;
    }
    // Setting a length costs as much as a search.
    while (transactions.length > kept) transactions.pop();
  }

  #handOn(definition: ProtocolDefinition, transaction: Transaction, flow: Flow, all: boolean): void {
    if (!transaction.recorded) {
      transaction.recorded = true;
      if (!transaction.unrecorded) this.#handlers.transaction?.(definition, transaction, flow, this.#packet);
    }
    const { files } = transaction;
    if (files === undefined) return;
    for (let at = 0; at < files.length; at++) {
      const file = files[at];
      if (file.recorded || file.size === 0) continue;
      // Where files are stored, rules that still look at it may ask for it.
      if (this.#settings.wholeFiles && !all && transaction.changed[file.direction]) continue;
      file.recorded = true;
      file.stored ??= (flow.filesStored & (1 << file.direction)) !== 0;
      this.#handlers.file?.(definition, file, transaction, flow, this.#packet);
    }
  }

  /** As soon as they are seen. */
  #tellAnomalies(flow: Flow, transaction: Transaction, anomalies: readonly string[]): void {
    for (; transaction.anomaliesTold < anomalies.length; transaction.anomaliesTold++)
      this.#handlers.anomaly?.(this.#packet, flow, transaction, `${flow.applicationProtocol}.${anomalies[transaction.anomaliesTold]}`);
  }

  /** Complete in both directions and inspected in both. */
  #complete(transaction: Transaction, complete: readonly [number, number]): boolean {
    return ended(transaction, complete) && !transaction.changed[TO_SERVER] && !transaction.changed[TO_CLIENT];
  }
}

/** What was made of connections goes on to be made, and what `asked` has it made besides. */
function withFingerprints(before: EngineSettings, asked: EngineSettings): EngineSettings {
  const [{ ja3, ja4 }, more] = [before.tls.shownFingerprints, asked.tls.shownFingerprints];
  return {
    ...before,
    ssh: { ...before.ssh, fingerprints: before.ssh.fingerprints || asked.ssh.fingerprints },
    tls: { ...before.tls, shownFingerprints: { ja3: ja3 || more.ja3, ja4: ja4 || more.ja4 } },
  };
}

function areSet(names: readonly string[], flow: Flow | undefined): boolean {
  const bits = flow?.bits;
  if (bits === undefined) return false;
  for (let at = 0; at < names.length; at++) if (!bits.has(names[at])) return false;
  return true;
}

/** Nothing counts of it but that it came. */
function isQuiet(packet: Packet, flow: Flow): boolean {
  const table = packet.direction === TO_SERVER ? flow.quietToServer : flow.quietToClient;
  if (table === undefined) return false;
  const kind = plainKindOf(packet);
  return kind >= 0 && table[kind] === KIND_QUIET;
}

/** Nothing more will come, and all that came was read. */
function isRead(side: StreamSide | undefined): boolean {
  return side?.ended === true && side.parsed >= side.available;
}

/** Grows with what the protocol read of a direction, and with its end. */
function heardOf(stream: TcpStream | undefined, direction: Direction): number {
  const side = stream?.sides[direction];
  return side === undefined ? 0 : side.parsed + Number(side.finished);
}

/** Nothing more comes in either direction: it can be recorded, whatever is still to be inspected. */
function ended(transaction: Transaction, complete: readonly [number, number]): boolean {
  return transaction.progress[TO_SERVER] >= complete[TO_SERVER] && transaction.progress[TO_CLIENT] >= complete[TO_CLIENT];
}
