/**
 * Which literal of a rule the prefilter looks for: the one expected to be found least often in ordinary traffic. The choice
 * can not be seen in results, only in speed, so `fast_pattern` is a hint among others (Suricata: documentation page
 * "Prefilter and fast_pattern"). A rule without a usable literal is a candidate wherever its protocol and ports fit.
 */
import type { BytesCondition, ContentCondition } from '@sigwright/contracts';
import type { BufferTest, PrefilterLiteral } from './compiled-rule.ts';
import { rarity } from './rarity.ts';

/** Shortest literal that a gram table can look for. */
export const SHORTEST_LITERAL = 4;
/** Short literals at a known place in short buffers are looked up as a whole value instead. */
const ENOUGH_RARITY = 40;

export interface Choosable {
  readonly payload: readonly BytesCondition[];
  readonly bufferTests: readonly BufferTest<{ readonly shape: string; readonly name: string }>[];
  readonly packetBufferTests: readonly BufferTest<{ readonly shape: string; readonly name: string }>[];
}

export function choosePrefilter(rule: Choosable): PrefilterLiteral | undefined {
  let best: PrefilterLiteral | undefined;
  let bestScore = 0;
  const consider = (literal: PrefilterLiteral | undefined, hinted: boolean, weight: number): void => {
    if (literal === undefined) return;
    let score = literal.shape === 'anywhere' ? rarity(literal.bytes) : 60 + Math.min(literal.bytes.length, 20) * 4;
    score = Math.min(score, 120) * weight + (hinted ? 8 : 0);
    if (score > bestScore) {
      bestScore = score;
      best = literal;
    }
  };
  for (let at = 0; at < rule.bufferTests.length; at++) {
    const test = rule.bufferTests[at];
    if (test.absent !== 'no') continue;
    for (const condition of test.conditions) {
      if (!usable(condition)) continue;
      consider(literalOf(condition, test, at), condition.fastPattern, WEIGHT_BY_SHAPE[test.buffer.shape] ?? 1);
    }
  }
  // A literal in a transaction buffer is searched in few bytes; one in the payload in all of them.
  const buffersSuffice = bestScore >= ENOUGH_RARITY;
  if (!buffersSuffice || rule.bufferTests.length === 0) {
    for (const condition of rule.payload) {
      if (usable(condition) && condition.bytes.length >= SHORTEST_LITERAL) {
        consider(anywhere('payload', -1, condition), condition.fastPattern, rule.bufferTests.length > 0 ? 0.4 : 1);
      }
    }
  }
  return best;
}

const WEIGHT_BY_SHAPE: Record<string, number> = { name: 1.3, text: 1, body: 0.7 };

function usable(condition: BytesCondition): condition is ContentCondition {
  return condition.kind === 'content' && !condition.negated && condition.bytes.length > 0;
}

function literalOf(content: ContentCondition, test: BufferTest<{ shape: string }>, at: number): PrefilterLiteral | undefined {
  const plain = test.transforms.length === 0;
  const dotted = test.transforms.length === 1 && test.transforms[0].definition.name === 'dotprefix';
  const exact = test.conditions.some((other) => other.kind === 'test' && other.exactLength === content.bytes.length);
  const whole = plain && test.buffer.shape !== 'body' && (exact || (content.startsWith && content.endsWith));
  if (whole) return { where: test.key, test: at, bytes: content.bytes, nocase: content.nocase, shape: 'whole', within: 0 };
  if (dotted && content.endsWith && content.bytes[0] === 0x2e && content.bytes.length > 1 && test.buffer.shape === 'name') {
    return { where: test.key, test: at, bytes: content.bytes.subarray(1), nocase: content.nocase, shape: 'suffix', within: 0 };
  }
  if (content.bytes.length < SHORTEST_LITERAL) return undefined;
  return anywhere(test.key, at, content);
}

function anywhere(where: string, test: number, content: ContentCondition): PrefilterLiteral {
  let bytes = content.bytes;
  const slice = content.fastPatternSlice;
  if (slice !== undefined && slice.length >= SHORTEST_LITERAL) bytes = bytes.subarray(slice.offset, slice.offset + slice.length);
  const bounded = content.startsWith
    ? content.bytes.length
    : typeof content.depth === 'number' && typeof (content.offset ?? 0) === 'number' && content.distance === undefined && content.within === undefined
      ? content.depth + ((content.offset as number | undefined) ?? 0)
      : 0;
  return { where, test, bytes, nocase: content.nocase, shape: 'anywhere', within: bounded };
}
