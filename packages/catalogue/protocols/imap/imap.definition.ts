/** IMAP (RFC 9051), recognised by the server's greeting or the client's first commands. */
import { latin1 } from '@sigwright/bytes';
import { IS_THIS, NEED_MORE, NOT_THIS, TO_CLIENT } from '@sigwright/contracts';
import { recognisedOnly, startsLike } from '../../formats/recognised-only.ts';

const PORT = 143;
const GREETINGS = ['* OK', '* PREAUTH', '* BYE'];
/** A tag and one of the commands that may come before logon (RFC 9051 §6.1 and §6.2). */
const COMMAND = /^[A-Za-z0-9.]{1,32} (?:CAPABILITY|LOGIN|AUTHENTICATE|STARTTLS|NOOP|LOGOUT)\b/i;
const TAG_BEGINS = /^[A-Za-z0-9.]{1,32}(?: [A-Za-z]*)?$/;
const LONGEST_HEAD = 48;

export const protocol = recognisedOnly({
  name: 'imap',
  summary: 'mailboxes',
  transport: ['tcp'],
  ports: [PORT],
  anyPort: false,
  recognise(bytes, start, end, direction) {
    if (direction === TO_CLIENT) {
      const like = startsLike(bytes, start, end, GREETINGS);
      return like === 'yes' ? IS_THIS : like === 'maybe' ? NEED_MORE : NOT_THIS;
    }
    const head = latin1(bytes, start, Math.min(end, start + LONGEST_HEAD));
    if (COMMAND.test(head)) return IS_THIS;
    return TAG_BEGINS.test(head) && head.length < LONGEST_HEAD ? NEED_MORE : NOT_THIS;
  },
});
