/** `lua`: a program that the rule brings along decides. Suricata user guide, "Lua scripting for detection". */
import { latin1 } from '@sigwright/bytes';
import { asKeywords, keyword, type Transaction } from '@sigwright/contracts';
import { isTruthy, Table, type Value } from '@sigwright/lua';
import { custom } from '../../arguments/index.ts';
import { scriptOf } from '../../formats/lua-script/script-of-rule.ts';

/** 1 and true say yes; so does a table with `retval`. */
function saysYes(value: Value): boolean {
  return value === 1 || value === true || (typeof value === 'object' && isTruthy(value) && 'get' in value && value.get('retval') === 1);
}

/** Fingerprints that a script may say it needs: it is then asked about transactions that have them, whatever the rule is about. */
const FINGERPRINTS = ['ja3', 'ja3s'];

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
      const ofFingerprints = needs instanceof Table && FINGERPRINTS.some((name) => isTruthy(needs.get(name)));
      const matched = new WeakSet<Transaction>();
      builder.addScript({
        keyword: 'lua',
        describes: `${negated ? 'not ' : ''}what ${path} looks for`,
        test(context) {
          if (ofFingerprints) {
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
          const answer = script.run('match', context, [args]);
          // A script that fails decides nothing.
          const holds = answer !== undefined && saysYes(answer[0]) !== negated;
          if (holds && ofFingerprints && context.transaction !== undefined) matched.add(context.transaction);
          return holds;
        },
      });
    },
  }),
);
