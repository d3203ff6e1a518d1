/** Keywords of Suricata 8.0 that rules here can not use, each with the reason: they are refused, and told about. */
import type { NotBuilt } from '@sigwright/contracts';

export const notBuilt: readonly NotBuilt[] = [
  { name: 'replace', since: '1.0', summary: 'bytes in the place of a content', reason: 'the engine reads and decides about packets, and changes none' },
];
