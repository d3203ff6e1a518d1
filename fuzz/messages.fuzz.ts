/** Protocols of separate messages on damaged bytes. node fuzz/messages.fuzz.ts [SECONDS for each] [SEED] */
import { rpcRecord, SAMPLES } from '../packages/catalogue/message-samples.ts';
import { bytesOf, fuzzSession } from './session.ts';

/** Records of RPC begin with their length over TCP. */
const IN_RECORDS = Object.values(SAMPLES.nfs).map(rpcRecord);

const STREAMS = new Set(['dnp3', 'enip', 'ldap', 'modbus', 'mqtt', 'pgsql', 'pop3', 'rdp', 'rfb', 'sip', 'websocket']);

for (const [name, messages] of Object.entries(SAMPLES)) {
  const all = Object.values(messages);
  const seeds = all.map((message, index) => ({ client: bytesOf(message), server: bytesOf(all[(index + 1) % all.length]) }));
  fuzzSession(name, seeds, !STREAMS.has(name));
}

fuzzSession(
  'nfs',
  IN_RECORDS.map((record, index) => ({ client: bytesOf(record), server: bytesOf(IN_RECORDS[(index + 1) % IN_RECORDS.length]) })),
);
