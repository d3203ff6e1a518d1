/** TLS 1.0 to 1.3, SSL 3 and the hellos of SSL 2, up to where encryption begins (RFC 8446, 5246, 6101, 6066, 7301). */
import { uint16 } from '@sigwright/bytes';
import {
  type AnomalyDefinition,
  type Direction,
  hooks,
  IS_THIS,
  NEED_MORE,
  NOT_THIS,
  type ProtocolDefinition,
  type ProtocolRecord,
  type Recognition,
  TO_SERVER,
} from '@sigwright/contracts';
import { isOldHello } from '../../formats/tls-hello/hello.ts';
import { conditionKeywords } from './conditions.ts';
import { bufferKeywords, buffers } from './keywords.ts';
import { isWorthRecording, tlsBody, wantedFields } from './records.ts';
import {
  CLIENT_CERTIFICATE,
  CLIENT_FINISHED,
  CLIENT_HANDSHAKE,
  CLIENT_HELLO,
  CLIENT_OVER,
  LONGEST_RECORD,
  SERVER_CERTIFICATE,
  SERVER_FINISHED,
  SERVER_HELLO,
  SERVER_HELLO_DONE,
  SERVER_OVER,
  TlsSession,
  type TlsTransaction,
} from './transactions.ts';

const CLIENT_HELLO_MESSAGE = 1;
const SERVER_HELLO_MESSAGE = 2;
const ALERT = 21;
const HANDSHAKE = 22;
/** record header and the type of the first message */
const NEEDED = 6;

const anomalies: readonly AnomalyDefinition[] = [
  { name: 'invalid_ssl_record', summary: 'bytes that are no record' },
  { name: 'invalid_record_type', summary: 'a record of a type that is not assigned' },
  { name: 'invalid_record_version', summary: 'a record of a version that there is not' },
  { name: 'invalid_record_length', summary: 'a record longer than TLS allows' },
  { name: 'invalid_sslv2_header', summary: 'a hello of SSL 2 that can not be read' },
  { name: 'invalid_handshake_message', summary: 'a hello that can not be read' },
  { name: 'handshake_invalid_length', summary: 'lengths in a handshake message contradict each other' },
  { name: 'invalid_sni_length', summary: 'the server name reaches beyond its extension' },
  { name: 'invalid_sni_type', summary: 'a server name that is no host name' },
  { name: 'multiple_sni_extensions', summary: 'more than one server name extension' },
  { name: 'invalid_certificate', summary: 'the server certificate can not be read in full' },
  { name: 'certificate_invalid_length', summary: 'lengths in the certificate list contradict each other' },
  { name: 'certificate_invalid_der', summary: 'the certificate is no DER' },
  { name: 'certificate_invalid_serial', summary: 'no serial number where it should be' },
  { name: 'certificate_invalid_algorithmidentifier', summary: 'no algorithm where it should be' },
  { name: 'certificate_invalid_issuer', summary: 'the issuer can not be read' },
  { name: 'certificate_invalid_validity', summary: 'no validity where it should be' },
  { name: 'certificate_invalid_date', summary: 'a date of the certificate can not be read' },
  { name: 'certificate_invalid_subject', summary: 'the subject can not be read' },
  { name: 'certificate_invalid_version', summary: 'the certificate is of a version that there is not' },
  { name: 'certificate_invalid_extensions', summary: 'the extensions of the certificate can not be read' },
  { name: 'certificate_invalid_x509name', summary: 'a name in the certificate can not be read' },
  { name: 'error_message_encountered', summary: 'an error message of SSL 2' },
  { name: 'heartbeat_message', summary: 'a heartbeat before encryption' },
  { name: 'invalid_heartbeat_message', summary: 'a heartbeat that is neither request nor response' },
  { name: 'overflow_heartbeat_message', summary: 'a heartbeat that asks for more than it holds' },
  { name: 'dataleak_heartbeat_mismatch', summary: 'a heartbeat is answered with more than was sent' },
];

function recognise(bytes: Uint8Array, start: number, end: number, direction: Direction): Recognition {
  const first = bytes[start];
  if (end - start < NEEDED) {
    if (first === HANDSHAKE || first === ALERT) return end - start < 2 || bytes[start + 1] === 3 ? NEED_MORE : NOT_THIS;
    return direction === TO_SERVER && (first & 0x80) !== 0 && (end - start < 3 || bytes[start + 2] === 1) ? NEED_MORE : NOT_THIS;
  }
  if (first === HANDSHAKE && bytes[start + 1] === 3 && bytes[start + 2] <= 4 && uint16(bytes, start + 3) <= LONGEST_RECORD) {
    const type = bytes[start + 5];
    // An empty first record is odd, but nothing else begins like that.
    return type === (direction === TO_SERVER ? CLIENT_HELLO_MESSAGE : SERVER_HELLO_MESSAGE) || type === 0 ? IS_THIS : NOT_THIS;
  }
  if (first === ALERT && bytes[start + 1] === 3 && bytes[start + 2] <= 4 && uint16(bytes, start + 3) === 2) return IS_THIS;
  return direction === TO_SERVER && isOldHello(bytes, start, end, 1) ? IS_THIS : NOT_THIS;
}

export const protocol: ProtocolDefinition = {
  name: 'tls',
  aliases: ['ssl'],
  recordName: 'tls',
  transport: ['tcp'],
  isOneTransaction: true,
  summary: 'TLS and SSL up to where encryption begins',
  ports: [443],
  anyPort: true,
  recognise,
  open: (flow, settings) => new TlsSession(settings, flow.lastTime),
  complete: [CLIENT_OVER, SERVER_OVER],
  hooks: [
    hooks({
      client_in_progress: 0,
      client_hello_done: CLIENT_HELLO,
      client_cert_done: CLIENT_CERTIFICATE,
      client_handshake_done: CLIENT_HANDSHAKE,
      client_finished: CLIENT_FINISHED,
    }),
    // Suricata takes the server's part of the handshake for done with ServerHelloDone.
    hooks({
      server_in_progress: 0,
      server_hello: SERVER_HELLO,
      server_cert_done: SERVER_CERTIFICATE,
      server_hello_done: SERVER_HELLO_DONE,
      server_handshake_done: SERVER_HELLO_DONE,
      server_finished: SERVER_FINISHED,
    }),
  ],
  frames: ['pdu', 'hdr', 'data', 'alert_data', 'heartbeat_data', 'ssl2.hdr', 'ssl2.pdu'],
  buffers,
  keywords: [...bufferKeywords, ...conditionKeywords],
  anomaliesInCapitals: true,
  anomalies,
  isReadyToRecord: (transaction) => (transaction as TlsTransaction).isTold,
  records(transaction, flow, options): readonly ProtocolRecord[] {
    const one = transaction as TlsTransaction;
    const wanted = wantedFields(options);
    if (!isWorthRecording(one) || (one.resumed && !wanted.has('session_resumed'))) return [];
    const body = tlsBody(one, wanted);
    if (flow.originalProtocol !== undefined) body['from_proto'] = flow.originalProtocol;
    return [{ type: 'tls', body, direction: TO_SERVER }];
  },
  context: (transaction) => tlsBody(transaction as TlsTransaction),
};
