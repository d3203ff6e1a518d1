/** What rules see of DCE/RPC, whoever carries it. Suricata user guide, "DCERPC Keywords". */
import { asKeywords, type Comparison, type Direction, fillWindow, keyword, TO_CLIENT, TO_SERVER, type TransactionBuffer } from '@sigwright/contracts';
import { compares, custom, none, numberIn } from '../../arguments/index.ts';
import { callOf } from '../../formats/dcerpc/calls.ts';

const BOTH: readonly Direction[] = [TO_SERVER, TO_CLIENT];
const MOST_NUMBER = 65_535;

export const STUB_DATA: TransactionBuffer = {
  of: 'transaction',
  name: 'dcerpc.stub_data',
  summary: 'arguments of a call, or its results',
  shape: 'text',
  protocol: undefined,
  directions: BOTH,
  multiple: false,
  progress: () => 1,
  read(transaction, direction, index, window) {
    const half = index === 0 ? callOf(transaction)?.halves[direction] : undefined;
    return half !== undefined && half.size > 0 && fillWindow(window, half.stub);
  },
};

interface WantedInterface {
  readonly identifier: string;
  readonly version: Comparison | undefined;
  readonly anyFragment: boolean;
}

const IDENTIFIER = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;

const interfaceArgument = custom(
  '<uuid>[,[<|>|=|!]<version>][,any_frag]',
  ['12345678-1234-1234-1234-123456789abc', '12345678-1234-1234-1234-123456789abc,>1,any_frag'],
  (written): { readonly value: WantedInterface } | { readonly problem: string } => {
    const [identifier, ...more] = written.split(',').map((part) => part.trim());
    if (!IDENTIFIER.test(identifier)) return { problem: `\`${identifier}\` is not a UUID` };
    let version: Comparison | undefined;
    let anyFragment = false;
    for (const part of more) {
      if (part === 'any_frag') {
        anyFragment = true;
        continue;
      }
      const match = /^([<>=!])\s*(\d{1,5})$/.exec(part);
      if (match === null || version !== undefined || anyFragment) return { problem: `\`${part}\` is neither a version nor \`any_frag\`` };
      const value = Number(match[2]);
      if (value > MOST_NUMBER) return { problem: `${value} is more than a version can be` };
      version = { operator: match[1] === '!' ? '!=' : (match[1] as '<' | '>' | '='), value, upper: value };
    }
    return { value: { identifier: identifier.toLowerCase(), version, anyFragment } };
  },
);

type Ranges = readonly (readonly [from: number, to: number])[];

const operationArgument = custom('<number>[-<number>][,…]', ['15', '15,17-20'], (written): { readonly value: Ranges } | { readonly problem: string } => {
  const ranges: [number, number][] = [];
  for (const part of written.split(',')) {
    const match = /^\s*(\d+)\s*(?:-\s*(\d+))?\s*$/.exec(part);
    const from = match === null ? undefined : numberIn(match[1]);
    if (match === null || from === undefined) return { problem: `\`${part.trim()}\` is not a number or range` };
    const to = match[2] === undefined ? from : Number(match[2]);
    if (from > MOST_NUMBER || to > MOST_NUMBER || to < from) return { problem: `\`${part.trim()}\` is not within 0 to ${MOST_NUMBER}, the smaller first` };
    ranges.push([from, to]);
  }
  return { value: ranges };
});

export const keywords = asKeywords(
  keyword({
    name: 'dcerpc.iface',
    aliases: ['dce_iface'],
    family: 'dcerpc',
    since: '1.0',
    summary: 'the interface that a call speaks to',
    kind: 'condition',
    protocol: 'dcerpc',
    argument: interfaceArgument,
    examples: ['dcerpc.iface:367abb81-9844-35f1-ad32-98f038001003;', 'dce_iface:367abb81-9844-35f1-ad32-98f038001003,>1,any_frag;'],
    broken: [
      { options: 'dcerpc.iface:367abb81;', code: 'dcerpc.iface/argument' },
      { options: 'dcerpc.iface:367abb81-9844-35f1-ad32-98f038001003,x;', code: 'dcerpc.iface/argument' },
    ],
    apply(wanted, builder) {
      builder.addTransaction({
        keyword: 'dcerpc.iface',
        describes: `a call to interface ${wanted.identifier}`,
        protocol: 'dcerpc',
        progress: 1,
        directions: BOTH,
        test(transaction) {
          const call = callOf(transaction);
          if (call === undefined || !call.isRequest || !(call.fromFirst || wanted.anyFragment)) return false;
          return call.interfaces.some((one) => one.identifier === wanted.identifier && (wanted.version === undefined || compares(wanted.version, one.major)));
        },
      });
    },
  }),
  keyword({
    name: 'dcerpc.opnum',
    aliases: ['dce_opnum'],
    family: 'dcerpc',
    since: '1.0',
    summary: 'the number of the operation that is called',
    kind: 'condition',
    protocol: 'dcerpc',
    argument: operationArgument,
    examples: ['dcerpc.opnum:15;', 'dce_opnum:15,17-20;'],
    broken: [
      { options: 'dcerpc.opnum:x;', code: 'dcerpc.opnum/argument' },
      { options: 'dcerpc.opnum:5-3;', code: 'dcerpc.opnum/argument' },
    ],
    apply(ranges, builder) {
      builder.addTransaction({
        keyword: 'dcerpc.opnum',
        describes: `a call of operation ${ranges.map(([from, to]) => (from === to ? from : `${from}-${to}`)).join(', ')}`,
        protocol: 'dcerpc',
        progress: 1,
        directions: BOTH,
        test(transaction) {
          const call = callOf(transaction);
          return call?.isRequest === true && ranges.some(([from, to]) => call.opnum >= from && call.opnum <= to);
        },
      });
    },
  }),
  keyword({
    name: 'dcerpc.stub_data',
    aliases: ['dce_stub_data'],
    family: 'dcerpc',
    since: '1.0',
    summary: STUB_DATA.summary,
    kind: 'sticky-buffer',
    protocol: 'dcerpc',
    argument: none(),
    examples: ['dcerpc.stub_data; content:"abc";', 'dce_stub_data; content:"abc";'],
    broken: [{ options: 'dcerpc.stub_data:1;', code: 'dcerpc.stub_data/argument' }],
    apply(_none, builder) {
      builder.selectBuffer('dcerpc.stub_data');
      builder.demandProtocol('dcerpc');
    },
  }),
);
