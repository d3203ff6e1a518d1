/** NFS 2 to 4 over ONC RPC, recognised on its port by calls to its program or replies. Suricata user guide, "NFS Keywords". */
import { uint32 } from '@sigwright/bytes';
import {
  asKeywords,
  type Comparison,
  IS_THIS,
  IS_THIS_REVERSED,
  keyword,
  NEED_MORE,
  NOT_THIS,
  type ProtocolDefinition,
  TCP,
  TO_CLIENT,
  TO_SERVER,
  type Transaction,
} from '@sigwright/contracts';
import { compares, comparison, custom, describeComparison } from '../../arguments/index.ts';
import { nfsBody, rpcBody } from './records.ts';
import { CALL, CALL_HEAD, NFS_PROGRAM, REPLY, REPLY_HEAD, RPC_VERSION } from './rpc.ts';
import { NfsSession } from './session.ts';
import { procedureNumbers } from './tables.ts';
import { CALLED, type NfsTransaction, OVER } from './transactions.ts';

const PORT = 2049;
const RECORD_HEAD = 4;
const NULL = 0;
const ACCEPTED = 0;
const GET_ATTRIBUTES = 1;

const call = { protocol: 'nfs', progress: CALLED, directions: [TO_SERVER] as const };

type Wanted = { readonly kind: 'number'; readonly number: Comparison } | { readonly kind: 'name'; readonly numbers: ReadonlyMap<number, number> };

const numbers = comparison();

function procedureArgument(written: string): { readonly value: Wanted } | { readonly problem: string } {
  const known = procedureNumbers(written.trim());
  if (known.size > 0) return { value: { kind: 'name', numbers: known } };
  const read = numbers.read(written);
  return 'value' in read ? { value: { kind: 'number', number: read.value } } : { problem: `\`${written}\` is no procedure, nor a comparison with a number` };
}

const keywords = asKeywords(
  keyword({
    name: 'nfs.version',
    aliases: ['nfs_version'],
    family: 'nfs',
    since: '5.0',
    summary: 'version of NFS',
    kind: 'condition',
    protocol: 'nfs',
    argument: numbers,
    examples: ['nfs.version:3;', 'nfs_version:2<>4;'],
    broken: [{ options: 'nfs.version:,;', code: 'nfs.version/argument' }],
    apply(wanted, builder) {
      builder.addTransaction({
        ...call,
        keyword: 'nfs.version',
        describes: `version of NFS ${describeComparison(wanted)}`,
        test: (transaction) => compares(wanted, (transaction as NfsTransaction).version, true),
      });
    },
  }),
  keyword({
    name: 'nfs_procedure',
    family: 'nfs',
    since: '5.0',
    summary: 'procedure of NFS, by number or by name in any version',
    kind: 'condition',
    protocol: 'nfs',
    argument: custom('<comparison>|<name>', ['3', 'lookup'], procedureArgument),
    examples: ['nfs_procedure:3;', 'nfs_procedure:2<>4;', 'nfs_procedure:lookup;'],
    broken: [{ options: 'nfs_procedure:nothing;', code: 'nfs_procedure/argument' }],
    apply(wanted, builder) {
      builder.addTransaction({
        ...call,
        keyword: 'nfs_procedure',
        describes: `procedure ${wanted.kind === 'number' ? describeComparison(wanted.number) : 'by name'}`,
        test(transaction) {
          const { version, procedure } = transaction as NfsTransaction;
          return wanted.kind === 'number' ? compares(wanted.number, procedure, true) : wanted.numbers.get(version) === procedure;
        },
      });
    },
  }),
);

/** bytes[at, …) begin with a call of ours. */
function isCall(bytes: Uint8Array, at: number): boolean {
  return uint32(bytes, at + 4) === CALL && uint32(bytes, at + 8) === RPC_VERSION && uint32(bytes, at + 12) === NFS_PROGRAM;
}

function isReply(bytes: Uint8Array, at: number): boolean {
  return uint32(bytes, at + 4) === REPLY && uint32(bytes, at + 8) === ACCEPTED;
}

export const protocol: ProtocolDefinition = {
  name: 'nfs',
  carriesFiles: true,
  recordName: 'nfs',
  transport: ['tcp', 'udp'],
  summary: 'network file systems',
  ports: [PORT],
  anyPort: false,
  recognise(bytes, start, end, direction, flow) {
    const inRecords = flow.protocol === TCP;
    const at = inRecords ? start + RECORD_HEAD : start;
    if (direction === TO_CLIENT) {
      if (flow.destinationPort !== PORT) return NOT_THIS;
      if (end - at < REPLY_HEAD) return inRecords ? NEED_MORE : NOT_THIS;
      // An answer alone says too little in a datagram: other programs' look the same.
      return inRecords && isReply(bytes, at) ? IS_THIS : NOT_THIS;
    }
    if (inRecords && flow.sourcePort === PORT && end - at >= REPLY_HEAD && isReply(bytes, at)) return IS_THIS_REVERSED;
    if (end - at < CALL_HEAD) return inRecords ? NEED_MORE : NOT_THIS;
    if (!isCall(bytes, at)) return NOT_THIS;
    // Every program answers NULL: a datagram that asks for it is a question whether anybody is there.
    return inRecords || uint32(bytes, at + 20) !== NULL ? IS_THIS : NOT_THIS;
  },
  open: (flow, settings) => new NfsSession(settings, flow.protocol === TCP),
  complete: [OVER, OVER],
  buffers: [],
  keywords,
  anomalies: [
    { name: 'malformed_data', summary: 'a call or an answer that is damaged' },
    { name: 'non_existing_version', summary: 'a version of NFS that never was' },
    { name: 'unsupported_version', summary: 'a version of NFS that is not known' },
    { name: 'too_many_transactions', summary: 'more calls without an answer than are kept' },
  ],
  records(transaction, flow) {
    const one = transaction as NfsTransaction;
    // Clients ask for attributes all the time.
    if (one.version <= 3 && one.procedure === GET_ATTRIBUTES) return [];
    return [{ type: 'nfs', body: nfsBody(one), beside: { rpc: rpcBody(one) }, direction: flow.protocol === TCP ? TO_SERVER : TO_CLIENT }];
  },
  context: (transaction) => nfsBody(transaction as NfsTransaction),
  contextBeside: (transaction: Transaction) => ({ rpc: rpcBody(transaction as NfsTransaction) }),
};
