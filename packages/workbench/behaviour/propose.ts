/**
 * Observations of a threat → proposals: groups, their conditions, and how they belong together. A step that is too common alone but
 * rare behind the one before it in the same conversation becomes a pair: the first sets a flow bit, the second waits for it.
 */
import { counted } from '@sigwright/bytes';
import type { Catalogue } from '@sigwright/contracts';
import { registrable } from '../intake/find-indicators.ts';
import { BENIGN } from '../intake/well-known.ts';
import type { Role } from '../repository/repository.ts';
import { groupsOf } from './group.ts';
import { bufferText, type Group, hostOf, type Observation } from './observe.ts';
import type { Ordinary } from './ordinary.ts';
import { isProgram, type RuleWords, roleOfGroup, ruleText, type Side } from './rule-text.ts';
import { type Selection, select } from './select.ts';

export interface ProposalContext {
  readonly ordinary: Ordinary;
  readonly catalogue: Catalogue;
  readonly engine: 7 | 8;
  /** is an address of the network that is protected? */
  readonly inside: (address: string) => boolean;
}

export interface Proposal {
  readonly group: Group;
  readonly selection: Selection;
  readonly role: Role;
  readonly phrase: string;
  readonly side: Side;
  /** the step before it in the same conversations, where it is asked for */
  readonly after: Proposal | undefined;
  /** another step waits for it */
  sets: boolean;
  /** too common alone: it says nothing, and another step waits for it */
  readonly quiet: boolean;
}

export interface Rejected {
  readonly group: Group;
  readonly why: string;
}

/** Rarer than one in 2^16 by estimate and measure, or it is no rule. */
const LEAST_BITS = 16;
/** What one of two steps must tell at least. */
const LEAST_STEP_BITS = 5;
/** A few bytes of a raw message are told apart better behind the message before them. */
const ENOUGH_ALONE = 64;
/** Headers of a response are its server's; what it says must be rare by itself. */
const LEAST_BODY_BITS = 16;
/** What one capture shows may be chance. */
const LEAST_BITS_ALONE = 22;

export function propose(observations: readonly Observation[], captures: number, context: ProposalContext): { proposals: Proposal[]; rejected: Rejected[] } {
  const rejected: Rejected[] = [];
  const candidates: { group: Group; selection: Selection }[] = [];
  for (const members of groupsOf(observations)) {
    const group: Group = { kind: members[0].kind, observations: members, captures: new Set(members.map(({ capture }) => capture)).size };
    const host = benignHost(members);
    const [first] = members;
    const differs =
      first.isRaw &&
      first.ordinal > 0 &&
      group.captures === 1 &&
      captures > 1 &&
      observations.some((one) => one.capture !== first.capture && one.kind === first.kind && one.ordinal === first.ordinal);
    if (differs) rejected.push({ group, why: 'the other captures have something else at this place of the conversation' });
    else if (host !== undefined) rejected.push({ group, why: `it is with ${host}, which everybody uses` });
    else if (group.kind === 'http to_client' && members.every(isProgram))
      rejected.push({ group, why: 'a program comes back: its bytes are an indicator, by their digest' });
    else candidates.push({ group, selection: select(group, context.ordinary, context.catalogue, context.engine) });
  }
  const proposals: Proposal[] = [];
  const weak: { group: Group; selection: Selection; why: string }[] = [];
  const least = captures > 1 ? LEAST_BITS : LEAST_BITS_ALONE;
  candidates.sort((a, b) => a.group.observations[0].direction - b.group.observations[0].direction || b.group.captures - a.group.captures);
  for (const one of candidates) {
    const why = reasonAgainst(one.group, one.selection, one.group.captures > 1 ? LEAST_BITS : least, context.ordinary);
    if (why === undefined) {
      // What is rare enough alone is not tied to another step, which would only make it easier to avoid.
      const isShort = one.group.observations[0].isRaw && one.selection.bits < ENOUGH_ALONE;
      const before = isShort ? proposals.find(({ group, quiet }) => !quiet && comesBefore(group, one.group)) : undefined;
      if (before !== undefined) before.sets = true;
      proposals.push(proposalOf(one, candidates, context, before));
      continue;
    }
    weak.push({ ...one, why });
  }
  for (const second of weak) {
    if (second.group.observations[0].direction !== 1 || second.selection.chosen.length === 0 || second.selection.bits < LEAST_STEP_BITS) continue;
    const strong = proposals.find(({ group }) => comesBefore(group, second.group));
    const first =
      strong === undefined
        ? weak.find(
            (one) => one.selection.bits >= LEAST_STEP_BITS && one.selection.bits + second.selection.bits >= least && comesBefore(one.group, second.group),
          )
        : undefined;
    if (strong === undefined && first === undefined) continue;
    const setter = strong ?? proposalOf(first as { group: Group; selection: Selection }, candidates, context, undefined, true);
    if (strong === undefined) proposals.push(setter);
    setter.sets = true;
    proposals.push(proposalOf(second, candidates, context, setter));
  }
  const used = new Set(proposals.map(({ group }) => group));
  for (const { group, why } of weak) if (!used.has(group)) rejected.push({ group, why });
  return { proposals, rejected };
}

function proposalOf(
  one: { readonly group: Group; readonly selection: Selection },
  all: readonly { readonly group: Group }[],
  context: ProposalContext,
  after: Proposal | undefined,
  quiet = false,
): Proposal {
  const { observations } = one.group;
  const answers = all
    .flatMap(({ group }) => group.observations)
    .filter((other) => other.direction === 1 && observations.some((mine) => sameExchange(mine, other)));
  return { ...one, ...roleOfGroup(observations, answers), side: sideOf(observations, context.inside), after, sets: false, quiet };
}

function sameExchange(a: Observation, b: Observation): boolean {
  return a.capture === b.capture && a.flow === b.flow && a.ordinal === b.ordinal && a.protocol === b.protocol;
}

/** Does every answer of the second group lie in a conversation with a message of the first? */
function comesBefore(first: Group, second: Group): boolean {
  const [a] = first.observations;
  const [b] = second.observations;
  if (a.direction !== 0 || b.direction !== 1 || a.protocol !== b.protocol || a.isRaw !== b.isRaw) return false;
  return second.observations.every((answer) =>
    first.observations.some((asked) => asked.capture === answer.capture && asked.flow === answer.flow && asked.ordinal <= answer.ordinal),
  );
}

function reasonAgainst(group: Group, { chosen, bits, ordinary }: Selection, least: number, usual: Ordinary): string | undefined {
  if (chosen.length === 0) {
    const named = group.kind.startsWith('dns') || group.kind.startsWith('tls');
    return named ? 'nothing is shared but a name, which is an indicator and no behaviour' : 'nothing is shared that a rule could ask for';
  }
  if (ordinary.length > 0)
    return `ordinary traffic does the same: ${ordinary.length} of ${counted(usual.of(group.kind).length, 'ordinary observation')} (${group.kind}) have everything that is shared`;
  const body = chosen.filter(({ condition }) => condition.buffer === 'http.response_body').reduce((sum, { condition }) => sum + condition.prior, 0);
  if (group.kind === 'http to_client' && body < LEAST_BODY_BITS) return 'the body of the response says too little for a rule on it alone';
  if (bits < least) return `what is shared is not rare enough (${bits.toFixed(0)} bits): ${chosen.map(({ condition }) => condition.says).join('; ')}`;
  return undefined;
}

/** Where all of them went to one well-known service; documentation names stand for any. */
function benignHost(members: readonly Observation[]): string | undefined {
  let found: string | undefined;
  for (const one of members) {
    const host = bufferText(one, 'http.host') ?? bufferText(one, 'tls.sni') ?? bufferText(one, 'dns.query');
    const name = host === undefined ? undefined : registrable(host.toLowerCase());
    if (name === undefined || !BENIGN.has(name) || name.startsWith('example.')) return undefined;
    found = name;
  }
  return found;
}

function sideOf(observations: readonly Observation[], inside: (address: string) => boolean): Side {
  const sides = new Set(
    observations.map((one) => {
      const client = inside(hostOf(one.client));
      const server = inside(hostOf(one.server));
      return client && server ? 'within' : server ? 'from outside' : 'from inside';
    }),
  );
  const [side] = sides;
  return sides.size === 1 ? side : 'anywhere';
}

/** `mark` keeps the flow bits of one trial apart from those of another. */
export function textOf(
  proposal: Proposal,
  sid: number,
  words: RuleWords,
  more: { readonly confidence?: 'High' | 'Medium' | 'Low'; readonly phrase?: string; readonly mark?: string; readonly bit?: (setter: Proposal) => string },
): string {
  const [first] = proposal.group.observations;
  const nameOf = (setter: Proposal): string => `${more.bit?.(setter) ?? 'step'}${more.mark ?? ''}`;
  const bits: string[] = [];
  if (proposal.after !== undefined) bits.push(`flowbits:isset,${nameOf(proposal.after)};`);
  if (proposal.sets) bits.push(`flowbits:set,${nameOf(proposal)};`);
  if (proposal.quiet) bits.push('flowbits:noalert;');
  return ruleText(
    proposal.selection.chosen.map(({ condition }) => condition),
    {
      sid,
      protocol: first.protocol,
      direction: first.direction,
      isRaw: first.isRaw,
      side: proposal.side,
      role: proposal.role,
      // As Emerging Threats mark rules that only set a bit.
      phrase: `${more.phrase ?? proposal.phrase}${proposal.quiet ? ' (set)' : ''}`,
      confidence: more.confidence ?? 'Low',
      bits,
      words,
    },
  );
}
