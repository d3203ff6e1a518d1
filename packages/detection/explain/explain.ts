/**
 * Why did a rule fire, or not? Every packet and transaction of a capture is held against every condition of one rule, without
 * prefilter and without stopping at the first condition that fails; the attempt that came furthest is kept.
 */
import {
  type BufferWindow,
  type BytesCondition,
  type Catalogue,
  type ContentCondition,
  type Direction,
  directionName,
  emptyWindow,
  type Flow,
  type Measured,
  type Packet,
  type RuleOption,
  TCP,
  type Transaction,
  type TransactionBuffer,
} from '@sigwright/contracts';
import type { BufferTest, CompiledRule } from '../compile/compiled-rule.ts';
import { headerMatches } from '../compile/header.ts';
import { applyTransforms, flowHolds, type RuleEvaluation } from '../scan/rule-evaluation.ts';
import { bytesAround, ConditionLog, type Failure } from './condition-log.ts';
import type { ExplainedAttempt, ExplainedBytes, ExplainedPlace, ExplainedReason, ExplainedStep, Explanation } from './explanation.ts';
import { bufferWith, type FoundBuffer, isTelling, Sightings } from './sightings.ts';
import {
  bitProblem,
  describe,
  end,
  type FlowOpening,
  flowWords,
  headerProblem,
  isNegated,
  outside,
  placeOf,
  quoted,
  reason,
  stateKeeper,
  stateWords,
  unrecognised,
} from './words.ts';

/** Bytes of a flow's opening that are told. */
const OPENING = 16;

export interface ExplainerContext {
  /** to look for a content in other buffers */
  readonly catalogue: Catalogue;
  /** which option wrote which condition */
  readonly origins: ReadonlyMap<object, RuleOption>;
  /** where the rule's own text begins, which spans of options do not count from */
  readonly ruleStart: number;
}

export class Explainer {
  readonly #rule: CompiledRule;
  readonly #context: ExplainerContext | undefined;
  #fired: ExplainedAttempt | undefined = undefined;
  #nearest: ExplainedAttempt | undefined = undefined;
  #nearestFlow: Flow | undefined = undefined;
  #nearestScore = Number.NEGATIVE_INFINITY;
  #attempts = 0;
  #held = 0;
  /** only for rules of a protocol, which may never be recognised */
  readonly #openings = new Map<Flow, FlowOpening>();
  /** contents where the rule does not look for them */
  readonly #sightings: Sightings | undefined;
  alerts = 0;
  readonly #window: BufferWindow = emptyWindow();

  constructor(rule: CompiledRule, context?: ExplainerContext) {
    this.#rule = rule;
    this.#context = context;
    this.#sightings = context === undefined ? undefined : new Sightings(rule, context.catalogue);
  }

  get ruleIndex(): number {
    return this.#rule.index;
  }

  #optionOf(condition: object): Pick<ExplainedStep, 'option'> {
    const option = this.#context?.origins.get(condition);
    if (option === undefined) return {};
    const { ruleStart } = this.#context!;
    return { option: { start: option.span.start - ruleStart, end: option.span.end - ruleStart } };
  }

  /** Called for every packet, with the stream chunk that is inspected with it set in `evaluation`. */
  packet(packet: Packet, flow: Flow | undefined, evaluation: RuleEvaluation): void {
    const rule = this.#rule;
    if (rule.protocols !== undefined && flow !== undefined) this.#noteOpening(packet, flow);
    if (flow !== undefined) this.#sightings?.packet(packet, flow);
    if (rule.ofTransaction) {
      // Only to say how far packets come while there is no transaction at all.
      if (this.#nearest === undefined || flow?.session === undefined)
        this.#keep(packet, flow, undefined, [...this.#frame(packet, flow, evaluation), this.#missingTransaction(flow)], packet.direction, this.#asked);
      return;
    }
    if (rule.frameTests.length > 0) {
      if (this.#nearest !== undefined || this.#fired !== undefined) return;
      const { buffer } = rule.frameTests[0];
      const why = `no frame \`${buffer.type}\` of ${buffer.protocol} was read yet`;
      const missing: ExplainedStep = { where: buffer.name, condition: '', verdict: 'fails', why, found: undefined, reason: 'buffer-absent' };
      this.#keep(packet, flow, undefined, [...this.#frame(packet, flow, evaluation), missing], packet.direction, this.#asked);
      return;
    }
    const steps = this.#frame(packet, flow, evaluation);
    for (const test of rule.packetBufferTests) {
      if (test.buffer.read(packet, this.#window)) this.#bytes(steps, test, packet, flow, undefined, packet.direction, evaluation);
      else
        steps.push({
          where: test.buffer.name,
          condition: '',
          verdict: 'fails',
          why: 'this packet does not have it',
          found: undefined,
          reason: 'buffer-absent',
        });
    }
    const before = steps.length;
    if (rule.payload.length > 0) this.#payload(steps, packet, flow, evaluation);
    // One step says that there is nothing to search.
    const unasked = Math.max(0, rule.payload.length - (steps.length - before));
    for (const { owner, name } of rule.anomalies) {
      const raised = packet.anomalies.includes(name) || packet.anomalies.includes(`${owner}.${name}`);
      steps.push({
        where: `${owner} anomaly`,
        condition: name,
        verdict: raised ? 'holds' : 'fails',
        why: raised ? '' : 'it was not raised on this packet',
        found: undefined,
        ...(raised ? {} : { reason: 'condition' as const }),
      });
    }
    this.#scripts(steps, packet, flow, undefined, packet.direction, evaluation);
    this.#keep(packet, flow, undefined, steps, packet.direction, unasked);
  }

  /** Programs are asked where everything else holds, as the engine does. */
  #scripts(
    steps: ExplainedStep[],
    packet: Packet,
    flow: Flow | undefined,
    transaction: Transaction | undefined,
    direction: Direction,
    evaluation: RuleEvaluation,
  ): void {
    for (const script of this.#rule.scripts) {
      const isAsked = steps.every(({ verdict }) => verdict === 'holds');
      const held = isAsked && evaluation.scriptHolds(this.#rule, script, packet, flow, transaction, direction);
      steps.push({
        where: script.keyword,
        condition: script.describes,
        verdict: held ? 'holds' : 'fails',
        why: held ? '' : isAsked ? 'the script answers no, or failed' : 'the script is not asked before everything else holds',
        found: undefined,
        ...(held ? {} : { reason: 'condition' as const }),
        ...this.#optionOf(script),
      });
    }
  }

  /** A frame of the kind that the rule looks at; `windows`: its bytes, several where some are missing. */
  frame(
    windows: readonly BufferWindow[],
    packet: Packet,
    flow: Flow,
    transaction: Transaction | undefined,
    direction: Direction,
    evaluation: RuleEvaluation,
  ): void {
    const steps = this.#frame(packet, flow, evaluation);
    for (const test of this.#rule.frameTests) {
      let best: ExplainedStep[] | undefined;
      for (const window of windows) {
        Object.assign(this.#window, window);
        const attempt: ExplainedStep[] = [];
        this.#bytes(attempt, test, packet, flow, transaction, direction, evaluation);
        if (best === undefined || score(attempt) > score(best)) best = attempt;
      }
      steps.push(...(best ?? []));
    }
    this.#keep(packet, flow, transaction?.id, steps, direction);
  }

  transaction(transaction: Transaction, packet: Packet, flow: Flow, direction: Direction, evaluation: RuleEvaluation, payloadFound: boolean): void {
    const rule = this.#rule;
    this.#sightings?.transaction(transaction, packet, direction, flow);
    if (!rule.ofTransaction) return;
    const steps = this.#frame(packet, flow, evaluation);
    // Buffers of another protocol can not be read from this transaction.
    if (rule.protocols !== undefined && !rule.protocols.includes(flow.applicationProtocol ?? '')) {
      this.#tellMoves(steps, transaction, direction, flow);
      this.#keep(packet, flow, transaction.id, steps, direction, this.#asked);
      return;
    }
    if (rule.payload.length > 0)
      steps.push({
        where: 'payload',
        condition: `${rule.payload.length} conditions`,
        verdict: payloadFound ? 'holds' : 'fails',
        why: payloadFound ? '' : 'they were not found in the stream',
        found: undefined,
        ...(payloadFound ? {} : { reason: 'not-there' as const }),
      });
    for (const condition of rule.transactionConditions) {
      const subject = this.#subject(transaction, condition.protocol, direction, flow);
      const held = subject !== undefined && condition.test(subject, direction, flow);
      steps.push({
        where: condition.keyword,
        condition: condition.describes,
        verdict: held ? 'holds' : 'fails',
        ...(held ? { why: '' } : failedAs(subject && condition.measured?.(subject, direction, flow), 'it is not so in this transaction')),
        found: undefined,
        ...this.#optionOf(condition),
      });
    }
    for (const test of rule.bufferTests) {
      let best: ExplainedStep[] | undefined;
      const subject = test.buffer.directions.includes(direction) ? this.#subject(transaction, test.buffer.protocol, direction, flow) : undefined;
      for (let index = 0; subject !== undefined && test.buffer.read(subject, direction, index, this.#window, flow); index++) {
        const attempt: ExplainedStep[] = [];
        this.#bytes(attempt, test, packet, flow, transaction, direction, evaluation);
        if (best === undefined || score(attempt) > score(best)) best = attempt;
        if (!test.buffer.multiple) break;
      }
      if (best !== undefined) steps.push(...best);
      else {
        const elsewhere = test.buffer.directions.includes(direction)
          ? `the buffer is absent: this transaction has no \`${test.buffer.name}\``
          : `\`${test.buffer.name}\` exists only ${test.buffer.directions.map(directionName).join(' and ')}`;
        for (const condition of test.conditions)
          steps.push({
            where: test.key,
            condition: describe(condition),
            verdict: test.absent === 'no' ? 'fails' : 'holds',
            why: elsewhere,
            found: undefined,
            ...(test.absent === 'no'
              ? { reason: 'buffer-absent' as const, ...this.#insteadOfAbsent(condition, test, elsewhere, transaction, flow, direction) }
              : {}),
            ...this.#optionOf(condition),
          });
      }
    }
    for (const { name } of rule.anomalies) {
      const raised = transaction.anomalies?.includes(name.slice(name.indexOf('.') + 1)) === true;
      steps.push({
        where: 'anomaly',
        condition: name,
        verdict: raised ? 'holds' : 'fails',
        why: raised ? '' : 'it was not raised',
        found: undefined,
        ...(raised ? {} : { reason: 'condition' as const }),
      });
    }
    // In a direction that it never looks at, nothing of it was asked.
    this.#scripts(steps, packet, flow, transaction, direction, evaluation);
    this.#keep(packet, flow, transaction.id, steps, direction, rule.directions.includes(direction) ? 0 : this.#asked);
  }

  /** What the rule looks for, in the words of what is spoken instead. */
  #tellMoves(steps: ExplainedStep[], transaction: Transaction, direction: Direction, flow: Flow): void {
    const at = steps.findIndex(({ reason }) => reason === 'other-protocol');
    const moves = at === -1 ? undefined : this.#sightings?.moves(transaction, direction, flow);
    if (moves === undefined) return;
    const words = moves.map(({ from, to }) => `\`${to}\`, not \`${from}\``).join(', and in ');
    steps[at] = { ...steps[at], moves, why: `${steps[at].why}; there, what the rule looks for is in ${words}` };
  }

  /** The transaction that buffers and conditions of `protocol` read. */
  #subject(transaction: Transaction, protocol: string | undefined, direction: Direction, flow: Flow): Transaction | undefined {
    const spoken = this.#context?.catalogue.protocols.get(flow.applicationProtocol ?? '');
    return protocol === undefined || spoken?.inner === undefined ? transaction : spoken.inner(transaction, protocol, direction);
  }

  #noteOpening(packet: Packet, flow: Flow): void {
    const length = packet.payloadEnd - packet.payloadStart;
    if (length === 0 || packet.isPseudo) return;
    let opening = this.#openings.get(flow);
    if (opening === undefined) {
      opening = { first: [undefined, undefined], lengths: [0, 0], established: false };
      this.#openings.set(flow, opening);
    }
    opening.first[packet.direction] ??= Uint8Array.from(packet.data.subarray(packet.payloadStart, Math.min(packet.payloadEnd, packet.payloadStart + OPENING)));
    opening.lengths[packet.direction] += length;
    if (packet.flowEstablished) opening.established = true;
  }

  /** What became of the protocol of a flow is known at its end only. */
  #atTheEnd(attempt: ExplainedAttempt | undefined): ExplainedAttempt | undefined {
    const flow = this.#nearestFlow;
    if (attempt === undefined || flow === undefined) return attempt;
    const steps = attempt.steps.map((step) => {
      const sighted = this.#sighted(step, flow);
      if (sighted !== undefined) return { ...step, ...sighted };
      if (step.reason !== 'not-recognised') return step;
      const { applicationProtocol: spoken } = flow;
      if (spoken !== undefined && spoken !== 'failed')
        return {
          ...step,
          why: `the flow was taken for ${spoken}`,
          reason: 'other-protocol' as const,
          spoken,
        };
      const opening = this.#openings.get(flow);
      if (opening?.established === false)
        return { ...step, why: 'no handshake was seen, so the stream was not read and no protocol recognised', reason: 'no-handshake' as const };
      return { ...step, why: unrecognised(flow, opening) };
    });
    return { ...attempt, steps };
  }

  /** What is in no buffer of the transaction may have been sent in another form, or be made of what was sent. */
  #sighted({ option, reason, where, why }: ExplainedStep, flow: Flow): Partial<ExplainedStep> | undefined {
    if (option === undefined || (reason !== 'not-there' && reason !== 'buffer-absent' && reason !== 'buffer-empty')) return undefined;
    const condition = [...this.#rule.payload, ...this.#rule.bufferTests.flatMap((test) => test.conditions)].find(
      (one) => this.#optionOf(one).option?.start === option.start,
    );
    const seen = condition === undefined ? undefined : this.#sightings?.of(condition, flow);
    if (seen === undefined) return undefined;
    return seen.name === 'payload'
      ? {
          reason: 'before-normalisation',
          elsewhere: 'pkt_data',
          why: `${why}; it was sent, in the payload of packet ${seen.packet}, but \`${where}\` has what was sent decoded, and bodies up to their limit only`,
        }
      : {
          reason: 'other-buffer',
          elsewhere: seen.name,
          why: `it was not sent as it stands there; it is in \`${seen.name}\` at packet ${seen.packet}, which is decoded, decompressed or put together of what was sent`,
        };
  }

  result(): Explanation {
    const { message, sid } = this.#rule;
    const nearest = this.#atTheEnd(this.#nearest);
    const first = nearest?.steps.find((step) => step.verdict === 'fails');
    const quiet = this.#rule.noAlert
      ? 'all conditions held, but the rule only changes state and never alerts'
      : 'all conditions held, but a threshold, a pass rule or the limit of alerts per packet kept it back';
    const verdict =
      this.alerts > 0
        ? `it fired ${this.alerts} ${this.alerts === 1 ? 'time' : 'times'}`
        : this.#fired !== undefined
          ? quiet
          : this.#attempts === 0
            ? 'nothing in the capture could be held against it'
            : first === undefined
              ? 'it did not fire'
              : `it did not fire: ${first.where}${first.condition === '' ? '' : ` (${first.condition})`} stood in the way${first.why === '' ? '' : `: ${first.why}`}`;
    return { sid, message, alerts: this.alerts, fired: this.#fired, held: this.#held, nearest, attempts: this.#attempts, verdict };
  }

  /** Header, flow, protocol, packet fields and state: what every rule asks first. */
  #frame(packet: Packet, flow: Flow | undefined, evaluation: RuleEvaluation): ExplainedStep[] {
    const rule = this.#rule;
    const steps: ExplainedStep[] = [];
    const { fields } = rule.header;
    const headerHolds = headerMatches(rule.header, packet);
    const ends = `${end(packet.source, packet.sourcePort, packet.ipVersion)} -> ${end(packet.destination, packet.destinationPort, packet.ipVersion)}`;
    steps.push({
      where: 'header',
      condition: fields.join(' '),
      verdict: headerHolds ? 'holds' : 'fails',
      found: undefined,
      ...(headerHolds ? { why: '' } : headerProblem(rule, packet, ends)),
    });
    if (rule.flow.any) {
      const held = flowHolds({ ...rule, protocols: undefined }, packet, flow);
      const why =
        flow === undefined
          ? 'the packet belongs to no flow'
          : rule.flow.established && !packet.flowEstablished
            ? packet.protocol === TCP
              ? 'no handshake was seen, so the flow is not established'
              : 'no answer was seen yet, so the flow is not established'
            : rule.flow.direction !== undefined && packet.direction !== rule.flow.direction
              ? `this packet runs ${directionName(packet.direction)}`
              : rule.flow.notEstablished && packet.flowEstablished
                ? 'the flow is established'
                : rule.flow.onlyFragments
                  ? 'the packet was not put together of fragments'
                  : rule.flow.noFragments
                    ? 'the packet was put together of fragments'
                    : '';
      const reason = why.startsWith('no handshake') ? 'no-handshake' : why.startsWith('this packet runs') ? 'direction' : 'flow';
      steps.push({
        where: 'flow',
        condition: flowWords(rule),
        verdict: held ? 'holds' : 'fails',
        why: held ? '' : why,
        found: undefined,
        ...(held ? {} : { reason }),
      });
    }
    if (rule.protocols !== undefined) {
      const spoken = flow?.applicationProtocol;
      const held = spoken !== undefined && rule.protocols.includes(spoken);
      steps.push({
        where: 'protocol',
        condition: rule.protocols.join(' or '),
        verdict: held ? 'holds' : 'fails',
        why: held
          ? ''
          : spoken === undefined
            ? flow === undefined
              ? 'the packet belongs to no flow, so it has no protocol'
              : 'the protocol was not recognised yet'
            : spoken === 'failed'
              ? 'the protocol could not be recognised'
              : `the flow was taken for ${spoken}`,
        found: undefined,
        ...(held ? {} : spoken === undefined || spoken === 'failed' ? { reason: 'not-recognised' } : { reason: 'other-protocol', spoken }),
      });
    }
    for (const condition of rule.packetConditions) {
      const held = condition.test(packet, flow);
      steps.push({
        where: condition.keyword,
        condition: condition.describes,
        verdict: held ? 'holds' : 'fails',
        ...(held ? { why: '' } : failedAs(condition.measured?.(packet, flow), 'it is not so for this packet')),
        found: undefined,
        ...this.#optionOf(condition),
      });
    }
    for (const check of rule.checks) {
      const held = evaluation.checkHolds(check, packet, flow, undefined);
      steps.push({
        where: stateKeeper(check),
        condition: stateWords(check),
        verdict: held ? 'holds' : 'fails',
        why: held ? '' : bitProblem(check, flow),
        found: undefined,
        ...(held ? {} : { reason: 'bit' as const }),
        ...this.#optionOf(check),
      });
    }
    return steps;
  }

  /** conditions that a transaction is asked for */
  get #asked(): number {
    const { bufferTests, frameTests, transactionConditions, anomalies, payload, scripts } = this.#rule;
    return [...bufferTests, ...frameTests].reduce(
      (sum, test) => sum + test.conditions.length,
      transactionConditions.length + anomalies.length + payload.length + scripts.length,
    );
  }

  #missingTransaction(flow: Flow | undefined): ExplainedStep {
    return {
      where: 'transaction',
      condition: this.#rule.bufferTests.map((test) => test.key).join(', '),
      verdict: 'fails',
      why: flow?.session === undefined ? 'no transaction of the protocol was read on this flow' : 'the buffers are looked at with the transaction',
      found: undefined,
      reason: 'no-transaction',
    };
  }

  #insteadOfAbsent(
    condition: BytesCondition,
    { buffer }: BufferTest<TransactionBuffer>,
    absent: string,
    transaction: Transaction,
    flow: Flow,
    direction: Direction,
  ): Partial<ExplainedStep> {
    const found = this.#elsewhere(condition, buffer.name, undefined, transaction, flow, direction);
    return found.why === undefined ? {} : { ...found, why: `${absent}; ${found.why}` };
  }

  #payload(steps: ExplainedStep[], packet: Packet, flow: Flow | undefined, evaluation: RuleEvaluation): void {
    const recorder = new ConditionLog(this.#rule.payload);
    evaluation.recorder = recorder;
    const held = evaluation.payloadHolds(this.#rule, packet, flow);
    evaluation.recorder = undefined;
    if (!recorder.any && !held)
      steps.push({
        where: 'payload',
        condition: `${this.#rule.payload.length} conditions`,
        verdict: 'fails',
        why: 'this packet carries nothing to search',
        found: undefined,
        reason: 'buffer-empty',
      });
    else
      steps.push(
        ...recorder.steps('payload', held, (condition, failure) => ({
          ...(failure === undefined ? {} : this.#elsewhere(condition, 'payload', failure, undefined, flow, packet.direction)),
          ...this.#optionOf(condition),
        })),
      );
  }

  /**
   * Why a condition does not hold where it was looked for: outside its window, with other letters, only before the buffer was made what
   * it is, or in another buffer of the same transaction. Empty for what is none of these.
   */
  #elsewhere(
    condition: BytesCondition,
    where: string,
    failure: Failure | undefined,
    transaction: Transaction | undefined,
    flow: Flow | undefined,
    direction: Direction,
    before?: { readonly window: BufferWindow; readonly names: readonly string[] },
  ): Partial<ExplainedStep> {
    const window = failure?.window;
    if (window !== undefined && window.start === window.end && !isNegated(condition))
      return { reason: 'buffer-empty', why: `\`${where}\` is there, but empty` };
    if (condition.kind === 'content' && !condition.negated && failure !== undefined) {
      const inside = insideOf(condition, failure);
      if (inside !== undefined) return inside;
      if (before !== undefined && placeOf(condition, before.window, condition.nocase) !== -1)
        return { reason: 'before-normalisation', elsewhere: where, why: `it is there only before \`${before.names.join('`, `')}\`` };
    }
    if (this.#context === undefined || transaction === undefined || flow === undefined) return {};
    if (isTelling(condition)) return foundElsewhere(bufferWith(this.#context.catalogue, condition, where, transaction, direction, flow), where, direction);
    return {};
  }

  /** A length that is wrong may be that of another thing: the first content of its buffer that stands elsewhere says so. */
  #otherThing(
    conditions: readonly BytesCondition[],
    where: string,
    window: BufferWindow,
    transaction: Transaction,
    flow: Flow,
    direction: Direction,
  ): { readonly words: string; readonly elsewhere: string } | undefined {
    const missing = conditions.find((one) => one.kind === 'content' && isTelling(one) && placeOf(one, window, true) === -1);
    if (this.#context === undefined || missing === undefined || !isTelling(missing)) return undefined;
    const found = bufferWith(this.#context.catalogue, missing, where, transaction, direction, flow);
    return found === undefined ? undefined : { words: `; ${describe(missing)} is not in it either, but ${inBuffer(found, direction)}`, elsewhere: found.name };
  }

  #bytes(
    steps: ExplainedStep[],
    test: BufferTest<unknown>,
    packet: Packet,
    flow: Flow | undefined,
    transaction: Transaction | undefined,
    direction: Direction,
    evaluation: RuleEvaluation,
  ): void {
    const before: BufferWindow = { ...this.#window };
    applyTransforms(test, this.#window);
    const recorder = new ConditionLog(test.conditions);
    evaluation.recorder = recorder;
    const held = evaluation.windowHolds(test.conditions, this.#window, packet, flow, transaction, direction);
    evaluation.recorder = undefined;
    const { name } = test.buffer as { readonly name: string };
    const untransformed = test.transforms.length === 0 ? undefined : { window: before, names: test.transforms.map((one) => one.definition.name) };
    const about = (condition: BytesCondition, failure: Failure | undefined): Partial<ExplainedStep> => {
      const option = this.#optionOf(condition);
      if (failure === undefined) return option;
      const own = test.conditions.includes(condition);
      // What was decoded lies in a buffer that may hold it as it is.
      const around = own ? untransformed : { window: this.#window, names: decodersOf(test.conditions) };
      const found = this.#elsewhere(condition, name, failure, transaction, flow, direction, around);
      if (!own || condition.kind !== 'test' || failure.measured?.value === undefined || transaction === undefined || flow === undefined)
        return { ...found, ...option };
      const other = this.#otherThing(test.conditions, name, failure.window, transaction, flow, direction);
      return other === undefined ? option : { why: `${reason(condition, failure)}${other.words}`, elsewhere: other.elsewhere, ...option };
    };
    steps.push(...recorder.steps(keyWords(test.key), held, about));
  }

  #keep(
    packet: Packet,
    flow: Flow | undefined,
    transaction: number | undefined,
    steps: readonly ExplainedStep[],
    direction: Direction = packet.direction,
    unasked = 0,
  ): void {
    this.#attempts++;
    const holds = steps.every((step) => step.verdict === 'holds');
    if (holds) this.#held++;
    const points = score(steps, unasked);
    if (holds ? this.#fired !== undefined : points <= this.#nearestScore) return;
    const attempt: ExplainedAttempt = {
      packet: packet.number,
      time: packet.time,
      flow: flow === undefined ? '' : `${end(flow.source, flow.sourcePort, flow.ipVersion)} -> ${end(flow.destination, flow.destinationPort, flow.ipVersion)}`,
      direction: directionName(direction),
      transaction,
      steps,
      holds,
    };
    if (holds) this.#fired = attempt;
    else {
      this.#nearest = attempt;
      this.#nearestFlow = flow;
      this.#nearestScore = points;
    }
  }
}

/** What a condition that failed measured, as parts of its step. */
function failedAs(measured: Measured | undefined, otherwise: string): Pick<ExplainedStep, 'why' | 'reason' | 'measured'> {
  const value = measured?.value;
  return { why: measured?.words ?? otherwise, reason: 'condition', ...(value === undefined ? {} : { measured: value }) };
}

/** A content that is in the buffer it was looked for in: not where the rule wants it, or with other letters. */
function insideOf(content: ContentCondition, failure: Failure): Partial<ExplainedStep> | undefined {
  const { window, searched, cursor } = failure;
  const length = window.end - window.start;
  const found = (at: number): ExplainedBytes => bytesAround(window, window.start + at, window.start + at + content.bytes.length);
  const placed = (at: number): ExplainedPlace => ({ start: at, end: at + content.bytes.length, from: searched.start, cursor, before: window.offset });
  const same = placeOf(content, window, content.nocase, searched.start);
  if (same !== -1) {
    return { reason: 'outside-window', why: outside(content, same, failure), place: placed(same), found: found(same) };
  }
  const other = content.nocase ? -1 : placeOf(content, window, true, searched.start);
  if (other === -1) return undefined;
  const there = window.start + other;
  const written = quoted(window.bytes.subarray(there, there + content.bytes.length));
  const isOutside = other < searched.start || other + content.bytes.length > Math.min(searched.end, length);
  return {
    reason: 'other-case',
    why: `it is there at offset ${other} with capitals and small letters the other way: ${written}${isOutside ? `; nor is that where the rule looks: ${outside(content, other, failure)}` : ''}`,
    found: found(other),
    ...(isOutside ? { place: placed(other) } : {}),
  };
}

function foundElsewhere(found: FoundBuffer | undefined, where: string, direction: Direction): Partial<ExplainedStep> {
  if (found === undefined) return {};
  return found.name.startsWith(`${where}.raw`) && found.direction === direction
    ? { reason: 'before-normalisation', elsewhere: found.name, why: `it is there only before normalisation: in \`${found.name}\`` }
    : { reason: 'other-buffer', elsewhere: found.name, why: `it is ${inBuffer(found, direction)}` };
}

function inBuffer({ name, direction: side }: FoundBuffer, direction: Direction): string {
  return side === direction ? `in another buffer: \`${name}\`` : `in \`${name}\` of the other direction (${directionName(side)})`;
}

/** A buffer with its transforms, without colons that no argument follows. */
function keyWords(key: string): string {
  return key.replace(/:(?=\||$)/g, '');
}

function decodersOf(conditions: readonly BytesCondition[]): readonly string[] {
  return conditions.flatMap((one) => (one.kind === 'decode' ? [one.keyword] : []));
}

const NEARNESS: Readonly<Partial<Record<ExplainedReason, number>>> = {
  'outside-window': 5,
  'other-case': 5,
  'other-buffer': 3,
  'before-normalisation': 3,
};

/**
 * Which of two attempts came nearer: the fewer conditions failed or could not be asked, and then, the more bytes were found, the
 * later the first one failed, and the closer that was. A packet that holds what is looked for and runs the wrong way, which header and
 * flow may both say, is nearer than one that runs the right way and is empty.
 */
function score(steps: readonly ExplainedStep[], unasked = 0): number {
  let failed = unasked;
  let found = 0;
  let unbroken = 0;
  let turned = false;
  let nearness: number | undefined;
  for (const step of steps) {
    // What a list has is found, whether or not a condition before it failed.
    if (step.found !== undefined && step.verdict !== 'fails') found++;
    if (step.verdict !== 'holds') {
      if (step.reason !== 'direction' || !turned) failed++;
      if (step.reason === 'direction') turned = true;
      nearness ??=
        (step.found === undefined || step.found.length === 0 ? 0 : 1) +
        ((step.reason === undefined ? undefined : NEARNESS[step.reason]) ?? (step.moves === undefined ? 0 : 3));
    } else {
      if (failed === unasked) unbroken++;
    }
  }
  return -1e6 * failed + 1e3 * found + 10 * unbroken + (nearness ?? 0);
}
