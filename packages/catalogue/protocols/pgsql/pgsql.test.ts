/** PostgreSQL: logon, queries with rows and faults, copies, and what stands between; the same at every split. */
import { fromLatin1 } from '@sigwright/bytes';
import { DEFAULT_SETTINGS, Flow, IS_THIS, IS_THIS_REVERSED, NEED_MORE, NOT_THIS, TO_CLIENT, TO_SERVER } from '@sigwright/contracts';
import { describe, expect, test } from 'vitest';
import { SAMPLES } from '../../message-samples.ts';
import { everySplit, type Turns, tell, whole } from '../../session-kit.ts';
import { protocol } from './pgsql.definition.ts';

const { pgsql } = SAMPLES;
const bodies = (turns: Turns, settings = DEFAULT_SETTINGS) =>
  tell(protocol, whole(turns), settings).transactions.flatMap((one) => one.records.map((record) => (record as { body: unknown }).body));

const logon: Turns = [
  ['client', pgsql.encrypt],
  ['server', 'N'],
  ['client', pgsql.start],
  ['server', pgsql.salt],
  ['client', pgsql.password],
  ['server', pgsql.welcome],
];
const scram: Turns = [
  ['client', pgsql.start],
  ['server', pgsql.sasl],
  ['client', pgsql.saslFirst],
  ['server', pgsql.saslOn],
  ['client', pgsql.saslSecond],
  ['server', pgsql.saslLast],
];
const queries: Turns = [
  ['client', pgsql.query],
  ['server', pgsql.rows],
  ['client', pgsql.query],
  ['server', pgsql.refused],
  ['server', pgsql.notice],
  ['client', pgsql.extended],
  ['server', pgsql.extendedAnswer],
  ['client', pgsql.leave],
];
const copies: Turns = [
  ['client', pgsql.copyIn],
  ['server', pgsql.copyInReady],
  ['client', pgsql.copied],
  ['server', pgsql.copyDone],
  ['client', pgsql.query],
  ['server', pgsql.copyOut],
];

const cases: readonly (readonly [why: string, turns: Turns, bodies: readonly unknown[]])[] = [
  [
    'a logon is three exchanges: encryption refused, a password asked for, a welcome',
    logon,
    [
      { tx_id: 1, request: { message: 'SSL Request' }, response: { ssl_accepted: false } },
      {
        tx_id: 2,
        request: { protocol_version: '3.0', startup_parameters: { user: 'alice', optional_parameters: [{ database: 'shop' }, { time_zone: 'UTC' }] } },
        response: { authentication_md5_password: 'a\\xfe\\x5cb' },
      },
      {
        tx_id: 3,
        request: { password_redacted: true },
        response: {
          message: 'authentication_ok',
          parameter_status: [{ server_version: '16' }, { is_superuser: 'off' }],
          process_id: 7,
          secret_key: 0x80000009,
        },
      },
    ],
  ],
  [
    'a password message means what the server asked for',
    scram,
    [
      { response: { message: 'authentication_sasl' } },
      { request: { sasl_authentication_mechanism: 'SCRAM-SHA-256', sasl_param: 'n,,n=,r=' }, response: { message: 'authentication_sasl_continue' } },
      { request: { sasl_response: 'c=biws,p=4' }, response: { authentication_sasl_final: 'v=5', message: 'authentication_ok' } },
    ],
  ],
  [
    'rows are counted, faults shown by field; extended queries and notifications are passed over',
    queries,
    [
      { request: { simple_query: 'SELECT name FROM goods' }, response: { field_count: 1, data_rows: 2, data_size: 8, command_completed: 'SELECT 2' } },
      {
        response: {
          severity_localizable: 'ERROR',
          severity_non_localizable: 'ERROR',
          code: '42P01',
          message: 'no such table',
          file: 'parse.c',
          line: '7',
          routine: 'find',
        },
      },
      { tx_id: 3, request: { message: 'termination_message' } },
    ],
  ],
  [
    'what is copied is counted in both directions',
    copies,
    [
      { request: { simple_query: 'COPY goods FROM STDIN' }, response: { copy_in_response: { columns: 2 } } },
      { request: { copy_data_in: { msg_count: 2, data_size: 14 }, message: 'copy_done' }, response: { command_completed: 'COPY 2' } },
      { response: { copy_out_response: { columns: 2 }, copy_data_out: { row_count: 1, data_size: 6 }, command_completed: 'COPY 1' } },
    ],
  ],
];

describe.each(cases)('%s', (_why, turns, expected) => {
  test('is read', () => {
    const told = bodies(turns);
    expect(told.length).toBe(expected.length);
    expect(told).toMatchObject(expected);
  });

  test('is the same at every split', () => {
    const told = tell(protocol, whole(turns));
    for (const pieces of everySplit(turns)) expect(tell(protocol, pieces)).toEqual(told);
  });
});

test('passwords are shown where the settings say so', () => {
  expect(bodies(logon, { ...DEFAULT_SETTINGS, pgsql: { passwords: true } })[2]).toMatchObject({ request: { password: 'md5secret' } });
});

test('rules see queries', () => {
  expect(tell(protocol, whole(queries)).transactions.map((one) => one.buffers['pgsql.query'])).toEqual([
    ['SELECT name FROM goods'],
    ['SELECT name FROM goods'],
    undefined,
  ]);
});

test('the conversation goes on in TLS where the server agrees', () => {
  const turns: Turns = [
    ['client', pgsql.encrypt],
    ['server', 'S'],
  ];
  expect(tell(protocol, whole(turns))).toMatchObject({ nextProtocol: 'tls', transactions: [{ records: [{ body: { response: { ssl_accepted: true } } }] }] });
});

test('bytes that are no message end the conversation, by whose they are', () => {
  expect(tell(protocol, whole([['client', '!nothing']]))).toMatchObject({ broken: true, anomalies: ['malformed_request'] });
  expect(tell(protocol, whole([['server', '!nothing']]))).toMatchObject({ broken: true, anomalies: ['malformed_response'] });
});

test('a row of any length is counted without being kept', () => {
  const size = 200_000;
  const long = String.fromCharCode(0, size >> 16, (size >> 8) & 255, size & 255);
  const row = `D\0${String.fromCharCode((size + 10) >> 16, ((size + 10) >> 8) & 255, (size + 10) & 255)}\0\x01${long}${'x'.repeat(size)}`;
  expect(
    bodies([
      ['client', pgsql.query],
      ['server', row + pgsql.rows],
    ]),
  ).toMatchObject([{ response: { data_rows: 3, data_size: size + 8 } }]);
});

const named = (name: string, value: string): string => `S${'\0\0\0'}${String.fromCharCode(6 + name.length + value.length)}${name}\0${value}\0`;

test('settings are named in small letters', () => {
  const names = ['DateStyle', 'IntervalStyle', 'TimeZone', 'application_name'];
  const turns: Turns = [
    ['client', pgsql.start],
    ['server', `R\0\0\0\x08\0\0\0\0${names.map((name) => named(name, 'x')).join('')}Z\0\0\0\x05I`],
  ];
  expect(bodies(turns)[0]).toMatchObject({
    response: { parameter_status: [{ date_style: 'x' }, { interval_style: 'x' }, { time_zone: 'x' }, { application_name: 'x' }] },
  });
});

test('a wish to cancel names the session by what its server gave it', () => {
  const cancel = '\0\0\0\x10\x04\xd2\x16\x2e\0\0\x71\x1a\x35\x0b\x0d\xd1';
  expect(bodies([['client', cancel]])).toEqual([{ tx_id: 1, request: { message: 'cancel_request', process_id: 28_954, secret_key: 889_916_881 } }]);
});

test.each([
  ['a first message', pgsql.start, TO_SERVER, IS_THIS],
  ['half a first message', pgsql.start.slice(0, 6), TO_SERVER, NEED_MORE],
  ['another code', '\0\0\0\x10\0\0\0\0', TO_SERVER, NOT_THIS],
  ['a query from the middle on', pgsql.query, TO_SERVER, IS_THIS],
  ['an answer to an offer of encryption', 'N', TO_CLIENT, IS_THIS],
  ['the server heard first', pgsql.salt, TO_SERVER, IS_THIS_REVERSED],
  ['HTTP', 'GET / HTTP/1.1', TO_SERVER, NOT_THIS],
] as const)('recognises %s', (_why, text, direction, answer) => {
  const flow = new Flow();
  flow.sourcePort = answer === IS_THIS_REVERSED ? 5432 : 40_000;
  expect(protocol.recognise(fromLatin1(text), 0, text.length, direction, flow)).toBe(answer);
});

test('requests without an answer are bounded, and that is told', () => {
  const told = tell(protocol, whole([...logon, ...Array.from({ length: 300 }, (): Turns[number] => ['client', pgsql.query])]));
  expect(told.transactions.filter(({ anomalies }) => anomalies.includes('too_many_transactions')).length).toBeGreaterThan(0);
  expect(told.transactions.at(-1)?.anomalies).toEqual([]);
});
