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
  type Packet,
  type RuleOption,
  TCP,
  type Transaction,
} from '@sigwright/contracts';
import type { BufferTest, CompiledRule } from '../compile/compiled-rule.ts';
import { headerMatches } from '../compile/header.ts';
import { applyTransforms, flowHolds, type RuleEvaluation } from '../scan/rule-evaluation.ts';
import { ConditionLog } from './condition-log.ts';
import type { ExplainedAttempt, ExplainedBytes, ExplainedStep, Explanation } from './explanation.ts';
import { bitProblem, describe, end, type FlowOpening, flowWords, headerProblem, isNegated, outside, placeOf, stateWords, unrecognised } from './words.ts';

/** Shorter contents stand in some buffer by chance. */
const LEAST_TELLING = 3;

/** Bytes of a flow's opening that are told. */
const OPENING = 16;
/** Instances of one buffer that are searched for a content that is missing elsewhere. */
const MOST_INSTANCES = 64;

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
  alerts = 0;
  readonly #window: BufferWindow = emptyWindow();

  constructor(rule: CompiledRule, context?: ExplainerContext) {
    this.#rule = rule;
    this.#context = context;
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
    if (rule.ofTransaction) {
      // Only to say how far packets come while there is no transaction at all.
      if (this.#nearest === undefined || flow?.session === undefined)
        this.#keep(packet, flow, undefined, [...this.#frame(packet, flow, evaluation), this.#missingTransaction(flow)], packet.direction, this.#asked);
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

  transaction(transaction: Transaction, packet: Packet, flow: Flow, direction: Direction, evaluation: RuleEvaluation, payloadFound: boolean): void {
    const rule = this.#rule;
    if (!rule.ofTransaction) return;
    const steps = this.#frame(packet, flow, evaluation);
    // Buffers of another protocol can not be read from this transaction.
    if (rule.protocols !== undefined && !rule.protocols.includes(flow.applicationProtocol ?? '')) {
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
        why: held ? '' : 'it is not so in this transaction',
        found: undefined,
        ...(held ? {} : { reason: 'condition' as const }),
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
          : `it exists only ${test.buffer.directions.map(directionName).join(' and ')}`;
        for (const condition of test.conditions)
          steps.push({
            where: test.key,
            condition: describe(condition),
            verdict: test.absent === 'no' ? 'fails' : 'holds',
            why: elsewhere,
            found: undefined,
            ...(test.absent === 'no' ? { reason: 'buffer-absent' as const } : {}),
            ...this.#elsewhere(condition, test.buffer.name, undefined, undefined, transaction, flow),
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
    opening.first[packet.direction] ??= packet.data.slice(packet.payloadStart, Math.min(packet.payloadEnd, packet.payloadStart + OPENING));
    opening.lengths[packet.direction] += length;
    if (packet.flowEstablished) opening.established = true;
  }

  /** What became of the protocol of a flow is known at its end only. */
  #atTheEnd(attempt: ExplainedAttempt | undefined): ExplainedAttempt | undefined {
    const flow = this.#nearestFlow;
    if (attempt === undefined || flow === undefined) return attempt;
    const steps = attempt.steps.map((step) => {
      if (step.reason !== 'not-recognised') return step;
      const { applicationProtocol: spoken } = flow;
      if (spoken !== undefined && spoken !== 'failed')
        return {
          ...step,
          why: `the protocol was not recognised yet at this packet; later the flow was taken for ${spoken}`,
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
        why: held ? '' : 'it is not so for this packet',
        found: undefined,
        ...(held ? {} : { reason: 'condition' as const }),
        ...this.#optionOf(condition),
      });
    }
    for (const check of rule.checks) {
      const held = evaluation.checkHolds(check, packet, flow, undefined);
      steps.push({
        where: check.kind === 'bit' ? 'flow bit' : 'flow number',
        condition: stateWords(check),
        verdict: held ? 'holds' : 'fails',
        why: held ? '' : bitProblem(check),
        found: undefined,
        ...(held ? {} : { reason: 'bit' as const }),
        ...this.#optionOf(check),
      });
    }
    return steps;
  }

  /** conditions that a transaction is asked for */
  get #asked(): number {
    const { bufferTests, transactionConditions, anomalies, payload, scripts } = this.#rule;
    return bufferTests.reduce((sum, test) => sum + test.conditions.length, transactionConditions.length + anomalies.length + payload.length + scripts.length);
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
        ...recorder.steps('payload', held, (condition, window, searched) => ({
          ...this.#elsewhere(condition, 'payload', window, searched, undefined, flow),
          ...this.#optionOf(condition),
        })),
      );
  }

  /**
   * Why a content was not found where it was looked for: outside its window, with other letters, or in another buffer of the same
   * transaction. Empty for what is no content, or is nowhere.
   */
  #elsewhere(
    condition: BytesCondition,
    where: string,
    window: BufferWindow | undefined,
    searched: ExplainedBytes | undefined,
    transaction: Transaction | undefined,
    flow: Flow | undefined,
  ): Partial<Pick<ExplainedStep, 'reason' | 'why' | 'elsewhere'>> {
    if (window !== undefined && window.start === window.end && !isNegated(condition))
      return { reason: 'buffer-empty', why: `\`${where}\` is there, but empty` };
    if (condition.kind !== 'content' || condition.negated) return {};
    if (window !== undefined) {
      const same = placeOf(condition, window, condition.nocase);
      if (same !== -1) return { reason: 'outside-window', why: outside(condition, same, window.end - window.start, searched) };
      const other = condition.nocase ? -1 : placeOf(condition, window, true);
      if (other !== -1) return { reason: 'other-case', why: `it is there at offset ${other} with capitals and small letters the other way` };
    }
    if (this.#context === undefined || transaction === undefined || flow === undefined) return {};
    const found = this.#bufferWith(condition, where, transaction, flow);
    if (found === undefined) return {};
    const raw = found === `${where}.raw` || found.startsWith(`${where}.raw`);
    return raw
      ? { reason: 'before-normalisation', elsewhere: found, why: `it is there only before normalisation: in \`${found}\`` }
      : { reason: 'other-buffer', elsewhere: found, why: `it is in another buffer: \`${found}\`` };
  }

  /** The buffer of the transaction that holds a content; its raw form first, then the protocol's own before those of any, then the shortest. */
  #bufferWith(content: ContentCondition, where: string, transaction: Transaction, flow: Flow): string | undefined {
    if (content.bytes.length < LEAST_TELLING) return undefined;
    const window = emptyWindow();
    let best: { name: string; general: number; size: number } | undefined;
    for (const buffer of this.#context!.catalogue.buffers.values()) {
      if (buffer.of !== 'transaction' || buffer.name === where) continue;
      if (buffer.protocol !== undefined && buffer.protocol !== flow.applicationProtocol) continue;
      for (const direction of buffer.directions) {
        for (let index = 0; index < MOST_INSTANCES && buffer.read(transaction, direction, index, window, flow); index++) {
          if (placeOf(content, window, content.nocase) !== -1) {
            if (buffer.name === `${where}.raw`) return buffer.name;
            const size = window.end - window.start;
            const general = buffer.protocol === undefined ? 1 : 0;
            if (best === undefined || general < best.general || (general === best.general && size < best.size)) best = { name: buffer.name, general, size };
          }
          if (!buffer.multiple) break;
        }
      }
    }
    return best?.name;
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
    const name = (test.buffer as { readonly name: string }).name;
    const about = (condition: BytesCondition, window: BufferWindow | undefined, searched: ExplainedBytes | undefined): Partial<ExplainedStep> => {
      const found = this.#elsewhere(condition, name, window, searched, transaction, flow);
      const transformed = test.transforms.length > 0 && condition.kind === 'content' && !condition.negated && found.reason === undefined;
      if (transformed && placeOf(condition, before, condition.nocase) !== -1)
        return {
          reason: 'before-normalisation',
          elsewhere: name,
          why: `it is there only before \`${test.transforms.map((one) => one.definition.name).join('`, `')}\``,
          ...this.#optionOf(condition),
        };
      return { ...found, ...this.#optionOf(condition) };
    };
    steps.push(...recorder.steps(test.key, held, about));
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

/**
 * Which of two attempts came nearer: the fewer conditions failed or could not be asked, and then, the more bytes were found, and the
 * later the first one failed. A packet that holds what is looked for and runs the wrong way is nearer than one that runs the right way
 * and is empty.
 */
function score(steps: readonly ExplainedStep[], unasked = 0): number {
  let failed = unasked;
  let found = 0;
  let unbroken = 0;
  for (const step of steps) {
    if (step.verdict !== 'holds') failed++;
    else {
      if (step.found !== undefined) found++;
      if (failed === unasked) unbroken++;
    }
  }
  return -1e6 * failed + 1e3 * found + unbroken;
}
