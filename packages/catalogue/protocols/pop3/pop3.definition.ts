/** POP3 (RFC 1939), recognised on its port by the server's greeting or a client's first command. */
import { latin1 } from '@sigwright/bytes';
import { IS_THIS, NEED_MORE, NOT_THIS, type ProtocolDefinition, TO_CLIENT, TO_SERVER } from '@sigwright/contracts';
import { COMPLETE } from '../../formats/messages/framed-session.ts';
import { startsLike } from '../../formats/recognised-only.ts';
import { PopSession, type PopTransaction } from './session.ts';

const PORT = 110;
const GREETINGS = ['+OK', '-ERR'];
/** Commands that may come before logon. */
const FIRST_COMMAND = /^(?:USER|APOP|AUTH|CAPA|STLS|QUIT)(?:[ \r]|$)/i;
const LONGEST_FIRST = 5;

function body({ command, words, response }: PopTransaction): Record<string, unknown> {
  return {
    ...(command === undefined ? {} : { request: { command, args: words } }),
    ...(response === undefined
      ? {}
      : { response: { success: response.success, status: response.success ? 'OK' : 'ERR', header: response.header, data: response.lines } }),
  };
}

export const protocol: ProtocolDefinition = {
  name: 'pop3',
  recordName: 'pop3',
  transport: ['tcp'],
  summary: 'fetching of mail',
  ports: [PORT],
  anyPort: false,
  recognise(bytes, start, end, direction) {
    if (direction === TO_CLIENT) {
      const like = startsLike(bytes, start, end, GREETINGS);
      return like === 'yes' ? IS_THIS : like === 'maybe' ? NEED_MORE : NOT_THIS;
    }
    const head = latin1(bytes, start, Math.min(end, start + LONGEST_FIRST));
    if (FIRST_COMMAND.test(head)) return IS_THIS;
    return head.length < LONGEST_FIRST && /^[A-Za-z]*$/.test(head) ? NEED_MORE : NOT_THIS;
  },
  open: () => new PopSession(),
  complete: COMPLETE,
  buffers: [],
  keywords: [],
  anomalies: [
    { name: 'too_many_transactions', summary: 'more commands without a response than are kept' },
    { name: 'request_too_long', summary: 'a command longer than RFC 2449 allows' },
    { name: 'incorrect_argument_count', summary: 'more or fewer arguments than the command takes' },
    { name: 'unknown_command', summary: 'a command of no RFC' },
    { name: 'response_too_long', summary: 'a status line longer than RFC 2449 allows' },
  ],
  records: (transaction) => [{ type: 'pop3', body: body(transaction as PopTransaction), direction: TO_SERVER }],
  context: (transaction) => body(transaction as PopTransaction),
};
