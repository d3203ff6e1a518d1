/** `luaxform`: a script beside the rules changes the buffer (Suricata user guide, "Transformations"). */
import type { TransformDefinition } from '@sigwright/contracts';
import { text } from '../../arguments/index.ts';
import { type LuaScript, scriptOf, transformed } from '../../formats/lua-script.ts';

interface Prepared {
  readonly script: LuaScript;
  readonly args: readonly string[];
}

export const transforms: readonly TransformDefinition<never>[] = [
  {
    name: 'luaxform',
    since: '8.0',
    summary: 'what a script makes of the buffer; where it fails, the buffer as it was',
    argument: text(['upper.lua', 'upper.lua, offset 2']) as never,
    examples: ['http.uri; luaxform:upper.lua; content:"ABC";', 'http.uri; luaxform:upper.lua, offset 2; content:"ABC";'],
    broken: [
      { options: 'http.uri; luaxform:nowhere.lua; content:"ABC";', code: 'luaxform/settings' },
      { options: 'http.uri; luaxform:always.lua; content:"ABC";', code: 'luaxform/settings' },
    ],
    prepare(argument, settings) {
      const [path, ...args] = (argument as unknown as string).split(',');
      const script = scriptOf(path.trim(), settings, {}, 'transform');
      return 'problem' in script ? { problem: script.problem } : { value: { script, args } satisfies Prepared };
    },
    transform(input, argument) {
      const { script, args } = argument as unknown as Prepared;
      return transformed(script, input, args);
    },
  },
];
