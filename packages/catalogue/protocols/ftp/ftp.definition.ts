/** FTP control connections (RFC 959), recognised by the client's first command or the server's greeting on port 21. */
import { IS_THIS, NEED_MORE, NOT_THIS, TO_SERVER } from '@sigwright/contracts';
import { recognisedOnly, startsLike } from '../../formats/recognised-only.ts';

const PORTS = [21];

export const protocol = recognisedOnly({
  name: 'ftp',
  summary: 'file transfer, control connection',
  transport: ['tcp'],
  ports: PORTS,
  anyPort: true,
  recognise(bytes, start, end, direction, flow) {
    const onPort = PORTS.includes(flow.destinationPort);
    const like = startsLike(bytes, start, end, direction === TO_SERVER ? ['USER ', 'PASS ', 'PORT ', 'AUTH TLS', 'AUTH SSL'] : onPort ? ['220 ', '220-'] : []);
    return like === 'yes' ? IS_THIS : like === 'maybe' ? NEED_MORE : NOT_THIS;
  },
});
