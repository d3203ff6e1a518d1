/** SMB 1, 2 and 3 over TCP 445 or NetBIOS sessions (MS-SMB, MS-SMB2, RFC 1002), recognised by the header behind the length. */
import { IS_THIS, NEED_MORE, NOT_THIS } from '@sigwright/contracts';
import { recognisedOnly } from '../../formats/recognised-only.ts';

const SESSION_MESSAGE = 0;
const SESSION_REQUEST = 0x81;
const POSITIVE_RESPONSE = 0x82;

export const protocol = recognisedOnly({
  name: 'smb',
  summary: 'file sharing',
  transport: ['tcp'],
  ports: [139, 445],
  anyPort: true,
  recognise(bytes, start, end, _direction, flow) {
    const onPort = flow.destinationPort === 445 || flow.destinationPort === 139;
    if (onPort && (bytes[start] === SESSION_REQUEST || bytes[start] === POSITIVE_RESPONSE)) return IS_THIS;
    if (bytes[start] !== SESSION_MESSAGE) return NOT_THIS;
    if (end - start < 8) return NEED_MORE;
    const mark = bytes[start + 4];
    const named = bytes[start + 5] === 0x53 && bytes[start + 6] === 0x4d && bytes[start + 7] === 0x42;
    return named && (mark === 0xff || mark === 0xfe || mark === 0xfd) ? IS_THIS : NOT_THIS;
  },
});
