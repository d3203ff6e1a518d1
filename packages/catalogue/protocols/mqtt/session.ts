/** MQTT messages → transactions: a question and all that answers it (OASIS MQTT 5.0 §4.3), matched by packet identifier. */
import { type Direction, type EngineSettings, type Frame, type FrameSink, TO_CLIENT, TO_SERVER, Transaction } from '@sigwright/contracts';
import { FramedSession, MESSAGE_COMPLETE, NO_MESSAGE } from '../../formats/messages/framed-session.ts';
import { headLength, type MqttMessage, type MqttType, messageLength, PUBLISH, readMessage } from './wire.ts';

/** Messages kept of one exchange; a peer may repeat itself. */
const MOST_MESSAGES = 16;
const LAST_QOS = 2;

/** Which question a message answers, whether the peer that asked sends it, and whether it is the last. */
const ANSWERS: Partial<Record<MqttType, { readonly to: MqttType; readonly bySender: boolean; readonly last: boolean; readonly missing: string }>> = {
  connack: { to: 'connect', bySender: false, last: true, missing: 'missing_connect' },
  puback: { to: 'publish', bySender: false, last: true, missing: 'missing_publish' },
  pubrec: { to: 'publish', bySender: false, last: false, missing: 'missing_publish' },
  pubrel: { to: 'publish', bySender: true, last: false, missing: 'missing_publish' },
  pubcomp: { to: 'publish', bySender: false, last: true, missing: 'missing_publish' },
  suback: { to: 'subscribe', bySender: false, last: true, missing: 'missing_subscribe' },
  unsuback: { to: 'unsubscribe', bySender: false, last: true, missing: 'missing_unsubscribe' },
};

/** Of these the packet identifier is never 0 (§2.2.1); of publications only where they are to be answered. */
const NEEDS_IDENTIFIER: ReadonlySet<MqttType> = new Set(['publish', 'puback', 'pubrec', 'pubrel', 'pubcomp', 'subscribe', 'suback', 'unsubscribe', 'unsuback']);

export class MqttTransaction extends Transaction {
  readonly messages: MqttMessage[] = [];
  readonly direction: Direction;
  /** of the protocol, as the client said; 0 where it was not seen */
  version = 0;
  readonly settings: EngineSettings['mqtt'];

  constructor(id: number, time: number, direction: Direction, settings: EngineSettings['mqtt']) {
    super(id, time);
    this.direction = direction;
    this.settings = settings;
    this.changed[TO_SERVER] = this.changed[TO_CLIENT] = false;
  }

  get awaits(): boolean {
    return this.progress[TO_SERVER] < MESSAGE_COMPLETE;
  }

  /** Rules look once, in the direction of the first message. */
  complete(): void {
    this.progress[TO_SERVER] = this.progress[TO_CLIENT] = MESSAGE_COMPLETE;
    this.changed[this.direction] = true;
  }
}

export class MqttSession extends FramedSession<MqttTransaction> {
  protected override readonly crowded = 'too_many_transactions';
  readonly #settings: EngineSettings['mqtt'];
  #version = 0;
  #connects = 0;
  #introduced = false;
  /** where the bytes that are read at once begin */
  #chunk = 0;

  constructor(settings: EngineSettings) {
    super();
    this.#settings = settings.mqtt;
  }

  override consume(direction: Direction, bytes: Uint8Array, start: number, end: number, atEnd: boolean, time: number): number {
    this.#chunk = start;
    const consumed = super.consume(direction, bytes, start, end, atEnd, time);
    if (consumed !== -1) return consumed;
    this.anomalies.length = 0;
    const transaction = this.#begin(direction, time);
    transaction.raise('malformed_traffic');
    transaction.complete();
    return consumed;
  }

  protected frame(bytes: Uint8Array, at: number, end: number): number {
    const length = messageLength(bytes, at, end);
    return length < 0 ? NO_MESSAGE : length;
  }

  protected override tellFrames(frames: FrameSink, direction: Direction, bytes: Uint8Array, at: number, _end: number, length: number): readonly Frame[] {
    const head = headLength(bytes, at);
    // Of a message that is too long, what is passed over is nobody's.
    const read = length > this.#settings.messageLimit ? Math.max(head, this.#settings.messageLimit) : length;
    const pdu = frames.begin(direction, 'pdu', at, read);
    const header = frames.begin(direction, 'header', at, head);
    // As far as Suricata's answers show, the data of all messages that are read at once is counted from the first of them there.
    return [pdu, header, frames.begin(direction, 'data', this.#chunk + head, read - head)];
  }

  protected message(direction: Direction, bytes: Uint8Array, start: number, end: number, time: number): boolean {
    const length = messageLength(bytes, start, end);
    // Of a publication, the beginning that is kept is enough.
    const isReadable = length <= this.#settings.messageLimit && (length === end - start || bytes[start] >> 4 === PUBLISH);
    const { message, sound } = readMessage(bytes, start, end, this.#version, isReadable);
    const { type } = message;
    if (type === 'connect') {
      this.#connects++;
      if (message.connect !== undefined) this.#version = message.connect.version;
    }
    const answer = ANSWERS[type];
    const asked = answer === undefined || !sound ? undefined : this.#asked(answer.to, answer.bySender ? direction : other(direction), message.id);
    const transaction = asked ?? this.#begin(direction, time);
    if (transaction.messages.length < MOST_MESSAGES) transaction.messages.push(message);
    transaction.version = this.#version;
    if (!sound) transaction.raise('malformed_traffic');
    if (type === 'unassigned') transaction.raise('unassigned_msg_type');
    if (message.qos > LAST_QOS) transaction.raise('invalid_qos_level');
    if (answer !== undefined && asked === undefined && sound) transaction.raise(answer.missing);
    if (sound && NEEDS_IDENTIFIER.has(type) && (type !== 'publish' || message.qos > 0) && !message.id && message.skipped === undefined)
      transaction.raise('missing_msg_id');
    if (type === 'connect' && this.#connects > 1) transaction.raise('double_connect');
    if (type !== 'connect' && type !== 'connack' && type !== 'auth' && !this.#introduced) transaction.raise('unintroduced_message');
    if (type === 'connack' && asked !== undefined) this.#introduced = true;
    const goesOn = sound && message.skipped === undefined && (answer === undefined ? waitsForAnswer(message) : asked !== undefined && !answer.last);
    if (!goesOn) transaction.complete();
    return true;
  }

  #begin(direction: Direction, time: number): MqttTransaction {
    return this.open(new MqttTransaction(this.count, time, direction, this.#settings));
  }

  #asked(type: MqttType, direction: Direction, id: number | undefined): MqttTransaction | undefined {
    return this.transactions.find((one) => one.awaits && one.direction === direction && one.messages[0]?.type === type && one.messages[0].id === id);
  }

  override finish(): void {
    for (const transaction of this.transactions) if (transaction.awaits) transaction.complete();
  }
}

function waitsForAnswer(message: MqttMessage): boolean {
  return message.type === 'connect' || message.type === 'subscribe' || message.type === 'unsubscribe' || (message.type === 'publish' && message.qos > 0);
}

function other(direction: Direction): Direction {
  return direction === TO_SERVER ? TO_CLIENT : TO_SERVER;
}
