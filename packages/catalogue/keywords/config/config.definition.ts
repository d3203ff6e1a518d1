/** Rules that change what the engine does with what they match. Suricata user guide, "Config Rules". */
import { asKeywords, CONFIG_CHANGES, type ConfigChange, keyword } from '@sigwright/contracts';
import { custom } from '../../arguments/index.ts';

/** What each change is written as. */
const WRITTEN: Readonly<Record<ConfigChange, string>> = {
  'transaction-unlogged': 'logging disable, type tx, scope tx',
  'packet-untracked': 'tracking disable, type flow, scope packet',
};

export const keywords = asKeywords(
  keyword({
    name: 'config',
    family: 'config',
    since: '6.0',
    summary: 'no record of the transaction, or no flow for the packet',
    kind: 'annotation',
    argument: custom('<logging|tracking> disable, type <tx|flow>, scope <tx|packet>', Object.values(WRITTEN), (written) => {
      const plain = written
        .split(',')
        .map((part) => part.trim().replace(/\s+/g, ' '))
        .join(', ');
      const change = CONFIG_CHANGES.find((one) => WRITTEN[one] === plain);
      return change === undefined ? { problem: `\`${plain}\` changes nothing`, help: `write \`${Object.values(WRITTEN).join('` or `')}\`` } : { value: change };
    }),
    examples: ['config:logging disable, type tx, scope tx; http.uri; content:"/health";'],
    broken: [{ options: 'config:logging enable, type tx, scope tx;', code: 'config/argument' }],
    apply(change, builder) {
      builder.setConfig(change);
    },
  }),
);
