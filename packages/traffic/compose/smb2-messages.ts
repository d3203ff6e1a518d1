/** SMB2 NEGOTIATE request and response ([MS-SMB2] 2.2.3, 2.2.4) in their NetBIOS frames, up to dialect 3.0.2 (no negotiate contexts). */
import { ByteWriter } from './byte-writer.ts';

export interface Smb2Negotiation {
  /** 16 bytes */
  readonly serverGuid: Uint8Array;
  /** 16 bytes; random where left out */
  readonly clientGuid?: Uint8Array;
  /** as on the wire: 0x0202, 0x0210, 0x0300, 0x0302 */
  readonly dialect?: number;
}

const OFFERED_DIALECTS = [0x0202, 0x0210, 0x0300, 0x0302];
const RESPONSE_FLAG = 1;
const LARGEST_TRANSFER = 0x0080_0000;
const MICROSECONDS_1601_TO_1970 = 11_644_473_600_000_000n;

/** SPNEGO offering NTLMSSP alone (RFC 4178). */
const SECURITY_BLOB = [
  0x60, 0x1c, 6, 6, 0x2b, 6, 1, 5, 5, 2, 0xa0, 0x12, 0x30, 0x10, 0xa0, 0x0e, 0x30, 0x0c, 6, 0x0a, 0x2b, 6, 1, 4, 1, 0x82, 0x37, 2, 2, 0x0a,
];

function netbiosFrame(flags: number, fill: (writer: ByteWriter) => void): Uint8Array {
  return new ByteWriter()
    .uint8(0)
    .counted(3, (frame) => {
      frame.append([0xfe, 0x53, 0x4d, 0x42]).uint16Little(64).uint16Little(0).uint32Little(0).uint16Little(0).uint16Little(1);
      frame.uint32Little(flags).uint32Little(0).zeros(8).uint32Little(0xfeff).uint32Little(0).zeros(8).zeros(16);
      fill(frame);
    })
    .finish();
}

export function smb2NegotiateRequest(clientGuid: Uint8Array): Uint8Array {
  return netbiosFrame(0, (writer) => {
    writer.uint16Little(36).uint16Little(OFFERED_DIALECTS.length).uint16Little(1).uint16Little(0).uint32Little(0x7f).append(clientGuid).zeros(8);
    for (const dialect of OFFERED_DIALECTS) writer.uint16Little(dialect);
  });
}

/** time: microseconds since 1970, told to the client as the server's clock */
export function smb2NegotiateResponse(serverGuid: Uint8Array, dialect: number, time: number): Uint8Array {
  const fileTime = (BigInt(Math.trunc(time)) + MICROSECONDS_1601_TO_1970) * 10n;
  return netbiosFrame(RESPONSE_FLAG, (writer) => {
    writer
      .uint16Little(65)
      .uint16Little(1)
      .uint16Little(dialect)
      .uint16Little(0)
      .append(serverGuid)
      .uint32Little(dialect === 0x0202 ? 1 : 7);
    writer.uint32Little(LARGEST_TRANSFER).uint32Little(LARGEST_TRANSFER).uint32Little(LARGEST_TRANSFER);
    writer
      .uint32Little(Number(fileTime & 0xffff_ffffn))
      .uint32Little(Number(fileTime >> 32n))
      .zeros(8);
    // Offset of the blob from the start of the SMB2 header: header 64, fixed part 64.
    writer.uint16Little(128).uint16Little(SECURITY_BLOB.length).uint32Little(0).append(SECURITY_BLOB);
  });
}
