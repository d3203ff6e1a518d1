/** Conditions on FTP commands and the data connections they agree on. Suricata user guide, "FTP/FTP-DATA Keywords". */
import { formatAddressLong } from '@sigwright/bytes';
import { asKeywords, type Direction, type Flow, keyword, TO_CLIENT, TO_SERVER, type Transaction } from '@sigwright/contracts';
import { choice, compares, comparison, describeComparison, none } from '../../arguments/index.ts';
import { ANSWERED, COMMAND, type FtpTransaction } from './session.ts';

const BOTH: readonly Direction[] = [TO_SERVER, TO_CLIENT];
const LARGEST_PORT = 65_535;

function condition(name: string, describes: string, progress: number, test: (one: FtpTransaction, flow: Flow) => boolean) {
  return {
    keyword: name,
    describes,
    protocol: 'ftp',
    progress,
    directions: progress === COMMAND ? ([TO_SERVER] as const) : BOTH,
    test: (transaction: Transaction, _direction: Direction, flow: Flow) => test(transaction as FtpTransaction, flow),
  };
}

export const conditions = asKeywords(
  keyword({
    name: 'ftp.dynamic_port',
    family: 'ftp',
    since: '8.0',
    summary: 'port of the data connection that was agreed on',
    kind: 'condition',
    protocol: 'ftp',
    argument: comparison(0, LARGEST_PORT),
    examples: ['ftp.dynamic_port:>1024;'],
    broken: [{ options: 'ftp.dynamic_port:x;', code: 'ftp.dynamic_port/argument' }],
    apply(wanted, builder) {
      builder.addTransaction(
        condition('ftp.dynamic_port', `a data port ${describeComparison(wanted)}`, ANSWERED, (one) => one.dynamicPort > 0 && compares(wanted, one.dynamicPort)),
      );
    },
  }),
  keyword({
    name: 'ftp.mode',
    family: 'ftp',
    since: '8.0',
    summary: 'who opens the data connection: the server (active) or the client (passive)',
    kind: 'condition',
    protocol: 'ftp',
    argument: choice(['active', 'passive']),
    examples: ['ftp.mode:passive;'],
    broken: [{ options: 'ftp.mode:other;', code: 'ftp.mode/argument' }],
    apply(wanted, builder) {
      builder.addTransaction(condition('ftp.mode', `${wanted} mode`, ANSWERED, (one) => one.mode === wanted));
    },
  }),
  keyword({
    name: 'ftp.reply_received',
    family: 'ftp',
    since: '8.0',
    summary: 'whether the command was answered',
    kind: 'condition',
    protocol: 'ftp',
    argument: choice(['yes', 'no', 'on', 'off', 'true', 'false', '1', '0']),
    examples: ['ftp.reply_received:yes;'],
    broken: [{ options: 'ftp.reply_received:yes yes;', code: 'ftp.reply_received/argument' }],
    apply(word, builder) {
      const wanted = ['yes', 'on', 'true', '1'].includes(word);
      builder.addTransaction(
        condition('ftp.reply_received', wanted ? 'a reply' : 'no reply', ANSWERED, (one) => one.command !== '' && one.replies.length > 0 === wanted),
      );
    },
  }),
  keyword({
    name: 'ftpbounce',
    family: 'ftp',
    since: '1.0',
    summary: 'the client asks for a data connection to another host than itself',
    kind: 'condition',
    protocol: 'ftp',
    argument: none(),
    examples: ['ftpbounce;'],
    broken: [{ options: 'ftpbounce:1;', code: 'ftpbounce/argument' }],
    apply(_none, builder) {
      builder.demandProtocol('ftp');
      builder.addTransaction(
        condition(
          'ftpbounce',
          'a data connection to another host',
          COMMAND,
          (one, flow) => one.askedAddress !== undefined && flow.ipVersion === 4 && one.askedAddress !== formatAddressLong(flow.source, 4),
        ),
      );
    },
  }),
);
