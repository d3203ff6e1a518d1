/** NEGOTIATE of SMB 2 ([MS-SMB2] 2.2.3, 2.2.4) around the bytes that rules ask for: GUIDs stand in it, and rules find them by their place. */
import { smb2NegotiateRequest, smb2NegotiateResponse } from '@sigwright/traffic';
import type { DatagramFrame } from './datagram-frame.ts';

const NETBIOS_LENGTH = 4;
const DIALECT = 0x0302;
/** What says that it is this message: of the header, protocol to command; of the body, its size and what it counts (2.2.1.2, 2.2.3, 2.2.4). */
const FIXED: readonly (readonly [from: number, to: number])[] = [
  [4, 18],
  [68, 72],
];
/** microseconds since 1970 that the server's clock shows: 8 March 2024 */
const CLOCK = 1_709_856_000_000_000;
const NO_GUID = new Uint8Array(16);

/** What one side says where a rule asks nothing of it. */
export function negotiate(fromServer: boolean): Uint8Array {
  return fromServer ? smb2NegotiateResponse(NO_GUID, DIALECT, CLOCK) : smb2NegotiateRequest(NO_GUID);
}

export function smbFrame(fromServer: boolean): DatagramFrame {
  const template = negotiate(fromServer);
  const isNegotiate = (payload: Uint8Array): boolean => FIXED.every(([from, to]) => sameBytes(payload, template, from, to));
  return {
    name: 'SMB',
    only: 'NEGOTIATE of version 2',
    template,
    from: NETBIOS_LENGTH,
    least: template.length,
    finish: (payload) => (isNegotiate(payload) ? withLength(payload) : []),
  };
}

function sameBytes(one: Uint8Array, other: Uint8Array, from: number, to: number): boolean {
  for (let at = from; at < to; at++) if (one[at] !== other[at]) return false;
  return true;
}

/** The frame says how long the message behind it is (RFC 1002, 4.3.1; 24 bits for SMB). */
function withLength(payload: Uint8Array): readonly Uint8Array[] {
  const length = payload.length - NETBIOS_LENGTH;
  const whole = payload.slice();
  whole.set([length >>> 16, (length >>> 8) & 0xff, length & 0xff], 1);
  return [whole];
}
