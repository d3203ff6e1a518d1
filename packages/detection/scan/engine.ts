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
  type ProtocolSession,
  plainKindOf,
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
  type TrafficLoad,
  TrafficPipeline,
  turnRound,
} from '@sigwright/traffic';
import type { PlanUse } from '../compile/plan.ts';
import type { Explainer } from '../explain/explainer.ts';
import { Speaker } from '../speak/speaker.ts';
import type { Alert, EngineHandlers } from './alert.ts';
import { AlertQueue } from './alert-queue.ts';
import { AmongPeers } from './among-peers.ts';
import { AskedRules } from './asked-rules.ts';
import { noCounts } from './engine-counters.ts';
import { Firewall, PACKET_ACCEPTED } from './firewall.ts';
import { FlowDetection } from './flow-detection.ts';
import { FrameInspector } from './frame-inspector.ts';
import { FlowFrames } from './frames.ts';
import { HostState } from './host-state.ts';
import { InspectedStreams } from './inspected-streams.ts';
import { PacketInspector } from './packet-inspector.ts';
import { failedSides, RestingFlows } from './resting-flow.ts';
import { RuleEvaluation } from './rule-evaluation.ts';
import type { RuleProfile } from './rule-profile.ts';
import { Succession } from './succession.ts';
import { Tags } from './tags.ts';
import { Thresholds } from './thresholds.ts';
import { TransactionInspector } from './transaction-inspector.ts';
import { isOver, TransactionRecorder } from './transaction-recorder.ts';

const NO_TRANSACTIONS: readonly Transaction[] = [];

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
  readonly #recorder: TransactionRecorder;
  readonly #streams: InspectedStreams;
  /** set where anybody asks: what each rule costs, and what becomes of one of them */
  #profile: RuleProfile | undefined = undefined;
  #explainer: Explainer | undefined = undefined;
  // Of the plan, made anew when others take over.
  #plan: PlanUse;
  #packets!: PacketInspector;
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
    this.#streams = new InspectedStreams(catalogue, settings, handlers);
    this.#recorder = new TransactionRecorder(catalogue, settings, handlers);
    this.#resting = new RestingFlows(catalogue, settings);
    const { peers } = handlers;
    const hosts = new HostState(peers);
    const among = peers === undefined ? undefined : new AmongPeers(peers, hosts);
    this.#among = among;
    this.#evaluation = new RuleEvaluation(hosts, catalogue);
    this.#thresholds = new Thresholds(settings, peers);
    this.#alerts = new AlertQueue(settings, this.#thresholds, peers);
    this.#plan = plan;
    this.#use(plan, settings);
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

  /** Everything that is made of a plan. `asked`: settings of its rules. */
  #use(plan: PlanUse, asked: EngineSettings): void {
    const settings = this.#settings;
    const handlers = this.#handlers;
    this.#plan = plan;
    this.#transactions = new TransactionInspector(plan, this.#catalogue, settings, this.#evaluation, this.#alerts);
    this.#packets = new PacketInspector(plan, this.#catalogue, settings, this.#evaluation, this.#alerts, this.#transactions);
    this.#packets.repeatsInVain = asked.globalThresholds.length === 0;
    this.#frames = new FrameInspector(
      plan,
      this.#evaluation,
      this.#alerts,
      settings.inline,
      handlers.wantsFrames === true ? (report, packet, flow) => handlers.frame?.(report, packet, flow) : undefined,
    );
    if (settings.firewall !== undefined)
      this.#firewall = new Firewall(plan.firewall ?? [], settings.firewall, this.#catalogue, settings, this.#evaluation, this.#transactions, this.#alerts);
    this.#recorder.firewall = this.#firewall;
    this.#packets.profile = this.#transactions.profile = this.#profile;
    this.#packets.explainer = this.#frames.explainer = this.#explainer;
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
    const asked = new AskedRules(before);
    this.#candidatesBefore += this.#packets.candidates + this.#transactions.candidates;
    this.#use(plan, settings);
    this.#setHooks();
    const { beforeFlow, beforeStream } = this.#pipelineHandlers;
    if (beforeFlow !== undefined || beforeStream !== undefined) this.#pipeline.allowsQuiet = false;
    this.#pipeline.takeOvers++;
    this.#thresholds.takeOver(settings);
    this.#speaker.sessionSettings = this.#recorder.settings = withFingerprints(this.#speaker.sessionSettings, settings);
    this.#asked.set(before, asked);
    this.#successions = new WeakMap();
    this.#resting.takeOver(this.#successionOf(before), asked, this.#packets.nothingFound);
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
    detection.takeOver(succession, this.#asked.get(before)!, this.#packets.nothingFound);
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

  /** the rules that count */
  get plan(): PlanUse {
    return this.#plan;
  }

  /** From here on, what each rule costs is counted there. */
  set profile(profile: RuleProfile) {
    this.#profile = this.#packets.profile = this.#transactions.profile = profile;
  }

  /** holds one rule against everything, see explain/ */
  get explainer(): Explainer | undefined {
    return this.#explainer;
  }

  set explainer(explainer: Explainer | undefined) {
    this.#explainer = this.#packets.explainer = this.#frames.explainer = explainer;
  }

  /** Bytes of the capture, in order, in pieces of any size. A failure is final. */
  feed(chunk: Uint8Array): Failure | undefined {
    this.#isBetween = false;
    const before = { ...work };
    const failure = this.#reader.push(chunk);
    this.#countWork(before);
    this.#count();
    return failure;
  }

  /** Flows and bytes that it holds now. */
  get load(): TrafficLoad {
    return this.#pipeline.load;
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
    this.counters.candidates = this.#candidatesBefore + this.#packets.candidates + this.#transactions.candidates;
    this.counters.transactions = this.#recorder.count;
    this.counters.evaluations = this.#evaluation.count;
    this.counters.suppressed = this.#alerts.suppressed;
    this.counters.overflowed = this.#alerts.overflowed;
    this.counters.discarded = this.#alerts.discarded;
  }

  /** False: the packet is of no flow. */
  #beforeFlow(packet: Packet): boolean {
    this.#evaluation.noStream();
    if (this.#firewall?.beforeFlow(packet) === false) return false;
    this.#packets.early(packet);
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
      if (stream !== undefined) this.#streams.release(flow, stream);
      if (flow.session !== undefined) this.#recorder.record(flow, flow.session, this.#packet, false);
    }
    if (flow.session?.bypasses === true || (this.#settings.stream.bypassAtDepth && stream?.depthReached === true)) flow.bypassed = true;
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
    if (this.#explainer !== undefined || detection === undefined || detection.plan !== this.#plan) return -1;
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
      if (session !== undefined && this.#explainer !== undefined) this.#explainTransactions(session, packet, flow, direction, detection);
      this.#transactions.inspect(transactions, packet, flow, direction, detection);
    }
    if (frames !== undefined) this.#frames.inspect(frames, packet, flow, packet.isPseudo || isRead(side));
    // Alerts show the bytes they were found in.
    this.#alerts.flush(packet, flow, this.#emit);
    frames?.sides[direction].release();
    if (stream !== undefined) this.#streams.release(flow, stream);
    if (news && session !== undefined) this.#recorder.record(flow, session, this.#packet, false);
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
    this.#packets.readStream(packet, flow, detection, side);
    const isOpen = (): boolean => (packet.decision & DROPPED) === 0;
    const isPassed = (): boolean => flow.verdict === 'pass' || (packet.decision & PASSED) !== 0;
    const throughPacket = !flow.accepted && isOpen() && firewall.filter(packet, flow) !== PACKET_ACCEPTED;
    if (isOpen() && !isPassed()) {
      this.#packets.inspect(packet, detection, side);
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
    if (stream !== undefined) this.#streams.release(flow, stream);
    if (news && session !== undefined) this.#recorder.record(flow, session, this.#packet, false);
  }

  /** Encrypted from here on: where nobody looks at anything but rules at packets, those on which none can hold need not be looked at. */
  #learnQuiet(packet: Packet, flow: Flow, detection: FlowDetection, { sides }: TcpStream): void {
    const { session } = flow;
    if (!this.#passesQuiet || !sides[0].opaque || !sides[1].opaque || session?.opaque !== true || this.#explainer !== undefined) return;
    if (detection.recognising.frames !== undefined || this.#transactions.anyNews(session.transactions)) return;
    flow.quietSince = this.#pipeline.takeOvers;
    flow.quietToServer ??= this.#packets.rules.quiet(flow, detection, TO_SERVER, this.#packets.repeatsInVain);
    flow.quietToClient ??= this.#packets.rules.quiet(flow, detection, TO_CLIENT, this.#packets.repeatsInVain);
    const table = packet.direction === TO_SERVER ? flow.quietToServer : flow.quietToClient;
    if (table !== undefined) this.#packets.rules.learn(table, packet, flow, detection, this.#packets.repeatsInVain);
  }

  /** Rules that are decided on packets and stream chunks. */
  #inspectPacket(packet: Packet, detection: FlowDetection | undefined, side: StreamSide | undefined): void {
    this.#packets.readStream(packet, packet.flow, detection, side);
    this.#packets.inspect(packet, detection, side);
  }

  #explainTransactions(session: ProtocolSession, packet: Packet, flow: Flow, direction: Direction, detection: FlowDetection): void {
    const explainer = this.#explainer;
    if (explainer === undefined) return;
    const found = detection.known(direction)?.payloadFound?.has(explainer.ruleIndex) === true;
    for (const transaction of session.transactions) {
      if (transaction.changed[direction]) explainer.transaction(transaction, packet, flow, direction, this.#evaluation, found);
    }
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
    if (flow.session !== undefined && flow.verdict !== 'drop' && !flow.bypassed) this.#recorder.record(flow, flow.session, this.#packet, true);
    if (stream !== undefined && this.#handlers.stream !== undefined) this.#streams.tell(flow, stream, true);
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
    return (session.opaque && flow.state < FLOW_CLOSED) || session.transactions.some((transaction) => !isOver(transaction, definition.complete));
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
    this.#recorder.record(flow, session, this.#packet, true);
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
