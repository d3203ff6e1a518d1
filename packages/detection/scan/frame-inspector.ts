/** Rules that are decided on frames, and frames that are handed on to be recorded. */
import { type BufferWindow, type Direction, emptyWindow, type Flow, type FrameBuffer, PASSED, type Packet } from '@sigwright/contracts';
import type { BufferTest, CompiledRule } from '../compile/compiled-rule.ts';
import type { PlanUse } from '../compile/plan.ts';
import type { Explainer } from '../explain/explainer.ts';
import type { AlertQueue } from './alert-queue.ts';
import type { FlowFrames, FrameReport, FrameSide, StreamFrame } from './frames.ts';
import { applyTransforms, type RuleEvaluation } from './rule-evaluation.ts';
import type { Succession } from './succession.ts';

/** A frame that is not whole is looked at, and again, whenever so much more of it came; inline, at once. */
const WORTH_A_LOOK = 2500;
/** Of frames up to this length, the whole is waited for. */
const WORTH_WAITING = 65_536;
/** Further back than this nothing is searched again, so that long frames cost no more than their bytes. */
const OVERLAP = 4096;

export class FrameInspector {
  readonly #plan: PlanUse;
  readonly #evaluation: RuleEvaluation;
  readonly #alerts: AlertQueue;
  readonly #record: ((report: FrameReport, packet: Packet, flow: Flow) => void) | undefined;
  readonly #inline: boolean;
  readonly #window: BufferWindow = emptyWindow();
  /** `protocol/type/direction` → rules */
  readonly #byType = new Map<string, readonly CompiledRule[]>();
  readonly #protocols: ReadonlySet<string>;
  explainer: Explainer | undefined = undefined;

  constructor(
    plan: PlanUse,
    evaluation: RuleEvaluation,
    alerts: AlertQueue,
    inline: boolean,
    record: ((report: FrameReport, packet: Packet, flow: Flow) => void) | undefined,
  ) {
    this.#plan = plan;
    this.#evaluation = evaluation;
    this.#alerts = alerts;
    this.#record = record;
    this.#inline = inline;
    const { frameRules, protocolNumbers, protocolSets } = plan.data;
    this.#protocols = new Set([...frameRules].flatMap((rule) => protocolSets[protocolNumbers[rule] - 1] ?? []));
  }

  /** Does anybody ask for frames of this protocol? */
  wanted(protocol: string): boolean {
    return this.#record !== undefined || this.#protocols.has(protocol);
  }

  /** The rules of this plan took over while these frames were open: the new ones see all of them that is there. */
  takeOver(frames: FlowFrames, succession: Succession): void {
    const anyNew = this.#plan.data.frameRules.some((rule) => succession.isNew(rule));
    for (const { live } of frames.sides)
      for (const frame of live) {
        frame.decided = frame.decided?.map((rule) => succession.successor(rule)).filter((rule) => rule >= 0);
        if (anyNew) frame.searchesAll = true;
      }
  }

  /** `atEnd`: nothing more will come in this direction. */
  inspect(frames: FlowFrames, packet: Packet, flow: Flow, atEnd: boolean): void {
    const { direction } = packet;
    // Nothing is inspected of what was let pass, but it is recorded.
    const passed = flow.verdict === 'pass' || (packet.decision & PASSED) !== 0;
    const side = frames.sides[direction];
    const { live } = side;
    let kept = 0;
    for (let at = 0; at < live.length; at++) {
      const frame = live[at];
      const seen = Math.max(0, Math.min(frame.end, side.reached) - frame.start);
      const complete = side.reached >= frame.end;
      const isLast = complete || atEnd;
      const fresh = seen - Math.max(0, frame.lookedAt);
      const least = this.#inline ? 1 : frame.length >= 0 && frame.length <= WORTH_WAITING ? Number.POSITIVE_INFINITY : WORTH_A_LOOK;
      if (isLast || fresh >= least) {
        if (!passed && (seen !== frame.lookedAt || complete !== frame.wasComplete || isLast))
          this.#rules(frame, side, seen, isLast, packet, flow, frames.isStream);
        // What no packet brought to an end is not told.
        if (!packet.isPseudo && !frame.recorded && seen > 0 && (isLast || seen >= WORTH_A_LOOK)) {
          frame.recorded = true;
          this.#record?.({ frame, side, isStream: frames.isStream }, packet, flow);
        }
        frame.lookedAt = seen;
        frame.wasComplete = complete;
      }
      if (!isLast) live[kept++] = frame;
    }
    live.length = kept;
  }

  #rules(frame: StreamFrame, side: FrameSide, seen: number, isLast: boolean, packet: Packet, flow: Flow, isStream: boolean): void {
    const rules = this.#rulesOf(flow.applicationProtocol ?? '', frame.type, frame.direction);
    const evaluation = this.#evaluation;
    const { explainer } = this;
    if (explainer !== undefined && rules.some(({ index }) => index === explainer.ruleIndex)) {
      const windows = [...side.pieces(frame)].map((piece) => ({ ...piece, complete: isLast && piece.offset + (piece.end - piece.start) === seen }));
      explainer.frame(windows, packet, flow, frame.transaction, frame.direction, evaluation);
    }
    const lookedAt = frame.searchesAll ? -1 : frame.lookedAt;
    frame.searchesAll = false;
    for (const rule of rules) {
      if (frame.decided?.includes(rule.index) === true) continue;
      evaluation.count++;
      evaluation.forgetNotes();
      if (
        !evaluation.headerAndFlow(rule, packet, flow) ||
        !evaluation.packetConditions(rule, packet, flow) ||
        !evaluation.stateHolds(rule, packet, flow, frame.transaction)
      )
        continue;
      if (!rule.frameTests.every((test) => this.#holds(test, frame, lookedAt, side, seen, isLast, packet, flow))) continue;
      frame.decided ??= [];
      frame.decided.push(rule.index);
      evaluation.matched(rule, packet, flow, frame.transaction);
      this.#alerts.add({
        rule,
        direction: frame.direction,
        transaction: frame.transaction,
        guess: undefined,
        inStream: isStream,
        flow,
        action: rule.action,
        changed: false,
        notes: evaluation.notes,
        frame: { frame, side, isStream },
      });
    }
  }

  #holds(
    test: BufferTest<FrameBuffer>,
    frame: StreamFrame,
    lookedAt: number,
    side: FrameSide,
    seen: number,
    isLast: boolean,
    packet: Packet,
    flow: Flow,
  ): boolean {
    const window = this.#window;
    // A frame of no bytes is there, too.
    let any = false;
    for (const { bytes, start, end, offset } of side.pieces(frame)) {
      any = true;
      // What was searched before is searched again only as far as a match may reach back.
      const skip = lookedAt > OVERLAP && offset + (end - start) > lookedAt - OVERLAP ? Math.max(0, lookedAt - OVERLAP - offset) : 0;
      if (offset + (end - start) <= lookedAt - OVERLAP && !isLast) continue;
      window.bytes = bytes;
      window.start = start + skip;
      window.end = end;
      window.offset = offset + skip;
      window.complete = isLast && offset + (end - start) === seen;
      applyTransforms(test, window);
      if (this.#evaluation.windowHolds(test.conditions, window, packet, flow, frame.transaction, frame.direction)) return true;
    }
    return !any && seen === 0 && isLast && test.conditions.length === 0;
  }

  #rulesOf(protocol: string, type: string, direction: Direction): readonly CompiledRule[] {
    const key = `${protocol}/${type}/${direction}`;
    let rules = this.#byType.get(key);
    if (rules === undefined) {
      rules = [...this.#plan.data.frameRules]
        .map((index) => this.#plan.rule(index))
        .filter((rule) => rule.directions.includes(direction) && rule.protocols?.includes(protocol) === true && rule.frameTests[0].buffer.type === type);
      this.#byType.set(key, rules);
    }
    return rules;
  }
}
