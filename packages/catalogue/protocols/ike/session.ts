/** Messages of IKE in the order of a conversation: each is a transaction that also knows what was offered and chosen before it. */
import { hex } from '@sigwright/bytes';
import { type Direction, TO_CLIENT, TO_SERVER } from '@sigwright/contracts';
import { FramedSession, Message, wholeDatagram } from '../../formats/messages/framed-session.ts';
import { AUTHENTICATED, ENCRYPTION, GROUP, INTEGRITY, METHODS_V2, PSEUDO_RANDOM, WEAK_V2 } from './tables.ts';
import { type IkeMessage, readIke, type Transform } from './wire.ts';

/** Vendor identifiers kept of one conversation. */
const MOST_VENDORS = 64;
/** The first exchange of IKE 2 protects what comes after it and needs a group (RFC 7296 §1.2). */
const FIRST_EXCHANGE = 34;

interface Side {
  readonly keyExchange: Uint8Array | undefined;
  readonly nonce: Uint8Array | undefined;
  /** transforms offered, IKE 1 */
  readonly proposals: readonly Transform[];
}

export interface IkeContent {
  readonly message: IkeMessage;
  /** as far as the conversation has come */
  readonly sides: readonly [client: Side, server: Side];
  readonly vendors: readonly string[];
  /** what the responder chose: attributes of IKE 1, also where IKE 2 has them */
  readonly chosen: Transform | undefined;
  /** the same by kind of transform, IKE 2 */
  readonly methods: Transform | undefined;
}

const NOTHING: Side = { keyExchange: undefined, nonce: undefined, proposals: [] };

export class IkeSession extends FramedSession<Message<IkeContent>> {
  #sides: readonly [Side, Side] = [NOTHING, NOTHING];
  #vendors: readonly string[] = [];
  #chosen: Transform | undefined = undefined;
  #methods: Transform | undefined = undefined;

  protected frame(bytes: Uint8Array, at: number, end: number): number {
    return wholeDatagram(bytes, at, end);
  }

  protected message(direction: Direction, bytes: Uint8Array, start: number, end: number, time: number): boolean {
    const message = readIke(bytes, start, end);
    if (message === undefined) return false;
    this.#learn(message, direction);
    const content = { message, sides: this.#sides, vendors: this.#vendors, chosen: this.#chosen, methods: this.#methods };
    const transaction = this.open(new Message(this.count, time, direction, content));
    if (message.proposals.length > 1 && direction === TO_CLIENT) transaction.raise('multiple_server_proposal');
    for (const fault of message.faults) transaction.raise(fault);
    if (message.major === 2) for (const anomaly of weaknesses(message)) transaction.raiseAgain(anomaly);
    return true;
  }

  #learn(message: IkeMessage, direction: Direction): void {
    const known = this.#sides[direction];
    const transforms = message.major === 1 ? message.proposals.flat() : [];
    if (message.keyExchange !== undefined || message.nonce !== undefined || transforms.length > 0) {
      const side: Side = {
        keyExchange: message.keyExchange ?? known.keyExchange,
        nonce: message.nonce ?? known.nonce,
        proposals: transforms.length > 0 ? transforms : known.proposals,
      };
      this.#sides = direction === TO_SERVER ? [side, this.#sides[TO_CLIENT]] : [this.#sides[TO_SERVER], side];
    }
    if (direction === TO_CLIENT && transforms.length > 0) this.#chosen = transforms[0];
    if (direction === TO_CLIENT && message.major === 2 && message.proposals.length > 0) {
      const methods = new Map(message.proposals[0].flatMap((transform) => [...transform]));
      this.#methods = methods;
      this.#chosen = new Map(
        METHODS_V2.flatMap(({ kind, attribute }) => {
          const method = methods.get(kind);
          return attribute === undefined || method === undefined ? [] : [[attribute, method] as const];
        }),
      );
    }
    const fresh = message.vendors.map((vendor) => hex(vendor)).filter((vendor) => !this.#vendors.includes(vendor));
    if (fresh.length > 0) this.#vendors = [...this.#vendors, ...fresh].slice(0, MOST_VENDORS);
  }
}

const WEAK_NAMES: ReadonlyMap<number, string> = new Map([
  [ENCRYPTION, 'weak_crypto_enc'],
  [PSEUDO_RANDOM, 'weak_crypto_prf'],
  [INTEGRITY, 'weak_crypto_auth'],
  [GROUP, 'weak_crypto_dh'],
]);

/** RFC 2410: the method that does nothing */
const NULL_ENCRYPTION = 11;

function weaknesses(message: IkeMessage): string[] {
  const found: string[] = [];
  for (const proposal of message.proposals) {
    const methods = proposal.flatMap((transform) => [...transform]);
    const has = (kind: number): boolean => methods.some(([type, method]) => type === kind && method !== 0);
    for (const [type, method] of methods) {
      const name = WEAK_NAMES.get(type);
      if (name !== undefined && WEAK_V2.get(type)?.has(method) === true) found.push(name);
      if (type === ENCRYPTION && method === NULL_ENCRYPTION) found.push('no_encryption');
    }
    const authenticated = methods.some(([type, method]) => type === ENCRYPTION && AUTHENTICATED.has(method));
    if (!has(INTEGRITY) && !authenticated) found.push('weak_crypto_no_auth');
    if (!has(GROUP) && message.exchange === FIRST_EXCHANGE) found.push('weak_crypto_no_dh');
  }
  return found;
}
