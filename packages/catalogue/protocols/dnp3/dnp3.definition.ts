/** DNP3 (IEEE 1815) over TCP: requests to outstations and their responses. Suricata user guide, "DNP3 Keywords". */
import {
  asKeywords,
  type BufferDefinition,
  fillWindow,
  IS_THIS,
  IS_THIS_REVERSED,
  keyword,
  NEED_MORE,
  NOT_THIS,
  type ProtocolDefinition,
  TO_CLIENT,
  TO_SERVER,
  type Transaction,
} from '@sigwright/contracts';
import { custom, none, numberIn } from '../../arguments/index.ts';
import { COMPLETE, MESSAGE_COMPLETE, type Message } from '../../formats/messages/framed-session.ts';
import { type DnpObject, isResponse, isUnsolicited } from './application.ts';
import { START_FIRST, START_SECOND } from './link.ts';
import { type DnpContent, DnpSession } from './session.ts';

const PORT = 20_000;
/** link control: who speaks, and what */
const FROM_MASTER = 0x80;
const PRIMARY = 0x40;
const COUNT_BIT = 0x20;
const COUNT_VALID = 0x10;
const LINK_FUNCTION = 0x0f;
/** application control */
const FIRST = 0x80;
const LAST = 0x40;
const CONFIRM = 0x20;
const UNSOLICITED = 0x10;
const SEQUENCE = 0x0f;
const MOST_BYTE = 255;

/** §4.2.2.5 */
const FUNCTIONS: ReadonlyMap<string, number> = new Map([
  ...[
    'confirm',
    'read',
    'write',
    'select',
    'operate',
    'direct_operate',
    'direct_operate_nr',
    'immed_freeze',
    'immed_freeze_nr',
    'freeze_clear',
    'freeze_clear_nr',
    'freeze_at_time',
    'freeze_at_time_nr',
    'cold_restart',
    'warm_restart',
    'initialize_data',
    'initialize_appl',
    'start_appl',
    'stop_appl',
    'save_config',
    'enable_unsolicited',
    'disable_unsolicited',
    'assign_class',
    'delay_measure',
    'record_current_time',
    'open_file',
    'close_file',
    'delete_file',
    'get_file_info',
    'authenticate_file',
    'abort_file',
    'activate_config',
    'authenticate_req',
    'authenticate_err',
  ].map((name, code) => [name, code] as const),
  ['response', 129],
  ['unsolicited_response', 130],
  ['authenticate_resp', 131],
]);

/** §4.2.2.6, in the order in which records show them */
const INDICATIONS: ReadonlyMap<string, number> = new Map([
  ['all_stations', 0x0100],
  ['class_1_events', 0x0200],
  ['class_2_events', 0x0400],
  ['class_3_events', 0x0800],
  ['need_time', 0x1000],
  ['local_control', 0x2000],
  ['device_trouble', 0x4000],
  ['device_restart', 0x8000],
  ['no_func_code_support', 0x0001],
  ['object_unknown', 0x0002],
  ['parameter_error', 0x0004],
  ['event_buffer_overflow', 0x0008],
  ['already_executing', 0x0010],
  ['config_corrupt', 0x0020],
  ['reserved_2', 0x0040],
  ['reserved_1', 0x0080],
]);

const contentOf = (transaction: Transaction): DnpContent => (transaction as Message<DnpContent>).content;

const DATA: BufferDefinition = {
  of: 'transaction',
  name: 'dnp3_data',
  summary: 'a message of the application layer, put together',
  shape: 'text',
  protocol: 'dnp3',
  directions: [TO_SERVER, TO_CLIENT],
  multiple: false,
  progress: () => MESSAGE_COMPLETE,
  read: (transaction, direction, index, window) =>
    index === 0 && (transaction as Message<DnpContent>).direction === direction && fillWindow(window, contentOf(transaction).data),
};

/** A condition on messages, asked in the direction in which each goes. */
function condition(name: string, describes: string, test: (content: DnpContent) => boolean) {
  return {
    keyword: name,
    describes,
    protocol: 'dnp3',
    progress: MESSAGE_COMPLETE,
    directions: [TO_SERVER, TO_CLIENT] as const,
    test: (transaction: Transaction, direction: number) => (transaction as Message<DnpContent>).direction === direction && test(contentOf(transaction)),
  };
}

type Reading<Value> = { readonly value: Value } | { readonly problem: string };

function functionArgument(written: string): Reading<number> {
  const code = FUNCTIONS.get(written.trim().toLowerCase()) ?? numberIn(written);
  return code === undefined || code > MOST_BYTE ? { problem: `\`${written}\` is no function` } : { value: code };
}

function indicationsArgument(written: string): Reading<number> {
  let bits = 0;
  for (const part of written.split(',')) {
    const bit = INDICATIONS.get(part.trim().toLowerCase()) ?? numberIn(part);
    if (bit === undefined) return { problem: `\`${part.trim()}\` is no indication` };
    bits |= bit;
  }
  return { value: bits };
}

function objectArgument(written: string): Reading<{ readonly group: number; readonly variation: number }> {
  const [group, variation, more] = written.split(',').map(numberIn);
  if (group === undefined || variation === undefined || more !== undefined || group > MOST_BYTE || variation > MOST_BYTE)
    return { problem: `\`${written}\` is not a group and a variation` };
  return { value: { group, variation } };
}

const keywords = asKeywords(
  keyword({
    name: 'dnp3_data',
    aliases: ['dnp3.data'],
    family: 'dnp3',
    since: '3.1',
    summary: DATA.summary,
    kind: 'sticky-buffer',
    protocol: 'dnp3',
    argument: none(),
    examples: ['dnp3_data; content:"|3c 02 06|";'],
    broken: [{ options: 'dnp3_data:1;', code: 'dnp3_data/argument' }],
    apply(_none, builder) {
      builder.selectBuffer('dnp3_data');
    },
  }),
  keyword({
    name: 'dnp3_func',
    aliases: ['dnp3.func'],
    family: 'dnp3',
    since: '3.1',
    summary: 'function of a message',
    kind: 'condition',
    protocol: 'dnp3',
    argument: custom('<name>|<number>', ['write', '2'], functionArgument),
    examples: ['dnp3_func:write;', 'dnp3_func:129;'],
    broken: [{ options: 'dnp3_func:shout;', code: 'dnp3_func/argument' }],
    apply(code, builder) {
      builder.addTransaction(condition('dnp3_func', `function ${code}`, ({ message }) => message.functionCode === code));
    },
  }),
  keyword({
    name: 'dnp3_ind',
    aliases: ['dnp3.ind'],
    family: 'dnp3',
    since: '3.1',
    summary: 'any of these indications of a response is set',
    kind: 'condition',
    protocol: 'dnp3',
    argument: custom('<name>[,…]', ['device_restart', 'class_1_events,class_2_events'], indicationsArgument),
    examples: ['dnp3_ind:all_stations;', 'dnp3_ind:class_1_events,class_2_events;'],
    broken: [{ options: 'dnp3_ind:none;', code: 'dnp3_ind/argument' }],
    apply(bits, builder) {
      builder.addTransaction(condition('dnp3_ind', 'an indication', ({ message }) => ((message.indications ?? 0) & bits) !== 0));
    },
  }),
  keyword({
    name: 'dnp3_obj',
    aliases: ['dnp3.obj'],
    family: 'dnp3',
    since: '3.1',
    summary: 'an object of this group and variation',
    kind: 'condition',
    protocol: 'dnp3',
    argument: custom('<group>,<variation>', ['12,1'], objectArgument),
    examples: ['dnp3_obj:12,1;'],
    broken: [{ options: 'dnp3_obj:12;', code: 'dnp3_obj/argument' }],
    apply({ group, variation }, builder) {
      builder.addTransaction(
        condition('dnp3_obj', `an object ${group},${variation}`, ({ message }) =>
          message.objects.some((object) => object.group === group && object.variation === variation),
        ),
      );
    },
  }),
);

function objectBody(object: DnpObject): Record<string, unknown> {
  const { group, variation, qualifier, prefixCode, rangeCode, start, stop, count, points } = object;
  return { group, variation, qualifier, prefix_code: prefixCode, range_code: rangeCode, start, stop, count, ...(points.length > 0 ? { points } : {}) };
}

/** Suricata user guide, "Lua libraries: DNP3". */
function scripted({ id, content, progress }: Message<DnpContent>): Record<string, unknown> {
  const { link, transport, message } = content;
  const { control, functionCode, indications, objects, complete } = message;
  const answers = isResponse(functionCode);
  return {
    tx_num: id,
    is_request: !answers,
    [answers ? 'response' : 'request']: {
      done: progress[answers ? TO_CLIENT : TO_SERVER] > 0,
      complete,
      link_header: { len: link.length, control: link.control, dst: link.destination, src: link.source, crc: link.checksum },
      transport_header: transport,
      application_header: { control, function_code: functionCode },
      objects: objects.map(({ group, variation, points }) => ({ group, variation, points })),
      ...(indications === undefined ? {} : { indicators: indications }),
    },
  };
}

function body({ link, message }: DnpContent): Record<string, unknown> {
  const { control: linkControl, source, destination } = link;
  const { control, functionCode, indications, objects, complete } = message;
  const record: Record<string, unknown> = {
    type: isUnsolicited(functionCode) ? 'unsolicited_response' : isResponse(functionCode) ? 'response' : 'request',
    control: {
      dir: (linkControl & FROM_MASTER) !== 0,
      pri: (linkControl & PRIMARY) !== 0,
      fcb: (linkControl & COUNT_BIT) !== 0,
      fcv: (linkControl & COUNT_VALID) !== 0,
      function_code: linkControl & LINK_FUNCTION,
    },
    src: source,
    dst: destination,
    application: {
      control: {
        fir: (control & FIRST) !== 0,
        fin: (control & LAST) !== 0,
        con: (control & CONFIRM) !== 0,
        uns: (control & UNSOLICITED) !== 0,
        sequence: control & SEQUENCE,
      },
      function_code: functionCode,
      ...(objects.length > 0 ? { objects: objects.map(objectBody) } : {}),
      complete,
    },
  };
  if (indications !== undefined) {
    const set = [...INDICATIONS].filter(([, bit]) => (indications & bit) !== 0).map(([name]) => name);
    record['iin'] = set.length > 0 ? { indicators: set } : {};
  }
  return record;
}

export const protocol: ProtocolDefinition = {
  name: 'dnp3',
  recordName: 'dnp3',
  transport: ['tcp'],
  summary: 'control of stations in electricity and water supply',
  ports: [PORT],
  anyPort: false,
  recognise(bytes, start, end, direction) {
    if (bytes[start] !== START_FIRST || (end - start > 1 && bytes[start + 1] !== START_SECOND)) return NOT_THIS;
    if (end - start < 4) return NEED_MORE;
    // Masters ask and stations answer, whoever was seen first.
    const fromMaster = (bytes[start + 3] & FROM_MASTER) !== 0;
    return fromMaster === (direction === TO_SERVER) ? IS_THIS : IS_THIS_REVERSED;
  },
  open: () => new DnpSession(),
  complete: COMPLETE,
  buffers: [DATA],
  keywords,
  anomaliesInCapitals: true,
  anomalies: [
    { name: 'flooded', summary: 'more questions than may wait for an answer' },
    { name: 'len_too_small', summary: 'a frame shorter than its header' },
    { name: 'bad_link_crc', summary: 'the checksum of a frame’s header is wrong' },
    { name: 'bad_transport_crc', summary: 'a checksum within a frame is wrong' },
    { name: 'unknown_object', summary: 'an object of a kind that is not known' },
    { name: 'too_many_points', summary: 'more points in a message than are read' },
    { name: 'too_many_objects', summary: 'more objects in a message than are read' },
    { name: 'too_long_reassembly', summary: 'a message of more segments than there are numbers for' },
    { name: 'malformed_data', summary: 'a frame that can not be read' },
  ],
  records: (transaction) => [{ type: 'dnp3', body: body(contentOf(transaction)), direction: TO_SERVER }],
  scripted: (transaction) => scripted(transaction as Message<DnpContent>),
  context: (transaction) => {
    const content = contentOf(transaction);
    return { [isResponse(content.message.functionCode) ? 'response' : 'request']: body(content) };
  },
};
