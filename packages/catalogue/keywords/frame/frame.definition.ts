/** Frames: stretches of the stream that protocols name. Suricata user guide, "Frame keyword". */
import { asKeywords, keyword } from '@sigwright/contracts';
import { text } from '../../arguments/index.ts';

export const keywords = asKeywords(
  keyword({
    name: 'frame',
    family: 'frame',
    since: '7.0',
    summary: 'what follows looks at frames of this kind',
    kind: 'sticky-buffer',
    argument: text(['http1.request', 'smb2.data']),
    examples: ['frame:http1.request; content:"abc";', 'frame:tls.pdu; content:"|17 03|"; startswith;'],
    broken: [
      { options: 'frame:http1.sentence; content:"abc";', code: 'frame/unknown' },
      { options: 'content:"abc"; frame:http1.request; content:"abc";', code: 'frame/mixed' },
    ],
    apply(written, builder) {
      builder.selectFrame(written);
    },
  }),
);
