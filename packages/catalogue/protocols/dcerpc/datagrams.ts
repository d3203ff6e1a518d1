/** Connectionless DCE/RPC over UDP (C706 §12.5): a transaction for each call, known by activity and sequence number. */
import { uint16, uint16Little, uint32, uint32Little } from '@sigwright/bytes';
import { type Direction, type Frame, type FrameSink, TO_CLIENT, TO_SERVER } from '@sigwright/contracts';
import { RpcCall } from '../../formats/dcerpc/calls.ts';
import { FAULT, identifierText, REQUEST, RESPONSE, RpcInterface } from '../../formats/dcerpc/pdu.ts';
import { FramedSession, wholeDatagram } from '../../formats/messages/framed-session.ts';
import { DcerpcTransaction, settle } from './session.ts';

export const DATAGRAM_VERSION = 4;
export const DATAGRAM_HEADER = 80;
const LITTLE_ENDIAN = 0x10;
/** first flags */
const LAST_FRAGMENT = 0x02;
const IS_FRAGMENT = 0x04;

/** Could a datagram begin here? A header must be there. */
export function looksLikeDatagram(bytes: Uint8Array, start: number, end: number): boolean {
  if (end - start < DATAGRAM_HEADER || bytes[start] !== DATAGRAM_VERSION || bytes[start + 1] > 10) return false;
  if ((bytes[start + 4] & 0xee) !== 0 || bytes[start + 5] > 3) return false;
  const little = (bytes[start + 4] & LITTLE_ENDIAN) !== 0;
  const length = little ? uint16Little(bytes, start + 74) : uint16(bytes, start + 74);
  return length <= end - start - DATAGRAM_HEADER;
}

export class DatagramSession extends FramedSession<DcerpcTransaction> {
  protected override readonly crowded = 'too_many_transactions';

  protected frame(bytes: Uint8Array, at: number, end: number): number {
    return wholeDatagram(bytes, at, end);
  }

  protected override tellFrames(frames: FrameSink, direction: Direction, _bytes: Uint8Array, at: number, _end: number, length: number): readonly Frame[] {
    return [
      frames.begin(direction, 'pdu', at, length),
      frames.begin(direction, 'hdr', at, Math.min(length, DATAGRAM_HEADER)),
      ...(length > DATAGRAM_HEADER ? [frames.begin(direction, 'data', at + DATAGRAM_HEADER, length - DATAGRAM_HEADER)] : []),
    ];
  }

  protected message(_direction: Direction, bytes: Uint8Array, start: number, end: number, time: number): boolean {
    if (!looksLikeDatagram(bytes, start, end)) return false;
    const type = bytes[start + 1];
    if (type !== REQUEST && type !== RESPONSE && type !== FAULT) return true;
    const little = (bytes[start + 4] & LITTLE_ENDIAN) !== 0;
    const u16 = little ? uint16Little : uint16;
    const u32 = little ? uint32Little : uint32;
    // Shown as a little-endian peer writes it, whichever this one is, as Suricata does.
    const activity = identifierText(bytes, start + 40, true);
    const sequence = u32(bytes, start + 64);
    // Either peer may send from any port, so the type tells the direction.
    const side = type === REQUEST ? TO_SERVER : TO_CLIENT;
    let transaction = this.transactions.findLast((one) => one.activity === activity && one.call.id === sequence && !one.call.halves[side].done);
    if (transaction === undefined) {
      transaction = this.open(new DcerpcTransaction(this.count, time, new RpcCall(sequence, '4.0')));
      transaction.activity = activity;
    }
    const { call } = transaction;
    if (side === TO_SERVER && call.opnum < 0) {
      call.opnum = u16(bytes, start + 68);
      call.fromFirst = u16(bytes, start + 76) === 0;
      const spokenTo = new RpcInterface(0, identifierText(bytes, start + 24, little), u16(bytes, start + 60), u16(bytes, start + 62));
      spokenTo.result = 0;
      call.interfaces = [spokenTo];
    }
    const half = call.halves[side];
    half.type = type;
    half.little = little;
    half.add(bytes, start + DATAGRAM_HEADER, start + DATAGRAM_HEADER + u16(bytes, start + 74));
    const flags = bytes[start + 2];
    if ((flags & IS_FRAGMENT) === 0 || (flags & LAST_FRAGMENT) !== 0) half.done = true;
    settle(transaction);
    return true;
  }
}
