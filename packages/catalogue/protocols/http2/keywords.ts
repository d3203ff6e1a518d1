/** What rules see of HTTP/2 beside HTTP. Suricata user guide, "HTTP2 Keywords". */
import { asKeywords, type BufferDefinition, type Comparison, type Direction, fillWindow, keyword, TO_CLIENT, TO_SERVER } from '@sigwright/contracts';
import { compares, comparison, custom, describeComparison, none } from '../../arguments/index.ts';
import { COMPLETE, HEADERS, LINE } from '../../formats/http-message/exchange.ts';
import { numberKeywords } from '../../formats/messages/number-keywords.ts';
import type { Http2Transaction } from './transactions.ts';
import { ERROR_CODES, FRAME_TYPES, SETTING_NAMES } from './wire.ts';

const BOTH: readonly Direction[] = [TO_SERVER, TO_CLIENT];
const MOST_BYTE = 255;
const MOST_NUMBER = 0xffff_ffff;

export const buffers: readonly BufferDefinition[] = [
  {
    of: 'transaction',
    name: 'http2.header_name',
    summary: 'name of each header',
    shape: 'text',
    protocol: 'http2',
    directions: BOTH,
    multiple: true,
    progress: () => HEADERS,
    read: (transaction, direction, index, window) =>
      fillWindow(window, (transaction as Http2Transaction).message(direction).headers?.list[index]?.name ?? undefined),
  },
];

/** Names of frames are written with and without the line in them. */
const frameWords = Object.fromEntries(
  Object.entries(FRAME_TYPES).flatMap(([name, number]) => [
    [name.toLowerCase(), number],
    [name.replaceAll('_', '').toLowerCase(), number],
  ]),
);
const errorWords = Object.fromEntries(ERROR_CODES.map((name, number) => [name.toLowerCase(), number]));

interface WantedSetting {
  readonly id: number;
  readonly name: string;
  readonly wanted: Comparison | undefined;
}

const setting = custom(
  '<setting>[<comparison>]',
  ['SETTINGS_ENABLE_PUSH', 'SETTINGS_ENABLE_PUSH=0', 'SETTINGS_HEADER_TABLE_SIZE>4096'],
  (written): { value: WantedSetting } | { problem: string } => {
    const match = /^\s*(\w+)\s*(.*)$/.exec(written);
    const name = match?.[1].toUpperCase() ?? '';
    const id = Object.entries(SETTING_NAMES).find(([, known]) => known === name)?.[0];
    if (match === null || id === undefined) return { problem: `\`${written}\` begins with no setting of HTTP/2` };
    const rest = match[2].trim();
    if (rest === '') return { value: { id: Number(id), name, wanted: undefined } };
    const compared = comparison(0, MOST_NUMBER).read(rest);
    return 'problem' in compared ? { problem: compared.problem } : { value: { id: Number(id), name, wanted: compared.value } };
  },
);

export const keywords = asKeywords(
  keyword({
    name: 'http2.header_name',
    family: 'http2',
    since: '6.0',
    summary: 'name of each header',
    kind: 'sticky-buffer',
    protocol: 'http2',
    argument: none(),
    examples: ['http2.header_name; content:"user-agent";'],
    broken: [{ options: 'http2.header_name:1;', code: 'http2.header_name/argument' }],
    apply(_none, builder) {
      builder.selectBuffer('http2.header_name');
    },
  }),
  ...numberKeywords<Http2Transaction>('http2', [
    {
      name: 'http2.frametype',
      summary: 'kind of a frame',
      since: '6.0',
      maximum: MOST_BYTE,
      words: frameWords,
      progress: LINE,
      settledAt: COMPLETE,
      read: (one, direction) => [...one.facts[direction].types],
    },
    {
      name: 'http2.errorcode',
      summary: 'why a stream or the connection ends',
      since: '6.0',
      maximum: MOST_NUMBER,
      words: errorWords,
      progress: LINE,
      allAt: COMPLETE,
      read: (one, direction) => one.facts[direction].errorCodes,
    },
    {
      name: 'http2.priority',
      summary: 'weight of a stream',
      since: '6.0',
      maximum: MOST_BYTE,
      progress: LINE,
      allAt: COMPLETE,
      read: (one, direction) => one.facts[direction].priorities,
    },
    {
      name: 'http2.window',
      summary: 'bytes that a peer allows beyond those before',
      since: '6.0',
      maximum: MOST_NUMBER,
      progress: LINE,
      allAt: COMPLETE,
      read: (one, direction) => one.facts[direction].windows,
    },
    {
      name: 'http2.size_update',
      summary: 'new size of the table of headers',
      since: '6.0',
      maximum: MOST_NUMBER,
      progress: LINE,
      allAt: COMPLETE,
      read: (one, direction) => one.facts[direction].tableSizes,
    },
  ]),
  keyword<WantedSetting>({
    name: 'http2.settings',
    family: 'http2',
    since: '6.0',
    summary: 'a setting that a peer announces',
    kind: 'condition',
    protocol: 'http2',
    argument: setting,
    examples: ['http2.settings:SETTINGS_ENABLE_PUSH;', 'http2.settings:SETTINGS_ENABLE_PUSH=0;', 'http2.settings:SETTINGS_HEADER_TABLE_SIZE>4096;'],
    broken: [{ options: 'http2.settings:PUSH;', code: 'http2.settings/argument' }],
    apply({ id, name, wanted }, builder) {
      builder.addTransaction({
        keyword: 'http2.settings',
        describes: `${name}${wanted === undefined ? '' : ` ${describeComparison(wanted)}`}`,
        protocol: 'http2',
        progress: LINE,
        directions: BOTH,
        test: (transaction, direction) =>
          (transaction as Http2Transaction).facts[direction].settings.some((one) => one.id === id && (wanted === undefined || compares(wanted, one.value))),
      });
    },
  }),
);
