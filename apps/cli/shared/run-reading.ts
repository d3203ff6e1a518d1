/** What `run` reads captures with: an engine, what makes records of what it tells, and what is counted. Alone, or as one thread of several. */
import { catalogue } from '@sigwright/catalogue';
import type { EngineSettings, EveRecord, Flow } from '@sigwright/contracts';
import {
  Engine,
  type EngineHandlers,
  type EveOptions,
  EveWriter,
  type PlanUse,
  planForPeers,
  type RuleProfile,
  type ThresholdQuestion,
} from '@sigwright/detection';
import { AlertSummary, hostsOf } from './alert-summary.ts';
import type { Seat } from './crew.ts';
import { BEGINNING, type Moment } from './moments.ts';
import { ThreadLines } from './ordered-lines.ts';
import { runCapture } from './run-capture.ts';
import { SharingEnded, ThreadPeers } from './thread-peers.ts';

export interface ReadingOptions {
  readonly plan: PlanUse;
  readonly settings: EngineSettings;
  readonly eve: EveOptions;
  /** undefined: nobody reads records, they are not even made */
  readonly emit: ((record: EveRecord) => void) | undefined;
  readonly alerts: AlertSummary;
  readonly profile: RuleProfile | undefined;
}

export interface Reading {
  readonly engine: Engine;
  readonly writer: EveWriter;
}

/** `handlers`: in the place of what is done otherwise. */
export function openReading(
  { plan, settings, eve, emit, alerts, profile }: ReadingOptions,
  handlers: (writer: EveWriter) => EngineHandlers = () => ({}),
): Reading {
  const writer = new EveWriter(emit ?? (() => {}), settings, catalogue.protocols, eve);
  const engine = new Engine(plan, catalogue, settings, {
    alert(alert, packet) {
      if (emit !== undefined) writer.alert(alert, packet);
      alerts.add(alert.rule, hostsOf(packet));
    },
    ...(emit === undefined
      ? {}
      : {
          anomaly: (packet, flow, transaction, name) => writer.anomaly(packet, flow, transaction, name),
          transaction: (protocol, transaction, flow, packet) => writer.transaction(protocol, transaction, flow, packet),
          file: (protocol, file, transaction, flow, packet) => writer.file(protocol, file, transaction, flow, packet),
          flow: (flow) => writer.flow(flow),
        }),
    ...handlers(writer),
  });
  if (profile !== undefined) engine.profile = profile;
  return { engine, writer };
}

export interface SeatOptions extends Omit<ReadingOptions, 'emit' | 'alerts'> {
  /** nobody reads records */
  readonly silent: boolean;
}

/** One thread's part of the work; all that comes of it is sent from its seat. */
export async function readFrom(seat: Seat, options: SeatOptions): Promise<void> {
  const lines = new ThreadLines((part) => seat.send({ kind: 'lines', part }));
  const alerts = new AlertSummary();
  try {
    if (seat.captures.length === 1) await readShare(seat, options, lines, alerts);
    else await readWhole(seat, options, lines, alerts);
    seat.send({ kind: 'over', alerts: alerts.rules, costs: options.profile?.costs() ?? [] });
  } catch (problem) {
    seat.progress.end();
    if (!(problem instanceof SharingEnded)) throw problem;
    seat.send({ kind: 'ended', why: problem.why });
  }
}

/** The packets of some hosts of the one capture. */
async function readShare(seat: Seat, options: SeatOptions, lines: ThreadLines, alerts: AlertSummary): Promise<void> {
  const { captures, progress, index, ports } = seat;
  const peers = new ThreadPeers(progress, index, ports);
  peers.passed = () => {
    lines.pass(peers.moment);
    seat.listen();
  };
  const records = new ShareRecords(lines, peers);
  const emit = options.silent ? undefined : records.emit;
  const { engine } = openReading({ ...options, plan: planForPeers(options.plan, peers), emit, alerts }, (writer) => ({
    peers,
    alert(alert, packet) {
      const tell = (): void => (options.silent ? undefined : writer.alert(alert, packet));
      if (alert.question !== undefined) {
        records.ask(alert.question, hostsOf(packet), options.silent ? undefined : alert.flow, tell);
        return;
      }
      tell();
      alerts.add(alert.rule, hostsOf(packet), peers.moment);
    },
    ...(options.silent ? {} : { flow: (flow: Flow) => records.flow(flow, () => writer.flow(flow)) }),
  }));
  const problem = await runCapture(engine, captures[0], progress);
  peers.over();
  seat.send({ kind: 'captured', result: { index: 0, counters: engine.counters, problem: problem?.message } });
}

/** Records of one thread's share of a capture, some of which depend on what other threads find. */
class ShareRecords {
  readonly #lines: ThreadLines;
  readonly #peers: ThreadPeers;
  /** records that depend on something are kept */
  #kept: string[] | undefined = undefined;
  #questions = 0;

  constructor(lines: ThreadLines, peers: ThreadPeers) {
    this.#lines = lines;
    this.#peers = peers;
  }

  readonly emit = (record: EveRecord): void => {
    const text = JSON.stringify(record);
    if (this.#kept === undefined) this.#lines.line(text, this.#peers);
    else this.#kept.push(text);
  };

  /** It may be an alert. `flow`: the one that is told of later. */
  ask(question: ThresholdQuestion, hosts: string, flow: Flow | undefined, tell: () => void): void {
    let number = 0;
    if (flow !== undefined) {
      number = ++this.#questions;
      flow.questions ??= [];
      flow.questions.push(number);
    }
    this.#lines.alert(this.#made(tell), this.#peers, { number, question, hosts });
  }

  flow(flow: Flow, tell: () => void): void {
    const { questions } = flow;
    if (questions === undefined) {
      tell();
      return;
    }
    const silent = this.#made(tell);
    flow.alerted = true;
    this.#lines.flow(this.#made(tell), silent, this.#peers, questions);
  }

  #made(tell: () => void): string[] {
    const made: string[] = [];
    this.#kept = made;
    tell();
    this.#kept = undefined;
    return made;
  }
}

/** Whichever captures nobody else took. */
async function readWhole(seat: Seat, options: SeatOptions, lines: ThreadLines, alerts: AlertSummary): Promise<void> {
  const { captures, progress } = seat;
  for (let index = progress.take(seat.index); index < captures.length && !progress.stopped; index = progress.take(seat.index)) {
    if (progress.ended) throw new SharingEnded();
    const moment: Moment = { ...BEGINNING, number: index };
    let told = 0;
    const emit = (record: EveRecord): void => lines.line(JSON.stringify(record), moment);
    const { engine } = openReading({ ...options, emit: options.silent ? undefined : emit, alerts }, (writer) => ({
      alert(alert, packet) {
        if (!options.silent) writer.alert(alert, packet);
        alerts.add(alert.rule, hostsOf(packet), { ...moment, lastTime: ++told });
      },
    }));
    const problem = await runCapture(engine, captures[index], progress);
    lines.pass({ ...BEGINNING, number: index + 1 });
    seat.send({ kind: 'captured', result: { index, counters: engine.counters, problem: problem?.message } });
  }
  lines.pass({ ...BEGINNING, number: Number.POSITIVE_INFINITY });
}
