/** Telnet (RFC 854), recognised on its port by the commands that a conversation begins with. */
import { IS_THIS, NEED_MORE, NOT_THIS, type ProtocolDefinition } from '@sigwright/contracts';
import { INTERPRET, TelnetSession } from './session.ts';

const PORT = 23;
/** RFC 854: commands from the end of an option on, but for the byte that stands for itself. */
const FIRST_COMMAND = 0xf0;

export const protocol: ProtocolDefinition = {
  name: 'telnet',
  recordName: 'telnet',
  transport: ['tcp'],
  summary: 'terminals, as frames of commands and lines',
  ports: [PORT],
  anyPort: false,
  recognise(bytes, start, end) {
    if (bytes[start] !== INTERPRET) return NOT_THIS;
    if (end - start < 2) return NEED_MORE;
    return bytes[start + 1] >= FIRST_COMMAND && bytes[start + 1] !== INTERPRET ? IS_THIS : NOT_THIS;
  },
  open: () => new TelnetSession(),
  complete: [0, 0],
  buffers: [],
  keywords: [],
  anomalies: [],
  frames: ['ctl', 'data'],
  records: () => [],
  context: () => undefined,
};
