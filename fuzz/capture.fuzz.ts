/**
 * Damaged captures through reader, decoder, defragmenter, flows and streams: nothing throws, time stays linear, the outcome does not
 * depend on where the file was cut into chunks, and what a stream says of itself holds.
 * node fuzz/capture.fuzz.ts [SECONDS] [SEED] [FOLDER OF CAPTURES]
 */
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { DEFAULT_SETTINGS, type Flow, type Packet, TCP } from '@sigwright/contracts';
import { CaptureReader, type TcpStream, TrafficPipeline } from '@sigwright/traffic';
import { FuzzRandom, fuzz, fuzzArguments, mutateBytes, randomPieces } from './harness.ts';

const LARGEST_SEED = 100_000;
const LARGEST_INPUT = 200_000;
const MOST_SEEDS = 400;
/** Offsets and counts inside packets are where decoders go wrong: many inputs get more damage than the usual few changes. */
const MANY_ROUNDS = 8;

const { seconds, seed, folder } = fuzzArguments();

/** Link types of the seeds made here, with a frame around an IPv4 packet each. */
function made(): Uint8Array[] {
  const random = new FuzzRandom(1);
  const seeds: Uint8Array[] = [];
  const ethernet = [2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2];
  const wrappers: readonly [number, (ip: number[], version: number) => number[]][] = [
    [1, (ip, version) => [...ethernet, ...(version === 4 ? [8, 0] : [0x86, 0xdd]), ...ip]],
    [1, (ip, version) => [...ethernet, 0x81, 0, 0, 5, 0x88, 0xa8, 0, 6, ...(version === 4 ? [8, 0] : [0x86, 0xdd]), ...ip]],
    [1, (ip) => [...ethernet, 0x88, 0x47, 0, 6, 0x51, 0x40, ...ip]],
    [1, (ip, version) => [...ethernet, 0x88, 0x64, 0x11, 0, 0, 1, 0, ip.length + 2, 0, version === 4 ? 0x21 : 0x57, ...ip]],
    [113, (ip, version) => [0, 0, 0, 1, 0, 6, 0, 0, 0, 0, 0, 0, 0, 0, ...(version === 4 ? [8, 0] : [0x86, 0xdd]), ...ip]],
    [0, (ip, version) => [version === 4 ? 2 : 30, 0, 0, 0, ...ip]],
    [101, (ip) => ip],
    [9, (ip, version) => [0xff, 3, 0, version === 4 ? 0x21 : 0x57, ...ip]],
  ];
  for (const [link, wrap] of wrappers) {
    for (const form of ['pcap', 'big', 'pcapng'] as const) {
      const frames: number[][] = [];
      for (const packet of conversation(random)) frames.push(wrap(packet, packet[0] >> 4));
      seeds.push(file(form, link, frames));
    }
  }
  return seeds;
}

function short(value: number): number[] {
  return [(value >> 8) & 255, value & 255];
}

function long(value: number): number[] {
  return [(value >>> 24) & 255, (value >>> 16) & 255, (value >>> 8) & 255, value & 255];
}

function ipv4(protocol: number, from: number, to: number, body: readonly number[], fragment = 0, id = 1): number[] {
  return [0x45, 0, ...short(20 + body.length), ...short(id), ...short(fragment), 64, protocol, 0, 0, 10, 0, 0, from, 10, 0, 0, to, ...body];
}

function ipv6(next: number, from: number, to: number, body: readonly number[]): number[] {
  const address = (last: number): number[] => [0x20, 1, 0xd, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, last];
  return [0x60, 0, 0, 0, ...short(body.length), next, 64, ...address(from), ...address(to), ...body];
}

function conversation(random: FuzzRandom): number[][] {
  const tcp = (from: number, to: number, flags: number, sequence: number, acknowledgement: number, text: readonly number[]): number[] => [
    ...short(from),
    ...short(to),
    ...long(sequence),
    ...long(acknowledgement),
    0x50,
    flags,
    0xff,
    0xff,
    0,
    0,
    0,
    0,
    ...text,
  ];
  const text = (length: number): number[] => Array.from({ length }, () => 97 + random.below(26));
  const udp = (from: number, to: number, body: readonly number[]): number[] => [...short(from), ...short(to), ...short(8 + body.length), 0, 0, ...body];
  const inner = ipv4(17, 3, 4, udp(1000, 53, text(8)));
  return [
    ipv4(6, 1, 2, tcp(4000, 80, 2, 100, 0, [])),
    ipv4(6, 2, 1, tcp(80, 4000, 18, 500, 101, [])),
    ipv4(6, 1, 2, tcp(4000, 80, 16, 101, 501, [])),
    ipv4(6, 1, 2, tcp(4000, 80, 24, 111, 501, text(10))),
    ipv4(6, 1, 2, tcp(4000, 80, 24, 101, 501, text(15))),
    ipv4(6, 2, 1, tcp(80, 4000, 24, 501, 121, text(40))),
    ipv4(6, 1, 2, tcp(4000, 80, 17, 121, 541, [])),
    ipv4(6, 2, 1, tcp(80, 4000, 17, 541, 122, [])),
    ipv4(17, 1, 2, udp(1000, 53, text(16)), 0x2000, 9),
    ipv4(17, 1, 2, text(16), 3, 9),
    ipv4(1, 1, 2, [8, 0, 0, 0, 0, 1, 0, 2, ...text(8)]),
    ipv4(47, 1, 2, [0x30, 0, 8, 0, ...long(1), ...long(2), ...inner]),
    ipv4(4, 1, 2, inner),
    ipv4(17, 1, 2, udp(5000, 4789, [8, 0, 0, 0, 0, 0, 1, 0, 2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2, 8, 0, ...inner])),
    ipv4(17, 1, 2, udp(5000, 6081, [0, 0, 8, 0, 0, 0, 1, 0, ...inner])),
    ipv4(17, 1, 2, udp(5000, 3544, ipv6(17, 1, 2, udp(1000, 53, text(8))))),
    ipv6(0, 1, 2, [43, 0, 5, 2, 0, 0, 0, 0, 60, 0, 2, 0, 0, 0, 0, 0, 6, 0, 1, 4, 0, 0, 0, 0, ...tcp(4000, 80, 2, 100, 0, [])]),
    ipv6(44, 1, 2, [17, 0, 0, 1, ...long(77), ...udp(1000, 53, text(8))]),
    ipv6(44, 1, 2, [17, 0, 0, 16, ...long(77), ...text(8)]),
    ipv6(58, 1, 2, [130, 0, 0, 0, 0, 0, 0, 0, ...text(16)]),
    ipv4(132, 1, 2, [...short(1), ...short(2), ...long(3), ...long(4), 0, 3, 0, 20, ...text(16)]),
    ipv4(2, 1, 2, [0x22, 0, 0, 0, 0, 0, 0, 1, 1, 0, 0, 1, 224, 0, 0, 1, 10, 0, 0, 9]),
  ];
}

function file(form: 'pcap' | 'big' | 'pcapng', link: number, frames: readonly (readonly number[])[]): Uint8Array {
  const little = (value: number): number[] => long(value).reverse();
  const bytes: number[] = [];
  const number = form === 'big' ? long : little;
  if (form === 'pcapng')
    bytes.push(
      0x0a,
      0x0d,
      0x0d,
      0x0a,
      ...little(28),
      ...little(0x1a2b3c4d),
      1,
      0,
      0,
      0,
      ...Array<number>(8).fill(255),
      ...little(28),
      ...little(1),
      ...little(20),
      link,
      0,
      0,
      0,
      0,
      0,
      0,
      0,
      ...little(20),
    );
  else bytes.push(...number(0xa1b2c3d4), ...(form === 'big' ? [0, 2, 0, 4] : [2, 0, 4, 0]), ...number(0), ...number(0), ...number(262_144), ...number(link));
  frames.forEach((frame, at) => {
    if (form === 'pcapng') {
      const padded = (frame.length + 3) & ~3;
      bytes.push(
        ...little(6),
        ...little(32 + padded),
        ...little(0),
        ...little(0),
        ...little(1000 * at),
        ...little(frame.length),
        ...little(frame.length),
        ...frame,
        ...Array<number>(padded - frame.length).fill(0),
        ...little(32 + padded),
      );
    } else bytes.push(...number(at), ...number(0), ...number(frame.length), ...number(frame.length), ...frame);
  });
  return Uint8Array.from(bytes);
}

function given(from: string): Uint8Array[] {
  const seeds: Uint8Array[] = [];
  for (const name of readdirSync(from, { recursive: true, encoding: 'utf8' })) {
    const path = join(from, name);
    if (seeds.length < MOST_SEEDS && /\.(pcap|pcapng|cap)$/.test(name) && statSync(path).size <= LARGEST_SEED) seeds.push(readFileSync(path));
  }
  return seeds;
}

const seeds = folder === undefined ? made() : given(folder);
if (seeds.length === 0) throw new Error(`no captures below ${folder}`);

/** What came out, in one line; throws where a promise is broken. */
function outcome(chunks: readonly Uint8Array[], options: number): string {
  let packets = 0;
  let delivered = 0;
  let anomalies = 0;
  let flows = 0;
  let hash = 0;
  const inline = (options & 1) !== 0;
  const read = (flow: Flow): void => {
    if (flow.stream === undefined) return;
    for (const side of (flow.stream as TcpStream).sides) {
      for (let round = 0; ; round++) {
        const upTo = side.readable(inline);
        if (upTo < side.parsed || upTo > side.available || side.parsed < side.base)
          throw new Error(`stream offsets out of order: base ${side.base}, parsed ${side.parsed}, readable ${upTo}, available ${side.available}`);
        if (upTo - side.base > side.bytes.length) throw new Error(`${upTo - side.base} bytes promised, ${side.bytes.length} kept`);
        for (let at = side.parsed; at < upTo; at++) hash = (Math.imul(hash, 31) + side.bytes[at - side.base]) | 0;
        delivered += upTo - side.parsed;
        side.parsed = side.searched = upTo;
        if (side.gap === 0 || upTo < side.available) break;
        if (side.takeGap() <= 0) throw new Error('a gap of nothing');
        if (round > 5000) throw new Error('gaps without end');
      }
      if ((options & 2) !== 0) side.release();
    }
  };
  const pipeline = new TrafficPipeline(
    {
      ...DEFAULT_SETTINGS,
      verifyChecksums: (options & 4) !== 0,
      inline,
      stream: { ...DEFAULT_SETTINGS.stream, midstream: (options & 8) !== 0, depth: (options & 16) !== 0 ? 50 : 0 },
      maximumFlows: (options & 32) !== 0 ? 3 : 100_000,
    },
    {
      onPacket(packet: Packet): void {
        packets++;
        anomalies += packet.anomalies.length;
        if (packet.payloadEnd > packet.data.length || packet.payloadStart > packet.data.length) throw new Error('payload lies outside the packet');
        if (packet.protocol === TCP && packet.flow !== undefined) read(packet.flow);
      },
      onFlowEnd(flow: Flow): void {
        flows++;
        read(flow);
      },
    },
  );
  const reader = new CaptureReader((data, start, end, time, wireLength, linkType) => {
    if (start > end || end > data.length) throw new Error('a record outside its chunk');
    pipeline.record(data, start, end, time, wireLength, linkType);
  });
  let failure: string | undefined;
  for (const chunk of chunks) failure ??= reader.push(chunk)?.code;
  failure ??= reader.end()?.code;
  pipeline.finish();
  if (pipeline.flows.count !== 0) throw new Error(`${pipeline.flows.count} flows left over`);
  return `${packets} packets, ${flows} flows, ${delivered} bytes, ${anomalies} anomalies, ${hash}, ${failure}`;
}

process.exit(
  fuzz(
    'capture',
    seconds,
    seed,
    (random) => {
      let bytes = random.pick(seeds);
      for (let rounds = random.once(4) ? random.below(MANY_ROUNDS) : 1; rounds > 0; rounds--) bytes = mutateBytes(random, bytes, seeds, LARGEST_INPUT);
      return bytes;
    },
    (bytes, random) => {
      const options = random.below(64);
      const whole = outcome([bytes], options);
      const split = outcome(
        randomPieces(random, bytes, 400).map((piece) => piece.slice()),
        options,
      );
      return whole === split ? undefined : `the split changes the outcome\nwhole: ${whole}\nsplit: ${split}`;
    },
  ),
);
