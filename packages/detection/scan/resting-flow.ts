/**
 * A flow at rest, as far as detection knows it: one number, from which everything that has to be known is found again when its next
 * packet comes. What can be worked out anew (which rules fit) is.
 */
import { BOTH_DIRECTIONS, type Catalogue, type EngineSettings, type Flow, type ProtocolDefinition, TO_CLIENT, TO_SERVER } from '@sigwright/contracts';
import type { FlowDetection } from './engine.ts';

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
const MOST_COUNTED = 1023;

interface NumberedProtocols {
  readonly protocols: readonly ProtocolDefinition[];
  readonly numbers: ReadonlyMap<string, number>;
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
    if (
      detection.idle ||
      detection.known(TO_SERVER)?.payloadFound !== undefined ||
      detection.known(TO_CLIENT)?.payloadFound !== undefined ||
      detection.flush !== 0
    )
      return -1;
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
    return kept;
  }

  /** What the record of the flow shows: what is spoken on it. */
  restore(flow: Flow, kept: number): void {
    const number = kept & ((1 << PROTOCOL_BITS) - 1);
    const definition = this.#protocols[number - FIRST_PROTOCOL];
    flow.applicationProtocol = number === FAILED ? 'failed' : definition?.name;
    if ((kept & (1 << TOLD)) !== 0) flow.protocolToServer = flow.applicationProtocol;
    if ((kept & (2 << TOLD)) !== 0) flow.protocolToClient = flow.applicationProtocol;
    if ((kept & HAS_SESSION) !== 0) flow.session = definition?.resume?.(flow, this.#settings, kept >>> COUNT);
  }

  /** Everything. */
  wake(flow: Flow, kept: number, detection: FlowDetection): void {
    this.restore(flow, kept);
    detection.recognising.judged = (kept >>> JUDGED) & BOTH_DIRECTIONS;
    detection.recognising.failed = failedSides(kept);
    detection.addressesDone = (kept >>> ADDRESSES_DONE) & BOTH_DIRECTIONS;
    detection.protocolRulesDone = (kept >>> PROTOCOL_RULES_DONE) & BOTH_DIRECTIONS;
    detection.rulesSettled = (kept >>> SETTLED) & BOTH_DIRECTIONS;
    flow.detection = detection;
  }
}

/** Sides of which the protocol could not be told, as bits. */
export function failedSides(kept: number): number {
  return (kept >>> FAILED_SIDES) & BOTH_DIRECTIONS;
}
