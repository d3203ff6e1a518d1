/** Overlaps as hosts take them: what reaches the application must be what the receiver's system would have handed to it. */
import { fromLatin1, latin1 } from '@sigwright/bytes';
import { DEFAULT_SETTINGS, type Packet, type TargetSystem, UDP } from '@sigwright/contracts';
import { describe, expect, it } from 'vitest';
import { TrafficPipeline } from './pipeline.ts';
import { TargetTable } from './target-systems.ts';
import { HANDSHAKE, Observer, RAW, tcp, tcpPacket } from './test-kit.ts';

/** The server is 10.0.0.2. */
const read = (system: TargetSystem, lines: readonly string[], inline = false): string => {
  const observer = new Observer({}, inline, false, [{ network: '10.0.0.2', system }]);
  for (const line of [...HANDSHAKE, ...lines]) observer.send(tcpPacket(tcp(line)));
  observer.pipeline.finish();
  return observer.seen.read[0];
};

const SAME = ['> A 101 501 good', '> A 101 501 EVIL', '< A 501 105 ~'];
const LONGER = ['> A 101 501 good', '> A 101 501 EVILER', '< A 501 107 ~'];
const FURTHER_LEFT = ['> A 103 501 cdef', '> A 101 501 ABCD', '< A 501 107 ~'];
const BEHIND = ['> A 101 501 abcd', '> A 103 501 CDEF', '< A 501 107 ~'];

describe('segments', () => {
  it.each([
    ['bsd', 'good', 'goodER', 'ABCDef', 'abcdEF'],
    ['linux', 'good', 'EVILER', 'ABCDef', 'abcdEF'],
    ['old-linux', 'EVIL', 'EVILER', 'ABCDef', 'abcdEF'],
    ['solaris', 'good', 'EVILER', 'ABcdef', 'abCDEF'],
    ['vista', 'good', 'goodER', 'ABcdef', 'abcdEF'],
    ['windows', 'good', 'goodER', 'ABCDef', 'abcdEF'],
  ] as const)('%s', (system, same, longer, furtherLeft, behind) => {
    expect([SAME, LONGER, FURTHER_LEFT, BEHIND].map((lines) => read(system, lines))).toEqual([same, longer, furtherLeft, behind]);
  });

  it('is the same where they came before their time', () => {
    const early = (lines: readonly string[]): string[] => [
      ...lines.slice(0, 2).map((line) => line.replace(/10(\d)/, (_all, digit) => String(111 + Number(digit)))),
      '> A 101 501 0123456789a',
      '< A 501 118 ~',
    ];
    expect(read('old-linux', early(SAME)).slice(11)).toBe('EVIL');
    expect(read('linux', early(SAME)).slice(11)).toBe('good');
    expect(read('vista', early(FURTHER_LEFT)).slice(11)).toBe('ABcdef');
  });

  it('what was acknowledged stays, and inline what came first does', () => {
    expect(read('old-linux', ['> A 101 501 good', '< A 501 105 ~', '> A 101 501 EVIL'])).toBe('good');
    expect(read('old-linux', SAME, true)).toBe('good');
  });

  it('a difference is remarked, whoever wins', () => {
    const observer = new Observer({}, false, false, [{ network: '10.0.0.0/8', system: 'old-linux' }]);
    for (const line of [...HANDSHAKE, ...SAME]) observer.send(tcpPacket(tcp(line)));
    expect(observer.seen.anomalies).toContain('stream.reassembly_overlap_different_data');
  });
});

describe('fragments', () => {
  const fragment = (letter: string, offset: number, blocks: number, more: boolean): Uint8Array => {
    const packet = new Uint8Array(20 + 8 * blocks);
    packet.set([0x45, 0, 0, packet.length, 0, 7, (more ? 0x20 : 0) | 0, offset, 64, UDP, 0, 0, 10, 0, 0, 1, 10, 0, 0, 2]);
    packet.set(fromLatin1(letter.repeat(8 * blocks)), 20);
    if (offset === 0) packet.set([3, 232, 0, 53, 0, 0, 0, 0], 20);
    return packet;
  };
  /** A letter for each block of eight bytes behind the UDP header. */
  const rebuilt = (system: TargetSystem, fragments: readonly Uint8Array[]): string => {
    let text = '';
    const settings = { ...DEFAULT_SETTINGS, verifyChecksums: false, targets: [{ network: '10.0.0.0/8', system }] };
    const onPacket = (packet: Packet): void => {
      if (packet.isRebuilt) text = latin1(packet.data, packet.ipStart + 28, packet.ipEnd).replace(/(.)\1{7}/g, '$1');
    };
    const pipeline = new TrafficPipeline(settings, { onPacket, onFlowEnd() {} });
    for (const one of fragments) pipeline.record(one, 0, one.length, 1, one.length, RAW);
    return text;
  };
  /** `3` joins `1` and `2`, `4` comes in the place of `2`, and `5` lies around `1`. */
  const pieces = [
    fragment('-', 0, 1, true),
    fragment('1', 2, 2, true),
    fragment('2', 5, 2, true),
    fragment('3', 3, 3, true),
    fragment('4', 5, 2, true),
    fragment('5', 1, 4, true),
    fragment('6', 7, 1, false),
  ];

  it.each([
    ['bsd', '5555326'],
    ['bsd-right', '5133446'],
    ['linux', '5555346'],
    ['vista', '5113226'],
    ['windows', '5553226'],
    ['solaris', '5553226'],
  ] as const)('%s', (system, text) => {
    expect(rebuilt(system, pieces)).toBe(text);
  });
});

it('of networks the narrowest counts', () => {
  const table = new TargetTable([
    { network: '0.0.0.0/0', system: 'vista' },
    { network: '10.1.0.0/16', system: 'old-linux' },
    { network: '10.0.0.0/8', system: 'linux' },
    { network: 'fe80::/10', system: 'solaris' },
    { network: 'nonsense', system: 'irix' },
  ]);
  const same = (first: number, version = 4): boolean | undefined => table.segments(Uint32Array.of(first, 0, 0, 0), version)?.(0, 4, 0, 4);
  expect([same(0x0a010001), same(0x0a020001), same(0x01020304)]).toEqual([true, false, false]);
  expect(table.segments(Uint32Array.of(0x20010000, 0, 0, 1), 6)).toBeUndefined();
});
