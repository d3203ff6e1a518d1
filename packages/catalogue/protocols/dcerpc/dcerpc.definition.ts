/** DCE/RPC over TCP (C706), recognised by version 5 and a known packet type. */
import { IS_THIS, NEED_MORE, NOT_THIS } from '@sigwright/contracts';
import { recognisedOnly } from '../../formats/recognised-only.ts';

export const protocol = recognisedOnly({
  name: 'dcerpc',
  summary: 'remote procedure calls',
  transport: ['tcp'],
  ports: [135],
  anyPort: true,
  recognise(bytes, start, end) {
    if (bytes[start] !== 5) return NOT_THIS;
    if (end - start < 10) return NEED_MORE;
    const little = (bytes[start + 4] & 0x10) !== 0;
    const length = little ? bytes[start + 8] | (bytes[start + 9] << 8) : (bytes[start + 8] << 8) | bytes[start + 9];
    return bytes[start + 1] <= 1 && bytes[start + 2] <= 20 && (bytes[start + 4] & 0xef) === 0 && length >= 16 ? IS_THIS : NOT_THIS;
  },
});
