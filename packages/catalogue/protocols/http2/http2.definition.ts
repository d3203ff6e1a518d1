/** HTTP/2 (RFC 9113) in the clear: with prior knowledge, or after an upgrade from HTTP/1. */
import { IS_THIS, NEED_MORE, NOT_THIS, type ProtocolDefinition, type ProtocolRecord, TO_SERVER } from '@sigwright/contracts';
import { ByteRanges } from '../../formats/http-message/byte-ranges.ts';
import { COMPLETE } from '../../formats/http-message/exchange.ts';
import { anomalies } from './anomalies.ts';
import { buffers, keywords } from './keywords.ts';
import { http2Body } from './records.ts';
import { Http2Session, looksLikePreface, looksLikeSettings } from './session.ts';
import type { Http2Transaction } from './transactions.ts';

export const protocol: ProtocolDefinition = {
  name: 'http2',
  carriesFiles: true,
  recordName: 'http',
  applicationName: 'http2',
  outputName: 'http2',
  transport: ['tcp'],
  summary: 'HTTP/2: several exchanges at once, in frames',
  carriedBy: ['doh2'],
  ports: [],
  anyPort: true,
  recognise(bytes, start, end, direction) {
    const answer = direction === TO_SERVER ? looksLikePreface(bytes, start, end) : looksLikeSettings(bytes, start, end);
    return answer === undefined ? NEED_MORE : answer ? IS_THIS : NOT_THIS;
  },
  open: (flow, settings, shared) => new Http2Session(settings, flow.expected, flow.lastTime, shared?.one(ByteRanges)),
  complete: [COMPLETE, COMPLETE],
  frames: ['hdr', 'data', 'pdu'],
  buffers,
  keywords,
  anomalies,
  records(transaction): readonly ProtocolRecord[] {
    const body = http2Body(transaction as Http2Transaction);
    return body === undefined ? [] : [{ type: 'http', body, direction: TO_SERVER }];
  },
  requestHeader: (transaction, name) => (transaction as Http2Transaction).request.headers?.text(name),
  context: (transaction) => http2Body(transaction as Http2Transaction),
};
