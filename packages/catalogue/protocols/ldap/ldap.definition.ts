/** LDAP 3 (RFC 4511) over TCP and UDP (CLDAP), recognised by the first message. */
import { shownTexts } from '@sigwright/bytes';
import { IS_THIS, IS_THIS_REVERSED, NEED_MORE, NOT_THIS, type ProtocolDefinition, TO_CLIENT, TO_SERVER, UDP } from '@sigwright/contracts';
import { buffers, keywords } from './keywords.ts';
import { COMPLETE, LdapSession, type LdapTransaction } from './session.ts';
import { type LdapMessage, messageLength, readMessage } from './wire.ts';

const PORTS = [389, 3268];
/** A message's sequence, identifier and operation are within so many bytes. */
const ENOUGH = 16;
/** Fewer bytes than this hold no message. */
const LEAST = 7;

function shown(message: LdapMessage, withId: boolean): Record<string, unknown> {
  const body: Record<string, unknown> = { operation: message.operation };
  if (withId) body['message_id'] = message.id;
  if (message.fields !== undefined) body[message.operation] = message.fields;
  return body;
}

function body({ request, responses }: LdapTransaction): Record<string, unknown> {
  const record: Record<string, unknown> = {};
  if (request !== undefined) record['request'] = shown(request, true);
  if (responses.length > 0) record['responses'] = responses.map((one) => shown(one, request === undefined));
  return shownTexts(record);
}

export const protocol: ProtocolDefinition = {
  name: 'ldap',
  recordName: 'ldap',
  transport: ['tcp', 'udp'],
  summary: 'directory',
  ports: PORTS,
  anyPort: false,
  recognise(bytes, start, end, direction) {
    const length = messageLength(bytes, start, end);
    if (length < 0 || (length > 0 && length < LEAST)) return NOT_THIS;
    if (length === 0 || end - start < Math.min(length, ENOUGH)) return NEED_MORE;
    const message = readMessage(bytes, start, end);
    if (message === undefined) return NOT_THIS;
    return message.isRequest === (direction === TO_SERVER) ? IS_THIS : IS_THIS_REVERSED;
  },
  open: (flow) => new LdapSession(flow.protocol === UDP),
  complete: COMPLETE,
  frames: ['pdu'],
  buffers,
  keywords,
  anomalies: [
    { name: 'too_many_transactions', summary: 'more requests open than are kept' },
    { name: 'invalid_data', summary: 'a message that is none' },
    { name: 'malformed_data', summary: 'bytes that no message begins with' },
    { name: 'request_not_found', summary: 'a response without a request' },
    { name: 'request_to_client', summary: 'a request of the server' },
  ],
  records: (transaction) => {
    const one = transaction as LdapTransaction;
    if (one.request === undefined && one.responses.length === 0) return [];
    return [{ type: 'ldap', body: body(one), direction: one.request === undefined ? TO_CLIENT : TO_SERVER }];
  },
  context: (transaction) => body(transaction as LdapTransaction),
};
