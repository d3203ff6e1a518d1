/** EtherNet/IP over TCP and UDP: a transaction for each request and the response that says its session and context again. */
import { type Direction, type Frame, type FrameSink, TO_CLIENT, TO_SERVER, Transaction } from '@sigwright/contracts';
import { close, FramedSession, LENGTH_UNKNOWN, MESSAGE_COMPLETE, NO_MESSAGE } from '../../formats/messages/framed-session.ts';
import { COMMANDS, type EnipPacket, HEADER, packetLength, readPacket } from './encapsulation.ts';

const KNOWN: ReadonlySet<number> = new Set(Object.values(COMMANDS));
const WITHOUT_ANSWER: ReadonlySet<number> = new Set([COMMANDS['nop'], COMMANDS['unregister_session']]);

export class EnipTransaction extends Transaction {
  readonly request: EnipPacket | undefined;
  response: EnipPacket | undefined = undefined;

  constructor(id: number, time: number, request: EnipPacket | undefined) {
    super(id, time);
    this.request = request;
    this.changed[TO_CLIENT] = false;
    this.advance(TO_SERVER, MESSAGE_COMPLETE);
  }

  of(direction: Direction): EnipPacket | undefined {
    return direction === TO_SERVER ? this.request : this.response;
  }
}

export class EnipSession extends FramedSession<EnipTransaction> {
  override consume(direction: Direction, bytes: Uint8Array, start: number, end: number, atEnd: boolean, time: number): number {
    const consumed = super.consume(direction, bytes, start, end, atEnd, time);
    if (consumed < 0) this.anomalies.splice(0, this.anomalies.length, 'invalid_pdu');
    return consumed;
  }

  protected frame(bytes: Uint8Array, at: number, end: number): number {
    if (end - at < HEADER) return LENGTH_UNKNOWN;
    return KNOWN.has(bytes[at] | (bytes[at + 1] << 8)) ? packetLength(bytes, at) : NO_MESSAGE;
  }

  protected override tellFrames(frames: FrameSink, direction: Direction, _bytes: Uint8Array, at: number, _end: number, length: number): readonly Frame[] {
    const head = Math.min(HEADER, length);
    return [
      frames.begin(direction, 'hdr', at, head),
      ...(length > head ? [frames.begin(direction, 'data', at + head, length - head)] : []),
      frames.begin(direction, 'pdu', at, length),
    ];
  }

  protected message(direction: Direction, bytes: Uint8Array, start: number, end: number, time: number): boolean {
    const packet = readPacket(bytes, start, end, direction === TO_SERVER);
    const transaction = direction === TO_SERVER ? this.#begin(packet, time) : this.#answer(packet, time);
    if (packet.damaged) transaction.raise('invalid_pdu');
    if (direction === TO_SERVER && WITHOUT_ANSWER.has(packet.command)) close(transaction);
    return true;
  }

  #begin(request: EnipPacket | undefined, time: number): EnipTransaction {
    const transaction = this.open(new EnipTransaction(this.count, time, request));
    if (this.transactions.length > this.mostOpen) transaction.raise('too_many_transactions');
    return transaction;
  }

  #answer(packet: EnipPacket, time: number): EnipTransaction {
    const asked = this.transactions.find((one) => one.progress[TO_CLIENT] < MESSAGE_COMPLETE && one.request !== undefined && answers(packet, one.request));
    const transaction = asked ?? this.#begin(undefined, time);
    transaction.response = packet;
    transaction.advance(TO_CLIENT, MESSAGE_COMPLETE);
    return transaction;
  }
}

/** A session's number is known from its first answer on. */
function answers(response: EnipPacket, request: EnipPacket): boolean {
  return (
    response.command === request.command &&
    response.context === request.context &&
    (request.session === response.session || request.command === COMMANDS['register_session'])
  );
}
