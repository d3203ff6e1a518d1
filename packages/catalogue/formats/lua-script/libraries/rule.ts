/** `suricata.rule`: the rule that alerts, or whose script this is. */
import type { ScriptRule } from '@sigwright/contracts';
import type { Functions, LibraryTools } from './library-tools.ts';

export function ruleLibrary(tools: LibraryTools): Functions {
  /** The words of the classification file, where there are some. */
  const described = ({ classification }: ScriptRule): string | undefined =>
    classification === '' ? undefined : (tools.host.settings.classifications.get(classification)?.description ?? classification);
  return {
    get_rule() {
      const rule = tools.host.context?.rule;
      if (rule === undefined) return [undefined, 'error: no rule'];
      return [
        tools.value('suricata:rule', rule, () => ({
          sid: ({ sid }) => [sid],
          rev: ({ rev }) => [rev],
          gid: ({ gid }) => [gid],
          msg: ({ message }) => [message],
          action: ({ action }) => [action],
          class: (one) => [described(one), one.priority],
          priority: ({ priority }) => [priority],
          class_description: (one) => [described(one)],
        })),
      ];
    },
  };
}
