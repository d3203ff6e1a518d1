import { concatBytes, fromHex, hex } from '@sigwright/bytes';
import { describe, expect, it } from 'vitest';
import { CaptureReader } from './reader.ts';

interface Case {
  readonly why: string;
  readonly bytes: string;
  /** `time wireLength linkType bytes` of each record */
  readonly records: readonly string[];
  /** failure code of push or end */
  readonly failure?: string;
}

// pcap headers: magic, version 2.4, zone, accuracy, snap length, link type.
const PCAP = 'd4c3b2a1 0200 0400 00000000 00000000 00000400 01000000';
const PCAP_BIG = 'a1b2c3d4 0002 0004 00000000 00000000 00040000 00000065';
const PCAP_NANO = '4d3cb2a1 0200 0400 00000000 00000000 00000400 01000000';
const PCAP_KUZNETZOV = '34cdb2a1 0200 0400 00000000 00000000 00000400 01000000';
// Two records: seconds, fraction, captured, on the wire, bytes.
const RECORD_1 = '01000000 02000000 03000000 05000000 aabbcc';
const RECORD_2 = '02000000 00000000 01000000 01000000 dd';
const RECORDS = ['1000002 5 1 aabbcc', '2000000 1 1 dd'];

// pcapng: section (byte order, version 1.0, length unknown), interface (Ethernet, snap length 0 = none), enhanced packet.
const SECTION = '0a0d0d0a 1c000000 4d3c2b1a 0100 0000 ffffffffffffffff 1c000000';
const INTERFACE = '01000000 14000000 0100 0000 00000000 14000000';
const INTERFACE_NANO = '01000000 20000000 6500 0000 00000000 0900 0100 09000000 0000 0000 20000000';
const INTERFACE_BINARY = '01000000 1c000000 0100 0000 00000000 0900 0100 8a000000 1c000000';
const INTERFACE_OFFSET = '01000000 20000000 0100 0000 00000000 0e00 0800 0a00000000000000 20000000';
const PACKET = '06000000 24000000 00000000 00000000 42420f00 03000000 05000000 aabbcc00 24000000';
const PACKET_ON_1 = '06000000 24000000 01000000 00000000 42420f00 03000000 05000000 aabbcc00 24000000';
const OLD_PACKET = '02000000 24000000 0000 0000 00000000 42420f00 03000000 05000000 aabbcc00 24000000';
const SIMPLE_PACKET = '03000000 14000000 03000000 aabbcc00 14000000';
const UNKNOWN = 'bbbb0000 10000000 12345678 10000000';
const SECTION_BIG = '0a0d0d0a 0000001c 1a2b3c4d 0001 0000 ffffffffffffffff 0000001c';
const INTERFACE_BIG = '00000001 00000014 0065 0000 00000000 00000014';
const PACKET_BIG = '00000006 00000024 00000000 00000000 000f4242 00000003 00000005 aabbcc00 00000024';

const CASES: readonly Case[] = [
  { why: 'little-endian, microseconds', bytes: PCAP + RECORD_1 + RECORD_2, records: RECORDS },
  { why: 'big-endian, raw IP', bytes: `${PCAP_BIG} 00000001 00000002 00000003 00000005 aabbcc`, records: ['1000002 5 101 aabbcc'] },
  { why: 'nanoseconds are cut to microseconds', bytes: `${PCAP_NANO} 01000000 d0070000 01000000 01000000 aa`, records: ['1000002 1 1 aa'] },
  {
    why: 'a patched libpcap wrote 8 bytes more a record',
    bytes: `${PCAP_KUZNETZOV} 01000000 02000000 03000000 05000000 0000000000000000 aabbcc`,
    records: ['1000002 5 1 aabbcc'],
  },
  {
    why: 'flags above the link type are no part of it',
    bytes: `d4c3b2a1 0200 0400 00000000 00000000 00000400 010000f0 ${RECORD_1}`,
    records: ['1000002 5 1 aabbcc'],
  },
  {
    why: 'a record longer than the file says its packets are',
    bytes: `d4c3b2a1 0200 0400 00000000 00000000 02000000 01000000 ${RECORD_1} ${RECORD_2}`,
    records: ['1000002 5 1 aabb', RECORDS[1]],
  },
  {
    why: 'a file that does not say how long its packets are',
    bytes: `d4c3b2a1 0200 0400 00000000 00000000 00000000 01000000 ${RECORD_1}`,
    records: [RECORDS[0]],
  },
  { why: 'a capture without packets is whole', bytes: PCAP, records: [] },
  { why: 'an empty packet', bytes: `${PCAP} 01000000 02000000 00000000 05000000`, records: ['1000002 5 1 '] },
  {
    why: 'cut in the bytes of a record',
    bytes: `${PCAP + RECORD_1} 02000000 00000000 02000000 02000000 dd`,
    records: [RECORDS[0]],
    failure: 'capture/truncated',
  },
  { why: 'cut in the header of a record', bytes: `${PCAP + RECORD_1} 02000000`, records: [RECORDS[0]], failure: 'capture/truncated' },
  { why: 'a length that no packet has', bytes: `${PCAP + RECORD_1} 02000000 00000000 ffffffff ffffffff dd`, records: [RECORDS[0]], failure: 'capture/damaged' },
  { why: 'not a capture', bytes: '504b0304 504b0304 504b0304 504b0304 504b0304 504b0304', records: [], failure: 'capture/not-a-capture' },
  { why: 'shorter than any header', bytes: 'd4c3', records: [], failure: 'capture/not-a-capture' },
  { why: 'empty', bytes: '', records: [], failure: 'capture/not-a-capture' },
  { why: 'pcapng with an enhanced packet', bytes: SECTION + INTERFACE + PACKET, records: ['1000002 5 1 aabbcc'] },
  { why: 'pcapng of the other byte order', bytes: SECTION_BIG + INTERFACE_BIG + PACKET_BIG, records: ['1000002 5 101 aabbcc'] },
  {
    why: 'two sections of different byte order, interfaces begin anew',
    bytes: SECTION + INTERFACE + PACKET + SECTION_BIG + INTERFACE_BIG + PACKET_BIG,
    records: ['1000002 5 1 aabbcc', '1000002 5 101 aabbcc'],
  },
  { why: 'an old packet block', bytes: SECTION + INTERFACE + OLD_PACKET, records: ['1000002 5 1 aabbcc'] },
  { why: 'a simple packet has no time', bytes: SECTION + INTERFACE + SIMPLE_PACKET, records: ['0 3 1 aabbcc'] },
  { why: 'unknown blocks are passed over', bytes: SECTION + UNKNOWN + INTERFACE + UNKNOWN + PACKET, records: ['1000002 5 1 aabbcc'] },
  { why: 'each interface has its own link type and clock', bytes: SECTION + INTERFACE + INTERFACE_NANO + PACKET_ON_1, records: ['1000 5 101 aabbcc'] },
  { why: 'a clock in powers of two', bytes: SECTION + INTERFACE_BINARY + PACKET, records: ['976564453 5 1 aabbcc'] },
  { why: 'a clock that does not start in 1970', bytes: SECTION + INTERFACE_OFFSET + PACKET, records: ['11000002 5 1 aabbcc'] },
  { why: 'a packet of an interface that was not described', bytes: SECTION + INTERFACE + PACKET_ON_1, records: [], failure: 'capture/damaged' },
  { why: 'a block length that is none', bytes: `${SECTION} 01000000 03000000 0100 0000 00000000`, records: [], failure: 'capture/damaged' },
  { why: 'pcapng cut in a block', bytes: `${SECTION + INTERFACE} 06000000 24000000 0000`, records: [], failure: 'capture/truncated' },
  { why: 'a section without a byte order', bytes: '0a0d0d0a 1c000000 00000000 0100 0000 ffffffffffffffff 1c000000', records: [], failure: 'capture/damaged' },
];

function read(bytes: Uint8Array, size: number): { records: string[]; failure: string | undefined } {
  const records: string[] = [];
  const reader = new CaptureReader((data, start, end, time, wireLength, linkType) =>
    records.push(`${time} ${wireLength} ${linkType} ${hex(data, start, end)}`),
  );
  let failure: string | undefined;
  for (let at = 0; at < bytes.length; at += size) failure ??= reader.push(bytes.slice(at, at + size))?.code;
  failure ??= reader.end()?.code;
  expect(reader.packets).toBe(records.length);
  return { records, failure };
}

describe('captures', () => {
  for (const { why, bytes, records, failure } of CASES) {
    it(`${why}, whole and at every split size`, () => {
      const whole = fromHex(bytes)!;
      for (let size = 1; size <= Math.max(1, whole.length); size++) expect({ size, ...read(whole, size) }).toEqual({ size, records, failure });
    });
  }

  it('hands out views where a record lies whole in a chunk', () => {
    const chunk = fromHex(PCAP + RECORD_1)!;
    let given: Uint8Array | undefined;
    const reader = new CaptureReader((data) => {
      given = data;
    });
    reader.push(chunk);
    expect(given).toBe(chunk);
  });

  it('a failure is final', () => {
    const reader = new CaptureReader(() => {
      throw new Error('no packet is to come');
    });
    const first = reader.push(fromHex('00'.repeat(24))!);
    expect(reader.push(fromHex(PCAP + RECORD_1)!)).toBe(first);
    expect(reader.end()).toBe(first);
  });

  it('reads a large record that comes in small pieces', () => {
    const body = Uint8Array.from({ length: 200_000 }, (_, at) => at);
    const capture = concatBytes(fromHex(`${PCAP} 01000000 02000000 400d0300 400d0300`)!, body, fromHex(RECORD_2)!);
    const lengths: number[] = [];
    const reader = new CaptureReader((data, start, end) => {
      lengths.push(end - start);
      if (end - start === body.length) expect(data.subarray(start, end)).toEqual(body);
    });
    for (let at = 0; at < capture.length; at += 1000) reader.push(capture.slice(at, at + 1000));
    expect(lengths).toEqual([200_000, 1]);
  });
});
