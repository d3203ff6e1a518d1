/** What is known of an attempt when its flow has ended: which protocol was recognised, and where on the flow a missing content was seen. */
import type { Flow } from '@sigwright/contracts';
import type { ExplainedRule } from './explained-rule.ts';
import type { ExplainedAttempt, ExplainedStep } from './explanation.ts';
import type { FlowOpening } from './flow-openings.ts';
import type { Sightings } from './sightings.ts';
import { unrecognised } from './words.ts';

export function atEndOfFlow(
  attempt: ExplainedAttempt,
  flow: Flow,
  rule: ExplainedRule,
  opening: FlowOpening | undefined,
  sightings: Sightings | undefined,
): ExplainedAttempt {
  const steps = attempt.steps.map((step) => {
    const sighted = sightings === undefined ? undefined : seenElsewhere(step, flow, rule, sightings);
    if (sighted !== undefined) return { ...step, ...sighted };
    return step.reason === 'not-recognised' ? { ...step, ...becameOf(flow, opening) } : step;
  });
  return { ...attempt, steps };
}

/** What became of the protocol. */
function becameOf(flow: Flow, opening: FlowOpening | undefined): Pick<ExplainedStep, 'why' | 'reason' | 'spoken'> {
  const { applicationProtocol: spoken } = flow;
  if (spoken !== undefined && spoken !== 'failed') return { why: `the flow was taken for ${spoken}`, reason: 'other-protocol', spoken };
  if (opening?.established === false) return { why: 'no handshake was seen, so the stream was not read and no protocol recognised', reason: 'no-handshake' };
  return { why: unrecognised(flow, opening), reason: 'not-recognised' };
}

/** What is in no buffer of the transaction may have been sent in another form, or be made of what was sent. */
function seenElsewhere(
  { option, reason, where, why }: ExplainedStep,
  flow: Flow,
  rule: ExplainedRule,
  sightings: Sightings,
): Partial<ExplainedStep> | undefined {
  if (option === undefined || (reason !== 'not-there' && reason !== 'buffer-absent' && reason !== 'buffer-empty')) return undefined;
  const { payload, bufferTests } = rule.compiled;
  const condition = [...payload, ...bufferTests.flatMap((test) => test.conditions)].find((one) => rule.optionOf(one).option?.start === option.start);
  const seen = condition === undefined ? undefined : sightings.of(condition, flow);
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
