/**
 * What a rule costs: the literal its prefilter looks for and how rare that is, how often it becomes a candidate and is checked per
 * MB of a capture, how its patterns may grow, a grade, and what would make it cheaper.
 *
 * Rarity is in bits of surprise (compile/rarity.ts): a literal of 20 bits is expected once in a million places of ordinary text.
 */
import { encodeContent } from '@sigwright/bytes';
import type { BytePattern, BytesCondition, PatternCondition } from '@sigwright/contracts';
import type { CompiledRule, PrefilterLiteral } from '../compile/compiled-rule.ts';
import type { PlanUse } from '../compile/plan.ts';
import { entryOf } from '../compile/plan-entry.ts';
import { packetLiterals, SHORTEST_LITERAL } from '../compile/prefilter-choice.ts';
import { rarity } from '../compile/rarity.ts';

export type CostGrade = 'A' | 'B' | 'C' | 'D' | 'E';

export type PatternGrowth = NonNullable<BytePattern['growth']>;

export interface RuleCost {
  readonly sid: number;
  readonly message: string;
  readonly grade: CostGrade;
  readonly prefilter:
    | {
        /** buffer and transforms, or `payload` */
        readonly where: string;
        /** as a content is written */
        readonly literal: string;
        readonly shape: PrefilterLiteral['shape'];
        /** bits of surprise */
        readonly rarity: number;
      }
    | undefined;
  /** where another literal is looked for in single packets, beside the stream: that one */
  readonly inPackets: { readonly literal: string; readonly shape: PrefilterLiteral['shape']; readonly rarity: number } | undefined;
  /** the worst of its patterns; undefined where it has none */
  readonly patternGrowth: PatternGrowth | undefined;
  readonly patterns: number;
  /** measured on a capture, per MB of it; undefined where there was none */
  readonly perMegabyte: { readonly candidates: number; readonly checks: number } | undefined;
  /** what would make it cheaper */
  readonly advice: readonly string[];
}

export interface Measured {
  readonly candidates: number;
  /** candidates whose header, flow and protocol fit, so that their conditions were looked at */
  readonly checks: number;
  readonly bytes: number;
}

const MEGABYTE = 1_000_000;
const GRADES: readonly CostGrade[] = ['A', 'B', 'C', 'D', 'E'];
/** Checks per MB up to which a rule has its grade. */
const CHECK_STEPS = [1, 10, 100, 1000];
/** Bits of surprise from which on it has, where nothing was measured. */
const RARITY_STEPS = [40, 32, 25, 18];
const RARE_ENOUGH = RARITY_STEPS[2];
/** Bits by which another content must be rarer than the marked one to be worth a word. */
const MUCH_RARER = 8;

/** The regular expressions of a rule. */
export function patternsOf(rule: CompiledRule): BytePattern[] {
  return allConditions(rule)
    .filter((one): one is PatternCondition => one.kind === 'pattern')
    .map(({ pattern }) => pattern);
}

/** `growthOf`: what is known of a pattern better than by our own reading. */
export function costOf(rule: CompiledRule, measured?: Measured, growthOf?: (pattern: BytePattern) => PatternGrowth | undefined): RuleCost {
  const conditions = allConditions(rule);
  const patterns = patternsOf(rule);
  const growths = patterns.map((pattern) => growthOf?.(pattern) ?? pattern.growth ?? 'linear');
  const patternGrowth = (['exponential', 'polynomial', 'linear'] as const).find((growth) => growths.includes(growth));
  const literal = rule.prefilter;
  const other = literalInPackets(rule);
  const bits = literal === undefined ? 0 : rarityOf(literal.bytes, literal.shape);
  const perMegabyte =
    measured === undefined || measured.bytes === 0
      ? undefined
      : { candidates: (measured.candidates * MEGABYTE) / measured.bytes, checks: (measured.checks * MEGABYTE) / measured.bytes };
  let grade = perMegabyte === undefined ? staticGrade(rule, bits) : CHECK_STEPS.filter((step) => perMegabyte.checks > step).length;
  // A pattern that can run away is dear on the day somebody feeds it. Most that our own, cautious reading can not clear do not.
  const isSure = patterns.some((pattern) => growthOf?.(pattern) === 'exponential');
  if (patternGrowth === 'exponential') grade = Math.max(grade, isSure ? 3 : 2);
  else if (patternGrowth === 'polynomial') grade = Math.max(grade, 1);
  return {
    sid: rule.sid,
    message: rule.message,
    grade: GRADES[grade],
    prefilter: literal === undefined ? undefined : { where: literal.where, literal: encodeContent(literal.bytes), shape: literal.shape, rarity: rounded(bits) },
    inPackets: other === undefined ? undefined : { literal: encodeContent(other.bytes), shape: other.shape, rarity: rounded(rarity(other.bytes)) },
    patternGrowth,
    patterns: patterns.length,
    perMegabyte,
    advice: [
      ...(other !== undefined && (perMegabyte?.checks ?? 0) > CHECK_STEPS[1]
        ? [
            `in single packets (datagrams, and segments where \`depth\` or \`offset\` stands) "${encodeContent(other.bytes)}" leads to it: put a rarer content near the beginning`,
          ]
        : []),
      ...adviceFor(rule, conditions, bits, patternGrowth, perMegabyte),
    ],
  };
}

function rounded(bits: number): number {
  return Math.round(bits * 10) / 10;
}

/** Undefined where the same is looked for as in the stream, or the rule looks at no single packets. */
function literalInPackets(rule: CompiledRule): PrefilterLiteral | undefined {
  const { found, head, places } = entryOf(rule, false);
  const chosen = rule.prefilter;
  if (found.by !== 'payload' || chosen === undefined || !found.literals.includes(chosen)) return undefined;
  const other = places.flatMap((place) => (place === 'stream' ? [] : packetLiterals(found.literals, head, place !== 'tcp'))).find((one) => one !== chosen);
  const isSame = other?.offset === chosen.offset && other.bytes.length === chosen.bytes.length && other.bytes.every((byte, at) => byte === chosen.bytes[at]);
  return isSame ? undefined : other;
}

function allConditions(rule: CompiledRule): BytesCondition[] {
  return [...rule.payload, ...rule.bufferTests.flatMap((test) => test.conditions), ...rule.packetBufferTests.flatMap((test) => test.conditions)];
}

/** A whole value is found by its hash: as good as rare. */
function rarityOf(bytes: Uint8Array, shape: PrefilterLiteral['shape']): number {
  return shape === 'whole' || shape === 'suffix' ? Math.max(rarity(bytes), RARITY_STEPS[0]) : rarity(bytes);
}

function staticGrade(rule: CompiledRule, bits: number): number {
  if (rule.prefilter === undefined) return rule.addressesOnly || rule.protocolOnly ? 1 : isNarrow(rule) ? 3 : 4;
  return RARITY_STEPS.filter((step) => bits < step).length;
}

/** Ports, packet fields or bits leave few packets to look at. */
function isNarrow(rule: CompiledRule): boolean {
  return rule.packetConditions.length > 0 || rule.header.destinationPorts !== undefined || rule.header.sourcePorts !== undefined || rule.checks.length > 0;
}

function adviceFor(
  rule: CompiledRule,
  conditions: readonly BytesCondition[],
  bits: number,
  growth: RuleCost['patternGrowth'],
  perMegabyte: RuleCost['perMegabyte'],
): string[] {
  const advice: string[] = [];
  // What real traffic hardly led to, or only from addresses that the header names, needs no better literal.
  const isSeldom = perMegabyte === undefined ? namesAddresses(rule) : perMegabyte.candidates <= CHECK_STEPS[1] && perMegabyte.checks <= CHECK_STEPS[0];
  const contents = conditions.filter((one) => one.kind === 'content' && !one.negated);
  const shape = rule.prefilter?.shape;
  if (isSeldom) return growth === 'exponential' ? [EXPONENTIAL] : [];
  if ((rule.prefilter === undefined && !rule.addressesOnly && !rule.protocolOnly) || shape === 'short') {
    if (contents.length === 0 && growth !== undefined) advice.push('write the literal part of the regular expression as `content` before it');
    else if (contents.length > 0) advice.push(`its contents have fewer than ${SHORTEST_LITERAL} bytes: join neighbours into one, or add a longer one`);
    else if (conditions.length > 0 || rule.packetConditions.length === 0) advice.push('nothing of it can be looked for ahead: add a content');
  } else if (rule.prefilter !== undefined && bits < RARE_ENOUGH) {
    const where = rule.prefilter.where === 'payload' ? 'the payload' : rule.prefilter.where.split('|')[0];
    advice.push(`its rarest literal, "${encodeContent(rule.prefilter.bytes)}" in ${where}, is common: make it longer or add a rarer one`);
  }
  const marked = contents.find((one) => one.kind === 'content' && one.fastPattern);
  if (marked?.kind === 'content' && rule.prefilter !== undefined && marked.bytes.length >= SHORTEST_LITERAL) {
    const slice = marked.fastPatternSlice;
    const looked = slice === undefined ? marked.bytes : marked.bytes.subarray(slice.offset, slice.offset + slice.length);
    const better = contents.find((one) => one.kind === 'content' && rarity(one.bytes) > rarity(looked) + MUCH_RARER);
    if (better?.kind === 'content')
      advice.push(`\`fast_pattern\` stands on "${encodeContent(marked.bytes)}"; "${encodeContent(better.bytes)}" is rarer (other engines obey the mark)`);
  }
  if (rule.payload.length > 0 && rule.protocols !== undefined && rule.bufferTests.length === 0 && rule.protocols[0] === 'http')
    advice.push('it searches the whole stream of HTTP: name the buffer that its contents stand in');
  if (rule.flow.direction === undefined && rule.payload.length > 0 && rule.inStream && rule.header.transports.tcp && !rule.header.transports.udp)
    advice.push('say the direction with `flow`: both are searched');
  if (growth === 'exponential') advice.push(EXPONENTIAL);
  return advice;
}

const EXPONENTIAL = 'a backtracking engine may need exponential time for its regular expression: keep repeats apart by bytes that only one of them matches';

/** Addresses themselves, not variables and not all but some. */
function namesAddresses({ header: { fields } }: CompiledRule): boolean {
  return [fields[1], fields[4]].some((text) => /^\[?[0-9a-f]+[.:]/i.test(text));
}

/** Counts, rule by rule, while an engine runs with `plan` instead of the plan it was made from. */
export class CostMeter {
  readonly candidates: Float64Array;
  readonly checks: Float64Array;
  readonly plan: PlanUse;

  constructor(plan: PlanUse) {
    const { candidates, checks } = { candidates: new Float64Array(plan.data.ruleCount), checks: new Float64Array(plan.data.ruleCount) };
    this.candidates = candidates;
    this.checks = checks;
    const counted: (CompiledRule | undefined)[] = new Array(plan.data.ruleCount).fill(undefined);
    this.plan = {
      data: plan.data,
      header: (number) => plan.header(number),
      rule(index) {
        candidates[index]++;
        // A condition that always holds, asked once header and flow do.
        counted[index] ??= {
          ...plan.rule(index),
          packetConditions: [
            {
              keyword: 'cost',
              describes: 'counts',
              cost: 0,
              test() {
                checks[index]++;
                return true;
              },
            },
            ...plan.rule(index).packetConditions,
          ],
        };
        return counted[index];
      },
    };
  }

  measured(index: number, bytes: number): Measured {
    return { candidates: this.candidates[index], checks: this.checks[index], bytes };
  }
}

/** Bits of a trillion: beyond it figures say nothing any more. */
const SELDOM = Math.log2(1e12);
let compact: Intl.NumberFormat | undefined;

/** Of a literal's rarity in bits: `expected about once in 1 million bytes of ordinary traffic`. */
export function rarityInWords(bits: number): string {
  // Made at the first use: it takes eight milliseconds, a tenth of a start.
  compact ??= new Intl.NumberFormat('en', { notation: 'compact', compactDisplay: 'long', maximumSignificantDigits: 2 });
  return bits > SELDOM
    ? 'expected less than once in a trillion bytes of ordinary traffic'
    : `expected about once in ${compact.format(2 ** bits)} bytes of ordinary traffic`;
}
