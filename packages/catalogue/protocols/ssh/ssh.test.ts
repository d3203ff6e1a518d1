/** SSH: banners in any form, offers and their fingerprints, damaged beginnings; the same at every split. */
import { describe, expect, test } from 'vitest';
import { everySplit, type ToldTransaction, type Turns, tell, whole } from '../../session-kit.ts';
import { protocol } from './ssh.definition.ts';

const number = (value: number): string => String.fromCharCode(value >>> 24, (value >>> 16) & 255, (value >>> 8) & 255, value & 255);
const names = (list: string): string => number(list.length) + list;
const packet = (message: number, body: string): string => `${number(body.length + 2)}\0${String.fromCharCode(message)}${body}`;
const offer = (...lists: readonly string[]): string => packet(20, 'c'.repeat(16) + lists.map(names).join(''));

const OFFER = offer('k1,k2', 'h', 'up', 'down', 'm1', 'm2', 'none', 'zlib', '', '');
const NEW_KEYS = packet(21, '');

const cases: readonly (readonly [why: string, turns: Turns, told: Partial<ToldTransaction>])[] = [
  [
    'each side is fingerprinted by what it sends: the lists for its own direction',
    [
      ['client', `SSH-2.0-client_1 words\r\n${OFFER}${NEW_KEYS}`],
      ['server', `welcome\r\nSSH-2.0-server\n${OFFER}${NEW_KEYS}`],
    ],
    {
      anomalies: [],
      buffers: {
        'ssh.proto': ['2.0'],
        'ssh.proto<': ['2.0'],
        'ssh.software': ['client_1'],
        'ssh.software<': ['server'],
        // printf 'k1,k2;up;m1;none' | md5sum, and 'k1,k2;down;m2;zlib'
        'ssh.hassh': ['be34f9ed6be6306fff36e97d2418596e'],
        'ssh.hassh.string': ['k1,k2;up;m1;none'],
        'ssh.hassh.server': ['3ef77ce6a8bfcf743c103ebbc852a0cd'],
        'ssh.hassh.server.string': ['k1,k2;down;m2;zlib'],
      },
      progress: [4, 4],
    },
  ],
  [
    'a banner longer than allowed is read as far as it may go, and the key exchange behind it too',
    [['client', `SSH-2.0-${'x'.repeat(600)}\n${OFFER}`]],
    { anomalies: ['long_banner'], progress: [4, 4] },
  ],
  ['a client begins with its banner', [['client', 'hello\nSSH-2.0-late\n']], { anomalies: ['invalid_banner'] }],
  ['a packet shorter than any is none', [['client', `SSH-2.0-x\n\0\0\0\x01\0\x14`]], { anomalies: ['invalid_record'] }],
  [
    'behind what may be encrypted nothing is read',
    [
      ['client', `SSH-2.0-x\n\xff\xff\xff\xff\0\x05`],
      ['client', OFFER],
    ],
    { anomalies: [], progress: [4, 4] },
  ],
  ['an offer that lacks lists is none', [['client', `SSH-2.0-x\n${offer('k1', 'h')}`]], { anomalies: ['invalid_record'] }],
];

describe.each(cases)('%s', (_why, turns, expected) => {
  const told = tell(protocol, whole(turns));

  test('is read', () => {
    expect(told.transactions).toHaveLength(1);
    expect(told.transactions[0]).toMatchObject(expected);
  });

  test('is the same at every split', () => {
    for (const pieces of everySplit(turns)) expect(tell(protocol, pieces)).toEqual(told);
  });
});
