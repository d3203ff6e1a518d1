/** Stretches of what protocols send, by their own structure. Suricata user guide, "Frame Keyword". */
import { asKeywords, keyword } from '@sigwright/contracts';
import { text } from '../../arguments/index.ts';

export const keywords = asKeywords(
  keyword({
    name: 'frame',
    family: 'frame',
    since: '7.0',
    summary: 'a frame of the rule’s protocol, or of the one that is named before a dot',
    kind: 'sticky-buffer',
    argument: text(['telnet.data']),
    examples: ['frame:telnet.data; content:"login";'],
    broken: [{ options: 'frame:telnet.nothing; content:"a";', code: 'frame/unknown' }],
    apply(written, builder) {
      const header = builder.rule.protocol.split(':')[0];
      const name = [`frame:${written}`, `frame:${header}.${written}`].find((one) => builder.hasBuffer(one));
      if (name === undefined) {
        builder.problem('unknown', `there is no frame \`${written}\``, 'see the page of its protocol for what there is');
        return;
      }
      builder.selectBuffer(name);
      builder.demandProtocol(name.slice('frame:'.length, name.indexOf('.')));
    },
  }),
);
