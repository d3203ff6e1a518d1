/** BitTorrent's DHT: queries, responses and errors in datagrams, and what they lack. */
import { fromLatin1 } from '@sigwright/bytes';
import { Flow, IS_THIS, NOT_THIS, TO_SERVER } from '@sigwright/contracts';
import { expect, test } from 'vitest';
import { tell, whole } from '../../session-kit.ts';
import { readBencoded } from './bencode.ts';
import { protocol } from './bittorrent-dht.definition.ts';

const ID = 'a'.repeat(20);
const HASH = 'b'.repeat(20);
const hexOf = (letter: string): string => letter.charCodeAt(0).toString(16).repeat(20);

test.each<[why: string, from: 'client' | 'server', text: string, body: unknown, anomalies: readonly string[]]>([
  ['a ping', 'client', `d1:ad2:id20:${ID}e1:q4:ping1:t2:xy1:y1:qe`, { transaction_id: '7879', request_type: 'ping', request: { id: hexOf('a') } }, []],
  [
    'where to announce',
    'client',
    `d1:ad2:id20:${ID}12:implied_porti1e9:info_hash20:${HASH}4:porti6881e5:token2:ABe1:q13:announce_peer1:t1:x1:v4:UT011:y1:qe`,
    {
      transaction_id: '78',
      client_version: '55543031',
      request_type: 'announce_peer',
      request: { id: hexOf('a'), info_hash: hexOf('b'), token: '4142', implied_port: 1, port: 6881 },
    },
    [],
  ],
  [
    'nodes and peers of both families; a node that is cut is left out',
    'server',
    `d1:rd2:id20:${ID}5:nodes30:${HASH}\x0a\0\0\x01\x1a\xe1cut!6:nodes638:${HASH}\x20\x01${'\0'.repeat(13)}\x01\0\x505:token1:T6:valuesl6:\x01\x02\x03\x04\0\x0718:${'\0'.repeat(15)}\x01\0\x08ee1:t1:x1:y1:re`,
    {
      transaction_id: '78',
      response: {
        id: hexOf('a'),
        nodes: [{ id: hexOf('b'), ip: '10.0.0.1', port: 6881 }],
        nodes6: [{ id: hexOf('b'), ip: '2001:0000:0000:0000:0000:0000:0000:0001', port: 80 }],
        values: [
          { ip: '1.2.3.4', port: 7 },
          { ip: '0000:0000:0000:0000:0000:0000:0000:0001', port: 8 },
        ],
        token: '54',
      },
    },
    [],
  ],
  ['an error', 'server', 'd1:eli201e5:Wronge1:t1:x1:y1:ee', { transaction_id: '78', error: { num: 201, msg: 'Wrong' } }, []],
  ['a query without a number', 'client', `d1:ad2:id20:${ID}e1:q4:ping1:y1:qe`, { transaction_id: '', request_type: 'ping' }, ['malformed_packet']],
  ['a query without what it asks for', 'client', `d1:ad2:id20:${ID}e1:q9:get_peers1:t1:x1:y1:qe`, { request_type: 'get_peers' }, ['malformed_packet']],
  [
    'a query that every object would answer',
    'client',
    `d1:ad2:id20:${ID}e1:q11:constructor1:t1:x1:y1:qe`,
    { request_type: 'constructor' },
    ['malformed_packet'],
  ],
  ['a message that is cut', 'client', `d1:ad2:id20:${ID}e1:q4:pi`, { transaction_id: '' }, ['malformed_packet']],
  ['something else', 'client', 'hello', { transaction_id: '' }, ['malformed_packet']],
])('%s', (_why, from, text, body, anomalies) => {
  const [told] = tell(protocol, whole([[from, text]])).transactions;
  expect(told.records).toMatchObject([{ type: 'bittorrent_dht', direction: from === 'client' ? 0 : 1, body }]);
  expect(told.anomalies).toEqual(anomalies);
});

test.each([
  ['nesting that has no end', 'l'.repeat(100)],
  ['a length beyond the end', '99:abc'],
  ['a number that does not end', `i${'1'.repeat(100)}`],
  ['a number below zero for a length', '-1:a'],
  ['a key without a value', 'd1:ae'],
])('%s is no value', (_why, text) => {
  expect(readBencoded(fromLatin1(text), 0, text.length)).toBeUndefined();
});

test.each([
  ['a query', `d1:ad2:id20:${ID}`, IS_THIS],
  ['a dictionary of something else', 'd3:cow3:mooe', NOT_THIS],
] as const)('recognises %s', (_why, text, answer) => {
  expect(protocol.recognise(fromLatin1(text), 0, text.length, TO_SERVER, new Flow())).toBe(answer);
});
