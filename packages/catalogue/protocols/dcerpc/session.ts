/** DCE/RPC over TCP: units one after another; a transaction for each call. Lost bytes are passed over to the next unit. */
import { type Direction, type Frame, type FrameSink, TO_CLIENT, TO_SERVER, Transaction } from '@sigwright/contracts';
import { RpcAssociation, type RpcCall } from '../../formats/dcerpc/calls.ts';
import { AUTHENTICATION, HEADER_LENGTH, looksLikeUnit, unitLength } from '../../formats/dcerpc/pdu.ts';
import { FramedSession, LENGTH_UNKNOWN, MESSAGE_COMPLETE, NO_MESSAGE } from '../../formats/messages/framed-session.ts';

/** bytes from which the length of a unit is known */
const LENGTH_KNOWN = 10;

export class DcerpcTransaction extends Transaction {
  readonly call: RpcCall;
  /** of datagrams */
  activity: string | undefined = undefined;

  constructor(id: number, time: number, call: RpcCall) {
    super(id, time);
    this.call = call;
    call.transaction = this;
  }
}

/** A side that is done is complete; a request that was lost does not come any more. */
export function settle(transaction: Transaction & { readonly call: RpcCall }): void {
  const [request, response] = transaction.call.halves;
  if (request.done || (request.type < 0 && response.done)) advance(transaction, TO_SERVER);
  if (response.done) advance(transaction, TO_CLIENT);
}

function advance(transaction: Transaction, direction: Direction): void {
  if (transaction.progress[direction] < MESSAGE_COMPLETE) transaction.advance(direction, MESSAGE_COMPLETE);
}

export class DcerpcSession extends FramedSession<DcerpcTransaction> {
  protected override readonly crowded = 'too_many_transactions';
  readonly #association = new RpcAssociation(true);
  /** bytes were lost: the next unit must be looked for */
  readonly #lost: [boolean, boolean] = [false, false];

  override consume(direction: Direction, bytes: Uint8Array, start: number, end: number, atEnd: boolean, time: number): number {
    let at = start;
    if (this.#lost[direction]) {
      while (end - at >= LENGTH_KNOWN && !looksLikeUnit(bytes, at)) at++;
      if (end - at < LENGTH_KNOWN) return atEnd ? end : at;
      this.#lost[direction] = false;
    }
    return super.consume(direction, bytes, at, end, atEnd, time);
  }

  override skip(direction: Direction, length: number): boolean {
    if (!super.skip(direction, length)) this.#lost[direction] = true;
    return true;
  }

  protected frame(bytes: Uint8Array, at: number, end: number): number {
    if (end - at < LENGTH_KNOWN) return LENGTH_UNKNOWN;
    const length = unitLength(bytes, at);
    return looksLikeUnit(bytes, at) && length >= HEADER_LENGTH ? length : NO_MESSAGE;
  }

  protected override tellFrames(frames: FrameSink, direction: Direction, _bytes: Uint8Array, at: number, _end: number, length: number): readonly Frame[] {
    return [
      frames.begin(direction, 'pdu', at, length),
      frames.begin(direction, 'hdr', at, Math.min(length, HEADER_LENGTH)),
      ...(length > HEADER_LENGTH ? [frames.begin(direction, 'data', at + HEADER_LENGTH, length - HEADER_LENGTH)] : []),
    ];
  }

  protected message(direction: Direction, bytes: Uint8Array, start: number, end: number, time: number): boolean {
    const call = this.#association.unit(direction, bytes, start, end);
    // The end of a logon is answered by nothing.
    if (call === undefined || call.halves[TO_SERVER].type === AUTHENTICATION) return true;
    const transaction = (call.transaction as DcerpcTransaction | undefined) ?? this.open(new DcerpcTransaction(this.count, time, call));
    transaction.changed[direction] = true;
    settle(transaction);
    return true;
  }
}
