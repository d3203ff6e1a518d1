/** `rpc`: program, version and procedure of a SunRPC call (RFC 5531) at the beginning of a packet. Suricata user guide, "Payload keywords". */
import { uint32 } from '@sigwright/bytes';
import { asKeywords, keyword, type Packet, TCP, UDP } from '@sigwright/contracts';
import { custom, numberIn } from '../../arguments/index.ts';

/** Program, version, procedure; undefined: any. */
type CallWanted = readonly [program: number, version: number | undefined, procedure: number | undefined];

/** Over TCP a mark with the length of the fragment comes first (RFC 5531, 11). */
const RECORD_MARK = 4;
const MESSAGE_TYPE = 4;
const RPC_VERSION = 8;
const PROGRAM = 12;
const HEADER = 24;
const CALL = 0;
const SPOKEN_VERSION = 2;

function readCall(written: string): { value: CallWanted } | { problem: string; help: string } {
  const numbers = written.split(',').map((part) => (part.trim() === '*' ? undefined : (numberIn(part.trim()) ?? Number.NaN)));
  const [program, version, procedure] = numbers;
  if (numbers.length > 3 || program === undefined || numbers.some((number) => Number.isNaN(number)))
    return { problem: `\`${written}\` is no call`, help: 'write the number of the program, then version and procedure, or `*` for any' };
  return { value: [program, version, procedure] };
}

function isCall(packet: Packet, wanted: CallWanted): boolean {
  const { data, protocol, payloadStart, payloadEnd } = packet;
  if (protocol !== TCP && protocol !== UDP) return false;
  const start = protocol === TCP ? payloadStart + RECORD_MARK : payloadStart;
  if (start + HEADER > payloadEnd) return false;
  if (uint32(data, start + MESSAGE_TYPE) !== CALL || uint32(data, start + RPC_VERSION) !== SPOKEN_VERSION) return false;
  return wanted.every((number, place) => number === undefined || uint32(data, start + PROGRAM + 4 * place) === number);
}

export const keywords = asKeywords(
  keyword({
    name: 'rpc',
    family: 'payload',
    since: '1.0',
    summary: 'a call of SunRPC: program, version, procedure',
    kind: 'condition',
    argument: custom('<program>[,<version>|*[,<procedure>|*]]', ['100000', '111111,*,*', '100003,3,6'], readCall),
    examples: ['rpc:100000,*,3;'],
    broken: [
      { options: 'rpc:*,2,3;', code: 'rpc/argument' },
      { options: 'rpc:100000,x;', code: 'rpc/argument' },
    ],
    apply(wanted, builder) {
      builder.demandPacket();
      builder.addPacket({
        keyword: 'rpc',
        describes: `a call of program ${wanted.map((number) => number ?? 'any').join(', ')}`,
        cost: 1,
        test: (packet) => isCall(packet, wanted),
      });
    },
  }),
);
