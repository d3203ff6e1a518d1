/** Modbus over TCP, recognised on its port by a header. Suricata user guide, "Modbus Keyword". */
import { uint16 } from '@sigwright/bytes';
import { IS_THIS, IS_THIS_REVERSED, NEED_MORE, NOT_THIS, type ProtocolDefinition, TO_SERVER } from '@sigwright/contracts';
import { COMPLETE } from '../../formats/messages/framed-session.ts';
import { modbusKeyword } from './keyword.ts';
import { modbusBody } from './records.ts';
import { ModbusSession, type ModbusTransaction } from './session.ts';
import { HEADER, LEAST_LENGTH } from './wire.ts';

const PORT = 502;
/** §4.1: a message has 253 bytes at most, its unit one. */
const MOST_LENGTH = 254;

export const protocol: ProtocolDefinition = {
  name: 'modbus',
  recordName: 'modbus',
  transport: ['tcp'],
  summary: 'industrial controllers',
  ports: [PORT],
  anyPort: false,
  recognise(bytes, start, end, direction, flow) {
    if (end - start < HEADER) return NEED_MORE;
    const length = uint16(bytes, start + 4);
    if (uint16(bytes, start + 2) !== 0 || length < LEAST_LENGTH || length > MOST_LENGTH) return NOT_THIS;
    // Heard from the middle on: the first whom we heard may be the server.
    return direction === TO_SERVER && flow.sourcePort === PORT && flow.destinationPort !== PORT ? IS_THIS_REVERSED : IS_THIS;
  },
  open: () => new ModbusSession(),
  complete: COMPLETE,
  buffers: [],
  keywords: [modbusKeyword],
  anomalies: [
    { name: 'unsolicited_response', summary: 'a response to no request that was seen' },
    { name: 'invalid_protocol_id', summary: 'a protocol identifier other than 0' },
    { name: 'invalid_length', summary: 'a length that does not fit the function' },
    { name: 'invalid_unit_identifier', summary: 'a unit that no device can have' },
    { name: 'invalid_function_code', summary: 'a function that can not be' },
    { name: 'invalid_value', summary: 'a quantity or value that the function does not allow' },
    { name: 'invalid_exception_code', summary: 'an exception that the function does not have' },
    { name: 'value_mismatch', summary: 'a response that does not fit its request' },
    { name: 'flooded', summary: 'more requests without a response than are kept' },
  ],
  records: (transaction) => [{ type: 'modbus', body: modbusBody(transaction as ModbusTransaction), direction: TO_SERVER }],
  context: (transaction) => modbusBody(transaction as ModbusTransaction),
};
