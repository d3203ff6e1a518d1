/**
 * Which literal of a rule the prefilter looks for: the one expected to be found least often in ordinary traffic. The choice
 * can not be seen in results, only in speed, so `fast_pattern` is a hint among others (Suricata: documentation page
 * "Prefilter and fast_pattern"). A rule without a usable literal is a candidate wherever its protocol and ports fit.
 */
import { type BytesCondition, type ContentCondition, PAYLOAD } from '@sigwright/contracts';
import type { BufferTest, PrefilterLiteral } from './compiled-rule.ts';
import { rarity } from './rarity.ts';

/** Shortest literal that a gram table can look for. */
export const SHORTEST_LITERAL = 4;
/** Shortest that is looked for without grams, wherever it is. */
const SHORTEST_ANYWHERE = 2;
/** Short literals further from the beginning are rare, and a body's first part is at least this long. */
const FURTHEST_PLACE = 256;
const ENOUGH_RARITY = 40;
/** What it is worth that nothing else may stand beside it. */
const WHOLE_BITS = 20;
/** What a fixed place is worth: it is looked at once for a buffer, not at every byte. */
const PLACE_BITS = 8;

export interface Choosable {
  readonly payload: readonly BytesCondition[];
  readonly bufferTests: readonly BufferTest<{ readonly shape: string; readonly name: string }>[];
  readonly packetBufferTests: readonly BufferTest<{ readonly shape: string; readonly name: string }>[];
}

/** Of payload conditions alone: for those that stand beside buffers of transactions and are looked for on their own. */
export function choosePayloadLiteral(payload: readonly BytesCondition[]): PrefilterLiteral | undefined {
  return choosePrefilter({ payload, bufferTests: [], packetBufferTests: [] });
}

export function choosePrefilter(rule: Choosable): PrefilterLiteral | undefined {
  let best: PrefilterLiteral | undefined;
  let bestScore = 0;
  const consider = (literal: PrefilterLiteral | undefined, hinted: boolean, weight: number): void => {
    if (literal === undefined) return;
    const score = Math.min(scoreOf(literal), 120) * weight + (hinted ? 8 : 0);
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
      if (usable(condition)) consider(inBytes(PAYLOAD, -1, condition), condition.fastPattern, rule.bufferTests.length > 0 ? 0.4 : 1);
    }
  }
  return best;
}

/** The content that the prefilter's literal was taken from, for those who show it. */
export function prefilterContent({
  prefilter,
  payload,
  bufferTests,
}: Choosable & { readonly prefilter: PrefilterLiteral | undefined }): ContentCondition | undefined {
  if (prefilter === undefined) return undefined;
  const { bytes } = prefilter;
  const conditions = prefilter.test < 0 ? payload : bufferTests[prefilter.test].conditions;
  const from = (one: BytesCondition): one is ContentCondition =>
    usable(one) && one.bytes.buffer === bytes.buffer && one.bytes.byteOffset <= bytes.byteOffset && bytes.byteOffset < one.bytes.byteOffset + one.bytes.length;
  return conditions.find(from);
}

/**
 * For payloads of single packets: a literal that must lie within the first `head` bytes, so that the rest of the packet need not
 * be read for this rule. Undefined where the rule has none.
 */
export function chooseHeadLiteral(payload: readonly BytesCondition[], head: number): PrefilterLiteral | undefined {
  let best: PrefilterLiteral | undefined;
  for (const condition of payload) {
    const literal = usable(condition) ? inBytes(PAYLOAD, -1, condition) : undefined;
    if (literal === undefined) continue;
    const reach = reachOf(literal);
    if (reach > 0 && reach <= head && (best === undefined || scoreOf(literal) > scoreOf(best))) best = literal;
  }
  return best;
}

/** A head literal with fewer bits is in every tenth packet of some protocol: the rest of the packet is read for a much rarer one. */
const COMMON_HEAD = 30;
const MUCH_RARER = 10;

/**
 * What is looked for in single packets: the literal of the first bytes, which spares the rest of the packet, unless it is so common that
 * the rule would be asked again and again. Datagrams are short: there the rarer one is.
 */
export function packetLiteral(chosen: PrefilterLiteral, head: PrefilterLiteral | undefined, isDatagram: boolean): PrefilterLiteral {
  if (head === undefined) return chosen;
  const [first, whole] = [scoreOf(head), scoreOf(chosen)];
  if (isDatagram) return first >= Math.min(whole, ENOUGH_RARITY) ? head : chosen;
  return first < COMMON_HEAD && whole >= first + MUCH_RARER ? chosen : head;
}

/** The literal ends within so many bytes from the beginning; 0: no such bound. */
export function reachOf(literal: PrefilterLiteral): number {
  return literal.shape === 'placed' ? literal.offset + literal.bytes.length : literal.within;
}

/** Bits of surprise, more or less; a literal as a whole value is worth most. */
function scoreOf(literal: PrefilterLiteral): number {
  switch (literal.shape) {
    case 'whole':
    case 'suffix':
      return rarity(literal.bytes) + WHOLE_BITS;
    case 'anywhere':
      return rarity(literal.bytes);
    case 'placed':
      return rarity(literal.bytes) + PLACE_BITS;
    case 'short':
      return rarity(literal.bytes) / 2;
  }
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
  const found = { where: test.key, test: at, bytes: content.bytes, nocase: content.nocase, within: 0, offset: 0 };
  if (whole) return { ...found, shape: 'whole' };
  if (dotted && content.endsWith && content.bytes[0] === 0x2e && content.bytes.length > 1 && test.buffer.shape === 'name') {
    return { ...found, bytes: content.bytes.subarray(1), shape: 'suffix' };
  }
  return inBytes(test.key, at, content);
}

/** A literal to be searched for. Undefined: it is too short for any search. */
function inBytes(where: string, test: number, content: ContentCondition): PrefilterLiteral | undefined {
  let bytes = content.bytes;
  const found = { where, test, bytes, nocase: content.nocase, within: 0, offset: 0 };
  const absolute = content.distance === undefined && content.within === undefined;
  const offset = typeof (content.offset ?? 0) === 'number' ? ((content.offset as number | undefined) ?? 0) : -1;
  if (bytes.length < SHORTEST_LITERAL) {
    const placed = absolute && (content.startsWith || content.depth === bytes.length) && offset >= 0 && offset <= FURTHEST_PLACE;
    if (placed) return { ...found, shape: 'placed', offset };
    return bytes.length >= SHORTEST_ANYWHERE ? { ...found, shape: 'short' } : undefined;
  }
  const slice = content.fastPatternSlice;
  if (slice !== undefined && slice.length >= SHORTEST_LITERAL) bytes = bytes.subarray(slice.offset, slice.offset + slice.length);
  const bounded = content.startsWith ? content.bytes.length : absolute && offset >= 0 && typeof content.depth === 'number' ? content.depth + offset : 0;
  return { ...found, bytes, shape: 'anywhere', within: bounded };
}
