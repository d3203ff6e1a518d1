/**
 * `lua`: a script beside the rules decides (Suricata user guide, "Lua Scripting for Detection"). It is asked once everything
 * written before it holds; no script runs longer than its steps last or holds more than its memory.
 */
import { asKeywords, type Flow, keyword, type Packet } from '@sigwright/contracts';

import { text } from '../../arguments/index.ts';
import { scriptOf } from '../../formats/lua-script.ts';
import { LuaTable } from '../../lua/index.ts';

export const keywords = asKeywords(
  keyword<string>({
    name: 'lua',
    family: 'lua',
    since: '1.3',
    summary: 'a script decides: its function `match` returns 1 where the rule is true; `!` asks for something else',
    kind: 'condition',
    argument: text(['always.lua', '!always.lua']),
    examples: ['lua:always.lua;', 'content:"abc"; lua:!always.lua;'],
    broken: [
      { options: 'lua:nowhere.lua;', code: 'lua/missing' },
      { options: 'lua:wrong.lua;', code: 'lua/script' },
      { options: 'lua:upper.lua;', code: 'lua/script' },
    ],
    apply(written, builder) {
      const negated = written.startsWith('!');
      const path = negated ? written.slice(1).trim() : written;
      const script = scriptOf(path, builder.settings, { variable: (name) => builder.useVariable(name) }, 'match');
      if ('problem' in script) {
        builder.problem(script.code, script.problem);
        return;
      }
      for (const name of ['init', 'thread_init']) {
        if (script.has(name) && script.call(name, [new LuaTable()]) === undefined) {
          builder.problem('script', `its function ${name} fails`);
          return;
        }
      }
      const ask = (packet: Packet | undefined, flow: Flow | undefined, variables: Float64Array | undefined): boolean => {
        script.occasion.packet = packet;
        script.occasion.flow = flow;
        script.occasion.variables = variables;
        const given = script.call('match', [new LuaTable()]);
        if (given === undefined) return false;
        return (given[0] === 1n || given[0] === 1) !== negated;
      };
      const describes = `the script ${path} ${negated ? 'does not return 1' : 'returns 1'}`;
      if (script.usesVariables || !builder.currentBufferIsEmpty)
        builder.addBytes({ kind: 'test', keyword: 'lua', relative: false, describes, test: ({ packet, flow, variables }) => ask(packet, flow, variables) });
      else builder.addPacket({ keyword: 'lua', describes, cost: 1000, test: (packet, flow) => ask(packet, flow, undefined) });
    },
  }),
);
