/** The keyword `modbus`: conditions on the function, the data that is accessed, and the unit of a request. */
import { entryOf } from '@sigwright/bytes';
import { keyword, TO_SERVER, type Transaction } from '@sigwright/contracts';
import { custom, numberIn } from '../../arguments/index.ts';
import { MESSAGE_COMPLETE } from '../../formats/messages/framed-session.ts';
import type { ModbusTransaction } from './session.ts';
import { type Category, COILS, DISCRETES, EXCEPTION, HOLDING, INPUT, type ModbusMessage, READ, WRITE } from './wire.ts';

interface Range {
  readonly kind: 'equal' | 'below' | 'above' | 'between';
  readonly low: number;
  readonly high: number;
}

interface Wanted {
  unit?: Range;
  functionCode?: number;
  subfunction?: number;
  categories?: { readonly negated: boolean; readonly of: readonly Category[] };
  access?: number;
  address?: Range;
  value?: Range;
}

type Reading<Value> = { readonly value: Value } | { readonly problem: string };

const CATEGORIES: Readonly<Record<string, readonly Category[]>> = {
  assigned: ['PUBLIC_ASSIGNED'],
  unassigned: ['PUBLIC_UNASSIGNED'],
  public: ['PUBLIC_ASSIGNED', 'PUBLIC_UNASSIGNED'],
  user: ['USER_DEFINED'],
  reserved: ['RESERVED'],
  all: ['PUBLIC_ASSIGNED', 'PUBLIC_UNASSIGNED', 'USER_DEFINED', 'RESERVED'],
};
const READABLE: Readonly<Record<string, number>> = { discretes: DISCRETES, coils: COILS, input: INPUT, holding: HOLDING };
const WRITABLE: Readonly<Record<string, number>> = { coils: COILS, holding: HOLDING };
const MOST_BYTE = 255;
const MOST_WORD = 65_535;

function range(written: string, most: number): Range | undefined {
  const [, sign, first, , second] = /^([<>])?\s*(\w+)(\s*<>\s*(\w+))?$/.exec(written.trim()) ?? [];
  if (first === undefined || (sign !== undefined && second !== undefined)) return undefined;
  const low = numberIn(first);
  const high = second === undefined ? low : numberIn(second);
  if (low === undefined || high === undefined || low > most || high > most) return undefined;
  if (second !== undefined) return low < high ? { kind: 'between', low, high } : undefined;
  return { kind: sign === '<' ? 'below' : sign === '>' ? 'above' : 'equal', low, high };
}

/** Does any number from `first` to `last` lie in it? Bounds are left out, but a range from 0 takes 0 in, as there is none below. */
function meets({ kind, low, high }: Range, first: number, last: number): boolean {
  switch (kind) {
    case 'equal':
      return first <= low && low <= last;
    case 'below':
      return first < low;
    case 'above':
      return last > low;
    case 'between':
      return first < high && (last > low || low === 0);
  }
}

/** One part between commas. A text: what is wrong with it. */
function part(written: string, wanted: Wanted): string | undefined {
  const [word, ...rest] = written.trim().split(/\s+/);
  const argument = rest.join(' ');
  switch (word) {
    case 'unit':
      wanted.unit = range(argument, MOST_BYTE);
      return wanted.unit === undefined ? `\`${argument}\` is no unit` : undefined;
    case 'function': {
      const number = numberIn(argument);
      const category = entryOf(CATEGORIES, argument.replace(/^!\s*/, '').toLowerCase());
      if (number !== undefined && number <= MOST_BYTE) wanted.functionCode = number;
      else if (category !== undefined) wanted.categories = { negated: argument.startsWith('!'), of: category };
      else return `\`${argument}\` is no function`;
      return undefined;
    }
    case 'subfunction': {
      const number = numberIn(argument);
      if (wanted.functionCode === undefined || number === undefined || number > MOST_WORD) return `\`${written.trim()}\` is no subfunction of a function`;
      wanted.subfunction = number;
      return undefined;
    }
    case 'access': {
      const [kind, of, ...more] = argument.split(/\s+/);
      const types = kind === 'read' ? READABLE : kind === 'write' ? WRITABLE : undefined;
      const type = of === undefined ? 0 : types === undefined ? undefined : entryOf(types, of);
      if (types === undefined || type === undefined || more.length > 0) return `\`${argument}\` is no access`;
      wanted.access = (kind === 'read' ? READ : WRITE) | type;
      return undefined;
    }
    case 'address':
      wanted.address = range(argument, MOST_WORD);
      return wanted.access === undefined || wanted.address === undefined ? `\`${written.trim()}\` is no address of an access` : undefined;
    case 'value':
      wanted.value = range(argument, MOST_WORD);
      return wanted.address === undefined || wanted.value === undefined || ((wanted.access ?? 0) & WRITE) === 0
        ? `\`${written.trim()}\` is no value that is written to an address`
        : undefined;
    default:
      return `\`${word}\` is none of unit, function, subfunction, access, address and value`;
  }
}

function readArgument(written: string): Reading<Wanted> {
  const wanted: Wanted = {};
  for (const one of written.split(',')) {
    const problem = part(one, wanted);
    if (problem !== undefined) return { problem };
  }
  const asksFunction = wanted.functionCode !== undefined || wanted.categories !== undefined;
  return asksFunction && wanted.access !== undefined ? { problem: 'it asks for a function and for an access' } : { value: wanted };
}

function holds(wanted: Wanted, request: ModbusMessage): boolean {
  if (wanted.unit !== undefined && !meets(wanted.unit, request.unit, request.unit)) return false;
  if (wanted.functionCode !== undefined) {
    if ((request.functionCode & ~EXCEPTION) !== wanted.functionCode) return false;
    if (wanted.subfunction !== undefined && (request.diagnostic?.code ?? request.encapsulated?.type) !== wanted.subfunction) return false;
  }
  if (wanted.categories !== undefined && wanted.categories.of.includes(request.category) === wanted.categories.negated) return false;
  return wanted.access === undefined || ((request.access & wanted.access) === wanted.access && accessed(wanted, request));
}

function accessed({ access = 0, address, value }: Wanted, { read, write }: ModbusMessage): boolean {
  if (address === undefined) return true;
  if ((access & READ) !== 0) return read !== undefined && read.quantity > 0 && meets(address, read.address, read.address + read.quantity - 1);
  if (write === undefined) return false;
  const quantity = write.kind === 'multiple' ? write.quantity : 1;
  if (quantity === 0 || !meets(address, write.address, write.address + quantity - 1)) return false;
  if (value === undefined) return true;
  for (let index = 0; index < quantity; index++) {
    const at = write.address + index;
    const written = meets(address, at, at) ? writtenAt(write, index, access) : undefined;
    if (written !== undefined && meets(value, written, written)) return true;
  }
  return false;
}

/** Of a coil 0 or 1. Undefined where it is not there, or a mask. */
function writtenAt(write: NonNullable<ModbusMessage['write']>, index: number, access: number): number | undefined {
  if (write.kind === 'mask') return undefined;
  const isCoil = (access & COILS) !== 0;
  if (write.kind === 'single') return isCoil ? Number(write.data !== 0) : write.data;
  if (isCoil) return index >> 3 < write.data.length ? (write.data[index >> 3] >> (index & 7)) & 1 : undefined;
  return 2 * index + 1 < write.data.length ? (write.data[2 * index] << 8) | write.data[2 * index + 1] : undefined;
}

export const modbusKeyword = keyword({
  name: 'modbus',
  family: 'modbus',
  since: '2.0',
  summary: 'function, accessed data or unit of a request',
  kind: 'condition',
  protocol: 'modbus',
  argument: custom(
    '[unit <range>,] function <code>|[!]<category>[, subfunction <code>] | access read|write [<type>[, address <range>[, value <range>]]]',
    ['function 16', 'access read'],
    readArgument,
  ),
  examples: [
    'modbus: function 8, subfunction 4;',
    'modbus: function !assigned;',
    'modbus: unit 10;',
    'modbus: access read coils, address 0<>9;',
    'modbus: access write holding, address 500, value >200;',
  ],
  broken: [
    { options: 'modbus: function unknown;', code: 'modbus/argument' },
    { options: 'modbus: access write input;', code: 'modbus/argument' },
    { options: 'modbus: access read holding, address 5, value 1;', code: 'modbus/argument' },
  ],
  apply(wanted, builder) {
    builder.addTransaction({
      keyword: 'modbus',
      describes: 'a request of Modbus',
      protocol: 'modbus',
      progress: MESSAGE_COMPLETE,
      directions: [TO_SERVER],
      test(transaction: Transaction) {
        const { request } = transaction as ModbusTransaction;
        return request !== undefined && holds(wanted, request);
      },
    });
  },
});
