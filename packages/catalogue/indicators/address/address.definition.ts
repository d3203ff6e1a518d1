/** IPv4 and IPv6 addresses, with a port behind a colon where one stands there. Versions such as 1.2.3.4.5 are not taken. */
import { formatAddress, parseIpv6 } from '@sigwright/bytes';
import type { IndicatorDefinition } from '@sigwright/contracts';

const FOUR = /(?<![\w.-])(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.(\d{1,3})(?::(\d{1,5})(?!\d))?(?![\w-])(?!\.\d)/g;
const SIX = /(?<![\w:.])(?:[0-9a-f]{0,4}:){2,7}[0-9a-f]{0,4}(?![\w:.])/gi;

export const indicator: IndicatorDefinition = {
  type: 'ipv4',
  summary: 'IPv4 or IPv6 address',
  refanged: true,
  precedence: 60,
  *find(text) {
    for (const match of text.matchAll(FOUR)) {
      const parts = [match[1], match[2], match[3], match[4]].map(Number);
      if (parts.some((part) => part > 255) || (parts[0] === 0 && parts[3] === 0)) continue;
      const port = match[5] === undefined ? undefined : Number(match[5]);
      yield {
        type: 'ipv4',
        value: parts.join('.'),
        start: match.index,
        end: match.index + match[0].length,
        ...(port === undefined || port > 65535 ? {} : { port }),
      };
    }
    for (const match of text.matchAll(SIX)) {
      if (match[0].length < 6 || !/[0-9a-f]/i.test(match[0])) continue;
      const words = parseIpv6(match[0]);
      if (words === undefined) continue;
      yield { type: 'ipv6', value: formatAddress(words, 6), start: match.index, end: match.index + match[0].length };
    }
  },
};
