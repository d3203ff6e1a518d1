/** SMTP (RFC 5321), recognised by the client's greeting or the server's 220 on mail ports. */
import { IS_THIS, NEED_MORE, NOT_THIS, TO_SERVER } from '@sigwright/contracts';
import { recognisedOnly, startsLike } from '../../formats/recognised-only.ts';

const PORTS = [25, 465, 587];

export const protocol = recognisedOnly({
  name: 'smtp',
  summary: 'mail transport',
  transport: ['tcp'],
  ports: PORTS,
  anyPort: true,
  recognise(bytes, start, end, direction, flow) {
    const like = startsLike(
      bytes,
      start,
      end,
      direction === TO_SERVER ? ['EHLO ', 'HELO ', 'ehlo ', 'helo '] : PORTS.includes(flow.destinationPort) ? ['220 ', '220-'] : [],
    );
    return like === 'yes' ? IS_THIS : like === 'maybe' ? NEED_MORE : NOT_THIS;
  },
});
