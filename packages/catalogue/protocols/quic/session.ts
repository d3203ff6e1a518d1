/**
 * QUIC datagrams → transactions, one a packet until both sides have said their hello; from then on everything is encrypted with
 * keys that nobody else knows. A Retry makes the client begin anew (RFC 9000 §17.2.5), with keys from the identifier it was given.
 */
import { type Direction, type FrameSink, type ProtocolSession, TO_SERVER } from '@sigwright/contracts';
import { close, Message } from '../../formats/messages/framed-session.ts';
import { type Hello, readHello } from '../../formats/tls-hello/hello.ts';
import { cryptoFragments, framesHold, type TagMessage, tagMessage } from './frames.ts';
import { HelloAssembly } from './hello-assembly.ts';
import { InitialKeys, isReadable } from './keys.ts';
import { isClearGoogle, type QuicPacket, readPacket } from './wire.ts';

/** Transactions that were not taken yet; beyond, the oldest counts as over. */
const MOST_OPEN = 256;
/** Packets in one datagram; each has a header of seven bytes at least. */
const MOST_PACKETS = 16;
const FIXED_BIT = 0x40;
/** RFC 9000 §17.2: one less than the bytes of the packet number */
const NUMBER_LENGTH = 0x03;
const CLIENT_HELLO = 1;
const SERVER_HELLO = 2;
const MESSAGE_HEAD = 4;

export interface QuicContent {
  readonly version: number;
  readonly hello: Hello | undefined;
  /** of Google's versions */
  readonly tags: TagMessage | undefined;
}

export type QuicTransaction = Message<QuicContent>;

export class QuicSession implements ProtocolSession {
  readonly transactions: QuicTransaction[] = [];
  count = 0;
  nextProtocol: string | undefined = undefined;
  opaque = false;
  done = false;
  readonly anomalies: string[] = [];
  frames: FrameSink | undefined = undefined;
  #keys: InitialKeys | undefined = undefined;
  readonly #assemblies: [HelloAssembly, HelloAssembly] = [new HelloAssembly(), new HelloAssembly()];
  readonly #greeted: [boolean, boolean] = [false, false];

  consume(direction: Direction, bytes: Uint8Array, start: number, end: number, _atEnd: boolean, time: number): number {
    let at = start;
    for (let count = 0; at < end && count < MOST_PACKETS && !this.done; count++) {
      const packet = readPacket(bytes, at, end);
      if (packet === undefined) {
        if ((bytes[at] & FIXED_BIT) !== 0 && !this.#greeted[direction]) this.#open(direction, time, 0).raise('error_on_header');
        break;
      }
      if (this.frames !== undefined) tellFrames(this.frames, direction, packet, at);
      // What follows with a short header is encrypted.
      if (packet.kind === 'short') break;
      this.#packet(packet, direction, bytes, at, time);
      at = packet.end;
    }
    return end;
  }

  #packet(packet: QuicPacket, direction: Direction, bytes: Uint8Array, start: number, time: number): void {
    if (packet.kind === 'retry') {
      this.#greeted[TO_SERVER] = false;
      this.#assemblies[TO_SERVER] = new HelloAssembly();
      this.#open(direction, time, packet.version);
    } else if (this.#greeted[direction]) return;
    else if (packet.kind === 'google') this.#google(packet, direction, bytes, time);
    else if (packet.kind === 'initial' && isReadable(packet.version)) this.#initial(packet, direction, bytes, start, time);
    else {
      const transaction = this.#open(direction, time, packet.version);
      // Nobody knows its keys: what is read as if there were none.
      const payload = packet.numberAt + (bytes[start] & NUMBER_LENGTH) + 1;
      if (packet.kind === 'initial' && direction === TO_SERVER && !framesHold(bytes, payload, packet.end)) transaction.raise('error_on_data');
    }
  }

  #google(packet: QuicPacket, direction: Direction, bytes: Uint8Array, time: number): void {
    if (isClearGoogle(packet.version)) {
      this.#open(direction, time, packet.version, undefined, tagMessage(bytes, packet.numberAt, packet.end));
      return;
    }
    const transaction = this.#open(direction, time, packet.version);
    if (!framesHold(bytes, packet.numberAt, packet.end)) transaction.raise('error_on_data');
  }

  #initial(packet: QuicPacket, direction: Direction, bytes: Uint8Array, start: number, time: number): void {
    const payload = this.#decrypt(packet, direction, bytes, start);
    if (payload === undefined) {
      const transaction = this.#open(direction, time, packet.version);
      if (this.#keys !== undefined || direction === TO_SERVER) transaction.raise('failed_decrypt');
      return;
    }
    const fragments = cryptoFragments(payload);
    const assembly = this.#assemblies[direction];
    for (const fragment of fragments ?? []) assembly.add(fragment);
    const message = fragments === undefined || fragments.length === 0 ? undefined : assembly.message();
    const hello = message === undefined ? undefined : helloIn(message, direction);
    const transaction = this.#open(direction, time, packet.version, hello);
    if (fragments === undefined || (message !== undefined && hello === undefined)) transaction.raise('error_on_data');
    if (assembly.overflow) transaction.raise('crypto_frag_too_long');
    if (message === undefined && !assembly.overflow) return;
    this.#assemblies[direction] = new HelloAssembly();
    if (message === undefined) return;
    this.#greeted[direction] = true;
    this.done = this.#greeted[0] && this.#greeted[1];
  }

  /** The client's packets say what the keys are made of, unless they answer the server: then the keys are those of before. */
  #decrypt(packet: QuicPacket, direction: Direction, bytes: Uint8Array, start: number): Uint8Array | undefined {
    const payload = this.#keys?.open(direction, bytes, start, packet.numberAt, packet.end);
    if (payload !== undefined || direction !== TO_SERVER) return payload;
    const keys = new InitialKeys(packet.version, packet.destination);
    const opened = keys.open(direction, bytes, start, packet.numberAt, packet.end);
    if (opened !== undefined) this.#keys = keys;
    return opened;
  }

  #open(direction: Direction, time: number, version: number, hello?: Hello, tags?: TagMessage): QuicTransaction {
    const transaction = new Message<QuicContent>(this.count, time, direction, { version, hello, tags });
    this.count++;
    this.transactions.push(transaction);
    if (this.transactions.length > MOST_OPEN) close(this.transactions[this.transactions.length - MOST_OPEN - 1]);
    return transaction;
  }

  skip(): boolean {
    return true;
  }

  finish(): void {}
}

function tellFrames(frames: FrameSink, direction: Direction, packet: QuicPacket, at: number): void {
  frames.begin(direction, 'pdu', at, packet.end - at);
  const dataAt = Math.min(Math.max(at, packet.numberAt), packet.end);
  frames.begin(direction, 'header', at, dataAt - at);
  if (packet.end > dataAt) frames.begin(direction, 'data', dataAt, packet.end - dataAt);
}

function helloIn(message: Uint8Array, direction: Direction): Hello | undefined {
  const fromClient = direction === TO_SERVER;
  if (message[0] !== (fromClient ? CLIENT_HELLO : SERVER_HELLO)) return undefined;
  return readHello(message, MESSAGE_HEAD, message.length, fromClient);
}
