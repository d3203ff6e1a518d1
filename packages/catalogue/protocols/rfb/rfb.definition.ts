/** RFB, the protocol of VNC (RFC 6143), recognised by the server's version. Keywords as in the Suricata user guide, "RFB Keywords". */
import { shownLatin1 } from '@sigwright/bytes';
import { asKeywords, IS_THIS, keyword, NEED_MORE, NOT_THIS, type ProtocolDefinition, TO_CLIENT, TO_SERVER } from '@sigwright/contracts';
import { compares, comparison, describeComparison } from '../../arguments/index.ts';
import { COMPLETE, MESSAGE_COMPLETE } from '../../formats/messages/framed-session.ts';
import { textBuffers } from '../../formats/messages/text-buffers.ts';
import { startsLike } from '../../formats/recognised-only.ts';
import { RfbSession, type RfbTransaction, VNC_AUTHENTICATION } from './session.ts';

const PORT = 5900;
const RESULTS = ['ok', 'fail', 'toomany'] as const;
const MOST_TYPE = 4_294_967_295;
const FIRST_PRINTABLE = 0x20;
const LAST_PRINTABLE = 0x7e;

const { buffers, keywords } = textBuffers<RfbTransaction>('rfb', [
  { name: 'rfb.name', summary: 'name of the screen', since: '6.0', directions: [TO_CLIENT], read: (one) => one.screen?.name },
]);

/** stands for every other number in rules */
const UNKNOWN_RESULT = RESULTS.length;

const conditions = asKeywords(
  keyword({
    name: 'rfb.sectype',
    family: 'rfb',
    since: '6.0',
    summary: 'number of the way of authentication',
    kind: 'condition',
    protocol: 'rfb',
    argument: comparison(0, MOST_TYPE),
    examples: ['rfb.sectype:2;', 'rfb.sectype:>4;'],
    broken: [{ options: 'rfb.sectype:vnc;', code: 'rfb.sectype/argument' }],
    apply(wanted, builder) {
      builder.addTransaction({
        keyword: 'rfb.sectype',
        describes: `way of authentication: ${describeComparison(wanted)}`,
        protocol: 'rfb',
        progress: MESSAGE_COMPLETE,
        directions: [TO_SERVER],
        test(transaction) {
          const { securityType } = transaction as RfbTransaction;
          return securityType !== undefined && compares(wanted, securityType);
        },
      });
    },
  }),
  keyword({
    name: 'rfb.secresult',
    family: 'rfb',
    since: '6.0',
    summary: 'result of the authentication',
    kind: 'condition',
    protocol: 'rfb',
    argument: { ...comparison(0, UNKNOWN_RESULT, Object.fromEntries([...RESULTS, 'unknown'].map((name, number) => [name, number]))), samples: ['ok', '!fail'] },
    examples: ['rfb.secresult:ok;', 'rfb.secresult:!toomany;', 'rfb.secresult:>0;'],
    broken: [{ options: 'rfb.secresult:perhaps;', code: 'rfb.secresult/argument' }],
    apply(wanted, builder) {
      builder.addTransaction({
        keyword: 'rfb.secresult',
        describes: `result of the authentication: ${describeComparison(wanted)}`,
        protocol: 'rfb',
        progress: MESSAGE_COMPLETE,
        directions: [TO_CLIENT],
        test(transaction) {
          const { result } = transaction as RfbTransaction;
          return result !== undefined && compares(wanted, Math.min(result, UNKNOWN_RESULT));
        },
      });
    },
  }),
);

/** Bytes that are no printable ASCII as `\xNN`. */
function printable(bytes: Uint8Array): string {
  let text = '';
  for (const byte of bytes) text += byte >= FIRST_PRINTABLE && byte <= LAST_PRINTABLE ? String.fromCharCode(byte) : `\\x${byte.toString(16).padStart(2, '0')}`;
  return text;
}

function body(one: RfbTransaction): Record<string, unknown> {
  const record: Record<string, unknown> = {};
  if (one.serverVersion !== undefined) record['server_protocol_version'] = one.serverVersion;
  if (one.clientVersion !== undefined) record['client_protocol_version'] = one.clientVersion;
  const authentication: Record<string, unknown> = {};
  if (one.securityType !== undefined) authentication['security_type'] = one.securityType;
  if (one.securityType === VNC_AUTHENTICATION && one.challenge !== undefined)
    authentication['vnc'] = { challenge: one.challenge, ...(one.response === undefined ? {} : { response: one.response }) };
  if (one.result !== undefined) authentication['security_result'] = RESULTS[one.result]?.toUpperCase() ?? `UNKNOWN (${one.result})`;
  if (Object.keys(authentication).length > 0) record['authentication'] = authentication;
  if (one.reason !== undefined) record['server_security_failure_reason'] = shownLatin1(one.reason);
  if (one.shared !== undefined) record['screen_shared'] = one.shared;
  if (one.screen !== undefined) {
    const { width, height, name, pixels } = one.screen;
    record['framebuffer'] = { width, height, name: printable(name), pixel_format: pixels };
  }
  return record;
}

export const protocol: ProtocolDefinition = {
  name: 'rfb',
  recordName: 'rfb',
  transport: ['tcp'],
  summary: 'screens of other hosts',
  ports: [PORT],
  anyPort: true,
  recognise(bytes, start, end) {
    const like = startsLike(bytes, start, end, ['RFB ']);
    if (like !== 'yes') return like === 'maybe' ? NEED_MORE : NOT_THIS;
    return IS_THIS;
  },
  open: () => new RfbSession(),
  complete: COMPLETE,
  frames: ['pdu'],
  buffers,
  keywords: [...keywords, ...conditions],
  anomalies: [
    { name: 'unimplemented_security_type', summary: 'a way of authentication that is not read' },
    { name: 'unknown_security_result', summary: 'a result that does not exist' },
    { name: 'malformed_message', summary: 'a message that can not be read' },
    { name: 'confused_state', summary: 'a message out of turn' },
  ],
  records: (transaction) => {
    const shown = body(transaction as RfbTransaction);
    return Object.keys(shown).length === 0 ? [] : [{ type: 'rfb', body: shown, direction: TO_SERVER }];
  },
  context: (transaction) => body(transaction as RfbTransaction),
};
