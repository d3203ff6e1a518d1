/**
 * Which literal of a rule the prefilter looks for: the one expected to be found least often in ordinary traffic. The choice
 * can not be seen in results, only in speed, so `fast_pattern` is a hint among others (Suricata: documentation page
 * "Prefilter and fast_pattern"). Where its contents have none that is rare, literals of its patterns serve, one of which must be there.
 * A rule without a usable literal is a candidate wherever its protocol and ports fit.
 */
import { latin1 } from '@sigwright/bytes';
import { type BytesCondition, type ContentCondition, PAYLOAD, type PatternCondition, type TransactionBuffer } from '@sigwright/contracts';
import type { BufferTest, PrefilterLiteral } from './compiled-rule.ts';
import { rarity } from './rarity.ts';

/** Of what stands in buffers, the values that tell next to nothing: most requests or responses have them. */
const EVERYDAY: ReadonlySet<string> = new Set(['GET', 'POST', '200', 'OK', 'HTTP/1.1', 'HTTP/1.0', 'text/html']);
const EVERYDAY_BITS = 1;

/** Shortest literal that a gram table can look for. */
export const SHORTEST_LITERAL = 4;
/** Shortest that is looked for without grams, wherever it is. */
const SHORTEST_ANYWHERE = 2;
/** Short literals further from the beginning are rare, and a body's first part is at least this long. */
const FURTHEST_PLACE = 256;
const ENOUGH_RARITY = 40;
const MOST_BITS = 120;
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
    const score = Math.min(scoreOf(literal), MOST_BITS) * weight + (hinted ? 8 : 0);
    if (score > bestScore) {
      bestScore = score;
      best = literal;
    }
  };
  for (let at = 0; at < rule.bufferTests.length; at++) {
    const test = rule.bufferTests[at];
    if (test.absent !== 'no') continue;
    for (const { content, region } of placedContents(test.conditions, false)) {
      consider(literalOf(content, region, test, at), content.fastPattern, WEIGHT_BY_SHAPE[test.buffer.shape] ?? 1);
    }
  }
  // A literal in a transaction buffer is searched in few bytes; one in the payload in all of them.
  const buffersSuffice = bestScore >= ENOUGH_RARITY;
  if (!buffersSuffice || rule.bufferTests.length === 0) {
    for (const { content, region } of placedContents(rule.payload, true))
      consider(inBytes(PAYLOAD, -1, content, region), content.fastPattern, rule.bufferTests.length > 0 ? 0.4 : 1);
  }
  return best;
}

/**
 * Literals out of a pattern, one of which must be there, where they are much rarer than `chosen`, what the contents gave. Undefined:
 * there are none. `ofTransaction`: the rule is decided on transactions, so that its payload conditions stand beside.
 */
export function choosePatternLiterals(rule: Choosable, chosen: PrefilterLiteral | undefined, ofTransaction: boolean): readonly PrefilterLiteral[] | undefined {
  let bestScore = chosen === undefined ? 0 : scoreOf(chosen) * weightIn(rule, chosen.test) + WORTH_MORE_LITERALS;
  if (bestScore >= ENOUGH_RARITY) return undefined;
  let best: readonly PrefilterLiteral[] | undefined;
  const consider = (conditions: readonly BytesCondition[], where: string, test: number): void => {
    for (const condition of conditions) {
      if (!isAsked(condition)) continue;
      for (const literals of condition.pattern.literals?.(SHORTEST_LITERAL) ?? []) {
        const found = literals.map(({ bytes, nocase }): PrefilterLiteral => ({ where, test, bytes, nocase, shape: 'anywhere', offset: 0, within: 0 }));
        const score = scoreOfAny(found) * weightIn(rule, test);
        if (score <= bestScore) continue;
        bestScore = score;
        best = found;
      }
    }
  };
  if (!ofTransaction) consider(rule.payload, PAYLOAD, -1);
  else
    rule.bufferTests.forEach((test, at) => {
      if (test.absent === 'no') consider(test.conditions, test.key, at);
    });
  return best;
}

/** Of a rule on transactions that has no literal: how long one of its buffers is. Undefined: nothing is said of that. */
export function chooseLength(bufferTests: readonly BufferTest<TransactionBuffer>[]): PrefilterLiteral | undefined {
  for (const [test, { key, buffer, transforms, absent, conditions }] of bufferTests.entries()) {
    if (absent !== 'no' || transforms.length > 0 || buffer.shape === 'body') continue;
    for (const condition of conditions) {
      if (condition.kind !== 'test' || condition.lengths === undefined) continue;
      const { least, most } = condition.lengths;
      return { where: key, test, bytes: new Uint8Array(0), nocase: false, shape: 'length', offset: least, within: Math.min(most, LONGEST_LENGTH) };
    }
  }
  return undefined;
}

const LONGEST_LENGTH = 0xffff_ffff;

/** As above, for payload conditions that are looked for on their own. */
export function choosePayloadPatternLiterals(
  payload: readonly BytesCondition[],
  chosen: PrefilterLiteral | undefined,
): readonly PrefilterLiteral[] | undefined {
  return choosePatternLiterals({ payload, bufferTests: [], packetBufferTests: [] }, chosen, false);
}

function isAsked(condition: BytesCondition): condition is PatternCondition {
  return condition.kind === 'pattern' && !condition.negated;
}

function weightIn(rule: Choosable, test: number): number {
  return test < 0 ? 1 : (WEIGHT_BY_SHAPE[rule.bufferTests[test].buffer.shape] ?? 1);
}

/** Bits of surprise of finding any of them. */
function scoreOfAny(literals: readonly PrefilterLiteral[]): number {
  let often = 0;
  for (const literal of literals) often += 2 ** -Math.min(scoreOf(literal), MOST_BITS);
  return -Math.log2(often);
}

/** Bits by which they must be rarer: there are several of them, and the bodies of which they are often part are long. */
const WORTH_MORE_LITERALS = 5;

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
  for (const { content, region } of placedContents(payload, true)) {
    const literal = inBytes(PAYLOAD, -1, content, region);
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
export function packetLiterals(chosen: readonly PrefilterLiteral[], head: PrefilterLiteral | undefined, isDatagram: boolean): readonly PrefilterLiteral[] {
  if (head === undefined) return chosen;
  const [first, whole] = [scoreOf(head), scoreOfAny(chosen)];
  if (isDatagram) return first >= Math.min(whole, ENOUGH_RARITY) ? [head] : chosen;
  return first < COMMON_HEAD && whole >= first + MUCH_RARER ? chosen : [head];
}

/** The literal ends within so many bytes from the beginning; 0: no such bound. */
export function reachOf(literal: PrefilterLiteral): number {
  return literal.shape === 'placed' ? literal.offset + literal.bytes.length : literal.within;
}

/** Bits of surprise, more or less; a literal as a whole value is worth most. */
function scoreOf(literal: PrefilterLiteral): number {
  if (literal.test >= 0 && EVERYDAY.has(latin1(literal.bytes))) return EVERYDAY_BITS;
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
    case 'length':
      return 0;
  }
}

const WEIGHT_BY_SHAPE: Record<string, number> = { name: 1.3, text: 1, body: 0.7 };

function usable(condition: BytesCondition): condition is ContentCondition {
  return condition.kind === 'content' && !condition.negated && condition.bytes.length > 0;
}

/** Where a content must lie: not before `from`, and its end not behind `to`. */
interface Region {
  readonly from: number;
  readonly to: number;
}

const ANYWHERE: Region = { from: 0, to: Number.POSITIVE_INFINITY };

/**
 * Contents that may be looked for, each with where it must lie. A content that is relative to nothing counts from the beginning of its
 * buffer; in a stream (`isStream`) that is where the chunk begins, which says nothing.
 */
function placedContents(conditions: readonly BytesCondition[], isStream: boolean): { readonly content: ContentCondition; readonly region: Region }[] {
  const found: { readonly content: ContentCondition; readonly region: Region }[] = [];
  let cursor = isStream ? ANYWHERE : { from: 0, to: 0 };
  for (const condition of conditions) {
    if (condition.kind === 'content') {
      if (condition.negated) continue;
      const region = regionOf(condition, cursor);
      if (usable(condition)) found.push({ content: condition, region });
      cursor = { from: region.from + condition.bytes.length, to: region.to };
    } else if (condition.kind === 'test' ? condition.keepsCursor !== true : condition.kind === 'pattern' && !condition.negated) cursor = ANYWHERE;
  }
  return found;
}

function regionOf({ bytes, offset = 0, depth, distance, within, startsWith }: ContentCondition, cursor: Region): Region {
  if (distance !== undefined || within !== undefined) {
    const gap = distance ?? 0;
    if (typeof gap !== 'number' || typeof within === 'object' || typeof offset !== 'number') return ANYWHERE;
    return { from: Math.max(0, cursor.from + gap, offset), to: within === undefined ? ANYWHERE.to : cursor.to + gap + within };
  }
  if (typeof offset !== 'number' || offset < 0 || typeof depth === 'object') return ANYWHERE;
  return { from: offset, to: depth !== undefined ? offset + depth : startsWith ? offset + bytes.length : ANYWHERE.to };
}

function literalOf(content: ContentCondition, region: Region, test: BufferTest<{ shape: string }>, at: number): PrefilterLiteral | undefined {
  const plain = test.transforms.length === 0;
  const dotted = test.transforms.length === 1 && test.transforms[0].definition.name === 'dotprefix';
  const exact = test.conditions.some((other) => other.kind === 'test' && other.exactLength === content.bytes.length);
  const whole = plain && test.buffer.shape !== 'body' && (exact || (content.startsWith && content.endsWith));
  const found = { where: test.key, test: at, bytes: content.bytes, nocase: content.nocase, within: 0, offset: 0 };
  if (whole) return { ...found, shape: 'whole' };
  if (dotted && content.endsWith && content.bytes[0] === 0x2e && content.bytes.length > 1 && test.buffer.shape === 'name') {
    return { ...found, bytes: content.bytes.subarray(1), shape: 'suffix' };
  }
  return inBytes(test.key, at, content, region);
}

/** A literal to be searched for. Undefined: it is too short for any search. */
function inBytes(where: string, test: number, content: ContentCondition, { from, to }: Region): PrefilterLiteral | undefined {
  let { bytes } = content;
  const found = { where, test, bytes, nocase: content.nocase, within: 0, offset: 0 };
  if (bytes.length < SHORTEST_LITERAL) {
    if (to - from === bytes.length && from <= FURTHEST_PLACE) return { ...found, shape: 'placed', offset: from };
    return bytes.length >= SHORTEST_ANYWHERE ? { ...found, shape: 'short' } : undefined;
  }
  const slice = content.fastPatternSlice;
  if (slice !== undefined && slice.length >= SHORTEST_LITERAL) bytes = bytes.subarray(slice.offset, slice.offset + slice.length);
  return { ...found, bytes, shape: 'anywhere', within: to === ANYWHERE.to || to <= 0 ? 0 : to };
}
