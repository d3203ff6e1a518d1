import { fromHex, fromLatin1, latin1 } from '@sigwright/bytes';
import { DEFAULT_SETTINGS, Packet, UDP } from '@sigwright/contracts';
import { describe, expect, it } from 'vitest';
import { decodePacket } from '../decode/decode.ts';
import { TrafficPipeline } from '../pipeline.ts';
import { RAW } from '../test-kit.ts';
import { Defragmenter } from './defragmenter.ts';

/** Fragments of a UDP datagram 1000 > 53 (header included in the text as 8 bytes). */
const UDP_HEADER = '\x03\xe8\x00\x35\x00\x20\x00\x00';

function fragment4(text: string, offset: number, more: boolean, id = 7): Uint8Array {
  const packet = new Uint8Array(20 + text.length);
  const view = new DataView(packet.buffer);
  view.setUint8(0, 0x45);
  view.setUint16(2, packet.length);
  view.setUint16(4, id);
  view.setUint16(6, (more ? 0x2000 : 0) | (offset / 8));
  view.setUint8(8, 64);
  view.setUint8(9, UDP);
  packet.set([10, 0, 0, 1, 10, 0, 0, 2], 12);
  packet.set(fromLatin1(text), 20);
  return packet;
}

function fragment6(text: string, offset: number, more: boolean): Uint8Array {
  const packet = new Uint8Array(48 + text.length);
  const view = new DataView(packet.buffer);
  view.setUint8(0, 0x60);
  view.setUint16(4, 8 + text.length);
  view.setUint8(6, 44);
  view.setUint8(7, 64);
  packet[23] = 1;
  packet[39] = 2;
  view.setUint8(40, UDP);
  view.setUint16(42, offset | (more ? 1 : 0));
  view.setUint32(44, 0x12345678);
  packet.set(fromLatin1(text), 48);
  return packet;
}

function watch(frames: readonly (Uint8Array | number)[], linkType = RAW): { rebuilt: string[]; anomalies: string[]; flows: number } {
  const rebuilt: string[] = [];
  const anomalies: string[] = [];
  let flows = 0;
  let time = 1e6;
  const pipeline = new TrafficPipeline(
    { ...DEFAULT_SETTINGS, verifyChecksums: false },
    {
      onPacket(packet: Packet): void {
        anomalies.push(...packet.anomalies);
        if (packet.isRebuilt) rebuilt.push(latin1(packet.data, packet.payloadStart, packet.payloadEnd));
      },
      onFlowEnd(): void {
        flows++;
      },
    },
  );
  for (const frame of frames) {
    if (typeof frame === 'number') time += frame * 1e6;
    else pipeline.record(frame, 0, frame.length, time, frame.length, linkType);
  }
  pipeline.finish();
  return { rebuilt, anomalies, flows };
}

const FIRST = `${UDP_HEADER}abcdefgh`;
const SECOND = 'ijklmnop';
const THIRD = 'qrstuvwx';
const WHOLE = 'abcdefghijklmnopqrstuvwx';

describe('fragments', () => {
  const CASES: readonly { why: string; frames: readonly (Uint8Array | number)[]; rebuilt: readonly string[]; anomalies?: readonly string[] }[] = [
    { why: 'in order', frames: [fragment4(FIRST, 0, true), fragment4(SECOND, 16, true), fragment4(THIRD, 24, false)], rebuilt: [WHOLE] },
    { why: 'in reverse', frames: [fragment4(THIRD, 24, false), fragment4(SECOND, 16, true), fragment4(FIRST, 0, true)], rebuilt: [WHOLE] },
    {
      why: 'two datagrams mixed',
      frames: [fragment4(FIRST, 0, true, 1), fragment4(FIRST, 0, true, 2), fragment4(SECOND + THIRD, 16, false, 2), fragment4(SECOND + THIRD, 16, false, 1)],
      rebuilt: [WHOLE, WHOLE],
    },
    {
      why: 'what came first in place stays where fragments overlap',
      frames: [fragment4(FIRST + SECOND, 0, true), fragment4(`XXXXXXXX${THIRD}`, 16, false)],
      rebuilt: [WHOLE],
      anomalies: ['ipv4.frag_overlap'],
    },
    { why: 'one is missing', frames: [fragment4(FIRST, 0, true), fragment4(THIRD, 24, false)], rebuilt: [] },
    { why: 'the last one comes a minute too late', frames: [fragment4(FIRST, 0, true), 61, fragment4(SECOND + THIRD, 16, false)], rebuilt: [] },
    { why: 'beyond the largest packet', frames: [fragment4(SECOND, 65_528, false)], rebuilt: [], anomalies: ['ipv4.frag_pkt_too_large'] },
    {
      why: 'so many pieces that no more are kept: the last one is remarked',
      frames: Array.from({ length: 2049 }, (_, at) => fragment4(SECOND, 8 + 8 * at, true)),
      rebuilt: [],
      anomalies: ['ipv4.frag_ignored'],
    },
    { why: 'IPv6', frames: [fragment6(FIRST, 0, true), fragment6(SECOND + THIRD, 16, false)], rebuilt: [WHOLE] },
    { why: 'IPv6 of a length that no fragment may have', frames: [fragment6(`${FIRST}x`, 0, true)], rebuilt: [], anomalies: ['ipv6.frag_invalid_length'] },
  ];
  for (const { why, frames, rebuilt, anomalies = [] } of CASES) {
    it(why, () => {
      expect(watch(frames)).toEqual({ rebuilt: [...rebuilt], anomalies: [...anomalies], flows: rebuilt.length > 0 ? 1 : 0 });
    });
  }

  it('keeps the link header of the first fragment, and a right header checksum', () => {
    const link = fromHex('020000000001 020000000002 0800')!;
    const frames = [fragment4(FIRST, 0, true), fragment4(SECOND + THIRD, 16, false)].map((packet) => {
      const frame = new Uint8Array(14 + packet.length);
      frame.set(link);
      frame.set(packet, 14);
      return frame;
    });
    let header = '';
    const pipeline = new TrafficPipeline(
      { ...DEFAULT_SETTINGS, verifyChecksums: false },
      {
        onPacket(packet: Packet): void {
          if (packet.isRebuilt) header = latin1(packet.data, packet.frameStart, packet.payloadStart);
        },
        onFlowEnd(): void {},
      },
    );
    for (const frame of frames) pipeline.record(frame, 0, frame.length, 1, frame.length, 1);
    expect(fromLatin1(header)).toEqual(fromHex('020000000001 020000000002 0800 45000034 0007 0000 4011 66b0 0a000001 0a000002 03e8 0035 0020 0000'));
  });

  it('memory is bounded: endless fragments of endless packets are given up, oldest first', () => {
    const defragmenter = new Defragmenter(false);
    const packet = new Packet();
    packet.linkType = RAW;
    const text = 'x'.repeat(60_000);
    let most = 0;
    for (let id = 0; id < 2000; id++) {
      packet.data = fragment4(text, 8, true, id);
      packet.frameEnd = packet.data.length;
      decodePacket(packet, false);
      expect(defragmenter.push(packet)).toBeUndefined();
      most = Math.max(most, defragmenter.bytes);
    }
    expect(most).toBeGreaterThan(1e6);
    expect(most).toBeLessThanOrEqual(34e6);
  });
});
