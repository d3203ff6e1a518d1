/**
 * Why a condition does not hold where it was looked for: it is there outside its window, with other letters, only before the buffer was
 * made what it is, or in another buffer of the same transaction.
 */
import { type BufferWindow, type BytesCondition, type ContentCondition, type Direction, directionName } from '@sigwright/contracts';
import { bytesAround } from './condition-log.ts';
import type { AttemptInput, ExplainedRule } from './explained-rule.ts';
import type { ExplainedBytes, ExplainedPlace, ExplainedStep } from './explanation.ts';
import type { Failure } from './failure.ts';
import { bufferWith, type FoundBuffer, isTelling } from './sightings.ts';
import { describe, isNegated, outside, placeOf, quoted } from './words.ts';

/** A buffer before transforms or decoders changed it, with their names. */
export interface Unchanged {
  readonly window: BufferWindow;
  readonly names: readonly string[];
}

/** `where`: the buffer it was looked for in; `failure` is undefined where that is absent. Empty where it is nowhere else. */
export function elsewhere(
  rule: ExplainedRule,
  condition: BytesCondition,
  where: string,
  failure: Failure | undefined,
  { transaction, flow, direction }: AttemptInput,
  before?: Unchanged,
): Partial<ExplainedStep> {
  const window = failure?.window;
  if (window !== undefined && window.start === window.end && !isNegated(condition)) return { reason: 'buffer-empty', why: `\`${where}\` is there, but empty` };
  if (condition.kind === 'content' && !condition.negated && failure !== undefined) {
    const inside = insideOf(condition, failure);
    if (inside !== undefined) return inside;
    if (before !== undefined && placeOf(condition, before.window, condition.nocase) !== -1)
      return { reason: 'before-normalisation', elsewhere: where, why: `it is there only before \`${before.names.join('`, `')}\`` };
  }
  if (rule.catalogue === undefined || transaction === undefined || flow === undefined || !isTelling(condition)) return {};
  return foundElsewhere(bufferWith(rule.catalogue, condition, where, transaction, direction, flow), where, direction);
}

/** `absent`: the words that say so of its own buffer. */
export function insteadOfAbsent(rule: ExplainedRule, condition: BytesCondition, where: string, absent: string, input: AttemptInput): Partial<ExplainedStep> {
  const found = elsewhere(rule, condition, where, undefined, input);
  return found.why === undefined ? {} : { ...found, why: `${absent}; ${found.why}` };
}

/** A length that is wrong may be that of another thing: the first content of its buffer that stands elsewhere says so. */
export function otherThing(
  rule: ExplainedRule,
  conditions: readonly BytesCondition[],
  where: string,
  window: BufferWindow,
  { transaction, flow, direction }: AttemptInput,
): { readonly words: string; readonly elsewhere: string } | undefined {
  if (rule.catalogue === undefined || transaction === undefined || flow === undefined) return undefined;
  const missing = conditions.find((one) => one.kind === 'content' && isTelling(one) && placeOf(one, window, true) === -1);
  if (missing === undefined || !isTelling(missing)) return undefined;
  const found = bufferWith(rule.catalogue, missing, where, transaction, direction, flow);
  return found === undefined ? undefined : { words: `; ${describe(missing)} is not in it either, but ${inBuffer(found, direction)}`, elsewhere: found.name };
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
