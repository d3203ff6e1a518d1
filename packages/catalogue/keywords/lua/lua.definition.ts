/** `lua`: a program that the rule brings along decides. Suricata user guide, "Lua scripting for detection". */
import { entryOf, latin1 } from '@sigwright/bytes';
import { asKeywords, type Direction, type FlowDemand, keyword, PAYLOAD, type RuleBuilder, TO_CLIENT, TO_SERVER, type Transaction } from '@sigwright/contracts';
import { isTruthy, Table, type Value } from '@sigwright/lua';
import { custom } from '../../arguments/index.ts';
import { MESSAGE_READ } from '../../formats/dns-message/dns-transaction.ts';
import { scriptOf } from '../../formats/lua-script/script-of-rule.ts';

/** 1 and true say yes; so does a table with `retval`. */
function saysYes(value: Value): boolean {
  return value === 1 || value === true || (typeof value === 'object' && isTruthy(value) && 'get' in value && value.get('retval') === 1);
}

/** What a script may say it needs that is a transaction, or of one: it is then asked about the one that the flow is at, whatever the rule is about. */
const OF_TRANSACTIONS = ['ja3', 'ja3s', 'tls', 'ssh', 'smtp', 'dnp3'];

/** What a script may need (user guide, "Init function"): the buffer that it then has in `args`, and whose it is where both sides have one. */
const BUFFERS: Readonly<Record<string, readonly [buffer: string, direction?: FlowDemand]>> = {
  'http.uri': ['http.uri'],
  'http.uri.raw': ['http.uri.raw'],
  'http.request_line': ['http.request_line'],
  'http.request_headers': ['http.header', 'to_server'],
  'http.request_headers.raw': ['http.header.raw', 'to_server'],
  'http.request_cookie': ['http.cookie', 'to_server'],
  'http.request_user_agent': ['http.user_agent'],
  'http.request_body': ['http.request_body'],
  'http.response_headers': ['http.header', 'to_client'],
  'http.response_headers.raw': ['http.header.raw', 'to_client'],
  'http.response_body': ['http.response_body'],
  'http.response_cookie': ['http.cookie', 'to_client'],
  'dns.rrname': ['dns.query'],
};

/** Messages that a script may need; it asks the library about them. */
const MESSAGES: Readonly<Record<string, Direction>> = { 'dns.request': TO_SERVER, 'dns.response': TO_CLIENT };

/** Makes the rule look at what the script needs. Gives the name in `args` and what to read there; undefined: nothing of that kind. */
function look(needs: Value, builder: RuleBuilder): { readonly name: string; readonly bytes: () => Uint8Array } | undefined {
  if (!(needs instanceof Table)) return undefined;
  for (const [name, direction] of Object.entries(MESSAGES))
    if (isTruthy(needs.get(name)))
      builder.addTransaction({ keyword: 'lua', describes: name, protocol: 'dns', progress: MESSAGE_READ, directions: [direction], test: () => true });
  const wanted = Object.keys(BUFFERS).filter((name) => isTruthy(needs.get(name)));
  if (wanted.length > 1) {
    builder.problem('buffers', `the script needs ${wanted.join(' and ')}`, 'a script can look at one buffer');
    return undefined;
  }
  const current = ['buffer', 'stream'].find((name) => isTruthy(needs.get(name)));
  const name = wanted[0] ?? current;
  if (name === undefined) return undefined;
  const [buffer, direction] = entryOf(BUFFERS, name) ?? [name === 'stream' ? PAYLOAD : builder.currentBuffer];
  if (direction !== undefined) builder.demandFlow(direction);
  if (buffer !== builder.currentBuffer) builder.selectBuffer(buffer);
  let found: Uint8Array = NOTHING;
  builder.addBytes({
    kind: 'test',
    keyword: 'lua',
    relative: false,
    describes: `there is ${name}`,
    test({ bytes, start, end }) {
      found = bytes.subarray(start, end);
      return true;
    },
  });
  return { name, bytes: () => found };
}

const NOTHING = new Uint8Array(0);

const SCRIPT = /^(!?)\s*([^\s,!]+)$/;

export const keywords = asKeywords(
  keyword({
    name: 'lua',
    aliases: ['luajit'],
    family: 'lua',
    since: '2.0',
    summary: 'a Lua script beside the rules decides, once everything else holds',
    kind: 'condition',
    argument: custom('[!]<script>', ['EXAMPLE-script.lua'], (written): { value: { negated: boolean; path: string } } | { problem: string; help?: string } => {
      const found = SCRIPT.exec(written.trim());
      return found === null
        ? { problem: 'this is no name of a script', help: 'write the name of a file' }
        : { value: { negated: found[1] === '!', path: found[2] } };
    }),
    examples: ['lua:EXAMPLE-script.lua;'],
    broken: [{ options: 'lua:nowhere.lua;', code: 'lua/no-script' }],
    apply({ negated, path }, builder) {
      const script = scriptOf(path, builder, 'match');
      if (script === undefined) return;
      const { needs } = script;
      const ofTransactions = needs instanceof Table && OF_TRANSACTIONS.some((name) => isTruthy(needs.get(name)));
      const matched = new WeakSet<Transaction>();
      const looked = look(needs, builder);
      builder.addScript({
        keyword: 'lua',
        describes: `${negated ? 'not ' : ''}what ${path} looks for`,
        test(context) {
          if (ofTransactions) {
            // A rule about packets: the transaction is the one that the flow is at, and counts once.
            context.transaction ??= context.flow?.session?.transactions.at(-1);
            if (context.transaction === undefined || matched.has(context.transaction)) return false;
          }
          const args = script.table();
          if (context.packet !== undefined) {
            const { data, frameStart, frameEnd, payloadStart, payloadEnd } = context.packet;
            args.set('packet', latin1(data, frameStart, frameEnd));
            args.set('payload', latin1(data, payloadStart, payloadEnd));
          }
          if (looked !== undefined) args.set(looked.name, latin1(looked.bytes()));
          const answer = script.run('match', context, [args]);
          // A script that fails decides nothing.
          const holds = answer !== undefined && saysYes(answer[0]) !== negated;
          if (holds && ofTransactions && context.transaction !== undefined) matched.add(context.transaction);
          return holds;
        },
      });
    },
  }),
);
