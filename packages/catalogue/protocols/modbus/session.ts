/** Modbus messages → transactions: a request and the response that carries its number. */
import { uint16 } from '@sigwright/bytes';
import { type Direction, TO_CLIENT, TO_SERVER, Transaction } from '@sigwright/contracts';
import { close, FramedSession, LENGTH_UNKNOWN, MESSAGE_COMPLETE, NO_MESSAGE } from '../../formats/messages/framed-session.ts';
import { COILS, DISCRETES, EXCEPTION, HEADER, isNamedFunction, LEAST_LENGTH, type ModbusMessage, readMessage } from './wire.ts';

const LENGTH_AT = 4;
const BEFORE_LENGTH = 6;
const FUNCTION_AT = 7;
/** Addresses of devices on a serial line end here; TCP has one that stands for the device itself (V1.0b §4.4.2.1). */
const LAST_UNIT = 247;
const ANY_UNIT = 255;
/** Requests that may wait for an answer (Suricata's request-flood). */
const MOST_UNANSWERED = 500;

export class ModbusTransaction extends Transaction {
  readonly request: ModbusMessage | undefined;
  response: ModbusMessage | undefined = undefined;

  constructor(id: number, time: number, request: ModbusMessage | undefined) {
    super(id, time);
    this.request = request;
    this.changed[TO_CLIENT] = false;
    this.advance(TO_SERVER, MESSAGE_COMPLETE);
  }

  /** What is wrong with a message for itself. */
  judge(message: ModbusMessage): void {
    if (message.protocolId !== 0) this.raise('invalid_protocol_id');
    if (!isNamedFunction(message.functionCode & ~EXCEPTION) && message.category === 'NONE') this.raise('invalid_function_code');
    if (message.unit > LAST_UNIT && message.unit < ANY_UNIT) this.raise('invalid_unit_identifier');
    if (message.badLength) this.raise('invalid_length');
    if (message.badValue) this.raise('invalid_value');
    if (message.badException) this.raise('invalid_exception_code');
  }
}

export class ModbusSession extends FramedSession<ModbusTransaction> {
  /** requests without a response, oldest first */
  readonly #waiting: ModbusTransaction[] = [];

  override consume(direction: Direction, bytes: Uint8Array, start: number, end: number, atEnd: boolean, time: number): number {
    const consumed = super.consume(direction, bytes, start, end, atEnd, time);
    // A length that can not be right is the one thing that ends the reading.
    if (consumed < 0) this.anomalies.splice(0, this.anomalies.length, 'invalid_length');
    return consumed;
  }

  protected frame(bytes: Uint8Array, at: number, end: number): number {
    if (end - at < BEFORE_LENGTH) return LENGTH_UNKNOWN;
    const length = uint16(bytes, at + LENGTH_AT);
    return length < LEAST_LENGTH ? NO_MESSAGE : BEFORE_LENGTH + length;
  }

  protected message(direction: Direction, bytes: Uint8Array, start: number, end: number, time: number): boolean {
    if (end - start < HEADER) return false;
    if (direction === TO_CLIENT) this.#response(readMessage(bytes, start, end, false), time);
    // Only answers say that they are exceptions: this asks for nothing.
    else if (bytes[start + FUNCTION_AT] >= EXCEPTION) this.anomalies.push('invalid_function_code');
    else this.#request(readMessage(bytes, start, end, true), time);
    return true;
  }

  #request(message: ModbusMessage, time: number): void {
    const transaction = this.#begin(message, time);
    transaction.judge(message);
    this.#waiting.push(transaction);
    if (this.#waiting.length <= MOST_UNANSWERED) return;
    transaction.raise('flooded');
    const oldest = this.#waiting.shift();
    if (oldest !== undefined) close(oldest);
  }

  /** All that wait may stay: they are counted by themselves. */
  #begin(message: ModbusMessage | undefined, time: number): ModbusTransaction {
    const transaction = new ModbusTransaction(this.count, time, message);
    this.count++;
    this.transactions.push(transaction);
    return transaction;
  }

  #response(message: ModbusMessage, time: number): void {
    const at = this.#waiting.findIndex(({ request }) => request !== undefined && answers(message, request));
    let transaction: ModbusTransaction | undefined;
    if (at >= 0) [transaction] = this.#waiting.splice(at, 1);
    if (transaction === undefined) {
      transaction = this.#begin(undefined, time);
      transaction.raise('unsolicited_response');
    } else if (transaction.request !== undefined && !fits(message, transaction.request)) transaction.raise('value_mismatch');
    transaction.response = message;
    transaction.judge(message);
    transaction.advance(TO_CLIENT, MESSAGE_COMPLETE);
  }
}

function answers(response: ModbusMessage, request: ModbusMessage): boolean {
  return (
    response.transactionId === request.transactionId &&
    response.unit === request.unit &&
    (response.functionCode & ~EXCEPTION) === (request.functionCode & ~EXCEPTION)
  );
}

/** Does the answer hold what was asked for, or say again what was written? */
function fits(response: ModbusMessage, request: ModbusMessage): boolean {
  if (response.exception !== undefined) return true;
  const { read, write, diagnostic, encapsulated } = request;
  if (read !== undefined && response.readData !== undefined) {
    const wanted = (request.access & (COILS | DISCRETES)) !== 0 ? Math.ceil(read.quantity / 8) : 2 * read.quantity;
    return response.readData.length === wanted;
  }
  if (diagnostic !== undefined) return response.diagnostic?.code === diagnostic.code;
  if (encapsulated !== undefined) return response.encapsulated?.type === encapsulated.type;
  const again = response.write;
  if (write === undefined || again === undefined) return true;
  if (write.address !== again.address) return false;
  if (write.kind === 'mask') return again.kind === 'mask' && write.and === again.and && write.or === again.or;
  return again.kind === 'single' && again.data === (write.kind === 'single' ? write.data : write.quantity);
}
