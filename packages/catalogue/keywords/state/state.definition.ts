/** What rules remember: flowbits, xbits, hostbits, flowint, flowvar, pktvar. Suricata user guide, "Flow keywords", "Xbits keyword". */
import { decodeContent, entryOf, latin1 } from '@sigwright/bytes';
import { asKeywords, type BitOperation, type Flow, type IntegerOperation, keyword, type Packet, type StateScope } from '@sigwright/contracts';
import { custom, numberIn } from '../../arguments/index.ts';

const OPERATIONS = ['set', 'unset', 'toggle', 'isset', 'isnotset'] as const;
type Operation = (typeof OPERATIONS)[number];

/** Seconds; xbits without `expire` (Suricata user guide). */
const DEFAULT_EXPIRE = 30;
const HOSTBIT_EXPIRE = 300;

const TRACKS: Record<string, StateScope> = { ip_src: 'source', ip_dst: 'destination', ip_pair: 'pair', tx: 'transaction' };
const SIDES: Record<string, StateScope> = { src: 'source', dst: 'destination', both: 'both' };

export const keywords = asKeywords(
  keyword({
    name: 'flowbits',
    family: 'state',
    since: '1.0',
    summary: 'set or test a named bit of the flow',
    kind: 'state',
    argument: custom('<set|unset|toggle|isset|isnotset|noalert>[,<name>[|<name>…]]', ['set,EXAMPLE.seen', 'isset,EXAMPLE.seen', 'noalert'], (written) => {
      const comma = written.indexOf(',');
      const word = (comma === -1 ? written : written.slice(0, comma)).trim();
      if (word === 'noalert') return comma === -1 ? { value: undefined } : { problem: '`noalert` takes no name' };
      if (!OPERATIONS.includes(word as Operation))
        return { problem: `\`${word}\` is no operation on a bit`, help: `write ${OPERATIONS.join(', ')} or noalert` };
      const names =
        comma === -1
          ? []
          : written
              .slice(comma + 1)
              .split('|')
              .map((name) => name.trim());
      if (names.length === 0 || names.some((name) => name === '')) return { problem: 'the name of the bit is missing' };
      if (names.some((name) => /\s/.test(name))) return { problem: 'a name of a bit holds no blanks' };
      if (names.length > 1 && word !== 'isset' && word !== 'isnotset') return { problem: `\`${word}\` takes one name` };
      const bit: BitOperation = { kind: 'bit', operation: word as Operation, names, scope: 'flow', expire: 0 };
      return { value: bit };
    }),
    examples: ['flowbits:set,EXAMPLE.seen;'],
    broken: [
      { options: 'flowbits:put,EXAMPLE.seen;', code: 'flowbits/argument' },
      { options: 'flowbits:set;', code: 'flowbits/argument' },
    ],
    apply(bit, builder) {
      if (bit === undefined) builder.setNoAlert();
      else builder.addState(bit);
    },
  }),
  keyword({
    name: 'xbits',
    family: 'state',
    since: '2.1',
    summary: 'set or test a named bit of an address, a pair of them or a transaction',
    kind: 'state',
    argument: custom('<operation>,<name>,track <ip_src|ip_dst|ip_pair|tx>[,expire <seconds>]', ['set,EXAMPLE.seen,track ip_src,expire 60'], (written) => {
      if (written.trim() === 'noalert') return { value: undefined };
      const parts = written.split(',').map((part) => part.trim());
      const [operation, name] = parts;
      if (!OPERATIONS.includes(operation as Operation)) return { problem: `\`${operation}\` is no operation on a bit` };
      if (name === undefined || name === '') return { problem: 'the name of the bit is missing' };
      const track = parts
        .find((part) => part.startsWith('track'))
        ?.slice(5)
        .trim();
      const scope = track === undefined ? undefined : entryOf(TRACKS, track);
      if (scope === undefined) return { problem: `track \`${track ?? ''}\` is not known`, help: 'write track ip_src, ip_dst, ip_pair or tx' };
      const writtenExpire = parts.find((part) => part.startsWith('expire'));
      const expire = writtenExpire === undefined ? DEFAULT_EXPIRE : numberIn(writtenExpire.slice(6));
      if (expire === undefined || expire <= 0) return { problem: 'expire is not a number of seconds above 0' };
      const bit: BitOperation = { kind: 'bit', operation: operation as Operation, names: [name], scope, expire };
      return { value: bit };
    }),
    examples: ['xbits:set,EXAMPLE.seen,track ip_src,expire 60;', 'xbits:set,EXAMPLE.seen,track tx;'],
    broken: [{ options: 'xbits:set,EXAMPLE.seen;', code: 'xbits/argument' }],
    apply(bit, builder) {
      if (bit === undefined) builder.setNoAlert();
      else builder.addState(bit);
    },
  }),
  keyword({
    name: 'hostbits',
    family: 'state',
    since: '2.1',
    summary: 'set or test a named bit of an address',
    kind: 'state',
    argument: custom('<operation>,<name>[,<src|dst|both>]', ['set,EXAMPLE.seen,src'], (written) => {
      if (written.trim() === 'noalert') return { value: undefined };
      const [operation, name, direction] = written.split(',').map((part) => part.trim());
      if (!OPERATIONS.includes(operation as Operation)) return { problem: `\`${operation}\` is no operation on a bit` };
      if (name === undefined || name === '') return { problem: 'the name of the bit is missing' };
      const scope = entryOf(SIDES, direction ?? 'src');
      if (scope === undefined) return { problem: `\`${direction}\` is no side` };
      const bit: BitOperation = { kind: 'bit', operation: operation as Operation, names: [name], scope, expire: HOSTBIT_EXPIRE };
      return { value: bit };
    }),
    examples: ['hostbits:set,EXAMPLE.seen,src;'],
    apply(bit, builder) {
      if (bit === undefined) builder.setNoAlert();
      else builder.addState(bit);
    },
  }),
  keyword({
    name: 'flowint',
    family: 'state',
    since: '1.0',
    summary: 'a named number of the flow: change it or compare it',
    kind: 'state',
    argument: custom('<name>,<operation>[,<number or name>]', ['EXAMPLE.count,+,1', 'EXAMPLE.count,>,3', 'EXAMPLE.count,isset'], (written) => {
      const [name, operation, operand] = written.split(',').map((part) => part.trim());
      if (name === undefined || name === '' || operation === undefined) return { problem: 'name and operation are needed' };
      const tests = ['isset', 'notset', 'isnotset'];
      if (!['=', '+', '-', '<', '>', '<=', '>=', '==', '!=', ...tests].includes(operation)) return { problem: `\`${operation}\` is no operation on a number` };
      if (tests.includes(operation)) return { value: { kind: 'integer', name, operation, operand: 0 } as IntegerOperation };
      if (operand === undefined || operand === '') return { problem: 'the number is missing' };
      if (/\s/.test(operand)) return { problem: `\`${operand}\` is neither a number nor the name of one` };
      return { value: { kind: 'integer', name, operation, operand: numberIn(operand) ?? operand } as IntegerOperation };
    }),
    examples: ['flowint:EXAMPLE.count,+,1;'],
    broken: [
      { options: 'flowint:EXAMPLE.count;', code: 'flowint/argument' },
      { options: 'flowint:EXAMPLE.count,+,1 2;', code: 'flowint/argument' },
    ],
    apply(operation, builder) {
      builder.addState(operation);
    },
  }),
  variable('flowvar', 'a text that a pattern captured for the flow holds this', (_packet, flow) =>
    flow?.captured === undefined ? NO_TEXTS : [...flow.captured],
  ),
  variable('pktvar', 'a text that a pattern captured for the packet holds this', (packet) => packet.captured),
);

type Texts = readonly (readonly [name: string, text: string])[];
const NO_TEXTS: Texts = [];

/** A keyword that looks for bytes in what `pcre` captured under a name. */
function variable(name: 'flowvar' | 'pktvar', summary: string, textsOf: (packet: Packet, flow: Flow | undefined) => Texts) {
  return keyword<{ readonly name: string; readonly bytes: Uint8Array }>({
    name,
    family: 'state',
    since: '1.0',
    summary,
    kind: 'condition',
    argument: custom('<name>,"<text>"', ['EXAMPLE.user,"root"'], (written) => {
      const [, called, text] = /^\s*([^,\s]+)\s*,\s*"(.*)"\s*$/s.exec(written) ?? [];
      if (called === undefined) return { problem: 'a name and a text in quotes are needed' };
      const decoded = decodeContent(text);
      if ('problem' in decoded) return { problem: decoded.problem };
      if (decoded.bytes.length === 0) return { problem: 'an empty text is in every other' };
      return { value: { name: called, bytes: decoded.bytes } };
    }),
    examples: [`${name}:EXAMPLE.user,"root";`],
    broken: [
      { options: `${name}:EXAMPLE.user;`, code: `${name}/argument` },
      { options: `${name}:EXAMPLE.user,"";`, code: `${name}/argument` },
    ],
    apply(wanted, builder) {
      const text = latin1(wanted.bytes, 0, wanted.bytes.length);
      builder.addPacket({
        keyword: name,
        describes: `${wanted.name} holds ${JSON.stringify(text)}`,
        cost: 5,
        test: (packet, flow) => textsOf(packet, flow).some(([one, captured]) => one === wanted.name && captured.includes(text)),
      });
    },
  });
}
