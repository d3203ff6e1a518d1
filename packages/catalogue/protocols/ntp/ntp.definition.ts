/** NTP 1 to 4 (RFC 1059, 1119, 1305, 5905): a transaction a datagram. Keywords as in the Suricata user guide, "NTP Keywords". */
import { asKeywords, IS_THIS, type KeywordDefinition, keyword, NOT_THIS, type ProtocolDefinition, TO_CLIENT, TO_SERVER } from '@sigwright/contracts';
import { compares, comparison, describeComparison } from '../../arguments/index.ts';
import { COMPLETE, MESSAGE_COMPLETE, type Message, MessageSession } from '../../formats/messages/framed-session.ts';
import { textBuffers } from '../../formats/messages/text-buffers.ts';

const PORT = 123;
const LAST_VERSION = 4;
const MOST_BYTE = 255;
/** of a message about time */
const TIME_BYTES = 48;
/** of a message of control or private use, which has other fields */
const CONTROL_BYTES = 8;
const CONTROL = 6;
const REFERENCE_ID = 12;

/** RFC 5905 §7.3, by number */
const MODES = ['reserved', 'symmetric_active', 'symmetric_passive', 'client', 'server', 'broadcast', 'control', 'private'];

interface NtpMessage {
  readonly version: number;
  readonly mode: number;
  /** undefined in messages that are not about time */
  readonly stratum: number | undefined;
  readonly referenceId: Uint8Array | undefined;
}

function read(bytes: Uint8Array, start: number, end: number): NtpMessage | undefined {
  const version = (bytes[start] >> 3) & 7;
  const mode = bytes[start] & 7;
  const isAboutTime = mode < CONTROL;
  if (version === 0 || version > LAST_VERSION || end - start < (isAboutTime ? TIME_BYTES : CONTROL_BYTES)) return undefined;
  if (!isAboutTime) return { version, mode, stratum: undefined, referenceId: undefined };
  return { version, mode, stratum: bytes[start + 1], referenceId: bytes.slice(start + REFERENCE_ID, start + REFERENCE_ID + 4) };
}

class NtpSession extends MessageSession<NtpMessage> {
  /** `count`: transactions before these */
  constructor(count = 0) {
    super(read);
    this.count = count;
  }

  /** A message says nothing about the next one. */
  get isAtRest(): boolean {
    return this.transactions.length === 0 && this.anomalies.length === 0 && this.frames === undefined;
  }
}

const { buffers, keywords } = textBuffers<Message<NtpMessage>>('ntp', [
  { name: 'ntp.reference_id', summary: 'what the clock follows', since: '8.0.5', read: ({ content }) => content.referenceId },
]);

function number(name: 'version' | 'mode' | 'stratum', summary: string, most: number, names: Readonly<Record<string, number>> = {}): KeywordDefinition<never> {
  return keyword({
    name: `ntp.${name}`,
    family: 'ntp',
    since: '8.0.5',
    summary,
    kind: 'condition',
    protocol: 'ntp',
    argument: comparison(0, most, names),
    examples: [`ntp.${name}:3;`, `ntp.${name}:>=2;`],
    broken: [{ options: `ntp.${name}:x;`, code: `ntp.${name}/argument` }],
    apply(wanted, builder) {
      builder.addTransaction({
        keyword: `ntp.${name}`,
        describes: `${summary}: ${describeComparison(wanted)}`,
        protocol: 'ntp',
        progress: MESSAGE_COMPLETE,
        directions: [TO_SERVER, TO_CLIENT],
        test(transaction) {
          const value = (transaction as Message<NtpMessage>).content[name];
          return value !== undefined && compares(wanted, value);
        },
      });
    },
  });
}

function body({ content }: Message<NtpMessage>): Record<string, unknown> {
  const record: Record<string, unknown> = { version: content.version, mode: content.mode };
  if (content.stratum !== undefined) record['stratum'] = content.stratum;
  if (content.referenceId !== undefined) record['reference_id'] = [...content.referenceId].map((byte) => byte.toString(16).padStart(2, '0')).join(':');
  return record;
}

export const protocol: ProtocolDefinition = {
  name: 'ntp',
  recordName: 'ntp',
  transport: ['udp'],
  summary: 'time of day',
  ports: [PORT],
  anyPort: false,
  recognise: (bytes, start, end) => (read(bytes, start, end) === undefined ? NOT_THIS : IS_THIS),
  open: () => new NtpSession(),
  resume: (_flow, _settings, count) => new NtpSession(count),
  complete: COMPLETE,
  buffers,
  keywords: [
    ...keywords,
    ...asKeywords(
      number('version', 'version of the protocol', MOST_BYTE),
      number('mode', 'role of the sender', MOST_BYTE, Object.fromEntries(MODES.map((mode, index) => [mode, index]))),
      number('stratum', 'distance from the reference clock', MOST_BYTE),
    ),
  ],
  anomalies: [{ name: 'malformed_data', summary: 'a message that can not be read' }],
  records: (transaction) => {
    const message = transaction as Message<NtpMessage>;
    return [{ type: 'ntp', body: body(message), direction: message.direction }];
  },
  context: (transaction) => body(transaction as Message<NtpMessage>),
};
