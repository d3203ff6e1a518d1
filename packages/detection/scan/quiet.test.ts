/**
 * Packets of encrypted connections that are passed over: a way of being quick, nothing more. With and without it every record and every
 * alert is the same, whatever comes in between; and where a rule may hold, or somebody wants to see packets, none is passed over.
 */
import { checksum, checksumAdd, checksumFinish, uint16 } from '@sigwright/bytes';
import { catalogue } from '@sigwright/catalogue';
import { DEFAULT_SETTINGS, type EveRecord, TCP } from '@sigwright/contracts';
import { parseRules } from '@sigwright/rule-language';
import { type ComposerOptions, composeCapture } from '@sigwright/traffic';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { buildPlan, Engine, type EngineHandlers, EveWriter, usePlan } from '../index.ts';

const NAME_RULE = 'alert tls any any -> any any (msg:"name"; tls.sni; content:"evil.example"; sid:1;)';
/** Each looks at single packets. */
const PACKET_RULES = `${NAME_RULE}
alert tcp any any -> any any (msg:"pushed"; flags:PA; flow:established,to_server; sid:2;)
alert tcp any any -> any any (msg:"few"; flow:established,to_client; dsize:<9; sid:3;)
alert tcp any any -> any any (msg:"far"; ttl:7; sid:4;)
alert tcp any any -> any any (msg:"strange"; stream-event:pkt_invalid_ack; sid:5;)
alert tcp any any -> any any (msg:"in pieces"; fragbits:M; sid:6;)
alert ip any any -> any any (msg:"refused"; flow:established; flags:R; sid:7;)
alert tcp any any -> any any (msg:"window"; flow:established; window:0; sid:8;)
alert tcp any any -> any 443 (msg:"counted"; flow:established; flags:A; threshold:type limit, track by_src, count 1, seconds 60; sid:9;)
`;

/** Each hangs on flowbits: the first two set what is set after a few packets, the others hold on single packets of flows that have one. */
const BIT_RULES = `${NAME_RULE}
alert tcp any any -> any 443 (msg:"known port"; flow:established,to_server; flowbits:noalert; flowbits:set,known; sid:11;)
alert tcp any any -> any any (msg:"small"; flow:established,to_client; dsize:<9; flowbits:noalert; flowbits:set,small; sid:12;)
alert tcp any any -> any any (msg:"after a small one"; flow:established; dsize:>1400; flowbits:isset,small; sid:13;)
alert tcp any any -> any any (msg:"never"; flow:established; dsize:>100; flowbits:isset,nobody.sets.it; flowbits:set,nobody.sets.it; sid:14;)
alert tcp any any -> any any (msg:"forgets"; flow:established,to_server; window:0; flowbits:unset,known; flowbits:unset,small; sid:15;)
alert tcp any any -> any any (msg:"not known"; flow:established,to_server; flags:PA; flowbits:isnotset,known; sid:16;)
`;

interface Outcome {
  readonly records: readonly string[];
  readonly counters: Engine['counters'];
}

function run(capture: Uint8Array, rules: string, handlers: EngineHandlers = {}, verifyChecksums = false): Outcome {
  const settings = { ...DEFAULT_SETTINGS, verifyChecksums };
  const build = buildPlan([{ path: 'test', rules: parseRules(rules).rules }], catalogue, settings);
  expect(build.problems.flatMap((one) => one.diagnostics.filter(({ severity }) => severity === 'error'))).toEqual([]);
  const records: EveRecord[] = [];
  const writer = new EveWriter((record) => records.push(record), settings, catalogue.protocols);
  const engine = new Engine(usePlan(build.data, catalogue, settings), catalogue, settings, {
    alert: (alert, packet) => writer.alert(alert, packet),
    anomaly: (packet, flow, transaction, name) => writer.anomaly(packet, flow, transaction, name),
    transaction: (protocol, transaction, flow, packet) => writer.transaction(protocol, transaction, flow, packet),
    flow: (flow) => writer.flow(flow),
    ...handlers,
  });
  expect(engine.feed(capture)).toBeUndefined();
  expect(engine.finish()).toBeUndefined();
  return { records: records.map((record) => JSON.stringify(record)), counters: engine.counters };
}

/** Whoever hears of streams has every packet looked at. */
const LOOKS_AT_ALL: EngineHandlers = { stream: () => undefined };

const DATA = [
  { from: 'client', length: 700 },
  { from: 'server', length: 9000 },
  { from: 'client', length: 300 },
  { from: 'server', length: 4000 },
] as const;

function encrypted(options: ComposerOptions = {}, close: 'fin' | 'reset' | 'none' = 'fin', server = '198.51.100.2', client = '10.0.0.1'): Uint8Array {
  const capture = composeCapture(options);
  capture.tlsConnection({ client, server, serverName: 'evil.example', applicationData: DATA, close });
  return capture.finish();
}

interface Frame {
  time: number;
  bytes: Uint8Array;
}

/** Records of a pcap file as the composer writes it. */
function framesOf(pcap: Uint8Array): Frame[] {
  const view = new DataView(pcap.buffer, pcap.byteOffset, pcap.length);
  const frames: Frame[] = [];
  for (let at = 24; at < pcap.length; at += 16 + view.getUint32(at + 8, true))
    frames.push({ time: view.getUint32(at, true) * 1e6 + view.getUint32(at + 4, true), bytes: pcap.slice(at + 16, at + 16 + view.getUint32(at + 8, true)) });
  return frames;
}

function pcapOf(head: Uint8Array, frames: readonly Frame[]): Uint8Array {
  const pcap = new Uint8Array(24 + frames.reduce((sum, { bytes }) => sum + 16 + bytes.length, 0));
  const view = new DataView(pcap.buffer);
  pcap.set(head.subarray(0, 24));
  let at = 24;
  for (const { time, bytes } of frames) {
    view.setUint32(at, Math.floor(time / 1e6), true);
    view.setUint32(at + 4, time % 1e6, true);
    view.setUint32(at + 8, bytes.length, true);
    view.setUint32(at + 12, bytes.length, true);
    pcap.set(bytes, at + 16);
    at += 16 + bytes.length;
  }
  return pcap;
}

/** Sums of an IPv4 packet on Ethernet as they must be. */
function summed(bytes: Uint8Array): Uint8Array {
  const tcp = 14 + (bytes[14] & 15) * 4;
  const end = Math.min(bytes.length, 14 + uint16(bytes, 16));
  const view = new DataView(bytes.buffer, bytes.byteOffset);
  if (tcp + 20 > end) return bytes;
  view.setUint16(24, 0);
  view.setUint16(24, checksum(bytes, 14, tcp));
  view.setUint16(tcp + 16, 0);
  let sum = TCP + end - tcp;
  for (let at = 26; at < 34; at += 2) sum += uint16(bytes, at);
  view.setUint16(tcp + 16, checksumFinish(checksumAdd(bytes, tcp, end, sum)));
  return bytes;
}

/** Changes to a frame, by name; `value` is any 32-bit number. */
const CHANGES: Readonly<Record<string, (frame: Frame, value: number) => void>> = {
  'has other flags': ({ bytes }, value) => bytes.set([value & 0xff], 47),
  'is pushed': ({ bytes }) => bytes.set([bytes[47] | 8], 47),
  'has another sequence number': ({ bytes }, value) => bytes.set([bytes[41] + (value % 3)], 41),
  'acknowledges something else': ({ bytes }, value) => bytes.set([bytes[44 + (value & 1)] + ((value >>> 1) % 5)], 44 + (value & 1)),
  'has another window': ({ bytes }, value) => bytes.set([value & 0xff, (value >>> 8) & 0xff], 48),
  'came far': ({ bytes }) => bytes.set([7], 22),
  'is a fragment': ({ bytes }, value) => bytes.set([value & 0xe0], 20),
  'says to be shorter': ({ bytes }, value) => bytes.set([bytes[17] - (value % 9)], 17),
  'says to have options': ({ bytes }, value) => bytes.set([(value & 15) << 4], 46),
  'is shorter than it says': (frame, value) => {
    frame.bytes = frame.bytes.slice(0, Math.max(50, frame.bytes.length - (value % 60)));
  },
  'has a padded end': (frame, value) => {
    frame.bytes = Uint8Array.from([...frame.bytes, ...new Array<number>(value % 7).fill(0)]);
  },
  'is of another time': (frame, value) => {
    frame.time += (value % 3) * 4e9 - 1e6;
  },
};

/** Changes to what comes when. */
const MOVES: Readonly<Record<string, (frames: Frame[], at: number) => void>> = {
  'comes again': (frames, at) => frames.splice(at, 0, { ...frames[at], bytes: frames[at].bytes.slice() }),
  'is lost': (frames, at) => frames.splice(at, 1),
  'comes later than the next': (frames, at) => at + 1 < frames.length && frames.splice(at, 2, frames[at + 1], frames[at]),
};

const disturbance = fc.record({
  how: fc.constantFrom(...Object.keys(CHANGES), ...Object.keys(MOVES)),
  where: fc.double({ min: 0.3, max: 0.999, noNaN: true }),
  value: fc.nat(0xffff_ffff),
});

function disturbed(pcap: Uint8Array, all: readonly { readonly how: string; readonly where: number; readonly value: number }[], sums: boolean): Uint8Array {
  const frames = framesOf(pcap);
  for (const { how, where, value } of all) {
    if (frames.length === 0) continue;
    const at = Math.floor(where * frames.length);
    CHANGES[how]?.(frames[at], value);
    MOVES[how]?.(frames, at);
  }
  if (sums) for (const { bytes } of frames) if (bytes.length > 34) summed(bytes);
  return pcapOf(pcap, frames);
}

describe('packets of encrypted connections', () => {
  test.each([
    ['without rules', ''],
    ['with a rule on the handshake', NAME_RULE],
    ['with rules on packets', PACKET_RULES],
    ['with rules on flowbits', BIT_RULES],
  ])('%s: whatever is strange about them, records are the same as where every packet is looked at', (_how, rules) => {
    fc.assert(
      fc.property(
        fc.array(disturbance, { maxLength: 5 }),
        fc.constantFrom('fin' as const, 'reset' as const, 'none' as const),
        fc.boolean(),
        fc.boolean(),
        (all, close, verifies, sums) => {
          const capture = disturbed(encrypted({ seed: 3 }, close), all, sums);
          expect(run(capture, rules, {}, verifies).records).toEqual(run(capture, rules, LOOKS_AT_ALL, verifies).records);
        },
      ),
      { numRuns: 150, seed: 12 },
    );
  });

  test.each<readonly [why: string, capture: Uint8Array, rules: string, handlers: EngineHandlers, passed: 'most' | 'some' | 'none']>([
    ['nobody looks at packets', encrypted(), NAME_RULE, {}, 'most'],
    ['there are no rules at all', encrypted(), '', {}, 'most'],
    ['rules look at some kinds of them', encrypted(), 'alert tcp any any -> any any (flags:PA; flow:established,to_server; sid:2;)', {}, 'some'],
    [
      'rules hold on all of them that only set what is set',
      encrypted(),
      'alert tcp any any -> any 443 (flow:established; flowbits:set,on; noalert; sid:2;)',
      {},
      'some',
    ],
    ['rules wait for what is never set', encrypted(), 'alert tcp any any -> any 443 (flow:established; flowbits:isset,on; dsize:>0; sid:2;)', {}, 'some'],
    ['rules set what others take away', encrypted(), BIT_RULES, {}, 'some'],
    ['a rule tells of itself each time', encrypted(), 'alert tcp any any -> any any (flow:established; flowbits:set,on; sid:2;)', {}, 'none'],
    ['a rule may hold on any', encrypted(), 'alert tcp any any -> any any (ttl:7; sid:4;)', {}, 'none'],
    ['somebody sees packets', encrypted(), NAME_RULE, { packet: () => undefined }, 'none'],
    ['somebody hears what is decided about packets', encrypted(), NAME_RULE, { decided: () => undefined }, 'none'],
    ['streams are handed on', encrypted(), NAME_RULE, LOOKS_AT_ALL, 'none'],
    ['they are tagged', encrypted({ vlan: 12 }), NAME_RULE, {}, 'none'],
    ['it is IPv6', encrypted({}, 'fin', '2001:db8::2', '2001:db8::1'), '', {}, 'none'],
  ])('%s', (_why, capture, rules, handlers, passed) => {
    const { counters } = run(capture, rules, handlers);
    const most = run(encrypted(), '').counters.quiet;
    expect(most).toBeGreaterThan(counters.packets / 4);
    expect(passed === 'none' ? counters.quiet === 0 : passed === 'most' ? counters.quiet === most : counters.quiet > 0 && counters.quiet < most).toBe(true);
    expect(counters.packets).toBe(framesOf(capture).length);
    expect(counters.bytes).toBe(framesOf(capture).reduce((sum, { bytes }) => sum + bytes.length, 0));
  });

  // What a host sends after an alert is recorded by packet.
  test('none is passed over from where packets of a host are recorded', () => {
    const rule = 'alert tls any any -> any any (tls.sni; content:"evil.example"; tag:host,100,packets,src; sid:1;)';
    const seen: number[] = [];
    const { counters } = run(encrypted(), rule, { tagged: (packet) => seen.push(packet.number) });
    expect(counters.quiet).toBe(0);
    expect(seen.length).toBeGreaterThan(10);
  });

  test('who asks for them is told of each', () => {
    const lengths: number[] = [];
    const capture = encrypted();
    const { counters } = run(capture, NAME_RULE, { packet: () => undefined, quiet: (_time, length) => lengths.push(length) });
    expect(lengths.length).toBe(counters.quiet);
    expect(counters.quiet).toBeGreaterThan(5);
  });
});
