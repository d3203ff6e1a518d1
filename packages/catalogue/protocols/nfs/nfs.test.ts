/** NFS: calls and replies of three versions, files put together of parts; over TCP the same at every split. */
import { fromLatin1 } from '@sigwright/bytes';
import { DEFAULT_SETTINGS, Flow, IS_THIS, IS_THIS_REVERSED, NEED_MORE, NOT_THIS, TCP, TO_CLIENT, TO_SERVER, UDP } from '@sigwright/contracts';
import { describe, expect, test } from 'vitest';
import { nfsReply, rpcRecord, SAMPLES } from '../../message-samples.ts';
import { everySplit, followed, type Turns, tell, whole } from '../../session-kit.ts';
import { protocol } from './nfs.definition.ts';

const { nfs } = SAMPLES;
/** 1000 and 100, read right behind the name: as Suricata shows them, three bytes that fill it up count as their first ones. */
const creds = { machine_name: 'desk1', uid: 1000 >>> 24, gid: 1000 << 8 };
/** The same messages as records of TCP. */
const records = (...turns: readonly (readonly ['client' | 'server', ...(keyof typeof nfs)[]])[]): Turns =>
  turns.map(([from, ...names]) => [from, names.map((name) => rpcRecord(nfs[name])).join('')] as const);

type Case = readonly [why: string, turns: Turns, records: readonly unknown[], files: readonly unknown[]];
const cases: readonly Case[] = [
  [
    'a name is looked up and read in two parts; the file is told once, under its name',
    records(['client', 'lookup'], ['server', 'found'], ['client', 'read', 'readRest'], ['server', 'part', 'rest']),
    [
      {
        body: { version: 3, procedure: 'LOOKUP', filename: 'plan.txt', hhash: expect.stringMatching(/^[0-9a-f]{8}$/), id: 1, file_tx: false, status: 'OK' },
        beside: { rpc: { xid: 1, status: 'ACCEPTED', auth_type: 'UNIX', creds } },
      },
      {
        body: { procedure: 'READ', filename: 'plan.txt', id: 2, file_tx: true, read: { first: true, last: true, last_xid: 3, chunks: 2 } },
        beside: { rpc: { xid: 2, auth_type: 'UNIX' } },
      },
    ],
    [['plan.txt', 9, 'CLOSED']],
  ],
  [
    'parts that come before their turn wait',
    records(['client', 'read', 'readRest'], ['server', 'rest', 'part']),
    [{ body: { procedure: 'READ', filename: '', read: { last: true, last_xid: 2, chunks: 2 } } }],
    [['', 9, 'CLOSED']],
  ],
  [
    'a file is written, and whole when it is committed; that call is no transaction of its own',
    records(['client', 'write'], ['server', 'written'], ['client', 'commit']),
    [{ body: { procedure: 'WRITE', file_tx: true, write: { first: true, last: true, chunks: 0 } }, beside: { rpc: { auth_type: 'NULL' } } }],
    [['', 5, 'CLOSED']],
  ],
  ['a file that nobody commits is cut', records(['client', 'write'], ['server', 'written']), [{ body: { write: { last: false } } }], [['', 5, 'TRUNCATED']]],
  [
    'names that are changed or missing',
    records(['client', 'lookup', 'rename'], ['server', 'missing', 'renamed']),
    [
      { body: { procedure: 'LOOKUP', filename: 'plan.txt', status: 'ERR_NOENT' } },
      { body: { procedure: 'RENAME', filename: 'plan.txt', rename: { from: 'plan.txt', to: 'old.txt' } } },
    ],
    [],
  ],
  [
    'version 2 tells the size of a file',
    records(['client', 'readTwo'], ['server', 'partTwo']),
    [{ body: { version: 2, read: { last: true } } }],
    [['', 3, 'CLOSED']],
  ],
  [
    'compounds: a file that was opened, written and closed, and one that was removed',
    records(
      ['client', 'openFour'],
      ['server', 'openedFour'],
      ['client', 'writeFour'],
      ['server', 'writtenFour'],
      ['client', 'closeFour', 'removeFour'],
      ['server', 'removedFour'],
    ),
    [
      { body: { version: 4, procedure: 'WRITE', filename: 'new.txt', id: 1, file_tx: true } },
      { body: { version: 4, procedure: 'REMOVE', filename: 'new.txt', id: 2 }, beside: { rpc: { creds } } },
    ],
    [['new.txt', 4, 'CLOSED']],
  ],
  [
    'questions whether anybody is there, to the program for access lists, too',
    records(['client', 'nothing', 'nothingOfLists']),
    [{ body: { procedure: 'NULL', filename: '', id: 1 } }, { body: { procedure: 'NULL', id: 2 } }],
    [],
  ],
  ['other calls of that program are not of NFS', records(['client', 'listsOfAccess']), [], []],
  ['version 4 knows compounds alone', records(['client', 'nothingFour']), [], []],
];

describe.each(cases)('%s', (_why, turns, expected, files) => {
  test('is read', () => {
    const told = tell(protocol, whole(turns)).transactions;
    expect(told.map((one) => one.records[0])).toMatchObject(expected);
    expect(told).toHaveLength(expected.length);
    expect(told.flatMap((one) => one.files)).toEqual(files);
  });

  test('is the same at every split', () => {
    const told = tell(protocol, whole(turns));
    for (const pieces of everySplit(turns)) expect(tell(protocol, pieces)).toEqual(told);
  });
});

test('a record may come in fragments', () => {
  const { lookup } = nfs;
  const size = (length: number, last: boolean): string => String.fromCharCode(last ? 0x80 : 0, 0, 0, length);
  const turns: Turns = [['client', size(50, false) + lookup.slice(0, 50) + size(lookup.length - 50, true) + lookup.slice(50)]];
  const told = tell(protocol, whole(turns));
  expect(told.transactions[0].records).toMatchObject([{ body: { procedure: 'LOOKUP', filename: 'plan.txt' } }]);
  for (const pieces of everySplit(turns)) expect(tell(protocol, pieces)).toEqual(told);
});

test('a part longer than is read at once goes into the file as it comes', () => {
  const length = 200_000;
  const count = String.fromCharCode(0, length >> 16, (length >> 8) & 255, length & 255);
  const turns: Turns = [
    ['client', rpcRecord(nfs.read)],
    ['server', rpcRecord(nfsReply(2, `\0\0\0\0\0\0\0\0${count}\0\0\0\x01${count}${'x'.repeat(length)}`))],
  ];
  expect(tell(protocol, whole(turns)).transactions[0].files).toEqual([['', length, 'CLOSED']]);
});

test('lost bytes are no end: the next record is found', () => {
  const flow = new Flow();
  flow.protocol = TCP;
  const session = protocol.open(flow, DEFAULT_SETTINGS);
  const feed = (text: string): number => session.consume(TO_SERVER, fromLatin1(text), 0, text.length, false, 1);
  feed(rpcRecord(nfs.lookup));
  expect(session.skip(TO_SERVER, 77)).toBe(true);
  feed(`middle of something${rpcRecord(nfs.rename)}`);
  expect(session.transactions).toHaveLength(2);
});

test('an answer to NULL is empty, and not damaged', () => {
  // Accepted, no verifier, success.
  const answer = rpcRecord(`\0\0\0\x01\0\0\0\x01${'\0'.repeat(16)}`);
  const xid = nfs.nothing.slice(0, 4);
  const told = tell(protocol, [
    [TO_SERVER, fromLatin1(rpcRecord(nfs.nothing))],
    [TO_CLIENT, fromLatin1(answer.slice(0, 4) + xid + answer.slice(8))],
  ]);
  expect(told.anomalies).toEqual([]);
  expect(told.transactions).toHaveLength(1);
});

test.each([
  ['a version that never was', 'strange', 'unsupported_version'],
  ['arguments that are damaged', 'damaged', 'malformed_data'],
] as const)('%s is told', (_why, name, anomaly) => {
  expect(tell(protocol, whole(records(['client', name]))).anomalies).toEqual([anomaly]);
});

test.each([
  ['a call in a record', rpcRecord(nfs.nothing), TCP, TO_SERVER, 900, IS_THIS],
  ['half of it', rpcRecord(nfs.nothing).slice(0, 12), TCP, TO_SERVER, 900, NEED_MORE],
  ['a call in a datagram', nfs.lookup, UDP, TO_SERVER, 900, IS_THIS],
  ['a question in a datagram', nfs.nothing, UDP, TO_SERVER, 900, NOT_THIS],
  ['a server heard first', rpcRecord(nfs.found), TCP, TO_SERVER, 2049, IS_THIS_REVERSED],
  ['HTTP', 'GET / HTTP/1.1\r\nHost: example.org\r\n', TCP, TO_SERVER, 900, NOT_THIS],
  ['an answer', rpcRecord(nfs.found), TCP, TO_CLIENT, 900, IS_THIS],
] as const)('recognises %s', (_why, text, transport, direction, port, answer) => {
  const flow = new Flow();
  flow.protocol = transport;
  flow.sourcePort = port;
  flow.destinationPort = 2049;
  expect(protocol.recognise(fromLatin1(text), 0, text.length, direction, flow)).toBe(answer);
});

test('a file is followed by whoever wants its digest', () => {
  expect(followed(protocol, records(['client', 'read', 'readRest'], ['server', 'part', 'rest']))[0]).toHaveLength(9);
});

test('a record of very many fragments is put together, in time that grows with its bytes alone', () => {
  const fragment = (length: number): string => `\0\0\0${String.fromCharCode(length)}`;
  const pieces = [...nfs.lookup].map((byte) => fragment(1) + byte).join('');
  const cut = `${fragment(0).repeat(700_000) + pieces}\x80\0\0\0`;
  expect(tell(protocol, whole([['client', cut]])).transactions).toHaveLength(1);
  const long = `${pieces + `${fragment(1)}x`.repeat(1_500_000)}\x80\0\0\0`;
  expect(tell(protocol, whole([['client', long]])).transactions).toHaveLength(1);
});
