/** Group of observations → the conditions that a rule asks for: enough to be rare, no more than needed, sturdy ones first. */
import type { Catalogue } from '@sigwright/contracts';
import type { Condition } from './condition.ts';
import { requestConditions, responseConditions } from './http-conditions.ts';
import type { Group, Observation } from './observe.ts';
import { bitsOf, type Measured, type Ordinary } from './ordinary.ts';
import { dnsConditions, otherConditions, rawConditions, tlsConditions } from './other-conditions.ts';

export interface Weighed {
  readonly condition: Condition;
  readonly measured: Measured;
  readonly bits: number;
}

export interface Selection {
  readonly chosen: readonly Weighed[];
  /** what else the group shares */
  readonly unused: readonly Weighed[];
  readonly bits: number;
  /** ordinary observations in which everything that was chosen holds */
  readonly ordinary: readonly Observation[];
}

/** Together as rare as one in 2^45: more conditions only make a rule easier to avoid. */
const ENOUGH_BITS = 45;
const FEWEST_BITS = 1;
const FEWEST_CONDITIONS = 3;
const FEWEST_ADDRESS_BITS = 5;

export function conditionsOf(group: Group, ordinary: Ordinary): Condition[] {
  const [first] = group.observations;
  if (first.isRaw) return rawConditions(group, ordinary);
  if (group.kind === 'http to_server') return requestConditions(group, ordinary);
  if (group.kind === 'http to_client') return responseConditions(group, ordinary);
  if (first.protocol === 'tls') return tlsConditions(group);
  if (first.protocol === 'dns') return dnsConditions(group);
  return otherConditions(group);
}

export function select(group: Group, ordinary: Ordinary, catalogue: Catalogue, engine: 7 | 8): Selection {
  const weighed = conditionsOf(group, ordinary)
    .filter(({ buffer }) => buffer === 'payload' || isKnownTo(catalogue, buffer, engine))
    // What does not hold where it was found would be our own mistake, and is no condition.
    .filter((condition) => group.observations.every((one) => condition.holds(one)))
    .map((condition) => {
      const measured = ordinary.measure(group.kind, condition);
      return { condition, measured, bits: bitsOf(condition, measured) };
    })
    .sort((a, b) => b.bits * b.condition.sturdy - a.bits * a.condition.sturdy);
  const chosen: Weighed[] = [];
  const unused: Weighed[] = [];
  // Whoever reads a rule on HTTP looks for method and address first.
  const first = weighed.filter(({ condition, bits }) => condition.part === 'method' || (condition.part === 'address' && bits >= FEWEST_ADDRESS_BITS));
  chosen.push(...first);
  let left = ordinary.together(
    group.kind,
    chosen.map(({ condition }) => condition),
  );
  for (const one of weighed) {
    if (first.includes(one)) continue;
    const total = sum(chosen);
    const isEnough = total >= ENOUGH_BITS && left.length === 0 && chosen.length >= FEWEST_CONDITIONS;
    const fewer = left.filter((other) => one.condition.holds(other));
    const helps = left.length > 0 && fewer.length < left.length;
    if ((isEnough || one.bits < FEWEST_BITS || isImplied(one.condition, chosen)) && !helps) {
      unused.push(one);
      continue;
    }
    chosen.push(one);
    left = fewer;
  }
  return { chosen, unused, bits: sum(chosen), ordinary: left };
}

function sum(list: readonly Weighed[]): number {
  return list.reduce((total, { bits }) => total + bits, 0);
}

/** The order of all headers says which are there and which are not. */
function isImplied(condition: Condition, chosen: readonly Weighed[]): boolean {
  const hasOrder = chosen.some((one) => one.condition.part === 'header order');
  const hasNames = chosen.some((one) => one.condition.part.startsWith('header name '));
  return (hasOrder && condition.buffer === 'http.header_names') || (hasNames && condition.part === 'header order');
}

function isKnownTo(catalogue: Catalogue, keyword: string, engine: 7 | 8): boolean {
  const since = catalogue.keywords.get(keyword)?.since;
  return since !== undefined && Number.parseFloat(since) < engine + 1;
}
