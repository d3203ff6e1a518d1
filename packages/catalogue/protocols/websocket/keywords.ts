/** What rules see of WebSocket. Suricata user guide, "WebSocket Keywords". */
import { type ArgumentGrammar, asKeywords, type KeywordDefinition, keyword, TO_CLIENT, TO_SERVER } from '@sigwright/contracts';
import { flagsOf } from '../../arguments/flags.ts';
import { compares, comparison, describeComparison } from '../../arguments/index.ts';
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

const MOST_BYTE = 255;
const MOST_MASK = 4_294_967_295;

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
    flagsOf({ fin: FIN, comp: COMPRESSED }),
    ['fin,!comp', '128', '&0x40=0x40'],
    'last',
    ({ describes }) => describes,
    (wanted, { frame }) => wanted.holds(frame.flags),
  ),
);
