/** `luaxform`: a program that the rule brings along changes the buffer. Suricata user guide, "luaxform". */
import { fromLatin1, latin1 } from '@sigwright/bytes';
import type { RuleBuilder, TransformDefinition } from '@sigwright/contracts';
import { custom } from '../../arguments/index.ts';
import type { Script } from '../../formats/lua-script/script.ts';
import { scriptOf } from '../../formats/lua-script/script-of-rule.ts';

interface Bound {
  readonly path: string;
  readonly arguments: readonly string[];
  readonly script?: Script;
  /** of the last call: a buffer is looked at more than once */
  last?: { readonly input: string; readonly output: Uint8Array };
}

export const transforms: readonly TransformDefinition<never>[] = [
  {
    name: 'luaxform',
    since: '8.0',
    remembers: true,
    summary: 'what a Lua script beside the rules makes of it',
    argument: custom('<script>[,<argument>…]', ['EXAMPLE-transform.lua'], (written): { value: Bound } | { problem: string } => {
      const [name, ...rest] = written.split(',');
      const path = name.trim();
      // Arguments reach the script as they are written.
      return path === '' ? { problem: 'the name of a script is missing' } : { value: { path, arguments: rest } };
    }) as never,
    examples: ['http.uri; luaxform:EXAMPLE-transform.lua; content:"ABC";'],
    broken: [{ options: 'http.uri; luaxform:nowhere.lua; content:"ABC";', code: 'luaxform/no-script' }],
    bind(argument: Bound, builder: RuleBuilder) {
      const script = scriptOf(argument.path, builder, 'transform');
      return (script === undefined ? undefined : { ...argument, script }) as never;
    },
    transform(input: Uint8Array, bound: Bound) {
      const { script, arguments: written } = bound;
      if (script === undefined) return input;
      const text = latin1(input);
      if (bound.last?.input === text) return bound.last.output;
      const [made, length] = script.run('transform', undefined, [text, script.lua.list([...written])]) ?? [];
      // Without both answers, the buffer stays as it was.
      const output = typeof made === 'string' && typeof length === 'number' ? fromLatin1(made.slice(0, Math.max(0, length))) : input.slice();
      bound.last = { input: text, output };
      return output;
    },
  } as TransformDefinition<Bound> as unknown as TransformDefinition<never>,
];
