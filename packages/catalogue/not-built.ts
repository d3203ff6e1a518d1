/** Keywords of Suricata 8.0 that rules here can not use, each with the reason: they are refused, and told about. */
import type { NotBuilt } from '@sigwright/contracts';

export const notBuilt: readonly NotBuilt[] = [
  {
    name: 'file.magic',
    aliases: ['filemagic'],
    since: '1.1',
    summary: 'what libmagic calls the content of a file',
    reason: 'it needs the data of libmagic, whose words differ from release to release; `file.data` with `startswith` looks at the first bytes',
  },
  { name: 'replace', since: '1.0', summary: 'bytes in the place of a content', reason: 'the engine reads and decides about packets, and changes none' },
];
