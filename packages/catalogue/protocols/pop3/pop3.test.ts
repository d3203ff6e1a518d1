/** POP3: commands and responses of one line or many, logons in steps, the change to TLS; the same at every split. */
import { fromLatin1 } from '@sigwright/bytes';
import { Flow, IS_THIS, NEED_MORE, NOT_THIS, TO_CLIENT, TO_SERVER } from '@sigwright/contracts';
import { describe, expect, test } from 'vitest';
import { everySplit, type Turns, tell, whole } from '../../session-kit.ts';
import { protocol } from './pop3.definition.ts';

const lines = (...all: readonly string[]): string => all.map((line) => `${line}\r\n`).join('');
const bodies = (turns: Turns) => tell(protocol, whole(turns)).transactions.flatMap((one) => one.records.map((record) => (record as { body: unknown }).body));

const cases: readonly (readonly [why: string, turns: Turns, bodies: readonly unknown[]])[] = [
  [
    'the greeting answers nothing; a refused logon, a word of farewell',
    [
      ['server', lines('+OK ready')],
      ['client', lines('USER alice')],
      ['server', lines('+OK go on')],
      ['client', lines('PASS secret')],
      ['server', lines('-ERR no such thing')],
      ['client', lines('QUIT')],
      ['server', lines('+OK')],
    ],
    [
      { request: { command: 'USER', args: ['alice'] }, response: { success: true, status: 'OK', header: 'go on', data: [] } },
      { request: { command: 'PASS', args: ['secret'] }, response: { success: false, status: 'ERR', header: 'no such thing', data: [] } },
      { request: { command: 'QUIT', args: [] }, response: { success: true, status: 'OK', header: '', data: [] } },
    ],
  ],
  [
    'lists end with a dot, with an argument there is one line; a dot before a line is taken off',
    [
      ['client', lines('LIST', 'LIST 2', 'TOP 2 1')],
      ['server', lines('+OK 2 messages', '1 120', '2 40', '.', '+OK 2 40', '+OK', 'Subject: x', '', '..end', '.')],
    ],
    [
      { response: { header: '2 messages', data: ['1 120', '2 40'] } },
      { request: { args: ['2'] }, response: { header: '2 40', data: [] } },
      { response: { data: ['Subject: x', '', '.end'] } },
    ],
  ],
  [
    'a refused list has no lines',
    [
      ['client', lines('RETR 9', 'STAT')],
      ['server', lines('-ERR none', '+OK 2 160')],
    ],
    [{ response: { success: false } }, { response: { header: '2 160' } }],
  ],
  [
    'a challenge of AUTH is answered with data, not with a command',
    [
      ['client', lines('AUTH PLAIN')],
      ['server', lines('+ ')],
      ['client', lines('AGFsaWNlAHNlY3JldA==')],
      ['server', lines('+OK welcome')],
      ['client', lines('STAT')],
    ],
    [
      { request: { command: 'AUTH', args: ['PLAIN'] }, response: { success: true, header: '' } },
      { request: { command: '<SASL DATA>', args: [] }, response: { header: 'welcome' } },
      { request: { command: 'STAT' } },
    ],
  ],
  ['a server that speaks unasked', [['server', lines('+OK ready', '-ERR idle for too long')]], [{ response: { header: 'idle for too long' } }]],
];

describe.each(cases)('%s', (_why, turns, expected) => {
  test('is read', () => {
    const told = bodies(turns);
    expect(told).toHaveLength(expected.length);
    expect(told).toMatchObject(expected);
  });

  test('is the same at every split', () => {
    const told = tell(protocol, whole(turns));
    for (const pieces of everySplit(turns)) expect(tell(protocol, pieces)).toEqual(told);
  });
});

test('the conversation goes on in TLS where the server agrees', () => {
  const asked: Turns = [['client', lines('STLS')]];
  expect(tell(protocol, whole([...asked, ['server', lines('+OK begin')]])).nextProtocol).toBe('tls');
  expect(tell(protocol, whole([...asked, ['server', lines('-ERR no')]])).nextProtocol).toBeUndefined();
});

test.each<[why: string, turns: Turns, anomaly: string]>([
  ['a command that nobody knows', [['client', lines('XMAS')]], 'unknown_command'],
  ['an argument too few', [['client', lines('RETR')]], 'incorrect_argument_count'],
  ['an argument too many', [['client', lines('NOOP now')]], 'incorrect_argument_count'],
  ['a long command', [['client', lines(`USER ${'a'.repeat(249)}`)]], 'request_too_long'],
  [
    'a long status',
    [
      ['client', lines('NOOP')],
      ['server', lines(`+OK ${'a'.repeat(507)}`)],
    ],
    'response_too_long',
  ],
])('%s is told', (_why, turns, anomaly) => {
  expect(tell(protocol, whole(turns)).transactions.map((one) => one.anomalies)).toEqual([[anomaly]]);
});

test('commands up to the longest allowed are not told', () => {
  expect(tell(protocol, whole([['client', lines(`USER ${'a'.repeat(248)}`)]])).transactions[0].anomalies).toEqual([]);
});

test('commands without a response are bounded, and that is told', () => {
  const told = tell(protocol, whole([['client', lines('NOOP').repeat(257)]]));
  expect(told.transactions[256].anomalies).toEqual(['too_many_transactions']);
  expect(told.transactions[255].anomalies).toEqual([]);
});

test('what is no command and no status ends the reading', () => {
  expect(tell(protocol, whole([['client', lines('\x16\x03\x01')]])).broken).toBe(true);
  expect(tell(protocol, whole([['server', lines('HTTP/1.1 200 OK')]])).broken).toBe(true);
});

test('of a long mail a part is kept', () => {
  const [told] = bodies([
    ['client', lines('RETR 1')],
    ['server', `${lines('+OK')}${lines('x'.repeat(100)).repeat(5000)}${lines('.')}`],
  ]) as [{ response: { data: string[] } }];
  expect(told.response.data).toHaveLength(655);
});

test.each([
  ['a greeting', '+OK ready', TO_CLIENT, IS_THIS],
  ['half a greeting', '+O', TO_CLIENT, NEED_MORE],
  ['another greeting', '220 ready', TO_CLIENT, NOT_THIS],
  ['a first command', 'CAPA\r\n', TO_SERVER, IS_THIS],
  ['half a command', 'US', TO_SERVER, NEED_MORE],
  ['HTTP', 'GET / HTTP/1.1', TO_SERVER, NOT_THIS],
] as const)('recognises %s', (_why, text, direction, answer) => {
  expect(protocol.recognise(fromLatin1(text), 0, text.length, direction, new Flow())).toBe(answer);
});
