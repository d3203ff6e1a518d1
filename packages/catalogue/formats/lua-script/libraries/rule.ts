/** `suricata.rule`: the rule that alerts, or whose script this is. */
import type { Functions, LibraryTools } from './library-tools.ts';

export function ruleLibrary(tools: LibraryTools): Functions {
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
          class: ({ classification, priority }) => [classification === '' ? undefined : classification, priority],
          priority: ({ priority }) => [priority],
          class_description: ({ classification }) => [classification === '' ? undefined : classification],
        })),
      ];
    },
  };
}
