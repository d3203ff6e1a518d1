import { DEFAULT_SETTINGS, type EngineSettings, type Flow, type Packet, UDP } from '@sigwright/contracts';
import { describe, expect, it } from 'vitest';
import { TrafficPipeline } from '../pipeline.ts';
import { RAW, tcp, tcpPacket } from '../test-kit.ts';
import { FIRST_SEED, flowHash } from './flow-hash.ts';

/** UDP or ICMP between 10.0.0.x and 10.0.0.y. */
function packet(protocol: number, from: number, to: number, first: number, second: number): Uint8Array {
  const bytes = new Uint8Array(32);
  const view = new DataView(bytes.buffer);
  view.setUint8(0, 0x45);
  view.setUint16(2, 32);
  view.setUint8(8, 64);
  view.setUint8(9, protocol);
  bytes.set([10, 0, 0, from, 10, 0, 0, to], 12);
  if (protocol === 17) {
    view.setUint16(20, first);
    view.setUint16(22, second);
    view.setUint16(24, 12);
  } else {
    view.setUint8(20, first);
    view.setUint16(24, second);
  }
  return bytes;
}
const udp = (from: number, to: number, source: number, destination: number): Uint8Array => packet(17, from, to, source, destination);
const icmp = (from: number, to: number, type: number, id: number): Uint8Array => packet(1, from, to, type, id);

/** UDP between two addresses of which these words are given, the others zero. */
const udp6 = (from: readonly [word: number, value: number], to: readonly [word: number, value: number], source: number, destination: number): Uint8Array => {
  const bytes = new Uint8Array(52);
  const view = new DataView(bytes.buffer);
  view.setUint8(0, 0x60);
  view.setUint16(4, 12);
  view.setUint8(6, 17);
  view.setUint8(7, 64);
  view.setUint32(8 + from[0] * 4, from[1]);
  view.setUint32(24 + to[0] * 4, to[1]);
  view.setUint16(40, source);
  view.setUint16(42, destination);
  view.setUint16(44, 12);
  return bytes;
};
/** In a frame of Ethernet, with a tag (IEEE 802.1Q). */
const tagged = (vlan: number, ip: Uint8Array): Uint8Array => Uint8Array.from([...new Array(12).fill(2), 0x81, 0, vlan >> 8, vlan & 255, 8, 0, ...ip]);

/** Numbers are seconds that pass. Returns `flow direction` of each packet and the ends of flows. */
function watch(steps: readonly (Uint8Array | number)[], settings: Partial<EngineSettings> = {}): { packets: string[]; ends: string[]; flows: Flow[] } {
  const packets: string[] = [];
  const ends: string[] = [];
  const flows: Flow[] = [];
  let time = 1e6;
  const pipeline = new TrafficPipeline(
    { ...DEFAULT_SETTINGS, verifyChecksums: false, ...settings },
    {
      onPacket: (one: Packet) => packets.push(`${one.flow?.id} ${one.direction}`),
      onFlowEnd: (flow: Flow) => {
        ends.push(`${flow.id} ${flow.endReason}`);
        flows.push(flow);
      },
    },
  );
  for (const step of steps) {
    if (typeof step === 'number') time += step * 1e6;
    else pipeline.record(step, 0, step.length, time, step.length, RAW);
  }
  pipeline.finish();
  expect(pipeline.flows.count).toBe(0);
  return { packets, ends, flows };
}

describe('flows', () => {
  const CASES: readonly {
    why: string;
    steps: readonly (Uint8Array | number)[];
    packets: readonly string[];
    ends: readonly string[];
    settings?: Partial<EngineSettings>;
  }[] = [
    { why: 'both directions are one flow', steps: [udp(1, 2, 1000, 53), udp(2, 1, 53, 1000)], packets: ['1 0', '1 1'], ends: ['1 shutdown'] },
    { why: 'another port is another flow', steps: [udp(1, 2, 1000, 53), udp(1, 2, 1001, 53)], packets: ['1 0', '2 0'], ends: ['1 shutdown', '2 shutdown'] },
    {
      why: 'ports of which one adds up to the other do not mix flows',
      steps: [udp(1, 2, 53, 1000), udp(1, 2, 1000, 53)],
      packets: ['1 0', '2 0'],
      ends: ['1 shutdown', '2 shutdown'],
    },
    { why: 'an echo and its reply', steps: [icmp(1, 2, 8, 7), icmp(2, 1, 0, 7)], packets: ['1 0', '1 1'], ends: ['1 shutdown'] },
    {
      why: 'a lookup without answer ends after half a minute',
      steps: [udp(1, 2, 1000, 53), 31, udp(3, 2, 1000, 53)],
      packets: ['1 0', '2 0'],
      ends: ['1 timeout', '2 shutdown'],
    },
    {
      why: 'an answered one waits longer',
      steps: [udp(1, 2, 1000, 53), udp(2, 1, 53, 1000), 31, udp(3, 2, 1000, 53)],
      packets: ['1 0', '1 1', '2 0'],
      ends: ['1 shutdown', '2 shutdown'],
    },
    {
      why: 'a packet keeps its flow alive',
      steps: [udp(1, 2, 1000, 53), 20, udp(1, 2, 1000, 53), 20, udp(1, 2, 1000, 53)],
      packets: ['1 0', '1 0', '1 0'],
      ends: ['1 shutdown'],
    },
    { why: 'time that steps back ends nothing', steps: [udp(1, 2, 1000, 53), -1000, udp(1, 2, 1000, 53)], packets: ['1 0', '1 0'], ends: ['1 shutdown'] },
    {
      why: 'where the table is full the oldest flow goes',
      steps: [udp(1, 2, 1, 53), 1, udp(1, 2, 2, 53), 1, udp(1, 2, 3, 53)],
      packets: ['1 0', '2 0', '3 0'],
      ends: ['1 forced', '2 shutdown', '3 shutdown'],
      settings: { maximumFlows: 2 },
    },
  ];
  for (const { why, steps, packets, ends, settings } of CASES) {
    it(why, () => {
      const seen = watch(steps, settings);
      expect({ packets: seen.packets, ends: seen.ends }).toEqual({ packets: [...packets], ends: [...ends] });
    });
  }

  it('counts packets and bytes by direction', () => {
    const [flow] = watch([udp(1, 2, 1000, 53), udp(2, 1, 53, 1000), udp(1, 2, 1000, 53)]).flows;
    expect([flow.packetsToServer, flow.packetsToClient, flow.bytesToServer, flow.bytesToClient]).toEqual([2, 1, 64, 32]);
  });

  it('half a handshake is forgotten sooner than an open connection', () => {
    const lines = (texts: readonly string[]): Uint8Array[] => texts.map((text) => tcpPacket(tcp(text)));
    expect(watch([...lines(['> S 100 0 ~']), 61, udp(1, 2, 1, 2)]).ends[0]).toBe('1 timeout');
    expect(watch([...lines(['> S 100 0 ~', '< SA 500 101 ~', '> A 101 501 ~']), 61, udp(1, 2, 1, 2)]).ends[0]).toBe('1 shutdown');
  });

  it('ends flows among very many, and finds all others again', () => {
    const steps: (Uint8Array | number)[] = [];
    const many = (from: number, step: number): void => {
      for (let at = from; at < 5000; at += step) steps.push(udp(1 + (at & 7), 200, 1000 + at, 53));
    };
    many(0, 1);
    steps.push(20);
    many(0, 3);
    steps.push(15);
    many(0, 1);
    const { packets } = watch(steps);
    const before = packets.slice(0, 5000);
    const after = packets.slice(-5000);
    for (let at = 0; at < 5000; at++) {
      if (at % 3 === 0) expect(after[at]).toBe(before[at]);
      else expect(Number.parseInt(after[at], 10)).toBeGreaterThan(5000);
    }
  });

  it('finds all flows again when it mixes their addresses anew, because somebody chose them so that they lie on one heap', () => {
    const chosen: Uint8Array[] = [];
    for (let at = 0; chosen.length < 1000; at++) {
      const [from, to, source, destination] = [at & 255, (at >> 8) & 255, 1024 + (at >> 16), 53];
      const hash = flowHash(UDP, (source << 16) | destination, 0x0a000000 + from, 0x0a000000 + to, FIRST_SEED);
      if (from !== to && (hash & 0x7ff) === 0x80) chosen.push(udp(from, to, source, destination));
    }
    const six = Array.from({ length: 50 }, (_, at) => udp6([3, at], [3, 99], 1000, 53));
    const { packets, ends } = watch([...six, ...chosen, ...six, ...chosen]);
    expect(packets.slice(1050)).toEqual(packets.slice(0, 1050));
    expect(ends.length).toBe(1050);
  });

  it('finds each of very many flows again', () => {
    const steps: Uint8Array[] = [];
    for (let round = 0; round < 2; round++) for (let at = 0; at < 20_000; at++) steps.push(udp(1 + (at & 7), 200, 1000 + at, 53));
    const { packets, ends } = watch(steps);
    expect(packets.slice(20_000)).toEqual(packets.slice(0, 20_000));
    expect(ends.length).toBe(20_000);
  });
});

describe('IPv6', () => {
  it.each<readonly [why: string, steps: readonly Uint8Array[], packets: readonly string[]]>([
    ['both directions are one flow', [udp6([0, 7], [3, 9], 1000, 53), udp6([3, 9], [0, 7], 53, 1000)], ['1 0', '1 1']],
    ['every word of an address counts', [0, 1, 2, 3].map((word) => udp6([word, 7], [3, 9], 1000, 53)), ['1 0', '2 0', '3 0', '4 0']],
    ['the same words in other places are another flow', [udp6([1, 7], [2, 9], 1000, 53), udp6([2, 7], [1, 9], 1000, 53)], ['1 0', '2 0']],
  ])('%s', (_why, steps, packets) => {
    expect(watch(steps).packets).toEqual(packets);
  });
});

describe('VLANs', () => {
  it.each([
    ['tell flows apart', true, ['1 0', '2 0']],
    ['do not where the configuration says so: each direction has its own', false, ['1 0', '1 1']],
  ])('%s', (_why, vlansTellFlowsApart, expected) => {
    const packets: string[] = [];
    const pipeline = new TrafficPipeline(
      { ...DEFAULT_SETTINGS, verifyChecksums: false, vlansTellFlowsApart },
      { onPacket: (one: Packet) => packets.push(`${one.flow?.id} ${one.direction}`), onFlowEnd: () => undefined },
    );
    for (const frame of [tagged(10, udp(1, 2, 1000, 53)), tagged(20, udp(2, 1, 53, 1000))]) pipeline.record(frame, 0, frame.length, 1e6, frame.length, 1);
    expect(packets).toEqual(expected);
  });
});

it('tells how many flows are there, those at rest too, and what the table takes', () => {
  const syn = tcpPacket(tcp('> S 100 0 ~'));
  // A connection that was asked for and a lookup may rest, an echo has a flow without being one.
  const pipeline = new TrafficPipeline(
    { ...DEFAULT_SETTINGS, verifyChecksums: false },
    { onPacket: () => undefined, onFlowEnd: () => undefined, onRestEnd: () => undefined, rest: () => 0 },
  );
  expect(pipeline.load).toMatchObject({ byProtocol: new Map(), connections: 0, streamBytes: 0 });
  for (const frame of [syn, udp(1, 2, 1000, 53), udp(1, 2, 1001, 53), icmp(1, 2, 8, 7)]) pipeline.record(frame, 0, frame.length, 1e6, frame.length, RAW);
  const { byProtocol, connections, tableBytes } = pipeline.load;
  expect(Object.fromEntries(byProtocol)).toEqual({ 1: 1, 6: 1, 17: 2 });
  expect(connections).toBe(1);
  expect(tableBytes).toBeGreaterThan(4 * 64);
  pipeline.finish();
  expect(pipeline.load).toMatchObject({ byProtocol: new Map(), connections: 0 });
});
