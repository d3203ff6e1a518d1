/** Protocols by the names that records show. */
import { expect, test } from 'vitest';
import { protocolName } from './protocol-names.ts';

test.each([
  [0, 'HOPOPT', 'the first'],
  [6, 'TCP', 'most of them'],
  [58, 'IPv6-ICMP', 'in the middle of a row'],
  [63, '063', 'not assigned to a protocol of that name'],
  [89, 'OSPFIGP', 'not what people call it'],
  [132, 'SCTP', 'in the last row'],
  [141, 'ROHC', 'the last'],
  [255, '255', 'reserved'],
])('%i is %s', (number, name) => expect(protocolName(number)).toBe(name));
