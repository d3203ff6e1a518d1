/** DNS over HTTP/2 (RFC 8484): what a connection of HTTP/2 is known as once it carries a DNS message. */
import { NOT_THIS, type ProtocolDefinition, type ProtocolRecord, TO_CLIENT, TO_SERVER, type Transaction } from '@sigwright/contracts';
import { dnsBody } from '../../formats/dns-message/records.ts';
import { ByteRanges } from '../../formats/http-message/byte-ranges.ts';
import { COMPLETE } from '../../formats/http-message/exchange.ts';
import { http2Body } from './records.ts';
import { DNS_OVER_HTTP2, Http2Session } from './session.ts';
import type { Http2Transaction } from './transactions.ts';

/** Of the answer where there is one: the question stands in it. */
function dns(transaction: Http2Transaction): Record<string, unknown> | undefined {
  const message = transaction.dns[TO_CLIENT] ?? transaction.dns[TO_SERVER];
  return message?.message.sound === true ? dnsBody(message) : undefined;
}

function besideDns(transaction: Transaction): Record<string, unknown> | undefined {
  const http = http2Body(transaction as Http2Transaction);
  return http === undefined ? undefined : { http };
}

export const protocol: ProtocolDefinition = {
  name: DNS_OVER_HTTP2,
  carriesFiles: true,
  recordName: 'dns',
  applicationName: DNS_OVER_HTTP2,
  outputName: DNS_OVER_HTTP2,
  transport: ['tcp'],
  summary: 'DNS over HTTP/2',
  ports: [],
  anyPort: false,
  recognise: () => NOT_THIS,
  open: (flow, settings, shared) => new Http2Session(settings, undefined, flow.lastTime, shared?.one(ByteRanges)),
  complete: [COMPLETE, COMPLETE],
  buffers: [],
  keywords: [],
  anomalies: [],
  inner: (transaction, name, direction) => (name === 'dns' ? (transaction as Http2Transaction).dns[direction] : transaction),
  records(transaction): readonly ProtocolRecord[] {
    const body = dns(transaction as Http2Transaction);
    if (body === undefined) return [];
    const beside = besideDns(transaction);
    return [{ type: 'dns', body, direction: TO_SERVER, ...(beside === undefined ? {} : { beside }) }];
  },
  requestHeader: (transaction, name) => (transaction as Http2Transaction).request.headers?.text(name),
  context: (transaction) => dns(transaction as Http2Transaction),
  contextBeside: besideDns,
};
