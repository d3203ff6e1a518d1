/** The distributed hash table of BitTorrent (BEP 5) over UDP: each datagram is a transaction. */
import { IS_THIS, NOT_THIS, type ProtocolDefinition, type Transaction } from '@sigwright/contracts';
import { COMPLETE, type Message, MessageSession } from '../../formats/messages/framed-session.ts';
import { startsLike } from '../../formats/recognised-only.ts';
import { type DhtMessage, readMessage } from './message.ts';

/** Keys of a dictionary are in order, so that messages begin with what they carry. */
const BEGINNINGS = ['d1:ad2:id20:', 'd1:rd2:id20:', 'd2:ip'];

class DhtSession extends MessageSession<DhtMessage> {
  constructor() {
    super(readMessage);
  }

  protected override open(transaction: Message<DhtMessage>): Message<DhtMessage> {
    if (transaction.content.malformed) transaction.raise('malformed_packet');
    return super.open(transaction);
  }
}

function body(transaction: Transaction): Record<string, unknown> {
  const { transactionId, clientVersion, requestType, request, response, error } = (transaction as Message<DhtMessage>).content;
  const answer =
    response === undefined ? undefined : Object.fromEntries(Object.entries(response).filter(([, value]) => value !== undefined && value.length > 0));
  return {
    transaction_id: transactionId,
    ...(clientVersion === undefined ? {} : { client_version: clientVersion }),
    ...(requestType === undefined ? {} : { request_type: requestType }),
    ...(request === undefined ? {} : { request }),
    ...(answer === undefined ? {} : { response: answer }),
    ...(error === undefined ? {} : { error }),
  };
}

export const protocol: ProtocolDefinition = {
  name: 'bittorrent-dht',
  recordName: 'bittorrent_dht',
  applicationName: 'bittorrent-dht',
  transport: ['udp'],
  summary: 'peers that look for each other',
  ports: [],
  anyPort: true,
  recognise: (bytes, start, end) => (startsLike(bytes, start, end, BEGINNINGS) === 'yes' ? IS_THIS : NOT_THIS),
  open: () => new DhtSession(),
  complete: COMPLETE,
  buffers: [],
  keywords: [],
  anomalies: [{ name: 'malformed_packet', summary: 'a message that is cut, or lacks something that it must have' }],
  records: (transaction) => [{ type: 'bittorrent_dht', body: body(transaction), direction: (transaction as Message<DhtMessage>).direction }],
  context: body,
};
