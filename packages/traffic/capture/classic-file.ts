/** Classic pcap as it is written here: microseconds, little-endian (draft-ietf-opsawg-pcap). */
const MAGIC = 0xa1b2c3d4;
const SNAP_LENGTH = 262_144;
const FILE_HEADER = 24;
const RECORD_HEADER = 16;

/** What a file begins with. A file has one link type. */
export function captureHeader(linkType: number): Uint8Array {
  const header = new Uint8Array(FILE_HEADER);
  const view = new DataView(header.buffer);
  view.setUint32(0, MAGIC, true);
  view.setUint16(4, 2, true);
  view.setUint16(6, 4, true);
  view.setUint32(16, SNAP_LENGTH, true);
  view.setUint32(20, linkType, true);
  return header;
}

/** A packet: the frame is data[start, end), `time` in microseconds since 1970, `wireLength` its length before it was cut. */
export function captureRecord(time: number, data: Uint8Array, start: number, end: number, wireLength: number): Uint8Array {
  const record = new Uint8Array(RECORD_HEADER + end - start);
  const view = new DataView(record.buffer);
  const seconds = Math.floor(time / 1e6);
  view.setUint32(0, seconds, true);
  view.setUint32(4, Math.floor(time - seconds * 1e6), true);
  view.setUint32(8, end - start, true);
  view.setUint32(12, wireLength, true);
  record.set(data.subarray(start, end), RECORD_HEADER);
  return record;
}
