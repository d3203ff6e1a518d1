/** SMB and the DCE/RPC on its pipes and on TCP: what is read of a dialogue, and that it is the same at every split. */
import { DEFAULT_SETTINGS, Flow, TCP } from '@sigwright/contracts';
import { describe, expect, test } from 'vitest';
import { catalogue } from '../../index.ts';
import { everySplit, type ToldTransaction, type Turns, tell, whole } from '../../session-kit.ts';
import { frame, RPC, SMB1_FILES, SMB2_FILES, SMB2_PIPE, smb2 } from '../../smb-samples.ts';
import { utf16, withoutZeros } from './text.ts';

const definitionOf = (name: string) => {
  const found = catalogue.protocols.get(name);
  if (found === undefined) throw new Error(`no protocol ${name}`);
  return found;
};

const inTurn = (one: { readonly client: readonly string[]; readonly server: readonly string[] }): Turns =>
  one.client.flatMap((request, index) => [['client', request] as const, ['server', one.server[index]] as const]);

const bodies = (transactions: readonly ToldTransaction[]): Record<string, unknown>[] =>
  transactions.map((one) => (one.records[0] as { body: Record<string, unknown> }).body);

const cases: readonly (readonly [why: string, protocol: string, turns: Turns, bodies: readonly Record<string, unknown>[]])[] = [
  [
    'a logon, a file that is written and one that is read',
    'smb',
    inTurn(SMB2_FILES),
    [
      { command: 'SMB2_COMMAND_NEGOTIATE_PROTOCOL', dialect: '3.11', client_dialects: ['2.02', '3.11'], status: 'STATUS_SUCCESS' },
      { command: 'SMB2_COMMAND_SESSION_SETUP', ntlmssp: { domain: 'CORP', user: 'alice', host: 'PC1', version: '10.0 build 19041 rev 15' } },
      { command: 'SMB2_COMMAND_TREE_CONNECT', share: '\\\\server\\docs', share_type: 'FILE' },
      { command: 'SMB2_COMMAND_CREATE', filename: 'in.txt', disposition: 'FILE_OPEN', fuid: '00000001-0000-0000-0000-000000000000' },
      { command: 'SMB2_COMMAND_WRITE', filename: 'in.txt', share: '\\\\server\\docs', status: 'STATUS_SUCCESS' },
      { command: 'SMB2_COMMAND_CREATE', filename: 'out.txt' },
      { command: 'SMB2_COMMAND_READ', filename: 'out.txt' },
      { command: 'SMB2_COMMAND_CLOSE' },
      { command: 'SMB2_COMMAND_CLOSE', status: 'STATUS_FILE_CLOSED', status_code: '0xc0000128' },
    ],
  ],
  [
    'calls on a pipe, one of them in fragments',
    'smb',
    inTurn(SMB2_PIPE),
    [
      { command: 'SMB2_COMMAND_TREE_CONNECT', named_pipe: '\\\\server\\IPC$', share_type: 'PIPE' },
      { command: 'SMB2_COMMAND_CREATE', filename: 'svc' },
      { command: 'SMB2_COMMAND_WRITE', status: 'STATUS_SUCCESS' },
      { command: 'SMB2_COMMAND_WRITE', status: 'STATUS_SUCCESS' },
    ],
  ],
  [
    'SMB 1: a file is written, another renamed in vain',
    'smb',
    inTurn(SMB1_FILES),
    [
      { command: 'SMB1_COMMAND_NEGOTIATE_PROTOCOL', dialect: 'NT LM 0.12', client_dialects: ['LANMAN1.0', 'NT LM 0.12'] },
      { command: 'SMB1_COMMAND_TREE_CONNECT_ANDX', share: '\\\\server\\docs', service: { request: 'A:', response: 'A:' } },
      { command: 'SMB1_COMMAND_NT_CREATE_ANDX', filename: 'in.txt', disposition: 'FILE_CREATE', fuid: '4001' },
      { command: 'SMB1_COMMAND_WRITE_ANDX', filename: 'in.txt' },
      { command: 'SMB1_COMMAND_RENAME', rename: { from: 'old', to: 'new' }, status: 'STATUS_ACCESS_DENIED' },
      { command: 'SMB1_COMMAND_CLOSE' },
    ],
  ],
  [
    'DCE/RPC on TCP: fragments, and an answer whose question was not seen',
    'dcerpc',
    [
      ['client', RPC.bind],
      ['server', RPC.bound],
      ['client', RPC.request(2, 7, 'ab', 1) + RPC.request(2, 7, 'cd', 2)],
      ['server', RPC.response(2, 'ok') + RPC.response(9, 'lost')],
    ],
    [
      { request: 'BIND', response: 'BINDACK', call_id: 1 },
      { request: 'REQUEST', req: { opnum: 7, frag_cnt: 2, stub_data_size: 4 }, response: 'RESPONSE' },
      { request: 'REQUEST_LOST', response: 'RESPONSE', call_id: 9 },
    ],
  ],
];

describe.each(cases)('%s', (_why, name, turns, expected) => {
  const definition = definitionOf(name);
  const told = tell(definition, whole(turns));

  test('is read', () => {
    expect(told.anomalies).toEqual([]);
    expect(told.broken).toBe(false);
    expect(bodies(told.transactions)).toMatchObject(expected);
    for (const one of told.transactions) if (!(one.records[0] as { body: { request?: string } }).body.request) expect(one.progress).toEqual([1, 1]);
  });

  test('is the same at every split', () => {
    for (const pieces of everySplit(turns)) expect(tell(definition, pieces)).toEqual(told);
  });
});

describe('what rules see', () => {
  test('of files and names', () => {
    const { transactions } = tell(definitionOf('smb'), whole(inTurn(SMB2_FILES)));
    expect(transactions.flatMap((one) => one.files)).toEqual([
      ['in.txt', 12, 'CLOSED'],
      ['out.txt', 13, 'CLOSED'],
    ]);
    expect(transactions[1].buffers).toEqual({ 'smb.ntlmssp_user': ['alice'], 'smb.ntlmssp_domain': ['CORP'] });
    expect(transactions[2].buffers).toEqual({ 'smb.share': ['\\\\server\\docs'] });
  });

  test('a tree of pipes is a share until the response says what it is', () => {
    const asked = SMB1_FILES.client.slice(0, 2).map((text) => text.replace('docs', 'IPC$'));
    const answers = SMB1_FILES.server.slice(0, 2).map((text) => text.replace('A:\0NTFS\0', 'IPC\0ABC\0'));
    const [negotiate, connect] = inTurn({ client: asked, server: answers }).filter(([side]) => side === 'client');
    const name = ['\\\\server\\IPC$'];
    const unanswered: Turns = [negotiate, ['server', answers[0]], connect];
    expect(tell(definitionOf('smb'), whole(unanswered)).transactions[1].buffers).toEqual({ 'smb.share': name });
    expect(tell(definitionOf('smb'), whole([...unanswered, ['server', answers[1]]])).transactions[1].buffers).toEqual({ 'smb.named_pipe': name });
  });

  test('of calls on a pipe', () => {
    const session = definitionOf('smb').open(new Flow(), DEFAULT_SETTINGS);
    for (const [direction, bytes] of whole(inTurn(SMB2_PIPE))) session.consume(direction, bytes, 0, bytes.length, false, 1);
    const call = (session.transactions.at(-1) as unknown as { call: { opnum: number; interfaces: { identifier: string }[]; halves: { stub: Uint8Array }[] } })
      .call;
    expect(call.opnum).toBe(15);
    expect(call.interfaces.map((one) => one.identifier)).toEqual(['12345678-1234-abcd-ef00-0123456789ab']);
    expect(new TextDecoder().decode(call.halves[0].stub)).toBe('arguments');
  });
});

describe('what is wrong is told and passed over', () => {
  const keepAlive = smb2({ command: 13, id: 5, body: '\x04\0\0\0' });

  test('bytes between messages', () => {
    const told = tell(definitionOf('smb'), whole([['client', `nonsense${frame(keepAlive)}`]]));
    expect(told.anomalies).toEqual(['malformed_data']);
    expect(told.transactions.length).toBe(1);
  });

  test('a session of more than 53 bits is told by all its digits', () => {
    const session = `${keepAlive.slice(0, 40)}\x01\0\0\0\0\0\0\x80${keepAlive.slice(48)}`;
    const [body] = bodies(tell(definitionOf('smb'), whole([['client', frame(session)]])).transactions);
    expect(JSON.stringify(body)).toContain('"session_id":9223372036854775809,');
  });

  test('a request from the server', () => {
    expect(tell(definitionOf('smb'), whole([['server', frame(keepAlive)]])).anomalies).toEqual(['request_to_client']);
  });

  test('bytes that were written before', () => {
    const [, , , create, write] = SMB2_FILES.client;
    const told = tell(
      definitionOf('smb'),
      whole([
        ['client', create],
        ['server', SMB2_FILES.server[3]],
        ['client', write + write],
      ]),
    );
    expect(told.transactions.flatMap((one) => one.anomalies)).toEqual(['file_overlap']);
  });

  test('lost bytes within a large write leave a gap and no more', () => {
    const flow = new Flow();
    flow.protocol = TCP;
    const session = definitionOf('smb').open(flow, DEFAULT_SETTINGS);
    const [, , , create, write] = SMB2_FILES.client;
    const size = 100_000;
    const large = new Uint8Array(write.length - 6 + size);
    for (let at = 0; at < write.length - 6; at++) large[at] = write.charCodeAt(at);
    new DataView(large.buffer).setUint32(0, large.length - 4);
    new DataView(large.buffer).setUint32(4 + 64 + 4, size, true);
    const feed = (direction: 0 | 1, bytes: Uint8Array): number => session.consume(direction, bytes, 0, bytes.length, false, 1);
    feed(
      0,
      Uint8Array.from(create, (letter) => letter.charCodeAt(0)),
    );
    feed(
      1,
      Uint8Array.from(SMB2_FILES.server[3], (letter) => letter.charCodeAt(0)),
    );
    expect(feed(0, large.subarray(0, 80_000))).toBe(80_000);
    expect(session.skip(0, 10_000)).toBe(true);
    expect(feed(0, large.subarray(90_000))).toBe(large.length - 90_000);
    const [file] = session.transactions.at(-1)?.files ?? [];
    expect([file.size, file.gaps]).toEqual([size, true]);
  });
});

test('zeros at the end of a name are left out, those within stay, however many there are', () => {
  const zeros = '\0'.repeat(2_000_000);
  expect(withoutZeros(`${zeros}a${zeros}`).length).toBe(zeros.length + 1);
  expect(withoutZeros(zeros)).toBe('');
  expect(utf16(new Uint8Array([97, 0, 0, 0, 98, 0, 0, 0, 0, 0]), 0, 10)).toBe('a\0b');
});
