/** PostgreSQL, protocol 3, recognised on its port by a first message, or by a regular one where the beginning was not seen. */
import { fromLatin1, fromUtf8 } from '@sigwright/bytes';
import { IS_THIS, IS_THIS_REVERSED, NEED_MORE, NOT_THIS, type ProtocolDefinition, TO_CLIENT, TO_SERVER } from '@sigwright/contracts';
import { COMPLETE, LENGTH_UNKNOWN } from '../../formats/messages/framed-session.ts';
import { textBuffers } from '../../formats/messages/text-buffers.ts';
import { pgsqlBody } from './records.ts';
import { PgsqlSession, type PgsqlTransaction } from './session.ts';
import { messageLength } from './wire.ts';

const PORT = 5432;
/** What a server answers to an offer of encryption. */
const ONE_BYTE_ANSWERS: readonly number[] = [...fromLatin1('SN')];
/** A message of unknown contents is believed up to this length. */
const LONGEST_BELIEVED = 65_536;

const { buffers, keywords } = textBuffers<PgsqlTransaction>('pgsql', [
  {
    name: 'pgsql.query',
    summary: 'text of a simple query',
    since: '8.0',
    directions: [TO_SERVER],
    read: (one) => (one.request?.kind === 'query' ? fromUtf8(one.request.text) : undefined),
  },
]);

export const protocol: ProtocolDefinition = {
  name: 'pgsql',
  recordName: 'pgsql',
  transport: ['tcp'],
  summary: 'PostgreSQL databases',
  ports: [PORT],
  anyPort: false,
  recognise(bytes, start, end, direction, flow) {
    if (direction === TO_CLIENT && end - start === 1 && ONE_BYTE_ANSWERS.includes(bytes[start])) return IS_THIS;
    const length = messageLength(bytes, start, end, direction === TO_SERVER);
    if (length === LENGTH_UNKNOWN) return NEED_MORE;
    if (length > 0 && length <= LONGEST_BELIEVED) return IS_THIS;
    // Heard from the middle on: the first whom we heard may be the server.
    const isServerFirst = direction === TO_SERVER && flow.sourcePort === PORT && messageLength(bytes, start, end, false) > 0;
    return isServerFirst ? IS_THIS_REVERSED : NOT_THIS;
  },
  open: (_flow, settings) => new PgsqlSession(settings),
  complete: COMPLETE,
  buffers,
  keywords,
  anomalies: [
    { name: 'invalid_length', summary: 'a length that can not be right; here such a message counts as malformed' },
    { name: 'malformed_request', summary: 'bytes of the client that are no message' },
    { name: 'malformed_response', summary: 'bytes of the server that are no message' },
    { name: 'too_many_transactions', summary: 'more requests without an answer than are kept' },
  ],
  records: (transaction) => [{ type: 'pgsql', body: pgsqlBody(transaction as PgsqlTransaction), direction: TO_SERVER }],
  context: (transaction) => pgsqlBody(transaction as PgsqlTransaction),
};
