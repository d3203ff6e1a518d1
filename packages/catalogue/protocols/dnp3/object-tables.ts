/** What points of DNP3 objects hold (IEEE 1815 annex A), by group and variation, under the names that records show. */

/** Bits of one byte or more, lowest first; or a number; or text that the rest of the point holds. */
export type Field =
  | { readonly kind: 'bits'; readonly parts: readonly (readonly [name: string, width: number])[] }
  | { readonly kind: 'number'; readonly name: string; readonly size: number; readonly signed: boolean }
  | { readonly kind: 'float'; readonly name: string; readonly size: 4 | 8 }
  | { readonly kind: 'text'; readonly name: string; readonly sizeFrom: string | undefined };

export interface Points {
  readonly fields: readonly Field[];
  /** values of so many bits side by side, instead of fields */
  readonly packed: number;
}

const number = (name: string, size: number, signed = false): Field => ({ kind: 'number', name, size, signed });
const float = (name: string, size: 4 | 8): Field => ({ kind: 'float', name, size });
const rest = (name: string): Field => ({ kind: 'text', name, sizeFrom: undefined });
const bits = (...parts: readonly (string | readonly [string, number])[]): Field => ({
  kind: 'bits',
  parts: parts.map((part) => (typeof part === 'string' ? ([part, 1] as const) : part)),
});

const COMMON = ['online', 'restart', 'comm_lost', 'remote_forced', 'local_forced'] as const;
const BINARY = bits(...COMMON, 'chatter_filter', 'reserved', 'state');
const DOUBLE = bits(...COMMON, 'chatter_filter', ['state', 2]);
const OUTPUT = bits(...COMMON, 'reserved0', 'reserved1', 'state');
const COUNTER = bits(...COMMON, 'rollover', 'discontinuity', 'reserved0');
const ANALOG = bits(...COMMON, 'over_range', 'reference_err', 'reserved0');
const ANALOG_OUTPUT = bits(...COMMON, 'reserved0', 'reserved1', 'reserved2');
const TIME = number('timestamp', 6);
const RELATIVE_TIME = number('timestamp', 2);
const CONTROL_BLOCK: readonly Field[] = [
  bits(['op_type', 4], 'qu', 'cr', ['tcc', 2]),
  number('count', 1),
  number('ontime', 4),
  number('offtime', 4),
  bits(['status_code', 7], 'reserved'),
];

const TABLE = new Map<number, Points>();

function add(group: number, variation: number, ...fields: readonly Field[]): void {
  TABLE.set(group * 256 + variation, { fields, packed: 0 });
}

function addPacked(group: number, variation: number, width: number): void {
  TABLE.set(group * 256 + variation, { fields: [], packed: width });
}

for (const [group, width] of [
  [1, 1],
  [3, 2],
  [10, 1],
  [80, 1],
] as const)
  addPacked(group, 1, width);
add(1, 2, BINARY);
add(2, 1, BINARY);
add(2, 2, BINARY, TIME);
add(2, 3, BINARY, RELATIVE_TIME);
add(3, 2, DOUBLE);
add(4, 1, DOUBLE);
add(4, 2, DOUBLE, TIME);
add(4, 3, DOUBLE, RELATIVE_TIME);
add(10, 2, OUTPUT);
add(11, 1, OUTPUT);
add(11, 2, OUTPUT, TIME);
add(12, 1, ...CONTROL_BLOCK);
add(12, 2, ...CONTROL_BLOCK);
addPacked(12, 3, 1);
add(13, 1, bits(['status_code', 7], 'commanded_state'));
add(13, 2, bits(['status_code', 7], 'commanded_state'), TIME);
for (const group of [20, 21, 22, 23]) {
  add(group, 1, COUNTER, number('count', 4));
  add(group, 2, COUNTER, number('count', 2));
}
add(20, 5, number('count', 4));
add(20, 6, number('count', 2));
add(21, 9, number('count', 4));
add(21, 10, number('count', 2));
for (const group of [21, 22, 23]) {
  add(group, 5, COUNTER, number('count', 4), TIME);
  add(group, 6, COUNTER, number('count', 2), TIME);
}
for (const group of [30, 31]) {
  add(group, 1, ANALOG, number('value', 4, true));
  add(group, 2, ANALOG, number('value', 2, true));
}
add(30, 3, number('value', 4, true));
add(30, 4, number('value', 2, true));
add(30, 5, ANALOG, float('value', 4));
add(30, 6, ANALOG, float('value', 8));
add(31, 3, ANALOG, number('value', 4, true), TIME);
add(31, 4, ANALOG, number('value', 2, true), TIME);
add(31, 5, number('value', 4, true));
add(31, 6, number('value', 2, true));
add(31, 7, ANALOG, float('value', 4));
add(31, 8, ANALOG, float('value', 8));
for (const group of [32, 33, 42]) {
  add(group, 1, ANALOG, number('value', 4, true));
  add(group, 2, ANALOG, number('value', 2, true));
  add(group, 3, ANALOG, number('value', 4, true), TIME);
  add(group, 4, ANALOG, number('value', 2, true), TIME);
  add(group, 5, ANALOG, float('value', 4));
  add(group, 6, ANALOG, float('value', 8));
  add(group, 7, ANALOG, float('value', 4), TIME);
  add(group, 8, ANALOG, float('value', 8), TIME);
}
add(34, 1, number('deadband_value', 2));
add(34, 2, number('deadband_value', 4));
add(34, 3, float('deadband_value', 4));
add(40, 1, ANALOG_OUTPUT, number('value', 4, true));
add(40, 2, ANALOG_OUTPUT, number('value', 2, true));
add(40, 3, ANALOG_OUTPUT, float('value', 4));
add(40, 4, ANALOG_OUTPUT, float('value', 8));
add(41, 1, number('value', 4, true), number('control_status', 1));
add(41, 2, number('value', 2, true), number('control_status', 1));
add(41, 3, float('value', 4), number('control_status', 1));
add(41, 4, float('value', 8), number('control_status', 1));
add(50, 1, TIME);
add(50, 2, TIME, number('interval', 4));
add(50, 3, TIME);
add(51, 1, TIME);
add(51, 2, TIME);
add(52, 1, number('delay_secs', 2));
add(52, 2, number('delay_ms', 2));
const HANDLE = number('file_handle', 4);
const FILE_NAME: readonly Field[] = [number('filename_offset', 2), number('filename_size', 2)];
add(
  70,
  3,
  ...FILE_NAME,
  number('created', 6),
  number('permissions', 2),
  number('authentication_key', 4),
  number('file_size', 4),
  number('operational_mode', 2),
  number('maximum_block_size', 2),
  number('request_id', 2),
  { kind: 'text', name: 'filename', sizeFrom: 'filename_size' },
);
add(70, 4, HANDLE, number('file_size', 4), number('maximum_block_size', 2), number('request_id', 2), number('status_code', 1), rest('optional_text'));
add(70, 5, HANDLE, number('block_number', 4), rest('file_data'));
add(70, 6, HANDLE, number('block_number', 4), number('status_code', 1), rest('optional_text'));
add(70, 7, ...FILE_NAME, number('file_type', 2), number('file_size', 4), number('created', 6), number('permissions', 2), number('request_id', 2), {
  kind: 'text',
  name: 'filename',
  sizeFrom: 'filename_size',
});
add(70, 8, rest('file_specification'));
add(102, 1, number('value', 1));

/** Undefined: objects of this kind are not known. Octet strings (110 to 113) are as long as their variation says. */
export function pointsOf(group: number, variation: number): Points | undefined {
  if (group >= 110 && group <= 113) return { fields: [{ kind: 'text', name: 'data', sizeFrom: `${variation}` }], packed: 0 };
  return TABLE.get(group * 256 + variation);
}
