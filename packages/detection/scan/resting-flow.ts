/**
 * A flow at rest, as far as detection knows it: one number, from which everything that has to be known is found again when its next
 * packet comes. What can be worked out anew (which rules fit) is.
 */
import { BOTH_DIRECTIONS, type Catalogue, type EngineSettings, type Flow, type ProtocolDefinition, TO_CLIENT, TO_SERVER } from '@sigwright/contracts';
import type { AskedRules } from './asked-rules.ts';
import type { FlowDetection } from './flow-detection.ts';
import type { PayloadFound } from './payload-parts.ts';
import type { Succession } from './succession.ts';

/** Application protocols by number; the first two mean none and one that could not be told. */
const NONE = 0;
const FAILED = 1;
const FIRST_PROTOCOL = 2;
const PROTOCOL_BITS = 7;
/** Pairs of bits, one a direction. */
const TOLD = 7;
const JUDGED = 9;
const FAILED_SIDES = 11;
const ADDRESSES_DONE = 13;
const PROTOCOL_RULES_DONE = 15;
const SETTLED = 17;
const HAS_SESSION = 1 << 19;
const COUNT = 20;
const MOST_COUNTED = 7;
/** What was found in payloads, by number; 0: nothing. */
const FOUND = 23;
const MOST_FOUND = 255;

interface NumberedProtocols {
  readonly protocols: readonly ProtocolDefinition[];
  readonly numbers: ReadonlyMap<string, number>;
}

/** What flows at rest have in common. */
interface Found {
  toServer: PayloadFound | undefined;
  toClient: PayloadFound | undefined;
  /** rules took over while they were at rest: those that they had been asked about */
  asked: AskedRules | undefined;
  /** how many of them are at rest */
  count: number;
}

/** Of each catalogue, made once for all engines. */
const NUMBERED = new WeakMap<Catalogue, NumberedProtocols>();

function numbered(catalogue: Catalogue): NumberedProtocols {
  let known = NUMBERED.get(catalogue);
  if (known === undefined) {
    const protocols = [...new Set(catalogue.protocols.values())].slice(0, (1 << PROTOCOL_BITS) - FIRST_PROTOCOL);
    known = { protocols, numbers: new Map(protocols.map(({ name }, at) => [name, at + FIRST_PROTOCOL])) };
    NUMBERED.set(catalogue, known);
  }
  return known;
}

export class RestingFlows {
  readonly #settings: EngineSettings;
  readonly #protocols: readonly ProtocolDefinition[];
  readonly #numbers: ReadonlyMap<string, number>;
  /** what was found in both directions; at rest it is its place here */
  readonly #found: Found[] = [{ toServer: undefined, toClient: undefined, asked: undefined, count: 0 }];

  constructor(catalogue: Catalogue, settings: EngineSettings) {
    this.#settings = settings;
    const { protocols, numbers } = numbered(catalogue);
    this.#protocols = protocols;
    this.#numbers = numbers;
  }

  /** -1: something is known of the flow that no number says. */
  rest(flow: Flow, detection: FlowDetection): number {
    const { recognising } = detection;
    const { session, applicationProtocol: protocol } = flow;
    if (flow.quietToServer !== undefined || flow.quietToClient !== undefined || detection.flush !== 0 || detection.askedBefore !== undefined) return -1;
    if (recognising.broken || recognising.frames !== undefined || recognising.left?.some((one) => one !== undefined) === true) return -1;
    const number = protocol === undefined ? NONE : protocol === 'failed' ? FAILED : this.#numbers.get(protocol);
    if (number === undefined) return -1;
    if ((flow.protocolToServer ?? protocol) !== protocol || (flow.protocolToClient ?? protocol) !== protocol) return -1;
    let kept =
      number |
      (flow.protocolToServer === undefined ? 0 : 1 << TOLD) |
      (flow.protocolToClient === undefined ? 0 : 2 << TOLD) |
      (recognising.judged << JUDGED) |
      (recognising.failed << FAILED_SIDES) |
      (detection.addressesDone << ADDRESSES_DONE) |
      (detection.protocolRulesDone << PROTOCOL_RULES_DONE) |
      (detection.rulesSettled << SETTLED);
    if (session !== undefined) {
      if (session.isAtRest !== true || session.count > MOST_COUNTED || this.#protocols[number - FIRST_PROTOCOL]?.resume === undefined) return -1;
      kept |= HAS_SESSION | (session.count << COUNT);
    }
    const found = this.#foundNumber(detection.known(TO_SERVER)?.payloadFound, detection.known(TO_CLIENT)?.payloadFound);
    if (found < 0) return -1;
    this.#found[found].count++;
    return kept | (found << FOUND);
  }

  /** -1: there is no number for it. Most flows found the same as those before, and it is among the first. */
  #foundNumber(toServer: PayloadFound | undefined, toClient: PayloadFound | undefined): number {
    const all = this.#found;
    let free = -1;
    for (let number = 0; number < all.length; number++) {
      const one = all[number];
      if (one.asked === undefined && one.toServer === toServer && one.toClient === toClient) return number;
      if (one.asked !== undefined && one.count === 0) free = number;
    }
    if (toServer?.isShared === false || toClient?.isShared === false) return -1;
    const made: Found = { toServer, toClient, asked: undefined, count: 0 };
    if (free < 0) return all.length > MOST_FOUND ? -1 : all.push(made) - 1;
    all[free] = made;
    return free;
  }

  /** Other rules took over. `asked`: those before; `nothing`: where flows begin under the new ones. */
  takeOver(succession: Succession, asked: AskedRules, nothing: PayloadFound): void {
    for (const one of this.#found) {
      one.asked ??= asked;
      one.toServer = one.toServer?.under(succession, nothing);
      one.toClient = one.toClient?.under(succession, nothing);
    }
  }

  /** It is at rest no longer: gives what the record of the flow shows, what is spoken on it. */
  restore(flow: Flow, kept: number): void {
    this.#found[kept >>> FOUND].count--;
    const number = kept & ((1 << PROTOCOL_BITS) - 1);
    const definition = this.#protocols[number - FIRST_PROTOCOL];
    flow.applicationProtocol = number === FAILED ? 'failed' : definition?.name;
    if ((kept & (1 << TOLD)) !== 0) flow.protocolToServer = flow.applicationProtocol;
    if ((kept & (2 << TOLD)) !== 0) flow.protocolToClient = flow.applicationProtocol;
    if ((kept & HAS_SESSION) !== 0) flow.session = definition?.resume?.(flow, this.#settings, (kept >>> COUNT) & MOST_COUNTED);
  }

  /** Everything. */
  wake(flow: Flow, kept: number, detection: FlowDetection): void {
    this.restore(flow, kept);
    detection.recognising.judged = (kept >>> JUDGED) & BOTH_DIRECTIONS;
    detection.recognising.failed = failedSides(kept);
    detection.addressesDone = (kept >>> ADDRESSES_DONE) & BOTH_DIRECTIONS;
    detection.protocolRulesDone = (kept >>> PROTOCOL_RULES_DONE) & BOTH_DIRECTIONS;
    detection.rulesSettled = (kept >>> SETTLED) & BOTH_DIRECTIONS;
    const { toServer, toClient, asked } = this.#found[kept >>> FOUND];
    if (asked !== undefined) detection.askAgain(asked);
    if (toServer !== undefined) detection.of(TO_SERVER).payloadFound = toServer;
    if (toClient !== undefined) detection.of(TO_CLIENT).payloadFound = toClient;
    flow.detection = detection;
  }
}

/** Sides of which the protocol could not be told, as bits. */
export function failedSides(kept: number): number {
  return (kept >>> FAILED_SIDES) & BOTH_DIRECTIONS;
}
