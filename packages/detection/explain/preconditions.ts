/** Header, flow, protocol, packet fields and state: what every rule asks first. */
import { directionName, TCP } from '@sigwright/contracts';
import type { FlowDemands } from '../compile/compiled-rule.ts';
import { headerMatches } from '../compile/header.ts';
import { flowHolds } from '../scan/rule-evaluation.ts';
import type { AttemptInput, ExplainedRule } from './explained-rule.ts';
import type { ExplainedStep } from './explanation.ts';
import { measuredStep, stepOf } from './step.ts';
import { bitProblem, end, flowWords, headerProblem, stateKeeper, stateWords } from './words.ts';

export function preconditionSteps(rule: ExplainedRule, input: AttemptInput): ExplainedStep[] {
  const { flow: demands, protocols, packetConditions, checks } = rule.compiled;
  const { packet, flow, evaluation } = input;
  const steps = [headerStep(rule, input)];
  if (demands.any) steps.push(flowStep(rule, input));
  if (protocols !== undefined) steps.push(protocolStep(protocols, input));
  for (const condition of packetConditions) {
    const held = condition.test(packet, flow);
    const measured = held ? undefined : condition.measured?.(packet, flow);
    steps.push(measuredStep(condition.keyword, condition.describes, held, measured, 'it is not so for this packet', rule.optionOf(condition)));
  }
  for (const check of checks) {
    const held = evaluation.checkHolds(check, packet, flow, undefined);
    steps.push(stepOf(stateKeeper(check), stateWords(check), held, { why: bitProblem(check, flow), reason: 'bit' }, rule.optionOf(check)));
  }
  return steps;
}

function headerStep({ compiled }: ExplainedRule, { packet }: AttemptInput): ExplainedStep {
  const held = headerMatches(compiled.header, packet);
  const ends = `${end(packet.source, packet.sourcePort, packet.ipVersion)} -> ${end(packet.destination, packet.destinationPort, packet.ipVersion)}`;
  return {
    where: 'header',
    condition: compiled.header.fields.join(' '),
    verdict: held ? 'holds' : 'fails',
    found: undefined,
    ...(held ? { why: '' } : headerProblem(compiled, packet, ends)),
  };
}

function flowStep({ compiled }: ExplainedRule, input: AttemptInput): ExplainedStep {
  const held = flowHolds({ ...compiled, protocols: undefined }, input.packet, input.flow);
  return stepOf('flow', flowWords(compiled), held, flowProblem(compiled.flow, input));
}

function flowProblem(demands: FlowDemands, { packet, flow }: AttemptInput): Pick<ExplainedStep, 'why' | 'reason'> {
  if (flow === undefined) return { why: 'the packet belongs to no flow', reason: 'flow' };
  if (demands.established && !packet.flowEstablished)
    return packet.protocol === TCP
      ? { why: 'no handshake was seen, so the flow is not established', reason: 'no-handshake' }
      : { why: 'no answer was seen yet, so the flow is not established', reason: 'flow' };
  if (demands.direction !== undefined && packet.direction !== demands.direction)
    return { why: `this packet runs ${directionName(packet.direction)}`, reason: 'direction' };
  if (demands.notEstablished && packet.flowEstablished) return { why: 'the flow is established', reason: 'flow' };
  if (demands.onlyFragments) return { why: 'the packet was not put together of fragments', reason: 'flow' };
  return { why: demands.noFragments ? 'the packet was put together of fragments' : '', reason: 'flow' };
}

function protocolStep(protocols: readonly string[], { flow }: AttemptInput): ExplainedStep {
  const spoken = flow?.applicationProtocol;
  const held = spoken !== undefined && protocols.includes(spoken);
  return stepOf('protocol', protocols.join(' or '), held, protocolProblem(spoken, flow !== undefined));
}

function protocolProblem(spoken: string | undefined, hasFlow: boolean): Pick<ExplainedStep, 'why' | 'reason' | 'spoken'> {
  if (spoken === undefined)
    return { why: hasFlow ? 'the protocol was not recognised yet' : 'the packet belongs to no flow, so it has no protocol', reason: 'not-recognised' };
  if (spoken === 'failed') return { why: 'the protocol could not be recognised', reason: 'not-recognised' };
  return { why: `the flow was taken for ${spoken}`, reason: 'other-protocol', spoken };
}
