/** What rules see of WebSocket. Suricata user guide, "WebSocket Keywords". */
import { type ArgumentGrammar, asKeywords, type KeywordDefinition, keyword, TO_CLIENT, TO_SERVER } from '@sigwright/contracts';
import { compares, comparison, custom, describeComparison, numberIn } from '../../arguments/index.ts';
import { MESSAGE_COMPLETE } from '../../formats/messages/framed-session.ts';
import { textBuffers } from '../../formats/messages/text-buffers.ts';
import type { WebSocketContent, WebSocketTransaction } from './session.ts';
import { COMPRESSED, FIN, OPCODES } from './wire.ts';

const own = textBuffers<WebSocketTransaction>('websocket', [
  {
    name: 'websocket.payload',
    summary: 'payload without its mask; of cut messages the whole with their last frame',
    since: '8.0',
    read: (one, _index, direction) => (one.direction === direction ? one.content.payload : undefined),
  },
]);

export const { buffers } = own;

function condition<Value>(
  name: string,
  summary: string,
  argument: ArgumentGrammar<Value>,
  examples: readonly string[],
  broken: string,
  describe: (wanted: Value) => string,
  test: (wanted: Value, content: WebSocketContent) => boolean,
): KeywordDefinition<never> {
  return keyword<Value>({
    name,
    family: 'websocket',
    since: '8.0',
    summary,
    kind: 'condition',
    protocol: 'websocket',
    argument,
    examples: examples.map((example) => `${name}:${example};`),
    broken: [{ options: `${name}:${broken};`, code: `${name}/argument` }],
    apply(wanted, builder) {
      builder.addTransaction({
        keyword: name,
        describes: `${summary}: ${describe(wanted)}`,
        protocol: 'websocket',
        progress: MESSAGE_COMPLETE,
        directions: [TO_SERVER, TO_CLIENT],
        test: (transaction) => test(wanted, (transaction as WebSocketTransaction).content),
      });
    },
  });
}

const FLAG_NAMES: Readonly<Record<string, number>> = { fin: FIN, comp: COMPRESSED };
const MOST_BYTE = 255;
const MOST_MASK = 4_294_967_295;

interface Flags {
  readonly describes: string;
  readonly holds: (flags: number) => boolean;
}

/** Names with `!` before those that must not be set, `&<bits>=<value>`, or a comparison. */
const flags = custom(
  '[!]fin|comp[,…], &<bits>=<value> or a comparison',
  ['fin,!comp', '128', '&0x40=0x40'],
  (written): { value: Flags } | { problem: string } => {
    const parts = written.split(',').map((part) => part.trim());
    const names = parts.map((part) => part.replace(/^!\s*/, '').toLowerCase());
    if (names.every((name) => FLAG_NAMES[name] !== undefined)) {
      const set = names.filter((_name, index) => !parts[index].startsWith('!')).reduce((bits, name) => bits | FLAG_NAMES[name], 0);
      const all = names.reduce((bits, name) => bits | FLAG_NAMES[name], 0);
      return { value: { describes: parts.join(', '), holds: (value) => (value & all) === set } };
    }
    const masked = /^&\s*(\w+)\s*=\s*(\w+)$/.exec(written.trim());
    if (masked !== null) {
      const bits = numberIn(masked[1]);
      const wanted = numberIn(masked[2]);
      if (bits === undefined || wanted === undefined) return { problem: `\`${written}\` holds no number` };
      return { value: { describes: written, holds: (value) => (value & bits) === wanted } };
    }
    const compared = comparison(0, MOST_BYTE).read(written);
    if ('problem' in compared) return { problem: compared.problem };
    return { value: { describes: describeComparison(compared.value), holds: (value) => compares(compared.value, value) } };
  },
);

const opcodes = Object.fromEntries(Object.entries(OPCODES).map(([number, name]) => [name, Number(number)]));

export const keywords = asKeywords(
  ...own.keywords,
  condition('websocket.opcode', 'kind of a frame', comparison(0, MOST_BYTE, opcodes), ['ping', '1', '>8'], 'hello', describeComparison, (wanted, { frame }) =>
    compares(wanted, frame.opcode),
  ),
  condition('websocket.mask', 'mask of a frame', comparison(0, MOST_MASK), ['>0', '123456'], 'none', describeComparison, (wanted, { frame }) =>
    frame.mask === undefined ? false : compares(wanted, frame.mask),
  ),
  condition(
    'websocket.flags',
    'flags of a frame',
    flags,
    ['fin,!comp', '128', '&0x40=0x40'],
    'last',
    ({ describes }) => describes,
    (wanted, { frame }) => wanted.holds(frame.flags),
  ),
);
