/** What detection keeps about one flow, and how it is carried over to other rules, to another flow, and to changed places of client and server. */
import { type Direction, type Packet, swapped, TO_SERVER } from '@sigwright/contracts';
import type { PlanUse } from '../compile/plan.ts';
import { Recognising } from '../speak/speaker.ts';
import { AskedBefore, type AskedRules } from './asked-rules.ts';
import type { FittingHeaders, HeaderRows } from './fitting-headers.ts';
import type { FittingRules } from './fitting-rules.ts';
import type { PayloadFound } from './payload-parts.ts';
import type { PayloadSearch } from './payload-scanner.ts';
import type { Succession } from './succession.ts';

/** What detection keeps about one direction of a flow. */
class DirectionDetection {
  #headers: FittingHeaders | undefined = undefined;
  /** packet rules whose header fits; found with the first packet */
  packetRules: FittingRules | undefined = undefined;
  /** what is looked for in payloads */
  search: PayloadSearch | undefined = undefined;
  /** rules of transactions whose payload part was found */
  payloadFound: PayloadFound | undefined = undefined;

  /** Which headers fit its packets, of which this is one. */
  headers(rows: HeaderRows, packet: Packet): FittingHeaders {
    this.#headers ??= rows.fitting(packet);
    return this.#headers;
  }

  clear(): void {
    this.#headers = undefined;
    this.packetRules = undefined;
    this.search = undefined;
    this.payloadFound = undefined;
  }

  /** Other rules took over: which of them fit is found anew. */
  takeOver(succession: Succession, nothing: PayloadFound): void {
    const found = this.payloadFound?.under(succession, nothing);
    this.clear();
    this.payloadFound = found;
  }
}

/** What detection keeps about one flow. */
export class FlowDetection {
  readonly recognising = new Recognising();
  #toServer: DirectionDetection | undefined = undefined;
  #toClient: DirectionDetection | undefined = undefined;
  /** Directions as bits, as all that follow: rules on addresses alone, and on the protocol alone, were asked. */
  addressesDone = 0;
  protocolRulesDone = 0;
  /** no rule is left for PacketRules to bring in */
  rulesSettled = 0;
  /** a transaction came further: pending stream bytes are searched without waiting for a whole chunk */
  flush = 0;
  /** whose rules all of this is about; others may have taken over since */
  plan: PlanUse | undefined = undefined;
  /** what it was asked before others took over */
  askedBefore: AskedBefore | undefined = undefined;
  /** rules that took over have to be asked about transactions of which nothing new came */
  asksAgain = 0;

  /** Most flows of a scan have packets of one direction, and rules look at few of them. */
  of(direction: Direction): DirectionDetection {
    const known = this.known(direction);
    if (known !== undefined) return known;
    const made = new DirectionDetection();
    if (direction === TO_SERVER) this.#toServer = made;
    else this.#toClient = made;
    return made;
  }

  /** As `of`, where anything is known yet. */
  known(direction: Direction): DirectionDetection | undefined {
    return direction === TO_SERVER ? this.#toServer : this.#toClient;
  }

  /** As if it were new: the flow is at rest, and it serves another. */
  clear(): void {
    this.recognising.clear();
    this.#toServer?.clear();
    this.#toClient?.clear();
    this.addressesDone = 0;
    this.protocolRulesDone = 0;
    this.rulesSettled = 0;
    this.flush = 0;
    this.plan = undefined;
    this.askedBefore = undefined;
    this.asksAgain = 0;
  }

  /** Other rules took over; `asked`: those that are asked once a flow, as they were. */
  takeOver(succession: Succession, asked: AskedRules, nothing: PayloadFound): void {
    this.plan = succession.to;
    this.#toServer?.takeOver(succession, nothing);
    this.#toClient?.takeOver(succession, nothing);
    this.askAgain(asked);
  }

  /** Of the rules that are asked once, all but these. */
  askAgain(asked: AskedRules): void {
    if ((this.addressesDone | this.protocolRulesDone) !== 0) {
      this.askedBefore ??= new AskedBefore();
      this.askedBefore.add(asked, this.addressesDone, this.protocolRulesDone);
    }
    this.addressesDone = 0;
    this.protocolRulesDone = 0;
    this.rulesSettled = 0;
  }

  /** What is spoken next is another question. */
  askOfProtocol(): void {
    this.protocolRulesDone = 0;
    this.rulesSettled = 0;
    this.askedBefore?.protocol.fill(undefined);
  }

  /** Client and server changed places: which rules fit is found anew. */
  turn(): void {
    this.#toServer = undefined;
    this.#toClient = undefined;
    this.addressesDone = swapped(this.addressesDone);
    this.protocolRulesDone = swapped(this.protocolRulesDone);
    this.rulesSettled = 0;
    this.flush = swapped(this.flush);
    this.askedBefore?.turn();
    this.asksAgain = swapped(this.asksAgain);
  }
}
