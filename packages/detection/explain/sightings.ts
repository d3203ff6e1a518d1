/**
 * Where else a condition would hold that fails in its own buffer: in other buffers of the transaction, in what the payload says of a
 * body that is decoded before it is looked at, and in what is spoken where the rule is for another protocol.
 */
import {
  type BufferWindow,
  type BytesCondition,
  type Catalogue,
  type ContentCondition,
  type Direction,
  emptyWindow,
  type Flow,
  type Packet,
  type PatternCondition,
  type Transaction,
} from '@sigwright/contracts';
import type { CompiledRule } from '../compile/compiled-rule.ts';
import { placeOf } from './words.ts';

/** Shorter contents stand in some buffer by chance. */
const LEAST_TELLING = 3;
/** Letters of a pattern that follow each other; with fewer it may match anything. */
const TELLING_PATTERN = /[\w-]{4,}/;
/** Instances of one buffer that are searched. */
const MOST_INSTANCES = 64;
/** Transactions and packets that are searched for contents that are missing elsewhere. */
const MOST_SEARCHES = 5000;

export interface FoundBuffer {
  readonly name: string;
  readonly direction: Direction;
}

export interface Sighting {
  /** `payload` for what was sent, else a buffer */
  readonly name: string;
  readonly packet: number;
}

type Searched = ContentCondition | PatternCondition;

/** What can be looked for elsewhere: not negated, and long enough to mean something. */
export function isTelling(condition: BytesCondition): condition is Searched {
  if (condition.kind === 'content') return !condition.negated && condition.bytes.length >= LEAST_TELLING;
  if (condition.kind !== 'pattern' || condition.negated || condition.relative) return false;
  // Escapes, classes and counts are no letters.
  return TELLING_PATTERN.test(condition.pattern.source.replace(/\\.|\[[^\]]*\]|\{[^}]*\}/g, ' '));
}

function isIn(condition: Searched, window: BufferWindow): boolean {
  if (condition.kind === 'content') return placeOf(condition, window, condition.nocase) !== -1;
  return condition.pattern.match(window.bytes, window.start, window.end, window.start) !== undefined;
}

/**
 * The buffer of the transaction in which a condition would hold: the raw form of `where` first, then those of the same direction, the
 * protocol's own before those of any, and the shortest.
 */
export function bufferWith(
  catalogue: Catalogue,
  condition: Searched,
  where: string,
  transaction: Transaction,
  direction: Direction,
  flow: Flow,
): FoundBuffer | undefined {
  const window = emptyWindow();
  let best: (FoundBuffer & { readonly distance: number; readonly size: number }) | undefined;
  for (const buffer of catalogue.buffers.values()) {
    if (buffer.of !== 'transaction') continue;
    if (buffer.protocol !== undefined && buffer.protocol !== flow.applicationProtocol) continue;
    for (const side of buffer.directions) {
      if (buffer.name === where && side === direction) continue;
      for (let index = 0; index < MOST_INSTANCES && buffer.read(transaction, side, index, window, flow); index++) {
        if (isIn(condition, window)) {
          const isRaw = side === direction && buffer.name.startsWith(`${where}.raw`);
          const distance = (side === direction ? 0 : 4) + (isRaw || buffer.name === where ? 0 : 2) + (buffer.protocol === undefined ? 1 : 0);
          const size = window.end - window.start;
          if (best === undefined || distance < best.distance || (distance === best.distance && size < best.size))
            best = { name: buffer.name, direction: side, distance, size };
        }
        if (!buffer.multiple) break;
      }
    }
  }
  return best;
}

/** Contents of one rule that were seen, flow by flow, where the rule does not look for them. */
export class Sightings {
  readonly #rule: CompiledRule;
  readonly #catalogue: Catalogue;
  readonly #seen = new Map<Flow, Map<BytesCondition, Sighting>>();
  readonly #ofBuffers: readonly ContentCondition[];
  readonly #ofPayload: readonly ContentCondition[];
  #searches = 0;

  constructor(rule: CompiledRule, catalogue: Catalogue) {
    const contents = (conditions: readonly BytesCondition[]): ContentCondition[] =>
      conditions.flatMap((one) => (one.kind === 'content' && isTelling(one) ? [one as ContentCondition] : []));
    this.#rule = rule;
    this.#catalogue = catalogue;
    this.#ofBuffers = rule.bufferTests.flatMap((test) => contents(test.conditions));
    this.#ofPayload = contents(rule.payload);
  }

  /** What buffers are asked for, as it was sent. */
  packet(packet: Packet, flow: Flow): void {
    if (this.#ofBuffers.length === 0 || packet.payloadEnd <= packet.payloadStart || packet.isPseudo) return;
    const window = { bytes: packet.data, start: packet.payloadStart, end: packet.payloadEnd, offset: 0, complete: true };
    this.#search(this.#ofBuffers, flow, (content) => (isIn(content, window) ? { name: 'payload', packet: packet.number } : undefined));
  }

  /** What the payload is asked for, as buffers have it. */
  transaction(transaction: Transaction, packet: Packet, direction: Direction, flow: Flow): void {
    this.#search(this.#ofPayload, flow, (content) => {
      const found = bufferWith(this.#catalogue, content, '', transaction, direction, flow);
      return found === undefined ? undefined : { name: found.name, packet: packet.number };
    });
  }

  #search(contents: readonly ContentCondition[], flow: Flow, look: (content: ContentCondition) => Sighting | undefined): void {
    if (contents.length === 0 || this.#searches >= MOST_SEARCHES) return;
    let seen = this.#seen.get(flow);
    if (seen?.size === contents.length) return;
    this.#searches++;
    for (const content of contents) {
      if (seen?.has(content)) continue;
      const found = look(content);
      if (found === undefined) continue;
      if (seen === undefined) {
        seen = new Map();
        this.#seen.set(flow, seen);
      }
      seen.set(content, found);
    }
  }

  of(condition: BytesCondition, flow: Flow): Sighting | undefined {
    return this.#seen.get(flow)?.get(condition);
  }

  /** In which buffers of a protocol that the rule is not for everything stands that the rule looks for in its own. */
  moves(transaction: Transaction, direction: Direction, flow: Flow): readonly { readonly from: string; readonly to: string }[] | undefined {
    if (++this.#searches > MOST_SEARCHES) return undefined;
    const moves: { from: string; to: string }[] = [];
    for (const { buffer, conditions } of this.#rule.bufferTests) {
      // What is there in the rule's own buffer needs no move.
      if (buffer.protocol === undefined || buffer.protocol === flow.applicationProtocol) return undefined;
      const wanted = conditions.filter(isTelling);
      if (wanted.length === 0) return undefined;
      const found = wanted.map((one) => bufferWith(this.#catalogue, one, '', transaction, direction, flow)?.name);
      if (found[0] === undefined || found.some((one) => one !== found[0])) return undefined;
      moves.push({ from: buffer.name, to: found[0] });
    }
    return moves.length === 0 ? undefined : moves;
  }
}
