/** Modbus: requests with their responses, what is wrong with them, what rules ask of them; the same at every split. */
import { fromLatin1 } from '@sigwright/bytes';
import type { KeywordDefinition, RuleBuilder, Transaction, TransactionCondition } from '@sigwright/contracts';
import { Flow, IS_THIS, NEED_MORE, NOT_THIS, TO_SERVER } from '@sigwright/contracts';
import { describe, expect, test } from 'vitest';
import { everySplit, type Turns, tell, whole } from '../../session-kit.ts';
import { modbusKeyword } from './keyword.ts';
import { protocol } from './modbus.definition.ts';
import { ModbusTransaction } from './session.ts';
import { readMessage } from './wire.ts';

/** A message: number 7, unit 10. */
const message = (content: string, unit = '\x0a'): string => `\0\x07\0\0\0${String.fromCharCode(content.length + 1)}${unit}${content}`;
const bodies = (turns: Turns) => tell(protocol, whole(turns)).transactions.flatMap((one) => one.records.map((record) => (record as { body: unknown }).body));

const cases: readonly (readonly [why: string, turns: Turns, bodies: readonly unknown[]])[] = [
  [
    'coils are read',
    [
      ['client', message('\x01\0\x02\0\x0a')],
      ['server', message('\x01\x02\x05\x41')],
    ],
    [
      {
        id: 1,
        request: {
          transaction_id: 7,
          protocol_id: 0,
          unit_id: 10,
          function_raw: 1,
          function_code: 'RdCoils',
          access_type: 'READ | COILS',
          category: 'PUBLIC_ASSIGNED',
          error_flags: 'NONE',
          read: { address: 2, quantity: 10 },
        },
        response: { function_code: 'RdCoils', read: { data: '\\x05A' } },
      },
    ],
  ],
  [
    'registers are written; an exception is told under the function that failed',
    [
      ['client', message('\x10\0\x05\0\x02\x04\0\x01\0\x02')],
      ['server', message('\x90\x04')],
    ],
    [
      {
        request: { access_type: 'WRITE | HOLDING | MULTIPLE | WRITE_MULTIPLE', write: { address: 5, quantity: 2 } },
        response: { function_raw: 144, function_code: 'WrMultRegs', exception: { raw: 4, code: 'ServerDeviceFail' } },
      },
    ],
  ],
  [
    'diagnostics, device identification and masks',
    [['client', message('\x08\0\x04\0\0') + message('\x2b\x0e\x03\x01') + message('\x16\0\x01\xff\0\0\x0f')]],
    [
      { request: { diagnostic: { raw: 4, code: 'ForceListenOnlyMode', data: '\\x00\\x00' } } },
      { request: { function_code: 'MEI', mei: { raw: 14, code: 'RdDevId' } } },
      { request: { write: { address: 1, and_mask: 0xff00, or_mask: 15 } } },
    ],
  ],
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

test.each<[why: string, turns: Turns, anomalies: readonly string[]]>([
  ['a sound request', [['client', message('\x03\0\0\0\x01')]], []],
  ['nothing is to be read', [['client', message('\x03\0\0\0\0')]], ['invalid_value']],
  ['more registers than there may be', [['client', message('\x03\0\0\0\x7e')]], ['invalid_value']],
  ['a coil is neither on nor off', [['client', message('\x05\0\0\0\x01')]], ['invalid_value']],
  ['fewer values than are written', [['client', message('\x10\0\0\0\x02\x02\0\x01')]], ['invalid_value']],
  ['something behind the fields', [['client', message('\x03\0\0\0\x01!')]], ['invalid_length']],
  ['fields are missing', [['client', message('\x03\0\0')]], ['invalid_value', 'invalid_length']],
  ['function 0', [['client', message('\0')]], ['invalid_function_code']],
  ['another protocol', [['client', '\0\x07\0\x01\0\x06\x0a\x03\0\0\0\x01']], ['invalid_protocol_id']],
  ['a unit that can not be', [['client', message('\x03\0\0\0\x01', '\xf8')]], ['invalid_unit_identifier']],
  ['a response that nobody asked for', [['server', message('\x03\x02\0\x01')]], ['unsolicited_response']],
  [
    'an exception that diagnostics do not have',
    [
      ['client', message('\x08\0\0\0\0')],
      ['server', message('\x88\x03')],
    ],
    ['invalid_exception_code'],
  ],
  [
    'another address is confirmed',
    [
      ['client', message('\x06\0\x01\0\x05')],
      ['server', message('\x06\0\x02\0\x05')],
    ],
    ['value_mismatch'],
  ],
  [
    'fewer registers than were asked for',
    [
      ['client', message('\x03\0\0\0\x02')],
      ['server', message('\x03\x02\0\x01')],
    ],
    ['value_mismatch'],
  ],
])('%s', (_why, turns, anomalies) => {
  const [{ anomalies: told }] = tell(protocol, whole(turns)).transactions;
  expect([...told].sort()).toEqual([...anomalies].sort());
});

test('a length that can not be right ends the reading', () => {
  expect(tell(protocol, whole([['client', '\0\x01\0\0\0\x01\x0a\x03']]))).toMatchObject({ broken: true, anomalies: ['invalid_length'] });
});

test('an exception of the client asks for nothing', () => {
  expect(tell(protocol, whole([['client', message('\x81\x06\0')]]))).toMatchObject({ anomalies: ['invalid_function_code'], transactions: [] });
});

test('requests that nobody answers are bounded, and that is told', () => {
  const told = tell(protocol, whole([['client', message('\x03\0\0\0\x01').repeat(501)]])).transactions;
  expect(told[499].anomalies).toEqual([]);
  expect(told[500].anomalies).toEqual(['flooded']);
});

/** The condition that the keyword makes of an argument. */
function condition(argument: string): (content: string) => boolean {
  const definition = modbusKeyword as unknown as KeywordDefinition<unknown>;
  const read = definition.argument.read(argument);
  if (!('value' in read)) throw new Error(read.problem);
  const made: TransactionCondition[] = [];
  definition.apply(read.value, { addTransaction: (one: TransactionCondition) => made.push(one) } as unknown as RuleBuilder);
  return (content) => {
    const bytes = fromLatin1(message(content));
    const transaction: Transaction = new ModbusTransaction(0, 1, readMessage(bytes, 0, bytes.length, true));
    return made[0].test(transaction, TO_SERVER, new Flow()) === true;
  };
}

const read = '\x01\0\x02\0\x03'; // coils 2 to 4
const write = '\x10\0\x05\0\x02\x04\0\x01\x03\xe8'; // registers 5 and 6: 1 and 1000
const coils = '\x0f\0\x08\0\x02\x01\x02'; // coils 8 and 9: off and on

test.each<[argument: string, content: string, holds: boolean]>([
  ['unit 10', read, true],
  ['unit >10', read, false],
  ['unit 9<>11, function 1', read, true],
  ['function 8, subfunction 4', '\x08\0\x04\0\0', true],
  ['function 8, subfunction 1', '\x08\0\x04\0\0', false],
  ['function assigned', read, true],
  ['function !assigned', read, false],
  ['function user', '\x41', true],
  ['function reserved', '\x2a', true],
  ['function unassigned', '\x5f', true],
  ['access read', read, true],
  ['access read discretes', read, false],
  ['access write', read, false],
  ['access read coils, address 4', read, true],
  ['access read coils, address 5', read, false],
  ['access read coils, address <2', read, false],
  ['access read coils, address >3', read, true],
  ['access read coils, address 0<>2', read, false],
  ['access write holding, address 6, value >200', write, true],
  ['access write holding, address 5, value >200', write, false],
  ['access write coils, address 9, value 1', coils, true],
  ['access write coils, address 8, value 1', coils, false],
])('modbus: %s', (argument, content, holds) => {
  expect(condition(argument)(content)).toBe(holds);
});

test.each([
  ['a header', message(read), IS_THIS],
  ['half a header', message(read).slice(0, 7), NEED_MORE],
  ['another protocol', '\0\x01\0\x08\0\x06\x0a\x01', NOT_THIS],
  ['a length that can not be', '\0\x01\0\0\x88\x04\x05\x07', NOT_THIS],
] as const)('recognises %s', (_why, text, answer) => {
  expect(protocol.recognise(fromLatin1(text), 0, text.length, TO_SERVER, new Flow())).toBe(answer);
});
